-- People: an address of a disabled user may be used again, and a user gets a new password by a link.

alter table app_user
    -- The address of a disabled user which another user has now. `email` is no address then.
    add column former_email text,
    -- When all logins were last ended: by a new password, or because the user was disabled. Tokens from before no longer work.
    add column logins_ended_at timestamptz;

-- A link by which a user sets a new password, once. It works while the user has the role of when it was made.
create table password_link (
    tenant_id uuid not null,
    id uuid not null,
    user_id uuid not null,
    hash bytea not null,
    role text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint password_link_pkey primary key (tenant_id, id),
    constraint password_link_hash_key unique (tenant_id, hash),
    constraint password_link_user_fkey foreign key (tenant_id, user_id) references app_user (tenant_id, id)
);
create index password_link_by_user on password_link (tenant_id, user_id) where ended_at is null;
