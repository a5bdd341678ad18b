//! Import: creates and changes products by SKU, from JSON or CSV, in one transaction.

use std::collections::{BTreeMap, HashMap};

use actix_web::post;
use domain::id::ProductId;
use domain::refusal::Code;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::catalog::codes::Codes;
use service::catalog::product::Product;
use service::catalog::product::upsert::{self, CHUNK_MAX, Outcome, Upsert};
use service::catalog::reorder::{self, ReorderInput};
use service::job::{Job, Kind};
use service::{Error, Tx};
use utoipa_actix_web::service_config::ServiceConfig;

use super::barcode;
use super::column::Column;
use super::sheet::{Content, Row, Sheet};
use super::stated::Stated;
use crate::background::Progress;
use crate::csv;
use crate::params::Params;
use crate::problem::FieldProblem;
use crate::upload::Upload;
use crate::write::Write;
use crate::{Answer, ApiError};

/// Most errors, and most corrections, that are listed. All are counted.
const LISTED_MAX: usize = 1_000;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(import);
}

/// Treatment of the valid rows of an upload that has invalid ones.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
enum Mode {
    /// Nothing is written if a row is invalid.
    #[default]
    AllOrNothing,
    /// Valid rows are written, invalid rows are listed.
    Partial,
}

/// Adds the fields of a product's patch to the schema of an import item.
pub fn complete(schemas: &mut serde_json::Map<String, serde_json::Value>) {
    let Some(mut whole) = schemas.get("Patch_ProductCreate").cloned() else { return };
    if let Some(item) = schemas.get_mut("ProductImportItem") {
        whole["properties"]["reorder"] = item["properties"]["reorder"].take();
        whole["description"] = item["description"].take();
        *item = whole;
    }
}

/// Parameters of an import.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// Treatment of the valid rows if others are invalid. If absent, nothing is written.
    #[param(inline)]
    mode: Option<Mode>,
    /// BCP 47 tag of the form of numbers in CSV, as the export has it: with `de-DE`, `list_price`, `reorder_point` and
    /// `reorder_quantity` have a comma before the decimals, and no sign between thousands.
    #[param(max_length = 16, example = "en-GB")]
    locale: Option<String>,
}

/// Products to import.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each item is read on its own")]
struct ProductImportItems {
    /// Products, each with its `sku`. A field that is not named keeps its value, or gets the default of a new product.
    /// Null clears a field.
    #[schema(max_items = 100000)]
    items: Vec<ProductImportItem>,
}

/// A product to import, with its `sku`. A field that is not named keeps its value, or gets the default of a new
/// product. Null clears a field.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: the fields of a product are added to it")]
pub struct ProductImportItem {
    /// Reorder settings, as in `PUT /v1/products/{id}/reorder`. A field that is not named keeps its value.
    reorder: Option<ReorderInput>,
}

/// Result of an import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ProductImport {
    object: tag::ProductImport,
    /// Mode of the request.
    mode: Mode,
    /// Number of rows, without the header.
    #[schema(minimum = 0, maximum = 100000, example = 3)]
    rows: usize,
    /// Number of products created.
    #[schema(minimum = 0, maximum = 100000, example = 1)]
    created: usize,
    /// Number of products changed.
    #[schema(minimum = 0, maximum = 100000, example = 1)]
    updated: usize,
    /// Number of products that needed no change.
    #[schema(minimum = 0, maximum = 100000, example = 0)]
    unchanged: usize,
    /// Number of rejected rows.
    #[schema(minimum = 0, maximum = 100000, example = 1)]
    refused: usize,
    /// Number of errors in the rejected rows, also those that are not listed.
    #[schema(minimum = 0, example = 1)]
    errors_total: usize,
    /// The first 1,000 errors of the rejected rows.
    #[schema(max_items = 1000)]
    errors: Vec<RowProblem>,
    /// Number of barcodes that were corrected, also those that are not listed.
    #[schema(minimum = 0, example = 0)]
    corrections_total: usize,
    /// The first 1,000 corrections: barcodes that a spreadsheet had changed and whose digits are all known.
    #[schema(max_items = 1000)]
    corrections: Vec<Correction>,
}

/// A barcode that a spreadsheet had changed.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Correction {
    /// Number of the row, as in `errors`.
    #[schema(minimum = 1, maximum = 100001, example = 3)]
    row: usize,
    /// Barcode as the upload has it.
    #[schema(max_length = 64, example = "36000291452")]
    sent: String,
    /// Barcode that is stored.
    #[schema(max_length = 64, example = "036000291452")]
    stored: String,
    /// Reason, in one sentence.
    #[schema(
        max_length = 200,
        example = "A spreadsheet removed leading zeros; the check digit confirms them."
    )]
    detail: String,
}

/// An error in a row.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct RowProblem {
    /// Number of the row. In CSV the header is row 1 and empty lines do not count. In JSON the first item is row 1.
    #[schema(minimum = 1, maximum = 100001, example = 3)]
    row: usize,
    /// Column in CSV, or field in JSON, such as `units/0/factor`. Null: the whole row is wrong.
    #[schema(max_length = 500, example = "list_price")]
    column: Option<String>,
    /// Stable code of the problem.
    #[schema(max_length = 64, example = "validation_failed")]
    code: String,
    /// Description of the error, in one sentence.
    #[schema(max_length = 2000, example = "This must not be below zero.")]
    detail: String,
}

/// Import products
///
/// Creates products whose SKU is new and changes those that differ. The same upload changes nothing the second time.
/// Send `items` as JSON, or CSV in UTF-8 (with commas, semicolons or tabs) with a header: `sku` and any of `name`,
/// `description`, `category`, `kind`, `status`, `tracking`, `stock_uom`, `stock_decimals`, `tax_class`, `list_price`,
/// `costing_method`, `barcodes`, `units`, `group`, `options`, `external_ref`, `metadata`, `reorder_point`,
/// `reorder_quantity` and `reorder_at`, in any order. At most 100,000 rows and 32 MiB, 1,000 cells and 256 KiB a row.
///
/// A missing column keeps the present values. An empty cell sets the default of a new product. Categories, tax classes,
/// groups and locations are named by code. A barcode that a spreadsheet shortened to `4.00638E+12` is rejected. One that
/// lost its leading zeros, or has separators of thousands, is corrected if the check digit confirms it, and listed in
/// `corrections`. `|` separates the entries of a cell: `XCS=12|XBX=6@9.50` is a case of 12 and a box of 6 with its own price. `SHOP=8@12|MAIN=20` in `reorder_at` sets the reorder point 8 and the reorder quantity
/// 12 at SHOP, and the reorder point 20 at MAIN.
///
/// Rows are carried out in order in one transaction. If a row is invalid, nothing is written and the errors are listed
/// with `row` and `column` (422), unless the request has `mode=partial`. `Prefer: dry-run` returns the same and writes
/// nothing. `Prefer: respond-async` returns a job (202) and imports after the response: `GET /v1/jobs/{id}` has the progress and
/// the result.
#[utoipa::path(
    operation_id = "products_import",
    security(("bearer" = ["catalog:write"])),
    params(ImportParams),
    request_body(content(
        (ProductImportItems = "application/json"),
        (String = "text/csv", example = "sku,name,list_price\r\nBOLT-M8,Bolt M8 x 40,0.12\r\n"),
    )),
    responses(
        (status = 200, description = "The result.", body = ProductImport),
        (status = 202, description = "With `Prefer: respond-async`: the job that imports.", body = Job),
    )
)]
#[post("/v1/products/import")]
async fn import(write: Write, params: Params<ImportParams>, upload: Upload) -> Answer {
    let locale = csv::locale(params.locale.as_deref())?;
    let uploaded = upload.read().await?;
    let mode = params.mode.unwrap_or_default();
    let work = async move |write: Write, progress: Progress| {
        let sheet = Sheet::open(&uploaded, locale)?;
        progress.expect(sheet.len());
        let import = async |tx: &Tx| run(tx, &sheet, mode, &progress).await;
        write.whole("product.imported", &uploaded.raw, import).await
    };
    write.now_or_later(Kind::ProductImport, work).await
}

async fn run(tx: &Tx, sheet: &Sheet<'_>, mode: Mode, progress: &Progress) -> Result<ProductImport, Error> {
    upsert::lock(tx).await?;
    let codes = Codes::load(tx).await?;
    let mut tally = Tally::new(sheet, mode);
    let mut rows = sheet.rows();
    loop {
        let chunk: Vec<Row<'_>> = rows.by_ref().take(CHUNK_MAX).collect();
        if chunk.is_empty() {
            return Ok(tally.finish()?);
        }
        tally.report.rows += chunk.len();
        take(tx, &codes, &mut tally, chunk).await?;
        progress.reach(tally.report.rows);
    }
}

/// Imports a chunk of rows.
async fn take(tx: &Tx, codes: &Codes, tally: &mut Tally, chunk: Vec<Row<'_>>) -> Result<(), Error> {
    let rows: Vec<(usize, Content<'_>)> = chunk.into_iter().filter_map(|row| tally.admit(row)).collect();
    let skus = rows.iter().flat_map(|(_, content)| [content.sku.sent(), content.sku.as_str()]);
    let present = upsert::lock_by_sku(tx, skus.map(str::to_owned).collect()).await?;
    let ids: Vec<ProductId> = present.values().map(|product| product.id).collect();
    let reorder = reorder::inputs_of(tx, &ids).await?;
    let (mut places, mut upserts) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    let mut ordered = Vec::with_capacity(rows.len());
    for (place, content) in rows {
        // A product that is stored under the SKU as it was sent comes before one under the one form of it.
        let before = present.get(content.sku.sent()).or_else(|| present.get(content.sku.as_str()));
        if !tally.is_first(place, &content, before) {
            continue;
        }
        let known = before.and_then(|product| reorder.get(&product.id)).cloned().unwrap_or_default();
        match checked(&content, (before, &known), codes) {
            Ok(mut stated) => {
                tally.correct(place, barcode::correct(&mut stated.product, before));
                places.push(place);
                ordered.push((stated.reorder != known).then_some(stated.reorder));
                upserts.push(Upsert { before, input: stated.product });
            }
            Err(error) => tally.refuse(place, &error),
        }
    }
    let outcomes = upsert::upsert_all(tx, upserts).await?;
    let mut changed: Vec<(ProductId, &ReorderInput)> = Vec::new();
    for ((place, outcome), ordered) in places.into_iter().zip(outcomes).zip(&ordered) {
        if let Ok(upserted) = &outcome {
            tally.seen.insert(Subject::Known(upserted.id), place);
        }
        match (outcome, ordered) {
            (Ok(upserted), None) => tally.count(upserted.outcome),
            (Ok(upserted), Some(ordered)) => {
                changed.push((upserted.id, ordered));
                let is_new = upserted.outcome == Outcome::Created;
                tally.count(if is_new { Outcome::Created } else { Outcome::Updated });
            }
            (Err(refusal), _) => tally.refuse(place, &refusal.into()),
        }
    }
    reorder::replace_all(tx, &changed).await
}

/// Returns the product as it is after the row. Checks its reorder settings; the write checks the product.
fn checked(
    content: &Content<'_>,
    (before, known): (Option<&Product>, &ReorderInput),
    codes: &Codes,
) -> Result<Stated, ApiError> {
    let before = before.map(|product| Stated { product: product.input(), reorder: known.clone() });
    let mut stated = content.stated(before, codes)?;
    stated.reorder.locations.sort_by_key(|at| at.location_id);
    if stated.reorder != *known {
        reorder::check(stated.product.kind, &stated.reorder, |id| codes.has_location(id))?;
    }
    Ok(stated)
}

/// Result of the rows so far.
struct Tally {
    report: ProductImport,
    is_csv: bool,
    /// First row of each product.
    seen: HashMap<Subject, usize>,
}

/// The product of a row.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Subject {
    Known(ProductId),
    /// A new one, by its SKU.
    New(String),
}

impl Tally {
    fn new(sheet: &Sheet<'_>, mode: Mode) -> Self {
        let report = ProductImport {
            object: tag::ProductImport,
            mode,
            rows: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            refused: 0,
            errors_total: 0,
            errors: Vec::new(),
            corrections_total: 0,
            corrections: Vec::new(),
        };
        Tally { report, is_csv: sheet.is_csv(), seen: HashMap::new() }
    }

    /// Returns a row that was parsed. Counts any other row as rejected.
    fn admit<'r>(&mut self, row: Row<'r>) -> Option<(usize, Content<'r>)> {
        match row.content {
            Ok(content) => Some((row.place, content)),
            Err(error) => {
                self.refuse(row.place, &error);
                None
            }
        }
    }

    /// Whether a row is the first one of its product. Counts any other row as rejected.
    fn is_first(&mut self, place: usize, content: &Content<'_>, before: Option<&Product>) -> bool {
        let subject = match before {
            Some(product) => Subject::Known(product.id),
            None => Subject::New(content.sku.to_string()),
        };
        match self.seen.get(&subject) {
            None => {
                self.seen.insert(subject, place);
                true
            }
            Some(first) => {
                let detail = format!("Row {first} has this SKU already.");
                self.refuse(place, &ApiError::new(Code::AlreadyExists, detail).at_pointer("/sku"));
                false
            }
        }
    }

    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.report.created += 1,
            Outcome::Updated => self.report.updated += 1,
            Outcome::Unchanged => self.report.unchanged += 1,
        }
    }

    /// Notes corrected barcodes, each as it was sent and as it is stored.
    fn correct(&mut self, row: usize, corrected: Vec<(String, String)>) {
        self.report.corrections_total += corrected.len();
        let room = LISTED_MAX.saturating_sub(self.report.corrections.len());
        self.report.corrections.extend(corrected.into_iter().take(room).map(|(sent, stored)| {
            let detail = barcode::reason(&sent, &stored).to_owned();
            Correction { row, sent, stored, detail }
        }));
    }

    fn refuse(&mut self, row: usize, error: &ApiError) {
        self.report.refused += 1;
        let whole = [FieldProblem {
            code: error.code().to_string(),
            detail: error.detail().to_owned(),
            ..FieldProblem::default()
        }];
        let problems = if error.errors().is_empty() { &whole } else { error.errors() };
        self.report.errors_total += problems.len();
        let room = LISTED_MAX.saturating_sub(self.report.errors.len());
        for problem in problems.iter().take(room) {
            let field = problem.pointer.as_deref().and_then(|pointer| pointer.strip_prefix("#/"));
            let column = match field {
                Some(field) if self.is_csv => Some(Column::of_field(field).to_owned()),
                field => field.map(str::to_owned),
            };
            let (code, detail) = (problem.code.clone(), problem.detail.clone());
            self.report.errors.push(RowProblem { row, column, code, detail });
        }
    }

    fn finish(self) -> Result<ProductImport, ApiError> {
        let Tally { mut report, is_csv, .. } = self;
        report.errors.sort_by_key(|problem| problem.row);
        if report.refused == 0 || report.mode == Mode::Partial {
            return Ok(report);
        }
        let (refused, rows, errors) = (report.refused, report.rows, report.errors_total);
        let listed = match report.errors.len() {
            listed if listed < errors => format!("the first {listed} of {errors} errors are in errors"),
            _ => "each is in errors".to_owned(),
        };
        let detail = format!(
            "Rejected rows: {refused} of {rows}; {listed}. Nothing was written: correct the rows, or send \
             mode=partial."
        );
        let problems = report.errors.into_iter().map(|problem| problem.into_field(is_csv)).collect();
        Err(ApiError::new(Code::ValidationFailed, detail)
            .with_errors(problems)
            .with_member("rows", rows.to_string())
            .with_member("refused", refused.to_string())
            .with_member("errors_total", errors.to_string()))
    }
}

impl RowProblem {
    fn into_field(self, is_csv: bool) -> FieldProblem {
        let mut params = BTreeMap::from([("row", self.row.to_string())]);
        let pointer = (!is_csv).then(|| match &self.column {
            Some(field) => format!("#/items/{}/{field}", self.row - 1),
            None => format!("#/items/{}", self.row - 1),
        });
        params.extend(self.column.map(|column| ("column", column)));
        FieldProblem { pointer, code: self.code, detail: self.detail, params, ..FieldProblem::default() }
    }
}
