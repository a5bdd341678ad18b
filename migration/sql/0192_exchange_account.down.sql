reset role;
delete from account a where a.code = '6040' and a.name = 'Exchange differences'
    and not exists (select from journal_line l where l.tenant_id = a.tenant_id and l.account_code = a.code);
set local role stockwell_owner;
