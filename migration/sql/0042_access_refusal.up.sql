-- Refused rights and failed logins, one row for each caller, network, code and minute.
create table access_refusal (
    tenant_id uuid not null constraint access_refusal_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    minute timestamptz not null,
    actor_kind text not null,
    actor_id uuid not null,
    network text not null,
    code text not null,
    times integer not null,
    constraint access_refusal_pkey primary key (tenant_id, id),
    constraint access_refusal_key unique (tenant_id, minute, actor_kind, actor_id, network, code),
    constraint access_refusal_times_sign check (times > 0)
);
