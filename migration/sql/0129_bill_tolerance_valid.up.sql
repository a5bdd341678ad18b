-- Validation reads the table and lets others read and write it.

alter table tenant validate constraint tenant_bill_tolerance_range;
