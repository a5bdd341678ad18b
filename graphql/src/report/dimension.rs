//! The dimensions of reports on sales.

use async_graphql::{Enum, SimpleObject};
use chrono_tz::Tz;
use sea_orm::FromQueryResult;
use serde::Serialize;
use strum::IntoEnumIterator;

use super::grouping::{self, Attribute, Grouping, Key, Of, Unit};
use super::invalid::Wrong;
use super::{Invalid, buckets};
use crate::scalar::{Date, Instant};

/// Most dimensions of a report.
const DIMENSIONS_MAX: usize = 6;

/// A dimension of a report on sales.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Enum, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Dimension {
    /// Hours in the report's time zone. When clocks go back, the repeated hour is two groups.
    Hour,
    /// Calendar days in the report's time zone.
    Day,
    /// ISO weeks, named by their Monday.
    Week,
    /// Calendar months, named by their first day.
    Month,
    /// Calendar quarters, named by their first day.
    Quarter,
    /// Calendar years, named by their first day.
    Year,
    /// Sales channels.
    Channel,
    /// Stock locations that issued the stock.
    Location,
    /// Products.
    Product,
    /// Categories that the products had when they were sold.
    Category,
    /// Customers; walk-in sales are one group without a customer.
    Customer,
    /// Countries of sale.
    Country,
    /// Hours of the day in the report's time zone, 0 to 23.
    HourOfDay,
    /// Days of the week in the report's time zone, 1 to 7 from Monday.
    Weekday,
    /// Sources of the price: lists, list price, or an override.
    PriceSource,
    /// Bands of the discount in percent of the value before it.
    DiscountBand,
    /// Kinds of products: goods, and services such as postage and fees.
    ProductKind,
    /// One group for everything. It cannot be combined.
    None,
}

/// The dimensions of a row. Columns that the report is not grouped by are null.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct Dimensions {
    /// Start of the hour, with the offset of the report's time zone at that time.
    pub hour: Option<Instant>,
    /// Calendar day in the report's time zone.
    pub day: Option<Date>,
    /// Monday of the ISO week in the report's time zone.
    pub week: Option<Date>,
    /// First day of the calendar month in the report's time zone.
    pub month: Option<Date>,
    /// First day of the calendar quarter in the report's time zone.
    pub quarter: Option<Date>,
    /// First day of the calendar year in the report's time zone.
    pub year: Option<Date>,
    /// Sales channel: `wholesale` or `retail`. New values may appear.
    pub channel: Option<String>,
    /// Code of the stock location that issued the stock.
    pub location_code: Option<String>,
    /// Name of the stock location that issued the stock.
    pub location_name: Option<String>,
    /// SKU of the product, case-sensitive.
    pub sku: Option<String>,
    /// Name of the product.
    pub product_name: Option<String>,
    /// Code of the category that the product had when it was sold; null if it had none.
    pub category_code: Option<String>,
    /// Name of the category that the product had when it was sold; null if it had none.
    pub category_name: Option<String>,
    /// Number of the customer; null for walk-in sales.
    pub customer_number: Option<String>,
    /// Name of the customer; null for walk-in sales.
    pub customer_name: Option<String>,
    /// ISO 3166-1 alpha-2 code of the country of sale.
    pub country: Option<String>,
    /// Hour of the day in the report's time zone, 0 to 23. When clocks go back, the repeated hour counts once.
    pub hour_of_day: Option<i32>,
    /// Day of the week in the report's time zone: 1 is Monday, 7 is Sunday.
    pub weekday: Option<i32>,
    /// Source of the price: `customer_list`, `tier_list`, `channel_list`, `list_price` or `override`. New values may appear.
    pub price_source: Option<String>,
    /// Discount in percent of the value before it: `none`, `to_5_pct`, `to_10_pct`, `to_20_pct`, `to_30_pct`, `to_50_pct` or
    /// `over_50_pct`. A band includes its upper end.
    pub discount_band: Option<String>,
    /// Kind of the product: `stocked` for goods, `service` for postage, fees and work.
    pub product_kind: Option<String>,
    /// Whether the period cuts the unit of time, or it is not over yet: its figures are not those of a whole one. Null without
    /// `fill`.
    pub is_partial: Option<bool>,
}

impl Dimensions {
    pub(super) fn in_zone(&mut self, zone: Tz) {
        if let Some(hour) = &mut self.hour {
            hour.0 = hour.0.with_timezone(&zone).fixed_offset();
        }
    }
}

impl Dimension {
    /// Parses a comma-separated list of dimensions. Rejects each unknown one.
    pub fn parse_list(text: &str) -> Result<Vec<Dimension>, Invalid> {
        let parse = |name: &str| {
            name.parse().map_err(|_| {
                let known: Vec<&str> = Dimension::iter().map(Into::into).collect();
                Invalid::unreadable("group_by", format!("`{name}` is not one of {}.", known.join(", ")))
            })
        };
        let mut wrong = Wrong::default();
        let dimensions = text.split(',').filter_map(|name| wrong.take(parse(name))).collect();
        wrong.check().map(|()| dimensions)
    }

    /// Rejects a dimension named twice, more than six, and `none` with others.
    pub fn check(dimensions: &[Dimension]) -> Result<(), Invalid> {
        let repeated = dimensions.iter().enumerate().any(|(index, one)| dimensions[..index].contains(one));
        let detail = if dimensions.is_empty() {
            "Name at least one dimension, or none."
        } else if repeated {
            "Name each dimension once."
        } else if dimensions.len() > 1 && dimensions.contains(&Dimension::None) {
            "none can't be combined with other dimensions."
        } else if dimensions.len() > DIMENSIONS_MAX {
            "At most 6 dimensions can be combined."
        } else {
            return Ok(());
        };
        Err(Invalid::not_allowed("group_by", detail))
    }

    /// Whether lines of one document may fall into several groups.
    pub(super) fn splits_documents(self) -> bool {
        matches!(
            self,
            Dimension::Product
                | Dimension::Category
                | Dimension::PriceSource
                | Dimension::DiscountBand
                | Dimension::ProductKind
        )
    }

    /// Usual number of groups at most; nothing if it depends on the data.
    pub fn groups_estimate(self) -> Option<u64> {
        match self {
            Dimension::None => Some(1),
            Dimension::Channel | Dimension::ProductKind => Some(2),
            Dimension::PriceSource => Some(5),
            Dimension::Weekday | Dimension::DiscountBand => Some(7),
            Dimension::Year => Some(20),
            Dimension::HourOfDay => Some(24),
            Dimension::Location => Some(50),
            Dimension::Quarter => Some(80),
            Dimension::Country => Some(200),
            Dimension::Month => Some(240),
            Dimension::Category => Some(500),
            Dimension::Week => Some(1_000),
            Dimension::Day => Some(4_000),
            Dimension::Hour | Dimension::Product | Dimension::Customer => None,
        }
    }

    fn is_time(self) -> bool {
        self.unit().is_some()
    }

    /// Returns the unit of time; nothing if the dimension is none of time.
    pub(super) fn unit(self) -> Option<Unit> {
        match self.key()?.of {
            Of::Time(unit) | Of::Moved { unit, .. } => Some(unit),
            Of::Column(_) => None,
        }
    }

    fn key(self) -> Option<Key> {
        let key = match self {
            Dimension::Hour => Key::time("by_hour", Unit::Hour),
            Dimension::Day => Key::time("by_day", Unit::Day),
            Dimension::Week => Key::time("by_week", Unit::Week),
            Dimension::Month => Key::time("by_month", Unit::Month),
            Dimension::Quarter => Key::time("by_quarter", Unit::Quarter),
            Dimension::Year => Key::time("by_year", Unit::Year),
            Dimension::Channel => Key::column("by_channel", "channel"),
            Dimension::Location => Key::column("by_location_id", "location_id"),
            Dimension::Product => Key::column("by_product_id", "product_id"),
            Dimension::Category => Key::column("by_category_id", "category_id"),
            Dimension::Customer => Key::column("by_customer_id", "customer_id"),
            Dimension::Country => Key::column("by_country", "country"),
            Dimension::HourOfDay => Key::time("by_hour_of_day", Unit::HourOfDay),
            Dimension::Weekday => Key::time("by_weekday", Unit::Weekday),
            Dimension::PriceSource => Key::column("by_price_source", "price_source"),
            Dimension::DiscountBand => Key::column("by_discount_band", "discount_band"),
            Dimension::ProductKind => Key::column("by_product_kind", "product_kind"),
            Dimension::None => return None,
        };
        Some(key)
    }

    /// Returns SQL that selects the groups which the filter names. They are rows even if nothing was sold.
    fn named(self) -> Option<&'static str> {
        match self {
            Dimension::Product => Some(grouping::NAMED_PRODUCTS),
            Dimension::Customer => Some(grouping::NAMED_CUSTOMERS),
            Dimension::Location => Some(grouping::NAMED_LOCATIONS),
            Dimension::Category => Some(grouping::NAMED_CATEGORIES),
            Dimension::Channel => Some(grouping::NAMED_CHANNELS),
            Dimension::Country => Some(grouping::NAMED_COUNTRIES),
            Dimension::ProductKind => Some(grouping::NAMED_PRODUCT_KINDS),
            Dimension::None => Some(grouping::EVERYTHING),
            Dimension::Hour
            | Dimension::Day
            | Dimension::Week
            | Dimension::Month
            | Dimension::Quarter
            | Dimension::Year
            | Dimension::HourOfDay
            | Dimension::Weekday
            | Dimension::PriceSource
            | Dimension::DiscountBand => None,
        }
    }

    fn join(self) -> &'static str {
        match self {
            Dimension::Location => {
                "left join public.location lo on lo.tenant_id = :tenant_id and lo.id = m.by_location_id"
            }
            Dimension::Product => {
                "left join public.product p on p.tenant_id = :tenant_id and p.id = m.by_product_id"
            }
            Dimension::Category => {
                "left join public.category ca on ca.tenant_id = :tenant_id and ca.id = m.by_category_id"
            }
            Dimension::Customer => {
                "left join public.customer cu on cu.tenant_id = :tenant_id and cu.id = m.by_customer_id"
            }
            Dimension::Hour
            | Dimension::Day
            | Dimension::Week
            | Dimension::Month
            | Dimension::Quarter
            | Dimension::Year
            | Dimension::Channel
            | Dimension::Country
            | Dimension::HourOfDay
            | Dimension::Weekday
            | Dimension::PriceSource
            | Dimension::DiscountBand
            | Dimension::ProductKind
            | Dimension::None => "",
        }
    }
}

/// All columns of dimensions: the dimension, the name, the value, its SQL type.
const COLUMNS: [(Dimension, &str, &str, &str); 21] = [
    (Dimension::Hour, "hour", "m.by_hour", "timestamptz"),
    (Dimension::Day, "day", "m.by_day", "date"),
    (Dimension::Week, "week", "m.by_week", "date"),
    (Dimension::Month, "month", "m.by_month", "date"),
    (Dimension::Quarter, "quarter", "m.by_quarter", "date"),
    (Dimension::Year, "year", "m.by_year", "date"),
    (Dimension::Channel, "channel", "m.by_channel", "text"),
    (Dimension::Location, "location_code", "lo.code", "text"),
    (Dimension::Location, "location_name", "lo.name", "text"),
    (Dimension::Product, "sku", "p.sku", "text"),
    (Dimension::Product, "product_name", "p.name", "text"),
    (Dimension::Category, "category_code", "ca.code", "text"),
    (Dimension::Category, "category_name", "ca.name", "text"),
    (Dimension::Customer, "customer_number", "cu.number", "text"),
    (Dimension::Customer, "customer_name", "cu.name", "text"),
    (Dimension::Country, "country", "m.by_country", "text"),
    (Dimension::HourOfDay, "hour_of_day", "m.by_hour_of_day", "integer"),
    (Dimension::Weekday, "weekday", "m.by_weekday", "integer"),
    (Dimension::PriceSource, "price_source", "m.by_price_source", "text"),
    (Dimension::DiscountBand, "discount_band", "m.by_discount_band", "text"),
    (Dimension::ProductKind, "product_kind", "m.by_product_kind", "text"),
];

/// The main figure of a report, of which the greatest comes first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Greatest {
    pub name: &'static str,
    /// The same as an order of rows.
    pub first: &'static str,
}

/// Returns the columns of some dimensions, in their order.
pub(super) fn column_names(dimensions: &[Dimension]) -> Vec<&'static str> {
    let of = |dimension: &Dimension| {
        let dimension = *dimension;
        COLUMNS.iter().filter(move |column| column.0 == dimension).map(|column| column.1)
    };
    dimensions.iter().flat_map(of).collect()
}

/// Returns the grouping by some dimensions, with a row for each unit of time if it is filled. All columns are present; the unused ones are null. The rows come in the order of
/// time if they are grouped by it, otherwise the greatest `figure` first.
pub(super) fn grouping(dimensions: &[Dimension], is_filled: bool, figure: Greatest) -> Grouping {
    let attribute =
        |(dimension, name, value, kind): (Dimension, &'static str, &'static str, &'static str)| Attribute {
            name,
            value: dimensions.contains(&dimension).then_some(value),
            kind,
        };
    let names = column_names(dimensions);
    let is_by_time = dimensions.iter().any(|dimension| dimension.is_time());
    let (order, kept_by) = match is_by_time {
        // The units have no gap between them, so a limit cuts the last ones.
        true if is_filled => (names, None),
        true => (names, Some(figure.name)),
        false => ([&[figure.first], names.as_slice()].concat(), None),
    };
    Grouping {
        keys: dimensions.iter().filter_map(|dimension| dimension.key()).collect(),
        attributes: COLUMNS.into_iter().map(attribute).chain([is_partial(dimensions, is_filled)]).collect(),
        joins: dimensions.iter().map(|dimension| dimension.join()).collect(),
        order,
        kept_by,
        expected: expected(dimensions, is_filled).unwrap_or_default(),
        only: None,
        customers_only: false,
        splits_documents: dimensions.iter().any(|dimension| dimension.splits_documents()),
    }
}

/// Returns the groups that have a row even without lines: units of time, and records that the filter names. With several dimensions, each
/// combination of named records, and of channels, has a row. Returns nothing if the filter names no record of one of the dimensions. That
/// is always so for units of time.
fn expected(dimensions: &[Dimension], is_filled: bool) -> Option<Vec<&'static str>> {
    let beside = |dimension: Dimension| {
        if dimension == Dimension::Channel {
            return Some(grouping::CHANNELS);
        }
        // A product is of one kind.
        dimension.named().filter(|_| dimension != Dimension::ProductKind)
    };
    match dimensions {
        [only] if is_filled => only.unit().map(|unit| vec![buckets::of(unit)]),
        [only] => only.named().map(|named| vec![named]),
        several if !is_filled => several.iter().map(|dimension| beside(*dimension)).collect(),
        _ => None,
    }
}

/// Returns the column that marks units of time that are not whole.
fn is_partial(dimensions: &[Dimension], is_filled: bool) -> Attribute {
    let value = match dimensions {
        [only] if is_filled => only.unit().and_then(buckets::is_partial),
        _ => None,
    };
    Attribute { name: "is_partial", value, kind: "boolean" }
}
