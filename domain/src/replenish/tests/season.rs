//! Seasons: the factors of the months, the trial that decides whether they count, and the figures of an order with them.

use chrono::{Datelike, Months};

use super::*;

/// Returns 24 months before December 2011 with so many lines each, and the units of a day by the month.
fn months(lines: u64, a_day: impl Fn(u32) -> i64) -> (NaiveDate, [MonthSales; SEASON_MONTHS]) {
    let first = NaiveDate::from_ymd_opt(2009, 12, 1).expect("a day");
    let mut sales = [MonthSales::default(); SEASON_MONTHS];
    for (sales, month) in sales.iter_mut().zip(0..) {
        let begin = first + Months::new(month);
        let days = ((begin + Months::new(1)) - begin).num_days();
        *sales = MonthSales { lines, units: Micro::from(units(days * a_day(begin.month()))) };
    }
    (first, sales)
}

/// Returns the season of a category that sells three times as much in October and December.
fn autumn() -> Season {
    let (first, sales) = months(42, |month| if is_high(month) { 30 } else { 10 });
    Season::of(first, &sales).expect("in range").expect("enough lines")
}

fn is_high(month: u32) -> bool {
    [10, 12].contains(&month)
}

/// Returns the units of 52 weeks, by the month in which each begins.
fn weekly(of_month: impl Fn(u32) -> i64) -> Vec<i64> {
    (1..=52).rev().map(|week| of_month(before(7 * week).month())).collect()
}

#[test]
fn the_factor_of_a_month_is_its_share_of_two_years_damped() {
    let (first, sales) = months(42, |month| if month == 12 { 30 } else { 10 });
    let season = Season::of(first, &sales).expect("in range").expect("enough lines");
    // 4,270 units in 365 days: December has 2.564403 times the usual demand, the others 0.854801 times.
    let expected: Vec<Micro> =
        [vec!["0.891101"; 11], vec!["2.173302"]].concat().into_iter().map(micro).collect();
    assert_eq!(season.months(), expected.as_slice());
    // A year without a difference has none in its factors.
    let (first, sales) = months(42, |_| 7);
    assert_eq!(Season::of(first, &sales).expect("in range").map(|one| *one.months()), Some([Micro::ONE; 12]));
    // The mean of a year in which December sold three times as much, and of one in which it sold as usual.
    let (_, mut mean) = months(42, |month| if month == 12 { 30 } else { 10 });
    mean[12].units = micro("310");
    let december = Season::of(first, &mean).expect("in range").expect("enough lines").months()[11];
    assert_eq!(december, micro("1.586652"));
}

#[test]
fn a_category_with_few_lines_or_without_sales_has_no_season() {
    let (first, few) = months(41, |_| 10);
    assert_eq!(Season::of(first, &few), Ok(None), "492 lines in each year");
    let (first, mut sales) = months(42, |_| 10);
    for month in &mut sales[..12] {
        month.units = micro("-5");
    }
    assert_eq!(Season::of(first, &sales), Ok(None), "more was returned than sold");
}

/// Weeks of 210 in October and December, and of 70 in other months. In usual weeks these are 108.84 and 86.44.
#[test]
fn demand_is_divided_by_the_season_and_that_of_the_horizon_multiplied() {
    let mut seasonal = location(open(&weekly(|month| if is_high(month) { 210 } else { 70 })));
    let plain = suggested(&seasonal);
    assert_eq!((assessed(&plain).season, target(&plain).seasonal), (None, Micro::ONE));
    seasonal.season = Some(autumn());
    let suggestion = suggested(&seasonal);
    let (assessment, target) = (assessed(&suggestion), target(&suggestion));
    let trial = assessment.season.expect("a trial");
    assert_eq!((trial.error_without, trial.error_with), (micro("753.473488"), micro("365.459903")));
    assert!(trial.is_passed);
    let weeks = &assessment.demand.weeks;
    assert_eq!((weeks[0].factor, weeks[0].demand), (micro("1.929448"), micro("108.839419")));
    assert_eq!((weeks[0].retail_sold, weeks[51].demand), (micro("108.839419"), micro("86.439389")));
    assert_eq!((assessment.rate.week, assessment.rate.spread), (micro("92.608459"), micro("691.628528")));
    assert_eq!((target.planned, target.seasonal), (Micro::ONE, micro("1.929448")));
    assert_eq!((target.expected, target.sd), (micro("536.049618"), micro("125.32455")));
    assert_eq!((target.ratio, target.factor), (micro("0.233793"), micro("1.765911")));
    assert_eq!((target.reorder_point, target.fill_to), (micro("758"), micro("1069")));
    assert_eq!(target.economic_lot, micro("310.769034"), "the lot is that of the usual demand");
    assert_eq!(
        reason(&suggestion, |_| ""),
        "Order 1069: 0 are here or due within 21 days, 536 will be asked for until a next order could arrive (93 a week, times \
         1.93 for the season), 222 are kept for 95 % service, so the point is 758; filled up to 1069."
    );
}

#[test]
fn planned_factors_and_the_season_multiply() {
    let mut both = location(open(&weekly(|month| if is_high(month) { 210 } else { 70 })));
    both.season = Some(autumn());
    let once = target(&suggested(&both));
    let percent = "150".parse::<Percent>().expect("a percentage");
    both.planned = Plan::new(&[PlannedFactor::new(today(), ahead(20), percent).expect("a plan")]);
    let twice = target(&suggested(&both));
    assert_eq!((twice.planned, twice.seasonal), (micro("1.5"), once.seasonal));
    assert_eq!(twice.expected, micro("804.07443"));
}

#[test]
fn a_season_that_does_not_help_does_not_count() {
    let mut even = location(open(&weekly(|_| 70)));
    let plain = suggested(&even);
    even.season = Some(autumn());
    let suggestion = suggested(&even);
    let trial = assessed(&suggestion).season.expect("a trial");
    assert_eq!((trial.error_without, trial.error_with), (micro("0"), micro("426.553168")));
    assert!(!trial.is_passed);
    assert_eq!((target(&suggestion), suggestion.actions), (target(&plain), plain.actions));
    // Weeks from which no forecast follows give no trial.
    let mut young = location(open(&[70; 27]));
    young.season = Some(autumn());
    assert_eq!(assessed(&suggested(&young)).season, None);
    young.history = open(&[70; 28]);
    assert!(assessed(&suggested(&young)).season.is_some());
}

#[test]
fn a_location_that_feeds_another_is_tried_with_the_weeks_of_both() {
    let high = weekly(|month| if is_high(month) { 210 } else { 70 });
    let mut feeder = location(open(&high));
    feeder.season = Some(autumn());
    let mut fed = AtLocation {
        location_id: LocationId(Uuid::from_u128(2)),
        code: "B".to_owned(),
        fed_by: Some(feeder.location_id),
        ..feeder.clone()
    };
    fed.history = open(&high);
    let both = suggest(today(), &[feeder, fed], &TransferTimes::new()).expect("no circle");
    let trial = assessed(&both[0]).season.expect("a trial");
    assert_eq!((trial.error_without, trial.is_passed), (micro("1506.946983"), true));
    assert_eq!(assessed(&both[0]).demand.weeks[0].demand, micro("217.678838"));
}
