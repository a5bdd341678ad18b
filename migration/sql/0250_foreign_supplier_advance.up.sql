-- Discounts and advances of payments of suppliers in another currency: the amounts in it. All are zero in the tenant's currency. A later
-- step validates the checks.

alter table supplier_payment
    -- The sum of the parts. `foreign_amount` is less it.
    add column foreign_discount numeric(18, 4) not null default 0,
    -- The part of `foreign_amount` that was paid for no bill; negative in a reversal.
    add column foreign_advance numeric(18, 4) not null default 0,
    -- The part of the advance that is not applied to bills.
    add column foreign_unapplied numeric(18, 4) not null default 0,
    -- The exchange difference of an application: its part of the advance, less what it took off its bills without discounts.
    add column difference numeric(18, 4) not null default 0,
    add constraint supplier_payment_foreign_advance_currency check (
        foreign_currency is not null or foreign_discount = 0 and foreign_advance = 0 and foreign_unapplied = 0 and difference = 0
    ) not valid,
    add constraint supplier_payment_foreign_unapplied_range check (
        foreign_unapplied between 0 and greatest(foreign_advance, 0)
    ) not valid,
    add constraint supplier_payment_difference_of_application check (difference = 0 or advance_id is not null) not valid;
alter table supplier_payment_part
    -- The part of `foreign_amount` that was not paid, and the input tax in it.
    add column foreign_discount numeric(18, 4) not null default 0,
    add column foreign_discount_tax numeric(18, 4) not null default 0,
    add constraint supplier_payment_part_foreign_discount_range check (
        foreign_discount * coalesce(foreign_amount, 0) >= 0 and abs(foreign_discount) <= abs(coalesce(foreign_amount, 0))
        and foreign_discount_tax * coalesce(foreign_amount, 0) >= 0 and abs(foreign_discount_tax) <= abs(foreign_discount)
    ) not valid,
    -- A discount of a bill in another currency has an amount in it. The version before records none, and can't convert one.
    add constraint supplier_payment_part_foreign_discount_complete check (
        foreign_amount is null or discount = 0 or foreign_discount <> 0
    ) not valid;
