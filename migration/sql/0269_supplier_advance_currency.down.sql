drop trigger keep_advance_currency on supplier_payment;
drop function keep_advance_currency();
alter table supplier_payment drop constraint supplier_payment_foreign_advance_complete;
