//! A year of the purchases of AdventureWorks, imported by a client of the public API: orders, receipts, what was rejected, and bills.
//!
//! The file has 4,012 orders of 2022 to 2025. The test imports the 252 orders of one year, so that it ends soon. In that year, goods were
//! rejected in part and wholly, and orders came in part. The environment may name another year, or all of them:
//! `ADVENTURE_WORKS_YEAR=20`, with which their days begin.
//! Orders are sent and received on the days of the file. Goods are rejected today. The file has no bills: each order is billed on the day
//! of its shipment, for the units that were kept, at the price of the order. What the file does not have is left out: units of the
//! suppliers that convert to stock units, and lead times of a single product.
//! Without the data set, which is not part of the sources, the test says so and checks nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use domain::number::round;
use futures_util::future::join_all;
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Level, Tenant, with_tenant};

use super::{PURCHASES, path};

/// Year of the orders that are imported, if the environment names none.
const YEAR: &str = "2023";

/// Variable of the environment with the first digits of the days of the orders that are imported.
const YEAR_VARIABLE: &str = "ADVENTURE_WORKS_YEAR";

/// Most orders that are carried out at once.
const AT_ONCE: usize = 32;

/// Most records of a batch request.
const BATCH_MAX: usize = 500;

/// A row of a file, by column.
type Record = HashMap<String, String>;

/// The rows of the data set that the orders of the year name.
struct Purchases {
    vendors: Vec<Record>,
    products: Vec<Record>,
    /// Terms of a vendor for a product.
    terms: Vec<Record>,
    orders: Vec<Order>,
}

/// An order of the file.
struct Order {
    id: String,
    vendor: String,
    /// Days on which it was sent and shipped.
    ordered: String,
    shipped: String,
    lines: Vec<Line>,
}

/// A line of an order, in units.
struct Line {
    sku: String,
    ordered: Decimal,
    received: Decimal,
    rejected: Decimal,
    unit_cost: Decimal,
}

/// Ids of the records that were made, by their ids in the file.
struct Made {
    vendors: HashMap<String, String>,
    products: HashMap<String, String>,
}

/// Sums of the file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    ordered: Decimal,
    received: Decimal,
    rejected: Decimal,
}

/// Returns the data set. If it is not here, returns nothing, and says which test checks nothing: past the test runner, which shows no
/// output of a test that passes.
fn purchases(test: &str) -> Option<Purchases> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/adventureworks"));
    if folder.is_dir() {
        return Some(Purchases::read(&folder));
    }
    let skipped = format!("skipped: {test} needs the data set {}, which is not here\n", folder.display());
    std::io::stderr().write_all(skipped.as_bytes()).expect("the terminal takes a line");
    None
}

/// Returns the rows of a file.
fn table(folder: &Path, name: &str) -> Vec<Record> {
    let path = folder.join(format!("{name}.csv.zst"));
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = zstd::stream::read::Decoder::new(file).expect("the file is compressed by zstd");
    let rows = csv::Reader::from_reader(text).into_deserialize::<Record>();
    rows.map(|row| row.unwrap_or_else(|error| panic!("{}: {error}", path.display()))).collect()
}

/// Returns a number of the file, which has none below zero. It writes zero as `.00`.
fn number(row: &Record, column: &str) -> Decimal {
    let text = format!("0{}", row[column]);
    text.parse().unwrap_or_else(|error| panic!("{column} {text}: {error}"))
}

/// Returns a number in the form of the API.
fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}

impl Purchases {
    fn read(folder: &Path) -> Self {
        let mut products = table(folder, "Product");
        let skus: HashMap<String, String> =
            products.iter().map(|row| (row["ProductID"].clone(), row["ProductNumber"].clone())).collect();
        let mut lines: HashMap<String, Vec<Record>> = HashMap::new();
        for row in table(folder, "PurchaseOrderDetail") {
            lines.entry(row["PurchaseOrderID"].clone()).or_default().push(row);
        }
        let heads = table(folder, "PurchaseOrderHeader");
        let year = std::env::var(YEAR_VARIABLE).unwrap_or_else(|_| YEAR.to_owned());
        let of_year = heads.into_iter().filter(|row| row["OrderDate"].starts_with(&year));
        let mut ordered = BTreeSet::new();
        let orders: Vec<Order> = of_year
            .map(|head| {
                let rows = &lines[&head["PurchaseOrderID"]];
                ordered.extend(rows.iter().map(|row| row["ProductID"].clone()));
                Order::of(&head, rows, &skus)
            })
            .collect();
        let sellers: BTreeSet<&str> = orders.iter().map(|order| order.vendor.as_str()).collect();
        let (mut vendors, mut terms) = (table(folder, "Vendor"), table(folder, "ProductVendor"));
        vendors.retain(|row| sellers.contains(row["BusinessEntityID"].as_str()));
        terms.retain(|row| {
            sellers.contains(row["BusinessEntityID"].as_str()) && ordered.contains(&row["ProductID"])
        });
        products.retain(|row| ordered.contains(&row["ProductID"]));
        Purchases { vendors, products, terms, orders }
    }

    /// Returns the units of all lines.
    fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for line in self.lines() {
            sums.ordered += line.ordered;
            sums.received += line.received;
            sums.rejected += line.rejected;
        }
        sums
    }

    /// Returns the units that were stocked and what they cost, by SKU. `cost` returns the cost of a line.
    fn stocked(&self, cost: impl Fn(&Line) -> Decimal) -> BTreeMap<&str, (Decimal, Decimal)> {
        let mut stocked: BTreeMap<&str, (Decimal, Decimal)> = BTreeMap::new();
        for line in self.lines() {
            let (units, value) = stocked.entry(&line.sku).or_default();
            *units += line.kept();
            *value += cost(line);
        }
        stocked
    }

    /// Returns what is owed to each vendor to whom something is owed, by its code.
    fn owed(&self) -> BTreeMap<String, Decimal> {
        let codes: HashMap<&str, &str> = self
            .vendors
            .iter()
            .map(|row| (row["BusinessEntityID"].as_str(), row["AccountNumber"].as_str()))
            .collect();
        let mut owed: BTreeMap<String, Decimal> = BTreeMap::new();
        for order in &self.orders {
            *owed.entry(codes[order.vendor.as_str()].to_owned()).or_default() +=
                order.lines.iter().map(Line::billed_value).sum::<Decimal>();
        }
        owed.retain(|_, owed| !owed.is_zero());
        owed
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.orders.iter().flat_map(|order| &order.lines)
    }
}

impl Order {
    fn of(head: &Record, rows: &[Record], skus: &HashMap<String, String>) -> Self {
        let line = |row: &Record| {
            let (received, rejected) = (number(row, "ReceivedQty"), number(row, "RejectedQty"));
            assert_eq!(number(row, "StockedQty"), received - rejected, "order {}", row["PurchaseOrderID"]);
            Line {
                sku: skus[&row["ProductID"]].clone(),
                ordered: number(row, "OrderQty"),
                received,
                rejected,
                unit_cost: number(row, "UnitPrice"),
            }
        };
        Order {
            id: head["PurchaseOrderID"].clone(),
            vendor: head["VendorID"].clone(),
            ordered: head["OrderDate"].chars().take(10).collect(),
            shipped: head["ShipDate"].chars().take(10).collect(),
            lines: rows.iter().map(line).collect(),
        }
    }

    /// Returns the item of a batch that writes the order as a draft.
    fn item(&self, made: &Made) -> Value {
        let line = |line: &Line| json!({ "sku": line.sku, "quantity": plain(line.ordered), "unit_cost": plain(line.unit_cost) });
        let lines: Vec<Value> = self.lines.iter().map(line).collect();
        let body = json!({ "supplier_id": made.vendors[&self.vendor], "reference": format!("AW {}", self.id), "lines": lines });
        json!({ "idempotency_key": format!("aw-{}-draft", self.id), "body": body })
    }

    /// Returns the lines of which there is a quantity, by number.
    fn quantities(&self, of: impl Fn(&Line) -> Decimal) -> Vec<Value> {
        let numbered = self.lines.iter().zip(1..).map(|(line, line_no): (&Line, i32)| (line_no, of(line)));
        let some = numbered.filter(|(_, quantity)| !quantity.is_zero());
        some.map(|(line_no, quantity)| json!({ "line_no": line_no, "quantity": plain(quantity) })).collect()
    }

    /// Takes a step of the order. A step that was taken before has the stored response.
    async fn take(&self, tenant: &Tenant, draft: &Value, verb: &str, body: &Value) -> Value {
        let key = format!("aw-{}-{verb}", self.id);
        tenant.post_as(&format!("{}/{verb}", path(draft)), &key, body).await.ok()
    }

    /// Sends the order and receives what came. Returns it as it is then.
    async fn receive(&self, tenant: &Tenant, draft: &Value) -> Value {
        self.take(tenant, draft, "send", &json!({ "occurred_at": at(&self.ordered) })).await;
        let came =
            json!({ "occurred_at": at(&self.shipped), "lines": self.quantities(|line| line.received) });
        self.take(tenant, draft, "receive", &came).await
    }

    /// Sends what was rejected back, and closes the order if the rest will not come. Returns it as it is then.
    async fn finish(&self, tenant: &Tenant, received: &Value) -> Value {
        let mut order = received.clone();
        let rejected = self.quantities(|line| line.rejected);
        if !rejected.is_empty() {
            let back =
                json!({ "receipt_id": order["receipt_id"], "reference": "Rejected", "lines": rejected });
            order = self.take(tenant, received, "return", &back).await;
        }
        if order["status"] == "partly_received" {
            order = self.take(tenant, received, "close", &json!({})).await;
        }
        order
    }

    /// Records the bill of the units that were kept. A bill that was recorded before has the stored response.
    async fn bill(&self, tenant: &Tenant, made: &Made, draft: &Value) {
        let numbered = self.lines.iter().zip(1..).filter(|(line, _): &(&Line, i32)| !line.kept().is_zero());
        let lines: Vec<Value> = numbered
            .map(|(line, line_no)| {
                json!({ "purchase_order_id": draft["id"], "order_line_no": line_no, "quantity": plain(line.kept()),
                    "unit_cost": plain(line.unit_cost) })
            })
            .collect();
        if lines.is_empty() {
            return;
        }
        let bill = json!({ "supplier_id": made.vendors[&self.vendor], "supplier_number": self.id,
            "dated": self.shipped, "lines": lines });
        let billed = tenant.post_as("/v1/bills", &format!("aw-{}-bill", self.id), &bill).await.created();
        assert_eq!(billed["match_status"], "matched", "{billed}");
    }
}

/// Returns noon of a day.
fn at(day: &str) -> String {
    format!("{day}T12:00:00Z")
}

impl Line {
    /// Returns the units that were received and not rejected.
    fn kept(&self) -> Decimal {
        self.received - self.rejected
    }

    /// Returns what the bill asks for these units, rounded to cents.
    fn billed_value(&self) -> Decimal {
        round(self.kept() * self.unit_cost, 2)
    }

    /// Returns what the received units cost. Each line is rounded to cents.
    fn received_value(&self) -> Decimal {
        round(self.received * self.unit_cost, 2)
    }

    /// Returns the part of it that the rejected units have, rounded to cents.
    fn rejected_value(&self) -> Decimal {
        if self.rejected.is_zero() {
            return Decimal::ZERO;
        }
        round(self.received_value() * self.rejected / self.received, 2)
    }
}

/// Posts records or documents in batches. Returns them in their order.
async fn post_all(tenant: &Tenant, path: &str, items: Vec<Value>) -> Vec<Value> {
    let mut posted = Vec::with_capacity(items.len());
    for chunk in items.chunks(BATCH_MAX) {
        let body = json!({ "items": chunk });
        let reply = tenant.call(Method::POST, path).json(&body).send().await.expect(207);
        for result in reply["results"].as_array().expect("results") {
            assert_eq!(result["status"], 201, "{path}: {result}");
            posted.push(result["body"].clone());
        }
    }
    posted
}

/// Returns the ids of records by their ids in the file.
fn ids(rows: &[Record], column: &str, made: &[Value]) -> HashMap<String, String> {
    let id = |made: &Value| made["id"].as_str().expect("an id").to_owned();
    rows.iter().zip(made).map(|(row, made)| (row[column].clone(), id(made))).collect()
}

/// Makes the suppliers, the products, and the terms of each supplier. Stock costs first in, first out, so that rejected units leave at
/// the cost of their receipt.
async fn make_records(tenant: &Tenant, file: &Purchases) -> Made {
    let lead_days = |vendor: &str| {
        let of_vendor = file.terms.iter().filter(|row| row["BusinessEntityID"] == vendor);
        let days = of_vendor.map(|row| row["AverageLeadTime"].parse::<i32>().expect("days"));
        days.max().expect("a vendor has terms")
    };
    let vendor = |row: &Record| json!({ "code": row["AccountNumber"], "name": row["Name"], "lead_time_days": lead_days(&row["BusinessEntityID"]) });
    let product =
        |row: &Record| json!({ "sku": row["ProductNumber"], "name": row["Name"], "costing_method": "fifo" });
    let vendors = post_all(tenant, "/v1/suppliers/batch", file.vendors.iter().map(vendor).collect()).await;
    let products = post_all(tenant, "/v1/products/batch", file.products.iter().map(product).collect()).await;
    let made = Made {
        vendors: ids(&file.vendors, "BusinessEntityID", &vendors),
        products: ids(&file.products, "ProductID", &products),
    };
    for chunk in file.terms.chunks(AT_ONCE) {
        join_all(chunk.iter().map(|row| state_terms(tenant, &made, row))).await;
    }
    made
}

/// States the smallest quantity and the price of a supplier for a product.
async fn state_terms(tenant: &Tenant, made: &Made, row: &Record) {
    let (supplier, product) = (&made.vendors[&row["BusinessEntityID"]], &made.products[&row["ProductID"]]);
    let price = json!({ "unit_cost": plain(number(row, "StandardPrice")) });
    let terms = json!({ "min_order_quantity": plain(number(row, "MinOrderQty")), "prices": [price] });
    tenant.put(&format!("/v1/suppliers/{supplier}/products/{product}"), &terms).await.ok();
}

/// Bills orders.
async fn bill(tenant: &Tenant, made: &Made, (orders, drafts): (&[Order], &[Value])) {
    for (orders, drafts) in orders.chunks(AT_ONCE).zip(drafts.chunks(AT_ONCE)) {
        join_all(orders.iter().zip(drafts).map(|(order, draft)| order.bill(tenant, made, draft))).await;
    }
}

/// Writes orders and carries them out. Returns them as they are then.
async fn import(tenant: &Tenant, made: &Made, orders: &[Order]) -> Vec<Value> {
    let items = orders.iter().map(|order| order.item(made)).collect();
    let drafts = post_all(tenant, &format!("{PURCHASES}/batch"), items).await;
    let mut received = Vec::with_capacity(orders.len());
    for (orders, drafts) in orders.chunks(AT_ONCE).zip(drafts.chunks(AT_ONCE)) {
        let steps = orders.iter().zip(drafts).map(|(order, draft)| order.receive(tenant, draft));
        received.extend(join_all(steps).await);
    }
    let mut finished = Vec::with_capacity(orders.len());
    for (orders, received) in orders.chunks(AT_ONCE).zip(received.chunks(AT_ONCE)) {
        let steps = orders.iter().zip(received).map(|(order, received)| order.finish(tenant, received));
        finished.extend(join_all(steps).await);
    }
    finished
}

/// Returns the sum of one member of all lines.
fn sum_of(orders: &[Value], member: &str) -> Decimal {
    let lines = orders.iter().flat_map(|order| order["lines"].as_array().expect("lines"));
    lines.map(|line| line[member].as_str().expect("a quantity").parse::<Decimal>().expect("a number")).sum()
}

/// Returns the units of an order that went back to the supplier.
async fn sent_back(tenant: &Tenant, order: &Value) -> Decimal {
    let page = tenant.get(&format!("{}/returns?limit=200", path(order))).await.ok();
    let quantities = page["data"].as_array().expect("returns").iter().map(|row| &row["quantity"]);
    quantities
        .map(|quantity| quantity.as_str().expect("a quantity").parse::<Decimal>().expect("a number"))
        .sum()
}

/// Returns the units of orders that went back to the supplier.
async fn all_sent_back(tenant: &Tenant, orders: &[Value]) -> Decimal {
    let mut units = Decimal::ZERO;
    for chunk in orders.chunks(AT_ONCE) {
        let of_orders = join_all(chunk.iter().map(|order| sent_back(tenant, order))).await;
        units += of_orders.iter().sum::<Decimal>();
    }
    units
}

/// Returns the value of all goods.
fn total(stocked: &BTreeMap<&str, (Decimal, Decimal)>) -> Decimal {
    stocked.values().map(|(_, value)| value).sum()
}

/// Checks the level of each product, the balances of accounts, and that no goods cost more or less than the supplier charges.
async fn holds(
    tenant: &Tenant,
    stocked: &BTreeMap<&str, (Decimal, Decimal)>,
    accounts: [(&str, Decimal); 3],
) {
    for (sku, (units, value)) in stocked {
        assert_eq!(tenant.level(sku).await, Level::of(&plain(*units), "0", &plain(*value)), "{sku}");
    }
    let variances = [("5200", Decimal::ZERO), ("5300", Decimal::ZERO)];
    for (account, balance) in accounts.into_iter().chain(variances) {
        assert_eq!(tenant.balance(account).await, format!("{balance:.2}"), "account {account}");
    }
}

/// Returns what the books owe to each supplier, by its code.
async fn payable(tenant: &Tenant) -> BTreeMap<String, Decimal> {
    let report = tenant.get("/v1/reports/payable_ageing?limit=50000").await.ok();
    let rows = report["rows"].as_array().expect("rows").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.map(|row| (text(&row["supplier_code"]), text(&row["payable"]).parse().expect("an amount"))).collect()
}

#[test]
fn a_year_of_receipts_stock_and_payables_equals_the_file_to_the_cent() {
    let Some(file) = purchases("a_year_of_receipts_stock_and_payables_equals_the_file_to_the_cent") else {
        return;
    };
    with_tenant(async |tenant| {
        let made = make_records(tenant, &file).await;
        let orders = import(tenant, &made, &file.orders).await;

        let imported = Sums {
            ordered: sum_of(&orders, "quantity"),
            received: sum_of(&orders, "received"),
            rejected: all_sent_back(tenant, &orders).await,
        };
        assert_eq!(imported, file.sums());
        assert_eq!(sum_of(&orders, "open"), Decimal::ZERO);
        assert_eq!(sum_of(&orders, "cancelled"), imported.ordered - imported.received);

        let received = file.stocked(|line| line.received_value() - line.rejected_value());
        let units: Decimal = received.values().map(|(units, _)| units).sum();
        assert_eq!(units, imported.received - imported.rejected);
        let value = total(&received);
        // All that is owed is not billed yet.
        holds(tenant, &received, [("1200", value), ("2100", -value), ("2000", Decimal::ZERO)]).await;

        // An order of a few cents and its bill are rounded on their own.
        tenant.patch("/v1/settings", &json!({ "bill_amount": "0.01" })).await.ok();
        bill(tenant, &made, (file.orders.as_slice(), orders.as_slice())).await;
        let billed = file.stocked(Line::billed_value);
        let value = total(&billed);
        holds(tenant, &billed, [("1200", value), ("2100", Decimal::ZERO), ("2000", -value)]).await;
        let owed = file.owed();
        assert_eq!(owed.values().sum::<Decimal>(), value);
        assert_eq!(payable(tenant).await, owed);
        // Without rounding, no line of the file differs by more than half a cent.
        let exact: Decimal = file.lines().map(|line| line.kept() * line.unit_cost).sum();
        let most = Decimal::new(5, 3) * Decimal::from(file.lines().count());
        assert!((exact - value).abs() <= most, "{value} in the books, {exact} in the file");

        let footprint = tenant.footprint().await;
        assert_eq!(import(tenant, &made, &file.orders[..32]).await, orders[..32]);
        bill(tenant, &made, (&file.orders[..32], &orders[..32])).await;
        assert_eq!(tenant.footprint().await, footprint, "orders that are sent again change nothing");

        for row in file.vendors.iter().filter(|row| row["ActiveFlag"] == "0") {
            let supplier = format!("/v1/suppliers/{}", made.vendors[&row["BusinessEntityID"]]);
            tenant.patch(&supplier, &json!({ "status": "archived" })).await.ok();
        }
    });
}
