drop index if exists bill_foreign;
