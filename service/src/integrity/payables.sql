select
    case when coalesce(bill.open, 0) <> coalesce(ledger.balance, 0) then concat(
        'payables of ', (select code from supplier where tenant_id = $1 and id = supplier_id)) end as subject,
    coalesce(bill.open, 0) as expected, coalesce(ledger.balance, 0) as found
from (
    select supplier_id, sum(open) as open from bill where tenant_id = $1 group by supplier_id
) bill
full join (
    select l.party_id as supplier_id, sum(l.credit - l.debit) as balance
    from journal_line l
    join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_kind not in ('manual', 'opening_balances')
    where l.tenant_id = $1 and l.account_code = '2000' group by l.party_id
) ledger using (supplier_id)
union all
select case when expected <> open then concat('open amount of ', number) end, expected, open
from (
    select b.number, b.open,
        case b.kind when 'bill' then b.total + coalesce(back.total, 0) - coalesce(paid.amount, 0) else 0 end as expected
    from bill b
    left join (
        select original_id as id, sum(total) as total from bill
        where tenant_id = $1 and original_id is not null group by original_id
    ) back using (id)
    left join (
        select bill_id as id, sum(amount) as amount from supplier_payment_part where tenant_id = $1 group by bill_id
    ) paid using (id)
    where b.tenant_id = $1
) document
union all
select case when expected <> open then concat('open amount in the currency of ', number) end, expected, open
from (
    select b.number, b.foreign_open as open,
        case b.kind
            when 'bill' then b.foreign_value + b.foreign_tax + coalesce(back.total, 0) - coalesce(paid.amount, 0)
            else 0
        end as expected
    from bill b
    left join (
        select original_id as id, sum(foreign_value + foreign_tax) as total from bill
        where tenant_id = $1 and original_id is not null group by original_id
    ) back using (id)
    left join (
        select bill_id as id, sum(foreign_amount) as amount from supplier_payment_part where tenant_id = $1 group by bill_id
    ) paid using (id)
    where b.tenant_id = $1 and b.foreign_open is not null
) document
union all
select case when figure.expected <> figure.found then concat(figure.name, ' of ', number) end, figure.expected, figure.found
from (
    select id, number, value, tax from bill where tenant_id = $1
) document
left join (
    select bill_id as id, sum(value) as value, sum(tax) as tax from bill_line where tenant_id = $1 group by bill_id
) line using (id)
cross join lateral (values
    ('value', coalesce(line.value, 0), document.value),
    ('tax', coalesce(line.tax, 0), document.tax)
) figure (name, expected, found)
union all
select case when figure.expected <> figure.found then concat(figure.name, ' of ', number) end, figure.expected, figure.found
from (
    select id, number, value from landed_cost where tenant_id = $1
) document
left join (
    select landed_cost_id as id, sum(value) as value, sum(held_value) as held
    from landed_cost_line where tenant_id = $1 group by landed_cost_id
) line using (id)
cross join lateral (
    select coalesce(sum(value), 0) as value from stock_movement
    where tenant_id = $1 and document_kind = 'landed_cost' and document_id = document.id
) moved
cross join lateral (
    select
        coalesce(sum(l.debit - l.credit) filter (where l.account_code = '1200'), 0) as inventory,
        coalesce(sum(l.debit - l.credit) filter (where l.account_code = '5200'), 0) as variance
    from journal_entry e join journal_line l on l.tenant_id = $1 and l.entry_id = e.id
    where e.tenant_id = $1 and e.document_kind = 'landed_cost' and e.document_id = document.id
) ledger
cross join lateral (values
    ('shares', coalesce(line.value, 0), document.value),
    ('stock value', coalesce(line.held, 0), moved.value),
    ('inventory', coalesce(line.held, 0), ledger.inventory),
    ('cost variance', coalesce(line.value - line.held, 0), ledger.variance)
) figure (name, expected, found)
union all
select 'advances to suppliers',
    (select coalesce(sum(unapplied), 0) from supplier_payment where tenant_id = $1),
    (select coalesce(sum(l.debit - l.credit), 0) from journal_line l
     join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_kind in ('supplier_payment', 'supplier_payment_reversal')
     where l.tenant_id = $1 and l.account_code = '1150')
union all
select case when figure.expected <> figure.found then concat(figure.name, ' of ', number) end, figure.expected, figure.found
from (
    select p.*, p.kind = 'payment' and exists (
        select from supplier_payment r where r.tenant_id = $1 and r.original_id = p.id) as is_reversed
    from supplier_payment p where p.tenant_id = $1
) document
left join (
    select payment_id as id, sum(amount - discount) as paid, sum(discount) as discount,
        sum(foreign_amount - foreign_discount) as foreign_paid, sum(foreign_discount) as foreign_discount
    from supplier_payment_part where tenant_id = $1 group by payment_id
) part using (id)
left join (
    select a.advance_id as id, sum(coalesce(x.paid, 0) + a.difference) as applied, sum(coalesce(x.foreign_paid, 0)) as foreign_applied
    from supplier_payment a
    left join (
        select payment_id, sum(amount - discount) as paid, sum(foreign_amount - foreign_discount) as foreign_paid
        from supplier_payment_part where tenant_id = $1 group by payment_id
    ) x on x.payment_id = a.id
    where a.tenant_id = $1 and a.advance_id is not null group by a.advance_id
) applied using (id)
cross join lateral (values
    ('discount', coalesce(part.discount, 0), document.discount),
    ('discount in the currency', coalesce(part.foreign_discount, 0), document.foreign_discount),
    (
        'amount in the currency',
        case when document.foreign_amount is null or document.advance_id is not null then coalesce(document.foreign_amount, 0)
            else coalesce(part.foreign_paid, 0) + document.foreign_advance end,
        coalesce(document.foreign_amount, 0)
    ),
    (
        'unapplied amount',
        case when document.kind <> 'payment' or document.is_reversed then 0
            else document.advance - coalesce(applied.applied, 0) end,
        document.unapplied
    ),
    (
        'unapplied amount in the currency',
        case when document.kind <> 'payment' or document.is_reversed then 0
            else document.foreign_advance - coalesce(applied.foreign_applied, 0) end,
        document.foreign_unapplied
    )
) figure (name, expected, found)
union all
select 'goods received not invoiced',
    (select coalesce(sum(value), 0) from stock_document where tenant_id = $1 and kind = 'receipt')
    - (select coalesce(sum(value), 0) from supplier_return_line where tenant_id = $1 and reversal_id is null)
    - (select coalesce(sum(value), 0) from bill_line where tenant_id = $1 and account_code is null)
    + (select coalesce(sum(held + gone), 0) from bill_match where tenant_id = $1),
    (select coalesce(sum(l.credit - l.debit), 0) from journal_line l
     join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_kind not in ('manual', 'opening_balances')
     where l.tenant_id = $1 and l.account_code = '2100')
