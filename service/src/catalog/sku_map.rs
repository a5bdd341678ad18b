//! What other systems call a product: a shop's article number, a marketplace's listing, a till's own code. Each mapping
//! has a factor, because a listing may be a pack of six, and a time, because numbers are given out again.

mod resolve;

use ::entity::sku_mapping;
use chrono::{DateTime, Utc};
use domain::id::{ProductId, SkuMappingId};
use domain::moment::Moment;
use domain::number::Quantity;
use domain::product::{ProductStatus, is_divided_so};
use domain::refusal::{Code, Problems, Refusal};
use sea_orm::sea_query::LockType;
use sea_orm::sqlx::{self, Row};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::input::{self, Change};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx};

pub use resolve::{
    Match, REFERENCES_MAX, Reference, ResolveInput, Unmapped, UnmappedFilter, UnmappedStatus, resolve,
    unmapped,
};

/// The longest name of another system, the longest SKU there, and the longest location.
const WORD_LENGTH_MAX: usize = 100;

/// A mapping as its owner states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SkuMappingCreate)]
pub struct SkuMappingInput {
    /// The other system.
    #[schema(min_length = 1, max_length = 100, example = "webshop")]
    pub system: String,
    /// What it calls the product.
    #[schema(min_length = 1, max_length = 100, example = "4711-6PACK")]
    pub external_sku: String,
    /// Where it calls it so; everywhere that has no mapping of its own, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "outlet-2")]
    pub external_location: Option<String>,
    /// The product; or name its `sku`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// The product's SKU, in place of its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    pub sku: Option<String>,
    /// Stock units per external unit: 6 for a pack of six.
    #[serde(default = "one")]
    pub factor: Quantity,
    /// The first instant at which it applies, or the first day as a bare date; always, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Moment>,
    /// The first instant at which it no longer applies, or the last day, inclusive, as a bare date; forever, if
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
}

/// Which mappings to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this system.
    pub system: Option<String>,
    /// Of this SKU there.
    pub external_sku: Option<String>,
    /// To this product.
    pub product_id: Option<ProductId>,
}

fn one() -> Quantity {
    Quantity::ONE
}

/// What its owner would state to get it as it is.
pub fn input_of(row: &sku_mapping::Model) -> SkuMappingInput {
    SkuMappingInput {
        system: row.system.clone(),
        external_sku: row.external_sku.clone(),
        external_location: (!row.external_location.is_empty()).then(|| row.external_location.clone()),
        product_id: Some(row.product_id),
        sku: None,
        factor: row.factor,
        valid_from: row.valid_from.map(Moment::Instant),
        valid_until: row.valid_until.map(Moment::Instant),
    }
}

/// Creates a mapping. What was asked for and is covered by it leaves the queue of unmapped SKUs.
pub async fn create(tx: &Tx, input: &SkuMappingInput) -> Result<sku_mapping::Model, Error> {
    let checked = check(tx, input, None).await?;
    let row = sku_mapping::Model {
        tenant_id: tx.tenant_id,
        id: SkuMappingId(tx.next_id()),
        system: input.system.clone(),
        external_sku: input.external_sku.clone(),
        external_location: input.external_location.clone().unwrap_or_default(),
        product_id: checked.product_id,
        factor: input.factor,
        valid_from: checked.valid_from,
        valid_until: checked.valid_until,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert_all::<sku_mapping::Entity, _>(tx, vec![row.clone()]).await.map_err(overlaps)?;
    resolve::review(tx, &[(&row.system, &row.external_sku)]).await?;
    Ok(row)
}

/// Changes a mapping, if it is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: SkuMappingId,
    expected: Option<i32>,
    change: Change<'_, SkuMappingInput>,
) -> Result<sku_mapping::Model, Error> {
    let before = locked(tx, id).await?;
    input::check_version(before.version, expected)?;
    let present = input_of(&before);
    let mut input = change(&present)?;
    // The product is named anew by its SKU.
    if input.sku.is_some() && input.product_id == present.product_id {
        input.product_id = None;
    }
    let checked = check(tx, &input, Some(before.product_id)).await?;
    let was = (before.system.clone(), before.external_sku.clone());
    let after = sku_mapping::Model {
        system: input.system.clone(),
        external_sku: input.external_sku.clone(),
        external_location: input.external_location.clone().unwrap_or_default(),
        product_id: checked.product_id,
        factor: input.factor,
        valid_from: checked.valid_from,
        valid_until: checked.valid_until,
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    let row = after.into_active_model().reset_all();
    let row = row.update(tx).await.map_err(Error::from).map_err(overlaps)?;
    resolve::review(tx, &[(&was.0, &was.1), (&row.system, &row.external_sku)]).await?;
    Ok(row)
}

/// Deletes a mapping, if it is still at version `expected`. What it alone covered is back in the queue.
pub async fn delete(tx: &Tx, id: SkuMappingId, expected: Option<i32>) -> Result<(), Error> {
    let row = locked(tx, id).await?;
    input::check_version(row.version, expected)?;
    let of_tenant = sku_mapping::Column::TenantId.eq(tx.tenant_id);
    let delete = sku_mapping::Entity::delete_many().filter(of_tenant);
    delete.filter(sku_mapping::Column::Id.eq(id)).exec(tx).await?;
    resolve::review(tx, &[(&row.system, &row.external_sku)]).await
}

/// The mapping `id`.
pub async fn get(tx: &Tx, id: SkuMappingId) -> Result<sku_mapping::Model, Error> {
    let row = tx.select::<sku_mapping::Entity>().filter(sku_mapping::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("SKU mapping"))?)
}

/// One page of mappings.
pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<sku_mapping::Model>, Error> {
    let mut query = tx.select::<sku_mapping::Entity>();
    if let Some(system) = &filter.system {
        query = query.filter(sku_mapping::Column::System.eq(system));
    }
    if let Some(external_sku) = &filter.external_sku {
        query = query.filter(sku_mapping::Column::ExternalSku.eq(external_sku));
    }
    if let Some(product_id) = filter.product_id {
        query = query.filter(sku_mapping::Column::ProductId.eq(product_id));
    }
    Ok(page.of(query, sku_mapping::Column::Id, sku_mapping::Column::UpdatedAt).all(tx).await?)
}

async fn locked(tx: &Tx, id: SkuMappingId) -> Result<sku_mapping::Model, Error> {
    let query = tx.select::<sku_mapping::Entity>().filter(sku_mapping::Column::Id.eq(id));
    let row = query.lock(LockType::Update).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("SKU mapping"))?)
}

/// What a sound mapping is about, and when.
struct Checked {
    product_id: ProductId,
    valid_from: Option<DateTime<Utc>>,
    valid_until: Option<DateTime<Utc>>,
}

/// Checks a mapping; `present` is the product that it has, which may have been archived since.
async fn check(tx: &Tx, input: &SkuMappingInput, present: Option<ProductId>) -> Result<Checked, Error> {
    let mut problems = Problems::default();
    check_words(&mut problems, "", (&input.system, &input.external_sku, input.external_location.as_deref()));
    if !input.factor.is_positive() {
        problems.invalid("/factor", "This must be above zero: it says how many stock units a unit has.");
    }
    let zone = input::books(tx).await?.time_zone;
    let valid_from = input.valid_from.map(|moment| moment.start(zone));
    let valid_until = input.valid_until.map(|moment| moment.end(zone));
    if let (Some(from), Some(until)) = (valid_from, valid_until)
        && from >= until
    {
        problems.invalid("/valid_until", "The mapping must end after it began.");
    }
    let product_id = check_product(tx, &mut problems, input, present).await?;
    problems.check()?;
    Ok(Checked { product_id: product_id.unwrap_or_default(), valid_from, valid_until })
}

async fn check_product(
    tx: &Tx,
    problems: &mut Problems,
    input: &SkuMappingInput,
    present: Option<ProductId>,
) -> Result<Option<ProductId>, Error> {
    let pointer = match (input.product_id, &input.sku) {
        (Some(_), None) => "/product_id",
        (None, Some(_)) => "/sku",
        (Some(_), Some(_)) => {
            problems.invalid("/sku", "Name the product by product_id or by sku, not by both.");
            return Ok(None);
        }
        (None, None) => {
            problems.invalid("/product_id", "Name the product by product_id or by sku.");
            return Ok(None);
        }
    };
    let query = sqlx::query(
        "select id, status, stock_decimals from product where tenant_id = $1 and (id = $2 or sku = $3)",
    );
    let query = query.bind(tx.tenant_id.0).bind(input.product_id.map(|id| id.0)).bind(&input.sku);
    let Some(row) = tx.row(query).await? else {
        input::unknown(problems, pointer, "product");
        return Ok(None);
    };
    let id = ProductId(row.try_get(0)?);
    let archived: &str = ProductStatus::Archived.into();
    if row.try_get::<String, _>(1)? == archived && present != Some(id) {
        problems.invalid(pointer, "This product is archived; nothing new is mapped to it.");
    }
    let decimals = u8::try_from(row.try_get::<i16, _>(2)?).unwrap_or_default();
    if input.factor.is_positive() && !is_divided_so(input.factor, decimals) {
        problems.invalid("/factor", format!("A quantity of this product has at most {decimals} decimals."));
    }
    Ok(Some(id))
}

/// Checks a reference, whose fields stand below `base`.
fn check_words(problems: &mut Problems, base: &str, (system, sku, location): (&str, &str, Option<&str>)) {
    input::line(problems, &format!("{base}/system"), system, WORD_LENGTH_MAX);
    input::line(problems, &format!("{base}/external_sku"), sku, WORD_LENGTH_MAX);
    input::optional_line(problems, &format!("{base}/external_location"), location, WORD_LENGTH_MAX);
}

fn overlaps(error: Error) -> Error {
    error.on_constraint("sku_mapping_no_overlap", || {
        let detail =
            "Another mapping of this SKU is valid in the same time: end that one before this one begins.";
        Problems::one("/valid_from", Code::AlreadyExists, detail)
    })
}
