-- Outside a transaction: the table may be large.

drop index concurrently if exists payment_foreign;

-- Payments in other currencies, which each valuation reads.
create index concurrently payment_foreign on payment (tenant_id, occurred_at) where foreign_currency is not null;
