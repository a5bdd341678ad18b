//! The statements over all tables of the roll-ups. Each text is made from the list [`TABLES`], once.

use std::fmt::Write as _;
use std::sync::LazyLock;

use super::ledger;
use super::table::{Merge, Sum, TABLES, Table, Unit};

/// A condition on a line.
const IS_ORDER: &str = "document_kind in ('sale', 'invoice')";

/// Adds sales lines to the rows of one generation (`$2`) of a tenant's roll-ups (`$1`): the lines from the position `$3` up to
/// `$4`, of the documents after `$5` up to `$6`. Days and months are those of the time zone `$7`. Returns how many lines there
/// were, and when the first and the last of them happened.
pub(super) static FOLD: LazyLock<String> = LazyLock::new(fold);

/// Deletes rows of the oldest generation of each table before a generation (`$2`) of a tenant (`$1`), in the order of the
/// primary key: at least so many (`$3`) if there are as many. All rows of one time go together. Returns the number of rows.
pub(super) static DELETE_OLD: LazyLock<String> = LazyLock::new(delete_old);

/// Compares each row of a tenant's roll-ups (`$1`), that of the journal too, with the lines below their position. Returns the
/// first figure that differs. If none differs, returns a figure that is equal.
pub(crate) static COMPARISON: LazyLock<String> = LazyLock::new(comparison);

fn fold() -> String {
    let mut documents = Vec::new();
    for columns in TABLES.iter().map(Table::line_columns).filter(|columns| !columns.is_empty()) {
        let column = format!(
            ",
        (f.{IS_ORDER} and row_number() over (
            partition by f.document_id, f.document_kind, f.{} order by f.product_id, f.line_no) = 1)::int as {}",
            columns.join(", f."),
            document_column(&columns)
        );
        if !documents.contains(&column) {
            documents.push(column);
        }
    }
    let mut amounts = String::new();
    for Sum { name, unit, .. } in Sum::amounts() {
        let per_one = unit.per_one().unwrap_or("1");
        let _ = write!(amounts, ", (f.{name} * {per_one})::bigint as {name}");
    }
    let inserts: String = TABLES.iter().map(insert).collect();
    format!(
        "with line as materialized (
    select
        f.document_kind, f.channel, f.location_id, f.customer_id, f.country, f.currency, f.product_id, f.category_id,
        f.occurred_at, (f.occurred_at at time zone $7)::date as day, f.orders{amounts}{}
    from bi.sales_fact f
    where f.tenant_id = $1 and f.position >= $3 and f.position < $4 and f.document_id > $5 and f.document_id <= $6
){inserts}
select count(*) as lines, min(occurred_at) as earliest_at, max(occurred_at) as latest_at from line",
        documents.concat()
    )
}

/// Returns the column of a line that counts its document once in each group of some columns.
fn document_column(columns: &[&str]) -> String {
    format!("documents_by_{}", columns.join("_"))
}

/// Returns the part of a fold that adds the lines to the rows of a table.
fn insert(table: &Table) -> String {
    let (of, keys, sums) = (table.of, table.keys(), table.sums());
    let key = keys.join(", ");
    let names: Vec<&str> = sums.iter().map(|sum| sum.name).collect();
    let of_lines: Vec<String> = keys.iter().map(|column| table.key_of_lines(column)).collect();
    let documents = format!("sum({})", document_column(&table.line_columns()));
    let added: Vec<String> = sums.iter().map(|sum| sum_of_lines(sum, &documents)).collect();
    let merged: Vec<String> = sums
        .iter()
        .map(|Sum { name, merge, .. }| match merge {
            Merge::Add => format!("{name} = r.{name} + excluded.{name}"),
            Merge::Least => format!("{name} = least(r.{name}, excluded.{name})"),
            Merge::Greatest => format!("{name} = greatest(r.{name}, excluded.{name})"),
        })
        .collect();
    format!(
        ",
by_{of} as (
    insert into sales_sum_by_{of} as r (tenant_id, generation, {key}, {})
    select $1, $2, {}, {}
    from line group by {}
    on conflict (tenant_id, generation, {key}) do update set
        {}
)",
        names.join(", "),
        of_lines.join(", "),
        added.join(", "),
        places(3, keys.len()),
        merged.join(",\n        ")
    )
}

/// Returns the SQL of a figure over lines.
fn sum_of_lines(sum: &Sum, documents: &str) -> String {
    match (sum.name, sum.merge) {
        ("documents", _) => documents.to_owned(),
        ("lines", _) => "count(*)".into(),
        (_, Merge::Least) => format!("min(occurred_at) filter (where {IS_ORDER})"),
        (_, Merge::Greatest) => format!("max(occurred_at) filter (where {IS_ORDER})"),
        (name, Merge::Add) => format!("sum({name})"),
    }
}

/// Returns the numbers of columns that follow each other in a select list.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|place| place.to_string()).collect();
    places.join(", ")
}

fn delete_old() -> String {
    let deletes: Vec<String> = TABLES
        .iter()
        .map(|table| {
            let (of, time) = (table.of, table.time.column());
            format!(
                "{of} as (
    delete from sales_sum_by_{of} r
    using (select min(generation) as generation from sales_sum_by_{of} where tenant_id = $1 and generation < $2) old
    where r.tenant_id = $1 and r.generation = old.generation and r.{time} <= coalesce((
        select {time} from sales_sum_by_{of} l
        where l.tenant_id = $1 and l.generation = old.generation order by {time} offset $3 limit 1), 'infinity')
    returning 1
)"
            )
        })
        .collect();
    let counts: Vec<String> =
        TABLES.iter().map(|table| format!("(select count(*) from {})", table.of)).collect();
    format!("with {}\nselect {} as deleted", deletes.join(",\n"), counts.join(" + "))
}

fn comparison() -> String {
    let tables: Vec<String> = TABLES.iter().map(compare).collect();
    format!(
        "(
with state as (
    select generation, layout, position, time_zone, earliest_at, latest_at from sales_rollup
    where tenant_id = $1 and generation is not null
),
line as materialized (
    select f.*, (f.occurred_at at time zone state.time_zone)::date as day
    from state join bi.sales_fact f on f.tenant_id = $1 and f.position < state.position
)
{}
union all
select 'second of the first line of the roll-ups', (select coalesce(extract(epoch from min(occurred_at)), 0) from line),
    coalesce((select extract(epoch from earliest_at) from state), 0)
union all
select 'second of the last line of the roll-ups', (select coalesce(extract(epoch from max(occurred_at)), 0) from line),
    coalesce((select extract(epoch from latest_at) from state), 0)
)
union all
{}",
        tables.join("\nunion all\n"),
        ledger::COMPARISON
    )
}

/// Returns the comparison of a table with plain sums of lines: of its rows, then of the lines in all of them.
fn compare(table: &Table) -> String {
    let (of, keys) = (table.of, table.keys());
    let key = keys.join(", ");
    let of_lines: Vec<String> =
        keys.iter().map(|column| format!("{} as {column}", table.key_of_lines(column))).collect();
    let documents = format!("count(distinct (document_id, document_kind)) filter (where {IS_ORDER})");
    // Rows of an earlier list have no such table.
    let is_filled = format!("(select layout from state) >= {}", table.since);
    let (mut plain, mut pairs) = (String::new(), Vec::new());
    for sum in table.sums() {
        let Sum { name, unit, .. } = sum;
        let _ = write!(plain, ", {} as {name}", sum_of_lines(&sum, &documents));
        pairs.push(match (unit, unit.size()) {
            (Unit::Instant, _) => format!(
                "('{name}', coalesce(extract(epoch from line.{name}), 0), coalesce(extract(epoch from rollup.{name}), 0))"
            ),
            (_, size) => format!(
                "('{name}', coalesce(line.{name}, 0), coalesce(rollup.{name} * {}, 0))",
                size.unwrap_or("1")
            ),
        });
    }
    format!(
        "select case when figure.expected <> figure.found
        then concat_ws(' ', figure.name, 'in sales_sum_by_{of} of', {key}) end as subject,
    figure.expected, figure.found
from (
    select {}{plain}
    from line where {is_filled} group by {}
) line
full join (
    select r.* from state join sales_sum_by_{of} r on r.tenant_id = $1 and r.generation = state.generation
) rollup using ({key})
cross join lateral (
    select * from (values
        {}) figure (name, expected, found)
    order by expected = found limit 1
) figure
union all
select 'lines in sales_sum_by_{of}', (select count(*) from line where {is_filled}), (
    select coalesce(sum(r.lines), 0) from state
    join sales_sum_by_{of} r on r.tenant_id = $1 and r.generation = state.generation)",
        of_lines.join(", "),
        places(1, keys.len()),
        pairs.join(",\n        ")
    )
}
