-- The packs of movements, byte by byte, and what the quarters say of their movements.
(
with quarter as (
    select begins_at, known_until, movements, first_at, last_at from movement_quarter where tenant_id = $1
),
moved as (
    select quarter.begins_at, m.product_id, m.location_id, m.occurred_at, m.id,
        timestamptz_send(m.occurred_at) || int8send((m.quantity * 1000000)::bigint)
            || boolsend(m.kind = 'sale' and m.document_kind = 'sale') as movement,
        ((row_number() over (
            partition by quarter.begins_at, m.product_id, m.location_id order by m.occurred_at, m.id
        ) - 1) / 1000)::integer as part
    from quarter
    join stock_movement m on m.tenant_id = $1
        and date_trunc('quarter', m.recorded_at, 'UTC') = quarter.begins_at and m.recorded_at < quarter.known_until
),
line as (
    select begins_at, product_id, location_id, part, count(*) as lines,
        string_agg(movement, '' order by occurred_at, id) as bytes
    from moved group by begins_at, product_id, location_id, part
)
select
    case when expected <> found then concat(
        'movements in the pack of ', (select sku from product where tenant_id = $1 and id = product_id),
        ' at ', (select code from location where tenant_id = $1 and id = location_id),
        ' since ', (begins_at at time zone 'UTC')::date) end as subject,
    expected, found
from (
    select begins_at, product_id, location_id, coalesce(line.lines, 0) as expected,
        case
            when line.bytes is null then length(pack.movements) / 17
            when line.bytes = pack.movements then line.lines
            else 0
        end as found
    from line
    full join (
        select begins_at, product_id, location_id, part, movements from movement_pack where tenant_id = $1
    ) pack using (begins_at, product_id, location_id, part)
) packed
union all
select
    case when figure.expected <> figure.found then concat(
        figure.name, ' of the packs since ', (quarter.begins_at at time zone 'UTC')::date) end,
    figure.expected, figure.found
from quarter
left join (
    select date_trunc('quarter', m.recorded_at, 'UTC') as begins_at, count(*) as lines,
        min(m.occurred_at) as first_at, max(m.occurred_at) as last_at
    from stock_movement m
    join quarter on quarter.begins_at = date_trunc('quarter', m.recorded_at, 'UTC') and m.recorded_at < quarter.known_until
    where m.tenant_id = $1
    group by 1
) sums on sums.begins_at = quarter.begins_at
cross join lateral (values
    ('number', coalesce(sums.lines, 0)::numeric, quarter.movements::numeric),
    ('second of the first movement', coalesce(extract(epoch from sums.first_at), 0), extract(epoch from quarter.first_at)),
    ('second of the last movement', coalesce(extract(epoch from sums.last_at), 0), extract(epoch from quarter.last_at))
) figure (name, expected, found)
)
