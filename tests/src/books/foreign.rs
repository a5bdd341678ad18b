//! Facts of documents in another currency than the tenant's.

/// Facts of documents of customers, each with a query that returns what contradicts it.
pub(super) const CUSTOMERS: &[(&str, &str)] = &[(
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
           and p.foreign_unapplied <> case p.kind when 'payment' then p.foreign_amount - l.used - c.used else 0 end",
)];
