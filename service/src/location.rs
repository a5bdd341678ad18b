//! Stock locations, and reason codes of adjustments.

use std::collections::HashSet;

use ::entity::{location, reason_code};
use domain::id::LocationId;
use domain::ledger::AccountKind;
use domain::ledger::control::{self, Facts, Use};
use domain::location::LocationKind;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::tenant::Channel;
use domain::text::{Code64, Name, one_form};
use sea_orm::sea_query::LockType;
use sea_orm::sqlx::Row;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, sqlx};
use serde::{Deserialize, Serialize};

use crate::input::{Change, Patched};
use crate::listing::word;
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx, input};

pub use ::entity::location::Model as Location;

/// The fields of a location that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LocationCreate)]
pub struct LocationInput {
    /// Your code for the location, unique among locations.
    pub code: Code64,
    /// Name of the location.
    pub name: Name,
    /// Kind of the location. It cannot change.
    pub kind: LocationKind,
    /// Channels that may sell from the location. The default is both for a warehouse or a store, and none for other
    /// kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2)]
    pub channels: Option<Vec<Channel>>,
}

/// The fields of a reason code that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReasonCodeCreate)]
pub struct ReasonCodeInput {
    /// Your code for the reason, unique among reasons.
    pub code: Code64,
    /// Name of the reason.
    pub name: Name,
    /// Code of the account to which adjustments with this reason are posted, such as an expense. A control account and a liability are
    /// rejected. The name `account_code` is accepted too.
    #[serde(alias = "account_code")]
    #[schema(min_length = 1, max_length = 64, example = "5100")]
    pub account: String,
}

/// A reason for adjustments, with the account that they are posted to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReasonCode {
    /// The code.
    #[schema(max_length = 64, example = "damage")]
    pub id: String,
    pub object: tag::ReasonCode,
    /// The code.
    #[schema(max_length = 64, example = "damage")]
    pub code: String,
    /// Meaning of the code.
    #[schema(max_length = 200, example = "Damaged in the warehouse")]
    pub name: String,
    /// Code of the account that the adjustments are posted to.
    #[schema(max_length = 64, example = "5100")]
    pub account: String,
    /// Same as `account`. New programs read that.
    #[schema(max_length = 64, example = "5100")]
    pub account_code: String,
    /// Always 1, because it never changes.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
}

impl From<reason_code::Model> for ReasonCode {
    fn from(row: reason_code::Model) -> Self {
        let reason_code::Model { tenant_id: _, code, name, account_code } = row;
        let account = account_code.clone();
        ReasonCode {
            id: code.clone(),
            object: tag::ReasonCode,
            code,
            name,
            account,
            account_code,
            version: 1,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub code: Option<String>,
    pub kind: Option<LocationKind>,
}

/// Returns the input that would create the location as it is now.
pub fn input_of(row: &Location) -> LocationInput {
    LocationInput {
        code: row.code.clone().into(),
        name: Name::stored(&row.name),
        kind: row.kind,
        channels: Some(row.channels.iter().filter_map(|channel| channel.parse().ok()).collect()),
    }
}

pub async fn create(tx: &Tx, input: &LocationInput) -> Result<Location, Error> {
    check(input, None)?;
    let row = Location {
        tenant_id: tx.tenant_id,
        id: LocationId(tx.next_id()),
        object: tag::Location,
        code: input.code.to_string(),
        name: input.name.to_string(),
        kind: input.kind,
        channels: channels(input),
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert_all::<location::Entity, _>(tx, vec![row.clone()])
        .await
        .map_err(|error| reject_taken_code(error, input))?;
    Ok(row)
}

/// Changes a location that is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: LocationId,
    expected: Option<i32>,
    change: Change<'_, LocationInput>,
) -> Result<Patched<Location>, Error> {
    let locked =
        tx.select::<location::Entity>().filter(location::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let before = locked.one(tx).await?.ok_or_else(|| Refusal::not_found("location"))?;
    input::check_version(before.version, expected)?;
    let Some(mut input) = change(&input_of(&before))? else {
        return Ok(Patched::unchanged(before));
    };
    input::settle_code(
        tx,
        &mut input.code,
        &before.code,
        "select 1 from location where tenant_id = $1 and code = $2",
    )
    .await?;
    let input = &input;
    check(input, Some(before.kind))?;
    keep_name(tx, &before, &input.name).await?;
    let after = Location {
        code: input.code.to_string(),
        name: input.name.to_string(),
        channels: channels(input),
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    let row = after.into_active_model().reset_all();
    let saved = row.update(tx).await.map_err(Error::from);
    Ok(Patched::changed(saved.map_err(|error| reject_taken_code(error, input))?))
}

/// Keeps the name of a location, if it changes. A purchase order prints the name that held when it was sent.
async fn keep_name(tx: &Tx, before: &Location, name: &str) -> Result<(), Error> {
    if before.name == name {
        return Ok(());
    }
    let statement = "insert into replaced_location (tenant_id, location_id, version, name, replaced_at) \
                     values ($1, $2, $3, $4, $5)";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(before.id.0)
        .bind(before.version)
        .bind(&before.name)
        .bind(tx.now);
    tx.execute(query).await?;
    Ok(())
}

pub async fn get(tx: &Tx, id: LocationId) -> Result<Location, Error> {
    let row = tx.select::<location::Entity>().filter(location::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("location"))?)
}

pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<Location>, Error> {
    let mut query = tx.select::<location::Entity>();
    if let Some(code) = &filter.code {
        query = query.filter(location::Column::Code.eq(&*one_form(code)));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(location::Column::Kind.eq(kind));
    }
    Ok(page.of(query, location::Column::Id, location::Column::UpdatedAt).all(tx).await?)
}

pub async fn create_reason(tx: &Tx, input: &ReasonCodeInput) -> Result<ReasonCode, Error> {
    let mut problems = Problems::default();
    input.code.check(&mut problems, "/code");
    input.name.check(&mut problems, "/name");
    let select = "select kind, purpose is not null as is_mapped from account \
                  where tenant_id = $1 and code = $2 and dropped_at is null";
    let query = sqlx::query(select);
    match tx.row(query.bind(tx.tenant_id.0).bind(&input.account)).await? {
        Some(row) => {
            let is_liability = word::<AccountKind>(&row, "kind")? == AccountKind::Liability;
            let facts = Facts { is_liability, is_mapped: row.try_get("is_mapped")? };
            if let Err(detail) = control::check(&input.account, facts, Use::Reason) {
                problems.invalid("/account", detail);
            }
        }
        None => input::add_unknown(&mut problems, "/account", "account"),
    }
    problems.check()?;
    let row = reason_code::Model {
        tenant_id: tx.tenant_id,
        code: input.code.to_string(),
        name: input.name.to_string(),
        account_code: input.account.clone(),
    };
    insert_all::<reason_code::Entity, _>(tx, vec![row.clone()]).await.map_err(|error| {
        error.on_constraint("reason_code_pkey", || input::reject_taken("/code", "reason", &input.code))
    })?;
    Ok(row.into())
}

/// Returns reason codes by code.
pub async fn list_reasons(tx: &Tx, after: Option<&str>, rows: u64) -> Result<Vec<ReasonCode>, Error> {
    let mut query = tx.select::<reason_code::Entity>();
    if let Some(after) = after {
        query = query.filter(reason_code::Column::Code.gt(after));
    }
    let rows = query.order_by_asc(reason_code::Column::Code).limit(rows).all(tx).await?;
    Ok(rows.into_iter().map(ReasonCode::from).collect())
}

fn channels(input: &LocationInput) -> Vec<String> {
    let both = [Channel::Wholesale, Channel::Retail];
    let of_kind = if input.kind.sells() { both.as_slice() } else { &[] };
    let wanted = input.channels.as_deref().unwrap_or(of_kind);
    wanted.iter().map(|channel| <&str>::from(channel).to_owned()).collect()
}

fn check(input: &LocationInput, kind_before: Option<LocationKind>) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    input.code.check(&mut problems, "/code");
    input.name.check(&mut problems, "/name");
    if kind_before.is_some_and(|kind| kind != input.kind) {
        problems.invalid("/kind", "The kind of a location cannot change; create another location.");
    }
    let channels = input.channels.as_deref().unwrap_or_default();
    if !channels.is_empty() && !input.kind.sells() {
        problems.invalid("/channels", "A transit or quarantine location serves no channel.");
    }
    if channels.iter().collect::<HashSet<_>>().len() < channels.len() {
        problems.invalid("/channels", "Name each channel once.");
    }
    problems.check()
}

fn reject_taken_code(error: Error, input: &LocationInput) -> Error {
    error.on_constraint("location_code_key", || input::reject_taken("/code", "location", &input.code))
}
