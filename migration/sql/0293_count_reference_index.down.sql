drop index if exists stock_count_by_reference;
