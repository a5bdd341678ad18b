//! Bodies of imports: longer than others, as JSON or as CSV, and few at a time.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::sync::{Arc, LazyLock, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::id::TenantId;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore, SemaphorePermit};

use crate::body::{self, Patience};
use crate::context::Context;
use crate::problem::{ApiError, ErrorCode};

/// Most bytes of an upload.
pub const UPLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Longest time that an upload may take to arrive.
const READ_DEADLINE: Duration = Duration::from_secs(120);
/// Most uploads that a process holds in memory at once.
const UPLOADS_MAX: usize = 4;
/// Longest time that an upload waits for its turn.
const TURN_DEADLINE: Duration = Duration::from_secs(10);

static TURNS: Semaphore = Semaphore::const_new(UPLOADS_MAX);
/// Allows one upload of a tenant at a time, so that a tenant with many does not take the turns of others.
static LANES: LazyLock<std::sync::Mutex<HashMap<TenantId, Arc<Mutex<()>>>>> = LazyLock::new(Default::default);

/// Format of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `application/json`.
    Json,
    /// `text/csv`.
    Csv,
}

/// An upload that has not been read yet.
pub struct Upload {
    payload: Payload,
    patience: Patience,
    head: Result<(Form, Option<usize>), ApiError>,
    tenant_id: TenantId,
}

/// An upload that was read. Its turn ends when it is dropped.
#[derive(Debug)]
pub struct Uploaded {
    /// Its format.
    pub form: Form,
    /// Its bytes.
    pub raw: Bytes,
    _turn: Turn,
}

/// The right to hold an upload in memory, until it is dropped.
#[derive(Debug)]
struct Turn {
    _of_tenant: OwnedMutexGuard<()>,
    _of_process: SemaphorePermit<'static>,
}

impl FromRequest for Upload {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let tenant_id =
            request.extensions().get::<Context>().and_then(Context::tenant_id).unwrap_or_default();
        let patience = Patience { pause: body::pause(request), in_all: Some(READ_DEADLINE) };
        ready(Ok(Upload { payload: payload.take(), patience, head: check_head(request), tenant_id }))
    }
}

impl Upload {
    /// Reads the body.
    pub async fn read(self) -> Result<Uploaded, ApiError> {
        let (form, announced) = self.head?;
        let Ok(Some(turn)) = tokio::time::timeout(TURN_DEADLINE, turn(self.tenant_id)).await else {
            return Err(ApiError::of(ErrorCode::TemporarilyUnavailable).with_retry_after(10));
        };
        let raw = body::collect(self.payload, announced, UPLOAD_BYTES_MAX, self.patience).await?;
        Ok(Uploaded { form, raw, _turn: turn })
    }
}

/// Waits for the tenant's turn, and then for one of the process.
async fn turn(tenant_id: TenantId) -> Option<Turn> {
    let lane = {
        let mut lanes = LANES.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        Arc::clone(lanes.entry(tenant_id).or_default())
    };
    let of_tenant = lane.lock_owned().await;
    let of_process = TURNS.acquire().await.ok()?;
    Some(Turn { _of_tenant: of_tenant, _of_process: of_process })
}

fn check_head(request: &HttpRequest) -> Result<(Form, Option<usize>), ApiError> {
    let headers = request.headers();
    let form = match body::essence(headers).to_ascii_lowercase().as_str() {
        "application/json" => Some(Form::Json),
        "text/csv" => Some(Form::Csv),
        _ => None,
    };
    match form {
        Some(form) if !headers.contains_key(header::CONTENT_ENCODING) => Ok((form, body::announced(headers))),
        _ => {
            let detail = "Send the records as application/json or as text/csv, not compressed.";
            let error = ApiError::new(ErrorCode::UnsupportedMediaType, detail);
            Err(error.with_header(header::ACCEPT, "application/json, text/csv"))
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    #[actix_web::test]
    async fn a_tenant_waits_for_itself_and_not_for_others() {
        let tenant = |number: u128| TenantId(Uuid::from_u128(number));
        let first = turn(tenant(1)).await.expect("a turn");
        assert!(turn(tenant(1)).now_or_never().is_none(), "one upload of a tenant at a time");
        let second = turn(tenant(2)).now_or_never().flatten().expect("another tenant's turn");
        let rest = (turn(tenant(3)).await, turn(tenant(4)).await);
        assert!(turn(tenant(5)).now_or_never().is_none(), "few uploads of a process at a time");
        drop(first);
        assert!(turn(tenant(1)).now_or_never().flatten().is_some());
        drop((second, rest));
        drop(turn(tenant(6)).await);
        let waiting = LANES.lock().unwrap_or_else(PoisonError::into_inner).len();
        assert!(waiting <= 1, "no lane is kept for a tenant without an upload");
    }
}
