-- A server of the version before reads an advance in another currency as one in the tenant's currency. Two rules reject what it would
-- record:
--
-- - A reversal of such an advance, without the amount in its currency. A later step validates the check.
-- - An application to a bill in the tenant's currency. A check sees no other row, so a trigger looks at the advance. A server of this
--   version has rejected such a bill before.
alter table supplier_payment
    add constraint supplier_payment_foreign_advance_complete check (
        foreign_currency is null or (advance = 0) = (foreign_advance = 0)
    ) not valid;

create function keep_advance_currency() returns trigger
language plpgsql
as $$
begin
    if exists (
        select from public.supplier_payment p
        where p.tenant_id = new.tenant_id and p.id = new.advance_id and p.foreign_currency is not null)
    then
        raise exception 'the advance % is in another currency than its application %', new.advance_id, new.id
            using errcode = 'check_violation', constraint = 'keep_advance_currency';
    end if;
    return new;
end
$$;

revoke all on function keep_advance_currency() from public;

create trigger keep_advance_currency before insert on supplier_payment
for each row when (new.advance_id is not null and new.foreign_currency is null) execute function keep_advance_currency();
