//! `bench valuation`: asks over HTTP for the stock of a past instant, over millions of movements. The floor is a
//! hand-written sum over all of them by a superuser, to whom row-level security does not apply, on the same cluster.

use std::time::{Duration, Instant};

use clap::Args;
use domain::id::TenantId;
use local::Postgres;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use serde_json::Value;
use service::Db;
use service::stock::checkpoint;
use service::tx::PoolOptions;

use crate::Failure;
use crate::gate::{Limits, judge};
use crate::stand::{self, Stand, StandOptions};

/// Limits for a valuation of a past instant: the gate of a release, and the aim.
const LIMITS: Limits = Limits { gate_ms: 1_000.0, aim_ms: 100.0 };

/// Arguments of `bench valuation`.
#[derive(Debug, Args)]
pub struct ValuationArgs {
    /// Number of movements.
    #[arg(long, default_value_t = 3_000_000)]
    movements: i64,
    /// Repetitions of each valuation: the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// A year of movements of every product in two locations, in the order in which they were recorded. The last is two
/// hours old; one in a hundred is up to thirty days late. Receipts have 7 units and sales 3. Levels follow from them.
const MOVEMENTS: &str = "
with moved as (
    select
        number, happened,
        case when number % 100 = 0 then least(happened + random() * interval '30 days', now() - interval '2 hours')
            else happened end as recorded
    from (
        select number, now() - interval '2 hours' - interval '365 days' * (1 - number::numeric / $2) as happened
        from generate_series(1, $2) number
    ) as happening
)
insert into stock_movement (
    tenant_id, product_id, location_id, lot_id, id, kind, quantity, value, unit_cost, document_kind, document_id,
    line_no, occurred_at, recorded_at, entry_mode, command_id)
select
    $1, p.ids[1 + (number * 7919) % cardinality(p.ids)], l.ids[1 + (number / 3) % cardinality(l.ids)],
    '00000000-0000-0000-0000-000000000000',
    (rpad(lpad(to_hex(floor(extract(epoch from recorded) * 1000)::bigint), 12, '0'), 16, '7000')
        || substr(md5(number::text), 1, 16))::uuid,
    case when number % 3 = 0 then 'receipt' else 'sale' end, case when number % 3 = 0 then 7 else -3 end,
    case when number % 3 = 0 then 84.21 else -36.09 end, 12.03,
    case when number % 3 = 0 then 'receipt' else 'sale' end, gen_random_uuid(), 1, happened, recorded, 'api',
    gen_random_uuid()
from moved,
    (select array_agg(id order by id) as ids from product where tenant_id = $1) p,
    (select array_agg(id order by id) as ids from location where tenant_id = $1 and code in ('MAIN', 'SHOP')) l
order by recorded";

const LEVELS: &str = "
insert into stock_level (tenant_id, location_id, product_id, lot_id, on_hand, value, forced, moved_at)
select tenant_id, location_id, product_id, lot_id, sum(quantity), sum(value), true, max(recorded_at)
from stock_movement where tenant_id = $1 group by 1, 2, 3, 4
on conflict (tenant_id, location_id, product_id, lot_id) do update
set on_hand = excluded.on_hand, value = excluded.value, forced = true";

/// The floor: by product and location, and in one sum.
const FLOOR: &str = "select product_id, location_id, sum(quantity), sum(value) from stock_movement \
     where tenant_id = $1 and occurred_at <= $2::timestamptz group by product_id, location_id";
const FLOOR_IN_ONE: &str = "select sum(quantity), sum(value) from stock_movement \
     where tenant_id = $1 and occurred_at <= $2::timestamptz";

/// Measures, prints the table and the gate, and checks that both sides agree. Fails if the gate was missed.
pub async fn run(args: &ValuationArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions { workers: 2, connections: 4, rate_limits: false }).await?;
    let outcome = measure(&stand, args).await;
    stand.stop().await?;
    outcome
}

async fn measure(stand: &Stand, args: &ValuationArgs) -> Result<(), Failure> {
    let mut root = PgConnection::connect(&stand.database_url(stand::DATABASE)).await?;
    root.execute("set jit = off; set work_mem = '64MB'").await?;
    let tenant_id: uuid::Uuid =
        sqlx::query("select tenant_id from tenant").fetch_one(&mut root).await?.try_get(0)?;
    let started = Instant::now();
    sqlx::query(MOVEMENTS).bind(tenant_id).bind(args.movements).execute(&mut root).await?;
    sqlx::query(LEVELS).bind(tenant_id).execute(&mut root).await?;
    stand.settle(stand::DATABASE)?;
    println!("{} movements made in {:.1} s", args.movements, started.elapsed().as_secs_f64());
    let moments = root.fetch_all(
        "select to_char((now() - interval '1 day' * days) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
         from unnest(array[1, 47, 180, 333]) as days",
    );
    let moments: Vec<String> = moments.await?.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    println!("\nwithout checkpoints");
    table(stand, &mut root, tenant_id, (&moments, args.rounds)).await?;
    checkpoints(&stand.postgres, TenantId(tenant_id)).await?;
    stand.settle(stand::DATABASE)?;
    println!("\nwith checkpoints");
    let slowest_ms = table(stand, &mut root, tenant_id, (&moments, args.rounds)).await?;
    judge("the slowest sum of a past instant", slowest_ms, LIMITS)
}

/// Makes the checkpoints, as `stockwell checkpoint` does.
async fn checkpoints(postgres: &Postgres, tenant_id: TenantId) -> Result<(), Failure> {
    let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
    let db = Db::connect(&postgres.url("stockwell_app", stand::DATABASE), &options).await?;
    let started = Instant::now();
    let run = checkpoint::run(&db, tenant_id).await?.ok_or("no checkpoint was due")?;
    println!("\n{} checkpoints made in {:.1} s", run.made.len(), started.elapsed().as_secs_f64());
    Ok(())
}

/// Prints a line for each instant. Returns the slowest of our times for one sum.
async fn table(
    stand: &Stand,
    root: &mut PgConnection,
    tenant_id: uuid::Uuid,
    (moments, rounds): (&[String], usize),
) -> Result<f64, Failure> {
    println!("{:<22} {:<18} {:>9} {:>9} {:>7}", "as of", "grouped by", "ours ms", "floor ms", "ratio");
    let mut slowest_ms: f64 = 0.0;
    for moment in moments {
        for (group_by, floor) in [("none", FLOOR_IN_ONE), ("product,location", FLOOR)] {
            let path = format!("/v1/reports/stock_valuation?as_of={moment}&group_by={group_by}&limit=50000");
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            let mut value = String::new();
            for _ in 0..rounds {
                let started = Instant::now();
                let answer: Value = stand.shop.get(&path).await?;
                ours.push(started.elapsed());
                value = answer["totals"][0]["value"].as_str().unwrap_or_default().to_owned();
                let started = Instant::now();
                let query = sqlx::query(AssertSqlSafe(floor)).bind(tenant_id).bind(moment);
                query.fetch_all(&mut *root).await?;
                theirs.push(started.elapsed());
            }
            let query = sqlx::query(
                "select ($3::text)::numeric = sum(value) from stock_movement \
                 where tenant_id = $1 and occurred_at <= $2::timestamptz",
            );
            let same = query.bind(tenant_id).bind(moment).bind(&value).fetch_one(&mut *root).await?;
            if !same.try_get::<bool, _>(0)? {
                return Err(format!("{path}: {value} is not the sum of the movements").into());
            }
            let (ours_ms, floor_ms) = (median_ms(&mut ours), median_ms(&mut theirs));
            println!(
                "{moment:<22} {group_by:<18} {ours_ms:>9.1} {floor_ms:>9.1} {:>7.3}",
                ours_ms / floor_ms.max(0.001)
            );
            if group_by == "none" {
                slowest_ms = slowest_ms.max(ours_ms);
            }
        }
    }
    Ok(slowest_ms)
}

fn median_ms(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
