//! Makes the API's documents from rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::number::{Money, Price, round};
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::catalogue::{self, Catalogue};
use super::client::{BatchResult, Client, ClientError, Place};
use super::rows::{Class, Row};
use super::{ImportError, country};

/// Limits of one request: documents, and lines of all of them together.
const DOCUMENTS_MAX: usize = 250;
const LINES_MAX: usize = 4_000;
/// Country of the seller.
const HOME: &str = "GB";
/// Requests in flight at once.
const REQUESTS: usize = 2;

/// Number of lines of each class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Class, usize>);

impl Tally {
    fn add(&mut self, class: Class, lines: usize) {
        *self.0.entry(class).or_default() += lines;
    }

    /// Returns a table of rows read beside lines posted, by class.
    pub fn table(read: &Tally, posted: &Tally) -> String {
        let of = |tally: &Tally, class| tally.0.get(&class).copied().unwrap_or_default();
        let mut table = format!("{:<44}{:>12}{:>14}\n", "class", "rows read", "lines posted");
        for class in Class::ALL {
            table += &format!("{:<44}{:>12}{:>14}\n", class.title(), of(read, class), of(posted, class));
        }
        let sum = |tally: &Tally| tally.0.values().sum::<usize>();
        table + &format!("{:<44}{:>12}{:>14}\n", "total", sum(read), sum(posted))
    }
}

/// A document to post.
#[derive(Debug)]
struct Document {
    lines: usize,
    key: String,
    body: Value,
}

/// Everything to post.
#[derive(Debug)]
pub struct Documents {
    /// Rows read, by class.
    pub read: Tally,
    /// Rows of services at a price of zero, by code.
    free_services: BTreeMap<String, usize>,
    products: Vec<Product>,
    customers: Vec<Account>,
    openings: Vec<Document>,
    invoices: Vec<Vec<Row>>,
    place: Place,
}

/// A product to create.
#[derive(Debug)]
struct Product {
    body: Value,
    /// Code of its category.
    category: &'static str,
}

/// A wholesale account.
#[derive(Debug)]
struct Account {
    /// Its first row.
    row: Row,
    /// Code of its tier.
    tier: Option<&'static str>,
}

/// Facts about a stock code, from all its rows.
#[derive(Debug, Default)]
struct Goods {
    names: HashMap<String, usize>,
    prices: Vec<Decimal>,
    /// Units that leave stock in the whole file.
    leaving: i64,
    is_service: bool,
}

impl Goods {
    fn name(&self, code: &str) -> String {
        let name = self.names.iter().max_by_key(|(name, count)| (**count, (*name).clone()));
        name.map_or_else(|| code.to_owned(), |(name, _)| name.clone())
    }

    fn median(&self) -> Option<Decimal> {
        let mut prices = self.prices.clone();
        prices.sort_unstable();
        prices.get(prices.len() / 2).copied()
    }
}

impl Documents {
    /// Groups rows into documents.
    pub fn of(rows: Vec<Row>, place: &Place) -> Self {
        let mut read = Tally::default();
        let mut free_services: BTreeMap<String, usize> = BTreeMap::new();
        let mut goods: BTreeMap<String, Goods> = BTreeMap::new();
        let mut customers: BTreeMap<String, (Row, Money)> = BTreeMap::new();
        let mut invoices: BTreeMap<(DateTime<Utc>, String, Class), Vec<Row>> = BTreeMap::new();
        let mut starts: HashMap<String, DateTime<Utc>> = HashMap::new();
        for row in rows {
            let class = row.class();
            read.add(class, 1);
            if row.price.is_zero() && row.is_service() && class != Class::BadDebt {
                *free_services.entry(row.code.clone()).or_default() += 1;
            }
            note(goods.entry(row.code.clone()).or_default(), &row, class);
            if !row.customer.is_empty() {
                let (_, bought) =
                    customers.entry(row.customer.clone()).or_insert_with(|| (row.clone(), Money::ZERO));
                *bought += row.value();
            }
            // A few invoices have two timestamps, a minute apart: the first one counts.
            let start = *starts.entry(row.invoice.clone()).or_insert(row.at);
            invoices.entry((start, row.invoice.clone(), class)).or_default().push(Row { at: start, ..row });
        }
        let first = invoices.keys().next().map_or(DateTime::UNIX_EPOCH, |(at, ..)| *at);
        Documents {
            read,
            free_services,
            products: goods.iter().map(|(code, goods)| product(code, goods, place)).collect(),
            customers: accounts(customers.into_values().collect()),
            openings: openings(&goods, place, first),
            invoices: invoices.into_values().collect(),
            place: place.clone(),
        }
    }

    /// Returns a text that lists what the import assumes because the file does not say it.
    pub fn assumptions(&self) -> String {
        let services: Vec<&str> = self.free_services.keys().map(String::as_str).collect();
        let services = match services.as_slice() {
            [] => String::new(),
            codes => format!(
                "; {} rows of services ({}) at a price of zero stay sales and returns at zero, because a service has no stock \
                 to adjust",
                self.free_services.values().sum::<usize>(),
                codes.join(", "),
            ),
        };
        let tax = if self.place.is_taxed { "only exports are free of tax" } else { "no tax is charged" };
        format!(
            "Online Retail, Daqing Chen (2015), UCI Machine Learning Repository, CC BY 4.0.\n\
             {} products, {} wholesale accounts, {} documents.\n\
             Assumed, because the file does not say: each product's opening stock is what leaves in the whole file, \
             at a cost of 55 % of its median price; prices are without tax, and {tax}; rows with a customer \
             at a price of zero are gifts, the others losses and finds{services}; a product's category follows from a word of its \
             name; the 5 % of the accounts that bought most, and the next 20 %, have a price tier.",
            self.products.len(),
            self.customers.len(),
            self.invoices.len() + self.openings.len(),
        )
    }

    /// Sends everything. Returns the lines posted, by class.
    pub async fn send(&self, client: &Client) -> Result<Tally, ImportError> {
        let own = Catalogue::create(client).await?;
        if self.place.is_taxed {
            let countries = self.countries();
            catalogue::free_exports(client, &self.place.tax_class_id, countries).await?;
        }
        let products: Vec<Value> = self.products.iter().map(|product| product.body(&own)).collect();
        let customers: Vec<Value> = self.customers.iter().map(|account| account.body(&own)).collect();
        for (path, records) in [("/v1/products/batch", &products), ("/v1/customers/batch", &customers)] {
            for (index, part) in records.chunks(500).enumerate() {
                let key = format!("online-retail:{}:{index}", &path[4..path.len() - 6]);
                expect_made(path, client.post_batch(path, Some(&key), part.to_vec()).await?)?;
            }
        }
        let mut ids = HashMap::new();
        for record in client.list("/v1/customers").await? {
            if let (Some(number), Some(id)) = (record["number"].as_str(), record["id"].as_str()) {
                ids.insert(number.to_owned(), id.to_owned());
            }
        }
        let bar = ProgressBar::new(self.invoices.iter().map(Vec::len).sum::<usize>() as u64);
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {per_sec}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let mut posted = Tally::default();
        post_all(client, "/v1/stock/documents/batch", &self.openings, &bar).await?;
        bar.set_position(0);
        for class in Class::ALL {
            let of_class = self.invoices.iter().filter(|rows| rows[0].class() == class);
            let documents: Vec<Document> =
                of_class.flat_map(|rows| document(rows, class, &self.place, &ids)).collect();
            let lines = if class == Class::BadDebt {
                post_entries(client, &documents).await?
            } else {
                post_all(client, route(class), &documents, &bar).await?
            };
            posted.add(class, lines);
        }
        bar.finish_and_clear();
        Ok(posted)
    }
}

impl Documents {
    /// Returns the countries of the buyers abroad.
    fn countries(&self) -> BTreeSet<&'static str> {
        let all = self.invoices.iter().map(|rows| country::code(&rows[0].country));
        all.filter(|code| *code != HOME).collect()
    }
}

impl Product {
    fn body(&self, own: &Catalogue) -> Value {
        let mut body = self.body.clone();
        body["category_id"] = own.category_id(self.category);
        body
    }
}

impl Account {
    fn body(&self, own: &Catalogue) -> Value {
        let mut body = customer(&self.row);
        if let Some(id) = own.tier_id(self.tier) {
            body["price_tier_id"] = id;
        }
        body
    }
}

/// Gives the accounts their tiers, by what they bought.
fn accounts(mut bought: Vec<(Row, Money)>) -> Vec<Account> {
    let count = bought.len();
    bought.sort_by(|(one, of_one), (other, of_other)| {
        of_other.cmp(of_one).then_with(|| one.customer.cmp(&other.customer))
    });
    let account = |(place, (row, _))| Account { row, tier: catalogue::tier_of(place, count) };
    let mut accounts: Vec<Account> = bought.into_iter().enumerate().map(account).collect();
    accounts.sort_by(|one, other| one.row.customer.cmp(&other.row.customer));
    accounts
}

fn note(goods: &mut Goods, row: &Row, class: Class) {
    goods.is_service = row.is_service();
    if !row.description.is_empty() && !row.price.is_zero() {
        *goods.names.entry(row.description.clone()).or_default() += 1;
    }
    if row.price > Decimal::ZERO {
        goods.prices.push(row.price);
    }
    goods.leaving += (-adjusted(row, class)).max(0);
}

/// Returns the units by which a row changes stock.
fn adjusted(row: &Row, class: Class) -> i64 {
    match class {
        Class::WholesaleSale | Class::RetailSale => -row.quantity,
        Class::WholesaleReturn | Class::RetailRefund => row.quantity.abs(),
        // A gift leaves stock, although the file counts it like a sale.
        Class::Adjustment if !row.customer.is_empty() => -row.quantity,
        Class::Adjustment => row.quantity,
        Class::BadDebt => 0,
    }
}

fn product(code: &str, goods: &Goods, place: &Place) -> Product {
    let mut name = goods.name(code);
    name.truncate(name.floor_char_boundary(200));
    let category = catalogue::category_of(&name, goods.is_service);
    let mut product = json!({
        "sku": code,
        "name": name,
        "kind": if goods.is_service { "service" } else { "stocked" },
        "tax_class_id": place.tax_class_id,
    });
    if let Some(price) = goods.median() {
        product["list_price"] = json!(Price::rounded(price));
    }
    Product { body: product, category }
}

fn customer(row: &Row) -> Value {
    json!({
        "number": row.customer,
        "kind": "wholesale",
        "name": format!("Account {}", row.customer),
        "country": country::code(&row.country),
    })
}

/// Makes opening stock for every product that ever leaves.
fn openings(goods: &BTreeMap<String, Goods>, place: &Place, at: DateTime<Utc>) -> Vec<Document> {
    let stocked: Vec<(&String, &Goods)> =
        goods.iter().filter(|(_, goods)| !goods.is_service && goods.leaving > 0).collect();
    let cost = |goods: &Goods| {
        let share = goods.median().unwrap_or_default() * Decimal::new(55, 2);
        Price::new(round(share, 4))
    };
    let documents = stocked.chunks(1_000).enumerate().map(|(index, part)| Document {
        lines: part.len(),
        key: format!("online-retail:opening:{index}"),
        body: json!({
            "kind": "opening",
            "location_id": place.location_id,
            "occurred_at": at,
            "reference": "Assumed opening stock",
            "lines": part
                .iter()
                .map(|(code, goods)| {
                    json!({ "sku": code, "quantity": goods.leaving.to_string(), "unit_cost": cost(goods) })
                })
                .collect::<Vec<_>>(),
        }),
    });
    documents.collect()
}

fn route(class: Class) -> &'static str {
    match class {
        Class::WholesaleSale => "/v1/orders/batch",
        Class::WholesaleReturn => "/v1/returns/batch",
        Class::RetailSale => "/v1/pos/sales/batch",
        Class::RetailRefund => "/v1/pos/refunds/batch",
        Class::Adjustment => "/v1/stock/documents/batch",
        Class::BadDebt => "/v1/journal-entries",
    }
}

/// Makes the documents for rows of one invoice and one class.
fn document(rows: &[Row], class: Class, place: &Place, customers: &HashMap<String, String>) -> Vec<Document> {
    let first = &rows[0];
    let lines: Vec<Value> = rows.iter().map(sold_line).collect();
    let customer_id = customers.get(&first.customer);
    let body = match class {
        Class::WholesaleSale => json!({
            "customer_id": customer_id, "location_id": place.location_id, "country": country::code(&first.country),
            "external_ref": first.invoice, "occurred_at": first.at, "lines": lines, "advance_to": "invoiced",
        }),
        Class::WholesaleReturn => json!({
            "customer_id": customer_id, "location_id": place.location_id, "country": country::code(&first.country),
            "reason": format!("Cancellation {}", first.invoice), "occurred_at": first.at, "lines": lines,
        }),
        Class::RetailSale | Class::RetailRefund => json!({
            "register_id": place.register_id, "country": country::code(&first.country), "occurred_at": first.at, "lines": lines,
            "tenders": [{ "kind": "card", "reference": format!("invoice {}", first.invoice) }],
        }),
        Class::Adjustment => return adjustments(rows, place),
        Class::BadDebt => bad_debt(first),
    };
    let kind = match class {
        Class::WholesaleSale => "order",
        Class::WholesaleReturn => "return",
        Class::RetailSale => "sale",
        Class::RetailRefund => "refund",
        Class::Adjustment => "adjustment",
        Class::BadDebt => "entry",
    };
    let key = format!("online-retail:{kind}:{}", first.invoice);
    vec![Document { lines: rows.len(), key, body }]
}

fn sold_line(row: &Row) -> Value {
    json!({
        "sku": row.code,
        "quantity": row.quantity.abs().to_string(),
        "unit_price": row.unit_price(),
        "price_reason": "Online Retail",
    })
}

/// Makes one adjustment for each reason: samples to customers, finds and losses.
fn adjustments(rows: &[Row], place: &Place) -> Vec<Document> {
    let mut by_reason: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for row in rows {
        let change = adjusted(row, Class::Adjustment);
        let reason = match (row.customer.is_empty(), change > 0) {
            (false, _) => "sample",
            (true, true) => "found",
            (true, false) => "lost",
        };
        by_reason.entry(reason).or_default().push(json!({ "sku": row.code, "quantity": change.to_string() }));
    }
    let first = &rows[0];
    let document = |(reason, lines): (&str, Vec<Value>)| Document {
        lines: lines.len(),
        key: format!("online-retail:adjustment:{}:{reason}", first.invoice),
        body: json!({
            "kind": "adjustment", "location_id": place.location_id, "reason": reason, "occurred_at": first.at,
            "reference": format!("Invoice {}", first.invoice), "lines": lines,
        }),
    };
    by_reason.into_iter().map(document).collect()
}

/// Makes an entry that writes off a receivable if the value is negative, and reverses the write-off if it is positive.
fn bad_debt(row: &Row) -> Value {
    let value = row.value();
    let (debit, credit) = if value.is_negative() { ("6100", "1110") } else { ("1110", "6100") };
    let amount = value.abs();
    json!({
        "memo": format!("{} ({})", row.description, row.invoice),
        "occurred_on": row.at.with_timezone(&chrono_tz::Europe::London).date_naive(),
        "lines": [{ "account": debit, "debit": amount }, { "account": credit, "credit": amount }],
    })
}

/// Posts documents in requests of limited size. Returns the number of lines accepted.
async fn post_all(
    client: &Client,
    path: &str,
    documents: &[Document],
    bar: &ProgressBar,
) -> Result<usize, ImportError> {
    let chunks = chunks(documents);
    let sent = stream::iter(chunks.into_iter().map(|chunk| async move {
        let items = chunk.iter().map(|one| json!({ "idempotency_key": one.key, "body": one.body })).collect();
        let results = client.post_batch(path, None, items).await?;
        let lines = expect_accepted(results)?;
        bar.inc(lines as u64);
        Ok::<usize, ImportError>(lines)
    }));
    sent.buffer_unordered(REQUESTS).try_fold(0, |sum, lines| async move { Ok(sum + lines) }).await
}

/// Splits documents so that no request exceeds the limits.
fn chunks(documents: &[Document]) -> Vec<&[Document]> {
    let mut chunks = Vec::new();
    let mut rest = documents;
    while !rest.is_empty() {
        let mut lines = 0;
        let fits = |document: &&Document| {
            lines += document.lines;
            lines <= LINES_MAX
        };
        let size = rest.iter().take(DOCUMENTS_MAX).take_while(fits).count().max(1);
        let (chunk, later) = rest.split_at(size);
        chunks.push(chunk);
        rest = later;
    }
    chunks
}

async fn post_entries(client: &Client, documents: &[Document]) -> Result<usize, ImportError> {
    let mut lines = 0;
    for document in documents {
        client.post(route(Class::BadDebt), &document.key, document.body.clone()).await?;
        lines += document.lines;
    }
    Ok(lines)
}

/// Returns the number of lines that the API has posted. Fails if it rejected a document.
fn expect_accepted(results: Vec<BatchResult>) -> Result<usize, ImportError> {
    let refused: Vec<&BatchResult> = results.iter().filter(|result| result.status >= 300).collect();
    if let Some(first) = refused.first() {
        let first = format!("{} {}", first.status, first.body);
        return Err(ImportError::Refused { refused: refused.len(), first });
    }
    let posted = results.iter().map(|result| result.body["lines"].as_u64().unwrap_or_default());
    Ok(usize::try_from(posted.sum::<u64>()).unwrap_or(usize::MAX))
}

/// Fails if the API rejected a record for any reason other than that it exists.
fn expect_made(path: &str, results: Vec<BatchResult>) -> Result<(), ClientError> {
    let refused =
        results.iter().find(|result| result.status >= 300 && result.body["code"] != "already_exists");
    match refused {
        None => Ok(()),
        Some(refused) => Err(ClientError::Unexpected(format!("{path}: {} {}", refused.status, refused.body))),
    }
}
