alter table stock_count_line
    drop column stands, drop column earlier_counted_at, drop column taken_off_quantity, drop column taken_off_value;
