//! Routes that read bills.

use actix_web::get;
use actix_web::web::Data;
use chrono::NaiveDate;
use domain::bill::{BillKind, BillStatus};
use domain::id::{BillId, PurchaseOrderId, SupplierId};
use serde::{Deserialize, Serialize, Serializer};
use service::bill::{self, BillSummary, DUE_ON, Filter};
use service::page::{DueSort, Placed, Position};
use utoipa_actix_web::service_config::ServiceConfig;

use super::BillOut;
use crate::costs::Shown;
use crate::line::skus_in;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which bills to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only bills, credit notes or reversals.
    kind: Option<BillKind>,
    /// Only this supplier.
    supplier_id: Option<SupplierId>,
    /// Only this status.
    status: Option<BillStatus>,
    /// `true`: only those with a line that differs from what was ordered and received. `false`: only the others.
    #[param(example = true)]
    mismatched: Option<bool>,
    /// `true`: only bills of goods that have not come, or that went back to the supplier. `false`: only the others.
    #[param(example = true)]
    unreceived: Option<bool>,
    /// Only documents with a line of this purchase order.
    purchase_order_id: Option<PurchaseOrderId>,
    /// Only this number.
    #[param(max_length = 64, example = "BL-2026-000123")]
    number: Option<String>,
    /// Only the document with this `supplier_number`.
    #[param(max_length = 64, example = "RE-2026-4711")]
    supplier_number: Option<String>,
    /// Dated before this day.
    #[serde(rename = "dated[lt]")]
    #[param(example = "2027-01-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    dated_before: Option<NaiveDate>,
    /// Due on this day or later.
    #[serde(rename = "due_on[gte]")]
    #[param(example = "2026-12-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    due_from: Option<NaiveDate>,
    /// Due before this day.
    #[serde(rename = "due_on[lt]")]
    #[param(example = "2027-01-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    due_before: Option<NaiveDate>,
    /// Order of the list. Newest first if absent.
    #[param(inline)]
    sort: Option<DueSort>,
}

/// List bills
///
/// Returns one page of bills, credit notes and reversals, without their lines.
#[utoipa::path(
    operation_id = "bills_list",
    security(("bearer" = ["purchasing:read"])),
    params(Filters),
    responses((status = 200, description = "One page of bills.", body = Page<BillOut>))
)]
#[get("/v1/bills")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        kind: filters.kind,
        status: filters.status,
        mismatched: filters.mismatched,
        unreceived: filters.unreceived,
        supplier_id: filters.supplier_id,
        supplier_number: filters.supplier_number.clone(),
        number: filters.number.clone(),
        purchase_order_id: filters.purchase_order_id,
        dated_before: filters.dated_before,
        due_from: filters.due_from,
        due_before: filters.due_before,
    };
    let (order, viewer) = (filters.sort.unwrap_or_default().by(DUE_ON), caller.clone());
    let updated_since = list.since;
    let read = async move |tx: &service::Tx, after: Option<Position>, rows: u64| {
        let page = service::page::Page { order, after, rows, updated_since };
        let rows = bill::list(tx, &filter, &page).await?.into_iter();
        let shown = rows.map(|Placed { record, position }| Placed {
            record: Shown::to(&viewer, Listed(record)),
            position,
        });
        Ok(shown.collect::<Vec<_>>())
    };
    list.serve(caller, read, |row: &Placed<Shown<Listed>>| row.position.clone()).await
}

/// A bill in a list.
struct Listed(BillSummary);

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let BillSummary { bill, is_mismatched, currency } = &self.0;
        BillOut::new(bill, currency, *is_mismatched).serialize(serializer)
    }
}

/// Get a bill
///
/// Returns the bill, credit note or reversal with its lines. Each line has the ordered, received and billed units as of
/// now.
#[utoipa::path(
    operation_id = "bills_get",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = BillId, Path, description = "The bill's id."), ReadHeaders),
    responses((status = 200, description = "The bill.", body = BillOut))
)]
#[get("/v1/bills/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<BillId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &service::Tx| bill::get(tx, id.0).await;
    let (bill, currency, skus) = app.db.read(caller.tenant_id, read).await?;
    let skus = skus_in(&skus);
    let shown = BillOut::with_lines(&bill, &currency, &skus);
    seen.answer_content(bill.version, Shown::to(&caller, shown))
}
