//! The systems that own the processes.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use domain::tag;
use reconcile::term::{Concern, Process};
use serde::Serialize;
use service::reconcile::ingest as inputs;
use service::reconcile::ownership::{self, NextHop, Owner};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ingest::{BYTES_MAX, Column, Ingest, Input, Mode, ROWS_MAX, Reader, Table, list, required, take};
use crate::upload::Upload;
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get).service(put);
}

const COLUMNS: [Column; 4] = [required("process"), required("concern"), required("owner"), list("next_hops")];

/// The systems that own the processes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ReconcileOwnership {
    object: tag::ReconcileOwnership,
    /// One row for each concern of a process that has an owner.
    #[schema(max_items = 20)]
    data: Vec<Owner>,
}

/// Owners of processes to be stated.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each row is read on its own")]
struct ReconcileOwners {
    /// Rows, one for each concern of a process.
    #[schema(max_items = 100000)]
    data: Vec<Owner>,
}

/// Get the owners of the processes
///
/// Returns who owns each concern of each process, and who hears of its events next.
#[utoipa::path(
    operation_id = "reconciliation_ownership_get",
    security(("bearer" = ["reconciliation:read"])),
    responses((status = 200, description = "The owners.", body = ReconcileOwnership))
)]
#[get("/v1/reconciliation/ownership")]
async fn get(app: Data<App>, caller: Caller) -> Answer {
    let data = app.db.read(caller.tenant_id, ownership::all).await?;
    Ok(HttpResponse::Ok().json(ReconcileOwnership { object: tag::ReconcileOwnership, data }))
}

/// State the owners of the processes
///
/// Replaces all rows: a concern that is not sent has no owner any longer. If a row is invalid, nothing changes (422). Send JSON
/// (`{"data":[…]}` or a list) or CSV, as for systems. In CSV, `next_hops` is `erp=90|webshop=35`: each system with its minutes.
#[utoipa::path(
    operation_id = "reconciliation_ownership_put",
    security(("bearer" = ["reconciliation:write"])),
    request_body(content(
        (ReconcileOwners = "application/json"),
        (String = "text/csv", example = "process,concern,owner,next_hops\r\nsale,quantity,till,stockwell=90\r\n"),
    )),
    responses((status = 200, description = "The result.", body = Ingest))
)]
#[put("/v1/reconciliation/ownership")]
async fn put(write: Write, upload: Upload) -> Answer {
    let uploaded = upload.read_packed(BYTES_MAX).await?;
    let table = Table::open(&uploaded, &COLUMNS)?;
    let input = Input::new(&table, None, Some(Mode::Atomic));
    write
        .whole("reconcile_ownership.stated", &uploaded.raw, async |tx| {
            inputs::lock(tx).await?;
            let replace = async |rows: &[Owner]| ownership::replace_all(tx, rows).await;
            let ingest = take(tx, input, ROWS_MAX, read, replace).await?;
            if ingest.rows == 0 {
                ownership::replace_all(tx, &[]).await?;
            }
            Ok(ingest)
        })
        .await
}

fn read(row: &mut Reader<'_>) -> Owner {
    let next_hops = match row.plain("next_hops").map(read_hops) {
        None => Vec::new(),
        Some(Ok(hops)) => hops,
        Some(Err(detail)) => {
            row.refuse("next_hops", detail);
            Vec::new()
        }
    };
    Owner {
        process: row.word("process").unwrap_or(Process::Sale),
        concern: row.word("concern").unwrap_or(Concern::Quantity),
        owner: row.line::<64>("owner"),
        next_hops,
    }
}

/// Reads `erp=90|webshop=35`, or the list of JSON.
fn read_hops(cell: &str) -> Result<Vec<NextHop>, &'static str> {
    if cell.starts_with('[') {
        let detail = "Send a list of objects, each with a system and latency_minutes, a whole number.";
        return serde_json::from_str(cell).map_err(|_| detail);
    }
    let hops = cell.split('|').map(str::trim).filter(|hop| !hop.is_empty());
    hops.map(|hop| {
        let (system, minutes) = hop.split_once('=')?;
        let latency_minutes = minutes.trim().parse().ok()?;
        Some(NextHop { system: system.trim().to_owned(), latency_minutes })
    })
    .collect::<Option<_>>()
    .ok_or("Send each system with its minutes, such as erp=90|webshop=35.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_read_from_csv_and_from_json() {
        let hop = |system: &str, latency_minutes| NextHop { system: system.to_owned(), latency_minutes };
        assert_eq!(read_hops("erp=90 | shop = 35|"), Ok(vec![hop("erp", 90), hop("shop", 35)]));
        assert_eq!(read_hops(r#"[{"system":"erp","latency_minutes":90}]"#), Ok(vec![hop("erp", 90)]));
        for cell in ["erp", "erp=-1", "erp=1.5", "erp=90,shop=35", r#"[{"system":"erp"}]"#, r#"["erp"]"#] {
            assert!(read_hops(cell).is_err(), "{cell}");
        }
    }
}
