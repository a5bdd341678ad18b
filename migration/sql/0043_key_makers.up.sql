-- Fills in who made the keys of before. Step 0040 found no row of a database with data: row-level security was forced on
-- the owner of the tables, who has no policy. The owner sees every tenant while it is not forced.
alter table api_key no force row level security;
alter table app_user no force row level security;
do $$
declare
    wanted bigint;
    changed bigint;
begin
    if row_security_active('api_key') or row_security_active('app_user') then
        raise exception 'row-level security hides the keys from this step';
    end if;
    create table public.key_maker as
    with recursive
    -- Keys that rotated themselves, one after the other. They act for the maker of the first.
    line as (
        select k.tenant_id, k.id, k.id as first_id, 0 as place from api_key k
        where not exists (
            select from api_key p where p.tenant_id = k.tenant_id and p.id = k.created_by and p.rotated_to = k.id
        )
        union all
        select k.tenant_id, k.id, l.first_id, l.place + 1
        from line l
        join api_key p on p.tenant_id = l.tenant_id and p.id = l.id
        join api_key k on k.tenant_id = p.tenant_id and k.id = p.rotated_to and k.created_by = p.id
    ),
    newest as (
        select distinct on (tenant_id, first_id) tenant_id, first_id, id
        from line order by tenant_id, first_id, place desc
    ),
    -- What a key made before it rotated itself acts for the key that replaced it.
    made as (
        select l.tenant_id, l.id, coalesce(k.parent_id, f.parent_id, n.id) as parent_id,
               coalesce(k.user_id, f.user_id, u.id) as user_id
        from line l
        join api_key k on k.tenant_id = l.tenant_id and k.id = l.id
        join api_key f on f.tenant_id = l.tenant_id and f.id = l.first_id
        left join app_user u on u.tenant_id = f.tenant_id and u.id = f.created_by
        left join line m on m.tenant_id = f.tenant_id and m.id = f.created_by
        left join newest n on n.tenant_id = m.tenant_id and n.first_id = m.first_id
    ),
    tree as (
        select m.tenant_id, m.id, array[m.id] as path, m.user_id from made m where m.parent_id is null
        union all
        select m.tenant_id, m.id, t.path || m.id, null::uuid
        from tree t join made m on m.tenant_id = t.tenant_id and m.parent_id = t.id
    )
    -- A chain may have 8 keys. A key further down acts for the seventh.
    select tenant_id, id, path[least(cardinality(path), 8) - 1] as parent_id, user_id from tree;

    select count(*) into wanted from api_key;
    select count(*) into changed from public.key_maker;
    if wanted <> changed then
        raise exception 'the makers of % of % keys were found', changed, wanted;
    end if;
    select count(*) into wanted from public.key_maker m
    join api_key k on k.tenant_id = m.tenant_id and k.id = m.id
    where (m.parent_id, m.user_id) is distinct from (k.parent_id, k.user_id);
    update api_key k set parent_id = m.parent_id, user_id = m.user_id
    from public.key_maker m
    where m.tenant_id = k.tenant_id and m.id = k.id
        and (m.parent_id, m.user_id) is distinct from (k.parent_id, k.user_id);
    get diagnostics changed = row_count;
    if wanted <> changed then
        raise exception 'the makers of % of % keys were written', changed, wanted;
    end if;
    drop table public.key_maker;

    -- Keys of before that had every scope have the new ones too. Only those of the operator may change owners.
    update api_key k
    set scopes = k.scopes || array(
        select added.scope from unnest(array['costs:read', 'prices:below_cost', 'owners:write']) added (scope)
        where added.scope <> all (k.scopes)
            and (added.scope <> 'owners:write' or k.parent_id is null and k.user_id is null)
    )
    where k.created_at < (select s.applied_at from schema_migration s where s.name = '0040_key_bounds')
        and k.scopes @> array[
            'api_keys:read', 'api_keys:write', 'catalog:read', 'catalog:write', 'counts:approve', 'counts:read',
            'counts:write', 'credit:approve', 'customers:read', 'customers:write', 'events:read', 'ledger:read',
            'ledger:write', 'orders:read', 'orders:write', 'payments:read', 'payments:write', 'pos:blind_refund',
            'pos:manage', 'pos:read', 'pos:write', 'prices:override', 'prices:read', 'prices:write', 'reports:read',
            'stock:force', 'stock:read', 'stock:write', 'users:read', 'users:write'
        ];
end
$$;
alter table api_key force row level security;
alter table app_user force row level security;
