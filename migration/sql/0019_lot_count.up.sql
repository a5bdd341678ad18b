-- A line of a count sheet is of one lot, where its product is tracked. It names the lot by its code: a lot that nobody
-- knew becomes one when the sheet is posted, with the day on which whoever counted it read that it expires.
alter table stock_count_line
    add column lot_code text,
    add column expires_on date,
    drop constraint stock_count_line_product_key,
    add constraint stock_count_line_product_key unique nulls not distinct (tenant_id, count_id, product_id, lot_code),
    add constraint stock_count_line_lot check (lot_code is not null or expires_on is null);
