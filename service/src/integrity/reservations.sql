select
    case when coalesce(open.quantity, 0) <> coalesce(level.reserved, 0) then concat(
        'reserved of ', (select sku from product where tenant_id = $1 and id = product_id),
        ' at ', (select code from location where tenant_id = $1 and id = location_id)) end as subject,
    coalesce(open.quantity, 0) as expected, coalesce(level.reserved, 0) as found
from (
    select location_id, product_id, lot_id, reserved from stock_level where tenant_id = $1
) level
full join (
    select location_id, product_id, lot_id, sum(quantity) as quantity
    from reservation where tenant_id = $1 group by location_id, product_id, lot_id
) open using (location_id, product_id, lot_id)
union all
select
    case when coalesce(waiting.quantity, 0) <> coalesce(level.backordered, 0) then concat(
        'backordered of ', (select sku from product where tenant_id = $1 and id = product_id),
        ' at ', (select code from location where tenant_id = $1 and id = location_id)) end,
    coalesce(waiting.quantity, 0), coalesce(level.backordered, 0)
from (
    select location_id, product_id, sum(backordered) as backordered from stock_level
    where tenant_id = $1 group by location_id, product_id having sum(backordered) <> 0
) level
full join (
    select o.location_id, l.product_id, sum(l.backordered) as quantity
    from sales_order_line l join sales_order o on o.tenant_id = $1 and o.id = l.order_id
    where l.tenant_id = $1 and l.backordered_at is not null group by o.location_id, l.product_id
) waiting using (location_id, product_id)
