-- Outside a transaction: the tables may be large.

drop index concurrently if exists product_by_tag;

drop index concurrently if exists customer_by_tag;

-- Row-level security keeps `@>` from using an index, so only functions of the schema auth use these.
create index concurrently product_by_tag on product using gin (tenant_id, tags jsonb_path_ops) where tags <> '[]';

create index concurrently customer_by_tag on customer using gin (tenant_id, tags jsonb_path_ops) where tags <> '[]';

-- The products that the version before wrote since step 0087, by parts, as the migrator, whom no policy keeps from a row.

reset role;

do $$ begin if row_security_active('product') then raise exception 'row-level security hides products from this step'; end if; end $$;

-- A product that a file import has locked is left out: it may wait for one of this part.
do $$ begin loop update product p set price_key = coalesce(lpad((p.list_price * 1000000)::bigint::text, 18, '0'), '~') from (select tenant_id, id from product where price_key is distinct from coalesce(lpad((list_price * 1000000)::bigint::text, 18, '0'), '~') order by tenant_id, id limit 5000 for no key update skip locked) part where p.tenant_id = part.tenant_id and p.id = part.id; exit when not found; commit; end loop; end $$;

-- Those that were left out, one by one: a transaction that waits for a product holds no other.
do $$ begin loop update product p set price_key = coalesce(lpad((p.list_price * 1000000)::bigint::text, 18, '0'), '~') from (select tenant_id, id from product where price_key is distinct from coalesce(lpad((list_price * 1000000)::bigint::text, 18, '0'), '~') order by tenant_id, id limit 1 for no key update) part where p.tenant_id = part.tenant_id and p.id = part.id; exit when not found; commit; end loop; end $$;
