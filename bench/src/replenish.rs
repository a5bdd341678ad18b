//! `bench replenish`: asks over HTTP for the first page of suggestions of 10,000 products at 4 locations, and for the report of all. The
//! demand is that of a year in both channels, and lead times are those of received purchase orders. The page is asked for before the
//! movements are packed and afterwards. Afterwards it has the gate.
//! The floor is hand-written SQL by a superuser, to whom row-level security does not apply, on the same cluster: the demand and the
//! change of stock by product, location and day, which any rule needs.

use std::time::{Duration, Instant};

use clap::Args;
use domain::id::TenantId;
use local::Postgres;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection, Executor, Row};
use serde_json::{Value, json};
use service::Db;
use service::stock::pack;
use service::tx::PoolOptions;
use uuid::Uuid;

use crate::Failure;
use crate::gate::{Limits, judge};
use crate::stand::{self, Shop, Stand, StandOptions};

/// Limit for a page of suggestions, and the aim.
const LIMITS: Limits = Limits { gate_ms: 2_000.0, aim_ms: 1_000.0 };

/// The page of suggestions, which has the gate, and the report of all rows.
const PAGE: &str = "/v1/replenishment/suggestions?limit=100";
const REPORT: &str = "/v1/reports/reorder?limit=50000";

/// Arguments of `bench replenish`.
#[derive(Debug, Args)]
pub struct ReplenishArgs {
    /// Number of movements within a year.
    #[arg(long, default_value_t = 1_200_000)]
    movements: i64,
    /// Number of wholesale orders within a year, of three lines each.
    #[arg(long, default_value_t = 40_000)]
    orders: i64,
    /// Number of received purchase orders within a year, of twenty lines each.
    #[arg(long, default_value_t = 2_000)]
    purchases: i64,
    /// Repetitions of each request: the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// A year of receipts of 7 units and sales of 3 at tills, of every product in the four locations, up to an hour ago.
const MOVEMENTS: &str = "
insert into stock_movement (
    tenant_id, product_id, location_id, lot_id, id, kind, quantity, value, unit_cost, document_kind, document_id,
    line_no, occurred_at, recorded_at, entry_mode, command_id)
select
    $1, p.ids[1 + (number * 7919) % cardinality(p.ids)], l.ids[1 + (number / 3) % cardinality(l.ids)],
    '00000000-0000-0000-0000-000000000000',
    (rpad(lpad(to_hex(floor(extract(epoch from happened) * 1000)::bigint), 12, '0'), 16, '7000')
        || substr(md5(number::text), 1, 16))::uuid,
    case when number % 3 = 0 then 'receipt' else 'sale' end, case when number % 3 = 0 then 7 else -3 end,
    case when number % 3 = 0 then 84.21 else -36.09 end, 12.03,
    case when number % 3 = 0 then 'receipt' else 'sale' end, gen_random_uuid(), 1, happened, happened, 'api',
    gen_random_uuid()
from (
    select number, now() - interval '1 hour' - interval '364 days' * (1 - number::numeric / $2) as happened
    from generate_series(1, $2) number
) as moved,
    (select array_agg(id order by id) as ids from product where tenant_id = $1) p,
    (select array_agg(id order by id) as ids from location where tenant_id = $1 and kind in ('warehouse', 'store')) l
order by number";

/// Wholesale orders of three products each in the order of time, all of them shipped and invoiced. One order in 40 is large.
const ORDERS: &str = "
with made as materialized (
    select
        number, happened, case when number % 40 = 0 then 200 else 1 + number % 6 end as quantity,
        (lpad(to_hex(floor(extract(epoch from happened) * 1000)::bigint), 12, '0') || '7001'
            || substr(md5('order ' || number), 1, 16))::uuid as id
    from (
        select number, now() - interval '1 hour' - interval '364 days' * (1 - number::numeric / $2) as happened
        from generate_series(1, $2) number
    ) moved
), placed as (
    insert into sales_order (
        tenant_id, id, number, customer_id, location_id, status, currency, country, net, tax, total, occurred_at, recorded_at,
        updated_at, command_id)
    select
        $1, id, 'SO-' || number, c.ids[1 + number % cardinality(c.ids)], l.ids[1 + number % cardinality(l.ids)], 'invoiced', 'EUR',
        'DE', 9 * quantity, 0, 9 * quantity, happened, happened, happened, gen_random_uuid()
    from made,
        (select array_agg(id order by id) as ids from customer where tenant_id = $1) c,
        (select array_agg(id order by id) as ids from location where tenant_id = $1 and kind in ('warehouse', 'store')) l
    order by number
)
insert into sales_order_line (
    tenant_id, order_id, line_no, product_id, uom, factor, entered, quantity, shipped, invoiced, unit_price, price_source, gross,
    discount, net, tax_rate, tax)
select
    $1, made.id, line_no, p.ids[1 + ((number * 3 + line_no) * 7919) % cardinality(p.ids)], 'C62', 1, quantity, quantity, quantity,
    quantity, 3, 'list', 3 * quantity, 0, 3 * quantity, 0, 0
from made cross join generate_series(1, 3) line_no,
    (select array_agg(id order by id) as ids from product where tenant_id = $1) p
order by number, line_no";

/// Purchase orders of twenty products each in the order of time. Their goods came 10 to 24 days after they were sent.
const PURCHASES: &str = "
with made as materialized (
    select
        number, sent_at, least(sent_at + interval '1 day' * (10 + number % 15), now() - interval '1 hour') as came_at,
        gen_random_uuid() as id, gen_random_uuid() as receipt_id
    from (
        select number, now() - interval '30 days' - interval '334 days' * (1 - number::numeric / $2) as sent_at
        from generate_series(1, $2) number
    ) sent
), place as (
    select (array_agg(id order by id))[1] as id from location where tenant_id = $1 and kind = 'warehouse'
), ordered as (
    insert into purchase_order (
        tenant_id, id, number, supplier_id, status, over_receipt_percent, value, sent_at, recorded_at, updated_at, version, command_id)
    select
        $1, made.id, 'PO-' || number, s.ids[1 + number % cardinality(s.ids)], 'received', 0, 960, sent_at, sent_at, came_at, 3,
        gen_random_uuid()
    from made, (select array_agg(id order by id) as ids from supplier where tenant_id = $1) s
), came as (
    insert into stock_document (tenant_id, id, number, kind, location_id, value, occurred_at, recorded_at, command_id)
    select $1, receipt_id, 'GR-' || number, 'receipt', place.id, 960, came_at, came_at, gen_random_uuid() from made, place
), line as (
    insert into purchase_order_line (
        tenant_id, purchase_order_id, line_no, product_id, location_id, uom, factor, factor_denominator, entered, unit_cost, value,
        quantity, received)
    select
        $1, made.id, line_no, p.ids[1 + ((number * 20 + line_no) * 7919) % cardinality(p.ids)], place.id, 'C62', 1, 1, 4, 12, 48, 4, 4
    from made cross join place cross join generate_series(1, 20) line_no,
        (select array_agg(id order by id) as ids from product where tenant_id = $1) p
)
insert into purchase_receipt_line (tenant_id, purchase_order_id, stock_document_id, line_no, quantity, value)
select $1, id, receipt_id, line_no, 4, 48 from made cross join generate_series(1, 20) line_no";

/// The stock of the shop is as large as a year of load needs. Here it would feed every other location.
const OPENINGS: &str =
    "update stock_movement set quantity = 5, value = 60 where tenant_id = $1 and quantity > 1000000";

const LEVELS: &str = "
insert into stock_level (tenant_id, location_id, product_id, lot_id, on_hand, value, forced, moved_at)
select tenant_id, location_id, product_id, lot_id, sum(quantity), sum(value), true, max(recorded_at)
from stock_movement where tenant_id = $1 group by 1, 2, 3, 4
on conflict (tenant_id, location_id, product_id, lot_id) do update
set on_hand = excluded.on_hand, value = excluded.value, forced = true";

const FLOOR: &str = "
select product_id, location_id, array_agg(day) as days, array_agg(change) as changes, array_agg(sold) as sold
from (
    select product_id, location_id, (occurred_at at time zone 'Europe/Berlin')::date as day, sum(quantity) as change,
        -sum(quantity) filter (where kind = 'sale') as sold
    from stock_movement where tenant_id = $1 and occurred_at >= now() - interval '371 days'
    group by 1, 2, 3
) as by_day
group by product_id, location_id";

/// Measures, prints the table and the gate, and checks that a suggestion has the stock of its level.
pub async fn run(args: &ReplenishArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions { workers: 2, connections: 4, rate_limits: false }).await?;
    let outcome = measure(&stand, args).await;
    stand.stop().await?;
    outcome
}

async fn measure(stand: &Stand, args: &ReplenishArgs) -> Result<(), Failure> {
    let mut root = PgConnection::connect(&stand.database_url(stand::DATABASE)).await?;
    root.execute("set jit = off; set work_mem = '64MB'").await?;
    let tenant_id: Uuid = sqlx::query_scalar("select tenant_id from tenant").fetch_one(&mut root).await?;
    for code in ["NORTH", "SOUTH"] {
        let store = json!({ "code": code, "name": code, "kind": "store" });
        stand.shop.ask("/v1/locations", &store).await?;
    }
    parties(&stand.shop).await?;
    let started = Instant::now();
    sqlx::query(ORDERS).bind(tenant_id).bind(args.orders).execute(&mut root).await?;
    sqlx::query(PURCHASES).bind(tenant_id).bind(args.purchases).execute(&mut root).await?;
    sqlx::query(OPENINGS).bind(tenant_id).execute(&mut root).await?;
    sqlx::query(MOVEMENTS).bind(tenant_id).bind(args.movements).execute(&mut root).await?;
    sqlx::query(LEVELS).bind(tenant_id).execute(&mut root).await?;
    stand.settle(stand::DATABASE)?;
    println!(
        "{} movements, {} orders and {} purchase orders made in {:.1} s",
        args.movements,
        args.orders,
        args.purchases,
        started.elapsed().as_secs_f64()
    );
    println!("{} products at 4 locations, median of {}\n", stand::PRODUCTS, args.rounds);
    let mut floor = Vec::new();
    for _ in 0..args.rounds.max(1) {
        let started = Instant::now();
        sqlx::query(FLOOR).bind(tenant_id).fetch_all(&mut root).await?;
        floor.push(started.elapsed());
    }
    let floor_ms = median_ms(&mut floor);
    let heading = || println!("{:<46} {:>9} {:>9} {:>7}", "request", "ours ms", "floor ms", "ratio");
    println!("without packs");
    heading();
    ask(stand, (PAGE, "data"), args.rounds, floor_ms).await?;
    let page = stand.shop.get(PAGE).await?;
    packs(&stand.postgres, TenantId(tenant_id)).await?;
    stand.settle(stand::DATABASE)?;
    println!("with packs");
    heading();
    let page_ms = ask(stand, (PAGE, "data"), args.rounds, floor_ms).await?;
    ask(stand, (REPORT, "rows"), args.rounds, floor_ms).await?;
    if stand.shop.get(PAGE).await?["data"] != page["data"] {
        return Err("the page has other figures with packs".into());
    }
    check(stand, &mut root, tenant_id).await?;
    judge("a page of suggestions", page_ms, LIMITS)
}

/// Packs the movements, as `stockwell checkpoint` does.
async fn packs(postgres: &Postgres, tenant_id: TenantId) -> Result<(), Failure> {
    let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
    let db = Db::connect(&postgres.url("stockwell_app", stand::DATABASE), &options).await?;
    let started = Instant::now();
    let packed: i64 = pack::run(&db, tenant_id).await?.iter().map(|quarter| quarter.movements).sum();
    println!("\n{packed} movements packed in {:.1} s\n", started.elapsed().as_secs_f64());
    if packed > 0 { Ok(()) } else { Err("no movements were packed".into()) }
}

/// Gives the shop customers and suppliers.
async fn parties(shop: &Shop) -> Result<(), Failure> {
    let customer =
        |number: i32| json!({ "kind": "wholesale", "name": format!("Customer {number}"), "country": "DE" });
    let supplier = |number: i32| json!({ "code": format!("S{number}"), "name": format!("Supplier {number}"), "lead_time_days": 14 });
    let customers: Vec<Value> = (1..=500).map(customer).collect();
    let suppliers: Vec<Value> = (1..=20).map(supplier).collect();
    for (path, items) in [("/v1/customers/batch", customers), ("/v1/suppliers/batch", suppliers)] {
        let made = shop.ask(path, &json!({ "items": items })).await?;
        if made["refused"] != 0 {
            return Err(format!("{path}: some were rejected: {}", made["results"][0]).into());
        }
    }
    Ok(())
}

/// Asks repeatedly, and prints a line. Returns the median. Fails if there are no rows.
async fn ask(
    stand: &Stand,
    (path, rows): (&str, &str),
    rounds: usize,
    floor_ms: f64,
) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for _ in 0..rounds.max(1) {
        let started = Instant::now();
        let answer: Value = stand.shop.get(path).await?;
        times.push(started.elapsed());
        if answer[rows].as_array().is_none_or(Vec::is_empty) {
            return Err(format!("{path}: no rows").into());
        }
    }
    let ours_ms = median_ms(&mut times);
    println!("{path:<46} {ours_ms:>9.1} {floor_ms:>9.1} {:>7.3}", ours_ms / floor_ms.max(0.001));
    Ok(ours_ms)
}

/// Checks that the first suggestion has the stock of its level.
async fn check(stand: &Stand, root: &mut PgConnection, tenant_id: Uuid) -> Result<(), Failure> {
    let answer = stand.shop.get(PAGE).await?;
    let first = &answer["data"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let query = sqlx::query(
        "select sum(s.on_hand - s.reserved) = ($4::text)::numeric from stock_level s \
         join product p on p.tenant_id = s.tenant_id and p.id = s.product_id \
         join location l on l.tenant_id = s.tenant_id and l.id = s.location_id \
         where s.tenant_id = $1 and p.sku = $2 and l.code = $3",
    );
    let query = query.bind(tenant_id).bind(text(&first["sku"])).bind(text(&first["location_code"]));
    let same = query.bind(text(&first["position"]["available"])).fetch_one(&mut *root).await?;
    if same.try_get::<Option<bool>, _>(0)? == Some(true) {
        return Ok(());
    }
    Err(format!("{} at {} has another level", first["sku"], first["location_code"]).into())
}

fn median_ms(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
