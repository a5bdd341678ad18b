reset role;
delete from account a where (a.code, a.name) in (('2010', 'Valuation of foreign payables'), ('6045', 'Unrealised exchange differences'))
    and not exists (select from journal_line l where l.tenant_id = a.tenant_id and l.account_code = a.code);
set local role stockwell_owner;
