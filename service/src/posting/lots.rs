//! Loads the lots that a batch touches. Runs no statement if no product is tracked.
//!
//! A batch locks the row of a lot if it receives units of the lot (by a receipt, a return or a transfer), names it or
//! changes it. These are the last documents that it locks, so two receipts of one serial number wait for each other.
//! Lots that a batch only issues from are read after their levels are locked, so that it sees an earlier recall.

use std::collections::{BTreeSet, HashMap};

use domain::book::Book;
use domain::id::{CustomerId, LocationId, LotId, OrderId, ProductId};
use domain::lot::{Lot, LotShare, SoldLot};
use domain::number::Quantity;
use domain::product::{Product, Tracking};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::places::places;
use crate::listing::number;
use crate::rows::{parsed, uuids};
use crate::{Error, Tx};
use domain::needs::Needs;

/// Adds the products of lots that commands name by id.
pub(super) async fn need_products(tx: &Tx, needs: &mut Needs) -> Result<(), Error> {
    if needs.recalled.is_empty() {
        return Ok(());
    }
    let statement = "select product_id from lot where tenant_id = $1 and id = any($2)";
    let ids = uuids(&needs.recalled, |id| id.0);
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
        needs.product_ids.insert(ProductId(row.try_get(0)?));
    }
    Ok(())
}

/// Reads the lots of documents. Locks those that commands name or that units come into.
pub(super) async fn load(tx: &Tx, needs: &mut Needs, book: &mut Book) -> Result<(), Error> {
    if !book.products.values().any(Product::is_tracked) {
        return Ok(());
    }
    reserved(tx, book).await?;
    sold(tx, book).await?;
    let mut ids: BTreeSet<LotId> = needs.recalled.clone();
    ids.extend(book.sold.values().flatten().flat_map(|line| &line.lots).map(|lot| lot.share.lot_id));
    ids.extend(book.transfers.values().flat_map(|transfer| &transfer.lines).map(|line| line.lot_id));
    let taken_back = book.supplier_returns.values().flat_map(|back| &back.moved);
    ids.extend(taken_back.map(|(line, _)| line.lot_id));
    let shipments = book.orders.values().flat_map(|order| &order.shipments);
    let undone = shipments.filter(|shipment| needs.shipment_ids.contains(&shipment.id));
    ids.extend(
        undone.flat_map(|shipment| &shipment.lines).flat_map(|line| &line.lots).map(|share| share.lot_id),
    );
    ids.extend(last_received(tx, needs, book).await?);
    lock(tx, &ids, needs, book).await?;
    book.lots.out = out(tx, needs, book).await?;
    book.lots.products = products_of(tx, needs).await?;
    if !needs.recalled.is_empty() {
        needs.location_ids.extend(book.setup.locations.iter().map(|location| location.id));
    }
    serial_places(tx, needs, book).await
}

/// Loads what orders have reserved, by lot.
pub(super) async fn reserved(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    let orders: Vec<Uuid> = book
        .orders
        .values()
        .filter(|order| order.lines.iter().any(|line| book.is_tracked(line.line.product_id)))
        .map(|order| order.id.0)
        .collect();
    for ((id, line_no), shares) in reserved_of(tx, &orders).await? {
        let order = book.orders.get_mut(&OrderId(id));
        let line = order.and_then(|order| order.lines.iter_mut().find(|line| line.line.line_no == line_no));
        if let Some(line) = line {
            line.line.lots = shares;
        }
    }
    Ok(())
}

/// Lots of documents' lines, by document and line.
pub(crate) type LotsOf = HashMap<(Uuid, i32), Vec<LotShare>>;

/// Returns what orders have reserved in lots, in the order in which the lots expire.
pub(crate) async fn reserved_of(tx: &Tx, orders: &[Uuid]) -> Result<LotsOf, Error> {
    if orders.is_empty() {
        return Ok(LotsOf::new());
    }
    let statement = "select r.document_id, r.line_no, r.lot_id, t.code, r.quantity, 0::numeric as cost \
         from reservation r join lot t on t.tenant_id = r.tenant_id and t.id = r.lot_id \
         where r.tenant_id = $1 and r.document_id = any($2) \
         order by r.document_id, r.line_no, t.expires_on nulls last, t.received_at, t.code";
    shares(tx, statement, orders).await
}

/// Returns what sales, shipments, refunds and credit notes moved in lots. For an invoice, returns what its shipment
/// moved.
pub(crate) async fn moved_of(tx: &Tx, documents: &[Uuid]) -> Result<LotsOf, Error> {
    if documents.is_empty() {
        return Ok(LotsOf::new());
    }
    // The conditions on `m` are those of the index stock_movement_lots_of.
    let statement = "with document as materialized ( \
             select d.id, d.id as named from unnest($2::uuid[]) as d (id) \
             union all \
             select s.id, i.id from invoice i \
             join shipment s on s.tenant_id = $1 and s.order_id = i.order_id and s.invoice_id = i.id \
             where i.tenant_id = $1 and i.id = any($2)) \
         select d.named as document_id, m.line_no, m.lot_id, t.code, -sum(m.quantity) as quantity, -sum(m.value) as cost \
         from document d \
         join stock_movement m on m.tenant_id = $1 and m.document_id = d.id \
             and m.lot_id <> '00000000-0000-0000-0000-000000000000' and m.kind in ('sale', 'return') \
         join lot t on t.tenant_id = $1 and t.id = m.lot_id \
         group by d.named, m.line_no, m.lot_id, t.code, t.expires_on, t.received_at \
         having sum(m.quantity) <> 0 \
         order by d.named, m.line_no, t.expires_on nulls last, t.received_at, t.code";
    shares(tx, statement, documents).await
}

async fn shares(tx: &Tx, statement: &'static str, documents: &[Uuid]) -> Result<LotsOf, Error> {
    let mut lots = LotsOf::new();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(documents)).await? {
        let share = LotShare {
            lot_id: LotId(row.try_get("lot_id")?),
            code: row.try_get("code")?,
            quantity: number(&row, "quantity")?,
            cost: number(&row, "cost")?,
        };
        lots.entry((row.try_get("document_id")?, row.try_get("line_no")?)).or_default().push(share);
    }
    Ok(lots)
}

/// Loads the lots in which lines were sold and shipped, with what was returned of each.
async fn sold(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    let originals: Vec<Uuid> = book.sold.keys().copied().collect();
    let open = book.orders.values().flat_map(|order| &order.shipments).map(|shipment| shipment.id.0);
    let documents: Vec<Uuid> = originals.iter().copied().chain(open).collect();
    let mut lots = moved_of(tx, &documents).await?;
    let returned = returned(tx, &originals).await?;
    for (id, lines) in &mut book.sold {
        for line in lines {
            let place = (*id, line.line.line_no);
            let shares = lots.remove(&place).unwrap_or_default();
            let back = |share: &LotShare| returned.get(&(place, share.lot_id)).copied().unwrap_or_default();
            line.lots = shares.into_iter().map(|share| SoldLot { returned: back(&share), share }).collect();
        }
    }
    for shipment in book.orders.values_mut().flat_map(|order| &mut order.shipments) {
        for line in &mut shipment.lines {
            line.lots = lots.remove(&(shipment.id.0, line.line_no)).unwrap_or_default();
        }
    }
    Ok(())
}

/// Returns what was returned of the lots of sold lines.
async fn returned(tx: &Tx, originals: &[Uuid]) -> Result<HashMap<((Uuid, i32), LotId), Quantity>, Error> {
    if originals.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select r.original_id, r.original_line_no, m.lot_id, sum(m.quantity) as quantity \
         from sales_line r \
         join stock_movement m on m.tenant_id = $1 and m.document_id = r.document_id and m.line_no = r.line_no \
             and m.lot_id <> '00000000-0000-0000-0000-000000000000' and m.kind = 'return' \
         where r.tenant_id = $1 and r.original_id = any($2) group by 1, 2, 3";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(originals)).await?;
    rows.iter()
        .map(|row| {
            let place = (row.try_get("original_id")?, row.try_get("original_line_no")?);
            Ok(((place, LotId(row.try_get("lot_id")?)), number(row, "quantity")?))
        })
        .collect()
}

/// Returns, for each product and location, the lot from which a forced document takes the units that the record lacks.
/// It prefers a lot that was ever at the location, then one that may be sold, then the one received last.
/// `domain::allocation` makes the same choice.
async fn last_received(tx: &Tx, needs: &Needs, book: &Book) -> Result<Vec<LotId>, Error> {
    let of_lots = book.products.values().filter(|product| product.tracking == Tracking::Lot);
    let products: Vec<Uuid> = of_lots.map(|product| product.id.0).collect();
    if products.is_empty() || !needs.forced {
        return Ok(Vec::new());
    }
    let statement = "select t.id from unnest($2::uuid[]) as l (location_id) cross join unnest($3::uuid[]) as p (id) \
         cross join lateral ( \
             select t.id from lot t where t.tenant_id = $1 and t.product_id = p.id \
             order by exists (select 1 from stock_level s \
                              where s.tenant_id = $1 and s.location_id = l.location_id \
                                and s.product_id = t.product_id and s.lot_id = t.id) desc, \
                      t.status = 'open' and coalesce(t.expires_on, 'infinity') >= $4 desc, t.received_at desc, \
                      t.id desc limit 1) t";
    let locations = uuids(&places(needs, &book.setup), |id| id.0);
    let day = book.setup.settings.day(needs.since.unwrap_or(book.now));
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(locations).bind(products).bind(day);
    tx.rows(query).await?.iter().map(|row| Ok(LotId(row.try_get(0)?))).collect()
}

/// Locks the lots that commands name or that units come into.
async fn lock(tx: &Tx, ids: &BTreeSet<LotId>, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    if ids.is_empty() && needs.lot_codes.is_empty() {
        return Ok(());
    }
    let tracked = book.products.values().filter(|product| product.is_tracked());
    let products: Vec<Uuid> = tracked.map(|product| product.id.0).collect();
    let codes: Vec<&str> = needs.lot_codes.iter().map(String::as_str).collect();
    let statement = "select id, product_id, code, expires_on, supplier_lot, received_from, received_at, status, version \
                     from lot \
                     where tenant_id = $1 and (id = any($2) or (product_id = any($3) and code = any($4))) \
                     order by id for update";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(uuids(ids, |id| id.0));
    add(book, &tx.rows(query.bind(products).bind(codes)).await?)
}

/// Returns who got units of the lots that come back, and did not return them. The lots are locked, so no other return counts
/// the same units.
async fn out(
    tx: &Tx,
    needs: &Needs,
    book: &Book,
) -> Result<HashMap<(LotId, Option<CustomerId>), Quantity>, Error> {
    let mut lots: BTreeSet<LotId> = BTreeSet::new();
    if needs.blind {
        lots.extend(book.lots.iter().filter(|lot| needs.lot_codes.contains(&lot.code)).map(|lot| lot.id));
    }
    lots.extend(book.sold.values().flatten().flat_map(|line| &line.lots).map(|lot| lot.share.lot_id));
    if lots.is_empty() {
        return Ok(HashMap::new());
    }
    // The condition on `m` is that of the index stock_movement_by_lot.
    let statement = "select m.lot_id, coalesce(p.customer_id, o.customer_id, i.customer_id) as customer_id, \
                            -sum(m.quantity) as quantity \
         from stock_movement m \
         left join pos_sale p on p.tenant_id = $1 and p.id = m.document_id \
         left join shipment s on s.tenant_id = $1 and s.id = m.document_id \
         left join sales_order o on o.tenant_id = $1 and o.id = s.order_id \
         left join invoice i on i.tenant_id = $1 and i.id = m.document_id \
         where m.tenant_id = $1 and m.lot_id = any($2) and m.lot_id <> '00000000-0000-0000-0000-000000000000' \
           and m.kind in ('sale', 'return') \
         group by 1, 2";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(uuids(&lots, |id| id.0));
    let one = |row: &PgRow| -> Result<_, Error> {
        let customer_id: Option<Uuid> = row.try_get("customer_id")?;
        Ok(((LotId(row.try_get("lot_id")?), customer_id.map(CustomerId)), number(row, "quantity")?))
    };
    tx.rows(query).await?.iter().map(one).collect()
}

/// Returns the products that have a lot with the code of one of which units were found.
async fn products_of(tx: &Tx, needs: &Needs) -> Result<HashMap<String, Vec<(ProductId, String)>>, Error> {
    let mut products: HashMap<String, Vec<(ProductId, String)>> = HashMap::new();
    if needs.found_codes.is_empty() {
        return Ok(products);
    }
    let statement = "select t.code, t.product_id, p.sku from lot t \
         join product p on p.tenant_id = t.tenant_id and p.id = t.product_id \
         where t.tenant_id = $1 and t.code = any($2) order by t.code, p.sku";
    let codes: Vec<&str> = needs.found_codes.iter().map(String::as_str).collect();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(codes)).await? {
        let product = (ProductId(row.try_get("product_id")?), row.try_get("sku")?);
        products.entry(row.try_get("code")?).or_default().push(product);
    }
    Ok(products)
}

/// Adds the locations of the serial numbers that commands name, and the transit locations. A serial number that comes
/// in must be nowhere. So must one whose issue is dated before its level was counted. It may be moving between these
/// locations right now, but it can't arrive at one while the row of its lot is locked.
async fn serial_places(tx: &Tx, needs: &mut Needs, book: &Book) -> Result<(), Error> {
    let is_serial = |lot: &&Lot| book.products[&lot.product_id].tracking == Tracking::Serial;
    let lots: Vec<Uuid> = book.lots.iter().filter(is_serial).map(|lot| lot.id.0).collect();
    if lots.is_empty() || !(needs.coming_in || needs.since.is_some()) {
        return Ok(());
    }
    // The conditions are those of the index stock_level_by_lot.
    let statement = "select distinct location_id from stock_level \
                     where tenant_id = $1 and lot_id = any($2) and on_hand > 0 \
                       and lot_id <> '00000000-0000-0000-0000-000000000000'";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(lots)).await? {
        needs.location_ids.insert(LocationId(row.try_get(0)?));
    }
    needs.transit = true;
    Ok(())
}

/// Reads the lots whose levels are now locked, and what a recall affects.
pub(super) async fn complete(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    let of_levels: BTreeSet<LotId> = book.levels().keys().map(|key| key.lot_id).collect();
    let missing: Vec<Uuid> = of_levels
        .into_iter()
        .filter(|id| !id.0.is_nil() && book.lots.get(*id).is_none())
        .map(|id| id.0)
        .collect();
    if !missing.is_empty() {
        let statement = "select id, product_id, code, expires_on, supplier_lot, received_from, received_at, status, version \
                         from lot where tenant_id = $1 and id = any($2)";
        add(book, &tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(missing)).await?)?;
    }
    for id in &needs.recalled {
        book.lots.affected.insert(*id, crate::stock::affected::find_affected(tx, *id).await?);
    }
    Ok(())
}

fn add(book: &mut Book, rows: &[PgRow]) -> Result<(), Error> {
    for row in rows {
        book.lots.insert(lot(row)?);
    }
    Ok(())
}

/// Reads a lot from its row.
pub(crate) fn lot(row: &PgRow) -> Result<Lot, Error> {
    Ok(Lot {
        id: LotId(row.try_get("id")?),
        product_id: ProductId(row.try_get("product_id")?),
        code: row.try_get("code")?,
        expires_on: row.try_get("expires_on")?,
        supplier_lot: row.try_get("supplier_lot")?,
        received_from: row.try_get("received_from")?,
        received_at: row.try_get("received_at")?,
        status: parsed(row.try_get("status")?)?,
        version: row.try_get("version")?,
    })
}
