-- Classes that a person has confirmed or corrected. The newest of an episode holds. They give the prior of a system and a class,
-- so each has the system and the class of the episode at that time, and needs no row of a run.
create table reconcile_resolution (
    tenant_id uuid not null constraint reconcile_resolution_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    episode_id uuid not null,
    system text not null,
    -- The class that the run found, and that of the person.
    found_class text not null,
    class text not null,
    note text,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint reconcile_resolution_pkey primary key (tenant_id, id)
);
create index reconcile_resolution_by_episode on reconcile_resolution (tenant_id, episode_id, id);
