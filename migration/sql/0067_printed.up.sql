-- A document prints a record as it was when the document was made. The document keeps the version of the record
-- that it read. A change of what is printed keeps what was printed up to that version, so the first row from that version on
-- has it, and the record itself if there is none. A document without a version is older than this step.

alter table sales_line add column product_version integer;
alter table sales_order_line add column product_version integer;
alter table sales_order add column customer_version integer, add column seller_version integer;
alter table invoice add column customer_version integer, add column seller_version integer;
alter table pos_sale add column customer_version integer, add column seller_version integer;

create table replaced_product (
    tenant_id uuid not null,
    product_id uuid not null,
    version integer not null,
    sku text not null,
    name text not null,
    tax_class_id uuid not null,
    replaced_at timestamptz not null,
    constraint replaced_product_pkey primary key (tenant_id, product_id, version),
    constraint replaced_product_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id)
);

alter table customer add column addresses jsonb not null default '[]';

create table replaced_customer (
    tenant_id uuid not null,
    customer_id uuid not null,
    version integer not null,
    number text not null,
    name text not null,
    tax_number text,
    addresses jsonb not null default '[]',
    replaced_at timestamptz not null,
    constraint replaced_customer_pkey primary key (tenant_id, customer_id, version),
    constraint replaced_customer_customer_fkey foreign key (tenant_id, customer_id) references customer (tenant_id, id)
);

-- The rows of post_batch_2 and load_sales_2, with the versions.

create type pos_sale_row_2 as (
    id uuid,
    number text,
    kind text,
    register_id uuid,
    session_id uuid,
    location_id uuid,
    customer_id uuid,
    original_id uuid,
    country text,
    gross numeric,
    discount numeric,
    net numeric,
    tax numeric,
    rounding numeric,
    total numeric,
    cost numeric,
    business_date date,
    occurred_at timestamptz,
    command_id uuid,
    customer_version integer,
    seller_version integer
);

create type sales_line_row_2 as (
    document_id uuid,
    line_no integer,
    document_kind text,
    channel text,
    location_id uuid,
    customer_id uuid,
    country text,
    product_id uuid,
    category_id uuid,
    description text,
    uom text,
    factor numeric,
    entered numeric,
    quantity numeric,
    unit_price numeric,
    list_price numeric,
    price_source text,
    price_rule_id uuid,
    price_trace jsonb,
    gross numeric,
    discount numeric,
    net numeric,
    tax_rate numeric,
    tax numeric,
    cost numeric,
    order_id uuid,
    original_id uuid,
    original_line_no integer,
    occurred_at timestamptz,
    bundle_id uuid,
    product_version integer
);

create type product_row_2 as (
    id uuid,
    sku text,
    kind text,
    status text,
    tracking text,
    lineage uuid[],
    stock_uom text,
    stock_decimals smallint,
    tax_class_id uuid,
    list_price numeric,
    costing_method text,
    name text,
    version integer
);
