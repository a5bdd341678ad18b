-- A server of the version before writes a new SKU without the instant from which the product has it. A trigger gives it.
create function keep_sku_since() returns trigger
language plpgsql
as $$
begin
    new.sku_since := new.updated_at;
    return new;
end
$$;

revoke all on function keep_sku_since() from public;

create trigger keep_sku_since before update of sku on product
for each row when (new.sku <> old.sku and new.sku_since is not distinct from old.sku_since)
execute function keep_sku_since();
