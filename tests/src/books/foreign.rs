//! Facts of documents in another currency than the tenant's.

/// Facts of documents of customers and of valuations, each with a query that returns what contradicts it.
pub(super) const CUSTOMERS: &[(&str, &str)] = &[
    (
        "documents of customers in another currency are the sum of their lines in it, and agree on what is open",
        "select format('%s %s', i.kind, i.number) from invoice i \
         left join (select document_id, sum(net) as net, sum(tax) as tax from foreign_line where tenant_id = $1 group by 1) l \
           on l.document_id = i.id, \
              lateral (select coalesce(sum(foreign_amount), 0) as paid from payment_allocation \
                       where tenant_id = $1 and invoice_id = i.id) p, \
              lateral (select coalesce(sum(foreign_amount) filter (where invoice_id = i.id), 0) as paid, \
                              coalesce(sum(foreign_amount) filter (where credit_note_id = i.id), 0) as used \
                       from application_line where tenant_id = $1 and i.id in (invoice_id, credit_note_id)) c \
         where i.tenant_id = $1 \
           and (l.net is distinct from i.foreign_value or l.tax is distinct from i.foreign_tax \
                or i.foreign_open <> i.foreign_value + i.foreign_tax - p.paid - c.paid + c.used) \
         union all \
         select format('payment %s', p.number) from payment p, \
              lateral (select coalesce(sum(foreign_amount), 0) as used from payment_allocation \
                       where tenant_id = $1 and payment_id = p.id) l, \
              lateral (select coalesce(sum(foreign_amount), 0) as used from application_line \
                       where tenant_id = $1 and payment_id = p.id) c \
         where p.tenant_id = $1 \
           and p.foreign_unapplied <> case p.kind when 'payment' then p.foreign_amount - l.used - c.used else 0 end \
         union all \
         select format('%s %s', p.kind, p.number) from payment p, \
              lateral (select coalesce(sum(foreign_amount) filter (where invoice_id is null), 0) as taken from application_line \
                       where tenant_id = $1 and document_id = p.id) l \
         where p.tenant_id = $1 and p.kind <> 'payment' and p.foreign_amount <> -l.taken",
    ),
    (
        "lines of orders in another currency are converted one by one at the rate of the order",
        "select format('line %s of order %s', l.line_no, o.number) from sales_order o \
         join foreign_line f on f.tenant_id = $1 and f.document_id = o.id and f.document_kind = 'order' \
         join sales_order_line l on l.tenant_id = $1 and l.order_id = o.id and l.line_no = f.line_no, \
              (select case currency when 'JPY' then 0 when 'BHD' then 3 when 'KWD' then 3 else 2 end as digits from tenant where tenant_id = $1) d \
         where o.tenant_id = $1 \
           and (l.net, l.gross) <> (round(f.net * o.exchange_rate, d.digits), round(f.gross * o.exchange_rate, d.digits))",
    ),
    (
        "the exchange differences of customers are what was taken off credits, less what was taken off invoices",
        "select format('document %s: ledger %s, lines %s', id, e.difference, l.difference) from \
           (select e.document_id as id, sum(l.credit - l.debit) as difference from journal_line l \
            join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id \
             and e.document_kind in ('payment', 'payment_reversal', 'payout', 'application', 'credit_note') \
            where l.tenant_id = $1 and l.account_code = '6040' and l.channel is null group by 1) e \
           full join (select id, sum(difference) as difference from \
              (select payment_id as id, difference from payment_allocation where tenant_id = $1 \
               union all \
               select document_id, difference from application_line where tenant_id = $1) used group by id) l using (id) \
         where coalesce(e.difference, 0) <> coalesce(l.difference, 0)",
    ),
    (
        "a valuation is taken back once, on the next day",
        "select format('valuation of %s', v.occurred_on) from journal_entry v, \
              lateral (select count(*) as entries, min(occurred_on) as day from journal_entry \
                       where tenant_id = $1 and document_id = v.id and id <> v.id) r, \
              lateral (select count(*) as accounts from \
                 (select l.account_code from journal_line l \
                  join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_id = v.id \
                  where l.tenant_id = $1 group by 1 having sum(l.debit - l.credit) <> 0) left_over) l \
         where v.tenant_id = $1 and v.document_kind = 'manual' \
           and v.id = (lpad(to_hex((v.occurred_on - date '1970-01-01')::bigint * 86400000), 12, '0') \
                       || substr(replace(v.tenant_id::text, '-', ''), 13))::uuid \
           and (r.entries <> 1 or r.day <> v.occurred_on + 1 or l.accounts > 0)",
    ),
];
