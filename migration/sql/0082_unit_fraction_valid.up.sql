-- Validation reads the table and lets others read and write it.

alter table product_unit validate constraint product_unit_denominator_range;
