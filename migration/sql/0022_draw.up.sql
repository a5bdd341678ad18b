-- Layer uses of movements, and empty levels of lots.

-- The cost layers that a movement used, with the receipt of each, because a used-up layer is deleted. Only
-- service::posting writes here. Like movements, these rows have no foreign keys to the level.
create table layer_draw (
    tenant_id uuid not null constraint layer_draw_tenant_fkey references tenant (tenant_id),
    movement_id uuid not null,
    layer_id uuid not null,
    quantity numeric(18, 6) not null,
    value numeric(18, 4) not null,
    document_kind text not null,
    document_id uuid not null,
    line_no integer not null,
    received_at timestamptz not null,
    constraint layer_draw_pkey primary key (tenant_id, movement_id, layer_id),
    constraint layer_draw_quantity_positive check (quantity > 0),
    constraint layer_draw_value_not_negative check (value >= 0)
);

-- The units of a movement that went below zero, for the explanation of a level.
create index cost_to_settle_by_document on cost_to_settle (tenant_id, document_id);

-- Whether nothing of a lot is on hand, reserved or allotted at a location. The column changes when the last unit
-- goes, not with each sale, so that a sale still updates the level in place.
alter table stock_level add column used_up boolean not null generated always as (
    lot_id <> '00000000-0000-0000-0000-000000000000' and on_hand = 0 and reserved = 0 and backordered = 0 and not claimed
) stored;

-- The whole key, so that a plan that uses this index for a single level finds one row too. A product with serial
-- numbers has more levels than the average per product, which is all that the planner knows.
drop index stock_level_by_product;
create index stock_level_by_product on stock_level (tenant_id, product_id, location_id, lot_id);

-- Levels without lots are in neither index, so that these cost them nothing.
create index stock_level_live on stock_level (tenant_id, location_id, product_id, lot_id)
    where not used_up and lot_id <> '00000000-0000-0000-0000-000000000000';
create index stock_level_by_lot on stock_level (tenant_id, lot_id)
    where lot_id <> '00000000-0000-0000-0000-000000000000';
