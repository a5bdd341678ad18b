//! Amounts in another currency than the tenant's have the decimals of their own currency, on every surface.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, with_tenant_as};

/// A price in another currency, as it is sent and as it is shown, and zero there. `base` is its value in the tenant's currency.
struct Case {
    currency: &'static str,
    rate: &'static str,
    price: &'static str,
    shown: &'static str,
    zero: &'static str,
    base: &'static str,
}

const YEN: Case =
    Case { currency: "JPY", rate: "0.006", price: "1240", shown: "1240", zero: "0", base: "7.44" };
const DINAR: Case =
    Case { currency: "KWD", rate: "3", price: "2.47", shown: "2.470", zero: "0.000", base: "7.41" };
const DOLLAR_IN_YEN: Case =
    Case { currency: "USD", rate: "150", price: "10.5", shown: "10.50", zero: "0.00", base: "1575" };
const DOLLAR_IN_DINAR: Case =
    Case { currency: "USD", rate: "0.31", price: "23.58", shown: "23.58", zero: "0.00", base: "7.310" };

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

/// Checks members of an object, each named by a JSON pointer.
#[track_caller]
fn check(document: &Value, members: &[(&str, &str)]) {
    for (pointer, expected) in members {
        let found = document.pointer(pointer).and_then(Value::as_str);
        assert_eq!(found, Some(*expected), "{pointer} of {document}");
    }
}

impl Case {
    async fn order(&self, tenant: &Tenant, customer: &str) -> Value {
        let Case { currency, rate, price, shown, zero, base } = *self;
        let lines = json!([{ "sku": "WORK", "quantity": "1", "unit_price": price }]);
        let body = json!({ "customer_id": customer, "currency": currency, "exchange_rate": rate, "lines": lines,
            "advance_to": "invoiced" });
        let planned = tenant.dry_run("/v1/orders", &body).await.json()["document"].clone();
        let made = tenant.post("/v1/orders", &body).await.created();
        let read = tenant.get(&format!("/v1/orders/{}", id(&made))).await.ok();
        for order in [&planned, &made, &read] {
            check(order, &[("/foreign/net", shown), ("/foreign/tax", zero), ("/foreign/total", shown)]);
            check(order, &[("/lines/0/foreign/unit_price", shown), ("/lines/0/foreign/discount", zero)]);
            check(
                order,
                &[("/total", base), ("/invoices/0/foreign/open", shown), ("/invoices/0/open", base)],
            );
        }
        let listed = tenant.get(&format!("/v1/orders?customer_id={customer}")).await.ok();
        check(&listed, &[("/data/0/foreign/net", shown), ("/data/0/foreign/tax", zero)]);
        let listed = tenant.get(&format!("/v1/invoices?customer_id={customer}")).await.ok();
        check(&listed, &[("/data/0/foreign/total", shown), ("/data/0/total", base)]);
        let account = tenant.get(&format!("/v1/customers/{customer}/account")).await.ok();
        check(&account, &[("/foreign/0/receivable", shown), ("/foreign/0/unapplied", zero)]);
        made["invoices"][0].clone()
    }

    async fn pay(&self, tenant: &Tenant, invoice: &Value) {
        let Case { currency, rate, price, shown, zero, base } = *self;
        let body = |amount: &str, allocations: Value| {
            json!({ "customer_id": invoice["customer_id"], "method": "bank", "currency": currency, "exchange_rate": rate,
                "amount": amount, "allocations": allocations })
        };
        let all = |amount: &str| json!([{ "invoice_id": invoice["id"], "amount": amount }]);
        let refused = tenant.post("/v1/payments", &body("99999", all("99999"))).await;
        refused.refused(422, "validation_failed");
        assert!(refused.text.contains(&format!("\"{shown} of this invoice is open")), "{}", refused.text);

        let first = tenant.post_as("/v1/payments", currency, &body(price, json!([]))).await;
        let paid = first.created();
        check(&paid, &[("/foreign/amount", shown), ("/foreign/unapplied", shown), ("/amount", base)]);
        let again = tenant.post_as("/v1/payments", currency, &body(price, json!([]))).await;
        assert_eq!((again.is_replayed(), again.text), (true, first.text));
        let mut applying = json!({ "customer_id": invoice["customer_id"],
            "lines": [{ "payment_id": paid["id"], "invoice_id": invoice["id"], "amount": "99999" }] });
        let refused = tenant.post("/v1/applications", &applying).await;
        refused.refused(422, "validation_failed");
        assert!(refused.text.contains(&format!("At most {shown} can be applied")), "{}", refused.text);
        applying["lines"][0]["amount"] = json!(price);
        let applied = tenant.post("/v1/applications", &applying).await.created();
        let read = tenant.get(&format!("/v1/applications/{}", id(&applied))).await.ok();
        for application in [&applied, &read] {
            check(application, &[("/lines/0/amount", shown), ("/amount", base)]);
        }
        let read = tenant.get(&format!("/v1/payments/{}", id(&paid))).await.ok();
        check(&read, &[("/allocations/0/amount", shown), ("/foreign/unapplied", zero)]);
        let path = format!("/v1/payments?customer_id={}", invoice["customer_id"].as_str().expect("an id"));
        check(&tenant.get(&path).await.ok(), &[("/data/0/foreign/amount", shown), ("/data/0/amount", base)]);
    }

    async fn buy(&self, tenant: &Tenant, product: &str) -> Value {
        let Case { currency, rate, price, shown, base, .. } = *self;
        let supplier = json!({ "code": currency, "name": currency, "currency": currency });
        let supplier = tenant.make("/v1/suppliers", supplier).await;
        let path = format!("/v1/suppliers/{supplier}/products/{product}");
        let sold = tenant.put(&path, &json!({ "prices": [{ "unit_cost": price }] })).await.ok();
        let listed = tenant.get(&format!("/v1/suppliers/{supplier}/products")).await.ok();
        check(&sold, &[("/prices/0/unit_cost", shown)]);
        check(&listed, &[("/data/0/prices/0/unit_cost", shown)]);

        let lines = json!([{ "sku": "MUG", "quantity": "1" }]);
        let body = json!({ "supplier_id": supplier, "exchange_rate": rate, "lines": lines });
        let order = tenant.post("/v1/purchase-orders", &body).await.created();
        check(&order, &[("/foreign/value", shown), ("/lines/0/foreign/unit_cost", shown), ("/value", base)]);
        let listed = tenant.get(&format!("/v1/purchase-orders?supplier_id={supplier}")).await.ok();
        check(&listed, &[("/data/0/foreign/value", shown)]);

        let lines = json!([{ "account": "5300", "unit_cost": price }]);
        let body = json!({ "supplier_id": supplier, "supplier_number": "F-1", "dated": "2026-01-02", "currency": currency,
            "exchange_rate": rate, "lines": lines });
        let bill = tenant.post("/v1/bills", &body).await.created();
        check(
            &bill,
            &[("/foreign/open_value", shown), ("/lines/0/foreign/value", shown), ("/total_value", base)],
        );
        let listed = tenant.get(&format!("/v1/bills?supplier_id={supplier}")).await.ok();
        check(&listed, &[("/data/0/foreign/total_value", shown)]);
        bill
    }

    async fn pay_supplier(&self, tenant: &Tenant, bill: &Value) {
        let Case { rate, price, shown, zero, base, .. } = *self;
        let proposal = tenant.get("/v1/supplier-payments/proposal").await.ok();
        let payments = proposal["payments"].as_array().expect("payments");
        let proposed =
            payments.iter().find(|payment| payment["currency"] == self.currency).expect("a payment");
        check(proposed, &[("/amount", shown), ("/discount", zero), ("/bills/0/amount", shown)]);

        let body = |amount: &str| {
            json!({ "supplier_id": bill["supplier_id"], "exchange_rate": rate,
                "bills": [{ "bill_id": bill["id"], "amount": amount }] })
        };
        let refused = tenant.post("/v1/supplier-payments", &body("99999")).await;
        refused.refused(422, "validation_failed");
        assert!(refused.text.contains(&format!("\"{shown} of ")), "{}", refused.text);
        let paid = tenant.post("/v1/supplier-payments", &body(price)).await.created();
        check(&paid, &[("/foreign/amount", shown), ("/foreign/discount", zero), ("/amount", base)]);
        check(&paid, &[("/bills/0/amount", shown), ("/bills/0/discount_tax", zero)]);
        let listed = tenant.get("/v1/supplier-payments").await.ok();
        let listed = listed["data"].as_array().expect("payments");
        let listed = listed.iter().find(|payment| payment["id"] == paid["id"]).expect("the payment");
        check(listed, &[("/foreign/amount", shown), ("/foreign/unapplied", zero)]);
    }

    /// Checks the ageing of what is owed by customers and to suppliers, in three forms.
    async fn age(&self, tenant: &Tenant) {
        let Case { currency, shown, zero, base, .. } = *self;
        for (report, field, of, figure, rest) in [
            ("receivable_ageing", "receivableAgeing", "document_currency", "receivable", format!(",{zero}")),
            ("payable_ageing", "payableAgeing", "bill_currency", "payable", String::new()),
        ] {
            let table = tenant.get(&format!("/v1/reports/{report}")).await.ok();
            let rows = table["rows"].as_array().expect("rows");
            let row = rows.iter().find(|row| row[of] == currency).expect("a row");
            check(
                row,
                &[(format!("/foreign_{figure}").as_str(), shown), (format!("/{figure}").as_str(), base)],
            );
            let csv = tenant.get(&format!("/v1/reports/{report}?format=csv")).await.text;
            assert!(csv.contains(&format!(",{shown}{rest}\r\n")), "{csv}");
            let foreign = if figure == "payable" { "foreignPayable" } else { "foreignReceivable" };
            let query = json!({ "query": format!("{{ {field} {{ rows {{ {foreign} }} }} }}") });
            let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await;
            let answer = reply.json();
            let rows = answer["data"][field]["rows"].as_array().unwrap_or_else(|| panic!("{}", reply.text));
            assert!(rows.iter().any(|row| row[foreign] == shown), "{}", reply.text);
        }
    }
}

async fn trade(tenant: &Tenant, cases: &[Case]) {
    let classes = tenant.get("/v1/tax-classes").await.ok();
    let classes = classes["data"].as_array().expect("tax classes");
    let zero = classes.iter().find(|class| class["code"] == "zero").expect("the zero rate");
    tenant.product_with("WORK", json!({ "kind": "service", "tax_class_id": zero["id"] })).await;
    let mug = tenant.product("MUG", "9").await;
    for case in cases {
        let customer = tenant.customer(&format!("Nordwind {}", case.currency)).await;
        let invoice = case.order(tenant, &customer).await;
        let bill = case.buy(tenant, &mug.id).await;
        case.age(tenant).await;
        case.pay(tenant, &invoice).await;
        case.pay_supplier(tenant, &bill).await;
    }
}

#[test]
fn yen_and_dinars_of_a_tenant_in_euro_have_their_own_decimals() {
    with_tenant_as(
        |wanted| wanted.currency = "EUR".to_owned(),
        async |tenant| trade(tenant, &[YEN, DINAR]).await,
    );
}

#[test]
fn dollars_of_a_tenant_in_yen_have_two_decimals() {
    with_tenant_as(
        |wanted| wanted.currency = "JPY".to_owned(),
        async |tenant| trade(tenant, &[DOLLAR_IN_YEN]).await,
    );
}

#[test]
fn dollars_of_a_tenant_in_dinars_have_two_decimals() {
    with_tenant_as(
        |wanted| wanted.currency = "KWD".to_owned(),
        async |tenant| trade(tenant, &[DOLLAR_IN_DINAR]).await,
    );
}
