//! A tenant with one record of every kind.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, sale};

use crate::reconcile::example;

/// Part of every name of the owner's records.
pub const MARK: &str = "XYLOPHONE";

/// All reports.
pub const REPORTS: [&str; 26] = [
    "revenue",
    "margin",
    "channel_summary",
    "product_performance",
    "customer_value",
    "abc",
    "stock_position",
    "stock_valuation",
    "low_stock",
    "lot_expiry",
    "stock_ageing",
    "slow_stock",
    "shrinkage",
    "receivable_ageing",
    "payable_ageing",
    "customer_statement",
    "best_customers",
    "weak_margins",
    "stock_turnover",
    "trial_balance",
    "general_ledger",
    "profit_and_loss",
    "balance_sheet",
    "tie_out",
    "tax_summary",
    "reorder",
];

/// One record of every kind, by the prefix of its id.
#[derive(Debug)]
pub struct World {
    /// Ids by prefix.
    pub ids: BTreeMap<String, String>,
    /// Responses to the writes that made a record or a document, each with its path.
    pub made: Vec<(String, Value)>,
}

impl World {
    fn knows(&mut self, id: &Value) {
        let id = id.as_str().expect("an id");
        let prefix = id.split('_').next().expect("a prefix");
        self.ids.insert(prefix.to_owned(), id.to_owned());
    }

    async fn make(&mut self, tenant: &Tenant, path: &str, body: Value) -> Value {
        let made = tenant.post(path, &body).await.created();
        self.knows(&made["id"]);
        self.made.push((path.to_owned(), made.clone()));
        made
    }
}

/// Makes one record of every kind.
pub async fn world(tenant: &Tenant) -> World {
    let mut world = World { ids: BTreeMap::new(), made: Vec::new() };
    let name = |what: &str| format!("{MARK} {what}");
    let category =
        world.make(tenant, "/v1/categories", json!({ "code": MARK, "name": name("category") })).await;
    let class = world.make(tenant, "/v1/tax-classes", json!({ "code": MARK, "name": name("class") })).await;
    world.make(tenant, "/v1/tax-rates", json!({ "tax_class_id": class["id"], "rate": "10" })).await;
    let product = json!({ "sku": MARK, "name": name("product"), "list_price": "10", "category_id": category["id"],
        "tax_class_id": class["id"], "barcodes": [MARK] });
    world.make(tenant, "/v1/products", product).await;
    let file = json!({ "record_id": world.ids["prd"], "filename": MARK, "title": MARK, "content_type": "text/plain",
        "content": "WFlMT1BIT05F" });
    world.make(tenant, "/v1/attachments", file).await;
    world.ids.insert("code".to_owned(), MARK.to_owned());
    assortment(tenant, &mut world).await;
    let list = world.make(tenant, "/v1/price-lists", json!({ "code": MARK, "name": name("list") })).await;
    let rules = format!("/v1/price-lists/{}/rules", list["id"].as_str().expect("an id"));
    world
        .make(tenant, &rules, json!({ "scope": "product", "sku": MARK, "method": "fixed", "value": "9" }))
        .await;
    let tier = json!({ "code": MARK, "name": name("tier"), "price_list_id": list["id"] });
    let tier = world.make(tenant, "/v1/price-tiers", tier).await;
    let customer = json!({ "kind": "wholesale", "name": name("customer"), "price_tier_id": tier["id"] });
    let customer = world.make(tenant, "/v1/customers", customer).await["id"].clone();
    world
        .make(tenant, "/v1/locations", json!({ "code": MARK, "name": name("location"), "kind": "store" }))
        .await;
    world
        .make(
            tenant,
            "/v1/reason-codes",
            json!({ "code": MARK, "name": name("reason"), "account_code": "5100" }),
        )
        .await;
    suppliers(tenant, &mut world).await;
    documents(tenant, &mut world, &customer).await;
    closed_period(tenant, &mut world).await;
    bank_line(tenant, &mut world).await;
    let rate = json!({ "currency": "USD", "valid_from": "2026-01-02", "rate": "0.79", "source": MARK });
    world.make(tenant, "/v1/exchange-rates", rate).await;
    people(tenant, &mut world).await;
    world.make(tenant, "/v1/customer-sessions", json!({ "customer_id": customer })).await;
    job(tenant, &mut world).await;
    systems(tenant, &mut world).await;
    first_fix(tenant, &mut world).await;
    world.ids.remove(MARK);
    world
}

async fn suppliers(tenant: &Tenant, world: &mut World) {
    let supplier = json!({ "code": MARK, "name": format!("{MARK} supplier") });
    let supplier = world.make(tenant, "/v1/suppliers", supplier).await;
    let supplier = supplier["id"].as_str().expect("an id");
    let stated = json!({ "supplier_sku": MARK, "prices": [{ "unit_cost": "4" }] });
    tenant.put(&format!("/v1/suppliers/{supplier}/products/{}", world.ids["prd"]), &stated).await.ok();
    let order =
        json!({ "supplier_id": supplier, "reference": MARK, "lines": [{ "sku": MARK, "quantity": "1" }] });
    world.make(tenant, "/v1/purchase-orders", order).await;
    let line = json!({ "account": "5300", "description": MARK, "unit_cost": "10" });
    let bill = json!({ "supplier_id": supplier, "supplier_number": MARK, "reference": MARK, "dated": "2026-01-02", "lines": [line] });
    world.make(tenant, "/v1/bills", bill).await;
    let part = json!({ "bill_id": world.ids["bll"], "amount": "1" });
    let payment = json!({ "supplier_id": supplier, "reference": MARK, "bills": [part] });
    world.make(tenant, "/v1/supplier-payments", payment).await;
}

async fn assortment(tenant: &Tenant, world: &mut World) {
    let name = format!("{MARK} group");
    let options = json!([{ "name": MARK, "values": ["S"] }]);
    world.make(tenant, "/v1/product-groups", json!({ "code": MARK, "name": name, "options": options })).await;
    let mapping = json!({ "system": MARK, "external_sku": MARK, "sku": MARK });
    world.make(tenant, "/v1/sku-mappings", mapping).await;
    let unknown = json!({ "references": [{ "system": MARK, "external_sku": "nothing" }] });
    tenant.post("/v1/sku-mappings/resolve", &unknown).await.ok();
    let queue = tenant.get("/v1/unmapped-skus").await.ok();
    world.knows(&queue["data"][0]["id"]);
}

async fn documents(tenant: &Tenant, world: &mut World, customer: &Value) {
    let opening = json!({ "kind": "opening", "reference": MARK, "lines": [{ "sku": MARK, "quantity": "50", "unit_cost": "4" }] });
    world.make(tenant, "/v1/stock/documents", opening).await;
    let at_location = json!({ "kind": "opening", "reference": MARK, "location_id": world.ids["loc"],
        "lines": [{ "sku": MARK, "quantity": "1", "unit_cost": "4" }] });
    tenant.post("/v1/stock/documents", &at_location).await.created();
    let till = tenant.till().await;
    world.knows(&json!(till.register_id));
    world.knows(&json!(till.session_id));
    card_payments(tenant, world, &till.register_id).await;
    world.make(tenant, "/v1/pos/sales", sale(&till, &[(MARK, "1")])).await;
    let offline = json!({ "register_id": till.register_id, "forced": true, "occurred_at": "2026-01-02T10:00:00Z",
        "lines": [{ "sku": MARK, "quantity": "1", "unit_price": "3" }], "tenders": [{ "kind": "cash" }] });
    tenant.post("/v1/pos/sales", &offline).await.created();
    let noted = tenant.get("/v1/pos/exceptions").await.ok();
    world.knows(&noted["data"][0]["id"]);
    let voucher = json!({ "code": MARK, "amount": "5", "method": "bank", "customer_id": customer });
    world.make(tenant, "/v1/vouchers", voucher).await;
    let order = json!({ "customer_id": customer, "reference": MARK, "lines": lines(&[(MARK, "1")]), "advance_to": "invoiced" });
    let order = world.make(tenant, "/v1/orders", order).await;
    world.knows(&order["shipments"][0]["id"]);
    world.knows(&order["invoices"][0]["id"]);
    let payment = json!({ "customer_id": customer, "method": "bank", "amount": "5", "reference": MARK });
    world.make(tenant, "/v1/payments", payment).await;
    let taken_back = json!({ "customer_id": customer, "kind": "unapply",
        "lines": [{ "payment_id": world.ids["pay"], "invoice_id": world.ids["inv"], "amount": "2" }] });
    world.make(tenant, "/v1/applications", taken_back).await;
    let hold = json!({ "kind": "quarantine", "note": MARK, "lines": lines(&[(MARK, "1")]) });
    world.make(tenant, "/v1/stock/holds", hold).await;
    let transfer =
        json!({ "to_location_id": world.ids["loc"], "reference": MARK, "lines": lines(&[(MARK, "1")]) });
    world.make(tenant, "/v1/stock/transfers", transfer).await;
    let expected = json!({ "expected_on": "2999-01-01", "reference": MARK, "lines": lines(&[(MARK, "1")]) });
    world.make(tenant, "/v1/stock/expected-receipts", expected).await;
    recalled_lot(tenant, world).await;
    world.make(tenant, "/v1/counts", json!({ "reference": MARK, "skus": [MARK], "blind": false })).await;
    let gone = json!({ "kind": "adjustment", "reason": "theft", "reference": MARK, "forced": true,
        "location_id": world.ids["loc"], "occurred_at": "2026-01-02T10:00:00Z",
        "lines": [{ "sku": MARK, "quantity": "-5" }] });
    tenant.post("/v1/stock/documents", &gone).await.created();
    let cash = json!({ "register_id": till.register_id, "kind": "paid_in", "amount": "1", "reason": MARK });
    world.make(tenant, "/v1/pos/cash-moves", cash).await;
    for path in ["/v1/journal-entries?limit=1", "/v1/commands?limit=1"] {
        let page = tenant.get(path).await.ok();
        world.knows(&page["data"][0]["id"]);
    }
}

async fn closed_period(tenant: &Tenant, world: &mut World) {
    let lock = json!({ "locked_through": "2020-12-31", "reason": MARK });
    world.make(tenant, "/v1/period-locks", lock).await;
    let rent = json!({ "memo": MARK, "rhythm": "monthly", "starts_on": "2999-01-31", "lines": [
        { "account": "6000", "debit": "1" }, { "account": "1010", "credit": "1" }] });
    world.make(tenant, "/v1/recurring-entries", rent).await;
}

async fn bank_line(tenant: &Tenant, world: &mut World) {
    let statement =
        format!("account,reference,booked_on,amount,text\n{MARK},{MARK},2026-01-02,1.00,{MARK} thanks\n");
    tenant.post("/v1/bank-statements", &json!({ "text": statement })).await.ok();
    let lines = tenant.get("/v1/bank-lines").await.ok();
    world.knows(&lines["data"][0]["id"]);
}

async fn recalled_lot(tenant: &Tenant, world: &mut World) {
    let sku = format!("{MARK} lots");
    tenant.product_with(&sku, json!({ "tracking": "lot" })).await;
    let receipt = json!({ "kind": "receipt",
        "lines": [{ "sku": sku, "quantity": "2", "unit_cost": "1", "lots": [{ "code": MARK }] }] });
    let receipt = tenant.post("/v1/stock/documents", &receipt).await.created();
    let freight = json!({ "charges": [{ "kind": "freight", "amount": "1" }], "spread_by": "quantity", "reference": MARK,
        "receipts": [{ "stock_document_id": receipt["id"] }] });
    world.make(tenant, "/v1/landed-costs", freight).await;
    let lots = tenant.get(&format!("/v1/lots?code={MARK}")).await.ok();
    world.knows(&lots["data"][0]["id"]);
    let recall = format!("/v1/lots/{}/recall", world.ids["lot"]);
    tenant.post(&recall, &json!({ "reason": MARK })).await.ok();
}

async fn card_payments(tenant: &Tenant, world: &mut World, register_id: &str) {
    let provider = json!({ "name": format!("{MARK} terminals") });
    let made = tenant.post("/v1/payment-providers", &provider).await.created();
    world.knows(&made["payment_provider"]["id"]);
    let asked = json!({ "provider_id": world.ids["ppr"], "register_id": register_id, "amount": "1" });
    world.make(tenant, "/v1/payment-intents", asked).await;
}

/// Makes a job whose request is rejected, so that it writes nothing else.
async fn job(tenant: &Tenant, world: &mut World) {
    let call = tenant.call(Method::POST, "/v1/products/import").header("prefer", "respond-async");
    let wrong = json!({ "items": [{ "sku": MARK, "list_price": "-1" }] });
    let made = call.json(&wrong).send().await.expect(202);
    world.knows(&made["id"]);
    while tenant.get(&format!("/v1/jobs/{}", world.ids["job"])).await.ok()["status"] == "running" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn people(tenant: &Tenant, world: &mut World) {
    let user = json!({ "email": "till-3@shop.example", "name": format!("{MARK} till"), "role": "cashier",
        "password": "correct horse battery staple" });
    world.make(tenant, "/v1/users", user.clone()).await;
    let login = json!({ "tenant": tenant.slug, "email": user["email"], "password": user["password"] });
    let tokens = tenant.anonymous().post("/v1/auth/login", &login).await.ok();
    let till = tenant.with_key(tokens["access_token"].as_str().expect("a token"));
    let sessions = till.get("/v1/me/sessions").await.ok();
    world.knows(&sessions["data"][0]["id"]);
    let invited =
        json!({ "email": "till-4@shop.example", "name": format!("{MARK} guest"), "role": "cashier" });
    world.make(tenant, "/v1/invitations", invited).await;
    let role = json!({ "name": MARK, "base": "buyer", "scopes": ["stock:read"] });
    world.make(tenant, "/v1/custom-roles", role).await;
    let provider = json!({ "name": format!("{MARK} login"), "issuer": "https://login.invalid", "client_id": MARK,
        "client_secret": "secret of a client", "redirect_url": "https://shop.example/v1/auth/oidc/callback",
        "email_domains": ["shop.example"] });
    world.make(tenant, "/v1/identity-providers", provider).await;
    let key = json!({ "name": format!("{MARK} key"), "mode": "test", "scopes": ["catalog:read"] });
    let made = tenant.post("/v1/api-keys", &key).await.created();
    world.knows(&made["api_key"]["id"]);
    let endpoint = json!({ "url": "https://hooks.invalid/stockwell", "description": MARK, "event_types": ["order.shipped"] });
    let made = tenant.post("/v1/webhook-endpoints", &endpoint).await.created();
    world.knows(&made["webhook_endpoint"]["id"]);
    let test = format!("/v1/webhook-endpoints/{}/test", world.ids["whe"]);
    world.knows(&tenant.post(&test, &json!({})).await.ok()["id"]);
    let role = format!("bi_{}", "x".repeat(26));
    let name = format!("{MARK} tool");
    let login = service::bi_login::grant(&environment().db, tenant.id, &name, &role, None).await;
    world.knows(&json!(login.expect("a login").id));
}

async fn systems(tenant: &Tenant, world: &mut World) {
    let system = json!({ "code": MARK, "name": format!("{MARK} system"), "kind": "pos" });
    tenant.post("/v1/reconciliation/systems", &system).await.ok();
    let systems = tenant.get("/v1/reconciliation/systems").await.ok();
    world.knows(&systems["data"][0]["id"]);
    let place = json!({ "system": MARK, "external_location": MARK, "location": MARK });
    tenant.post("/v1/reconciliation/location-mappings", &place).await.ok();
    let mappings = tenant.get("/v1/reconciliation/location-mappings").await.ok();
    world.knows(&mappings["data"][0]["id"]);
    let sku = json!({ "system": MARK, "external_sku": MARK, "item": MARK });
    tenant.post("/v1/reconciliation/sku-mappings", &sku).await.ok();
    let owner = json!({ "process": "sale", "concern": "quantity", "owner": MARK });
    tenant.put("/v1/reconciliation/ownership", &owner).await.ok();
    tenant.put("/v1/reconciliation/settings", &json!({ "reference": MARK })).await.ok();
    let line = json!({ "taken_at": "2026-01-05T05:00:00Z", "external_sku": MARK, "external_location": MARK, "quantity": "1" });
    tenant.post(&format!("/v1/reconciliation/snapshots?system={MARK}"), &line).await.ok();
    let event = json!({ "external_id": MARK, "type": "sale", "external_sku": MARK, "external_location": MARK,
        "quantity": "-1", "occurred_at": "2026-01-05T12:00:00Z", "actor": MARK });
    tenant.post(&format!("/v1/reconciliation/events?system={MARK}"), &event).await.ok();
}

async fn first_fix(tenant: &Tenant, world: &mut World) {
    example::send(tenant).await;
    world.knows(&example::run(tenant).await["id"]);
    let told = tenant.get("/v1/reconciliation/first-fix").await.ok();
    world.knows(&told["fix"]["id"]);
    let episodes = tenant.get("/v1/reconciliation/episodes?limit=1").await.ok();
    world.knows(&episodes["data"][0]["id"]);
}
