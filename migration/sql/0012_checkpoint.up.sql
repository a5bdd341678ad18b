-- Sums of movements at settled instants, so that the stock of any past instant is a short sum. Only
-- service::stock::checkpoint writes here, and nothing here is ever changed: what comes in late is a row of its own.

-- A checkpoint covers what happened before `as_of`. Each run that looked for late documents adds a row: its levels are
-- what was recorded from `known_from` until before `known_until`. The first row has everything recorded before.
create table stock_checkpoint (
    tenant_id uuid not null constraint stock_checkpoint_tenant_fkey references tenant (tenant_id),
    as_of timestamptz not null,
    known_from timestamptz not null,
    known_until timestamptz not null,
    made_at timestamptz not null,
    constraint stock_checkpoint_pkey primary key (tenant_id, as_of, known_until),
    -- Of two runs that start from the same state only one can finish.
    constraint stock_checkpoint_chain_key unique (tenant_id, as_of, known_from),
    constraint stock_checkpoint_forward check (known_from < known_until and as_of <= known_until)
);

-- Its levels. Their heads are written first, in the same transaction; like movements they have no foreign keys, which
-- would be a third of the cost of a run.
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

-- What happened since a checkpoint is found by when it happened, what came in late by when it was recorded. A late
-- document widens the span of its neighbours: with several spans to a range, and small ranges, it costs few of them.
drop index stock_movement_by_time;
create index stock_movement_by_time on stock_movement
    using brin (occurred_at timestamptz_minmax_multi_ops, recorded_at) with (autosummarize = on, pages_per_range = 16);
