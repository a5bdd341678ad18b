//! Lists: keyset pages behind sealed cursors.
//!
//! A list route takes [`List<Filters>`](List), asks its use case for [`List::fetch`] rows after [`List::after`], and
//! returns [`List::answer`]. The position is any serialisable value that the rows are ordered by and that ends in the
//! id, such as `Uuid` or `(DateTime<Utc>, Uuid)`. A cursor fits only the list, the tenant and the filters that it was
//! made with.

use std::fmt::Write as _;
use std::future::{Ready, ready};
use std::sync::OnceLock;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use domain::id::TenantId;
use domain::moment::Instant;
use domain::tag;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use service::listing::{Age, Slice};
use service::page::Sort;

use crate::app::App;
use crate::context::Context;
use crate::params;
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::record::Record;
use crate::schema::{explain_query, joined_query};

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
    #[schema(max_length = 1024, required = true, example = json!(null))]
    pub next_cursor: Option<String>,
    /// Every change that began before this instant is in the list, or never will be. Send it as `updated_at[gte]` the next time.
    /// All pages of one walk have that of its first page. Only lists with `updated_at[gte]` have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-22T10:15:00Z")]
    pub synced_until: Option<DateTime<Utc>>,
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
    limit: u32,
    position: Option<Vec<u8>>,
    /// Until when the walk is complete, once it is known.
    synced_until: SyncedUntil,
    path: String,
    /// The query without `limit` and `cursor`.
    query: String,
    /// Tenant, path and filters that the cursor is bound to.
    bound_to: String,
    app: Data<App>,
}

/// Order of a list, and the earliest change that it includes.
#[derive(Debug, Clone, Copy)]
pub struct Sorted {
    sort: Sort,
    updated_since: Option<DateTime<Utc>>,
}

impl Sorted {
    /// Takes the order that the caller sends, or newest first.
    pub fn new(sort: Option<Sort>, updated_since: Option<Instant>) -> Self {
        Sorted { sort: sort.unwrap_or_default(), updated_since: updated_since.map(Instant::get) }
    }

    /// Returns the requested page, before the snapshot that it is read from is taken: until then the list is complete.
    pub async fn page<F>(self, list: &List<F>) -> Result<service::page::Page, ApiError> {
        let Sorted { sort, updated_since } = self;
        list.note_synced().await?;
        Ok(service::page::Page { sort, after: list.after()?, rows: list.fetch(), updated_since })
    }

    /// Returns the page of `rows`, as [`List::answer`] does.
    pub fn answer<F, R: Record>(self, list: &List<F>, rows: Vec<R>) -> Answer {
        list.answer(rows, |row| self.sort.position(row.id(), row.updated_at()))
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
        let (page, query) = split(&joined_query(request))?;
        let tenant_id =
            request.extensions().get::<Context>().and_then(Context::tenant_id).unwrap_or_default();
        let bound_to = binding(tenant_id, request.path(), &query);
        let open = |cursor: String| app.cursor_key.open(&bound_to, &cursor).ok_or_else(invalid_cursor);
        let (position, synced_until) = match page.cursor.map(open).transpose()? {
            Some(place) => unsealed(place)?,
            None => (None, OnceLock::new()),
        };
        Ok(List {
            filters: params::parse(&query)?,
            limit: page.limit.unwrap_or(LIMIT_DEFAULT),
            position,
            synced_until,
            path: request.path().to_owned(),
            query,
            bound_to,
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

    /// Asks until when the list is complete, unless the cursor says it.
    async fn note_synced(&self) -> Result<(), ApiError> {
        if self.synced_until.get().is_none() {
            let synced_until = self.app.synced.until(&self.app.db).await?;
            self.synced_until.get_or_init(|| synced_until);
        }
        Ok(())
    }

    /// Returns the requested page of a list of documents.
    pub fn slice(&self, sort: Option<Age>) -> Result<Slice, ApiError> {
        Ok(Slice { age: sort.unwrap_or_default(), after: self.after()?, rows: self.fetch() })
    }

    /// Returns the page of `rows`, which may have one row more than the page takes. `position` returns the position of
    /// a row.
    pub fn answer<T: Serialize, K: Serialize>(&self, rows: Vec<T>, position: impl Fn(&T) -> K) -> Answer {
        self.answer_with(rows, position, |data, page| Page { object: tag::List, data, page })
    }

    /// Like [`answer`](List::answer), for a body with more than the rows.
    pub fn answer_with<T, K: Serialize, B: Serialize>(
        &self,
        mut rows: Vec<T>,
        position: impl Fn(&T) -> K,
        body: impl FnOnce(Vec<T>, PageInfo) -> B,
    ) -> Answer {
        let limit = self.limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let mut next_cursor = None;
        if let Some(last) = rows.last().filter(|_| has_more) {
            let mut place = serde_json::to_vec(&position(last)).map_err(ApiError::internal)?;
            if let Some(synced_until) = self.synced_until.get() {
                place.push(SYNCED);
                place.extend_from_slice(synced_until.timestamp_micros().to_string().as_bytes());
            }
            next_cursor = Some(self.app.cursor_key.seal(&self.bound_to, &place)?);
        }
        let mut response = HttpResponse::Ok();
        if let Some(cursor) = &next_cursor {
            let mut link = format!("<{}?limit={}&cursor={cursor}", self.path, self.limit);
            if !self.query.is_empty() {
                let _ = write!(link, "&{}", self.query);
            }
            link.push_str(">; rel=\"next\"");
            response.insert_header((header::LINK, link));
        }
        let synced_until = self.synced_until.get().copied();
        let page = PageInfo { limit: self.limit, has_more, next_cursor, synced_until };
        Ok(response.json(body(rows, page)))
    }
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
