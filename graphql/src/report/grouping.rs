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
            Of::Time(Unit::Hour) => "date_trunc('hour', l.occurred_at, :zone)".into(),
            Of::Time(Unit::Day) => "(l.occurred_at at time zone :zone)::date".into(),
            Of::Time(unit) => {
                format!("date_trunc('{}', l.occurred_at at time zone :zone)::date", unit.name())
            }
        }
    }
}

impl Unit {
    /// Returns its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
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
    /// Whether sales without a customer are left out.
    pub customers_only: bool,
    /// Whether lines of one document may fall into several groups.
    pub splits_documents: bool,
}
