//! Factors of units, which may be fractions.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::{Kind, Number, Quantity, QuantityKind, round};

/// The number of stock units in one of another unit: a decimal such as `12` or `0.5`, or a fraction such as `5/12`.
///
/// A fraction loses nothing: 24 pieces of `1/12` dozen are 2 dozens. It is kept in lowest terms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    numerator: Quantity,
    denominator: u16,
}

/// A text is not a factor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a factor as a string such as \"12\" or \"5/12\": a decimal with at most 12 digits and 6 decimals, or two whole \
     numbers, the second from 1 to {most}",
    most = Factor::DENOMINATOR_MAX
)]
pub struct InvalidFactor;

impl Factor {
    /// One.
    pub const ONE: Self = Factor { numerator: Quantity::ONE, denominator: 1 };
    /// The largest denominator. The nearest decimal with 6 places still has only one numerator for it.
    pub const DENOMINATOR_MAX: u16 = 10_000;

    /// Makes a factor of its nearest decimal and its denominator, as they are stored.
    pub fn stored(rounded: Quantity, denominator: u16) -> Self {
        match denominator {
            0 | 1 => Factor { numerator: rounded, denominator: 1 },
            _ => Factor {
                numerator: Quantity::new(round(rounded.get() * Decimal::from(denominator), 0)),
                denominator,
            },
        }
    }

    /// Returns the nearest decimal with 6 places.
    pub fn rounded(self) -> Quantity {
        if self.is_fraction() { Quantity::rounded(self.of(Quantity::ONE)) } else { self.numerator }
    }

    /// Returns the denominator: 1 for a decimal.
    pub fn denominator(self) -> u16 {
        self.denominator
    }

    /// Returns whether it was stated as a fraction, and is no whole number.
    pub fn is_fraction(self) -> bool {
        self.denominator > 1
    }

    /// Returns whether it is above zero.
    pub fn is_positive(self) -> bool {
        self.numerator.is_positive()
    }

    /// Returns the product with a number, before rounding.
    pub fn of<K: Kind>(self, number: Number<K>) -> Decimal {
        let product = number.times(self.numerator);
        if self.is_fraction() { product / Decimal::from(self.denominator) } else { product }
    }

    /// Returns the least whole number of units that is a number of stock units with at most `decimals` decimals. None if that is
    /// too large to count.
    pub fn least_whole(self, decimals: u8) -> Option<u64> {
        let power = |exponent: u32| 10_u64.checked_pow(exponent);
        let numerator = self.numerator.get().normalize();
        let digits = u64::try_from(numerator.mantissa().unsigned_abs()).ok()?;
        let steps = digits.checked_mul(power(u32::from(decimals))?)?;
        let parts = u64::from(self.denominator).checked_mul(power(numerator.scale())?)?;
        Some(parts / common_divisor(steps, parts))
    }

    /// Makes a fraction in lowest terms.
    fn fraction(numerator: u64, denominator: u16) -> Self {
        let common = common_divisor(numerator, u64::from(denominator));
        let in_lowest_terms = u64::from(denominator) / common;
        Factor {
            numerator: Quantity::new(Decimal::from(numerator / common)),
            denominator: u16::try_from(in_lowest_terms).expect("a part of a denominator"),
        }
    }
}

/// Returns the greatest common divisor. One of the numbers is above zero.
fn common_divisor(one: u64, other: u64) -> u64 {
    let (mut common, mut rest) = (one, other);
    while rest != 0 {
        (common, rest) = (rest, common % rest);
    }
    common
}

impl From<Quantity> for Factor {
    fn from(decimal: Quantity) -> Self {
        Factor { numerator: decimal, denominator: 1 }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.numerator, out)?;
        if self.is_fraction() { write!(out, "/{}", self.denominator) } else { Ok(()) }
    }
}

impl fmt::Debug for Factor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Factor {
    type Err = InvalidFactor;

    fn from_str(text: &str) -> Result<Self, InvalidFactor> {
        let Some((numerator, denominator)) = text.split_once('/') else {
            return text.parse::<Quantity>().map(Factor::from).map_err(|_| InvalidFactor);
        };
        let whole = |part: &str, most: usize| {
            let is_whole = (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u64>().ok().filter(|_| is_whole)
        };
        let numerator = whole(numerator, QuantityKind::INTEGER_DIGITS).ok_or(InvalidFactor)?;
        let denominator = whole(denominator, 5).and_then(|number| u16::try_from(number).ok());
        match denominator.filter(|number| (1..=Factor::DENOMINATOR_MAX).contains(number)) {
            Some(denominator) => Ok(Factor::fraction(numerator, denominator)),
            None => Err(InvalidFactor),
        }
    }
}

impl serde::Serialize for Factor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Factor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Factor;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "a factor as a string such as \"12\" or \"5/12\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Factor, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

impl utoipa::PartialSchema for Factor {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::Custom("decimal or fraction".to_owned())))
            .pattern(Some(r"^\d{1,12}(\.\d{1,6}|/\d{1,5})?$"))
            .max_length(Some(19))
            .examples([serde_json::json!("12")])
            .into()
    }
}

impl utoipa::ToSchema for Factor {
    fn name() -> std::borrow::Cow<'static, str> {
        "factor".into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn factor(text: &str) -> Factor {
        text.parse().expect("a factor")
    }

    #[test]
    fn a_fraction_is_kept_in_lowest_terms_and_a_decimal_as_it_is() {
        for (text, shown) in
            [("12", "12"), ("0.50", "0.5"), ("5/12", "5/12"), ("2/24", "1/12"), ("24/12", "2"), ("0/5", "0")]
        {
            assert_eq!(factor(text).to_string(), shown);
        }
        for text in ["", "1/", "/2", "1/0", "1/10001", "-1/2", "1/-2", "1.5/2", "1 / 2", "1/2/3", "1e3", "½"]
        {
            assert_eq!(text.parse::<Factor>(), Err(InvalidFactor), "{text}");
        }
        assert!(serde_json::from_str::<Factor>("12").is_err());
    }

    #[test]
    fn the_least_number_of_units_that_is_whole_in_stock_units() {
        for (text, decimals, least) in [
            ("6", 0, 1),
            ("1/3", 0, 3),
            ("5/12", 0, 12),
            ("5/12", 2, 3),
            ("0.5", 0, 2),
            ("0.5", 1, 1),
            ("2.25", 0, 4),
        ] {
            assert_eq!(factor(text).least_whole(decimals), Some(least), "{text} to {decimals}");
        }
        assert_eq!(factor("999999999999.999999").least_whole(6), None);
    }

    proptest! {
        /// As many units as the denominator says are as many stock units as the numerator says, also after it was stored.
        #[test]
        fn a_fraction_loses_nothing(
            numerator in 1..1_000_000_000_000_u64,
            denominator in 1..=Factor::DENOMINATOR_MAX,
        ) {
            let stated = Factor::fraction(numerator, denominator);
            let units = Quantity::new(Decimal::from(denominator));
            prop_assert_eq!(stated.of(units), Decimal::from(numerator));
            prop_assert_eq!(Factor::stored(stated.rounded(), stated.denominator()), stated);
            prop_assert_eq!(factor(&stated.to_string()), stated);
        }
    }
}
