//! The scalars: exact decimals as strings, days, and instants.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, OutputType, Positioned, Scalar,
    ScalarType, ServerResult, Value,
};
use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat};
use domain::moment::{self, Moment};
use domain::number::{Kind, Money, MoneyInCurrency, MoneyKind, Number, PriceKind, QuantityKind};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable};
use serde::{Serialize, Serializer};

/// An exact decimal number in a string, such as "1234.50": no exponent, no thousands separator. A JSON number is
/// rejected as input, because it can lose digits.
pub struct Decimal(pub String);

/// An exact decimal number in a string, such as "1234.50": no exponent, no thousands separator. A JSON number is
/// rejected as input, because it can lose digits.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        if let Value::String(text) = value
            && text.parse::<Number<ExactKind>>().is_ok()
        {
            return Ok(Decimal(text));
        }
        Err(InputValueError::custom("Expected a decimal number in a string, such as \"1234.50\"."))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A number of a report, as the scalar `Decimal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact<K: Kind>(pub Number<K>);

/// An amount of money: at least the decimals of the currency.
pub type Amount = Exact<MoneyKind>;
/// A quantity in stock units: as many decimals as it needs.
pub type Units = Exact<QuantityKind>;
/// A cost of one unit: at least the decimals of the currency.
pub type UnitCost = Exact<PriceKind>;
/// A percentage: 4 decimals.
pub type Percentage = Exact<PercentageKind>;

/// An amount in the currency of documents, which the column `C` of its row names: at least the decimals of that currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignAmount<C> {
    pub amount: MoneyInCurrency,
    column: PhantomData<fn() -> C>,
}

/// The column of a report that names the currency of some of its amounts.
pub trait CurrencyColumn: Send + Sync + 'static {
    /// The name of the column.
    const NAME: &'static str;
}

/// The column of a report with the currency of bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillCurrency;
/// The column of a report with the currency of documents of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentCurrency;

impl CurrencyColumn for BillCurrency {
    const NAME: &'static str = "bill_currency";
}

impl CurrencyColumn for DocumentCurrency {
    const NAME: &'static str = "document_currency";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PercentageKind;
/// Any number that `Decimal` accepts as input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
struct ExactKind;

impl Kind for PercentageKind {
    const NAME: &'static str = "a percentage";
    const INTEGER_DIGITS: usize = 12;
    const DECIMALS: usize = 4;
    const SHOWN: Option<u32> = Some(4);
    const PATTERN: &'static str = r"^-?\d{1,12}(\.\d{1,4})?$";
    const EXAMPLE: &'static str = "31.2500";
}

impl Kind for ExactKind {
    const NAME: &'static str = "a decimal";
    const INTEGER_DIGITS: usize = 12;
    const DECIMALS: usize = 6;
    const SHOWN: Option<u32> = Some(0);
    const PATTERN: &'static str = r"^-?\d{1,12}(\.\d{1,6})?$";
    const EXAMPLE: &'static str = "1234.50";
}

impl<K: Kind> TryGetable for Exact<K> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        Number::try_get_by(row, index).map(Exact)
    }
}

impl<K: Kind> Serialize for Exact<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<K: Kind + Send + Sync> OutputType for Exact<K> {
    fn type_name() -> Cow<'static, str> {
        <Decimal as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Decimal as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.0.to_string()))
    }
}

impl<C: CurrencyColumn> TryGetable for ForeignAmount<C> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let amount = Money::try_get_by(row, index)?;
        let currency = String::try_get_by(row, C::NAME)?;
        let decimals = service::input::decimals_of(&currency)
            .map_err(|error| TryGetError::DbErr(DbErr::Type(error.to_string())))?;
        Ok(ForeignAmount { amount: amount.in_currency(decimals), column: PhantomData })
    }
}

impl<C> Serialize for ForeignAmount<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.amount.serialize(serializer)
    }
}

impl<C: CurrencyColumn> OutputType for ForeignAmount<C> {
    fn type_name() -> Cow<'static, str> {
        <Decimal as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Decimal as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.amount.to_string()))
    }
}

/// A calendar day, `YYYY-MM-DD`. The bounds of a period also accept an RFC 3339 instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub Moment);

/// A calendar day, `YYYY-MM-DD`. The bounds of a period also accept an RFC 3339 instant.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        text.parse().map(Date).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A day or an instant as an argument, in the scalar `Date`. It is parsed with the other arguments of a report, so that the error names
/// each wrong one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateText(String);

impl InputType for DateText {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <Date as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Date as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        Ok(DateText(text))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// Returns the text of a day or instant.
pub fn text(date: Option<DateText>) -> Option<String> {
    date.map(|date| date.0)
}

impl TryGetable for Date {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        NaiveDate::try_get_by(row, index).map(|day| Date(Moment::Day(day)))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An instant, RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub DateTime<FixedOffset>);

impl Instant {
    pub(crate) fn text(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

/// An instant in RFC 3339, in UTC.
#[Scalar(name = "DateTime")]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else { return Err(InputValueError::expected_type(value)) };
        let at: moment::Instant = text.parse().map_err(InputValueError::custom)?;
        Ok(Instant(at.get().fixed_offset()))
    }

    fn to_value(&self) -> Value {
        Value::String(self.text())
    }
}

impl TryGetable for Instant {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        DateTime::<FixedOffset>::try_get_by(row, index).map(Instant)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.text())
    }
}
