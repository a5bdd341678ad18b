-- Outside a transaction: the table may be large.

drop index concurrently if exists invoice_foreign;

-- Invoices and credit notes in other currencies, which each valuation reads.
create index concurrently invoice_foreign on invoice (tenant_id, occurred_at) where foreign_currency is not null;
