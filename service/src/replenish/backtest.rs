//! The back-test of the rule on the past of some products.

mod past;
mod table;

use chrono::{Days, NaiveDate};
use domain::id::{LocationId, ProductId, TenantId};
use domain::refusal::{Code, Problems, Refusal};
use domain::replenish::backtest::{
    Columns, Distrust, EqualStock, EqualStockSearch, EqualStockStep, Evidence, Policy, Window, columns,
    distrust, simulate,
};
use domain::replenish::{Micro, Overflow};
use uuid::Uuid;

use self::past::{Subject, subjects};
pub use self::table::ReplenishmentBacktest;
use super::load::{DEMAND_DAYS, load};
use crate::{Db, Error, Tx, input};

/// Most products of one back-test.
pub const PRODUCTS_MAX: usize = 200;
/// Most products at locations of one back-test.
pub const PAIRS_MAX: usize = 500;
/// Days that count if the caller does not say.
pub const DAYS_DEFAULT: u16 = 90;
/// Fewest and most days that count.
pub const DAYS: std::ops::RangeInclusive<u16> = 28..=180;
/// Most days of the run-in, which do not count.
const RUN_IN_MAX: i64 = 180;
/// Days over which an average is taken for minimum and maximum.
const AVERAGE_DAYS: usize = 90;

/// A back-test to be run.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub products: Vec<ProductId>,
    /// Only this location.
    pub location: Option<LocationId>,
    pub days: u16,
}

/// The simulated products at locations, with their figures.
struct Tested {
    window: Window,
    subjects: Vec<Subject>,
    columns: Vec<Columns>,
    distrust: Vec<Vec<Distrust>>,
    equal_stock: EqualStock,
}

/// Runs the rule over the last days of some products, beside what really happened and beside minimum and maximum.
pub async fn run(db: &Db, tenant_id: TenantId, wanted: &Wanted) -> Result<ReplenishmentBacktest, Error> {
    check(wanted)?;
    db.report(tenant_id, async |tx| run_in(tx, wanted).await).await
}

fn check(wanted: &Wanted) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    if wanted.products.is_empty() || wanted.products.len() > PRODUCTS_MAX {
        problems.invalid("/product_ids", format!("Send 1 to {PRODUCTS_MAX} products."));
    }
    if !DAYS.contains(&wanted.days) {
        problems.invalid("/days", format!("Send {} to {} days.", DAYS.start(), DAYS.end()));
    }
    problems.check()
}

async fn run_in(tx: &Tx, wanted: &Wanted) -> Result<ReplenishmentBacktest, Error> {
    let products: Vec<Uuid> = wanted.products.iter().map(|id| id.0).collect();
    let in_all = DEMAND_DAYS + u64::from(wanted.days) + RUN_IN_MAX.unsigned_abs();
    let loaded = load(tx, Some(&products), in_all).await?;
    let mut problems = Problems::default();
    for (index, id) in wanted.products.iter().enumerate() {
        if !loaded.products.iter().any(|product| product.id == *id) {
            input::add_unknown(&mut problems, format!("/product_ids/{index}"), "active stocked product");
        }
    }
    if wanted.location.is_some_and(|id| !loaded.locations.contains_key(&id)) {
        input::add_unknown(&mut problems, "/location_id", "warehouse or store");
    }
    problems.check()?;
    let from = before(loaded.as_of, wanted.days.into());
    let subjects = subjects(tx, &loaded, wanted.location, from).await?;
    if subjects.len() > PAIRS_MAX {
        let detail = format!(
            "The products are at {} locations in all, and a back-test takes {PAIRS_MAX}. Send fewer products, or a location_id.",
            subjects.len()
        );
        return Err(Refusal::invalid("/product_ids", detail).into());
    }
    let run_in = subjects.iter().map(Subject::run_in_days).max().unwrap_or(0).clamp(0, RUN_IN_MAX);
    let start = before(from, run_in.unsigned_abs());
    let window = Window { start, from, to: before(loaded.as_of, 1) };
    let tested = test(window, subjects).await.map_err(too_large)?;
    table::table(&loaded, &tested).map_err(|overflow| too_large(overflow).into())
}

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

fn too_large(overflow: Overflow) -> Refusal {
    Refusal::new(
        Code::ValidationFailed,
        format!("This can't be tested: {overflow}. Leave out products with such figures."),
    )
}

/// Simulates all policies. Between two products other work of the thread goes on.
async fn test(window: Window, mut subjects: Vec<Subject>) -> Result<Tested, Overflow> {
    let mut of_rule = Micro::ZERO;
    for subject in &mut subjects {
        subject.begin(&window);
        let service = subject.past.settings.service;
        of_rule = of_rule.plus(simulate(&subject.past, Policy::Rule(service), &window)?.stock_value)?;
        tokio::task::yield_now().await;
    }
    let mut search = EqualStockSearch::new(of_rule);
    let equal_stock = loop {
        let safety_days = match search.step() {
            EqualStockStep::Found(found) => break found,
            EqualStockStep::Try(days) => days,
        };
        let policy = Policy::MinMax { average_days: Some(AVERAGE_DAYS), safety_days };
        let mut sum = Micro::ZERO;
        for subject in &subjects {
            sum = sum.plus(simulate(&subject.past, policy, &window)?.stock_value)?;
            tokio::task::yield_now().await;
        }
        search.note(safety_days, sum);
    };
    let mut tested = Tested { window, subjects, columns: Vec::new(), distrust: Vec::new(), equal_stock };
    for subject in &tested.subjects {
        let of = columns(&subject.past, &subject.happened, &window, equal_stock.safety_days)?;
        let evidence = Evidence { receipts: subject.receipts, is_changed: false };
        tested.distrust.push(distrust(&subject.past, &window, &of.rule, evidence)?);
        tested.columns.push(of);
        tokio::task::yield_now().await;
    }
    Ok(tested)
}
