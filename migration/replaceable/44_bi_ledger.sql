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
where a.tenant_id = bi.tenant() and (a.dropped_at is null or l.account_code is not null)
group by a.code, a.name, a.kind, t.currency;

-- By month and channel, over the whole history.
create view bi.profit_and_loss with (security_invoker = true) as
select
    l.month, l.channel, l.section, l.account_code, l.account_name, l.currency,
    coalesce(-sum(l.balance) filter (where l.section = 'revenue'), 0) as revenue,
    coalesce(sum(l.balance) filter (where l.section = 'cost'), 0) as cost,
    coalesce(-sum(l.balance) filter (where l.section in ('revenue', 'cost')), 0) as gross_margin,
    coalesce(sum(l.balance) filter (where l.section = 'expense'), 0) as expense,
    -sum(l.balance) as result
from (
    select
        date_trunc('month', d.posted_on::timestamp)::date as month, d.channel,
        case
            when d.account_kind = 'revenue' then 'revenue'
            when d.account_code in ('5000', '5010') then 'cost'
            -- A rule of the mapping may keep further accounts for cost.
            when d.account_code in (
                select a.code from public.account a where a.tenant_id = bi.tenant() and a.purpose = 'cost_of_goods') then 'cost'
            else 'expense'
        end as section,
        d.account_code, d.account_name, d.currency, d.balance
    from bi.ledger_by_day d
    where d.account_kind in ('revenue', 'expense')
) l
group by l.month, l.channel, l.section, l.account_code, l.account_name, l.currency;

-- As of now. What was earned is equity, by calendar year. What year closes moved to retained earnings (3110) is off the earlier ones.
create view bi.balance_sheet with (security_invoker = true) as
select
    l.section, l.account_code, l.account_name, l.currency,
    coalesce(sum(l.balance) filter (where l.section = 'assets'), 0) as assets,
    coalesce(-sum(l.balance) filter (where l.section = 'liabilities'), 0) as liabilities,
    coalesce(-sum(l.balance) filter (where l.section = 'equity'), 0) as equity,
    sum(l.balance) as balance
from (
    select
        case d.account_kind when 'asset' then 'assets' when 'liability' then 'liabilities' else 'equity' end as section,
        case when d.account_kind in ('asset', 'liability') or d.account_kind = 'equity' and d.account_code <> '3110' then d.account_code end
            as account_code,
        case
            when d.account_kind in ('asset', 'liability') or d.account_kind = 'equity' and d.account_code <> '3110' then d.account_name
            when d.account_kind <> 'equity' and d.posted_on >= date_trunc('year', now() at time zone t.time_zone)::date then 'Result of the year'
            else 'Result of earlier years'
        end as account_name,
        d.currency, d.balance
    from bi.ledger_by_day d
    join public.tenant t on t.tenant_id = bi.tenant()
) l
group by l.section, l.account_code, l.account_name, l.currency;

-- The documents of each customer that changed the receivable, over the whole history, each with what the customer owes after it.
create view bi.customer_statement with (security_invoker = true) as
select
    cu.number || '' as customer_number, cu.name || '' as customer_name, e.occurred_on, e.document_kind,
    d.number || '' as document_number, d.id as document_id, d.due_on, l.currency, l.debit, l.credit,
    sum(l.debit - l.credit) over (
        partition by d.customer_id order by e.occurred_on, l.entry_id, l.line_no) as owed_after
from (
    select i.id, i.customer_id, i.number, case when i.kind = 'invoice' then i.due_on end as due_on
    from public.invoice i where i.tenant_id = (select bi.tenant())
    union all
    select p.id, p.customer_id, p.number, null from public.payment p where p.tenant_id = (select bi.tenant())
    union all
    select a.id, a.customer_id, a.number, null from public.application a where a.tenant_id = (select bi.tenant())
) d
join public.customer cu on cu.tenant_id = bi.tenant() and cu.id = d.customer_id
join public.journal_entry e on e.tenant_id = bi.tenant() and e.document_id = d.id
join public.journal_line l on l.tenant_id = bi.tenant() and l.entry_id = e.id and l.account_code = '1100';

-- Each tax at each rate by month, over the whole history.
create view bi.tax_summary with (security_invoker = true) as
select
    date_trunc('month', l.day::timestamp)::date as month, l.tax_code, l.tax_name, l.tax_rate, l.amount_per_unit, l.account_code,
    l.currency, sum(l.tax_base) as tax_base, sum(l.tax) as tax
from bi.tax_lines l
group by 1, l.tax_code, l.tax_name, l.tax_rate, l.amount_per_unit, l.account_code, l.currency;

-- Each control account beside its sub-ledger, as of now.
create view bi.tie_out with (security_invoker = true) as
with control (name, codes, href, subledger) as (
    select 'cash', array['1000'], '/v1/pos/sessions',
        (select coalesce(sum(s.amount), 0) from public.tender s where s.tenant_id = (select bi.tenant()) and s.kind = 'cash')
        + (select coalesce(sum(s.amount), 0) from public.cash_move s where s.tenant_id = (select bi.tenant()))
    union all
    select 'bank', array['1010'], '/v1/payments?method=bank',
        (select coalesce(sum(s.amount), 0) from public.payment s where s.tenant_id = (select bi.tenant()) and s.method = 'bank')
        + (select coalesce(sum(s.amount), 0) from public.voucher v
           join public.voucher_move s on s.tenant_id = v.tenant_id and s.voucher_id = v.id and s.document_id = v.id
           where v.tenant_id = (select bi.tenant()) and v.method = 'bank')
        - (select coalesce(sum(s.amount), 0) from public.cash_move s
           where s.tenant_id = (select bi.tenant()) and s.kind <> 'over_short' and s.document_id is null)
        - (select coalesce(sum(s.amount), 0) from public.supplier_payment s where s.tenant_id = (select bi.tenant()))
    union all
    select 'card_clearing', array['1020'], '/v1/payments?method=card',
        (select coalesce(sum(s.amount), 0) from public.tender s where s.tenant_id = (select bi.tenant()) and s.kind = 'card')
        + (select coalesce(sum(s.amount), 0) from public.payment s where s.tenant_id = (select bi.tenant()) and s.method = 'card')
        + (select coalesce(sum(s.amount), 0) from public.voucher v
           join public.voucher_move s on s.tenant_id = v.tenant_id and s.voucher_id = v.id and s.document_id = v.id
           where v.tenant_id = (select bi.tenant()) and v.method = 'card')
    union all
    select 'receivable', array['1100'], '/v1/reports/receivable_ageing',
        (select coalesce(sum(s.open), 0) from public.invoice s where s.tenant_id = (select bi.tenant()))
        - (select coalesce(sum(s.unapplied), 0) from public.payment s where s.tenant_id = (select bi.tenant()))
    union all
    select 'supplier_advances', array['1150'], '/v1/supplier-payments?unapplied=true',
        (select coalesce(sum(s.unapplied), 0) from public.supplier_payment s where s.tenant_id = (select bi.tenant()))
    union all
    select 'inventory', array['1200', '1210'], '/v1/reports/stock_position',
        (select coalesce(sum(s.value), 0) from public.stock_level s where s.tenant_id = (select bi.tenant()))
    union all
    select 'shipped_not_invoiced', array['1300'], '/v1/orders?status=partially_shipped,shipped',
        (select coalesce(sum(s.cost), 0) from public.shipment s
         where s.tenant_id = (select bi.tenant()) and s.invoice_id is null and s.undone_at is null)
    union all
    select 'payable', array['2000'], '/v1/reports/payable_ageing',
        (select -coalesce(sum(s.open), 0) from public.bill s where s.tenant_id = (select bi.tenant()))
    union all
    select 'output_tax',
        array(select '2200' union select s.account_code from public.sales_line_tax s
              where s.tenant_id = (select bi.tenant()) and s.account_code is not null order by 1),
        '/v1/reports/tax_summary',
        (select -coalesce(sum(s.tax), 0) from public.sales_line s where s.tenant_id = (select bi.tenant()))
    union all
    select 'vouchers', array['2300'], '/v1/vouchers',
        (select -coalesce(sum(s.balance), 0) from public.voucher s where s.tenant_id = (select bi.tenant()))
), balance as (
    select d.account_code, sum(d.balance) as amount from bi.ledger_by_day d group by d.account_code
), hand as (
    select j.account_code, sum(j.balance) as amount from bi.journal_lines j where j.document_kind in ('manual', 'opening_balances')
    group by j.account_code
), tied as (
    select c.name as control, array_to_string(c.codes, ',') as account_codes, c.href, t.currency,
        coalesce((select sum(b.amount) from balance b where b.account_code = any (c.codes)), 0) as ledger,
        coalesce((select sum(h.amount) from hand h where h.account_code = any (c.codes)), 0) as by_hand,
        c.subledger
    from control c join public.tenant t on t.tenant_id = bi.tenant()
)
select
    d.control, d.account_codes, d.href, d.currency, d.ledger, d.by_hand, d.subledger,
    d.ledger - d.by_hand - d.subledger as difference
from tied d;

grant select on all tables in schema bi to stockwell_app;
