-- What sales that had happened have, and our rules would not have. A person works them off.
create table sale_exception (
    tenant_id uuid not null,
    id uuid not null,
    sale_id uuid not null,
    reason text not null,
    -- The line of the sale. Null: the whole sale.
    line_no integer,
    -- The amount by our rules, and that of the receipt.
    expected numeric(18, 4),
    stated numeric(18, 4),
    detail text not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    resolved_at timestamptz,
    resolution text,
    version integer not null default 1,
    constraint sale_exception_pkey primary key (tenant_id, id),
    constraint sale_exception_sale_fkey foreign key (tenant_id, sale_id) references pos_sale (tenant_id, id),
    constraint sale_exception_resolved_whole check ((resolved_at is null) = (resolution is null))
);
create index sale_exception_by_sale on sale_exception (tenant_id, sale_id, id);
create index sale_exception_open on sale_exception (tenant_id, id) where resolved_at is null;

-- SKUs that products had before, until the instant at which each was replaced.
create table former_sku (
    tenant_id uuid not null,
    sku text not null,
    product_id uuid not null,
    replaced_at timestamptz not null,
    constraint former_sku_pkey primary key (tenant_id, sku, product_id, replaced_at),
    constraint former_sku_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id)
);
