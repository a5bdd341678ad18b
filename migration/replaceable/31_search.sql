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

-- The form in which texts are compared: NFKC, one hyphen for every dash, one sigma, two s for a sharp s, and no soft hyphen. Searched words have it
-- already (`domain::text::Searched`).
create or replace function public.searched_form(lower_case text)
returns text
language sql immutable parallel safe
as $$
    select case
        when octet_length(lower_case) = length(lower_case) then lower_case
        -- A sign such as № becomes capital letters.
        else replace(
            lower(translate(
                normalize(lower_case, nfkc), U&'\2010\2011\2012\2013\2014\2015\2212\03C2\00AD', U&'-------\03C3')
                collate "C"),
            U&'\00DF', 'ss')
        end
$$;

-- A text between blanks, with a blank for everything that separates words.
create or replace function public.searched_words(form text)
returns text
language sql immutable parallel safe
as $$
    select ' ' || translate(form, '-_/.,;:()+&"''#', repeat(' ', 14))
$$;

-- The rank of a record that is found: 0, the text is a code of it; 1, its name or a code begins with the text; 2, every word of
-- the text begins a word; 3, every word of it is somewhere. All texts have the form of `searched_form`; `beginnings` are the
-- words, each as `searched_words` has it. `other` is a second code, or null. Only immutable functions are called, so that the
-- body takes the place of the call.
create or replace function public.search_rank(whole text, beginnings text[], name text, code text, other text)
returns integer
language sql immutable parallel safe
as $$
    select case
        when whole in (code, other) then 0
        when starts_with(name, whole) or starts_with(code, whole) or starts_with(other, whole) then 1
        when not exists (
            select from unnest(beginnings) word
            where strpos(public.searched_words(name || ' ' || code || coalesce(' ' || other, '')), word) = 0) then 2
        else 3 end
$$;

-- The records with all words in their names and codes, the best `rows_max`. `patterns` are those of the longest word, for the
-- index. At most 50,000 records that have it are read. Those that begin with the text, letter for letter, are always among them.
create or replace function auth.find_products(whole text, words text[], patterns text[], rows_max integer)
returns table (id uuid, rank integer)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    -- The version before sends texts in another form.
    sent constant text := public.searched_form(whole);
    sought constant text[] := array(select public.searched_form(word) from unnest(words) word);
    beginnings constant text[] := array(select public.searched_words(word) from unnest(sought) word);
begin
    return query
    with candidate as (
        (select p.id from public.product p
         where p.tenant_id = tenant and p.sku_key ^@ whole order by p.sku_key limit rows_max)
        union
        (select p.id from public.product p
         where p.tenant_id = tenant and p.name_key ^@ whole order by p.name_key limit rows_max)
        union
        (select p.id
         from (
             select p.id, public.searched_form(p.name_key || ' ' || p.sku_key) as texts
             from public.product p
             where p.tenant_id = tenant and (p.name_key like any (patterns) or p.sku_key like any (patterns))
             limit 50000
         ) p
         where not exists (select from unnest(sought) word where strpos(p.texts, word) = 0))
    )
    select p.id, public.search_rank(sent, beginnings, n.name, n.sku, null)
    from candidate c
    join public.product p on p.tenant_id = tenant and p.id = c.id
    cross join lateral (
        select public.searched_form(p.name_key) as name, public.searched_form(p.sku_key) as sku
        offset 0
    ) n
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
    -- The version before sends texts in another form.
    sent constant text := public.searched_form(whole);
    sought constant text[] := array(select public.searched_form(word) from unnest(words) word);
    beginnings constant text[] := array(select public.searched_words(word) from unnest(sought) word);
begin
    return query
    with candidate as (
        (select c.id from public.customer c where c.tenant_id = tenant and c.number in (whole, upper(whole)))
        union
        (select c.id from public.customer c
         where c.tenant_id = tenant and c.name_key ^@ whole order by c.name_key limit rows_max)
        union
        (select c.id
         from (
             select c.id, public.searched_form(concat_ws(' ', c.name_key, lower(c.number), lower(c.email))) as texts
             from public.customer c
             where c.tenant_id = tenant
               and (c.name_key like any (patterns) or c.number ilike any (patterns) or c.email ilike any (patterns))
             limit 50000
         ) c
         where not exists (select from unnest(sought) word where strpos(c.texts, word) = 0))
    )
    select c.id, public.search_rank(sent, beginnings, n.name, n.number, n.email)
    from candidate f
    join public.customer c on c.tenant_id = tenant and c.id = f.id
    cross join lateral (
        select public.searched_form(c.name_key) as name, public.searched_form(lower(c.number)) as number,
            public.searched_form(lower(c.email)) as email
        offset 0
    ) n
    order by 2, c.name_key, c.id
    limit rows_max;
end
$$;

-- As above, in the names and codes of suppliers.
create or replace function auth.find_suppliers(whole text, words text[], patterns text[], rows_max integer)
returns table (id uuid, rank integer)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
declare
    tenant constant uuid := current_setting('app.tenant_id')::uuid;
    beginnings constant text[] := array(select public.searched_words(word) from unnest(words) word);
begin
    return query
    with candidate as (
        (select s.id from public.supplier s where s.tenant_id = tenant and s.code in (whole, upper(whole)))
        union
        (select s.id from public.supplier s
         where s.tenant_id = tenant and s.name_key ^@ whole order by s.name_key limit rows_max)
        union
        (select s.id
         from (
             select s.id, public.searched_form(s.name_key || ' ' || lower(s.code)) as texts
             from public.supplier s
             where s.tenant_id = tenant and (s.name_key like any (patterns) or s.code ilike any (patterns))
             limit 50000
         ) s
         where not exists (select from unnest(words) word where strpos(s.texts, word) = 0))
    )
    select s.id, public.search_rank(whole, beginnings, n.name, n.code, null)
    from candidate f
    join public.supplier s on s.tenant_id = tenant and s.id = f.id
    cross join lateral (
        select public.searched_form(s.name_key) as name, public.searched_form(lower(s.code)) as code
        offset 0
    ) n
    order by 2, s.name_key, s.id
    limit rows_max;
end
$$;

-- The records with a tag: null if more than `rows_max` have it. Then a page soon has its rows in the order of the list.
create or replace function auth.find_tagged_products(wanted text, rows_max integer)
returns uuid[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
    found uuid[];
begin
    found := array(
        select p.id from public.product p
        where p.tenant_id = current_setting('app.tenant_id')::uuid
          and p.tags @> jsonb_build_array(wanted) and p.tags <> '[]'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

create or replace function auth.find_tagged_customers(wanted text, rows_max integer)
returns uuid[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
    found uuid[];
begin
    found := array(
        select c.id from public.customer c
        where c.tenant_id = current_setting('app.tenant_id')::uuid
          and c.tags @> jsonb_build_array(wanted) and c.tags <> '[]'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
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

-- The records whose metadata has all pairs of `wanted`: null if more than `rows_max` have them.
create or replace function auth.find_noted_products(wanted jsonb, rows_max integer)
returns uuid[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
    found uuid[];
begin
    found := array(
        select r.id from public.product r
        where r.tenant_id = current_setting('app.tenant_id')::uuid
          and r.metadata @> wanted and r.metadata <> '{}'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

create or replace function auth.find_noted_customers(wanted jsonb, rows_max integer)
returns uuid[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
    found uuid[];
begin
    found := array(
        select r.id from public.customer r
        where r.tenant_id = current_setting('app.tenant_id')::uuid
          and r.metadata @> wanted and r.metadata <> '{}'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

create or replace function auth.find_noted_suppliers(wanted jsonb, rows_max integer)
returns uuid[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
    found uuid[];
begin
    found := array(
        select r.id from public.supplier r
        where r.tenant_id = current_setting('app.tenant_id')::uuid
          and r.metadata @> wanted and r.metadata <> '{}'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

create or replace function auth.find_noted_orders(wanted jsonb, rows_max integer)
returns uuid[]
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
    found uuid[];
begin
    found := array(
        select r.id from public.sales_order r
        where r.tenant_id = current_setting('app.tenant_id')::uuid
          and r.metadata @> wanted and r.metadata <> '{}'
        limit rows_max + 1);
    return case when cardinality(found) <= rows_max then found end;
end
$$;

-- The bank transfers of customers, and payments to suppliers, of an amount and a time. Row-level security keeps a comparison of
-- numbers from using an index.
create or replace function auth.find_transfers(wanted numeric, since timestamptz, until timestamptz)
returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select p.id from public.payment p
    where p.tenant_id = current_setting('app.tenant_id')::uuid and p.method = 'bank'
      and p.amount = wanted and p.occurred_at >= since and p.occurred_at < until;
end
$$;

create or replace function auth.find_supplier_transfers(wanted numeric, since timestamptz, until timestamptz)
returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select p.id from public.supplier_payment p
    where p.tenant_id = current_setting('app.tenant_id')::uuid and p.kind = 'payment'
      and p.amount = wanted and p.occurred_at >= since and p.occurred_at < until;
end
$$;

grant select (tenant_id, id, method, amount, occurred_at) on public.payment to stockwell_lookup;
grant select (tenant_id, id, kind, amount, occurred_at) on public.supplier_payment to stockwell_lookup;
alter function auth.find_transfers(numeric, timestamptz, timestamptz) owner to stockwell_lookup;
alter function auth.find_supplier_transfers(numeric, timestamptz, timestamptz) owner to stockwell_lookup;
revoke all on function auth.find_transfers(numeric, timestamptz, timestamptz),
    auth.find_supplier_transfers(numeric, timestamptz, timestamptz) from public;
grant execute on function auth.find_transfers(numeric, timestamptz, timestamptz),
    auth.find_supplier_transfers(numeric, timestamptz, timestamptz) to stockwell_app;

grant select on public.product, public.customer, public.supplier to stockwell_lookup;
grant select (tenant_id, id, metadata) on public.sales_order to stockwell_lookup;
revoke all on function public.searched_form(text), public.searched_words(text),
    public.search_rank(text, text[], text, text, text) from public;
grant execute on function public.searched_form(text), public.searched_words(text),
    public.search_rank(text, text[], text, text, text) to stockwell_lookup;
alter function auth.find_products(text, integer) owner to stockwell_lookup;
alter function auth.find_products(text, text[], text[], integer) owner to stockwell_lookup;
alter function auth.find_customers(text, text[], text[], integer) owner to stockwell_lookup;
alter function auth.find_suppliers(text, text[], text[], integer) owner to stockwell_lookup;
alter function auth.find_tagged_products(text, integer) owner to stockwell_lookup;
alter function auth.find_tagged_customers(text, integer) owner to stockwell_lookup;
alter function auth.find_customers_by_email(text) owner to stockwell_lookup;
revoke all on function auth.find_products(text, integer), auth.find_products(text, text[], text[], integer),
    auth.find_customers(text, text[], text[], integer), auth.find_suppliers(text, text[], text[], integer),
    auth.find_tagged_products(text, integer),
    auth.find_tagged_customers(text, integer), auth.find_customers_by_email(text)
    from public;
grant execute on function auth.find_products(text, integer), auth.find_products(text, text[], text[], integer),
    auth.find_customers(text, text[], text[], integer), auth.find_suppliers(text, text[], text[], integer),
    auth.find_tagged_products(text, integer),
    auth.find_tagged_customers(text, integer), auth.find_customers_by_email(text)
    to stockwell_app;
alter function auth.find_noted_products(jsonb, integer) owner to stockwell_lookup;
alter function auth.find_noted_customers(jsonb, integer) owner to stockwell_lookup;
alter function auth.find_noted_suppliers(jsonb, integer) owner to stockwell_lookup;
alter function auth.find_noted_orders(jsonb, integer) owner to stockwell_lookup;
revoke all on function auth.find_noted_products(jsonb, integer), auth.find_noted_customers(jsonb, integer),
    auth.find_noted_suppliers(jsonb, integer), auth.find_noted_orders(jsonb, integer) from public;
grant execute on function auth.find_noted_products(jsonb, integer), auth.find_noted_customers(jsonb, integer),
    auth.find_noted_suppliers(jsonb, integer), auth.find_noted_orders(jsonb, integer) to stockwell_app;
