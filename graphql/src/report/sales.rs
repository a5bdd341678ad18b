//! The statement of every report on sales: it groups the lines, then names the groups.
//!
//! Its text is constant, chosen by enums; the caller's values are bound by name. The lines are read in a subquery that the
//! planner must not merge (`offset 0`). Otherwise it takes the number of distinct instants for the number of groups
//! and sorts a million lines. Products, customers and other records are joined to the groups, not to the lines.

use std::fmt::Write as _;

use domain::id::TenantId;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};

use super::Request;
use super::column::Measure;
use super::grouping::{Attribute, Grouping, Key};
use super::named::Named;

/// The way the total of a sum is computed from the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Add the groups.
    Sum,
    /// Add the groups, as a whole number.
    Count,
    /// Count documents, which groups may share.
    Orders,
    /// No total.
    Never,
}

/// A sum over the lines of a group.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    pub name: &'static str,
    /// SQL aggregate over the lines.
    pub lines: &'static str,
    pub merge: Merge,
}

pub const ORDERS: Sum = Sum { name: "orders", lines: "sum(orders)", merge: Merge::Orders };
pub const LINES: Sum = Sum { name: "lines", lines: "count(*)", merge: Merge::Count };
pub const UNITS: Sum = Sum { name: "units", lines: "sum(units)", merge: Merge::Sum };
pub const RETURNS: Sum = Sum { name: "returns", lines: "sum(returns)", merge: Merge::Sum };
pub const GROSS_REVENUE: Sum = Sum { name: "gross_revenue", lines: "sum(gross_revenue)", merge: Merge::Sum };
pub const NET_REVENUE: Sum = Sum { name: "net_revenue", lines: "sum(net_revenue)", merge: Merge::Sum };
pub const TAX: Sum = Sum { name: "tax", lines: "sum(tax)", merge: Merge::Sum };
pub const COST: Sum = Sum { name: "cost", lines: "sum(cost)", merge: Merge::Sum };

/// The lines of the period that pass the filters. Days begin in the report's time zone. Only the database knows the
/// tenant's, so the subquery `t` computes the exact bounds. A second bound, one day wider on either side, is one that
/// the planner can use.
const LINES_OF_PERIOD: &str = "
        from (
            select
                tenant_id, coalesce(:time_zone, time_zone) as zone,
                coalesce(:from_at::timestamptz, :from_day::timestamp at time zone coalesce(:time_zone, time_zone), '-infinity') as from_at,
                coalesce(:to_at::timestamptz, :to_day::timestamp at time zone coalesce(:time_zone, time_zone), 'infinity') as to_at
            from public.tenant where tenant_id = :tenant_id offset bigint '0'
        ) t
        join bi.sales_fact l on l.tenant_id = t.tenant_id
        where l.tenant_id = :tenant_id
            and ((:from_at is null and :from_day is null)
                or l.occurred_at >= coalesce(:from_at, (:from_day - interval '24 hours') at time zone 'UTC'))
            and ((:to_at is null and :to_day is null)
                or l.occurred_at < coalesce(:to_at, (:to_day + interval '24 hours') at time zone 'UTC'))
            and (l.occurred_at >= t.from_at and l.occurred_at < t.to_at) is true
            and (cardinality(:channels::text[]) = 0 or l.channel = any(:channels))
            and (cardinality(:countries::text[]) = 0 or l.country = any(:countries))
            and (cardinality(:currencies::text[]) = 0 or l.currency = any(:currencies))
            and (cardinality(:location_codes::text[]) + cardinality(:location_ids::uuid[]) = 0 or l.location_id in (
                select id from public.location where tenant_id = :tenant_id and (code = any(:location_codes) or id = any(:location_ids))))
            and (cardinality(:product_codes::text[]) + cardinality(:product_ids::uuid[]) = 0 or l.product_id in (
                select id from public.product where tenant_id = :tenant_id and (sku = any(:product_codes) or id = any(:product_ids))))
            and (cardinality(:category_codes::text[]) + cardinality(:category_ids::uuid[]) = 0 or l.category_id in (
                select c.id from public.category c where c.tenant_id = :tenant_id and c.lineage && (
                    select array_agg(id) from public.category
                    where tenant_id = :tenant_id and (code = any(:category_codes) or id = any(:category_ids)))))
            and (cardinality(:customer_numbers::text[]) + cardinality(:customer_ids::uuid[]) = 0 or l.customer_id in (
                select id from public.customer where tenant_id = :tenant_id and (number = any(:customer_numbers) or id = any(:customer_ids))))";

/// Returns the statement of a grouping. Level 0 of its rows are the groups, level 1 one total for each currency,
/// level 2 the time zone.
pub fn statement(grouping: &Grouping, sums: &[Sum], measures: &[Measure], request: &Request) -> String {
    let names = |separator: &str, name: &dyn Fn(&Key) -> String| -> String {
        grouping.keys.iter().map(|key| name(key) + separator).collect()
    };
    let filtered = request.filter.splits_documents();
    let (keys, lines) =
        (names(", ", &|key| key.name.into()), names(", ", &|key| format!("{} as {}", key.line, key.name)));
    let mut sql = format!(
        "with line as not materialized (
        select {lines}l.currency, l.document_id, l.document_kind, l.channel, l.occurred_at, l.orders, l.units, l.returns,
            l.gross_revenue, l.net_revenue, l.tax, l.cost{LINES_OF_PERIOD}{}
        offset bigint '0'
    )",
        grouping.only
    );
    let source = if grouping.by_channel { "channel_line" } else { "line" };
    if grouping.by_channel {
        let _ = write!(
            sql,
            ", channel_line as materialized (
        select {keys}currency, channel, sum(orders) as orders, sum(units) as units, sum(net_revenue) as net_revenue,
            sum(cost) as cost
        from line group by {keys}currency, channel
    )"
        );
    }
    let _ = write!(sql, ", grouped as materialized (\n        select {keys}currency");
    // Without a filter on products, the first line of each order is among the lines, in one group only.
    let shares = grouping.splits_documents || filtered;
    for sum in sums {
        let documents = "count(distinct document_id) filter (where document_kind in ('sale', 'invoice'))";
        let lines = if sum.merge == Merge::Orders && shares { documents } else { sum.lines };
        let _ = write!(sql, ", {lines} as {}", sum.name);
    }
    sql.push_str(", sum(orders) as first_lines");
    let _ = write!(
        sql,
        "\n    from {source} group by {keys}currency\n    ), total as (\n        select currency"
    );
    for sum in sums {
        let name = sum.name;
        let _ = match sum.merge {
            Merge::Sum => write!(sql, ", sum({name}) as {name}"),
            Merge::Count => write!(sql, ", sum({name})::bigint as {name}"),
            Merge::Never => Ok(()),
            Merge::Orders if !filtered => write!(sql, ", sum(first_lines)::bigint as {name}"),
            Merge::Orders => write!(
                sql,
                ", (select count(distinct document_id) filter (where document_kind in ('sale', 'invoice'))
                from line where line.currency = grouped.currency) as {name}"
            ),
        };
    }
    sql.push_str("\n    from grouped group by currency\n    )");
    sql.push_str(&rows(grouping, measures));
    sql
}

/// The three levels of rows.
fn rows(grouping: &Grouping, measures: &[Measure]) -> String {
    let mut formulas = String::new();
    for measure in measures.iter().filter(|measure| measure.formula != measure.name) {
        let _ = write!(formulas, ", {} as {}", measure.formula, measure.name);
    }
    let columns = |value: &dyn Fn(&Attribute) -> String| -> String {
        grouping
            .attributes
            .iter()
            .map(|column| format!("{}::{} as {}, ", value(column), column.kind, column.name))
            .collect()
    };
    let described = columns(&|column| column.value.unwrap_or("null").into());
    let no_dimensions = columns(&|_| "null".into());
    let (mut named, mut no_measures) = (String::new(), String::new());
    for measure in measures {
        let _ = write!(named, ", m.{}", measure.name);
        no_measures.push_str(", null");
    }
    let joins = grouping.joins.join(" ");
    let order: String = grouping.order.iter().map(|column| format!("{column} nulls last, ")).collect();
    format!(
        "
    (select 0 as level, null::text as time_zone, {described}m.currency{named}
    from (select grouped.*{formulas} from grouped) m
    cross join public.tenant t {joins}
    where t.tenant_id = :tenant_id
    order by {order}currency limit :limit)
    union all
    (select 1, null, {no_dimensions}m.currency{named}
    from (select total.*{formulas} from total) m
    cross join public.tenant t
    where t.tenant_id = :tenant_id
    order by currency)
    union all
    select 2, coalesce(:time_zone, t.time_zone), {no_dimensions}null{no_measures}
    from public.tenant t where t.tenant_id = :tenant_id"
    )
}

/// Binds the values of a request.
pub fn bind<'q>(
    sql: String,
    tenant_id: TenantId,
    request: &Request,
) -> Result<Query<'q, Postgres, PgArguments>, sqlx::Error> {
    let filter = &request.filter;
    let channels: Vec<&str> = filter.channels.iter().map(|channel| (*channel).into()).collect();
    request
        .bind(Named::of(sql), tenant_id)
        .value("channels", channels)
        .value("countries", &filter.countries)
        .value("currencies", &filter.currencies)
        .value("customer_numbers", &filter.customers.codes)
        .value("customer_ids", &filter.customers.ids)
        .query()
}
