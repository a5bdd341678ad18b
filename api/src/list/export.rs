//! A whole list as NDJSON or CSV: each row on a line of its own, written while the rows are read.
//!
//! The rows are read in parts, in the order of the list and with its filters, so the memory does not grow with the list. A change that
//! is made meanwhile may or may not be in it.

use std::borrow::Cow;
use std::marker::PhantomData;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use domain::text::neutral_cell;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::listing::{Age, Slice};
use service::page::{Page, Position};
use service::{Error, Tx};
use uuid::Uuid;

use super::{List, Members, Place, Sorted, values};
use crate::context::Caller;
use crate::parts::{self, Part, PartRows, Parts};
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::record::Record;

/// Lists that return pages only, because their rows are computed. A report or the list of movements has all of these rows.
const PAGES_ONLY: [&str; 2] =
    ["/v1/replenishment/suggestions", "/v1/stock/levels/{location_id}/{product_id}/explain"];
/// Number of rows that are expanded and written at once. A part ends behind them when it has enough bytes.
const ROWS_AT_ONCE: usize = 20;
/// Media type of NDJSON.
pub const NDJSON: &str = "application/x-ndjson";
/// Media type of CSV.
pub const CSV: &str = "text/csv";

/// The form of a whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Ndjson,
    Csv,
}

impl Form {
    const ALL: [Form; 2] = [Form::Ndjson, Form::Csv];

    /// Returns the value of the parameter `format`, which ends the name of the file too.
    fn name(self) -> &'static str {
        match self {
            Form::Ndjson => "ndjson",
            Form::Csv => "csv",
        }
    }

    /// Returns the header Content-Type of the response.
    fn content_type(self) -> &'static str {
        match self {
            Form::Ndjson => NDJSON,
            Form::Csv => crate::csv::CSV,
        }
    }

    /// Returns the form that the first media type of the header Accept names.
    fn accepted(headers: &HeaderMap) -> Option<Self> {
        let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let first = accepted.split([',', ';']).next().unwrap_or_default().trim();
        let is_one_of = |known: &[&str]| known.iter().any(|known| first.eq_ignore_ascii_case(known));
        if is_one_of(&[NDJSON, "application/ndjson", "application/jsonl"]) {
            return Some(Form::Ndjson);
        }
        is_one_of(&[CSV]).then_some(Form::Csv)
    }
}

/// Returns whether the list at a path of the OpenAPI document can be returned whole.
pub fn has_export(path: &str) -> bool {
    !PAGES_ONLY.contains(&path)
}

/// Splits `format` off a query. Returns the form of the whole list if the caller wants that, and the rest of the query.
pub(super) fn split(request: &HttpRequest, query: &str) -> Result<(Option<Form>, String), ApiError> {
    let pattern = request.match_pattern();
    if !has_export(pattern.as_deref().unwrap_or(request.path())) {
        return Ok((None, query.to_owned()));
    }
    let (mut format, mut rest) = (None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("format", value)) if format.is_none() => format = Some(value),
            Some(("format", _)) => return Err(invalid("format", "Send this parameter only once.")),
            _ => rest.push(pair),
        }
    }
    let form = match format {
        Some(name) if name.eq_ignore_ascii_case("json") => None,
        Some(name) => {
            let named = |form: &Form| name.eq_ignore_ascii_case(form.name());
            let form = Form::ALL.into_iter().find(named);
            Some(form.ok_or_else(|| invalid("format", "Send json, ndjson or csv."))?)
        }
        None => Form::accepted(request.headers()),
    };
    Ok((form, rest.join("&")))
}

/// Rejects a `limit` beside the whole list.
pub(super) fn check_limit(form: Option<Form>, limit: Option<u32>) -> Result<(), ApiError> {
    match limit {
        Some(_) if form.is_some() => Err(invalid("limit", "Leave limit out: NDJSON and CSV have all rows.")),
        _ => Ok(()),
    }
}

/// Returns the columns of a whole list as CSV. A list of another form has none.
pub(super) fn columns(request: &HttpRequest, form: Option<Form>, members: &Members) -> Vec<String> {
    match form {
        Some(Form::Csv) => members.columns(request),
        Some(Form::Ndjson) | None => Vec::new(),
    }
}

fn invalid(parameter: &str, detail: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter)
}

impl<F: 'static> List<F> {
    /// Returns the requested page, or all rows from its beginning on if the caller wants the whole list. `read` returns rows after a position,
    /// at most a number of them. `position` returns the position of a row.
    pub async fn serve<T, K>(
        self,
        caller: Caller,
        read: impl AsyncFn(&Tx, Option<K>, u64) -> Result<Vec<T>, Error> + 'static,
        position: impl Fn(&T) -> K + 'static,
    ) -> Answer
    where
        T: Serialize + 'static,
        K: Serialize + DeserializeOwned + 'static,
    {
        let after: Option<K> = self.after()?;
        if let Some(form) = self.form {
            // A tenant may read few whole lists at once. Visitors and customers would use them up, so they read page by page.
            if caller.is_publishable() {
                return Err(ApiError::of(ErrorCode::NotPublishable).at_parameter("format"));
            }
            let name = self.path.rsplit('/').next().unwrap_or_default();
            let filename = format!("{name}.{}", form.name());
            let export = Export {
                _place: Place::take(caller.tenant_id)?,
                form,
                is_begun: false,
                rows: PartRows::default(),
                count: 0,
                list: self,
                caller,
                read,
                position,
                after,
                of: PhantomData,
            };
            export.list.app.rates.admit_report(&export.caller)?;
            return parts::respond(export, form.content_type(), &filename).await;
        }
        let rows = self.read(&caller, async |tx: &Tx| read(tx, after, self.fetch()).await).await?;
        self.answer_expanded(&caller, rows, position).await
    }

    /// Like [`serve`](List::serve), for a list of documents.
    pub async fn serve_documents<T: Serialize + 'static>(
        self,
        caller: Caller,
        sort: Option<Age>,
        read: impl AsyncFn(&Tx, &Slice) -> Result<Vec<T>, Error> + 'static,
        id: impl Fn(&T) -> Uuid + 'static,
    ) -> Answer {
        let (age, since) = (sort.unwrap_or_default(), self.since);
        let read = async move |tx: &Tx, after: Option<Uuid>, rows: u64| {
            let slice = Slice { age, after, rows, since };
            read(tx, &slice).await
        };
        self.serve(caller, read, id).await
    }
}

impl Sorted {
    /// Like [`List::serve`], for a list of records in this order.
    pub async fn serve<F: 'static, T: Serialize + 'static>(
        self,
        list: List<F>,
        caller: Caller,
        read: impl AsyncFn(&Tx, &Page) -> Result<Vec<T>, Error> + 'static,
        position: impl Fn(&T) -> Position + 'static,
    ) -> Answer {
        let Sorted { order, updated_since } = self;
        if list.form.is_none() {
            list.note_synced().await?;
        }
        let read = async move |tx: &Tx, after: Option<Position>, rows: u64| {
            let page = Page { order, after, rows, updated_since };
            read(tx, &page).await
        };
        list.serve(caller, read, position).await
    }

    /// Like [`Sorted::serve`], for records.
    pub async fn serve_records<F: 'static, R: Record + 'static>(
        self,
        list: List<F>,
        caller: Caller,
        read: impl AsyncFn(&Tx, &Page) -> Result<Vec<R>, Error> + 'static,
    ) -> Answer {
        let order = self.order;
        let position = move |row: &R| order.position(row.id(), row.updated_at());
        self.serve(list, caller, read, position).await
    }
}

/// A whole list in progress.
struct Export<F, T, K, R, P> {
    _place: Place,
    form: Form,
    /// Whether a part was written. The first one of CSV has the header.
    is_begun: bool,
    /// Number of rows of the next part.
    rows: PartRows,
    /// Number of rows that were written.
    count: usize,
    list: List<F>,
    caller: Caller,
    read: R,
    position: P,
    /// Position of the last row that was written.
    after: Option<K>,
    of: PhantomData<T>,
}

impl<F, T, K, R, P> Parts for Export<F, T, K, R, P>
where
    F: 'static,
    T: Serialize + 'static,
    K: 'static,
    R: AsyncFn(&Tx, Option<K>, u64) -> Result<Vec<T>, Error> + 'static,
    P: Fn(&T) -> K + 'static,
{
    async fn next(&mut self) -> Result<Part, ApiError> {
        let (read, after, wanted) = (&self.read, self.after.take(), self.rows.get());
        let rows = self.list.read(&self.caller, async |tx: &Tx| read(tx, after, wanted).await).await?;
        let (mut text, mut written) = (Vec::new(), 0);
        if rows.is_empty() {
            text = self.write_rows(&rows).await?;
        }
        for some in rows.chunks(ROWS_AT_ONCE) {
            if PartRows::is_full(text.len()) {
                break;
            }
            text.append(&mut self.write_rows(some).await?);
            written += some.len();
            self.after = some.last().map(&self.position);
        }
        self.list.app.rates.count_more_values(&self.caller, self.count, written);
        self.count += written;
        self.rows = PartRows::after(written, text.len());
        Ok(Part { text, is_last: written == rows.len() && (rows.len() as u64) < wanted })
    }

    async fn check(&self) -> Result<(), ApiError> {
        match &self.list.presented {
            Some(presented) => presented.check(&self.list.app, &self.caller).await,
            None => Ok(()),
        }
    }
}

impl<F, T: Serialize, K, R, P> Export<F, T, K, R, P> {
    /// Writes rows in the form of the list.
    async fn write_rows(&mut self, rows: &[T]) -> Result<Vec<u8>, ApiError> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let List { members, app, columns, .. } = &self.list;
        let mut text = Vec::new();
        if self.form == Form::Csv {
            let mut rows = values(rows)?;
            members.expand(&app.db, &self.caller, &mut rows).await?;
            return write_csv(columns, &rows, is_first);
        }
        if members.is_all() {
            rows.iter().try_for_each(|row| line(&mut text, row))?;
        } else {
            let mut rows = values(rows)?;
            members.expand(&app.db, &self.caller, &mut rows).await?;
            members.narrow(rows).iter().try_for_each(|row| line(&mut text, row))?;
        }
        Ok(text)
    }
}

fn line(text: &mut Vec<u8>, row: &impl Serialize) -> Result<(), ApiError> {
    serde_json::to_writer(&mut *text, row).map_err(ApiError::internal)?;
    text.push(b'\n');
    Ok(())
}

/// Writes rows as CSV. A text that a spreadsheet would run as a formula is marked, as in a report.
fn write_csv(columns: &[String], rows: &[Value], has_header: bool) -> Result<Vec<u8>, ApiError> {
    let mut text = Vec::new();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut text);
    if has_header {
        writer.write_record(columns).map_err(ApiError::internal)?;
    }
    for row in rows {
        let cells = columns.iter().map(|column| cell(&row[column.as_str()]));
        for cell in cells {
            writer.write_field(cell.as_bytes()).map_err(ApiError::internal)?;
        }
        writer.write_record(None::<&[u8]>).map_err(ApiError::internal)?;
    }
    writer.flush().map_err(ApiError::internal)?;
    drop(writer);
    Ok(text)
}

/// Returns a member of a row as a cell: a list or an object as JSON, null as an empty cell.
fn cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        // A negative amount is no formula.
        Value::String(text) if is_amount(text) => text.as_str().into(),
        Value::String(text) => neutral_cell(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string().into(),
    }
}

fn is_amount(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(decimals)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn split_at(path: &str, accept: &str) -> Option<(Option<Form>, String)> {
        let request = TestRequest::get().uri(path).insert_header(("accept", accept)).to_http_request();
        split(&request, request.query_string()).ok()
    }

    #[test]
    fn the_form_follows_the_parameter_and_then_the_header() {
        let rest = |form| Some((form, "status=draft".to_owned()));
        let (lines, sheet) = (Some(Form::Ndjson), Some(Form::Csv));
        assert_eq!(split_at("/v1/orders?format=ndjson&status=draft", "application/json"), rest(lines));
        assert_eq!(split_at("/v1/orders?format=csv&status=draft", NDJSON), rest(sheet));
        assert_eq!(split_at("/v1/orders?status=draft&format=json", NDJSON), rest(None));
        assert_eq!(split_at("/v1/orders?status=draft", "Application/X-NDJSON;q=1, */*"), rest(lines));
        assert_eq!(split_at("/v1/orders?status=draft", "text/csv"), rest(sheet));
        assert_eq!(split_at("/v1/orders?status=draft", "*/*"), rest(None));
        assert_eq!(split_at("/v1/orders?format=NDJSON&status=draft", "*/*"), rest(lines));
        assert_eq!(split_at("/v1/orders?format=Json&status=draft", NDJSON), rest(None));
        assert_eq!(split_at("/v1/orders?format=xlsx", "*/*"), None);
        assert_eq!(split_at("/v1/orders?format=json&format=json", "*/*"), None);
        assert_eq!(
            split_at("/v1/replenishment/suggestions?format=ndjson", NDJSON),
            Some((None, "format=ndjson".to_owned()))
        );
    }

    #[test]
    fn a_row_becomes_a_line_of_cells() {
        let columns = ["id", "total", "note", "tags", "gone", "open", "count"].map(str::to_owned);
        let row = serde_json::json!({ "id": "a", "total": "-5.00", "note": "=1+1, \"x\"", "tags": ["b"],
            "gone": null, "open": true, "count": 3, "other": 1 });
        let text = write_csv(&columns, &[row], true).expect("CSV");
        let expected = "id,total,note,tags,gone,open,count\r\n\
                        a,-5.00,\"'=1+1, \"\"x\"\"\",\"[\"\"b\"\"]\",,true,3\r\n";
        assert_eq!(String::from_utf8_lossy(&text), expected);
        assert_eq!(write_csv(&columns, &[], false).expect("CSV"), b"");
    }
}
