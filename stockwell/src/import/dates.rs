//! Moves the trade of the file to a later time, by whole weeks: weekdays and times of day stay as they are.

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::London;

use super::rows::{Class, Row};

/// The change of the dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    weeks: i64,
    /// Day of the last trade in the file.
    last: NaiveDate,
}

impl Shift {
    /// Returns the shift after which the last trade is less than 8 days before `day`. None if there is no trade.
    pub fn before(day: NaiveDate, rows: &[Row]) -> Option<Self> {
        let last = day_of(last_trade(rows)?);
        let days = (day - last).num_days() - 1;
        Some(Shift { weeks: days.div_euclid(7), last })
    }

    /// Moves all rows. A bad debt after the last trade moves to the last trade, so that none is in the future.
    pub fn apply(self, rows: &mut [Row]) {
        let Some(last) = last_trade(rows) else { return };
        for row in rows {
            row.at = moved(row.at.min(last), self.weeks);
        }
    }

    /// Returns what the import did with the dates, for a person.
    pub fn told(self) -> String {
        let Shift { weeks, last } = self;
        format!(
            "Dates are moved by {weeks} whole weeks: the last trade of the file was on {last}, here it is on {}. Weekdays and times of \
             day are those of the file. A bad debt after the last trade is written off on that day.",
            last + TimeDelta::weeks(weeks),
        )
    }
}

/// Returns the instant of the last row that is no bad debt.
fn last_trade(rows: &[Row]) -> Option<DateTime<Utc>> {
    rows.iter().filter(|row| row.class() != Class::BadDebt).map(|row| row.at).max()
}

fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&London).date_naive()
}

/// Returns the instant so many weeks later at the same time of day in London.
fn moved(at: DateTime<Utc>, weeks: i64) -> DateTime<Utc> {
    let local = at.with_timezone(&London).naive_local() + TimeDelta::weeks(weeks);
    let there = London.from_local_datetime(&local).earliest();
    // The hour that is skipped in March does not exist: the one after it does.
    let there = there.or_else(|| London.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
    there.map_or(at + TimeDelta::weeks(weeks), |there| there.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, Timelike};
    use rust_decimal::Decimal;

    use super::*;

    fn row(invoice: &str, at: &str) -> Row {
        Row {
            invoice: invoice.to_owned(),
            code: "85123A".to_owned(),
            description: "LANTERN".to_owned(),
            quantity: 1,
            at: at.parse().expect("an instant"),
            price: Decimal::ONE,
            customer: String::new(),
            country: "United Kingdom".to_owned(),
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn the_last_trade_is_in_the_week_before() {
        let rows = [row("536365", "2010-12-01T08:26:00Z"), row("581587", "2011-12-09T12:50:00Z")];
        for number in 0..14 {
            let today = day("2026-11-20") + TimeDelta::days(number);
            let shift = Shift::before(today, &rows).expect("a shift");
            let mut moved = rows.to_vec();
            shift.apply(&mut moved);
            let last = day_of(moved[1].at);
            assert!((1..=7).contains(&(today - last).num_days()), "{today}: {last}");
            assert_eq!(last.weekday(), chrono::Weekday::Fri);
        }
    }

    #[test]
    fn times_of_day_stay_in_summer_and_winter() {
        // 10:00 in London on both days.
        let rows = [row("1", "2011-07-01T09:00:00Z"), row("2", "2011-12-09T10:00:00Z")];
        let mut later = rows.to_vec();
        Shift::before(day("2026-11-30"), &rows).expect("a shift").apply(&mut later);
        for row in &later {
            let local = row.at.with_timezone(&London);
            assert_eq!((local.hour(), local.minute(), local.weekday()), (10, 0, chrono::Weekday::Fri));
        }
        assert_eq!(later[1].at.to_rfc3339(), "2026-11-27T10:00:00+00:00");
        assert_eq!(later[0].at.to_rfc3339(), "2026-06-19T09:00:00+00:00");
    }

    #[test]
    fn a_bad_debt_is_never_in_the_future() {
        let mut rows = vec![row("536365", "2010-12-09T12:00:00Z"), row("A563185", "2011-08-12T14:50:00Z")];
        let shift = Shift::before(day("2026-11-30"), &rows).expect("a shift");
        shift.apply(&mut rows);
        assert_eq!(rows[0].at, rows[1].at);
        assert_eq!(day_of(rows[0].at), day("2026-11-26"), "a Thursday");
        assert!(shift.told().contains("2010-12-09, here it is on 2026-11-26"), "{}", shift.told());
        assert!(Shift::before(day("2026-11-30"), &rows[1..]).is_none());
    }
}
