-- Stock reports and the product ranking as views, as of now, with the default parameters of the reports. The notes on
-- views in 40_bi.sql apply.

create view bi.stock_valuation with (security_invoker = true) as
select
    p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code, ca.name || '' as category_name,
    lo.code || '' as location_code, lo.name || '' as location_name, p.stock_uom as uom, t.currency,
    sum(s.on_hand) as on_hand,
    sum(s.value) as value,
    round(sum(s.value) / nullif(sum(s.on_hand), 0), 6) as unit_cost
from public.stock_level s
join public.tenant t on t.tenant_id = s.tenant_id
join public.product p on p.tenant_id = s.tenant_id and p.id = s.product_id
join public.location lo on lo.tenant_id = s.tenant_id and lo.id = s.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
where s.tenant_id = bi.tenant()
group by p.sku, p.name, ca.code, ca.name, lo.code, lo.name, p.stock_uom, t.currency
having sum(s.on_hand) <> 0 or sum(s.value) <> 0;

-- Available stock at or below the reorder point, or at or below zero without one. A product that no location ever had,
-- and for which none has a reorder point, has a row without a location.
create view bi.low_stock with (security_invoker = true) as
with known as materialized (
    select
        s.tenant_id, s.product_id, s.location_id, sum(s.on_hand) as on_hand, sum(s.reserved) as reserved,
        sum(s.available) as available
    from bi.stock_level s
    join public.location lo on lo.tenant_id = s.tenant_id and lo.id = s.location_id and lo.channels <> '{}'
    where s.tenant_id = bi.tenant()
    group by s.tenant_id, s.product_id, s.location_id
), wanted as materialized (
    select s.tenant_id, s.product_id, s.location_id, 0 as on_hand, 0 as reserved, 0 as available
    from public.reorder_setting s
    join public.location lo on lo.tenant_id = s.tenant_id and lo.id = s.location_id and lo.channels <> '{}'
    where s.tenant_id = bi.tenant() and not exists (
        select from known where known.product_id = s.product_id and known.location_id = s.location_id)
), place as (
    select * from known
    union all
    select * from wanted
    union all
    select p.tenant_id, p.id, null, 0, 0, 0 from public.product p
    where p.tenant_id = bi.tenant()
        and not exists (select from known where known.product_id = p.id)
        and not exists (select from wanted where wanted.product_id = p.id)
)
select
    p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code, ca.name || '' as category_name,
    lo.code || '' as location_code, lo.name || '' as location_name, p.stock_uom as uom, t.currency,
    s.on_hand, s.reserved, s.available,
    coalesce(r.reorder_point, 0) as reorder_point,
    coalesce(r.reorder_quantity, 0) as reorder_quantity,
    coalesce(r.reorder_point, 0) - s.available as shortage
from place s
join public.tenant t on t.tenant_id = s.tenant_id
join public.product p on p.tenant_id = s.tenant_id and p.id = s.product_id
left join public.location lo on lo.tenant_id = s.tenant_id and lo.id = s.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
left join lateral (
    select rs.reorder_point, rs.reorder_quantity from public.reorder_setting rs
    where rs.tenant_id = s.tenant_id and rs.product_id = s.product_id
        and rs.location_id in (s.location_id, '00000000-0000-0000-0000-000000000000')
    order by rs.location_id desc limit 1) r on true
where p.status = 'active' and p.kind = 'stocked' and s.available <= coalesce(r.reorder_point, 0);

-- All lots with an expiry date, including expired ones.
create view bi.lot_expiry with (security_invoker = true) as
with lying as (
    select
        s.tenant_id, s.product_id, s.location_id, s.lot_code, lt.supplier_lot || '' as supplier_lot, s.expires_on,
        t.currency,
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
    where s.tenant_id = bi.tenant() and s.on_hand > 0 and s.expires_on is not null
)
select
    p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code, ca.name || '' as category_name,
    lo.code || '' as location_code, lo.name || '' as location_name, p.stock_uom as uom,
    l.lot_code, l.supplier_lot, l.lot_status, l.expires_on, l.currency, l.days_left, l.on_hand, l.reserved,
    case when l.lot_status in ('recalled', 'expired') then 0 else l.on_hand - l.reserved end as available,
    l.value
from lying l
join public.product p on p.tenant_id = l.tenant_id and p.id = l.product_id
join public.location lo on lo.tenant_id = l.tenant_id and lo.id = l.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id;

create view bi.stock_ageing with (security_invoker = true) as
with recursive received as materialized (
    select
        s.id, s.location_id, s.product_id, s.lot_id, s.quantity, s.occurred_at, s.document_kind, s.document_id, s.line_no,
        sum(s.quantity) over (
            partition by s.location_id, s.product_id, s.lot_id order by s.occurred_at, s.id) as high,
        sum(s.quantity) over (partition by s.location_id, s.product_id, s.lot_id) as total,
        sum(s.quantity) over (
            partition by s.document_id, s.line_no, s.lot_id, lo.kind = 'transit' order by s.id) as passed
    from public.stock_movement s
    join public.location lo on lo.tenant_id = bi.tenant() and lo.id = s.location_id
    where s.tenant_id = bi.tenant() and s.quantity > 0
), sent as materialized (
    select s.*
    from (
        select
            s.location_id, s.product_id, s.lot_id, s.document_kind, s.document_id, s.line_no, s.quantity,
            -sum(s.quantity) over (
                partition by s.location_id, s.product_id, s.lot_id order by s.occurred_at, s.id) as high
        from public.stock_movement s
        where s.tenant_id = bi.tenant() and s.quantity < 0 and s.product_id in (
            select product_id from public.stock_movement where tenant_id = bi.tenant() and document_kind = 'transfer')
    ) s
    join public.transfer t on t.tenant_id = bi.tenant() and t.id = s.document_id and t.from_location_id = s.location_id
    where s.document_kind = 'transfer'
), money as materialized (
    select public.currency_decimals(currency) as decimals from public.tenant where tenant_id = bi.tenant()
), dispatched as (
    select
        l.transfer_id, l.line_no, l.product_id, l.lot_id, l.quantity, l.received + l.missing + l.returned as gone, l.open_value,
        u.quantity as units, u.value, u.received_at, u.document_kind = 'earlier_stock' as earlier,
        sum(u.quantity) over (partition by l.transfer_id, l.line_no order by u.received_at, u.layer_id) as high,
        sum(u.quantity) over (partition by l.transfer_id, l.line_no) as known
    from public.transfer t
    join public.transfer_line l on l.tenant_id = bi.tenant() and l.transfer_id = t.id
    join public.stock_movement m on m.tenant_id = bi.tenant() and m.document_kind = 'transfer' and m.document_id = t.id
        and m.line_no = l.line_no and m.location_id = t.from_location_id
    join public.layer_use u on u.tenant_id = bi.tenant() and u.movement_id = m.id
    where t.tenant_id = bi.tenant() and t.status = 'in_transit'
), carried as (
    select *, sum(left_value) over (partition by transfer_id, line_no) as left_of_line
    from (
        select
            d.*, d.high - greatest(d.high - d.units, d.gone) as left_units,
            round(d.value, y.decimals)
            - round(d.value * greatest(d.gone - d.high + d.units, 0) / d.units, y.decimals) as left_value
        from dispatched d cross join money y
        where d.known = d.quantity and d.high > d.gone) d
), layer as materialized (
    select s.location_id, s.product_id, s.lot_id, s.quantity, s.value, s.received_at, s.earlier
    from (
        select
            tenant_id, location_id, product_id, lot_id, quantity, value, received_at,
            document_kind = 'earlier_stock' as earlier
        from public.cost_layer
        union all
        select
            lo.tenant_id, lo.id, c.product_id, c.lot_id, c.left_units, c.left_value, c.received_at, c.earlier
        from carried c
        join public.location lo on lo.tenant_id = bi.tenant() and lo.kind = 'transit'
        join public.stock_level v on v.tenant_id = bi.tenant() and v.location_id = lo.id and v.product_id = c.product_id
            and v.lot_id = c.lot_id and v.on_hand > 0
        where c.left_of_line = c.open_value
    ) s
    where s.tenant_id = bi.tenant()
), unlayered as materialized (
    select
        s.location_id, s.product_id, s.lot_id, coalesce(sum(y.quantity), 0) as newer,
        s.on_hand - coalesce(sum(y.quantity), 0) as units, s.value - coalesce(sum(y.value), 0) as value
    from public.stock_level s
    left join layer y on y.location_id = s.location_id and y.product_id = s.product_id and y.lot_id = s.lot_id
        and not y.earlier
    where s.tenant_id = bi.tenant() and s.on_hand > 0
    group by s.location_id, s.product_id, s.lot_id, s.on_hand, s.value
), came as materialized (
    select
        row_number() over () as no, l.location_id, l.product_id, l.lot_id, r.id as receipt_id, r.occurred_at,
        greatest(r.high - r.quantity, r.total - l.newer - l.units) - (r.high - r.quantity) as low,
        least(r.high, r.total - l.newer) - (r.high - r.quantity) as high
    from unlayered l
    join received r on r.location_id = l.location_id and r.product_id = l.product_id and r.lot_id = l.lot_id
        and r.high > r.total - l.newer - l.units and r.high - r.quantity < r.total - l.newer
    where l.units > 0
), origin as (
    select
        c.no, 0 as transfers, r.document_kind, r.document_id, r.line_no, r.product_id, r.lot_id, r.occurred_at,
        r.passed - r.quantity as before, c.low, c.high
    from came c join received r on r.id = c.receipt_id
    union all
    select
        o.no, o.transfers + 1, r.document_kind, r.document_id, r.line_no, r.product_id, r.lot_id, r.occurred_at,
        r.passed - r.quantity, greatest(r.high - r.quantity, s.high + s.quantity + o.before + o.low) - (r.high - r.quantity),
        least(r.high, s.high + s.quantity + o.before + o.high) - (r.high - r.quantity)
    from origin o
    join sent s on s.document_id = o.document_id and s.line_no = o.line_no and s.product_id = o.product_id
        and s.lot_id = o.lot_id
    join received r on r.location_id = s.location_id and r.product_id = s.product_id and r.lot_id = s.lot_id
        and r.high > s.high + s.quantity + o.before + o.low
        and r.high - r.quantity < s.high + s.quantity + o.before + o.high
    where o.document_kind = 'transfer' and o.transfers < 20
), found as materialized (
    select no, high - low as units, occurred_at as came_at from origin where document_kind <> 'transfer'
), dated as (
    select c.location_id, c.product_id, c.lot_id, f.units, f.came_at from found f join came c on c.no = f.no
    union all
    select c.location_id, c.product_id, c.lot_id, c.high - c.low - coalesce(f.units, 0), c.occurred_at
    from came c left join (select no, sum(units) as units from found group by no) f on f.no = c.no
    where c.high - c.low > coalesce(f.units, 0)
), part as (
    select location_id, product_id, quantity as units, value, received_at as came_at from layer where not earlier
    union all
    select
        d.location_id, d.product_id, d.units,
        case when d.younger = l.units then l.value else round(l.value * d.younger / l.units, y.decimals) end
        - round(l.value * (d.younger - d.units) / l.units, y.decimals), d.came_at
    from (
        select *, sum(units) over (
            partition by location_id, product_id, lot_id order by came_at desc rows unbounded preceding) as younger
        from dated) d
    join unlayered l on l.location_id = d.location_id and l.product_id = d.product_id and l.lot_id = d.lot_id
    cross join money y
), rest as (
    select
        t.tenant_id, part.location_id, part.product_id, t.currency, part.units, part.value,
        (part.came_at at time zone t.time_zone)::date as came_on,
        (now() at time zone t.time_zone)::date - (part.came_at at time zone t.time_zone)::date as days
    from part
    join public.tenant t on t.tenant_id = bi.tenant()
)
select
    p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code, ca.name || '' as category_name,
    lo.code || '' as location_code, lo.name || '' as location_name, p.stock_uom as uom, min(r.came_on) as oldest_on,
    r.currency,
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
        public.day_begin((now() at time zone time_zone)::date - 90, time_zone) as at
    from public.tenant where tenant_id = bi.tenant()
), moved as materialized (
    select
        s.location_id, s.product_id, min(s.occurred_at) as first_moved_at,
        min(s.occurred_at) filter (where s.document_kind = 'transfer') as first_transfer_at,
        max(s.occurred_at) filter (where s.kind = 'sale') as last_sold_at,
        coalesce(-sum(s.quantity) filter (
            where s.kind in ('sale', 'return') and s.occurred_at >= (select at from since)), 0) as units_sold
    from public.stock_movement s
    where s.tenant_id = (select bi.tenant())
    group by s.location_id, s.product_id
), product_moved as materialized (
    select
        product_id, min(first_moved_at) as first_moved_at, max(last_sold_at) as last_sold_at,
        sum(units_sold) as units_sold
    from moved group by product_id
), past as (
    select
        m.location_id, m.product_id, m.units_sold,
        case when n.is_new then p.first_moved_at else m.first_moved_at end as first_moved_at,
        case when n.is_new then p.last_sold_at else m.last_sold_at end as last_sold_at,
        case when n.is_new then p.units_sold else m.units_sold end as units_sold_of_past
    from moved m
    join product_moved p on p.product_id = m.product_id
    cross join since
    cross join lateral (
        select m.first_moved_at >= since.at and m.first_transfer_at is not distinct from m.first_moved_at as is_new) n
), lying as (
    select s.location_id, s.product_id, sum(s.on_hand) as on_hand, sum(s.value) as value
    from public.stock_level s where s.tenant_id = bi.tenant()
    group by s.location_id, s.product_id having sum(s.on_hand) > 0
)
select
    p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code, ca.name || '' as category_name,
    lo.code || '' as location_code, lo.name || '' as location_name, p.stock_uom as uom,
    (m.first_moved_at at time zone since.zone)::date as first_moved_on,
    (m.last_sold_at at time zone since.zone)::date as last_sold_on,
    since.currency, l.on_hand, l.value, m.units_sold,
    round(l.on_hand * 90 / nullif(greatest(m.units_sold, 0), 0), 1) as cover_days
from lying l
join past m on m.location_id = l.location_id and m.product_id = l.product_id
join since on m.first_moved_at < since.at
join public.product p on p.tenant_id = since.tenant_id and p.id = l.product_id
join public.location lo on lo.tenant_id = since.tenant_id and lo.id = l.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
where m.units_sold_of_past < l.on_hand;

-- Of the last 90 days.
create view bi.stock_turnover with (security_invoker = true) as
select
    p.sku || '' as sku, p.name || '' as product_name, ca.code || '' as category_code, ca.name || '' as category_name,
    lo.code || '' as location_code, lo.name || '' as location_name, p.stock_uom as uom, t.currency,
    n.on_hand, n.value, n.average_value, n.units_sold, n.cost,
    round(n.cost * 365 / 90 / nullif(greatest(n.average_value, 0), 0), 4) as turnover,
    round(n.on_hand * 90 / nullif(greatest(n.units_sold, 0), 0), 1) as cover_days
from (
    select
        product_id, location_id, sum(on_hand) as on_hand, sum(value) as value, sum(units_sold) as units_sold,
        sum(cost) as cost, round(sum(value) - sum(change) / 2, 4) as average_value
    from (
        select product_id, location_id, on_hand, value, 0 as change, 0 as units_sold, 0 as cost
        from public.stock_level where tenant_id = bi.tenant()
        union all
        select
            product_id, location_id, 0, 0, value,
            case when kind in ('sale', 'return') then -quantity else 0 end,
            case when kind in ('sale', 'return') then -value else 0 end
        from public.stock_movement
        where tenant_id = (select bi.tenant()) and occurred_at >= (
            select public.day_begin((now() at time zone time_zone)::date - 90, time_zone)
            from public.tenant where tenant_id = bi.tenant())
    ) part
    group by product_id, location_id
) n
join public.tenant t on t.tenant_id = bi.tenant()
join public.product p on p.tenant_id = t.tenant_id and p.id = n.product_id
join public.location lo on lo.tenant_id = t.tenant_id and lo.id = n.location_id
left join public.category ca on ca.tenant_id = p.tenant_id and ca.id = p.category_id
where n.on_hand <> 0 or n.value <> 0 or n.units_sold <> 0;

-- By net revenue, over the whole history.
create view bi.abc with (security_invoker = true) as
select
    case when net_revenue <= 0 then 'C' else case width_bucket(
        (sum(greatest(net_revenue, 0)) over (partition by currency order by net_revenue desc)
            - sum(greatest(net_revenue, 0)) over (partition by currency, net_revenue))
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
    m.reason || '' as reason, rc.name || '' as reason_name, lo.code || '' as location_code,
    lo.name || '' as location_name, t.currency,
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
where m.tenant_id = (select bi.tenant()) and m.kind in ('adjustment', 'count')
group by m.reason, rc.name, lo.code, lo.name, t.currency;

-- Open invoices and credit notes of each customer and currency, by days after their due date, as of now.
create view bi.receivable_ageing with (security_invoker = true) as
select
    cu.number || '' as customer_number, cu.name || '' as customer_name,
    coalesce(i.foreign_currency, t.currency) as document_currency, t.currency,
    coalesce(sum(i.receivable) filter (where i.due_on >= d.day), 0) as not_due,
    coalesce(sum(i.receivable) filter (where d.day - i.due_on between 1 and 30), 0) as due_1_to_30_days,
    coalesce(sum(i.receivable) filter (where d.day - i.due_on between 31 and 60), 0) as due_31_to_60_days,
    coalesce(sum(i.receivable) filter (where d.day - i.due_on between 61 and 90), 0) as due_61_to_90_days,
    coalesce(sum(i.receivable) filter (where d.day - i.due_on > 90), 0) as due_over_90_days,
    sum(i.receivable) as receivable, sum(i.unapplied) as unapplied, sum(i.receivable - i.unapplied) as owed,
    sum(case when i.foreign_currency is null then i.receivable else i.foreign_receivable end) as foreign_receivable,
    sum(case when i.foreign_currency is null then i.unapplied else i.foreign_unapplied end) as foreign_unapplied
from (
    select tenant_id, customer_id, due_on, foreign_currency, open as receivable, 0 as unapplied, foreign_open as foreign_receivable,
        0 as foreign_unapplied
    from public.invoice where tenant_id = bi.tenant() and (open <> 0 or foreign_open <> 0)
    union all
    select tenant_id, customer_id, null, null, 0, unapplied, null, null
    from public.customer_account where tenant_id = bi.tenant() and unapplied <> 0
    -- The account contains payments in other currencies. They move to the row of their currency.
    union all
    select p.tenant_id, p.customer_id, null, v.foreign_currency, 0, v.unapplied, 0, v.foreign_unapplied
    from public.payment p
    cross join lateral (values
        (null, -p.unapplied, null), (p.foreign_currency, p.unapplied, p.foreign_unapplied)
    ) v (foreign_currency, unapplied, foreign_unapplied)
    where p.tenant_id = bi.tenant() and p.foreign_unapplied <> 0
) i
join public.tenant t on t.tenant_id = i.tenant_id
join public.customer cu on cu.tenant_id = i.tenant_id and cu.id = i.customer_id
cross join lateral (select (now() at time zone t.time_zone)::date as day) d
group by cu.number, cu.name, i.foreign_currency, t.currency
having bool_or(i.due_on is not null) or sum(i.unapplied) <> 0 or sum(i.foreign_unapplied) <> 0;

-- Open bills of each supplier and currency, by days after their due date, as of now.
create view bi.payable_ageing with (security_invoker = true) as
select
    su.code || '' as supplier_code, su.name || '' as supplier_name,
    coalesce(b.foreign_currency, t.currency) as bill_currency, t.currency,
    coalesce(sum(b.open) filter (where b.due_on >= d.day), 0) as not_due,
    coalesce(sum(b.open) filter (where d.day - b.due_on between 1 and 30), 0) as due_1_to_30_days,
    coalesce(sum(b.open) filter (where d.day - b.due_on between 31 and 60), 0) as due_31_to_60_days,
    coalesce(sum(b.open) filter (where d.day - b.due_on between 61 and 90), 0) as due_61_to_90_days,
    coalesce(sum(b.open) filter (where d.day - b.due_on > 90), 0) as due_over_90_days,
    sum(b.open) as payable, sum(coalesce(b.foreign_open, b.open)) as foreign_payable
from public.bill b
join public.tenant t on t.tenant_id = b.tenant_id
join public.supplier su on su.tenant_id = b.tenant_id and su.id = b.supplier_id
cross join lateral (select (now() at time zone t.time_zone)::date as day) d
where b.tenant_id = bi.tenant() and (b.open <> 0 or b.foreign_open <> 0)
group by su.code, su.name, b.foreign_currency, t.currency;

-- Units issued below zero, with their final cost.
create view bi.costs_to_settle with (security_invoker = true) as
select
    c.document_kind, c.document_id, c.line_no, c.channel, c.occurred_at, c.recorded_at, c.settled_at,
    p.sku || '' as sku, p.name || '' as product_name, lo.code || '' as location_code, lo.name || '' as location_name,
    p.stock_uom as uom, t.currency,
    c.quantity as oversold_units, c.open_quantity as open_units, c.value as provisional_cost,
    c.open_value as open_cost, c.variance as cost_variance
from public.cost_to_settle c
join public.tenant t on t.tenant_id = c.tenant_id
join public.product p on p.tenant_id = c.tenant_id and p.id = c.product_id
join public.location lo on lo.tenant_id = c.tenant_id and lo.id = c.location_id
where c.tenant_id = bi.tenant();

grant select on all tables in schema bi to stockwell_app;
