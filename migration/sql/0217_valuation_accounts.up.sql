-- The accounts of valuations of bills in other currencies, where the codes are free. The migrator sees every tenant.
reset role;
insert into account (tenant_id, code, name, kind)
select t.tenant_id, a.code, a.name, a.kind
from tenant t
cross join (values
    ('2010', 'Valuation of foreign payables', 'liability'),
    ('6045', 'Unrealised exchange differences', 'expense')
) a (code, name, kind)
on conflict do nothing;
set local role stockwell_owner;
