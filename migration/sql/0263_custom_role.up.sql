-- Custom roles of a tenant: a built-in role with fewer scopes.
create table custom_role (
    tenant_id uuid not null constraint custom_role_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    name text not null,
    -- The built-in role that has all of the scopes.
    base text not null,
    scopes text[] not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint custom_role_pkey primary key (tenant_id, id),
    constraint custom_role_name_key unique (tenant_id, name)
);

-- The custom role of a user, and a copy of its scopes, which each check of a credential reads with the user.
alter table app_user add column custom_role_id uuid;
alter table app_user add column scopes text[];
alter table app_user add constraint app_user_custom_role_fkey
    foreign key (tenant_id, custom_role_id) references custom_role (tenant_id, id) not valid;
alter table app_user add constraint app_user_custom_role_scopes
    check ((custom_role_id is null) = (scopes is null)) not valid;
