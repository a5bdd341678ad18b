drop index sales_order_held;
alter table tenant drop column hold_unpaid;
