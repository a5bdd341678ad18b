//! A tenant's settings. What documents were written with is fixed by the first of them (ADR 22).

use ::entity::tenant;
use domain::address::Address;
use domain::annotation;
use domain::number::{Money, Percent};
use domain::refusal::{Code, Problem, Problems, Refusal};
use domain::stock::CostingMethod;
use domain::tenant::TaxRounding;
use domain::text::{Line40, Name};
use sea_orm::sqlx::{self, Row};
use sea_orm::{ActiveModelTrait, IntoActiveModel, QuerySelect, sea_query::LockType};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::columns::Columns;
use crate::input::{self, Change, Patched};
use crate::pricing::list;
use crate::rows::parsed;
use crate::{Error, Tx, customer, supplier};

pub use ::entity::tenant::Model as Settings;

/// The settings that may change. Other servers may take 5 seconds to see a change.
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
    /// ISO 4217 code of the only currency. Fixed by the first document. A change also changes that of the customers, suppliers and
    /// price lists, at most 20,000 of each; their amounts keep their numbers.
    #[schema(min_length = 3, max_length = 3, example = "GBP")]
    pub currency: String,
    /// ISO 3166-1 alpha-2 code of the country where you trade: that of customers and sales that name none.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: String,
    /// IANA name of the time zone in which days begin. Fixed by the first document.
    #[schema(min_length = 1, max_length = 64, example = "Europe/London")]
    pub time_zone: String,
    /// Whether list prices contain tax. Fixed by the first document.
    #[schema(example = false)]
    pub prices_include_tax: bool,
    /// Rounding of tax. Documents keep the tax that they were written with.
    pub tax_rounding: TaxRounding,
    /// Smallest cash amount of tills that are created without one, such as `0.05`. Zero: amounts are not rounded. Each till keeps
    /// its own: `PATCH /v1/registers/{id}`.
    pub cash_rounding: Money,
    /// Costing method of products that state none. A change does not alter any value: with its next movement, the
    /// stock on hand becomes one layer at its present value, or an average of its layers.
    pub costing_method: CostingMethod,
    /// Whether orders of prepaid customers are held until they are paid.
    #[schema(example = true)]
    pub hold_unpaid: bool,
    /// Amount to whose multiples the totals of invoices and credit notes are rounded, such as 0.05, half away from zero. The
    /// difference is posted to 6020. Zero: they are not rounded. Other servers may take seconds to see the change.
    pub invoice_rounding: Money,
    /// Whether `GET /v1/request-log` keeps the bodies of rejected requests, without secrets. They may have data of persons.
    #[serde(default)]
    #[schema(example = false)]
    pub log_rejected_bodies: bool,
    /// Percentage by which the billed units of a line may exceed those ordered and those received before the bill of a supplier
    /// is a mismatch: 0 to 100. 0 unless it was set. A change counts for what is billed or received afterwards.
    pub bill_quantity_percent: Percent,
    /// Percentage by which the price of a billed line may differ from that of the order before it is a mismatch: 0 to 100. 0
    /// unless it was set.
    pub bill_price_percent: Percent,
    /// Largest difference of price, as an amount, with which a billed line matches. The percentage is the other limit, and the
    /// greater of the two counts. 0 unless it was set.
    pub bill_amount: Money,
}

/// Most customers, suppliers and price lists, of each, whose currency changes with that of the tenant.
pub const CURRENCY_RECORDS_MAX: i64 = 20_000;

/// Greatest amount to whose multiples a total is rounded.
const ROUNDING_MAX: i64 = 1_000;

impl SettingsInput {
    fn of(settings: &Settings) -> Result<Self, Error> {
        Ok(SettingsInput {
            name: Name::stored(&settings.name),
            tax_number: settings.tax_number.clone().map(Line40::from),
            address: settings.address.as_ref().and_then(Address::of_json),
            logo_url: settings.logo_url.clone(),
            currency: settings.currency.clone(),
            country: settings.country.clone(),
            time_zone: settings.time_zone.clone(),
            prices_include_tax: settings.prices_include_tax,
            tax_rounding: parsed(settings.tax_rounding.clone())?,
            cash_rounding: settings.cash_rounding,
            costing_method: settings.costing_method,
            hold_unpaid: settings.hold_unpaid,
            invoice_rounding: settings.invoice_rounding,
            log_rejected_bodies: settings.log_rejected_bodies,
            bill_quantity_percent: settings.bill_quantity_percent,
            bill_price_percent: settings.bill_price_percent,
            bill_amount: settings.bill_amount,
        })
    }

    fn check(&self) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        self.name.check(&mut problems, "/name");
        if let Some(tax_number) = &self.tax_number {
            tax_number.check(&mut problems, "/tax_number");
        }
        if let Some(address) = &self.address {
            address.check(&mut problems, "/address");
        }
        if let Some(url) = &self.logo_url {
            annotation::check_url(&mut problems, "/logo_url", url);
        }
        super::check_place(&mut problems, &self.currency, &self.country, &self.time_zone);
        input::check_coin(&mut problems, "/cash_rounding", Some(self.cash_rounding));
        input::check_not_negative(&mut problems, "/bill_amount", Some(self.bill_amount));
        input::check_share(&mut problems, "/bill_quantity_percent", Some(self.bill_quantity_percent));
        input::check_share(&mut problems, "/bill_price_percent", Some(self.bill_price_percent));
        problems.check()
    }

    /// Rejects amounts that are finer than the currency. Those that a tenant has in its currency stay.
    fn check_decimals(&self, before: &SettingsInput) -> Result<(), Error> {
        let decimals = input::decimals_of(&self.currency)?;
        let mut problems = Problems::default();
        for (pointer, amount, present) in [
            ("/cash_rounding", self.cash_rounding, before.cash_rounding),
            ("/bill_amount", self.bill_amount, before.bill_amount),
        ] {
            if amount != present || self.currency != before.currency {
                input::check_decimals(&mut problems, pointer, Some(amount), decimals);
            }
        }
        Ok(problems.check()?)
    }

    /// Returns the fields that differ and that documents fix.
    fn fixed(&self, before: &SettingsInput) -> Vec<&'static str> {
        let fields = [
            ("currency", self.currency != before.currency),
            ("time_zone", self.time_zone != before.time_zone),
            ("prices_include_tax", self.prices_include_tax != before.prices_include_tax),
        ];
        fields.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
    }
}

pub async fn get(tx: &Tx) -> Result<Settings, Error> {
    tx.select::<tenant::Entity>().one(tx).await?.ok_or_else(unknown)
}

/// Changes settings that are still at version `expected`.
pub async fn update(
    tx: &Tx,
    expected: Option<i32>,
    change: Change<'_, SettingsInput>,
) -> Result<Patched<Settings>, Error> {
    let locked = tx.select::<tenant::Entity>().lock(LockType::NoKeyUpdate);
    let before = locked.one(tx).await?.ok_or_else(unknown)?;
    input::check_version(before.version, expected)?;
    let stated = SettingsInput::of(&before)?;
    let Some(wanted) = change(&stated)? else {
        return Ok(Patched::unchanged(before));
    };
    wanted.check()?;
    check_rounding(&wanted.currency, wanted.invoice_rounding)?;
    wanted.check_decimals(&stated)?;
    let fixed = wanted.fixed(&stated);
    if !fixed.is_empty() {
        // A tenant with documents is rejected before it asks for the lock: while it waited for that, it would post nothing.
        reject_with_documents(tx, &fixed).await?;
        // From here to the commit, `post_batch_2` writes no document. Those that it wrote before are visible.
        input::lock_currency(tx).await?;
        reject_with_documents(tx, &fixed).await?;
    }
    if printed(&stated) != printed(&wanted) {
        keep_printed(tx, &before).await?;
    }
    if wanted.currency != stated.currency {
        // No other currency is allowed. No document has an amount yet, and the numbers were meant in the right one.
        check_currency_records(tx, &wanted.currency).await?;
        customer::change_currency(tx, &wanted.currency).await?;
        list::change_currency(tx, &wanted.currency).await?;
        supplier::change_currency(tx, (&stated.currency, &wanted.currency)).await?;
    }
    let rounding: &str = wanted.tax_rounding.into();
    let after = Settings {
        name: wanted.name.to_string(),
        tax_number: wanted.tax_number.map(String::from),
        address: wanted.address.map(|address| json!(address)),
        logo_url: wanted.logo_url,
        currency: wanted.currency,
        country: wanted.country,
        time_zone: wanted.time_zone,
        prices_include_tax: wanted.prices_include_tax,
        tax_rounding: rounding.to_owned(),
        cash_rounding: wanted.cash_rounding,
        costing_method: wanted.costing_method,
        hold_unpaid: wanted.hold_unpaid,
        invoice_rounding: wanted.invoice_rounding,
        log_rejected_bodies: wanted.log_rejected_bodies,
        bill_quantity_percent: wanted.bill_quantity_percent,
        bill_price_percent: wanted.bill_price_percent,
        bill_amount: wanted.bill_amount,
        version: before.version + 1,
        updated_at: tx.now,
        ..before
    };
    Ok(Patched::changed(after.into_active_model().reset_all().update(tx).await?))
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
    let exponent = input::decimals_of(currency)?;
    let is_amount = Money::rounded_to(rounding.get(), exponent) == rounding;
    if is_amount && !rounding.is_negative() && rounding <= Money::new(ROUNDING_MAX.into()) {
        return Ok(());
    }
    let detail = format!("Expected 0 to {ROUNDING_MAX}, with at most {exponent} decimals.");
    Err(Refusal::invalid("/invoice_rounding", detail).into())
}

/// Rejects a change of the currency of more records than one transaction changes in its time.
async fn check_currency_records(tx: &Tx, currency: &str) -> Result<(), Error> {
    let statement = "select (select count(*) from (select from customer where tenant_id = $1 and currency <> $2 limit $3) c) \
                                as customers, \
                            (select count(*) from (select from price_list where tenant_id = $1 and currency <> $2 limit $3) l) \
                                as price_lists, \
                            (select count(*) from (select from supplier where tenant_id = $1 and currency <> $2 limit $3) s) \
                                as suppliers";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(currency).bind(CURRENCY_RECORDS_MAX + 1);
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
    let counts: [(i64, &str); 3] = [
        (row.try_get("customers")?, "customers"),
        (row.try_get("price_lists")?, "price lists"),
        (row.try_get("suppliers")?, "suppliers"),
    ];
    let Some((_, what)) = counts.iter().find(|(count, _)| *count > CURRENCY_RECORDS_MAX) else {
        return Ok(());
    };
    let detail = format!(
        "The currency changes with that of at most {CURRENCY_RECORDS_MAX} {what}, and you have more. Ask the operator for \
         a new tenant in the right currency."
    );
    Err(Refusal::invalid("/currency", detail).into())
}

/// Whether the tenant has an order, a line of a bank statement, an exchange rate, or a document that is in the journal or moves stock.
pub(super) async fn has_documents(tx: &Tx) -> Result<bool, Error> {
    let statement = "select 1 where exists (select from journal_entry where tenant_id = $1) \
                       or exists (select from sales_order where tenant_id = $1) \
                       or exists (select from purchase_order where tenant_id = $1) \
                       or exists (select from stock_movement where tenant_id = $1) \
                       or exists (select from pos_session where tenant_id = $1) \
                       or exists (select from bank_line where tenant_id = $1) \
                       or exists (select from exchange_rate where tenant_id = $1)";
    Ok(tx.row(sqlx::query(statement).bind(tx.tenant_id.0)).await?.is_some())
}

/// Rejects a change of fields that documents fix, if there are documents.
async fn reject_with_documents(tx: &Tx, fields: &[&str]) -> Result<(), Error> {
    if has_documents(tx).await? { Err(reject_fixed(fields).into()) } else { Ok(()) }
}

fn reject_fixed(fields: &[&str]) -> Refusal {
    let mut problems = Problems::default();
    for field in fields {
        problems.push(Problem {
            pointer: format!("/{field}"),
            code: Code::SettingFixed,
            detail: format!("There are documents: {field} can't change any more. Leave it out."),
            params: Vec::new(),
        });
    }
    problems.check().expect_err("a field is fixed")
}

fn unknown() -> Error {
    Error::invariant("the tenant of the credential does not exist")
}
