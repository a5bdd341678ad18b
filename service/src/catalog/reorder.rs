//! Reorder settings: reorder point and reorder quantity of a product, everywhere or at one location.

use std::collections::{HashMap, HashSet};

use domain::id::{LocationId, ProductId};
use domain::number::Quantity;
use domain::product::ProductKind;
use domain::refusal::{Problems, QUANTITY_ABOVE_ZERO, Refusal};
use domain::tag;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::listing::{optional_number, word};
use crate::{Error, Tx, input};

/// Most locations with settings of one product.
const LOCATIONS_MAX: usize = 1000;

/// The reorder settings of a product. An absent value is not set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReorderInput {
    /// Available stock units at or below which the product is low, for locations without their own setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder_point: Option<Quantity>,
    /// Stock units to order when the product is low.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder_quantity: Option<Quantity>,
    /// Settings of single locations, each named once.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub locations: Vec<LocationReorderInput>,
}

/// The reorder settings of a product at one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocationReorderInput {
    /// Location of the setting.
    pub location_id: LocationId,
    /// Available stock units at or below which the product is low there.
    pub reorder_point: Quantity,
    /// Stock units to order when the product is low there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder_quantity: Option<Quantity>,
}

/// The reorder settings of a product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Reorder {
    /// Id of the product.
    pub id: ProductId,
    /// Always `reorder_settings`.
    pub object: tag::ReorderSettings,
    /// Available stock units at or below which the product is low, for locations without their own setting.
    pub reorder_point: Option<Quantity>,
    /// Stock units to order when the product is low.
    pub reorder_quantity: Option<Quantity>,
    /// Settings of single locations.
    #[schema(max_items = 1000)]
    pub locations: Vec<LocationReorder>,
}

/// The reorder settings of a product at one location.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LocationReorder {
    /// Location of the setting.
    pub location_id: LocationId,
    /// Available stock units at or below which the product is low there.
    pub reorder_point: Option<Quantity>,
    /// Stock units to order when the product is low there.
    pub reorder_quantity: Option<Quantity>,
}

const NOT_STOCKED: &str = "Only a stocked product has reorder settings.";

/// Replaces the settings of a product.
pub async fn set(tx: &Tx, id: ProductId, input: &ReorderInput) -> Result<Reorder, Error> {
    // The lock makes two changes of one product's settings run one after the other.
    let lock = "select kind from product where tenant_id = $1 and id = $2 for no key update";
    let row = tx.row(sqlx::query(lock).bind(tx.tenant_id.0).bind(id.0)).await?;
    let kind: ProductKind = word(&row.ok_or_else(|| Refusal::not_found("product"))?, "kind")?;
    if kind != ProductKind::Stocked {
        return Err(Refusal::state(NOT_STOCKED).into());
    }
    let ids: Vec<Uuid> = input.locations.iter().map(|row| row.location_id.0).collect();
    let known = sqlx::query("select id from location where tenant_id = $1 and id = any($2)");
    let known = tx.rows(known.bind(tx.tenant_id.0).bind(ids)).await?;
    let known: HashSet<Uuid> = known.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let mut problems = Problems::default();
    check_all(&mut problems, "", input, |id| known.contains(&id.0));
    problems.check()?;
    replace_all(tx, &[(id, input)]).await?;
    get(tx, id).await
}

/// Rejects settings that an import cannot set. The pointers begin with `/reorder`.
pub fn check(
    kind: ProductKind,
    input: &ReorderInput,
    is_location: impl Fn(LocationId) -> bool,
) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    if kind != ProductKind::Stocked && *input != ReorderInput::default() {
        problems.invalid("/reorder", NOT_STOCKED);
    }
    check_all(&mut problems, "/reorder", input, is_location);
    problems.check()
}

/// Replaces the settings of products that are locked and checked.
pub async fn replace_all(tx: &Tx, stated: &[(ProductId, &ReorderInput)]) -> Result<(), Error> {
    if stated.is_empty() {
        return Ok(());
    }
    let delete = "delete from reorder_setting where tenant_id = $1 and product_id = any($2)";
    let ids: Vec<Uuid> = stated.iter().map(|(id, _)| id.0).collect();
    tx.execute(sqlx::query(delete).bind(tx.tenant_id.0).bind(ids)).await?;
    let rows: Vec<Setting> = stated.iter().flat_map(|(id, input)| settings(*id, input)).collect();
    let insert = "insert into reorder_setting (tenant_id, product_id, location_id, reorder_point, reorder_quantity) \
                  select $1, v.* from unnest($2::uuid[], $3::uuid[], $4::numeric[], $5::numeric[]) as v";
    let query = sqlx::query(insert)
        .bind(tx.tenant_id.0)
        .bind(rows.iter().map(|row| row.product_id.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.location_id).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.point.map(Quantity::get)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.quantity.map(Quantity::get)).collect::<Vec<_>>());
    tx.execute(query).await?;
    Ok(())
}

/// One row of settings; a nil location stands for all locations.
struct Setting {
    product_id: ProductId,
    location_id: Uuid,
    point: Option<Quantity>,
    quantity: Option<Quantity>,
}

/// Returns the rows of an input that set a value.
fn settings(product_id: ProductId, input: &ReorderInput) -> impl Iterator<Item = Setting> {
    let row = move |location_id, point, quantity| Setting { product_id, location_id, point, quantity };
    let everywhere = row(Uuid::nil(), input.reorder_point, input.reorder_quantity);
    let at_one = input.locations.iter();
    let at_one = at_one.map(move |at| row(at.location_id.0, Some(at.reorder_point), at.reorder_quantity));
    std::iter::once(everywhere).chain(at_one).filter(|row| row.point.is_some() || row.quantity.is_some())
}

fn check_all(
    problems: &mut Problems,
    at: &str,
    input: &ReorderInput,
    is_location: impl Fn(LocationId) -> bool,
) {
    check_figures(problems, at, input.reorder_point, input.reorder_quantity);
    if input.locations.len() > LOCATIONS_MAX {
        problems.invalid(format!("{at}/locations"), format!("Name at most {LOCATIONS_MAX} locations."));
    }
    let mut seen = HashSet::new();
    for (index, row) in input.locations.iter().enumerate() {
        let pointer = format!("{at}/locations/{index}");
        if !is_location(row.location_id) {
            input::add_unknown(problems, format!("{pointer}/location_id"), "location");
        } else if !seen.insert(row.location_id) {
            problems.invalid(format!("{pointer}/location_id"), "Name each location once.");
        }
        check_figures(problems, &pointer, Some(row.reorder_point), row.reorder_quantity);
    }
}

fn check_figures(problems: &mut Problems, at: &str, point: Option<Quantity>, quantity: Option<Quantity>) {
    if point.is_some_and(Quantity::is_negative) {
        problems.invalid(format!("{at}/reorder_point"), "A reorder point is not negative.");
    }
    if quantity.is_some_and(|quantity| !quantity.is_positive()) {
        problems.invalid(format!("{at}/reorder_quantity"), QUANTITY_ABOVE_ZERO);
    }
}

/// Returns the settings of a product; empty if none are set.
pub async fn get(tx: &Tx, id: ProductId) -> Result<Reorder, Error> {
    let statement = "select r.location_id, r.reorder_point, r.reorder_quantity \
                     from product p \
                     left join reorder_setting r on r.tenant_id = p.tenant_id and r.product_id = p.id \
                     where p.tenant_id = $1 and p.id = $2 order by r.location_id";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    if rows.is_empty() {
        return Err(Refusal::not_found("product").into());
    }
    let (reorder_point, reorder_quantity, locations) = (None, None, Vec::new());
    let mut settings =
        Reorder { id, object: tag::ReorderSettings, reorder_point, reorder_quantity, locations };
    for row in rows {
        let point = optional_number(&row, "reorder_point")?;
        let quantity = optional_number(&row, "reorder_quantity")?;
        match row.try_get::<Option<Uuid>, _>("location_id")? {
            None => {}
            Some(location) if location.is_nil() => {
                (settings.reorder_point, settings.reorder_quantity) = (point, quantity);
            }
            Some(location) => settings.locations.push(LocationReorder {
                location_id: LocationId(location),
                reorder_point: point,
                reorder_quantity: quantity,
            }),
        }
    }
    Ok(settings)
}

/// Returns the inputs that would create the present settings, locations by id. Products without settings are left
/// out.
pub async fn inputs_of(tx: &Tx, ids: &[ProductId]) -> Result<HashMap<ProductId, ReorderInput>, Error> {
    let statement = "select product_id, location_id, reorder_point, reorder_quantity from reorder_setting \
                     where tenant_id = $1 and product_id = any($2) order by product_id, location_id";
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut inputs: HashMap<ProductId, ReorderInput> = HashMap::new();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
        let input = inputs.entry(ProductId(row.try_get("product_id")?)).or_default();
        let location_id: Uuid = row.try_get("location_id")?;
        let point = optional_number(&row, "reorder_point")?;
        let reorder_quantity = optional_number(&row, "reorder_quantity")?;
        match point {
            _ if location_id.is_nil() => {
                (input.reorder_point, input.reorder_quantity) = (point, reorder_quantity);
            }
            Some(reorder_point) => {
                let location_id = LocationId(location_id);
                input.locations.push(LocationReorderInput { location_id, reorder_point, reorder_quantity });
            }
            None => {}
        }
    }
    Ok(inputs)
}
