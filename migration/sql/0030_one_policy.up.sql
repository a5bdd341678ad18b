-- One policy on each table for the service's role: permissive, with the predicate of the wall. A distributed engine
-- copies policies to its shards without `as restrictive`, and a permissive policy that lets everything through then
-- opens them. A new database gets the one policy from replaceable/20_wall.sql.

-- The second policy becomes a wall before the first one goes: each statement leaves the table behind a wall.
do $$
declare
    target record;
begin
    for target in
        select p.polrelid::regclass as name from pg_policy p
        where p.polname = 'tenant_access' and p.polpermissive
            and p.polrelid in (select c.oid from pg_class c where c.relnamespace = 'public'::regnamespace)
    loop
        execute format(
            'alter policy tenant_access on %s using (tenant_id = current_setting(''app.tenant_id'')::uuid) '
            'with check (tenant_id = current_setting(''app.tenant_id'')::uuid)', target.name);
        execute format('drop policy tenant_wall on %s', target.name);
        execute format('alter policy tenant_access on %s rename to tenant_wall', target.name);
    end loop;
end
$$;
