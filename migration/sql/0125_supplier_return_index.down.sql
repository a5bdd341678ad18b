drop index if exists stock_movement_by_supplier_return;
