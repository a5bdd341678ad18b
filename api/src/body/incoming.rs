//! A body that arrives. Its bytes are counted for its caller before they are parsed.

use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Data};
use domain::id::TenantId;
use futures_util::StreamExt;
use ipnet::IpNet;
use service::Caller;
use service::network;
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::connection::time_for;
use crate::context::Context;
use crate::credential;
use crate::problem::{ApiError, ErrorCode};

/// A body that has not been received yet.
pub(crate) struct Incoming {
    payload: Payload,
    announced: Option<usize>,
    pause: Duration,
    app: Option<Data<App>>,
    caller: Option<Caller>,
    /// Network of a request without a caller.
    network: IpNet,
}

impl Incoming {
    /// Takes the body of a request.
    pub fn of(request: &HttpRequest, payload: &mut Payload) -> Self {
        let app = App::of(request).ok();
        let proxies = app.as_ref().map_or(&[][..], |app| &app.trusted_proxies);
        let address = credential::address(request.peer_addr(), request.headers(), proxies);
        Incoming {
            payload: payload.take(),
            announced: announced(request.headers()),
            pause: app.as_ref().map_or(Duration::from_secs(10), |app| app.body_timeout),
            caller: request.extensions().get::<Context>().and_then(Context::caller).cloned(),
            network: network::of_any(address),
            app,
        }
    }

    /// Returns the announced length.
    pub fn announced(&self) -> Option<usize> {
        self.announced
    }

    /// Returns the caller's tenant. All requests without a caller count as one tenant.
    pub fn tenant_id(&self) -> TenantId {
        self.caller.as_ref().map(|caller| caller.tenant_id).unwrap_or_default()
    }

    /// Rejects a body that is longer than `bytes_max`, or than its caller may send now, by the announced length.
    pub fn admit(&self, bytes_max: usize) -> Result<(), ApiError> {
        match self.announced {
            Some(length) if length > bytes_max => Err(too_large(bytes_max)),
            Some(length) => self.count(length),
            None => Ok(()),
        }
    }

    /// Counts a body that can't be parsed.
    pub fn note_unreadable(&self, bytes: usize) {
        let Some(app) = &self.app else { return };
        match &self.caller {
            Some(caller) => app.rates.count_unreadable(caller, bytes),
            None => app.strangers.note(self.network),
        }
    }

    /// Receives at most `bytes_max`. The time in all is the longest pause, and what the bytes that arrived take at the
    /// lowest speed.
    pub async fn collect(&mut self, bytes_max: usize, bytes_a_second_min: usize) -> Result<Bytes, ApiError> {
        let capacity = self.announced.unwrap_or(1024).min(bytes_max);
        let begun = Instant::now();
        let (mut first, mut body): (Option<Bytes>, _) = (None, BytesMut::new());
        loop {
            let received = body.len() + first.as_ref().map_or(0, Bytes::len);
            let end = begun + self.pause + time_for(received, bytes_a_second_min);
            let chunk = timeout_at(end.min(Instant::now() + self.pause), self.payload.next()).await;
            let Some(chunk) = chunk.map_err(|_| ApiError::of(ErrorCode::RequestTimeout))? else { break };
            let chunk =
                chunk.map_err(|_| ApiError::new(ErrorCode::MalformedJson, "The body is incomplete."))?;
            if received + chunk.len() > bytes_max {
                return Err(too_large(bytes_max));
            }
            // Most bodies arrive in one chunk, which is used without a copy.
            match (first.take(), body.is_empty()) {
                (None, true) => first = Some(chunk),
                (previous, _) => {
                    body.reserve(capacity.saturating_sub(body.len()));
                    body.extend_from_slice(previous.as_deref().unwrap_or_default());
                    body.extend_from_slice(&chunk);
                }
            }
        }
        let body = first.unwrap_or_else(|| body.freeze());
        if self.announced.is_none() {
            self.count(body.len())?;
        }
        Ok(body)
    }

    /// Counts the bytes of a body before it is parsed, or rejects it.
    fn count(&self, bytes: usize) -> Result<(), ApiError> {
        let Some(app) = &self.app else { return Ok(()) };
        match &self.caller {
            Some(caller) => app.rates.admit_body(caller, bytes),
            None => app.strangers.admit(self.network),
        }
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse().ok())
}

fn too_large(bytes_max: usize) -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge, format!("The body may have at most {bytes_max} bytes."))
}
