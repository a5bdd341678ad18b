-- Returns to suppliers: stock documents of a kind of their own, and the part of each line of a purchase order that one of them sent
-- back. Only service::posting writes here. The next step validates the constraint.

create table supplier_return_line (
    tenant_id uuid not null,
    purchase_order_id uuid not null,
    -- The stock document that issued the goods.
    stock_document_id uuid not null,
    -- The receipt that had received them.
    receipt_id uuid not null,
    line_no integer not null,
    -- Stock units, and their cost as the supplier credits it.
    quantity numeric(18, 6) not null,
    value numeric(18, 4) not null,
    -- Whether the supplier sends others in their place. They are then open in the order again.
    replaces boolean not null,
    -- The stock document that took the return back.
    reversal_id uuid,
    constraint supplier_return_line_pkey primary key (tenant_id, purchase_order_id, stock_document_id, line_no),
    constraint supplier_return_line_receipt_fkey foreign key (tenant_id, purchase_order_id, receipt_id, line_no)
        references purchase_receipt_line (tenant_id, purchase_order_id, stock_document_id, line_no),
    constraint supplier_return_line_document_fkey foreign key (tenant_id, stock_document_id)
        references stock_document (tenant_id, id),
    constraint supplier_return_line_reversal_fkey foreign key (tenant_id, reversal_id)
        references stock_document (tenant_id, id),
    constraint supplier_return_line_quantity_positive check (quantity > 0),
    constraint supplier_return_line_value_range check (value >= 0)
);
create index supplier_return_line_by_document on supplier_return_line (tenant_id, stock_document_id);
create index supplier_return_line_by_receipt on supplier_return_line (tenant_id, receipt_id, line_no);

alter table stock_document
    drop constraint stock_document_kind_known,
    add constraint stock_document_kind_known
        check (kind in ('receipt', 'opening', 'adjustment', 'revaluation', 'supplier_return')) not valid;
