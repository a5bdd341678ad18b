//! Exact numbers: amounts of money, unit prices, quantities and percentages.
//!
//! JSON has them as strings, read by one parser, because a JSON number passes through binary floating point
//! and loses digits. Only this crate rounds, half away from zero.
//!
//! A number that was read has at most 14 digits before the point, and a decimal holds 28. So sums of numbers, and products
//! of two, stay in range. All other arithmetic on decimals is here; a lint forbids it elsewhere in this crate.
#![cfg_attr(
    not(test),
    expect(clippy::arithmetic_side_effects, reason = "this module keeps results in range")
)]

mod factor;
mod shown;

use std::fmt;
use std::iter::Sum;
use std::marker::PhantomData;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, Value, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, QueryResult, TryGetError, TryGetable};

pub use factor::{Factor, InvalidFactor};
pub use shown::{InCurrency, showing, shown_decimals};

/// The name, limits and text form of one kind of [`Number`].
pub trait Kind: Copy + Ord + Default + fmt::Debug + 'static {
    /// The name in error texts, with its article.
    const NAME: &'static str;
    /// Most digits before the decimal point that are accepted. With 14, the product of two numbers has at most 28 digits,
    /// which a decimal can hold.
    const INTEGER_DIGITS: usize;
    /// Most decimals that are accepted.
    const DECIMALS: usize;
    /// Fewest decimals that are shown. None: those of the currency.
    const SHOWN: Option<u32>;
    /// The text form as a regular expression, for OpenAPI.
    const PATTERN: &'static str;
    /// An example, for OpenAPI and error texts.
    const EXAMPLE: &'static str;
}

/// An exact decimal number of one [`Kind`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Number<K>(Decimal, PhantomData<K>);

/// Kind of [`Money`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MoneyKind;
/// Kind of [`Price`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PriceKind;
/// Kind of [`Quantity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct QuantityKind;
/// Kind of [`Percent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PercentKind;

/// Kind of [`ExchangeRate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ExchangeRateKind;

impl Kind for MoneyKind {
    const NAME: &'static str = "an amount";
    const INTEGER_DIGITS: usize = 14;
    const DECIMALS: usize = 4;
    const SHOWN: Option<u32> = None;
    const PATTERN: &'static str = r"^-?\d{1,14}(\.\d{1,4})?$";
    const EXAMPLE: &'static str = "1234.50";
}
impl Kind for PriceKind {
    const NAME: &'static str = "a price";
    const INTEGER_DIGITS: usize = 12;
    const DECIMALS: usize = 6;
    const SHOWN: Option<u32> = None;
    const PATTERN: &'static str = r"^-?\d{1,12}(\.\d{1,6})?$";
    const EXAMPLE: &'static str = "2.55";
}
impl Kind for QuantityKind {
    const NAME: &'static str = "a quantity";
    const INTEGER_DIGITS: usize = 12;
    const DECIMALS: usize = 6;
    const SHOWN: Option<u32> = Some(0);
    const PATTERN: &'static str = r"^-?\d{1,12}(\.\d{1,6})?$";
    const EXAMPLE: &'static str = "12.5";
}
impl Kind for PercentKind {
    const NAME: &'static str = "a percentage";
    const INTEGER_DIGITS: usize = 3;
    const DECIMALS: usize = 6;
    const SHOWN: Option<u32> = Some(0);
    const PATTERN: &'static str = r"^-?\d{1,3}(\.\d{1,6})?$";
    const EXAMPLE: &'static str = "20";
}

impl Kind for ExchangeRateKind {
    const NAME: &'static str = "an exchange rate";
    const INTEGER_DIGITS: usize = 8;
    const DECIMALS: usize = 10;
    const SHOWN: Option<u32> = Some(0);
    const PATTERN: &'static str = r"^-?\d{1,8}(\.\d{1,10})?$";
    const EXAMPLE: &'static str = "0.92";
}

/// An amount of money, up to 4 decimals, in the currency named beside it. It is shown with at least the currency's decimals:
/// yen as 1240, dinar as 2.470. This crate rounds what it computes
/// to the currency's exponent.
pub type Money = Number<MoneyKind>;
/// A price or cost of one unit, up to 6 decimals.
pub type Price = Number<PriceKind>;
/// A quantity in the unit named beside it, up to 6 decimals.
pub type Quantity = Number<QuantityKind>;
/// A percentage, up to 6 decimals: `20` is 20 %.
pub type Percent = Number<PercentKind>;

/// An amount that is shown with the decimals of its own currency.
pub type MoneyInCurrency = InCurrency<MoneyKind>;
/// A price that is shown with the decimals of its own currency.
pub type PriceInCurrency = InCurrency<PriceKind>;

/// An exchange rate, up to 10 decimals: units of the tenant's currency in one unit of another.
pub type ExchangeRate = Number<ExchangeRateKind>;

/// A text is not a number of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {name} as a string such as \"{example}\": at most {digits} digits and {decimals} decimals")]
pub struct InvalidNumber {
    name: &'static str,
    example: &'static str,
    digits: usize,
    decimals: usize,
}

/// Returns the part of `amount` that belongs to `part` of `whole`, before rounding. The whole amount belongs to the whole.
///
/// The product of a large amount and a large weight may exceed what a decimal can hold (28 digits). Then the quotient is
/// taken first, at the cost of its last digit.
pub fn share(amount: Decimal, part: Decimal, whole: Decimal) -> Decimal {
    assert!(!whole.is_zero(), "a whole has parts");
    if part == whole {
        return amount;
    }
    match amount.checked_mul(part) {
        Some(product) => product / whole,
        None => amount * (part / whole),
    }
}

/// Returns the part of `amount` for the units from `done` to `done + step` of `whole`, rounded to `decimals`. The parts of
/// all steps add up to `amount`.
pub fn slice(decimals: u32, amount: Money, (done, step, whole): (Quantity, Quantity, Quantity)) -> Money {
    assert!(whole.is_positive() && done + step <= whole, "a step stays within the whole");
    let up_to = |units: Quantity| Money::rounded_to(share(amount.get(), units.get(), whole.get()), decimals);
    up_to(done + step) - up_to(done)
}

/// Rounds to `decimals`, half away from zero.
pub fn round(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

impl<K: Kind> Number<K> {
    /// Zero.
    pub const ZERO: Self = Number(Decimal::ZERO, PhantomData);
    /// One.
    pub const ONE: Self = Number(Decimal::ONE, PhantomData);

    /// Wraps a value that is known to fit: a literal, a column, or a result rounded before.
    pub const fn new(value: Decimal) -> Self {
        Number(value, PhantomData)
    }

    /// Rounds to the most decimals of this kind, half away from zero.
    pub fn rounded(value: Decimal) -> Self {
        Number(round(value, K::DECIMALS as u32), PhantomData)
    }

    /// Rounds to `decimals`, half away from zero.
    pub fn rounded_to(value: Decimal, decimals: u32) -> Self {
        Number(round(value, decimals), PhantomData)
    }

    /// Returns the plain decimal.
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// Returns whether it is zero.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Returns whether it is above zero.
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// Returns whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
    }

    /// Rounds to a multiple of `unit`, half away from zero.
    pub fn rounded_to_multiple(self, unit: Self) -> Self {
        Number::new(round(self.per(unit), 0) * unit.0)
    }

    /// Cuts off the digits after the first `decimals`.
    pub fn truncated(self, decimals: u32) -> Self {
        Number::new(self.0.trunc_with_scale(decimals))
    }

    /// Returns whether it is a whole multiple of `unit`, which must not be zero.
    pub fn is_multiple_of(self, unit: Self) -> bool {
        assert!(!unit.is_zero(), "nothing is a multiple of zero");
        (self.0 % unit.0).is_zero()
    }

    /// Returns the number without its sign.
    pub fn abs(self) -> Self {
        Number::new(self.0.abs())
    }

    /// Returns the product before rounding.
    pub fn times<F: Kind>(self, factor: Number<F>) -> Decimal {
        self.0 * factor.0
    }

    /// Returns the quotient before rounding.
    pub fn per<D: Kind>(self, divisor: Number<D>) -> Decimal {
        assert!(!divisor.is_zero(), "nothing is divided by zero");
        self.0 / divisor.0
    }
}

impl Percent {
    /// Returns this percentage of `amount`, before rounding.
    pub fn of(self, amount: Decimal) -> Decimal {
        share(amount, self.0, Decimal::ONE_HUNDRED)
    }

    /// Returns `amount` less this percentage of it, before rounding.
    pub fn off(self, amount: Decimal) -> Decimal {
        amount - self.of(amount)
    }
}

impl<K: Kind> fmt::Display for Number<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.0.normalize();
        let fewest = K::SHOWN.unwrap_or_else(shown_decimals);
        if value.scale() < fewest {
            value.rescale(fewest);
        }
        fmt::Display::fmt(&value, out)
    }
}

impl<K: Kind> fmt::Debug for Number<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl<K: Kind> FromStr for Number<K> {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let well_formed = match unsigned.split_once('.') {
            Some((integer, fraction)) => digits(integer, K::INTEGER_DIGITS) && digits(fraction, K::DECIMALS),
            None => digits(unsigned, K::INTEGER_DIGITS),
        };
        let value = if well_formed { Decimal::from_str_exact(text).ok() } else { None };
        value.map(Number::new).ok_or(InvalidNumber {
            name: K::NAME,
            example: K::EXAMPLE,
            digits: K::INTEGER_DIGITS,
            decimals: K::DECIMALS,
        })
    }
}

impl<K: Kind> serde::Serialize for Number<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: Kind> serde::Deserialize<'de> for Number<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<K>(PhantomData<K>);

        impl<K: Kind> serde::de::Visitor<'_> for Visitor<K> {
            type Value = Number<K>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{} as a string such as \"{}\"", K::NAME, K::EXAMPLE)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor(PhantomData))
    }
}

impl<K: Kind> utoipa::PartialSchema for Number<K> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::Custom("decimal".to_owned())))
            .pattern(Some(K::PATTERN))
            .max_length(Some(20))
            .examples([serde_json::json!(K::EXAMPLE)])
            .into()
    }
}

impl<K: Kind> utoipa::ToSchema for Number<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        K::NAME.split(' ').next_back().unwrap_or(K::NAME).into()
    }
}

impl<K: Kind> From<Number<K>> for Value {
    fn from(number: Number<K>) -> Value {
        number.0.into()
    }
}

impl<K: Kind> ValueType for Number<K> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <Decimal as ValueType>::try_from(value).map(Number::new)
    }

    fn type_name() -> String {
        K::NAME.to_owned()
    }

    fn array_type() -> ArrayType {
        Decimal::array_type()
    }

    fn column_type() -> ColumnType {
        Decimal::column_type()
    }
}

impl<K: Kind> Nullable for Number<K> {
    fn null() -> Value {
        Decimal::null()
    }
}

impl<K: Kind> TryGetable for Number<K> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        Decimal::try_get_by(row, index).map(Number::new)
    }
}

impl<K: Kind> Add for Number<K> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Number::new(self.0 + other.0)
    }
}
impl<K: Kind> Sub for Number<K> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Number::new(self.0 - other.0)
    }
}
impl<K: Kind> Neg for Number<K> {
    type Output = Self;
    fn neg(self) -> Self {
        Number::new(-self.0)
    }
}
impl<K: Kind> AddAssign for Number<K> {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}
impl<K: Kind> SubAssign for Number<K> {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}
impl<K: Kind> Sum for Number<K> {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Number::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_whole_and_digits_are_cut_off() {
        let quantity = |text: &str| text.parse::<Quantity>().expect("a quantity");
        for (number, unit, is_multiple) in [
            ("15", "5", true),
            ("12", "5", false),
            ("0", "5", true),
            ("0.3", "0.1", true),
            ("0.35", "0.1", false),
        ] {
            assert_eq!(quantity(number).is_multiple_of(quantity(unit)), is_multiple, "{number} of {unit}");
        }
        for (number, decimals, cut) in [("1.59", 0, "1"), ("1.59", 1, "1.5"), ("2", 3, "2")] {
            assert_eq!(quantity(number).truncated(decimals), quantity(cut));
        }
    }

    #[test]
    fn reads_plain_decimals_only() {
        for text in ["0", "-0.5", "12", "999999999999.123456", "0.00347"] {
            assert!(text.parse::<Quantity>().is_ok(), "{text}");
        }
        let refused = [
            "",
            "-",
            ".5",
            "5.",
            "+1",
            "1e5",
            "1_000",
            " 1",
            "1 ",
            "0.1234567",
            "1234567890123",
            "١",
            "NaN",
            "1,5",
        ];
        for text in refused {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn json_numbers_are_refused() {
        assert!(serde_json::from_str::<Money>("12.5").is_err());
        assert_eq!(serde_json::from_str::<Money>("\"12.5\"").expect("an amount").to_string(), "12.50");
    }

    #[test]
    fn shows_at_least_its_usual_decimals() {
        assert_eq!("1234.5000".parse::<Money>().expect("an amount").to_string(), "1234.50");
        assert_eq!("0.003470".parse::<Price>().expect("a price").to_string(), "0.00347");
        assert_eq!("200.000000".parse::<Quantity>().expect("a quantity").to_string(), "200");
        assert_eq!("-0".parse::<Money>().expect("an amount").to_string(), "0.00");
    }

    #[test]
    fn each_kind_has_its_digits() {
        assert!(
            "99999999999999.9999".parse::<Money>().is_ok() && "100000000000000".parse::<Money>().is_err()
        );
        assert!("999999999999".parse::<Price>().is_ok() && "1000000000000".parse::<Price>().is_err());
        assert!("999.5".parse::<Percent>().is_ok() && "1000".parse::<Percent>().is_err());
    }

    #[test]
    fn the_largest_numbers_have_a_product_and_a_share() {
        let (money, quantity): (Money, Quantity) = (
            "99999999999999.9999".parse().expect("an amount"),
            "999999999999.999999".parse().expect("a quantity"),
        );
        assert!(money.times(money) > Decimal::ZERO && money.times(quantity) > Decimal::ZERO);
        let weight = money.times(quantity);
        // The product of the amount and the weight does not fit.
        assert_eq!(money.get().checked_mul(weight), None);
        let part = share(money.get(), weight, weight * Decimal::TWO);
        assert_eq!(Money::rounded_to(part, 2).to_string(), "50000000000000.00");
        assert_eq!(share(money.get(), weight, weight), money.get());
    }

    #[test]
    fn rounds_half_away_from_zero() {
        for (value, rounded) in [("2.345", "2.35"), ("-2.345", "-2.35"), ("2.3449", "2.34")] {
            let value: Decimal = value.parse().expect("a decimal");
            assert_eq!(Money::rounded_to(value, 2).to_string(), rounded);
        }
    }
}
