//! SKU mappings: another system's code for a product, such as a shop's article number or a marketplace listing. Each
//! mapping has a factor, because a listing may be a pack of six, and a validity, because codes are reused.

mod check;
mod resolve;

use ::entity::sku_mapping;
use domain::id::{ProductId, SkuMappingId};
use domain::moment::Moment;
use domain::number::Quantity;
use domain::refusal::Refusal;
use domain::tag;
use domain::text::{Code64, Line100};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::input::{self, Change, Patched};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx};

use check::{References, Resolved, overlaps};

pub use ::entity::sku_mapping::Model as SkuMapping;
pub use resolve::{
    REFERENCES_MAX, Reference, ResolveInput, SkuResolution, UnmappedFilter, UnmappedSku, UnmappedStatus,
    list_unmapped, resolve,
};

/// The fields of a SKU mapping that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SkuMappingCreate)]
pub struct SkuMappingInput {
    /// Name of the other system.
    pub system: Line100,
    /// SKU in the other system.
    pub external_sku: Line100,
    /// Location in the other system. Without it the mapping applies to every location that has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_location: Option<Line100>,
    /// Id of the product; or set `sku`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// SKU of the product, instead of its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Code64>,
    /// Stock units per external unit: 6 for a pack of six.
    #[serde(default = "one")]
    pub factor: Quantity,
    /// First instant of the validity; a bare date means the start of that day. Without it the mapping has no
    /// beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Moment>,
    /// First instant after the validity; a bare date means the end of that day. Without it the mapping has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub system: Option<String>,
    pub external_sku: Option<String>,
    pub product_id: Option<ProductId>,
}

fn one() -> Quantity {
    Quantity::ONE
}

/// Returns the input that would create the mapping as it is now.
pub fn input_of(row: &SkuMapping) -> SkuMappingInput {
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

pub async fn create(tx: &Tx, input: &SkuMappingInput) -> Result<SkuMapping, Error> {
    let created = create_all(tx, std::slice::from_ref(input)).await?;
    let created = created.into_iter().next().ok_or_else(|| Error::invariant("one mapping in, none out"))?;
    Ok(created?)
}

/// Creates every valid mapping of a batch and returns one result per input, in order. Unmapped SKUs that are covered
/// now leave their queue.
pub async fn create_all(
    tx: &Tx,
    inputs: &[SkuMappingInput],
) -> Result<Vec<Result<SkuMapping, Refusal>>, Error> {
    let mut known = References::load(tx, inputs).await?;
    let answers: Vec<Result<SkuMapping, Refusal>> = inputs
        .iter()
        .map(|input| {
            let id = SkuMappingId(tx.next_id());
            let checked = known.check(input, id, None)?;
            Ok(assemble(tx, id, checked, input))
        })
        .collect();
    let rows: Vec<SkuMapping> = answers.iter().flatten().cloned().collect();
    insert_all::<sku_mapping::Entity, _>(tx, rows.clone()).await.map_err(overlaps)?;
    let names: Vec<(&str, &str)> =
        rows.iter().map(|row| (row.system.as_str(), row.external_sku.as_str())).collect();
    resolve::review(tx, &names).await?;
    Ok(answers)
}

/// Changes a mapping that is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: SkuMappingId,
    expected: Option<i32>,
    change: Change<'_, SkuMappingInput>,
) -> Result<Patched<SkuMapping>, Error> {
    let before = lock(tx, id).await?;
    input::check_version(before.version, expected)?;
    let present = input_of(&before);
    let Some(mut input) = change(&present)? else {
        return Ok(Patched::unchanged(before));
    };
    // A new SKU without a new id renames the product.
    if input.sku.is_some() && input.product_id == present.product_id {
        input.product_id = None;
    }
    let checked =
        References::load(tx, std::slice::from_ref(&input)).await?.check(&input, id, Some(&before))?;
    let after = SkuMapping {
        version: before.version,
        created_at: before.created_at,
        updated_at: before.updated_at,
        ..assemble(tx, id, checked, &input)
    };
    // A patch may name the present product by its SKU.
    if after == before {
        return Ok(Patched::unchanged(before));
    }
    let was = (before.system, before.external_sku);
    let after = SkuMapping { version: before.version + 1, updated_at: tx.now, ..after };
    let row = after.into_active_model().reset_all();
    let row = row.update(tx).await.map_err(Error::from).map_err(overlaps)?;
    resolve::review(tx, &[(&was.0, &was.1), (&row.system, &row.external_sku)]).await?;
    Ok(Patched::changed(row))
}

/// Deletes a mapping that is still at version `expected`. SKUs that only it covered return to the queue of unmapped
/// SKUs.
pub async fn delete(tx: &Tx, id: SkuMappingId, expected: Option<i32>) -> Result<(), Error> {
    let row = lock(tx, id).await?;
    input::check_version(row.version, expected)?;
    let of_tenant = sku_mapping::Column::TenantId.eq(tx.tenant_id);
    let delete = sku_mapping::Entity::delete_many().filter(of_tenant);
    delete.filter(sku_mapping::Column::Id.eq(id)).exec(tx).await?;
    resolve::review(tx, &[(&row.system, &row.external_sku)]).await
}

pub async fn get(tx: &Tx, id: SkuMappingId) -> Result<SkuMapping, Error> {
    let row = tx.select::<sku_mapping::Entity>().filter(sku_mapping::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("SKU mapping"))?)
}

pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<SkuMapping>, Error> {
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

async fn lock(tx: &Tx, id: SkuMappingId) -> Result<SkuMapping, Error> {
    let query = tx.select::<sku_mapping::Entity>().filter(sku_mapping::Column::Id.eq(id));
    let row = query.lock(LockType::Update).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("SKU mapping"))?)
}

/// Builds the row of a new mapping.
fn assemble(tx: &Tx, id: SkuMappingId, checked: Resolved, input: &SkuMappingInput) -> SkuMapping {
    SkuMapping {
        tenant_id: tx.tenant_id,
        id,
        object: tag::SkuMapping,
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
