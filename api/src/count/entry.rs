//! Entries of count sheets.

use actix_web::get;
use chrono::{DateTime, Utc};
use domain::id::{CountId, ProductId};
use domain::number::Quantity;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::count::entry::{EnteredFigure, Filter, list};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::list::{List, Page};
use crate::params::PathId;
use crate::stock::explain::CausedBy;
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_entries);
}

/// A figure that was entered on a count sheet. It does not show the expected quantity.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CountEntry {
    object: tag::CountEntry,
    /// The line of the sheet.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: String,
    /// Lot or serial number that was counted. Null: the product is not tracked.
    #[schema(max_length = 64, example = json!(null))]
    lot_code: Option<String>,
    /// Round of counting: 1, and one more with each recount. The figures of a line's last round make up its `counted`.
    #[schema(minimum = 1, example = 1)]
    round: i32,
    /// Unit of the figure.
    #[schema(max_length = 8, example = "XCS")]
    uom: String,
    /// Quantity in that unit.
    entered: Quantity,
    /// Stock units per unit.
    factor: Quantity,
    /// Quantity in stock units.
    quantity: Quantity,
    /// Whether it replaces the earlier figures of the line in its round instead of adding to them.
    #[schema(example = false)]
    replaces: bool,
    /// When it was counted.
    counted_at: DateTime<Utc>,
    /// When it was entered.
    #[schema(example = "2026-11-22T01:21:00.123456Z")]
    created_at: DateTime<Utc>,
    /// Same as `created_at`. New programs read that.
    #[schema(example = "2026-11-22T01:21:00.123456Z")]
    recorded_at: DateTime<Utc>,
    /// The command that entered it, with its caller.
    caused_by: Option<CausedBy>,
    #[serde(skip)]
    position: Uuid,
}

impl From<EnteredFigure> for CountEntry {
    fn from(figure: EnteredFigure) -> Self {
        CountEntry {
            object: tag::CountEntry,
            line_no: figure.line_no,
            product_id: figure.product_id,
            sku: figure.sku,
            lot_code: figure.lot_code,
            round: figure.round,
            uom: figure.uom,
            entered: figure.entered,
            factor: figure.factor,
            quantity: figure.quantity,
            replaces: figure.replaces,
            counted_at: figure.counted_at,
            created_at: figure.recorded_at,
            recorded_at: figure.recorded_at,
            caused_by: figure.cause.map(CausedBy::from),
            position: figure.id,
        }
    }
}

/// Which figures to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those of this line.
    #[param(minimum = 1, maximum = 2000, example = 1)]
    line_no: Option<i32>,
    /// Only those of this round.
    #[param(minimum = 1, example = 1)]
    round: Option<i32>,
}

/// List the entries of a count sheet
///
/// Returns one page of figures in the order of entry, each with its unit, its round and its caller. It also works for a
/// blind sheet, because a figure does not show the expected quantity.
#[utoipa::path(
    operation_id = "count_entries_list",
    security(("bearer" = ["counts:read"])),
    params(("id" = CountId, Path, description = "The sheet."), Filters),
    responses((status = 200, description = "One page of figures.", body = Page<CountEntry>))
)]
#[get("/v1/counts/{id}/entries")]
async fn list_entries(caller: Caller, id: PathId<CountId>, page: List<Filters>) -> Answer {
    let Filters { line_no, round } = page.filters;
    let filter = Filter { count_id: id.0, line_no, round };
    let read = async move |tx: &Tx, after: Option<Uuid>, rows: u64| {
        let figures = list(tx, &filter, after, rows).await?;
        Ok(figures.into_iter().map(CountEntry::from).collect::<Vec<_>>())
    };
    page.serve(caller, read, |row: &CountEntry| row.position).await
}
