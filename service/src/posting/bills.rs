//! Locks the suppliers whose bills or payments are recorded, and reads bills, what they are matched with, and payments.
//!
//! Every document that changes a bill has the lock of its supplier, so that a number is used once and no more is paid than is
//! open. Bills of the lines of a purchase order are read under the lock of the order, and bills of other receipts under the locks
//! of the levels.

use std::collections::{BTreeSet, HashMap};

use domain::bill::{
    Bill, BillDiscount, BillLine, BilledGoods, BilledLine, Figures, KnownBill, Left, Matched, Payee,
    ReceivedGoods,
};
use domain::book::Book;
use domain::id::{
    BillId, LocationId, ProductId, PurchaseOrderId, StockDocumentId, SupplierId, SupplierPaymentId,
};
use domain::needs::Needs;
use domain::purchase_order::Unmatched;
use domain::stock::{ReceivedPart, went_back};
use domain::supplier::DiscountTerm;
use domain::supplier_payment::{PaidBill, SupplierPayment};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::types::Json;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::brought::{self, Brought, Came};
use super::exchange;
use super::places::places;
use crate::listing::{number, word};
use crate::rows::{parsed, uuids};
use crate::{Error, Tx};

/// Locks the suppliers of the bills and payments that commands record or name. References to them do not wait.
async fn payees(tx: &Tx, needs: &Needs) -> Result<HashMap<SupplierId, Payee>, Error> {
    let statement = "select id, code, payment_days, discounts from supplier \
         where tenant_id = $1 and (id = any($2) \
            or id in (select b.supplier_id from bill b where b.tenant_id = $1 and b.id = any($3)) \
            or id in (select p.supplier_id from supplier_payment p where p.tenant_id = $1 and p.id = any($4))) \
         order by id for no key update";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(uuids(&needs.payees, |id| id.0))
        .bind(uuids(&needs.bill_ids, |id| id.0))
        .bind(uuids(&needs.supplier_payment_ids, |id| id.0));
    let payee = |row: &PgRow| -> Result<(SupplierId, Payee), Error> {
        let id = SupplierId(row.try_get("id")?);
        let payment_days = row.try_get::<i32, _>("payment_days")?.unsigned_abs();
        let discounts = row.try_get::<Json<Vec<DiscountTerm>>, _>("discounts")?.0;
        Ok((id, Payee { id, code: row.try_get("code")?, payment_days, discounts }))
    };
    tx.rows(query).await?.iter().map(payee).collect()
}

fn is_needed(needs: &Needs) -> bool {
    !(needs.payees.is_empty() && needs.bill_ids.is_empty() && needs.supplier_payment_ids.is_empty())
}

/// Bills that commands name, that payments paid, and that have the numbers of new ones.
const KNOWN: &str = "select b.id, b.number, b.kind, b.supplier_id, b.supplier_number, b.dated, b.due_on, b.discounts, \
        b.value, b.tax, \
        b.open, b.reference, b.original_id, b.reversed_by, b.recorded_at, b.version, b.foreign_currency, b.exchange_rate, \
        b.foreign_value, b.foreign_tax, b.foreign_open, \
        coalesce((select sum(coalesce(c.foreign_value + c.foreign_tax, c.total)) from bill c \
                  where c.tenant_id = $1 and c.original_id = b.id), 0) as credited \
     from bill b \
     where b.tenant_id = $1 and (b.id = any($2) \
        or b.id in (select p.bill_id from supplier_payment_part p where p.tenant_id = $1 and p.payment_id = any($3)) \
        or (b.supplier_id, b.supplier_number) in (select v.* from unnest($4::uuid[], $5::text[]) as v) \
        or b.supplier_number = any($6) \
            and b.supplier_id in (select n.supplier_id from bill n where n.tenant_id = $1 and n.id = any($2)))";

/// Locks suppliers, and reads bills and payments. Adds the orders and receipts of the lines of bills that are taken back to the
/// needs, and the products and locations of receipts.
pub(super) async fn load(tx: &Tx, needs: &mut Needs, book: &mut Book) -> Result<(), Error> {
    if !is_needed(needs) {
        return Ok(());
    }
    book.payees = payees(tx, needs).await?;
    let (suppliers, numbers): (Vec<Uuid>, Vec<&str>) =
        needs.bill_numbers.iter().map(|(id, number)| (id.0, number.as_str())).unzip();
    let credits: Vec<&str> = needs.credit_numbers.iter().map(|(_, number)| number.as_str()).collect();
    let query = sqlx::query(KNOWN)
        .bind(tx.tenant_id.0)
        .bind(uuids(&needs.bill_ids, |id| id.0))
        .bind(uuids(&needs.supplier_payment_ids, |id| id.0))
        .bind(suppliers)
        .bind(numbers)
        .bind(credits);
    for row in tx.rows(query).await? {
        let bill = head(&row)?;
        let credited = number(&row, "credited")?;
        book.bills.insert(bill.id, KnownBill { bill, credited, left: Vec::new() });
    }
    if needs.bill_lines {
        let ids = uuids(&needs.bill_ids, |id| id.0);
        add_lines(tx, &ids, needs, book).await?;
    }
    if !needs.supplier_payment_ids.is_empty() {
        let ids = uuids(&needs.supplier_payment_ids, |id| id.0);
        let payments = payments(tx, &ids).await?;
        book.supplier_payments = payments.into_iter().map(|payment| (payment.id, payment)).collect();
    }
    need_receipts(tx, needs).await
}

/// Reads the lines of bills, and what of them was not taken back.
async fn add_lines(tx: &Tx, ids: &[Uuid], needs: &mut Needs, book: &mut Book) -> Result<(), Error> {
    for (id, line) in lines(tx, ids).await? {
        match line.goods {
            Some(BilledGoods::Order(order_id, _)) => _ = needs.purchase_ids.insert(order_id),
            Some(BilledGoods::Receipt(receipt_id, _)) => _ = needs.billed_receipt_ids.insert(receipt_id),
            None => {}
        }
        if let Some(known) = book.bills.get_mut(&id) {
            known.bill.lines.push(line);
        }
    }
    let statement = "select original_id, coalesce(original_line_no, line_no) as line_no, sum(quantity) as quantity, \
                            sum(value) as value, sum(tax) as tax, sum(foreign_value) as foreign_value, \
                            sum(foreign_tax) as foreign_tax \
                     from bill_line where tenant_id = $1 and original_id = any($2) group by 1, 2 order by 1, 2";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
        let left = Left {
            quantity: number(&row, "quantity")?,
            value: number(&row, "value")?,
            tax: number(&row, "tax")?,
            foreign: exchange::amounts(&row)?,
        };
        if let Some(known) = book.bills.get_mut(&BillId(row.try_get("original_id")?)) {
            known.left.push(left);
        }
    }
    Ok(())
}

/// Reads a bill without its lines.
pub(crate) fn head(row: &PgRow) -> Result<Bill, Error> {
    Ok(Bill {
        id: BillId(row.try_get("id")?),
        number: row.try_get("number")?,
        kind: word(row, "kind")?,
        supplier_id: SupplierId(row.try_get("supplier_id")?),
        supplier_number: row.try_get("supplier_number")?,
        dated: row.try_get("dated")?,
        due_on: row.try_get("due_on")?,
        discounts: row.try_get::<Json<Vec<BillDiscount>>, _>("discounts")?.0,
        value: number(row, "value")?,
        tax: number(row, "tax")?,
        open: number(row, "open")?,
        foreign: exchange::document(row)?,
        reference: row.try_get("reference")?,
        original_id: row.try_get::<Option<Uuid>, _>("original_id")?.map(BillId),
        reversed_by: row.try_get::<Option<Uuid>, _>("reversed_by")?.map(BillId),
        recorded_at: row.try_get("recorded_at")?,
        version: row.try_get("version")?,
        lines: Vec::new(),
    })
}

/// Returns the lines of bills, without the figures that they are compared with.
pub(crate) async fn lines(tx: &Tx, ids: &[Uuid]) -> Result<Vec<(BillId, BillLine)>, Error> {
    let statement = "select bill_id, line_no, original_line_no, purchase_order_id, order_line_no, receipt_id, receipt_line_no, \
                            product_id, location_id, account_code, description, uom, entered, unit_cost, quantity, value, \
                            tax, reasons, foreign_unit_cost, foreign_value, foreign_tax \
                     from bill_line where tenant_id = $1 and bill_id = any($2) order by bill_id, line_no";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
    rows.iter().map(|row| Ok((BillId(row.try_get("bill_id")?), line(row)?))).collect()
}

fn line(row: &PgRow) -> Result<BillLine, Error> {
    let reasons: Vec<String> = row.try_get("reasons")?;
    Ok(BillLine {
        line_no: row.try_get("line_no")?,
        original_line_no: row.try_get("original_line_no")?,
        goods: goods(row)?,
        product_id: row.try_get::<Option<Uuid>, _>("product_id")?.map(ProductId),
        location_id: row.try_get::<Option<Uuid>, _>("location_id")?.map(LocationId),
        account: row.try_get("account_code")?,
        description: row.try_get("description")?,
        uom: row.try_get("uom")?,
        entered: number(row, "entered")?,
        unit_cost: number(row, "unit_cost")?,
        quantity: number(row, "quantity")?,
        value: number(row, "value")?,
        tax: number(row, "tax")?,
        foreign: exchange::line(row)?,
        reasons: reasons.into_iter().map(parsed).collect::<Result<_, _>>()?,
        figures: Figures::default(),
    })
}

/// Reads the goods of a line; none for a line without goods.
fn goods(row: &PgRow) -> Result<Option<BilledGoods>, Error> {
    let order: Option<Uuid> = row.try_get("purchase_order_id")?;
    let order_line: Option<i32> = row.try_get("order_line_no")?;
    let receipt: Option<Uuid> = row.try_get("receipt_id")?;
    let receipt_line: Option<i32> = row.try_get("receipt_line_no")?;
    let ordered = order.zip(order_line).map(|(id, line)| BilledGoods::Order(PurchaseOrderId(id), line));
    let received =
        receipt.zip(receipt_line).map(|(id, line)| BilledGoods::Receipt(StockDocumentId(id), line));
    Ok(ordered.or(received))
}

/// Adds the products and locations of receipts whose lines are billed.
async fn need_receipts(tx: &Tx, needs: &mut Needs) -> Result<(), Error> {
    if needs.billed_receipt_ids.is_empty() {
        return Ok(());
    }
    let ids = uuids(&needs.billed_receipt_ids, |id| id.0);
    for came in brought::lines(tx, &ids).await? {
        needs.product_ids.insert(came.brought.key.product_id);
        needs.location_ids.insert(came.brought.key.location_id);
    }
    // With purchase orders, this follows when they are read.
    if needs.purchase_ids.is_empty() { need_layers(tx, needs).await } else { Ok(()) }
}

/// Whether goods go back to a supplier, or come back from there.
fn is_sent_back(needs: &Needs) -> bool {
    !(needs.receipt_ids.is_empty() && needs.supplier_return_ids.is_empty())
}

/// Adds the locations with cost layers of the receipts that are billed: their units may have been transferred.
pub(super) async fn need_layers(tx: &Tx, needs: &mut Needs) -> Result<(), Error> {
    let layered = layered_at(tx, needs).await?;
    needs.location_ids.extend(layered);
    Ok(())
}

/// Rejects a batch if units of the receipts have arrived meanwhile at a location whose levels are not locked. Another attempt
/// locks them. The levels are locked.
async fn check_layers(tx: &Tx, needs: &Needs, book: &Book) -> Result<(), Error> {
    let locked = places(needs, &book.setup);
    let is_locked = layered_at(tx, needs).await?.iter().all(|id| locked.contains(id));
    if is_locked { Ok(()) } else { Err(Error::LockTimeout) }
}

/// Returns the locations with cost layers of the receipts that are billed. The index begins with location and product, so other
/// layers are not read. Goods that go back without a bill change no cost of others.
async fn layered_at(tx: &Tx, needs: &Needs) -> Result<Vec<LocationId>, Error> {
    if !(needs.billing && (is_needed(needs) || is_sent_back(needs))) {
        return Ok(Vec::new());
    }
    let statement = "select distinct c.location_id from location l cross join unnest($2::uuid[]) as p (id) \
                     join cost_layer c on c.tenant_id = l.tenant_id and c.location_id = l.id and c.product_id = p.id \
                     where l.tenant_id = $1 and c.document_kind = 'receipt' \
                       and (c.document_id = any($3) or c.document_id in ( \
                           select r.stock_document_id from purchase_receipt_line r \
                           where r.tenant_id = $1 and r.purchase_order_id = any($4) \
                             and ($5 or exists (select from bill_line b \
                                 where b.tenant_id = $1 and b.purchase_order_id = r.purchase_order_id))))";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(uuids(&needs.product_ids, |id| id.0))
        .bind(uuids(&needs.billed_receipt_ids, |id| id.0))
        .bind(uuids(&needs.purchase_ids, |id| id.0))
        .bind(is_needed(needs));
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| Ok(LocationId(row.try_get("location_id")?))).collect()
}

/// Reads the bills and the receipts of the purchase orders and receipts of the batch. Only the bills, if it records none and no
/// billed goods go back.
pub(super) async fn billing(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    if !needs.billing {
        return Ok(());
    }
    check_layers(tx, needs, book).await?;
    let orders = uuids(&needs.purchase_ids, |id| id.0);
    let receipts = uuids(&needs.billed_receipt_ids, |id| id.0);
    book.billing.lines = billed(tx, &orders, &receipts).await?;
    let is_wanted = is_needed(needs) || is_sent_back(needs) && !book.billing.lines.is_empty();
    if is_wanted && !(orders.is_empty() && receipts.is_empty()) {
        received(tx, &orders, &receipts, book).await?;
        unmatched(tx, book).await?;
    }
    Ok(())
}

/// Reads the matches that the returns of the book undid.
async fn unmatched(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    if book.supplier_returns.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = book.supplier_returns.keys().map(|id| id.0).collect();
    let statement = "select document_id, bill_id, line_no, stock_document_id, -quantity as quantity, \
                            received_value - billed_value as difference \
                     from bill_match \
                     where tenant_id = $1 and document_id = any($2) and quantity <= 0 order by document_id, bill_id, line_no";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
        let id = StockDocumentId(row.try_get("document_id")?);
        let receipt_id = StockDocumentId(row.try_get("stock_document_id")?);
        let back = book.supplier_returns.get_mut(&id).filter(|back| back.receipt_id == receipt_id);
        if let Some(back) = back {
            let (bill_id, quantity) = (BillId(row.try_get("bill_id")?), number(&row, "quantity")?);
            let (line_no, difference) = (row.try_get("line_no")?, number(&row, "difference")?);
            back.unmatched.push(Unmatched { bill_id, line_no, quantity, difference });
        }
    }
    Ok(())
}

/// Returns the lines of bills of purchase orders and receipts, less what was taken back, with their matches.
async fn billed(tx: &Tx, orders: &[Uuid], receipts: &[Uuid]) -> Result<Vec<BilledLine>, Error> {
    let statement = "select b.bill_id, b.line_no, b.purchase_order_id, b.order_line_no, b.receipt_id, b.receipt_line_no, \
                            b.reasons, s.quantity, s.value \
                     from bill_line b \
                     cross join lateral ( \
                         select sum(l.quantity) as quantity, sum(l.value) as value from bill_line l \
                         where l.tenant_id = b.tenant_id and l.original_id = b.bill_id \
                           and coalesce(l.original_line_no, l.line_no) = b.line_no) s \
                     where b.tenant_id = $1 and b.original_id = b.bill_id \
                       and (b.purchase_order_id = any($2) or b.receipt_id = any($3)) \
                     order by b.bill_id, b.line_no";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(orders).bind(receipts)).await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        let reasons: Vec<String> = row.try_get("reasons")?;
        let goods = goods(row)?.ok_or_else(|| Error::invariant("a billed line without goods"))?;
        lines.push(BilledLine {
            bill_id: BillId(row.try_get("bill_id")?),
            line_no: row.try_get("line_no")?,
            goods,
            quantity: number(row, "quantity")?,
            value: number(row, "value")?,
            matched: Vec::new(),
            reasons: reasons.into_iter().map(parsed).collect::<Result<_, _>>()?,
        });
    }
    if !lines.is_empty() {
        add_matches(tx, &mut lines).await?;
    }
    Ok(lines)
}

async fn add_matches(tx: &Tx, lines: &mut [BilledLine]) -> Result<(), Error> {
    let bills: BTreeSet<BillId> = lines.iter().map(|line| line.bill_id).collect();
    let places: HashMap<(BillId, i32), usize> =
        lines.iter().enumerate().map(|(place, line)| ((line.bill_id, line.line_no), place)).collect();
    let statement = "select bill_id, line_no, stock_document_id, sum(quantity) as quantity, \
                            sum(received_value) as received_value, sum(billed_value) as billed_value \
                     from bill_match where tenant_id = $1 and bill_id = any($2) \
                     group by bill_id, line_no, stock_document_id order by bill_id, line_no, stock_document_id";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(uuids(&bills, |id| id.0));
    for row in tx.rows(query).await? {
        let matched = Matched {
            document_id: StockDocumentId(row.try_get("stock_document_id")?),
            quantity: number(&row, "quantity")?,
            received_value: number(&row, "received_value")?,
            billed_value: number(&row, "billed_value")?,
        };
        let key = (BillId(row.try_get("bill_id")?), row.try_get("line_no")?);
        if let Some(place) = places.get(&key) {
            lines[*place].matched.push(matched);
        }
    }
    Ok(())
}

/// Lines of purchase orders as receipts brought them, less what went back.
const OF_ORDERS: &str = "select r.purchase_order_id, r.line_no, r.stock_document_id, b.quantity is not null as is_returned, \
        r.quantity - coalesce(b.quantity, 0) as quantity, r.value - coalesce(b.value, 0) as value \
     from purchase_receipt_line r \
     left join (select purchase_order_id, receipt_id, line_no, sum(quantity) as quantity, sum(value) as value \
                from supplier_return_line \
                where tenant_id = $1 and purchase_order_id = any($2) and reversal_id is null group by 1, 2, 3) b \
       on b.purchase_order_id = r.purchase_order_id and b.receipt_id = r.stock_document_id and b.line_no = r.line_no \
     where r.tenant_id = $1 and r.purchase_order_id = any($2) order by r.stock_document_id, r.line_no";

/// Adds the receipts of purchase orders, less what went back, and those without one, to the book.
async fn received(tx: &Tx, orders: &[Uuid], receipts: &[Uuid], book: &mut Book) -> Result<(), Error> {
    let of_orders = tx.rows(sqlx::query(OF_ORDERS).bind(tx.tenant_id.0).bind(orders)).await?;
    let mut ids: BTreeSet<StockDocumentId> = receipts.iter().copied().map(StockDocumentId).collect();
    for row in &of_orders {
        ids.insert(StockDocumentId(row.try_get("stock_document_id")?));
    }
    let ids = uuids(&ids, |id| id.0);
    let mut came = brought::lines(tx, &ids).await?;
    let is_returned = of_orders.iter().map(|row| row.try_get::<bool, _>("is_returned"));
    if is_returned.collect::<Result<Vec<_>, _>>()?.contains(&true) {
        take_returned(tx, &ids, &mut came).await?;
    }
    let brought: Vec<Brought> = came.iter().map(|came| came.brought).collect();
    let later = brought::later(tx, &brought, book).await?;
    let part = |came: &Came| ReceivedPart {
        key: came.brought.key,
        line: (came.brought.document_id.0, came.line_no),
        came: came.quantity,
        quantity: came.brought.kept,
        later: later.get(&came.brought.movement_id).copied().unwrap_or_default(),
    };
    for row in &of_orders {
        let id = PurchaseOrderId(row.try_get("purchase_order_id")?);
        let (line_no, document_id): (i32, _) =
            (row.try_get("line_no")?, StockDocumentId(row.try_get("stock_document_id")?));
        let order = book.purchases.get(&id).map_or(&[][..], |order| order.lines.as_slice());
        let Some(line) = order.iter().find(|line| line.line_no == line_no) else { continue };
        let of_line = |came: &&Came| {
            came.brought.document_id == document_id && came.brought.key.product_id == line.product_id
        };
        let goods = ReceivedGoods {
            goods: BilledGoods::Order(id, line_no),
            document_id,
            location_id: line.location_id,
            quantity: number(row, "quantity")?,
            value: number(row, "value")?,
            parts: came.iter().filter(of_line).map(part).collect(),
        };
        book.billing.received.push(goods);
    }
    for came in came.iter().filter(|came| receipts.contains(&came.brought.document_id.0)) {
        book.billing.received.push(ReceivedGoods {
            goods: BilledGoods::Receipt(came.brought.document_id, came.line_no),
            document_id: came.brought.document_id,
            location_id: came.brought.key.location_id,
            quantity: came.quantity,
            value: came.value,
            parts: vec![part(came)],
        });
    }
    if receipts.is_empty() { Ok(()) } else { name_orders(tx, receipts, book).await }
}

/// Takes what went back off the lines that got it. The lines of a receipt follow each other.
async fn take_returned(tx: &Tx, ids: &[Uuid], came: &mut [Came]) -> Result<(), Error> {
    let returned = brought::returned(tx, ids).await?;
    for lines in came.chunk_by_mut(|one, next| one.brought.document_id == next.brought.document_id) {
        let Some(returned) = returned.get(&lines[0].brought.document_id) else { continue };
        let received: Vec<_> =
            lines.iter().map(|came| (came.brought.key, came.quantity, came.value)).collect();
        for (came, back) in lines.iter_mut().zip(went_back(&received, returned)) {
            came.brought.kept -= back;
        }
    }
    Ok(())
}

/// Adds the numbers of the purchase orders of receipts to the book.
async fn name_orders(tx: &Tx, receipts: &[Uuid], book: &mut Book) -> Result<(), Error> {
    let statement = "select distinct r.stock_document_id, o.number from purchase_receipt_line r \
                     join purchase_order o on o.tenant_id = r.tenant_id and o.id = r.purchase_order_id \
                     where r.tenant_id = $1 and r.stock_document_id = any($2)";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(receipts)).await? {
        let id = StockDocumentId(row.try_get("stock_document_id")?);
        book.billing.of_orders.insert(id, row.try_get("number")?);
    }
    Ok(())
}

/// Returns payments to suppliers with their bills.
pub(crate) async fn payments(tx: &Tx, ids: &[Uuid]) -> Result<Vec<SupplierPayment>, Error> {
    let statement = "select p.id, p.number, p.kind, p.supplier_id, p.amount, p.discount, p.advance, p.unapplied, \
                            p.advance_id, p.difference, p.original_id, p.reason, p.reference, p.occurred_at, \
                            p.foreign_currency, p.exchange_rate, p.foreign_amount, p.foreign_discount, p.foreign_advance, \
                            p.foreign_unapplied, \
                            (select r.id from supplier_payment r \
                             where r.tenant_id = p.tenant_id and r.original_id = p.id) as reversed_by \
                     from supplier_payment p where p.tenant_id = $1 and p.id = any($2) order by p.id";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
    let mut payments = rows.iter().map(payment).collect::<Result<Vec<_>, _>>()?;
    let statement = "select payment_id, bill_id, amount, discount, discount_tax, foreign_amount, foreign_discount, \
                            foreign_discount_tax \
                     from supplier_payment_part where tenant_id = $1 and payment_id = any($2) order by payment_id, bill_id";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
        let id = SupplierPaymentId(row.try_get("payment_id")?);
        let part = PaidBill {
            bill_id: BillId(row.try_get("bill_id")?),
            amount: number(&row, "amount")?,
            foreign: exchange::paid_part(&row)?,
            discount: number(&row, "discount")?,
            discount_tax: number(&row, "discount_tax")?,
        };
        if let Some(payment) = payments.iter_mut().find(|payment| payment.id == id) {
            payment.parts.push(part);
        }
    }
    Ok(payments)
}

/// Reads a payment to a supplier without its bills.
pub(crate) fn payment(row: &PgRow) -> Result<SupplierPayment, Error> {
    Ok(SupplierPayment {
        id: SupplierPaymentId(row.try_get("id")?),
        number: row.try_get("number")?,
        kind: word(row, "kind")?,
        supplier_id: SupplierId(row.try_get("supplier_id")?),
        amount: number(row, "amount")?,
        foreign: exchange::paid(row)?,
        discount: number(row, "discount")?,
        advance: number(row, "advance")?,
        unapplied: number(row, "unapplied")?,
        advance_id: row.try_get::<Option<Uuid>, _>("advance_id")?.map(SupplierPaymentId),
        difference: number(row, "difference")?,
        parts: Vec::new(),
        original_id: row.try_get::<Option<Uuid>, _>("original_id")?.map(SupplierPaymentId),
        reversed_by: row.try_get::<Option<Uuid>, _>("reversed_by")?.map(SupplierPaymentId),
        reason: row.try_get("reason")?,
        reference: row.try_get("reference")?,
        occurred_at: row.try_get("occurred_at")?,
    })
}
