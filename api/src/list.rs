//! Lists: keyset pages behind sealed cursors.
//!
//! A list route takes [`List<Filters>`](List), asks its use case for [`List::fetch`] rows after [`List::after`], and
//! returns [`List::answer`]. A list that can be had whole does all of it by [`List::serve`]. The position is any
//! serialisable value that the rows are ordered by and that ends in the id, such as `Uuid` or `(DateTime<Utc>, Uuid)`. A
//! cursor fits only the list, the tenant and the filters that it was made with.

mod export;
mod members;
mod notes;
mod place;
mod since;

use std::fmt::Write as _;
use std::future::{Ready, ready};
use std::sync::OnceLock;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use domain::id::TenantId;
use domain::metadata::Metadata;
use domain::moment::Instant;
use domain::tag;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::Tx;
use service::known::{self, Kind, Named};
use service::page::{Ordering, Sort};
use service::search::Search;

use crate::app::App;
use crate::context::{Caller, Context};
use crate::params;
use crate::presented::Presented;
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::schema::{check_query, explain_query, joined_query};
use crate::version::{IfNoneMatch, weak_tag};
use export::Form;
use members::Members;

pub use export::{CSV, NDJSON, has_export};
pub use members::expansions;
pub use notes::{PAIRS_MAX, has_notes, params_of};
pub use place::{Place, WHOLE_LISTS_MAX};
pub use since::{Written, written_by};

/// Most rows of a page.
pub const LIMIT_MAX: u32 = 200;
/// Rows of a page if the caller sends no `limit`.
pub const LIMIT_DEFAULT: u32 = 50;

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// Always `list`.
    pub object: tag::List,
    /// Rows, in the order of the list.
    #[schema(max_items = 200)]
    pub data: Vec<T>,
    /// Position of the page in the list.
    pub page: PageInfo,
}

/// Position of a page in its list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PageInfo {
    /// Most rows of a page, as requested.
    #[schema(minimum = 1, maximum = 200, example = 50)]
    pub limit: u32,
    /// Whether more rows follow.
    #[schema(example = false)]
    pub has_more: bool,
    /// Cursor of the next page. Null at the end of the list.
    #[schema(max_length = 2048, required = true, example = json!(null))]
    pub next_cursor: Option<String>,
    /// Every change that began before this instant is in the list, or never will be. Send it as `updated_at[gte]` or
    /// `created_at[gte]` the next time, whichever the list has. All pages of one walk have that of its first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-22T10:15:00Z")]
    pub synced_until: Option<DateTime<Utc>>,
}

/// The only page of a short list, which takes neither `limit` nor `cursor`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OnlyPage {
    /// Most rows of the list.
    #[schema(minimum = 1, maximum = 200, example = 100)]
    limit: u32,
    /// Always false: no page follows.
    #[schema(example = false)]
    has_more: bool,
    /// Always null.
    #[schema(max_length = 2048, required = true, example = json!(null))]
    next_cursor: Option<String>,
}

impl OnlyPage {
    /// Returns the page of a list of at most `limit` rows.
    pub fn of(limit: u32) -> Self {
        OnlyPage { limit, has_more: false, next_cursor: None }
    }
}

/// The instant until which a walk is complete, once it is known.
type SyncedUntil = OnceLock<DateTime<Utc>>;

/// Parameters of every list.
#[derive(Debug, Default)]
struct PageParams {
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Filters of a list that has none.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFilters {}

/// A request for one page of a list. The filters `F` should reject unknown fields, and have neither `limit` nor
/// `cursor`.
pub struct List<F> {
    /// The filters.
    pub filters: F,
    /// Only records with each of these pairs.
    pub metadata: Metadata,
    /// Only documents that were written at this instant or later.
    pub since: Option<DateTime<Utc>>,
    limit: u32,
    /// The form of the whole list, if the caller wants all rows.
    form: Option<Form>,
    /// Columns of the whole list as CSV.
    columns: Vec<String>,
    /// The credential, if the caller wants all rows.
    presented: Option<Presented>,
    position: Option<Vec<u8>>,
    /// Until when the walk is complete, once it is known.
    synced_until: SyncedUntil,
    path: String,
    /// The query without `limit` and `cursor`.
    query: String,
    /// Tenant, path and filters that the cursor is bound to.
    bound_to: String,
    members: Members,
    /// Which response the caller has.
    seen: IfNoneMatch,
    app: Data<App>,
}

/// Marks a request that counts the points of a report although its route does not always: for all rows of a list, or for a PDF.
pub(crate) struct CountedAsReport;

/// Order of a list, and the earliest change that it includes.
#[derive(Debug, Clone, Copy)]
pub struct Sorted {
    order: Ordering,
    updated_since: Option<DateTime<Utc>>,
}

impl Sorted {
    /// Takes the order that the caller sends, or newest first.
    pub fn new(sort: Option<Sort>, updated_since: Option<Instant>) -> Self {
        Sorted::by(sort.unwrap_or_default(), updated_since)
    }

    /// Takes an order.
    pub fn by(order: impl Into<Ordering>, updated_since: Option<Instant>) -> Self {
        Sorted { order: order.into(), updated_since: updated_since.map(Instant::get) }
    }
}

impl<F: DeserializeOwned> FromRequest for List<F> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(List::of(request).map_err(|error| explain_query(request, error)))
    }
}

impl<F: DeserializeOwned> List<F> {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let Some(app) = request.app_data::<Data<App>>() else {
            return Err(ApiError::internal("no application state"));
        };
        let whole = joined_query(request);
        let (page, query) = split(&whole)?;
        let (form, query) = export::split(request, &query)?;
        export::check_limit(form, page.limit)?;
        if form.is_some() {
            request.extensions_mut().insert(CountedAsReport);
        }
        let tenant_id =
            request.extensions().get::<Context>().and_then(Context::tenant_id).unwrap_or_default();
        let bound_to = binding(tenant_id, request.path(), &query);
        let open = |cursor: String| app.cursor_key.open(&bound_to, &cursor).ok_or_else(invalid_cursor);
        let (position, synced_until) = match page.cursor.map(open).transpose()? {
            Some(place) => unsealed(place)?,
            None => (None, OnceLock::new()),
        };
        let (members, filters) = Members::split(request, &query)?;
        let (metadata, filters) = notes::split(request.path(), &filters)?;
        let (since, filters) = since::split(request.path(), &filters)?;
        let filters = params::parse(&filters)?;
        check_query(request, &whole)?;
        Ok(List {
            filters,
            metadata,
            since,
            limit: page.limit.unwrap_or(LIMIT_DEFAULT),
            form,
            columns: export::columns(request, form, &members),
            presented: form.is_some().then(|| Presented::of(request, app)),
            position,
            synced_until,
            path: request.path().to_owned(),
            query,
            bound_to,
            members,
            seen: IfNoneMatch::of(request)?,
            app: Data::clone(app),
        })
    }
}

impl<F> List<F> {
    /// Returns the number of rows to read: one more than the page takes, to know whether another page follows.
    pub fn fetch(&self) -> u64 {
        u64::from(self.limit) + 1
    }

    /// Returns the position after which the page starts. Returns nothing on the first page.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, ApiError> {
        let parse = |position: &Vec<u8>| serde_json::from_slice(position).map_err(|_| invalid_cursor());
        self.position.as_ref().map(parse).transpose()
    }

    /// Reads the rows of the page, after it has asked until when the list is complete. If the first page has none, rejects
    /// filters that name records that do not exist.
    pub async fn read<T>(
        &self,
        caller: &Caller,
        rows: impl AsyncFnOnce(&Tx) -> Result<Vec<T>, service::Error>,
    ) -> Result<Vec<T>, ApiError> {
        self.note_synced().await?;
        // To a customer, a record of others and one that does not exist look the same.
        let is_checked = self.position.is_none() && caller.customer_id.is_none();
        let named = if is_checked { named(&self.path, &self.query) } else { Vec::new() };
        let read = async |tx: &Tx| {
            let rows = rows(tx).await?;
            if rows.is_empty() {
                known::check(tx, &named).await?;
            }
            Ok(rows)
        };
        self.app.db.read(caller.tenant_id, read).await.map_err(|error| ApiError::from(error).in_query())
    }

    /// Asks until when the list is complete, unless the cursor says it. It must be asked before the snapshot of the page is taken.
    pub async fn note_synced(&self) -> Result<(), ApiError> {
        if self.synced_until.get().is_none() {
            let synced_until = self.app.synced.until(&self.app.db).await;
            let synced_until = synced_until.map_err(|error| ApiError::from_shared(&error))?;
            self.synced_until.get_or_init(|| synced_until);
        }
        Ok(())
    }

    /// Returns the page of `rows`, which may have one row more than the page takes. `position` returns the position of
    /// a row.
    pub fn answer<T: Serialize, K: Serialize>(&self, rows: Vec<T>, position: impl Fn(&T) -> K) -> Answer {
        let (rows, page, end) = self.cut(rows, position)?;
        if self.members.is_all() {
            return self.respond(&serde_json::to_vec(&rows).map_err(ApiError::internal)?, page, &end);
        }
        self.respond_with(values(&rows)?, page, &end)
    }

    /// Like [`answer`](List::answer), for a list that shows records beside their ids.
    pub async fn answer_expanded<T: Serialize, K: Serialize>(
        &self,
        caller: &Caller,
        rows: Vec<T>,
        position: impl Fn(&T) -> K,
    ) -> Answer {
        if self.members.is_all() {
            return self.answer(rows, position);
        }
        let (rows, page, end) = self.cut(rows, position)?;
        let mut rows = values(&rows)?;
        self.members.expand(&self.app.db, caller, &mut rows).await?;
        self.respond_with(rows, page, &end)
    }

    /// Like [`answer`](List::answer), for a body with more than the rows. It has no ETag.
    pub fn answer_with<T, K: Serialize, B: Serialize>(
        &self,
        rows: Vec<T>,
        position: impl Fn(&T) -> K,
        body: impl FnOnce(Vec<T>, PageInfo) -> B,
    ) -> Answer {
        let (rows, page, _) = self.cut(rows, position)?;
        let mut response = HttpResponse::Ok();
        self.link(&mut response, &page);
        Ok(response.json(body(rows, page)))
    }

    /// Leaves out the row that only shows that another page follows. Returns the position of the last row too, if one does.
    fn cut<T, K: Serialize>(
        &self,
        mut rows: Vec<T>,
        position: impl Fn(&T) -> K,
    ) -> Result<(Vec<T>, PageInfo, Vec<u8>), ApiError> {
        let limit = self.limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let (mut next_cursor, mut end) = (None, Vec::new());
        if let Some(last) = rows.last().filter(|_| has_more) {
            let mut place = serde_json::to_vec(&position(last)).map_err(ApiError::internal)?;
            end.clone_from(&place);
            if let Some(synced_until) = self.synced_until.get() {
                place.push(SYNCED);
                place.extend_from_slice(synced_until.timestamp_micros().to_string().as_bytes());
            }
            next_cursor = Some(self.app.cursor_key.seal(&self.bound_to, &place)?);
        }
        let synced_until = self.synced_until.get().copied();
        Ok((rows, PageInfo { limit: self.limit, has_more, next_cursor, synced_until }, end))
    }

    fn respond_with(&self, rows: Vec<Value>, page: PageInfo, end: &[u8]) -> Answer {
        self.respond(&serde_json::to_vec(&self.members.narrow(rows)).map_err(ApiError::internal)?, page, end)
    }

    /// Returns the page, or 304 to a caller who has it. The ETag follows from the rows and from the position of the last one, if
    /// more follow: with `fields`, the rows may not show it. The cursor of the next page and `synced_until` differ from response
    /// to response, and those of an equal page do as well.
    fn respond(&self, data: &[u8], page: PageInfo, end: &[u8]) -> Answer {
        let tag = weak_tag([data, end]);
        let mut response = HttpResponse::Ok();
        self.link(&mut response, &page);
        let body = || -> Result<Vec<u8>, ApiError> {
            let page = serde_json::to_vec(&page).map_err(ApiError::internal)?;
            let parts: [&[u8]; 5] = [br#"{"object":"list","data":"#, data, br#","page":"#, &page, b"}"];
            Ok(parts.concat())
        };
        self.seen.answer_body(&mut response, tag, "application/json", body)
    }

    fn link(&self, response: &mut HttpResponseBuilder, page: &PageInfo) {
        let Some(cursor) = &page.next_cursor else { return };
        let mut link = format!("<{}?limit={}&cursor={cursor}", self.path, self.limit);
        if !self.query.is_empty() {
            let _ = write!(link, "&{}", self.query);
        }
        link.push_str(">; rel=\"next\"");
        response.insert_header((header::LINK, link));
    }
}

fn values<T: Serialize>(rows: &[T]) -> Result<Vec<Value>, ApiError> {
    rows.iter().map(|row| serde_json::to_value(row).map_err(ApiError::internal)).collect()
}

/// Stands between the position in a cursor, which is compact JSON, and the instant until which its walk is complete.
const SYNCED: u8 = b'\n';

/// Splits the place in a cursor into the position and the instant until which its walk is complete.
fn unsealed(place: Vec<u8>) -> Result<(Option<Vec<u8>>, SyncedUntil), ApiError> {
    let synced_until = OnceLock::new();
    let Some(end) = place.iter().position(|byte| *byte == SYNCED) else {
        return Ok((Some(place), synced_until));
    };
    let micros = std::str::from_utf8(&place[end + 1..]).ok().and_then(|text| text.parse().ok());
    let instant = micros.and_then(DateTime::from_timestamp_micros).ok_or_else(invalid_cursor)?;
    synced_until.get_or_init(|| instant);
    Ok((Some(place[..end].to_vec()), synced_until))
}

/// Reads the text that `q` searches for.
pub fn search(text: Option<&str>, anywhere: bool) -> Result<Option<Search>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let found = Search::new(text, anywhere);
    found.map(Some).ok_or_else(|| {
        let detail = "Send at least one letter or digit to search for.";
        ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("q")
    })
}

/// Returns the order of a list that can be searched: the one that the caller sends, or the best match first, or `usual`
/// without a search.
pub fn sort<S: Copy + PartialEq>(
    wanted: Option<S>,
    is_searched: bool,
    relevance: S,
    usual: S,
) -> Result<S, ApiError> {
    if wanted == Some(relevance) && !is_searched {
        let detail = "Only a list with q can be sorted by relevance.";
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("sort"));
    }
    Ok(wanted.unwrap_or(if is_searched { relevance } else { usual }))
}

/// Returns the records that the filters of a query name. A filter by the code of the listed records themselves is a search
/// for one: its list may be empty.
fn named(path: &str, query: &str) -> Vec<Named> {
    let kind = |parameter: &str| match (parameter, path) {
        ("sku", "/v1/products") | ("request_id", _) => None,
        // There it is the code of another system.
        ("sku", path) if path.starts_with("/v1/reconciliation/") => None,
        ("system", "/v1/reconciliation/discrepancies" | "/v1/reconciliation/episodes") => Some(Kind::System),
        ("sku", _) => Some(Kind::Sku),
        ("account", "/v1/journal-entries") => Some(Kind::Account),
        ("reason", "/v1/stock/documents") => Some(Kind::Reason),
        (parameter, _) => parameter.ends_with("_id").then_some(Kind::ById),
    };
    form_urlencoded::parse(query.as_bytes())
        .filter_map(|(parameter, value)| {
            let kind = kind(&parameter)?;
            Some(Named { parameter: parameter.into_owned(), value: value.into_owned(), kind })
        })
        .collect()
}

/// Splits `limit` and `cursor` off the rest of a query.
fn split(query: &str) -> Result<(PageParams, String), ApiError> {
    let mut page = PageParams::default();
    let mut rest = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("limit", value)) if page.limit.is_none() => page.limit = Some(parse_limit(value)?),
            Some(("cursor", value)) if page.cursor.is_none() => page.cursor = Some(value.to_owned()),
            Some(("limit", _)) => return Err(invalid_limit()),
            Some(("cursor", _)) => return Err(invalid_cursor()),
            _ => rest.push(pair),
        }
    }
    page.cursor = page.cursor.filter(|cursor| !cursor.is_empty());
    Ok((page, rest.join("&")))
}

fn parse_limit(text: &str) -> Result<u32, ApiError> {
    text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(invalid_limit)
}

pub(crate) fn invalid_limit() -> ApiError {
    let detail = format!("Send limit once, as a whole number from 1 to {LIMIT_MAX}.");
    ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("limit")
}

pub(crate) fn invalid_cursor() -> ApiError {
    ApiError::of(ErrorCode::InvalidCursor).at_parameter("cursor")
}

/// Returns what a cursor is bound to. The order of the filters does not matter.
fn binding(tenant_id: TenantId, path: &str, query: &str) -> String {
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    format!("{tenant_id} {path}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::CursorKey;

    #[test]
    fn a_cursor_fits_its_own_list_only() {
        let key = CursorKey::new(&[1; 32]);
        let list = binding(TenantId::default(), "/v1/products", "a=1&b=2");
        let cursor = key.seal(&list, b"[1]").expect("a cursor");
        let same = binding(TenantId::default(), "/v1/products", "b=2&a=1");
        assert_eq!(key.open(&same, &cursor).as_deref(), Some(b"[1]".as_slice()));
        for other in [
            binding(TenantId::default(), "/v1/products", "a=1&b=3"),
            binding(TenantId::default(), "/v1/orders", "a=1&b=2"),
            binding(TenantId(uuid::Uuid::max()), "/v1/products", "a=1&b=2"),
        ] {
            assert_eq!(key.open(&other, &cursor), None);
        }
    }

    #[test]
    fn limit_and_cursor_are_split_off() {
        let (page, rest) = split("status=a&limit=7&cursor=abc&q=x").expect("a page");
        assert_eq!(
            (page.limit, page.cursor.as_deref(), rest.as_str()),
            (Some(7), Some("abc"), "status=a&q=x")
        );
        for query in ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=a&cursor=b"] {
            assert!(split(query).is_err(), "{query}");
        }
    }
}
