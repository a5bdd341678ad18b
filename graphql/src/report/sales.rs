//! The statement of every report on sales: it groups the lines, then names the groups.
//!
//! Its text is constant, chosen by enums; the caller's values are bound by name. The lines are read in a subquery that the
//! planner must not merge (`offset 0`). Otherwise it takes the number of distinct instants for the number of groups
//! and sorts a million lines. Where a roll-up has their sums, most lines are not read ([`Source`]). Products, customers and
//! other records are joined to the groups, not to the lines.

use std::fmt::Write as _;

use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use service::Tx;

use super::column::Measure;
use super::figure::{Figure, Merge, Sum};
use super::grouping::{Attribute, Grouping, Key, Unit};
use super::named::Named;
use super::rollup::{Source, quarter_after, quarter_before};
use super::sort::Sort;
use super::{Filter, LIMIT_MAX, Request, added, beside, range};

/// Most dimensions of a report whose statement a connection keeps.
const KEYS_KEPT: usize = 3;

/// The lines of the period.
const PERIOD: &str = "
        from bi.sales_fact l
        where l.tenant_id = :tenant_id
            and (:from_at::timestamptz is null or l.occurred_at >= :from_at)
            and (:to_at::timestamptz is null or l.occurred_at < :to_at)";

/// The rows that pass the filters. A filter without values has no place in the text, for a roll-up may lack its column.
pub fn filters(customers_only: bool, request: &Request) -> String {
    let filter = &request.filter;
    let conditions = [
        (!filter.channels.is_empty(), "l.channel = any(:channels)"),
        (!filter.countries.is_empty(), "l.country = any(:countries)"),
        (!filter.currencies.is_empty(), "l.currency = any(:currencies)"),
        (
            !filter.locations.is_empty(),
            "l.location_id in (
                select id from public.location where tenant_id = :tenant_id and (code = any(:location_codes) or id = any(:location_ids)))",
        ),
        (
            !filter.products.is_empty(),
            "l.product_id in (
                select id from public.product where tenant_id = :tenant_id and (sku = any(:product_codes) or id = any(:product_ids)))",
        ),
        (
            !filter.product_kinds.is_empty(),
            "l.product_id in (select id from public.product where tenant_id = :tenant_id and kind = any(:product_kinds))",
        ),
        (
            !filter.categories.is_empty(),
            "l.category_id in (
                select c.id from public.category c where c.tenant_id = :tenant_id and c.lineage && (
                    select array_agg(id) from public.category
                    where tenant_id = :tenant_id and (code = any(:category_codes) or id = any(:category_ids))))",
        ),
        (
            !filter.customers.is_empty(),
            "l.customer_id in (
                select id from public.customer where tenant_id = :tenant_id and (number = any(:customer_numbers) or id = any(:customer_ids)))",
        ),
        (
            request.known_at.is_some(),
            "l.recorded_at < coalesce(:known_at::timestamptz, public.day_begin(:known_day, :zone))",
        ),
        (customers_only, "l.customer_id <> '00000000-0000-0000-0000-000000000000'"),
    ];
    conditions.iter().filter(|(is_used, _)| *is_used).map(|(_, text)| format!(" and {text}")).collect()
}

/// Returns the lines `l` that a report counts, as a `from` clause with conditions.
pub fn counted(request: &Request) -> String {
    format!("{PERIOD}{}", filters(request.name.is_of_customers(), request))
}

/// Returns the statement that finds the first and the last day with a line that a report counts. Where a roll-up has the days, most
/// lines are not read.
pub fn trade(request: &Request) -> String {
    let day = Key::time("by_day", Unit::Day);
    let grouping = Grouping {
        keys: vec![day],
        attributes: Vec::new(),
        joins: Vec::new(),
        order: Vec::new(),
        kept_by: None,
        expected: Vec::new(),
        only: None,
        customers_only: request.name.is_of_customers(),
        splits_documents: false,
    };
    let Some(source) = Source::find(&grouping, &[], request) else {
        let days = "(min(l.occurred_at) at time zone :zone)::date as first_on, \
                    (max(l.occurred_at) at time zone :zone)::date as last_on";
        return format!("select {days}{}", counted(request));
    };
    format!(
        "with line as not materialized ({}
    )
    select min(by_day) as first_on, max(by_day) as last_on
    from (
        select by_day from line
        union all
        select {} {}{}
    ) counted",
        lines(&grouping, request, Some(&source)),
        source.key(&day),
        source.rows(),
        filters(grouping.customers_only, request)
    )
}

/// Returns the statement of a grouping. Level 0 of its rows are the groups, level 1 one total for each currency,
/// level 2 the time zone.
pub fn statement(grouping: &Grouping, sums: &[Sum], measures: &[Measure], request: &Request) -> String {
    let mut sql = format!("with {}", chain(grouping, sums, request));
    let Some(comparison) = &request.compare else {
        return sql + &rows(grouping, measures, ["grouped", "total"], request.sort);
    };
    let (range, calendar) = (comparison.range, comparison.calendar.clone());
    let before = Request { range, calendar, compare: None, ..request.clone() };
    let before = chain(&beside::grouping(comparison, grouping), sums, &before);
    sql.push_str(&beside::beside(grouping, sums, measures, (comparison.shift, &before)));
    sql + &rows(grouping, &added::measures(measures), ["compared", "compared_total"], request.sort)
}

/// Returns common table expressions; the last two are `grouped`, the groups, and `total`, one row for each currency.
fn chain(grouping: &Grouping, sums: &[Sum], request: &Request) -> String {
    let source = Source::find(grouping, sums, request);
    let filtered = request.filter.splits_documents();
    let mut sql = format!("line as not materialized ({}\n    )", lines(grouping, request, source.as_ref()));
    let _ = write!(sql, ", part as ({}\n    )", parts(grouping, sums, request, source.as_ref()));
    sql.push_str(&sold(grouping, sums, request, source.is_some()));
    sql.push_str(ASKED);
    sql.push_str(&grouped(grouping, sums));
    sql.push_str(&total(grouping, sums, filtered, source.is_some()));
    sql
}

/// Returns the groups of lines. Groups that were made of lines are not grouped again, unless each channel has its own.
fn sold(grouping: &Grouping, sums: &[Sum], request: &Request, is_rolled_up: bool) -> String {
    let keys = keys(grouping);
    let is_grouped = !is_rolled_up && !is_by_channel(sums);
    let mut columns = String::new();
    for sum in sums {
        let (name, of) = (sum.name, figure_of(sum, grouping, request));
        let _ = match sum.channel {
            Some(channel) => {
                let condition = format!(" filter (where channel = '{channel}')");
                write!(columns, ", coalesce({}, 0) as {name}", of.of_rows(&condition, is_rolled_up))
            }
            None if is_grouped => write!(columns, ", {} as {name}", of.column()),
            None => write!(columns, ", {} as {name}", of.of_rows("", is_rolled_up)),
        };
    }
    let first_lines = match (counts_orders(sums), is_grouped) {
        (false, _) => "",
        (true, true) => ", orders as first_lines",
        (true, false) => ", sum(orders) as first_lines",
    };
    let groups = if is_grouped { String::new() } else { format!(" group by {keys}currency") };
    format!(
        ", sold as materialized (
        select {keys}currency{columns}{first_lines}
    from part{groups}
    )"
    )
}

/// Whether some of the sums are of orders. Their total may be that of the first lines.
fn counts_orders(sums: &[Sum]) -> bool {
    sums.iter().any(|sum| sum.merge == Merge::Orders)
}

/// Whether some of the sums are of one channel.
fn is_by_channel(sums: &[Sum]) -> bool {
    sums.iter().any(|sum| sum.channel.is_some())
}

/// Currencies of rows without lines: those that the filter names, else that of the books.
const ASKED: &str = ", asked as materialized (
        select distinct unnest(case when cardinality(:currencies::text[]) = 0 then array[currency::text] else :currencies end) as currency
        from public.tenant where tenant_id = :tenant_id
    )";

/// Returns SQL of the groups of lines, and of the expected groups without lines, with zeros. With several keys, more expected groups than one
/// report can show are left out.
fn grouped(grouping: &Grouping, sums: &[Sum]) -> String {
    let Grouping { keys, expected, .. } = grouping;
    if expected.is_empty() || expected.len() != keys.len().max(1) {
        return ", grouped as materialized (select * from sold)".to_owned();
    }
    let (mut sets, mut from, mut number) = (String::new(), String::new(), String::new());
    for (place, statement) in expected.iter().enumerate() {
        let _ = write!(sets, ", expected_{place} as materialized ({statement})");
        let _ = write!(from, "expected_{place} cross join ");
        let _ = write!(number, "(select count(*) from expected_{place}) * ");
    }
    // The sets of six filters have more combinations than PostgreSQL could make.
    let is_few = match keys.len() {
        0 | 1 => String::new(),
        _ => format!("{number}(select count(*) from asked) <= {LIMIT_MAX} and "),
    };
    let (mut ids, mut same) = (String::new(), Vec::new());
    for (place, key) in keys.iter().enumerate() {
        let _ = write!(ids, "expected_{place}.id, ");
        same.push(format!("sold.{} = expected_{place}.id", key.name));
    }
    let is_same = if same.is_empty() { String::new() } else { format!(" where {}", same.join(" and ")) };
    let zero = |sum: &Sum| if sum.merge == Merge::Never { ", null" } else { ", 0" };
    let zeros: String = sums.iter().map(zero).collect();
    let no_first_lines = if counts_orders(sums) { ", 0" } else { "" };
    format!(
        "{sets}, grouped as materialized (
        select * from sold
        union all
        select {ids}asked.currency{zeros}{no_first_lines} from {from}asked
        where {is_few}not exists (select from sold{is_same})
    )"
    )
}

/// Returns the totals: zero if nothing was sold.
fn total(grouping: &Grouping, sums: &[Sum], filtered: bool, is_rolled_up: bool) -> String {
    let (mut merged, mut none) = (String::new(), String::new());
    for Sum { name, merge, .. } in sums {
        let _ = match merge {
            Merge::Sum => write!(merged, ", sum({name}) as {name}"),
            Merge::Count => write!(merged, ", sum({name})::bigint as {name}"),
            Merge::Never => continue,
            Merge::Orders if !filtered => write!(merged, ", sum(first_lines)::bigint as {name}"),
            Merge::Orders if is_rolled_up || !grouping.splits_documents => {
                write!(merged, ", sum({name})::bigint as {name}")
            }
            Merge::Orders => write!(
                merged,
                ", (select {} from line where line.currency = grouped.currency) as {name}",
                Figure::Documents.of_lines()
            ),
        };
        none.push_str(", 0");
    }
    format!(
        ", total as (
        select currency{merged} from grouped group by currency
        union all
        select currency{none} from asked where not exists (select from grouped)
    )"
    )
}

/// Returns the lines that are read one by one.
fn lines(grouping: &Grouping, request: &Request, source: Option<&Source>) -> String {
    let keys: String =
        grouping.keys.iter().map(|key| format!("{} as {}, ", key.of_instant(), key.name)).collect();
    let filters = filters(grouping.customers_only, request);
    let select = format!(
        "
        select {keys}l.currency, l.document_id, l.document_kind, l.channel, l.occurred_at, l.orders, l.units, l.returns,
            l.gross_revenue, l.net_revenue, l.tax, l.cost{PERIOD}{filters}"
    );
    let Some(source) = source else { return select + "\n        offset bigint '0'" };
    let parts: Vec<String> = source
        .lines()
        .into_iter()
        .map(|condition| format!("({select}\n            and {condition} offset bigint '0')"))
        .collect();
    parts.join("\n        union all ")
}

/// Returns the names of the keys, each with a comma behind it.
fn keys(grouping: &Grouping) -> String {
    grouping.keys.iter().map(|key| format!("{}, ", key.name)).collect()
}

/// Returns the figure that a sum adds up. Orders are counted by their first lines, which are in one group only. Where the first
/// line of an order may be in another group or filtered out, its documents are counted.
fn figure_of(sum: &Sum, grouping: &Grouping, request: &Request) -> Figure {
    let may_lack_first_line = grouping.splits_documents || request.filter.splits_documents();
    if sum.merge == Merge::Orders && may_lack_first_line { Figure::Documents } else { sum.of }
}

/// Returns the rows that are added up. Without a roll-up they are groups of lines, because there are few of them. With one they
/// are its rows and the lines besides it, each in the unit of the roll-up: they are added only once, as integers.
fn parts(grouping: &Grouping, sums: &[Sum], request: &Request, source: Option<&Source>) -> String {
    let by_channel = is_by_channel(sums);
    let mut figures = if counts_orders(sums) { vec![Figure::Orders] } else { Vec::new() };
    for sum in sums {
        let of = figure_of(sum, grouping, request);
        if !figures.contains(&of) {
            figures.push(of);
        }
    }
    let keys = keys(grouping) + if by_channel { "channel, currency" } else { "currency" };
    let select = |value: &dyn Fn(&Figure) -> String| -> String {
        figures.iter().map(|figure| format!(", {} as {}", value(figure), figure.column())).collect()
    };
    let Some(source) = source else {
        let of_lines = select(&|figure| figure.of_lines().to_owned());
        return format!("\n        select {keys}{of_lines} from line group by {keys}");
    };
    let mut row_keys: Vec<String> = grouping.keys.iter().map(|key| source.key(key)).collect();
    if by_channel {
        row_keys.push("l.channel".into());
    }
    row_keys.push("l.currency".into());
    format!(
        "
        select {keys}{} from line
        union all
        select {}{} {}{}",
        select(&|figure| figure.of_line(&keys)),
        row_keys.join(", "),
        select(&|figure| format!("l.{}", figure.column())),
        source.rows(),
        filters(grouping.customers_only, request)
    )
}

/// The three levels of rows, from the two tables of groups and of totals.
fn rows(
    grouping: &Grouping,
    measures: &[Measure],
    [groups, totals]: [&str; 2],
    sort: Option<Sort>,
) -> String {
    let (mut formulas, mut named, mut no_measures) = (String::new(), String::new(), String::new());
    for measure in measures {
        if measure.formula != measure.name {
            let _ = write!(formulas, ", {} as {}", measure.formula, measure.name);
        }
        let _ = write!(named, ", m.{}", measure.name);
        no_measures.push_str(", null");
    }
    let no_dimensions = columns(grouping, &|_| "null".into());
    let shown = shown(grouping, measures, groups, sort);
    format!(
        "
    ({shown})
    union all
    (select 1, null, {no_dimensions}m.currency{named}
    from (select {totals}.*{formulas} from {totals}) m
    order by currency)
    union all
    select 2, :zone, {no_dimensions}null{no_measures}"
    )
}

/// The groups that are shown. They are chosen first, because a formula over decimals takes more time than a sum: those that the
/// choice does not need are computed for the chosen ones only.
fn shown(grouping: &Grouping, measures: &[Measure], groups: &str, sort: Option<Sort>) -> String {
    let (mut early, mut figures) = (String::new(), String::new());
    for measure in measures {
        let Measure { name, formula, .. } = measure;
        let is_sum = formula == name;
        let is_early = is_sum || is_early(measure, grouping, sort);
        if is_early && !is_sum {
            let _ = write!(early, ", {formula} as {name}");
        }
        let _ = match is_early {
            true => write!(figures, ", m.{name}"),
            false => write!(figures, ", {formula} as {name}"),
        };
    }
    let described = columns(grouping, &|column| column.value.unwrap_or("null").into());
    let names: String = grouping.attributes.iter().map(|column| format!("m.{}, ", column.name)).collect();
    let joins = grouping.joins.join(" ");
    let order: String = grouping.order.iter().map(|column| format!("{column} nulls last, ")).collect();
    // The limit has one row more than is shown. That row comes last, so that it is the one which is left out.
    let sorted = sort.map(Sort::order).unwrap_or_default();
    let (place, kept, first) = match grouping.kept_by.filter(|_| sort.is_none()) {
        None => (String::new(), None, ""),
        Some(figure) => {
            let keys: String = grouping.keys.iter().map(|key| format!(", {}", key.name)).collect();
            let place =
                format!(", row_number() over (order by {figure} desc nulls last, currency{keys}) as place");
            (place, Some("m.place <= :limit"), "m.place = :limit, ")
        }
    };
    let conditions: Vec<&str> = kept.into_iter().chain(grouping.only).collect();
    let kept =
        if conditions.is_empty() { String::new() } else { format!("where {}", conditions.join(" and ")) };
    format!(
        "select 0 as level, null::text as time_zone, {names}m.currency{figures}
    from (
        select {described}m.*
        from (select one.*{place} from (select {groups}.*{early} from {groups}) one) m {joins} {kept}
        order by {first}{sorted}{order}currency limit :limit
    ) m
    order by {first}{sorted}{order}currency"
    )
}

/// Returns the columns that describe a group, each with a comma behind it.
fn columns(grouping: &Grouping, value: &dyn Fn(&Attribute) -> String) -> String {
    let described = grouping.attributes.iter();
    described.map(|column| format!("{}::{} as {}, ", value(column), column.kind, column.name)).collect()
}

/// Whether a formula is computed for every group: it looks at other groups, or rows are chosen, described or ordered by it.
fn is_early(measure: &Measure, grouping: &Grouping, sort: Option<Sort>) -> bool {
    let is_named = |sql: &str| has_word(sql, measure.name);
    let values = grouping.attributes.iter().filter_map(|column| column.value);
    measure.formula.contains("over (")
        || sort.is_some_and(|sort| sort.column == measure.name)
        || grouping.order.iter().copied().any(is_named)
        || values.chain(grouping.kept_by).chain(grouping.only).any(is_named)
}

/// Whether SQL has a name.
fn has_word(sql: &str, name: &str) -> bool {
    sql.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|word| word == name)
}

/// Binds the values of a request.
pub fn bind<'q>(
    sql: String,
    tx: &Tx,
    request: &Request,
) -> Result<Query<'q, Postgres, PgArguments>, sqlx::Error> {
    let (filter, calendar) = (&request.filter, &request.calendar);
    let channels: Vec<&str> = filter.channels.iter().map(|channel| (*channel).into()).collect();
    // The bounds of the calendar are instants already, in the time zone that the text calls `:zone`.
    let named = Named::of(sql)
        .value("zone", &calendar.time_zone)
        .value("generation", calendar.rollup.as_ref().map(|rollup| rollup.generation))
        .value("position", calendar.rollup.as_ref().map(|rollup| rollup.position))
        .value("from_at", calendar.from.map(|from| from.at))
        .value("from_quarter_at", calendar.from.map(|from| quarter_after(from.at)))
        .value("from_month", calendar.from.map(|from| from.month.day))
        .value("from_month_at", calendar.from.map(|from| from.month.at))
        .value("from_next_month", calendar.from.map(|from| from.next_month.day))
        .value("from_next_month_at", calendar.from.map(|from| from.next_month.at))
        .value("to_at", calendar.to.map(|to| to.at))
        .value("to_quarter_at", calendar.to.map(|to| quarter_before(to.at)))
        .value("to_month", calendar.to.map(|to| to.month.day))
        .value("to_month_at", calendar.to.map(|to| to.month.at));
    let (known_at, known_day) = range::after(request.known_at);
    let named = named.value("known_at", known_at).value("known_day", known_day);
    let named = match &request.compare {
        Some(comparison) => beside::bind(comparison, named),
        None => named,
    };
    request
        .bind(named, tx.tenant_id)
        .value("now", tx.now)
        .value("product_kinds", &filter.product_kinds)
        .value("below_pct", request.below_pct.get())
        .value("channels", channels)
        .value("countries", &filter.countries)
        .value("currencies", &filter.currencies)
        .value("customer_numbers", &filter.customers.codes)
        .value("customer_ids", &filter.customers.ids)
        .query_kept(is_common(request))
}

/// Whether a dashboard may ask for the report again and again: the whole tenant by few keys, from a roll-up. There are few such
/// statements.
fn is_common(request: &Request) -> bool {
    request.calendar.rollup.is_some()
        && request.compare.is_none()
        && request.sort.is_none()
        && request.filter == Filter::default()
        && request.group_by.len() <= KEYS_KEPT
}
