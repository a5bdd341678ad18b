//! The quota of a tenant's files, for the operator.

use super::{find, operator};
use crate::attachment::usage::{self, Usage};
use crate::command::{self, Written};
use crate::{Db, Error, Tx};

/// Returns the bytes that the files of the tenant with this slug take, and its quota.
pub async fn get(db: &Db, slug: &str) -> Result<Usage, Error> {
    let tenant_id = find(db, slug).await?;
    db.read(tenant_id, async |tx: &Tx| usage::of_tenant(tx).await).await
}

/// Sets the quota of the tenant with this slug, in bytes; none for the one of all tenants. Files that exceed it stay.
pub async fn set(db: &Db, slug: &str, quota_bytes: Option<i64>) -> Result<(), Error> {
    let tenant_id = find(db, slug).await?;
    let operator = operator(tenant_id);
    let set = async |tx: &Tx| {
        usage::set_quota(tx, quota_bytes).await?;
        let written = Written::created(tenant_id.0);
        command::record(tx, &operator, "tenant.attachment_quota_set", None, &written).await?;
        Ok(())
    };
    db.write(&operator, set).await
}
