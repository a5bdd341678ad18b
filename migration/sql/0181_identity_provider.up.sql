-- External providers of sign-ins (OpenID Connect).
create table identity_provider (
    tenant_id uuid not null constraint identity_provider_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    name text not null,
    issuer text not null,
    client_id text not null,
    -- Sealed by a key that is not in the database.
    client_secret bytea not null,
    redirect_url text not null,
    -- In lower case.
    email_domains text[] not null,
    -- Role of users who are made at their first sign-in. Null: unknown users are rejected.
    role text,
    asks_second_factor boolean not null,
    -- Whether owners may sign in: the caller who changed it last has the powers of an owner.
    admits_owners boolean not null,
    enabled boolean not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint identity_provider_pkey primary key (tenant_id, id)
);
