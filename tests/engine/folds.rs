//! Sales, refunds and late documents beside folds, rebuilds and reports, while connections are ended at random moments. Each
//! report equals plain sums over the sales lines of the same snapshot.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all, join4};
use graphql::report::{self, Dimension, Input, MarginRow, Name, Request};
use local::Postgres;
use rand::RngExt;
use rand::seq::IndexedRandom;
use rust_decimal::Decimal;
use sea_orm::sqlx::{self, AssertSqlSafe, Row};
use serde_json::{Value, json};
use service::rollup;
use tests::{Tenant, Till, environment, sale, superuser};
use tokio::time::{sleep, timeout};

/// Sellers at once, each with a till of its own.
const SELLERS: usize = 3;
/// Reports of each reader that are compared.
const COMPARED: usize = 60;
/// Readers at once.
const READERS: usize = 2;
/// Pause between two ends of all connections.
const KILL_EVERY: Duration = Duration::from_secs(2);
/// Longest time after which a fold is given up that is to be given up.
const PATIENCE_MS: u64 = 200;
/// Pause after a failure, and between two folds.
const PAUSE: Duration = Duration::from_millis(20);

/// A time zone, and days on which its clocks change or a month ends.
const ZONES: [(&str, [&str; 4]); 5] = [
    ("Asia/Kathmandu", ["2026-01-31", "2026-02-28", "2026-03-01", "2026-04-30"]),
    ("America/New_York", ["2026-03-08", "2026-02-28", "2025-11-02", "2025-10-31"]),
    ("Pacific/Auckland", ["2026-04-05", "2026-03-31", "2025-09-28", "2025-09-30"]),
    ("Atlantic/Azores", ["2025-10-26", "2025-10-31", "2026-03-29", "2026-02-28"]),
    ("America/Havana", ["2025-11-02", "2025-10-31", "2026-03-08", "2026-01-31"]),
];

/// Groupings with the SQL of their key over sales lines `l`, as the report writes its columns, joined by a bar.
const GROUPINGS: [(&[Dimension], &[&str], &str); 7] = [
    (&[Dimension::None], &[], "''"),
    (
        &[Dimension::Month, Dimension::Channel],
        &["month", "channel"],
        "date_trunc('month', l.occurred_at at time zone $2)::date || '|' || l.channel",
    ),
    (&[Dimension::Day], &["day"], "(l.occurred_at at time zone $2)::date::text"),
    (&[Dimension::Product], &["sku"], "p.sku"),
    (
        &[Dimension::Category, Dimension::Month],
        &["category_code", "month"],
        "coalesce(k.code, '') || '|' || date_trunc('month', l.occurred_at at time zone $2)::date",
    ),
    (&[Dimension::Customer], &["customer_number"], "coalesce(c.number, '')"),
    (
        &[Dimension::Product, Dimension::Customer],
        &["sku", "customer_number"],
        "p.sku || '|' || coalesce(c.number, '')",
    ),
];

/// Orders, lines, units, net revenue, tax and cost.
type Figures = [Decimal; 6];
const LINES: usize = 1;

/// The state that all tasks share.
struct Trade<'a> {
    tenant: &'a Tenant,
    /// The tenant's.
    time_zone: &'static str,
    customer: String,
    over: AtomicBool,
    sold: AtomicUsize,
    folded: AtomicUsize,
}

impl Trade<'_> {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Sells, and takes every third sale back, until the trade is over.
    async fn sell(&self, till: &Till) {
        while !self.is_over() {
            let mut wanted = vec![("MUG", "1"), ("HAMMER", "2"), ("SAW", "1"), ("MUG", "2")];
            wanted.truncate(rand::rng().random_range(1..=4));
            let mut body = sale(till, &wanted);
            let at = instant();
            body["occurred_at"] = json!(at);
            if rand::rng().random_bool(0.3) {
                body["customer_id"] = json!(self.customer);
            }
            let sold = self.tenant.post("/v1/pos/sales", &body).await;
            if sold.status != 201 {
                assert_eq!(sold.status, 503, "{}", sold.text);
                continue;
            }
            let sold = sold.created();
            let number = self.sold.fetch_add(1, Ordering::Relaxed);
            if number.is_multiple_of(3) {
                let refund = json!({ "register_id": till.register_id, "original_id": sold["id"], "occurred_at": at,
                    "original_lines": [{ "line_no": 1, "quantity": "1" }] });
                let back = self.tenant.post("/v1/pos/refunds", &refund).await;
                assert!([201, 503].contains(&back.status), "{}", back.text);
            }
        }
    }

    /// Folds, gives up at random moments, and begins again now and then.
    async fn fold(&self, db: &service::Db) {
        while !self.is_over() {
            let patience_ms = match rand::rng().random_bool(0.1) {
                true => rand::rng().random_range(1..PATIENCE_MS),
                false => 100 * PATIENCE_MS,
            };
            let run = timeout(Duration::from_millis(patience_ms), rollup::run(db, self.tenant.id)).await;
            if let Ok(Ok(run)) = run {
                self.folded
                    .fetch_add(usize::try_from(run.lines).expect("a number of lines"), Ordering::Relaxed);
            }
            if rand::rng().random_bool(0.03) {
                // Its connection may be ended as well.
                _ = rollup::request_rebuild(db, self.tenant.id).await;
            }
            sleep(PAUSE).await;
        }
    }

    /// Compares reports with the lines of their snapshot.
    async fn compare(&self, db: &service::Db) {
        let mut compared = 0;
        while compared < COMPARED {
            let (group_by, columns, key) = GROUPINGS.choose(&mut rand::rng()).expect("groupings");
            let (from, to) = period();
            // Days and months are those of the tenant's zone. In another one, reports read quarters of an hour, or lines.
            let (other, _) = ZONES.choose(&mut rand::rng()).expect("zones");
            let time_zone = if rand::rng().random_bool(0.5) { self.time_zone } else { *other };
            let input = Input {
                time_zone: Some(time_zone.to_owned()),
                group_by: Some(group_by.to_vec()),
                from: from.clone(),
                to: to.clone(),
                limit: Some(10_000),
                ..Input::default()
            };
            let request = Request::new(Name::Margin, input).expect("a request");
            let read = db.report(self.tenant.id, async |tx| {
                let raw = report::fetch(tx, &request).await?;
                let shown = report::decode::<MarginRow>(&request, raw)?;
                let statement = plain(key, from.as_deref(), to.as_deref());
                let query = sqlx::query(AssertSqlSafe(statement)).bind(tx.tenant_id.0).bind(time_zone);
                Ok((shown, tx.rows(query).await?))
            });
            let Ok((shown, rows)) = read.await else {
                // Its connection was ended.
                sleep(PAUSE).await;
                continue;
            };
            let expected: BTreeMap<String, Figures> =
                rows.iter().map(|row| (row.get("key"), std::array::from_fn(|at| row.get(at + 1)))).collect();
            let rows = serde_json::to_value(&shown.rows).expect("rows");
            let found: BTreeMap<String, Figures> = rows
                .as_array()
                .expect("rows")
                .iter()
                .map(|row| (key_of(row, columns), figures_of(row)))
                // A report without a grouping has a row of zeros where no line is; SQL has no group there.
                .filter(|(_, figures)| figures[LINES] > Decimal::ZERO)
                .collect();
            assert_eq!(found, expected, "{group_by:?} from {from:?} to {to:?} in {time_zone}");
            compared += 1;
        }
    }
}

/// Returns an instant on one of the days of all time zones, or on a day beside it.
fn instant() -> String {
    let mut rng = rand::rng();
    let (_, days) = ZONES.choose(&mut rng).expect("zones");
    let day = days.choose(&mut rng).expect("days");
    format!(
        "{day}T{:02}:{:02}:{:02}Z",
        rng.random_range(0..24),
        rng.random_range(0..60),
        rng.random_range(0..60)
    )
}

/// Returns the bounds of a period, which are days or instants of different days.
fn period() -> (Option<String>, Option<String>) {
    let mut rng = rand::rng();
    let (one, other) = (instant(), instant());
    let mut bound = |at: String| match rng.random_range(0..3) {
        0 => None,
        1 => Some(at[..10].to_owned()),
        _ => Some(at),
    };
    if one[..10] == other[..10] {
        return (bound(one), None);
    }
    (bound(one.clone().min(other.clone())), bound(one.max(other)))
}

/// Returns the plain sums of a grouping. The bounds are made by this test.
fn plain(key: &str, from: Option<&str>, to: Option<&str>) -> String {
    let bound = |text: &str| match text.len() {
        // A midnight that comes twice begins the day at its first time.
        10 => format!(
            "least(timestamp '{text}' at time zone $2, \
                 (timestamp '{text}' - interval '1 us') at time zone $2 + interval '1 us')"
        ),
        _ => format!("timestamptz '{text}'"),
    };
    let from = from.map(|from| format!(" and l.occurred_at >= {}", bound(from))).unwrap_or_default();
    let to = to.map(|to| format!(" and l.occurred_at < {}", bound(to))).unwrap_or_default();
    format!(
        "select {key} as key, \
             (count(distinct (document_id, document_kind)) filter (where document_kind in ('sale', 'invoice')))::numeric, \
             count(*)::numeric, sum(quantity), sum(net), sum(tax), sum(cost) \
         from sales_line l join product p on p.tenant_id = l.tenant_id and p.id = l.product_id \
         left join category k on k.tenant_id = l.tenant_id and k.id = l.category_id \
         left join customer c on c.tenant_id = l.tenant_id and c.id = l.customer_id \
         where l.tenant_id = $1 and $2 <> ''{from}{to} group by 1"
    )
}

fn key_of(row: &Value, columns: &[&str]) -> String {
    columns.iter().map(|column| row[column].as_str().unwrap_or_default()).collect::<Vec<_>>().join("|")
}

fn figures_of(row: &Value) -> Figures {
    ["orders", "lines", "units", "net_revenue", "tax", "cost"].map(|column| {
        let text = row[column].as_str().map_or_else(|| row[column].to_string(), str::to_owned);
        text.parse().expect("a figure")
    })
}

#[test]
fn every_report_is_the_sum_of_the_lines_of_its_snapshot() {
    let (time_zone, _) = *ZONES.choose(&mut rand::rng()).expect("zones");
    println!("{time_zone}");
    environment().runtime.block_on(async {
        let postgres = Postgres::start_temporary().await.expect("PostgreSQL starts");
        let (tenant, node) = environment().tenant_on(&postgres, |_| {}).await;
        let (tenant, root, db) = (&tenant, superuser(&postgres).await, &node.app.db);
        let zone = sqlx::query("update tenant set time_zone = $2 where tenant_id = $1").bind(tenant.id.0);
        zone.bind(time_zone).execute(&root).await.expect("the zone is set");
        let tools = tenant.make("/v1/categories", json!({ "code": "tools", "name": "Tools" })).await;
        tenant.product_with("HAMMER", json!({ "list_price": "19.99", "category_id": tools })).await;
        tenant.product_with("SAW", json!({ "list_price": "7.77", "category_id": tools })).await;
        tenant.product_with("MUG", json!({ "list_price": "9.95" })).await;
        let line = |sku: &str| json!({ "sku": sku, "quantity": "100000", "unit_cost": "3.21" });
        let opening = json!({ "kind": "opening", "occurred_at": "2025-01-01T00:00:00Z",
            "lines": [line("HAMMER"), line("SAW"), line("MUG")] });
        tenant.post("/v1/stock/documents", &opening).await.created();
        let mut tills = vec![tenant.till().await];
        for _ in 1..SELLERS {
            tills.push(tenant.till_with(json!({})).await);
        }
        let customer = tenant.customer("Nordwind Supply").await;
        let trade = Trade {
            tenant,
            time_zone,
            customer,
            over: AtomicBool::new(false),
            sold: AtomicUsize::new(0),
            folded: AtomicUsize::new(0),
        };
        let trade = &trade;
        let readers = async {
            join_all((0..READERS).map(|_| trade.compare(db))).await;
            trade.over.store(true, Ordering::Relaxed);
        };
        let killer = async {
            while !trade.is_over() {
                sleep(KILL_EVERY).await;
                let end =
                    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'stockwell_app'";
                sqlx::query(end).execute(&root).await.expect("connections end");
            }
        };
        join4(
            join_all(tills.iter().map(|till| trade.sell(till))),
            join(trade.fold(db), trade.fold(db)),
            readers,
            killer,
        )
        .await;
        let (sold, folded) = (trade.sold.load(Ordering::Relaxed), trade.folded.load(Ordering::Relaxed));
        println!("{sold} sales, {folded} lines folded");
        assert!(sold > 0 && folded > 0, "sales and folds went through");
        rollup::run_all(db, tenant.id).await.expect("the rest is folded");
        tenant.check_books_in(&root).await;
    });
}
