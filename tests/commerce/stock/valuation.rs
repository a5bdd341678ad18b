//! The stock of any past instant, as known now and as known then: always the plain sum of the movements.

use std::collections::BTreeMap;

use api::config::StoreArgs;
use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use sea_orm::sqlx::{self, Connection, Executor, PgPool, Row};
use secrecy::SecretString;
use serde_json::{Value, json};
use service::stock::checkpoint::{self, Rule, Run};
use stockwell::webhook::WebhookConfig;
use stockwell::worker::{Worker, WorkerConfig};
use tests::{Tenant, Till, environment, sale, with_tenant, with_tenant_as};

/// Product and location, with quantity and value there.
type Stock = BTreeMap<(String, String), (String, String)>;

const SKUS: [&str; 3] = ["BOLT", "NUT", "WASHER"];

/// Random numbers that are the same in every run, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// Returns an instant of the year 2011, to the second.
    fn moment(&mut self) -> DateTime<Utc> {
        let first =
            NaiveDate::from_ymd_opt(2011, 1, 1).expect("a day").and_time(chrono::NaiveTime::MIN).and_utc();
        first
            + Duration::days(self.roll(365).cast_signed())
            + Duration::seconds(self.roll(86_400).cast_signed())
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Returns the server's time: earlier responses were recorded before it, later ones after it.
async fn server_time(tenant: &Tenant) -> DateTime<Utc> {
    let me = tenant.get("/v1/me").await.ok();
    me["server_time"].as_str().expect("an instant").parse().expect("an instant")
}

async fn shop(tenant: &Tenant) -> Till {
    for (sku, method) in SKUS.into_iter().zip(["moving_average", "moving_average", "fifo"]) {
        tenant.product_with(sku, json!({ "list_price": "9.99", "costing_method": method })).await;
    }
    for location in [&tenant.main, &tenant.shop] {
        let line = |sku: &&str| json!({ "sku": sku, "quantity": "1000", "unit_cost": "1.234567" });
        let lines: Vec<Value> = SKUS.iter().map(line).collect();
        let body = json!({ "kind": "opening", "location_id": location, "occurred_at": "2010-12-31T12:00:00Z",
            "lines": lines });
        tenant.post("/v1/stock/documents", &body).await.created();
    }
    tenant.till().await
}

/// Posts receipts, losses, sales and revaluations of any day of the year, in any order: most are recorded late.
async fn documents(tenant: &Tenant, till: &Till, dice: &mut Dice, count: usize) {
    for _ in 0..count {
        let sku = SKUS[dice.roll(3) as usize];
        let location = if dice.roll(2) == 0 { &tenant.main } else { &tenant.shop };
        let at = text(dice.moment());
        let quantity = 1 + dice.roll(9);
        let document = |kind: &str, line: Value| json!({ "kind": kind, "location_id": location, "occurred_at": at, "lines": [line] });
        let (path, body) = match dice.roll(5) {
            0 => {
                let cost = format!("{}.{:02}", 1 + dice.roll(3), dice.roll(100));
                let line = json!({ "sku": sku, "quantity": quantity.to_string(), "unit_cost": cost });
                ("/v1/stock/documents", document("receipt", line))
            }
            1 => {
                let mut body =
                    document("adjustment", json!({ "sku": sku, "quantity": format!("-{quantity}") }));
                body["reason"] = json!("damage");
                ("/v1/stock/documents", body)
            }
            2 => {
                let cost = format!("{}.{:02}", 1 + dice.roll(3), dice.roll(100));
                let body = json!({ "location_id": location, "occurred_at": at, "reason": "write_down",
                    "lines": [{ "sku": sku, "unit_cost": cost }] });
                ("/v1/stock/revaluations", body)
            }
            _ => {
                let mut body = sale(till, &[(sku, &quantity.to_string())]);
                body["occurred_at"] = json!(at);
                ("/v1/pos/sales", body)
            }
        };
        let reply = tenant.post(path, &body).await;
        // A level that was empty at that time, or since, can't be revalued then.
        if !(reply.status == 409 && path.ends_with("revaluations")) {
            reply.created();
        }
    }
}

async fn run(tenant: &Tenant, known_until: DateTime<Utc>, spacing: i64) -> Option<Run> {
    checkpoint::run_by(&environment().db, tenant.id, Rule { known_until, spacing }).await.expect("a run")
}

/// Returns the figures of the report.
async fn shown(tenant: &Tenant, query: &str) -> Stock {
    let table = tenant.get(&format!("/v1/reports/stock_valuation?{query}")).await.ok();
    let text = |row: &Value, name: &str| row[name].as_str().expect("a text").to_owned();
    let rows = table["rows"].as_array().expect("rows").iter();
    let plain = |number: String| match number.split_once('.') {
        Some((whole, rest)) if rest.trim_end_matches('0').is_empty() => whole.to_owned(),
        Some((whole, rest)) => format!("{whole}.{}", rest.trim_end_matches('0')),
        None => number,
    };
    rows.map(|row| {
        let place = (text(row, "sku"), text(row, "location_code"));
        (place, (plain(text(row, "on_hand")), plain(text(row, "value"))))
    })
    .collect()
}

/// Returns the plain sum of what happened before one instant and was recorded before another.
async fn summed(tenant: &Tenant, before: DateTime<Utc>, known_before: DateTime<Utc>) -> Stock {
    let statement = "select p.sku, l.code, trim_scale(sum(m.quantity))::text, trim_scale(sum(m.value))::text \
         from stock_movement m \
         join product p on p.tenant_id = m.tenant_id and p.id = m.product_id \
         join location l on l.tenant_id = m.tenant_id and l.id = m.location_id \
         where m.tenant_id = $1 and m.occurred_at < $2 and m.recorded_at < $3 \
         group by 1, 2 having sum(m.quantity) <> 0 or sum(m.value) <> 0";
    let query = sqlx::query(statement).bind(tenant.id.0).bind(before).bind(known_before);
    let rows = query.fetch_all(&environment().root).await.expect("the movements are summed");
    rows.iter().map(|row| ((row.get(0), row.get(1)), (row.get(2), row.get(3)))).collect()
}

/// Compares the report with the plain sum for every pair of an instant and a recording time.
async fn compare(tenant: &Tenant, instants: &[DateTime<Utc>], known: &[DateTime<Utc>]) {
    let microsecond = Duration::microseconds(1);
    for as_of in instants {
        for known_at in known {
            let query = format!("as_of={}&known_at={}", text(*as_of), text(*known_at));
            let expected = summed(tenant, *as_of + microsecond, *known_at + microsecond).await;
            assert_eq!(shown(tenant, &query).await, expected, "{query}");
        }
        let later = *as_of + Duration::days(40_000);
        let query = format!("as_of={}", text(*as_of));
        assert_eq!(shown(tenant, &query).await, summed(tenant, *as_of + microsecond, later).await, "{query}");
    }
}

#[test]
fn the_stock_of_any_instant_is_the_sum_of_its_movements() {
    with_tenant(async |tenant| {
        let (till, mut dice) = (shop(tenant).await, Dice(47));
        let mut known = Vec::new();
        // Each run includes what was recorded before it. The next run includes the rest.
        for round in 0..4 {
            documents(tenant, &till, &mut dice, 12).await;
            let settled = server_time(tenant).await;
            documents(tenant, &till, &mut dice, 12).await;
            known.extend([settled, server_time(tenant).await]);
            let run = run(tenant, settled, 8).await.expect("a run is due");
            assert_eq!(run.extended > 0, round > 0, "round {round}: {run:?}");
            assert!(!run.made.is_empty(), "round {round}: {run:?}");
        }
        let late: i64 = sqlx::query(
            "select count(*) from stock_checkpoint c join stock_checkpoint_level l \
             using (tenant_id, as_of, known_until) where tenant_id = $1 and c.known_from > '-infinity'",
        )
        .bind(tenant.id.0)
        .fetch_one(&environment().root)
        .await
        .expect("rows are counted")
        .get(0);
        assert!(late > 10, "late documents are added to earlier checkpoints: {late}");
        let mut instants: Vec<DateTime<Utc>> = (0..12).map(|_| dice.moment()).collect();
        let exact = sqlx::query(
            "select distinct occurred_at from stock_movement where tenant_id = $1 order by 1 limit 4",
        );
        let exact = exact.bind(tenant.id.0).fetch_all(&environment().root).await.expect("instants are read");
        instants.extend(exact.iter().map(|row| row.get::<DateTime<Utc>, _>(0)));
        let ends = sqlx::query(
            "select distinct as_of from stock_checkpoint where tenant_id = $1 order by 1 limit 4",
        );
        let ends = ends.bind(tenant.id.0).fetch_all(&environment().root).await.expect("instants are read");
        for row in &ends {
            let as_of: DateTime<Utc> = row.get(0);
            instants.extend([as_of, as_of - Duration::microseconds(1)]);
        }
        instants.push(server_time(tenant).await);
        compare(tenant, &instants, &known).await;
    });
}

#[test]
fn without_parameters_it_is_the_stock_of_now() {
    with_tenant(async |tenant| {
        let (till, mut dice) = (shop(tenant).await, Dice(1));
        documents(tenant, &till, &mut dice, 10).await;
        let now = shown(tenant, "").await;
        let known_until = server_time(tenant).await;
        assert!(run(tenant, known_until, 1).await.is_some());
        assert_eq!(shown(tenant, "").await, now, "a checkpoint changes no figure");
        let positions = tenant.get("/v1/reports/stock_position").await.ok();
        let valued = tenant.get("/v1/reports/stock_valuation").await.ok();
        for (position, value) in
            positions["rows"].as_array().expect("rows").iter().zip(valued["rows"].as_array().expect("rows"))
        {
            for name in ["sku", "location_code", "uom", "currency", "on_hand", "value", "unit_cost"] {
                assert_eq!(position[name], value[name], "{name}");
            }
        }
        assert_eq!(positions["totals"][0]["value"], valued["totals"][0]["value"]);
        for group in ["location", "product", "category", "none", "category,location"] {
            let grouped = tenant.get(&format!("/v1/reports/stock_valuation?group_by={group}")).await.ok();
            for figure in ["on_hand", "value", "unit_cost"] {
                assert_eq!(grouped["totals"][0][figure], valued["totals"][0][figure], "{group}");
            }
            let rows = grouped["rows"].as_array().map(Vec::len);
            let expected = match group {
                "product" => 3,
                "location" | "category,location" => 2,
                _ => 1,
            };
            assert_eq!(rows, Some(expected), "{group}");
        }
    });
}

#[test]
fn a_day_reaches_to_its_end_in_the_zone_that_is_asked_for() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let at = |at: &str| {
            let line = json!({ "sku": "BOLT", "quantity": "10", "unit_cost": "1.50" });
            json!({ "kind": "receipt", "occurred_at": at, "lines": [line] })
        };
        tenant.post("/v1/stock/documents", &at("2011-01-31T23:59:59Z")).await.created();
        tenant.post("/v1/stock/documents", &at("2011-02-01T00:00:00Z")).await.created();
        let total = async |query: &str| {
            let table = tenant.get(&format!("/v1/reports/stock_valuation?group_by=none&{query}")).await.ok();
            table["totals"][0]["value"].as_str().expect("a total").to_owned()
        };
        assert_eq!(total("as_of=2011-01-30").await, "0.00");
        assert_eq!(total("as_of=2011-01-31").await, "15.00");
        assert_eq!(total("as_of=2011-02-01").await, "30.00");
        assert_eq!(total("as_of=2011-01-31&tz=Pacific/Auckland").await, "0.00");
        assert_eq!(total("as_of=2011-02-01&tz=Pacific/Auckland").await, "30.00");
        assert_eq!(total("as_of=2011-01-31T23:59:59Z").await, "15.00", "an instant belongs to it");
        assert_eq!(total("as_of=2011-01-31T23:59:58Z").await, "0.00");
        assert_eq!(total("as_of=2011-02-01&known_at=2011-02-01").await, "0.00", "it was not recorded then");
        let meta = tenant.get("/v1/reports/stock_valuation?as_of=2011-02-01").await.ok()["meta"].clone();
        assert_eq!(meta["as_of"], "2011-02-01");
        assert_eq!(meta["known_at"], Value::Null);
    });
}

#[test]
fn at_the_end_of_any_day_it_is_the_balance_of_the_ledger() {
    with_tenant_as(
        |wanted| wanted.time_zone = "America/New_York".to_owned(),
        async |tenant| {
            let (till, mut dice) = (shop(tenant).await, Dice(11));
            documents(tenant, &till, &mut dice, 40).await;
            assert!(run(tenant, server_time(tenant).await, 8).await.is_some());
            for _ in 0..12 {
                let day = dice.moment().date_naive();
                let ledger = format!("/v1/trial-balance?to={}", day + Days::new(1));
                let ledger = tenant.get(&ledger).await.ok();
                let accounts = ledger["accounts"].as_array().expect("accounts");
                let inventory =
                    accounts.iter().find(|account| account["account"] == "1200").expect("inventory");
                let path = format!("/v1/reports/stock_valuation?group_by=none&as_of={day}");
                let stock = tenant.get(&path).await.ok();
                assert_eq!(stock["totals"][0]["value"], inventory["closing"], "{day}");
            }
        },
    );
}

#[test]
fn a_run_stays_behind_every_open_transaction() {
    with_tenant(async |tenant| {
        let settled = async || {
            let read = async |tx: &service::Tx| checkpoint::settled_until(tx).await;
            environment().db.read(tenant.id, read).await.expect("an instant")
        };
        let mut open =
            sqlx::PgConnection::connect(&environment().database_url()).await.expect("the app connects");
        let begin = format!("begin; set local app.tenant_id = '{}'", tenant.id.0);
        open.execute(sqlx::AssertSqlSafe(begin)).await.expect("begun");
        let row = sqlx::query("select now()").fetch_one(&mut open).await.expect("an instant");
        let opened: DateTime<Utc> = row.get(0);
        tenant.stocked("BOLT", "2.00", ("1", "1.00")).await;
        assert!(settled().await <= opened - Duration::minutes(60), "what is open may still write");
        open.execute("rollback").await.expect("ended");
    });
}

#[test]
fn of_two_runs_at_once_one_is_done() {
    with_tenant(async |tenant| {
        let (till, mut dice) = (shop(tenant).await, Dice(3));
        documents(tenant, &till, &mut dice, 12).await;
        let known_until = server_time(tenant).await;
        assert_eq!(run(tenant, known_until, 1_000).await, None, "too little happened");
        let daily = checkpoint::run(&environment().db, tenant.id).await;
        assert_eq!(daily.expect("the daily run"), None, "for the daily run too");
        let rule = Rule { known_until, spacing: 4 };
        let once = || checkpoint::run_by(&environment().db, tenant.id, rule);
        let (one, other) = tokio::join!(once(), once());
        let made = [&one, &other].into_iter().filter(|run| matches!(run, Ok(Some(_)))).count();
        assert_eq!(made, 1, "{one:?} {other:?}");
        assert_eq!(run(tenant, known_until, 1).await, None, "nothing is new");
        compare(tenant, &[dice.moment(), dice.moment(), known_until], &[known_until]).await;
        // If the report did not read checkpoints, a wrong one would not show.
        let spoil = "update stock_checkpoint_level set quantity = quantity + 1 where tenant_id = $1";
        sqlx::query(spoil).bind(tenant.id.0).execute(&environment().root).await.expect("a row is spoilt");
        let before = shown(tenant, "").await;
        assert_ne!(before, summed(tenant, known_until, known_until).await, "checkpoints are read");
        documents(tenant, &till, &mut dice, 12).await;
        let later = Rule { known_until: server_time(tenant).await, spacing: 4 };
        let refused = checkpoint::run_by(&environment().db, tenant.id, later).await;
        assert!(matches!(refused, Err(service::Error::Invariant(_))), "a run finds it: {refused:?}");
    });
}

/// Returns the number of checkpoints of a tenant.
async fn checkpoints(root: &PgPool, tenant: &Tenant) -> i64 {
    let query = sqlx::query_scalar("select count(*) from stock_checkpoint where tenant_id = $1");
    query.bind(tenant.id.0).fetch_one(root).await.expect("checkpoints are counted")
}

/// The worker does what is due for all tenants of its database, so this one has a database server of its own.
#[test]
fn the_worker_makes_the_checkpoints_that_are_due() {
    environment().runtime.block_on(async {
        let apart = environment().tenant_apart(|_| {}).await;
        let tenant = &apart.tenant;
        let root = apart.superuser().await;
        tenant.stocked("MUG", "10.00", ("1", "1.00")).await;
        // As many movements, an hour old and more, as a checkpoint needs: one in, one out, and so on.
        let history = "insert into stock_movement (tenant_id, product_id, location_id, lot_id, id, kind, quantity, value, \
                unit_cost, document_kind, document_id, line_no, occurred_at, recorded_at, entry_mode, command_id) \
             select m.tenant_id, m.product_id, m.location_id, m.lot_id, gen_random_uuid(), 'adjustment', s.sign, s.sign, 1, \
                    'adjustment', m.document_id, 1, $2, $2, 'api', m.command_id \
             from stock_movement m, generate_series(1, 25000), (values (1), (-1)) s (sign) where m.tenant_id = $1";
        let past = environment().now().await - Duration::days(3);
        let query = sqlx::query(history).bind(tenant.id.0).bind(past);
        query.execute(&root).await.expect("the history is written");
        let config = WorkerConfig {
            metrics_addr: None,
            relay_database_url: SecretString::from(apart.relay_database_url()),
            database_url: Some(SecretString::from(apart.database_url())),
            redis_url: None,
            store: StoreArgs::default(),
            webhooks: WebhookConfig::default(),
        };
        let worker = Worker::start(&config).await.expect("the worker starts");
        for _ in 0..600 {
            if checkpoints(&root, tenant).await > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        worker.stop().await;
        let made = checkpoints(&root, tenant).await;
        assert_eq!(made, 1, "one for the day on which all of it happened");
        let packed = "select coalesce(sum(movements), 0)::bigint from movement_quarter where tenant_id = $1";
        let packed: i64 =
            sqlx::query_scalar(packed).bind(tenant.id.0).fetch_one(&root).await.expect("movements are counted");
        assert_eq!(packed, 50_000, "and its movements are packed");
        tenant.check_rows_in(&root).await;
    });
}
