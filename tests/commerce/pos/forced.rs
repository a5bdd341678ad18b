//! Sales that had happened before they were sent: posted as their receipts say, with an exception for each difference.

mod session;

use crate::platform::auth::key;
use chrono::{DateTime, Duration, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, Tenant, Till, environment, sale, with_tenant, with_tenant_as};

const SALES: &str = "/v1/pos/sales";
const EXCEPTIONS: &str = "/v1/pos/exceptions";

async fn now() -> DateTime<Utc> {
    environment().now().await
}

/// Returns a sale of one mug that a till made offline at `at`.
fn offline(till: &Till, at: DateTime<Utc>, more: &Value) -> Value {
    let mut body = sale(till, &[("MUG", "1")]);
    body["forced"] = json!(true);
    body["occurred_at"] = json!(at);
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn cash(amount: &str) -> Value {
    json!([{ "kind": "cash", "amount": amount }])
}

fn card(amount: &str) -> Value {
    json!([{ "kind": "card", "amount": amount, "reference": "auth-004211" }])
}

/// Returns reason, expected and stated amount of the exceptions of a sale, after checking that every door tells of them.
async fn exceptions(tenant: &Tenant, sale: &Value) -> Vec<String> {
    let id = sale["id"].as_str().expect("an id");
    let page = tenant.get(&format!("{EXCEPTIONS}?sale_id={id}&status=open&sort=created_at")).await.ok();
    let found = page["data"].as_array().expect("exceptions").clone();
    let reasons: Value = found.iter().map(|found| found["reason"].clone()).collect();
    assert_eq!(sale["exceptions"], reasons, "the response");
    assert_eq!(
        tenant.get(&format!("{SALES}/{id}")).await.ok()["exceptions"],
        reasons,
        "the sale that is read"
    );
    let told = tenant.events("type=pos_sale.exception_raised").await;
    let told = told.iter().filter(|event| event["data"]["object"]["id"] == sale["id"]).count();
    assert_eq!(told, usize::from(!found.is_empty()), "the events");
    let shown = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    found
        .iter()
        .map(|found| {
            format!("{} {} {}", shown(&found["reason"]), shown(&found["expected"]), shown(&found["stated"]))
        })
        .collect()
}

/// Returns the figures of a sale.
fn figures(sale: &Value) -> [&str; 5] {
    ["net", "tax", "rounding", "total", "discount"].map(|name| sale[name].as_str().expect("an amount"))
}

async fn reprice(tenant: &Tenant, product: &tests::Product, price: &str) {
    tenant.patch(&format!("/v1/products/{}", product.id), &json!({ "list_price": price })).await.ok();
}

/// Makes a tenant's mug at 10.00 with tax included, and a till.
async fn shop(tenant: &Tenant) -> (tests::Product, Till) {
    (tenant.stocked("MUG", "10.00", ("50", "4.00")).await, tenant.till().await)
}

fn with_shop(test: impl AsyncFnOnce(&Tenant)) {
    with_tenant_as(|settings| settings.prices_include_tax = true, test);
}

#[test]
fn cash_above_a_price_that_fell_before_the_sale_is_change_unless_the_receipt_says_more() {
    with_shop(async |tenant| {
        let (mug, till) = shop(tenant).await;
        reprice(tenant, &mug, "8.00").await;
        let at = now().await;
        let sold = async |more: Value| {
            let sold = tenant.post(SALES, &offline(&till, at, &more)).await.created();
            let change = sold["tenders"][0]["change"].as_str().unwrap_or("-").to_owned();
            let total = sold["total"].as_str().expect("an amount").to_owned();
            (total, change, exceptions(tenant, &sold).await)
        };
        let none = Vec::<String>::new();
        let priced = vec!["price 8.00 10.00".to_owned()];
        let as_ours = ("8.00".to_owned(), "2.00".to_owned(), none);
        assert_eq!(sold(json!({ "tenders": cash("10.00") })).await, as_ours, "it may be a note of ten");
        let by_card = ("10.00".to_owned(), "-".to_owned(), priced.clone());
        assert_eq!(sold(json!({ "tenders": card("10.00") })).await, by_card, "a card gives no change");
        let stated = json!({ "tenders": cash("10.00"), "receipt": { "total": "10.00" } });
        assert_eq!(sold(stated).await, ("10.00".to_owned(), "0.00".to_owned(), priced));
    });
}

#[test]
fn a_price_that_changed_after_the_sale_is_not_the_price_of_the_sale() {
    for price in ["12.00", "8.00"] {
        with_shop(async |tenant| {
            let (mug, till) = shop(tenant).await;
            let at = now().await;
            reprice(tenant, &mug, price).await;
            for tenders in [cash("10.00"), card("10.00")] {
                let body = offline(&till, at, &json!({ "tenders": tenders }));
                let sold = tenant.post(SALES, &body).await.created();
                assert_eq!(figures(&sold), ["8.33", "1.67", "0.00", "10.00", "0.00"], "{price}");
                assert_eq!(exceptions(tenant, &sold).await, Vec::<String>::new(), "the price of then");
            }
            assert_eq!(tenant.balance("1000").await, "10.00");
            assert_eq!(tenant.balance("1020").await, "10.00");
        });
    }
}

#[test]
fn a_till_that_knew_an_older_price_is_believed() {
    for (ours, stated) in [
        ("12.00", "unit_price"),
        ("8.00", "unit_price"),
        ("12.00", "line"),
        ("8.00", "line"),
        ("12.00", "total"),
        ("8.00", "total"),
    ] {
        with_shop(async |tenant| {
            let (mug, till) = shop(tenant).await;
            reprice(tenant, &mug, ours).await;
            let at = now().await;
            for tenders in [cash("10.00"), card("10.00"), json!([{ "kind": "cash" }])] {
                let mut body = offline(&till, at, &json!({ "tenders": tenders }));
                match stated {
                    "unit_price" => body["lines"][0]["unit_price"] = json!("10.00"),
                    "line" => body["receipt"] = json!({ "lines": [{ "total": "10.00" }] }),
                    _ => body["receipt"] = json!({ "total": "10.00" }),
                }
                let sold = tenant.post(SALES, &body).await.created();
                assert_eq!(figures(&sold), ["8.33", "1.67", "0.00", "10.00", "0.00"], "{ours} {stated}");
                assert_eq!(sold["lines"][0]["unit_price"], "10.00");
                assert_eq!(sold["lines"][0]["price_source"], "override");
                assert_eq!(exceptions(tenant, &sold).await, [format!("price {ours} 10.00")], "{stated}");
            }
            assert_eq!(tenant.balance("1000").await, "20.00");
            assert_eq!(tenant.balance("4010").await, "-24.99");
        });
    }
}

#[test]
fn tenders_that_do_not_fit_our_price_say_what_was_paid() {
    with_shop(async |tenant| {
        let (mug, till) = shop(tenant).await;
        reprice(tenant, &mug, "12.00").await;
        let at = now().await;
        // Too little cash or too much by card can't have been the sale at our price.
        for (tenders, paid) in [(cash("10.00"), "10.00"), (card("10.00"), "10.00"), (card("13.50"), "13.50")]
        {
            let sold =
                tenant.post(SALES, &offline(&till, at, &json!({ "tenders": tenders }))).await.created();
            assert_eq!(sold["total"], paid);
            assert_eq!(exceptions(tenant, &sold).await, [format!("price 12.00 {paid}")]);
        }
        // More cash than the price is handed over for change.
        let change = offline(&till, at, &json!({ "tenders": cash("20.00") }));
        let sold = tenant.post(SALES, &change).await.created();
        assert_eq!(sold["tenders"][0]["change"], "8.00");
        assert_eq!(exceptions(tenant, &sold).await, Vec::<String>::new());
        // The total of the receipt says otherwise.
        let kept = offline(&till, at, &json!({ "tenders": cash("20.00"), "receipt": { "total": "20.00" } }));
        let sold = tenant.post(SALES, &kept).await.created();
        assert_eq!((&sold["total"], &sold["tenders"][0]["change"]), (&json!("20.00"), &json!("0.00")));
        tenant
            .post(SALES, &offline(&till, at, &json!({ "tenders": [] })))
            .await
            .refused(422, "tender_mismatch");
        // A sale that is not forced is still checked.
        let body = json!({ "register_id": till.register_id, "lines": [{ "sku": "MUG", "quantity": "1" }],
            "tenders": cash("10.00") });
        tenant.post(SALES, &body).await.refused(422, "tender_mismatch");
    });
}

#[test]
fn taxes_are_those_of_the_receipt() {
    for include in [true, false] {
        with_tenant_as(
            |settings| settings.prices_include_tax = include,
            async |tenant| {
                let (_, till) = shop(tenant).await;
                let at = now().await;
                let receipt =
                    |line: Value| json!({ "tenders": [{ "kind": "cash" }], "receipt": { "lines": [line] } });
                let sell = async |line: Value| {
                    tenant.post(SALES, &offline(&till, at, &receipt(line))).await.created()
                };
                let rate = sell(json!({ "tax_rate": "10" })).await;
                let expected = if include { ["9.09", "0.91", "10.00"] } else { ["10.00", "1.00", "11.00"] };
                let shown = |sale: &Value| {
                    ["net", "tax", "total"].map(|name| sale[name].as_str().expect("an amount").to_owned())
                };
                assert_eq!(shown(&rate), expected);
                assert_eq!(rate["lines"][0]["tax_rate"], "10");
                let ours = if include { "1.67" } else { "2.00" };
                let reasons = exceptions(tenant, &rate).await;
                assert!(reasons.contains(&format!("tax {ours} {}", expected[1])), "{reasons:?}");
                let cent =
                    sell(json!({ "total": if include { "10.00" } else { "12.00" }, "tax": "1.66" })).await;
                assert_eq!(cent["tax"], "1.66");
                assert_eq!(exceptions(tenant, &cent).await, [format!("tax {ours} 1.66")]);
                let same = sell(json!({ "total": if include { "10.00" } else { "12.00" }, "tax_rate": "20", "tax": ours })).await;
                assert_eq!(exceptions(tenant, &same).await, Vec::<String>::new());
            },
        );
    }
}

#[test]
fn a_line_whose_total_contradicts_its_price_is_judged_by_its_total() {
    with_shop(async |tenant| {
        let (_, till) = shop(tenant).await;
        let at = now().await;
        let sell = async |price: &str, total: &str| {
            let lines =
                json!([{ "sku": "MUG", "quantity": "1", "unit_price": price, "price_reason": "scratched" }]);
            let receipt = json!({ "lines": [{ "total": total }] });
            let body = json!({ "lines": lines, "receipt": receipt, "tenders": cash(total) });
            tenant.post(SALES, &offline(&till, at, &body)).await.created()
        };
        let discounted = async || tenant.events("type=pos_sale.over_discounted").await.len();
        let owner = sell("9.00", "9.00").await;
        assert_eq!(exceptions(tenant, &owner).await, Vec::<String>::new(), "an override that is allowed");
        let owner = sell("10.00", "1.00").await;
        assert_eq!(owner["lines"][0]["unit_price"], "1.00");
        assert_eq!(exceptions(tenant, &owner).await, ["price 10.00 1.00"]);
        assert_eq!(discounted().await, 0, "the owner may give any discount");
        let cashier = key(tenant, &["pos:read", "pos:write", "stock:force"]).await;
        let lines = json!([{ "sku": "MUG", "quantity": "1", "unit_price": "10.00" }]);
        let receipt = json!({ "lines": [{ "total": "5.00" }] });
        let body = json!({ "lines": lines, "receipt": receipt, "tenders": cash("5.00") });
        let sold = tenant.with_key(&cashier).post(SALES, &offline(&till, at, &body)).await.created();
        assert_eq!(exceptions(tenant, &sold).await, ["price 10.00 5.00"]);
        assert_eq!(discounted().await, 1);
    });
}

#[test]
fn discounts_bundles_and_rounding_keep_to_the_receipt() {
    with_shop(async |tenant| {
        let (mug, till) = shop(tenant).await;
        tenant.stocked("CUP", "6.00", ("50", "2.00")).await;
        tenant.product_with("SET", json!({ "list_price": "16.00", "kind": "bundle" })).await;
        let set = tenant.get("/v1/products?sku=SET").await.ok()["data"][0]["id"].clone();
        let parts =
            json!({ "components": [{ "sku": "MUG", "quantity": "1" }, { "sku": "CUP", "quantity": "1" }] });
        tenant.put(&format!("/v1/products/{}/components", set.as_str().expect("an id")), &parts).await.ok();
        reprice(tenant, &mug, "12.00").await;
        let at = now().await;
        let lines = json!([
            { "sku": "MUG", "quantity": "2", "discount": { "percent": "10" } },
            { "sku": "CUP", "quantity": "1" },
            { "sku": "SET", "quantity": "1" },
        ]);
        let receipt = json!({ "total": "39.00", "lines": [{ "total": "18.00" }, {}, { "total": "15.01" }] });
        let body =
            offline(&till, at, &json!({ "lines": lines, "receipt": receipt, "tenders": cash("39.00") }));
        let sold = tenant.post(SALES, &body).await.created();
        assert_eq!((&sold["total"], &sold["rounding"]), (&json!("39.00"), &json!("-0.01")));
        assert_eq!(sold["lines"][0]["unit_price"], "10.00");
        assert_eq!(sold["lines"].as_array().map(Vec::len), Some(4));
        let seen = exceptions(tenant, &sold).await;
        assert_eq!(seen, ["price 21.60 18.00", "price 16.00 15.01", "total 39.01 39.00"]);
        let id = sold["id"].as_str().expect("an id");
        let all = json!({ "register_id": till.register_id, "original_id": id });
        let back = tenant.post("/v1/pos/refunds", &all).await.created();
        assert_eq!(back["total"], "-39.00", "what was paid comes back");
    });
}

#[test]
fn cash_of_a_receipt_is_rounded_and_comes_back_as_it_was_paid() {
    with_shop(async |tenant| {
        tenant.stocked("MUG", "9.98", ("50", "4.00")).await;
        let till = tenant.till_with(json!({ "cash_rounding": "0.05" })).await;
        let at = now().await;
        // The total of the receipt is stated before or after the rounding.
        for total in ["9.98", "10.00"] {
            let receipt = json!({ "total": total });
            let body = offline(&till, at, &json!({ "receipt": receipt, "tenders": cash("20.00") }));
            let sold = tenant.post(SALES, &body).await.created();
            assert_eq!(figures(&sold), ["8.32", "1.66", "0.02", "10.00", "0.00"], "{total}");
            let tender = &sold["tenders"][0];
            assert_eq!((&tender["amount"], &tender["change"]), (&json!("10.00"), &json!("10.00")), "{total}");
            assert_eq!(exceptions(tenant, &sold).await, Vec::<String>::new(), "{total}");
            assert_eq!(tenant.balance("1000").await, "10.00", "the drawer");
            let all = json!({ "register_id": till.register_id, "original_id": sold["id"] });
            let back = tenant.post("/v1/pos/refunds", &all).await.created();
            assert_eq!((&back["total"], &back["rounding"]), (&json!("-10.00"), &json!("-0.02")), "{total}");
            assert_eq!(tenant.balance("1000").await, "0.00", "what was in the drawer came back");
        }
        // A card pays its part to the cent; only the rest is rounded.
        let tenders = json!([
            { "kind": "card", "amount": "4.99", "reference": "auth-004211" },
            { "kind": "cash", "amount": "5.00" },
        ]);
        let body = offline(&till, at, &json!({ "receipt": { "total": "9.99" }, "tenders": tenders }));
        let sold = tenant.post(SALES, &body).await.created();
        assert_eq!(figures(&sold), ["8.32", "1.66", "0.01", "9.99", "0.00"]);
        assert_eq!(exceptions(tenant, &sold).await, Vec::<String>::new());
    });
}

#[test]
fn what_happened_to_the_product_or_the_customer_since_rejects_nothing() {
    with_shop(async |tenant| {
        let (mug, till) = shop(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let at = now().await;
        let path = format!("/v1/products/{}", mug.id);
        tenant.patch(&path, &json!({ "sku": "CUP", "name": "Cup" })).await.ok();
        tenant.patch(&path, &json!({ "sku": "BEAKER", "status": "archived" })).await.ok();
        tenant.patch(&format!("/v1/customers/{customer}"), &json!({ "status": "blocked" })).await.ok();
        let more = json!({ "customer_id": customer, "tenders": card("10.00") });
        let sold = tenant.post(SALES, &offline(&till, at, &more)).await.created();
        let seen = exceptions(tenant, &sold).await;
        assert_eq!(seen, ["customer_blocked - -", "product_archived - -", "product_renamed - -"]);
        assert_eq!(tenant.level("BEAKER").await.on_hand, "49");
        let cup = json!([{ "sku": "CUP", "quantity": "1" }]);
        tenant
            .post(SALES, &offline(&till, at, &json!({ "lines": cup.clone(), "tenders": cash("10") })))
            .await
            .created();
        let items = json!({ "items": [{ "idempotency_key": "late", "body": offline(&till, at, &more) }] });
        let many = tenant.call(Method::POST, &format!("{SALES}/batch")).json(&items).send().await.expect(207);
        assert_eq!(many["accepted"], 1, "{many}");
        // The same sale is rejected if it has not happened.
        let body = json!({ "register_id": till.register_id, "lines": cup, "tenders": cash("10") });
        tenant.post(SALES, &body).await.refused(404, "not_found");
        let unknown = json!([{ "sku": "NOTHING", "quantity": "1" }]);
        tenant.post(SALES, &offline(&till, at, &json!({ "lines": unknown }))).await.refused(404, "not_found");
    });
}

#[test]
fn a_product_without_a_price_and_a_hold_that_ended_reject_nothing() {
    with_shop(async |tenant| {
        let (mug, till) = shop(tenant).await;
        let hold = json!({ "reference": "cart", "lines": [{ "sku": "MUG", "quantity": "1" }],
            "expires_at": now().await + Duration::days(1) });
        let hold = tenant.post("/v1/stock/holds", &hold).await.created();
        let hold = hold["id"].as_str().expect("an id");
        tenant.post(&format!("/v1/stock/holds/{hold}/release"), &json!({})).await.ok();
        tenant.patch(&format!("/v1/products/{}", mug.id), &json!({ "list_price": null })).await.ok();
        let at = now().await;
        let body = offline(&till, at, &json!({ "hold_id": hold, "tenders": cash("9.50") }));
        let sold = tenant.post(SALES, &body).await.created();
        assert_eq!(figures(&sold), ["7.92", "1.58", "0.00", "9.50", "0.00"]);
        assert_eq!(exceptions(tenant, &sold).await, ["hold_not_open - -", "price - 9.50"]);
    });
}

#[test]
fn a_manager_lists_and_resolves_exceptions() {
    with_shop(async |tenant| {
        let (_, till) = shop(tenant).await;
        let at = now().await;
        for paid in ["9.00", "9.50"] {
            let body = offline(&till, at, &json!({ "tenders": cash(paid) }));
            tenant.post(SALES, &body).await.created();
        }
        let listed = async |filter: &str| -> Vec<Value> {
            let page = tenant.get(&format!("{EXCEPTIONS}?{filter}")).await.ok();
            page["data"].as_array().expect("exceptions").clone()
        };
        let open = listed(&format!("status=open&reason=price&register_id={}", till.register_id)).await;
        assert_eq!(open.len(), 2);
        assert_eq!(open[0]["difference"], "-0.50");
        let id = open[0]["id"].as_str().expect("an id");
        let path = format!("{EXCEPTIONS}/{id}");
        let note = json!({ "resolution": "Old price tag, replaced" });
        let done = tenant.post(&format!("{path}/resolve"), &note).await.ok();
        assert_eq!((&done["status"], &done["resolution"]), (&json!("resolved"), &note["resolution"]));
        assert_eq!(tenant.get(&path).await.ok(), done);
        tenant.post(&format!("{path}/resolve"), &note).await.refused(409, "invalid_state_transition");
        tenant
            .post(&format!("{path}/resolve"), &json!({ "resolution": " " }))
            .await
            .refused(422, "validation_failed");
        assert_eq!(listed("status=resolved").await.len(), 1);
        assert_eq!(listed("status=open").await.len(), 1);
        let cashier = tenant.with_key(&key(tenant, &["pos:read", "pos:write", "stock:force"]).await);
        let open = listed("status=open").await;
        let path = format!("{EXCEPTIONS}/{}/resolve", open[0]["id"].as_str().expect("an id"));
        cashier.post(&path, &note).await.refused(403, "insufficient_scope");
        // Without prices:override, a cashier may state the price of a sale that has happened, and of no other.
        let line = json!([{ "sku": "MUG", "quantity": "1", "unit_price": "7.00" }]);
        let body = offline(&till, at, &json!({ "lines": line.clone(), "tenders": cash("7.00") }));
        let sold: Reply = cashier.post(SALES, &body).await;
        assert_eq!(sold.created()["exceptions"][0], "price");
        let body = json!({ "register_id": till.register_id, "lines": line, "tenders": cash("7.00") });
        cashier.post(SALES, &body).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn a_receipt_is_for_forced_sales_and_must_not_contradict_itself() {
    with_shop(async |tenant| {
        let (_, till) = shop(tenant).await;
        let mut body = sale(&till, &[("MUG", "1")]);
        body["receipt"] = json!({ "total": "10.00" });
        tenant.post(SALES, &body).await.refused(422, "validation_failed").names(&["#/receipt"]);
        let at = now().await;
        for (receipt, pointer) in [
            (json!({ "lines": [{}, {}] }), "#/receipt/lines"),
            (json!({ "total": "-1" }), "#/receipt/total"),
            (json!({ "lines": [{ "total": "10.001" }] }), "#/receipt/lines/0/total"),
            (json!({ "lines": [{ "total": "1", "tax": "2" }] }), "#/receipt/lines/0/tax"),
            (json!({ "lines": [{ "tax_rate": "-1" }] }), "#/receipt/lines/0/tax_rate"),
            // A mug comes to 10.00, or to the part of the whole that falls to it.
            (json!({ "lines": [{ "tax": "10.01" }] }), "#/receipt/lines/0/tax"),
            (json!({ "total": "2.00", "lines": [{ "tax": "2.01" }] }), "#/receipt/lines/0/tax"),
        ] {
            let body = offline(&till, at, &json!({ "receipt": receipt }));
            tenant.post(SALES, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
    });
}

#[test]
fn a_forced_sale_that_keeps_to_our_rules_has_no_exception() {
    with_tenant(async |tenant| {
        let (_, till) = shop(tenant).await;
        let mut body = offline(&till, now().await, &json!({}));
        let sold = tenant.post(SALES, &body).await.created();
        assert_eq!(exceptions(tenant, &sold).await, Vec::<String>::new());
        body["forced"] = json!(false);
        assert_eq!(tenant.post(SALES, &body).await.created()["exceptions"], json!([]));
        assert_eq!(tenant.count("sale_exception").await, 0);
    });
}

#[test]
fn a_forced_sale_is_not_rejected_for_the_form_of_a_reference() {
    with_tenant(async |tenant| {
        let (_, till) = shop(tenant).await;
        for (sent, kept) in [("", json!(null)), (" \n", json!(null)), ("\tauth\u{0}7 \n", json!("auth 7"))] {
            let tenders = json!([{ "kind": "card", "amount": "10.00", "reference": sent }]);
            let body = offline(&till, now().await, &json!({ "tenders": tenders }));
            let sold = tenant.post(SALES, &body).await.created();
            assert_eq!(sold["tenders"][0]["reference"], kept, "{sent:?}");
        }
    });
}
