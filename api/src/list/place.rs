//! The number of whole lists that a server sends at once. A part of each is in memory until its client has read it.

use domain::id::TenantId;

use crate::places::{self, Places};
use crate::problem::{ApiError, ErrorCode};

/// Most whole lists of a tenant that a server sends at once, exports of products among them.
pub const WHOLE_LISTS_MAX: usize = 4;
/// Seconds after which a request is repeated that found no place.
const RETRY_SECONDS: u64 = 5;

static LISTS: Places = Places::new(WHOLE_LISTS_MAX);

/// A place for a whole list, until it is dropped.
#[derive(Debug)]
pub struct Place {
    _held: places::Place,
}

impl Place {
    /// Takes a place. Rejects the request if its tenant has as many whole lists as it may.
    pub fn take(tenant_id: TenantId) -> Result<Self, ApiError> {
        let held = LISTS.take(tenant_id).ok_or_else(too_many)?;
        Ok(Place { _held: held })
    }
}

fn too_many() -> ApiError {
    let detail = format!(
        "Your tenant reads {WHOLE_LISTS_MAX} whole lists from this server. Read one of them to its end before the next one."
    );
    ApiError::new(ErrorCode::RateLimited, detail).with_retry_after(RETRY_SECONDS)
}
