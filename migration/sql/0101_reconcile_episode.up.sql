-- Episodes that a run found, in the order of the list. The id of an episode follows from its key and its beginning, so that it is
-- the same in every run that finds it. Those of older runs are deleted.
create table reconcile_episode (
    tenant_id uuid not null,
    run_id uuid not null,
    no integer not null,
    id uuid not null,
    system text not null,
    sku text not null,
    place text not null,
    class text not null,
    edge_from text not null,
    edge_to text not null,
    opened_at timestamptz not null,
    healed_at timestamptz,
    content jsonb not null,
    constraint reconcile_episode_pkey primary key (tenant_id, run_id, no),
    constraint reconcile_episode_once unique (tenant_id, run_id, id),
    constraint reconcile_episode_run_fkey foreign key (tenant_id, run_id) references reconcile_run (tenant_id, id)
);
create index reconcile_episode_by_id on reconcile_episode (tenant_id, id, run_id);
