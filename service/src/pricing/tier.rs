//! Price tiers: classes of customers that buy at the same prices.

use ::entity::price_tier;
use domain::id::{PriceListId, PriceTierId};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{Code64, Name, one_form};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};

use super::list;
use crate::input::{Change, Patched};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx, input};

pub use ::entity::price_tier::Model as PriceTier;

/// The fields of a price tier that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceTierCreate)]
pub struct PriceTierInput {
    /// Your code for the tier, unique among tiers.
    pub code: Code64,
    /// Name of the tier.
    pub name: Name,
    /// Price list of every customer in the tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list_id: Option<PriceListId>,
}

/// Returns the input that would create the tier as it is now.
pub fn input_of(row: &PriceTier) -> PriceTierInput {
    PriceTierInput {
        code: row.code.clone().into(),
        name: Name::stored(&row.name),
        price_list_id: row.price_list_id,
    }
}

pub async fn create(tx: &Tx, input: &PriceTierInput) -> Result<PriceTier, Error> {
    check(tx, input).await?;
    let row = PriceTier {
        tenant_id: tx.tenant_id,
        id: PriceTierId(tx.next_id()),
        object: tag::PriceTier,
        code: input.code.to_string(),
        name: input.name.to_string(),
        price_list_id: input.price_list_id,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert_all::<price_tier::Entity, _>(tx, vec![row.clone()])
        .await
        .map_err(|error| reject_taken_code(error, input))?;
    Ok(row)
}

/// Changes a price tier that is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: PriceTierId,
    expected: Option<i32>,
    change: Change<'_, PriceTierInput>,
) -> Result<Patched<PriceTier>, Error> {
    let query =
        tx.select::<price_tier::Entity>().filter(price_tier::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let before = query.one(tx).await?.ok_or_else(|| Refusal::not_found("price tier"))?;
    input::check_version(before.version, expected)?;
    let Some(mut input) = change(&input_of(&before))? else {
        return Ok(Patched::unchanged(before));
    };
    input::settle_code(
        tx,
        &mut input.code,
        &before.code,
        "select 1 from price_tier where tenant_id = $1 and code = $2",
    )
    .await?;
    let input = &input;
    check(tx, input).await?;
    let after = PriceTier {
        code: input.code.to_string(),
        name: input.name.to_string(),
        price_list_id: input.price_list_id,
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    let row = after.into_active_model().reset_all();
    let saved = row.update(tx).await.map_err(Error::from);
    Ok(Patched::changed(saved.map_err(|error| reject_taken_code(error, input))?))
}

pub async fn get(tx: &Tx, id: PriceTierId) -> Result<PriceTier, Error> {
    let row = tx.select::<price_tier::Entity>().filter(price_tier::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("price tier"))?)
}

/// Returns one page of price tiers, or the one with a code.
pub async fn list(tx: &Tx, code: Option<&str>, page: &Page) -> Result<Vec<PriceTier>, Error> {
    let mut query = tx.select::<price_tier::Entity>();
    if let Some(code) = code {
        query = query.filter(price_tier::Column::Code.eq(&*one_form(code)));
    }
    Ok(page.of(query, price_tier::Column::Id, price_tier::Column::UpdatedAt).all(tx).await?)
}

async fn check(tx: &Tx, input: &PriceTierInput) -> Result<(), Error> {
    let mut problems = Problems::default();
    input.code.check(&mut problems, "/code");
    input.name.check(&mut problems, "/name");
    if let Some(id) = input.price_list_id {
        list::check_exists(tx, &mut problems, "/price_list_id", id).await?;
    }
    Ok(problems.check()?)
}

fn reject_taken_code(error: Error, input: &PriceTierInput) -> Error {
    error.on_constraint("price_tier_code_key", || input::reject_taken("/code", "price tier", &input.code))
}
