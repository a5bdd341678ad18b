-- Outside a transaction: the table may be large.

drop index concurrently if exists bill_foreign_open;

-- Bills that are open in their own currency: of some of them nothing is open in the tenant's.
create index concurrently bill_foreign_open on bill (tenant_id, supplier_id, due_on) where foreign_open <> 0;
