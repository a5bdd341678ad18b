-- Outside a transaction: the tables may be large.

drop index concurrently if exists stock_movement_by_supplier_return;

-- The movements of a return are found by its id, as those of other stock documents are by the index stock_movement_by_document.
create index concurrently stock_movement_by_supplier_return on stock_movement (tenant_id, document_id) where document_kind = 'supplier_return';

alter table stock_document validate constraint stock_document_kind_known;
