//! `bench statements`: statements of the books over HTTP on millions of journal lines, with the roll-up of the journal and without, in
//! one run. Both must have the same figures.

use std::time::{Duration, Instant};

use chrono::{Datelike, Months, NaiveDate};
use clap::Args;
use domain::id::TenantId;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use service::tx::PoolOptions;
use service::{Db, rollup};
use uuid::Uuid;

use crate::Failure;
use crate::gate::{Limits, judge};
use crate::stand::{self, Stand, StandOptions};

/// Limits for a statement: the gate of a release, and the aim.
const LIMITS: Limits = Limits { gate_ms: 1_000.0, aim_ms: 100.0 };

/// Requests, and whether each has the gate.
const REQUESTS: [(&str, bool); 11] = [
    ("reports/trial_balance", true),
    ("reports/trial_balance?from=:month&to=:next_month&compare=previous_year", true),
    ("reports/profit_and_loss?group_by=month,channel", true),
    ("reports/profit_and_loss?from=:month&to=:next_month&compare=previous_period", true),
    ("reports/profit_and_loss?from=:year&to=:next_month&group_by=none", true),
    ("reports/balance_sheet", true),
    ("reports/balance_sheet?as_of=:month&compare=previous_year", true),
    ("trial-balance?from=:month&to=:next_month", true),
    ("reports/tie_out", false),
    ("reports/general_ledger?from=:month&to=:next_month&account=1100&limit=1000", false),
    ("close/:period", false),
];

/// Journal lines that are not folded while the statements are measured.
const TAIL: i64 = 1_000;
/// Lines of an entry.
const LINES_EACH: i64 = 5;
/// Days of trade.
const DAYS: i32 = 730;

/// Arguments of `bench statements`.
#[derive(Debug, Args)]
pub struct StatementsArgs {
    /// Journal lines of the tenant.
    #[arg(long, default_value_t = 5_000_000)]
    lines: i64,
    /// Repetitions of each request: the median counts.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
}

/// Entries of five lines in the order of time, up to today. Three of 10 are invoices, the others are sales at tills: money or a
/// receivable, revenue, tax, cost of goods and the goods.
const ENTRIES: &str = "
with made as materialized (
    select
        number, id, gen_random_uuid() as document_id, number % 10 < 3 as is_wholesale, at, at::date as on_day,
        (1 + number % 7)::numeric as times
    from generate_series($3::bigint, $3::bigint + $2 - 1) number
    cross join lateral (
        select
            now() - interval '1 day' * $4 * (1 - (number - $3)::numeric / greatest($2, 1)) as at,
            (lpad(to_hex(number + 1), 12, '0') || '7000' || substr(md5(number::text), 1, 16))::uuid as id
    ) happened
), entry as (
    insert into journal_entry (
        tenant_id, id, document_kind, document_id, debit_total, credit_total, occurred_on, posted_on, recorded_at, command_id)
    select
        $1, id, case when is_wholesale then 'invoice' else 'sale' end, document_id, times * 70.41, times * 70.41, on_day, on_day,
        at, gen_random_uuid()
    from made order by number
)
insert into journal_line (tenant_id, entry_id, line_no, account_code, debit, credit, currency, channel, posted_on)
select
    $1, made.id, side.line_no, case when is_wholesale then side.wholesale else side.retail end,
    times * side.debit, times * side.credit, 'EUR',
    case when not side.has_channel then null when is_wholesale then 'wholesale' else 'retail' end, on_day
from made
cross join (values
    (1, '1100', '1000', 46.41, 0, false),
    (2, '4000', '4010', 0, 39.00, true),
    (3, '2200', '2200', 0, 7.41, true),
    (4, '5000', '5010', 24.00, 0, true),
    (5, '1300', '1200', 0, 24.00, false)
) side (line_no, wholesale, retail, debit, credit, has_channel)
order by made.number, side.line_no";

/// Measures, prints the table and the gate.
pub async fn run(args: &StatementsArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions { workers: 2, connections: 4, rate_limits: false }).await?;
    let outcome = measure(&stand, args).await;
    stand.stop().await?;
    outcome
}

async fn measure(stand: &Stand, args: &StatementsArgs) -> Result<(), Failure> {
    let mut root = PgConnection::connect(&stand.database_url(stand::DATABASE)).await?;
    let tenant_id: Uuid = sqlx::query_scalar("select tenant_id from tenant").fetch_one(&mut root).await?;
    let started = Instant::now();
    add(&mut root, tenant_id, (args.lines, 0), DAYS).await?;
    stand.settle(stand::DATABASE)?;
    println!("{} journal lines made in {:.1} s", args.lines, started.elapsed().as_secs_f64());
    let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
    let db = Db::connect(&stand.postgres.url("stockwell_app", stand::DATABASE), &options).await?;
    let started = Instant::now();
    rollup::run_all(&db, TenantId(tenant_id)).await?;
    println!("the roll-up of the journal built in {:.1} s", started.elapsed().as_secs_f64());
    stand.settle(stand::DATABASE)?;
    add(&mut root, tenant_id, (TAIL, args.lines), 1).await?;
    let sums: i64 = sqlx::query_scalar("select count(*) from ledger_sum_by_day where tenant_id = $1")
        .bind(tenant_id)
        .fetch_one(&mut root)
        .await?;
    println!("{sums} sums by day, account and channel; {TAIL} lines are not folded");
    let slowest_ms = table(stand, &mut root, (tenant_id, args.rounds)).await?;
    judge("the slowest statement with a gate", slowest_ms, LIMITS)
}

/// Adds lines of the last days, after `before` others.
async fn add(
    root: &mut PgConnection,
    tenant_id: Uuid,
    (lines, before): (i64, i64),
    days: i32,
) -> Result<(), Failure> {
    let query = sqlx::query(ENTRIES).bind(tenant_id).bind(lines / LINES_EACH).bind(before / LINES_EACH);
    query.bind(days).execute(root).await?;
    Ok(())
}

/// Prints a line for each request. Returns the slowest median of those with the gate. Fails if a figure differs.
async fn table(
    stand: &Stand,
    root: &mut PgConnection,
    (tenant_id, rounds): (Uuid, usize),
) -> Result<f64, Failure> {
    let position: Option<i64> = sqlx::query_scalar("select position from ledger_rollup where tenant_id = $1")
        .bind(tenant_id)
        .fetch_one(&mut *root)
        .await?;
    let position = position.ok_or("the roll-up of the journal is not complete")?;
    let today: NaiveDate = sqlx::query_scalar("select current_date").fetch_one(&mut *root).await?;
    println!("\n{:<84}{:>10}{:>12}{:>9}  gate", "request", "median ms", "lines ms", "÷ lines");
    let mut slowest_ms: f64 = 0.0;
    for (request, has_gate) in REQUESTS {
        let path = format!("/v1/{}", dated(request, today));
        let (mut times, mut with) = (Vec::new(), Value::Null);
        for _ in 0..rounds.max(1) {
            let started = Instant::now();
            with = stand.shop.get(&path).await?;
            times.push(started.elapsed());
        }
        show(root, (tenant_id, None)).await?;
        let started = Instant::now();
        let without = stand.shop.get(&path).await?;
        let lines_ms = started.elapsed().as_secs_f64() * 1e3;
        show(root, (tenant_id, Some(position))).await?;
        check(&path, (&with, &without))?;
        let median_ms = median_ms(&mut times);
        if has_gate {
            slowest_ms = slowest_ms.max(median_ms);
        }
        let gate = match (has_gate, median_ms <= LIMITS.gate_ms) {
            (false, _) => "none",
            (true, true) => "passed",
            (true, false) => "MISSED",
        };
        println!(
            "{path:<84}{median_ms:>10.1}{lines_ms:>12.1}{:>9.3}  {gate}",
            median_ms / lines_ms.max(0.001)
        );
    }
    Ok(slowest_ms)
}

/// States below which position the sums count: nothing makes the statements read all lines.
async fn show(root: &mut PgConnection, (tenant_id, position): (Uuid, Option<i64>)) -> Result<(), Failure> {
    let statement = "update ledger_rollup set position = $2 where tenant_id = $1";
    sqlx::query(statement).bind(tenant_id).bind(position).execute(root).await?;
    Ok(())
}

/// Fails if the figures with the roll-up and without differ, or if a trial balance or a balance sheet does not balance.
fn check(path: &str, (with, without): (&Value, &Value)) -> Result<(), Failure> {
    for part in ["rows", "totals", "accounts", "items"] {
        if with[part] != without[part] {
            return Err(format!("{path}: the figures differ").into());
        }
    }
    let balance = match path {
        path if path.starts_with("/v1/reports/trial_balance") => &with["totals"][0]["closing"],
        path if path.starts_with("/v1/reports/balance_sheet") => &with["totals"][0]["balance"],
        _ => return Ok(()),
    };
    if *balance == json!("0.00") { Ok(()) } else { Err(format!("{path}: the total is {balance}").into()) }
}

/// Puts days into a request: a whole month, and the first day of its year.
fn dated(request: &str, today: NaiveDate) -> String {
    let month = today.with_day(1).unwrap_or(today) - Months::new(3);
    let year = month.with_month(1).unwrap_or(month);
    request
        .replace(":period", &month.format("%Y-%m").to_string())
        .replace(":next_month", &(month + Months::new(1)).to_string())
        .replace(":month", &month.to_string())
        .replace(":year", &year.to_string())
}

fn median_ms(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
