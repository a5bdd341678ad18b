-- The one search for which row-level security would prevent the use of an index: a text within a name or an SKU. It
-- reads the products of the current tenant, raises if none is set, and returns only ids.

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

grant select on public.product to stockwell_lookup;
alter function auth.find_products(text, integer) owner to stockwell_lookup;
revoke all on function auth.find_products(text, integer) from public;
grant execute on function auth.find_products(text, integer) to stockwell_app;
