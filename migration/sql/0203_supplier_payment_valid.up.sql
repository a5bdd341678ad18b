-- Validation reads the tables and lets others read and write them.

alter table supplier_payment validate constraint supplier_payment_kind_known;
alter table supplier_payment validate constraint supplier_payment_sign;
alter table supplier_payment validate constraint supplier_payment_unapplied_range;
alter table supplier_payment validate constraint supplier_payment_advance_fkey;
alter table supplier_payment validate constraint supplier_payment_discount_sign;
alter table supplier_payment_part validate constraint supplier_payment_part_discount_range;
