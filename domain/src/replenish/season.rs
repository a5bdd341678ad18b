//! The season of a category: how much more or less is asked for in each month than in the year.

use chrono::{Datelike, Days, NaiveDate};

use super::micro::{Micro, Overflow, mul};
use crate::number::Quantity;

/// Days of a year of the season: 52 whole weeks.
const YEAR_DAYS: u64 = 364;

/// Demand lines of a category in each year below which its season is not trusted.
const LINES_MIN: u64 = 500;

/// The part of a month's difference from the year that counts, in quarters.
const DAMPING_QUARTERS: u32 = 3;

/// Demand of a category on a day, over all of its products at the location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryDemand {
    /// The day.
    pub on: NaiveDate,
    /// Stock units ordered and sold.
    pub quantity: Quantity,
    /// Lines of orders and sales.
    pub lines: u32,
}

/// Factors of the months, from January.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season([Micro; 12]);

/// Sums of a month within one year.
#[derive(Debug, Clone, Copy, Default)]
struct Month {
    units: Micro,
    days: u32,
}

impl Season {
    /// Computes the season from the 104 weeks before `end`. The categories come from the nearest one to the root, and the
    /// first with enough lines in each year counts. None if no category has them.
    pub fn of(categories: &[Vec<CategoryDemand>], end: NaiveDate) -> Result<Option<Self>, Overflow> {
        for category in categories {
            if let Some(season) = of_category(category, end)? {
                return Ok(Some(season));
            }
        }
        Ok(None)
    }

    /// Returns the factor of a day.
    pub fn factor(&self, day: NaiveDate) -> Micro {
        self.0[day.month0() as usize]
    }
}

fn of_category(days: &[CategoryDemand], end: NaiveDate) -> Result<Option<Season>, Overflow> {
    let mut sums = [Micro::ZERO; 12];
    for year in [0, 1] {
        let Some(months) = months(days, end, year)? else { return Ok(None) };
        let mut total = Micro::ZERO;
        for month in &months {
            total = total.plus(month.units)?;
        }
        if !total.is_positive() {
            return Ok(None);
        }
        for (sum, month) in sums.iter_mut().zip(&months) {
            // Demand a day in the month ÷ demand a day in the year.
            let units = mul(mul(month.units.get(), YEAR_DAYS.into())?, Micro::ONE.get())?;
            let index = Micro::ratio(units, mul(total.get(), month.days.max(1).into())?)?;
            *sum = sum.plus(index)?;
        }
    }
    let mut factors = [Micro::ONE; 12];
    for (factor, sum) in factors.iter_mut().zip(sums) {
        let beyond = sum.part(2)?.minus(Micro::ONE)?.times(DAMPING_QUARTERS)?.part(4)?;
        *factor = Micro::ONE.plus(beyond)?;
    }
    Ok(Some(Season(factors)))
}

/// Returns the months of the latest year, or of the one before it. None if the year has too few lines.
fn months(days: &[CategoryDemand], end: NaiveDate, year: u64) -> Result<Option<[Month; 12]>, Overflow> {
    let (mut months, mut lines) = ([Month::default(); 12], 0_u64);
    for back in year * YEAR_DAYS..(year + 1) * YEAR_DAYS {
        if let Some(day) = end.checked_sub_days(Days::new(back + 1)) {
            months[day.month0() as usize].days += 1;
        }
    }
    for day in days.iter().filter(|day| day.on < end) {
        let before = u64::try_from(end.signed_duration_since(day.on).num_days()).unwrap_or(u64::MAX);
        if (before - 1) / YEAR_DAYS == year {
            let month = &mut months[day.on.month0() as usize];
            month.units = month.units.plus(day.quantity.into())?;
            lines += u64::from(day.lines);
        }
    }
    Ok((lines >= LINES_MIN).then_some(months))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replenish::micro::tests::micro;

    fn end() -> NaiveDate {
        NaiveDate::from_ymd_opt(2011, 12, 5).expect("a day")
    }

    /// Returns two years in which a day of December has `december` units, and any other day ten.
    fn years(december: i64, lines: u32) -> Vec<CategoryDemand> {
        let day = |back| {
            let on = end() - Days::new(back);
            let units = if on.month() == 12 { december } else { 10 };
            CategoryDemand { on, quantity: Quantity::new(units.into()), lines }
        };
        (1..=728).map(day).collect()
    }

    #[test]
    fn a_month_has_three_quarters_of_its_difference() {
        let season = Season::of(&[years(20, 2)], end()).expect("in range").expect("a season");
        // Each year has 30 days of December and 334 others: 20 ÷ ((30 × 20 + 334 × 10) ÷ 364) = 1.847716.
        let day = |month| NaiveDate::from_ymd_opt(2012, month, 1).expect("a day");
        assert_eq!(season.factor(day(12)), micro("1.635787"));
        assert_eq!(season.factor(day(6)), micro("0.942893"));
        let flat = Season::of(&[years(10, 2)], end()).expect("in range").expect("a season");
        assert_eq!(flat, Season([Micro::ONE; 12]));
    }

    #[test]
    fn the_nearest_category_with_enough_lines_counts() {
        let of = |categories: &[Vec<CategoryDemand>]| Season::of(categories, end()).expect("in range");
        assert_eq!(of(&[years(20, 1)]), None);
        assert_eq!(of(&[years(20, 1), years(10, 2)]), Some(Season([Micro::ONE; 12])));
        let newest: Vec<CategoryDemand> = years(20, 2).into_iter().take(400).collect();
        assert_eq!(of(&[newest]), None);
        let nothing = years(0, 2).into_iter().map(|day| CategoryDemand { quantity: Quantity::ZERO, ..day });
        assert_eq!(of(&[nothing.collect()]), None);
    }
}
