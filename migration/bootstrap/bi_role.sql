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

-- The functions of PostgreSQL that every role may call at first, and with which a login could fill the disk or stop the service:
-- large objects, messages, locks by number (migrations and the period lock use them), and numbers of transactions. As long as a
-- transaction has a number, the feed of events and the roll-ups of every tenant wait for it.
create or replace function bi_role.closed_functions()
returns setof regprocedure
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace
        and (p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'pg_logical_emit_message', 'pg_notify',
                'pg_current_xact_id', 'txid_current', 'pg_export_snapshot')
            or p.proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$')
$$;

-- The limits of a role that only a superuser can set, and that its sessions can't lift: temporary files, and what they write to the
-- log of the server. The log takes the messages that end a session, without the statement and its context. All others have texts
-- of any length: of errors, of `raise log`, and of `debug_print_plan`, which every role may switch on.
create or replace function bi_role.superuser_limits()
returns table (name text, value text)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    values ('temp_file_limit', '2GB'), ('log_min_messages', 'fatal'), ('log_min_error_statement', 'panic'),
        ('log_error_verbosity', 'terse')
$$;

-- Sets these limits, as far as the owner of the function may: only a superuser can.
create or replace function bi_role.set_superuser_limits(login text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    wanted record;
begin
    perform bi_role.check_name(login);
    for wanted in select l.name, l.value from bi_role.superuser_limits() l loop
        begin
            execute format('alter role %I set %I = %L', login, wanted.name, wanted.value);
        exception when insufficient_privilege then
            null;
        end;
    end loop;
end
$$;

-- Makes the role of a BI tool. `verifier` is the stored form of its password. A session can change the settings of the role, but
-- not its attributes. No role is made while the functions that BI tools may not call are open to every role.
create or replace function bi_role.make(login text, verifier text, ends_at timestamptz)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    open_function text;
begin
    perform bi_role.check_name(login);
    select f::text into open_function from bi_role.closed_functions() f where has_function_privilege('public', f, 'execute')
    order by 1 limit 1;
    if open_function is not null then
        raise exception 'every role may call %, so a BI tool could stop the service: run `stockwell migrate` with a superuser in STOCKWELL_ADMIN_DATABASE_URL',
            open_function;
    end if;
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
    perform bi_role.set_superuser_limits(login);
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

-- Forbids to log in as the role. Commit this before the sessions end: a client that loses its session connects again at
-- once. Does nothing if there is no such role.
create or replace function bi_role.close(login text)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform bi_role.check_name(login);
    if to_regrole(quote_ident(login)) is not null then
        execute format('alter role %I nologin', login);
    end if;
end
$$;

-- Ends the sessions of the closed role and drops it. Does nothing if there is no such role.
create or replace function bi_role.remove(login text)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    role_id oid;
    left_over bigint;
begin
    perform bi_role.check_name(login);
    role_id := to_regrole(quote_ident(login));
    if role_id is null then
        return;
    end if;
    if exists (select from pg_roles where oid = role_id and rolcanlogin) then
        execute format('alter role %I nologin', login);
    end if;
    for attempt in 1..10 loop
        -- Otherwise a transaction sees the sessions that it saw first.
        perform pg_stat_clear_snapshot();
        select count(*), count(pg_terminate_backend(a.pid, 2000)) into left_over
        from pg_stat_activity a where a.usesysid = role_id;
        exit when left_over = 0;
    end loop;
    if left_over > 0 then
        raise exception 'sessions of % do not end', login using errcode = 'object_in_use';
    end if;
    execute format('drop owned by %I', login);
    execute format('drop role %I', login);
end
$$;

-- Ends sessions of BI tools whose transaction began before `longest` ago, and those of roles that are closed or have ended. A
-- session can lift its own time limits, but not this one. A transaction with a number ends after a second. A session can get a
-- number by a change of its own role's settings, which PostgreSQL lets every role do. Ends sessions of roles that were dropped, too.
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
    left join pg_roles r on r.oid = a.usesysid
    where a.backend_type = 'client backend' and a.usesysid is not null and (
        r.oid is null and a.datname = current_database()
        or r.rolname ~ '^bi_[a-z2-7]{26}$'
            and exists (select from pg_auth_members m where m.member = r.oid and m.roleid = 'stockwell_bi'::regrole)
            and (a.xact_start < clock_timestamp() - longest
                or a.backend_xid is not null and a.xact_start < clock_timestamp() - interval '1 second'
                or r.rolvaliduntil < clock_timestamp() or not r.rolcanlogin));
    return ended;
end
$$;

revoke all on function bi_role.check_name(text), bi_role.closed_functions(), bi_role.superuser_limits(),
    bi_role.set_superuser_limits(text), bi_role.make(text, text, timestamptz),
    bi_role.end_at(text, timestamptz), bi_role.close(text), bi_role.remove(text), bi_role.end_sessions(interval) from public;
grant execute on function bi_role.make(text, text, timestamptz), bi_role.end_at(text, timestamptz), bi_role.close(text),
    bi_role.remove(text) to stockwell_migrator;
grant execute on function bi_role.end_sessions(interval) to stockwell_relay, stockwell_migrator;

-- Closes these functions to all but Stockwell's own roles.
do $$
declare
    target regprocedure;
    member text;
begin
    for target in select f from bi_role.closed_functions() f loop
        -- First the grants: between the two, no role of Stockwell lacks the right. The columns `position` of events and sales
        -- lines take the number of the transaction by default.
        if target::text ~ '^(pg_.*advisory_|pg_current_xact_id|txid_current|pg_export_snapshot)' then
            foreach member in array '{stockwell_owner, stockwell_migrator, stockwell_app, stockwell_relay, stockwell_lookup}'::text[]
            loop
                execute format('grant execute on function %s to %I', target, member);
            end loop;
        end if;
        if has_function_privilege('public', target, 'execute') then
            execute format('revoke execute on function %s from public', target);
        end if;
    end loop;
exception when insufficient_privilege then
    null;
end
$$;

-- Only the owner of these functions can close them. For another role PostgreSQL changes nothing and warns.
do $$
declare
    open_functions text;
begin
    select string_agg(f::text, ', ' order by f::text) into open_functions
    from bi_role.closed_functions() f where has_function_privilege('public', f, 'execute');
    if open_functions is not null then
        raise warning 'no BI login can be made, because every role may call %: only a superuser can close these', open_functions;
    end if;
end
$$;

-- Sets the limits of roles that a version before has made. Their sessions have them from the next one on.
do $$
declare
    login text;
begin
    for login in
        select r.rolname from pg_roles r
        where r.rolname ~ '^bi_[a-z2-7]{26}$'
            and exists (select from pg_auth_members m where m.member = r.oid and m.roleid = 'stockwell_bi'::regrole)
            and not coalesce(r.rolconfig, '{}') @> (select array_agg(l.name || '=' || l.value) from bi_role.superuser_limits() l)
    loop
        begin
            perform bi_role.set_superuser_limits(login);
        exception when undefined_object then
            -- The role was dropped meanwhile.
            null;
        end;
    end loop;
end
$$;
