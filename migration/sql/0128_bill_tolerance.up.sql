-- The differences up to which a bill of a supplier matches. The next step validates the check.

alter table tenant
    add column bill_quantity_percent numeric(9, 6) not null default 0,
    add column bill_price_percent numeric(9, 6) not null default 0,
    add column bill_amount numeric(18, 4) not null default 0,
    add constraint tenant_bill_tolerance_range check (
        bill_quantity_percent between 0 and 100 and bill_price_percent between 0 and 100 and bill_amount >= 0
    ) not valid;
