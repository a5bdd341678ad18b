//! Tenants, for the operator of the installation.

use domain::country;
use domain::id::TenantId;
use domain::ledger::{CHART, REASONS};
use domain::location::LocationKind;
use domain::number::Percent;
use domain::refusal::{Code, Problems, Refusal};
use domain::tenant::TaxRounding;
use rust_decimal::Decimal;
use sea_orm::sqlx;
use strum::IntoEnumIterator;
use uuid::Uuid;

use crate::auth::{ApiKeyCreate, KeyMode, NewKey, insert_key};
use crate::caller::ActorKind;
use crate::columns::Columns;
use crate::command::{self, Written};
use crate::scope::{Scope, Scopes};
use crate::{Caller, Db, Error, Tx, input};

pub mod moving;
pub mod quota;
pub mod rates;
pub mod settings;

#[derive(Debug, Clone)]
pub struct TenantCreate {
    /// Name in logins and on the command line: lower-case letters, digits and hyphens.
    pub slug: String,
    pub name: String,
    /// ISO 4217 code of the only currency of the ledger.
    pub currency: String,
    /// ISO 3166-1 alpha-2 code of the home country.
    pub country: String,
    /// IANA name of the time zone in which days begin.
    pub time_zone: String,
    /// Whether list prices include tax.
    pub prices_include_tax: bool,
    pub tax_rounding: TaxRounding,
    /// Mode of the first key.
    pub mode: KeyMode,
}

/// A tenant that was just created.
#[derive(Debug)]
pub struct NewTenant {
    pub id: TenantId,
    /// A key with every scope. Its secret is shown only once.
    pub key: NewKey,
}

/// Creates a tenant that can trade at once: chart of accounts, tax classes, reason codes, a warehouse, a shop with a
/// till, and a key with every scope.
pub async fn create(db: &Db, input: &TenantCreate) -> Result<NewTenant, Error> {
    check(input)?;
    let id = TenantId(Uuid::now_v7());
    // Row-level security needs the tenant before its row is inserted.
    let operator = operator(id);
    let create = async |tx: &Tx| {
        insert_tenant(tx, input).await?;
        insert_accounts(tx).await?;
        insert_taxes(tx, &input.country).await?;
        insert_locations(tx).await?;
        let key = ApiKeyCreate::unbounded("Owner", input.mode, Scope::iter().collect());
        let key = insert_key(tx, &operator, &key).await?;
        command::record(tx, &operator, "tenant.created", None, &Written::created(id.0)).await?;
        Ok(NewTenant { id, key })
    };
    db.write(&operator, create).await
}

/// The decimals of a tenant's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrencyDecimals {
    pub decimals: u32,
    /// Whether documents fix the currency.
    pub is_fixed: bool,
}

/// Returns the decimals of the tenant's currency.
pub async fn currency_decimals(tx: &Tx) -> Result<CurrencyDecimals, Error> {
    let decimals = input::tenant_defaults(tx).await?.decimals;
    Ok(CurrencyDecimals { decimals, is_fixed: settings::has_documents(tx).await? })
}

/// Returns the tenant with this slug.
pub async fn find(db: &Db, slug: &str) -> Result<TenantId, Error> {
    use sqlx::Row;
    let found = db.ask(|| sqlx::query("select tenant_id from auth.find_tenant($1)").bind(slug)).await?;
    let row = found.ok_or_else(|| Refusal::not_found("tenant"))?;
    Ok(TenantId(row.try_get(0)?))
}

/// Returns the operator as a caller of a tenant.
pub fn operator(tenant_id: TenantId) -> Caller {
    Caller::new(tenant_id, ActorKind::Operator, Uuid::nil(), Scopes::all())
}

/// Returns the standard, reduced and zero rate of a country in percent; zero for an unknown country.
fn tax_rates(country: &str) -> [u32; 3] {
    match country {
        "GB" => [20, 5, 0],
        "DE" => [19, 7, 0],
        _ => [0, 0, 0],
    }
}

fn check(input: &TenantCreate) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let known = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    let starts_well = input.slug.starts_with(|letter: char| letter.is_ascii_lowercase());
    if !starts_well || !(2..=63).contains(&input.slug.len()) || !input.slug.bytes().all(known) {
        let detail = "Expected 2 to 63 lower-case letters, digits and hyphens, beginning with a letter.";
        problems.invalid("/slug", detail);
    }
    input::check_name(&mut problems, &input.name);
    check_place(&mut problems, &input.currency, &input.country, &input.time_zone);
    problems.check()
}

/// Reports a currency, a country or a time zone that does not exist.
fn check_place(problems: &mut Problems, currency: &str, country: &str, time_zone: &str) {
    if !input::is_currency(currency) {
        problems.invalid("/currency", "Expected an ISO 4217 code such as EUR.");
    }
    if !country::is_country(country) {
        problems.invalid("/country", country::EXPECTED);
    }
    if time_zone.parse::<chrono_tz::Tz>().is_err() {
        problems.invalid("/time_zone", "Expected an IANA time zone such as Europe/Berlin.");
    }
}

async fn insert_tenant(tx: &Tx, input: &TenantCreate) -> Result<(), Error> {
    let rounding: &str = input.tax_rounding.into();
    let statement = Columns::of(
        "insert into tenant (tenant_id, slug, name, currency, time_zone, country, prices_include_tax, tax_rounding, \
                             created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
    )
    .bind(tx.tenant_id.0)
    .value("slug", &input.slug)
    .value("name", &input.name)
    .value("currency", &input.currency)
    .value("time_zone", &input.time_zone)
    .value("country", &input.country)
    .value("prices_include_tax", input.prices_include_tax)
    .value("tax_rounding", rounding)
    .bind(tx.now);
    statement.execute(tx).await.map_err(|error| {
        error.on_constraint("tenant_slug_key", || {
            Problems::one("/slug", Code::AlreadyExists, "Another tenant has this slug.")
        })
    })?;
    Ok(())
}

async fn insert_accounts(tx: &Tx) -> Result<(), Error> {
    let codes: Vec<&str> = CHART.iter().map(|(code, ..)| *code).collect();
    let names: Vec<&str> = CHART.iter().map(|(_, name, _)| *name).collect();
    let kinds: Vec<&str> = CHART.iter().map(|(.., kind)| kind.into()).collect();
    let accounts = sqlx::query(
        "insert into account (tenant_id, code, name, kind) \
         select $1, code, name, kind from unnest($2::text[], $3::text[], $4::text[]) chart (code, name, kind)",
    );
    tx.execute(accounts.bind(tx.tenant_id.0).bind(codes).bind(names).bind(kinds)).await?;
    let codes: Vec<&str> = REASONS.iter().map(|(code, ..)| *code).collect();
    let names: Vec<&str> = REASONS.iter().map(|(_, name, _)| *name).collect();
    let accounts: Vec<&str> = REASONS.iter().map(|(.., account)| *account).collect();
    let reasons = sqlx::query(
        "insert into reason_code (tenant_id, code, name, account_code) \
         select $1, code, name, account from unnest($2::text[], $3::text[], $4::text[]) reason (code, name, account)",
    );
    tx.execute(reasons.bind(tx.tenant_id.0).bind(codes).bind(names).bind(accounts)).await?;
    Ok(())
}

async fn insert_taxes(tx: &Tx, country: &str) -> Result<(), Error> {
    let [standard, reduced, zero] = tax_rates(country);
    let classes = [
        ("standard", "Standard rate", standard),
        ("reduced", "Reduced rate", reduced),
        ("zero", "Zero rate", zero),
    ];
    for (code, name, rate) in classes {
        let class_id = tx.next_id();
        let class = sqlx::query(
            "insert into tax_class (tenant_id, id, code, name, created_at) values ($1, $2, $3, $4, $5)",
        );
        tx.execute(class.bind(tx.tenant_id.0).bind(class_id).bind(code).bind(name).bind(tx.now)).await?;
        let rate = Percent::new(Decimal::from(rate)).get();
        let row = sqlx::query(
            "insert into tax_rate (tenant_id, id, tax_class_id, rate, created_at) values ($1, $2, $3, $4, $5)",
        );
        tx.execute(row.bind(tx.tenant_id.0).bind(tx.next_id()).bind(class_id).bind(rate).bind(tx.now))
            .await?;
    }
    Ok(())
}

async fn insert_locations(tx: &Tx) -> Result<(), Error> {
    let mut shop_id = Uuid::nil();
    for (code, name, kind) in [
        ("MAIN", "Main warehouse", LocationKind::Warehouse),
        ("TRANSIT", "In transit", LocationKind::Transit),
        ("SHOP", "Shop", LocationKind::Store),
    ] {
        shop_id = tx.next_id();
        let channels: &[&str] = if kind.sells() { &["wholesale", "retail"] } else { &[] };
        let kind: &str = kind.into();
        let statement = Columns::of(
            "insert into location (tenant_id, id, code, name, kind, channels, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $7)",
        );
        let statement = statement
            .bind(tx.tenant_id.0)
            .value("id", shop_id)
            .value("code", code)
            .value("name", name)
            .value("kind", kind)
            .value("channels", channels)
            .bind(tx.now);
        statement.execute(tx).await?;
    }
    let statement = sqlx::query(
        "insert into register (tenant_id, id, code, name, location_id, created_at, updated_at) \
         values ($1, $2, 'T1', 'Till 1', $3, $4, $4)",
    );
    tx.execute(statement.bind(tx.tenant_id.0).bind(tx.next_id()).bind(shop_id).bind(tx.now)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::input::decimals_of;

    const OF_DATABASE: &str = include_str!("../../migration/replaceable/26_currency.sql");

    /// Returns the decimals that the function of the database has for a code.
    fn in_database(code: &str) -> u32 {
        let named = format!("'{code}'");
        let line = OF_DATABASE.lines().find(|line| line.contains(&named));
        line.and_then(|line| line.rsplit(' ').next()).map_or(2, |text| text.parse().expect("decimals"))
    }

    #[test]
    fn the_database_has_the_same_decimals_of_currencies() {
        let letters = || 'A'..='Z';
        let codes =
            letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
        let known: Vec<(String, u32)> =
            codes.filter_map(|code| decimals_of(&code).ok().map(|decimals| (code, decimals))).collect();
        assert!(known.len() > 150, "{} currencies", known.len());
        for (code, decimals) in known {
            assert_eq!(in_database(&code), decimals, "{code}");
        }
    }
}
