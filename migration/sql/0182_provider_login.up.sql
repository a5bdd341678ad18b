-- Sign-ins that a provider confirmed. The page exchanges the code of each for tokens, once, within a minute.
create table provider_login (
    tenant_id uuid not null constraint provider_login_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    -- SHA-256 of the state, which works once.
    state_hash bytea not null,
    -- SHA-256 of the code.
    code_hash bytea not null,
    user_id uuid not null,
    -- Whether the user's second factor is asked for.
    asks_second_factor boolean not null,
    created_at timestamptz not null,
    used_at timestamptz,
    constraint provider_login_pkey primary key (tenant_id, id),
    constraint provider_login_state_key unique (tenant_id, state_hash),
    constraint provider_login_code_key unique (tenant_id, code_hash),
    constraint provider_login_user_fkey foreign key (tenant_id, user_id) references app_user (tenant_id, id)
);
create index provider_login_created on provider_login (tenant_id, created_at);
create index provider_login_user on provider_login (tenant_id, user_id);
