-- The rights of BI tools (`stockwell_bi`): the views of the schema bi, and the columns that they read. Row-level security shows
-- their session's tenant only, which follows from the role that logged in. The role has no right on the schema public, so it
-- can't name the tables.
--
-- This is a query, as 20_wall.sql is: it returns the statements for what differs. It returns nothing if there is no role
-- `stockwell_bi`, which a superuser makes (bootstrap).

with
member as (
    select oid as id from pg_roles where rolname = 'stockwell_bi'
),
read (id, columns) as (
    select d.refobjid, array_agg(distinct a.attname::text order by a.attname::text)
    from pg_class v
    join pg_rewrite r on r.ev_class = v.oid
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    join pg_class t on t.oid = d.refobjid and t.relkind in ('r', 'p') and t.relnamespace = 'public'::regnamespace
    where v.relnamespace = 'bi'::regnamespace and v.relkind = 'v'
    group by d.refobjid
),
policy (id, is_right) as (
    select p.polrelid, bool_and(
        p.polname = 'bi_wall' and p.polcmd = 'r' and p.polpermissive and p.polroles = array[m.id]
        and pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = ( SELECT auth.bi_tenant() AS bi_tenant))')
    from pg_policy p cross join member m
    where m.id = any (p.polroles)
    group by p.polrelid
),
granted (id, columns) as (
    select g.id, array_agg(g.one order by g.one)
    from (
        select c.oid as id, a.privilege_type as one
        from pg_class c cross join aclexplode(c.relacl) a join member m on m.id = a.grantee
        where c.relnamespace = 'public'::regnamespace
        union all
        select c.attrelid, case when a.privilege_type = 'SELECT' then c.attname::text else a.privilege_type end
        from pg_attribute c cross join aclexplode(c.attacl) a join member m on m.id = a.grantee
        where c.attrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    ) g
    group by g.id
)
select t.relname::text as name,
    concat_ws(
        ' ',
        case when p.id is not null and (r.id is null or not p.is_right) then (
            select string_agg(format('drop policy %I on public.%I;', o.polname, t.relname), ' ')
            from pg_policy o where o.polrelid = t.oid and (select m.id from member m) = any (o.polroles))
        end,
        case when r.id is not null and p.is_right is distinct from true then
            format('create policy bi_wall on public.%I for select to stockwell_bi using (tenant_id = (select auth.bi_tenant()));', t.relname)
        end,
        case when g.columns is distinct from r.columns then
            concat_ws(
                ' ', format('revoke all on public.%I from stockwell_bi;', t.relname),
                'grant select (' || (select string_agg(quote_ident(c), ', ') from unnest(r.columns) c)
                    || format(') on public.%I to stockwell_bi;', t.relname))
        end
    ) as statements
from pg_class t
cross join member
left join read r on r.id = t.oid
left join policy p on p.id = t.oid
left join granted g on g.id = t.oid
where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p')
    and (g.columns is distinct from r.columns or (r.id is not null) is distinct from coalesce(p.is_right, false))
union all
select 'bi.' || v.relname, format('grant select on bi.%I to stockwell_bi;', v.relname)
from pg_class v cross join member m
where v.relnamespace = 'bi'::regnamespace and v.relkind = 'v' and not has_table_privilege(m.id, v.oid, 'select')
union all
select 'the functions of BI tools',
    'grant usage on schema bi to stockwell_bi; grant execute on function bi.tenant(), auth.bi_tenant() to stockwell_bi;'
from member m
where not has_schema_privilege(m.id, 'bi', 'usage')
    or not has_function_privilege(m.id, 'bi.tenant()', 'execute')
    or not has_function_privilege(m.id, 'auth.bi_tenant()', 'execute')
order by name
