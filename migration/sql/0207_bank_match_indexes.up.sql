-- Outside a transaction: the tables may be large.

drop index concurrently if exists payment_by_bank;

-- The transfers that may be a line of a bank statement are found by their time.
create index concurrently payment_by_bank on payment (tenant_id, occurred_at) where method = 'bank';

drop index concurrently if exists supplier_payment_by_time;

create index concurrently supplier_payment_by_time on supplier_payment (tenant_id, occurred_at);
