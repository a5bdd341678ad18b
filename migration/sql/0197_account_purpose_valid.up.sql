-- Validation reads the table and lets others read and write it.

alter table account validate constraint account_purpose_known;
