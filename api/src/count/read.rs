//! Routes that read count sheets.

use actix_web::get;
use actix_web::web::Data;
use domain::count::{Count, CountStatus};
use domain::id::{CountId, LocationId};
use domain::moment::Instant;
use serde::{Deserialize, Serialize, Serializer};
use service::Tx;
use service::count::{Filter, get, list};
use service::listing::{Age, Period, Slice};
use utoipa_actix_web::service_config::ServiceConfig;

use super::form::CountOut;
use super::sees_all;
use crate::costs::Shown;
use crate::line::skus_in;
use crate::list::{List, Page};
use crate::params::{PathId, listed};
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_counts).service(show);
}

/// Which sheets to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only these statuses, separated by commas or sent repeatedly.
    #[serde(default, deserialize_with = "listed")]
    #[param(style = Form, explode = false, max_items = 10)]
    status: Vec<CountStatus>,
    /// Only this location.
    location_id: Option<LocationId>,
    /// Only this number.
    #[param(max_length = 64, example = "CT-2026-000123")]
    number: Option<String>,
    /// Only this reference.
    #[param(max_length = 200, example = "Aisle 4")]
    reference: Option<String>,
    /// Opened at this instant or later.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<Instant>,
    /// Opened before this instant.
    #[serde(rename = "created_at[lt]")]
    created_to: Option<Instant>,
    sort: Option<Age>,
}

/// List count sheets
///
/// Returns one page of sheets, without their lines.
#[utoipa::path(
    operation_id = "counts_list",
    security(("bearer" = ["counts:read"])),
    params(Filters),
    responses((status = 200, description = "One page of sheets.", body = Page<CountOut>))
)]
#[get("/v1/counts")]
async fn list_counts(caller: Caller, page: List<Filters>) -> Answer {
    let filters = &page.filters;
    let filter = Filter {
        statuses: filters.status.clone(),
        location_id: filters.location_id,
        number: filters.number.clone(),
        reference: filters.reference.clone(),
        created: Period::new(filters.created_from, filters.created_to),
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| {
        Ok(list(tx, &filter, slice).await?.into_iter().map(Listed).collect::<Vec<_>>())
    };
    page.serve_documents(caller, sort, read, |listed: &Listed| listed.0.id.0).await
}

/// A sheet in a list.
struct Listed(Count);

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CountOut::new(&self.0).serialize(serializer)
    }
}

/// Get a count sheet
///
/// Returns the sheet with its lines.
#[utoipa::path(
    operation_id = "counts_get",
    security(("bearer" = ["counts:read"])),
    params(("id" = CountId, Path, description = "The sheet."), ReadHeaders),
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[get("/v1/counts/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<CountId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| get(tx, id.0).await;
    let (count, skus) = app.db.read(caller.tenant_id, read).await?;
    let shown = CountOut::with_lines(&count, &skus_in(&skus), sees_all(&caller));
    seen.answer_content(count.version, Shown::to(&caller, shown))
}
