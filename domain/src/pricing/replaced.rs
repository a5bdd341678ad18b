//! List prices that were replaced, so that an instant of the past has the price of that instant.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::id::ProductId;
use crate::number::Price;

/// The first instant at which a price no longer applied, and the price.
type Replaced = (DateTime<Utc>, Option<Price>);

/// List prices that were replaced, by product and unit, with the first instant at which each no longer applied. A price of a
/// product has no unit.
#[derive(Debug, Clone, Default)]
pub struct ReplacedPrices(HashMap<(ProductId, Option<String>), Vec<Replaced>>);

impl ReplacedPrices {
    /// Adds a price that applied until `until`; none if there was no price.
    pub fn add(&mut self, key: (ProductId, Option<String>), until: DateTime<Utc>, price: Option<Price>) {
        let prices = self.0.entry(key).or_default();
        let place = prices.partition_point(|(known, _)| *known < until);
        prices.insert(place, (until, price));
    }

    /// Returns the list price of a product, or of one of its units, at an instant. `now` is the present one.
    pub fn at(
        &self,
        product_id: ProductId,
        uom: Option<&str>,
        at: DateTime<Utc>,
        now: Option<Price>,
    ) -> Option<Price> {
        if self.0.is_empty() {
            return now;
        }
        let prices = self.0.get(&(product_id, uom.map(str::to_owned)));
        let prices = prices.map_or(&[][..], Vec::as_slice);
        let first = prices.partition_point(|(until, _)| *until <= at);
        prices.get(first).map_or(now, |(_, price)| *price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_the_price_that_applied_then() {
        let price = |number: i64| Some(Price::new(number.into()));
        let second = |number: i64| DateTime::from_timestamp(number, 0).expect("an instant");
        let mut replaced = ReplacedPrices::default();
        let id = ProductId::default();
        for (until, was) in [(20, price(2)), (10, price(1)), (30, None)] {
            replaced.add((id, None), second(until), was);
        }
        for (at, expected) in
            [(0, price(1)), (9, price(1)), (10, price(2)), (19, price(2)), (20, None), (30, price(4))]
        {
            assert_eq!(replaced.at(id, None, second(at), price(4)), expected, "{at}");
        }
        assert_eq!(replaced.at(id, Some("XBX"), second(0), price(7)), price(7));
    }
}
