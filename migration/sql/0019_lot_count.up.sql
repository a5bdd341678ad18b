-- A count line of a tracked product has one lot, named by its code. An unknown lot is created when the sheet is
-- posted, with the expiry date that was entered.
alter table stock_count_line
    add column lot_code text,
    add column expires_on date,
    drop constraint stock_count_line_product_key,
    add constraint stock_count_line_product_key unique nulls not distinct (tenant_id, count_id, product_id, lot_code),
    add constraint stock_count_line_lot check (lot_code is not null or expires_on is null);
