-- Records as documents print them, by the version that a document read: see 0067. The functions run with the rights of
-- their caller, behind row-level security, and are inlined in the statements that use them.

create or replace function printed_product(p_tenant uuid, p_product uuid, p_version integer)
returns table (sku text, name text, tax_name text)
language sql stable
as $$
    select coalesce(r.sku, p.sku), coalesce(r.name, p.name), t.name
    from product p
    left join lateral (
        select r.sku, r.name, r.tax_class_id from replaced_product r
        where r.tenant_id = p_tenant and r.product_id = p_product and r.version >= coalesce(p_version, 0)
        order by r.version limit 1
    ) r on true
    join tax_class t on t.tenant_id = p_tenant and t.id = coalesce(r.tax_class_id, p.tax_class_id)
    where p.tenant_id = p_tenant and p.id = p_product
$$;

create or replace function printed_customer(p_tenant uuid, p_customer uuid, p_version integer)
returns table (customer_number text, customer_name text, customer_tax_number text, customer_addresses jsonb)
language sql stable
as $$
    select
        coalesce(r.number, c.number), coalesce(r.name, c.name),
        case when r.version is null then c.tax_number else r.tax_number end, coalesce(r.addresses, c.addresses)
    from customer c
    left join lateral (
        select r.version, r.number, r.name, r.tax_number, r.addresses from replaced_customer r
        where r.tenant_id = p_tenant and r.customer_id = p_customer and r.version >= coalesce(p_version, 0)
        order by r.version limit 1
    ) r on true
    where c.tenant_id = p_tenant and c.id = p_customer
$$;

create or replace function printed_seller(p_tenant uuid, p_version integer)
returns table (seller_name text, seller_tax_number text, seller_address jsonb, seller_logo_url text)
language sql stable
as $$
    select
        coalesce(r.name, t.name),
        case when r.version is null then t.tax_number else r.tax_number end,
        case when r.version is null then t.address else r.address end,
        case when r.version is null then t.logo_url else r.logo_url end
    from tenant t
    left join lateral (
        select r.version, r.name, r.tax_number, r.address, r.logo_url from replaced_seller r
        where r.tenant_id = p_tenant and r.version >= coalesce(p_version, 0)
        order by r.version limit 1
    ) r on true
    where t.tenant_id = p_tenant
$$;

revoke all on function printed_product, printed_customer, printed_seller from public;
grant execute on function printed_product, printed_customer, printed_seller to stockwell_app;
