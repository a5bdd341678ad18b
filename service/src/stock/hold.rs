//! Holds, for reading.

use domain::hold::{Hold, HoldKind, HoldStatus};
use domain::id::{CustomerId, HoldId, LocationId, RegisterId};
use domain::refusal::Refusal;

use crate::listing::{Listing, Slice};
use crate::posting::stock_documents;
use crate::sales_lines::{self, Names};
use crate::{Error, Tx};

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Present status: a hold that has expired counts as expired.
    pub status: Option<HoldStatus>,
    pub location_id: Option<LocationId>,
    pub customer_id: Option<CustomerId>,
    pub reference: Option<String>,
    pub kind: Option<HoldKind>,
    /// Till allotments of this till.
    pub register_id: Option<RegisterId>,
}

const SELECT: &str = "select id, kind, reference, location_id, customer_id, note, status, expires_at, placed_at, version, \
                             register_id, channel \
                      from hold where tenant_id = ";

/// Returns one page of holds, without their lines.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<Hold>, Error> {
    let (words, sign): (&[&'static str], _) = match filter.status {
        None => (&[], None),
        Some(HoldStatus::Open) => (&["open"], Some("coalesce(expires_at, 'infinity') > ")),
        Some(HoldStatus::Expired) => (&["open"], Some("expires_at <= ")),
        Some(HoldStatus::Released) => (&["released"], None),
        Some(HoldStatus::Replaced) => (&["replaced"], None),
        Some(HoldStatus::Used) => (&["used"], None),
    };
    let mut query = Listing::new(tx, SELECT)
        .among("status", words)
        .with("location_id = ", filter.location_id.map(|id| id.0))
        .with("customer_id = ", filter.customer_id.map(|id| id.0))
        .with("reference = ", filter.reference.as_ref())
        .with("register_id = ", filter.register_id.map(|id| id.0))
        .among("kind", filter.kind.as_slice());
    if let Some(sign) = sign {
        query = query.with(sign, Some(tx.now));
    }
    let rows = query.since("updated_at >= ", slice).page(tx, "id", slice).await?;
    rows.iter().map(|row| Ok(stock_documents::hold(row)?.1)).collect()
}

pub async fn get(tx: &Tx, id: HoldId) -> Result<(Hold, Names), Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    let mut found =
        stock_documents::with_lines(tx, &rows, stock_documents::hold, stock_documents::held_lines).await?;
    let hold = found.remove(&id).ok_or_else(|| Refusal::not_found("hold"))?;
    let names = sales_lines::names(tx, hold.lines.iter().map(|line| (line.product_id, line.lot_id))).await?;
    Ok((hold, names))
}
