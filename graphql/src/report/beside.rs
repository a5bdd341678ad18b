//! The SQL that reads an earlier period beside the one that is asked for.
//!
//! One statement reads both, so they show one snapshot. It groups both in the same way, adds the groups up side by side, and
//! only then computes ratios.

use std::fmt::Write as _;

use service::rollup::Calendar;

use super::added::Added;
use super::column::Measure;
use super::compare::{Comparison, Shift};
use super::figure::{Merge, Sum};
use super::grouping::{Grouping, Key, Of, Unit};
use super::named::Named;
use super::range;
use super::rollup::{quarter_after, quarter_before};

/// Returns the grouping of the earlier lines. A key of time is the unit of the moved line, or a unit that the shift moves as a
/// whole.
pub fn grouping(comparison: &Comparison, grouping: &Grouping) -> Grouping {
    let moved = |key: &Key| match key.of {
        Of::Time(unit) => Key { name: key.name, of: earlier(comparison.shift, unit) },
        Of::Column(_) | Of::Moved { .. } => *key,
    };
    let keys: Vec<Key> = grouping.keys.iter().map(moved).collect();
    // The units without trade are rows of the period already.
    let is_by_time = keys.iter().any(|key| !matches!(key.of, Of::Column(_)));
    let expected = if is_by_time { Vec::new() } else { grouping.expected.clone() };
    Grouping { keys, expected, ..grouping.clone() }
}

/// Binds the bounds of the earlier period under the names that [`beside`] gives them.
pub fn bind(comparison: &Comparison, named: Named) -> Named {
    let Calendar { from, to, .. } = comparison.calendar;
    let (_, from_day) = range::parameters(comparison.range.from);
    let (_, to_day) = range::parameters(comparison.range.to);
    named
        .value("before_from_at", from.map(|from| from.at))
        .value("before_from_day", from_day)
        .value("before_from_quarter_at", from.map(|from| quarter_after(from.at)))
        .value("before_from_month", from.map(|from| from.month.day))
        .value("before_from_month_at", from.map(|from| from.month.at))
        .value("before_from_next_month", from.map(|from| from.next_month.day))
        .value("before_from_next_month_at", from.map(|from| from.next_month.at))
        .value("before_to_at", to.map(|to| to.at))
        .value("before_to_day", to_day)
        .value("before_to_quarter_at", to.map(|to| quarter_before(to.at)))
        .value("before_to_month", to.map(|to| to.month.day))
        .value("before_to_month_at", to.map(|to| to.month.at))
        .value("shift", comparison.shift.interval())
}

/// Returns the SQL of the earlier period. Both periods have the same text; the bounds of the earlier one are bound under other
/// names.
pub fn of_earlier_period(sql: &str) -> String {
    sql.replace(":from_", ":before_from_").replace(":to_", ":before_to_")
}

/// Returns SQL that adds to the groups of the period those of the earlier one: `compared` and `compared_total`.
/// `earlier` makes `grouped` and `total` of the earlier period.
pub fn beside(
    grouping: &Grouping,
    sums: &[Sum],
    measures: &[Measure],
    (shift, earlier): (Shift, &str),
) -> String {
    let earlier = of_earlier_period(earlier);
    let keys: String = grouping.keys.iter().map(|key| format!("{}, ", key.name)).collect();
    let moved: String = grouping.keys.iter().map(|key| format!("{}, ", moved(key, shift))).collect();
    let no_keys = "null, ".repeat(grouping.keys.len());
    let (mut all, mut of_total, mut none) = (String::new(), String::new(), String::new());
    for Sum { name, merge, .. } in sums {
        let _ = write!(all, ", {name}");
        if *merge == Merge::Never {
            none.push_str(", null");
        } else {
            let _ = write!(of_total, ", {name}");
            let _ = write!(none, ", {name}");
        }
    }
    let (side, side_of_total) = (side_by_side(sums, true), side_by_side(sums, false));
    let mut sql = format!(
        ", before as materialized (
    with {earlier}
    select 0 as level, {keys}currency{all} from grouped
    union all
    select 1, {no_keys}currency{none} from total
), sums as materialized (
    select row_number() over () as id, {keys}currency{side}
    from (
        select false as is_before, {keys}currency{all} from grouped
        union all
        select true, {moved}currency{all} from before where level = 0
    ) both_periods group by {keys}currency
), total_sums as materialized (
    select row_number() over () as id, currency{side_of_total}
    from (
        select false as is_before, currency{of_total} from total
        union all
        select true, currency{of_total} from before where level = 1
    ) both_periods group by currency
)"
    );
    let described: String =
        sums.iter().filter(|sum| sum.merge == Merge::Never).map(|sum| format!(", s.{}", sum.name)).collect();
    let keys: String = grouping.keys.iter().map(|key| format!("s.{}, ", key.name)).collect();
    let added: Vec<&str> = sums.iter().filter(|sum| sum.merge != Merge::Never).map(|sum| sum.name).collect();
    sql.push_str(&figured("compared", "sums", &(keys + "s.currency" + &described), &added, measures));
    sql.push_str(&figured("compared_total", "total_sums", "s.currency", &added, measures));
    sql
}

/// Returns the origin of a key of time of the earlier lines.
fn earlier(shift: Shift, unit: Unit) -> Of {
    match (shift, unit) {
        (_, Unit::HourOfDay | Unit::Weekday) => Of::Time(unit),
        (Shift::Length(_), _) => Of::Moved { unit, by_quarter_hours: shift.is_of_quarter_hours() },
        (Shift::Months(_) | Shift::Days(_), _) => Of::Time(whole_unit(shift, unit)),
    }
}

/// Returns the largest unit that is a whole number of such units after the shift as well.
fn whole_unit(shift: Shift, unit: Unit) -> Unit {
    match (unit, shift) {
        (Unit::Hour | Unit::HourOfDay | Unit::Weekday, _) => unit,
        (Unit::Day | Unit::Week, _)
        | (Unit::Month | Unit::Quarter | Unit::Year, Shift::Days(_) | Shift::Length(_)) => Unit::Day,
        (Unit::Quarter, Shift::Months(months)) if months % 3 == 0 => Unit::Quarter,
        (Unit::Year, Shift::Months(months)) if months % 12 == 0 => Unit::Year,
        (Unit::Month | Unit::Quarter | Unit::Year, Shift::Months(_)) => Unit::Month,
    }
}

/// The begin of the first and the last day of the period.
const FIRST_DAY: &str = "date_trunc('day', :from_at::timestamptz at time zone :zone)";
const LAST_DAY: &str =
    "date_trunc('day', (:to_at::timestamptz - interval '1 microsecond') at time zone :zone)";

/// Returns the SQL of a key of the earlier period, at the time that it is compared with. It is within the period: a day before the
/// first one counts with it, and a time that the clocks skip counts with the next.
fn moved(key: &Key, shift: Shift) -> String {
    let name = key.name;
    let unit = match key.of {
        Of::Column(_) | Of::Moved { .. } | Of::Time(Unit::HourOfDay | Unit::Weekday) => {
            return name.to_owned();
        }
        // Its lines have moved before they were grouped.
        Of::Time(_) if matches!(shift, Shift::Length(_)) => return name.to_owned(),
        Of::Time(unit) => unit,
    };
    let within = |day: &str| format!("greatest(least({day} + :shift, {LAST_DAY}), {FIRST_DAY})");
    if unit != Unit::Hour {
        return format!("date_trunc('{}', {})::date", unit.name(), within(name));
    }
    let clock = format!("{name} at time zone :zone");
    let day = within(&format!("date_trunc('day', {clock})"));
    format!(
        "greatest(least(
            date_trunc('hour', ({day} + ({clock})::time) at time zone :zone, :zone),
            date_trunc('hour', :to_at::timestamptz - interval '1 microsecond', :zone)),
            date_trunc('hour', :from_at::timestamptz, :zone))"
    )
}

/// Returns the sums of both periods, those of the earlier one as `…_before`.
fn side_by_side(sums: &[Sum], with_all: bool) -> String {
    let mut sql = String::new();
    for Sum { name, merge, .. } in sums {
        let cast = match merge {
            Merge::Sum => "",
            Merge::Count | Merge::Orders => "::bigint",
            Merge::Never if with_all => {
                let _ = write!(sql, ", min({name}) filter (where not is_before) as {name}");
                continue;
            }
            Merge::Never => continue,
        };
        let _ = write!(
            sql,
            ", coalesce(sum({name}) filter (where not is_before), 0){cast} as {name}, \
             coalesce(sum({name}) filter (where is_before), 0){cast} as {name}_before"
        );
    }
    sql
}

/// Returns a common table expression that has, for each row of `sums_of`, the figures of both periods and their difference. A row
/// has an `id`, its currency, the sums, and those of the earlier period as `…_before`.
pub fn figured(name: &str, sums_of: &str, described: &str, sums: &[&str], measures: &[Measure]) -> String {
    let (mut now, mut before, mut formulas, mut shown) =
        (String::new(), String::new(), String::new(), String::new());
    for name in sums {
        let _ = write!(now, ", {name}");
        let _ = write!(before, ", {name}_before as {name}");
    }
    for measure in measures {
        let _ = write!(formulas, ", {} as {}", measure.formula, measure.name);
        let _ = write!(shown, ", n.{}", measure.name);
    }
    for added in measures.iter().filter_map(Added::of) {
        let (now, earlier) = (format!("n.{}", added.of), format!("b.{}", added.of));
        shown.push_str(&added.columns(&now, &earlier));
    }
    format!(
        ", {name} as materialized (
        select {described}{shown}
        from {sums_of} s
        join (select id{formulas} from (select id, currency{now} from {sums_of}) one) n on n.id = s.id
        join (select id{formulas} from (select id, currency{before} from {sums_of}) one) b on b.id = s.id
    )"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_move_by_units_that_stay_whole() {
        for (shift, unit, whole) in [
            (Shift::Months(12), Unit::Year, Unit::Year),
            (Shift::Months(3), Unit::Quarter, Unit::Quarter),
            (Shift::Months(1), Unit::Quarter, Unit::Month),
            (Shift::Months(12), Unit::Week, Unit::Day),
            (Shift::Days(7), Unit::Month, Unit::Day),
            (Shift::Days(1), Unit::Hour, Unit::Hour),
        ] {
            assert_eq!(whole_unit(shift, unit), whole, "{shift:?} {unit:?}");
        }
    }

    #[test]
    fn lines_move_by_an_exact_length_before_they_are_grouped() {
        use chrono::Duration;

        let day = Key::time("by_day", Unit::Day);
        let hours = Shift::Length(Duration::hours(36));
        assert_eq!(moved(&day, hours), "by_day");
        let of = earlier(hours, Unit::Day);
        assert_eq!(of, Of::Moved { unit: Unit::Day, by_quarter_hours: true });
        let key = Key { name: "by_day", of };
        assert_eq!(key.of_instant(), "((l.occurred_at + :shift) at time zone :zone)::date");
        let minutes = earlier(Shift::Length(Duration::minutes(20)), Unit::Hour);
        assert_eq!(minutes, Of::Moved { unit: Unit::Hour, by_quarter_hours: false });
        assert_eq!(earlier(hours, Unit::Weekday), Of::Time(Unit::Weekday));
    }
}
