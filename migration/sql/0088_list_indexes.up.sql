-- Outside a transaction: the tables may be large.

drop index concurrently if exists product_by_price;

drop index concurrently if exists invoice_by_due;

drop index concurrently if exists invoice_open;

drop index concurrently if exists customer_by_text;

drop index concurrently if exists payment_by_reference;

drop index concurrently if exists stock_document_by_reference;

drop index concurrently if exists transfer_by_reference;

drop index concurrently if exists expected_receipt_by_reference;

create index concurrently product_by_price on product (tenant_id, price_key, id);

create index concurrently invoice_by_due on invoice (tenant_id, due_on, id);

create index concurrently invoice_open on invoice (tenant_id, due_on, id) where open <> 0;

-- Trigrams, in lower case, find a text within a name, a number or an address. Row-level security keeps `like` from using an
-- index, so only functions of the schema auth use this one.
create index concurrently customer_by_text on customer
    using gin (tenant_id, name_key extension.gin_trgm_ops, number extension.gin_trgm_ops, email extension.gin_trgm_ops);

create index concurrently payment_by_reference on payment (tenant_id, reference) where reference is not null;

create index concurrently stock_document_by_reference on stock_document (tenant_id, reference) where reference is not null;

create index concurrently transfer_by_reference on transfer (tenant_id, reference) where reference is not null;

create index concurrently expected_receipt_by_reference on expected_receipt (tenant_id, reference) where reference is not null;
