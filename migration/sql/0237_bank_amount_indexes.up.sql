-- Outside a transaction: the tables may be large.

drop index concurrently if exists payment_by_amount;

-- The transfers that may be a line of a bank statement are found by their amount: a time of 15 days may have thousands.
create index concurrently payment_by_amount on payment (tenant_id, amount, occurred_at) where method = 'bank';

drop index concurrently if exists supplier_payment_by_amount;

create index concurrently supplier_payment_by_amount on supplier_payment (tenant_id, amount, occurred_at)
    where kind = 'payment';

-- The index by amount takes its place.
drop index concurrently if exists payment_by_bank;
