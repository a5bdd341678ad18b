drop index stock_level_by_lot;
drop index stock_level_live;
drop index stock_level_by_product;
create index stock_level_by_product on stock_level (tenant_id, product_id);
alter table stock_level drop column used_up;
drop index cost_to_settle_by_document;
drop table layer_draw;
