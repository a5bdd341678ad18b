//! The rows of a report of a day, alone or beside those of an earlier day.
//!
//! - One statement reads both days, so they show one snapshot. The text of the earlier day is the same, and its instants are bound
//!   under other names.
//! - A row that only one of the days has appears, with zeros for the other day. Ratios are those of each day's own sums.

use std::fmt::Write as _;

use super::added::{self, Added};
use super::column::Measure;

/// The id of no record. It joins rows without a key.
const NO_KEY: &str = "'00000000-0000-0000-0000-000000000000'";
/// The total of all levels.
const OF_LEVELS: &str = "from public.tenant t left join level m on true where t.tenant_id = :tenant_id
group by t.currency";
/// The total of both days.
const OF_DAYS: &str = "from public.tenant t cross join total m where t.tenant_id = :tenant_id";

/// The rows of one day.
#[derive(Debug)]
pub struct ByDay {
    /// Common table expressions of one day. The last one is `known`: a row for each combination of the keys, with the columns
    /// that describe it and the figures.
    pub with: String,
    /// Columns that name a row.
    pub keys: &'static [&'static str],
    /// Further columns of `known` that describe a row.
    pub described: &'static [&'static str],
    /// SQL of the keys of further rows, which have nothing. It may read `known`.
    pub absent: Option<String>,
    pub figures: Vec<Figure>,
    pub measures: Vec<Measure>,
}

/// A figure of a row.
#[derive(Debug)]
pub struct Figure {
    pub name: &'static str,
    /// SQL of the total over rows `m`.
    pub total: String,
    /// SQL of the figure of a row that has nothing.
    pub nothing: &'static str,
}

/// The SQL of the figures of a statement. Each text of columns begins with a comma.
#[derive(Debug)]
pub struct Figures {
    /// Columns of a row `m`.
    pub shown: String,
    /// Columns of the total.
    pub totals: String,
    /// As many nulls.
    pub none: String,
    /// The relations that the total is read from.
    pub total_from: &'static str,
}

impl Figures {
    /// Returns the SQL of figures of one day, with that of their totals over `level m`.
    pub fn of<'f>(figures: impl Iterator<Item = (&'f str, &'f str)>) -> Self {
        let (mut shown, mut totals, mut none) = (String::new(), String::new(), String::new());
        for (name, sql) in figures {
            let _ = write!(shown, ", m.{name}");
            let _ = write!(totals, ", {}", total(sql));
            none.push_str(", null");
        }
        Figures { shown, totals, none, total_from: OF_LEVELS }
    }

    /// Returns the SQL of figures and of what a comparison adds to them.
    fn of_days(measures: &[Measure]) -> Self {
        let measures = added::measures(measures);
        let shown: String = measures.iter().map(|measure| format!(", m.{}", measure.name)).collect();
        Figures { totals: shown.clone(), shown, none: ", null".repeat(measures.len()), total_from: OF_DAYS }
    }
}

impl ByDay {
    /// Returns common table expressions with the rows `level`, and the SQL of their figures.
    pub fn levels(&self, is_compared: bool) -> (String, Figures) {
        if is_compared {
            (self.compared(), Figures::of_days(&self.measures))
        } else {
            let figures = self.figures.iter().map(|figure| (figure.name, figure.total.as_str()));
            (self.alone(), Figures::of(figures))
        }
    }

    fn alone(&self) -> String {
        let figures = self.figures.iter().map(|figure| figure.name);
        let columns: Vec<&str> = self.keys.iter().chain(self.described).copied().chain(figures).collect();
        let nothing: Vec<&str> = self.figures.iter().map(|figure| figure.nothing).collect();
        format!(
            "{}, level as materialized (
    select {} from known{}
)",
            self.with,
            columns.join(", "),
            self.absent_rows(&nothing)
        )
    }

    fn compared(&self) -> String {
        let differences: String = self
            .measures
            .iter()
            .filter_map(Added::of)
            .map(|added| added.columns(&format!("m.{}", added.of), &format!("m.{}", added.before)))
            .collect();
        let own: Vec<String> = self.figures.iter().map(|figure| format!("m.{}", figure.name)).collect();
        let named = self.keys.iter().chain(self.described).map(|name| format!("m.{name}"));
        let columns: Vec<String> = named.chain(own.iter().cloned()).collect();
        let nothing: Vec<&str> = self.figures.iter().flat_map(|figure| [figure.nothing; 2]).collect();
        format!(
            "{}, level as materialized (
    select {}{differences}
    from (
    select * from known{}) m
), total as materialized (
    select {}{differences}
    from (select * from ({}) n cross join ({}) b) m
)",
            self.both_days(),
            columns.join(", "),
            self.absent_rows(&nothing),
            own.join(", "),
            self.total("known_now", ""),
            self.total("known_before", "_before"),
        )
    }

    /// Returns common table expressions of both days. The last one is `known`, with each figure of both.
    fn both_days(&self) -> String {
        let ByDay { with, keys, described, .. } = self;
        let earlier = with.replace(":as_of_at", ":before_to_at").replace(":as_of_day", ":before_to_day");
        let either = |name: &&str| format!("coalesce(n.{name}, b.{name}) as {name}");
        let mut columns: Vec<String> = keys.iter().chain(*described).map(either).collect();
        for Figure { name, nothing, .. } in &self.figures {
            columns.push(format!("coalesce(n.{name}, {nothing}) as {name}"));
            columns.push(format!("coalesce(b.{name}, {nothing}) as {name}_before"));
        }
        let same = |name: &&str| format!("coalesce(n.{name}, {NO_KEY}) = coalesce(b.{name}, {NO_KEY})");
        let same: Vec<String> = keys.iter().map(same).collect();
        format!(
            "known_now as materialized (
    with {with}
    select * from known
), known_before as materialized (
    with {earlier}
    select * from known
), known as materialized (
    select {}
    from known_now n full join known_before b on {}
)",
            columns.join(", "),
            same.join(" and ")
        )
    }

    /// Returns SQL that adds the rows that have nothing to those of `known`.
    fn absent_rows(&self, nothing: &[&str]) -> String {
        let Some(absent) = &self.absent else { return String::new() };
        let described = self.described.iter().map(|_| "null");
        let columns: Vec<&str> =
            self.keys.iter().copied().chain(described).chain(nothing.iter().copied()).collect();
        format!(
            "
    union all
    select {} from (
    {absent}) absent",
            columns.join(", ")
        )
    }

    /// Returns SQL of the totals of one day.
    fn total(&self, rows: &str, ending: &str) -> String {
        let figures = self.figures.iter();
        let totals: Vec<String> =
            figures.map(|figure| format!("{} as {}{ending}", total(&figure.total), figure.name)).collect();
        format!("select {} from {rows} m", totals.join(", "))
    }
}

/// Returns the SQL of a total. A sum over no level is zero.
fn total(sql: &str) -> String {
    if sql.starts_with("sum(") { format!("coalesce({sql}, 0)") } else { sql.to_owned() }
}
