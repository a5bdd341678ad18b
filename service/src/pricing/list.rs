//! Price lists. A change of a list's rules increases its version too.

use ::entity::price_list;
use domain::id::PriceListId;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{Code64, Name, one_form};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, sqlx};
use serde::{Deserialize, Serialize};

use crate::input::{self, Change, Patched, TenantDefaults};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx};

pub use ::entity::price_list::Model as PriceList;

/// The fields of a price list that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceListCreate)]
pub struct PriceListInput {
    /// Your code for the price list, unique among price lists.
    pub code: Code64,
    /// Name of the price list.
    pub name: Name,
    /// ISO 4217 code. Only the tenant's currency is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: Option<String>,
    /// Whether its fixed prices include tax. If absent, they do if the tenant's list prices do. Its reductions are off the
    /// list price, and have the tax of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = false)]
    pub includes_tax: Option<bool>,
}

/// Returns the input that would create the price list as it is now.
pub fn input_of(row: &PriceList) -> PriceListInput {
    PriceListInput {
        code: row.code.clone().into(),
        name: Name::stored(&row.name),
        currency: Some(row.currency.clone()),
        includes_tax: row.includes_tax,
    }
}

pub async fn create(tx: &Tx, input: &PriceListInput) -> Result<PriceList, Error> {
    let defaults = input::tenant_defaults_of_new(tx).await?;
    check(&defaults, input)?;
    let row = PriceList {
        tenant_id: tx.tenant_id,
        id: PriceListId(tx.next_id()),
        object: tag::PriceList,
        code: input.code.to_string(),
        name: input.name.to_string(),
        currency: defaults.currency,
        includes_tax: input.includes_tax,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert_all::<price_list::Entity, _>(tx, vec![row.clone()])
        .await
        .map_err(|error| reject_taken_code(error, input))?;
    Ok(row)
}

/// Changes a price list that is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: PriceListId,
    expected: Option<i32>,
    change: Change<'_, PriceListInput>,
) -> Result<Patched<PriceList>, Error> {
    let query =
        tx.select::<price_list::Entity>().filter(price_list::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let before = query.one(tx).await?.ok_or_else(|| Refusal::not_found("price list"))?;
    input::check_version(before.version, expected)?;
    let Some(mut input) = change(&input_of(&before))? else {
        return Ok(Patched::unchanged(before));
    };
    input::settle_code(
        tx,
        &mut input.code,
        &before.code,
        "select 1 from price_list where tenant_id = $1 and code = $2",
    )
    .await?;
    let input = &input;
    check(&input::tenant_defaults(tx).await?, input)?;
    let after = PriceList {
        code: input.code.to_string(),
        name: input.name.to_string(),
        includes_tax: input.includes_tax,
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    let row = after.into_active_model().reset_all();
    let saved = row.update(tx).await.map_err(Error::from);
    Ok(Patched::changed(saved.map_err(|error| reject_taken_code(error, input))?))
}

/// Gives every price list the currency of the tenant, which changes in this transaction. Amounts keep their numbers.
pub(crate) async fn change_currency(tx: &Tx, currency: &str) -> Result<(), Error> {
    let query = sqlx::query(
        "update price_list set currency = $2, version = version + 1, updated_at = $3
         where tenant_id = $1 and currency <> $2",
    );
    tx.execute(query.bind(tx.tenant_id.0).bind(currency).bind(tx.now)).await?;
    Ok(())
}

pub async fn get(tx: &Tx, id: PriceListId) -> Result<PriceList, Error> {
    let row = tx.select::<price_list::Entity>().filter(price_list::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("price list"))?)
}

/// Returns one page of price lists, or the one with a code.
pub async fn list(tx: &Tx, code: Option<&str>, page: &Page) -> Result<Vec<PriceList>, Error> {
    let mut query = tx.select::<price_list::Entity>();
    if let Some(code) = code {
        query = query.filter(price_list::Column::Code.eq(&*one_form(code)));
    }
    Ok(page.of(query, price_list::Column::Id, price_list::Column::UpdatedAt).all(tx).await?)
}

/// Locks a list and increases its version, because its rules change. Rejects an unknown list.
pub(super) async fn lock_and_bump(tx: &Tx, id: PriceListId) -> Result<(), Error> {
    let query = sqlx::query(
        "update price_list set version = version + 1, updated_at = $3 where tenant_id = $1 and id = $2",
    );
    match tx.execute(query.bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await? {
        0 => Err(Refusal::not_found("price list").into()),
        _ => Ok(()),
    }
}

/// Adds a problem if a price list does not exist.
pub(super) async fn check_exists(
    tx: &Tx,
    problems: &mut Problems,
    pointer: &str,
    id: PriceListId,
) -> Result<(), Error> {
    let known = tx.select::<price_list::Entity>().filter(price_list::Column::Id.eq(id)).one(tx).await?;
    if known.is_none() {
        input::add_unknown(problems, pointer, "price list");
    }
    Ok(())
}

fn check(defaults: &TenantDefaults, input: &PriceListInput) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    input.code.check(&mut problems, "/code");
    input.name.check(&mut problems, "/name");
    input::check_currency(&mut problems, input.currency.as_deref(), &defaults.currency);
    problems.check()
}

fn reject_taken_code(error: Error, input: &PriceListInput) -> Error {
    error.on_constraint("price_list_code_key", || input::reject_taken("/code", "price list", &input.code))
}
