select
    case when expected <> found then concat(
        name, ' of ', (select sku from product where tenant_id = $1 and id = product_id),
        ' at ', (select code from location where tenant_id = $1 and id = location_id),
        (select concat(' in lot ', code) from lot where tenant_id = $1 and id = lot_id)) end as subject,
    expected, found
from (
    select location_id, product_id, lot_id, figure.*
    from (
        select location_id, product_id, lot_id, on_hand, value from stock_level where tenant_id = $1
    ) level
    full join (
        select location_id, product_id, lot_id, sum(quantity) as quantity, sum(value) as value
        from stock_movement where tenant_id = $1 group by location_id, product_id, lot_id
    ) movement using (location_id, product_id, lot_id)
    cross join lateral (values
        ('on hand', coalesce(movement.quantity, 0), coalesce(level.on_hand, 0)),
        ('value', coalesce(movement.value, 0), coalesce(level.value, 0))
    ) figure (name, expected, found)
    union all
    select location_id, product_id, lot_id, figure.*
    from (
        select location_id, product_id, lot_id, on_hand, value from stock_level where tenant_id = $1 and on_hand < 0
    ) level
    full join (
        select location_id, product_id, lot_id, sum(open_quantity) as quantity, sum(open_value) as value
        from cost_to_settle where tenant_id = $1 and settled_at is null group by location_id, product_id, lot_id
    ) open using (location_id, product_id, lot_id)
    cross join lateral (values
        ('quantity to settle', coalesce(open.quantity, 0), coalesce(-level.on_hand, 0)),
        ('cost to settle', coalesce(open.value, 0), coalesce(-level.value, 0))
    ) figure (name, expected, found)
    union all
    select location_id, product_id, lot_id, figure.*
    from (
        select location_id, product_id, lot_id, greatest(on_hand, 0) as on_hand,
            case when on_hand < 0 then 0 else value end as value
        from stock_level where tenant_id = $1 and layered
    ) level
    full join (
        select location_id, product_id, lot_id, sum(quantity) as quantity, sum(value) as value
        from cost_layer where tenant_id = $1 group by location_id, product_id, lot_id
    ) layer using (location_id, product_id, lot_id)
    cross join lateral (values
        ('on hand in layers', coalesce(layer.quantity, 0), coalesce(level.on_hand, 0)),
        ('value in layers', coalesce(layer.value, 0), coalesce(level.value, 0))
    ) figure (name, expected, found)
    union all
    -- What movements took from cost layers: all that left but what went below zero.
    select movement.location_id, movement.product_id, movement.lot_id, figure.*
    from (
        select movement_id, sum(quantity) as quantity, sum(value) as value
        from layer_use where tenant_id = $1 group by movement_id
    ) draw
    left join stock_movement movement on movement.tenant_id = $1 and movement.id = draw.movement_id
    left join cost_to_settle owed on owed.tenant_id = $1 and owed.document_id = movement.document_id
        and owed.line_no = movement.line_no and owed.location_id = movement.location_id
        and owed.product_id = movement.product_id and owed.lot_id = movement.lot_id
    cross join lateral (values
        ('quantity drawn from layers', -coalesce(movement.quantity, 0) - coalesce(owed.quantity, 0), draw.quantity),
        ('cost drawn from layers', -coalesce(movement.value, 0) - coalesce(owed.value, 0), draw.value)
    ) figure (name, expected, found)
) fact
