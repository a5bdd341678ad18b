-- The account of realised exchange differences, where its code is free. Row-level security holds for the owner of the table as well; the
-- migrator sees every tenant.
reset role;
insert into account (tenant_id, code, name, kind)
select tenant_id, '6040', 'Exchange differences', 'expense' from tenant
on conflict do nothing;
set local role stockwell_owner;
