//! Held orders are judged again when their customer pays, and by a confirmation.

use serde_json::{Value, json};
use tests::{Level, Tenant, lines, with_tenant};

async fn pay(tenant: &Tenant, customer: &str, amount: &str) {
    let payment = json!({ "customer_id": customer, "method": "bank", "amount": amount });
    tenant.post("/v1/payments", &payment).await.created();
}

async fn limited(tenant: &Tenant, limit: &str) -> String {
    tenant.customer_with("Nordwind Supply", json!({ "credit_limit": limit })).await
}

async fn confirmed(tenant: &Tenant, customer: &str, wanted: &[(&str, &str)]) -> Value {
    tenant.order(customer, wanted, "confirmed").await.created()
}

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

async fn order(tenant: &Tenant, order: &Value) -> Value {
    tenant.get(&format!("/v1/orders/{}", id(order))).await.ok()
}

#[test]
fn a_payment_ends_the_hold_whose_reason_has_gone() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = limited(tenant, "120").await;
        tenant.order(&customer, &[("BOLT", "10")], "invoiced").await.created();
        let held = confirmed(tenant, &customer, &[("BOLT", "5")]).await;
        assert_eq!(held["status"], "on_hold");
        pay(tenant, &customer, "50").await;
        let still = order(tenant, &held).await;
        assert_eq!(
            (&still["status"], &still["hold_reasons"]),
            (&json!("on_hold"), &json!(["The credit limit is exceeded by 10.00."]))
        );
        pay(tenant, &customer, "10").await;
        let free = order(tenant, &held).await;
        assert_eq!((&free["status"], &free["hold_reasons"]), (&json!("confirmed"), &json!([])));
        assert_eq!(tenant.level("BOLT").await, Level::of("90", "5", "90"));
        let events = tenant.events("type=order.released").await;
        assert_eq!(events.len(), 1, "{events:?}");
        tenant.step(id(&held), "ship").await.ok();
    });
}

#[test]
fn held_orders_are_judged_oldest_first_and_each_on_its_own() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = limited(tenant, "120").await;
        tenant.order(&customer, &[("BOLT", "10")], "invoiced").await.created();
        let mut held = Vec::new();
        for quantity in ["6", "5", "4"] {
            held.push(confirmed(tenant, &customer, &[("BOLT", quantity)]).await);
        }
        pay(tenant, &customer, "120").await;
        let mut statuses = Vec::new();
        for one in &held {
            statuses.push(order(tenant, one).await["status"].as_str().expect("a status").to_owned());
        }
        assert_eq!(statuses, ["confirmed", "on_hold", "confirmed"]);
        assert_eq!(tenant.level("BOLT").await.reserved, "10");
    });
}

#[test]
fn the_missing_amount_is_what_is_left_after_other_orders_took_the_payment() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer_with("Kontor Vorkasse", json!({ "payment_terms": "prepaid" })).await;
        let first = confirmed(tenant, &customer, &[("BOLT", "5")]).await;
        let second = confirmed(tenant, &customer, &[("BOLT", "2")]).await;
        pay(tenant, &customer, "30").await;
        assert_eq!(order(tenant, &second).await["status"], "confirmed");
        let still = order(tenant, &first).await;
        assert_eq!(
            (&still["status"], &still["hold_reasons"]),
            (&json!("on_hold"), &json!(["The order is not paid: 54.00 is missing."]))
        );
        assert_eq!(still["version"].as_i64(), first["version"].as_i64().map(|version| version + 1));
        pay(tenant, &customer, "54").await;
        let free = order(tenant, &first).await;
        assert_eq!((&free["status"], &free["hold_reasons"]), (&json!("confirmed"), &json!([])));
        assert_eq!(tenant.level("BOLT").await, Level::of("100", "7", "100"));
    });
}

#[test]
fn a_confirmation_judges_a_held_order_again() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = limited(tenant, "100").await;
        let held = confirmed(tenant, &customer, &[("BOLT", "10")]).await;
        let again = tenant.step(id(&held), "confirm").await.ok();
        assert_eq!(
            (&again["status"], &again["hold_reasons"]),
            (&json!("on_hold"), &json!(["The credit limit is exceeded by 20.00."]))
        );
        tenant.patch(&format!("/v1/customers/{customer}"), &json!({ "credit_limit": "120" })).await.ok();
        assert_eq!(tenant.step(id(&held), "confirm").await.ok()["status"], "confirmed");
        tenant.step(id(&held), "confirm").await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn goods_of_prepaid_customers_are_held_until_they_are_paid() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer_with("Kontor Vorkasse", json!({ "payment_terms": "prepaid" })).await;
        let held = confirmed(tenant, &customer, &[("BOLT", "10")]).await;
        assert_eq!(
            (&held["status"], &held["hold_reasons"]),
            (&json!("on_hold"), &json!(["The order is not paid: 120.00 is missing."]))
        );
        assert_eq!(tenant.level("BOLT").await.reserved, "0");
        tenant.order(&customer, &[("BOLT", "1")], "shipped").await.refused(409, "credit_exceeded");
        pay(tenant, &customer, "119.99").await;
        assert_eq!(
            order(tenant, &held).await["hold_reasons"],
            json!(["The order is not paid: 0.01 is missing."])
        );
        pay(tenant, &customer, "0.01").await;
        assert_eq!(order(tenant, &held).await["status"], "confirmed");
        tenant.step(id(&held), "ship").await.ok();
        tenant.step(id(&held), "invoice").await.ok();
        let next = confirmed(tenant, &customer, &[("BOLT", "1")]).await;
        assert_eq!(next["hold_reasons"], json!(["The order is not paid: 12.00 is missing."]));
        tenant.step(id(&next), "release").await.ok();
        tenant.patch("/v1/settings", &json!({ "hold_unpaid": false })).await.ok();
        assert_eq!(tenant.get("/v1/settings").await.ok()["hold_unpaid"], false);
        assert_eq!(confirmed(tenant, &customer, &[("BOLT", "50")]).await["status"], "confirmed");
        let till = tenant.till().await;
        let mut body = tests::sale(&till, &[("BOLT", "1")]);
        body["customer_id"] = json!(customer);
        tenant.post("/v1/pos/sales", &body).await.created();
    });
}

#[test]
fn an_order_that_is_paid_but_short_says_so() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("5", "1.00")).await;
        let customer = limited(tenant, "10").await;
        let mut body =
            json!({ "customer_id": customer, "lines": lines(&[("BOLT", "5")]), "advance_to": "confirmed" });
        let complete = tenant.post("/v1/orders", &body).await.created();
        body["policy"] = json!("backorder");
        let waiting = tenant.post("/v1/orders", &body).await.created();
        tenant.open_stock(&[("BOLT", "1", "1.00")]).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("BOLT", "3")]).await.created();
        pay(tenant, &customer, "120").await;
        let short = order(tenant, &complete).await;
        assert_eq!(
            (&short["status"], &short["hold_reasons"]),
            (&json!("on_hold"), &json!(["Not enough stock is available: confirm the order when there is."]))
        );
        let waits = order(tenant, &waiting).await;
        assert_eq!((&waits["status"], &waits["lines"][0]["backordered"]), (&json!("confirmed"), &json!("2")));
        tenant.step(id(&complete), "confirm").await.refused(409, "insufficient_stock");
    });
}

#[test]
fn a_blocked_customer_pays_and_the_order_stays_on_hold() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = limited(tenant, "10").await;
        let held = confirmed(tenant, &customer, &[("BOLT", "1")]).await;
        tenant.patch(&format!("/v1/customers/{customer}"), &json!({ "status": "blocked" })).await.ok();
        pay(tenant, &customer, "100").await;
        assert_eq!(order(tenant, &held).await["status"], "on_hold");
        tenant.step(id(&held), "confirm").await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn many_payments_at_once_confirm_an_order_once() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = limited(tenant, "0").await;
        let held = confirmed(tenant, &customer, &[("BOLT", "10")]).await;
        let payment = json!({ "customer_id": customer, "method": "bank", "amount": "30" });
        let path = format!("/v1/orders/{}/confirm", id(&held));
        let paying = futures_util::future::join_all((0..8).map(|_| tenant.post("/v1/payments", &payment)));
        let nothing = json!({});
        let confirming = futures_util::future::join_all((0..4).map(|_| tenant.post(&path, &nothing)));
        let (paid, _) = futures_util::join!(paying, confirming);
        for reply in paid {
            reply.created();
        }
        assert_eq!(order(tenant, &held).await["status"], "confirmed");
        assert_eq!(tenant.level("BOLT").await.reserved, "10");
    });
}

/// Records a payment and returns its id.
async fn paid(tenant: &Tenant, customer: &str, amount: &str) -> String {
    let payment = json!({ "customer_id": customer, "method": "bank", "amount": amount });
    id(&tenant.post("/v1/payments", &payment).await.created()).to_owned()
}

async fn bounce(tenant: &Tenant, payment: &str) {
    let path = format!("/v1/payments/{payment}/reverse");
    tenant.post(&path, &json!({ "reason": "It bounced" })).await.created();
}

#[test]
fn an_order_whose_payment_was_taken_back_is_not_shipped() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        for terms in [json!({ "payment_terms": "prepaid" }), json!({ "credit_limit": "0" })] {
            let customer = tenant.customer_with("Kontor Vorkasse", terms.clone()).await;
            let held = confirmed(tenant, &customer, &[("BOLT", "10")]).await;
            let payment = paid(tenant, &customer, "120").await;
            assert_eq!(order(tenant, &held).await["status"], "confirmed");
            bounce(tenant, &payment).await;
            let problem = tenant.step(id(&held), "ship").await.refused(409, "credit_exceeded");
            assert!(problem.0["detail"].to_string().contains("120.00"), "{terms}: {}", problem.0);
            // A credit that is paid out is taken back too.
            paid(tenant, &customer, "120").await;
            let payout = json!({ "customer_id": customer, "method": "bank", "amount": "0.01" });
            tenant.post("/v1/payouts", &payout).await.created();
            let problem = tenant.step(id(&held), "ship").await.refused(409, "credit_exceeded");
            assert!(problem.0["detail"].to_string().contains("0.01"), "{terms}: {}", problem.0);
            paid(tenant, &customer, "0.01").await;
            tenant.step(id(&held), "ship").await.ok();
        }
    });
}

#[test]
fn the_rest_of_an_order_is_not_shipped_after_its_payment_was_taken_back() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer_with("Kontor Vorkasse", json!({ "payment_terms": "prepaid" })).await;
        let held = confirmed(tenant, &customer, &[("BOLT", "10")]).await;
        let payment = paid(tenant, &customer, "120").await;
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "4" }] });
        tenant.post(&format!("/v1/orders/{}/ship", id(&held)), &part).await.ok();
        tenant.step(id(&held), "invoice").await.ok();
        bounce(tenant, &payment).await;
        tenant.step(id(&held), "ship").await.refused(409, "credit_exceeded");
        let released = tenant.step(id(&held), "release").await.ok();
        assert_eq!(released["status"], "partially_shipped");
        assert!(released["released_at"].is_string(), "{released}");
        assert_eq!(tenant.level("BOLT").await, Level::of("96", "6", "96"));
        assert_eq!(tenant.step(id(&held), "ship").await.ok()["status"], "shipped");
    });
}

#[test]
fn the_oldest_orders_leave_for_what_is_still_paid_and_a_released_one_leaves_unpaid() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer_with("Kontor Vorkasse", json!({ "payment_terms": "prepaid" })).await;
        let mut orders = Vec::new();
        for quantity in ["1", "2", "3"] {
            orders.push(confirmed(tenant, &customer, &[("BOLT", quantity)]).await);
        }
        let released = tenant.step(id(&orders[2]), "release").await.ok();
        assert_eq!((&released["status"], released["released_at"].is_string()), (&json!("confirmed"), true));
        // 36.00 of the released order are not paid, so 72.00 confirm the other two.
        let payment = paid(tenant, &customer, "24").await;
        paid(tenant, &customer, "48").await;
        for one in &orders[..2] {
            let now = order(tenant, one).await;
            assert_eq!((&now["status"], &now["released_at"]), (&json!("confirmed"), &json!(null)));
        }
        bounce(tenant, &payment).await;
        // 48.00 are left. The released order does not count, so the first two lack nothing.
        tenant.step(id(&orders[1]), "ship").await.ok();
        tenant.step(id(&orders[0]), "release").await.refused(409, "invalid_state_transition");
        tenant.step(id(&orders[0]), "ship").await.ok();
        tenant.step(id(&orders[2]), "ship").await.ok();
    });
}

#[test]
fn a_later_order_that_is_cancelled_at_the_same_time_pays_for_none() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer_with("Kontor Vorkasse", json!({ "payment_terms": "prepaid" })).await;
        for _ in 0..6 {
            let first = confirmed(tenant, &customer, &[("BOLT", "1")]).await;
            let later = confirmed(tenant, &customer, &[("BOLT", "1")]).await;
            let payment = paid(tenant, &customer, "24").await;
            bounce(tenant, &payment).await;
            // 24.00 are missing, 12.00 of them for the first order, before and after the later one is cancelled.
            let (cancelled, shipped) =
                futures_util::join!(tenant.step(id(&later), "cancel"), tenant.step(id(&first), "ship"));
            cancelled.ok();
            let problem = shipped.refused(409, "credit_exceeded");
            assert!(problem.0["detail"].to_string().contains("12.00"), "{}", problem.0);
            tenant.step(id(&first), "cancel").await.ok();
        }
        assert_eq!(tenant.level("BOLT").await, Level::of("100", "0", "100"));
    });
}

#[test]
fn an_order_that_is_released_while_it_is_placed_stays_released() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = limited(tenant, "0").await;
        let nothing = json!({});
        for _ in 0..8 {
            let own = domain::id::OrderId(uuid::Uuid::now_v7()).to_string();
            let placing = json!({ "id": own, "customer_id": customer, "lines": lines(&[("BOLT", "1")]),
                "advance_to": "confirmed" });
            let path = format!("/v1/orders/{own}/release");
            let (placed, released) =
                futures_util::join!(tenant.post("/v1/orders", &placing), tenant.post(&path, &nothing));
            placed.created();
            // It came before the order, or with it in one batch.
            if released.status == 404 {
                tenant.step(&own, "release").await.ok();
            }
            let now = tenant.get(&format!("/v1/orders/{own}")).await.ok();
            assert_eq!(
                (&now["status"], now["released_at"].is_string()),
                (&json!("confirmed"), true),
                "{now}"
            );
            tenant.step(&own, "ship").await.ok();
        }
    });
}
