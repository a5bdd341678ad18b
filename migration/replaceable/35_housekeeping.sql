-- What the worker puts away. The rows of `command` are the audit record and stay; what was kept for a repeat of the
-- request goes, and its key is free again.

create or replace function auth.forget_answers(after uuid, before uuid, most integer)
returns bigint
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
    with old as (
        select c.tenant_id, c.id
        from public.tenant t cross join lateral (
            select c.tenant_id, c.id from public.command c
            where c.tenant_id = t.tenant_id and c.id >= after and c.id < before and c.idempotency_key is not null
            order by c.id limit most) c
        limit most
    ), forgotten as (
        update public.command c set idempotency_key = null, fingerprint = null, response = null
        from old where c.tenant_id = old.tenant_id and c.id = old.id and c.idempotency_key is not null
        returning 1
    )
    select count(*) from forgotten
$$;

grant select (tenant_id, id, idempotency_key), update (idempotency_key, fingerprint, response) on public.command
    to stockwell_lookup;
alter function auth.forget_answers(uuid, uuid, integer) owner to stockwell_lookup;
revoke all on function auth.forget_answers(uuid, uuid, integer) from public;
grant execute on function auth.forget_answers(uuid, uuid, integer) to stockwell_relay;
