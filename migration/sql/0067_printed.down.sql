drop function if exists load_sales_2, post_batch_2, printed_product, printed_customer;
drop type pos_sale_row_2, sales_line_row_2, product_row_2;
drop table replaced_product, replaced_customer;
alter table customer drop column addresses;
alter table sales_line drop column product_version;
alter table sales_order_line drop column product_version;
alter table sales_order drop column customer_version, drop column seller_version;
alter table invoice drop column customer_version, drop column seller_version;
alter table pos_sale drop column customer_version, drop column seller_version;
