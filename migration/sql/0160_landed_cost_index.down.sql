drop index if exists stock_movement_by_landed_cost;
