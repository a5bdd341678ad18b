//! Loads what is allotted to tills and channels on the levels of a batch. It changes only under the lock on the level.
//! A level without allotments costs nothing.

use std::collections::BTreeMap;

use domain::allocation::{Allotment, Owner};
use domain::book::Book;
use domain::id::{HoldId, LocationId, LotId, ProductId, RegisterId};
use domain::stock::LevelKey;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::number;
use crate::rows::parsed;
use crate::{Error, Tx};

/// Loads the allotments on the book's levels, and what is left of the book's own till and channel allotments.
pub(super) async fn load(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    let allotted: Vec<LevelKey> =
        book.levels().iter().filter(|(_, level)| level.is_allotted()).map(|(key, _)| *key).collect();
    if !allotted.is_empty() {
        book.allotments = allotments(tx, &allotted).await?;
    }
    for hold in book.holds.values_mut().filter(|hold| hold.owner.is_some()) {
        for line in &mut hold.lines {
            // A channel allotment may have several lots for one line.
            let its =
                |allotment: &&Allotment| (allotment.hold_id, allotment.line_no) == (hold.id, line.line_no);
            line.left = book.allotments.values().flatten().filter(its).map(|allotment| allotment.left).sum();
        }
    }
    Ok(())
}

async fn allotments(tx: &Tx, keys: &[LevelKey]) -> Result<BTreeMap<LevelKey, Vec<Allotment>>, Error> {
    let statement = "select r.location_id, r.product_id, r.lot_id, r.document_id, r.line_no, r.quantity, r.expires_at, \
                h.register_id, h.channel \
         from reservation r \
         join (select distinct * from unnest($2::uuid[], $3::uuid[])) as wanted (location_id, product_id) \
           on r.location_id = wanted.location_id and r.product_id = wanted.product_id \
         join hold h on h.tenant_id = r.tenant_id and h.id = r.document_id \
         where r.tenant_id = $1 and r.kind in ('till_allotment', 'channel_allotment') \
         order by r.expires_at, r.document_id, r.line_no";
    let locations: Vec<Uuid> = keys.iter().map(|key| key.location_id.0).collect();
    let products: Vec<Uuid> = keys.iter().map(|key| key.product_id.0).collect();
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(locations).bind(products);
    let mut allotments: BTreeMap<LevelKey, Vec<Allotment>> = BTreeMap::new();
    for row in tx.rows(query).await? {
        let register_id: Option<Uuid> = row.try_get("register_id")?;
        let channel: Option<String> = row.try_get("channel")?;
        let Some(owner) = owner(register_id, channel)? else { continue };
        let allotment = Allotment {
            hold_id: HoldId(row.try_get("document_id")?),
            line_no: row.try_get("line_no")?,
            owner,
            left: number(&row, "quantity")?,
            expires_at: row.try_get("expires_at")?,
        };
        let key = LevelKey {
            location_id: LocationId(row.try_get("location_id")?),
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
        };
        allotments.entry(key).or_default().push(allotment);
    }
    Ok(allotments)
}

/// Returns the owner of a hold, from its columns.
pub(super) fn owner(register_id: Option<Uuid>, channel: Option<String>) -> Result<Option<Owner>, Error> {
    Ok(match (register_id, channel) {
        (Some(id), _) => Some(Owner::Till(RegisterId(id))),
        (None, Some(channel)) => Some(Owner::Channel(parsed(channel)?)),
        (None, None) => None,
    })
}
