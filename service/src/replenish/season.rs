//! Seasons of categories, from the roll-ups of the sales of two years.

use std::collections::HashMap;

use chrono::{Datelike, Months, NaiveDate, NaiveTime};
use domain::id::CategoryId;
use domain::number::Quantity;
use domain::replenish::{Micro, MonthSales, Overflow, SEASON_MONTHS, Season, SeasonTrial};
use rust_decimal::Decimal;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::rollup::{self, Calendar};
use crate::{Error, Tx};

/// The season of the category of a product, and its trial on the newest 26 weeks: each is forecast from the weeks before it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentSeason)]
pub struct ShownSeason {
    /// Category of the season, from that of the product up to the root: the nearest one with 500 sales lines in each of the two years,
    /// and with some in the year before them.
    pub category_id: CategoryId,
    /// Factors of the calendar months, January first: 1 is the usual demand.
    #[schema(value_type = Vec<Quantity>, min_items = 12, max_items = 12)]
    pub factors: Vec<Micro>,
    /// Whether the season counts: it lowers the error by at least 2 percent.
    #[schema(example = true)]
    pub is_counted: bool,
    /// Sum of the differences between forecast and demand without the season, in stock units.
    #[schema(value_type = Quantity)]
    pub error_without: Micro,
    /// The same with the season.
    #[schema(value_type = Quantity)]
    pub error_with: Micro,
}

impl ShownSeason {
    /// Takes a trial, and the category of its season.
    pub(super) fn of(trial: SeasonTrial, category_id: CategoryId) -> Self {
        let SeasonTrial { season, error_without, error_with, is_passed } = trial;
        let factors = season.months().to_vec();
        ShownSeason { category_id, factors, is_counted: is_passed, error_without, error_with }
    }
}

/// Months before the two years, in which a category that began earlier has sales.
const EARLIER_MONTHS: u32 = 12;

/// Sales of a category.
#[derive(Debug, Clone, Copy, Default)]
struct Sales {
    /// The months of two years.
    months: [MonthSales; SEASON_MONTHS],
    /// Whether it has sales before them. If not, it may have begun within them, and a month before its first sale is not a low one.
    is_older: bool,
}

impl Sales {
    /// Adds those of a category below.
    fn add(&mut self, below: &Sales) -> Result<(), Overflow> {
        self.is_older |= below.is_older;
        for (sum, month) in self.months.iter_mut().zip(&below.months) {
            sum.lines = sum.lines.saturating_add(month.lines);
            sum.units = sum.units.plus(month.units)?;
        }
        Ok(())
    }
}

/// The seasons of the categories of a tenant.
#[derive(Debug, Default)]
pub(super) struct Seasons {
    /// Season that counts for each category, with the category that it is of: itself, or one above it.
    by_category: HashMap<Uuid, (CategoryId, Season)>,
}

impl Seasons {
    /// Returns the season that counts for a category, and the category that it is of.
    pub fn of(&self, category: Option<CategoryId>) -> Option<(CategoryId, Season)> {
        self.by_category.get(&category?.0).copied()
    }

    /// Finds the season of each category. The lineage of a category names it and those above it, the nearest first.
    fn nearest(
        first: NaiveDate,
        sold: &HashMap<Uuid, Sales>,
        lineages: &[(Uuid, Vec<Uuid>)],
    ) -> Result<Self, Overflow> {
        let mut sums: HashMap<Uuid, Sales> = HashMap::new();
        for (id, lineage) in lineages {
            let Some(sales) = sold.get(id) else { continue };
            for above in lineage {
                sums.entry(*above).or_default().add(sales)?;
            }
        }
        let mut seasons: HashMap<Uuid, (CategoryId, Season)> = HashMap::new();
        for (id, sales) in sums.iter().filter(|(_, sales)| sales.is_older) {
            seasons.extend(Season::of(first, &sales.months)?.map(|season| (*id, (CategoryId(*id), season))));
        }
        let nearest = |(id, lineage): &(Uuid, Vec<Uuid>)| {
            let found = lineage.iter().find_map(|above| seasons.get(above))?;
            Some((*id, *found))
        };
        Ok(Seasons { by_category: lineages.iter().filter_map(nearest).collect() })
    }
}

/// The roll-up by month, and the lines that are not folded into it yet.
const SALES: &str = "select s.category_id, s.month, sum(s.lines)::bigint as lines, sum(s.units) as units \
     from ( \
         select r.category_id, r.month, r.lines, r.units::numeric as units \
         from sales_sum_by_category r \
         where r.tenant_id = $1 and r.generation = $2 and r.month >= ($5::timestamptz at time zone $4)::date \
           and r.month < ($6::timestamptz at time zone $4)::date \
         union all \
         select l.category_id, date_trunc('month', l.occurred_at at time zone $4)::date, 1, l.quantity * 1000000 \
         from sales_line l \
         where l.tenant_id = $1 and l.position >= $3 and l.occurred_at >= $5 and l.occurred_at < $6 \
     ) s \
     where s.category_id is not null \
     group by 1, 2";

const LINEAGES: &str = "select id, lineage from category where tenant_id = $1";

/// Finds the seasons of the categories, from the 24 whole calendar months before a day. The year before them shows whether a category is
/// older. Without roll-ups in the time zone of the tenant there are none: to read all lines of three years would take longer than all
/// else.
pub(super) async fn find(tx: &Tx, as_of: NaiveDate) -> Result<Seasons, Error> {
    let end = as_of.with_day(1).unwrap_or(as_of);
    let first = end.checked_sub_months(Months::new(SEASON_MONTHS as u32)).unwrap_or(end);
    let begin = first.checked_sub_months(Months::new(EARLIER_MONTHS)).unwrap_or(first);
    let midnight = |day: NaiveDate| (None, Some(day.and_time(NaiveTime::MIN)));
    let calendar = rollup::calendar(tx, None, midnight(begin), midnight(end)).await?;
    let Calendar { time_zone, from: Some(from), to: Some(to), rollup: Some(rollup) } = calendar else {
        return Ok(Seasons::default());
    };
    if rollup.time_zone != time_zone {
        return Ok(Seasons::default());
    }
    let query = sqlx::query(SALES).bind(tx.tenant_id.0).bind(rollup.generation).bind(rollup.position);
    let mut sold: HashMap<Uuid, Sales> = HashMap::new();
    for row in &tx.rows(query.bind(time_zone).bind(from.at).bind(to.at)).await? {
        let (lines, units): (i64, Decimal) = (row.try_get("lines")?, row.try_get("units")?);
        let of_category = sold.entry(row.try_get("category_id")?).or_default();
        let Some(at) = months_between(first, row.try_get("month")?) else {
            of_category.is_older = true;
            continue;
        };
        if let Some(month) = of_category.months.get_mut(at) {
            let lines = u64::try_from(lines).unwrap_or(0);
            *month = MonthSales { lines, units: Micro::millionths(units.trunc().mantissa()) };
        }
    }
    if sold.is_empty() {
        return Ok(Seasons::default());
    }
    let rows = tx.rows(sqlx::query(LINEAGES).bind(tx.tenant_id.0)).await?;
    let lineage = |row: &sqlx::postgres::PgRow| -> Result<(Uuid, Vec<Uuid>), Error> {
        Ok((row.try_get("id")?, row.try_get("lineage")?))
    };
    let lineages: Vec<(Uuid, Vec<Uuid>)> = rows.iter().map(lineage).collect::<Result<_, Error>>()?;
    // Figures that are too large give no season.
    Ok(Seasons::nearest(first, &sold, &lineages).unwrap_or_default())
}

/// Returns the months from the first one to another one; nothing if it is earlier.
fn months_between(first: NaiveDate, month: NaiveDate) -> Option<usize> {
    let number = |day: NaiveDate| 12 * i64::from(day.year()) + i64::from(day.month0());
    usize::try_from(number(month) - number(first)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_season_is_that_of_the_nearest_category_with_enough_lines() {
        let first = NaiveDate::from_ymd_opt(2024, 11, 1).expect("a day");
        let id = Uuid::from_u128;
        let sales = |lines, is_older| {
            let month = MonthSales { lines, units: Micro::whole(30) };
            Sales { months: [month; SEASON_MONTHS], is_older }
        };
        let (kitchen, cups, plates, pans) = (id(1), id(2), id(3), id(4));
        let (garden, hoses) = (id(5), id(6));
        let sold = HashMap::from([
            (cups, sales(42, true)),
            (plates, sales(41, true)),
            (pans, sales(42, false)),
            (hoses, sales(42, false)),
        ]);
        let lineages = [
            (kitchen, vec![kitchen]),
            (cups, vec![cups, kitchen]),
            (plates, vec![plates, kitchen]),
            (pans, vec![pans, kitchen]),
            (garden, vec![garden]),
            (hoses, vec![hoses, garden]),
        ];
        let seasons = Seasons::nearest(first, &sold, &lineages).expect("in range");
        let of = |id| seasons.of(Some(CategoryId(id))).map(|(category, _)| category.0);
        assert_eq!((of(cups), of(plates)), (Some(cups), Some(kitchen)), "492 lines of plates are too few");
        assert_eq!((of(kitchen), seasons.of(None)), (Some(kitchen), None));
        assert_eq!(
            (of(pans), of(hoses), of(garden)),
            (Some(kitchen), None, None),
            "no sale before the two years"
        );
        // Thirty a month are more a day in February.
        let (_, season) = seasons.of(Some(CategoryId(cups))).expect("a season");
        assert!(season.months()[1] > season.months()[0]);
    }

    #[test]
    fn months_are_counted_from_the_first() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let from = |month| months_between(day("2024-11-01"), day(month));
        assert_eq!(
            (from("2024-11-01"), from("2025-02-01"), from("2026-10-01")),
            (Some(0), Some(3), Some(23))
        );
        assert_eq!(from("2024-10-01"), None);
    }
}
