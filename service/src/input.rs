//! Checks of input fields. Each adds a problem at a JSON pointer, so that the caller learns everything in one
//! response.

use std::collections::BTreeSet;

use ::entity::tenant;
use chrono_tz::Tz;
use domain::country;
use domain::number::{Kind, Money, Number, Percent};
use domain::refusal::{Code, Problem, Problems, Refusal};
use domain::text::{Code64, Line200, LineRule, NameRule, Rule};
use rust_decimal::Decimal;
use sea_orm::sqlx;

use crate::{Error, Tx};

/// Longest name.
pub const NAME_LENGTH_MAX: usize = 200;
/// The text for a code that names no currency.
pub const CURRENCY_EXPECTED: &str =
    "Expected an ISO 4217 code of a currency such as USD, in capital letters.";
/// Longest overlap of the rotation of a credential: 30 days.
const OVERLAP_SECONDS_MAX: u32 = 30 * 24 * 3600;

/// The tenant's settings that input checks need.
#[derive(Debug, Clone)]
pub struct TenantDefaults {
    /// ISO 4217 code of the only currency of the ledger.
    pub currency: String,
    /// Decimals of that currency.
    pub decimals: u32,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// Time zone in which days begin.
    pub time_zone: Tz,
    /// Whether list prices contain tax.
    pub prices_include_tax: bool,
}

/// Reads the tenant's settings.
pub async fn tenant_defaults(tx: &Tx) -> Result<TenantDefaults, Error> {
    let row = tx.select::<tenant::Entity>().one(tx).await?;
    let row = row.ok_or_else(|| Error::invariant("a tenant without a row"))?;
    let time_zone =
        row.time_zone.parse().map_err(|_| Error::invariant(format!("time zone {}", row.time_zone)))?;
    let decimals = decimals_of(&row.currency)?;
    let prices_include_tax = row.prices_include_tax;
    Ok(TenantDefaults {
        currency: row.currency,
        decimals,
        country: row.country,
        time_zone,
        prices_include_tax,
    })
}

/// Returns the decimals of a currency (ISO 4217).
pub fn decimals_of(currency: &str) -> Result<u32, Error> {
    known_decimals(currency).ok_or_else(|| Error::invariant(format!("{currency} is no currency")))
}

/// Whether a text is the code of a currency (ISO 4217) in which amounts are stated. Precious metals and test codes have no decimals.
pub fn is_currency(text: &str) -> bool {
    known_decimals(text).is_some()
}

fn known_decimals(currency: &str) -> Option<u32> {
    let known = iso_currency::Currency::from_code(currency);
    known.and_then(|currency| currency.exponent()).map(u32::from)
}

/// Reads the tenant's settings for records that take over its currency. Until they are committed, a change of the currency
/// waits, and the other way round. This is a lock of its own, because a file import locks the tenant's row for minutes.
pub(crate) async fn tenant_defaults_of_new(tx: &Tx) -> Result<TenantDefaults, Error> {
    let lock = "select pg_advisory_xact_lock_shared(hashtextextended('currency ' || $1::uuid, 0))";
    tx.execute(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    tenant_defaults(tx).await
}

/// Locks the currency until the end of the transaction. Waits for records that take it over and for documents that are being
/// posted; later ones wait for this transaction.
pub(crate) async fn lock_currency(tx: &Tx) -> Result<(), Error> {
    let lock = "select pg_advisory_xact_lock(hashtextextended('currency ' || $1::uuid, 0))";
    tx.execute(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    Ok(())
}

/// Rejects an overlap of a rotation that is too long.
pub(crate) fn check_overlap(seconds: u32) -> Result<(), Refusal> {
    if seconds <= OVERLAP_SECONDS_MAX {
        return Ok(());
    }
    let detail = format!("The overlap may last at most {OVERLAP_SECONDS_MAX} seconds.");
    Err(Refusal::invalid("/overlap_seconds", detail))
}

/// Returns each value of a list once, in the order in which they are named first.
pub(crate) fn each_once<T: Ord + Clone>(values: &[T]) -> Vec<T> {
    let mut seen = BTreeSet::new();
    values.iter().filter(|value| seen.insert(*value)).cloned().collect()
}

/// Checks a text of one line. It must not be empty, nor begin or end with a space.
pub fn check_line(problems: &mut Problems, pointer: &str, text: &str, length_max: usize) {
    LineRule::check(text, length_max, |detail| problems.invalid(pointer, detail));
}

/// Checks the name of a user, a key or another record of the tenant's own: one line without a card number.
pub fn check_name(problems: &mut Problems, name: &str) {
    NameRule::check(name, NAME_LENGTH_MAX, |detail| problems.invalid("/name", detail));
}

/// Checks a text of one line that may be absent.
pub fn check_optional_line(problems: &mut Problems, pointer: &str, text: Option<&str>, length_max: usize) {
    if let Some(text) = text {
        check_line(problems, pointer, text, length_max);
    }
}

/// Checks the caller's own id of a record.
pub fn check_external_ref(problems: &mut Problems, text: Option<&Line200>) {
    if let Some(text) = text {
        text.check(problems, "/external_ref");
    }
}

/// Checks a unit code of UN/ECE Recommendation 20 or 21: two or three capital letters or digits.
pub fn check_uom(problems: &mut Problems, pointer: &str, text: &str) {
    let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !matches!(text.len(), 2 | 3) || !text.bytes().all(known) {
        problems.invalid(
            pointer,
            "Expected a UN/ECE unit code such as C62 (piece), KGM (kilogram) or XCS (case).",
        );
    }
}

/// Checks the code of a country, which may be unknown.
pub fn check_country(problems: &mut Problems, pointer: &str, text: &str) {
    if !country::is_country_or_unknown(text) {
        problems.invalid(pointer, country::EXPECTED_OR_UNKNOWN);
    }
}

/// Rejects any currency but the tenant's.
pub fn check_currency(problems: &mut Problems, text: Option<&str>, of_tenant: &str) {
    if text.is_some_and(|text| text != of_tenant) {
        problems.invalid("/currency", format!("Only the tenant's currency is allowed: {of_tenant}."));
    }
}

/// Checks a currency that may be another one than the tenant's.
pub fn check_any_currency(problems: &mut Problems, text: Option<&str>) {
    if text.is_some_and(|text| !is_currency(text)) {
        problems.invalid("/currency", CURRENCY_EXPECTED);
    }
}

/// Checks a number that must not be negative.
pub fn check_not_negative<K: Kind>(problems: &mut Problems, pointer: &str, number: Option<Number<K>>) {
    if number.is_some_and(Number::is_negative) {
        problems.invalid(pointer, "This must not be below zero.");
    }
}

/// Checks that an amount of a currency has no more decimals than it.
pub fn check_decimals(problems: &mut Problems, pointer: &str, amount: Option<Money>, decimals: u32) {
    if amount.is_some_and(|amount| amount != Money::rounded_to(amount.get(), decimals)) {
        problems.invalid(pointer, format!("An amount has at most {decimals} decimals."));
    }
}

/// Checks the smallest amount that can be paid in cash. Coins and notes are 1, 2, 2.5 or 5 units, or these times a power of ten.
pub fn check_coin(problems: &mut Problems, pointer: &str, coin: Option<Money>) {
    let Some(coin) = coin.filter(|coin| !coin.is_zero()) else { return };
    let is_coin = |coin: Decimal| {
        matches!(coin.normalize().mantissa().to_string().trim_end_matches('0'), "1" | "2" | "25" | "5")
    };
    if coin.is_negative() || !is_coin(coin.get()) {
        let detail = "Expected zero, or the smallest coin: 1, 2, 2.5 or 5 times a power of ten, such as 0.05, 0.10 or 1.";
        problems.invalid(pointer, detail);
    }
}

/// Checks a percentage of a whole: from 0 to 100.
pub fn check_share(problems: &mut Problems, pointer: &str, percent: Option<Percent>) {
    if percent.is_some_and(|percent| percent.is_negative() || percent.get() > Decimal::ONE_HUNDRED) {
        problems.invalid(pointer, "Expected a percentage from 0 to 100.");
    }
}

/// Adds the problem that a referenced record does not exist, or belongs to another tenant.
pub fn add_unknown(problems: &mut Problems, pointer: impl Into<String>, what: &str) {
    problems.add(pointer, Code::NotFound, format!("There is no such {what}."));
}

/// Adds the problem that another record has this value.
pub fn add_taken(problems: &mut Problems, pointer: impl Into<String>, what: &str, value: &str) {
    problems.push(Problem {
        pointer: pointer.into(),
        code: Code::AlreadyExists,
        detail: format!("Another {what} has {value} already."),
        params: vec![("value", value.to_owned())],
    });
}

/// Adds the problem that another record has this external reference.
pub fn add_external_ref_taken(problems: &mut Problems, value: &str) {
    problems.push(Problem {
        pointer: "/external_ref".to_owned(),
        code: Code::DuplicateExternalRef,
        detail: format!("Another record has the external_ref {value} already."),
        params: vec![("value", value.to_owned())],
    });
}

/// Returns the rejection of a value that another record has.
pub fn reject_taken(pointer: &str, what: &str, value: &str) -> Refusal {
    Problems::one(pointer, Code::AlreadyExists, format!("Another {what} has {value} already."))
}

/// Returns the rejection of an external reference that another record has.
pub fn reject_external_ref_taken(value: &str) -> Refusal {
    let detail = format!("Another record has the external_ref {value} already.");
    Problems::one("/external_ref", Code::DuplicateExternalRef, detail)
}

/// Keeps the code of a record in the older form in which it is `stored`, if the one form of codes is not allowed or another
/// record has it. The statement `find` finds a record by the tenant and its code.
pub async fn settle_code(tx: &Tx, code: &mut Code64, stored: &str, find: &'static str) -> Result<(), Error> {
    if !code.restates(stored) {
        return Ok(());
    }
    let taken = tx.row(sqlx::query(find).bind(tx.tenant_id.0).bind(code.as_str())).await?;
    if taken.is_some() || !code.is_allowed() {
        *code = Code64::stored(stored);
    }
    Ok(())
}

/// Returns the next input of a record from its present one, or none if both are the same.
pub type Change<'c, I> = &'c dyn Fn(&I) -> Result<Option<I>, Error>;

/// A record after a patch.
#[derive(Debug)]
pub struct Patched<R> {
    /// The record as it is now.
    pub record: R,
    /// Whether the patch changed it. If not, nothing was written.
    pub is_changed: bool,
}

impl<R> Patched<R> {
    /// A record that has its next version.
    pub fn changed(record: R) -> Self {
        Patched { record, is_changed: true }
    }

    /// A record that had every value of the patch.
    pub fn unchanged(record: R) -> Self {
        Patched { record, is_changed: false }
    }

    /// Returns the record in another form.
    pub fn map<T>(self, form: impl FnOnce(R) -> T) -> Patched<T> {
        Patched { record: form(self.record), is_changed: self.is_changed }
    }
}

/// Rejects a change if the record has changed since the caller read it.
pub fn check_version(current: i32, expected: Option<i32>) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != current => Err(version_mismatch(current)),
        _ => Ok(()),
    }
}

/// Like [`check_version`], for a record that may not exist: no version of it can be expected then.
pub fn check_version_if_any(current: Option<i32>, expected: Option<i32>) -> Result<(), Refusal> {
    match (current, expected) {
        (None, Some(_)) => {
            let detail = "The record does not exist now: leave If-Match out to state it.".to_owned();
            Err(mismatch(0, detail))
        }
        (current, expected) => check_version(current.unwrap_or_default(), expected),
    }
}

fn version_mismatch(current: i32) -> Refusal {
    let detail = format!("The record is at version {current} now; read it again and repeat the change.");
    mismatch(current, detail)
}

fn mismatch(current: i32, detail: String) -> Refusal {
    let mut refusal = Refusal::new(Code::VersionMismatch, detail.clone());
    refusal.problems.push(Problem::version_mismatch("", detail, current));
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(check: impl FnOnce(&mut Problems)) -> Vec<String> {
        let mut problems = Problems::default();
        check(&mut problems);
        let refused = problems.check().err();
        refused
            .map(|refusal| refusal.problems.into_iter().map(|problem| problem.pointer).collect())
            .unwrap_or_default()
    }

    #[test]
    fn units_and_countries_have_their_form() {
        for good in ["C62", "KGM", "XCS", "E4"] {
            assert!(pointers(|problems| check_uom(problems, "/uom", good)).is_empty());
        }
        for bad in ["", "kg", "C", "C622", "C6 "] {
            assert_eq!(pointers(|problems| check_uom(problems, "/uom", bad)), ["/uom"]);
        }
        for bad in ["de", "UK", "XX", ""] {
            assert_eq!(pointers(|problems| check_country(problems, "/country", bad)), ["/country"], "{bad}");
        }
        assert!(pointers(|problems| check_country(problems, "/country", "ZZ")).is_empty());
    }

    #[test]
    fn a_coin_has_the_value_of_a_coin() {
        let check = |text: &str| {
            let coin = Money::new(text.parse().expect("a number"));
            pointers(|problems| check_coin(problems, "/cash_rounding", Some(coin)))
        };
        for good in ["0", "0.00", "0.01", "0.05", "0.10", "0.2", "0.25", "0.50", "1", "5.00", "10", "1000"] {
            assert!(check(good).is_empty(), "{good}");
        }
        for bad in ["0.03", "0.15", "-0.05", "-1", "3", "0.75", "12", "1.05"] {
            assert_eq!(check(bad), ["/cash_rounding"], "{bad}");
        }
        assert!(pointers(|problems| check_coin(problems, "/cash_rounding", None)).is_empty());
    }

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        let check = |text: &str, currency: &str| {
            let amount = Money::new(text.parse().expect("a number"));
            let decimals = decimals_of(currency).expect("a currency");
            pointers(|problems| check_decimals(problems, "/amount", Some(amount), decimals))
        };
        for (good, currency) in [("10", "JPY"), ("10.000", "JPY"), ("0.05", "GBP"), ("0.005", "KWD")] {
            assert!(check(good, currency).is_empty(), "{good} {currency}");
        }
        for (bad, currency) in [("10.5", "JPY"), ("0.001", "GBP"), ("0.0005", "KWD")] {
            assert_eq!(check(bad, currency), ["/amount"], "{bad} {currency}");
        }
        assert!(pointers(|problems| check_decimals(problems, "/amount", None, 0)).is_empty());
        for known in ["GBP", "JPY", "KWD", "CHF"] {
            assert!(is_currency(known), "{known}");
        }
        for unknown in ["QQQ", "gbp", "", "XXX", "GB"] {
            assert!(!is_currency(unknown), "{unknown}");
        }
    }

    #[test]
    fn a_stale_version_is_refused_and_named() {
        assert!(check_version(3, None).is_ok() && check_version(3, Some(3)).is_ok());
        let refusal = check_version(3, Some(2)).expect_err("a refusal");
        assert_eq!(refusal.code, Code::VersionMismatch);
        assert_eq!(refusal.problems[0].params, [("current_version", "3".to_owned())]);
        assert!(check_version_if_any(None, None).is_ok() && check_version_if_any(Some(3), Some(3)).is_ok());
        for (current, expected) in [(None, Some(0)), (None, Some(1)), (Some(3), Some(2))] {
            let refusal = check_version_if_any(current, expected).expect_err("a refusal");
            assert_eq!(refusal.code, Code::VersionMismatch);
        }
    }
}
