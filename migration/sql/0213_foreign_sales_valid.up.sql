-- Checks the rows of before, without a lock that writes wait for.
alter table sales_order validate constraint sales_order_foreign_complete;
alter table sales_order validate constraint sales_order_exchange_rate_positive;
alter table invoice validate constraint invoice_foreign_complete;
alter table invoice validate constraint invoice_foreign_open_range;
alter table invoice validate constraint invoice_exchange_rate_positive;
alter table payment validate constraint payment_foreign_complete;
alter table payment validate constraint payment_foreign_unapplied_range;
alter table payment validate constraint payment_exchange_rate_positive;
alter table payment_allocation validate constraint payment_allocation_moves;
alter table application_line validate constraint application_line_moves;
alter table application validate constraint application_amount_not_negative;
