//! The list of the tables of roll-ups. The statements over them are made from it (`statement.rs`), and each report finds its
//! table in it.
//!
//! To add a table: write its migration, raise [`LAYOUT`], add its entry to [`TABLES`] with that layout, and name it in
//! `migration/replaceable/20_wall.sql`. If a table gets other rows, raise [`LAYOUT_READ`] as well. A test compares the list with the
//! columns in the database.

/// The version of the list. Roll-ups of another layout are built again: an older one has no rows for a new table.
pub const LAYOUT: i32 = 2;
/// The first layout whose tables have the rows that this list expects. Reports read them until they are built again.
pub(super) const LAYOUT_READ: i32 = 1;

/// A table of sums of sales lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// The end of its name, behind `sales_sum_by_`.
    pub of: &'static str,
    /// The time of its rows.
    pub time: Time,
    /// Columns of a line that its rows have besides the time and the currency.
    pub columns: &'static [&'static str],
    /// The first layout that has it.
    pub since: i32,
}

/// The time of the rows of a table: the begin of a unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    QuarterHour,
    Day,
    Month,
    Year,
}

/// A figure of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Its column.
    pub name: &'static str,
    pub unit: Unit,
    /// The way two rows become one.
    pub merge: Merge,
}

/// The unit in which a figure is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A document or a line.
    One,
    /// A millionth of a stock unit.
    Quantity,
    /// A ten-thousandth of the currency.
    Money,
    /// An instant.
    Instant,
}

/// The way the figures of two rows become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    Add,
    Least,
    Greatest,
}

/// The tables, those with few rows first.
pub const TABLES: [Table; 9] = [
    Table { of: "month", time: Time::Month, columns: &["channel", "location_id", "country"], since: 2 },
    Table { of: "day", time: Time::Day, columns: &["channel", "location_id", "country"], since: 1 },
    Table {
        of: "quarter_hour",
        time: Time::QuarterHour,
        columns: &["channel", "location_id", "country"],
        since: 1,
    },
    Table {
        of: "category",
        time: Time::Month,
        columns: &["category_id", "channel", "location_id", "country"],
        since: 1,
    },
    Table {
        of: "customer_year",
        time: Time::Year,
        columns: &["customer_id", "channel", "country"],
        since: 1,
    },
    Table { of: "customer", time: Time::Month, columns: &["customer_id", "channel", "country"], since: 1 },
    Table {
        of: "product_year",
        time: Time::Year,
        columns: &["product_id", "category_id", "channel"],
        since: 1,
    },
    Table { of: "product", time: Time::Month, columns: &["product_id", "category_id", "channel"], since: 1 },
    Table {
        of: "product_location",
        time: Time::Month,
        columns: &["product_id", "category_id", "channel", "location_id"],
        since: 1,
    },
];

/// The id of a missing category or customer.
pub const NONE: &str = "'00000000-0000-0000-0000-000000000000'";
/// Columns of a line that may be missing.
const OPTIONAL: [&str; 2] = ["category_id", "customer_id"];
/// Columns in which the lines of one document differ.
const OF_LINES: [&str; 2] = ["category_id", "product_id"];

const ORDERS: Sum = Sum::count("orders");
const DOCUMENTS: Sum = Sum::count("documents");
const LINES: Sum = Sum::count("lines");
/// Figures that a line has too.
const AMOUNTS: [Sum; 6] = [
    Sum { name: "units", unit: Unit::Quantity, merge: Merge::Add },
    Sum::money("returns"),
    Sum::money("gross_revenue"),
    Sum::money("net_revenue"),
    Sum::money("tax"),
    Sum::money("cost"),
];
const ORDER_TIMES: [Sum; 2] = [
    Sum { name: "first_order_at", unit: Unit::Instant, merge: Merge::Least },
    Sum { name: "last_order_at", unit: Unit::Instant, merge: Merge::Greatest },
];

impl Sum {
    const fn count(name: &'static str) -> Self {
        Sum { name, unit: Unit::One, merge: Merge::Add }
    }

    const fn money(name: &'static str) -> Self {
        Sum { name, unit: Unit::Money, merge: Merge::Add }
    }

    /// Returns the figures of amounts and units, which a line has too.
    pub(super) fn amounts() -> &'static [Sum] {
        &AMOUNTS
    }
}

impl Table {
    /// Returns its name.
    pub fn name(&self) -> String {
        format!("sales_sum_by_{}", self.of)
    }

    /// Returns the key of its rows behind the tenant and the generation.
    pub fn keys(&self) -> Vec<&'static str> {
        [&[self.time.column()], self.columns, &["currency"]].concat()
    }

    /// Returns its figures.
    pub fn sums(&self) -> Vec<Sum> {
        let mut sums = vec![ORDERS];
        if self.counts_documents() {
            sums.push(DOCUMENTS);
        }
        sums.push(LINES);
        sums.extend(AMOUNTS);
        if self.columns.contains(&"customer_id") {
            sums.extend(ORDER_TIMES);
        }
        sums
    }

    /// Whether it counts the documents that have a line in a row: one may have lines in several rows.
    pub fn counts_documents(&self) -> bool {
        !self.line_columns().is_empty()
    }

    /// Returns those of its columns in which the lines of one document differ.
    pub(super) fn line_columns(&self) -> Vec<&'static str> {
        OF_LINES.into_iter().filter(|column| self.columns.contains(column)).collect()
    }

    /// Returns the SQL of a column of its key over lines that have a `day`.
    pub(super) fn key_of_lines(&self, column: &str) -> String {
        if column == self.time.column() {
            self.time.of_lines().to_owned()
        } else if OPTIONAL.contains(&column) {
            format!("coalesce({column}, {NONE}::uuid)")
        } else {
            column.to_owned()
        }
    }
}

impl Time {
    /// Returns its column.
    pub fn column(self) -> &'static str {
        match self {
            Time::QuarterHour => "occurred_at",
            Time::Day => "day",
            Time::Month => "month",
            Time::Year => "year",
        }
    }

    fn of_lines(self) -> &'static str {
        match self {
            Time::QuarterHour => "date_bin('15 minutes', occurred_at, 'epoch')",
            Time::Day => "day",
            Time::Month => "date_trunc('month', day)::date",
            Time::Year => "date_trunc('year', day)::date",
        }
    }
}

impl Unit {
    /// Returns how many of it the figure of a line has for each one; nothing if the number is the same.
    pub fn per_one(self) -> Option<&'static str> {
        match self {
            Unit::One | Unit::Instant => None,
            Unit::Quantity => Some("1000000"),
            Unit::Money => Some("10000"),
        }
    }

    /// Returns its size as a decimal number, with the decimals of a line's figure.
    pub fn size(self) -> Option<&'static str> {
        match self {
            Unit::One | Unit::Instant => None,
            Unit::Quantity => Some("0.000001"),
            Unit::Money => Some("0.0001"),
        }
    }
}
