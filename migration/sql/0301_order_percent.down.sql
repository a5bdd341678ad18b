alter table sales_order_line drop column discount_amount;
alter table sales_order drop column discount_percent;
