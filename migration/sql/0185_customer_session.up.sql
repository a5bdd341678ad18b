-- A session in which a customer of a web shop acts for itself. It acts for the key that opened it, and ends with it.
create table customer_session (
    tenant_id uuid not null,
    id uuid not null,
    customer_id uuid not null,
    -- The key that opened it.
    api_key_id uuid not null,
    -- SHA-256 of the token.
    hash bytea not null,
    -- Origins of the web pages that may use it; '*' for all. None: programs only.
    origins text[] not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint customer_session_pkey primary key (tenant_id, id),
    constraint customer_session_hash_key unique (tenant_id, hash),
    constraint customer_session_customer_fkey foreign key (tenant_id, customer_id) references customer (tenant_id, id),
    constraint customer_session_api_key_fkey foreign key (tenant_id, api_key_id) references api_key (tenant_id, id)
);
create index customer_session_open on customer_session (tenant_id, customer_id, expires_at) where revoked_at is null;
-- A session is an actor of commands.
alter table command
    drop constraint command_actor_known,
    add constraint command_actor_known check (actor_kind in ('api_key', 'user', 'customer', 'operator', 'worker')) not valid;
