//! Export: every product as a row of CSV, in the form of the import.

use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, get};
use domain::id::ProductId;
use domain::locale::Locale;
use domain::metadata::Metadata;
use domain::product::ProductStatus;
use domain::text::neutral_cell;
use serde::Deserialize;
use service::catalog::codes::Codes;
use service::catalog::{product, reorder};
use service::search::Pairs;
use strum::IntoEnumIterator;
use utoipa_actix_web::service_config::ServiceConfig;

use super::column::Column;
use super::stated::Stated;
use crate::csv::{CSV, locale as csv_locale};
use crate::list::{CountedAsReport, Place, params_of};
use crate::parts::{self, Part, PartRows, Parts};
use crate::presented::Presented;
use crate::problem::Problem;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(export);
}

/// Parameters of the export.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportParams {
    /// Only products with this status.
    status: Option<ProductStatus>,
    /// Whether the file begins with a byte order mark. Excel needs it to recognise UTF-8. The default is false; with `locale` it
    /// is true.
    #[param(example = false)]
    bom: Option<bool>,
    /// BCP 47 tag of the form of the numbers in `list_price`, `reorder_point` and `reorder_quantity`, as for a report. Where the
    /// comma is the decimal sign, `;` separates the cells. Send the same `locale` to the import. Lists in a cell, such as
    /// `XBX=6@9.50`, always have points.
    #[param(max_length = 16, example = "en-GB")]
    locale: Option<String>,
}

/// Export products
///
/// Returns every product as a row of CSV, by SKU, in the form of the import. A file can be exported, changed in a
/// spreadsheet and imported again. A text that a spreadsheet would run as a formula has `'` before it, which the import
/// takes off again. It is written page by page: a change made meanwhile may or may not be in it. It counts as one of the whole lists
/// of which `GET /v1/limits` has the most, and costs as many points as one.
#[utoipa::path(
    operation_id = "products_export",
    security(("bearer" = ["catalog:read"])),
    params(ExportParams),
    responses(
        (status = 200, description = "The products.", content(
            (String = "text/csv", example = "sku,name,description\r\nBOLT-M8,Bolt M8 x 40,\r\n"),
        )),
        (status = 422, description = "There is no such locale.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/v1/products/export")]
async fn export(app: Data<App>, caller: Caller, request: HttpRequest) -> Answer {
    let (metadata, params): (Metadata, ExportParams) = params_of(&request)?;
    let locale = csv_locale(params.locale.as_deref())?;
    request.extensions_mut().insert(CountedAsReport);
    let export = Export {
        _place: Place::take(caller.tenant_id)?,
        presented: Presented::of(&request, &app),
        app,
        caller,
        locale,
        status: params.status,
        metadata: metadata.into(),
        after: None,
        rows: PartRows::default(),
        written: 0,
        head: if params.bom.unwrap_or(locale.is_some()) { "\u{feff}" } else { "" },
    };
    export.app.rates.admit_report(&export.caller)?;
    parts::respond(export, CSV, "products.csv").await
}

/// An export in progress.
struct Export {
    _place: Place,
    app: Data<App>,
    caller: Caller,
    presented: Presented,
    status: Option<ProductStatus>,
    metadata: Pairs,
    /// Last SKU that was written.
    after: Option<String>,
    /// Number of products of the next part.
    rows: PartRows,
    /// Number of products that were written.
    written: usize,
    head: &'static str,
    locale: Option<Locale>,
}

impl Parts for Export {
    /// Reads the next page. The first one has the header.
    async fn next(&mut self) -> Result<Part, ApiError> {
        let (status, metadata, after) = (self.status, &self.metadata, self.after.as_deref());
        let wanted = self.rows.get();
        let read = async |tx: &service::Tx| {
            let products = product::list_by_sku(tx, status, metadata, after, wanted).await?;
            let codes = if products.is_empty() { Codes::default() } else { Codes::load(tx).await? };
            let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
            let reorder = reorder::inputs_of(tx, &ids).await?;
            Ok((products, codes, reorder))
        };
        let (products, codes, mut reorder) = self.app.db.read(self.caller.tenant_id, read).await?;
        let mut text = self.head.as_bytes().to_vec();
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .delimiter(self.locale.map_or(b',', Locale::delimiter))
            .from_writer(&mut text);
        if self.after.is_none() {
            writer.write_record(Column::iter().map(Column::header)).map_err(ApiError::internal)?;
        }
        let (mut written, mut bytes) = (0, 0);
        for product in &products {
            if PartRows::is_full(bytes) {
                break;
            }
            let reorder = reorder.remove(&product.id).unwrap_or_default();
            let stated = Stated { product: product.input(), reorder };
            for column in Column::iter() {
                let cell = column.cell(&stated, &codes);
                let cell = match self.locale {
                    Some(locale) if column.is_number() => locale.number(&cell),
                    _ => neutral_cell(&cell),
                };
                bytes += cell.len();
                writer.write_field(cell.as_bytes()).map_err(ApiError::internal)?;
            }
            writer.write_record(None::<&[u8]>).map_err(ApiError::internal)?;
            written += 1;
            self.after = Some(product.sku.clone());
        }
        writer.flush().map_err(ApiError::internal)?;
        drop(writer);
        self.head = "";
        self.app.rates.count_more_values(&self.caller, self.written, written);
        self.written += written;
        self.rows = PartRows::after(written, text.len());
        Ok(Part { text, is_last: written == products.len() && (products.len() as u64) < wanted })
    }

    async fn check(&self) -> Result<(), ApiError> {
        self.presented.check(&self.app, &self.caller).await
    }
}
