-- The only functions that read across tenants: they find the caller before the tenant is known. They are in plpgsql, as
-- all functions with the rights of their owner: a distributed engine plans no query with the parameters of an SQL function.

-- For servers of the version before, which may run until all are replaced. They know neither makers nor bounds, so they
-- find only keys that have none.
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
    where k.hash = wanted and k.parent_id is null and k.user_id is null and k.locations is null and k.channels is null
        and k.amount_max is null and k.discount_max is null and k.origins = '{}';
end
$$;

-- The key with this hash, then the keys that it acts for: the one that made it, and so on. The last one has the user who
-- made it, unless the operator did. Depth 16 is more than a key may have.
create or replace function auth.find_key_chain(wanted bytea)
returns table (
    depth integer, tenant_id uuid, id uuid, kind text, scopes text[], ip_allowlist text[], expires_at timestamptz,
    revoked_at timestamptz, last_used_at timestamptz, locations uuid[], channels text[], amount_max text,
    discount_max text, origins text[],
    parent_id uuid, user_id uuid, user_role text, user_status text, tenant_status text
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with recursive chain as (
        select 0 as depth, k.* from public.api_key k where k.hash = wanted
        union all
        select c.depth + 1, k.*
        from chain c join public.api_key k on k.tenant_id = c.tenant_id and k.id = c.parent_id
        where c.depth < 16
    )
    select c.depth, c.tenant_id, c.id, c.kind, c.scopes, c.ip_allowlist, c.expires_at, c.revoked_at, c.last_used_at,
           c.locations, c.channels, c.amount_max::text, c.discount_max::text, c.origins, c.parent_id, c.user_id,
           -- A server of the version before knows no role with scopes behind it, and grants such a key nothing.
           case when u.scopes is null then u.role else u.role || ' ' || array_to_string(u.scopes, ' ') end, u.status,
           case when t.moved_at is not null then 'moved' when t.moving_until > now() and t.status = 'active' then 'moving' else t.status end
    from chain c
    join public.tenant t on t.tenant_id = c.tenant_id
    left join public.app_user u on u.tenant_id = c.tenant_id and u.id = c.user_id
    order by c.depth;
end
$$;

create or replace function auth.find_tenant(wanted text)
returns table (tenant_id uuid, status text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select t.tenant_id, case when t.moved_at is null then t.status else 'moved' end from public.tenant t where t.slug = wanted;
end
$$;

-- The tenant of a provider of card terminals, which reports before the tenant is known. Its signature is checked then.
create or replace function auth.find_payment_provider(wanted uuid)
returns table (tenant_id uuid, status text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select t.tenant_id, case when t.moved_at is null then t.status else 'moved' end
    from public.payment_provider p join public.tenant t on t.tenant_id = p.tenant_id
    where p.id = wanted;
end
$$;

-- The rate limits of the tenants that have some of their own, as a JSON array, and the tenants that are moving or were moved to another
-- database.
create or replace function auth.tenant_rates()
returns table (rates text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select coalesce(json_agg(json_build_object('tenant_id', t.tenant_id, 'rates', json_build_object(
               'burst', t.rate_burst, 'minute', t.rate_minute, 'tenant', t.rate_tenant, 'reports', t.rate_reports),
               'move', case when t.moved_at is not null then 'moved' when t.moving_until > now() then 'moving' end)), '[]')::text
    from public.tenant t
    where coalesce(t.rate_burst, t.rate_minute, t.rate_tenant, t.rate_reports) is not null
        or t.moved_at is not null or t.moving_until > now();
end
$$;

-- The tenant of the BI tool whose role logged in. A session can change neither the role that logged in nor this table. The
-- time is that of the statement: a transaction does not keep a login alive.
create or replace function auth.bi_tenant()
returns uuid
language plpgsql stable parallel safe security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    found uuid[];
begin
    select array_agg(l.tenant_id) into found
    from public.bi_login l join public.tenant t on t.tenant_id = l.tenant_id
    where l.role_name = session_user and l.revoked_at is null and t.status = 'active'
        and (l.expires_at is null or l.expires_at > statement_timestamp());
    if cardinality(found) = 1 then
        return found[1];
    end if;
    raise exception 'no tenant is set, and this login has none: it was revoked, or it has expired'
        using errcode = 'invalid_authorization_specification';
end
$$;

grant select on public.api_key, public.tenant, public.bi_login to stockwell_lookup;
alter function auth.bi_tenant() owner to stockwell_lookup;
revoke all on function auth.bi_tenant() from public;
grant execute on function auth.bi_tenant() to stockwell_app;

grant select (tenant_id, id, role, status, scopes) on public.app_user to stockwell_lookup;
alter function auth.find_api_key(bytea) owner to stockwell_lookup;
alter function auth.find_key_chain(bytea) owner to stockwell_lookup;
alter function auth.find_tenant(text) owner to stockwell_lookup;
grant select (tenant_id, id) on public.payment_provider to stockwell_lookup;
alter function auth.find_payment_provider(uuid) owner to stockwell_lookup;
revoke all on function auth.find_payment_provider(uuid) from public;
grant execute on function auth.find_payment_provider(uuid) to stockwell_app;
alter function auth.tenant_rates() owner to stockwell_lookup;
revoke all on function auth.find_api_key(bytea), auth.find_key_chain(bytea), auth.find_tenant(text), auth.tenant_rates()
    from public;
grant execute on function auth.find_api_key(bytea), auth.find_key_chain(bytea), auth.find_tenant(text), auth.tenant_rates()
    to stockwell_app;
