-- One policy on each table for the service's role: permissive, with the tenant predicate. A distributed engine copies
-- policies to its shards without `as restrictive`. There, a permissive policy that allows everything opens them. A new
-- database gets the one policy from replaceable/20_wall.sql.

-- The permissive policy gets the predicate before the restrictive one is dropped, so each statement leaves the table
-- protected.
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
