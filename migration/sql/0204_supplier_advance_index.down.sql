drop index if exists supplier_payment_by_advance;
