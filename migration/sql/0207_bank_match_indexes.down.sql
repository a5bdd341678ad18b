drop index if exists payment_by_bank;
drop index if exists supplier_payment_by_time;
