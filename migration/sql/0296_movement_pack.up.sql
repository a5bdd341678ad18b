-- Movements once more, many in a row, so that the demand of a year is read in a tenth of the time. Only service::stock::pack writes
-- here. Reports add the movements that were recorded since the last run.

-- A calendar quarter (UTC) whose movements are packed: those that were recorded from `begins_at` until before `known_until`. Every movement
-- that was recorded before the latest `known_until` is packed.
create table movement_quarter (
    tenant_id uuid not null constraint movement_quarter_tenant_fkey references tenant (tenant_id),
    begins_at timestamptz not null,
    known_until timestamptz not null,
    movements bigint not null,
    -- The first and the last of them, by when they happened.
    first_at timestamptz not null,
    last_at timestamptz not null,
    made_at timestamptz not null,
    constraint movement_quarter_pkey primary key (tenant_id, begins_at),
    constraint movement_quarter_forward check (begins_at < known_until and movements > 0 and first_at <= last_at)
);

-- The movements of a product at a location in the order in which they happened, 17 bytes each: the instant in microseconds since the
-- year 2000, the quantity in millionths, and whether a till sold it. A part has at most 1,000. Like movements, packs have no foreign keys.
create table movement_pack (
    tenant_id uuid not null,
    begins_at timestamptz not null,
    product_id uuid not null,
    location_id uuid not null,
    part integer not null,
    movements bytea not null,
    constraint movement_pack_pkey primary key (tenant_id, begins_at, product_id, location_id, part),
    constraint movement_pack_whole check (length(movements) > 0 and length(movements) % 17 = 0)
);
