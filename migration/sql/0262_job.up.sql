-- Jobs: requests whose work goes on after the response, with its progress and its result. A job that ended is deleted 7 days later, when
-- its tenant begins another one.
create table job (
    tenant_id uuid not null constraint job_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    kind text not null,
    actor_kind text not null,
    actor_id uuid not null,
    created_at timestamptz not null,
    -- Written every second while the work goes on.
    seen_at timestamptz not null,
    finished_at timestamptz,
    rows_done bigint not null,
    -- Null while it is not known.
    rows_total bigint,
    -- Status and JSON of the response that the request would have had.
    http_status smallint,
    response text,
    constraint job_pkey primary key (tenant_id, id),
    constraint job_finished check ((finished_at is null) = (http_status is null) and (finished_at is null) = (response is null)),
    constraint job_rows_sign check (rows_done >= 0 and rows_total >= 0)
);
