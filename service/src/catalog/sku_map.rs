//! What other systems call a product: a shop's article number, a marketplace's listing, a till's own code. Each mapping
//! has a factor, because a listing may be a pack of six, and a time, because numbers are given out again.

mod check;
mod resolve;

use ::entity::sku_mapping;
use domain::id::{ProductId, SkuMappingId};
use domain::moment::Moment;
use domain::number::Quantity;
use domain::refusal::Refusal;
use domain::text::Line100;
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::input::{self, Change};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx};

use check::{Checked, Known, overlaps};

pub use resolve::{
    Match, REFERENCES_MAX, Reference, ResolveInput, Unmapped, UnmappedFilter, UnmappedStatus, resolve,
    unmapped,
};

/// A mapping as its owner states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SkuMappingCreate)]
pub struct SkuMappingInput {
    /// The other system.
    pub system: Line100,
    /// What it calls the product.
    pub external_sku: Line100,
    /// Where it calls it so; everywhere that has no mapping of its own, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_location: Option<Line100>,
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
        system: row.system.clone().into(),
        external_sku: row.external_sku.clone().into(),
        external_location: (!row.external_location.is_empty()).then(|| row.external_location.clone().into()),
        product_id: Some(row.product_id),
        sku: None,
        factor: row.factor,
        valid_from: row.valid_from.map(Moment::Instant),
        valid_until: row.valid_until.map(Moment::Instant),
    }
}

/// Creates one mapping.
pub async fn create(tx: &Tx, input: &SkuMappingInput) -> Result<sku_mapping::Model, Error> {
    let created = create_all(tx, std::slice::from_ref(input)).await?;
    let created = created.into_iter().next().ok_or_else(|| Error::invariant("one mapping in, none out"))?;
    Ok(created?)
}

/// Creates the mappings that can be created; answers for each of them, in order. What was asked for and is covered by
/// them leaves the queue of unmapped SKUs.
pub async fn create_all(
    tx: &Tx,
    inputs: &[SkuMappingInput],
) -> Result<Vec<Result<sku_mapping::Model, Refusal>>, Error> {
    let mut known = Known::load(tx, inputs).await?;
    let answers: Vec<Result<sku_mapping::Model, Refusal>> = inputs
        .iter()
        .map(|input| {
            let id = SkuMappingId(tx.next_id());
            let checked = known.check(input, id, None)?;
            Ok(assemble(tx, id, checked, input))
        })
        .collect();
    let rows: Vec<sku_mapping::Model> = answers.iter().flatten().cloned().collect();
    insert_all::<sku_mapping::Entity, _>(tx, rows.clone()).await.map_err(overlaps)?;
    let names: Vec<(&str, &str)> =
        rows.iter().map(|row| (row.system.as_str(), row.external_sku.as_str())).collect();
    resolve::review(tx, &names).await?;
    Ok(answers)
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
    let checked = Known::load(tx, std::slice::from_ref(&input)).await?.check(&input, id, Some(&before))?;
    let was = (before.system.clone(), before.external_sku.clone());
    let after = sku_mapping::Model {
        version: before.version + 1,
        created_at: before.created_at,
        ..assemble(tx, id, checked, &input)
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

/// The row that `input` stands for, as a new mapping's.
fn assemble(tx: &Tx, id: SkuMappingId, checked: Checked, input: &SkuMappingInput) -> sku_mapping::Model {
    sku_mapping::Model {
        tenant_id: tx.tenant_id,
        id,
        system: input.system.to_string(),
        external_sku: input.external_sku.to_string(),
        external_location: input.external_location.as_deref().unwrap_or_default().to_owned(),
        product_id: checked.product_id,
        factor: input.factor,
        valid_from: checked.valid_from,
        valid_until: checked.valid_until,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    }
}
