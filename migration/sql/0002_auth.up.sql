-- Callers: API keys of programs, users with passwords.

create table api_key (
    tenant_id uuid not null constraint api_key_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    name text not null,
    kind text not null,
    mode text not null,
    prefix text not null,
    last4 text not null,
    hash bytea not null,
    scopes text[] not null,
    ip_allowlist text[] not null default '{}',
    created_by uuid,
    expires_at timestamptz,
    revoked_at timestamptz,
    rotated_to uuid,
    last_used_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint api_key_pkey primary key (tenant_id, id),
    constraint api_key_hash_key unique (tenant_id, hash),
    constraint api_key_hash_length check (octet_length(hash) = 32),
    constraint api_key_kind_known check (kind in ('sk', 'pk')),
    constraint api_key_mode_known check (mode in ('live', 'test'))
);
-- Authentication finds the key by its hash, because the tenant is not known yet.
create index api_key_by_hash on api_key (hash);

create table app_user (
    tenant_id uuid not null constraint app_user_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    email text not null,
    name text not null,
    role text not null,
    password_hash text not null,
    status text not null default 'active',
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint app_user_pkey primary key (tenant_id, id),
    constraint app_user_email_key unique (tenant_id, email),
    constraint app_user_email_lower check (email = lower(email)),
    constraint app_user_status_known check (status in ('active', 'disabled')),
    constraint app_user_role_known check (
        role in ('owner', 'admin', 'manager', 'cashier', 'buyer', 'accountant', 'analyst')
    )
);

-- A refresh token is used once. `family_id` links the tokens of one login, so that the reuse of an old one ends them
-- all.
create table refresh_token (
    tenant_id uuid not null,
    id uuid not null,
    family_id uuid not null,
    user_id uuid not null,
    hash bytea not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now(),
    constraint refresh_token_pkey primary key (tenant_id, id),
    constraint refresh_token_hash_key unique (tenant_id, hash),
    constraint refresh_token_user_fkey foreign key (tenant_id, user_id) references app_user (tenant_id, id)
);
create index refresh_token_by_family on refresh_token (tenant_id, family_id);
