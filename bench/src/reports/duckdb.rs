//! DuckDB over the same lines, through its Python package: a database for analysis on the same machine, with two threads. Its
//! days begin an hour before those of UTC in the whole year, so the sums of its days differ a little from ours.

use std::path::PathBuf;
use std::process::Command;

use uuid::Uuid;

use super::{REQUESTS, ReportsArgs, word};
use crate::Failure;
use crate::stand::{self, Stand};

/// Columns that the reports need.
const COLUMNS: &str = "document_id, document_kind, line_no, channel, location_id, customer_id, country, currency, product_id, \
                       category_id, quantity, gross, net, tax, cost, occurred_at";
/// A report of a quarter may take so many times the time of DuckDB.
const QUARTER_GATE: f64 = 5.0;
/// The same reports in SQL: the number of the request, and the statement. Those of a quarter have a gate.
const STATEMENTS: [(usize, &str); 9] = [
    (
        0,
        "select date_trunc('month', day) as month, channel, currency, SUMS from line group by all order by all",
    ),
    (1, "select channel, currency, SUMS from line group by all order by all"),
    (
        6,
        "select product_id, currency, sum(quantity), sum(net), sum(cost), BY_CHANNEL from line \
         group by all order by sum(net) desc limit 100",
    ),
    (2, "select day, channel, currency, SUMS from line where QUARTER group by all order by all"),
    (
        7,
        "select product_id, currency, sum(quantity), sum(net), sum(cost), BY_CHANNEL from line where QUARTER \
         group by all order by sum(net) desc limit 100",
    ),
    (
        12,
        "select product_id, customer_id, currency, DISTINCT_SUMS from line where QUARTER \
         group by all order by sum(net) desc limit 100",
    ),
    (
        17,
        "select country, date_trunc('month', day) as month, currency, SUMS from line \
         where QUARTER and channel = 'wholesale' group by all order by all",
    ),
    (
        18,
        "select category_id, currency, DISTINCT_SUMS from line where QUARTER and country in ('DE', 'AT') \
         group by all order by sum(net) desc",
    ),
    (
        19,
        "select product_id, currency, DISTINCT_SUMS from line where QUARTER and channel = 'retail' \
         group by all order by sum(net) desc limit 100",
    ),
];
const QUARTER: &str = "day >= date_trunc('month', current_date) - interval 6 month \
     and day < date_trunc('month', current_date) - interval 3 month";
const SUMS: &str = "sum((line_no = 1 and document_kind in ('sale', 'invoice'))::int), count(*), sum(quantity), sum(gross), \
     sum(net), sum(tax), sum(cost)";
/// A group has some lines of an order only, so its orders must be counted by their ids.
const DISTINCT_SUMS: &str = "count(distinct document_id) filter (document_kind in ('sale', 'invoice')), count(*), sum(quantity), \
     sum(gross), sum(net), sum(tax), sum(cost)";
const BY_CHANNEL: &str = "sum(net) filter (channel = 'wholesale'), sum(cost) filter (channel = 'wholesale'), \
     sum(net) filter (channel = 'retail'), sum(cost) filter (channel = 'retail')";
/// Reads the lines, then prints the median of each statement in milliseconds. Its exit code is 3 if the package is missing.
const PROGRAM: &str = "
import sys, time
try:
    import duckdb
except ImportError:
    sys.exit(3)
path, rounds, statements = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
db = duckdb.connect()
db.execute('set threads = 2')
db.execute('set enable_progress_bar = false')
db.execute(\"set TimeZone = 'UTC'\")
db.execute(\"\"\"create table line as select *, (occurred_at + interval 1 hour)::date as day from read_csv(?, header = true,
    types = {'quantity': 'decimal(18,6)', 'gross': 'decimal(18,4)', 'net': 'decimal(18,4)', 'tax': 'decimal(18,4)',
        'cost': 'decimal(18,4)', 'document_id': 'uuid', 'location_id': 'uuid', 'customer_id': 'uuid', 'product_id': 'uuid',
        'category_id': 'uuid', 'occurred_at': 'timestamp', 'line_no': 'integer'})\"\"\", [path])
for statement in statements:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        db.execute(statement).fetchall()
        times.append(time.perf_counter() - started)
    print(1000 * sorted(times)[len(times) // 2])
";

/// Prints the median of each report beside that of ours, and returns whether all gates were passed. Says so if the package is
/// missing, and measures nothing.
pub fn measure(
    stand: &Stand,
    args: &ReportsArgs,
    tenant_id: Uuid,
    medians_ms: &[f64],
) -> Result<bool, Failure> {
    let has_package = Command::new(&args.python).args(["-c", "import duckdb"]).output();
    if !has_package.is_ok_and(|output| output.status.success()) {
        println!(
            "\nDuckDB: not measured. {} has no package duckdb: name one that has it with --python",
            args.python
        );
        return Ok(true);
    }
    let path = copy_lines(stand, tenant_id)?;
    let statements = STATEMENTS.map(|(_, statement)| {
        let statement = statement.replace("QUARTER", QUARTER).replace("BY_CHANNEL", BY_CHANNEL);
        statement.replace("DISTINCT_SUMS", DISTINCT_SUMS).replace("SUMS", SUMS)
    });
    let measured = Command::new(&args.python)
        .args(["-c", PROGRAM])
        .arg(&path)
        .arg(args.rounds.to_string())
        .args(&statements)
        .output()?;
    if !measured.status.success() {
        return Err(format!("DuckDB: {}", String::from_utf8_lossy(&measured.stderr)).into());
    }
    std::fs::remove_file(&path)?;
    print(&String::from_utf8(measured.stdout)?, medians_ms)
}

/// Prints a line for each statement. Returns whether all gates were passed.
fn print(times_ms: &str, medians_ms: &[f64]) -> Result<bool, Failure> {
    println!("\n{:<84}{:>10}{:>10}{:>10}  gate", "report", "ours ms", "DuckDB ms", "ours ÷ it");
    let mut all_passed = true;
    for ((request, statement), time_ms) in STATEMENTS.iter().zip(times_ms.lines()) {
        let time_ms: f64 = time_ms.trim().parse()?;
        let ours_ms = medians_ms.get(*request).copied().ok_or("a request without a median")?;
        let ratio = ours_ms / time_ms;
        let passed = ratio <= QUARTER_GATE || !statement.contains("QUARTER");
        let gate = if statement.contains("QUARTER") {
            format!("{QUARTER_GATE} {}", word(passed))
        } else {
            String::new()
        };
        all_passed &= passed;
        println!("{:<84}{ours_ms:>10.1}{time_ms:>10.1}{ratio:>10.2}  {gate}", REQUESTS[*request].0);
    }
    Ok(all_passed)
}

/// Writes the lines of the tenant to a file. Returns its path.
fn copy_lines(stand: &Stand, tenant_id: Uuid) -> Result<PathBuf, Failure> {
    let path = stand.folder.join("lines.csv");
    let file = std::fs::File::create(&path)?;
    let copy = format!(
        "copy (select {COLUMNS} from sales_line where tenant_id = '{tenant_id}') to stdout (format csv, header)"
    );
    let copied = Command::new(stand.postgres.program("psql"))
        .env("PGTZ", "UTC")
        .args(["-q", "-v", "ON_ERROR_STOP=1", "-d", &stand.database_url(stand::DATABASE), "-c", &copy])
        .stdout(file)
        .status()?;
    if !copied.success() {
        return Err("psql did not copy the lines".into());
    }
    Ok(path)
}
