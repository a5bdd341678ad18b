drop index stock_movement_by_document;
create index stock_movement_by_document on stock_movement (tenant_id, document_id)
    where document_kind in ('receipt', 'opening', 'adjustment');
alter table stock_document
    drop constraint stock_document_kind_known,
    add constraint stock_document_kind_known check (kind in ('receipt', 'opening', 'adjustment'));
alter table stock_movement
    drop constraint stock_movement_kind_known,
    add constraint stock_movement_kind_known check (
        kind in (
            'receipt', 'sale', 'return', 'transfer_out', 'transfer_in', 'adjustment', 'count', 'supplier_return',
            'opening', 'settlement'
        )
    );
drop table cost_layer;
alter table stock_level drop column layered;
alter table product drop column costing_method;
alter table tenant drop column costing_method;
