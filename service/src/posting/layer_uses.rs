//! The cost layers that documents took, for the commands that take them back.

use std::collections::{BTreeSet, HashMap};

use domain::book::Book;
use domain::count::CountStatus;
use domain::id::{CostLayerId, LocationId, ProductId};
use domain::needs::Needs;
use domain::stock::{LayerUse, LevelKey, Source};
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::columns::Columns;
use crate::listing::number;
use crate::rows::parsed;
use crate::{Error, Tx};

/// A document and one of the levels that it issued from.
type Issued = (Uuid, LocationId, ProductId);

/// The shipment of an invoice has the lines of the invoice. The ids of movements begin with the millisecond in which their document was
/// recorded, so few rows of the primary key are read: `offset 0` keeps the planner from another way.
const USES: &str = "
    with issued as materialized (
        select v.document_id as named, v.location_id, v.product_id, d.id,
               (extract(epoch from d.recorded_at) * 1000)::bigint as millis
        from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as v (document_id, location_id, product_id)
        cross join lateral (
            select p.id, p.recorded_at from pos_sale p where p.tenant_id = $1 and p.id = v.document_id
            union all
            select s.id, s.recorded_at from invoice i
            join shipment s on s.tenant_id = $1 and s.order_id = i.order_id and s.invoice_id = i.id
            where i.tenant_id = $1 and i.id = v.document_id
            union all
            select s.id, s.recorded_at from shipment s where s.tenant_id = $1 and s.id = v.document_id
            union all
            select a.id, a.recorded_at from stock_document a where a.tenant_id = $1 and a.id = v.document_id) d)
    select i.named, m.line_no as issued_line_no, u.layer_id, u.quantity as used, u.value as used_value, u.document_kind,
           u.document_id as source_id, u.line_no as source_line_no, u.received_at
    from issued i
    cross join lateral (
        select m.id, m.line_no from stock_movement m
        where m.tenant_id = $1 and m.product_id = i.product_id and m.location_id = i.location_id
          and m.id >= rpad(lpad(to_hex(i.millis - 1), 12, '0'), 32, '0')::uuid
          and m.id < rpad(lpad(to_hex(i.millis + 2), 12, '0'), 32, '0')::uuid
          and m.document_id = i.id and m.quantity < 0
        offset 0) m
    join layer_use u on u.tenant_id = $1 and u.movement_id = m.id
    order by i.named, m.line_no, u.received_at, u.layer_id";

/// Reads what sold lines, shipments and count sheets took of cost layers, if something of them comes back. Runs no statement if no
/// level of them has layers.
pub(super) async fn load(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    let issued: Vec<Issued> = issued(needs, book).into_iter().collect();
    if issued.is_empty() {
        return Ok(());
    }
    let query = Columns::of(USES)
        .bind(tx.tenant_id.0)
        .column("document_id", &issued, |(document_id, ..)| *document_id)
        .column("location_id", &issued, |(_, location_id, _)| location_id.0)
        .column("product_id", &issued, |(.., product_id)| product_id.0);
    let mut uses: HashMap<(Uuid, i32), Vec<LayerUse>> = HashMap::new();
    for row in query.rows(tx).await? {
        let line = (row.try_get("named")?, row.try_get("issued_line_no")?);
        uses.entry(line).or_default().push(used(&row)?);
    }
    for (id, lines) in &mut book.sold {
        for line in lines {
            line.layer_uses = uses.remove(&(*id, line.line.line_no)).unwrap_or_default();
        }
    }
    book.layer_uses.extend(uses);
    Ok(())
}

/// Returns the levels with layers from which goods left that come back.
fn issued(needs: &Needs, book: &Book) -> BTreeSet<Issued> {
    let sold = book
        .sold
        .iter()
        .flat_map(|(id, lines)| lines.iter().map(move |line| (*id, line.location_id, line.line.product_id)));
    let shipments = book
        .orders
        .values()
        .flat_map(|order| order.shipments.iter().map(move |shipment| (shipment, order.location_id)));
    let undone = shipments.filter(|(shipment, _)| needs.shipment_ids.contains(&shipment.id));
    let undone = undone.flat_map(|(shipment, location_id)| {
        shipment.lines.iter().map(move |line| (shipment.id.0, location_id, line.product_id))
    });
    let posted = book.counts.values().filter(|count| count.status == CountStatus::Posted);
    let posted = posted.filter_map(|count| Some((count, count.document_id?.0)));
    let lost = posted.flat_map(|(count, document_id)| {
        let lost =
            count.lines.iter().filter(|line| line.posted.is_some_and(|(units, _)| units.is_negative()));
        lost.map(move |line| (document_id, count.location_id, line.product_id))
    });
    let has_layers = |(_, location_id, product_id): &Issued| {
        book.level(&LevelKey::untracked(*location_id, *product_id)).is_layered()
    };
    sold.chain(undone).chain(lost).filter(has_layers).collect()
}

/// Reads what a movement took of one layer.
pub(super) fn used(row: &PgRow) -> Result<LayerUse, Error> {
    let source = Source {
        document_kind: parsed(row.try_get("document_kind")?)?,
        document_id: row.try_get("source_id")?,
        line_no: row.try_get("source_line_no")?,
        occurred_at: row.try_get("received_at")?,
    };
    let (quantity, value) = (number(row, "used")?, number(row, "used_value")?);
    Ok(LayerUse { layer_id: CostLayerId(row.try_get("layer_id")?), quantity, value, source })
}
