-- A server of the version before removes a barcode, or gives it another unit, without keeping what it was. Two triggers keep it. A
-- server of this version has kept it when they run, and a removal of the whole tenant keeps nothing.
create function keep_former_barcode() returns trigger
language plpgsql
as $$
begin
    insert into public.former_barcode (tenant_id, code, product_id, uom, since, replaced_at)
    select old.tenant_id, old.code, old.product_id, old.uom, old.since, now()
    where not exists (
        select from public.former_barcode f
        where f.tenant_id = old.tenant_id and f.code = old.code and f.product_id = old.product_id and f.uom = old.uom
          and f.since is not distinct from old.since)
    on conflict do nothing;
    if tg_op = 'DELETE' then
        return old;
    end if;
    new.since := now();
    return new;
end
$$;

revoke all on function keep_former_barcode() from public;

create trigger keep_removed_barcode before delete on barcode
for each row when (current_user = 'stockwell_app') execute function keep_former_barcode();

create trigger keep_moved_barcode before update of uom on barcode
for each row when (current_user = 'stockwell_app' and new.uom <> old.uom and new.since is not distinct from old.since)
execute function keep_former_barcode();
