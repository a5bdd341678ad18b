drop table stock_document, reason_code, reservation, stock_movement, stock_level, location;
