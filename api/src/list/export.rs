//! A whole list as NDJSON: each row on a line of its own, written while the rows are read.
//!
//! The rows are read in parts, in the order of the list and with its filters, so the memory does not grow with the list. A change that
//! is made meanwhile may or may not be in it.

use std::marker::PhantomData;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::listing::{Age, Slice};
use service::page::{Page, Position};
use service::{Error, Tx};
use uuid::Uuid;

use super::{List, Place, Sorted, values};
use crate::context::Caller;
use crate::own;
use crate::parts::{self, Part, Parts};
use crate::problem::{Answer, ApiError, ErrorCode};

/// Rows that are read at once.
const PART: u64 = 500;
/// The lists that can be had whole.
const LISTS: [&str; 20] = [
    "/v1/applications",
    "/v1/bank-lines",
    "/v1/bills",
    "/v1/commands",
    "/v1/customers",
    "/v1/invoices",
    "/v1/journal-entries",
    "/v1/landed-costs",
    "/v1/lots",
    "/v1/orders",
    "/v1/payments",
    "/v1/pos/sales",
    "/v1/products",
    "/v1/request-log",
    "/v1/stock/documents",
    "/v1/stock/levels",
    "/v1/stock/movements",
    "/v1/supplier-payments",
    "/v1/suppliers",
    "/v1/vouchers",
];
/// Media type of NDJSON.
pub const NDJSON: &str = "application/x-ndjson";

/// Whether the list at a path can be had whole.
pub fn has_export(path: &str) -> bool {
    LISTS.contains(&path)
}

/// Splits `format` off a query. Returns whether the caller wants the whole list, and the rest of the query.
pub(super) fn split(request: &HttpRequest, query: &str) -> Result<(bool, String), ApiError> {
    if !has_export(request.path()) {
        return Ok((false, query.to_owned()));
    }
    let (mut format, mut rest) = (None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("format", value)) if format.is_none() => format = Some(value),
            Some(("format", _)) => return Err(invalid("format", "Send this parameter only once.")),
            _ => rest.push(pair),
        }
    }
    let is_whole = match format {
        Some(name) if name.eq_ignore_ascii_case("ndjson") => true,
        Some(name) if name.eq_ignore_ascii_case("json") => false,
        Some(_) => return Err(invalid("format", "Send json or ndjson.")),
        None => prefers_ndjson(request.headers()),
    };
    Ok((is_whole, rest.join("&")))
}

/// Rejects a `limit` beside the whole list.
pub(super) fn check_limit(is_whole: bool, limit: Option<u32>) -> Result<(), ApiError> {
    match limit {
        Some(_) if is_whole => Err(invalid("limit", "Leave limit out: NDJSON has all rows.")),
        _ => Ok(()),
    }
}

/// Whether the first media type of the header Accept is one of NDJSON.
fn prefers_ndjson(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = accepted.split([',', ';']).next().unwrap_or_default().trim();
    [NDJSON, "application/ndjson", "application/jsonl"].iter().any(|known| first.eq_ignore_ascii_case(known))
}

fn invalid(parameter: &str, detail: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter)
}

impl<F: 'static> List<F> {
    /// Returns the requested page, or all rows from its beginning on if the caller wants NDJSON. `read` returns at most so many rows
    /// after a position, and `position` that of a row.
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
        if self.is_whole {
            own::check_unused(&caller, "format", true)?;
            let name = self.path.rsplit('/').next().unwrap_or_default();
            let filename = format!("{name}.ndjson");
            let export = Export {
                _place: Place::take(caller.tenant_id)?,
                list: self,
                caller,
                read,
                position,
                after,
                of: PhantomData,
            };
            export.list.app.rates.admit_report(&export.caller)?;
            return parts::respond(export, NDJSON, &filename).await;
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
        if !list.is_whole {
            list.note_synced().await?;
        }
        let read = async move |tx: &Tx, after: Option<Position>, rows: u64| {
            let page = Page { order, after, rows, updated_since };
            read(tx, &page).await
        };
        list.serve(caller, read, position).await
    }
}

/// A whole list in progress.
struct Export<F, T, K, R, P> {
    _place: Place,
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
        let (read, after) = (&self.read, self.after.take());
        let rows = self.list.read(&self.caller, async |tx: &Tx| read(tx, after, PART).await).await?;
        self.list.app.rates.count_values(&self.caller, rows.len());
        self.after = rows.last().map(&self.position);
        Ok(Part { text: self.list.lines(&self.caller, &rows).await?, is_last: (rows.len() as u64) < PART })
    }

    async fn check(&self) -> Result<(), ApiError> {
        match &self.list.presented {
            Some(presented) => presented.check(&self.list.app, &self.caller).await,
            None => Ok(()),
        }
    }
}

impl<F> List<F> {
    /// Writes rows as lines of NDJSON.
    async fn lines<T: Serialize>(&self, caller: &Caller, rows: &[T]) -> Result<Vec<u8>, ApiError> {
        let List { members, app, .. } = self;
        let mut text = Vec::new();
        if members.is_all() {
            rows.iter().try_for_each(|row| line(&mut text, row))?;
        } else {
            let mut rows = values(rows)?;
            members.expand(&app.db, caller, &mut rows).await?;
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

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn split_at(path: &str, accept: &str) -> Option<(bool, String)> {
        let request = TestRequest::get().uri(path).insert_header(("accept", accept)).to_http_request();
        split(&request, request.query_string()).ok()
    }

    #[test]
    fn the_form_follows_the_parameter_and_then_the_header() {
        let rest = |is_whole| Some((is_whole, "status=draft".to_owned()));
        assert_eq!(split_at("/v1/orders?format=ndjson&status=draft", "application/json"), rest(true));
        assert_eq!(split_at("/v1/orders?status=draft&format=json", NDJSON), rest(false));
        assert_eq!(split_at("/v1/orders?status=draft", "Application/X-NDJSON;q=1, */*"), rest(true));
        assert_eq!(split_at("/v1/orders?status=draft", "*/*"), rest(false));
        assert_eq!(split_at("/v1/orders?format=NDJSON&status=draft", "*/*"), rest(true));
        assert_eq!(split_at("/v1/orders?format=Json&status=draft", NDJSON), rest(false));
        assert_eq!(split_at("/v1/orders?format=csv", "*/*"), None);
        assert_eq!(split_at("/v1/orders?format=json&format=json", "*/*"), None);
        assert_eq!(
            split_at("/v1/locations?format=ndjson", NDJSON),
            Some((false, "format=ndjson".to_owned()))
        );
    }
}
