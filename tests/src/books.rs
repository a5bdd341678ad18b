//! Facts that hold for every tenant after every commit, checked from the raw rows, without the code under test.

mod buying;
mod foreign;

use std::sync::LazyLock;

use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, PgPool, Row};
use service::integrity;

use crate::{Tenant, environment};

/// Each query returns what is wrong, one row each; `$1` is the tenant.
const FACTS: &[(&str, &str)] = &[
    (
        "a stock level is the sum of its movements",
        "select format('product %s: level %s worth %s, movements %s worth %s', product_id, l.on_hand, l.value, m.quantity, m.value) \
         from (select location_id, product_id, lot_id, on_hand, value from stock_level where tenant_id = $1) l \
         full join (select location_id, product_id, lot_id, sum(quantity) as quantity, sum(value) as value \
                    from stock_movement where tenant_id = $1 group by 1, 2, 3) m \
           using (location_id, product_id, lot_id) \
         where (coalesce(on_hand, 0), coalesce(l.value, 0)) <> (coalesce(m.quantity, 0), coalesce(m.value, 0))",
    ),
    (
        "no day ends with value but no quantity",
        "select format('product %s: worth %s without quantity at the end of %s', product_id, value, day) from ( \
           select product_id, day, sum(quantity) over w as quantity, sum(value) over w as value from ( \
             select location_id, product_id, lot_id, (occurred_at at time zone 'UTC')::date as day, \
                    sum(quantity) as quantity, sum(value) as value \
             from stock_movement where tenant_id = $1 group by 1, 2, 3, 4) m \
           window w as (partition by location_id, product_id, lot_id order by day)) d \
         where quantity = 0 and value <> 0",
    ),
    (
        "a level with cost layers is the sum of them, and one without has none",
        "select format('product %s: level %s worth %s, layers %s worth %s', product_id, on_hand, l.value, quantity, c.value) \
         from (select location_id, product_id, lot_id, greatest(on_hand, 0) as on_hand, \
                      case when on_hand < 0 then 0 else value end as value \
               from stock_level where tenant_id = $1 and layered) l \
         full join (select location_id, product_id, lot_id, sum(quantity) as quantity, sum(value) as value \
                    from cost_layer where tenant_id = $1 group by 1, 2, 3) c using (location_id, product_id, lot_id) \
         where (coalesce(on_hand, 0), coalesce(l.value, 0)) <> (coalesce(quantity, 0), coalesce(c.value, 0))",
    ),
    (
        "no level is below zero or reserves more than is on hand, unless it is marked as forced",
        "select format('product %s: %s on hand, %s reserved, worth %s', product_id, on_hand, reserved, value) \
         from stock_level where tenant_id = $1 \
           and (reserved < 0 or sign(value) * sign(on_hand) < 0 \
                or forced <> (on_hand < 0 or reserved > on_hand))",
    ),
    (
        "open costs to settle are what is below zero, and the ledger has their variance",
        "select format('product %s: %s on hand worth %s, to settle %s worth %s', product_id, on_hand, l.value, \
                       c.quantity, c.value) \
         from (select location_id, product_id, lot_id, on_hand, value from stock_level \
               where tenant_id = $1 and on_hand < 0) l \
         full join (select location_id, product_id, lot_id, sum(open_quantity) as quantity, sum(open_value) as value \
                    from cost_to_settle where tenant_id = $1 and settled_at is null group by 1, 2, 3) c \
           using (location_id, product_id, lot_id) \
         where (coalesce(-on_hand, 0), coalesce(-l.value, 0)) <> (coalesce(c.quantity, 0), coalesce(c.value, 0)) \
         union all \
         select format('cost variance: ledger %s, costs %s', ledger, costs) from \
           (select coalesce(sum(l.debit - l.credit), 0) as ledger from journal_line l \
            join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id \
            where l.tenant_id = $1 and l.account_code = '5200' and e.memo = 'Settlement of stock below zero') l, \
           (select coalesce(sum(variance), 0) as costs from cost_to_settle where tenant_id = $1) c \
         where ledger <> costs",
    ),
    (
        "stock of a tracked product lies in its lots, other stock in none",
        "select format('product %s (%s): %s in lot %s', p.sku, p.tracking, l.on_hand, l.lot_id) \
         from stock_level l join product p on p.tenant_id = l.tenant_id and p.id = l.product_id \
         left join lot t on t.tenant_id = l.tenant_id and t.id = l.lot_id \
         where l.tenant_id = $1 and l.on_hand <> 0 \
           and ((p.tracking = 'none') <> (t.id is null) or t.product_id <> l.product_id) \
         union all \
         select format('serial number %s: %s of it', t.code, sum(l.on_hand)) \
         from lot t join product p on p.tenant_id = t.tenant_id and p.id = t.product_id and p.tracking = 'serial' \
         join stock_level l on l.tenant_id = t.tenant_id and l.lot_id = t.id \
          and l.lot_id <> '00000000-0000-0000-0000-000000000000' \
         where t.tenant_id = $1 group by t.id, t.code having sum(l.on_hand) not in (0, 1)",
    ),
    (
        "reserved is the sum of the reservations",
        "select format('product %s: level %s, reservations %s', product_id, reserved, quantity) \
         from (select location_id, product_id, lot_id, reserved from stock_level where tenant_id = $1) l \
         full join (select location_id, product_id, lot_id, sum(quantity) as quantity \
                    from reservation where tenant_id = $1 group by 1, 2, 3) r using (location_id, product_id, lot_id) \
         where coalesce(reserved, 0) <> coalesce(quantity, 0)",
    ),
    (
        "an order's reservations are what its lines say",
        "select format('order %s line %s: line %s, reservations %s', l.order_id, l.line_no, l.reserved, r.quantity) \
         from (select order_id, line_no, reserved from sales_order_line where tenant_id = $1) l \
         full join (select document_id as order_id, line_no, sum(quantity) as quantity from reservation \
                    where tenant_id = $1 and kind = 'order' group by 1, 2) r using (order_id, line_no) \
         where coalesce(l.reserved, 0) <> coalesce(r.quantity, 0)",
    ),
    (
        "backordered of a level is the sum of its lines, and nothing is available where a line waits",
        "select format('product %s: level %s, lines %s, %s free', product_id, l.backordered, w.backordered, l.free) \
         from (select l.location_id, l.product_id, sum(l.backordered) as backordered, \
                      sum(l.on_hand - l.reserved) filter (where p.tracking = 'none') as free \
               from stock_level l join product p on p.tenant_id = $1 and p.id = l.product_id \
               where l.tenant_id = $1 group by 1, 2) l \
         full join (select o.location_id, l.product_id, sum(l.backordered) as backordered from sales_order_line l \
                    join sales_order o on o.tenant_id = l.tenant_id and o.id = l.order_id \
                    where l.tenant_id = $1 and l.backordered > 0 group by 1, 2) w using (location_id, product_id) \
         where coalesce(l.backordered, 0) <> coalesce(w.backordered, 0) or (w.backordered > 0 and l.free > 0)",
    ),
    (
        "no available lot suits a line that waits for its product",
        "select format('order %s line %s: %s free of lot %s', w.order_id, w.line_no, l.on_hand - l.reserved, t.code) \
         from sales_order_line w join sales_order o on o.tenant_id = $1 and o.id = w.order_id \
         join customer c on c.tenant_id = $1 and c.id = o.customer_id \
         join stock_level l on l.tenant_id = $1 and l.location_id = o.location_id and l.product_id = w.product_id \
         join lot t on t.tenant_id = $1 and t.id = l.lot_id and t.status = 'open' \
         join tenant n on n.tenant_id = $1 \
         where w.tenant_id = $1 and w.backordered > 0 and l.on_hand > l.reserved \
           and coalesce(t.expires_on, 'infinity') \
               >= (now() at time zone n.time_zone)::date + c.min_remaining_life_days \
           and not exists (select from hold where tenant_id = $1 and expires_at is not null)",
    ),
    (
        "the level without a lot of a tracked product has no stock and no reservation",
        "select format('product %s: %s on hand, %s reserved', p.sku, l.on_hand, l.reserved) \
         from stock_level l join product p on p.tenant_id = $1 and p.id = l.product_id and p.tracking <> 'none' \
         where l.tenant_id = $1 and l.lot_id = '00000000-0000-0000-0000-000000000000' \
           and (l.on_hand, l.reserved) <> (0, 0)",
    ),
    (
        "every unit of a confirmed order is reserved, backordered, shipped or cancelled",
        "select format('order %s line %s', l.order_id, l.line_no) from sales_order_line l \
         join sales_order o on o.tenant_id = l.tenant_id and o.id = l.order_id \
         join product p on p.tenant_id = l.tenant_id and p.id = l.product_id \
         where l.tenant_id = $1 and p.kind = 'stocked' \
           and (o.status in ('confirmed', 'partially_shipped', 'shipped', 'invoiced') \
                and l.quantity <> l.reserved + l.shipped + l.backordered + l.cancelled \
                or o.status in ('draft', 'on_hold', 'cancelled') and l.reserved + l.backordered <> 0)",
    ),
    (
        "a hold reserves what its lines say, until it ends",
        "select format('hold %s line %s: line %s, reservations %s', l.hold_id, l.line_no, l.quantity, r.quantity) \
         from (select l.hold_id, l.line_no, l.quantity, h.expires_at from hold h \
               join hold_line l on l.tenant_id = h.tenant_id and l.hold_id = h.id \
               where h.tenant_id = $1 and h.status = 'open' and h.kind in ('hold', 'quarantine')) l \
         full join (select document_id as hold_id, line_no, quantity from reservation \
                    where tenant_id = $1 and kind in ('hold', 'quarantine')) r using (hold_id, line_no) \
         where l.quantity is distinct from r.quantity \
           and not (r.quantity is null and l.expires_at <= clock_timestamp())",
    ),
    (
        "a till or channel allotment reserves no more than its lines say, and its levels are marked",
        "select format('hold %s line %s: line %s, reservations %s', r.document_id, r.line_no, l.quantity, r.quantity) \
         from reservation r \
         join stock_level s on s.tenant_id = r.tenant_id and s.location_id = r.location_id and s.product_id = r.product_id \
          and s.lot_id = r.lot_id \
         left join hold h on h.tenant_id = r.tenant_id and h.id = r.document_id and h.kind = r.kind and h.status = 'open' \
         left join hold_line l on l.tenant_id = h.tenant_id and l.hold_id = h.id and l.line_no = r.line_no \
         where r.tenant_id = $1 and r.kind in ('till_allotment', 'channel_allotment') \
           and (l.quantity is null or r.quantity > l.quantity or not s.allotted)",
    ),
    (
        "stock in transit is the sum of the open transfers",
        "select format('product %s: level %s worth %s, transfers %s worth %s', product_id, on_hand, s.value, quantity, t.value) \
         from (select product_id, lot_id, on_hand, value from stock_level l join location o on o.tenant_id = l.tenant_id and o.id = l.location_id \
               where l.tenant_id = $1 and o.kind = 'transit') s \
         full join (select product_id, lot_id, sum(quantity - received - missing - returned) as quantity, sum(open_value) as value \
                    from transfer_line where tenant_id = $1 group by 1, 2) t using (product_id, lot_id) \
         where (coalesce(on_hand, 0), coalesce(s.value, 0)) <> (coalesce(quantity, 0), coalesce(t.value, 0))",
    ),
    (
        "an order's lines are shipped and invoiced as its shipments say",
        "select format('order %s line %s', l.order_id, l.line_no) from sales_order_line l \
         left join (select s.order_id, i.order_line_no, sum(i.quantity) as shipped, \
                           sum(i.quantity) filter (where s.invoice_id is not null) as invoiced \
                    from shipment s join shipment_line i on i.tenant_id = s.tenant_id and i.shipment_id = s.id \
                    where s.tenant_id = $1 and s.undone_at is null group by 1, 2) s on s.order_id = l.order_id and s.order_line_no = l.line_no \
         where l.tenant_id = $1 and (l.shipped, l.invoiced) <> (coalesce(s.shipped, 0), coalesce(s.invoiced, 0))",
    ),
    (
        "every entry balances",
        "select format('entry %s of %s', e.id, e.document_kind) from journal_entry e \
         left join (select entry_id, sum(debit) as debit, sum(credit) as credit, count(*) as lines \
                    from journal_line where tenant_id = $1 group by 1) l on l.entry_id = e.id \
         where e.tenant_id = $1 and (l.lines is null or l.lines < 2 or (l.debit, l.credit) <> (e.debit_total, e.credit_total) \
            or l.debit <> l.credit)",
    ),
    (
        "inventory in the ledger is the value of the stock",
        "select format('ledger %s, stock %s', ledger, stock) from \
           (select coalesce(sum(debit - credit), 0) as ledger from journal_line \
            where tenant_id = $1 and account_code in ('1200', '1210')) l, \
           (select coalesce(sum(value), 0) as stock from stock_level where tenant_id = $1) s where ledger <> stock",
    ),
    (
        "shipped-not-invoiced in the ledger is the cost of the shipments without invoice",
        "select format('ledger %s, shipments %s', ledger, shipments) from \
           (select coalesce(sum(debit - credit), 0) as ledger from journal_line \
            where tenant_id = $1 and account_code = '1300') l, \
           (select coalesce(sum(cost), 0) as shipments from shipment where tenant_id = $1 and invoice_id is null and undone_at is null) s \
         where ledger <> shipments",
    ),
    (
        "receivable in the ledger is what customers owe, customer by customer",
        "select format('customer %s: ledger %s, account %s, open %s', c.id, coalesce(l.amount, 0), a.receivable - a.unapplied, \
                       coalesce(i.open, 0) - coalesce(p.unapplied, 0)) \
         from customer c left join customer_account a on a.tenant_id = $1 and a.customer_id = c.id \
         left join (select party_id, sum(debit - credit) as amount from journal_line \
                    where tenant_id = $1 and account_code = '1100' group by 1) l on l.party_id = c.id \
         left join (select customer_id, sum(open) as open from invoice where tenant_id = $1 group by 1) i on i.customer_id = c.id \
         left join (select customer_id, sum(unapplied) as unapplied from payment where tenant_id = $1 group by 1) p \
           on p.customer_id = c.id \
         where c.tenant_id = $1 and (a.receivable is null or a.receivable <> coalesce(i.open, 0) \
            or a.unapplied <> coalesce(p.unapplied, 0) or coalesce(l.amount, 0) <> a.receivable - a.unapplied)",
    ),
    (
        "receivable in the ledger always names the customer",
        "select format('entry %s', entry_id) from journal_line \
         where tenant_id = $1 and account_code = '1100' and party_id is null",
    ),
    (
        "credit exposure is what is ordered and shipped",
        "select format('customer %s: ordered %s, should be %s; shipped %s, should be %s', a.customer_id, a.ordered, \
                       coalesce(o.ordered, 0), a.shipped, coalesce(o.shipped, 0)) \
         from customer_account a \
         left join (select h.customer_id, \
                sum(round(l.net * (l.quantity - l.cancelled) / l.quantity, d.digits) \
                    + round(l.tax * (l.quantity - l.cancelled) / l.quantity, d.digits) \
                    - round(l.net * l.shipped / l.quantity, d.digits) - round(l.tax * l.shipped / l.quantity, d.digits)) \
                    filter (where h.status in ('confirmed', 'partially_shipped')) as ordered, \
                sum(round(l.net * l.shipped / l.quantity, d.digits) + round(l.tax * l.shipped / l.quantity, d.digits) \
                    - round(l.net * l.invoiced / l.quantity, d.digits) - round(l.tax * l.invoiced / l.quantity, d.digits)) as shipped \
             from sales_order h join sales_order_line l on l.tenant_id = h.tenant_id and l.order_id = h.id, \
                  (select case currency when 'JPY' then 0 when 'BHD' then 3 when 'KWD' then 3 else 2 end as digits from tenant where tenant_id = $1) d \
             where h.tenant_id = $1 group by 1) o on o.customer_id = a.customer_id \
         where a.tenant_id = $1 and (a.ordered, a.shipped) <> (coalesce(o.ordered, 0), coalesce(o.shipped, 0))",
    ),
    (
        "payments, invoices and credit notes agree on what was applied",
        "select format('payment %s', p.number) from payment p, \
              lateral (select coalesce(sum(amount + difference), 0) as used from payment_allocation \
                       where tenant_id = $1 and payment_id = p.id) l, \
              lateral (select coalesce(sum(amount + difference), 0) as used from application_line \
                       where tenant_id = $1 and payment_id = p.id) c \
         where p.tenant_id = $1 and p.unapplied <> case p.kind when 'payment' then p.amount - l.used - c.used else 0 end \
         union all \
         select format('%s %s', i.kind, i.number) from invoice i, \
              lateral (select coalesce(sum(amount), 0) as paid from payment_allocation \
                       where tenant_id = $1 and invoice_id = i.id) l, \
              lateral (select coalesce(sum(amount) filter (where invoice_id = i.id), 0) as paid, \
                              coalesce(sum(amount + difference) filter (where credit_note_id = i.id), 0) as used \
                       from application_line where tenant_id = $1 and i.id in (invoice_id, credit_note_id)) c \
         where i.tenant_id = $1 and i.open <> i.total - l.paid - c.paid + c.used \
         union all \
         select format('application %s', a.number) from application a, \
              lateral (select coalesce(sum(abs(amount)), 0) as amount from application_line \
                       where tenant_id = $1 and document_id = a.id) l \
         where a.tenant_id = $1 and a.amount <> l.amount \
         union all \
         select format('%s %s', p.kind, p.number) from payment p, \
              lateral (select coalesce(sum(amount) filter (where invoice_id is null), 0) as taken from application_line \
                       where tenant_id = $1 and document_id = p.id) l \
         where p.tenant_id = $1 and p.kind <> 'payment' and p.amount <> -l.taken \
         union all \
         select format('line %s of %s moves something between customers', l.line_no, l.document_id) from application_line l \
         left join payment p on p.tenant_id = $1 and p.id = l.payment_id \
         left join invoice n on n.tenant_id = $1 and n.id = l.credit_note_id \
         left join invoice i on i.tenant_id = $1 and i.id = l.invoice_id \
         where l.tenant_id = $1 and i.customer_id <> coalesce(p.customer_id, n.customer_id)",
    ),
    (
        "money accounts are the sum of tenders, payments and cash moves",
        "select format('%s: ledger %s, documents %s', code, ledger, documents) from ( \
           select '1000' as code, \
                  (select coalesce(sum(amount), 0) from tender where tenant_id = $1 and kind = 'cash') \
                  + (select coalesce(sum(amount), 0) from cash_move where tenant_id = $1) as documents \
           union all select '1010', \
                  (select coalesce(sum(amount), 0) from payment where tenant_id = $1 and method = 'bank') \
                  + (select coalesce(sum(m.amount), 0) from voucher_move m join voucher v on v.tenant_id = $1 and v.id = m.document_id \
                     where m.tenant_id = $1 and v.method = 'bank') \
                  - (select coalesce(sum(amount), 0) from cash_move \
                     where tenant_id = $1 and kind <> 'over_short' and document_id is null) \
                  - (select coalesce(sum(amount), 0) from supplier_payment where tenant_id = $1) \
           union all select '1020', \
                  (select coalesce(sum(amount), 0) from tender where tenant_id = $1 and kind = 'card') \
                  + (select coalesce(sum(amount), 0) from payment where tenant_id = $1 and method = 'card') \
                  + (select coalesce(sum(m.amount), 0) from voucher_move m join voucher v on v.tenant_id = $1 and v.id = m.document_id \
                     where m.tenant_id = $1 and v.method = 'card') \
           union all select '2300', -(select coalesce(sum(balance), 0) from voucher where tenant_id = $1) \
         ) d, lateral (select coalesce(sum(l.debit - l.credit), 0) as ledger from journal_line l \
                       join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_kind not in ('manual', 'opening_balances') \
                       where l.tenant_id = $1 and l.account_code = d.code) l \
         where ledger <> documents",
    ),
    (
        "a sale takes money with each tender, and a refund pays it back",
        "select format('%s %s: %s of %s', d.kind, d.number, t.amount, t.kind) \
         from tender t join pos_sale d on d.tenant_id = $1 and d.id = t.sale_id \
         where t.tenant_id = $1 and case d.kind when 'sale' then t.amount < 0 else t.amount > 0 end",
    ),
    (
        "a voucher is the sum of its changes, and changes by what its tenders paid",
        "select format('voucher %s: %s, changes %s', v.code, v.balance, m.amount) from voucher v, \
              lateral (select coalesce(sum(amount), 0) as amount from voucher_move where tenant_id = $1 and voucher_id = v.id) m \
         where v.tenant_id = $1 and (v.balance <> m.amount or v.balance < 0 and not v.forced or v.issued < 0 or v.redeemed < 0) \
         union all \
         select format('voucher %s of document %s: tenders %s, changes %s', code, document_id, t.paid, m.amount) \
         from (select sale_id as document_id, reference as code, sum(amount) as paid from tender \
               where tenant_id = $1 and kind = 'voucher' group by 1, 2) t \
         full join (select m.document_id, v.code, m.amount from voucher_move m \
                    join voucher v on v.tenant_id = $1 and v.id = m.voucher_id \
                    where m.tenant_id = $1 and m.document_id <> v.id) m using (document_id, code) \
         where coalesce(t.paid, 0) <> -coalesce(m.amount, 0)",
    ),
    (
        "a closed session's count is explained",
        "select format('session %s: expected %s, should be %s', s.id, s.expected, s.opening_float + t.cash + m.moved) \
         from pos_session s, \
              lateral (select coalesce(sum(t.amount), 0) as cash from pos_sale d join tender t on t.tenant_id = $1 and t.sale_id = d.id \
                       where d.tenant_id = $1 and d.session_id = s.id and t.kind = 'cash') t, \
              lateral (select coalesce(sum(amount) filter (where kind not in ('opening_float', 'over_short')), 0) as moved, \
                              coalesce(sum(amount) filter (where kind = 'over_short'), 0) as over_short \
                       from cash_move where tenant_id = $1 and session_id = s.id) m \
         where s.tenant_id = $1 and s.status = 'closed' \
           and (s.expected <> s.opening_float + t.cash + m.moved or s.difference <> s.counted - s.expected \
                or m.over_short <> s.difference)",
    ),
    (
        "revenue, discount, tax and cost of the sales lines are the ledger's, by channel",
        "select format('%s %s: ledger %s, lines %s', channel, code, ledger, facts) from ( \
           select v.channel, v.code, v.facts, \
                  (select coalesce(sum(l.debit - l.credit), 0) from journal_line l \
                   join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_kind not in ('manual', 'opening_balances') \
                   left join account a on a.tenant_id = $1 and a.code = l.account_code \
                   where l.tenant_id = $1 and l.channel = v.channel \
                     and (l.account_code = any (string_to_array(v.code, ' ')) or a.purpose = any (string_to_array(v.purposes, ' ')))) as ledger \
           from (select c.channel, \
                        -coalesce(sum(s.gross), 0) as gross, coalesce(sum(s.discount), 0) as discount, \
                        -coalesce(sum(s.tax - coalesce((select sum(x.amount) from sales_line_tax x \
                            where x.tenant_id = $1 and x.document_id = s.document_id and x.document_kind = s.document_kind \
                              and x.line_no = s.line_no and x.account_code is not null), 0)), 0) as tax, \
                        coalesce(sum(s.cost), 0) as cost \
                 from (values ('wholesale'), ('retail')) c (channel) \
                 left join sales_line s on s.tenant_id = $1 and s.channel = c.channel group by 1) s, \
           lateral (values (s.channel, case s.channel when 'retail' then '4010 4110' else '4000 4100' end, 'revenue returns', s.gross), \
                           (s.channel, '4200', 'discount', s.discount), (s.channel, '2200', '', s.tax), \
                           (s.channel, case s.channel when 'retail' then '5010' else '5000' end, 'cost_of_goods', s.cost)) \
                   v (channel, code, purposes, facts) \
         ) f where ledger <> facts",
    ),
    (
        "several taxes of a line are its tax, and each account has those that name it",
        "select format('line %s of %s: tax %s, taxes %s', s.line_no, s.document_id, s.tax, sum(x.amount)) \
         from sales_line s join sales_line_tax x on x.tenant_id = $1 and x.document_id = s.document_id \
              and x.document_kind = s.document_kind and x.line_no = s.line_no \
         where s.tenant_id = $1 group by s.document_id, s.line_no, s.tax having s.tax <> sum(x.amount) \
         union all \
         select format('account %s: ledger %s, taxes %s', x.account_code, l.credit, x.amount) \
         from (select account_code, sum(amount) as amount from sales_line_tax where tenant_id = $1 group by 1) x, \
              lateral (select coalesce(sum(l.credit - l.debit), 0) as credit from journal_line l \
                       join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_kind not in ('manual', 'opening_balances') \
                       where l.tenant_id = $1 and l.account_code = x.account_code) l \
         where x.account_code is not null and x.amount <> l.credit",
    ),
    (
        "documents are the sum of their lines, and tenders settle sales",
        "select format('document %s', d.id) from ( \
           select id, kind, gross, discount, net, tax from invoice where tenant_id = $1 \
           union all select id, kind, gross, discount, net, tax from pos_sale where tenant_id = $1) d \
         left join (select document_id, document_kind, sum(gross) as gross, sum(discount) as discount, sum(net) as net, \
                           sum(tax) as tax from sales_line where tenant_id = $1 group by 1, 2) l \
           on l.document_id = d.id and l.document_kind = d.kind \
         where l.document_id is null or (d.gross, d.discount, d.net, d.tax) <> (l.gross, l.discount, l.net, l.tax) \
         union all \
         select format('sale %s: total %s, tenders %s', d.number, d.total, t.paid) from pos_sale d, \
              lateral (select coalesce(sum(amount), 0) as paid from tender where tenant_id = $1 and sale_id = d.id) t \
         where d.tenant_id = $1 and t.paid <> d.total",
    ),
    (
        "no line returns more than was sold",
        "select format('line %s of %s', s.line_no, s.document_id) from sales_line s, \
              lateral (select coalesce(-sum(r.quantity), 0) as returned, coalesce(-sum(r.net), 0) as net, \
                              coalesce(-sum(r.cost), 0) as cost from sales_line r \
                       where r.tenant_id = $1 and r.original_id = s.document_id and r.original_line_no = s.line_no \
                         and (r.document_kind = 'refund') = (s.document_kind = 'sale')) r \
         where s.tenant_id = $1 and s.quantity > 0 and (r.returned > s.quantity or r.net > s.net or r.cost > s.cost)",
    ),
    (
        "amounts have no more decimals than the currency",
        "select format('entry %s account %s: %s %s', entry_id, account_code, debit, credit) from journal_line l, \
              (select case currency when 'JPY' then 0 when 'BHD' then 3 when 'KWD' then 3 else 2 end as digits from tenant where tenant_id = $1) d \
         where l.tenant_id = $1 and (round(debit, digits), round(credit, digits)) <> (debit, credit)",
    ),
    (
        "numbers have no gaps",
        "select format('series %s: %s documents, last %s, next %s', n.series, n.documents, n.last, s.next) from ( \
           select regexp_replace(number, '-[0-9]+$', '') as series, count(*) as documents, \
                  max(substring(number from '[0-9]+$')::bigint) as last \
           from (select number from invoice where tenant_id = $1 union all select number from pos_sale where tenant_id = $1 \
                 union all select number from sales_order where tenant_id = $1 union all select number from shipment where tenant_id = $1 \
                 union all select number from payment where tenant_id = $1 \
                 union all select number from application where tenant_id = $1 \
                 union all select number from purchase_order where tenant_id = $1 \
                 union all select number from landed_cost where tenant_id = $1 \
                 union all select number from bill where tenant_id = $1 \
                 union all select number from supplier_payment where tenant_id = $1 \
                 union all select number from stock_document where tenant_id = $1) d group by 1) n \
         left join number_series s on s.tenant_id = $1 and s.series = n.series \
         where n.documents <> n.last or s.next is null or s.next <> n.last + 1",
    ),
    (
        "everything that was written names a command and has one event",
        "select format('command %s: %s events', w.command_id, e.events) from ( \
           select command_id from stock_movement where tenant_id = $1 union select command_id from journal_entry where tenant_id = $1 \
           union select command_id from pos_sale where tenant_id = $1 union select command_id from invoice where tenant_id = $1 \
           union select command_id from shipment where tenant_id = $1 union select command_id from payment where tenant_id = $1 \
           union select command_id from purchase_order where tenant_id = $1 \
           union select command_id from landed_cost where tenant_id = $1 \
           union select command_id from bill where tenant_id = $1 \
           union select command_id from supplier_payment where tenant_id = $1 \
           union select command_id from stock_document where tenant_id = $1) w \
         left join command c on c.tenant_id = $1 and c.id = w.command_id and c.status between 200 and 299, \
         lateral (select count(*) as events from event where tenant_id = $1 and command_id = w.command_id \
                    and (kind not in ('order.allocated', 'order.promise_broken', 'stock.oversold', \
                                      'stock.unsellable_sold', 'pos_sale.over_discounted', 'pos_sale.sold_below_cost', 'pos_sale.clock_ahead', 'pos_sale.exception_raised', \
                                      'voucher.overdrawn', 'order.released') or c.name = kind)) e \
         where c.id is null or e.events <> 1",
    ),
];

/// A statement that returns everything that contradicts a fact of a tenant (`$1`), with the number of the fact. It has the facts
/// of this file, then those of the integrity check.
///
/// A statement for all facts is planned once per connection. Its plan takes longer than the search for contradictions.
struct Check {
    /// Words that name each fact.
    facts: Vec<String>,
    sql: String,
}

static CHECK: LazyLock<Check> = LazyLock::new(|| {
    let (mut facts, mut selects) = (Vec::new(), Vec::new());
    for (fact, query) in FACTS.iter().chain(buying::FACTS).chain(foreign::CUSTOMERS) {
        selects.push(format!("select {}, f.found from ({query}) f (found)", facts.len()));
        facts.push((*fact).to_owned());
    }
    for (number, statement, query) in integrity::comparisons() {
        selects.push(format!("select {}, unnest(c.subjects) from ({query}) c", facts.len()));
        facts.push(format!("fact {number}: {statement}"));
    }
    Check { facts, sql: selects.join(" union all ") }
});

impl Tenant {
    /// Returns everything that is wrong with the tenant's books now.
    pub async fn check_now(&self) -> Vec<String> {
        // Reports read lines before the first fold, and roll-ups with a few lines from then on.
        match service::rollup::run_all(&environment().db, self.id).await {
            // The lines of a tenant that moved stay as they are.
            Ok(_) | Err(service::Error::TenantMoving) => (),
            Err(error) => panic!("sales lines are not folded: {error:?}"),
        }
        violations(self, &environment().checker).await
    }

    /// Like [`check_books`](Tenant::check_books), for a tenant on another database server, as its superuser sees it. Checks by the API too.
    pub async fn check_books_in(&self, root: &PgPool) {
        self.check_rows_in(root).await;
        self.check_integrity().await;
    }

    /// Like [`check_books_in`](Tenant::check_books_in), from the rows alone.
    pub async fn check_rows_in(&self, root: &PgPool) {
        let violations = violations(self, root).await;
        assert!(violations.is_empty(), "the books do not hold:\n{}", violations.join("\n"));
    }

    /// Fails unless every fact about the tenant's books holds.
    pub async fn check_books(&self) {
        let violations = self.check_now().await;
        assert!(violations.is_empty(), "the books do not hold:\n{}", violations.join("\n"));
    }
}

/// Returns everything that is wrong with a tenant's books, from the rows of one snapshot.
async fn violations(tenant: &Tenant, root: &PgPool) -> Vec<String> {
    let Check { facts, sql } = &*CHECK;
    let mut tx = root.begin().await.expect("a connection is free");
    // Views for BI tools show the rows of this tenant.
    let choose = sqlx::query("select set_config('app.tenant_id', $1, true)").bind(tenant.id.0.to_string());
    choose.execute(&mut *tx).await.expect("the tenant is chosen");
    let rows = sqlx::query(sql.as_str()).bind(tenant.id.0).fetch_all(&mut *tx).await;
    let rows = rows.unwrap_or_else(|error| panic!("checking the books: {error}"));
    tx.rollback().await.expect("nothing was written");
    let violation = |row: &PgRow| {
        let fact = usize::try_from(row.get::<i32, _>(0)).expect("the number of a fact");
        let found: Option<String> = row.get(1);
        format!("- {}: {}", facts[fact], found.unwrap_or_default())
    };
    rows.iter().map(violation).collect()
}
