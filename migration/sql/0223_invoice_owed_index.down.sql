drop index if exists invoice_owed;
