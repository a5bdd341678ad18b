//! The answer of a run of the reconciliation as tables: the ranked exceptions, and the health week by week.
//!
//! A run has a window of its own, so these tables take no period, filter or grouping, and have no totals. The columns have the names
//! of the views `bi.reconciliation_exceptions` and `bi.reconciliation_health`. GraphQL has the same figures in `reconciliation`.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::id::{ReconcileRunId, TenantId};
use reconcile::answer::{Exception, HealthWeek};
use serde_json::{Value, json};
use service::reconcile::run::{self, Run, part};
use service::{Db, Error, Tx, input};

use super::column::title;
use super::{Column, Meta, Role, Table};
use crate::scalar::Instant;

/// A part of the answer that is a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconciled {
    /// The ranked groups of episodes.
    Exceptions,
    /// The weeks of the window.
    Health,
}

/// A column of such a table.
struct Shown {
    name: &'static str,
    kind: &'static str,
    role: Role,
    unit: Option<&'static str>,
    is_additive: bool,
    description: &'static str,
}

const fn described(name: &'static str, kind: &'static str, description: &'static str) -> Shown {
    Shown { name, kind, role: Role::Dimension, unit: None, is_additive: false, description }
}

/// Returns a figure that may be added over the rows.
const fn sum(
    name: &'static str,
    kind: &'static str,
    unit: Option<&'static str>,
    description: &'static str,
) -> Shown {
    Shown { name, kind, role: Role::Measure, unit, is_additive: true, description }
}

/// Returns a figure that may not be added.
const fn ratio(
    name: &'static str,
    kind: &'static str,
    unit: Option<&'static str>,
    description: &'static str,
) -> Shown {
    Shown { is_additive: false, ..sum(name, kind, unit, description) }
}

const COUNT: Option<&str> = Some("count");
const DAY: Option<&str> = Some("day");

const EXCEPTIONS: [Shown; 19] = [
    ratio("exception_rank", "integer", None, "Place of the group: 1 is the best fix. Not additive."),
    described(
        "exception_class",
        "string",
        "Cause of the group, such as missed_return. New values may appear.",
    ),
    described("event_type", "string", "Type of the events, if it is one."),
    described("edge_from", "string", "Code of the system where the events began."),
    described("edge_to", "string", "Code of the system that lost, doubled or misread them."),
    described("scope_place", "string", "Place of the group; null if it is everywhere."),
    described("scope_sku", "string", "Item of the group; null if it is every item."),
    described("scope_category", "string", "Category of the group; null if it is every category."),
    described("scope_actor", "string", "Person or program of the group; null if it is each."),
    sum("episodes", "integer", COUNT, "Episodes of the group. Additive."),
    ratio("weeks_with_episodes", "integer", COUNT, "Weeks in which an episode began. Not additive."),
    sum(
        "difference_units",
        "decimal",
        Some("stock_unit"),
        "Sum of the sizes of the differences, in units of the reference. Additive over items of one unit.",
    ),
    sum("minutes_per_week", "decimal", None, "Minutes of manual work per week. Additive."),
    sum(
        "value_per_week",
        "decimal",
        None,
        "Cost of the manual work per week, in the currency of the settings of the reconciliation. Additive.",
    ),
    sum(
        "benefit_per_week",
        "decimal",
        None,
        "Benefit per week of removing the cause, in the same currency. Additive.",
    ),
    sum("effort_days", "decimal", DAY, "Days of work of the fix. Additive."),
    ratio("confidence", "decimal", None, "Mean confidence of the episodes, from 0 to 1. Not additive."),
    described("eligible", "boolean", "Whether the group recurs enough to be a fix."),
    described("why_not", "string", "Reason why the group is no fix; null if it is one."),
];

const HEALTH: [Shown; 9] = [
    described("week_from", "datetime", "First instant of the week."),
    described("week_until", "datetime", "First instant after the week."),
    sum("compared_movements", "integer", COUNT, "Events of all systems in the week. Additive."),
    sum("exceptions", "integer", COUNT, "Episodes that began or grew in the week. Additive."),
    ratio(
        "exceptions_per_1000",
        "decimal",
        None,
        "Exceptions per 1,000 compared movements; null without movements. Not additive: divide the sums.",
    ),
    sum("manual_minutes", "decimal", None, "Minutes of manual work in the week. Additive."),
    ratio(
        "explained_share",
        "decimal",
        None,
        "Share of the differences that have a cause, from 0 to 1. Not additive.",
    ),
    ratio(
        "median_days_open",
        "decimal",
        DAY,
        "Median of the days that open episodes had been open at the end of the week. Not additive.",
    ),
    ratio(
        "open_dual_owners",
        "integer",
        COUNT,
        "Number of pairs of a process and a place at which two systems began that process in the week. Not additive.",
    ),
];

/// Reads a part of a run, or of the latest, on a snapshot of its own. `finish` makes the response of the table.
pub async fn run<T>(
    db: &Db,
    tenant_id: TenantId,
    wanted: Reconciled,
    run: Option<ReconcileRunId>,
    finish: impl FnOnce(Table) -> T,
) -> Result<T, Error> {
    db.report(tenant_id, async |tx| Ok(finish(table(tx, wanted, run).await?))).await
}

async fn table(tx: &Tx, wanted: Reconciled, run: Option<ReconcileRunId>) -> Result<Table, Error> {
    let id = run::wanted(tx, run).await?;
    let run = run::get(tx, id).await?;
    let zone = input::tenant_defaults(tx).await?.time_zone;
    let (report, columns, rows): (_, &[Shown], Vec<Vec<Value>>) = match wanted {
        Reconciled::Exceptions => {
            let groups = part::exceptions(tx, Some(id)).await?.data;
            let rows = (1..).zip(&groups).map(|(rank, group)| exception(rank, group));
            ("reconciliation_exceptions", &EXCEPTIONS, rows.collect())
        }
        Reconciled::Health => {
            let weeks = part::health(tx, Some(id)).await?.weeks;
            ("reconciliation_health", &HEALTH, weeks.iter().map(|week| health(week, zone)).collect())
        }
    };
    let meta = meta(tx.now, &run, zone, rows.len());
    Ok(Table { report, columns: columns.iter().map(column).collect(), rows, totals: Vec::new(), meta })
}

fn column(shown: &Shown) -> Column {
    let Shown { name, kind, role, unit, is_additive, description } = *shown;
    Column {
        name,
        title: title(name),
        kind,
        unit,
        role,
        additive: (role == Role::Measure).then_some(is_additive),
        description: description.to_owned(),
    }
}

/// Returns the values of a group in the order of the columns.
fn exception(rank: usize, group: &Exception) -> Vec<Value> {
    let Exception { edge, scope, .. } = group;
    vec![
        json!(rank),
        json!(group.class),
        json!(group.event_type),
        json!(edge.from),
        json!(edge.to),
        json!(scope.place),
        json!(scope.sku),
        json!(scope.category),
        json!(scope.actor),
        json!(group.episodes),
        json!(group.weeks),
        json!(group.units),
        json!(group.minutes_per_week),
        json!(group.value_per_week),
        json!(group.benefit),
        json!(group.effort_days),
        json!(group.confidence),
        json!(group.eligible),
        json!(group.why_not),
    ]
}

/// Returns the values of a week in the order of the columns.
fn health(week: &HealthWeek, zone: Tz) -> Vec<Value> {
    vec![
        json!(text(week.from, zone)),
        json!(text(week.until, zone)),
        json!(week.movements),
        json!(week.exceptions),
        json!(week.exceptions_per_1000),
        json!(week.manual_minutes),
        json!(week.explained_share),
        json!(week.median_days_open),
        json!(week.open_dual_owners),
    ]
}

fn text(at: DateTime<Utc>, zone: Tz) -> String {
    Instant(at.with_timezone(&zone).fixed_offset()).text()
}

fn meta(now: DateTime<Utc>, run: &Run, zone: Tz, rows: usize) -> Meta {
    let read_at = run.created_at - chrono::Duration::milliseconds(run.duration_ms.into());
    Meta {
        time_zone: zone.name().to_owned(),
        from: Some(text(run.window_from, zone)),
        to: Some(text(run.through, zone)),
        compared_with: None,
        as_of: None,
        known_at: None,
        generated_at: Instant(now.fixed_offset()),
        data_as_of: Instant(read_at.fixed_offset()),
        row_count: rows as u64,
        truncated: false,
        next_cursor: None,
        ledger_accounts: Vec::new(),
        ties_to: None,
        trade: None,
    }
}
