//! The tills of a shop.

use ::entity::{location, register};
use domain::id::{LocationId, RegisterId};
use domain::number::{Money, Percent};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{Name, one_form};
use rust_decimal::Decimal;
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, QuerySelect, Set, Unchanged};
use serde::{Deserialize, Serialize};

use crate::caller::bound_exceeded;
use crate::input::{Change, Patched};
use crate::page::Page;
use crate::rows::insert_all;
use crate::tenant::settings;
use crate::{Caller, Error, Tx, input};

pub use ::entity::register::Model as Register;

/// Longest code: it is printed on every receipt.
const CODE_LENGTH_MAX: usize = 12;

/// The fields of a till that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RegisterCreate)]
pub struct RegisterInput {
    /// Your code for the till, unique among tills and part of its receipt numbers: capital letters and digits.
    #[schema(min_length = 1, max_length = 12, pattern = "^[A-Z0-9]{1,12}$", example = "TILL1")]
    pub code: String,
    /// Name of the till.
    pub name: Name,
    /// Store or warehouse from which the till sells.
    pub location_id: LocationId,
    /// Smallest cash amount that can be paid, such as `0.05`. Zero: amounts are not rounded. If absent, that of the settings.
    #[serde(default)]
    pub cash_rounding: Option<Money>,
    /// Largest discount of its sales in percent, for every caller. Absent: no limit of its own.
    #[serde(default)]
    #[schema(example = "10")]
    pub discount_max: Option<Percent>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub code: Option<String>,
    pub location_id: Option<LocationId>,
}

pub async fn create(tx: &Tx, input: &RegisterInput) -> Result<Register, Error> {
    let mut problems = Problems::default();
    let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !(1..=CODE_LENGTH_MAX).contains(&input.code.len()) || !input.code.bytes().all(known) {
        problems.invalid("/code", format!("Expected 1 to {CODE_LENGTH_MAX} capital letters or digits."));
    }
    input.name.check(&mut problems, "/name");
    input::check_coin(&mut problems, "/cash_rounding", input.cash_rounding);
    let decimals = input::tenant_defaults(tx).await?.decimals;
    input::check_decimals(&mut problems, "/cash_rounding", input.cash_rounding, decimals);
    input::check_share(&mut problems, "/discount_max", input.discount_max);
    let place =
        tx.select::<location::Entity>().filter(location::Column::Id.eq(input.location_id)).one(tx).await?;
    match place {
        None => input::add_unknown(&mut problems, "/location_id", "location"),
        Some(place) if !place.kind.sells() => {
            problems.invalid("/location_id", "A till sells from a store or a warehouse.");
        }
        Some(_) => {}
    }
    problems.check()?;
    let cash_rounding = match input.cash_rounding {
        Some(stated) => stated,
        None => settings::get(tx).await?.cash_rounding,
    };
    let row = Register {
        tenant_id: tx.tenant_id,
        id: RegisterId(tx.next_id()),
        object: tag::Register,
        code: input.code.clone(),
        name: input.name.to_string(),
        location_id: input.location_id,
        cash_rounding,
        discount_max: input.discount_max,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert_all::<register::Entity, _>(tx, vec![row.clone()]).await.map_err(|error| {
        error.on_constraint("register_code_key", || input::reject_taken("/code", "till", &input.code))
    })?;
    Ok(row)
}

/// The fields of a till that can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RegisterUpdate)]
pub struct RegisterChange {
    /// Name of the till.
    pub name: Name,
    /// Smallest cash amount that can be paid, such as `0.05`. Zero: amounts are not rounded.
    #[serde(default)]
    pub cash_rounding: Money,
    /// Largest discount of its sales in percent, for every caller. Absent: no limit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "10")]
    pub discount_max: Option<Percent>,
}

/// Changes a till that is still at version `expected`. Rejects a caller who raises its largest discount above the own one.
pub async fn update(
    tx: &Tx,
    (id, caller): (RegisterId, &Caller),
    expected: Option<i32>,
    change: Change<'_, RegisterChange>,
) -> Result<Patched<Register>, Error> {
    let locked =
        tx.select::<register::Entity>().filter(register::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let before = locked.one(tx).await?.ok_or_else(|| Refusal::not_found("register"))?;
    caller.limits.require_location(before.location_id, "")?;
    input::check_version(before.version, expected)?;
    let present = RegisterChange {
        name: Name::stored(&before.name),
        cash_rounding: before.cash_rounding,
        discount_max: before.discount_max,
    };
    let Some(next) = change(&present)? else {
        return Ok(Patched::unchanged(before));
    };
    let mut problems = Problems::default();
    next.name.check(&mut problems, "/name");
    input::check_coin(&mut problems, "/cash_rounding", Some(next.cash_rounding));
    if next.cash_rounding != before.cash_rounding {
        let decimals = input::tenant_defaults(tx).await?.decimals;
        input::check_decimals(&mut problems, "/cash_rounding", Some(next.cash_rounding), decimals);
    }
    input::check_share(&mut problems, "/discount_max", next.discount_max);
    problems.check()?;
    let all = Percent::new(Decimal::ONE_HUNDRED);
    let (old, new) = (before.discount_max.unwrap_or(all), next.discount_max.unwrap_or(all));
    if new > old && new > caller.discount_max() {
        let detail = "A caller sets no larger discount than its own.";
        return Err(bound_exceeded("/discount_max", "discount_max", detail).into());
    }
    let after = register::ActiveModel {
        tenant_id: Unchanged(tx.tenant_id),
        id: Unchanged(id),
        name: Set(next.name.to_string()),
        cash_rounding: Set(next.cash_rounding),
        discount_max: Set(next.discount_max),
        version: Set(before.version + 1),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    Ok(Patched::changed(after.update(tx).await?))
}

pub async fn get(tx: &Tx, id: RegisterId) -> Result<Register, Error> {
    let row = tx.select::<register::Entity>().filter(register::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("register"))?)
}

pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<Register>, Error> {
    let mut query = tx.select::<register::Entity>();
    if let Some(code) = &filter.code {
        query = query.filter(register::Column::Code.eq(&*one_form(code)));
    }
    if let Some(location_id) = filter.location_id {
        query = query.filter(register::Column::LocationId.eq(location_id));
    }
    Ok(page.of(query, register::Column::Id, register::Column::UpdatedAt).all(tx).await?)
}
