-- Runs of the reconciliation. A run and the answer that it gave never change. Times are those of the tenant's data: `through` is
-- the end of the window.
create table reconcile_run (
    tenant_id uuid not null constraint reconcile_run_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    window_from timestamptz not null,
    through timestamptz not null,
    -- The system that the others are held against.
    reference text not null,
    -- What the caller gets: the run's own figures, and each part of the answer, in the form of the API.
    summary jsonb not null,
    first_fix jsonb not null,
    exceptions jsonb not null,
    flow_map jsonb not null,
    health jsonb not null,
    duration_ms integer not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint reconcile_run_pkey primary key (tenant_id, id),
    constraint reconcile_run_forward check (window_from < through)
);

-- Differences that a run found, in the order of the list. Those of older runs are deleted, because each run finds them again.
create table reconcile_discrepancy (
    tenant_id uuid not null,
    run_id uuid not null,
    no integer not null,
    system text not null,
    sku text not null,
    place text not null,
    -- The first class of its explanations.
    class text not null,
    taken_at timestamptz not null,
    episode_id uuid,
    content jsonb not null,
    constraint reconcile_discrepancy_pkey primary key (tenant_id, run_id, no),
    constraint reconcile_discrepancy_run_fkey foreign key (tenant_id, run_id) references reconcile_run (tenant_id, id)
);
create index reconcile_discrepancy_by_episode on reconcile_discrepancy (tenant_id, run_id, episode_id, no);
