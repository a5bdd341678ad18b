drop index if exists invoice_foreign;
