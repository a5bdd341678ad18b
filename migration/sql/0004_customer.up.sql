-- Customers and their prices.

create table price_list (
    tenant_id uuid not null constraint price_list_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    code text not null,
    name text not null,
    currency text not null,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint price_list_pkey primary key (tenant_id, id),
    constraint price_list_code_key unique (tenant_id, code)
);

create table price_rule (
    tenant_id uuid not null,
    id uuid not null,
    price_list_id uuid not null,
    scope text not null,
    product_id uuid,
    category_id uuid,
    method text not null,
    -- Price per stock unit, percentage, or amount off the list price, by method.
    value numeric(18, 6) not null,
    min_quantity numeric(18, 6) not null default 0,
    valid_from timestamptz,
    valid_until timestamptz,
    created_at timestamptz not null default now(),
    constraint price_rule_pkey primary key (tenant_id, id),
    constraint price_rule_list_fkey foreign key (tenant_id, price_list_id) references price_list (tenant_id, id),
    constraint price_rule_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint price_rule_category_fkey foreign key (tenant_id, category_id) references category (tenant_id, id),
    constraint price_rule_scope_known check (
        (scope = 'product' and product_id is not null and category_id is null)
        or (scope = 'category' and category_id is not null and product_id is null)
        or (scope = 'all' and product_id is null and category_id is null)
    ),
    constraint price_rule_method_known check (method in ('fixed', 'percent_off', 'amount_off')),
    constraint price_rule_value_range check (value >= 0 and (method <> 'percent_off' or value <= 100)),
    constraint price_rule_min_quantity_range check (min_quantity >= 0),
    constraint price_rule_validity check (valid_from is null or valid_until is null or valid_from < valid_until)
);
create index price_rule_by_product on price_rule (tenant_id, price_list_id, product_id);

create table price_tier (
    tenant_id uuid not null constraint price_tier_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    code text not null,
    name text not null,
    price_list_id uuid,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint price_tier_pkey primary key (tenant_id, id),
    constraint price_tier_code_key unique (tenant_id, code),
    constraint price_tier_list_fkey foreign key (tenant_id, price_list_id) references price_list (tenant_id, id)
);

create table customer (
    tenant_id uuid not null constraint customer_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    number text not null,
    kind text not null,
    name text not null,
    name_key text collate "C" not null generated always as (lower(name)) stored,
    email text,
    tax_number text,
    country text not null,
    currency text not null,
    tax_exempt boolean not null default false,
    price_tier_id uuid,
    price_list_id uuid,
    payment_terms text not null default 'net',
    payment_days integer not null default 30,
    credit_limit numeric(18, 4),
    status text not null default 'active',
    external_ref text,
    metadata jsonb not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint customer_pkey primary key (tenant_id, id),
    constraint customer_number_key unique (tenant_id, number),
    constraint customer_external_ref_key unique (tenant_id, external_ref),
    constraint customer_tier_fkey foreign key (tenant_id, price_tier_id) references price_tier (tenant_id, id),
    constraint customer_list_fkey foreign key (tenant_id, price_list_id) references price_list (tenant_id, id),
    constraint customer_kind_known check (kind in ('wholesale', 'retail')),
    constraint customer_terms_known check (payment_terms in ('prepaid', 'net', 'end_of_month')),
    constraint customer_days_range check (payment_days between 0 and 365),
    constraint customer_credit_range check (credit_limit >= 0),
    constraint customer_status_known check (status in ('active', 'blocked'))
);
create index customer_by_name on customer (tenant_id, name_key);
create index customer_by_update on customer (tenant_id, updated_at, id);

-- The running totals behind a credit limit. A check of the limit locks this row.
create table customer_account (
    tenant_id uuid not null,
    customer_id uuid not null,
    receivable numeric(18, 4) not null default 0,
    ordered numeric(18, 4) not null default 0,
    shipped numeric(18, 4) not null default 0,
    unapplied numeric(18, 4) not null default 0,
    constraint customer_account_pkey primary key (tenant_id, customer_id),
    constraint customer_account_customer_fkey foreign key (tenant_id, customer_id) references customer (tenant_id, id),
    constraint customer_account_ordered_range check (ordered >= 0),
    constraint customer_account_shipped_range check (shipped >= 0),
    constraint customer_account_unapplied_range check (unapplied >= 0)
) with (fillfactor = 70);

-- The price list of a channel, or of one location in it.
create table channel_price_list (
    tenant_id uuid not null,
    channel text not null,
    location_id uuid not null default '00000000-0000-0000-0000-000000000000',
    price_list_id uuid not null,
    constraint channel_price_list_pkey primary key (tenant_id, channel, location_id),
    constraint channel_price_list_list_fkey foreign key (tenant_id, price_list_id)
        references price_list (tenant_id, id),
    constraint channel_price_list_channel_known check (channel in ('wholesale', 'retail'))
);
