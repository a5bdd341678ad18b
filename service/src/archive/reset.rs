//! A tenant for trials, as it was created.

use sea_orm::sqlx::{self, Connection, Row};

use super::ArchiveError;
use crate::auth::KeyMode;
use crate::rows::parsed;
use crate::tenant::TenantCreate;

const TENANT: &str = "
    select t.name, t.currency, t.country, t.time_zone, t.prices_include_tax, t.tax_rounding,
        exists (select from api_key k where k.tenant_id = t.tenant_id and k.mode = 'test') as has_test_key,
        exists (select from api_key k where k.tenant_id = t.tenant_id and k.mode = 'live') as has_live_key
    from tenant t where t.slug = $1";

/// Returns the settings with which a tenant for trials is created again. Rejects one that has, or ever had, a live key, and one without
/// any key.
pub async fn test_tenant(url: &str, slug: &str) -> Result<TenantCreate, ArchiveError> {
    let mut connection = super::connect(url).await?;
    let found = sqlx::query(TENANT).bind(slug).fetch_optional(&mut connection).await?;
    connection.close().await?;
    let row = found.ok_or_else(|| ArchiveError::Rejected(format!("no tenant has the slug {slug}")))?;
    let (has_test_key, has_live_key): (bool, bool) =
        (row.try_get("has_test_key")?, row.try_get("has_live_key")?);
    if has_live_key || !has_test_key {
        return Err(ArchiveError::Rejected(format!(
            "{slug} is no tenant for trials: all its keys must begin with sw_test_"
        )));
    }
    Ok(TenantCreate {
        slug: slug.to_owned(),
        name: row.try_get("name")?,
        currency: row.try_get("currency")?,
        country: row.try_get("country")?,
        time_zone: row.try_get("time_zone")?,
        prices_include_tax: row.try_get("prices_include_tax")?,
        tax_rounding: parsed(row.try_get("tax_rounding")?)?,
        mode: KeyMode::Test,
    })
}
