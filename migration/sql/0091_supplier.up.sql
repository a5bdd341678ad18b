-- Suppliers, and the products that they sell.

create table supplier (
    tenant_id uuid not null constraint supplier_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    code text not null,
    name text not null,
    name_key text collate "C" not null generated always as (lower(name)) stored,
    email text,
    tax_number text,
    currency text not null,
    payment_days integer not null default 30,
    -- Days from a purchase order to its delivery, as the supplier states them.
    lead_time_days integer,
    over_receipt_percent numeric(9, 6) not null default 0,
    status text not null default 'active',
    external_ref text,
    addresses jsonb not null default '[]',
    contacts jsonb not null default '[]',
    notes text not null default '',
    metadata jsonb not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint supplier_pkey primary key (tenant_id, id),
    constraint supplier_code_key unique (tenant_id, code),
    constraint supplier_external_ref_key unique (tenant_id, external_ref),
    constraint supplier_days_range check (payment_days between 0 and 365),
    constraint supplier_lead_time_range check (lead_time_days between 0 and 730),
    constraint supplier_over_receipt_range check (over_receipt_percent between 0 and 100),
    constraint supplier_status_known check (status in ('active', 'archived'))
);
create index supplier_by_name on supplier (tenant_id, name_key);
create index supplier_by_update on supplier (tenant_id, updated_at, id);
-- For a function of the schema auth, as customer_by_text.
create index supplier_by_text on supplier
    using gin (tenant_id, name_key extension.gin_trgm_ops, code extension.gin_trgm_ops);

create table supplier_product (
    tenant_id uuid not null,
    supplier_id uuid not null,
    product_id uuid not null,
    supplier_sku text,
    -- The unit that the supplier sells; the stock unit of the product if null.
    uom text,
    min_order_quantity numeric(18, 6) not null default 0,
    order_multiple numeric(18, 6),
    preferred boolean not null default false,
    -- Prices by quantity and day: see domain::supplier.
    prices jsonb not null default '[]',
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint supplier_product_pkey primary key (tenant_id, supplier_id, product_id),
    constraint supplier_product_supplier_fkey foreign key (tenant_id, supplier_id) references supplier (tenant_id, id),
    constraint supplier_product_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint supplier_product_quantity_range check (min_order_quantity >= 0 and order_multiple > 0)
);
create index supplier_product_by_product on supplier_product (tenant_id, product_id);
-- A product has one supplier that it is usually bought from.
create unique index supplier_product_preferred on supplier_product (tenant_id, product_id) where preferred;
