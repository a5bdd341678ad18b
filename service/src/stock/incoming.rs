//! Supplies: expected receipts, transfers and purchase orders, by location and day.

use chrono::{DateTime, NaiveDate, Utc};
use domain::expected_receipt::{Source, Supplies, Supply};
use domain::id::{ExpectedReceiptId, LocationId, ProductId, PurchaseOrderId, TransferId};
use domain::number::Quantity;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::number;
use crate::{Error, Tx};

/// A document line of which something is still to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming {
    pub product_id: ProductId,
    pub location_id: LocationId,
    pub source: Source,
    /// The day on which it is expected, if the document has one.
    pub expected_on: Option<NaiveDate>,
    /// When the purchase order was sent; none for other documents.
    pub sent_at: Option<DateTime<Utc>>,
    pub quantity: Quantity,
}

/// The statement for everything that is still to come, the earliest first. It takes two conditions: on the product of a line, and on
/// the rows. The index `purchase_order_line_open` has the condition `received + cancelled < quantity` in the same words: PostgreSQL
/// would not use it for others.
macro_rules! incoming {
    ($of_line:literal, $of_row:literal) => {
        concat!(
            "select location_id, product_id, expected_on, sent_at, expected_receipt_id, transfer_id, purchase_order_id, \
                    line_no, quantity \
             from ( \
                 select d.location_id, l.product_id, d.expected_on, null::timestamptz as sent_at, \
                        d.id as expected_receipt_id, null::uuid as transfer_id, null::uuid as purchase_order_id, \
                        l.line_no, l.quantity - l.received as quantity \
                 from expected_receipt_line l \
                 join expected_receipt d on d.tenant_id = l.tenant_id and d.id = l.expected_receipt_id \
                 where l.tenant_id = $1 and d.status = 'open' and l.received < l.quantity and ",
            $of_line,
            "    union all \
                 select d.to_location_id, l.product_id, d.expected_on, null, null, d.id, null, l.line_no, \
                        l.quantity - l.received - l.missing - l.returned \
                 from transfer d \
                 join transfer_line l on l.tenant_id = d.tenant_id and l.transfer_id = d.id \
                 where d.tenant_id = $1 and d.status = 'in_transit' \
                   and l.received + l.missing + l.returned < l.quantity and ",
            $of_line,
            "    union all \
                 select l.location_id, l.product_id, l.expected_on, d.sent_at, null, null, d.id, l.line_no, \
                        l.quantity - l.received - l.cancelled \
                 from purchase_order_line l \
                 join purchase_order d on d.tenant_id = l.tenant_id and d.id = l.purchase_order_id \
                 where l.tenant_id = $1 and d.status in ('sent', 'confirmed', 'partly_received') \
                   and l.received + l.cancelled < l.quantity and ",
            $of_line,
            " ) incoming where ",
            $of_row,
            " order by expected_on, expected_receipt_id, transfer_id, purchase_order_id, line_no"
        )
    };
}

/// The statement of [`find_supplies`]: of the tenant `$1`, the products `$2`, and the location `$3` or all.
pub const FIND_SUPPLIES: &str =
    incoming!("l.product_id = any($2)", "expected_on is not null and ($3::uuid is null or location_id = $3)");

/// Returns the supplies of `products` at one location or all, the earliest first. Transfers, and lines of purchase orders,
/// without an expected day are left out.
pub async fn find_supplies(
    tx: &Tx,
    products: &[Uuid],
    location_id: Option<LocationId>,
) -> Result<Supplies, Error> {
    let query = sqlx::query(FIND_SUPPLIES);
    let query = query.bind(tx.tenant_id.0).bind(products).bind(location_id.map(|id| id.0));
    let mut supplies = Supplies::new();
    for row in tx.rows(query).await? {
        let Incoming { product_id, location_id, source, quantity, .. } = read(&row)?;
        let supply = Supply { source, on: row.try_get("expected_on")?, quantity };
        supplies.entry((location_id, product_id)).or_default().push(supply);
    }
    Ok(supplies)
}

/// Returns everything that is still to come, of some products or of all: the earliest first, and last what has no day.
pub(crate) async fn find_incoming(tx: &Tx, products: Option<&[Uuid]>) -> Result<Vec<Incoming>, Error> {
    let statement = incoming!("($2::uuid[] is null or l.product_id = any($2))", "true");
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(products)).await?;
    rows.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<Incoming, Error> {
    let line_no = row.try_get("line_no")?;
    let document = |column: &str| row.try_get::<Option<Uuid>, _>(column);
    let source = match (document("expected_receipt_id")?, document("transfer_id")?) {
        (Some(id), _) => Source::Expected(ExpectedReceiptId(id), line_no),
        (None, Some(id)) => Source::Transfer(TransferId(id), line_no),
        (None, None) => Source::Purchase(PurchaseOrderId(row.try_get("purchase_order_id")?), line_no),
    };
    Ok(Incoming {
        product_id: ProductId(row.try_get("product_id")?),
        location_id: LocationId(row.try_get("location_id")?),
        source,
        expected_on: row.try_get("expected_on")?,
        sent_at: row.try_get("sent_at")?,
        quantity: number(row, "quantity")?,
    })
}
