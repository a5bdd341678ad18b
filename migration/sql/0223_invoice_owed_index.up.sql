-- Outside a transaction: the table may be large.

drop index concurrently if exists invoice_owed;

-- Invoices and credit notes that are open in one of their currencies. Of some of them nothing is open in the tenant's.
create index concurrently invoice_owed on invoice (tenant_id, due_on, id) where open <> 0 or foreign_open <> 0;
