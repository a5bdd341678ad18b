-- Outside a transaction: the table may be large.

drop index concurrently if exists stock_movement_by_landed_cost;

-- The movements of a landed cost are found by its id, as those of stock documents are by the index stock_movement_by_document.
create index concurrently stock_movement_by_landed_cost on stock_movement (tenant_id, document_id) where document_kind = 'landed_cost';
