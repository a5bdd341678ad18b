//! Decimals that amounts and prices are shown with: those of the currency of the tenant that is served.
//!
//! An amount does not know its currency: a tenant has one. Its text is made in many places, so the decimals are set once
//! around the work for a tenant, for the thread that does it.

use std::cell::Cell;

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
}
