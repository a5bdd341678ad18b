-- Reconciliation: what other systems say. Rows stay as they were sent: instants before the clock offset is taken off, quantities
-- before sign, factor and meaning. `content` is a digest of all fields of a row. A file may have the same row several times: `copy`
-- counts them. So the key of a row follows from its content, and a file that is sent again adds nothing. An empty text: not sent.
-- A system is never deleted, so the rows need no foreign key, which would be checked for each of 100,000.

-- The rows of one system and one `taken_at` are one snapshot. The last request with rows of it says whether it is full.
create table reconcile_snapshot (
    tenant_id uuid not null,
    system_id uuid not null,
    taken_at timestamptz not null,
    is_full boolean not null,
    received_at timestamptz not null,
    constraint reconcile_snapshot_pkey primary key (tenant_id, system_id, taken_at),
    constraint reconcile_snapshot_system_fkey foreign key (tenant_id, system_id) references reconcile_system (tenant_id, id)
);

create table reconcile_snapshot_line (
    tenant_id uuid not null,
    system_id uuid not null,
    taken_at timestamptz not null,
    content uuid not null,
    copy integer not null,
    external_sku text not null,
    external_location text not null,
    lot text not null,
    quantity numeric(18, 6) not null,
    reserved numeric(18, 6),
    quarantined numeric(18, 6),
    incoming numeric(18, 6),
    received_at timestamptz not null,
    constraint reconcile_snapshot_line_pkey primary key (tenant_id, system_id, taken_at, content, copy)
);

create table reconcile_event (
    tenant_id uuid not null,
    system_id uuid not null,
    occurred_at timestamptz not null,
    content uuid not null,
    copy integer not null,
    external_id text not null,
    -- sale, return, transfer_out, transfer_in, adjustment, receipt, count or overwrite.
    type text not null,
    external_sku text not null,
    external_location text not null,
    quantity numeric(18, 6) not null,
    recorded_at timestamptz,
    reference text not null,
    actor text not null,
    -- api, ui, csv, offline_sync, worker, or empty.
    entry_mode text not null,
    received_at timestamptz not null,
    constraint reconcile_event_pkey primary key (tenant_id, system_id, occurred_at, content, copy)
);

create table reconcile_touchpoint (
    tenant_id uuid not null,
    system_id uuid not null,
    at timestamptz not null,
    content uuid not null,
    copy integer not null,
    kind text not null,
    -- Null: as the settings have it for the kind.
    minutes numeric(18, 6),
    actor text not null,
    external_sku text not null,
    external_location text not null,
    note text not null,
    received_at timestamptz not null,
    constraint reconcile_touchpoint_pkey primary key (tenant_id, system_id, at, content, copy)
);

-- Says when input of a tenant last changed, without a look at the rows. Each request that writes input locks this row first, so that
-- one runs at a time.
create table reconcile_input (
    tenant_id uuid not null constraint reconcile_input_tenant_fkey references tenant (tenant_id),
    -- When a request last added or changed input. Null: none has.
    changed_at timestamptz,
    constraint reconcile_input_pkey primary key (tenant_id)
);
