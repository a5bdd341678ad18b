-- Views over the ledger. 40_bi.sql has the rules of a view.

-- The journal by day of posting, account and channel: the roll-up, and the lines that are not folded yet. While the roll-up is
-- built, it reads all lines.
create view bi.ledger_by_day with (security_invoker = true) as
with fold as (
    select f.position from public.ledger_rollup f where f.tenant_id = bi.tenant() and f.position is not null
), part as (
    select r.posted_on, r.account_code, r.channel, r.currency, r.debit, r.credit
    from public.ledger_sum_by_day r
    where r.tenant_id = (select bi.tenant()) and exists (select from fold)
    union all
    select l.posted_on, l.account_code, coalesce(l.channel, ''), l.currency, l.debit, l.credit
    from public.journal_line l
    -- The planner takes a range between unknown bounds for few lines, and finds them by the index of positions.
    where l.tenant_id = (select bi.tenant()) and l.position >= (select coalesce(max(fold.position), 0) from fold)
        and l.position <= (select 9223372036854775807)
), summed as (
    select p.posted_on, p.account_code, p.channel, p.currency, sum(p.debit) as debit, sum(p.credit) as credit
    from part p
    group by p.posted_on, p.account_code, p.channel, p.currency
)
select
    s.posted_on, s.account_code || '' as account_code, a.name || '' as account_name, a.kind as account_kind,
    nullif(s.channel, '') as channel, s.currency, s.debit, s.credit, s.debit - s.credit as balance
from summed s
left join public.account a on a.tenant_id = bi.tenant() and a.code = s.account_code;

-- Every account of the chart, over the whole history.
create view bi.trial_balance with (security_invoker = true) as
select
    a.code || '' as account_code, a.name || '' as account_name, a.kind as account_kind, t.currency, 0::numeric as opening,
    coalesce(sum(l.debit), 0) as debit, coalesce(sum(l.credit), 0) as credit, coalesce(sum(l.balance), 0) as closing
from public.account a
join public.tenant t on t.tenant_id = a.tenant_id
left join bi.ledger_by_day l on l.account_code = a.code
where a.tenant_id = bi.tenant()
group by a.code, a.name, a.kind, t.currency;

grant select on all tables in schema bi to stockwell_app;
