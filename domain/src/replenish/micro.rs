//! Numbers of the replenishment rule: whole millionths, exact in 128 bits.
//!
//! A decimal of 28 digits is too small for the sum of squares of weekly demand above ten million. Every operation here
//! checks its range instead, so a result is exact or it is [`Overflow`].

use std::fmt;

use rust_decimal::Decimal;

use crate::number::{Kind, Number, Quantity};

/// Millionths in one.
const ONE: i128 = 1_000_000;

/// Decimals of a millionth.
const DECIMALS: u32 = 6;

/// A result is too large for 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the figures are too large to compute with")]
pub struct Overflow;

/// A number with six decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micro(i128);

/// An exact fraction, or a product that is not rounded yet, in units of a millionth's power.
///
/// Products of two numbers have twelve decimals, of three eighteen. [`Micro::ratio`] rounds them once.
pub(super) type Wide = i128;

impl Micro {
    /// Zero.
    pub const ZERO: Self = Micro(0);
    /// One.
    pub const ONE: Self = Micro(ONE);

    /// Returns a number of millionths.
    pub const fn millionths(value: i128) -> Self {
        Micro(value)
    }

    /// Returns a whole number.
    pub fn whole(value: u32) -> Self {
        Micro(i128::from(value).saturating_mul(ONE))
    }

    /// Returns the millionths in it.
    pub const fn get(self) -> i128 {
        self.0
    }

    /// Returns whether it is above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Returns whether it is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the sum.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Micro).ok_or(Overflow)
    }

    /// Returns the difference.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Micro).ok_or(Overflow)
    }

    /// Returns the product before rounding, with twelve decimals.
    pub(super) fn wide(self, other: Self) -> Result<Wide, Overflow> {
        self.0.checked_mul(other.0).ok_or(Overflow)
    }

    /// Returns the whole multiple.
    pub(super) fn times(self, factor: u32) -> Result<Self, Overflow> {
        self.0.checked_mul(i128::from(factor)).map(Micro).ok_or(Overflow)
    }

    /// Returns the product, rounded to six decimals.
    pub(super) fn product(self, other: Self) -> Result<Self, Overflow> {
        Self::ratio(self.wide(other)?, ONE)
    }

    /// Returns the quotient, rounded to six decimals.
    pub(super) fn quotient(self, divisor: Self) -> Result<Self, Overflow> {
        Self::ratio(mul(self.0, ONE)?, divisor.0)
    }

    /// Returns the part of a whole number of parts, rounded to six decimals.
    pub(super) fn part(self, of: u32) -> Result<Self, Overflow> {
        Self::ratio(self.0, i128::from(of))
    }

    /// Returns a fraction of millionths, rounded half away from zero. The denominator is above zero.
    pub(super) fn ratio(numerator: i128, denominator: i128) -> Result<Self, Overflow> {
        assert!(denominator > 0, "nothing is divided by zero or less");
        let quotient = numerator.checked_div(denominator).ok_or(Overflow)?;
        let rest = numerator.checked_rem(denominator).ok_or(Overflow)?.unsigned_abs();
        let is_up = rest >= denominator.unsigned_abs().checked_sub(rest).ok_or(Overflow)?;
        let step = if is_up { numerator.signum() } else { 0 };
        quotient.checked_add(step).map(Micro).ok_or(Overflow)
    }

    /// Returns a fraction of millionths, rounded down. The denominator is above zero.
    pub(super) fn floor(numerator: i128, denominator: i128) -> Result<Self, Overflow> {
        assert!(denominator > 0, "nothing is divided by zero or less");
        numerator.checked_div_euclid(denominator).map(Micro).ok_or(Overflow)
    }

    /// Returns the square root of a product of two numbers, rounded down to six decimals.
    pub(super) fn root(square: Wide) -> Self {
        Micro(square.max(0).isqrt())
    }

    /// Returns the number rounded down to a multiple of `step`.
    pub(super) fn down_to(self, step: Self) -> Result<Self, Overflow> {
        let rest = self.0.checked_rem_euclid(step.0).ok_or(Overflow)?;
        self.minus(Micro(rest))
    }

    /// Returns the number rounded up to a multiple of `step`.
    pub(super) fn up_to(self, step: Self) -> Result<Self, Overflow> {
        let down = self.down_to(step)?;
        if down == self { Ok(self) } else { down.plus(step) }
    }

    /// Returns the whole number at or below it.
    pub fn whole_below(self) -> i64 {
        i64::try_from(self.0.div_euclid(ONE)).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }

    /// Returns the whole number at or above it.
    pub fn whole_above(self) -> i64 {
        let below = self.whole_below();
        if self.0.rem_euclid(ONE) == 0 { below } else { below.saturating_add(1) }
    }

    /// Returns the nearest whole number, half away from zero.
    pub fn nearest(self) -> i64 {
        let whole = Self::ratio(self.0, ONE).map_or(0, Micro::get);
        i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN } else { i64::MAX })
    }

    /// Returns it as a decimal; nothing if it has more than 28 digits.
    pub fn decimal(self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(self.0, DECIMALS).ok().map(|value| value.normalize())
    }

    /// Returns it as a quantity. The rule makes no quantity that is too large for one: [`Micro::from`] reads quantities, and
    /// a result with more digits is an overflow.
    pub fn quantity(self) -> Result<Quantity, Overflow> {
        self.decimal().map(Quantity::new).ok_or(Overflow)
    }
}

/// Returns a product that is checked.
pub(super) fn mul(left: i128, right: i128) -> Result<i128, Overflow> {
    left.checked_mul(right).ok_or(Overflow)
}

/// Returns a sum that is checked.
pub(super) fn add(left: i128, right: i128) -> Result<i128, Overflow> {
    left.checked_add(right).ok_or(Overflow)
}

/// Returns a difference that is checked.
pub(super) fn sub(left: i128, right: i128) -> Result<i128, Overflow> {
    left.checked_sub(right).ok_or(Overflow)
}

impl<K: Kind> From<Number<K>> for Micro {
    fn from(number: Number<K>) -> Self {
        let value = crate::number::round(number.get(), DECIMALS);
        let missing = DECIMALS.saturating_sub(value.scale());
        // A decimal of at most 14 digits before the point has at most 20 digits as millionths.
        Micro(value.mantissa().saturating_mul(10_i128.saturating_pow(missing)))
    }
}

impl fmt::Display for Micro {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (one, size) = (ONE.unsigned_abs(), self.0.unsigned_abs());
        let (whole, rest) = (size.div_euclid(one), size.rem_euclid(one));
        let fraction = format!("{rest:06}");
        match fraction.trim_end_matches('0') {
            "" => write!(out, "{sign}{whole}"),
            fraction => write!(out, "{sign}{whole}.{fraction}"),
        }
    }
}

impl fmt::Debug for Micro {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl serde::Serialize for Micro {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a decimal text.
    pub(in crate::replenish) fn micro(text: &str) -> Micro {
        Micro::from(text.parse::<Quantity>().expect("a quantity"))
    }

    #[test]
    fn fractions_are_rounded_half_away_from_zero() {
        for (numerator, denominator, rounded) in [
            (1, 2, 1),
            (-1, 2, -1),
            (1, 3, 0),
            (2, 3, 1),
            (-2, 3, -1),
            (5, 2, 3),
            (-5, 2, -3),
            (7, 7, 1),
            (0, 9, 0),
        ] {
            assert_eq!(Micro::ratio(numerator, denominator), Ok(Micro(rounded)), "{numerator}/{denominator}");
        }
    }

    #[test]
    fn numbers_are_shown_without_trailing_zeros() {
        for text in ["0", "12", "0.5", "-0.000001", "1781.818182", "-3.25"] {
            assert_eq!(micro(text).to_string(), text);
        }
    }

    #[test]
    fn too_large_is_an_error() {
        let large = Micro(i128::MAX);
        assert_eq!(large.plus(Micro(1)), Err(Overflow));
        assert_eq!(large.product(large), Err(Overflow));
        assert_eq!(large.quotient(Micro(1)), Err(Overflow));
        assert_eq!(large.quantity(), Err(Overflow));
    }

    proptest! {
        /// A rounded multiple is a multiple, and less than a step away.
        #[test]
        fn steps_are_reached(value in -1_000_000_000_000_i128..1_000_000_000_000, step in 1_i128..10_000_000) {
            let (number, step) = (Micro(value), Micro(step));
            let (down, up) = (number.down_to(step).expect("in range"), number.up_to(step).expect("in range"));
            prop_assert!(down <= number && number <= up);
            prop_assert!(down.0 % step.0 == 0 && up.0 % step.0 == 0 && up.0 - down.0 <= step.0);
        }

        /// The square of a root is at most the number, and that of the next millionth is more.
        #[test]
        fn roots_are_rounded_down(square in 0_i128..i128::MAX / 4) {
            let root = Micro::root(square).0;
            prop_assert!(root * root <= square && (root + 1) * (root + 1) > square);
        }
    }
}
