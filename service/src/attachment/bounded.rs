//! The bounds of a credential on the files of documents.

use domain::attachment::{Holder, RecordKind};
use domain::id::LocationId;
use domain::tenant::Channel;
use sea_orm::sqlx::{self, Row};

use crate::caller::Limits;
use crate::{Error, Tx};

/// Rejects a change of the files of a document, if the credential is bound to other locations or another channel. Records that are no
/// documents have neither.
pub(super) async fn check(tx: &Tx, limits: &Limits, record: Holder) -> Result<(), Error> {
    let locations = match record.kind {
        RecordKind::Product | RecordKind::Customer | RecordKind::Supplier => return Ok(()),
        RecordKind::Order => OF_ORDER,
        RecordKind::Invoice => OF_INVOICE,
        RecordKind::PurchaseOrder => OF_PURCHASE_ORDER,
        RecordKind::Bill => OF_BILL,
    };
    if matches!(record.kind, RecordKind::Order | RecordKind::Invoice) {
        limits.bounds.check_channel(Channel::Wholesale)?;
    }
    if limits.bounds.locations.is_none() {
        return Ok(());
    }
    for row in tx.rows(sqlx::query(locations).bind(tx.tenant_id.0).bind(record.id)).await? {
        limits.require_location(LocationId(row.try_get("location_id")?), "")?;
    }
    Ok(())
}

const OF_ORDER: &str = "select location_id from sales_order where tenant_id = $1 and id = $2";

const OF_INVOICE: &str = "select location_id from invoice where tenant_id = $1 and id = $2";

const OF_PURCHASE_ORDER: &str =
    "select distinct location_id from purchase_order_line where tenant_id = $1 and purchase_order_id = $2";

const OF_BILL: &str = "
    select distinct location_id from bill_line where tenant_id = $1 and bill_id = $2 and location_id is not null";
