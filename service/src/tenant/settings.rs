//! A tenant's settings: currency, country and time zone stay; what documents print of the tenant, the costing method, the
//! hold of unpaid orders and the rounding of invoices may change.

use ::entity::tenant;
use domain::address::Address;
use domain::annotation;
use domain::number::Money;
use domain::refusal::{Problems, Refusal};
use domain::stock::CostingMethod;
use domain::text::{Line40, Name};
use sea_orm::{ActiveModelTrait, IntoActiveModel, QuerySelect, sea_query::LockType};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::columns::Columns;
use crate::input::{self, Change};
use crate::{Error, Tx};

pub use ::entity::tenant::Model as Settings;

/// The settings that may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsInput {
    /// Name of the tenant. Documents print it as it was when they were made, as they do the tax number, the address and the logo.
    /// Other servers may take seconds to see a change.
    pub name: Name,
    /// Tax number of the tenant.
    #[serde(default)]
    pub tax_number: Option<Line40>,
    /// Address of the tenant.
    #[serde(default)]
    pub address: Option<Address>,
    /// Link to the logo of the tenant: `https://…` or `http://…`.
    #[serde(default)]
    #[schema(min_length = 8, max_length = 2000, example = "https://cdn.example.com/logo.svg")]
    pub logo_url: Option<String>,
    /// Costing method of products that state none. A change does not alter any value: with its next movement, the
    /// stock on hand becomes one layer at its present value, or an average of its layers. Other servers may take
    /// seconds to see the change.
    pub costing_method: CostingMethod,
    /// Whether orders of prepaid customers are held until they are paid. Other servers may take seconds to see the change.
    #[schema(example = true)]
    pub hold_unpaid: bool,
    /// Amount to whose multiples the totals of invoices and credit notes are rounded, such as 0.05, half away from zero. The
    /// difference is posted to 6020. Zero: they are not rounded. Other servers may take seconds to see the change.
    pub invoice_rounding: Money,
}

/// Greatest amount to whose multiples a total is rounded.
const ROUNDING_MAX: i64 = 1_000;

pub async fn get(tx: &Tx) -> Result<Settings, Error> {
    tx.select::<tenant::Entity>().one(tx).await?.ok_or_else(unknown)
}

/// Changes settings that are still at version `expected`.
pub async fn update(
    tx: &Tx,
    expected: Option<i32>,
    change: Change<'_, SettingsInput>,
) -> Result<Settings, Error> {
    let locked = tx.select::<tenant::Entity>().lock(LockType::NoKeyUpdate);
    let before = locked.one(tx).await?.ok_or_else(unknown)?;
    input::check_version(before.version, expected)?;
    let stated = SettingsInput {
        name: before.name.clone().into(),
        tax_number: before.tax_number.clone().map(Line40::from),
        address: before.address.as_ref().and_then(Address::of_json),
        logo_url: before.logo_url.clone(),
        costing_method: before.costing_method,
        hold_unpaid: before.hold_unpaid,
        invoice_rounding: before.invoice_rounding,
    };
    let input = change(&stated)?;
    check(&input)?;
    check_rounding(&before.currency, input.invoice_rounding)?;
    if printed(&stated) != printed(&input) {
        keep_printed(tx, &before).await?;
    }
    let after = Settings {
        name: input.name.to_string(),
        tax_number: input.tax_number.map(String::from),
        address: input.address.map(|address| json!(address)),
        logo_url: input.logo_url,
        costing_method: input.costing_method,
        hold_unpaid: input.hold_unpaid,
        invoice_rounding: input.invoice_rounding,
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    Ok(after.into_active_model().reset_all().update(tx).await?)
}

fn check(input: &SettingsInput) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    input.name.check(&mut problems, "/name");
    if let Some(tax_number) = &input.tax_number {
        tax_number.check(&mut problems, "/tax_number");
    }
    if let Some(address) = &input.address {
        address.check(&mut problems, "/address");
    }
    if let Some(url) = &input.logo_url {
        annotation::check_url(&mut problems, "/logo_url", url);
    }
    problems.check()
}

/// Returns what documents print.
fn printed(input: &SettingsInput) -> (&Name, &Option<Line40>, &Option<Address>, &Option<String>) {
    (&input.name, &input.tax_number, &input.address, &input.logo_url)
}

/// Keeps what documents print of the tenant, before it changes. Documents keep the version up to which it held.
async fn keep_printed(tx: &Tx, before: &Settings) -> Result<(), Error> {
    let statement = Columns::of(
        "insert into replaced_seller (tenant_id, version, name, tax_number, address, logo_url, replaced_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
    );
    let statement = statement
        .value("tenant_id", tx.tenant_id.0)
        .value("version", before.version)
        .value("name", &before.name)
        .value("tax_number", &before.tax_number)
        .value("address", &before.address)
        .value("logo_url", &before.logo_url)
        .value("replaced_at", tx.now);
    statement.execute(tx).await?;
    Ok(())
}

fn check_rounding(currency: &str, rounding: Money) -> Result<(), Error> {
    let exponent = super::decimals_of(currency)?;
    let is_amount = Money::rounded_to(rounding.get(), exponent) == rounding;
    if is_amount && !rounding.is_negative() && rounding <= Money::new(ROUNDING_MAX.into()) {
        return Ok(());
    }
    let detail = format!("Expected 0 to {ROUNDING_MAX}, with at most {exponent} decimals.");
    Err(Refusal::invalid("/invoice_rounding", detail).into())
}

fn unknown() -> Error {
    Error::invariant("the tenant of the credential does not exist")
}
