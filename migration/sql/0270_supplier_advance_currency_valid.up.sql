-- Validation reads the table and lets others read and write it.

alter table supplier_payment validate constraint supplier_payment_foreign_advance_complete;
