create index payment_by_bank on payment (tenant_id, occurred_at) where method = 'bank';
drop index if exists supplier_payment_by_amount;
drop index if exists payment_by_amount;
