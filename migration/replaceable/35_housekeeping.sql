-- Clean-up by the worker. Rows of `command` are the audit log and stay. Stored responses are deleted, and their
-- idempotency keys become free.

-- One step of a walk over the commands of all tenants with ids from `since` to before `before`, after the command
-- `after_id` of `after_tenant_id`. Returns how many responses it deleted and where it stopped; no row at the end of
-- the walk.
create or replace function auth.forget_answers(
    since uuid, before uuid, after_tenant_id uuid, after_id uuid, most integer)
returns table (forgotten bigint, last_tenant_id uuid, last_id uuid)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with old as (
        select c.tenant_id, c.id
        from public.tenant t cross join lateral (
            select c.tenant_id, c.id from public.command c
            where c.tenant_id = t.tenant_id and c.id >= since and c.id < before
              and c.id > case when t.tenant_id = after_tenant_id then after_id else '00000000-0000-0000-0000-000000000000' end
              and c.idempotency_key is not null
            order by c.id limit most) c
        where t.tenant_id >= after_tenant_id
        order by c.tenant_id, c.id limit most
    ), forgotten as (
        update public.command c set idempotency_key = null, fingerprint = null, response = null
        from old where c.tenant_id = old.tenant_id and c.id = old.id and c.idempotency_key is not null
        returning 1
    )
    select (select count(*) from forgotten), old.tenant_id, old.id
    from old order by old.tenant_id desc, old.id desc limit 1;
end
$$;

grant select (tenant_id, id, idempotency_key), update (idempotency_key, fingerprint, response) on public.command
    to stockwell_lookup;
alter function auth.forget_answers(uuid, uuid, uuid, uuid, integer) owner to stockwell_lookup;
revoke all on function auth.forget_answers(uuid, uuid, uuid, uuid, integer) from public;
grant execute on function auth.forget_answers(uuid, uuid, uuid, uuid, integer) to stockwell_relay;

-- All tenants, for work that is done once a day for each.
create or replace function auth.tenants()
returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select t.tenant_id from public.tenant t order by t.tenant_id;
end
$$;

alter function auth.tenants() owner to stockwell_lookup;
revoke all on function auth.tenants() from public;
grant execute on function auth.tenants() to stockwell_relay;
