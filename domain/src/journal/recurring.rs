//! Recurring entries: a template of an entry by hand, and the days on which it is posted.

use chrono::{Days, Months, NaiveDate, NaiveTime};
use uuid::Uuid;

use super::{LINES_MAX, PostLine, check_account, check_amount};
use crate::book::Setup;
use crate::document::DocumentKind;
use crate::id::{EntryId, RecurringEntryId};
use crate::ledger::control::Use;
use crate::ledger::{Dimensions, EntryHead, Lines};
use crate::refusal::{Code, Problems};
use crate::text_enum;

text_enum! {
    /// Time between two entries of a template.
    pub enum Rhythm {
        /// Every 7 days.
        Weekly,
        /// Every month, on the day of the first entry, or on the last day of a shorter month.
        Monthly,
        /// Every 3 months.
        Quarterly,
        /// Every 12 months.
        Yearly,
    }
}

impl Rhythm {
    /// Returns the day of an entry. The first one has the number 0. Nothing if the calendar ends before.
    pub fn day(self, starts_on: NaiveDate, number: u32) -> Option<NaiveDate> {
        let months = |each: u32| {
            number.checked_mul(each).and_then(|months| starts_on.checked_add_months(Months::new(months)))
        };
        match self {
            Rhythm::Weekly => starts_on.checked_add_days(Days::new(u64::from(number) * 7)),
            Rhythm::Monthly => months(1),
            Rhythm::Quarterly => months(3),
            Rhythm::Yearly => months(12),
        }
    }
}

/// Returns the id of the entry of a template on a day. Two workers that post it at once choose one id, so that it is posted once.
pub fn entry_id(template: RecurringEntryId, day: NaiveDate) -> EntryId {
    let millis = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis().max(0).unsigned_abs();
    let rest = template.0.as_u128() & ((1 << 80) - 1);
    EntryId(Uuid::from_u128((u128::from(millis) << 80) | rest))
}

/// Adds what is wrong with the lines of a template: all that the rule of an entry by hand would reject.
pub fn check(setup: &Setup, lines: &[PostLine], problems: &mut Problems) {
    if lines.len() < 2 || lines.len() > LINES_MAX {
        problems.invalid("/lines", format!("An entry has 2 to {LINES_MAX} lines."));
    }
    let mut entry = Lines::default();
    for (index, line) in lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        check_account(setup, line, &pointer, Use::Entry, problems);
        check_amount(setup, line, &pointer, problems);
        let dimensions = Dimensions { channel: line.channel, ..Dimensions::default() };
        entry.debit(line.account.clone(), line.amount(), dimensions);
    }
    if !problems.is_empty() {
        return;
    }
    let head = EntryHead {
        id: EntryId::default(),
        document_kind: DocumentKind::Manual,
        document_id: Uuid::nil(),
        occurred_on: NaiveDate::default(),
    };
    match entry.into_entry(head) {
        Ok(Some(_)) => {}
        Ok(None) => problems.invalid("/lines", "The lines cancel each other out: no account would change."),
        Err(unbalanced) => {
            let detail = format!("Debits and credits differ: {unbalanced}.");
            problems.add("/lines", Code::UnbalancedEntry, detail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn days_follow_from_the_first_one() {
        let days = |rhythm: Rhythm, first: &str| -> Vec<String> {
            (0..4).filter_map(|number| rhythm.day(day(first), number)).map(|day| day.to_string()).collect()
        };
        assert_eq!(
            days(Rhythm::Weekly, "2026-12-21"),
            ["2026-12-21", "2026-12-28", "2027-01-04", "2027-01-11"]
        );
        assert_eq!(
            days(Rhythm::Monthly, "2026-12-31"),
            ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]
        );
        assert_eq!(
            days(Rhythm::Quarterly, "2026-11-30"),
            ["2026-11-30", "2027-02-28", "2027-05-30", "2027-08-30"]
        );
        assert_eq!(
            days(Rhythm::Yearly, "2024-02-29"),
            ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28"]
        );
        assert_eq!(Rhythm::Yearly.day(day("2026-01-01"), u32::MAX), None);
    }

    #[test]
    fn each_template_and_day_has_its_own_id() {
        let template = |number: u128| RecurringEntryId(Uuid::from_u128(number));
        let id = entry_id(template(7), day("2026-01-31"));
        assert_eq!(id, entry_id(template(7), day("2026-01-31")));
        assert_ne!(id, entry_id(template(7), day("2026-02-28")));
        assert_ne!(id, entry_id(template(8), day("2026-01-31")));
        assert!(id < entry_id(template(7), day("2026-02-28")), "ids follow the days");
    }
}
