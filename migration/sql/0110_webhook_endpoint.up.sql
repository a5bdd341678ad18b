-- Endpoints of webhooks: addresses of other systems to which the worker sends events of the tenant.

create table webhook_endpoint (
    tenant_id uuid not null constraint webhook_endpoint_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    url text not null,
    description text,
    event_types text[] not null,
    payload text not null constraint webhook_endpoint_payload_known check (payload in ('thin', 'full')),
    active boolean not null,
    -- Why the worker switched it off.
    disabled_reason text,
    -- Sealed with a key that is derived from the signing key of the installation.
    secret bytea not null,
    -- Signs beside `secret` until `previous_until`.
    previous_secret bytea,
    previous_until timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    constraint webhook_endpoint_pkey primary key (tenant_id, id),
    constraint webhook_endpoint_previous_ends check ((previous_secret is null) = (previous_until is null))
);
