-- Outside a transaction: the table may be large.

drop index concurrently if exists journal_entry_by_hand;

-- Finds entries by hand, for the tie-out. Those of documents are not in it.
create index concurrently journal_entry_by_hand on journal_entry (tenant_id) where document_kind in ('manual', 'opening_balances');
