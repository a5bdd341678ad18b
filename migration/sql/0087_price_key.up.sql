-- Outside a transaction: the products are filled in by parts, as the migrator, whom no policy keeps from a row.

reset role;

do $$ begin if row_security_active('product') then raise exception 'row-level security hides products from this step'; end if; end $$;

-- The price in millionths, with leading zeros. `~`, which is greater, stands for no price.
do $$ begin loop update product p set price_key = lpad((p.list_price * 1000000)::bigint::text, 18, '0') from (select tenant_id, id from product where list_price is not null and price_key = '~' limit 5000 for no key update) part where p.tenant_id = part.tenant_id and p.id = part.id; exit when not found; commit; end loop; end $$;
