-- Roll-ups of sales lines: see docs/adr/0029-fold-sales-into-rollups.md. Only service::rollup writes here.

-- The state of a tenant's roll-ups. The rows of `generation` have the lines below `position`, and no other. Days and months
-- are those of `time_zone`. A rebuild fills the rows of `next_generation` with the lines below `next_position`, document by
-- document; `next_after` is the last document that they have.
create table sales_fold (
    tenant_id uuid not null constraint sales_fold_tenant_fkey references tenant (tenant_id),
    generation integer,
    position bigint not null default 0,
    time_zone text,
    earliest_at timestamptz,
    latest_at timestamptz,
    next_generation integer,
    next_position bigint,
    next_time_zone text,
    next_after uuid,
    next_earliest_at timestamptz,
    next_latest_at timestamptz,
    constraint sales_fold_pkey primary key (tenant_id),
    constraint sales_fold_has_zone check ((generation is null) = (time_zone is null)),
    constraint sales_fold_next_whole check (
        (next_generation is null) = (next_position is null)
        and (next_generation is null) = (next_time_zone is null)
        and (next_generation is null) = (next_after is null))
) with (fillfactor = 50);

-- In the roll-ups, `orders` counts the first lines of sales and invoices. `documents` counts the sales and invoices that have a
-- line in the row, where a document may have lines in several rows. A missing category or customer is the id of zeros.

-- `occurred_at` is the start of the quarter of an hour: since 1990 a day of nearly every time zone has whole ones.
create table sales_by_quarter_hour (
    tenant_id uuid not null,
    generation integer not null,
    occurred_at timestamptz not null,
    channel text not null,
    location_id uuid not null,
    country text not null,
    currency text not null,
    orders bigint not null,
    lines bigint not null,
    units numeric not null,
    returns numeric not null,
    gross_revenue numeric not null,
    net_revenue numeric not null,
    tax numeric not null,
    cost numeric not null,
    constraint sales_by_quarter_hour_pkey primary key (tenant_id, generation, occurred_at, channel, location_id, country, currency)
) with (fillfactor = 70);

-- Days of the time zone of the tenant.
create table sales_by_day (
    tenant_id uuid not null,
    generation integer not null,
    day date not null,
    channel text not null,
    location_id uuid not null,
    country text not null,
    currency text not null,
    orders bigint not null,
    lines bigint not null,
    units numeric not null,
    returns numeric not null,
    gross_revenue numeric not null,
    net_revenue numeric not null,
    tax numeric not null,
    cost numeric not null,
    constraint sales_by_day_pkey primary key (tenant_id, generation, day, channel, location_id, country, currency)
) with (fillfactor = 70);

-- `month` is the first day of a month in the time zone of the tenant. The category is that of the sale.
create table sales_by_category (
    tenant_id uuid not null,
    generation integer not null,
    month date not null,
    category_id uuid not null,
    channel text not null,
    location_id uuid not null,
    country text not null,
    currency text not null,
    orders bigint not null,
    documents bigint not null,
    lines bigint not null,
    units numeric not null,
    returns numeric not null,
    gross_revenue numeric not null,
    net_revenue numeric not null,
    tax numeric not null,
    cost numeric not null,
    constraint sales_by_category_pkey primary key (tenant_id, generation, month, category_id, channel, location_id, country, currency)
) with (fillfactor = 70);

-- One product in one category, as it was sold.
create table sales_by_product (
    tenant_id uuid not null,
    generation integer not null,
    month date not null,
    product_id uuid not null,
    category_id uuid not null,
    channel text not null,
    location_id uuid not null,
    currency text not null,
    orders bigint not null,
    documents bigint not null,
    lines bigint not null,
    units numeric not null,
    returns numeric not null,
    gross_revenue numeric not null,
    net_revenue numeric not null,
    tax numeric not null,
    cost numeric not null,
    constraint sales_by_product_pkey primary key (tenant_id, generation, month, product_id, category_id, channel, location_id, currency)
) with (fillfactor = 70);

-- The first and the last sale or invoice of the row are null if it has returns only.
create table sales_by_customer (
    tenant_id uuid not null,
    generation integer not null,
    month date not null,
    customer_id uuid not null,
    channel text not null,
    country text not null,
    currency text not null,
    orders bigint not null,
    lines bigint not null,
    units numeric not null,
    returns numeric not null,
    gross_revenue numeric not null,
    net_revenue numeric not null,
    tax numeric not null,
    cost numeric not null,
    first_order_at timestamptz,
    last_order_at timestamptz,
    constraint sales_by_customer_pkey primary key (tenant_id, generation, month, customer_id, channel, country, currency)
) with (fillfactor = 70);

-- `year` is the first day of a year in the time zone of the tenant. Over many years these are few rows.
create table sales_by_product_year (
    tenant_id uuid not null,
    generation integer not null,
    year date not null,
    product_id uuid not null,
    category_id uuid not null,
    channel text not null,
    currency text not null,
    orders bigint not null,
    documents bigint not null,
    lines bigint not null,
    units numeric not null,
    returns numeric not null,
    gross_revenue numeric not null,
    net_revenue numeric not null,
    tax numeric not null,
    cost numeric not null,
    constraint sales_by_product_year_pkey primary key (tenant_id, generation, year, product_id, category_id, channel, currency)
) with (fillfactor = 70);

create table sales_by_customer_year (
    tenant_id uuid not null,
    generation integer not null,
    year date not null,
    customer_id uuid not null,
    channel text not null,
    country text not null,
    currency text not null,
    orders bigint not null,
    lines bigint not null,
    units numeric not null,
    returns numeric not null,
    gross_revenue numeric not null,
    net_revenue numeric not null,
    tax numeric not null,
    cost numeric not null,
    first_order_at timestamptz,
    last_order_at timestamptz,
    constraint sales_by_customer_year_pkey primary key (tenant_id, generation, year, customer_id, channel, country, currency)
) with (fillfactor = 70);
