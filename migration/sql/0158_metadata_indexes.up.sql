-- Outside a transaction: the tables may be large.

drop index concurrently if exists product_by_metadata;

drop index concurrently if exists customer_by_metadata;

drop index concurrently if exists supplier_by_metadata;

drop index concurrently if exists sales_order_by_metadata;

-- Row-level security keeps `@>` from using an index, so only functions of the schema auth use these. Most records have no metadata.
create index concurrently product_by_metadata on product using gin (tenant_id, metadata jsonb_path_ops) where metadata <> '{}';

create index concurrently customer_by_metadata on customer using gin (tenant_id, metadata jsonb_path_ops) where metadata <> '{}';

create index concurrently supplier_by_metadata on supplier using gin (tenant_id, metadata jsonb_path_ops) where metadata <> '{}';

create index concurrently sales_order_by_metadata on sales_order using gin (tenant_id, metadata jsonb_path_ops) where metadata <> '{}';
