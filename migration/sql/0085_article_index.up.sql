-- Outside a transaction: the table may be large.

drop index concurrently if exists barcode_gtin_key;

create unique index concurrently barcode_gtin_key on barcode (tenant_id, gtin) where gtin is not null;
