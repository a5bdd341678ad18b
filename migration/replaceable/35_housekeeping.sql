-- Clean-up by the worker. Rows of `command` are the audit log and stay. Stored responses are deleted, and their
-- idempotency keys become free. A row `unchanged` is no part of the log: it has only a response, and is deleted with it.

-- One step of a walk over the commands of a tenant with ids before `before`, after the command `after_id`. Returns how
-- many responses it deleted and where it stopped; no row at the end of the walk, and for a tenant that is moving: the rows
-- of the copy are compared with those here.
create or replace function auth.forget_answers(of_tenant uuid, after_id uuid, before uuid, most integer)
returns table (forgotten bigint, last_id uuid)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select from public.tenant t
        where t.tenant_id = of_tenant and (t.moved_at is not null or t.moving_until > now())
    ) then
        return;
    end if;
    return query
    with old as (
        select c.id, c.name = 'unchanged' as is_unchanged from public.command c
        where c.tenant_id = of_tenant and c.id > after_id and c.id < before and c.idempotency_key is not null
        order by c.id limit most
    ), changed as (
        update public.command c set idempotency_key = null, fingerprint = null, response = null
        from old
        where c.tenant_id = of_tenant and c.id = old.id and c.idempotency_key is not null and not old.is_unchanged
        returning 1
    ), deleted as (
        delete from public.command c using old
        where c.tenant_id = of_tenant and c.id = old.id and old.is_unchanged
        returning 1
    )
    select (select count(*) from changed) + (select count(*) from deleted), old.id
    from old order by old.id desc limit 1;
end
$$;

grant select (tenant_id, id, name, idempotency_key), update (idempotency_key, fingerprint, response), delete
    on public.command to stockwell_lookup;
alter function auth.forget_answers(uuid, uuid, uuid, integer) owner to stockwell_lookup;
revoke all on function auth.forget_answers(uuid, uuid, uuid, integer) from public;
grant execute on function auth.forget_answers(uuid, uuid, uuid, integer) to stockwell_relay;

-- Deletes refused requests of a tenant before the instant `before`, at most `most`. Returns how many.
create or replace function auth.forget_refusals(of_tenant uuid, before timestamptz, most integer)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from public.access_refusal r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.access_refusal o
        where o.tenant_id = of_tenant and o.minute < before order by o.minute limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

grant select (tenant_id, id, minute), delete on public.access_refusal to stockwell_lookup;
alter function auth.forget_refusals(uuid, timestamptz, integer) owner to stockwell_lookup;
revoke all on function auth.forget_refusals(uuid, timestamptz, integer) from public;
grant execute on function auth.forget_refusals(uuid, timestamptz, integer) to stockwell_relay;

-- Deletes requests of a tenant from the log, those with ids below `before_id`, at most `most`. Returns how many.
create or replace function auth.forget_requests(of_tenant uuid, before_id uuid, most integer)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from public.request_log r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.request_log o
        where o.tenant_id = of_tenant and o.id < before_id order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

grant select (tenant_id, id), delete on public.request_log to stockwell_lookup;
alter function auth.forget_requests(uuid, uuid, integer) owner to stockwell_lookup;
revoke all on function auth.forget_requests(uuid, uuid, integer) from public;
grant execute on function auth.forget_requests(uuid, uuid, integer) to stockwell_relay;

-- Deletes refresh tokens of a tenant that ended before the instant `before`, at most `most`. Returns how many. Only rows with ids
-- below `before_id` are read: an id begins with the millisecond in which the row was written.
create or replace function auth.forget_refresh_tokens(of_tenant uuid, before timestamptz, before_id uuid, most integer)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from public.refresh_token r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.refresh_token o
        where o.tenant_id = of_tenant and o.id < before_id and least(o.used_at, o.revoked_at, o.expires_at) < before
        order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

grant select (tenant_id, id, used_at, revoked_at, expires_at), delete on public.refresh_token to stockwell_lookup;
alter function auth.forget_refresh_tokens(uuid, timestamptz, uuid, integer) owner to stockwell_lookup;
revoke all on function auth.forget_refresh_tokens(uuid, timestamptz, uuid, integer) from public;
grant execute on function auth.forget_refresh_tokens(uuid, timestamptz, uuid, integer) to stockwell_relay;

-- Deletes links for a new password of a tenant that ended before the instant `before`, at most `most`. Returns how many. Only rows with ids
-- below `before_id` are read: an id begins with the millisecond in which the row was written.
create or replace function auth.forget_password_links(of_tenant uuid, before timestamptz, before_id uuid, most integer)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from public.password_link r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.password_link o
        where o.tenant_id = of_tenant and o.id < before_id and least(o.ended_at, o.expires_at) < before
        order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

grant select (tenant_id, id, ended_at, expires_at), delete on public.password_link to stockwell_lookup;
alter function auth.forget_password_links(uuid, timestamptz, uuid, integer) owner to stockwell_lookup;
revoke all on function auth.forget_password_links(uuid, timestamptz, uuid, integer) from public;
grant execute on function auth.forget_password_links(uuid, timestamptz, uuid, integer) to stockwell_relay;

-- Deletes invitations of a tenant that ended before the instant `before`, at most `most`. Returns how many. Only rows with ids
-- below `before_id` are read: an id begins with the millisecond in which the row was written.
create or replace function auth.forget_invitations(of_tenant uuid, before timestamptz, before_id uuid, most integer)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from public.invitation r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.invitation o
        where o.tenant_id = of_tenant and o.id < before_id and least(o.accepted_at, o.revoked_at, o.expires_at) < before
        order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

grant select (tenant_id, id, accepted_at, revoked_at, expires_at), delete on public.invitation to stockwell_lookup;
alter function auth.forget_invitations(uuid, timestamptz, uuid, integer) owner to stockwell_lookup;
revoke all on function auth.forget_invitations(uuid, timestamptz, uuid, integer) from public;
grant execute on function auth.forget_invitations(uuid, timestamptz, uuid, integer) to stockwell_relay;

-- Deletes customer sessions of a tenant that ended before the instant `before`, at most `most`. Returns how many. Only rows with ids
-- below `before_id` are read: an id begins with the millisecond in which the row was written.
create or replace function auth.forget_customer_sessions(of_tenant uuid, before timestamptz, before_id uuid, most integer)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from public.customer_session r
    where r.tenant_id = of_tenant and r.id in (
        select o.id from public.customer_session o
        where o.tenant_id = of_tenant and o.id < before_id and least(o.revoked_at, o.expires_at) < before
        order by o.id limit most
    );
    get diagnostics forgotten = row_count;
    return forgotten;
end
$$;

grant select (tenant_id, id, revoked_at, expires_at), delete on public.customer_session to stockwell_lookup;
alter function auth.forget_customer_sessions(uuid, timestamptz, uuid, integer) owner to stockwell_lookup;
revoke all on function auth.forget_customer_sessions(uuid, timestamptz, uuid, integer) from public;
grant execute on function auth.forget_customer_sessions(uuid, timestamptz, uuid, integer) to stockwell_relay;

-- The tenants that are not moving to another database, for work that is done for each.
create or replace function auth.tenants()
returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select t.tenant_id from public.tenant t
    where t.moved_at is null and (t.moving_until is null or t.moving_until <= now())
    order by t.tenant_id;
end
$$;

alter function auth.tenants() owner to stockwell_lookup;
revoke all on function auth.tenants() from public;
grant execute on function auth.tenants() to stockwell_relay;

-- Whether a tenant is moving to another database, so that work for each tenant leaves one out.
create or replace function auth.is_moving()
returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from public.tenant t where t.moved_at is null and t.moving_until > now());
end
$$;

alter function auth.is_moving() owner to stockwell_lookup;
revoke all on function auth.is_moving() from public;
grant execute on function auth.is_moving() to stockwell_relay;

-- The tenants that have endpoints of webhooks.
create or replace function auth.webhook_tenants()
returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select distinct e.tenant_id from public.webhook_endpoint e where e.deleted_at is null;
end
$$;

grant select (tenant_id, deleted_at) on public.webhook_endpoint to stockwell_lookup;
alter function auth.webhook_tenants() owner to stockwell_lookup;
revoke all on function auth.webhook_tenants() from public;
grant execute on function auth.webhook_tenants() to stockwell_relay;
