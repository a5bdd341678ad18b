//! One stream: the changes that its listener receives, as messages. They are written as the client takes them, so a long change takes no
//! more memory than a short one.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use domain::id::{LocationId, LotId, ProductId, TenantId};
use domain::number::Quantity;
use domain::tag;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;
use service::event::{FeedPosition, Filter};
use service::live::{Listener, Message, News};
use service::stock::level::ChangedLevel;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::guard::Reason;
use super::seat::Seat;
use crate::App;
use crate::event::{Event, seal};
use crate::problem::ApiError;

/// Interval in which a stream sends a comment.
const BEAT: Duration = Duration::from_secs(15);
/// Milliseconds that a client should wait before it connects again.
const RETRY_MS: u32 = 2_000;
/// Bytes up to which messages are sent together.
const PIECE_BYTES: usize = 16 * 1024;

/// The changes that a stream sends.
pub struct Wanted {
    /// Whether levels are sent.
    pub levels: bool,
    /// Only levels of these products. All if empty.
    pub products: BTreeSet<ProductId>,
    /// Only levels at these locations. All if empty.
    pub locations: BTreeSet<LocationId>,
    /// The events that are sent, if any.
    pub events: Option<Filter>,
}

/// A running stream.
pub struct Sender {
    app: Data<App>,
    _seat: Seat,
    tenant_id: TenantId,
    listener: Listener,
    wanted: Wanted,
    /// Changes when the stream must end.
    ending: watch::Receiver<Option<Reason>>,
    beat: Interval,
    /// Messages that are ready.
    ready: VecDeque<Bytes>,
    /// The change of which a part is not written yet.
    news: Option<News>,
    /// Place in the feed that the client knows.
    told: FeedPosition,
    has_ended: bool,
}

/// A level that changed, as it is now.
#[derive(Serialize)]
struct Level<'a> {
    object: tag::StockLevel,
    product_id: ProductId,
    sku: &'a str,
    location_id: LocationId,
    lot_id: Option<LotId>,
    sellable: bool,
    uom: &'a str,
    on_hand: Quantity,
    reserved: Quantity,
    available: Quantity,
    moved_at: chrono::DateTime<chrono::Utc>,
}

impl<'a> From<&'a ChangedLevel> for Level<'a> {
    fn from(level: &'a ChangedLevel) -> Self {
        Level {
            object: tag::StockLevel,
            product_id: level.product_id,
            sku: &level.sku,
            location_id: level.location_id,
            lot_id: level.lot_id,
            sellable: level.sellable,
            uom: &level.uom,
            on_hand: level.on_hand,
            reserved: level.reserved,
            available: level.available,
            moved_at: level.moved_at,
        }
    }
}

impl Sender {
    /// Creates a stream whose first message is `ready`.
    pub fn new(
        (app, seat): (Data<App>, Seat),
        (ending, tenant_id): (watch::Receiver<Option<Reason>>, TenantId),
        listener: Listener,
        wanted: Wanted,
    ) -> Result<Self, ApiError> {
        let mut beat = interval_at(tokio::time::Instant::now() + BEAT, BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let told = listener.place();
        let mut sender = Sender {
            app,
            _seat: seat,
            tenant_id,
            listener,
            wanted,
            ending,
            beat,
            ready: VecDeque::new(),
            news: None,
            told,
            has_ended: false,
        };
        let id = sender.id(told)?;
        sender
            .send(format!("retry: {RETRY_MS}\nid: {id}\nevent: ready\ndata: {{\"object\":\"stream\"}}\n\n"));
        Ok(sender)
    }

    /// Returns its messages.
    pub fn messages(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        unfold(self, async |mut sender: Sender| {
            let message = sender.next().await?;
            Some((Ok(message), sender))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        while self.ready.is_empty() && !self.has_ended {
            if let Some(news) = self.news.take() {
                self.tell(news);
                continue;
            }
            tokio::select! {
                heard = self.listener.next() => match heard {
                    Ok(Message::Change(news)) => self.news = Some(news),
                    Ok(Message::TooSlow) => self.end(Reason::TooSlow),
                    Ok(Message::Closing) => self.end(Reason::Stopping),
                    Err(error) => {
                        tracing::warn!(%error, "a stream ends because changes could not be read");
                        self.end(Reason::Failed);
                    }
                },
                _ = self.beat.tick() => self.show_life(),
                reason = must_end(&mut self.ending) => self.end(reason),
            }
        }
        self.ready.pop_front()
    }

    /// Sends a piece of a change, its levels first: a client that resumes after an event must not miss them.
    fn tell(&mut self, mut news: News) {
        let reason = *self.ending.borrow();
        if let Some(reason) = reason {
            return self.end(reason);
        }
        let mut piece = String::new();
        while piece.len() < PIECE_BYTES && !self.has_ended {
            if !self.tell_next(&mut piece, &mut news) {
                if !piece.is_empty() && news.end() != self.told {
                    self.point_at(&mut piece, news.end());
                }
                return self.send(piece);
            }
        }
        if !self.has_ended {
            self.news = Some(news);
            self.send(piece);
        }
    }

    /// Adds the next level or event of a change, if it is wanted. Returns whether there was one.
    fn tell_next(&mut self, piece: &mut String, news: &mut News) -> bool {
        if let Some(level) = news.next_level() {
            if self.wanted.wants(level) {
                self.message(piece, None, "stock_level", &Level::from(level));
            }
            return true;
        }
        let Some(event) = news.next_event() else { return false };
        if self.wanted.events.as_ref().is_some_and(|filter| filter.matches(event)) {
            self.message(piece, Some(event.place), "event", &Event::from(event));
        }
        true
    }

    /// Adds a message.
    fn message(
        &mut self,
        piece: &mut String,
        place: Option<FeedPosition>,
        name: &str,
        data: &impl Serialize,
    ) {
        let Ok(data) = serde_json::to_string(data) else { return self.end(Reason::Failed) };
        if let Some(id) = place.and_then(|place| self.id(place).ok()) {
            self.told = place.unwrap_or(self.told);
            let _ = writeln!(piece, "id: {id}");
        }
        let _ = write!(piece, "event: {name}\ndata: {data}\n\n");
    }

    /// Sends the place to continue from, without a message.
    fn point_at(&mut self, piece: &mut String, place: FeedPosition) {
        if let Ok(id) = self.id(place) {
            self.told = place;
            let _ = write!(piece, "id: {id}\n\n");
        }
    }

    fn show_life(&mut self) {
        let mut piece = ":\n\n".to_owned();
        if self.listener.place() != self.told {
            self.point_at(&mut piece, self.listener.place());
        }
        self.send(piece);
    }

    fn end(&mut self, reason: Reason) {
        let reason: &str = reason.into();
        self.send(format!("event: bye\ndata: {{\"object\":\"stream\",\"reason\":\"{reason}\"}}\n\n"));
        self.has_ended = true;
    }

    fn send(&mut self, piece: String) {
        if !piece.is_empty() {
            self.ready.push_back(Bytes::from(piece));
        }
    }

    fn id(&self, place: FeedPosition) -> Result<String, ApiError> {
        seal(&self.app.cursor_key, self.tenant_id, place)
    }
}

/// Waits for the reason to end. Without its guard a stream ends.
async fn must_end(ending: &mut watch::Receiver<Option<Reason>>) -> Reason {
    let reason = ending.wait_for(Option::is_some).await;
    reason.ok().and_then(|reason| *reason).unwrap_or(Reason::Failed)
}

impl Wanted {
    fn wants(&self, level: &ChangedLevel) -> bool {
        self.levels
            && (self.products.is_empty() || self.products.contains(&level.product_id))
            && (self.locations.is_empty() || self.locations.contains(&level.location_id))
    }
}
