use chrono::{DateTime, Days, NaiveDate, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::allocation::{Demand, Departure, LineRequest, PickRule, Purpose, last_received};
use crate::book::Book;
use crate::id::LocationId;
use crate::negative_stock::Issue;
use crate::negative_stock::tests::book;
use crate::product::{Product, ProductKind, ProductStatus, Tracking};
use crate::refusal::Refusal;
use crate::stock::{CostingMethod, Level, LevelKey, StoredLevel};

/// A lot: the day on which it expires, stock units, how many of them are reserved, and whether it is
/// recalled.
type OnShelf = (u64, i64, i64, bool);

/// A tracked product.
pub(crate) fn product(tracking: Tracking) -> Product {
    Product {
        id: ProductId(Uuid::from_u128(1)),
        version: 1,
        sku: "MILK".to_owned(),
        name: "Milk".to_owned(),
        kind: ProductKind::Stocked,
        status: ProductStatus::Active,
        tracking,
        lineage: Vec::new(),
        stock_uom: "C62".to_owned(),
        stock_decimals: 0,
        tax_class_id: Default::default(),
        list_price: None,
        costing_method: None,
        units: Vec::new(),
        components: Vec::new(),
    }
}

fn units(number: i64) -> Quantity {
    Quantity::new(number.into())
}

/// The day of the sales, five days after the books began.
fn today() -> NaiveDate {
    DateTime::<Utc>::UNIX_EPOCH.date_naive() + Days::new(5)
}

fn midday() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::Duration::hours(5 * 24 + 12)
}

/// Returns a book with one product in lots at one location. Each lot was received a minute after the one
/// before.
fn shelf(lots: &[OnShelf]) -> Book {
    let mut book = book(CostingMethod::MovingAverage);
    let product = product(Tracking::Lot);
    for (number, (day, on_hand, promised, recalled)) in lots.iter().enumerate() {
        let lot = Lot {
            id: LotId(Uuid::from_u128(number as u128 + 1)),
            product_id: product.id,
            code: format!("L{number}"),
            expires_on: Some(DateTime::<Utc>::UNIX_EPOCH.date_naive() + Days::new(*day)),
            supplier_lot: None,
            received_from: None,
            received_at: DateTime::UNIX_EPOCH + chrono::Duration::minutes(number as i64),
            status: if *recalled { LotStatus::Recalled } else { LotStatus::Open },
            version: 1,
        };
        let key = LevelKey { location_id: LocationId::default(), product_id: product.id, lot_id: lot.id };
        let value = Money::new((*on_hand).max(0).into());
        let (on_hand, reserved) = (units(*on_hand), units(*promised));
        let stored = StoredLevel { on_hand, reserved, value, ..StoredLevel::default() };
        *book.level_mut(key) = stored.into();
        book.lots.insert(lot);
    }
    book.products.insert(product.id, product);
    book
}

/// Returns the lots that `wanted` units get if none is named, or the rejection.
fn allocated(book: &Book, wanted: i64, forced: bool) -> Result<Vec<LotShare>, Refusal> {
    let purpose = Purpose::Sale { on: today(), life_days: 0, at_hand: true };
    let rule = PickRule {
        location_id: LocationId::default(),
        purpose,
        left: Some(Departure { occurred_at: midday(), forced }),
    };
    let product = book.products.values().next().expect("a product");
    let request =
        LineRequest { product, quantity: units(wanted), named: &[], covered: Quantity::ZERO, pointer: "" };
    let mut demand = Demand::default();
    let shares = demand.allocate(book, &rule, &request).map_err(|problem| {
        let mut problems = crate::refusal::Problems::default();
        problems.push(problem);
        problems.check().expect_err("there is one")
    })?;
    book.check_available(&demand).map(|()| shares)
}

fn sellable(book: &Book) -> Vec<(LevelKey, Level)> {
    let of_lot = |key: &LevelKey| book.lots.get(key.lot_id).is_some_and(|lot| lot.is_sellable(today(), 0));
    book.levels().iter().filter(|(key, _)| of_lot(key)).map(|(key, level)| (*key, *level)).collect()
}

prop_compose! {
    fn shelves()(
        lots in prop::collection::vec((0..12_u64, -4..9_i64, 0..9_i64, prop::bool::weighted(0.2)), 1..7)
    ) -> Vec<OnShelf> {
        lots.into_iter().map(|(day, there, promised, is_bad)| (day, there, promised.min(there.max(0)), is_bad)).collect()
    }
}

proptest! {
    /// A forced sale is issued in full. It takes sellable lots before others, and available units before
    /// reserved ones. A level goes below zero only if no lot has units left.
    #[test]
    fn what_has_left_is_taken_off_in_full(lots in shelves(), wanted in 1..40_i64) {
        let mut book = shelf(&lots);
        let before: Quantity = book.levels().values().map(|level| level.on_hand()).sum();
        let (location_id, id) = (LocationId::default(), ProductId(Uuid::from_u128(1)));
        let last = last_received(&book, location_id, id, today()).expect("there is a lot").id;
        let mut shares = allocated(&book, wanted, true).expect("it is never refused");
        prop_assert_eq!(shares.iter().map(|share| share.quantity).sum::<Quantity>(), units(wanted));
        prop_assert!(shares.iter().all(|share| share.quantity.is_positive()));
        let could: Vec<LotId> = sellable(&book).iter().map(|(key, _)| key.lot_id).collect();
        prop_assert!(could.is_empty() || shares.iter().all(|share| could.contains(&share.lot_id)));
        prop_assert!(!could.is_empty() || shares.iter().all(|share| share.lot_id == last));
        let old = book.levels().clone();
        let key = LevelKey::untracked(location_id, id);
        let (quantity, occurred_at) = (units(wanted), DateTime::UNIX_EPOCH);
        issue(&mut book, &Issue { key, quantity, line_no: 1, occurred_at, forced: true }, &mut shares);
        let after: Quantity = book.levels().values().map(|level| level.on_hand()).sum();
        prop_assert_eq!(before - after, units(wanted));
        let fell = |key: &LevelKey, level: &Level| level.on_hand() < old[key].on_hand();
        let is_broken = book.levels().iter().any(|(key, level)| {
            fell(key, level) && key.lot_id != last && level.available().is_negative()
        });
        let is_below = book.levels().iter().any(|(key, level)| fell(key, level) && level.on_hand().is_negative());
        for (_, level) in sellable(&book) {
            prop_assert!(!is_broken || !level.available().is_positive(), "promised goods went while some were free");
            prop_assert!(!is_below || !level.on_hand().is_positive(), "a lot fell below zero while another had some");
        }
    }

    /// A plain sale gets exactly what is available: the available units of sellable lots, less what others of
    /// them have below zero. Lots that expire first are taken first, and nothing reserved is taken.
    #[test]
    fn what_is_sold_is_available(lots in shelves(), wanted in 1..20_i64) {
        let book = shelf(&lots);
        let available: Quantity = sellable(&book).iter().map(|(_, level)| level.available()).sum();
        let allocated = allocated(&book, wanted, false);
        prop_assert_eq!(allocated.is_ok(), units(wanted) <= available, "{} of {}", wanted, available);
        let Ok(shares) = allocated else { return Ok(()) };
        prop_assert_eq!(shares.iter().map(|share| share.quantity).sum::<Quantity>(), units(wanted));
        let mut order: Vec<&Lot> = book.lots.iter().filter(|lot| lot.is_sellable(today(), 0)).collect();
        order.sort_by(|one, other| one.rank().cmp(&other.rank()));
        let free = |lot: &Lot| {
            let key = LevelKey { location_id: LocationId::default(), product_id: lot.product_id, lot_id: lot.id };
            book.level(&key).available().max(Quantity::ZERO)
        };
        let taken = |lot: &Lot| {
            let share = shares.iter().find(|share| share.lot_id == lot.id);
            share.map_or(Quantity::ZERO, |share| share.quantity)
        };
        let mut left = units(wanted);
        for lot in order {
            prop_assert_eq!(taken(lot), left.min(free(lot)));
            left -= taken(lot);
        }
    }
}
