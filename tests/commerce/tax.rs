//! Several taxes on a line, prices with and without tax in one tenant, and totals of invoices that are rounded.

use serde_json::{Value, json};
use tests::{Tenant, Till, lines, sale, with_tenant, with_tenant_as};

const RATES: &str = "/v1/tax-rates";
const SALES: &str = "/v1/pos/sales";

/// Makes a tax class whose products bear a tax of the state, one of the city, an amount per unit, and a tax on all of them.
async fn four_taxes(tenant: &Tenant) -> String {
    let class = tenant.make("/v1/tax-classes", json!({ "code": "four", "name": "Four taxes" })).await;
    let body = json!({ "tax_class_id": class, "taxes": [
        { "code": "state", "name": "State sales tax", "rate": "6" },
        { "code": "city", "name": "City sales tax", "rate": "2", "account": "2210" },
        { "code": "eco", "name": "Ecotax", "amount_per_unit": "0.50", "account": "2220" },
        { "code": "all", "name": "Luxury tax", "rate": "10", "base": "net_and_taxes" }] });
    let rate = tenant.post(RATES, &body).await.created();
    assert_eq!(rate["rate"], "18.8", "8 %, and 10 % of 108 %");
    assert_eq!(rate["taxes"][3]["base"], "net_and_taxes");
    class
}

async fn stocked(tenant: &Tenant, sku: &str, more: Value) {
    tenant.product_with(sku, more).await;
    tenant.open_stock(&[(sku, "100", "4.00")]).await;
}

/// Returns code, base, base quantity and amount of the taxes of a line or document.
fn taxes(of: &Value) -> Vec<[String; 4]> {
    let text = |tax: &Value, name: &str| tax[name].as_str().expect("a text").to_owned();
    let of_tax = |tax: &Value| ["code", "base", "base_quantity", "amount"].map(|name| text(tax, name));
    of["taxes"].as_array().expect("taxes").iter().map(of_tax).collect()
}

fn expected(rows: &[[&str; 4]]) -> Vec<[String; 4]> {
    rows.iter().map(|row| row.map(str::to_owned)).collect()
}

async fn balances(tenant: &Tenant, accounts: &[&str]) -> Vec<String> {
    let mut balances = Vec::new();
    for account in accounts {
        balances.push(tenant.balance(account).await);
    }
    balances
}

#[test]
fn each_of_several_taxes_has_base_and_amount_on_line_document_and_ledger() {
    with_tenant(async |tenant| {
        let class = four_taxes(tenant).await;
        stocked(tenant, "LAMP", json!({ "list_price": "100.00", "tax_class_id": class })).await;
        stocked(tenant, "MUG", json!({ "list_price": "10.00" })).await;
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("LAMP", "2"), ("MUG", "1")]).await.created();
        let of_lamp = expected(&[
            ["state", "200.00", "0", "12.00"],
            ["city", "200.00", "0", "4.00"],
            ["eco", "0.00", "2", "1.00"],
            ["all", "217.00", "0", "21.70"],
        ]);
        assert_eq!(taxes(&sold["lines"][0]), of_lamp);
        assert_eq!(
            (&sold["lines"][0]["tax_rate"], &sold["lines"][0]["tax"]),
            (&json!("18.8"), &json!("38.70"))
        );
        assert_eq!(sold["lines"][1].get("taxes"), None, "one tax is the line's own");
        assert_eq!((&sold["tax"], &sold["total"]), (&json!("40.70"), &json!("250.70")));
        let mut of_sale = taxes(&sold);
        of_sale.sort();
        let mut sorted = of_lamp.clone();
        sorted.sort();
        assert_eq!(of_sale, sorted);
        assert_eq!(balances(tenant, &["2200", "2210", "2220"]).await, ["-35.70", "-4.00", "-1.00"]);
        let read = tenant.get(&format!("{SALES}/{}", sold["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(taxes(&read["lines"][0]), of_lamp);

        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        for _ in 0..2 {
            let back = tenant.post("/v1/pos/refunds", &refund).await.created();
            let half = expected(&[
                ["state", "-100.00", "0", "-6.00"],
                ["city", "-100.00", "0", "-2.00"],
                ["eco", "0.00", "-1", "-0.50"],
                ["all", "-108.50", "0", "-10.85"],
            ]);
            assert_eq!(taxes(&back["lines"][0]), half);
        }
        assert_eq!(balances(tenant, &["2200", "2210", "2220"]).await, ["-2.00", "0.00", "0.00"]);
    });
}

#[test]
fn an_order_is_shipped_and_credited_in_parts_and_every_tax_adds_up() {
    with_tenant(async |tenant| {
        let class = four_taxes(tenant).await;
        stocked(tenant, "PEN", json!({ "list_price": "0.99", "tax_class_id": class })).await;
        let customer = tenant.customer("Alder Wholesale").await;
        let order = tenant.order(&customer, &[("PEN", "7")], "confirmed").await.created();
        let id = order["id"].as_str().expect("an id").to_owned();
        let whole = taxes(&order["lines"][0]);
        let invoices = async |step: &Value| {
            tenant.post(&format!("/v1/orders/{id}/ship"), step).await.ok();
            tenant.post(&format!("/v1/orders/{id}/invoice"), &json!({})).await.ok()["invoices"][0].clone()
        };
        let mut invoiced = Vec::new();
        for quantity in ["3", "1", "3"] {
            invoiced.push(invoices(&json!({ "lines": [{ "line_no": 1, "quantity": quantity }] })).await);
        }
        let cents = |text: &str| text.replace('.', "").parse::<i64>().expect("cents");
        for (place, [code, base, _, amount]) in whole.iter().enumerate() {
            let sum = |column: usize| -> i64 {
                invoiced.iter().map(|invoice| cents(&taxes(&invoice["lines"][0])[place][column])).sum()
            };
            assert_eq!((sum(1), sum(3)), (cents(base), cents(amount)), "{code}");
        }
        for invoice in &invoiced {
            let sum: i64 = taxes(&invoice["lines"][0]).iter().map(|tax| cents(&tax[3])).sum();
            assert_eq!(sum, cents(invoice["tax"].as_str().expect("tax")));
            let back = json!({ "customer_id": customer, "original_id": invoice["id"] });
            tenant.post("/v1/returns", &back).await.created();
        }
        assert_eq!(balances(tenant, &["1100", "2200", "2210", "2220"]).await, ["0.00"; 4]);
        let read = tenant.get(&format!("/v1/orders/{id}")).await.ok();
        assert_eq!(taxes(&read["lines"][0]), whole);
    });
}

#[test]
fn prices_that_contain_several_taxes_are_taken_apart() {
    with_tenant_as(
        |wanted| wanted.prices_include_tax = true,
        async |tenant| {
            let class = four_taxes(tenant).await;
            stocked(tenant, "LAMP", json!({ "list_price": "119.35", "tax_class_id": class })).await;
            let till = tenant.till().await;
            let sold = tenant.sell(&till, &[("LAMP", "2")]).await.created();
            let amounts: Vec<String> =
                taxes(&sold["lines"][0]).into_iter().map(|[.., amount]| amount).collect();
            assert_eq!(amounts, ["12.00", "4.00", "1.00", "21.70"]);
            assert_eq!((&sold["net"], &sold["total"]), (&json!("200.00"), &json!("238.70")));
            let customer = tenant.customer_with("Free Port", json!({ "tax_exempt": true })).await;
            let mut body = sale(&till, &[("LAMP", "2")]);
            body["customer_id"] = json!(customer);
            let sold = tenant.post(SALES, &body).await.created();
            assert_eq!((&sold["net"], &sold["tax"]), (&json!("200.00"), &json!("0.00")));
            assert_eq!(sold["lines"][0].get("taxes"), None);
        },
    );
}

#[test]
fn a_rate_with_several_taxes_says_what_is_wrong_with_it() {
    with_tenant(async |tenant| {
        let class = tenant.make("/v1/tax-classes", json!({ "code": "odd", "name": "Odd" })).await;
        let state = json!({ "code": "state", "name": "State", "rate": "6" });
        for (more, pointers) in [
            (json!({}), vec!["#/rate"]),
            (json!({ "rate": "6", "taxes": [state] }), vec!["#/rate"]),
            (json!({ "taxes": [state, state] }), vec!["#/taxes/1/code"]),
            (json!({ "taxes": [{ "code": "a", "name": "A" }] }), vec!["#/taxes/0"]),
            (
                json!({ "taxes": [{ "code": "a", "name": "A", "rate": "1", "amount_per_unit": "1" }] }),
                vec!["#/taxes/0"],
            ),
            (
                json!({ "taxes": [{ "code": "a", "name": "A", "rate": "101" }] }),
                vec!["#/taxes/0/rate", "#/taxes"],
            ),
            (
                json!({ "taxes": [{ "code": "a", "name": "A", "amount_per_unit": "-1" }] }),
                vec!["#/taxes/0/amount_per_unit"],
            ),
            (
                json!({ "taxes": [{ "code": "a", "name": "A", "rate": "1", "account": "4000" }] }),
                vec!["#/taxes/0/account"],
            ),
            (
                json!({ "taxes": [{ "code": "a", "name": "A", "rate": "1", "account": "2300" }] }),
                vec!["#/taxes/0/account"],
            ),
            (
                json!({ "taxes": [{ "code": "a", "name": "A", "rate": "1", "account": "22 10" }] }),
                vec!["#/taxes/0/account"],
            ),
            (json!({ "taxes": vec![state.clone(); 11] }), vec!["#/taxes"]),
        ] {
            let mut body = json!({ "tax_class_id": class });
            body.as_object_mut().expect("a body").extend(more.as_object().expect("fields").clone());
            tenant.post(RATES, &body).await.refused(422, "validation_failed").names(&pointers);
        }
    });
}

/// Makes a price list with one fixed price.
async fn price_list(tenant: &Tenant, code: &str, includes_tax: Value, price: &str) -> String {
    let list = json!({ "code": code, "name": code, "includes_tax": includes_tax });
    let id = tenant.make("/v1/price-lists", list).await;
    let rule = json!({ "scope": "product", "sku": "MUG", "method": "fixed", "value": price });
    tenant.post(&format!("/v1/price-lists/{id}/rules"), &rule).await.created();
    id
}

async fn sold_to(tenant: &Tenant, till: &Till, list: &str, more: Value) -> Value {
    let customer = tenant.customer_with("Any Trading", json!({ "price_list_id": list })).await;
    let mut body = sale(till, &[("MUG", "3")]);
    body["customer_id"] = json!(customer);
    body.as_object_mut().expect("a body").extend(more.as_object().expect("fields").clone());
    tenant.post(SALES, &body).await.created()
}

#[test]
fn one_tenant_has_price_lists_with_and_without_tax() {
    with_tenant(async |tenant| {
        stocked(tenant, "MUG", json!({ "list_price": "10.00" })).await;
        stocked(tenant, "CUP", json!({ "list_price": "1.00" })).await;
        let till = tenant.till().await;
        let shop = price_list(tenant, "shop", json!(true), "12.00").await;
        let trade = price_list(tenant, "trade", json!(false), "12.00").await;
        let usual = price_list(tenant, "usual", Value::Null, "12.00").await;
        for (list, net, total) in
            [(&shop, "30.00", "36.00"), (&trade, "36.00", "43.20"), (&usual, "36.00", "43.20")]
        {
            let sold = sold_to(tenant, &till, list, json!({})).await;
            assert_eq!((&sold["net"], &sold["total"]), (&json!(net), &json!(total)));
            assert_eq!(sold["lines"][0]["unit_price"], "12.00");
        }
        // Both kinds in one basket: the tax of the rate is rounded once, and a discount is off the price of each.
        let basket =
            json!({ "lines": lines(&[("MUG", "3"), ("CUP", "1")]), "discount": { "percent": "10" } });
        let sold = sold_to(tenant, &till, &shop, basket).await;
        let of_lines: Vec<&Value> =
            sold["lines"].as_array().expect("lines").iter().map(|line| &line["net"]).collect();
        assert_eq!(of_lines, ["27.00", "0.90"]);
        assert_eq!((&sold["tax"], &sold["total"]), (&json!("5.58"), &json!("33.48")));
        let asked = json!({ "channel": "retail", "lines": [{ "sku": "MUG", "quantity": "1" }] });
        let prices = tenant.post("/v1/prices/resolve", &asked).await.ok();
        assert_eq!(prices["lines"][0]["includes_tax"], false);
        // A change of the list is a change of the price.
        let read = tenant.get(&format!("/v1/price-lists/{shop}")).await.ok();
        assert_eq!(read["includes_tax"], true);
        let patch =
            tenant.call(reqwest::Method::PATCH, &format!("/v1/price-lists/{shop}")).header("if-match", "*");
        patch.json(&json!({ "includes_tax": false })).send().await.ok();
        assert_eq!(sold_to(tenant, &till, &shop, json!({})).await["total"], "43.20");
    });
}

#[test]
fn an_override_includes_tax_as_the_price_before_it() {
    with_tenant(async |tenant| {
        stocked(tenant, "MUG", json!({ "list_price": "10.00" })).await;
        let till = tenant.till().await;
        let list = price_list(tenant, "shop", json!(true), "12.00").await;
        let line =
            json!({ "sku": "MUG", "quantity": "3", "unit_price": "6.00", "price_reason": "scratched" });
        let sold = sold_to(tenant, &till, &list, json!({ "lines": [line] })).await;
        assert_eq!((&sold["net"], &sold["total"]), (&json!("15.00"), &json!("18.00")));
    });
}

#[test]
fn the_total_of_an_invoice_is_rounded_and_what_comes_back_is_what_was_owed() {
    with_tenant(async |tenant| {
        stocked(tenant, "MUG", json!({ "list_price": "2.79" })).await;
        let rounding = |step: &str| json!({ "invoice_rounding": step });
        for step in ["-0.05", "0.001", "1000.01"] {
            let reply = tenant.patch("/v1/settings", &rounding(step)).await;
            reply.refused(422, "validation_failed").names(&["#/invoice_rounding"]);
        }
        tenant.patch("/v1/settings", &rounding("0.05")).await.ok();
        let customer = tenant.customer("Alder Wholesale").await;
        // 3 × 2.79 = 8.37 and 20 % are 10.04, rounded to 10.05.
        let order = tenant.order(&customer, &[("MUG", "3")], "invoiced").await.created();
        let invoice = &order["invoices"][0];
        let amounts = ["net", "tax", "rounding", "total", "open"]
            .map(|name| invoice[name].as_str().expect("an amount"));
        assert_eq!(amounts, ["8.37", "1.67", "0.01", "10.05", "10.05"]);
        assert_eq!(balances(tenant, &["1100", "6020"]).await, ["10.05", "-0.01"]);
        let listed = tenant.get("/v1/invoices").await.ok();
        assert_eq!(
            (&listed["data"][0]["rounding"], &listed["data"][0]["total"]),
            (&json!("0.01"), &json!("10.05"))
        );
        // One piece, then the setting changes, then the rest: 3.35 and 6.70.
        let back = |more: Value| {
            let mut body = json!({ "customer_id": customer, "original_id": invoice["id"] });
            body.as_object_mut().expect("a body").extend(more.as_object().expect("fields").clone());
            body
        };
        let one = back(json!({ "original_lines": [{ "line_no": 1, "quantity": "1" }] }));
        let note = tenant.post("/v1/returns", &one).await.created();
        assert_eq!((&note["rounding"], &note["total"]), (&json!("0.00"), &json!("-3.35")));
        tenant.patch("/v1/settings", &rounding("1")).await.ok();
        let note = tenant.post("/v1/returns", &back(json!({}))).await.created();
        assert_eq!((&note["rounding"], &note["total"]), (&json!("-0.01"), &json!("-6.70")));
        assert_eq!(balances(tenant, &["1100", "6020", "2200"]).await, ["0.00"; 3]);
        let read = tenant.get(&format!("/v1/invoices/{}", invoice["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(read["open"], "0.00");
        // 6 × 0.03 and tax are 0.22, rounded to 0.20. Each piece that comes back lowers the rounded total of the rest.
        tenant.patch("/v1/settings", &rounding("0.05")).await.ok();
        let line = json!({ "sku": "MUG", "quantity": "6", "unit_price": "0.03" });
        let body = json!({ "customer_id": customer, "lines": [line], "advance_to": "invoiced" });
        let order = tenant.post("/v1/orders", &body).await.created();
        let invoice = &order["invoices"][0];
        assert_eq!((&invoice["rounding"], &invoice["total"]), (&json!("-0.02"), &json!("0.20")));
        for total in ["0.00", "-0.05", "-0.05", "-0.05", "0.00", "-0.05"] {
            let body = json!({ "customer_id": customer, "original_id": invoice["id"],
                "original_lines": [{ "line_no": 1, "quantity": "1" }] });
            let note = tenant.post("/v1/returns", &body).await.created();
            assert_eq!((&note["total"], &note["open"]), (&json!(total), &json!("0.00")));
        }
        assert_eq!(balances(tenant, &["1100", "6020"]).await, ["0.00"; 2]);
        // A till sale is rounded by its till only.
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MUG", "3")]).await.created();
        assert_eq!((&sold["rounding"], &sold["total"]), (&json!("0.00"), &json!("10.04")));
    });
}
