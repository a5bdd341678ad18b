-- The account that year closes debit, where its code is free. Row-level security holds for the owner of the table as well; the migrator
-- sees every tenant.
reset role;
insert into account (tenant_id, code, name, kind)
select tenant_id, '3110', 'Closed results', 'equity' from tenant
on conflict do nothing;
set local role stockwell_owner;
