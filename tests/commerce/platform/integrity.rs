//! The integrity check can fail: each fact is broken by hand, from outside, and the check must see it.

use sea_orm::sqlx::{self, AssertSqlSafe};
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, with_tenant};

/// Trades in both channels, so that every kind of row exists.
async fn trade(tenant: &Tenant) {
    tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
    let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
    tenant.sell(&till, &[("MUG", "2")]).await.created();
    tenant.order(&customer, &[("MUG", "3")], "invoiced").await.created();
    tenant.order(&customer, &[("MUG", "4")], "confirmed").await.created();
    tenant.order(&customer, &[("MUG", "1")], "shipped").await.created();
    tenant.product("JUG", "10.00").await;
    let waits = json!({ "customer_id": customer, "policy": "backorder", "advance_to": "confirmed",
        "lines": lines(&[("JUG", "5")]) });
    tenant.post("/v1/orders", &waits).await.created();
    lots_and_layers(tenant).await;
    buy(tenant).await;
    let payment = json!({ "customer_id": customer, "method": "bank", "amount": "5" });
    tenant.post("/v1/payments", &payment).await.created();
}

/// Makes cost layers, some of which were used, stock in two lots, and a serial number.
async fn lots_and_layers(tenant: &Tenant) {
    for (sku, more) in [
        ("TEA", json!({ "list_price": "3.00", "costing_method": "fifo" })),
        ("MILK", json!({ "list_price": "1.00", "tracking": "lot" })),
        ("DRILL", json!({ "list_price": "90.00", "tracking": "serial" })),
    ] {
        tenant.product_with(sku, more).await;
    }
    for (sku, quantity, lots) in [
        ("TEA", "4", json!([])),
        ("TEA", "6", json!([])),
        ("MILK", "5", json!([{ "code": "L-1" }])),
        ("DRILL", "1", json!([{ "code": "S-1" }])),
    ] {
        let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": "1.00", "lots": lots });
        tenant.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": [line] })).await.created();
    }
    let lost = json!({ "kind": "adjustment", "reason": "lost", "lines": lines(&[("TEA", "-5")]) });
    tenant.post("/v1/stock/documents", &lost).await.created();
}

/// Receives a purchase order, spreads freight over it, records its bill at a higher price, and pays a part.
async fn buy(tenant: &Tenant) {
    tenant.product("NAIL", "1.00").await;
    let supplier = tenant.make("/v1/suppliers", json!({ "code": "FORGE", "name": "Forge" })).await;
    let line = json!({ "sku": "NAIL", "quantity": "10", "unit_cost": "4.00" });
    let order = tenant.make("/v1/purchase-orders", json!({ "supplier_id": supplier, "lines": [line] })).await;
    let step = async |verb: &str, body: Value| {
        tenant.post(&format!("/v1/purchase-orders/{order}/{verb}"), &body).await.ok()
    };
    step("send", json!({})).await;
    let receipt = step("receive", json!({})).await["receipt_id"].clone();
    let back = json!({ "receipt_id": receipt, "lines": [{ "line_no": 1, "quantity": "1" }] });
    step("return", back).await;
    let freight = json!({ "charges": [{ "kind": "freight", "amount": "6.00" }], "spread_by": "value",
        "receipts": [{ "stock_document_id": receipt }] });
    tenant.post("/v1/landed-costs", &freight).await.created();
    let line = json!({ "purchase_order_id": order, "order_line_no": 1, "quantity": "9", "unit_cost": "5.00",
        "tax_value": "9.00" });
    let bill =
        json!({ "supplier_id": supplier, "supplier_number": "1", "dated": "2026-01-02", "lines": [line] });
    let bill = tenant.make("/v1/bills", bill).await;
    let part = json!({ "supplier_id": supplier, "bills": [{ "bill_id": bill, "amount": "20.00" }] });
    tenant.post("/v1/supplier-payments", &part).await.created();
}

async fn change(tenant: &Tenant, statement: &str, by: &str) {
    let statement = statement.replace("BY", by);
    for statement in statement.split(';') {
        let query = sqlx::query(AssertSqlSafe(statement.to_owned())).bind(tenant.id.0);
        let done =
            query.execute(&environment().root).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        assert!(done.rows_affected() > 0, "{statement} changes something");
    }
}

/// Returns the facts that the API says are broken.
async fn broken(tenant: &Tenant) -> Vec<i64> {
    let books = tenant.get("/v1/integrity").await.ok();
    let facts = books["facts"].as_array().expect("facts");
    assert_eq!(facts.len(), 9, "{books}");
    assert_eq!(books["holds"] == true, facts.iter().all(|fact| fact["differences"] == 0), "{books}");
    facts
        .iter()
        .filter(|fact| fact["differences"] != json!(0))
        .filter_map(|fact| fact["fact"].as_i64())
        .collect()
}

/// Returns the differences that the API names.
async fn named(tenant: &Tenant) -> Vec<String> {
    let books = tenant.get("/v1/integrity").await.ok();
    let facts = books["facts"].as_array().expect("facts").iter();
    let examples = facts.filter_map(|fact| fact["examples"].as_array()).flatten();
    examples.filter_map(|example| example["subject"].as_str()).map(str::to_owned).collect()
}

/// Makes and takes back each change, and checks that the API names the difference, whose subject begins with the text before the change.
async fn are_named(tenant: &Tenant, changes: &[(&str, &str)]) {
    for &(subject, statement) in changes {
        change(tenant, statement, "+").await;
        let found = named(tenant).await;
        assert!(found.iter().any(|known| known.starts_with(subject)), "{statement}: {found:?}");
        assert!(!tenant.check_now().await.is_empty(), "{statement} is seen from outside too");
        change(tenant, statement, "-").await;
        assert_eq!(named(tenant).await, Vec::<String>::new(), "{statement} was rolled back");
    }
}

#[test]
fn every_broken_fact_is_found() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        assert_eq!(broken(tenant).await, Vec::<i64>::new());
        for (fact, statement) in [
            (1, "update stock_level set on_hand = on_hand BY 1 where tenant_id = $1"),
            (
                1,
                "update stock_movement set quantity = quantity BY 1 where tenant_id = $1 and kind = 'opening'",
            ),
            (2, "update stock_level set reserved = reserved BY 1 where tenant_id = $1 and on_hand > 0"),
            (
                2,
                "update stock_level set backordered = backordered BY 1 where tenant_id = $1 and backordered > 0",
            ),
            (2, "update reservation set quantity = quantity BY 1 where tenant_id = $1"),
            (
                3,
                "update journal_line set debit = debit BY 1 where tenant_id = $1 and account_code = '1010' and debit > 0",
            ),
            (
                4,
                "update stock_level set value = value BY 1 where tenant_id = $1 and on_hand > 0; \
                 update stock_movement set value = value BY 1 where tenant_id = $1 and kind = 'opening'",
            ),
            (5, "update invoice set open = open BY -1 where tenant_id = $1"),
            (5, "update tender set amount = amount BY 1 where tenant_id = $1"),
            (6, "update sales_line set cost = cost BY 1 where tenant_id = $1 and channel = 'retail'"),
            (
                6,
                "update sales_line set gross = gross BY 1, discount = discount BY 1 where tenant_id = $1 and channel = 'wholesale'",
            ),
            (6, "update sales_line set tax = tax BY 1 where tenant_id = $1 and channel = 'retail'"),
            (8, "update sales_sum_by_product set documents = documents BY 1 where tenant_id = $1"),
            (8, "update sales_sum_by_quarter_hour set lines = lines BY 1 where tenant_id = $1"),
            (8, "update sales_sum_by_month set tax = tax BY 1 where tenant_id = $1"),
            (
                8,
                "update sales_sum_by_customer set last_order_at = last_order_at BY interval '1 second' \
                 where tenant_id = $1",
            ),
            (
                8,
                "update sales_rollup set earliest_at = earliest_at BY interval '1 second' where tenant_id = $1",
            ),
            (9, "update bill set open = open BY -1 where tenant_id = $1"),
            (9, "update supplier_payment_part set amount = amount BY 1 where tenant_id = $1"),
            (9, "update bill_line set value = value BY 1 where tenant_id = $1"),
            (9, "update supplier_return_line set value = value BY 1 where tenant_id = $1"),
            (9, "update landed_cost_line set held_value = held_value BY -1 where tenant_id = $1"),
        ] {
            change(tenant, statement, "+").await;
            let found = broken(tenant).await;
            assert!(found.contains(&fact), "{statement} breaks fact {fact}, found {found:?}");
            assert!(!tenant.check_now().await.is_empty(), "{statement} is seen from outside too");
            change(tenant, statement, "-").await;
            assert_eq!(broken(tenant).await, Vec::<i64>::new(), "{statement} was rolled back");
        }
    });
}

#[test]
fn a_broken_layer_or_lot_is_named() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let lot = "(select id from lot where tenant_id = $1 and code = 'L-1')";
        let serial = "(select id from lot where tenant_id = $1 and code = 'S-1')";
        let nil = "'00000000-0000-0000-0000-000000000000'";
        for (subject, statement) in [
            (
                "on hand in layers of TEA at MAIN",
                "update cost_layer set quantity = quantity BY 1 where tenant_id = $1",
            ),
            (
                "value in layers of TEA at MAIN",
                "update cost_layer set value = value BY 1 where tenant_id = $1",
            ),
            (
                "quantity drawn from layers of TEA at MAIN",
                "update layer_use set quantity = quantity BY 0.5 where tenant_id = $1",
            ),
            (
                "cost drawn from layers of TEA at MAIN",
                "update layer_use set value = value BY 0.5 where tenant_id = $1",
            ),
            (
                "on hand of MILK at MAIN in lot L-1",
                &format!(
                    "update stock_level set on_hand = on_hand BY 1 where tenant_id = $1 and lot_id = {lot}"
                ),
            ),
            (
                "pieces of serial number S-1 of DRILL",
                &format!(
                    "update stock_level set on_hand = on_hand BY 1 where tenant_id = $1 and lot_id = {serial}"
                ),
            ),
            (
                "pieces of serial number S-1 of DRILL",
                &format!(
                    "update stock_level set on_hand = on_hand BY -0.5 where tenant_id = $1 and lot_id = {serial}"
                ),
            ),
        ] {
            change(tenant, statement, "+").await;
            assert!(named(tenant).await.iter().any(|known| known == subject), "{statement} names {subject}");
            change(tenant, statement, "-").await;
            assert_eq!(named(tenant).await, Vec::<String>::new(), "{statement} was rolled back");
        }
        let product = "product_id = (select id from product where tenant_id = $1 and sku = 'MILK')";
        let moved = |from: &str, to: &str| {
            let change = |table: &str| {
                format!(
                    "update {table} set lot_id = {to} where tenant_id = $1 and lot_id = {from} and {product}"
                )
            };
            format!("{}; {}", change("stock_level"), change("stock_movement"))
        };
        // No order waits, so the level without a lot can be deleted to make room.
        let head = format!("delete from stock_level where tenant_id = $1 and lot_id = {nil} and {product}");
        change(tenant, &format!("{head}; {}", moved(lot, nil)), "").await;
        assert_eq!(named(tenant).await, ["on hand outside lots of MILK at MAIN"]);
        change(tenant, &moved(nil, lot), "").await;
        let untracked = "update product set tracking = 'none' where tenant_id = $1 and sku = 'MILK'";
        change(tenant, untracked, "").await;
        assert_eq!(named(tenant).await, ["on hand in lots of MILK at MAIN"]);
        change(tenant, &untracked.replace("'none'", "'lot'"), "").await;
        assert_eq!(named(tenant).await, Vec::<String>::new());
    });
}

#[test]
fn amounts_in_other_currencies_are_compared() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let line = json!({ "sku": "MUG", "quantity": "1", "unit_price": "100" });
        let order = json!({ "customer_id": customer, "currency": "USD", "exchange_rate": "0.8", "lines": [line],
            "advance_to": "invoiced" });
        tenant.post("/v1/orders", &order).await.created();
        let payment = json!({ "customer_id": customer, "method": "bank", "currency": "USD", "exchange_rate": "0.9",
            "amount": "50" });
        let paid = tenant.post("/v1/payments", &payment).await.created();
        assert_eq!(paid["foreign"]["exchange_difference"], "5.00");
        let changes = [
            (
                "value in the currency of ",
                "update foreign_line set net = net BY 1 where tenant_id = $1 and document_kind = 'invoice'",
            ),
            (
                "tax in the currency of ",
                "update foreign_line set tax = tax BY 1 where tenant_id = $1 and document_kind = 'invoice'",
            ),
            (
                "open amount in the currency of ",
                "update invoice set foreign_open = foreign_open BY -1 where tenant_id = $1",
            ),
            (
                "exchange difference of ",
                "update payment_allocation set difference = difference BY 1 where tenant_id = $1",
            ),
        ];
        are_named(tenant, &changes).await;
    });
}

/// 3 % of 10.00 USD are a discount. 19.40 USD of the advance settle 20.00 USD.
#[test]
fn amounts_of_payments_to_suppliers_are_compared() {
    with_tenant(async |tenant| {
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let bill = json!({ "supplier_id": supplier, "supplier_number": "1", "dated": "2026-01-02", "currency": "USD",
            "exchange_rate": "0.92", "discounts": [{ "percent": "3", "until": "2026-01-12" }],
            "lines": [{ "account": "5300", "unit_cost": "100" }] });
        let bill = tenant.make("/v1/bills", bill).await;
        let part = |amount: &str| json!([{ "bill_id": bill, "amount": amount }]);
        let at = "2026-01-05T09:00:00Z";
        let payment = json!({ "supplier_id": supplier, "exchange_rate": "0.95", "bills": part("10"), "occurred_at": at });
        tenant.make("/v1/supplier-payments", payment).await;
        let advance = json!({ "supplier_id": supplier, "currency": "USD", "exchange_rate": "0.90", "advance": "50",
            "occurred_at": at });
        let advance = tenant.make("/v1/supplier-payments", advance).await;
        let applied = json!({ "bills": part("20"), "occurred_at": at });
        tenant.make(&format!("/v1/supplier-payments/{advance}/apply"), applied).await;
        assert_eq!(named(tenant).await, Vec::<String>::new());
        let changes = [
            (
                "discount in the currency of ",
                "update supplier_payment_part set foreign_discount = foreign_discount BY 0.01 where tenant_id = $1",
            ),
            (
                "amount in the currency of ",
                "update supplier_payment set foreign_amount = foreign_amount BY 1 where tenant_id = $1 and kind = 'payment'",
            ),
            (
                "unapplied amount of ",
                "update supplier_payment set difference = difference BY 1 where tenant_id = $1 and kind = 'application'",
            ),
            (
                "unapplied amount in the currency of ",
                "update supplier_payment set foreign_unapplied = foreign_unapplied BY -1 \
                 where tenant_id = $1 and foreign_advance > 0",
            ),
        ];
        are_named(tenant, &changes).await;
    });
}

#[test]
fn new_books_hold_and_say_what_was_compared() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let books = tenant.get("/v1/integrity").await.ok();
        assert_eq!(books["holds"], true);
        for fact in books["facts"].as_array().expect("facts") {
            assert!(fact["checked"].as_i64().is_some_and(|checked| checked > 0), "{fact}");
            assert_eq!(fact["largest_difference"], "0.00");
            assert_eq!(fact["examples"], Value::Array(Vec::new()));
        }
    });
}
