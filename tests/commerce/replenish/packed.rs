//! Suggestions from packed movements: always those from the movements themselves.

use chrono::{DateTime, Duration, Utc};
use sea_orm::sqlx;
use serde_json::{Value, json};
use service::stock::pack::{self, Quarter, Rule};
use tests::{Tenant, Till, environment, sale, with_tenant};

use super::{SETTINGS, SUGGESTIONS, ship, stock};

const SKUS: [&str; 3] = ["BOLT", "NUT", "WASHER"];
/// A product whose first movements happened before the days that suggestions read.
const OLD: &str = "RIVET";

/// Random numbers that are the same in every run, so that a failure can be repeated.
struct Dice {
    state: u64,
    now: DateTime<Utc>,
}

impl Dice {
    async fn new(state: u64) -> Self {
        Dice { state, now: environment().now().await }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % sides
    }

    /// Returns the instant so many days ago.
    fn ago(&self, days: i64) -> DateTime<Utc> {
        self.now - Duration::days(days)
    }

    /// Returns an instant of the last 250 days.
    fn moment(&mut self) -> DateTime<Utc> {
        let days = 1 + self.roll(250).cast_signed();
        self.ago(days) - Duration::seconds(self.roll(86_400).cast_signed())
    }
}

/// Posts receipts, losses, sales and wholesale orders of any day, in any order: most are recorded late.
async fn documents(tenant: &Tenant, (till, customer): (&Till, &str), dice: &mut Dice, count: usize) {
    for _ in 0..count {
        let sku = SKUS[dice.roll(3) as usize];
        let location = if dice.roll(2) == 0 { &tenant.main } else { &tenant.shop };
        let (at, quantity) = (dice.moment(), (1 + dice.roll(9)).to_string());
        match dice.roll(6) {
            0 => stock(tenant, location, at, (sku, &quantity, "1.25")).await,
            1 => lose(tenant, location, at, (sku, &quantity)).await,
            2 => _ = ship(tenant, customer, at, &[(sku, &quantity)]).await,
            _ => sell(tenant, till, at, (sku, &quantity)).await,
        }
    }
}

/// Sells at a till.
async fn sell(tenant: &Tenant, till: &Till, at: DateTime<Utc>, wanted: (&str, &str)) {
    let mut body = sale(till, &[wanted]);
    body["occurred_at"] = json!(at);
    tenant.post("/v1/pos/sales", &body).await.created();
}

/// Takes damaged stock off.
async fn lose(tenant: &Tenant, location: &str, at: DateTime<Utc>, (sku, quantity): (&str, &str)) {
    let line = json!({ "sku": sku, "quantity": format!("-{quantity}") });
    let body = json!({ "kind": "adjustment", "location_id": location, "occurred_at": at, "reason": "damage",
        "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await.created();
}

/// Makes a shop with stock that came 300 days ago. One product is sold every week and is always due.
async fn shop(tenant: &Tenant, dice: &Dice) -> (Till, String) {
    for sku in SKUS {
        let id = tenant.product(sku, "9.99").await.id;
        if sku == "BOLT" {
            let due = json!({ "product_id": id, "method": "min_max", "min": "5000", "max": "6000" });
            tenant.put(SETTINGS, &due).await.ok();
        }
        for location in [&tenant.main, &tenant.shop] {
            stock(tenant, location, dice.ago(300), (sku, "1000", "1.20")).await;
        }
    }
    let till = tenant.till().await;
    for week in 1..=8 {
        sell(tenant, &till, dice.ago(7 * week), ("BOLT", "7")).await;
    }
    (till, tenant.customer("Hotel").await)
}

/// Moves the recording of all movements to the day on which they happened, as if no document had been late.
async fn record_in_time(tenant: &Tenant) {
    let statement = "update stock_movement set recorded_at = occurred_at where tenant_id = $1";
    sqlx::query(statement).bind(tenant.id.0).execute(&environment().root).await.expect("rows are changed");
}

/// Packs all that was recorded by now.
async fn run(tenant: &Tenant) -> Vec<Quarter> {
    let rule = Rule { known_until: environment().now().await, spacing: 1 };
    pack::run_by(&environment().db, tenant.id, rule).await.expect("a run")
}

/// Returns rows in the order of product and location.
async fn rows(tenant: &Tenant, path: &str, rows: &str) -> Vec<Value> {
    let table = tenant.get(path).await.ok();
    let mut rows = table[rows].as_array().expect("rows").clone();
    rows.sort_by_key(|row| format!("{} {}", row["sku"], row["location_code"]));
    rows
}

/// Returns the report and the suggestions of all products, and those of each product on its own, which read no packs.
async fn found(tenant: &Tenant) -> [Vec<Value>; 2] {
    let mut all = rows(tenant, "/v1/reports/reorder", "rows").await;
    all.extend(rows(tenant, &format!("{SUGGESTIONS}?limit=100"), "data").await);
    let (mut reported, mut suggested) = (Vec::new(), Vec::new());
    let products = rows(tenant, "/v1/products?limit=100", "data").await;
    for product in &products {
        let (sku, id) = (product["sku"].as_str().expect("a SKU"), product["id"].as_str().expect("an id"));
        reported.extend(rows(tenant, &format!("/v1/reports/reorder?product={sku}"), "rows").await);
        suggested.extend(rows(tenant, &format!("{SUGGESTIONS}?limit=100&product_id={id}"), "data").await);
    }
    assert!(!reported.is_empty() && !suggested.is_empty(), "{reported:?} {suggested:?}");
    reported.extend(suggested);
    [all, reported]
}

async fn compare(tenant: &Tenant, state: &str) {
    let [all, alone] = found(tenant).await;
    assert_eq!(all, alone, "{state}");
}

#[test]
fn packed_movements_have_the_figures_of_the_movements() {
    with_tenant(async |tenant| {
        let mut dice = Dice::new(23).await;
        let (till, customer) = shop(tenant, &dice).await;
        let parties = (&till, customer.as_str());
        documents(tenant, parties, &mut dice, 30).await;
        record_in_time(tenant).await;
        compare(tenant, "without packs").await;
        let packed = run(tenant).await;
        assert!(packed.len() >= 3, "300 days are in four or five quarters: {packed:?}");
        compare(tenant, "all of it is packed").await;
        assert!(run(tenant).await.is_empty(), "nothing is new");

        documents(tenant, parties, &mut dice, 12).await;
        compare(tenant, "some were recorded since").await;
        let packed = run(tenant).await;
        assert!(packed.len() <= 2, "only the quarters in which they were recorded are packed: {packed:?}");
        compare(tenant, "late documents are packed").await;

        // It was sold out before the days that are read, and its first day is among those of the past.
        tenant.product(OLD, "4.00").await;
        stock(tenant, &tenant.main, dice.ago(700), (OLD, "5", "1")).await;
        lose(tenant, &tenant.main, dice.ago(690), (OLD, "5")).await;
        stock(tenant, &tenant.main, dice.ago(60), (OLD, "90", "1")).await;
        for days in [50, 40, 30, 20, 10] {
            sell(tenant, &till, dice.ago(days), (OLD, "7")).await;
        }
        compare(tenant, "older movements were recorded since").await;
        assert!(!run(tenant).await.is_empty());
        compare(tenant, "older movements are packed").await;
    });
}

#[test]
fn of_two_runs_at_once_both_leave_whole_packs() {
    with_tenant(async |tenant| {
        let mut dice = Dice::new(7).await;
        let (till, customer) = shop(tenant, &dice).await;
        let parties = (&till, customer.as_str());
        documents(tenant, parties, &mut dice, 10).await;
        let db = &environment().db;
        let earlier = Rule { known_until: environment().now().await, spacing: 1 };
        documents(tenant, parties, &mut dice, 6).await;
        let rule = Rule { known_until: environment().now().await, spacing: 10_000 };
        let none = pack::run_by(db, tenant.id, rule).await;
        assert!(none.expect("a run").is_empty(), "too little was recorded");
        let daily = pack::run(db, tenant.id).await;
        assert!(daily.expect("the daily run").is_empty(), "for the daily run too");
        let later = Rule { spacing: 1, ..rule };
        let (one, other) =
            tokio::join!(pack::run_by(db, tenant.id, earlier), pack::run_by(db, tenant.id, later));
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        compare(tenant, "the later run counts").await;
        let late = pack::run_by(db, tenant.id, earlier).await.expect("a late run");
        assert!(late.is_empty(), "what a later run has packed stays: {late:?}");
        // If no packs were read, missing ones would not show.
        let spoil = "delete from movement_pack where tenant_id = $1";
        sqlx::query(spoil).bind(tenant.id.0).execute(&environment().root).await.expect("rows are deleted");
        let [all, alone] = found(tenant).await;
        assert_ne!(all, alone, "packs are read");
        assert!(!tenant.check_now().await.is_empty(), "the check of the books finds that they are missing");
        change(tenant, "delete from movement_quarter where tenant_id = $1").await;
    });
}

/// Changes rows as no command does.
async fn change(tenant: &Tenant, statement: &'static str) {
    let changed = sqlx::query(statement).bind(tenant.id.0).execute(&environment().root).await;
    assert!(changed.expect("rows are changed").rows_affected() > 0, "{statement}");
}

#[test]
fn a_pack_that_changes_later_is_found_and_made_again() {
    with_tenant(async |tenant| {
        shop(tenant, &Dice::new(11).await).await;
        record_in_time(tenant).await;
        let db = &environment().db;
        let repack = async || pack::repack(db, tenant.id).await.expect("packs").len();
        let quarters = repack().await;
        assert!(quarters >= 2, "300 days are in more than one quarter: {quarters}");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
        for (statement, subject) in [
            (
                "update movement_pack set movements = set_byte(movements, 15, get_byte(movements, 15) # 1) \
                 where tenant_id = $1 and product_id = (select id from product where tenant_id = $1 and sku = 'BOLT')",
                "movements in the pack of BOLT at",
            ),
            (
                "update movement_quarter set movements = movements + 1 where tenant_id = $1",
                "number of the packs since",
            ),
            (
                "update movement_quarter set first_at = first_at - interval '1 second' where tenant_id = $1",
                "second of the first movement of the packs since",
            ),
            (
                "update movement_quarter set last_at = last_at + interval '1 second' where tenant_id = $1",
                "second of the last movement of the packs since",
            ),
        ] {
            change(tenant, statement).await;
            let found = tenant.check_now().await;
            assert!(found.iter().any(|found| found.contains(subject)), "{statement}: {found:?}");
            let books = tenant.get("/v1/integrity").await.ok();
            assert_ne!(books["facts"][7]["differences"], 0, "{statement}: {books}");
            assert_eq!(repack().await, quarters);
            assert_eq!(tenant.check_now().await, Vec::<String>::new(), "{statement}");
        }
    });
}
