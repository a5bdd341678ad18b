//! How the lines of sales become the rows of a report.

/// A key that lines are grouped by.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    /// SQL over `bi.sales_fact l` and `tenant t`.
    pub line: &'static str,
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

/// How lines are grouped into rows.
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
    /// A further constant condition on the lines; usually empty.
    pub only: &'static str,
    /// Whether lines of one document may fall into several groups.
    pub splits_documents: bool,
    /// Whether units, revenue and cost are also needed by channel. Lines are then summed by channel first.
    pub by_channel: bool,
}
