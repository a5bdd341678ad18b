//! Seasons: the demand of each calendar month beside that of a usual month, from two years of a category.

use chrono::{Datelike, Months, NaiveDate};

use super::micro::{Micro, Overflow, mul};

/// Calendar months from which the factors of a season follow.
pub const SEASON_MONTHS: usize = 24;

/// Months of a year.
const YEAR: usize = 12;

/// Sales lines below which a year says nothing about its months.
const LINES_MIN: u64 = 500;

/// Sales of a category in a calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MonthSales {
    /// Sales lines.
    pub lines: u64,
    /// Stock units sold, less returns.
    pub units: Micro,
}

/// The factors of a category, one for each calendar month: 1 is the usual demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Season([Micro; YEAR]);

impl Season {
    /// Computes the factors from whole calendar months, of which the first begins on `first`. Three quarters of the difference to the
    /// usual demand count. There are no factors if a year has fewer than 500 sales lines, or sold nothing.
    pub fn of(first: NaiveDate, sales: &[MonthSales; SEASON_MONTHS]) -> Result<Option<Self>, Overflow> {
        let begin = |month: u32| first.checked_add_months(Months::new(month)).unwrap_or(NaiveDate::MAX);
        let begins: Vec<NaiveDate> = (0..=SEASON_MONTHS as u32).map(begin).collect();
        let mut indices = [Micro::ZERO; YEAR];
        for (year, months) in sales.chunks(YEAR).enumerate() {
            let begins = &begins[year * YEAR..=(year + 1) * YEAR];
            let mut sold = Micro::ZERO;
            for month in months {
                sold = sold.plus(month.units.max(Micro::ZERO))?;
            }
            let lines = months.iter().fold(0_u64, |sum, month| sum.saturating_add(month.lines));
            if lines < LINES_MIN || !sold.is_positive() {
                return Ok(None);
            }
            let days = days_between(begins[0], begins[YEAR]);
            for (month, bounds) in months.iter().zip(begins.windows(2)) {
                let of_month = days_between(bounds[0], bounds[1]);
                let units = month.units.max(Micro::ZERO);
                // Units a day of the month, divided by those of the year.
                let over_days = mul(mul(units.get(), days)?, Micro::ONE.get())?;
                let index = &mut indices[bounds[0].month0() as usize];
                *index = index.plus(Micro::ratio(over_days, mul(of_month, sold.get())?)?)?;
            }
        }
        for index in &mut indices {
            *index = Micro::ONE.plus(index.part(2)?.times(3)?)?.part(4)?;
        }
        Ok(Some(Season(indices)))
    }

    /// Returns the factors of the months, January first.
    pub const fn months(&self) -> &[Micro; YEAR] {
        &self.0
    }

    /// Returns the factor of a day.
    pub(super) fn factor(&self, day: NaiveDate) -> Micro {
        self.0[day.month0() as usize]
    }

    /// Returns the mean factor of the days from `from` on.
    pub(super) fn mean(&self, from: NaiveDate, days: u32) -> Result<Micro, Overflow> {
        if days == 0 {
            return Ok(Micro::ONE);
        }
        let mut sum = Micro::ZERO;
        for day in from.iter_days().take(usize::try_from(days).unwrap_or(usize::MAX)) {
            sum = sum.plus(self.factor(day))?;
        }
        sum.part(days)
    }
}

/// Returns the days from one day to a later one, at least 1.
fn days_between(from: NaiveDate, to: NaiveDate) -> i128 {
    i128::from(to.signed_duration_since(from).num_days().max(1))
}
