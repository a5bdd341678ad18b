//! How the lines of sales become the rows of a report.

/// What lines are grouped by: a name, and its value on a line `l` of a tenant `t`.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Name of the key.
    pub name: &'static str,
    /// SQL over `bi.sales_fact l` and `tenant t`.
    pub line: &'static str,
}

/// A column that describes a group.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Name of the column.
    pub name: &'static str,
    /// SQL over the group `m` and its joins; nothing where the column is null.
    pub value: Option<&'static str>,
    /// SQL type.
    pub kind: &'static str,
}

/// How lines become rows.
#[derive(Debug, Clone)]
pub struct Grouping {
    /// What they are grouped by, besides the currency.
    pub keys: Vec<Key>,
    /// The columns that describe a group, in their order.
    pub attributes: Vec<Attribute>,
    /// The joins that the attributes need.
    pub joins: Vec<&'static str>,
    /// The order of the rows: names of attributes or measures, with `desc` where descending.
    pub order: Vec<&'static str>,
    /// A further condition on the lines, constant; mostly empty.
    pub only: &'static str,
    /// Whether the lines of one document may fall into several groups.
    pub splits_documents: bool,
    /// Whether the sums are those of units, revenue and cost by channel: these are made for each channel first.
    pub by_channel: bool,
}
