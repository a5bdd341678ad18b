-- What the account had before there was a register is one closed voucher.

do $$
begin
    if row_security_active('journal_line') then
        raise exception 'row-level security hides the journal from this step';
    end if;
    with earlier as (
        select tenant_id, gen_random_uuid() as id, sum(credit - debit) as balance
        from journal_line where account_code = '2300' group by tenant_id having sum(credit - debit) <> 0
    ),
    closed as (
        insert into voucher (tenant_id, id, code, status, issued, redeemed, balance, forced, recorded_at, updated_at)
        select
            tenant_id, id, 'Before the register', 'closed', greatest(balance, 0), greatest(-balance, 0), balance,
            balance < 0, now(), now()
        from earlier
    )
    insert into voucher_move (tenant_id, voucher_id, document_id, document_kind, amount, occurred_at, recorded_at)
    select tenant_id, id, id, 'voucher', balance, now(), now() from earlier;
end
$$;
alter table journal_line force row level security;
