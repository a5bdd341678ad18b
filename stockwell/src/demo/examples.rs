//! The records that the examples of the API's description name, each in the state that its example needs.

mod first_fix;
mod replenishment;

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};

use crate::import::ClientError;
use crate::import::client::Client;

/// A month without trade, which is closed.
const CLOSED_MONTH: &str = "/v1/close/2021-01";
/// Password of the person in the examples.
const PASSWORD: &str = "correct horse battery staple";

/// Ids of records by the names that `bodies.json` and `reads.json` give them, such as `ord:ship`.
pub type Names = BTreeMap<String, String>;

/// Creates the records through the API. A second run within 7 days finds those of the first.
pub async fn set_up(client: &Client, slug: &str) -> Result<Names, ClientError> {
    let mut world = World { client, names: Names::new() };
    world.note("slug", slug);
    world.places().await?;
    world.catalogue().await?;
    world.days().await?;
    world.stock().await?;
    world.suppliers().await?;
    world.tills().await?;
    world.orders().await?;
    world.payments().await?;
    world.counts().await?;
    world.replenishment().await?;
    world.people(slug).await?;
    world.systems().await?;
    world.first_fix().await?;
    world.closed_month().await?;
    Ok(world.names)
}

struct World<'c> {
    client: &'c Client,
    names: Names,
}

impl World<'_> {
    fn note(&mut self, name: &str, id: &str) {
        self.names.insert(name.to_owned(), id.to_owned());
    }

    fn id(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }

    async fn post(&self, step: &str, path: &str, body: Value) -> Result<Value, ClientError> {
        self.client.post(path, &format!("example:{step}"), body).await
    }

    /// Creates a record and notes its id.
    async fn make(&mut self, name: &str, path: &str, body: Value) -> Result<Value, ClientError> {
        let made = self.post(name, path, body).await?;
        self.note(name, text(&made["id"]));
        Ok(made)
    }

    async fn card_payments(&mut self) -> Result<(), ClientError> {
        for name in ["ppr:terminals", "ppr:rotated"] {
            let made =
                self.post(name, "/v1/payment-providers", json!({ "name": "Terminals of the shop" })).await?;
            self.note(name, text(&made["payment_provider"]["id"]));
        }
        let asked = json!({ "provider_id": self.id("ppr:terminals"), "register_id": self.id("reg:till"), "amount": "12.50",
            "expires_in": 86400 });
        self.make("pin:paid", "/v1/payment-intents", asked).await?;
        Ok(())
    }

    async fn places(&mut self) -> Result<(), ClientError> {
        for location in self.client.list("/v1/locations").await? {
            self.note(&format!("loc:{}", text(&location["code"])), text(&location["id"]));
        }
        for (name, code) in [("reg:till", "EX1"), ("reg:closed", "EX2"), ("reg:closing", "EX3")] {
            let register =
                json!({ "code": code, "name": format!("Till {code}"), "location_id": self.id("loc:SHOP") });
            self.make(name, "/v1/registers", register).await?;
        }
        self.card_payments().await?;
        Ok(())
    }

    async fn catalogue(&mut self) -> Result<(), ClientError> {
        let hardware = json!({ "code": "hardware", "name": "Hardware" });
        self.make("cat:hardware", "/v1/categories", hardware).await?;
        let category = self.id("cat:hardware").to_owned();
        let bolt = json!({ "sku": "BOLT-M8", "name": "Bolt M8 x 40", "list_price": "2.55", "category_id": category,
            "barcodes": ["4006381333931"], "units": [{ "uom": "XBX", "factor": "100", "list_price": "240.00" }] });
        self.make("prd:bolt", "/v1/products", bolt).await?;
        let nut = json!({ "sku": "NUT-M8", "name": "Nut M8", "list_price": "0.35", "category_id": category });
        self.make("prd:nut", "/v1/products", nut).await?;
        let spring = json!({ "sku": "SPRING-M8", "name": "Spring washer M8", "list_price": "0.20" });
        self.make("prd:spring", "/v1/products", spring).await?;
        let jar = json!({ "sku": "JAR-500", "name": "Jar of honey, 500 g", "list_price": "6.90", "tracking": "lot" });
        self.make("prd:jar", "/v1/products", jar).await?;
        let set = json!({ "sku": "SET-M8", "name": "Bolt and nuts", "list_price": "3.00", "kind": "bundle" });
        self.make("prd:set", "/v1/products", set).await?;
        let shirt = json!({ "code": "SHIRT", "name": "Work shirt", "options": [
            { "name": "Size", "values": ["M", "L"] }, { "name": "Colour", "values": ["Red"] },
        ] });
        self.make("grp:shirt", "/v1/product-groups", shirt).await?;
        self.make("prl:partners", "/v1/price-lists", json!({ "code": "partners", "name": "Partners" }))
            .await?;
        self.make("tir:silver", "/v1/price-tiers", json!({ "code": "silver", "name": "Silver" })).await?;
        self.make("txc:untaxed", "/v1/tax-classes", json!({ "code": "example", "name": "Example" })).await?;
        let mapping = json!({ "system": "webshop", "external_sku": "B-8", "sku": "BOLT-M8" });
        self.make("skm:bolt", "/v1/sku-mappings", mapping).await?;
        Ok(())
    }

    /// Notes days after today, by the clock of the server.
    async fn days(&mut self) -> Result<(), ClientError> {
        let asked = json!({ "channel": "retail", "lines": [{ "sku": "BOLT-M8", "quantity": "1" }] });
        let priced = self.post("price", "/v1/prices/resolve", asked).await?;
        let now: DateTime<Utc> = text(&priced["at"]).parse().unwrap_or_default();
        for (name, days) in [("soon", 2), ("later", 3)] {
            self.note(name, &(now + Days::new(days)).format("%Y-%m-%dT12:00:00Z").to_string());
        }
        Ok(())
    }

    async fn stock(&mut self) -> Result<(), ClientError> {
        for place in ["loc:MAIN", "loc:SHOP"] {
            let lines = json!([
                { "sku": "BOLT-M8", "quantity": "5000", "unit_cost": "1.00" },
                { "sku": "NUT-M8", "quantity": "5000", "unit_cost": "0.15" },
            ]);
            let opening = json!({ "kind": "opening", "location_id": self.id(place), "lines": lines });
            self.post(&format!("opening:{place}"), "/v1/stock/documents", opening).await?;
        }
        let lots = json!([
            { "code": "L-2026-117", "quantity": "60", "expires_on": "2099-03-31" },
            { "code": "L-2026-118", "quantity": "60", "expires_on": "2099-04-30" },
        ]);
        let lines = json!([{ "sku": "JAR-500", "quantity": "120", "unit_cost": "3.00", "lots": lots }]);
        let receipt = json!({ "kind": "receipt", "location_id": self.id("loc:MAIN"), "lines": lines });
        self.post("lots", "/v1/stock/documents", receipt).await?;
        for (name, code) in [("lot:update", "L-2026-117"), ("lot:recall", "L-2026-118")] {
            let found = self.client.list(&format!("/v1/lots?code={code}")).await?;
            self.note(name, found.first().map_or("", |lot| text(&lot["id"])));
        }
        for name in ["exr:cancel", "exr:reschedule"] {
            let lines = json!([{ "sku": "BOLT-M8", "quantity": "1000" }]);
            let expected =
                json!({ "expected_on": "2099-01-01", "location_id": self.id("loc:MAIN"), "lines": lines });
            self.make(name, "/v1/stock/expected-receipts", expected).await?;
        }
        for name in ["hld:extend", "hld:release"] {
            let lines = json!([{ "sku": "BOLT-M8", "quantity": "2" }]);
            let hold = json!({ "reference": name, "expires_at": self.id("soon"), "location_id": self.id("loc:MAIN"),
                "lines": lines });
            self.make(name, "/v1/stock/holds", hold).await?;
        }
        let lines = json!([{ "sku": "BOLT-M8", "quantity": "10" }]);
        let transfer = json!({ "from_location_id": self.id("loc:MAIN"), "to_location_id": self.id("loc:SHOP"), "lines": lines });
        for name in ["trf:receive", "trf:cancel"] {
            self.make(name, "/v1/stock/transfers", transfer.clone()).await?;
        }
        Ok(())
    }

    async fn suppliers(&mut self) -> Result<(), ClientError> {
        let steel = json!({ "code": "STEEL", "name": "Steel Parts Ltd", "lead_time_days": 14 });
        self.make("sup:steel", "/v1/suppliers", steel).await?;
        for name in
            ["por:send", "por:confirm", "por:receive", "por:cancel", "por:close", "por:return", "por:reverse"]
        {
            let lines = json!([{ "sku": "BOLT-M8", "quantity": "1000", "unit_cost": "0.95" }]);
            let order = json!({ "supplier_id": self.id("sup:steel"), "location_id": self.id("loc:MAIN"), "lines": lines });
            self.make(name, "/v1/purchase-orders", order).await?;
            let path = format!("/v1/purchase-orders/{}", self.id(name));
            if name != "por:send" {
                self.post(&format!("{name}:send"), &format!("{path}/send"), json!({})).await?;
            }
            if !matches!(name, "por:close" | "por:return" | "por:reverse") {
                continue;
            }
            let part = json!({ "lines": [{ "line_no": 1, "quantity": "400" }] });
            let came = self.post(&format!("{name}:receive"), &format!("{path}/receive"), part).await?;
            if name == "por:return" {
                self.note("std:returned", text(&came["receipt_id"]));
            } else if name == "por:reverse" {
                let line = json!({ "line_no": 1, "quantity": "10" });
                let back = json!({ "receipt_id": came["receipt_id"], "lines": [line] });
                let sent = self.post(&format!("{name}:return"), &format!("{path}/return"), back).await?;
                self.note("std:sent_back", text(&sent["return_id"]));
            }
        }
        let lines = json!([{ "sku": "BOLT-M8", "quantity": "1000", "unit_cost": "0.95" }]);
        let receipt = json!({ "kind": "receipt", "location_id": self.id("loc:MAIN"), "lines": lines });
        self.make("std:landed", "/v1/stock/documents", receipt).await?;
        let freight = json!({ "charges": [{ "kind": "freight", "amount": "20.00" }], "spread_by": "quantity",
            "receipts": [{ "stock_document_id": self.id("std:landed") }] });
        self.make("lnd:reverse", "/v1/landed-costs", freight).await?;
        self.bills().await
    }

    async fn bills(&mut self) -> Result<(), ClientError> {
        for name in ["bll:credit", "bll:reverse", "bll:pay", "bll:batch", "bll:advance", "bll:paid"] {
            let lines = json!([{ "account": "5300", "description": "Freight", "unit_cost": "40.00", "tax_value": "8.00" }]);
            let bill = json!({ "supplier_id": self.id("sup:steel"), "supplier_number": name, "dated": "2026-01-15", "lines": lines });
            self.make(name, "/v1/bills", bill).await?;
        }
        let rate = json!({ "currency": "USD", "valid_from": "2026-01-31", "rate": "0.8" });
        self.post("USD", "/v1/exchange-rates", rate).await?;
        let lines = json!([{ "account": "5300", "description": "Freight", "unit_cost": "40.00" }]);
        let bill = json!({ "supplier_id": self.id("sup:steel"), "supplier_number": "USD-1", "dated": "2026-01-15", "currency": "USD",
            "exchange_rate": "0.75", "lines": lines });
        self.make("bll:foreign", "/v1/bills", bill).await?;
        let bills = json!([{ "bill_id": self.id("bll:paid"), "amount": "48.00" }]);
        let payment = json!({ "supplier_id": self.id("sup:steel"), "bills": bills });
        self.make("spy:reverse", "/v1/supplier-payments", payment).await?;
        let advance = json!({ "supplier_id": self.id("sup:steel"), "advance": "60.00" });
        self.make("spy:advance", "/v1/supplier-payments", advance).await?;
        Ok(())
    }

    async fn tills(&mut self) -> Result<(), ClientError> {
        for (name, register) in [("ses:open", "reg:till"), ("ses:closing", "reg:closing")] {
            let session = json!({ "register_id": self.id(register), "opening_float": "50.00" });
            self.make(name, "/v1/pos/sessions", session).await?;
        }
        for name in ["sal:refund", "sal:refund_later"] {
            let lines = json!([{ "sku": "BOLT-M8", "quantity": "2" }]);
            let sale = json!({ "register_id": self.id("reg:till"), "lines": lines, "tenders": [{ "kind": "cash" }] });
            self.make(name, "/v1/pos/sales", sale).await?;
        }
        let offline = json!({ "register_id": self.id("reg:till"), "forced": true, "occurred_at": "2026-01-02T10:00:00Z",
            "lines": [{ "sku": "BOLT-M8", "quantity": "1", "unit_price": "2.40" }], "tenders": [{ "kind": "cash" }] });
        let sold = self.post("sal:offline", "/v1/pos/sales", offline).await?;
        let noted = self.client.list(&format!("/v1/pos/exceptions?sale_id={}", text(&sold["id"]))).await?;
        self.note("exc:resolve", noted.first().map_or("", |noted| text(&noted["id"])));
        Ok(())
    }

    async fn orders(&mut self) -> Result<(), ClientError> {
        let nordwind = json!({ "kind": "wholesale", "name": "Nordwind Supply Ltd", "country": "GB", "addresses": [
            { "code": "main", "address": { "line1": "1 Mill Lane", "city": "Leeds", "postal_code": "LS1 4DT", "country": "GB" } },
        ] });
        self.make("cus:nordwind", "/v1/customers", nordwind).await?;
        let limited = json!({ "kind": "wholesale", "name": "New Account Ltd", "country": "GB", "credit_limit": "1.00" });
        self.make("cus:limited", "/v1/customers", limited).await?;
        let orders: [(&str, &str, &str, Value); 11] = [
            ("ord:confirm", "cus:nordwind", "20", json!({})),
            ("ord:cancel", "cus:nordwind", "20", json!({})),
            ("ord:amend", "cus:nordwind", "20", json!({ "advance_to": "confirmed" })),
            ("ord:ship", "cus:nordwind", "20", json!({ "advance_to": "confirmed" })),
            ("ord:close", "cus:nordwind", "20", json!({ "advance_to": "confirmed" })),
            ("ord:invoice", "cus:nordwind", "20", json!({ "advance_to": "shipped" })),
            (
                "ord:waiting",
                "cus:nordwind",
                "20",
                json!({ "advance_to": "confirmed", "policy": "backorder" }),
            ),
            ("ord:release", "cus:limited", "20", json!({ "advance_to": "confirmed" })),
            ("inv:paid", "cus:nordwind", "20", json!({ "advance_to": "invoiced" })),
            ("inv:return", "cus:nordwind", "20", json!({ "advance_to": "invoiced" })),
            ("inv:return_later", "cus:nordwind", "20", json!({ "advance_to": "invoiced" })),
        ];
        for (name, customer, quantity, more) in orders {
            let sku = if name == "ord:waiting" { "SPRING-M8" } else { "BOLT-M8" };
            let mut order = json!({ "customer_id": self.id(customer), "location_id": self.id("loc:MAIN"),
                "lines": [{ "sku": sku, "quantity": quantity }] });
            more.as_object().into_iter().flatten().for_each(|(member, value)| order[member] = value.clone());
            let made = self.make(name, "/v1/orders", order).await?;
            if name.starts_with("inv:") {
                self.note(name, text(&made["invoices"][0]["id"]));
            }
        }
        let path = format!("/v1/orders/{}/ship", self.id("ord:close"));
        let shipped = json!({ "lines": [{ "line_no": 1, "quantity": "5" }] });
        let shipped = self.post("ord:close:ship", &path, shipped).await?;
        self.note("shp:track", text(&shipped["shipments"][0]["id"]));
        let order = json!({ "customer_id": self.id("cus:nordwind"), "location_id": self.id("loc:MAIN"),
            "lines": [{ "sku": "BOLT-M8", "quantity": "20" }], "advance_to": "shipped" });
        let shipped = self.post("ord:undo", "/v1/orders", order).await?;
        self.note("shp:undo", text(&shipped["shipments"][0]["id"]));
        Ok(())
    }

    async fn payments(&mut self) -> Result<(), ClientError> {
        for name in ["pay:apply", "pay:reverse", "pay:payout", "pay:match"] {
            let payment = json!({ "customer_id": self.id("cus:nordwind"), "method": "bank", "amount": "50.00",
                "allocations": [] });
            self.make(name, "/v1/payments", payment).await?;
        }
        let lines =
            json!([{ "account": "6100", "debit": "12.50" }, { "account": "1110", "credit": "12.50" }]);
        let allowance = json!({ "memo": "Allowance for a doubtful receivable", "lines": lines });
        self.make("jnl:reverse", "/v1/journal-entries", allowance).await?;
        let lines =
            json!([{ "account": "6100", "debit": "80.00" }, { "account": "1110", "credit": "80.00" }]);
        let earlier = json!({ "memo": "Allowance of 2020", "occurred_on": "2020-06-30", "lines": lines });
        self.post("entry:2020", "/v1/journal-entries", earlier).await?;
        let sheet = json!({ "record_id": self.id("prd:nut"), "filename": "nut-m8.txt", "title": "Data sheet",
            "content_type": "text/plain", "content": "TnV0IE04LCB6aW5jLXBsYXRlZC4K" });
        self.make("att:sheet", "/v1/attachments", sheet).await?;
        let lines = "account,reference,booked_on,amount,text\nEXAMPLE,LINE-1,2026-01-05,1.00,thanks\n\
                     EXAMPLE,LINE-2,2026-01-05,50.00,thanks\n";
        self.post("bank:statement", "/v1/bank-statements", json!({ "text": lines })).await?;
        for (name, reference) in [("bnl:line", "LINE-1"), ("bnl:match", "LINE-2")] {
            let path = format!("/v1/bank-lines?account=EXAMPLE&reference={reference}");
            for line in self.client.list(&path).await? {
                self.note(name, text(&line["id"]));
            }
        }
        Ok(())
    }

    /// Closes the month that an example opens again. Each open item gets a reason.
    async fn closed_month(&self) -> Result<(), ClientError> {
        let month = self.client.get(CLOSED_MONTH).await?;
        if month["status"] == "closed" {
            return Ok(());
        }
        let items = month["items"].as_array().into_iter().flatten();
        let open = items.filter(|item| item["count"] != 0);
        let reason = |item: &Value| json!({ "item": item["item"], "reason": "Settled after the close" });
        let reasons: Vec<Value> = open.map(reason).collect();
        self.post("close:reopen", CLOSED_MONTH, json!({ "reasons": reasons })).await?;
        Ok(())
    }

    /// Every sheet counts a product of its own.
    async fn counts(&mut self) -> Result<(), ClientError> {
        let sheets = ["cnt:enter", "cnt:complete", "cnt:cancel", "cnt:post", "cnt:recount", "cnt:reverse"];
        for (name, number) in sheets.into_iter().zip(1..) {
            let sku = format!("SHELF-{number}");
            let product = json!({ "sku": sku, "name": format!("Shelf {number}"), "list_price": "19.00" });
            self.post(&sku, "/v1/products", product).await?;
            let lines = json!([{ "sku": sku, "quantity": "10", "unit_cost": "8.00" }]);
            let opening = json!({ "kind": "opening", "location_id": self.id("loc:MAIN"), "lines": lines });
            self.post(&format!("opening:{sku}"), "/v1/stock/documents", opening).await?;
            let sheet = json!({ "location_id": self.id("loc:MAIN"), "skus": [sku], "blind": false });
            self.make(name, "/v1/counts", sheet).await?;
            if ["cnt:post", "cnt:recount", "cnt:complete", "cnt:reverse"].contains(&name) {
                let path = format!("/v1/counts/{}", self.id(name));
                let entries = json!({ "entries": [{ "sku": sku, "quantity": "10" }] });
                self.post(&format!("{name}:enter"), &format!("{path}/entries"), entries).await?;
                if name != "cnt:complete" {
                    self.post(&format!("{name}:complete"), &format!("{path}/complete"), json!({})).await?;
                }
                if name == "cnt:reverse" {
                    self.post(&format!("{name}:post"), &format!("{path}/post"), json!({})).await?;
                }
            }
        }
        Ok(())
    }

    async fn systems(&mut self) -> Result<(), ClientError> {
        let till = json!({ "data": [{ "code": "till", "name": "Tills of the stores", "kind": "pos" }] });
        self.post("systems", "/v1/reconciliation/systems", till).await?;
        for system in self.client.list("/v1/reconciliation/systems").await? {
            self.note(&format!("sys:{}", text(&system["code"])), text(&system["id"]));
        }
        Ok(())
    }

    async fn people(&mut self, slug: &str) -> Result<(), ClientError> {
        let email = "ada@nordwind.example";
        let ada = json!({ "email": email, "name": "Ada Example", "role": "analyst", "password": PASSWORD });
        self.make("usr:changed", "/v1/users", ada).await?;
        for name in ["token:refresh", "token:logout"] {
            let login = json!({ "tenant": slug, "email": email, "password": PASSWORD });
            let tokens = self.post(name, "/v1/auth/login", login).await?;
            self.note(name, text(&tokens["refresh_token"]));
        }
        let grace = json!({ "email": "grace@nordwind.example", "name": "Grace Example", "role": "cashier",
            "password": PASSWORD });
        self.make("usr:own", "/v1/users", grace).await?;
        let paul = json!({ "email": "paul@nordwind.example", "name": "Paul Example", "role": "buyer",
            "password": PASSWORD });
        self.make("usr:link", "/v1/users", paul).await?;
        let path = format!("/v1/users/{}/password-link", self.id("usr:link"));
        let link = self.post("token:password", &path, json!({})).await?;
        self.note("token:password", text(&link["token"]));
        let provider = json!({ "name": "Partner account", "issuer": "https://login.partner.example", "client_id": "stockwell",
            "client_secret": "p8dQz1Yk4m", "redirect_url": "https://erp.nordwind.example/v1/auth/oidc/callback",
            "email_domains": ["partner.example"] });
        self.make("idp:update", "/v1/identity-providers", provider).await?;
        let role = json!({ "name": "Stock only", "base": "buyer", "scopes": ["catalog:read", "stock:read"] });
        self.make("rol:update", "/v1/custom-roles", role).await?;
        let joan = json!({ "email": "joan@nordwind.example", "name": "Joan Example", "role": "cashier" });
        let invitation = self.post("token:invitation", "/v1/invitations", joan).await?;
        self.note("token:invitation", text(&invitation["token"]));
        let key = json!({ "name": "Key to rotate", "mode": "test", "scopes": ["catalog:read"] });
        let made = self.post("key:rotated", "/v1/api-keys", key).await?;
        self.note("key:rotated", text(&made["api_key"]["id"]));
        for name in ["whe:own", "whe:rotated", "whe:moved"] {
            // Nothing is sent to it.
            let endpoint =
                json!({ "url": "https://hooks.example/stockwell", "description": name, "active": false });
            let made = self.post(name, "/v1/webhook-endpoints", endpoint).await?;
            self.note(name, text(&made["webhook_endpoint"]["id"]));
        }
        Ok(())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
