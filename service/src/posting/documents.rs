//! Loads the documents that commands refer back to: sold lines, open invoices, the cash in drawers.

use std::collections::HashMap;
use std::sync::Arc;

use domain::id::{CategoryId, CustomerId, InvoiceId, LocationId, PriceRuleId, ProductId, RegisterId, SaleId};
use domain::number::Money;
use domain::open_item::OpenInvoice;
use domain::pos::{Drawer, Paid};
use domain::printed::{Addresses, PrintedCustomer};
use domain::sales::{Line, SoldLine};
use domain::tenant::Channel;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::types::Json;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::exchange;
use crate::columns::Columns;
use crate::listing::{number, optional_number, word};
use crate::rows::uuids;
use crate::{Error, Tx, printed};
use domain::needs::Needs;

/// Locks the invoices that something is returned from. Reads the addresses that they print.
pub(super) async fn credited(tx: &Tx, needs: &Needs) -> Result<HashMap<InvoiceId, Addresses>, Error> {
    if needs.sold_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select i.id, o.bill_to, o.ship_to from invoice i \
                     left join sales_order o on o.tenant_id = i.tenant_id and o.id = i.order_id \
                     where i.tenant_id = $1 and i.id = any($2) and i.kind = 'invoice' order by i.id for update of i";
    let ids = uuids(&needs.sold_ids, |id| id);
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
    rows.iter().map(|row| Ok((InvoiceId(row.try_get("id")?), printed::of_order(row)?))).collect()
}

/// Locks the sales that something is returned from. Reads the lines of these and of the locked invoices, with what was
/// returned before.
pub(super) async fn sold(tx: &Tx, needs: &Needs) -> Result<HashMap<Uuid, Vec<SoldLine>>, Error> {
    if needs.sold_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = uuids(&needs.sold_ids, |id| id);
    let statement = "select id from pos_sale where tenant_id = $1 and id = any($2) and kind = 'sale' order by id for update";
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids)).await?;
    let statement = "select s.document_id, s.line_no, s.product_id, s.category_id, p.kind = 'stocked' as stocked, s.description, \
                s.uom, s.factor, s.entered, s.quantity, s.unit_price, s.list_price, s.price_source, \
                s.price_rule_id, s.price_trace, s.gross, s.discount, s.net, s.tax_rate, s.tax, s.location_id, \
                s.channel, s.customer_id, s.cost, s.country, s.bundle_id, s.occurred_at, \
                s.product_version, n.sku, n.name, n.tax_name, f.decimals as foreign_decimals, \
                f.unit_price as foreign_unit_price, f.gross as foreign_gross, f.net as foreign_net, f.tax as foreign_tax, \
                (select json_agg(json_build_object('code', x.code, 'name', x.name, 'rate', x.rate::text, \
                    'amount_per_unit', x.amount_per_unit::text, 'base', x.base::text, 'base_quantity', x.base_quantity::text, \
                    'amount', x.amount::text, 'account', x.account_code) order by x.tax_no) \
                 from sales_line_tax x \
                 where x.tenant_id = s.tenant_id and x.document_id = s.document_id \
                   and x.document_kind = s.document_kind and x.line_no = s.line_no) as taxes, \
                coalesce((select -sum(r.quantity) from sales_line r \
                          where r.tenant_id = $1 and r.original_id = s.document_id \
                            and r.original_line_no = s.line_no), 0) as returned, \
                coalesce((select -sum(r.cost) from sales_line r \
                          where r.tenant_id = $1 and r.original_id = s.document_id \
                            and r.original_line_no = s.line_no), 0) as returned_cost \
         from sales_line s join product p on p.tenant_id = s.tenant_id and p.id = s.product_id \
         cross join lateral printed_product(s.tenant_id, s.product_id, s.product_version) n \
         left join foreign_line f on f.tenant_id = s.tenant_id and f.document_id = s.document_id \
           and f.document_kind = s.document_kind and f.line_no = s.line_no \
         where s.tenant_id = $1 and s.document_id = any($2) and s.document_kind in ('sale', 'invoice') \
         order by s.document_id, s.line_no";
    let mut sold: HashMap<Uuid, Vec<SoldLine>> = HashMap::new();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids)).await? {
        let line = SoldLine {
            line: line(&row)?,
            location_id: LocationId(row.try_get("location_id")?),
            channel: word(&row, "channel")?,
            customer_id: row.try_get::<Option<Uuid>, _>("customer_id")?.map(CustomerId),
            cost: number(&row, "cost")?,
            occurred_at: row.try_get("occurred_at")?,
            country: row.try_get("country")?,
            returned: number(&row, "returned")?,
            returned_cost: number(&row, "returned_cost")?,
            lots: Vec::new(),
            settled: Vec::new(),
            layer_uses: Vec::new(),
        };
        sold.entry(row.try_get("document_id")?).or_default().push(line);
    }
    Ok(sold)
}

/// Reads the customers of the till sales among sold documents.
pub(super) async fn refunded(
    tx: &Tx,
    sold: &HashMap<Uuid, Vec<SoldLine>>,
) -> Result<HashMap<SaleId, Arc<PrintedCustomer>>, Error> {
    let first = |(id, lines): (&Uuid, &Vec<SoldLine>)| {
        let line = lines.first().filter(|line| line.channel == Channel::Retail)?;
        Some((*id, line.customer_id?.0))
    };
    let (sales, customers): (Vec<Uuid>, Vec<Uuid>) = sold.iter().filter_map(first).unzip();
    if sales.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select v.sale_id, c.version as customer_version, c.number as customer_number, \
                            c.name as customer_name, c.tax_number as customer_tax_number, \
                            c.addresses as customer_addresses \
                     from unnest($2::uuid[], $3::uuid[]) as v (sale_id, customer_id) \
                     join customer c on c.tenant_id = $1 and c.id = v.customer_id";
    let query = Columns::of(statement).bind(tx.tenant_id.0).column("sale_id", &sales, |id| *id).column(
        "customer_id",
        &customers,
        |id| *id,
    );
    let rows = query.rows(tx).await?;
    rows.iter().map(|row| Ok((SaleId(row.try_get("sale_id")?), printed::customer(row)?))).collect()
}

/// Reads what was paid for the till sales among sold documents, and what earlier refunds paid back. Their locks are held.
pub(super) async fn paid(
    tx: &Tx,
    sold: &HashMap<Uuid, Vec<SoldLine>>,
) -> Result<HashMap<SaleId, Paid>, Error> {
    let of_tills = sold.iter().filter(|(_, lines)| lines.iter().any(|line| line.channel == Channel::Retail));
    let ids: Vec<Uuid> = of_tills.map(|(id, _)| *id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select d.sale_id, d.id <> d.sale_id as is_back, t.kind, t.reference, t.amount, \
             coalesce((select sum(coalesce(r.captured_amount, r.authorised_amount, r.amount)) from tender_payment_intent u \
                       join payment_intent r on r.tenant_id = $1 and r.original_id = u.payment_intent_id \
                       where u.tenant_id = $1 and u.sale_id = d.sale_id \
                         and (r.status in ('authorised', 'captured') or r.status = 'created' and r.expires_at > $3) \
                         and not exists (select from tender_payment_intent n \
                                         where n.tenant_id = $1 and n.payment_intent_id = r.id)), 0) as asked \
         from (select id, id as sale_id from pos_sale where tenant_id = $1 and id = any($2) \
               union \
               select document_id, original_id from sales_line \
               where tenant_id = $1 and original_id = any($2) and document_kind = 'refund') d \
         join tender t on t.tenant_id = $1 and t.sale_id = d.id \
         order by is_back, d.id, t.line_no";
    let mut paid: HashMap<SaleId, Paid> = HashMap::new();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids).bind(tx.now)).await? {
        let of_sale = paid.entry(SaleId(row.try_get("sale_id")?)).or_default();
        of_sale.note_asked(number(&row, "asked")?);
        let (kind, amount): (_, Money) = (word(&row, "kind")?, number(&row, "amount")?);
        let reference: Option<String> = row.try_get("reference")?;
        if row.try_get("is_back")? {
            of_sale.give_back(kind, reference.as_deref(), -amount);
        } else {
            of_sale.add(kind, reference, amount);
        }
    }
    Ok(paid)
}

/// Reads a priced line from the columns that sales lines and order lines share.
pub(crate) fn line(row: &PgRow) -> Result<Line, Error> {
    let line_no: i32 = row.try_get("line_no")?;
    Ok(Line {
        line_no,
        input: line_no.unsigned_abs() as usize - 1,
        bundle_id: row.try_get::<Option<Uuid>, _>("bundle_id")?.map(ProductId),
        product_id: ProductId(row.try_get("product_id")?),
        printed: printed::product(row)?,
        category_id: row.try_get::<Option<Uuid>, _>("category_id")?.map(CategoryId),
        stocked: row.try_get("stocked")?,
        description: row.try_get("description")?,
        uom: row.try_get("uom")?,
        factor: number(row, "factor")?,
        entered: number(row, "entered")?,
        quantity: number(row, "quantity")?,
        unit_price: number(row, "unit_price")?,
        list_price: optional_number(row, "list_price")?,
        source: word(row, "price_source")?,
        rule_id: row.try_get::<Option<Uuid>, _>("price_rule_id")?.map(PriceRuleId),
        trace: row.try_get("price_trace")?,
        gross: number(row, "gross")?,
        discount: number(row, "discount")?,
        discount_percent: None,
        discount_amount: None,
        net: number(row, "net")?,
        includes_tax: false,
        tax_rate: number(row, "tax_rate")?,
        tax: number(row, "tax")?,
        taxes: row.try_get::<Option<Json<_>>, _>("taxes")?.map(|taxes| taxes.0).unwrap_or_default(),
        lots: Vec::new(),
        foreign: exchange::sales_line(row)?,
    })
}

/// Locks the invoices that payments may settle: those that commands name, and the open ones of paying customers.
pub(super) async fn payable(tx: &Tx, needs: &Needs) -> Result<HashMap<InvoiceId, OpenInvoice>, Error> {
    if needs.invoice_ids.is_empty() && needs.paying.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx
        .rows(
            sqlx::query(
                "select id, customer_id, open, due_on, foreign_currency, exchange_rate, foreign_value, foreign_tax, foreign_open, \
                    occurred_at, \
                    case when id = any($2) then rounding + coalesce(( \
                        select sum(c.rounding) from invoice c \
                        where c.tenant_id = $1 and c.id in ( \
                            select l.document_id from sales_line l \
                            where l.tenant_id = $1 and l.original_id = invoice.id)), 0) else 0 end as rounding \
                 from invoice \
                 where tenant_id = $1 and kind = 'invoice' \
                   and (id = any($2) or (customer_id = any($3) and (open > 0 or foreign_open > 0))) \
                 order by id for update",
            )
            .bind(tx.tenant_id.0)
            .bind(uuids(&needs.invoice_ids, |id| id.0))
            .bind(uuids(&needs.paying, |id| id.0)),
        )
        .await?;
    let invoice = |row: &PgRow| -> Result<(InvoiceId, OpenInvoice), Error> {
        let invoice = OpenInvoice {
            customer_id: CustomerId(row.try_get("customer_id")?),
            open: number(row, "open")?,
            foreign: exchange::document(row)?,
            due_on: row.try_get("due_on")?,
            occurred_at: row.try_get("occurred_at")?,
            rounding: number(row, "rounding")?,
        };
        Ok((InvoiceId(row.try_get("id")?), invoice))
    };
    rows.iter().map(invoice).collect()
}

/// Adds what sales, refunds and cash moves did to the drawers since their sessions were opened, and the cash that the
/// sessions before left in them.
pub(super) async fn count_cash(
    tx: &Tx,
    needs: &Needs,
    drawers: &mut HashMap<RegisterId, Drawer>,
) -> Result<(), Error> {
    let rows = tx
        .rows(
            sqlx::query(
                "select r.id, \
                    coalesce((select s.counted from pos_session s \
                              where s.tenant_id = $1 and s.register_id = r.id and s.status = 'closed' \
                              order by s.id desc limit 1), 0) as cash_left, \
                    coalesce((select sum(t.amount) from pos_session s \
                              join pos_sale d on d.tenant_id = $1 and d.session_id = s.id \
                              join tender t on t.tenant_id = $1 and t.sale_id = d.id and t.kind = 'cash' \
                              where s.tenant_id = $1 and s.register_id = r.id and s.status = 'open'), 0) \
                    + coalesce((select sum(m.amount) from pos_session s \
                              join cash_move m on m.tenant_id = $1 and m.session_id = s.id \
                               and m.kind <> 'opening_float' \
                              where s.tenant_id = $1 and s.register_id = r.id and s.status = 'open'), 0) as cash_moved \
                 from register r where r.tenant_id = $1 and r.id = any($2)",
            )
            .bind(tx.tenant_id.0)
            .bind(uuids(&needs.cash_of, |id| id.0)),
        )
        .await?;
    for row in rows {
        let drawer = drawers.entry(RegisterId(row.try_get("id")?)).or_default();
        drawer.cash_left = number(&row, "cash_left")?;
        if let Some(session) = &mut drawer.session {
            session.cash_moved = number(&row, "cash_moved")?;
        }
    }
    Ok(())
}
