-- The account of valuations of invoices, credit notes and payments in other currencies, where the code is free. The migrator sees every
-- tenant.
reset role;
insert into account (tenant_id, code, name, kind)
select t.tenant_id, '1105', 'Valuation of foreign receivables', 'asset' from tenant t
on conflict do nothing;
set local role stockwell_owner;
