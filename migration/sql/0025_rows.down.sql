drop function if exists post_batch_1;
drop type stock_level_row_1, number_series_row_1, stock_movement_row_1, pos_sale_row_1, tender_row_1, sales_line_row_1,
    journal_entry_row_1, journal_line_row_1, event_row_1, command_row_1;
