-- The restrictive policy is created before the other one is widened.
do $$
declare
    target record;
begin
    for target in
        select p.polrelid::regclass as name from pg_policy p
        where p.polname = 'tenant_wall' and p.polpermissive
            and p.polrelid in (select c.oid from pg_class c where c.relnamespace = 'public'::regnamespace)
    loop
        execute format('alter policy tenant_wall on %s rename to tenant_access', target.name);
        execute format(
            'create policy tenant_wall on %s as restrictive for all to stockwell_app '
            'using (tenant_id = current_setting(''app.tenant_id'')::uuid) '
            'with check (tenant_id = current_setting(''app.tenant_id'')::uuid)', target.name);
        execute format('alter policy tenant_access on %s using (true) with check (true)', target.name);
    end loop;
end
$$;
