drop function if exists load_sales_1;
drop type answered_command_row_1, open_session_row_1, barcode_row_1, product_row_1, product_unit_row_1,
    locked_level_row_1, locked_series_row_1;
