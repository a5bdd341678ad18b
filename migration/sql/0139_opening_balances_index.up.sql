-- Outside a transaction: the table may be large.

drop index concurrently if exists journal_entry_opening;

-- Finds the opening balances of a tenant. Other entries are not in it.
create index concurrently journal_entry_opening on journal_entry (tenant_id) where document_kind = 'opening_balances';
