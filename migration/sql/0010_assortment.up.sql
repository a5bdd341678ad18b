-- Product groups, SKU mappings, and search.

-- Variants share a group: a shirt in sizes and colours. `options` are in their order:
-- [{"name": "Size", "values": ["S", "M"]}].
create table product_group (
    tenant_id uuid not null constraint product_group_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    code text not null,
    name text not null,
    options jsonb not null,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint product_group_pkey primary key (tenant_id, id),
    constraint product_group_code_key unique (tenant_id, code)
);

-- `option_values` is a JSON object by option name, names sorted, stored as text so that a combination is unique in
-- its group. `stock_decimals` says how far the stock unit can be divided: a piece not at all, a kilogram to the gram.
alter table product
    add column stock_decimals smallint not null default 6,
    add constraint product_stock_decimals_range check (stock_decimals between 0 and 6),
    add column group_id uuid,
    add column option_values text,
    add column sku_key text collate "C" not null generated always as (lower(sku)) stored,
    add constraint product_group_fkey foreign key (tenant_id, group_id) references product_group (tenant_id, id),
    add constraint product_variant_key unique (tenant_id, group_id, option_values),
    add constraint product_variant_whole check ((group_id is null) = (option_values is null));
create index product_by_sku_key on product (tenant_id, sku_key);

-- Trigrams find a text within a name or an SKU. Row-level security keeps `like` from using an index, so only the
-- function auth.find_products uses this one.
create schema extension;
create extension pg_trgm with schema extension;
create extension btree_gin with schema extension;
create index product_by_text on product
    using gin (tenant_id, name_key extension.gin_trgm_ops, sku_key extension.gin_trgm_ops);

-- Other systems' codes of products. An empty location stands for all locations without their own mapping.
create table sku_mapping (
    tenant_id uuid not null,
    id uuid not null,
    system text not null,
    external_sku text not null,
    external_location text not null default '',
    product_id uuid not null,
    -- Stock units per external unit.
    factor numeric(18, 6) not null,
    valid_from timestamptz,
    valid_until timestamptz,
    validity tstzrange not null generated always as (tstzrange(valid_from, valid_until)) stored,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint sku_mapping_pkey primary key (tenant_id, id),
    constraint sku_mapping_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint sku_mapping_factor_positive check (factor > 0),
    constraint sku_mapping_validity_order check (valid_from < valid_until)
);
create extension btree_gist with schema extension;
alter table sku_mapping add constraint sku_mapping_no_overlap exclude using gist
    (tenant_id with =, system with =, external_sku with =, external_location with =, validity with &&);
create index sku_mapping_by_reference on sku_mapping (tenant_id, system, external_sku);
create index sku_mapping_by_product on sku_mapping (tenant_id, product_id);

-- External SKUs that were requested and have no mapping. The row stays as a record after the SKU is mapped.
create table unmapped_sku (
    tenant_id uuid not null constraint unmapped_sku_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    system text not null,
    external_sku text not null,
    external_location text not null default '',
    misses bigint not null,
    first_missed_at timestamptz not null,
    last_missed_at timestamptz not null,
    -- The latest instant for which a mapping was requested.
    missed_for timestamptz not null,
    -- Null while no mapping covers that instant.
    mapped_at timestamptz,
    constraint unmapped_sku_pkey primary key (tenant_id, id),
    constraint unmapped_sku_key unique (tenant_id, system, external_sku, external_location)
);
create index unmapped_sku_open on unmapped_sku (tenant_id, id) where mapped_at is null;
