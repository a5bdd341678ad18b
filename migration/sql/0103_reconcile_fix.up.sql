-- Fixes that runs have proposed. The id of a fix follows from its class, edge and scope, so that a later run that proposes it
-- again finds it here. It is kept as it was first told.
create table reconcile_fix (
    tenant_id uuid not null,
    id uuid not null,
    run_id uuid not null,
    class text not null,
    edge_from text not null,
    edge_to text not null,
    content jsonb not null,
    recorded_at timestamptz not null,
    constraint reconcile_fix_pkey primary key (tenant_id, id),
    constraint reconcile_fix_run_fkey foreign key (tenant_id, run_id) references reconcile_run (tenant_id, id)
);

-- When a person applied a fix. The newest holds.
create table reconcile_fix_applied (
    tenant_id uuid not null,
    id uuid not null,
    fix_id uuid not null,
    applied_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint reconcile_fix_applied_pkey primary key (tenant_id, id),
    constraint reconcile_fix_applied_fix_fkey foreign key (tenant_id, fix_id) references reconcile_fix (tenant_id, id)
);
create index reconcile_fix_applied_by_fix on reconcile_fix_applied (tenant_id, fix_id, id);

-- The verdict on an applied fix that a run reached. One run is one row, and the first of each week after the fix is the
-- verdict of that week.
create table reconcile_verdict (
    tenant_id uuid not null,
    fix_id uuid not null,
    run_id uuid not null,
    applied_at timestamptz not null,
    week integer not null,
    verdict text not null,
    content jsonb not null,
    recorded_at timestamptz not null,
    constraint reconcile_verdict_pkey primary key (tenant_id, fix_id, run_id),
    constraint reconcile_verdict_fix_fkey foreign key (tenant_id, fix_id) references reconcile_fix (tenant_id, id),
    constraint reconcile_verdict_run_fkey foreign key (tenant_id, run_id) references reconcile_run (tenant_id, id)
);
