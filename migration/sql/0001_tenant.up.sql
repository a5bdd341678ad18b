-- The tenant directory, and the command row of every write.

create table tenant (
    tenant_id uuid constraint tenant_pkey primary key,
    slug text not null constraint tenant_slug_key unique,
    name text not null,
    currency text not null,
    time_zone text not null,
    country text not null,
    prices_include_tax boolean not null default false,
    tax_rounding text not null default 'document',
    status text not null default 'active',
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint tenant_slug_form check (slug ~ '^[a-z][a-z0-9-]{1,62}$'),
    constraint tenant_currency_form check (currency ~ '^[A-Z]{3}$'),
    constraint tenant_country_form check (country ~ '^[A-Z]{2}$'),
    constraint tenant_tax_rounding_known check (tax_rounding in ('line', 'document')),
    constraint tenant_status_known check (status in ('active', 'suspended'))
);

-- One row per write: both the idempotency record and the audit log.
create table command (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    actor_kind text not null,
    actor_id uuid not null,
    idempotency_key text,
    fingerprint bytea,
    status smallint not null,
    document_id uuid,
    response text,
    recorded_at timestamptz not null,
    constraint command_pkey primary key (tenant_id, id),
    constraint command_idempotency_key unique (tenant_id, idempotency_key),
    constraint command_key_length check (length(idempotency_key) between 1 and 255),
    constraint command_fingerprint_length check (octet_length(fingerprint) = 32),
    constraint command_actor_known check (actor_kind in ('api_key', 'user', 'operator', 'worker'))
);

-- The outbox: one event per command. `position` is the id of the writing transaction. A reader that stays below the
-- oldest open transaction never skips a late commit.
create table event (
    tenant_id uuid not null,
    position bigint not null default (pg_current_xact_id()::text::bigint),
    id uuid not null,
    kind text not null,
    command_id uuid not null,
    document_kind text not null,
    document_id uuid not null,
    data jsonb not null default '{}',
    occurred_at timestamptz not null,
    lease_until timestamptz,
    attempts integer not null default 0,
    sent_at timestamptz,
    constraint event_pkey primary key (tenant_id, position, id)
);

-- Document numbers, gap-free per series. A series is always the last row that a transaction locks.
create table number_series (
    tenant_id uuid not null,
    series text not null,
    next bigint not null default 1,
    constraint number_series_pkey primary key (tenant_id, series),
    constraint number_series_next_positive check (next > 0)
) with (fillfactor = 50);
