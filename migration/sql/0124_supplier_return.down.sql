alter table stock_document
    drop constraint stock_document_kind_known,
    add constraint stock_document_kind_known check (kind in ('receipt', 'opening', 'adjustment', 'revaluation'));
drop table supplier_return_line;
