//! Purchase orders as documents to print.
//!
//! The page loads no file and runs no script. Every text is escaped. The content security policy of the response stops
//! a browser from running a text that was not escaped by mistake.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::address::Address;
use domain::id::PurchaseOrderId;
use domain::locale::Locale;
use domain::number::{showing, shown_decimals};
use domain::purchase_order::{PurchaseLine, PurchaseOrderStatus};
use serde::Deserialize;
use service::purchase_order::document::{self, OrderDocument};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::html::escaped;
use crate::params::{Params, PathId};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(print);
}

/// Nothing is loaded or run.
const POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
/// Countries whose suppliers read German.
const GERMAN: [&str; 4] = ["AT", "CH", "DE", "LI"];
const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#111}\
    h1{font-size:1.6rem;margin:0 0 1rem}.parties{display:flex;gap:2rem;margin-bottom:1.5rem}.parties>div{flex:1}\
    h2{font-size:.8rem;margin:0;color:#555}p{margin:.1rem 0}table{border-collapse:collapse;width:100%}\
    th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #ccc;vertical-align:top}\
    .n{text-align:right;white-space:nowrap}thead{display:table-header-group}tr{break-inside:avoid}\
    .state{border:2px solid;padding:.3rem .6rem;display:inline-block;font-weight:700}\
    @page{margin:18mm}@media print{body{margin:0;max-width:none;padding:0}}";

/// Parameters of the document.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PrintParams {
    /// Language of the document. If absent, German for a supplier whose first address is in Austria, Germany, Liechtenstein or
    /// Switzerland, and English for all others.
    #[param(inline)]
    language: Option<Language>,
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
/// Returns the purchase order as a page of HTML to print or to save as PDF, for the supplier: both parties, and each line with its
/// quantity, price and day, in the currency of the order. It loads nothing and runs no scripts. Without the scope `costs:read` it has
/// no prices.
#[utoipa::path(
    operation_id = "purchase_orders_print",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order's id."), PrintParams),
    responses((status = 200, description = "The document.", content(
        (String = "text/html", example = "<!doctype html><html lang=\"en\"><title>Purchase order PO-2026-000123</title></html>"),
    )))
)]
#[get("/v1/purchase-orders/{id}/document")]
async fn print(
    app: Data<App>,
    caller: Caller,
    id: PathId<PurchaseOrderId>,
    params: Params<PrintParams>,
) -> Answer {
    let read = async |tx: &service::Tx| document::get(tx, id.0).await;
    let document = app.db.read(caller.tenant_id, read).await?;
    let country = document.supplier.address.as_ref().map(|address| address.country.as_str());
    let language = params.language.unwrap_or_else(|| Language::of_country(country));
    let sheet = Sheet { document: &document, words: language.words(), has_costs: caller.sees_costs() };
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(sheet.printed()))
}

/// A document in one language, as a caller may see it.
struct Sheet<'a> {
    document: &'a OrderDocument,
    words: &'a Words,
    has_costs: bool,
}

impl Sheet<'_> {
    /// Returns the page with amounts in the currency of the order, which the supplier knows, and with its decimals.
    fn printed(&self) -> String {
        let foreign = self.document.order.foreign.as_ref();
        let decimals = foreign.map_or_else(shown_decimals, |foreign| foreign.quote.decimals);
        showing(decimals, || self.page())
    }

    fn page(&self) -> String {
        let (words, order) = (self.words, &self.document.order);
        let lines: String = order.lines.iter().map(|line| self.line(line)).collect();
        format!(
            "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{title} {number}</title>\
             <style>{STYLE}</style></head><body><h1>{title} {number}</h1>{state}{parties}{facts}\
             <table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>{total}</body></html>",
            lang = words.tag,
            title = words.title,
            number = escaped(&order.number),
            state = self.state(),
            parties = self.parties(),
            facts = self.facts(),
            heads = self.heads(),
            total = self.total(),
        )
    }

    /// Returns the mark of an order that is not valid for a delivery: a draft, or a cancelled one.
    fn state(&self) -> String {
        let mark = match self.document.order.status {
            PurchaseOrderStatus::Draft => self.words.draft,
            PurchaseOrderStatus::Cancelled => self.words.cancelled,
            PurchaseOrderStatus::Sent
            | PurchaseOrderStatus::Confirmed
            | PurchaseOrderStatus::PartlyReceived
            | PurchaseOrderStatus::Received
            | PurchaseOrderStatus::Closed => return String::new(),
        };
        format!("<p class=\"state\">{mark}</p>")
    }

    fn parties(&self) -> String {
        let (supplier, buyer) = (&self.document.supplier, &self.document.buyer);
        format!(
            "<div class=\"parties\"><div><h2>{}</h2>{}</div><div><h2>{}</h2>{}</div></div>",
            self.words.supplier,
            self.party(&supplier.name, supplier.tax_number.as_deref(), supplier.address.as_ref()),
            self.words.buyer,
            self.party(&buyer.name, buyer.tax_number.as_deref(), buyer.address.as_ref()),
        )
    }

    fn party(&self, name: &str, tax_number: Option<&str>, address: Option<&Address>) -> String {
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
        lines.iter().map(|line| format!("<p>{}</p>", escaped(line))).collect()
    }

    fn facts(&self) -> String {
        let (words, order) = (self.words, &self.document.order);
        let mut facts = vec![
            format!("{}: {}", words.number, order.number),
            format!("{}: {}", words.day, self.date(&self.document.day.to_string())),
        ];
        facts.extend(order.reference.as_ref().map(|text| format!("{}: {text}", words.reference)));
        facts.iter().map(|fact| format!("<p>{}</p>", escaped(fact))).collect()
    }

    fn heads(&self) -> String {
        let words = self.words;
        let mut heads = vec![("", "#"), ("", words.article), ("", words.own_article), ("n", words.quantity)];
        if self.has_costs {
            heads.extend([("n", words.unit_cost), ("n", words.value)]);
        }
        heads.extend([("", words.expected), ("", words.deliver_to)]);
        heads.iter().map(|(class, head)| format!("<th class=\"{class}\">{head}</th>")).collect()
    }

    fn line(&self, line: &PurchaseLine) -> String {
        let document = self.document;
        let sku = document.skus.get(&line.product_id).map_or("", String::as_str);
        let name = document.products.get(&line.product_id.0).map_or("", String::as_str);
        let place = document.locations.get(&line.location_id.0).map_or("", String::as_str);
        let expected = line.expected_on.map(|day| self.date(&day.to_string())).unwrap_or_default();
        let mut cells = vec![
            ("", line.line_no.to_string()),
            ("", format!("{sku} {name}")),
            ("", line.supplier_sku.clone().unwrap_or_default()),
            ("n", format!("{} {}", self.figure(&line.entered.to_string()), line.uom)),
        ];
        if self.has_costs {
            let unit_cost = line.foreign.map_or(line.unit_cost, |foreign| foreign.unit_cost);
            let value = line.foreign.map_or(line.value, |foreign| foreign.value);
            cells.push(("n", self.figure(&unit_cost.to_string())));
            cells.push(("n", self.figure(&value.to_string())));
        }
        cells.extend([("", expected), ("", place.to_owned())]);
        let cell = |(class, text): &(&str, String)| format!("<td class=\"{class}\">{}</td>", escaped(text));
        format!("<tr>{}</tr>", cells.iter().map(cell).collect::<String>())
    }

    fn total(&self) -> String {
        if !self.has_costs {
            return String::new();
        }
        let order = &self.document.order;
        let (value, currency) = match &order.foreign {
            Some(foreign) => (foreign.value, &foreign.quote.currency),
            None => (order.value, &self.document.currency),
        };
        let value = self.figure(&value.to_string());
        format!("<p class=\"n\"><strong>{}: {value} {currency}</strong></p>", self.words.total)
    }

    fn figure(&self, plain: &str) -> String {
        Locale::of(self.words.tag)
            .map_or_else(|| plain.to_owned(), |locale| locale.number(plain).into_owned())
    }

    fn date(&self, plain: &str) -> String {
        Locale::of(self.words.tag).map_or_else(|| plain.to_owned(), |locale| locale.date(plain).into_owned())
    }
}
