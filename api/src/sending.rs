//! Long responses, which are sent in parts. What waits for slow readers has a limit: in all, for each tenant, and for each network.
//!
//! A connection copies what it gets into a buffer of its own. So a long response is given to it part by part.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody, SizedStream};
use actix_web::web::Bytes;
use domain::id::TenantId;
use futures_util::{Stream, stream};
use service::Caller;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::connection::{BYTES_A_SECOND_MIN, time_for};
use crate::problem::ApiError;
use crate::room::{Place, Room, Sizes};

/// Bytes of a part of a content that is sent.
const PART_BYTES: usize = 64 * 1024;
/// A response of more bytes is sent in parts.
const LONG_BYTES: u64 = PART_BYTES as u64;
/// Time to take a response, besides that for its bytes.
const FIRST: Duration = Duration::from_secs(30);
const MIB: usize = 1024 * 1024;
/// Most bytes that a response counts as: a longer one has all the room of its tenant.
const COUNTED_MAX: usize = 48 * MIB;
/// Stands for the tenant of callers without a credential.
const STRANGERS: TenantId = TenantId(Uuid::nil());

/// Room for responses that are sent.
static SENT: Room =
    Room::with_readers(Sizes { of_process: 192 * MIB, of_tenant: COUNTED_MAX, spare: COUNTED_MAX }, 24 * MIB);
/// Room for responses that wait for room. They are in memory as well.
static WAITING: Room =
    Room::with_readers(Sizes { of_process: 96 * MIB, of_tenant: 24 * MIB, spare: 24 * MIB }, 12 * MIB);
/// Room for responses to publishable keys and customer sessions: visitors of a shop leave the room of its tenant free.
static SENT_TO_VISITORS: Room =
    Room::with_readers(Sizes { of_process: 48 * MIB, of_tenant: 16 * MIB, spare: 16 * MIB }, 8 * MIB);
/// Room for responses to callers without a credential.
static SENT_TO_STRANGERS: Room =
    Room::with_readers(Sizes { of_process: 24 * MIB, of_tenant: 24 * MIB, spare: 0 }, 8 * MIB);

/// Whether a response is so long that it is sent in parts.
pub fn is_long<B: MessageBody>(response: &HttpResponse<B>) -> bool {
    matches!(response.body().size(), BodySize::Sized(bytes) if bytes > LONG_BYTES)
}

/// Gives a long response a place, and sends it in parts. Rejects it if its readers leave no room for it. A response that is sent in parts
/// already stays as it is.
pub async fn limited(
    response: HttpResponse,
    caller: Option<&Caller>,
    address: Option<IpAddr>,
) -> Result<HttpResponse, ApiError> {
    if !is_long(&response) {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let content = match body.try_into_bytes() {
        Ok(content) => content,
        Err(body) => return Ok(head.set_body(body)),
    };
    let bytes = content.len().min(COUNTED_MAX);
    let place = match caller {
        Some(caller) if caller.is_publishable() => {
            SENT_TO_VISITORS.try_take_for(caller.tenant_id, address, bytes)?
        }
        Some(caller) => place(caller.tenant_id, address, bytes).await?,
        None => SENT_TO_STRANGERS.try_take_for(STRANGERS, address, bytes)?,
    };
    Ok(head.set_body(in_parts(content, place)))
}

/// Returns the body of a content that all responses share, so that it takes no room.
pub fn shared(content: Bytes) -> BoxBody {
    in_parts(content, ())
}

async fn place(tenant_id: TenantId, address: Option<IpAddr>, bytes: usize) -> Result<Place, ApiError> {
    if let Ok(place) = SENT.try_take_for(tenant_id, address, bytes) {
        return Ok(place);
    }
    let _waits = WAITING.try_take_for(tenant_id, address, bytes)?;
    SENT.take_for(tenant_id, address, bytes).await
}

fn in_parts<H: Send + 'static>(content: Bytes, held: H) -> BoxBody {
    let until = Instant::now() + FIRST + time_for(content.len(), BYTES_A_SECOND_MIN);
    BoxBody::new(SizedStream::new(content.len() as u64, parts(content, until, held)))
}

/// A content that is sent, and what it holds until then.
struct Left<H> {
    rest: Bytes,
    _held: H,
}

/// Returns a content part by part. The deadline gives back the content and what it holds: a reader who is too slow gets no more, and the
/// connection is closed.
pub fn parts<H: Send + 'static>(
    content: Bytes,
    until: Instant,
    held: H,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let left = Arc::new(Mutex::new(Some(Left { rest: content, _held: held })));
    let late = Arc::downgrade(&left);
    let mut timer = JoinSet::new();
    // A reader who takes nothing asks for no part, so the stream alone would never see the deadline.
    timer.spawn(async move {
        sleep_until(until).await;
        if let Some(left) = late.upgrade() {
            drop(lock(&left).take());
        }
    });
    stream::poll_fn(move |_| {
        let _timer = &timer;
        Poll::Ready(next_part(&mut lock(&left)))
    })
}

fn lock<H>(left: &Mutex<Option<Left<H>>>) -> MutexGuard<'_, Option<Left<H>>> {
    left.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the next part, nothing at the end, and an error after the deadline.
fn next_part<H>(left: &mut Option<Left<H>>) -> Option<Result<Bytes, std::io::Error>> {
    let Some(Left { rest, .. }) = left else {
        return Some(Err(std::io::Error::from(std::io::ErrorKind::TimedOut)));
    };
    let part = rest.split_to(rest.len().min(PART_BYTES));
    (!part.is_empty()).then_some(Ok(part))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::StreamExt;
    use service::caller::{ActorKind, Limits, Pages};
    use service::scope::Scopes;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_content_is_sent_in_parts() {
        let content = Bytes::from(vec![7; PART_BYTES + 1]);
        let parts = parts(content, Instant::now() + Duration::from_secs(60), ()).collect::<Vec<_>>().await;
        let lengths: Vec<Option<usize>> =
            parts.iter().map(|part| part.as_ref().map(Bytes::len).ok()).collect();
        assert_eq!(lengths, [Some(PART_BYTES), Some(1)]);
    }

    #[tokio::test]
    async fn a_reader_who_takes_nothing_more_gives_the_room_back() {
        let content = Bytes::from(vec![7; PART_BYTES + 1]);
        let held = Arc::new(());
        let mut parts = pin!(parts(content, Instant::now() + Duration::from_millis(50), Arc::clone(&held)));
        let first = parts.next().await.expect("a part").expect("in time");
        assert_eq!(first.len(), PART_BYTES);
        let given_back = async {
            while Arc::strong_count(&held) > 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), given_back).await.expect("the deadline gives the room back");
        assert!(parts.next().await.expect("an end").is_err(), "the rest is not sent");
    }

    #[tokio::test]
    async fn a_reader_who_goes_gives_the_room_back_at_once() {
        let held = Arc::new(());
        let parts =
            parts(Bytes::from_static(b"file"), Instant::now() + Duration::from_secs(60), Arc::clone(&held));
        drop(parts);
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test]
    async fn visitors_leave_the_room_of_their_tenant_free() {
        let member =
            Caller::new(TenantId(Uuid::from_u128(1)), ActorKind::ApiKey, Uuid::nil(), Scopes::default());
        let pages = Limits { pages: Some(Pages::Any), ..Limits::default() };
        let visitor = Caller { limits: Arc::new(pages), ..member.clone() };
        let send = async |caller: &Caller, last: u8| {
            let response = HttpResponse::Ok().body(vec![7_u8; 4 * MIB]);
            limited(response, Some(caller), Some(IpAddr::from([192, 0, 2, last]))).await
        };
        let mut slow = Vec::new();
        for last in 1..=4 {
            slow.push(send(&visitor, last).await.expect("room for a visitor"));
        }
        assert!(send(&visitor, 5).await.is_err(), "16 MiB for all visitors of a tenant");
        assert!(send(&member, 5).await.is_ok(), "their tenant has its own room");
        drop(slow);
        assert!(send(&visitor, 5).await.is_ok());
    }
}
