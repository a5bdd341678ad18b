-- Outside a transaction: the products are filled in one by one, as the migrator, whom no policy keeps from a row.

reset role;

do $$ begin if row_security_active('product') then raise exception 'row-level security hides products from this step'; end if; end $$;

-- The products of before step 0092 that have a unit whose factor is a fraction, in the order of their keys. Each is locked before
-- its units are read, in a transaction of its own: a server that changes it holds that lock.
do $$ declare v_tenant uuid := '00000000-0000-0000-0000-000000000000'; v_product uuid := v_tenant; begin loop select u.tenant_id, u.product_id into v_tenant, v_product from product_unit u where (u.tenant_id, u.product_id) > (v_tenant, v_product) and u.factor_denominator > 1 order by u.tenant_id, u.product_id limit 1; exit when not found; perform from product p where p.tenant_id = v_tenant and p.id = v_product for no key update; update product p set unit_fractions = f.fractions from (select coalesce(jsonb_object_agg(u.uom, jsonb_build_object('factor', u.factor, 'denominator', u.factor_denominator)), '{}') as fractions from product_unit u where u.tenant_id = v_tenant and u.product_id = v_product and u.factor_denominator > 1) f where p.tenant_id = v_tenant and p.id = v_product and p.unit_fractions <> f.fractions; commit; end loop; end $$;
