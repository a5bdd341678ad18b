//! Workers that hold leases. When one has ended, the others see it and end its leases.
//!
//! A worker holds the advisory lock of its number by a connection that ends with it ([`Presence`](crate::relay::Presence)). The id of a
//! lease begins with the number. A worker that is slow keeps its lock, so its leases last until their end.

use domain::id::TenantId;
use rand::RngExt;
use sea_orm::sqlx;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{Db, Error, Tx};

/// The first number of the locks, which no other lock has.
pub(crate) const LOCKS: i32 = 2_003_331_889;

/// The number of a worker that others see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder(i32);

impl Holder {
    pub(crate) fn random() -> Self {
        Holder(rand::rng().random_range(1..=i32::MAX))
    }

    /// Returns the holder of a lock. Returns nothing for a number that no worker takes.
    pub fn of_lock(number: i64) -> Option<Self> {
        i32::try_from(number).ok().filter(|number| *number > 0).map(Holder)
    }

    /// Returns the second number of its lock.
    pub(crate) fn number(self) -> i32 {
        self.0
    }
}

/// Returns the id of a new lease. Without a holder it is that of a worker which others don't see: only its end frees the deliveries.
pub(super) fn new_lease(holder: Option<Holder>) -> Uuid {
    let random = Uuid::new_v4();
    let Some(holder) = holder else { return random };
    let mut bytes = random.into_bytes();
    bytes[..4].copy_from_slice(&holder.number().to_be_bytes());
    // Its version is 8. The version before writes ids of version 4, which name no holder.
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Ends the leases of workers that have ended. Their deliveries are due again. Returns the number.
pub async fn take_over(db: &Db, tenant_id: TenantId) -> Result<u64, Error> {
    let tx = db.begin_bulk(tenant_id).await?;
    let ending = timeout(db.write_time().work, end_leases(&tx));
    let ended = ending.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await?;
    Ok(ended)
}

/// Reads the locks after the rows, because a worker has its lock before its first lease. Skips rows whose outcomes are being recorded.
const END: &str = "with gone as ( \
         select d.id from webhook_delivery d \
         where d.tenant_id = $1 and d.status = 'pending' and d.lease_until > $2 \
           and substr(d.leased_by::text, 15, 1) = '8' \
           and left(d.leased_by::text, 8) <> all ( \
               select lpad(to_hex(l.objid::bigint), 8, '0') from pg_locks l \
               where l.locktype = 'advisory' and l.objsubid = 2 and l.granted and l.classid::bigint = $3 \
                 and l.database = (select b.oid from pg_database b where b.datname = current_database())) \
         for update skip locked) \
     update webhook_delivery d set leased_by = null, lease_until = null, updated_at = $2, version = d.version + 1 \
     from gone where d.tenant_id = $1 and d.id = gone.id";

async fn end_leases(tx: &Tx) -> Result<u64, Error> {
    tx.execute(sqlx::query(END).bind(tx.tenant_id.0).bind(tx.now).bind(i64::from(LOCKS))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_begins_with_the_number_of_its_worker() {
        let holder = Holder::of_lock(0x0012_abcd).expect("a holder");
        let (one, other) = (new_lease(Some(holder)), new_lease(Some(holder)));
        assert!(one.to_string().starts_with("0012abcd-") && other.to_string().starts_with("0012abcd-"));
        assert_eq!((one.get_version_num(), one == other), (8, false));
        assert_eq!(new_lease(None).get_version_num(), 4);
        assert_eq!((Holder::of_lock(0), Holder::of_lock(1 << 31)), (None, None));
    }
}
