//! `bench reports`: reports over HTTP on millions of sales lines, with roll-ups and without, in one run. Both must have the
//! same figures. Then sales beside the worker's folds, reports beside sales, and DuckDB over the same lines.

mod beside_sales;
mod duckdb;

use std::time::{Duration, Instant};

use chrono::{Datelike, Days, Months, NaiveDate};
use clap::Args;
use domain::id::TenantId;
use reqwest::Client;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use service::tx::PoolOptions;
use service::{Db, rollup};
use uuid::Uuid;

use crate::Failure;
use crate::stand::{self, Shop, Stand, StandOptions};

/// Requests, and the median in milliseconds that each may take.
const REQUESTS: [(&str, Option<f64>); 17] = [
    ("revenue?group_by=month,channel", Some(20.0)),
    ("channel_summary", Some(20.0)),
    ("margin?group_by=day,channel&from=:quarter&to=:next_quarter", Some(20.0)),
    ("revenue?group_by=month,location,country", Some(20.0)),
    ("revenue?group_by=hour&from=:week&to=:next_week", Some(20.0)),
    ("revenue?group_by=month,channel&tz=Asia/Kathmandu", None),
    ("product_performance?limit=100", Some(150.0)),
    ("product_performance?limit=100&from=:quarter&to=:next_quarter", Some(150.0)),
    ("abc?limit=100", Some(150.0)),
    ("customer_value?limit=100", Some(150.0)),
    ("margin?group_by=category,month", None),
    ("product_performance?limit=100&from=:cut", None),
    ("revenue?group_by=product,customer&limit=100&from=:quarter&to=:next_quarter", None),
    ("channel_summary?trade=true", None),
    ("best_customers?limit=100", Some(150.0)),
    ("weak_margins?limit=100&from=:quarter&to=:next_quarter", None),
    ("revenue?group_by=month,channel&from=:quarter&to=:next_quarter&compare=previous_period", None),
];

/// Arguments of `bench reports`.
#[derive(Debug, Args)]
pub struct ReportsArgs {
    /// Sales lines of the tenant.
    #[arg(long, default_value_t = 10_000_000)]
    lines: i64,
    /// Sales lines that are not folded while the reports are measured.
    #[arg(long, default_value_t = 1_000)]
    tail: i64,
    /// Repetitions of each request.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Seconds of each run of sales.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// A Python that may have the package `duckdb`.
    #[arg(long, default_value = "python3")]
    python: String,
}

/// Documents of three lines in the order of time, within the opening hours of some days up to today. Three of 10 are invoices
/// of the first location, the others are sales of the other three. One document in 50 is a return.
const LINES: &str = "
insert into sales_line (
    tenant_id, document_id, line_no, document_kind, channel, location_id, customer_id, country, currency, product_id,
    category_id, uom, factor, entered, quantity, unit_price, price_source, gross, discount, net, tax_rate, tax, cost,
    occurred_at, recorded_at)
select
    $1, document_id, line_no,
    case when document % 10 < 3 then case when document % 50 = 0 then 'credit_note' else 'invoice' end
        else case when document % 50 = 25 then 'refund' else 'sale' end end,
    case when document % 10 < 3 then 'wholesale' else 'retail' end,
    l.ids[1 + case when document % 10 < 3 then 0 else 1 + document % (cardinality(l.ids) - 1) end],
    case when document % 10 < 3 or document % 10 = 7 then c.ids[1 + (document * 7907) % cardinality(c.ids)] end,
    (array['DE', 'AT', 'CH', 'FR'])[1 + case when document % 10 < 3 then document % 4 else 0 end], 'EUR',
    p.ids[1 + product], k.ids[1 + product % cardinality(k.ids)],
    'piece', 1, signed * 2, signed * 2, 20, 'list', signed * 40, signed, signed * 39, 0.19, signed * 7.41, signed * 24, at, at
from (
    select document, line_no, ids.document_id, (document * 3 + line_no) * 7919 % $4 as product,
        case when document % 50 in (0, 25) then -1 else 1 end as signed,
        date_trunc('day', at) + interval '8 hours' + (at - date_trunc('day', at)) * 10 / 24 as at
    from generate_series($3::bigint, $3::bigint + $2 / 3 - 1) document
    cross join lateral (
        select now() - interval '1 day' * $5 * (1 - (document - $3)::numeric / greatest($2 / 3, 1)) as at,
            (lpad(to_hex(document + 1), 12, '0') || '7000' || substr(md5(document::text), 1, 16))::uuid as document_id
    ) ids
    cross join generate_series(1, 3) line_no
) as happened,
    (select array_agg(id order by id) as ids from product where tenant_id = $1) p,
    (select array_agg(id order by id) as ids from category where tenant_id = $1) k,
    (select array_agg(id order by id) as ids from customer where tenant_id = $1) c,
    (select array_agg(id order by id) as ids from location where tenant_id = $1 and kind <> 'transit') l
order by document, line_no";

/// Measures, prints the table and the gates.
pub async fn run(args: &ReportsArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions { workers: 2, connections: 8, rate_limits: false }).await?;
    let outcome = measure(&stand, args).await;
    stand.stop().await?;
    outcome
}

async fn measure(stand: &Stand, args: &ReportsArgs) -> Result<(), Failure> {
    let mut root = PgConnection::connect(&stand.database_url(stand::DATABASE)).await?;
    let tenant_id: Uuid =
        sqlx::query_scalar("select tenant_id from tenant where slug = 'bench'").fetch_one(&mut root).await?;
    records(&stand.shop).await?;
    let started = Instant::now();
    add(&mut root, tenant_id, (args.lines, 0), 730).await?;
    stand.settle(stand::DATABASE)?;
    println!("{} sales lines made in {:.1} s", args.lines, started.elapsed().as_secs_f64());
    let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
    let db = Db::connect(&stand.postgres.url("stockwell_app", stand::DATABASE), &options).await?;
    let started = Instant::now();
    let built = rollup::run_all(&db, TenantId(tenant_id)).await?;
    println!("roll-ups of {built} lines built in {:.1} s", started.elapsed().as_secs_f64());
    add(&mut root, tenant_id, (30_000, args.lines), 1).await?;
    let started = Instant::now();
    let folded = rollup::run_all(&db, TenantId(tenant_id)).await?;
    let each_us = started.elapsed().as_secs_f64() * 1e6 / f64::from(i32::try_from(folded.max(1))?);
    println!("{folded} more lines folded, {each_us:.1} µs a line");
    stand.settle(stand::DATABASE)?;
    add(&mut root, tenant_id, (args.tail, args.lines + 30_000), 1).await?;
    for table in rollup::TABLES {
        let table = table.name();
        let count = format!("select count(*), pg_total_relation_size('{table}') / 1000000 from {table}");
        let row = sqlx::query_as::<_, (i64, i64)>(sqlx::AssertSqlSafe(count)).fetch_one(&mut root).await?;
        println!("{table}: {} rows, {} MB", row.0, row.1);
    }
    let medians_ms = table(stand, &mut root, (tenant_id, args.rounds)).await?;
    duckdb::measure(stand, args, tenant_id, &medians_ms)?;
    beside_sales::measure(stand, &mut root, &db, (tenant_id, args.seconds)).await?;
    let gates = REQUESTS.iter().zip(medians_ms);
    let missed =
        gates.filter(|((_, gate_ms), median_ms)| gate_ms.is_some_and(|gate_ms| *median_ms > gate_ms));
    if missed.count() == 0 { Ok(()) } else { Err("a gate was missed".into()) }
}

/// Gives the shop categories and customers.
async fn records(shop: &Shop) -> Result<(), Failure> {
    for number in 1..=50 {
        shop.ask(
            "/v1/categories",
            &json!({ "code": format!("K{number}"), "name": format!("Category {number}") }),
        )
        .await?;
    }
    let customer =
        |number: i32| json!({ "kind": "wholesale", "name": format!("Customer {number}"), "country": "DE" });
    for part in 0..10 {
        let items: Vec<Value> = (0..500).map(|number| customer(part * 500 + number)).collect();
        let made = shop.ask("/v1/customers/batch", &json!({ "items": items })).await?;
        if made["refused"] != 0 {
            return Err(format!("customers were rejected: {}", made["results"][0]).into());
        }
    }
    for number in 3..=4 {
        let location =
            json!({ "code": format!("L{number}"), "name": format!("Shop {number}"), "kind": "store" });
        shop.ask("/v1/locations", &location).await?;
    }
    Ok(())
}

/// Adds lines of the last days, after `before` others.
async fn add(
    root: &mut PgConnection,
    tenant_id: Uuid,
    (lines, before): (i64, i64),
    days: i32,
) -> Result<(), Failure> {
    let query = sqlx::query(LINES).bind(tenant_id).bind(lines).bind(before);
    let query = query.bind(i64::try_from(stand::PRODUCTS)?).bind(days);
    query.execute(root).await?;
    Ok(())
}

/// Prints a line for each request, and returns the medians. Fails if a figure differs.
async fn table(
    stand: &Stand,
    root: &mut PgConnection,
    (tenant_id, rounds): (Uuid, usize),
) -> Result<Vec<f64>, Failure> {
    let http = Client::builder().no_proxy().build()?;
    let hide =
        "update sales_rollup set generation = null, layout = null, time_zone = null where tenant_id = $1";
    let show = "update sales_rollup set generation = 1, layout = $2, time_zone = 'Europe/Berlin' where tenant_id = $1";
    println!(
        "\n{:<68}{:>10}{:>10}{:>12}{:>8}  gate ms",
        "report", "median ms", "p99 ms", "lines ms", "÷ lines"
    );
    let today = today(root).await?;
    let mut medians_ms = Vec::with_capacity(REQUESTS.len());
    for (request, gate_ms) in REQUESTS {
        let request = dated(request, today);
        let url = stand.shop.url(&format!("/v1/reports/{request}"));
        let (mut times, mut with) = (Vec::new(), Value::Null);
        for _ in 0..rounds {
            let started = Instant::now();
            with = ask(&http, &stand.shop, &url).await?;
            times.push(started.elapsed());
        }
        sqlx::query(hide).bind(tenant_id).execute(&mut *root).await?;
        let started = Instant::now();
        let without = ask(&http, &stand.shop, &url).await?;
        let lines_ms = started.elapsed().as_secs_f64() * 1e3;
        sqlx::query(show).bind(tenant_id).bind(rollup::LAYOUT).execute(&mut *root).await?;
        if (&with["rows"], &with["totals"]) != (&without["rows"], &without["totals"]) {
            return Err(format!("{request}: the figures differ").into());
        }
        let (median_ms, p99_ms) = (percentile_ms(&mut times, 50), percentile_ms(&mut times, 99));
        let passed = gate_ms.is_none_or(|gate_ms| median_ms <= gate_ms);
        medians_ms.push(median_ms);
        println!(
            "{request:<68}{median_ms:>10.1}{p99_ms:>10.1}{lines_ms:>12.1}{:>8.3}  {}",
            median_ms / lines_ms,
            gate_ms.map_or_else(String::new, |gate| format!(
                "{gate} {}",
                if passed { "passed" } else { "MISSED" }
            ))
        );
    }
    Ok(medians_ms)
}

async fn today(root: &mut PgConnection) -> Result<NaiveDate, Failure> {
    Ok(sqlx::query_scalar("select current_date").fetch_one(root).await?)
}

/// Puts days into a request: whole ones of the last year, and one within a month.
fn dated(request: &str, today: NaiveDate) -> String {
    let quarter = today.with_day(1).unwrap_or(today) - Months::new(6);
    let cut = quarter + Days::new(9);
    request
        .replace(":next_quarter", &(quarter + Months::new(3)).to_string())
        .replace(":quarter", &quarter.to_string())
        .replace(":next_week", &(cut + Days::new(7)).to_string())
        .replace(":week", &cut.to_string())
        .replace(":cut", &cut.to_string())
}

async fn ask(http: &Client, shop: &Shop, url: &str) -> Result<Value, Failure> {
    let response = http.get(url).bearer_auth(&shop.key).send().await?;
    if !response.status().is_success() {
        return Err(format!("{url}: {}", response.text().await?).into());
    }
    Ok(response.json().await?)
}

fn percentile_ms(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
