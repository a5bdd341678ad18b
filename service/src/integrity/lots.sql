-- Stock of a tracked product lies in its lots; other stock lies in none.
select
    case when found <> 0 then concat(
        'on hand ', case when tracking = 'none' then 'in' else 'outside' end, ' lots of ', sku,
        ' at ', (select code from location where tenant_id = $1 and id = location_id)) end as subject,
    0 as expected, found
from (
    select
        p.sku, p.tracking, l.location_id,
        sum(abs(l.on_hand) + l.reserved) filter (
            where (p.tracking = 'none') <> (t.id is null) or t.product_id <> l.product_id) as misplaced
    from stock_level l
    join product p on p.tenant_id = $1 and p.id = l.product_id
    left join lot t on t.tenant_id = $1 and t.id = l.lot_id
    where l.tenant_id = $1 group by p.sku, p.tracking, l.location_id
) level
cross join lateral (values (coalesce(misplaced, 0))) figure (found)
union all
-- A serial number is one unit, at one location or none.
select
    case when found not in (0, 1) then concat('pieces of serial number ', code, ' of ', sku) end,
    case when found = 0 then 0 else 1 end, found
from (
    select t.code, p.sku, coalesce(sum(l.on_hand), 0) as found
    from product p
    join lot t on t.tenant_id = $1 and t.product_id = p.id
    left join stock_level l on l.tenant_id = $1 and l.lot_id = t.id
        and l.lot_id <> '00000000-0000-0000-0000-000000000000'
    where p.tenant_id = $1 and p.tracking = 'serial' group by t.id, t.code, p.sku
) serial
