//! The figures that reports on sales add up, over lines and over roll-ups.

use service::rollup::Unit;

/// A figure of a group of lines. Groups of groups have one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// First lines of sales and invoices.
    Orders,
    /// Sales and invoices that have a line in the group.
    Documents,
    /// Lines.
    Lines,
    Units,
    Returns,
    GrossRevenue,
    NetRevenue,
    Tax,
    Cost,
    /// When the first sale or invoice happened.
    FirstOrder,
    /// When the last sale or invoice happened.
    LastOrder,
}

impl Figure {
    /// Returns its column in a group and in a roll-up.
    pub fn column(self) -> &'static str {
        match self {
            Figure::Orders => "orders",
            Figure::Documents => "documents",
            Figure::Lines => "lines",
            Figure::Units => "units",
            Figure::Returns => "returns",
            Figure::GrossRevenue => "gross_revenue",
            Figure::NetRevenue => "net_revenue",
            Figure::Tax => "tax",
            Figure::Cost => "cost",
            Figure::FirstOrder => "first_order_at",
            Figure::LastOrder => "last_order_at",
        }
    }

    /// Returns its SQL over lines.
    pub fn of_lines(self) -> &'static str {
        match self {
            Figure::Orders => "sum(orders)",
            Figure::Documents => {
                // Two counts of ids take half the time of one count of pairs.
                "count(distinct document_id) filter (where document_kind = 'sale') \
                 + count(distinct document_id) filter (where document_kind = 'invoice')"
            }
            Figure::Lines => "count(*)",
            Figure::Units => "sum(units)",
            Figure::Returns => "sum(returns)",
            Figure::GrossRevenue => "sum(gross_revenue)",
            Figure::NetRevenue => "sum(net_revenue)",
            Figure::Tax => "sum(tax)",
            Figure::Cost => "sum(cost)",
            Figure::FirstOrder => "min(occurred_at) filter (where document_kind in ('sale', 'invoice'))",
            Figure::LastOrder => "max(occurred_at) filter (where document_kind in ('sale', 'invoice'))",
        }
    }

    /// Returns its SQL over one line, in the unit of the roll-ups. `keys` are those of the groups in which a document counts once.
    pub fn of_line(self, keys: &str) -> String {
        let column = self.column();
        match self {
            Figure::Orders => column.into(),
            Figure::Documents => format!(
                "(document_kind in ('sale', 'invoice') \
                 and row_number() over (partition by document_id, document_kind, {keys}) = 1)::int"
            ),
            Figure::Lines => "1".into(),
            Figure::Units
            | Figure::Returns
            | Figure::GrossRevenue
            | Figure::NetRevenue
            | Figure::Tax
            | Figure::Cost => self
                .unit()
                .per_one()
                .map_or(column.into(), |per_one| format!("({column} * {per_one})::bigint")),
            Figure::FirstOrder | Figure::LastOrder => {
                "case when document_kind in ('sale', 'invoice') then occurred_at end".into()
            }
        }
    }

    /// Returns its SQL over rows, no two of which share a line: groups of lines, or rows in the unit of the roll-ups. A condition
    /// on the rows follows the sum.
    pub fn of_rows(self, condition: &str, is_rolled_up: bool) -> String {
        let column = self.column();
        match self {
            Figure::Orders | Figure::Documents | Figure::Lines => format!("sum({column}){condition}::bigint"),
            Figure::Units
            | Figure::Returns
            | Figure::GrossRevenue
            | Figure::NetRevenue
            | Figure::Tax
            | Figure::Cost => match self.unit().size().filter(|_| is_rolled_up) {
                Some(size) => format!("sum({column}){condition} * {size}"),
                None => format!("sum({column}){condition}"),
            },
            Figure::FirstOrder => format!("min({column}){condition}"),
            Figure::LastOrder => format!("max({column}){condition}"),
        }
    }

    /// Returns the unit in which the roll-ups count it.
    fn unit(self) -> Unit {
        match self {
            Figure::Orders | Figure::Documents | Figure::Lines => Unit::One,
            Figure::Units => Unit::Quantity,
            Figure::Returns | Figure::GrossRevenue | Figure::NetRevenue | Figure::Tax | Figure::Cost => {
                Unit::Money
            }
            Figure::FirstOrder | Figure::LastOrder => Unit::Instant,
        }
    }
}

/// The way the total of a sum is computed from the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Add the groups.
    Sum,
    /// Add the groups, as a whole number.
    Count,
    /// Count documents, which groups may share.
    Orders,
    /// No total.
    Never,
}

/// A figure in the row of a report.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    pub name: &'static str,
    pub of: Figure,
    /// The channel whose lines count; every channel if absent.
    pub channel: Option<&'static str>,
    pub merge: Merge,
}

pub const ORDERS: Sum = Sum::of("orders", Figure::Orders, Merge::Orders);
pub const LINES: Sum = Sum::of("lines", Figure::Lines, Merge::Count);
pub const UNITS: Sum = Sum::of("units", Figure::Units, Merge::Sum);
pub const RETURNS: Sum = Sum::of("returns", Figure::Returns, Merge::Sum);
pub const GROSS_REVENUE: Sum = Sum::of("gross_revenue", Figure::GrossRevenue, Merge::Sum);
pub const NET_REVENUE: Sum = Sum::of("net_revenue", Figure::NetRevenue, Merge::Sum);
pub const TAX: Sum = Sum::of("tax", Figure::Tax, Merge::Sum);
pub const COST: Sum = Sum::of("cost", Figure::Cost, Merge::Sum);

impl Sum {
    pub const fn of(name: &'static str, of: Figure, merge: Merge) -> Self {
        Sum { name, of, channel: None, merge }
    }

    /// Returns a sum over the lines of one channel; zero if it has none.
    pub const fn of_channel(name: &'static str, of: Figure, channel: &'static str) -> Self {
        Sum { name, of, channel: Some(channel), merge: Merge::Sum }
    }
}
