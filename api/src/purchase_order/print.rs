//! Purchase orders as documents to print.

use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, get};
use domain::address::Address;
use domain::id::PurchaseOrderId;
use domain::locale::Locale;
use domain::number::{showing, shown_decimals};
use domain::purchase_order::{PurchaseLine, PurchaseOrderStatus};
use serde::Deserialize;
use service::purchase_order::document::{self, OrderDocument};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::CountedAsReport;
use crate::params::{Params, PathId};
use crate::problem::Problem;
use crate::sheet::{Column, Form, PageWords, Paper, Party, Sheet};
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(print);
}

/// Countries whose suppliers read German.
const GERMAN: [&str; 4] = ["AT", "CH", "DE", "LI"];

/// Parameters of the document.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PrintParams {
    /// Language of the document. If absent, German for a supplier whose first address is in Austria, Germany, Liechtenstein or
    /// Switzerland, and English for all others.
    #[param(inline)]
    language: Option<Language>,
    /// `html` or `pdf`. If absent, the header Accept chooses. Without both, `html`.
    #[param(max_length = 16, example = "html")]
    format: Option<String>,
}

/// Language of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// German.
    #[serde(rename = "de")]
    German,
}

/// The texts of a document in one language.
struct Words {
    /// BCP 47 tag of the form of numbers and days.
    tag: &'static str,
    title: &'static str,
    draft: &'static str,
    cancelled: &'static str,
    supplier: &'static str,
    buyer: &'static str,
    tax_number: &'static str,
    number: &'static str,
    day: &'static str,
    reference: &'static str,
    article: &'static str,
    own_article: &'static str,
    quantity: &'static str,
    unit_cost: &'static str,
    value: &'static str,
    expected: &'static str,
    deliver_to: &'static str,
    total: &'static str,
    pages: PageWords,
}

const ENGLISH: Words = Words {
    tag: "en-GB",
    title: "Purchase order",
    draft: "Draft: not ordered yet",
    cancelled: "Cancelled",
    supplier: "Supplier",
    buyer: "Ordered by",
    tax_number: "Tax number",
    number: "Number",
    day: "Date",
    reference: "Reference",
    article: "Article",
    own_article: "Your article",
    quantity: "Quantity",
    unit_cost: "Unit price",
    value: "Amount",
    expected: "Expected on",
    deliver_to: "Deliver to",
    total: "Total before tax",
    pages: PageWords { page: "Page", of: "of" },
};

const GERMAN_WORDS: Words = Words {
    tag: "de-DE",
    title: "Bestellung",
    draft: "Entwurf: noch nicht bestellt",
    cancelled: "Storniert",
    supplier: "Lieferant",
    buyer: "Besteller",
    tax_number: "Steuernummer",
    number: "Nummer",
    day: "Datum",
    reference: "Referenz",
    article: "Artikel",
    own_article: "Ihr Artikel",
    quantity: "Menge",
    unit_cost: "Einzelpreis",
    value: "Betrag",
    expected: "Liefertermin",
    deliver_to: "Lieferort",
    total: "Summe ohne Steuern",
    pages: PageWords { page: "Seite", of: "von" },
};

impl Language {
    fn of_country(country: Option<&str>) -> Self {
        match country {
            Some(country) if GERMAN.contains(&country) => Language::German,
            Some(_) | None => Language::English,
        }
    }

    fn words(self) -> &'static Words {
        match self {
            Language::English => &ENGLISH,
            Language::German => &GERMAN_WORDS,
        }
    }
}

/// Get a purchase order as a document
///
/// Returns the purchase order to send to the supplier, as HTML or PDF. It has both parties, and each line with its quantity, price and day, in
/// the currency of the order. Without the scope `costs:read` it has no prices. `GET /v1/purchase-orders/{id}` returns the order as JSON.
///
/// The HTML page loads no file and runs no script. The paper of the PDF is Letter if your own address is in Canada or the United States, else
/// A4. The PDF prints Latin, Greek and Cyrillic letters; a box stands for each character of another script. A PDF costs 10 points, and one
/// for every 100 values, as a report does.
#[utoipa::path(
    operation_id = "purchase_orders_print",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order's id."), PrintParams, ReadHeaders),
    responses(
        (status = 200, description = "The document.", content(
            (String = "text/html", example = "<!doctype html><html lang=\"en\"><title>Purchase order PO-2026-000123</title></html>"),
            (String = "application/pdf", example = "%PDF-1.7…"),
        ), headers(("Content-Disposition" = String, description = "`inline`, with the name of the file. A PDF has this header, HTML does not."))),
        (status = 406, description = "The document is not available in this format.", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[get("/v1/purchase-orders/{id}/document")]
async fn print(
    app: Data<App>,
    caller: Caller,
    id: PathId<PurchaseOrderId>,
    params: Params<PrintParams>,
    seen: IfNoneMatch,
    request: HttpRequest,
) -> Answer {
    let form = Form::of(params.format.as_deref(), &request)?;
    if form == Form::Pdf {
        request.extensions_mut().insert(CountedAsReport);
        app.rates.admit_report(&caller)?;
    }
    let read = async |tx: &service::Tx| document::get(tx, id.0).await;
    let document = app.db.read(caller.tenant_id, read).await?;
    let country = document.supplier.address.as_ref().map(|address| address.country.as_str());
    let language = params.language.unwrap_or_else(|| Language::of_country(country));
    let print = Print { document: &document, words: language.words(), has_costs: caller.sees_costs() };
    let sheet = print.sheet();
    if form == Form::Pdf {
        app.rates.count_values(&caller, sheet.values());
    }
    sheet.respond(form, &seen).await
}

/// A document in one language, as a caller may see it.
struct Print<'a> {
    document: &'a OrderDocument,
    words: &'a Words,
    has_costs: bool,
}

impl Print<'_> {
    /// Returns the sheet with amounts in the currency of the order, which the supplier knows, and with its decimals.
    fn sheet(&self) -> Sheet {
        let (words, order) = (self.words, &self.document.order);
        let decimals = order.foreign.as_ref().map_or_else(shown_decimals, |foreign| foreign.quote.decimals);
        showing(decimals, || Sheet {
            language: words.tag,
            kind: words.title,
            number: order.number.clone(),
            mark: self.mark(),
            parties: self.parties(),
            facts: self.facts(),
            columns: self.columns(),
            rows: order.lines.iter().map(|line| self.row(line)).collect(),
            total: self.total(),
            page_words: words.pages,
            paper: Paper::of(self.document.buyer.address.as_ref()),
        })
    }

    /// Returns the mark of an order that is not valid for a delivery: a draft, or a cancelled one.
    fn mark(&self) -> Option<&'static str> {
        match self.document.order.status {
            PurchaseOrderStatus::Draft => Some(self.words.draft),
            PurchaseOrderStatus::Cancelled => Some(self.words.cancelled),
            PurchaseOrderStatus::Sent
            | PurchaseOrderStatus::Confirmed
            | PurchaseOrderStatus::PartlyReceived
            | PurchaseOrderStatus::Received
            | PurchaseOrderStatus::Closed => None,
        }
    }

    fn parties(&self) -> [Party; 2] {
        let (words, supplier, buyer) = (self.words, &self.document.supplier, &self.document.buyer);
        let supplier = self.lines(&supplier.name, supplier.tax_number.as_deref(), supplier.address.as_ref());
        let buyer = self.lines(&buyer.name, buyer.tax_number.as_deref(), buyer.address.as_ref());
        [Party { role: words.supplier, lines: supplier }, Party { role: words.buyer, lines: buyer }]
    }

    fn lines(&self, name: &str, tax_number: Option<&str>, address: Option<&Address>) -> Vec<String> {
        let mut lines = vec![name.to_owned()];
        if let Some(address) = address {
            lines.extend(address.name.as_deref().map(str::to_owned));
            lines.push(address.line1.to_string());
            lines.extend(address.line2.as_deref().map(str::to_owned));
            let postal_code = address.postal_code.as_deref().unwrap_or_default();
            lines.push(format!("{postal_code} {}", &*address.city).trim().to_owned());
            lines.extend(address.region.as_deref().map(str::to_owned));
            lines.push(address.country.clone());
        }
        lines.extend(tax_number.map(|number| format!("{}: {number}", self.words.tax_number)));
        lines
    }

    fn facts(&self) -> Vec<String> {
        let (words, order) = (self.words, &self.document.order);
        let mut facts = vec![
            format!("{}: {}", words.number, order.number),
            format!("{}: {}", words.day, self.date(&self.document.day.to_string())),
        ];
        facts.extend(order.reference.as_ref().map(|text| format!("{}: {text}", words.reference)));
        facts
    }

    fn columns(&self) -> Vec<Column> {
        let words = self.words;
        let text = |head| Column { head, has_figures: false };
        let figures = |head| Column { head, has_figures: true };
        let mut columns =
            vec![text("#"), text(words.article), text(words.own_article), figures(words.quantity)];
        if self.has_costs {
            columns.extend([figures(words.unit_cost), figures(words.value)]);
        }
        columns.extend([text(words.expected), text(words.deliver_to)]);
        columns
    }

    fn row(&self, line: &PurchaseLine) -> Vec<String> {
        let document = self.document;
        let sku = document.skus.get(&line.product_id).map_or("", String::as_str);
        let name = document.products.get(&line.product_id.0).map_or("", String::as_str);
        let place = document.locations.get(&line.location_id.0).map_or("", String::as_str);
        let expected = line.expected_on.map(|day| self.date(&day.to_string())).unwrap_or_default();
        let mut cells = vec![
            line.line_no.to_string(),
            format!("{sku} {name}"),
            line.supplier_sku.clone().unwrap_or_default(),
            format!("{} {}", self.figure(&line.entered.to_string()), line.uom),
        ];
        if self.has_costs {
            let unit_cost = line.foreign.map_or(line.unit_cost, |foreign| foreign.unit_cost);
            let value = line.foreign.map_or(line.value, |foreign| foreign.value);
            cells.extend([self.figure(&unit_cost.to_string()), self.figure(&value.to_string())]);
        }
        cells.extend([expected, place.to_owned()]);
        cells
    }

    fn total(&self) -> Option<String> {
        let order = &self.document.order;
        let (value, currency) = match &order.foreign {
            Some(foreign) => (foreign.value, &foreign.quote.currency),
            None => (order.value, &self.document.currency),
        };
        let value = self.figure(&value.to_string());
        self.has_costs.then(|| format!("{}: {value} {currency}", self.words.total))
    }

    fn figure(&self, plain: &str) -> String {
        Locale::of(self.words.tag)
            .map_or_else(|| plain.to_owned(), |locale| locale.number(plain).into_owned())
    }

    fn date(&self, plain: &str) -> String {
        Locale::of(self.words.tag).map_or_else(|| plain.to_owned(), |locale| locale.date(plain).into_owned())
    }
}
