-- Discounts for early payment: the terms of suppliers, those that bills keep, and what payments took. A later step validates the checks.

alter table supplier
    -- Each with its percentage and its days: see domain::supplier.
    add column discounts jsonb not null default '[]';
alter table bill
    -- Each with its percentage and its last day: see domain::bill.
    add column discounts jsonb not null default '[]';
alter table supplier_payment
    -- The sum of the parts. The amount is less it.
    add column discount numeric(18, 4) not null default 0,
    add constraint supplier_payment_discount_sign check (discount * amount >= 0) not valid;
alter table supplier_payment_part
    -- The part of the amount that was not paid, and the input tax in it.
    add column discount numeric(18, 4) not null default 0,
    add column discount_tax numeric(18, 4) not null default 0,
    add constraint supplier_payment_part_discount_range check (
        discount * amount >= 0 and abs(discount) <= abs(amount)
        and discount_tax * amount >= 0 and abs(discount_tax) <= abs(discount)
    ) not valid;
