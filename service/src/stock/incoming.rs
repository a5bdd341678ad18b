//! Supplies: expected receipts, transfers and purchase orders, by location and day.

use domain::expected_receipt::{Source, Supplies, Supply};
use domain::id::{ExpectedReceiptId, LocationId, ProductId, PurchaseOrderId, TransferId};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::number;
use crate::{Error, Tx};

/// Returns the supplies of `products` at one location or all, the earliest first. Transfers, and lines of purchase orders,
/// without an expected day are left out.
pub async fn find_supplies(
    tx: &Tx,
    products: &[Uuid],
    location_id: Option<LocationId>,
) -> Result<Supplies, Error> {
    let statement = "select location_id, product_id, expected_on, expected_receipt_id, transfer_id, purchase_order_id, \
                            line_no, quantity \
         from ( \
             select d.location_id, l.product_id, d.expected_on, d.id as expected_receipt_id, null::uuid as transfer_id, \
                    null::uuid as purchase_order_id, l.line_no, l.quantity - l.received as quantity \
             from expected_receipt_line l \
             join expected_receipt d on d.tenant_id = l.tenant_id and d.id = l.expected_receipt_id \
             where l.tenant_id = $1 and l.product_id = any($2) and d.status = 'open' and l.received < l.quantity \
             union all \
             select d.to_location_id, l.product_id, d.expected_on, null, d.id, null, l.line_no, \
                    l.quantity - l.received - l.missing - l.returned \
             from transfer d \
             join transfer_line l on l.tenant_id = d.tenant_id and l.transfer_id = d.id \
             where d.tenant_id = $1 and d.status = 'in_transit' and d.expected_on is not null \
               and l.product_id = any($2) and l.received + l.missing + l.returned < l.quantity \
             union all \
             select l.location_id, l.product_id, l.expected_on, null, null, d.id, l.line_no, \
                    l.quantity - l.received - l.cancelled \
             from purchase_order_line l \
             join purchase_order d on d.tenant_id = l.tenant_id and d.id = l.purchase_order_id \
             where l.tenant_id = $1 and l.product_id = any($2) and d.status in ('sent', 'confirmed', 'partly_received') \
               and l.expected_on is not null and l.received + l.cancelled < l.quantity \
         ) incoming \
         where $3::uuid is null or location_id = $3 \
         order by expected_on, expected_receipt_id, transfer_id, purchase_order_id, line_no";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(products).bind(location_id.map(|id| id.0));
    let mut supplies = Supplies::new();
    for row in tx.rows(query).await? {
        let place = (LocationId(row.try_get("location_id")?), ProductId(row.try_get("product_id")?));
        let line_no = row.try_get("line_no")?;
        let document = |column: &str| row.try_get::<Option<Uuid>, _>(column);
        let source = match (document("expected_receipt_id")?, document("transfer_id")?) {
            (Some(id), _) => Source::Expected(ExpectedReceiptId(id), line_no),
            (None, Some(id)) => Source::Transfer(TransferId(id), line_no),
            (None, None) => Source::Purchase(PurchaseOrderId(row.try_get("purchase_order_id")?), line_no),
        };
        let supply = Supply { source, on: row.try_get("expected_on")?, quantity: number(&row, "quantity")? };
        supplies.entry(place).or_default().push(supply);
    }
    Ok(supplies)
}
