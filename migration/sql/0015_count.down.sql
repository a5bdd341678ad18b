drop table reorder_setting, stock_count_entry, stock_count_line, stock_count, count_setting, cost_to_settle;
alter table stock_movement drop constraint stock_movement_kind_known;
alter table stock_movement add constraint stock_movement_kind_known check (
    kind in (
        'receipt', 'sale', 'return', 'transfer_out', 'transfer_in', 'adjustment', 'count', 'supplier_return',
        'opening'
    )
);
alter table stock_level drop column counted_at;
