//! The price list of a supplier: states many of its products and prices by SKU, from JSON or CSV, in one transaction.

mod column;
mod sheet;
mod stated;

use actix_web::post;
use chrono::NaiveDate;
use domain::id::{ProductId, SupplierId};
use domain::number::{Price, Quantity};
use domain::refusal::Code;
use domain::tag;
use domain::text::{Code64, Line64};
use serde::{Deserialize, Serialize};
use service::supplier::product::SupplierProductInput;
use service::supplier::product::price_list;
use service::{Error, Tx};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::column::Column;
use self::sheet::Sheet;
use self::stated::stated;
use crate::params::{Params, PathId};
use crate::upload::{Upload, Uploaded};
use crate::write::Write;
use crate::{Answer, csv};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(import);
}

/// Treatment of the prices that a product of the list has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Prices {
    /// A product of the list has the prices of the list, and no others.
    #[default]
    Replace,
    /// The prices of the list are added. One with the same `min_quantity` and `valid_from` is replaced.
    Add,
}

/// Parameters of an import.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// Treatment of the prices that a product of the list has already. If absent, they are replaced.
    #[param(inline)]
    prices: Option<Prices>,
    /// BCP 47 tag of the form of numbers in CSV: with `de-DE`, they have a comma before the decimals, and no sign between
    /// thousands. Days are written as 2026-01-31 in every form.
    #[param(max_length = 16, example = "en-GB")]
    locale: Option<String>,
}

/// A price list to import.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each item is read on its own")]
struct SupplierPriceItems {
    /// Rows of the list. A product with several prices has a row for each.
    #[schema(max_items = 20000)]
    items: Vec<SupplierPriceItem>,
}

/// A row of a price list: a product with one of its prices, or without a price. A field that is not named keeps its value. Null
/// clears a field.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "documentation only: each item is read on its own")]
struct SupplierPriceItem {
    /// SKU of the product.
    sku: Code64,
    /// Supplier's own code of the product. The same in each row of the product, as the next four fields.
    supplier_sku: Option<Line64>,
    /// Unit that the supplier sells. The stock unit if null.
    #[schema(min_length = 2, max_length = 3, example = "XBX")]
    uom: Option<String>,
    /// Smallest quantity of an order line, in that unit.
    min_order_quantity: Option<Quantity>,
    /// Quantity of which an order line is a multiple, in that unit.
    order_multiple: Option<Quantity>,
    /// Whether this supplier is the preferred one of the product.
    #[schema(example = true)]
    preferred: Option<bool>,
    /// Quantity from which the price applies. Zero if absent.
    min_quantity: Option<Quantity>,
    /// Price of one such unit, before tax.
    unit_cost: Option<Price>,
    /// First day of the validity. Without it the price has no beginning.
    #[schema(example = "2026-01-01")]
    valid_from: Option<NaiveDate>,
    /// Last day of the validity. Without it the price has no end.
    #[schema(example = "2026-12-31")]
    valid_until: Option<NaiveDate>,
}

/// Result of the import of a price list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SupplierPriceImport {
    object: tag::SupplierPriceImport,
    /// Number of rows, without the header.
    #[schema(minimum = 0, maximum = 20000, example = 3)]
    rows: usize,
    /// Number of products that the supplier sells from now on.
    #[schema(minimum = 0, maximum = 20000, example = 1)]
    created: usize,
    /// Number of products that were changed. Null without the scope `costs:read`: the number says whether a price is the present one.
    #[schema(minimum = 0, maximum = 20000, example = 1)]
    updated: Option<usize>,
    /// Number of products that needed no change. Null without the scope `costs:read`.
    #[schema(minimum = 0, maximum = 20000, example = 0)]
    unchanged: Option<usize>,
}

/// Import a price list
///
/// States the products of a supplier and their prices, by SKU. Products that the list does not name stay as they are. The same list
/// changes nothing the second time. Send `items` as JSON, or CSV in UTF-8 (with commas, semicolons or tabs) with a header: `sku` and
/// any of `supplier_sku`, `uom`, `min_order_quantity`, `order_multiple`, `preferred`, `min_quantity`, `unit_cost`, `valid_from` and
/// `valid_until`, in any order. At most 20,000 rows and 32 MiB, 256 KiB a row.
///
/// A product with several prices has a row for each; its other columns have the same cells in each row. A missing column keeps the
/// present values, an empty cell clears them. Without the column `unit_cost`, prices stay. With it, the prices of a product are
/// replaced, unless the request has `prices=add`.
///
/// The list is one transaction. If a row is invalid, nothing is written and the errors are listed with `row` and `column` (422).
/// `Prefer: dry-run` returns the same and writes nothing. The import is one event of the supplier, and one of each supplier that is
/// preferred for one of the products no longer.
#[utoipa::path(
    operation_id = "supplier_products_import",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = SupplierId, Path, description = "The supplier's id."), ImportParams),
    request_body(content(
        (SupplierPriceItems = "application/json"),
        (String = "text/csv", example = "sku,min_quantity,unit_cost,valid_from\r\nBOLT-M8,0,0.08,2026-01-01\r\n"),
    )),
    responses((status = 200, description = "The result.", body = SupplierPriceImport))
)]
#[post("/v1/suppliers/{id}/products/import")]
async fn import(
    write: Write,
    id: PathId<SupplierId>,
    params: Params<ImportParams>,
    upload: Upload,
) -> Answer {
    let locale = csv::locale(params.locale.as_deref())?;
    let uploaded = upload.read().await?;
    let parse = move |uploaded: &Uploaded| Sheet::read(uploaded, locale);
    let (uploaded, sheet) = uploaded.parse(parse).await?;
    let prices = params.prices.unwrap_or_default();
    let work = async |tx: &Tx| run(tx, id.0, &sheet, prices).await;
    write.whole_of("supplier.prices_imported", id.0.0, &uploaded.raw, work).await
}

/// Imports a list. Returns the suppliers that are preferred no longer, and the result.
async fn run(
    tx: &Tx,
    supplier_id: SupplierId,
    sheet: &Sheet,
    prices: Prices,
) -> Result<(Vec<Uuid>, SupplierPriceImport), Error> {
    let skus = sheet.products.iter().flat_map(|product| [product.sku.sent(), product.sku.as_str()]);
    let products = price_list::lock(tx, supplier_id, skus.map(str::to_owned).collect()).await?;
    let mut faults = sheet.faults.clone();
    let (mut created, mut updated, mut unchanged) = (0, 0, 0);
    let mut changed: Vec<(ProductId, SupplierProductInput)> = Vec::new();
    for product in &sheet.products {
        let sku = &product.sku;
        let Some(named) = products.get(sku.sent()).or_else(|| products.get(sku.as_str())) else {
            let detail = match sku.is_empty() {
                true => "Name the product by its SKU.".to_owned(),
                false => format!("There is no product with the SKU {sku}: create it, or correct the SKU."),
            };
            for row in &product.rows {
                let reason = (Code::NotFound.to_string(), detail.clone());
                faults.add(row.place, Some(Column::Sku.header()), reason);
            }
            continue;
        };
        let Some(input) = stated(product, named, prices, sheet.locale, &mut faults) else { continue };
        match &named.before {
            Some(before) if *before == input => {
                unchanged += 1;
                continue;
            }
            Some(_) => updated += 1,
            None => created += 1,
        }
        changed.push((named.id, input));
    }
    faults.check(sheet.rows, !sheet.is_csv)?;
    let no_longer = price_list::set_all(tx, supplier_id, &changed).await?;
    let report = SupplierPriceImport {
        object: tag::SupplierPriceImport,
        rows: sheet.rows,
        created,
        updated: Some(updated),
        unchanged: Some(unchanged),
    };
    Ok((no_longer.into_iter().map(|id| id.0).collect(), report))
}
