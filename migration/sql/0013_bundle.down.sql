alter table sales_line drop column bundle_id;
alter table sales_order_line drop column bundle_id;
drop table bundle_component;
