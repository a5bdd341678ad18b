//! The roll-up that a report on sales reads instead of lines, and the lines that it reads all the same.
//!
//! A report reads every line once: the rows of a roll-up for whole days or months of its period, the lines of the other days
//! (the *edges*), and the lines that are not folded yet (the *tail*). Only if no roll-up has its keys and filters does it
//! read all lines.

use chrono::{DateTime, Datelike, Duration, Utc};
use domain::moment::Moment;
use service::rollup::{Beginning, End, NONE, Rollup, TABLES, Table, Time};

use super::Request;
use super::figure::{Figure, Merge, Sum};
use super::grouping::{Grouping, Key, Of, Unit};

const QUARTER_HOUR_S: i64 = 15 * 60;
/// From this year on, the clocks of all time zones differ from UTC by whole quarters of an hour.
const QUARTER_HOURS_SINCE: i32 = 1990;
/// Time zones whose clocks were changed within a quarter of an hour since then, mostly a minute after midnight.
const CHANGED_WITHIN_QUARTERS: [&str; 7] = [
    "America/Goose_Bay",
    "America/Moncton",
    "America/St_Johns",
    "Antarctica/Casey",
    "Asia/Gaza",
    "Asia/Hebron",
    "Canada/Newfoundland",
];

/// A roll-up, and its part of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    table: Table,
    /// Its first row; no bound if absent.
    from: Option<Cut>,
    /// Its first row after the period; no bound if absent.
    to: Option<Cut>,
    /// Whether lines before `from` belong to the period too.
    edge_before: bool,
    /// Whether lines from `to` on belong to the period too.
    edge_after: bool,
}

/// The place near a bound of the period where rows of a roll-up begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The bound, which is a day.
    Day,
    /// The quarter of an hour from the bound on, if it begins the period, or up to the bound, if it ends it.
    QuarterHour,
    /// The begin of the month of the bound.
    Month,
    /// The begin of the month after the bound.
    NextMonth,
}

impl Source {
    /// Finds the smallest roll-up that has what a report needs, of those beside which the fewest lines are read.
    pub fn find(grouping: &Grouping, sums: &[Sum], request: &Request) -> Option<Self> {
        let rollup = request.calendar.rollup.as_ref()?;
        TABLES
            .into_iter()
            .filter(|table| table.since <= rollup.layout)
            .filter(|table| has(table, grouping, request) && counts(table, grouping, sums, request))
            .filter_map(|table| cover(table, rollup, grouping, request))
            .min_by_key(Source::edges)
    }

    /// Returns how long its edges may be, as a rank: none, parts of a quarter of an hour, days.
    fn edges(&self) -> u8 {
        if !self.edge_before && !self.edge_after {
            return 0;
        }
        match self.table.time {
            Time::QuarterHour => 1,
            Time::Day | Time::Month | Time::Year => 2,
        }
    }

    /// Returns the conditions on the lines that the report reads besides the roll-up: no line meets two of them.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec!["l.position >= :position".to_owned()];
        if let Some(from) = self.from.filter(|_| self.edge_before) {
            lines.push(format!("l.position < :position and l.occurred_at < {}", from.at("from")));
        }
        if let Some(to) = self.to.filter(|_| self.edge_after) {
            lines.push(format!("l.position < :position and l.occurred_at >= {}", to.at("to")));
        }
        lines
    }

    /// Returns the rows `l` of the roll-up, as a `from` clause with conditions.
    pub fn rows(&self) -> String {
        let (name, time) = (self.table.name(), self.table.time);
        let bound = |cut: Cut, end: &str| match time {
            Time::QuarterHour => cut.at(end),
            Time::Day | Time::Month | Time::Year => cut.day(end),
        };
        let column = time.column();
        let from = self.from.map(|cut| format!(" and l.{column} >= {}", bound(cut, "from")));
        let to = self.to.map(|cut| format!(" and l.{column} < {}", bound(cut, "to")));
        format!(
            "from public.{name} l where l.tenant_id = :tenant_id and l.generation = :generation{}{}",
            from.unwrap_or_default(),
            to.unwrap_or_default()
        )
    }

    /// Returns the SQL of a key over the rows `l`.
    pub fn key(&self, key: &Key) -> String {
        match (key.of, self.table.time) {
            (Of::Column(column @ ("category_id" | "customer_id")), _) => {
                format!("nullif(l.{column}, {NONE})")
            }
            (Of::Column(_), _) | (Of::Time(_), Time::QuarterHour) | (Of::Moved { .. }, _) => key.of_instant(),
            (Of::Time(Unit::Day), Time::Day) => "l.day".into(),
            (Of::Time(Unit::Month), Time::Month) => "l.month".into(),
            (Of::Time(Unit::Weekday), Time::Day) => "extract(isodow from l.day)::integer".into(),
            (Of::Time(_), Time::Year) => "l.year".into(),
            (Of::Time(unit), Time::Day) => format!("date_trunc('{}', l.day::timestamp)::date", unit.name()),
            (Of::Time(unit), Time::Month) => {
                format!("date_trunc('{}', l.month::timestamp)::date", unit.name())
            }
        }
    }
}

impl Cut {
    /// Returns the name of its instant, at one end of the period.
    fn at(self, end: &str) -> String {
        match self {
            Cut::Day => format!(":{end}_at"),
            Cut::QuarterHour => format!(":{end}_quarter_at"),
            Cut::Month => format!(":{end}_month_at"),
            Cut::NextMonth => format!(":{end}_next_month_at"),
        }
    }

    /// Returns the name of its day.
    fn day(self, end: &str) -> String {
        match self {
            Cut::Day | Cut::QuarterHour => format!(":{end}_day::date"),
            Cut::Month => format!(":{end}_month"),
            Cut::NextMonth => format!(":{end}_next_month"),
        }
    }
}

/// Whether the table has the columns of the keys and the filters.
fn has(table: &Table, grouping: &Grouping, request: &Request) -> bool {
    let filter = &request.filter;
    let filters = [
        (!filter.locations.is_empty(), "location_id"),
        (!filter.products.is_empty() || !filter.product_kinds.is_empty(), "product_id"),
        (!filter.categories.is_empty(), "category_id"),
        (!filter.customers.is_empty() || grouping.customers_only, "customer_id"),
        (!filter.countries.is_empty(), "country"),
    ];
    let has = |column: &str| table.columns.contains(&column);
    filters.iter().all(|(is_used, column)| !is_used || has(column))
        && grouping.keys.iter().all(|key| match (key.of, table.time) {
            (Of::Column(column), _) => has(column),
            (Of::Time(_), Time::QuarterHour) => true,
            (Of::Moved { by_quarter_hours, .. }, time) => by_quarter_hours && time == Time::QuarterHour,
            (Of::Time(unit), Time::Day) => !matches!(unit, Unit::Hour | Unit::HourOfDay),
            (Of::Time(unit), Time::Month) => matches!(unit, Unit::Month | Unit::Quarter | Unit::Year),
            (Of::Time(unit), Time::Year) => unit == Unit::Year,
        })
}

/// Whether the figures of its rows add up to those of the report. The number of orders does not, if an order has lines in
/// several of the rows that are added.
fn counts(table: &Table, grouping: &Grouping, sums: &[Sum], request: &Request) -> bool {
    let has_customers = table.columns.contains(&"customer_id");
    if sums.iter().any(|sum| matches!(sum.of, Figure::FirstOrder | Figure::LastOrder)) && !has_customers {
        return false;
    }
    let filter = &request.filter;
    if !sums.iter().any(|sum| sum.merge == Merge::Orders)
        || !grouping.splits_documents && !filter.splits_documents()
    {
        return true;
    }
    let is_by = |column| grouping.keys.iter().any(|key| key.of == Of::Column(column));
    let of_products = table.columns.contains(&"product_id");
    let one_product = filter.products.ids.len() == 1 && filter.products.codes.is_empty();
    table.counts_documents()
        && filter.categories.is_empty()
        && filter.product_kinds.is_empty()
        && match of_products {
            true => one_product || filter.products.is_empty() && is_by("product_id"),
            false => is_by("category_id"),
        }
}

/// Returns the table with its part of the period; nothing if it has none, or if its days are those of another time zone.
fn cover(table: Table, rollup: &Rollup, grouping: &Grouping, request: &Request) -> Option<Source> {
    let calendar = &request.calendar;
    // A bound that no folded line passes is none.
    let from = calendar.from.filter(|from| rollup.span.is_some_and(|(first, _)| first < from.at));
    let to = calendar.to.filter(|to| rollup.span.is_some_and(|(_, last)| last >= to.at));
    let is_timed =
        from.is_some() || to.is_some() || grouping.keys.iter().any(|key| matches!(key.of, Of::Time(_)));
    match table.time {
        Time::QuarterHour => {
            let has_other_rows = rollup.span.is_some_and(|(first, _)| first.year() < QUARTER_HOURS_SINCE);
            if has_other_rows || CHANGED_WITHIN_QUARTERS.contains(&calendar.time_zone.as_str()) {
                return None;
            }
        }
        Time::Day | Time::Month | Time::Year => {
            if is_timed && rollup.time_zone != calendar.time_zone {
                return None;
            }
        }
    }
    let cut_from = match from {
        Some(from) => Some(begin_of_rows(table, from, request.range.from)?),
        None => None,
    };
    let cut_to = match to {
        Some(to) => Some(end_of_rows(table, to, request.range.to)?),
        None => None,
    };
    if cut_from.zip(cut_to).is_some_and(|((_, from), (_, to))| from >= to) {
        return None;
    }
    Some(Source {
        table,
        from: cut_from.map(|(cut, _)| cut),
        to: cut_to.map(|(cut, _)| cut),
        edge_before: cut_from.zip(from).is_some_and(|((_, cut), from)| cut > from.at),
        edge_after: cut_to.zip(to).is_some_and(|((_, cut), to)| cut < to.at),
    })
}

/// Returns the begin of a table's first rows that lie in a period with this beginning. Nothing if a day or a year is cut: then
/// smaller rows do.
fn begin_of_rows(table: Table, from: Beginning, bound: Option<Moment>) -> Option<(Cut, DateTime<Utc>)> {
    match table.time {
        Time::QuarterHour => Some((Cut::QuarterHour, quarter_after(from.at))),
        Time::Day => matches!(bound, Some(Moment::Day(_))).then_some((Cut::Day, from.at)),
        Time::Month if from.at == from.month.at => Some((Cut::Month, from.month.at)),
        Time::Month => Some((Cut::NextMonth, from.next_month.at)),
        Time::Year => from.month.begins_year(from.at).then_some((Cut::Month, from.at)),
    }
}

/// Returns the end of a table's last rows that lie in a period with this end. Nothing if a day or a year is cut.
fn end_of_rows(table: Table, to: End, bound: Option<Moment>) -> Option<(Cut, DateTime<Utc>)> {
    match table.time {
        Time::QuarterHour => Some((Cut::QuarterHour, quarter_before(to.at))),
        Time::Day => matches!(bound, Some(Moment::Day(_))).then_some((Cut::Day, to.at)),
        Time::Month => Some((Cut::Month, to.month.at)),
        Time::Year => to.month.begins_year(to.at).then_some((Cut::Month, to.at)),
    }
}

/// Returns the first begin of a quarter of an hour from an instant on.
pub fn quarter_after(at: DateTime<Utc>) -> DateTime<Utc> {
    let before = quarter_before(at);
    if before == at { at } else { before + Duration::seconds(QUARTER_HOUR_S) }
}

/// Returns the last begin of a quarter of an hour up to an instant.
pub fn quarter_before(at: DateTime<Utc>) -> DateTime<Utc> {
    let second = at.timestamp().div_euclid(QUARTER_HOUR_S) * QUARTER_HOUR_S;
    DateTime::from_timestamp(second, 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Offset, TimeZone, Utc};
    use chrono_tz::{TZ_VARIANTS, Tz};

    use super::*;

    const DAY_S: i64 = 24 * 60 * 60;

    fn offset_s(zone: Tz, second: i64) -> i64 {
        let at: DateTime<Utc> = DateTime::from_timestamp(second, 0).expect("an instant");
        i64::from(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
    }

    /// Returns the first second of the day from `second` on that has another offset.
    fn find_change(zone: Tz, second: i64) -> i64 {
        let (mut before, mut after) = (second, second + DAY_S);
        while after - before > 1 {
            let middle = before.midpoint(after);
            let is_before = offset_s(zone, middle) == offset_s(zone, second);
            *(if is_before { &mut before } else { &mut after }) = middle;
        }
        after
    }

    #[test]
    fn all_other_zones_change_between_quarters_of_an_hour() {
        let day = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).single().expect("a day").timestamp();
        let (first, last) = (day(QUARTER_HOURS_SINCE), day(2038));
        let mut within = Vec::new();
        for zone in TZ_VARIANTS {
            let days = (first..last).step_by(usize::try_from(DAY_S).expect("a step"));
            let mut offsets = vec![offset_s(zone, first)];
            let mut changes = Vec::new();
            for second in days {
                let offset = offset_s(zone, second + DAY_S);
                if offsets.last() != Some(&offset) {
                    offsets.push(offset);
                    changes.push(find_change(zone, second));
                }
            }
            if offsets.iter().chain(&changes).any(|second| second % QUARTER_HOUR_S != 0) {
                within.push(zone.name());
            }
        }
        within.sort_unstable();
        assert_eq!(within, CHANGED_WITHIN_QUARTERS);
    }
}
