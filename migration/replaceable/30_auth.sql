-- The only functions that read across tenants: they find the caller before the tenant is known. They are in plpgsql, as
-- all functions with the rights of their owner: a distributed engine plans no query with the parameters of an SQL function.

create or replace function auth.find_api_key(wanted bytea)
returns table (
    tenant_id uuid, id uuid, name text, kind text, scopes text[], ip_allowlist text[], expires_at timestamptz,
    revoked_at timestamptz, last_used_at timestamptz, tenant_status text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select k.tenant_id, k.id, k.name, k.kind, k.scopes, k.ip_allowlist, k.expires_at, k.revoked_at, k.last_used_at,
           t.status
    from public.api_key k join public.tenant t on t.tenant_id = k.tenant_id
    where k.hash = wanted;
end
$$;

create or replace function auth.find_tenant(wanted text)
returns table (tenant_id uuid, status text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select t.tenant_id, t.status from public.tenant t where t.slug = wanted;
end
$$;

grant select on public.api_key, public.tenant to stockwell_lookup;
alter function auth.find_api_key(bytea) owner to stockwell_lookup;
alter function auth.find_tenant(text) owner to stockwell_lookup;
revoke all on function auth.find_api_key(bytea), auth.find_tenant(text) from public;
grant execute on function auth.find_api_key(bytea), auth.find_tenant(text) to stockwell_app;
