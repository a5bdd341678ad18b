-- Outside a transaction: the table may be large.

drop index concurrently if exists supplier_payment_by_advance;

-- The applications of an advance.
create index concurrently supplier_payment_by_advance on supplier_payment (tenant_id, advance_id) where advance_id is not null;
