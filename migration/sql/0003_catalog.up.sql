-- The catalogue: categories, taxes, products with units and barcodes.

create table category (
    tenant_id uuid not null constraint category_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    code text not null,
    name text not null,
    parent_id uuid,
    -- Ids from the category itself up to the root.
    lineage uuid[] not null,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint category_pkey primary key (tenant_id, id),
    constraint category_code_key unique (tenant_id, code),
    constraint category_parent_fkey foreign key (tenant_id, parent_id) references category (tenant_id, id)
);

create table tax_class (
    tenant_id uuid not null constraint tax_class_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    code text not null,
    name text not null,
    created_at timestamptz not null default now(),
    constraint tax_class_pkey primary key (tenant_id, id),
    constraint tax_class_code_key unique (tenant_id, code)
);

-- A rate in percent. An empty zone is for all countries without their own rate.
create table tax_rate (
    tenant_id uuid not null,
    id uuid not null,
    tax_class_id uuid not null,
    zone text not null default '',
    rate numeric(9, 6) not null,
    valid_from date not null default '0001-01-01',
    valid_until date,
    created_at timestamptz not null default now(),
    constraint tax_rate_pkey primary key (tenant_id, id),
    constraint tax_rate_start_key unique (tenant_id, tax_class_id, zone, valid_from),
    constraint tax_rate_class_fkey foreign key (tenant_id, tax_class_id) references tax_class (tenant_id, id),
    constraint tax_rate_range check (rate >= 0 and rate <= 100),
    constraint tax_rate_validity check (valid_until is null or valid_until >= valid_from)
);

create table product (
    tenant_id uuid not null constraint product_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    sku text not null,
    name text not null,
    name_key text collate "C" not null generated always as (lower(name)) stored,
    description text not null default '',
    category_id uuid,
    kind text not null default 'stocked',
    status text not null default 'active',
    tracking text not null default 'none',
    stock_uom text not null default 'C62',
    tax_class_id uuid not null,
    -- Per stock unit; null if there is none, which differs from a price of zero.
    list_price numeric(18, 6),
    external_ref text,
    metadata jsonb not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint product_pkey primary key (tenant_id, id),
    constraint product_sku_key unique (tenant_id, sku),
    constraint product_external_ref_key unique (tenant_id, external_ref),
    constraint product_category_fkey foreign key (tenant_id, category_id) references category (tenant_id, id),
    constraint product_tax_class_fkey foreign key (tenant_id, tax_class_id) references tax_class (tenant_id, id),
    constraint product_sku_length check (length(sku) between 1 and 64),
    constraint product_kind_known check (kind in ('stocked', 'service', 'bundle')),
    constraint product_status_known check (status in ('active', 'archived')),
    constraint product_tracking_known check (tracking in ('none', 'lot', 'serial')),
    constraint product_list_price_range check (list_price >= 0)
);
create index product_by_name on product (tenant_id, name_key);
create index product_by_update on product (tenant_id, updated_at, id);

-- Units besides the stock unit: a case of 12 has factor 12.
create table product_unit (
    tenant_id uuid not null,
    product_id uuid not null,
    uom text not null,
    factor numeric(18, 6) not null,
    list_price numeric(18, 6),
    constraint product_unit_pkey primary key (tenant_id, product_id, uom),
    constraint product_unit_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint product_unit_factor_positive check (factor > 0),
    constraint product_unit_list_price_range check (list_price >= 0)
);

create table barcode (
    tenant_id uuid not null,
    code text not null,
    product_id uuid not null,
    uom text not null,
    constraint barcode_pkey primary key (tenant_id, code),
    constraint barcode_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint barcode_code_length check (length(code) between 1 and 64)
);
create index barcode_by_product on barcode (tenant_id, product_id);
