drop table foreign_line;
alter table application
    drop constraint application_amount_not_negative,
    add constraint application_amount_positive check (amount > 0);
alter table application_line
    drop constraint application_line_moves, drop column foreign_amount, drop column difference,
    add constraint application_line_amount_not_zero check (amount <> 0);
alter table payment_allocation
    drop constraint payment_allocation_moves, drop column foreign_amount, drop column difference,
    add constraint payment_allocation_amount_positive check (amount > 0);
alter table payment
    drop column foreign_currency, drop column exchange_rate, drop column foreign_amount, drop column foreign_unapplied;
alter table invoice
    drop column foreign_currency, drop column exchange_rate, drop column foreign_value, drop column foreign_tax,
    drop column foreign_open;
alter table sales_order drop column foreign_currency, drop column exchange_rate;
