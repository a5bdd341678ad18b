//! Import: products stated by their SKU, as JSON or CSV, made and changed in one transaction.

use std::collections::{BTreeMap, HashMap};

use actix_web::post;
use domain::id::ProductId;
use domain::refusal::Code;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::catalog::codes::Codes;
use service::catalog::product::Product;
use service::catalog::product::upsert::{self, CHUNK_MAX, Outcome};
use service::catalog::reorder::{self, ReorderInput};
use service::{Error, Tx};
use utoipa_actix_web::service_config::ServiceConfig;

use super::column::Column;
use super::sheet::{Content, Row, Sheet};
use super::stated::Stated;
use crate::params::Params;
use crate::problem::FieldProblem;
use crate::upload::Upload;
use crate::write::Write;
use crate::{Answer, ApiError};

/// The most errors that are listed; all of them are counted.
const ERRORS_MAX: usize = 1_000;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(import);
}

/// What happens to the good rows of an upload with bad ones.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
enum Mode {
    /// One bad row, and nothing is written.
    #[default]
    AllOrNothing,
    /// The good rows are written, the bad ones are listed.
    Partial,
}

/// Gives an item of an import the fields of a product's patch.
pub fn complete(schemas: &mut serde_json::Map<String, serde_json::Value>) {
    let Some(mut whole) = schemas.get("Patch_ProductCreate").cloned() else { return };
    if let Some(item) = schemas.get_mut("ProductImportItem") {
        whole["properties"]["reorder"] = item["properties"]["reorder"].take();
        whole["description"] = item["description"].take();
        *item = whole;
    }
}

/// How to import.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// What happens to the good rows if there are bad ones: nothing is written, if absent.
    #[param(inline)]
    mode: Option<Mode>,
}

/// Products to import.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each item is read for itself")]
struct ProductImportItems {
    /// The products, each with its `sku`. What an item does not name stays as it is, or is as for a new product; null
    /// clears a field.
    #[schema(max_items = 100000)]
    items: Vec<ProductImportItem>,
}

/// A product to import, with its `sku`. What is not named stays as it is, or is as for a new product; null clears a field.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: the fields of a product are added to it")]
pub struct ProductImportItem {
    /// When it is to be ordered again, as in `PUT /v1/products/{id}/reorder`: what is not named stays as it is.
    reorder: Option<ReorderInput>,
}

/// What an import did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ProductImport {
    object: tag::ProductImport,
    /// As it was asked for.
    mode: Mode,
    /// How many rows there were, the header not counted.
    #[schema(minimum = 0, maximum = 100000, example = 3)]
    rows: usize,
    /// How many products were made.
    #[schema(minimum = 0, maximum = 100000, example = 1)]
    created: usize,
    /// How many were changed.
    #[schema(minimum = 0, maximum = 100000, example = 1)]
    updated: usize,
    /// How many were like that already.
    #[schema(minimum = 0, maximum = 100000, example = 0)]
    unchanged: usize,
    /// How many rows were refused.
    #[schema(minimum = 0, maximum = 100000, example = 1)]
    refused: usize,
    /// How many errors the refused rows have, also those that are not listed.
    #[schema(minimum = 0, example = 1)]
    errors_total: usize,
    /// What is wrong with the refused rows: the first 1,000 errors.
    #[schema(max_items = 1000)]
    errors: Vec<RowProblem>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct RowProblem {
    /// The row: in CSV the header is row 1 and empty lines do not count; in JSON the first item is row 1.
    #[schema(minimum = 1, maximum = 100001, example = 3)]
    row: usize,
    /// The column of CSV, or the field of JSON, such as `units/0/factor`; null where the whole row is wrong.
    #[schema(max_length = 500, example = "list_price")]
    column: Option<String>,
    /// The stable code of the problem.
    #[schema(max_length = 64, example = "validation_failed")]
    code: String,
    /// What is wrong, in a sentence.
    #[schema(max_length = 2000, example = "This must not be below zero.")]
    detail: String,
}

/// Import products
///
/// Makes the products whose SKU is not known and changes those that differ; the same upload a second time changes
/// nothing. Send `items` as JSON, or CSV in UTF-8 (with commas, semicolons or tabs) with a header: `sku` and any of `name`, `description`, `category`,
/// `kind`, `status`, `tracking`, `stock_uom`, `stock_decimals`, `tax_class`, `list_price`, `costing_method`, `barcodes`,
/// `units`, `group`, `options`, `external_ref`, `metadata`, `reorder_point`, `reorder_quantity` and `reorder_at`, in any order. A column that is not there leaves what is there; an empty cell clears
/// it. Categories, tax classes and groups are named by code. Several entries of a cell have `|` between them:
/// `XCS=12|XBX=6@9.50` are a case of 12 and a box of 6 with its own price; `SHOP=8@12|MAIN=20` in `reorder_at` orders 12
/// again where 8 are left in the shop. At most 100,000 rows and 32 MiB.
///
/// Rows are carried out in order in one transaction. If one is wrong nothing is written and every error is listed with
/// `row` and `column` (422), unless `mode=partial` is asked for. `Prefer: dry-run` answers the same and writes nothing.
#[utoipa::path(
    operation_id = "products_import",
    security(("bearer" = ["catalog:write"])),
    params(ImportParams),
    request_body(content(
        (ProductImportItems = "application/json"),
        (String = "text/csv", example = "sku,name,list_price\r\nBOLT-M8,Bolt M8 x 40,0.12\r\n"),
    )),
    responses((status = 200, description = "What the import did.", body = ProductImport))
)]
#[post("/v1/products/import")]
async fn import(write: Write, params: Params<ImportParams>, upload: Upload) -> Answer {
    let uploaded = upload.read().await?;
    let sheet = Sheet::open(&uploaded)?;
    let mode = params.mode.unwrap_or_default();
    write.whole("product.imported", &uploaded.raw, async |tx| run(tx, &sheet, mode).await).await
}

async fn run(tx: &Tx, sheet: &Sheet<'_>, mode: Mode) -> Result<ProductImport, Error> {
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
    }
}

/// Carries a chunk of rows out.
async fn take(tx: &Tx, codes: &Codes, tally: &mut Tally, chunk: Vec<Row<'_>>) -> Result<(), Error> {
    let rows: Vec<(usize, Content<'_>)> = chunk.into_iter().filter_map(|row| tally.admit(row)).collect();
    let skus = rows.iter().map(|(_, content)| content.sku.clone()).collect();
    let present = upsert::lock_by_sku(tx, skus).await?;
    let ids: Vec<ProductId> = present.values().map(|product| product.row.id).collect();
    let reorder = reorder::inputs_of(tx, &ids).await?;
    let (mut places, mut inputs) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    let mut ordered = Vec::with_capacity(rows.len());
    for (place, content) in rows {
        let before = present.get(&content.sku);
        let known = before.and_then(|product| reorder.get(&product.row.id)).cloned().unwrap_or_default();
        match checked(&content, (before, &known), codes) {
            Ok(stated) => {
                places.push(place);
                ordered.push((stated.reorder != known).then_some(stated.reorder));
                inputs.push(stated.product);
            }
            Err(error) => tally.refuse(place, &error),
        }
    }
    let outcomes = upsert::upsert_all(tx, &present, &inputs).await?;
    let mut changed: Vec<(ProductId, &ReorderInput)> = Vec::new();
    for ((place, outcome), ordered) in places.into_iter().zip(outcomes).zip(&ordered) {
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

/// What a row states of its product, as it is to be. What is wrong with its reorder settings is told at once; with the
/// product itself, by what writes it.
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

/// What came of the rows so far.
struct Tally {
    report: ProductImport,
    is_csv: bool,
    /// Where each SKU stood first.
    seen: HashMap<String, usize>,
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
        };
        Tally { report, is_csv: sheet.is_csv(), seen: HashMap::new() }
    }

    /// A row that has its form and is the first one about its product.
    fn admit<'r>(&mut self, row: Row<'r>) -> Option<(usize, Content<'r>)> {
        match row.content {
            Err(error) => self.refuse(row.place, &error),
            Ok(content) => match self.seen.get(&content.sku) {
                None => {
                    self.seen.insert(content.sku.clone(), row.place);
                    return Some((row.place, content));
                }
                Some(first) => {
                    let detail = format!("Row {first} has this SKU already.");
                    self.refuse(row.place, &ApiError::new(Code::AlreadyExists, detail).at_pointer("/sku"));
                }
            },
        }
        None
    }

    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.report.created += 1,
            Outcome::Updated => self.report.updated += 1,
            Outcome::Unchanged => self.report.unchanged += 1,
        }
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
        let room = ERRORS_MAX.saturating_sub(self.report.errors.len());
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
        let Tally { report, is_csv, .. } = self;
        if report.refused == 0 || report.mode == Mode::Partial {
            return Ok(report);
        }
        let (refused, rows, errors) = (report.refused, report.rows, report.errors_total);
        let listed = match report.errors.len() {
            listed if listed < errors => format!("the first {listed} of {errors} errors are in errors"),
            _ => "each is in errors".to_owned(),
        };
        let detail = format!(
            "Rows that are wrong: {refused} of {rows}; {listed}. Nothing was written: correct them, or ask for \
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
