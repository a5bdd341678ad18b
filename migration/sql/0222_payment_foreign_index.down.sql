drop index if exists payment_foreign;
