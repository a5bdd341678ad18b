-- Outside a transaction: the table may be large.

drop index concurrently if exists stock_count_by_reference;

-- The list of counts finds one by its reference.
create index concurrently stock_count_by_reference on stock_count (tenant_id, reference) where reference is not null;
