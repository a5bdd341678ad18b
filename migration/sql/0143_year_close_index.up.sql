-- Outside a transaction: the table may be large.

drop index concurrently if exists journal_entry_year_close;

-- Finds the close of a year. Other entries are not in it.
create index concurrently journal_entry_year_close on journal_entry (tenant_id, occurred_on) where document_kind = 'year_close';
