-- Count lines of tracked products can't be kept without their lots, so they are deleted. What they posted stays.
alter table stock_count_line no force row level security;
alter table stock_count_entry no force row level security;
delete from stock_count_entry e using stock_count_line l
where l.tenant_id = e.tenant_id and l.count_id = e.count_id and l.line_no = e.line_no and l.lot_code is not null;
delete from stock_count_line where lot_code is not null;
alter table stock_count_entry force row level security;
alter table stock_count_line force row level security;
alter table stock_count_line
    drop constraint stock_count_line_product_key,
    add constraint stock_count_line_product_key unique (tenant_id, count_id, product_id),
    drop column expires_on,
    drop column lot_code;
