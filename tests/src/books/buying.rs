//! Facts of buying: purchase orders, receipts, landed costs, bills and payments to suppliers.

/// Facts, each with a query that returns what contradicts it.
pub(super) const FACTS: &[(&str, &str)] = &[
    (
        "received of a purchase order's line is what its receipts received without what is replaced, and no more than its tolerance allows",
        "select format('purchase order %s line %s: line %s, receipts %s', d.number, l.line_no, l.received, r.quantity) \
         from purchase_order_line l join purchase_order d on d.tenant_id = $1 and d.id = l.purchase_order_id \
         left join (select purchase_order_id, line_no, sum(quantity) as quantity from ( \
                        select purchase_order_id, line_no, quantity from purchase_receipt_line where tenant_id = $1 \
                        union all \
                        select purchase_order_id, line_no, -quantity from supplier_return_line \
                        where tenant_id = $1 and replaces and reversal_id is null) moved group by 1, 2) r \
           on r.purchase_order_id = l.purchase_order_id and r.line_no = l.line_no \
         where l.tenant_id = $1 \
           and (l.received <> coalesce(r.quantity, 0) or l.received > l.quantity * (1 + d.over_receipt_percent / 100) \
                or d.status in ('draft', 'sent', 'confirmed', 'cancelled') and l.received <> 0 \
                or d.status = 'cancelled' and l.cancelled <> l.quantity \
                or d.status in ('received', 'closed') and l.received + l.cancelled < l.quantity) \
         union all \
         select format('stock document %s: %s, lines of purchase orders %s', s.number, s.value, r.value) \
         from stock_document s \
         join (select stock_document_id, sum(value) as value from purchase_receipt_line \
               where tenant_id = $1 group by 1) r on r.stock_document_id = s.id \
         where s.tenant_id = $1 and s.value <> r.value",
    ),
    (
        "no more of a receipt's line goes back than came, and not at a higher cost",
        "select format('receipt %s line %s: %s received, %s returned', r.stock_document_id, r.line_no, r.quantity, b.quantity) \
         from purchase_receipt_line r \
         join (select purchase_order_id, receipt_id, line_no, sum(quantity) as quantity, sum(value) as value \
               from supplier_return_line where tenant_id = $1 and reversal_id is null group by 1, 2, 3) b \
           on b.purchase_order_id = r.purchase_order_id and b.receipt_id = r.stock_document_id and b.line_no = r.line_no \
         where r.tenant_id = $1 and (b.quantity > r.quantity or b.value > r.value) \
         union all \
         select format('return %s: lines %s, movements %s', b.stock_document_id, b.quantity, m.quantity) \
         from (select stock_document_id, sum(quantity) as quantity from supplier_return_line \
               where tenant_id = $1 group by 1) b, \
         lateral (select -sum(quantity) as quantity from stock_movement \
                  where tenant_id = $1 and document_id = b.stock_document_id and kind = 'supplier_return') m \
         where b.quantity is distinct from m.quantity",
    ),
    (
        "a landed cost is the sum of its charges and of its lines, and stock and ledger have what its lines say",
        "select format('landed cost %s: %s, charges %s, lines %s, held %s, movements %s, inventory %s, variance %s', \
                       d.number, d.value, c.amount, l.value, l.held_value, m.value, e.inventory, e.variance) \
         from landed_cost d, \
              lateral (select sum((charge ->> 'amount')::numeric) as amount from jsonb_array_elements(d.charges) charge) c, \
              lateral (select sum(value) as value, sum(held_value) as held_value from landed_cost_line \
                       where tenant_id = $1 and landed_cost_id = d.id) l, \
              lateral (select coalesce(sum(value), 0) as value from stock_movement \
                       where tenant_id = $1 and document_kind = 'landed_cost' and document_id = d.id) m, \
              lateral (select coalesce(sum(j.debit - j.credit) filter (where j.account_code = '1200'), 0) as inventory, \
                              coalesce(sum(j.debit - j.credit) filter (where j.account_code = '5200'), 0) as variance \
                       from journal_entry h join journal_line j on j.tenant_id = $1 and j.entry_id = h.id \
                       where h.tenant_id = $1 and h.document_kind = 'landed_cost' and h.document_id = d.id) e \
         where d.tenant_id = $1 \
           and (c.amount is distinct from d.value or l.value is distinct from d.value or m.value <> l.held_value \
                or e.inventory <> l.held_value or e.variance <> l.value - l.held_value) \
         union all \
         select format('landed cost %s: reversed by %s, value %s', d.number, r.number, r.value) \
         from landed_cost d join landed_cost r on r.tenant_id = $1 and r.original_id = d.id \
         where d.tenant_id = $1 and (d.reversed_by_id is distinct from r.id or r.value <> -d.value)",
    ),
    (
        "payables in the ledger are the open bills, supplier by supplier",
        "select format('supplier %s: ledger %s, open %s', s.id, l.amount, b.open) from supplier s, \
              lateral (select coalesce(sum(l.credit - l.debit), 0) as amount from journal_line l \
                       join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_kind <> 'manual' \
                       where l.tenant_id = $1 and l.account_code = '2000' and l.party_id = s.id) l, \
              lateral (select coalesce(sum(open), 0) as open from bill where tenant_id = $1 and supplier_id = s.id) b \
         where s.tenant_id = $1 and l.amount <> b.open",
    ),
    (
        "a bill is the sum of its lines, and open is what was neither paid nor taken back",
        "select format('bill %s: %s with tax %s, lines %s with tax %s', b.number, b.value, b.tax, l.value, l.tax) from bill b, \
              lateral (select coalesce(sum(value), 0) as value, coalesce(sum(tax), 0) as tax from bill_line \
                       where tenant_id = $1 and bill_id = b.id) l \
         where b.tenant_id = $1 and (b.value, b.tax) <> (l.value, l.tax) \
         union all \
         select format('bill %s: open %s, should be %s', b.number, b.open, b.total + c.total - p.paid) from bill b, \
              lateral (select coalesce(sum(total), 0) as total from bill where tenant_id = $1 and original_id = b.id) c, \
              lateral (select coalesce(sum(amount), 0) as paid from supplier_payment_part \
                       where tenant_id = $1 and bill_id = b.id) p \
         where b.tenant_id = $1 and b.open <> case b.kind when 'bill' then b.total + c.total - p.paid else 0 end \
         union all \
         select format('bill %s: open %s in its currency', b.number, b.foreign_open) from bill b, \
              lateral (select coalesce(sum(foreign_value + foreign_tax), 0) as total from bill \
                       where tenant_id = $1 and original_id = b.id) c, \
              lateral (select coalesce(sum(foreign_amount), 0) as paid from supplier_payment_part \
                       where tenant_id = $1 and bill_id = b.id) p, \
              lateral (select sum(foreign_value) as value, sum(foreign_tax) as tax from bill_line \
                       where tenant_id = $1 and bill_id = b.id) l \
         where b.tenant_id = $1 and b.foreign_open is not null \
           and (b.foreign_open <> case b.kind when 'bill' then l.value + l.tax + c.total - p.paid else 0 end \
                or (b.foreign_value, b.foreign_tax) <> (l.value, l.tax))",
    ),
    (
        "advances to suppliers have what of payments is not applied to bills",
        "select format('ledger %s, payments %s', ledger, payments) from \
           (select coalesce(sum(l.debit - l.credit), 0) as ledger from journal_line l \
            join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id \
             and e.document_kind in ('supplier_payment', 'supplier_payment_reversal') \
            where l.tenant_id = $1 and l.account_code = '1150') l, \
           (select coalesce(sum(unapplied), 0) as payments from supplier_payment where tenant_id = $1) p \
         where ledger <> payments \
         union all \
         select format('payment %s: %s and %s not applied, should be %s and %s', p.number, p.unapplied, p.foreign_unapplied, \
                       p.advance - t.applied, p.foreign_advance - t.foreign_applied) \
         from supplier_payment p, \
              lateral (select coalesce(sum(x.amount - x.discount), 0) as applied, \
                              coalesce(sum(x.foreign_amount - x.foreign_discount), 0) as foreign_applied \
                       from supplier_payment a \
                       join supplier_payment_part x on x.tenant_id = $1 and x.payment_id = a.id \
                       where a.tenant_id = $1 and a.advance_id = p.id) x, \
              lateral (select x.applied + coalesce(sum(a.difference), 0) as applied, x.foreign_applied \
                       from supplier_payment a where a.tenant_id = $1 and a.advance_id = p.id) t \
         where p.tenant_id = $1 and p.kind = 'payment' \
           and not exists (select from supplier_payment r where r.tenant_id = $1 and r.original_id = p.id) \
           and (p.unapplied, p.foreign_unapplied) <> (p.advance - t.applied, p.foreign_advance - t.foreign_applied)",
    ),
    (
        "a payment to a supplier in another currency realises the difference from its bills, and its advance, on 6040",
        "select format('payment %s: ledger %s, should be %s', p.number, l.amount, \
                       case when p.advance_id is null then p.amount - p.advance - x.paid else p.difference end) \
         from supplier_payment p, \
              lateral (select coalesce(sum(amount - discount), 0) as paid from supplier_payment_part \
                       where tenant_id = $1 and payment_id = p.id) x, \
              lateral (select coalesce(sum(l.debit - l.credit), 0) as amount from journal_entry e \
                       join journal_line l on l.tenant_id = $1 and l.entry_id = e.id and l.account_code = '6040' \
                       where e.tenant_id = $1 and e.document_id = p.id) l \
         where p.tenant_id = $1 \
           and l.amount <> case when p.advance_id is null then p.amount - p.advance - x.paid else p.difference end \
         union all \
         select format('payment %s: %s paid in its currency, parts %s', p.number, p.foreign_amount, x.paid + p.foreign_advance) \
         from supplier_payment p, \
              lateral (select coalesce(sum(foreign_amount - foreign_discount), 0) as paid from supplier_payment_part \
                       where tenant_id = $1 and payment_id = p.id) x \
         where p.tenant_id = $1 and p.advance_id is null and p.foreign_amount <> x.paid + p.foreign_advance",
    ),
    (
        "goods received not invoiced has receipts, returns, bills and their differences, and no more is matched than was received and billed",
        "select format('ledger %s, documents %s', ledger, bills - differences - receipts + returns) from \
           (select coalesce(sum(l.debit - l.credit), 0) as ledger from journal_line l \
            join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id \
             and e.document_kind in ('receipt', 'supplier_return', 'bill', 'bill_credit', 'bill_reversal') \
            where l.tenant_id = $1 and l.account_code = '2100') l, \
           (select coalesce(sum(value), 0) as bills from bill_line where tenant_id = $1 and account_code is null) b, \
           (select coalesce(sum(held + gone), 0) as differences from bill_match where tenant_id = $1) m, \
           (select coalesce(sum(value), 0) as receipts from stock_document where tenant_id = $1 and kind = 'receipt') r, \
           (select coalesce(sum(value), 0) as returns from supplier_return_line where tenant_id = $1 and reversal_id is null) s \
         where ledger <> bills - differences - receipts + returns \
         union all \
         select format('line %s of bill %s: billed %s, matched %s', b.line_no, b.bill_id, b.quantity, m.quantity) \
         from (select original_id as bill_id, coalesce(original_line_no, line_no) as line_no, sum(quantity) as quantity, \
                      sum(value) as value from bill_line where tenant_id = $1 group by 1, 2) b \
         join (select bill_id, line_no, sum(quantity) as quantity, sum(billed_value) as value from bill_match \
               where tenant_id = $1 group by 1, 2) m using (bill_id, line_no) \
         where m.quantity < 0 or m.quantity > b.quantity or (m.quantity = b.quantity and m.value <> b.value) \
         union all \
         select format('receipt %s line %s: received %s, returned %s, matched %s', \
                       r.stock_document_id, r.line_no, r.quantity, b.quantity, m.quantity) \
         from purchase_receipt_line r, \
              lateral (select coalesce(sum(quantity), 0) as quantity, coalesce(sum(value), 0) as value from supplier_return_line \
                       where tenant_id = $1 and purchase_order_id = r.purchase_order_id and receipt_id = r.stock_document_id \
                         and line_no = r.line_no and reversal_id is null) b, \
              lateral (select coalesce(sum(m.quantity), 0) as quantity, coalesce(sum(m.received_value), 0) as value from bill_match m \
                       join bill_line l on l.tenant_id = $1 and l.bill_id = m.bill_id and l.line_no = m.line_no \
                       where m.tenant_id = $1 and m.stock_document_id = r.stock_document_id \
                         and l.purchase_order_id = r.purchase_order_id and l.order_line_no = r.line_no) m \
         where r.tenant_id = $1 \
           and (m.quantity < 0 or m.quantity > r.quantity - b.quantity \
                or (m.quantity = r.quantity - b.quantity and m.value <> r.value - b.value))",
    ),
];
