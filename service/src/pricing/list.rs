//! Price lists. The version of a list counts the changes of its rules as well.

use ::entity::price_list;
use domain::id::PriceListId;
use domain::refusal::{Problems, Refusal};
use domain::text::{Line64, Name};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, sqlx};
use serde::{Deserialize, Serialize};

use crate::input::{self, Books, Change};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx};

/// A price list as its owner states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceListCreate)]
pub struct PriceListInput {
    /// Your code for it, unique among price lists.
    pub code: Line64,
    /// The name.
    pub name: Name,
    /// ISO 4217 code: the tenant's, which is the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: Option<String>,
}

/// What its owner would state to get it as it is.
pub fn input_of(row: &price_list::Model) -> PriceListInput {
    PriceListInput {
        code: row.code.clone().into(),
        name: row.name.clone().into(),
        currency: Some(row.currency.clone()),
    }
}

/// Creates a price list.
pub async fn create(tx: &Tx, input: &PriceListInput) -> Result<price_list::Model, Error> {
    let books = input::books(tx).await?;
    check(&books, input)?;
    let row = price_list::Model {
        tenant_id: tx.tenant_id,
        id: PriceListId(tx.next_id()),
        code: input.code.to_string(),
        name: input.name.to_string(),
        currency: books.currency,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert_all::<price_list::Entity, _>(tx, vec![row.clone()])
        .await
        .map_err(|error| code_taken(error, input))?;
    Ok(row)
}

/// Changes a price list, if it is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: PriceListId,
    expected: Option<i32>,
    change: Change<'_, PriceListInput>,
) -> Result<price_list::Model, Error> {
    let query =
        tx.select::<price_list::Entity>().filter(price_list::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let before = query.one(tx).await?.ok_or_else(|| Refusal::not_found("price list"))?;
    input::check_version(before.version, expected)?;
    let input = &change(&input_of(&before))?;
    check(&input::books(tx).await?, input)?;
    let after = price_list::Model {
        code: input.code.to_string(),
        name: input.name.to_string(),
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    let row = after.into_active_model().reset_all();
    row.update(tx).await.map_err(Error::from).map_err(|error| code_taken(error, input))
}

/// The price list `id`.
pub async fn get(tx: &Tx, id: PriceListId) -> Result<price_list::Model, Error> {
    let row = tx.select::<price_list::Entity>().filter(price_list::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("price list"))?)
}

/// One page of price lists, or the one with a code.
pub async fn list(tx: &Tx, code: Option<&str>, page: &Page) -> Result<Vec<price_list::Model>, Error> {
    let mut query = tx.select::<price_list::Entity>();
    if let Some(code) = code {
        query = query.filter(price_list::Column::Code.eq(code));
    }
    Ok(page.of(query, price_list::Column::Id, price_list::Column::UpdatedAt).all(tx).await?)
}

/// Counts a change of the rules of a list, and locks it; refuses where there is no such list.
pub(super) async fn touch(tx: &Tx, id: PriceListId) -> Result<(), Error> {
    let query = sqlx::query(
        "update price_list set version = version + 1, updated_at = $3 where tenant_id = $1 and id = $2",
    );
    match tx.execute(query.bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await? {
        0 => Err(Refusal::not_found("price list").into()),
        _ => Ok(()),
    }
}

/// Notes a price list that does not exist.
pub(super) async fn check_known(
    tx: &Tx,
    problems: &mut Problems,
    pointer: &str,
    id: PriceListId,
) -> Result<(), Error> {
    let known = tx.select::<price_list::Entity>().filter(price_list::Column::Id.eq(id)).one(tx).await?;
    if known.is_none() {
        input::unknown(problems, pointer, "price list");
    }
    Ok(())
}

fn check(books: &Books, input: &PriceListInput) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    input.code.check(&mut problems, "/code");
    input.name.check(&mut problems, "/name");
    input::currency(&mut problems, input.currency.as_deref(), &books.currency);
    problems.check()
}

fn code_taken(error: Error, input: &PriceListInput) -> Error {
    error.on_constraint("price_list_code_key", || input::refuse_taken("/code", "price list", &input.code))
}
