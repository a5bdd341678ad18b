-- Outside a transaction: the table may be large.

drop index concurrently if exists bill_foreign;

-- Bills in other currencies, of which each valuation reads those that are open.
create index concurrently bill_foreign on bill (tenant_id, dated) where foreign_currency is not null;
