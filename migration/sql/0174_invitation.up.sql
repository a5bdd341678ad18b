-- An invitation to become a user. It works once, while its maker may give the role.
create table invitation (
    tenant_id uuid not null,
    id uuid not null,
    -- In lower case.
    email text not null,
    name text not null,
    role text not null,
    -- SHA-256 of the token.
    hash bytea not null,
    -- The maker.
    actor_kind text not null,
    actor_id uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    -- When it was revoked, or a later one to the address replaced it.
    revoked_at timestamptz,
    -- The user that it made.
    user_id uuid,
    constraint invitation_pkey primary key (tenant_id, id),
    constraint invitation_hash_key unique (tenant_id, hash),
    constraint invitation_user_fkey foreign key (tenant_id, user_id) references app_user (tenant_id, id)
);
create index invitation_open on invitation (tenant_id, email) where accepted_at is null and revoked_at is null;
