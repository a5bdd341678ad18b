//! The commands of the storm's clients, and the rows that must exist afterwards.

use std::collections::BTreeMap;

use rand::RngExt;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Client, Tenant, Till, environment};
use uuid::Uuid;

use super::{Intent, Storm};

/// Tables in which one request makes one record.
const RECORDS: [&str; 7] =
    ["customer", "product", "category", "price_list", "price_tier", "expected_receipt", "hold"];
/// Stands for journal entries by hand.
const BY_HAND: &str = "journal_entry";

const SKUS: [&str; 4] = ["BOLT", "NUT", "NAIL", "HOOK"];

/// Numbers of everything that was made: as traders count, and as the tables have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    sales: i64,
    orders: i64,
    shipments: i64,
    invoices: i64,
    payments: i64,
    documents: i64,
    cash_moves: i64,
    /// Rows of the tables in which one request makes one row.
    records: BTreeMap<&'static str, i64>,
    answered: i64,
    on_hand: [i64; SKUS.len()],
}

impl Made {
    /// Adds what another trader made.
    pub fn add(&mut self, other: &Made) {
        self.sales += other.sales;
        self.orders += other.orders;
        self.shipments += other.shipments;
        self.invoices += other.invoices;
        self.payments += other.payments;
        self.documents += other.documents;
        self.cash_moves += other.cash_moves;
        for (table, more) in &other.records {
            *self.records.entry(table).or_default() += more;
        }
        self.answered += other.answered;
        for (own, more) in self.on_hand.iter_mut().zip(other.on_hand) {
            *own += more;
        }
    }
}

/// Returns what the tables have.
pub async fn ledger_of(tenant: &Tenant) -> Made {
    let mut on_hand = [0; SKUS.len()];
    for (level, sku) in on_hand.iter_mut().zip(SKUS) {
        *level = tenant.level(sku).await.on_hand.parse().expect("whole units");
    }
    let mut records = BTreeMap::new();
    for table in RECORDS {
        records.insert(table, tenant.count(table).await);
    }
    let entries = "select count(*) from journal_entry where tenant_id = $1 and document_kind = 'manual'";
    let entries = sqlx::query_scalar(entries).bind(tenant.id.0).fetch_one(&environment().root);
    records.insert(BY_HAND, entries.await.expect("entries are counted"));
    let keys = sqlx::query_scalar(
        "select count(*) from command where tenant_id = $1 and idempotency_key is not null",
    );
    Made {
        sales: tenant.count("pos_sale").await,
        orders: tenant.count("sales_order").await,
        shipments: tenant.count("shipment").await,
        invoices: tenant.count("invoice").await,
        payments: tenant.count("payment").await,
        documents: tenant.count("stock_document").await,
        cash_moves: tenant.count("cash_move").await,
        records,
        answered: keys.bind(tenant.id.0).fetch_one(&environment().root).await.expect("keys are counted"),
        on_hand,
    }
}

/// Checks that a server that died leaves no row of the tenant locked.
pub async fn nothing_is_locked(tenant: &Tenant) {
    for query in [
        "select 1 from stock_level where tenant_id = $1 for update nowait",
        "select 1 from number_series where tenant_id = $1 for update nowait",
        "select 1 from customer_account where tenant_id = $1 for update nowait",
        "select 1 from pos_session where tenant_id = $1 for update nowait",
    ] {
        let locked = sqlx::query(query).bind(tenant.id.0).fetch_all(&environment().root).await;
        locked.unwrap_or_else(|error| panic!("{query}: {error}"));
    }
}

/// A client that trades in both channels.
pub struct Trader {
    client: Client,
    till: Till,
    customer: String,
    made: Made,
}

impl Trader {
    /// Makes a trader with a till and a wholesale account. The first one opens the stock.
    pub async fn new(tenant: &Tenant, client: &Client, number: usize) -> Self {
        if number == 0 {
            for sku in SKUS {
                tenant.stocked(sku, "2.55", ("500", "1.37")).await;
            }
        }
        let customer = tenant.customer(&format!("Nordwind branch {number}")).await;
        Trader { client: client.clone(), till: tenant.till().await, customer, made: Made::default() }
    }

    /// Trades until the storm is over. Returns what was made.
    pub async fn trade(mut self, storm: &Storm) -> Made {
        while storm.rages() {
            match rand::rng().random_range(0..10) {
                0..4 => self.sell(storm).await,
                4..7 => self.order(storm).await,
                7 => self.receive(storm).await,
                8 => self.pay(storm).await,
                _ => self.record(storm).await,
            }
        }
        self.made
    }

    async fn write(&mut self, storm: &Storm, path: &str, body: Value) -> (u16, Value) {
        let intent = Intent { path: path.to_owned(), key: Uuid::new_v4().to_string(), body };
        self.made.answered += 1;
        let (status, answer) = storm.settle(&self.client, &intent).await;
        assert!(matches!(status, 200 | 201 | 207 | 409), "{intent:?}: {status} {answer}");
        (status, answer)
    }

    fn moved(&mut self, basket: &[(usize, i64)], sign: i64) {
        for (product, quantity) in basket {
            self.made.on_hand[*product] += sign * quantity;
        }
    }

    async fn sell(&mut self, storm: &Storm) {
        let basket = basket();
        let mut body = json!({ "register_id": self.till.register_id, "lines": lines(&basket), "tenders": [{ "kind": "cash" }] });
        if rand::rng().random_bool(0.5) {
            body["id"] = json!(domain::id::SaleId(Uuid::now_v7()));
        }
        let (status, sale) = self.write(storm, "/v1/pos/sales", body).await;
        if status != 201 {
            return;
        }
        self.made.sales += 1;
        self.moved(&basket, -1);
        if rand::rng().random_bool(0.3) {
            let body = json!({ "register_id": self.till.register_id, "original_id": sale["id"], "tenders": [{ "kind": "cash" }] });
            self.write(storm, "/v1/pos/refunds", body).await;
            self.made.sales += 1;
            self.moved(&basket, 1);
        }
    }

    async fn order(&mut self, storm: &Storm) {
        let basket = basket();
        let body = json!({ "customer_id": self.customer, "lines": lines(&basket), "advance_to": "confirmed",
            "external_ref": Uuid::new_v4().to_string() });
        let (status, order) = self.write(storm, "/v1/orders", body).await;
        if status != 201 {
            return;
        }
        self.made.orders += 1;
        let step = |verb: &str| format!("/v1/orders/{}/{verb}", order["id"].as_str().expect("an id"));
        if rand::rng().random_bool(0.2) {
            self.write(storm, &step("cancel"), json!({})).await;
            return;
        }
        self.write(storm, &step("ship"), json!({})).await;
        self.made.shipments += 1;
        self.moved(&basket, -1);
        let (_, order) = self.write(storm, &step("invoice"), json!({})).await;
        self.made.invoices += 1;
        if rand::rng().random_bool(0.3) {
            let body = json!({ "customer_id": self.customer, "original_id": order["invoices"][0]["id"] });
            self.write(storm, "/v1/returns", body).await;
            self.made.invoices += 1;
            self.moved(&basket, 1);
        }
    }

    async fn receive(&mut self, storm: &Storm) {
        let basket = basket();
        let line = |(product, quantity): &(usize, i64)| json!({ "sku": SKUS[*product], "quantity": quantity.to_string(), "unit_cost": "1.41" });
        let lines: Vec<Value> = basket.iter().map(line).collect();
        self.write(storm, "/v1/stock/documents", json!({ "kind": "receipt", "lines": lines })).await;
        self.made.documents += 1;
        self.moved(&basket, 1);
    }

    async fn pay(&mut self, storm: &Storm) {
        let body = json!({ "customer_id": self.customer, "method": "bank", "amount": "3.33" });
        self.write(storm, "/v1/payments", body).await;
        self.made.payments += 1;
        let body = json!({ "register_id": self.till.register_id, "kind": "paid_in", "amount": "5", "reason": "Change" });
        self.write(storm, "/v1/pos/cash-moves", body).await;
        self.made.cash_moves += 1;
    }

    /// Makes a record of a random kind, or two receipts in a batch.
    async fn record(&mut self, storm: &Storm) {
        let code = Uuid::new_v4().simple().to_string()[..12].to_uppercase();
        let line = json!([{ "sku": SKUS[0], "quantity": "1" }]);
        let named = json!({ "code": code, "name": "Storm" });
        let (path, table, body) = match rand::rng().random_range(0..9) {
            0 => ("/v1/customers", "customer", json!({ "kind": "retail", "name": "Kontor Laufkundschaft" })),
            1 => ("/v1/products", "product", json!({ "sku": code, "name": "Storm" })),
            2 => ("/v1/categories", "category", named),
            3 => ("/v1/price-lists", "price_list", named),
            4 => ("/v1/price-tiers", "price_tier", named),
            5 => {
                let expected = json!({ "expected_on": "2999-01-01", "lines": line });
                ("/v1/stock/expected-receipts", "expected_receipt", expected)
            }
            6 => {
                let lines =
                    json!([{ "account": "6100", "debit": "5" }, { "account": "1110", "credit": "5" }]);
                ("/v1/journal-entries", BY_HAND, json!({ "memo": "Storm", "lines": lines }))
            }
            7 => return self.hold(storm, line).await,
            _ => return self.receive_two(storm).await,
        };
        let (status, answer) = self.write(storm, path, body).await;
        assert_eq!(status, 201, "{path}: {answer}");
        *self.made.records.entry(table).or_default() += 1;
    }

    async fn hold(&mut self, storm: &Storm, lines: Value) {
        let body = json!({ "kind": "quarantine", "lines": lines });
        let (status, hold) = self.write(storm, "/v1/stock/holds", body).await;
        if status == 201 {
            *self.made.records.entry("hold").or_default() += 1;
            let path = format!("/v1/stock/holds/{}/release", hold["id"].as_str().expect("an id"));
            self.write(storm, &path, json!({})).await;
        }
    }

    async fn receive_two(&mut self, storm: &Storm) {
        let line = json!([{ "sku": SKUS[0], "quantity": "1", "unit_cost": "1.41" }]);
        let item = || {
            let body = json!({ "kind": "receipt", "lines": line });
            json!({ "idempotency_key": Uuid::new_v4().to_string(), "body": body })
        };
        let batch = json!({ "items": [item(), item()] });
        let (_, answer) = self.write(storm, "/v1/stock/documents/batch", batch).await;
        assert_eq!(answer["accepted"], 2, "{answer}");
        // Each of the two has a key of its own; the request as a whole has none.
        self.made.answered += 1;
        self.made.documents += 2;
        self.moved(&[(0, 2)], 1);
    }
}

fn basket() -> Vec<(usize, i64)> {
    let mut random = rand::rng();
    let first = random.random_range(0..SKUS.len());
    (0..random.random_range(1..=3))
        .map(|step| ((first + step) % SKUS.len(), random.random_range(1..=2)))
        .collect()
}

fn lines(basket: &[(usize, i64)]) -> Vec<Value> {
    basket
        .iter()
        .map(|(product, quantity)| json!({ "sku": SKUS[*product], "quantity": quantity.to_string() }))
        .collect()
}
