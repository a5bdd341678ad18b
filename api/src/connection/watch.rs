//! The state of one connection, and the moment at which it is closed.
//!
//! A connection belongs to one worker, so its state is in cells.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::web::Bytes;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::{BYTES_A_SECOND_MIN, Deadlines, REQUESTS_OPEN_MAX, time_for};

/// A connection, as its requests and its deadline see it.
#[derive(Debug)]
pub struct Connection {
    deadlines: Deadlines,
    is_http2: bool,
    /// Requests whose response is not finished.
    open: Cell<usize>,
    has_served: Cell<bool>,
    /// Start of the present wait for a request.
    idle_since: Cell<Instant>,
    /// First byte that arrived during this wait.
    first_byte: Cell<Option<Instant>>,
    /// Pieces of responses that the peer has to take, each with its deadline.
    due: RefCell<Vec<(u64, Instant)>>,
    next_id: Cell<u64>,
    cut: Notify,
}

impl Connection {
    /// Begins the wait for the first request. The connection was accepted at `accepted`.
    pub(super) fn new(deadlines: Deadlines, is_http2: bool, accepted: Instant) -> Self {
        Connection {
            deadlines,
            is_http2,
            open: Cell::new(0),
            has_served: Cell::new(false),
            idle_since: Cell::new(accepted),
            first_byte: Cell::new(None),
            due: RefCell::default(),
            next_id: Cell::new(0),
            cut: Notify::new(),
        }
    }

    /// Closes the connection at once. One of HTTP/2 stays: the clients of a proxy share it.
    pub fn cut(&self) {
        if !self.is_http2 {
            self.cut.notify_one();
        }
    }

    /// Counts a request as open until the returned value is dropped.
    pub fn enter(self: &Rc<Self>) -> OpenRequest {
        self.open.set(self.open.get() + 1);
        self.has_served.set(true);
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        OpenRequest { connection: Rc::clone(self), id }
    }

    /// Notes that bytes arrived.
    pub(super) fn note_bytes(&self) {
        if self.open.get() == 0 && self.first_byte.get().is_none() {
            self.first_byte.set(Some(Instant::now()));
        }
    }

    /// Returns when a deadline has passed, or the connection is cut.
    pub(super) async fn expired(&self) {
        // Deadlines begin and end between two looks. A look never comes more than a tenth too late.
        let step = self.deadlines.head.min(self.deadlines.response) / 10;
        let cut = self.cut.notified();
        let passed = async {
            while self.deadline().is_none_or(|deadline| deadline > Instant::now()) {
                let left = self.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
                let soon = Duration::from_millis(1);
                sleep(left.map_or(step, |left| left.clamp(soon, step.max(soon)))).await;
            }
        };
        tokio::select! {
            () = cut => {}
            () = passed => {}
        }
    }

    /// Returns the moment at which something is due from the peer.
    fn deadline(&self) -> Option<Instant> {
        if self.open.get() > 0 {
            return self.due.borrow().iter().map(|(_, deadline)| *deadline).min();
        }
        let Deadlines { head, keep_alive, .. } = self.deadlines;
        let first_byte = self.first_byte.get().filter(|_| !self.is_http2);
        let next_request = match (self.has_served.get(), first_byte) {
            (false, _) if !self.is_http2 => self.idle_since.get() + head,
            (true, Some(first_byte)) => first_byte + head,
            // Frames of HTTP/2 that are no request don't make a connection busy.
            (_, _) => self.idle_since.get() + keep_alive,
        };
        Some(next_request)
    }

    fn leave(&self, id: u64) {
        self.settle(id);
        self.open.set(self.open.get() - 1);
        if self.open.get() == 0 {
            self.idle_since.set(Instant::now());
            self.first_byte.set(None);
        }
    }

    fn expect(&self, id: u64, bytes: usize) {
        if self.is_http2 {
            // The proxy watches its clients, which share this connection.
            return;
        }
        let deadline = Instant::now() + self.deadlines.response + time_for(bytes, BYTES_A_SECOND_MIN);
        self.due.borrow_mut().push((id, deadline));
    }

    fn settle(&self, id: u64) {
        self.due.borrow_mut().retain(|(of, _)| *of != id);
    }
}

/// An open request, until its response was taken or given up.
#[derive(Debug)]
pub struct OpenRequest {
    connection: Rc<Connection>,
    id: u64,
}

impl OpenRequest {
    /// Whether the connection has more open requests than it may.
    pub fn is_one_too_many(&self) -> bool {
        self.connection.open.get() > REQUESTS_OPEN_MAX
    }

    /// Keeps the request open until the body of its response is sent.
    pub fn until_sent(self, response: ServiceResponse) -> ServiceResponse {
        match response.response().body().size() {
            BodySize::None | BodySize::Sized(0) => response,
            BodySize::Sized(_) | BodySize::Stream => {
                response.map_body(|_, body| BoxBody::new(WatchedBody { body, request: self }))
            }
        }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.connection.leave(self.id);
    }
}

/// The body of a response. The next piece is asked for when the peer has taken the one before.
struct WatchedBody {
    body: BoxBody,
    request: OpenRequest,
}

impl MessageBody for WatchedBody {
    type Error = Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let OpenRequest { connection, id } = &self.request;
        connection.settle(*id);
        let piece = Pin::new(&mut self.body).poll_next(cx);
        let OpenRequest { connection, id } = &self.request;
        if let Poll::Ready(Some(Ok(piece))) = &piece {
            connection.expect(*id, piece.len());
        }
        piece.map_err(Error::from)
    }
}

/// Waits for `work` at most as long as a head may take.
pub(super) async fn within_head<T>(deadlines: Deadlines, work: impl Future<Output = T>) -> Option<T> {
    timeout(deadlines.head, work).await.ok()
}
