//! The chart of accounts.

use actix_web::{get, post};
use domain::ledger::AccountKind;
use domain::refusal::Problems;
use domain::text::read_cell;
use service::Tx;
use service::ledger::chart::{self, ChartAccount, ChartImport, ChartInput};
use service::ledger::{self, Account};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::{self, without_mark};
use crate::csv::{
    check_is_text, check_quotes, check_width, in_rows, opened, places, plain_header, reader,
    unreadable_header, unreadable_record,
};
use crate::list::{List, NoFilters, Page};
use crate::problem::ErrorCode;
use crate::upload::{Form, Upload, Uploaded};
use crate::write::Write;
use crate::{Answer, ApiError, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(import);
}

/// Most bytes of an import.
const BYTES_MAX: usize = 5 * 1024 * 1024;
/// Columns of CSV. `type` is another name of the third.
const COLUMNS: [&str; 4] = ["code", "name", "kind", "parent"];

/// The default chart with two accounts for rent: a chart names every account that is in use.
const EXAMPLE: &str = "code,name,kind,parent\r\n1000,Cash in tills,asset,\r\n1010,Bank,asset,\r\n1020,Card clearing,asset,\r\n\
    1100,Accounts receivable,asset,\r\n\
    1105,Valuation of foreign receivables,asset,\r\n1110,Allowance for doubtful receivables,asset,\r\n\
    1150,Advances to suppliers,asset,\r\n1200,Inventory,asset,\r\n1210,Inventory in transit,asset,\r\n\
    1300,Shipped not invoiced,asset,\r\n1400,Input tax,asset,\r\n2000,Accounts payable,liability,\r\n\
    2010,Valuation of foreign payables,liability,\r\n\
    2100,Goods received not invoiced,liability,\r\n2110,Landed cost accrued,liability,\r\n\
    2200,Output tax,liability,\r\n2300,Store credit and vouchers,liability,\r\n\
    3000,Opening balances,equity,\r\n3100,Retained earnings,equity,\r\n3110,Closed results,equity,\r\n\
    4000,\"Sales, wholesale\",revenue,\r\n4010,\"Sales, retail\",revenue,\r\n\
    4100,\"Sales returns, wholesale\",revenue,\r\n4110,\"Sales returns, retail\",revenue,\r\n\
    4200,Sales discounts,revenue,\r\n5000,\"Cost of goods sold, wholesale\",expense,\r\n\
    5010,\"Cost of goods sold, retail\",expense,\r\n5100,Shrinkage,expense,\r\n5110,Stock found,expense,\r\n\
    5200,Cost variance,expense,\r\n5300,Purchase price variance,expense,\r\n\
    5310,Purchase discounts,expense,\r\n5400,Inventory revaluation,expense,\r\n\
    6000,Cash over and short,expense,\r\n6010,Cash rounding,expense,\r\n6020,Invoice rounding,expense,\r\n\
    6040,Exchange differences,expense,\r\n\
    6045,Unrealised exchange differences,expense,\r\n6100,Bad debts,expense,\r\n6200,Rent,expense,\r\n\
    6210,Rent of the warehouse,expense,6200\r\n";

/// List accounts
///
/// Returns one page of the chart of accounts, by code. Accounts that were dropped are left out.
#[utoipa::path(
    operation_id = "accounts_list",
    security(("bearer" = ["ledger:read"])),
    responses((status = 200, description = "One page of accounts.", body = Page<Account>))
)]
#[get("/v1/accounts")]
async fn list(caller: Caller, list: List<NoFilters>) -> Answer {
    let read =
        async |tx: &Tx, after: Option<String>, rows: u64| ledger::accounts(tx, after.as_deref(), rows).await;
    list.serve(caller, read, |account: &Account| account.code.clone()).await
}

/// Import the chart of accounts
///
/// Replaces the chart: creates accounts with a new code, changes accounts that differ, and drops accounts that the
/// request does not name. An account in use can't be dropped and keeps its kind (422, with its code and the reason). It
/// is in use if documents post to it, if it has entries, or if a reason code, a tax, a recurring entry or a rule of the
/// account mapping names it. `parent` names the account above it, of the same kind.
///
/// Send JSON, or CSV in UTF-8 (with commas, semicolons or tabs) with the header `code`, `name`, `kind` (or `type`) and, if there is one,
/// `parent`. In the errors of CSV `accounts/0` is the first filled row after the header, and `params` has row and column. At most 2,000
/// accounts and 5 MiB. The same upload changes nothing the second time. `Prefer: dry-run` returns the same and writes nothing.
#[utoipa::path(
    operation_id = "accounts_import",
    security(("bearer" = ["ledger:write"])),
    request_body(content(
        (ChartInput = "application/json"),
        (String = "text/csv", example = json!(EXAMPLE)),
    )),
    responses((status = 200, description = "The result.", body = ChartImport))
)]
#[post("/v1/accounts/import")]
async fn import(write: Write, upload: Upload) -> Answer {
    let uploaded = upload.read_up_to(BYTES_MAX).await?;
    let parse = |uploaded: &Uploaded| -> Result<(ChartInput, Vec<usize>), ApiError> {
        match uploaded.form {
            Form::Json => body::parse_object(&uploaded.raw)
                .map(|input| (input, Vec::new()))
                .map_err(|error| uploaded.schema.explain_unread(&uploaded.raw, error)),
            Form::Csv => read_csv(&uploaded.raw),
        }
    };
    let (uploaded, (input, rows)) = uploaded.parse(parse).await?;
    let work = async |tx: &Tx| chart::import(tx, &input).await;
    let imported = write.changing_setup().whole("account.imported", &uploaded.raw, work).await;
    imported.map_err(|error| in_rows(error, "accounts", &rows))
}

/// Reads CSV. Returns the accounts, and the row of each.
fn read_csv(raw: &[u8]) -> Result<(ChartInput, Vec<usize>), ApiError> {
    check_is_text(raw)?;
    let (text, delimiter) = opened(without_mark(raw));
    check_width(text, delimiter)?;
    check_quotes(text, delimiter)?;
    let mut reader = reader(text, delimiter);
    let header = reader.headers().map_err(|_| unreadable_header())?.clone();
    let width = header.len();
    let name = |cell| match plain_header(cell).as_str() {
        "type" => "kind".to_owned(),
        name => name.to_owned(),
    };
    let places = places(header.iter().map(name), COLUMNS, 3)?;
    let mut problems = Problems::default();
    let (mut accounts, mut rows) = (Vec::new(), Vec::new());
    for (record, row) in reader.records().zip(2..) {
        let record = record.map_err(|error| unreadable_record(row, &header, &error))?;
        if record.iter().skip(width).any(|cell| !cell.trim().is_empty()) {
            let line = record.position().map_or(0, ::csv::Position::line);
            let detail = format!(
                "Line {line} has more cells than the header. Put quotes around a cell with a delimiter."
            );
            return Err(malformed(&detail));
        }
        let cells = places.map(|place| place.and_then(|place| record.get(place)).unwrap_or_default());
        let [code, name, kind, parent] = cells.map(|cell| read_cell(cell.trim()));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let kind = kind.to_lowercase().parse().unwrap_or_else(|_| {
            let pointer = format!("/accounts/{}/kind", accounts.len());
            problems.invalid(pointer, "Expected asset, liability, equity, revenue or expense.");
            AccountKind::Asset
        });
        rows.push(row);
        let parent = (!parent.is_empty()).then(|| parent.to_owned());
        accounts.push(ChartAccount { code: code.to_owned(), name: name.to_owned().into(), kind, parent });
    }
    problems.check().map_err(|refusal| in_rows(refusal.into(), "accounts", &rows))?;
    Ok((ChartInput { accounts }, rows))
}

fn malformed(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::MalformedCsv, detail)
}
