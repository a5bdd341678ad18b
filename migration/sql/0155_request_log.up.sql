-- The log of requests, which the tenant can read: each request of a known caller, with its outcome. The worker deletes a row after
-- 7 days.
create table request_log (
    tenant_id uuid not null,
    -- Begins with the millisecond of created_at, or a later one.
    id uuid not null,
    created_at timestamptz not null,
    request_id text not null,
    actor_kind text not null,
    actor_id uuid not null,
    method text not null,
    path text not null,
    status smallint not null,
    duration_ms integer not null,
    -- Null if the response was streamed.
    response_bytes bigint,
    -- Code of the problem, if the request was rejected.
    code text,
    -- Body of a rejected request, without secrets, if the tenant keeps it.
    body text,
    constraint request_log_pkey primary key (tenant_id, id),
    constraint request_log_duration_sign check (duration_ms >= 0)
);
create index request_log_by_request on request_log (tenant_id, request_id, id);
create index request_log_by_actor on request_log (tenant_id, actor_id, id);
create index request_log_rejected on request_log (tenant_id, id) where status >= 400;

-- Whether the log of requests keeps the bodies of rejected requests.
alter table tenant add column log_rejected_bodies boolean not null default false;
