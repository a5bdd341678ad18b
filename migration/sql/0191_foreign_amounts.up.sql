-- Purchase orders, bills and payments of suppliers in another currency: the currency, the units of the tenant's currency in one unit of it, and the amounts
-- in it. All are null in the tenant's currency. The other amounts are in the tenant's.
alter table bill
    add column foreign_currency text,
    add column exchange_rate numeric(18, 10),
    add column foreign_value numeric(18, 4),
    add column foreign_tax numeric(18, 4),
    add column foreign_open numeric(18, 4),
    add constraint bill_foreign_complete check (
        num_nonnulls(foreign_currency, exchange_rate, foreign_value, foreign_tax, foreign_open) in (0, 5)) not valid,
    add constraint bill_foreign_open_range check (
        foreign_open >= 0 and foreign_open <= greatest(foreign_value + foreign_tax, 0)) not valid,
    add constraint bill_exchange_rate_positive check (exchange_rate > 0) not valid;
alter table bill_line
    add column foreign_unit_cost numeric(18, 6),
    add column foreign_value numeric(18, 4),
    add column foreign_tax numeric(18, 4),
    add constraint bill_line_foreign_complete check (
        num_nonnulls(foreign_unit_cost, foreign_value, foreign_tax) in (0, 3)) not valid;
alter table supplier_payment
    add column foreign_currency text,
    add column exchange_rate numeric(18, 10),
    add column foreign_amount numeric(18, 4),
    add constraint supplier_payment_foreign_complete check (
        num_nonnulls(foreign_currency, exchange_rate, foreign_amount) in (0, 3)) not valid,
    add constraint supplier_payment_exchange_rate_positive check (exchange_rate > 0) not valid;
-- What a part takes off the open amount of its bill is in `amount`.
alter table supplier_payment_part
    add column foreign_amount numeric(18, 4);
alter table purchase_order
    add column foreign_currency text,
    add column exchange_rate numeric(18, 10),
    add column foreign_value numeric(18, 4),
    add constraint purchase_order_foreign_complete check (
        num_nonnulls(foreign_currency, exchange_rate, foreign_value) in (0, 3)) not valid,
    add constraint purchase_order_exchange_rate_positive check (exchange_rate > 0) not valid;
alter table purchase_order_line
    add column foreign_unit_cost numeric(18, 6),
    add column foreign_value numeric(18, 4),
    add constraint purchase_order_line_foreign_complete check (
        num_nonnulls(foreign_unit_cost, foreign_value) in (0, 2)) not valid;
