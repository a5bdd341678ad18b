//! Decimals that amounts and prices are shown with: those of the currency of the tenant that is served, or of the currency that
//! an amount states.
//!
//! A plain amount does not know its currency: a tenant has one. Its text is made in many places, so the decimals are set once
//! around the work for a tenant, for the thread that does it. An amount that may be in another currency is shown as
//! [`InCurrency`], which has decimals of its own.

use std::cell::Cell;
use std::fmt;

use super::{Kind, Number};

/// Decimals outside the work for a tenant.
const USUAL: u32 = 2;

thread_local! {
    static DECIMALS: Cell<u32> = const { Cell::new(USUAL) };
}

/// Sets the decimals back when it is dropped, also by a panic.
struct Before(u32);

impl Drop for Before {
    fn drop(&mut self) {
        DECIMALS.set(self.0);
    }
}

/// Returns the decimals that amounts are shown with now.
pub fn shown_decimals() -> u32 {
    DECIMALS.get()
}

/// Shows amounts with these decimals while `work` runs.
pub fn showing<T>(decimals: u32, work: impl FnOnce() -> T) -> T {
    let _before = Before(DECIMALS.replace(decimals));
    work()
}

/// An amount or a price that is shown with the decimals of its own currency, which may not be the tenant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InCurrency<K: Kind> {
    number: Number<K>,
    decimals: u32,
}

impl<K: Kind> Number<K> {
    /// Returns the number as it is shown in a currency with these decimals.
    pub fn in_currency(self, decimals: u32) -> InCurrency<K> {
        InCurrency { number: self, decimals }
    }
}

impl<K: Kind> InCurrency<K> {
    /// Returns the number without its currency.
    pub fn number(self) -> Number<K> {
        self.number
    }
}

impl<K: Kind> fmt::Display for InCurrency<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        showing(self.decimals, || fmt::Display::fmt(&self.number, out))
    }
}

impl<K: Kind> serde::Serialize for InCurrency<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// It has the schema of its number.
impl<K: Kind> utoipa::PartialSchema for InCurrency<K> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <Number<K> as utoipa::PartialSchema>::schema()
    }
}

impl<K: Kind> utoipa::ToSchema for InCurrency<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        <Number<K> as utoipa::ToSchema>::name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{Money, Price, Quantity};

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        let shown = |text: &str| text.parse::<Money>().expect("an amount").to_string();
        assert_eq!(shown("1240"), "1240.00");
        assert_eq!(showing(0, || (shown("1240"), shown("0.5"))), ("1240".to_owned(), "0.5".to_owned()));
        assert_eq!(showing(3, || shown("2.47")), "2.470");
        assert_eq!(showing(3, || "2".parse::<Price>().expect("a price").to_string()), "2.000");
        assert_eq!(showing(3, || "2".parse::<Quantity>().expect("a quantity").to_string()), "2");
        let caught = std::panic::catch_unwind(|| showing(0, || panic!("in the work")));
        assert!(caught.is_err() && shown_decimals() == USUAL);
    }

    #[test]
    fn a_foreign_amount_has_the_decimals_of_its_own_currency() {
        let money = |text: &str, decimals: u32| {
            text.parse::<Money>().expect("an amount").in_currency(decimals).to_string()
        };
        let shown = || [money("1240", 0), money("2.47", 3), money("10.5", 2), money("0", 2)];
        for of_tenant in [0, 2, 3] {
            assert_eq!(showing(of_tenant, shown), ["1240", "2.470", "10.50", "0.00"], "{of_tenant}");
        }
        let price = "0.00347".parse::<Price>().expect("a price").in_currency(2);
        assert_eq!(showing(0, || serde_json::to_string(&price).expect("JSON")), "\"0.00347\"");
        assert_eq!(price.number().to_string(), "0.00347");
        // Later amounts have the decimals of the tenant again.
        let later = || (money("1", 3), "1".parse::<Money>().expect("an amount").to_string());
        assert_eq!(showing(0, later), ("1.000".to_owned(), "1".to_owned()));
    }
}
