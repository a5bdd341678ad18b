reset role;
delete from account a where a.code = '1105' and a.name = 'Valuation of foreign receivables'
    and not exists (select from journal_line l where l.tenant_id = a.tenant_id and l.account_code = a.code);
set local role stockwell_owner;
