-- The functions that make and end the database roles of BI tools. They have the rights of the role that states them: the
-- superuser, or another that may create roles. So no role of Stockwell needs the right to create roles, which in PostgreSQL 15
-- opens every role of the server. They take no other role than those of BI tools.

create schema if not exists bi_role;
revoke all on schema bi_role from public;
grant usage on schema bi_role to stockwell_migrator, stockwell_relay;

create or replace function bi_role.check_name(login text)
returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if login is null or login !~ '^bi_[a-z2-7]{26}$' then
        raise exception 'a role of a BI tool has a name such as bi_ and 26 letters';
    end if;
end
$$;

-- Makes the role of a BI tool. `verifier` is the stored form of its password. A session can change the settings of the role, but
-- not its attributes.
create or replace function bi_role.make(login text, verifier text, ends_at timestamptz)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform bi_role.check_name(login);
    if verifier is null or verifier !~ '^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$' then
        raise exception 'the stored form of a password begins with SCRAM-SHA-256';
    end if;
    execute format(
        'create role %I login inherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls '
        'connection limit 5 valid until %L password %L',
        login, coalesce(ends_at, 'infinity'), verifier);
    execute format('grant stockwell_bi to %I', login);
    execute format('alter role %I set default_transaction_read_only = on', login);
    execute format('alter role %I set statement_timeout = %L', login, '60s');
    execute format('alter role %I set lock_timeout = %L', login, '2s');
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', login, '60s');
    execute format('alter role %I set search_path = bi', login);
    begin
        execute format('alter role %I set temp_file_limit = %L', login, '2GB');
    exception when insufficient_privilege then
        -- Only a superuser can limit temporary files.
        null;
    end;
end
$$;

-- Sets when the role ends. It can't connect from then on.
create or replace function bi_role.end_at(login text, ends_at timestamptz)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform bi_role.check_name(login);
    execute format('alter role %I valid until %L', login, ends_at);
end
$$;

-- Ends the sessions of the role and drops it. Does nothing if there is no such role.
create or replace function bi_role.remove(login text)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform bi_role.check_name(login);
    if to_regrole(quote_ident(login)) is null then
        return;
    end if;
    execute format('alter role %I nologin', login);
    perform pg_terminate_backend(a.pid, 5000) from pg_stat_activity a where a.usename = login;
    execute format('drop owned by %I', login);
    execute format('drop role %I', login);
end
$$;

-- Ends sessions of BI tools whose transaction began before `longest` ago, and those of roles that have ended. A session can
-- lift its own time limits, but not this one.
create or replace function bi_role.end_sessions(longest interval)
returns bigint
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    ended bigint;
begin
    select count(*) filter (where pg_terminate_backend(a.pid)) into ended
    from pg_stat_activity a
    join pg_roles r on r.oid = a.usesysid
    join pg_auth_members m on m.member = r.oid and m.roleid = 'stockwell_bi'::regrole
    where r.rolname ~ '^bi_[a-z2-7]{26}$'
        and (a.xact_start < clock_timestamp() - longest or r.rolvaliduntil < clock_timestamp());
    return ended;
end
$$;

revoke all on function bi_role.check_name(text), bi_role.make(text, text, timestamptz), bi_role.end_at(text, timestamptz),
    bi_role.remove(text), bi_role.end_sessions(interval) from public;
grant execute on function bi_role.make(text, text, timestamptz), bi_role.end_at(text, timestamptz), bi_role.remove(text)
    to stockwell_migrator;
grant execute on function bi_role.end_sessions(interval) to stockwell_relay;

-- Functions of PostgreSQL that every role may call, and with which a login could fill the disk or stop the service: large
-- objects, messages in the write-ahead log, and locks by number, which migrations and the period lock use.
do $$
declare
    target regprocedure;
begin
    for target in
        select p.oid from pg_proc p
        where p.pronamespace = 'pg_catalog'::regnamespace
            and (p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'pg_logical_emit_message')
                or p.proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$')
            and has_function_privilege('public', p.oid, 'execute')
    loop
        -- First the grant: between the two, no role of Stockwell lacks the right.
        if target::text like 'pg_%advisory_%' then
            execute format(
                'grant execute on function %s to stockwell_owner, stockwell_migrator, stockwell_app, stockwell_relay', target);
        end if;
        execute format('revoke execute on function %s from public', target);
    end loop;
exception when insufficient_privilege then
    raise warning 'functions of PostgreSQL stay open to BI tools: only a superuser can close them';
end
$$;
