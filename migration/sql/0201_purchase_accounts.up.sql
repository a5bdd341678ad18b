-- The accounts of discounts and of advances, where the codes are free. The migrator sees every tenant.
reset role;
insert into account (tenant_id, code, name, kind)
select t.tenant_id, a.code, a.name, a.kind
from tenant t
cross join (values
    ('5310', 'Purchase discounts', 'expense'),
    ('1150', 'Advances to suppliers', 'asset')
) a (code, name, kind)
on conflict do nothing;
set local role stockwell_owner;
