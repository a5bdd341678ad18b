//! Seasons: the factors of a category from two years of sales, and a suggestion that follows them.

use std::collections::HashMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use service::rollup;
use tests::{Tenant, environment, sale, with_tenant};

use super::{Calendar, SETTINGS, SUGGESTIONS, explained, stock};

/// Units of a line in a usual week.
const USUAL: &str = "7";
/// Units of a line in a week of a high month.
const HIGH: &str = "21";

/// Whether a day is in a high month: that of today, and the third one before it.
fn is_high(calendar: Calendar, day: NaiveDate) -> bool {
    let months = (12 + calendar.today.month() - day.month()) % 12;
    months == 0 || months == 3
}

/// Sells 10 lines of cups at a till on each Monday of more than two years, and leaves 100 cups. Returns the units by month.
async fn trade(tenant: &Tenant, calendar: Calendar) -> HashMap<NaiveDate, Decimal> {
    let begin = calendar.monday - Days::new(7 * 112);
    let till = tenant.till().await;
    let mut items = Vec::new();
    let mut sold: HashMap<NaiveDate, Decimal> = HashMap::new();
    for monday in (0..112).map(|week| begin + Days::new(7 * week)) {
        let units = if is_high(calendar, monday) { HIGH } else { USUAL };
        let mut body = sale(&till, &[("CUP", units); 10]);
        body["occurred_at"] = json!(monday.and_hms_opt(12, 0, 0).expect("an hour").and_utc());
        items.push(json!({ "idempotency_key": format!("week-{monday}"), "body": body }));
        let month = monday.with_day(1).expect("a day");
        *sold.entry(month).or_default() += Decimal::TEN * units.parse::<Decimal>().expect("a number");
    }
    let brought = (sold.values().sum::<Decimal>() + Decimal::from(100)).to_string();
    stock(tenant, &tenant.main, calendar.at(113, 0, 6), ("CUP", &brought, "2")).await;
    let answer = tenant.post("/v1/pos/sales/batch", &json!({ "items": items })).await.expect(207);
    let results = answer["results"].as_array().expect("results");
    assert!(results.iter().all(|one| one["status"] == 201), "{answer}");
    sold
}

fn rounded(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)
}

fn days(from: NaiveDate, to: NaiveDate) -> Decimal {
    (to - from).num_days().into()
}

/// Computes the factors of the months, January first, from the 24 whole months before today.
fn factors(calendar: Calendar, sold: &HashMap<NaiveDate, Decimal>) -> Vec<Decimal> {
    let end = calendar.today.with_day(1).expect("a day");
    let mut indices = vec![Decimal::ZERO; 12];
    for year in [24, 12] {
        let first = end - Months::new(year);
        let months: Vec<NaiveDate> = (0..12).map(|month| first + Months::new(month)).collect();
        let of_year: Decimal = months.iter().map(|month| sold[month]).sum();
        let in_all = days(first, first + Months::new(12));
        for month in months {
            let a_day = sold[&month] * in_all / (days(month, month + Months::new(1)) * of_year);
            indices[month.month0() as usize] += rounded(a_day);
        }
    }
    let damped = |index: Decimal| {
        rounded((Decimal::ONE + Decimal::from(3) * rounded(index / Decimal::TWO)) / Decimal::from(4))
    };
    indices.into_iter().map(damped).collect()
}

fn text(number: Decimal) -> Value {
    json!(number.normalize().to_string())
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().expect("a decimal").parse().expect("a decimal")
}

#[test]
fn a_suggestion_follows_the_season_of_its_category() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let kitchen = tenant.make("/v1/categories", json!({ "code": "kitchen", "name": "Kitchen" })).await;
        let cups = json!({ "code": "cups", "name": "Cups", "parent_id": kitchen });
        let cups = tenant.make("/v1/categories", cups).await;
        let cup = tenant.product_with("CUP", json!({ "list_price": "5.00", "category_id": cups })).await.id;
        tenant.put(SETTINGS, &json!({ "product_id": cup, "lead_time_days": 14 })).await.ok();
        let sold = trade(tenant, calendar).await;

        // Without roll-ups no season is known.
        let before = explained(tenant, &cup).await;
        assert_eq!(
            (&before["demand"]["season"], &before["target"]["seasonal_factor"]),
            (&Value::Null, &json!("1"))
        );
        tenant.complete_feed().await;
        rollup::run_all(&environment().db, tenant.id).await.expect("folded");
        let row = explained(tenant, &cup).await;
        let season = &row["demand"]["season"];
        let factors = factors(calendar, &sold);
        assert_eq!((&season["category_id"], &season["is_counted"]), (&json!(cups), &json!(true)), "{season}");
        assert_eq!(season["factors"], factors.iter().copied().map(text).collect::<Value>());
        assert!(decimal(&season["error_with"]) < decimal(&season["error_without"]), "{season}");
        assert_eq!(row["rule_version"], 4);

        // Each day of the horizon has the factor of its month.
        let of_day = |ahead| factors[(calendar.today + Days::new(ahead)).month0() as usize];
        let mean = rounded((0..21).map(of_day).sum::<Decimal>() / Decimal::from(21));
        assert_eq!(row["target"]["seasonal_factor"], text(mean));
        let rate = decimal(&row["demand"]["rate_week"]);
        assert_eq!(row["target"]["expected"], text(rounded(rounded(rate * mean) * Decimal::from(3))));
        // All of a week is sold on its Monday, so its demand is divided by the factor of that day.
        let weeks = row["demand"]["weeks"].as_array().expect("weeks");
        assert_eq!(weeks.len(), 52);
        for week in weeks {
            let ends: NaiveDate = week["ends"].as_str().expect("a day").parse().expect("a day");
            let monday = ends - Days::new(6);
            let units = if is_high(calendar, monday) { 210 } else { 70 };
            let usual = rounded(Decimal::from(units) / factors[monday.month0() as usize]);
            assert_eq!(week["demand"], text(usual), "{monday}");
        }
        let why = row["why"].as_str().expect("a reason");
        assert!(why.contains(" a week, times ") && why.contains(" for the season), "), "{why}");
        // The list has the same figures.
        let page = tenant.get(&format!("{SUGGESTIONS}?limit=100")).await.ok();
        let listed: Vec<&Value> = page["data"].as_array().expect("suggestions").iter().collect();
        assert_eq!(listed.len(), 1, "{page}");
        assert_eq!(
            (&listed[0]["fingerprint"], &listed[0]["demand"]["season"]),
            (&row["fingerprint"], season)
        );
    });
}
