-- What goods that left were taken from, and levels of lots that nothing is left of.

-- From which cost layers the goods of a movement came, with what had brought them: the layer itself may be used up and
-- gone. Only service::posting writes here. Like movements, draws have no foreign keys to the level.
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

-- What a movement took below zero, for whoever explains it.
create index cost_to_settle_by_document on cost_to_settle (tenant_id, document_id);

-- A lot of which nothing is there, promised or claimed at a location any more. The column changes when the last of a lot
-- goes, not with each sale, so that sales still update a level in its place.
alter table stock_level add column used_up boolean not null generated always as (
    lot_id <> '00000000-0000-0000-0000-000000000000' and on_hand = 0 and reserved = 0 and backordered = 0 and not claimed
) stored;

-- The whole key, so that a plan that looks a level up by it finds one row by this index too. A product with serial numbers
-- has more levels than the planner, which knows only how many a product has on average, would think.
drop index stock_level_by_product;
create index stock_level_by_product on stock_level (tenant_id, product_id, location_id, lot_id);

-- Levels without lots are in neither of these, so that they cost them nothing.
create index stock_level_live on stock_level (tenant_id, location_id, product_id, lot_id)
    where not used_up and lot_id <> '00000000-0000-0000-0000-000000000000';
create index stock_level_by_lot on stock_level (tenant_id, lot_id)
    where lot_id <> '00000000-0000-0000-0000-000000000000';
