-- The movements of a transfer are found by its id, as those of a stock document are. Sales are not in this index.
drop index stock_movement_by_document;
create index stock_movement_by_document on stock_movement (tenant_id, document_id)
    where document_kind in ('receipt', 'opening', 'adjustment', 'revaluation', 'transfer');
