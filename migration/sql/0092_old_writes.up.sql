-- A server of the version before writes neither the sort key of a price nor the denominator of a unit's factor. Two triggers
-- give them to its rows. A row of this version has them already, and calls no function but that of its units without a fraction.

-- The units of a product whose factor is a fraction: `{"DZN": {"factor": 0.083333, "denominator": 12}}`. The version before
-- deletes the units and writes them again with their decimals, and does not touch this column. Step 0105 fills it in for the products that are there.
alter table product add column unit_fractions jsonb not null default '{}';

create function keep_unit_fraction() returns trigger
language plpgsql
as $$
begin
    select (p.unit_fractions -> new.uom ->> 'denominator')::smallint
    into new.factor_denominator
    from public.product p
    where p.tenant_id = new.tenant_id and p.id = new.product_id
      and (p.unit_fractions -> new.uom ->> 'factor')::numeric = new.factor;
    new.factor_denominator := coalesce(new.factor_denominator, 1);
    return new;
end
$$;

revoke all on function keep_unit_fraction() from public;

create trigger keep_unit_fraction before insert on product_unit
for each row when (new.factor_denominator = 1) execute function keep_unit_fraction();

create function keep_price_key() returns trigger
language plpgsql
as $$
begin
    new.price_key := coalesce(lpad((new.list_price * 1000000)::bigint::text, 18, '0'), '~');
    return new;
end
$$;

revoke all on function keep_price_key() from public;

create trigger keep_price_key before insert or update on product
for each row when (new.price_key is distinct from coalesce(lpad((new.list_price * 1000000)::bigint::text, 18, '0'), '~'))
execute function keep_price_key();

-- The row of a unit that load_sales_3 returns.
create type product_unit_row_2 as (
    product_id uuid,
    uom text,
    factor numeric,
    list_price numeric,
    factor_denominator smallint
);
