//! The grouping of sales lines into the rows of a report.

/// A key that lines are grouped by.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub of: Of,
}

/// The origin of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A column of a sales line.
    Column(&'static str),
    /// When the line happened.
    Time(Unit),
    /// When the line of an earlier period would have happened in the period that is compared with it: later by `:shift`.
    Moved {
        unit: Unit,
        /// Whether the shift is a whole number of quarters of an hour.
        by_quarter_hours: bool,
    },
}

/// A unit of time in the report's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    /// The hour of the day, 0 to 23.
    HourOfDay,
    /// The day of the week, 1 to 7 from Monday.
    Weekday,
}

impl Key {
    /// Returns the key of a column of a sales line.
    pub const fn column(name: &'static str, column: &'static str) -> Self {
        Key { name, of: Of::Column(column) }
    }

    /// Returns the key of a unit of time.
    pub const fn time(name: &'static str, unit: Unit) -> Self {
        Key { name, of: Of::Time(unit) }
    }

    /// Returns the key's SQL over rows `l` that have an instant, `occurred_at`.
    pub fn of_instant(self) -> String {
        match self.of {
            Of::Column(column) => format!("l.{column}"),
            Of::Time(unit) => unit.of("l.occurred_at"),
            Of::Moved { unit, .. } => unit.of("(l.occurred_at + :shift)"),
        }
    }
}

impl Unit {
    /// Returns the SQL of the unit in which an instant lies.
    fn of(self, at: &str) -> String {
        match self {
            Unit::Hour => format!("date_trunc('hour', {at}, :zone)"),
            Unit::Day => format!("({at} at time zone :zone)::date"),
            Unit::HourOfDay | Unit::Weekday => {
                format!("extract({} from {at} at time zone :zone)::integer", self.name())
            }
            Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => {
                format!("date_trunc('{}', {at} at time zone :zone)::date", self.name())
            }
        }
    }

    /// Returns its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
            Unit::HourOfDay => "hour",
            Unit::Weekday => "isodow",
        }
    }
}

/// A column that describes a group.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    pub name: &'static str,
    /// SQL over the group `m` and its joins; `None` makes the column null.
    pub value: Option<&'static str>,
    /// SQL type.
    pub kind: &'static str,
}

/// Every product that can have lines. A bundle has none: its components have them. One that is archived counts if the filter
/// names it.
pub const PRODUCTS: &str = "select p.id from public.product p
        where p.tenant_id = :tenant_id and p.kind <> 'bundle'
            and (p.status = 'active' or cardinality(:product_codes::text[]) + cardinality(:product_ids::uuid[]) > 0)
            and (cardinality(:product_kinds::text[]) = 0 or p.kind = any(:product_kinds))
            and (cardinality(:product_codes::text[]) + cardinality(:product_ids::uuid[]) = 0
                or p.sku = any(:product_codes) or p.id = any(:product_ids))
            and (cardinality(:category_codes::text[]) + cardinality(:category_ids::uuid[]) = 0 or p.category_id in (
                select c.id from public.category c where c.tenant_id = :tenant_id and c.lineage && (
                    select array_agg(id) from public.category
                    where tenant_id = :tenant_id and (code = any(:category_codes) or id = any(:category_ids)))))";
/// Every customer.
pub const CUSTOMERS: &str = "select cu.id from public.customer cu
        where cu.tenant_id = :tenant_id and (cardinality(:countries::text[]) = 0 or cu.country = any(:countries))
            and (cardinality(:customer_numbers::text[]) + cardinality(:customer_ids::uuid[]) = 0
                or cu.number = any(:customer_numbers) or cu.id = any(:customer_ids))";
/// Both channels.
pub const CHANNELS: &str = "select id from unnest(array['retail', 'wholesale']) as channel (id)
        where cardinality(:channels::text[]) = 0 or id = any(:channels)";
/// The one group of everything.
pub const EVERYTHING: &str = "select 1 as id";

/// Records that the filter names.
pub const NAMED_PRODUCTS: &str =
    "select p.id from public.product p where p.tenant_id = :tenant_id and p.kind <> 'bundle'
            and (p.sku = any(:product_codes::text[]) or p.id = any(:product_ids::uuid[]))";
pub const NAMED_CUSTOMERS: &str = "select cu.id from public.customer cu where cu.tenant_id = :tenant_id
            and (cu.number = any(:customer_numbers::text[]) or cu.id = any(:customer_ids::uuid[]))";
pub const NAMED_LOCATIONS: &str = "select lo.id from public.location lo where lo.tenant_id = :tenant_id
            and (lo.code = any(:location_codes::text[]) or lo.id = any(:location_ids::uuid[]))";
pub const NAMED_CATEGORIES: &str = "select ca.id from public.category ca where ca.tenant_id = :tenant_id
            and (ca.code = any(:category_codes::text[]) or ca.id = any(:category_ids::uuid[]))";
pub const NAMED_CHANNELS: &str = "select distinct id from unnest(:channels::text[]) as channel (id)";
pub const NAMED_COUNTRIES: &str = "select distinct id from unnest(:countries::text[]) as country (id)";

pub const NAMED_PRODUCT_KINDS: &str = "select distinct id from unnest(:product_kinds::text[]) as kind (id)";

/// The grouping of lines into rows.
#[derive(Debug, Clone)]
pub struct Grouping {
    /// Keys besides the currency.
    pub keys: Vec<Key>,
    /// Columns that describe a group, in their order.
    pub attributes: Vec<Attribute>,
    /// Joins that the attributes need.
    pub joins: Vec<&'static str>,
    /// Order of the rows: attributes or measures, with `desc` if descending.
    pub order: Vec<&'static str>,
    /// The figure of which a limit keeps the greatest, if the rows come in another order.
    pub kept_by: Option<&'static str>,
    /// Statements for groups that are rows even without lines: a product that was never sold was sold zero times. Each key has one,
    /// which selects its values as `id`, and each combination of values is a row. A grouping without keys has one statement. If
    /// there is no statement, only groups with lines are rows.
    pub expected: Vec<&'static str>,
    /// SQL over a group `m`: the others are no rows, but count in the totals. All are rows if absent.
    pub only: Option<&'static str>,
    /// Whether sales without a customer are left out.
    pub customers_only: bool,
    /// Whether lines of one document may fall into several groups.
    pub splits_documents: bool,
}
