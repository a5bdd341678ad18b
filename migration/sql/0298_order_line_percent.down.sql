alter table sales_order_line drop column discount_percent;
