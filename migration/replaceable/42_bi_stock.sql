-- Stock reports and the product ranking as views, as of now, with the default parameters of the reports. The notes on
-- views in 40_bi.sql apply.

create view bi.stock_valuation with (security_invoker = true) as
select
    p.sku, p.name as product_name, ca.code as category_code, ca.name as category_name,
    lo.code as location_code, lo.name as location_name, p.stock_uom as uom, t.currency,
    sum(s.on_hand) as on_hand,
    sum(s.value) as value,
    round(sum(s.value) / nullif(sum(s.on_hand), 0), 6) as unit_cost
from public.stock_level s
join public.tenant t on t.tenant_id = s.tenant_id
join public.product p on p.tenant_id = s.tenant_id and p.id = s.product_id
join public.location lo on lo.tenant_id = s.tenant_id and lo.id = s.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
where s.tenant_id = current_setting('app.tenant_id')::uuid
group by p.sku, p.name, ca.code, ca.name, lo.code, lo.name, p.stock_uom, t.currency
having sum(s.on_hand) <> 0 or sum(s.value) <> 0;

-- Available stock at or below the reorder point, or at or below zero without one.
create view bi.low_stock with (security_invoker = true) as
select
    p.sku, p.name as product_name, ca.code as category_code, ca.name as category_name,
    lo.code as location_code, lo.name as location_name, p.stock_uom as uom, t.currency,
    sum(s.on_hand) as on_hand,
    sum(s.reserved) as reserved,
    sum(s.available) as available,
    coalesce(r.reorder_point, 0) as reorder_point,
    coalesce(r.reorder_quantity, 0) as reorder_quantity,
    coalesce(r.reorder_point, 0) - sum(s.available) as shortage
from bi.stock_level s
join public.tenant t on t.tenant_id = s.tenant_id
join public.product p on p.tenant_id = s.tenant_id and p.id = s.product_id
join public.location lo on lo.tenant_id = s.tenant_id and lo.id = s.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
left join lateral (
    select rs.reorder_point, rs.reorder_quantity from public.reorder_setting rs
    where rs.tenant_id = s.tenant_id and rs.product_id = s.product_id
        and rs.location_id in (s.location_id, '00000000-0000-0000-0000-000000000000')
    order by rs.location_id desc limit 1) r on true
where s.tenant_id = current_setting('app.tenant_id')::uuid
    and p.status = 'active' and p.kind = 'stocked' and lo.channels <> '{}'
group by p.sku, p.name, ca.code, ca.name, lo.code, lo.name, p.stock_uom, t.currency, r.reorder_point,
    r.reorder_quantity
having sum(s.available) <= coalesce(r.reorder_point, 0);

-- All lots with an expiry date, including expired ones.
create view bi.lot_expiry with (security_invoker = true) as
with lying as (
    select
        s.tenant_id, s.product_id, s.location_id, s.lot_code, lt.supplier_lot, s.expires_on, t.currency,
        (s.expires_on - (now() at time zone t.time_zone)::date)::bigint as days_left, s.on_hand, s.reserved, s.value,
        case
            when lt.status = 'recalled' then 'recalled'
            when s.expires_on < (now() at time zone t.time_zone)::date then 'expired'
            when lo.kind = 'quarantine' or s.on_hand <= (
                select coalesce(sum(r.quantity), 0) from public.reservation r
                where r.tenant_id = s.tenant_id and r.location_id = s.location_id and r.product_id = s.product_id
                    and r.lot_id = s.lot_id and r.kind = 'quarantine') then 'quarantined'
            when lo.kind = 'transit' then 'in_transit'
            else 'sellable'
        end as lot_status
    from bi.stock_level s
    join public.tenant t on t.tenant_id = s.tenant_id
    join public.lot lt on lt.tenant_id = s.tenant_id and lt.id = s.lot_id
    join public.location lo on lo.tenant_id = s.tenant_id and lo.id = s.location_id
    where s.tenant_id = current_setting('app.tenant_id')::uuid and s.on_hand > 0 and s.expires_on is not null
)
select
    p.sku, p.name as product_name, ca.code as category_code, ca.name as category_name,
    lo.code as location_code, lo.name as location_name, p.stock_uom as uom,
    l.lot_code, l.supplier_lot, l.lot_status, l.expires_on, l.currency, l.days_left, l.on_hand, l.reserved,
    case when l.lot_status in ('recalled', 'expired') then 0 else l.on_hand - l.reserved end as available,
    l.value
from lying l
join public.product p on p.tenant_id = l.tenant_id and p.id = l.product_id
join public.location lo on lo.tenant_id = l.tenant_id and lo.id = l.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id;

create view bi.stock_ageing with (security_invoker = true) as
with receipt as (
    select
        m.location_id, m.product_id, m.lot_id, m.quantity, m.occurred_at,
        sum(m.quantity) over (
            partition by m.location_id, m.product_id, m.lot_id order by m.occurred_at desc, m.id desc) as covered
    from public.stock_movement m
    where m.tenant_id = current_setting('app.tenant_id')::uuid and m.quantity > 0
), layer as materialized (
    select
        c.location_id, c.product_id, c.lot_id, c.quantity, c.value, c.received_at,
        c.document_kind = 'earlier_stock' as earlier
    from public.cost_layer c
    where c.tenant_id = current_setting('app.tenant_id')::uuid
), unlayered as materialized (
    select
        l.location_id, l.product_id, l.lot_id, coalesce(sum(y.quantity), 0) as newer,
        l.on_hand - coalesce(sum(y.quantity), 0) as units, l.value - coalesce(sum(y.value), 0) as value
    from public.stock_level l
    left join layer y on y.location_id = l.location_id and y.product_id = l.product_id and y.lot_id = l.lot_id
        and not y.earlier
    where l.tenant_id = current_setting('app.tenant_id')::uuid and l.on_hand > 0
    group by l.location_id, l.product_id, l.lot_id, l.on_hand, l.value
), part as (
    select location_id, product_id, quantity as units, value, received_at as came_at from layer where not earlier
    union all
    select
        l.location_id, l.product_id,
        least(r.covered - l.newer, l.units) - greatest(r.covered - r.quantity - l.newer, 0),
        round(l.value * least(r.covered - l.newer, l.units) / l.units, 4)
            - round(l.value * greatest(r.covered - r.quantity - l.newer, 0) / l.units, 4),
        r.occurred_at
    from unlayered l
    join receipt r on r.location_id = l.location_id and r.product_id = l.product_id and r.lot_id = l.lot_id
        and r.covered > l.newer and r.covered - r.quantity < l.newer + l.units
    where l.units > 0
), rest as (
    select
        t.tenant_id, part.location_id, part.product_id, t.currency, part.units, part.value,
        (part.came_at at time zone t.time_zone)::date as came_on,
        (now() at time zone t.time_zone)::date - (part.came_at at time zone t.time_zone)::date as days
    from part
    join public.tenant t on t.tenant_id = current_setting('app.tenant_id')::uuid
)
select
    p.sku, p.name as product_name, ca.code as category_code, ca.name as category_name,
    lo.code as location_code, lo.name as location_name, p.stock_uom as uom, min(r.came_on) as oldest_on, r.currency,
    sum(r.units) as on_hand,
    sum(r.value) as value,
    coalesce(sum(r.units) filter (where r.days <= 30), 0) as units_to_30_days,
    coalesce(sum(r.units) filter (where r.days between 31 and 60), 0) as units_to_60_days,
    coalesce(sum(r.units) filter (where r.days between 61 and 90), 0) as units_to_90_days,
    coalesce(sum(r.units) filter (where r.days between 91 and 180), 0) as units_to_180_days,
    coalesce(sum(r.units) filter (where r.days between 181 and 365), 0) as units_to_365_days,
    coalesce(sum(r.units) filter (where r.days > 365), 0) as units_over_365_days,
    coalesce(sum(r.value) filter (where r.days <= 30), 0) as value_to_30_days,
    coalesce(sum(r.value) filter (where r.days between 31 and 60), 0) as value_to_60_days,
    coalesce(sum(r.value) filter (where r.days between 61 and 90), 0) as value_to_90_days,
    coalesce(sum(r.value) filter (where r.days between 91 and 180), 0) as value_to_180_days,
    coalesce(sum(r.value) filter (where r.days between 181 and 365), 0) as value_to_365_days,
    coalesce(sum(r.value) filter (where r.days > 365), 0) as value_over_365_days
from rest r
join public.product p on p.tenant_id = r.tenant_id and p.id = r.product_id
join public.location lo on lo.tenant_id = r.tenant_id and lo.id = r.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
group by p.sku, p.name, ca.code, ca.name, lo.code, lo.name, p.stock_uom, r.currency;

-- Of the last 90 days.
create view bi.slow_stock with (security_invoker = true) as
with since as (
    select
        tenant_id, currency, time_zone as zone,
        ((now() at time zone time_zone)::date - 90)::timestamp at time zone time_zone as at
    from public.tenant where tenant_id = current_setting('app.tenant_id')::uuid
), moved as (
    select
        m.location_id, m.product_id, min(m.occurred_at) as first_moved_at,
        max(m.occurred_at) filter (where m.kind = 'sale') as last_sold_at,
        coalesce(-sum(m.quantity) filter (
            where m.kind in ('sale', 'return') and m.occurred_at >= (select at from since)), 0) as units_sold
    from public.stock_movement m
    where m.tenant_id = current_setting('app.tenant_id')::uuid
    group by m.location_id, m.product_id
), lying as (
    select tenant_id, location_id, product_id, sum(on_hand) as on_hand, sum(value) as value
    from public.stock_level where tenant_id = current_setting('app.tenant_id')::uuid
    group by tenant_id, location_id, product_id having sum(on_hand) > 0
)
select
    p.sku, p.name as product_name, ca.code as category_code, ca.name as category_name,
    lo.code as location_code, lo.name as location_name, p.stock_uom as uom,
    (m.first_moved_at at time zone since.zone)::date as first_moved_on,
    (m.last_sold_at at time zone since.zone)::date as last_sold_on,
    since.currency, l.on_hand, l.value, m.units_sold,
    round(l.on_hand * 90 / nullif(greatest(m.units_sold, 0), 0), 1) as cover_days
from lying l
join moved m on m.location_id = l.location_id and m.product_id = l.product_id
join since on since.tenant_id = l.tenant_id and m.first_moved_at < since.at
join public.product p on p.tenant_id = l.tenant_id and p.id = l.product_id
join public.location lo on lo.tenant_id = l.tenant_id and lo.id = l.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
where m.units_sold < l.on_hand;

-- By net revenue, over the whole history.
create view bi.abc with (security_invoker = true) as
select
    case when net_revenue <= 0 then 'C' else case width_bucket(
        coalesce(sum(greatest(net_revenue, 0)) over (partition by currency order by net_revenue desc
            range between unbounded preceding and current row exclude group), 0)
        / nullif(sum(greatest(net_revenue, 0)) over (partition by currency), 0), array[0.80, 0.95])
        when 0 then 'A' when 1 then 'B' else 'C' end end as class,
    sku, product_name, category_code, category_name, currency, units, net_revenue, cost, gross_margin,
    gross_margin_pct,
    round(100 * greatest(net_revenue, 0)
        / nullif(sum(greatest(net_revenue, 0)) over (partition by currency), 0), 4) as share_pct,
    round(100 * sum(greatest(net_revenue, 0)) over (partition by currency order by net_revenue desc)
        / nullif(sum(greatest(net_revenue, 0)) over (partition by currency), 0), 4) as cumulative_share_pct
from bi.product_performance;

create view bi.shrinkage with (security_invoker = true) as
select
    m.reason, rc.name as reason_name, lo.code as location_code, lo.name as location_name, t.currency,
    count(*) as lines,
    coalesce(-sum(m.quantity) filter (where m.quantity < 0), 0) as lost_units,
    coalesce(-sum(m.value) filter (where m.quantity < 0), 0) as lost_value,
    coalesce(sum(m.quantity) filter (where m.quantity > 0), 0) as found_units,
    coalesce(sum(m.value) filter (where m.quantity > 0), 0) as found_value,
    -sum(m.value) as shrinkage_value
from public.stock_movement m
join public.tenant t on t.tenant_id = m.tenant_id
left join public.reason_code rc on rc.tenant_id = m.tenant_id and rc.code = m.reason
left join public.location lo on lo.tenant_id = m.tenant_id and lo.id = m.location_id
where m.tenant_id = current_setting('app.tenant_id')::uuid and m.kind in ('adjustment', 'count')
group by m.reason, rc.name, lo.code, lo.name, t.currency;

-- Units issued below zero, with their final cost.
create view bi.costs_to_settle with (security_invoker = true) as
select
    c.document_kind, c.document_id, c.line_no, c.channel, c.occurred_at, c.recorded_at, c.settled_at,
    p.sku, p.name as product_name, lo.code as location_code, lo.name as location_name, p.stock_uom as uom, t.currency,
    c.quantity as oversold_units, c.open_quantity as open_units, c.value as provisional_cost,
    c.open_value as open_cost, c.variance as cost_variance
from public.cost_to_settle c
join public.tenant t on t.tenant_id = c.tenant_id
join public.product p on p.tenant_id = c.tenant_id and p.id = c.product_id
join public.location lo on lo.tenant_id = c.tenant_id and lo.id = c.location_id
where c.tenant_id = current_setting('app.tenant_id')::uuid;

grant select on all tables in schema bi to stockwell_app;
