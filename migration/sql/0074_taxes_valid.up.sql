-- Validation reads the tables and lets others read and write them.

alter table invoice validate constraint invoice_adds_up;
alter table tenant validate constraint tenant_invoice_rounding_not_negative;
