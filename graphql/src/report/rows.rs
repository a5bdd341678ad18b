//! Rows as they were written: sales lines, stock movements and journal lines, each with the codes that it names.
//!
//! There may be many, so they are read through a cursor and encoded a part at a time: neither the server nor the database holds
//! all of them. All parts are of one snapshot.

use std::io::Write as _;
use std::time::Duration;

use domain::document::document_id;
use domain::id::TenantId;
use domain::locale::Locale;
use domain::number::{Money, Price, Quantity, showing};
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::{PgArguments, PgRow};
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres, Row as _};
use service::{Db, Error};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::named::Named;
use super::range::parameters;
use super::table::cell;
use super::{Invalid, Range};

/// Most rows of a response.
pub const ROWS_MAX: i64 = 2_000_000;
/// Rows that are read at once.
const PART: usize = 2_000;
/// Longest time that a piece waits for its reader. The snapshot and its connection are kept as long.
const READER_TIME: Duration = Duration::from_secs(5);
/// UTF-8 byte order mark, from which Excel learns the encoding.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lines of sales, refunds, invoices and credit notes.
    SalesLines,
    /// Movements of stock.
    Movements,
    /// Lines of journal entries.
    JournalLines,
}

/// The form of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A header row, then the rows, with a locale or without.
    Csv { byte_order_mark: bool, locale: Option<Locale> },
    /// One JSON object per row, one row per line.
    Ndjson,
}

/// A request for rows.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub kind: Kind,
    pub range: Range,
    pub form: Form,
    /// Whether costs are shown. Otherwise they are null.
    pub sees_costs: bool,
    /// Decimals of amounts.
    pub decimals: u32,
}

/// A piece of the response.
#[derive(Debug)]
pub enum Piece {
    /// The number of rows. It comes first.
    Count(i64),
    /// The next rows, in their form.
    Rows(Vec<u8>),
    /// All rows were sent. A response without it is not whole.
    End,
}

/// The rows could not be read.
#[derive(Debug)]
pub enum Failed {
    /// The period is not allowed.
    Invalid(Invalid),
    /// The database failed, or the time is over.
    Service(Error),
}

/// The way of the pieces to the reader.
pub type Pieces = mpsc::Sender<Result<Piece, Failed>>;

/// The type of a column, from which the form of its cells follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    /// `kind:uuid`, shown as the id of a document.
    Document,
    Day,
    Instant,
    Whole,
    Amount,
    Price,
    Quantity,
    Percent,
}

type Columns = &'static [(&'static str, Type)];

/// A statement with its values.
type Bound = Query<'static, Postgres, PgArguments>;

const SALES_LINES: Columns = &[
    ("day", Type::Day),
    ("occurred_at", Type::Instant),
    ("document_id", Type::Document),
    ("document_kind", Type::Text),
    ("line_no", Type::Whole),
    ("channel", Type::Text),
    ("location_code", Type::Text),
    ("customer_number", Type::Text),
    ("country", Type::Text),
    ("sku", Type::Text),
    ("product_name", Type::Text),
    ("uom", Type::Text),
    ("entered", Type::Quantity),
    ("quantity", Type::Quantity),
    ("unit_price", Type::Price),
    ("currency", Type::Text),
    ("gross", Type::Amount),
    ("discount", Type::Amount),
    ("net", Type::Amount),
    ("tax_rate", Type::Percent),
    ("tax", Type::Amount),
    ("cost", Type::Amount),
    ("recorded_at", Type::Instant),
];

const MOVEMENTS: Columns = &[
    ("day", Type::Day),
    ("occurred_at", Type::Instant),
    ("kind", Type::Text),
    ("document_id", Type::Document),
    ("document_kind", Type::Text),
    ("line_no", Type::Whole),
    ("channel", Type::Text),
    ("reason", Type::Text),
    ("location_code", Type::Text),
    ("sku", Type::Text),
    ("product_name", Type::Text),
    ("lot", Type::Text),
    ("quantity", Type::Quantity),
    ("uom", Type::Text),
    ("currency", Type::Text),
    ("unit_cost", Type::Price),
    ("value", Type::Amount),
    ("recorded_at", Type::Instant),
];

const JOURNAL_LINES: Columns = &[
    ("posted_on", Type::Day),
    ("occurred_on", Type::Day),
    ("document_id", Type::Document),
    ("document_kind", Type::Text),
    ("line_no", Type::Whole),
    ("account_code", Type::Text),
    ("account_name", Type::Text),
    ("debit", Type::Amount),
    ("credit", Type::Amount),
    ("currency", Type::Text),
    ("channel", Type::Text),
    ("location_code", Type::Text),
    ("customer_number", Type::Text),
    ("memo", Type::Text),
    ("recorded_at", Type::Instant),
];

/// Statements of a kind of rows: the count, which stops above the limit, and the cursor. Both end with the same period.
struct Statements {
    columns: Columns,
    count: &'static str,
    cursor: &'static str,
}

/// The period of rows that have an instant. Its bounds are instants, or midnights in the tenant's time zone.
macro_rules! in_period {
    () => {
        " and (:from_at::timestamptz is null or r.occurred_at >= :from_at) \
         and (:from_day::timestamp is null or r.occurred_at >= \
         (select public.day_begin(:from_day, z.time_zone) from tenant z where z.tenant_id = :tenant_id)) \
         and (:to_at::timestamptz is null or r.occurred_at < :to_at) \
         and (:to_day::timestamp is null or r.occurred_at < \
         (select public.day_begin(:to_day, z.time_zone) from tenant z where z.tenant_id = :tenant_id))"
    };
}

/// An instant: in UTC if the zone is UTC, and as the clock of the tenant's time zone if it is null.
macro_rules! instant {
    ($column:literal) => {
        concat!(
            "case when :zone::text is null then to_char(",
            $column,
            " at time zone t.time_zone, 'YYYY-MM-DD\"T\"HH24:MI:SS') \
             else to_char(",
            $column,
            " at time zone :zone, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') end"
        )
    };
}

/// The period of journal lines, which have a day. The day of an instant begins in the tenant's time zone.
macro_rules! in_days {
    () => {
        " and (:from_at::timestamptz is null or r.posted_on >= \
         (:from_at at time zone (select time_zone from tenant where tenant_id = :tenant_id))::date) \
         and (:from_day::timestamp is null or r.posted_on >= :from_day::date) \
         and (:to_at::timestamptz is null or r.posted_on < \
         (:to_at at time zone (select time_zone from tenant where tenant_id = :tenant_id))::date) \
         and (:to_day::timestamp is null or r.posted_on < :to_day::date)"
    };
}

const OF_SALES_LINES: Statements = Statements {
    columns: SALES_LINES,
    count: concat!(
        "select count(*) from (select from sales_line r where r.tenant_id = :tenant_id",
        in_period!(),
        " limit :most) counted"
    ),
    cursor: concat!(
        "declare wanted_rows no scroll cursor for select array[(r.occurred_at at time zone t.time_zone)::date::text, \
         ",
        instant!("r.occurred_at"),
        ", r.document_kind || ':' || r.document_id, \
         r.document_kind, r.line_no::text, r.channel, l.code, c.number, r.country, p.sku, coalesce(r.description, p.name), r.uom, \
         r.entered::text, r.quantity::text, r.unit_price::text, r.currency, r.gross::text, r.discount::text, r.net::text, \
         r.tax_rate::text, r.tax::text, case when :sees_costs then r.cost::text end, \
         ",
        instant!("r.recorded_at"),
        "] as cells \
         from sales_line r join tenant t on t.tenant_id = r.tenant_id \
         join product p on p.tenant_id = r.tenant_id and p.id = r.product_id \
         join location l on l.tenant_id = r.tenant_id and l.id = r.location_id \
         left join customer c on c.tenant_id = r.tenant_id and c.id = r.customer_id where r.tenant_id = :tenant_id",
        in_period!(),
        " order by r.document_id, r.document_kind, r.line_no"
    ),
};

const OF_MOVEMENTS: Statements = Statements {
    columns: MOVEMENTS,
    count: concat!(
        "select count(*) from (select from stock_movement r where r.tenant_id = :tenant_id",
        in_period!(),
        " limit :most) counted"
    ),
    cursor: concat!(
        "declare wanted_rows no scroll cursor for select array[(r.occurred_at at time zone t.time_zone)::date::text, \
         ",
        instant!("r.occurred_at"),
        ", r.kind, \
         r.document_kind || ':' || r.document_id, r.document_kind, r.line_no::text, r.channel, r.reason, l.code, p.sku, p.name, \
         o.code, r.quantity::text, p.stock_uom, t.currency, case when :sees_costs then r.unit_cost::text end, \
         case when :sees_costs then r.value::text end, \
         ",
        instant!("r.recorded_at"),
        "] as cells \
         from stock_movement r join tenant t on t.tenant_id = r.tenant_id \
         join product p on p.tenant_id = r.tenant_id and p.id = r.product_id \
         join location l on l.tenant_id = r.tenant_id and l.id = r.location_id \
         left join lot o on o.tenant_id = r.tenant_id and o.id = r.lot_id where r.tenant_id = :tenant_id",
        in_period!(),
        " order by r.product_id, r.location_id, r.id"
    ),
};

const OF_JOURNAL_LINES: Statements = Statements {
    columns: JOURNAL_LINES,
    count: concat!(
        "select count(*) from (select from journal_line r where r.tenant_id = :tenant_id",
        in_days!(),
        " limit :most) counted"
    ),
    cursor: concat!(
        "declare wanted_rows no scroll cursor for select array[r.posted_on::text, e.occurred_on::text, \
         e.document_kind || ':' || e.document_id, e.document_kind, r.line_no::text, r.account_code, a.name, r.debit::text, \
         r.credit::text, r.currency, r.channel, l.code, c.number, e.memo, \
         ",
        instant!("e.recorded_at"),
        "] as cells \
         from journal_line r join tenant t on t.tenant_id = r.tenant_id \
         join journal_entry e on e.tenant_id = r.tenant_id and e.id = r.entry_id \
         join account a on a.tenant_id = r.tenant_id and a.code = r.account_code \
         left join location l on l.tenant_id = r.tenant_id and l.id = r.location_id \
         left join customer c on c.tenant_id = r.tenant_id and c.id = r.party_id where r.tenant_id = :tenant_id",
        in_days!(),
        " order by r.entry_id, r.line_no"
    ),
};

/// The next rows of the cursor.
const NEXT: &str = "fetch 2000 from wanted_rows";

impl Kind {
    /// Returns its name, which is that of the file.
    pub fn name(self) -> &'static str {
        match self {
            Kind::SalesLines => "sales_lines",
            Kind::Movements => "movements",
            Kind::JournalLines => "journal_lines",
        }
    }

    fn statements(self) -> Statements {
        match self {
            Kind::SalesLines => OF_SALES_LINES,
            Kind::Movements => OF_MOVEMENTS,
            Kind::JournalLines => OF_JOURNAL_LINES,
        }
    }
}

impl Type {
    /// Returns the kind of a column of a report with such values.
    fn kind(self) -> &'static str {
        match self {
            Type::Text | Type::Document => "string",
            Type::Day => "date",
            Type::Instant => "datetime",
            Type::Whole => "integer",
            Type::Amount | Type::Price | Type::Quantity | Type::Percent => "decimal",
        }
    }

    /// Returns the text of a value as the API has it, from the one of the database.
    fn shown(self, stored: String) -> Result<String, Error> {
        let number =
            |stored: &str| stored.parse::<Decimal>().map_err(|error| Error::invariant(error.to_string()));
        Ok(match self {
            Type::Text | Type::Day | Type::Instant | Type::Whole => stored,
            Type::Document => {
                let (kind, id) = stored.split_once(':').unwrap_or(("", &stored));
                id.parse::<Uuid>().map_or_else(|_| id.to_owned(), |id| document_id(kind, id))
            }
            Type::Amount => Money::new(number(&stored)?).to_string(),
            Type::Price => Price::new(number(&stored)?).to_string(),
            Type::Quantity => Quantity::new(number(&stored)?).to_string(),
            Type::Percent => number(&stored)?.normalize().to_string(),
        })
    }
}

/// Sends the number of the rows, then the rows, a part at a time, and then the end; or why it failed. Ends early, and without the
/// end, if the reader is gone or takes no piece within its time. The end waits for the reader without the connection.
pub async fn send_all(db: Db, tenant_id: TenantId, wanted: Wanted, to: Pieces) {
    let last = match run(&db, tenant_id, &wanted, &to).await {
        Ok(Ok(true)) => Ok(Piece::End),
        Ok(Ok(false)) => return,
        Ok(Err(invalid)) => Err(Failed::Invalid(invalid)),
        Err(error) => Err(Failed::Service(error)),
    };
    _ = to.send_timeout(last, READER_TIME).await;
}

/// Returns whether the reader has taken all rows.
async fn run(
    db: &Db,
    tenant_id: TenantId,
    wanted: &Wanted,
    to: &Pieces,
) -> Result<Result<bool, Invalid>, Error> {
    let is_taken = async |piece: Piece| to.send_timeout(Ok(piece), READER_TIME).await.is_ok();
    db.export(tenant_id, async |tx| {
        let rows: i64 = tx.row(counting(tenant_id, wanted)?).await?.map_or(Ok(0), |row| row.try_get(0))?;
        if rows > ROWS_MAX {
            let detail = format!("The period has more than {ROWS_MAX} rows. Choose a shorter one.");
            return Ok(Err(Invalid::not_allowed("from", detail)));
        }
        if !is_taken(Piece::Count(rows)).await {
            return Ok(Ok(false));
        }
        let mut part = head(wanted)?;
        tx.execute(declaring(tenant_id, wanted)?).await?;
        loop {
            let read = tx.rows(sqlx::query(NEXT).persistent(false)).await?;
            let is_last = read.len() < PART;
            encode(&mut part, read, wanted)?;
            if !is_taken(Piece::Rows(std::mem::take(&mut part))).await {
                return Ok(Ok(false));
            }
            if is_last {
                return Ok(Ok(true));
            }
        }
    })
    .await
}

/// Returns the statement that counts the rows, up to one more than there may be.
fn counting(tenant_id: TenantId, wanted: &Wanted) -> Result<Bound, sqlx::Error> {
    of_period(wanted.kind.statements().count, tenant_id, wanted.range).value("most", ROWS_MAX + 1).query()
}

/// Returns the statement that opens the cursor.
fn declaring(tenant_id: TenantId, wanted: &Wanted) -> Result<Bound, sqlx::Error> {
    let zone = match wanted.form {
        // A spreadsheet shows no time zone, so its instants are in that of its days.
        Form::Csv { locale: Some(_), .. } => None,
        Form::Csv { locale: None, .. } | Form::Ndjson => Some("UTC"),
    };
    of_period(wanted.kind.statements().cursor, tenant_id, wanted.range)
        .value("sees_costs", wanted.sees_costs)
        .value("zone", zone)
        .query()
}

/// Returns a statement with the tenant and the period bound.
fn of_period(statement: &str, tenant_id: TenantId, range: Range) -> Named {
    let (from_at, from_day) = parameters(range.from);
    let (to_at, to_day) = parameters(range.to);
    Named::of(statement.to_owned())
        .value("tenant_id", tenant_id.0)
        .value("from_at", from_at)
        .value("from_day", from_day)
        .value("to_at", to_at)
        .value("to_day", to_day)
}

/// Adds rows in their form.
fn encode(part: &mut Vec<u8>, read: Vec<PgRow>, wanted: &Wanted) -> Result<(), Error> {
    let columns = wanted.kind.statements().columns;
    for row in &read {
        let cells: Vec<Option<String>> = row.try_get("cells")?;
        showing(wanted.decimals, || write(part, columns, cells, wanted.form))?;
    }
    Ok(())
}

/// Returns what comes before the rows.
fn head(wanted: &Wanted) -> Result<Vec<u8>, Error> {
    header(wanted.kind.statements().columns, wanted.form)
}

fn header(columns: Columns, form: Form) -> Result<Vec<u8>, Error> {
    match form {
        Form::Ndjson => Ok(Vec::new()),
        Form::Csv { byte_order_mark, locale } => {
            let mut text = if byte_order_mark { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
            record(&mut text, columns.iter().map(|(name, _)| (*name).into()), locale)?;
            Ok(text)
        }
    }
}

/// Writes one row.
fn write(part: &mut Vec<u8>, columns: Columns, cells: Vec<Option<String>>, form: Form) -> Result<(), Error> {
    let mut shown = Vec::with_capacity(columns.len());
    for ((_, of), stored) in columns.iter().zip(cells) {
        shown.push(stored.map(|stored| of.shown(stored)).transpose()?);
    }
    match form {
        Form::Csv { locale, .. } => {
            let cells = columns.iter().zip(&shown).map(|((_, of), text)| {
                text.as_deref().map_or_else(|| "".into(), |text| cell(text, of.kind(), locale))
            });
            record(part, cells, locale)
        }
        Form::Ndjson => object(part, columns, &shown).map_err(|error| Error::invariant(error.to_string())),
    }
}

fn record<'c>(
    part: &mut Vec<u8>,
    cells: impl Iterator<Item = std::borrow::Cow<'c, str>>,
    locale: Option<Locale>,
) -> Result<(), Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .delimiter(locale.map_or(b',', Locale::delimiter))
        .buffer_capacity(512)
        .from_writer(part);
    let write = || -> csv::Result<()> {
        for cell in cells {
            writer.write_field(cell.as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
        writer.flush()?;
        Ok(())
    };
    write().map_err(|error| Error::invariant(error.to_string()))
}

fn object(part: &mut Vec<u8>, columns: Columns, cells: &[Option<String>]) -> std::io::Result<()> {
    for (at, ((name, of), cell)) in columns.iter().zip(cells).enumerate() {
        part.write_all(if at == 0 { b"{" } else { b"," })?;
        serde_json::to_writer(&mut *part, name)?;
        part.write_all(b":")?;
        match cell {
            None => part.write_all(b"null")?,
            Some(number) if *of == Type::Whole => part.write_all(number.as_bytes())?,
            Some(text) => serde_json::to_writer(&mut *part, text)?,
        }
    }
    part.write_all(b"}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = &[
        ("day", Type::Day),
        ("sku", Type::Text),
        ("line_no", Type::Whole),
        ("net", Type::Amount),
        ("lot", Type::Text),
    ];

    fn written(form: Form) -> String {
        let mut text = header(COLUMNS, form).expect("a head");
        let cells = [Some("2026-11-22"), Some("=A;1"), Some("3"), Some("-12.5000"), None];
        let cells = cells.into_iter().map(|cell| cell.map(str::to_owned)).collect();
        showing(2, || write(&mut text, COLUMNS, cells, form)).expect("a row");
        String::from_utf8(text).expect("UTF-8")
    }

    #[test]
    fn a_row_has_its_form() {
        let csv = |locale: Option<&str>| {
            written(Form::Csv { byte_order_mark: locale.is_some(), locale: locale.and_then(Locale::of) })
        };
        assert_eq!(csv(None), "day,sku,line_no,net,lot\r\n2026-11-22,'=A;1,3,-12.50,\r\n");
        assert_eq!(
            csv(Some("de-DE")),
            "\u{feff}day;sku;line_no;net;lot\r\n22.11.2026;\"'=A;1\";3;-12,50;\r\n"
        );
        assert_eq!(
            written(Form::Ndjson),
            "{\"day\":\"2026-11-22\",\"sku\":\"=A;1\",\"line_no\":3,\"net\":\"-12.50\",\"lot\":null}\n"
        );
    }

    /// A build with debug checks, which every test is, finds a name without a value.
    #[test]
    fn every_value_of_a_statement_is_bound_by_its_name() {
        let forms = [Form::Csv { byte_order_mark: true, locale: Locale::of("de-DE") }, Form::Ndjson];
        for kind in [Kind::SalesLines, Kind::Movements, Kind::JournalLines] {
            let Statements { count, cursor, .. } = kind.statements();
            assert!(!count.contains('$') && !cursor.contains('$'), "{kind:?} has a value without a name");
            for form in forms {
                let range = Range::parse(Some("2026-01-01"), Some("2026-02-01T00:00:00Z")).expect("a range");
                let wanted = Wanted { kind, range, form, sees_costs: false, decimals: 2 };
                assert!(counting(TenantId::default(), &wanted).is_ok(), "{kind:?}");
                assert!(declaring(TenantId::default(), &wanted).is_ok(), "{kind:?}");
            }
        }
    }

    #[test]
    fn a_part_is_what_one_statement_reads() {
        assert_eq!(NEXT, format!("fetch {PART} from wanted_rows"));
    }
}
