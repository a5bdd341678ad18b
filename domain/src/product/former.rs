//! The units that a barcode named one after the other, and the units that a product had. A forced sale uses those of its time.

use chrono::{DateTime, Utc};

use super::Unit;
use super::sku::{SkuHolder, is_got_later, place_at};
use crate::id::ProductId;

/// The products that had a barcode one after the other, each with its unit.
#[derive(Debug, Clone, Default)]
pub struct BarcodeHolders {
    /// The products, in the order of their times.
    products: Vec<SkuHolder>,
    /// The unit of each.
    uoms: Vec<String>,
}

impl BarcodeHolders {
    /// Adds the next product that had the barcode.
    pub fn add(&mut self, product: SkuHolder, uom: String) {
        self.products.push(product);
        self.uoms.push(uom);
    }

    /// Returns the products.
    pub fn product_ids(&self) -> impl Iterator<Item = ProductId> {
        self.products.iter().map(|holder| holder.product_id)
    }

    /// Returns the product that had the barcode at an instant, and its unit. Nothing if that is the present one.
    pub(crate) fn before(&self, at: DateTime<Utc>) -> Option<(ProductId, &str)> {
        let place = place_at(&self.products, at)?;
        let holder = self.products[place];
        holder.until.map(|_| (holder.product_id, self.uoms[place].as_str()))
    }

    /// Returns whether a product had the barcode at an instant.
    pub(crate) fn is_had(&self, at: DateTime<Utc>) -> bool {
        self.products.iter().any(|holder| holder.had_it_at(at))
    }

    /// Returns whether the barcode was that of no product at an instant and before.
    pub(crate) fn is_got_later(&self, at: DateTime<Utc>) -> bool {
        is_got_later(&self.products, at)
    }
}

/// A unit as a product had it before.
#[derive(Debug, Clone)]
pub struct FormerUnit {
    /// The unit.
    pub unit: Unit,
    /// The instant at which it was removed, or got another factor.
    pub until: DateTime<Utc>,
}

/// Returns the unit that a product had at an instant. `former` are those of one name, in the order of their times. If a product
/// has none of this name now, the till may not have known of the removal yet: then it is the last one.
pub(crate) fn unit_at(former: &[FormerUnit], now: Option<Unit>, at: DateTime<Utc>) -> Option<Unit> {
    let then = former.iter().find(|unit| at < unit.until).map(|unit| unit.unit.clone());
    then.or(now).or_else(|| former.last().map(|unit| unit.unit.clone()))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::number::Factor;

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::Duration::minutes(minute)
    }

    fn holder(number: u128, since: Option<i64>, until: Option<i64>) -> SkuHolder {
        let product_id = ProductId(Uuid::from_u128(number));
        SkuHolder { product_id, since: since.map(minute), until: until.map(minute) }
    }

    #[test]
    fn a_barcode_names_the_product_and_the_unit_of_its_time() {
        let mut holders = BarcodeHolders::default();
        holders.add(holder(1, None, Some(10)), "C62".to_owned());
        holders.add(holder(1, Some(10), Some(20)), "XBX".to_owned());
        holders.add(holder(2, Some(30), None), "C62".to_owned());
        let at = |at: i64| holders.before(minute(at)).map(|(id, uom)| (id.0.as_u128(), uom));
        let expected = [(9, Some((1, "C62"))), (10, Some((1, "XBX"))), (29, Some((1, "XBX"))), (30, None)];
        for (minute, before) in expected {
            assert_eq!(at(minute), before, "at {minute}");
        }
        assert!(!holders.is_got_later(minute(0)));
    }

    #[test]
    fn a_unit_has_the_factor_of_its_time() {
        let unit = |factor: &str| Unit {
            uom: "XBX".to_owned(),
            factor: factor.parse::<Factor>().expect("a factor"),
            list_price: None,
        };
        let former = [
            FormerUnit { unit: unit("10"), until: minute(10) },
            FormerUnit { unit: unit("12"), until: minute(20) },
        ];
        let at = |now: Option<Unit>, at: i64| unit_at(&former, now, minute(at)).map(|unit| unit.factor);
        let factor = |text: &str| Some(unit(text).factor);
        assert_eq!([9, 10, 19, 20].map(|minute| at(None, minute)), ["10", "12", "12", "12"].map(factor));
        assert_eq!([9, 19, 20].map(|minute| at(Some(unit("6")), minute)), ["10", "12", "6"].map(factor));
        assert!(unit_at(&[], None, minute(0)).is_none());
    }
}
