-- Roll-ups of sales lines whose sums are integers: see docs/adr/0029-fold-sales-into-rollups.md. Only service::rollup writes here.
--
-- PostgreSQL adds integers three times as fast as decimals. `units` counts millionths of a stock unit; all other amounts count
-- ten-thousandths of the currency. The columns of fixed width come first: a column behind a text is slower to find.
--
-- Servers of the version before fold into the tables of step 0080 and read these. A later step drops them.

-- The state of a tenant's roll-ups. The rows of `generation` have the lines below `position`, and no other. Days and months
-- are those of `time_zone`. A rebuild fills the rows of `next_generation` with the lines below `next_position`, document by
-- document; `next_after` is the last document that they have. `layout` is the version of the list of tables that the rows
-- fill: a server with another list does not add to them. If a sum does not fit into its column (`too_large`), no more lines are
-- folded, and reports read those from `position` on.
create table sales_rollup (
    tenant_id uuid not null constraint sales_rollup_tenant_fkey references tenant (tenant_id),
    generation integer,
    layout integer,
    position bigint not null default 0,
    time_zone text,
    earliest_at timestamptz,
    latest_at timestamptz,
    next_generation integer,
    next_layout integer,
    next_position bigint,
    next_time_zone text,
    next_after uuid,
    next_earliest_at timestamptz,
    next_latest_at timestamptz,
    too_large boolean not null default false,
    constraint sales_rollup_pkey primary key (tenant_id),
    constraint sales_rollup_whole check (
        (generation is null) = (time_zone is null)
        and (generation is null) = (layout is null)
    ),
    constraint sales_rollup_next_whole check (
        (next_generation is null) = (next_layout is null)
        and (next_generation is null) = (next_position is null)
        and (next_generation is null) = (next_time_zone is null)
        and (next_generation is null) = (next_after is null)
    )
) with (fillfactor = 50);

-- In the roll-ups, `orders` counts the first lines of sales and invoices. `documents` counts the sales and invoices that have a
-- line in the row, where a document may have lines in several rows. A missing category or customer is the id of zeros.

-- Days of the time zone of the tenant.
create table sales_sum_by_day (
    tenant_id uuid not null,
    generation integer not null,
    day date not null,
    location_id uuid not null,
    orders bigint not null,
    lines bigint not null,
    units bigint not null,
    returns bigint not null,
    gross_revenue bigint not null,
    net_revenue bigint not null,
    tax bigint not null,
    cost bigint not null,
    channel text not null,
    country text not null,
    currency text not null,
    constraint sales_sum_by_day_pkey primary key (tenant_id, generation, day, channel, location_id, country, currency)
) with (fillfactor = 70);

-- `occurred_at` is the start of the quarter of an hour: since 1990 a day of nearly every time zone has whole ones.
create table sales_sum_by_quarter_hour (
    tenant_id uuid not null,
    generation integer not null,
    occurred_at timestamptz not null,
    location_id uuid not null,
    orders bigint not null,
    lines bigint not null,
    units bigint not null,
    returns bigint not null,
    gross_revenue bigint not null,
    net_revenue bigint not null,
    tax bigint not null,
    cost bigint not null,
    channel text not null,
    country text not null,
    currency text not null,
    constraint sales_sum_by_quarter_hour_pkey primary key (tenant_id, generation, occurred_at, channel, location_id, country, currency)
) with (fillfactor = 70);

-- `month` is the first day of a month in the time zone of the tenant. The category is that of the sale.
create table sales_sum_by_category (
    tenant_id uuid not null,
    generation integer not null,
    month date not null,
    category_id uuid not null,
    location_id uuid not null,
    orders bigint not null,
    documents bigint not null,
    lines bigint not null,
    units bigint not null,
    returns bigint not null,
    gross_revenue bigint not null,
    net_revenue bigint not null,
    tax bigint not null,
    cost bigint not null,
    channel text not null,
    country text not null,
    currency text not null,
    constraint sales_sum_by_category_pkey primary key (tenant_id, generation, month, category_id, channel, location_id, country, currency)
) with (fillfactor = 70);

-- `year` is the first day of a year in the time zone of the tenant. The first and the last sale or invoice of the row are null if it
-- has returns only.
create table sales_sum_by_customer_year (
    tenant_id uuid not null,
    generation integer not null,
    year date not null,
    customer_id uuid not null,
    orders bigint not null,
    lines bigint not null,
    units bigint not null,
    returns bigint not null,
    gross_revenue bigint not null,
    net_revenue bigint not null,
    tax bigint not null,
    cost bigint not null,
    first_order_at timestamptz,
    last_order_at timestamptz,
    channel text not null,
    country text not null,
    currency text not null,
    constraint sales_sum_by_customer_year_pkey primary key (tenant_id, generation, year, customer_id, channel, country, currency)
) with (fillfactor = 70);

create table sales_sum_by_customer (
    tenant_id uuid not null,
    generation integer not null,
    month date not null,
    customer_id uuid not null,
    orders bigint not null,
    lines bigint not null,
    units bigint not null,
    returns bigint not null,
    gross_revenue bigint not null,
    net_revenue bigint not null,
    tax bigint not null,
    cost bigint not null,
    first_order_at timestamptz,
    last_order_at timestamptz,
    channel text not null,
    country text not null,
    currency text not null,
    constraint sales_sum_by_customer_pkey primary key (tenant_id, generation, month, customer_id, channel, country, currency)
) with (fillfactor = 70);

-- One product in one category, as it was sold.
create table sales_sum_by_product_year (
    tenant_id uuid not null,
    generation integer not null,
    year date not null,
    product_id uuid not null,
    category_id uuid not null,
    orders bigint not null,
    documents bigint not null,
    lines bigint not null,
    units bigint not null,
    returns bigint not null,
    gross_revenue bigint not null,
    net_revenue bigint not null,
    tax bigint not null,
    cost bigint not null,
    channel text not null,
    currency text not null,
    constraint sales_sum_by_product_year_pkey primary key (tenant_id, generation, year, product_id, category_id, channel, currency)
) with (fillfactor = 70);

create table sales_sum_by_product (
    tenant_id uuid not null,
    generation integer not null,
    month date not null,
    product_id uuid not null,
    category_id uuid not null,
    orders bigint not null,
    documents bigint not null,
    lines bigint not null,
    units bigint not null,
    returns bigint not null,
    gross_revenue bigint not null,
    net_revenue bigint not null,
    tax bigint not null,
    cost bigint not null,
    channel text not null,
    currency text not null,
    constraint sales_sum_by_product_pkey primary key (tenant_id, generation, month, product_id, category_id, channel, currency)
) with (fillfactor = 70);

create table sales_sum_by_product_location (
    tenant_id uuid not null,
    generation integer not null,
    month date not null,
    product_id uuid not null,
    category_id uuid not null,
    location_id uuid not null,
    orders bigint not null,
    documents bigint not null,
    lines bigint not null,
    units bigint not null,
    returns bigint not null,
    gross_revenue bigint not null,
    net_revenue bigint not null,
    tax bigint not null,
    cost bigint not null,
    channel text not null,
    currency text not null,
    constraint sales_sum_by_product_location_pkey primary key (tenant_id, generation, month, product_id, category_id, channel, location_id, currency)
) with (fillfactor = 70);
