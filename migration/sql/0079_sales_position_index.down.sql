drop index if exists sales_line_by_position;
