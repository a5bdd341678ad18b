-- Orders, invoices, credit notes and payments of customers in another currency: the currency, the units of the tenant's currency in one
-- unit of it, and the amounts in it. All are null in the tenant's currency. The other amounts are in the tenant's.
alter table sales_order
    add column foreign_currency text,
    add column exchange_rate numeric(18, 10),
    add constraint sales_order_foreign_complete check (num_nonnulls(foreign_currency, exchange_rate) in (0, 2)) not valid,
    add constraint sales_order_exchange_rate_positive check (exchange_rate > 0) not valid;
alter table invoice
    add column foreign_currency text,
    add column exchange_rate numeric(18, 10),
    add column foreign_value numeric(18, 4),
    add column foreign_tax numeric(18, 4),
    add column foreign_open numeric(18, 4),
    add constraint invoice_foreign_complete check (
        num_nonnulls(foreign_currency, exchange_rate, foreign_value, foreign_tax, foreign_open) in (0, 5)) not valid,
    add constraint invoice_foreign_open_range check (
        foreign_open between least(foreign_value + foreign_tax, 0) and greatest(foreign_value + foreign_tax, 0)) not valid,
    add constraint invoice_exchange_rate_positive check (exchange_rate > 0) not valid;
alter table payment
    add column foreign_currency text,
    add column exchange_rate numeric(18, 10),
    add column foreign_amount numeric(18, 4),
    add column foreign_unapplied numeric(18, 4),
    add constraint payment_foreign_complete check (
        num_nonnulls(foreign_currency, exchange_rate, foreign_amount, foreign_unapplied) in (0, 4)) not valid,
    add constraint payment_foreign_unapplied_range check (
        foreign_unapplied >= 0 and foreign_unapplied <= greatest(foreign_amount, 0)) not valid,
    add constraint payment_exchange_rate_positive check (exchange_rate > 0) not valid;
-- `amount` is taken off the invoice, `amount` and `difference` together off the payment or credit note.
alter table payment_allocation
    add column foreign_amount numeric(18, 4),
    add column difference numeric(18, 4) not null default 0,
    -- A small amount in another currency may come to nothing in the tenant's.
    drop constraint payment_allocation_amount_positive,
    add constraint payment_allocation_moves check (
        amount >= 0 and (amount > 0 or coalesce(foreign_amount, 0) > 0)) not valid;
alter table application_line
    add column foreign_amount numeric(18, 4),
    add column difference numeric(18, 4) not null default 0,
    drop constraint application_line_amount_not_zero,
    add constraint application_line_moves check (amount <> 0 or coalesce(foreign_amount, 0) <> 0) not valid;
alter table application
    drop constraint application_amount_positive,
    add constraint application_amount_not_negative check (amount >= 0) not valid;

-- Amounts of lines of orders, invoices and credit notes in the currency of the document. The line of the document has those in the
-- tenant's currency. A row never changes.
create table foreign_line (
    tenant_id uuid not null,
    document_kind text not null,
    document_id uuid not null,
    line_no integer not null,
    -- Decimals of the currency.
    decimals integer not null,
    unit_price numeric(18, 6) not null,
    gross numeric(18, 4) not null,
    net numeric(18, 4) not null,
    tax numeric(18, 4) not null,
    constraint foreign_line_pkey primary key (tenant_id, document_id, document_kind, line_no),
    constraint foreign_line_tenant_fkey foreign key (tenant_id) references tenant (tenant_id)
);
