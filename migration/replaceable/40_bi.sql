-- The views for business intelligence tools, and the one view that every report reads.
--
-- Each view runs with the caller's rights (security_invoker), so row-level security applies. Each also names the
-- tenant, so that the plan finds its rows by index. A column has the same meaning, unit and sign wherever its name
-- occurs: in these views, in GraphQL, JSON and CSV. The texts are in 49_bi_comments.sql.
--
-- The statistics of a column are those of all tenants, and the row estimates of `explain` follow from them. So `explain` would tell
-- a BI tool whether another tenant has a name. PostgreSQL has no statistics of an expression: names, codes and texts are shown as
-- `name || ''`. Do the same in a new view.

do $$
declare
    target record;
begin
    for target in
        select c.relname as name from pg_class c where c.relnamespace = 'bi'::regnamespace and c.relkind = 'v'
    loop
        execute format('drop view if exists bi.%I cascade', target.name);
    end loop;
end
$$;

-- The tenant of a view: the one that the transaction sets, else that of the BI tool's login. Row-level security decides what a
-- session sees, so a login that sets another tenant sees nothing. The planner puts the expression in the place of the call. It
-- takes `case` for free of leaks, which it does not take `coalesce` for, and so compares the tenant once for each query.
--
-- The views over many rows take it from a subquery, `(select bi.tenant())`. A query calls that once. Otherwise a scan that does not
-- begin with the tenant's index calls auth.bi_tenant() for each row, which takes it longer than the row.
create or replace function bi.tenant()
returns uuid
language sql stable parallel safe
return case when current_setting('app.tenant_id', true) <> '' then current_setting('app.tenant_id')::uuid
    else auth.bi_tenant() end;

revoke all on function bi.tenant() from public;
grant execute on function bi.tenant() to stockwell_app;

-- One row per line sold or returned, in both channels. Revenue and cost are sums over it.
create view bi.sales_fact with (security_invoker = true) as
select
    l.tenant_id, l.document_id, l.line_no, l.document_kind, l.channel, l.location_id, l.customer_id, l.country,
    l.currency, l.product_id, l.category_id, l.occurred_at, l.recorded_at,
    case when l.line_no = 1 and l.document_kind in ('sale', 'invoice') then 1 else 0 end as orders,
    l.quantity as units,
    case when l.quantity < 0 then 0 else l.net end as gross_sales,
    case when l.quantity < 0 then l.net else 0 end as returns,
    l.gross as gross_revenue,
    l.discount,
    l.net as net_revenue,
    l.tax,
    l.cost,
    l.net - l.cost as gross_margin,
    l.position,
    l.price_source,
    case
        when l.discount * l.gross <= 0 then 'none'
        when 100 * abs(l.discount) <= 5 * abs(l.gross) then 'to_5_pct'
        when 100 * abs(l.discount) <= 10 * abs(l.gross) then 'to_10_pct'
        when 100 * abs(l.discount) <= 20 * abs(l.gross) then 'to_20_pct'
        when 100 * abs(l.discount) <= 30 * abs(l.gross) then 'to_30_pct'
        when 100 * abs(l.discount) <= 50 * abs(l.gross) then 'to_50_pct'
        else 'over_50_pct'
    end as discount_band,
    (select p.kind from public.product p where p.tenant_id = l.tenant_id and p.id = l.product_id) as product_kind
from public.sales_line l
where l.tenant_id = (select bi.tenant());

-- The same with names, and with days and months in the tenant's time zone.
create view bi.margin_lines with (security_invoker = true) as
select
    f.tenant_id, f.document_id, f.line_no, f.document_kind, f.occurred_at, f.recorded_at,
    (f.occurred_at at time zone t.time_zone)::date as day,
    date_trunc('month', f.occurred_at at time zone t.time_zone)::date as month,
    f.channel,
    lo.code || '' as location_code, lo.name || '' as location_name,
    p.sku || '' as sku, p.name || '' as product_name,
    ca.code || '' as category_code, ca.name || '' as category_name,
    cu.number || '' as customer_number, cu.name || '' as customer_name,
    f.country, f.currency,
    f.orders, f.units, f.gross_sales, f.returns, f.gross_revenue, f.discount, f.net_revenue, f.tax,
    f.cost, f.gross_margin,
    extract(hour from f.occurred_at at time zone t.time_zone)::integer as hour_of_day,
    extract(isodow from f.occurred_at at time zone t.time_zone)::integer as weekday,
    f.price_source, f.discount_band, p.kind as product_kind
from bi.sales_fact f
join public.tenant t on t.tenant_id = f.tenant_id
left join public.location lo on lo.tenant_id = f.tenant_id and lo.id = f.location_id
left join public.product p on p.tenant_id = f.tenant_id and p.id = f.product_id
left join public.category ca on ca.tenant_id = f.tenant_id and ca.id = f.category_id
left join public.customer cu on cu.tenant_id = f.tenant_id and cu.id = f.customer_id
where t.tenant_id = (select bi.tenant());

create view bi.revenue_lines with (security_invoker = true) as
select
    tenant_id, document_id, line_no, document_kind, occurred_at, recorded_at, day, month, channel, location_code,
    location_name, sku, product_name, category_code, category_name, customer_number, customer_name, country, currency,
    orders, units, gross_sales, returns, gross_revenue, discount, net_revenue, tax, hour_of_day, weekday, price_source,
    discount_band, product_kind
from bi.margin_lines;

-- Every tax of every line: the line's own, or each of several. Sums by `tax_code` and `tax_rate` are what a tax return states.
create view bi.tax_lines with (security_invoker = true) as
select
    l.tenant_id, l.document_id, l.line_no, l.document_kind, l.occurred_at, l.recorded_at,
    (l.occurred_at at time zone t.time_zone)::date as day,
    l.channel, l.country, l.currency, x.code || '' as tax_code, x.name || '' as tax_name,
    case when x.code is null then l.tax_rate else x.rate end as tax_rate, x.amount_per_unit,
    coalesce(x.base, l.net) as tax_base, coalesce(x.base_quantity, 0) as base_quantity,
    coalesce(x.amount, l.tax) as tax, coalesce(x.account_code, '2200') as account_code
from public.sales_line l
join public.tenant t on t.tenant_id = l.tenant_id
left join public.sales_line_tax x on x.tenant_id = l.tenant_id and x.document_id = l.document_id
    and x.document_kind = l.document_kind and x.line_no = l.line_no
where l.tenant_id = (select bi.tenant());

-- Sales by day from the roll-up, and from the lines that are not folded yet: the figures of the lines, at the price of a few
-- rows a day. While the time zone of the roll-up is not the tenant's, it reads all lines.
create view bi.sales_by_day with (security_invoker = true) as
with fold as (
    select f.generation, f.position
    from public.sales_rollup f join public.tenant t on t.tenant_id = f.tenant_id and t.time_zone = f.time_zone
    where f.tenant_id = bi.tenant()
), part as (
    select
        r.day, r.channel, r.location_id, r.country, r.currency, r.orders, r.lines, r.units * 0.000001 as units,
        r.returns * 0.0001 as returns, r.gross_revenue * 0.0001 as gross_revenue, r.net_revenue * 0.0001 as net_revenue,
        r.tax * 0.0001 as tax, r.cost * 0.0001 as cost
    from public.sales_sum_by_day r join fold on fold.generation = r.generation
    where r.tenant_id = (select bi.tenant())
    union all
    select
        (f.occurred_at at time zone t.time_zone)::date, f.channel, f.location_id, f.country, f.currency, f.orders, 1,
        f.units, f.returns, f.gross_revenue, f.net_revenue, f.tax, f.cost
    from bi.sales_fact f join public.tenant t on t.tenant_id = f.tenant_id
    -- The planner takes a range between unknown bounds for few lines, and finds them by the index of positions.
    where t.tenant_id = (select bi.tenant()) and f.position >= (select coalesce(max(fold.position), 0) from fold)
        and f.position <= (select 9223372036854775807)
), summed as (
    select
        day, channel, location_id, country, currency, sum(orders) as orders, sum(lines) as lines, sum(units) as units,
        sum(returns) as returns, sum(gross_revenue) as gross_revenue, sum(net_revenue) as net_revenue, sum(tax) as tax,
        sum(cost) as cost
    from part
    group by day, channel, location_id, country, currency
)
select
    s.day, s.channel, lo.code || '' as location_code, lo.name || '' as location_name, s.country, s.currency,
    s.orders, s.lines, s.units,
    s.net_revenue - s.returns as gross_sales, s.returns, s.gross_revenue, s.gross_revenue - s.net_revenue as discount,
    s.net_revenue, s.tax, s.cost, s.net_revenue - s.cost as gross_margin
from summed s
left join public.location lo on lo.tenant_id = bi.tenant() and lo.id = s.location_id;

-- The reports `revenue` and `margin` over the whole history, one view for each usual grouping. An order counts once
-- in each group in which it has a line, so groupings by product and category count documents. Groupings that a day has
-- read the days, the others read lines.
do $$
declare
    target record;
    measures constant text :=
        '%2$s as lines, sum(units) as units, sum(gross_sales) as gross_sales, sum(returns) as returns, '
        'sum(gross_revenue) as gross_revenue, sum(discount) as discount, sum(net_revenue) as net_revenue, '
        'sum(tax) as tax, round(sum(gross_sales) / nullif(%1$s, 0), 4) as average_order_value';
    margin constant text :=
        'sum(cost) as cost, sum(gross_margin) as gross_margin, '
        'round(100 * sum(gross_margin) / nullif(sum(net_revenue), 0), 4) as gross_margin_pct';
    rate constant text := 'round(-100 * sum(returns) / nullif(sum(gross_sales), 0), 4) as return_rate_pct';
    by_line constant text := 'count(distinct (document_id, document_kind)) filter (where document_kind in (''sale'', ''invoice''))';
    by_document constant text := 'sum(orders)::bigint';
    days constant text :=
        '(select *, date_trunc(''month'', day::timestamp)::date as month, extract(isodow from day)::integer as weekday '
        'from bi.sales_by_day) days';
    orders text;
    sums text;
    source text;
begin
    for target in
        select * from (values
            ('month', 'month', false, true),
            ('day', 'day', false, true),
            ('channel', 'channel', false, true),
            ('month_channel', 'month, channel', false, true),
            ('location', 'location_code, location_name', false, true),
            ('country', 'country', false, true),
            ('hour_of_day', 'hour_of_day', false, false),
            ('weekday', 'weekday', false, true),
            ('price_source', 'price_source', true, false),
            ('discount_band', 'discount_band', true, false),
            ('product_kind', 'product_kind', true, false),
            ('customer', 'customer_number, customer_name', false, false),
            ('product', 'sku, product_name', true, false),
            ('category', 'category_code, category_name', true, false)
        ) as grouping (name, columns, splits_documents, has_days)
    loop
        orders := case when target.splits_documents then by_line else by_document end;
        source := case when target.has_days then days else 'bi.margin_lines' end;
        sums := format(measures, orders, case when target.has_days then 'sum(lines)::bigint' else 'count(*)' end);
        execute format(
            'create view bi.revenue_by_%1$s with (security_invoker = true) as '
            'select %2$s, currency, %3$s as orders, %4$s, %5$s from %6$s group by %2$s, currency',
            target.name, target.columns, orders, sums, rate, source);
        execute format(
            'create view bi.margin_by_%1$s with (security_invoker = true) as '
            'select %2$s, currency, %3$s as orders, %4$s, %5$s, %6$s from %7$s group by %2$s, currency',
            target.name, target.columns, orders, sums, margin, rate, source);
    end loop;
end
$$;

-- Both channels, also one that sold nothing.
create view bi.channel_summary with (security_invoker = true) as
select
    *,
    round(100 * net_revenue / nullif(sum(net_revenue) over (partition by currency), 0), 4) as net_revenue_share_pct
from (
    select * from bi.margin_by_channel
    union all
    select c.channel, t.currency, 0, 0, 0, 0, 0, 0, 0, 0, 0, null, 0, 0, null, null
    from public.tenant t cross join unnest(array['retail', 'wholesale']) as c (channel)
    where t.tenant_id = bi.tenant()
        and not exists (select from bi.margin_by_channel m where m.channel = c.channel)
) channel;

-- Every product that can have lines, also one that was never sold. It reads years of the roll-up, and the lines that are not folded yet:
-- over the whole history the time zone does not matter.
create view bi.product_performance with (security_invoker = true) as
with fold as (
    select f.generation, f.position from public.sales_rollup f
    where f.tenant_id = bi.tenant() and f.generation is not null
), part as (
    select
        r.product_id, r.channel, r.currency, r.units * 0.000001 as units, r.net_revenue * 0.0001 as net_revenue,
        r.cost * 0.0001 as cost
    from public.sales_sum_by_product_year r join fold on fold.generation = r.generation
    where r.tenant_id = (select bi.tenant())
    union all
    select f.product_id, f.channel, f.currency, f.units, f.net_revenue, f.cost
    from bi.sales_fact f
    where f.position >= (select coalesce(max(fold.position), 0) from fold) and f.position <= (select 9223372036854775807)
), line as (
    select
        f.product_id, f.currency,
        sum(f.units) as units,
        sum(f.net_revenue) as net_revenue,
        sum(f.cost) as cost,
        coalesce(sum(f.units) filter (where f.channel = 'wholesale'), 0) as wholesale_units,
        coalesce(sum(f.net_revenue) filter (where f.channel = 'wholesale'), 0) as wholesale_net_revenue,
        coalesce(sum(f.cost) filter (where f.channel = 'wholesale'), 0) as wholesale_cost,
        coalesce(sum(f.units) filter (where f.channel = 'retail'), 0) as retail_units,
        coalesce(sum(f.net_revenue) filter (where f.channel = 'retail'), 0) as retail_net_revenue,
        coalesce(sum(f.cost) filter (where f.channel = 'retail'), 0) as retail_cost
    from part f
    group by f.product_id, f.currency
), expected as (
    select * from line
    union all
    select p.id, t.currency, 0, 0, 0, 0, 0, 0, 0, 0, 0
    from public.product p join public.tenant t on t.tenant_id = p.tenant_id
    where p.tenant_id = bi.tenant() and p.kind <> 'bundle' and p.status = 'active'
        and not exists (select from line where line.product_id = p.id)
)
select
    p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code, ca.name || '' as category_name,
    l.currency,
    l.units, l.net_revenue, l.cost, l.net_revenue - l.cost as gross_margin,
    round(100 * (l.net_revenue - l.cost) / nullif(l.net_revenue, 0), 4) as gross_margin_pct,
    l.wholesale_units, l.wholesale_net_revenue, l.wholesale_cost,
    l.wholesale_net_revenue - l.wholesale_cost as wholesale_gross_margin,
    round(100 * (l.wholesale_net_revenue - l.wholesale_cost) / nullif(l.wholesale_net_revenue, 0), 4)
        as wholesale_gross_margin_pct,
    l.retail_units, l.retail_net_revenue, l.retail_cost,
    l.retail_net_revenue - l.retail_cost as retail_gross_margin,
    round(100 * (l.retail_net_revenue - l.retail_cost) / nullif(l.retail_net_revenue, 0), 4)
        as retail_gross_margin_pct,
    round(100 * l.wholesale_net_revenue / nullif(l.net_revenue, 0), 4) as wholesale_net_revenue_share_pct,
    round(100 * l.retail_net_revenue / nullif(l.net_revenue, 0), 4) as retail_net_revenue_share_pct
from expected l
join public.product p on p.tenant_id = bi.tenant() and p.id = l.product_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id;

-- Every customer, also one that never bought. It reads the roll-up as bi.product_performance does. Rows of walk-in sales have the id
-- of zeros.
create view bi.customer_value with (security_invoker = true) as
with fold as (
    select f.generation, f.position from public.sales_rollup f
    where f.tenant_id = bi.tenant() and f.generation is not null
), part as (
    select
        r.customer_id, r.channel, r.currency, r.orders, r.first_order_at, r.last_order_at,
        (r.net_revenue - r.returns) * 0.0001 as gross_sales, r.returns * 0.0001 as returns,
        (r.gross_revenue - r.net_revenue) * 0.0001 as discount, r.net_revenue * 0.0001 as net_revenue, r.cost * 0.0001 as cost
    from public.sales_sum_by_customer_year r join fold on fold.generation = r.generation
    where r.tenant_id = (select bi.tenant()) and r.customer_id <> '00000000-0000-0000-0000-000000000000'
    union all
    select
        f.customer_id, f.channel, f.currency, f.orders, case f.orders when 1 then f.occurred_at end,
        case f.orders when 1 then f.occurred_at end, f.gross_sales, f.returns, f.discount, f.net_revenue, f.cost
    from bi.sales_fact f
    where f.customer_id is not null and f.position >= (select coalesce(max(fold.position), 0) from fold)
        and f.position <= (select 9223372036854775807)
), line as (
    select
        f.customer_id, f.currency,
        sum(f.orders)::bigint as orders,
        min(f.first_order_at) as first_order_at,
        max(f.last_order_at) as last_order_at,
        sum(f.gross_sales) as gross_sales,
        sum(f.returns) as returns,
        sum(f.discount) as discount,
        sum(f.net_revenue) as net_revenue,
        sum(f.cost) as cost,
        coalesce(sum(f.net_revenue) filter (where f.channel = 'wholesale'), 0) as wholesale_net_revenue,
        coalesce(sum(f.net_revenue) filter (where f.channel = 'retail'), 0) as retail_net_revenue
    from part f
    group by f.customer_id, f.currency
), expected as (
    select * from line
    union all
    select cu.id, t.currency, 0, null, null, 0, 0, 0, 0, 0, 0, 0
    from public.customer cu join public.tenant t on t.tenant_id = cu.tenant_id
    where cu.tenant_id = bi.tenant()
        and not exists (select from line where line.customer_id = cu.id)
)
select
    cu.number || '' as customer_number, cu.name || '' as customer_name, cu.kind as customer_kind, cu.country,
    (l.first_order_at at time zone t.time_zone)::date as first_order_on,
    (l.last_order_at at time zone t.time_zone)::date as last_order_on,
    l.currency, l.orders,
    l.gross_sales, l.returns, l.discount, l.net_revenue, l.cost,
    l.net_revenue - l.cost as contribution,
    round(100 * (l.net_revenue - l.cost) / nullif(l.net_revenue, 0), 4) as contribution_pct,
    round(l.gross_sales / nullif(l.orders, 0), 4) as average_order_value,
    l.wholesale_net_revenue, l.retail_net_revenue
from expected l
join public.customer cu on cu.tenant_id = bi.tenant() and cu.id = l.customer_id
join public.tenant t on t.tenant_id = cu.tenant_id;

-- Every customer who bought, over the whole history. One who only returned goods is no row.
create view bi.best_customers with (security_invoker = true) as
select
    v.customer_number, v.customer_name, v.customer_kind, v.country, v.last_order_on,
    (now() at time zone v.time_zone)::date - v.last_order_on as recency_days,
    v.recency_score, v.frequency_score, v.value_score, concat(v.recency_score, v.frequency_score, v.value_score) as rfm,
    v.currency, v.orders, v.net_revenue, v.cost, v.net_revenue - v.cost as contribution,
    round(100 * (v.net_revenue - v.cost) / nullif(v.net_revenue, 0), 4) as contribution_pct,
    round(v.gross_sales / nullif(v.orders, 0), 4) as average_order_value
from (
    select
        cu.number || '' as customer_number, cu.name || '' as customer_name, cu.kind as customer_kind, cu.country,
        t.time_zone,
        (l.last_order_at at time zone t.time_zone)::date as last_order_on,
        l.currency, l.orders, l.gross_sales, l.net_revenue, l.cost,
        (5 - 5 * (rank() over (partition by l.currency order by l.last_order_at desc nulls last) - 1)
            / count(*) over (partition by l.currency))::integer as recency_score,
        (5 - 5 * (rank() over (partition by l.currency order by l.orders desc) - 1)
            / count(*) over (partition by l.currency))::integer as frequency_score,
        (5 - 5 * (rank() over (partition by l.currency order by l.net_revenue desc) - 1)
            / count(*) over (partition by l.currency))::integer as value_score
    from (
        select
            f.customer_id, f.currency, sum(f.orders) as orders, max(f.occurred_at) filter (where f.orders = 1) as last_order_at,
            sum(f.gross_sales) as gross_sales, sum(f.net_revenue) as net_revenue, sum(f.cost) as cost
        from bi.sales_fact f
        where f.customer_id is not null
        group by f.customer_id, f.currency
    ) l
    join public.customer cu on cu.tenant_id = bi.tenant() and cu.id = l.customer_id
    join public.tenant t on t.tenant_id = cu.tenant_id
    where l.orders > 0
) v;

-- Products with a margin below 10 percent in a channel, and those sold below cost, over the whole history.
create view bi.weak_margins with (security_invoker = true) as
select
    p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code, ca.name || '' as category_name,
    l.channel, l.currency,
    l.units, l.net_revenue, l.cost, l.net_revenue - l.cost as gross_margin,
    round(100 * (l.net_revenue - l.cost) / nullif(l.net_revenue, 0), 4) as gross_margin_pct,
    l.below_cost_lines, l.below_cost_units, l.below_cost_loss
from (
    select
        f.product_id, f.channel, f.currency, sum(f.units) as units, sum(f.net_revenue) as net_revenue, sum(f.cost) as cost,
        count(*) filter (where f.units > 0 and f.gross_margin < 0) as below_cost_lines,
        coalesce(sum(f.units) filter (where f.units > 0 and f.gross_margin < 0), 0) as below_cost_units,
        coalesce(-sum(f.gross_margin) filter (where f.units > 0 and f.gross_margin < 0), 0) as below_cost_loss
    from bi.sales_fact f
    group by f.product_id, f.channel, f.currency
) l
join public.product p on p.tenant_id = bi.tenant() and p.id = l.product_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
where l.below_cost_lines > 0 or l.net_revenue > 0 and 100 * (l.net_revenue - l.cost) < 10 * l.net_revenue;

-- Every level as of now. An expired reservation does not count, even if it has not been released yet; its stock
-- counts as reserved for waiting orders. Read reserved quantities here and nowhere else.
create view bi.stock_level with (security_invoker = true) as
select l.*, case when l.sellable then l.on_hand - l.reserved else 0 end as available
from (
    select
        l.tenant_id, l.location_id, l.product_id, l.lot_id, l.on_hand,
        l.reserved - case when l.next_expiry <= now() then (
            select coalesce(sum(r.quantity), 0)
                - least(l.backordered, greatest(l.on_hand - l.reserved + coalesce(sum(r.quantity), 0), 0))
            from public.reservation r
            where r.tenant_id = l.tenant_id and r.location_id = l.location_id and r.product_id = l.product_id
                and r.lot_id = l.lot_id and r.expires_at <= now()) else 0 end as reserved,
        l.backordered - case when l.next_expiry <= now() and l.backordered > 0 then (
            select least(l.backordered, greatest(l.on_hand - l.reserved + coalesce(sum(r.quantity), 0), 0))
            from public.reservation r
            where r.tenant_id = l.tenant_id and r.location_id = l.location_id and r.product_id = l.product_id
                and r.lot_id = l.lot_id and r.expires_at <= now()) else 0 end as backordered,
        l.allotted, l.value, l.last_cost, l.layered, l.moved_at,
        case when age(t.xmin) < age(l.xmin) then t.xmin else l.xmin end::text as transaction,
        coalesce(t.status = 'open' and coalesce(t.expires_on, 'infinity') >= (
            select (now() at time zone n.time_zone)::date from public.tenant n
            where n.tenant_id = bi.tenant()), true) as sellable,
        t.code || '' as lot_code, t.expires_on
    from public.stock_level l
    left join public.lot t on t.tenant_id = l.tenant_id and t.id = l.lot_id
    where l.tenant_id = bi.tenant()) l;

-- Every product in every location that ever had it. An active one that no location ever had has a row without a location.
create view bi.stock_positions with (security_invoker = true) as
with known as materialized (
    select
        s.tenant_id, s.product_id, s.location_id, sum(s.on_hand) as on_hand, sum(s.reserved) as reserved,
        sum(s.available) as available, sum(s.value) as value
    from bi.stock_level s
    where s.tenant_id = bi.tenant()
    group by s.tenant_id, s.product_id, s.location_id
), level as (
    select * from known
    union all
    select p.tenant_id, p.id, null, 0, 0, 0, 0 from public.product p
    where p.tenant_id = bi.tenant() and p.kind = 'stocked' and p.status = 'active'
        and not exists (select from known where known.product_id = p.id)
)
select
    p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code, ca.name || '' as category_name,
    lo.code || '' as location_code, lo.name || '' as location_name, p.stock_uom as uom, t.currency,
    s.on_hand, s.reserved, s.available, s.value,
    round(s.value / nullif(s.on_hand, 0), 6) as unit_cost
from level s
join public.tenant t on t.tenant_id = s.tenant_id
join public.product p on p.tenant_id = s.tenant_id and p.id = s.product_id
left join public.location lo on lo.tenant_id = s.tenant_id and lo.id = s.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id;

create view bi.stock_movements with (security_invoker = true) as
select
    m.tenant_id, m.id as movement_id, m.occurred_at, m.recorded_at,
    (m.occurred_at at time zone t.time_zone)::date as day,
    m.kind as movement_kind, p.sku || '' as sku, p.name || '' as product_name, lo.code || '' as location_code,
    lo.name || '' as location_name,
    m.channel, m.reason || '' as reason, p.stock_uom as uom, t.currency, m.quantity, m.value, m.unit_cost,
    m.document_kind,
    m.document_id, m.line_no, m.entry_mode, m.source_system || '' as source_system, m.command_id
from public.stock_movement m
join public.tenant t on t.tenant_id = m.tenant_id
left join public.product p on p.tenant_id = m.tenant_id and p.id = m.product_id
left join public.location lo on lo.tenant_id = m.tenant_id and lo.id = m.location_id
where m.tenant_id = (select bi.tenant());

create view bi.journal_lines with (security_invoker = true) as
select
    l.tenant_id, l.entry_id, l.line_no, l.posted_on, e.occurred_on, e.recorded_at, l.account_code || '' as account_code,
    a.name || '' as account_name, a.kind as account_kind, l.currency, l.debit, l.credit, l.debit - l.credit as balance,
    l.channel, lo.code || '' as location_code, cu.number || '' as customer_number, e.document_kind, e.document_id,
    e.memo || '' as memo,
    e.command_id
from public.journal_line l
join public.journal_entry e on e.tenant_id = l.tenant_id and e.id = l.entry_id
left join public.account a on a.tenant_id = l.tenant_id and a.code = l.account_code
left join public.location lo on lo.tenant_id = l.tenant_id and lo.id = l.location_id
left join public.customer cu on cu.tenant_id = l.tenant_id and cu.id = l.party_id
where l.tenant_id = (select bi.tenant());

create view bi.customers with (security_invoker = true) as
select
    c.tenant_id, c.id as customer_id, c.number || '' as customer_number, c.name || '' as customer_name,
    c.kind as customer_kind, c.country, c.currency, pt.code || '' as price_tier, c.payment_terms, c.payment_days,
    c.credit_limit, coalesce(ac.receivable, 0) as receivable, coalesce(ac.unapplied, 0) as unapplied, c.status,
    c.external_ref || '' as external_ref, c.created_at, c.updated_at
from public.customer c
left join public.price_tier pt on pt.tenant_id = c.tenant_id and pt.id = c.price_tier_id
left join public.customer_account ac on ac.tenant_id = c.tenant_id and ac.customer_id = c.id
where c.tenant_id = bi.tenant();

create view bi.products with (security_invoker = true) as
select
    p.tenant_id, p.id as product_id, p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code,
    ca.name || '' as category_name, p.kind as product_kind, p.status, p.stock_uom as uom, t.currency, p.list_price,
    p.external_ref || '' as external_ref, p.created_at, p.updated_at
from public.product p
join public.tenant t on t.tenant_id = p.tenant_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
where p.tenant_id = bi.tenant();

grant select on all tables in schema bi to stockwell_app;
