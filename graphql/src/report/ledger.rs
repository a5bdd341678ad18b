//! Parts that the statements of the books share: the lines of the journal, figures over one period or two, and bound values.
//!
//! - The ledger has days: those on which its entries are posted. So the bounds of a statement are days, and no time zone changes
//!   them.
//! - Lines are read as sums by day, account and channel, and one by one from the position of these sums on
//!   (`service::rollup::ledger`). With `known_at`, and while the sums are built, every line is read.
//! - All text is constant, chosen by enums. The caller's values are bound by name.

pub mod balance_sheet;
pub mod customer_statement;
pub mod general_ledger;
pub mod profit_and_loss;
pub mod tie_out;
pub mod trial_balance;

use std::fmt::Write as _;

use chrono::NaiveDate;
use domain::ledger::account;
use domain::moment::Moment;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use service::Tx;

use super::added::Added;
use super::column::{Kind, Measure, sum};
use super::named::Named;
use super::sort::Sort;
use super::{Request, added, range};

/// The sums of the lines below the position.
const SUMS: &str = "
    select r.posted_on, r.account_code, r.channel, r.debit, r.credit
    from public.ledger_sum_by_day r
    where r.tenant_id = :tenant_id and (:to_on::date is null or r.posted_on < :to_on)
    union all";
/// The lines from the position on.
const LINES: &str = "
    select l.posted_on, l.account_code, coalesce(l.channel, '') as channel, l.debit, l.credit
    from public.journal_line l
    where l.tenant_id = :tenant_id and l.position >= :position and (:to_on::date is null or l.posted_on < :to_on)";
/// Lines `l` of entries that were recorded before.
const KNOWN: &str = "
        and exists (
            select from public.journal_entry k
            where k.tenant_id = :tenant_id and k.id = l.entry_id and k.recorded_at < coalesce(
                :known_at::timestamptz,
                public.day_begin(:known_day, (select z.time_zone from public.tenant z where z.tenant_id = :tenant_id))))";

/// Returns a common table expression of all lines before the end of the period: `part`, with `posted_on`, `account_code`, `channel`
/// (the empty text if there is none), `debit` and `credit`.
pub(super) fn part(request: &Request) -> String {
    let sums = if request.folded.is_some() { SUMS } else { "" };
    format!("part as ({sums}{LINES}{}\n)", known(request))
}

/// Returns the condition that leaves out lines `l` that were recorded later than the request says.
pub(super) fn known(request: &Request) -> &'static str {
    if request.known_at.is_some() { KNOWN } else { "" }
}

/// A figure of a statement, and its SQL over lines.
pub(super) type Figure = (&'static str, &'static str);

/// The SQL of the figures of a statement.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Sums over the lines of a group.
    pub sums: String,
    /// Sums over the groups.
    pub totals: String,
    /// Columns of a row `m`, which a comparison adds to.
    pub shown: String,
    /// The names of these columns.
    pub names: String,
    pub none: String,
}

impl Figures {
    /// Makes the SQL of figures. `sided` returns that of the period, or that of the earlier one.
    pub(super) fn of(
        figures: &[Figure],
        is_compared: bool,
        sided: impl Fn(&'static str, bool) -> String,
    ) -> Self {
        let mut made = Figures::default();
        let mut compared = String::new();
        for &(name, sql) in figures {
            let _ = write!(made.sums, ", {} as {name}", sided(sql, false));
            let _ = write!(made.totals, ", coalesce(sum(m.{name}), 0) as {name}");
            let _ = write!(made.shown, ", m.{name}");
            let Some(sides) = Added::of(&sum(name, Kind::Amount)).filter(|_| is_compared) else { continue };
            let before = sides.before;
            let _ = write!(made.sums, ", {} as {before}", sided(sql, true));
            let _ = write!(made.totals, ", coalesce(sum(m.{before}), 0) as {before}");
            compared.push_str(&sides.columns(&format!("m.{name}"), &format!("m.{before}")));
        }
        made.shown.push_str(&compared);
        let own = measures(figures);
        let columns = if is_compared { added::measures(&own) } else { own };
        for column in columns {
            let _ = write!(made.names, ", m.{}", column.name);
            made.none.push_str(", null");
        }
        made
    }
}

/// Returns the figures as columns.
pub(super) fn measures(figures: &[Figure]) -> Vec<Measure> {
    figures.iter().map(|&(name, _)| sum(name, Kind::Amount)).collect()
}

/// The parts of a statement.
pub(super) struct Parts<'p> {
    /// Common table expressions. The last one is `level`, with the columns of a row and the sums of the figures.
    pub with: String,
    /// Columns that describe a row.
    pub columns: &'p [&'static str],
    pub figures: Figures,
    /// The order of rows `m`.
    pub order: &'static str,
}

impl Parts<'_> {
    /// Returns the statement. Level 0 of its rows are those of the report, level 1 the total, level 2 the time zone.
    pub(super) fn statement(&self, request: &Request) -> String {
        let Parts { with, columns, order, .. } = self;
        let Figures { totals, shown, names, none, .. } = &self.figures;
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        let columns: Vec<String> = columns.iter().map(|name| format!("m.{name}")).collect();
        let (described, no_columns) = (columns.join(", "), "null, ".repeat(columns.len()));
        format!(
            "with {with}, total as (
    select t.currency{totals}
    from public.tenant t left join level m on true where t.tenant_id = :tenant_id
    group by t.currency
)
(select 0 as level, null::text as time_zone, {described}, t.currency{names}
from (select {described}{shown} from level m) m
join public.tenant t on t.tenant_id = :tenant_id
order by {sorted}{order} limit :limit)
union all
select 1, null, {no_columns}m.currency{shown} from total m
union all
select 2, t.time_zone, {no_columns}null{none} from public.tenant t where t.tenant_id = :tenant_id"
        )
    }
}

/// Binds the values of a request. One more row than the limit shows whether the report is cut.
pub(super) fn bind<'q>(
    sql: String,
    tx: &Tx,
    request: &Request,
) -> Result<Query<'q, Postgres, PgArguments>, sqlx::Error> {
    let (known_at, known_day) = range::after(request.known_at);
    let earlier = request.compare.as_ref();
    let before = earlier.map(|comparison| comparison.range).unwrap_or_default();
    let channels: Vec<&str> = request.filter.channels.iter().map(|channel| (*channel).into()).collect();
    let to = match request.as_of {
        Some(as_of) => day(Some(as_of)).and_then(|day| day.succ_opt()),
        None => day(request.range.to),
    };
    let after = request.cursor.as_ref();
    Named::of(sql)
        .value("tenant_id", tx.tenant_id.0)
        .value("limit", i64::from(request.limit) + 1)
        .value("position", request.folded.unwrap_or_default())
        .value("from_on", day(request.range.from))
        .value("to_on", to)
        .value("before_from_on", day(before.from))
        .value("before_to_on", day(before.to))
        .value("shift", earlier.map(|comparison| comparison.shift.interval()))
        .value("known_at", known_at)
        .value("known_day", known_day)
        .value("now", tx.now)
        .value("accounts", &request.filter.accounts)
        .value("channels", channels)
        .value("customer_ids", &request.filter.customers.ids)
        .value("receivable", account::RECEIVABLE)
        .value("after_account", after.map(|place| place.account_code.as_str()))
        .value("after_on", after.map(|place| place.posted_on))
        .value("after_entry", after.map(|place| place.entry_id))
        .value("after_line", after.map(|place| place.line_no))
        .query()
}

fn day(bound: Option<Moment>) -> Option<NaiveDate> {
    match bound {
        Some(Moment::Day(day)) => Some(day),
        // [`range::check_days`] has rejected it.
        Some(Moment::Instant(_)) | None => None,
    }
}
