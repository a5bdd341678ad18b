-- The logins of BI tools: database roles that read the views of the schema bi, each for one tenant. The tenant follows from the
-- name of the role, which a session can't change (auth.bi_tenant).

create table bi_login (
    tenant_id uuid not null constraint bi_login_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    name text not null,
    -- Random, because every role of the server can read the names of all roles.
    role_name text not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    rotated_to uuid,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint bi_login_pkey primary key (tenant_id, id),
    constraint bi_login_role_form check (role_name ~ '^bi_[a-z2-7]{26}$')
);

-- Finds the login before its tenant is known.
create index bi_login_by_role on bi_login (role_name);
