-- Outside a transaction: the table may be large.

drop index concurrently if exists payment_foreign_open;

-- Payments in other currencies that are not applied: the ageing shows them by currency.
create index concurrently payment_foreign_open on payment (tenant_id, customer_id) where foreign_unapplied <> 0;
