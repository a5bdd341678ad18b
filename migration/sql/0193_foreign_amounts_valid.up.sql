-- Checks the rows of before, without a lock that writes wait for.
alter table bill validate constraint bill_foreign_complete;
alter table bill validate constraint bill_foreign_open_range;
alter table bill validate constraint bill_exchange_rate_positive;
alter table bill_line validate constraint bill_line_foreign_complete;
alter table supplier_payment validate constraint supplier_payment_foreign_complete;
alter table supplier_payment validate constraint supplier_payment_exchange_rate_positive;
alter table purchase_order validate constraint purchase_order_foreign_complete;
alter table purchase_order validate constraint purchase_order_exchange_rate_positive;
alter table purchase_order_line validate constraint purchase_order_line_foreign_complete;
