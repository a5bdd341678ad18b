drop table unmapped_sku, sku_mapping;
drop index product_by_text, product_by_sku_key;
alter table product drop column stock_decimals, drop column group_id, drop column option_values, drop column sku_key;
drop table product_group;
drop schema extension cascade;
