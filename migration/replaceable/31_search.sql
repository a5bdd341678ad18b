-- The searches for which row-level security would prevent the use of an index: a text within names and codes. They read the
-- records of the current tenant, raise if none is set, and return only ids.

-- The version before calls this one.
create or replace function auth.find_products(wanted text, rows_max integer)
returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with pattern as (
        select '%' || replace(replace(replace(lower(wanted), '\', '\\'), '%', '\%'), '_', '\_') || '%' as text
    ), found as materialized (
        select p.id from public.product p
        where p.tenant_id = current_setting('app.tenant_id')::uuid
          and (p.name_key like (select text from pattern) or p.sku_key like (select text from pattern))
    )
    select id from found order by id desc limit rows_max;
end
$$;

-- The rank of a record that is found: 0, the text is the code; 1, the name or the code begins with it; 2, every word of it begins
-- a word; 3, every word of it is somewhere. `patterns` are those of the longest word, for the index. At most 50,000 records that
-- have it are read. The best `rows_max` are returned; those that begin with the text are always among them.
create or replace function auth.find_products(whole text, words text[], patterns text[], rows_max integer)
returns table (id uuid, rank integer)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    -- What separates words, and as many blanks.
    marks constant text := '-_/.,;:()+&"''#';
    beginnings constant text[] := array(select ' ' || translate(word, marks, repeat(' ', length(marks))) from unnest(words) word);
begin
    return query
    with candidate as (
        (select p.id from public.product p
         where p.tenant_id = tenant and p.sku_key ^@ lower(whole) order by p.sku_key limit rows_max)
        union
        (select p.id from public.product p
         where p.tenant_id = tenant and p.name_key ^@ lower(whole) order by p.name_key limit rows_max)
        union
        (select p.id
         from (
             select p.id, normalize(p.name_key, nfkc) || ' ' || p.sku_key as texts
             from public.product p
             where p.tenant_id = tenant and (p.name_key like any (patterns) or p.sku_key like any (patterns))
             limit 50000
         ) p
         where not exists (select from unnest(words) word where strpos(p.texts, word) = 0))
    )
    select p.id, case
        when p.sku_key = lower(whole) then 0
        when starts_with(p.sku_key, lower(whole)) or starts_with(n.name, lower(whole)) then 1
        when not exists (
            select from unnest(beginnings) word
            where strpos(' ' || translate(n.name || ' ' || p.sku_key, marks, repeat(' ', length(marks))), word) = 0) then 2
        else 3 end
    from candidate c
    join public.product p on p.tenant_id = tenant and p.id = c.id
    cross join lateral (select normalize(p.name_key, nfkc) as name) n
    order by 2, p.name_key, p.id
    limit rows_max;
end
$$;

-- As above, in the names, numbers and e-mail addresses of customers.
create or replace function auth.find_customers(whole text, words text[], patterns text[], rows_max integer)
returns table (id uuid, rank integer)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    -- What separates words, and as many blanks.
    marks constant text := '-_/.,;:()+&"''#';
    beginnings constant text[] := array(select ' ' || translate(word, marks, repeat(' ', length(marks))) from unnest(words) word);
begin
    return query
    with candidate as (
        (select c.id from public.customer c where c.tenant_id = tenant and c.number in (whole, upper(whole)))
        union
        (select c.id from public.customer c
         where c.tenant_id = tenant and c.name_key ^@ lower(whole) order by c.name_key limit rows_max)
        union
        (select c.id
         from (
             select c.id, concat_ws(' ', normalize(c.name_key, nfkc), lower(c.number), lower(c.email)) as texts
             from public.customer c
             where c.tenant_id = tenant
               and (c.name_key like any (patterns) or c.number ilike any (patterns) or c.email ilike any (patterns))
             limit 50000
         ) c
         where not exists (select from unnest(words) word where strpos(c.texts, word) = 0))
    )
    select c.id, case
        when n.number = lower(whole) or n.email = lower(whole) then 0
        when starts_with(n.number, lower(whole)) or starts_with(n.email, lower(whole)) or starts_with(n.name, lower(whole)) then 1
        when not exists (
            select from unnest(beginnings) word
            where strpos(
                ' ' || translate(concat_ws(' ', n.name, n.number, n.email), marks, repeat(' ', length(marks))), word) = 0) then 2
        else 3 end
    from candidate f
    join public.customer c on c.tenant_id = tenant and c.id = f.id
    cross join lateral (
        select normalize(c.name_key, nfkc) as name, lower(c.number) as number, coalesce(lower(c.email), '') as email) n
    order by 2, c.name_key, c.id
    limit rows_max;
end
$$;

-- The customers with an e-mail address, in any case.
create or replace function auth.find_customers_by_email(wanted text)
returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
begin
    return query
    select c.id from public.customer c
    where c.tenant_id = current_setting('app.tenant_id')::uuid
      and c.email ilike replace(replace(replace(wanted, '\', '\\'), '%', '\%'), '_', '\_');
end
$$;

grant select on public.product, public.customer to stockwell_lookup;
alter function auth.find_products(text, integer) owner to stockwell_lookup;
alter function auth.find_products(text, text[], text[], integer) owner to stockwell_lookup;
alter function auth.find_customers(text, text[], text[], integer) owner to stockwell_lookup;
alter function auth.find_customers_by_email(text) owner to stockwell_lookup;
revoke all on function auth.find_products(text, integer), auth.find_products(text, text[], text[], integer),
    auth.find_customers(text, text[], text[], integer), auth.find_customers_by_email(text)
    from public;
grant execute on function auth.find_products(text, integer), auth.find_products(text, text[], text[], integer),
    auth.find_customers(text, text[], text[], integer), auth.find_customers_by_email(text)
    to stockwell_app;
