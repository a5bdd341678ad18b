//! The scope of a recall: customers and documents that have units of a lot.

use domain::document::document_id;
use domain::hold::Hold;
use domain::id::{CustomerId, LocationId, LotId, OrderId};
use domain::lot::{Affected, AffectedCustomer, AffectedParty, OpenReservation};
use domain::number::Quantity;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{Listing, number, word};
use crate::posting::stock_documents;
use crate::{Error, Tx};

/// Most sales and shipments of a lot that are listed.
pub const PARTIES_MAX: usize = 10_000;

/// Returns the sales and shipments of a lot, the orders that reserve it, and its quarantines.
pub async fn find_affected(tx: &Tx, id: LotId) -> Result<Affected, Error> {
    let query =
        sqlx::query("select reason, recalled_at from lot_recall where tenant_id = $1 and lot_id = $2");
    let recalled = tx.row(query.bind(tx.tenant_id.0).bind(id.0)).await?;
    Ok(Affected {
        recalled: recalled.map(|row| Ok::<_, Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?,
        quarantined: find_quarantines(tx, id).await?,
        parties: find_parties(tx, id).await?,
        waiting: find_reservations(tx, id).await?,
        in_transit: sum_in_transit(tx, id).await?,
    })
}

async fn find_quarantines(tx: &Tx, id: LotId) -> Result<Vec<Hold>, Error> {
    // The condition of the index hold_line_by_lot.
    let rows = Listing::new(
        tx,
        "select h.id, h.kind, h.reference, h.location_id, h.customer_id, h.note, h.status, h.expires_at, h.placed_at, \
                h.version, h.register_id, h.channel \
         from hold h where h.kind = 'quarantine' and h.status = 'open' and h.tenant_id = ",
    )
    .sql(" and h.id in (select l.hold_id from hold_line l where l.tenant_id = ")
    .tenant(tx)
    .sql(" and l.lot_id <> '00000000-0000-0000-0000-000000000000'")
    .with("l.lot_id = ", Some(id.0))
    .sql(") order by h.id")
    .rows(tx)
    .await?;
    let mut holds: Vec<_> =
        stock_documents::with_lines(tx, &rows, stock_documents::hold, stock_documents::held_lines)
            .await?
            .into_values()
            .collect();
    holds.sort_by_key(|hold| hold.id);
    for hold in &mut holds {
        hold.lines.retain(|line| line.lot_id == id);
    }
    Ok(holds)
}

/// Returns the sales and shipments of a lot, oldest first, with the returns of each.
async fn find_parties(tx: &Tx, id: LotId) -> Result<Vec<AffectedParty>, Error> {
    // The condition of the index stock_movement_by_lot.
    let statement = "with moved as materialized ( \
             select m.document_kind, m.document_id, m.line_no, m.kind, m.channel, m.location_id, m.occurred_at, m.quantity \
             from stock_movement m \
             where m.tenant_id = $1 and m.lot_id = $2 and m.lot_id <> '00000000-0000-0000-0000-000000000000' \
               and m.kind in ('sale', 'return')), \
         back as materialized ( \
             select r.original_id, sum(m.quantity) as quantity \
             from moved m \
             join sales_line r on r.tenant_id = $1 and r.document_id = m.document_id and r.line_no = m.line_no \
             where m.kind = 'return' and r.original_id is not null group by r.original_id) \
         select m.document_kind, m.document_id, coalesce(p.number, s.number) as number, o.number as order_number, \
                g.code as register_code, m.channel, m.location_id, m.occurred_at, m.sold, \
                coalesce(b.quantity, 0) as returned, c.id as customer_id, c.number as customer_number, c.name, c.email, \
                c.country \
         from (select document_kind, document_id, channel, location_id, occurred_at, -sum(quantity) as sold \
               from moved where kind = 'sale' group by 1, 2, 3, 4, 5) m \
         left join pos_sale p on p.tenant_id = $1 and p.id = m.document_id \
         left join register g on g.tenant_id = $1 and g.id = p.register_id \
         left join shipment s on s.tenant_id = $1 and s.id = m.document_id \
         left join sales_order o on o.tenant_id = $1 and o.id = s.order_id \
         left join customer c on c.tenant_id = $1 and c.id = coalesce(p.customer_id, o.customer_id) \
         left join back b on b.original_id = coalesce(s.invoice_id, p.id) \
         order by m.occurred_at, m.document_id limit $3";
    let limit = i64::try_from(PARTIES_MAX).unwrap_or(i64::MAX);
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(limit);
    tx.rows(query).await?.iter().map(read_party).collect()
}

fn read_party(row: &PgRow) -> Result<AffectedParty, Error> {
    let known: Option<Uuid> = row.try_get("customer_id")?;
    let document_kind: String = row.try_get("document_kind")?;
    Ok(AffectedParty {
        document_id: document_id(&document_kind, row.try_get("document_id")?),
        document_kind,
        number: row.try_get("number")?,
        order_number: row.try_get("order_number")?,
        register_code: row.try_get("register_code")?,
        channel: word(row, "channel")?,
        location_id: LocationId(row.try_get("location_id")?),
        occurred_at: row.try_get("occurred_at")?,
        quantity: number(row, "sold")?,
        returned: number(row, "returned")?,
        customer: known.map(|_| read_customer(row)).transpose()?,
    })
}

fn read_customer(row: &PgRow) -> Result<AffectedCustomer, Error> {
    Ok(AffectedCustomer {
        id: CustomerId(row.try_get("customer_id")?),
        number: row.try_get("customer_number")?,
        name: row.try_get("name")?,
        email: row.try_get("email")?,
        country: row.try_get("country")?,
    })
}

/// Returns the orders with reservations of a lot.
async fn find_reservations(tx: &Tx, id: LotId) -> Result<Vec<OpenReservation>, Error> {
    let statement = "select o.id as order_id, o.number, r.line_no, r.location_id, r.quantity, c.id as customer_id, \
                c.number as customer_number, c.name, c.email, c.country \
         from lot t \
         join stock_level l on l.tenant_id = $1 and l.lot_id = t.id and l.lot_id <> '00000000-0000-0000-0000-000000000000' \
         join reservation r on r.tenant_id = $1 and r.location_id = l.location_id and r.product_id = l.product_id \
             and r.lot_id = l.lot_id and r.kind = 'order' \
         join sales_order o on o.tenant_id = $1 and o.id = r.document_id \
         join customer c on c.tenant_id = $1 and c.id = o.customer_id \
         where t.tenant_id = $1 and t.id = $2 order by o.id, r.line_no";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let open = |row: &PgRow| -> Result<OpenReservation, Error> {
        Ok(OpenReservation {
            order_id: OrderId(row.try_get("order_id")?),
            number: row.try_get("number")?,
            line_no: row.try_get("line_no")?,
            location_id: LocationId(row.try_get("location_id")?),
            quantity: number(row, "quantity")?,
            customer: read_customer(row)?,
        })
    };
    rows.iter().map(open).collect()
}

async fn sum_in_transit(tx: &Tx, id: LotId) -> Result<Quantity, Error> {
    let statement = "select coalesce(sum(l.on_hand), 0) from lot t \
         join stock_level l on l.tenant_id = $1 and l.lot_id = t.id and l.lot_id <> '00000000-0000-0000-0000-000000000000' \
         join location o on o.tenant_id = $1 and o.id = l.location_id and o.kind = 'transit' \
         where t.tenant_id = $1 and t.id = $2";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let sum: Decimal = row.ok_or_else(|| Error::invariant("a sum without a row"))?.try_get(0)?;
    Ok(Quantity::new(sum))
}
