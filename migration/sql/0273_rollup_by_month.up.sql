-- Sums of sales lines by month, channel, location and country: a report by months, quarters or years reads a thirtieth of the rows that
-- days have. Servers fill the table when they build the roll-ups of a tenant again (`layout` 2 of `sales_rollup`). Until then reports
-- read the days.
create table sales_sum_by_month (
    tenant_id uuid not null,
    generation integer not null,
    month date not null,
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
    constraint sales_sum_by_month_pkey primary key (tenant_id, generation, month, channel, location_id, country, currency)
) with (fillfactor = 70);
