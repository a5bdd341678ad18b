//! Changes what callers added to orders and shipments: notes, tags, the parcel of a shipment. It moves neither stock nor money,
//! so it is a record change.

use chrono::{DateTime, Utc};
use domain::annotation::{self, Notes, Tag};
use domain::id::{LocationId, OrderId, ShipmentId};
use domain::metadata::{self, Metadata};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::tenant::Channel;
use domain::text::{Name, Reference100};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::caller::{Limits, bound_exceeded};
use crate::input::{self, Change, Patched};
use crate::{Error, Tx};

/// Additions of a caller to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderChange {
    /// Your own notes by name: at most 50, each of at most 500 characters. A change merges them.
    #[serde(default)]
    #[schema(schema_with = metadata::schema)]
    pub metadata: Metadata,
    /// Notes for the people who read the order.
    #[serde(default)]
    pub notes: Notes,
    /// Tags: at most 50, each once. A change replaces the list.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tags: Vec<Tag>,
}

/// An order with the additions of callers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderAnnotations {
    /// Id of the order.
    pub id: OrderId,
    /// Always `order`.
    pub object: tag::Order,
    /// Number of the order.
    #[schema(max_length = 64, example = "SO-2026-000123")]
    pub number: String,
    /// Your own notes by name.
    #[schema(schema_with = metadata::schema)]
    pub metadata: Metadata,
    /// Notes for the people who read the order.
    pub notes: Notes,
    /// Tags.
    #[schema(max_items = 50)]
    pub tags: Vec<Tag>,
    /// Version number of the order. Each change adds 1.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 3)]
    pub version: i32,
    /// When the order last changed.
    pub updated_at: DateTime<Utc>,
}

/// The parcel of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParcelChange {
    /// Carrier of the shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Name>,
    /// The carrier's number of the parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<Reference100>,
    /// The carrier's page of the parcel: `https://…` or `http://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 8, max_length = 2000, example = "https://carrier.example/track/1Z999")]
    pub tracking_url: Option<String>,
}

/// A shipment with where it can be followed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShipmentParcel {
    /// Id of the shipment.
    pub id: ShipmentId,
    /// Always `shipment`.
    pub object: tag::Shipment,
    /// Number of the shipment.
    #[schema(max_length = 64, example = "SH-2026-000123")]
    pub number: String,
    /// Carrier of the shipment.
    pub carrier: Option<Name>,
    /// The carrier's number of the parcel.
    pub tracking_number: Option<Reference100>,
    /// The carrier's page of the parcel.
    #[schema(max_length = 2000, example = "https://carrier.example/track/1Z999")]
    pub tracking_url: Option<String>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 2)]
    pub version: i32,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Changes the notes and tags of an order that is still at version `expected`.
pub async fn change_order(
    tx: &Tx,
    (id, limits): (OrderId, &Limits),
    expected: Option<i32>,
    change: Change<'_, OrderChange>,
) -> Result<Patched<OrderAnnotations>, Error> {
    let statement = "select number, location_id, metadata, notes, tags, version, updated_at from sales_order \
                     where tenant_id = $1 and id = $2 for no key update";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("order"))?;
    let version = check_row(&row, limits, expected)?;
    let (object, number) = (tag::Order, row.try_get("number")?);
    let present = OrderChange {
        metadata: metadata::of_json(&row.try_get("metadata")?),
        notes: row.try_get::<String, _>("notes")?.into(),
        tags: annotation::stored_tags(&row.try_get("tags")?),
    };
    let Some(next) = change(&present)? else {
        let OrderChange { metadata, notes, tags } = present;
        let updated_at = row.try_get("updated_at")?;
        let present = OrderAnnotations { id, object, number, metadata, notes, tags, version, updated_at };
        return Ok(Patched::unchanged(present));
    };
    let OrderChange { metadata, notes, tags } = next;
    let mut problems = Problems::default();
    metadata::check(&mut problems, &metadata);
    notes.check(&mut problems, "/notes");
    annotation::check_tags(&mut problems, &tags);
    problems.check()?;
    let statement = "update sales_order set metadata = $3, notes = $4, tags = $5, version = $6, updated_at = $7 \
                     where tenant_id = $1 and id = $2";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(metadata::to_json(&metadata));
    tx.execute(query.bind(notes.as_str()).bind(json!(tags)).bind(version.saturating_add(1)).bind(tx.now))
        .await?;
    Ok(Patched::changed(OrderAnnotations {
        id,
        object,
        number,
        metadata,
        notes,
        tags,
        version: version.saturating_add(1),
        updated_at: tx.now,
    }))
}

/// Changes the parcel of a shipment that is still at version `expected`.
pub async fn change_shipment(
    tx: &Tx,
    (id, limits): (ShipmentId, &Limits),
    expected: Option<i32>,
    change: Change<'_, ParcelChange>,
) -> Result<Patched<ShipmentParcel>, Error> {
    let statement = "select number, location_id, carrier, tracking_number, tracking_url, version, \
                            coalesce(updated_at, recorded_at) as updated_at from shipment \
                     where tenant_id = $1 and id = $2 for no key update";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("shipment"))?;
    let version = check_row(&row, limits, expected)?;
    let text = |column: &str| row.try_get::<Option<String>, _>(column);
    let (object, number) = (tag::Shipment, row.try_get("number")?);
    let present = ParcelChange {
        carrier: text("carrier")?.as_deref().map(Name::stored),
        tracking_number: text("tracking_number")?.as_deref().map(Reference100::stored),
        tracking_url: text("tracking_url")?,
    };
    let Some(next) = change(&present)? else {
        let ParcelChange { carrier, tracking_number, tracking_url } = present;
        let updated_at = row.try_get("updated_at")?;
        return Ok(Patched::unchanged(ShipmentParcel {
            id,
            object,
            number,
            carrier,
            tracking_number,
            tracking_url,
            version,
            updated_at,
        }));
    };
    let ParcelChange { carrier, tracking_number, tracking_url } = next;
    let mut problems = Problems::default();
    if let Some(carrier) = &carrier {
        carrier.check(&mut problems, "/carrier");
    }
    // A number that an older version stored may have several lines.
    if let Some(number) = &tracking_number
        && present.tracking_number.as_ref() != Some(number)
    {
        number.check(&mut problems, "/tracking_number");
    }
    if let Some(url) = &tracking_url {
        annotation::check_url(&mut problems, "/tracking_url", url);
    }
    problems.check()?;
    let statement = "update shipment set carrier = $3, tracking_number = $4, tracking_url = $5, version = $6, updated_at = $7 \
                     where tenant_id = $1 and id = $2";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(carrier.as_deref());
    let query = query.bind(tracking_number.as_deref()).bind(&tracking_url);
    tx.execute(query.bind(version.saturating_add(1)).bind(tx.now)).await?;
    Ok(Patched::changed(ShipmentParcel {
        id,
        object,
        number,
        carrier,
        tracking_number,
        tracking_url,
        version: version.saturating_add(1),
        updated_at: tx.now,
    }))
}

/// Rejects a caller who is bound to other documents, and a stale version. Returns the present version.
fn check_row(row: &PgRow, limits: &Limits, expected: Option<i32>) -> Result<i32, Error> {
    limits.require_location(LocationId(row.try_get("location_id")?), "")?;
    if limits.bounds.channels.as_ref().is_some_and(|channels| !channels.contains(&Channel::Wholesale)) {
        return Err(bound_exceeded("", "channels", "The credential is bound to other channels.").into());
    }
    let version: i32 = row.try_get("version")?;
    input::check_version(version, expected)?;
    Ok(version)
}
