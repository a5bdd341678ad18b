-- Sums of movements at past instants, so that the stock of any instant is a short sum. Only
-- service::stock::checkpoint writes here, and no row ever changes: late movements are rows of their own.

-- A checkpoint covers the movements that happened before `as_of`. Each run adds a row for late ones: its levels are
-- the movements recorded from `known_from` until before `known_until`. The first row has all that were recorded
-- before.
create table stock_checkpoint (
    tenant_id uuid not null constraint stock_checkpoint_tenant_fkey references tenant (tenant_id),
    as_of timestamptz not null,
    known_from timestamptz not null,
    known_until timestamptz not null,
    made_at timestamptz not null,
    constraint stock_checkpoint_pkey primary key (tenant_id, as_of, known_until),
    -- Only one of two runs that start from the same state can finish.
    constraint stock_checkpoint_chain_key unique (tenant_id, as_of, known_from),
    constraint stock_checkpoint_forward check (known_from < known_until and as_of <= known_until)
);

-- The levels of a checkpoint. The checkpoint is written first, in the same transaction. Like movements, levels have
-- no foreign keys, which would be a third of the cost of a run.
create table stock_checkpoint_level (
    tenant_id uuid not null,
    as_of timestamptz not null,
    known_until timestamptz not null,
    location_id uuid not null,
    product_id uuid not null,
    lot_id uuid not null,
    quantity numeric(18, 6) not null,
    value numeric(18, 4) not null,
    constraint stock_checkpoint_level_pkey
        primary key (tenant_id, as_of, known_until, location_id, product_id, lot_id)
);

-- Finds movements since a checkpoint by when they happened, and late ones by when they were recorded. A late document
-- widens the span of its neighbours. Several spans per range and small ranges keep that rare.
drop index stock_movement_by_time;
create index stock_movement_by_time on stock_movement
    using brin (occurred_at timestamptz_minmax_multi_ops, recorded_at) with (autosummarize = on, pages_per_range = 16);
