alter table pos_sale
    add constraint pos_sale_session_fkey foreign key (tenant_id, session_id) references pos_session (tenant_id, id);
alter table tender
    add constraint tender_sale_fkey foreign key (tenant_id, sale_id) references pos_sale (tenant_id, id);
alter table journal_line
    drop constraint journal_line_one_side,
    add constraint journal_line_one_side check (debit >= 0 and credit >= 0 and (debit = 0) <> (credit = 0));
alter table stock_movement
    drop constraint stock_movement_kind_known,
    add constraint stock_movement_kind_known check (
        kind in (
            'receipt', 'sale', 'return', 'transfer_out', 'transfer_in', 'adjustment', 'count', 'supplier_return',
            'opening', 'settlement', 'revaluation'
        )
    );
