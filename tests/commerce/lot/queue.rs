//! Backorders of tracked products: any lot that becomes available is allocated if its remaining shelf life suffices.

use serde_json::{Value, json};
use tests::{Tenant, environment, lines, with_tenant};

use crate::lot::{available, day, lot, lots_of, pairs, posted, received, tracked};

mod together;

const ORDERS: &str = "/v1/orders";

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

fn order(customer: &str, policy: &str, wanted: &[(&str, &str)]) -> Value {
    json!({ "customer_id": customer, "policy": policy, "advance_to": "confirmed", "lines": lines(wanted) })
}

async fn placed(tenant: &Tenant, customer: &str, wanted: &[(&str, &str)]) -> Value {
    tenant.post(ORDERS, &order(customer, "backorder", wanted)).await.created()
}

async fn shown(tenant: &Tenant, order: &Value) -> Value {
    tenant.get(&format!("{ORDERS}/{}", id(order))).await.ok()
}

/// Returns reserved, shipped, backordered and cancelled of the first line.
fn figures(order: &Value) -> [&str; 4] {
    let line = &order["lines"][0];
    ["reserved", "shipped", "backordered", "cancelled"].map(|name| line[name].as_str().expect("a quantity"))
}

/// Makes a customer who requires this many days of remaining shelf life.
async fn choosy(tenant: &Tenant, name: &str, days: i64) -> String {
    tenant.customer_with(name, json!({ "min_remaining_life_days": days })).await
}

#[test]
fn an_order_gets_what_lots_there_are_and_waits_for_the_rest() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "EARLY", ("3", &day(20).await)).await;
        received(tenant, "MILK", "LATE", ("2", &day(60).await)).await;
        received(tenant, "MILK", "GONE", ("9", &day(-1).await)).await;
        let (customer, till) = (tenant.customer("Hansa Foods").await, tenant.till().await);
        let order = placed(tenant, &customer, &[("MILK", "8"), ("MILK", "1")]).await;
        assert_eq!(figures(&order), ["5", "0", "3", "0"]);
        assert_eq!(lots_of(&order["lines"][0]), pairs(&[("EARLY", "3"), ("LATE", "2")]));
        assert_eq!(order["lines"][1]["backordered"], "1");
        let place = available(tenant, "MILK").await;
        assert_eq!(place["available"], "0");
        assert_eq!(place["locations"][0]["backordered"], "4");

        let shipped = tenant.step(id(&order), "ship").await.ok();
        assert_eq!(figures(&shipped), ["0", "5", "3", "0"]);
        assert_eq!(shipped["status"], "partially_shipped");
        tenant.step(id(&order), "ship").await.refused(409, "invalid_state_transition");
        // A lot that comes in is allocated to the order first.
        received(tenant, "MILK", "EARLY", ("1", &day(20).await)).await;
        received(tenant, "MILK", "NEW", ("1", &day(90).await)).await;
        tenant.sell(&till, &[("MILK", "1")]).await.refused(409, "insufficient_stock");
        let after = shown(tenant, &order).await;
        assert_eq!(figures(&after), ["2", "5", "1", "0"]);
        assert_eq!(lots_of(&after["lines"][0]), pairs(&[("EARLY", "1"), ("NEW", "1")]));
        received(tenant, "MILK", "LAST", ("4", &day(90).await)).await;
        let after = shown(tenant, &order).await;
        assert_eq!(lots_of(&after["lines"][0]), pairs(&[("EARLY", "1"), ("NEW", "1"), ("LAST", "1")]));
        assert_eq!(lots_of(&after["lines"][1]), pairs(&[("LAST", "1")]));
        assert_eq!(available(tenant, "MILK").await["available"], "2");
        let shipped = tenant.step(id(&order), "ship").await.ok();
        assert_eq!(figures(&shipped), ["0", "8", "0", "0"]);
        assert_eq!(shipped["status"], "shipped");
        assert_eq!(tenant.step(id(&order), "invoice").await.ok()["status"], "invoiced");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn the_higher_priority_is_served_first_and_a_lot_that_is_too_short_goes_to_the_next() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        let (customer, choosy) = (tenant.customer("Hansa Foods").await, choosy(tenant, "Nordwind", 30).await);
        let patient = placed(tenant, &customer, &[("MILK", "4")]).await;
        let mut body = order(&choosy, "backorder", &[("MILK", "4")]);
        body["priority"] = json!(5);
        let first = tenant.post(ORDERS, &body).await.created();
        let mut body = order(&customer, "backorder", &[("MILK", "4")]);
        body["priority"] = json!(3);
        let second = tenant.post(ORDERS, &body).await.created();
        let figures_of = async || {
            let mut all = Vec::new();
            for order in [&first, &second, &patient] {
                all.push(lots_of(&shown(tenant, order).await["lines"][0]));
            }
            all
        };
        received(tenant, "MILK", "SHORT", ("5", &day(29).await)).await;
        assert_eq!(figures_of().await, [pairs(&[]), pairs(&[("SHORT", "4")]), pairs(&[("SHORT", "1")])]);
        received(tenant, "MILK", "LONG", ("6", &day(30).await)).await;
        assert_eq!(
            figures_of().await,
            [pairs(&[("LONG", "4")]), pairs(&[("SHORT", "4")]), pairs(&[("SHORT", "1"), ("LONG", "2")])]
        );
        // A lot that is too short for the only waiting order is available to others.
        tenant.step(id(&patient), "cancel").await.ok();
        let waits = placed(tenant, &choosy, &[("MILK", "9")]).await;
        assert_eq!(figures(&waits), ["2", "0", "7", "0"]);
        assert_eq!(lots_of(&waits["lines"][0]), pairs(&[("LONG", "2")]));
        assert_eq!(available(tenant, "MILK").await["available"], "1");
        let till = tenant.till().await;
        tenant.sell(&till, &[("MILK", "1")]).await.created();
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn whatever_frees_goods_of_a_lot_serves_who_waits() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "L1", ("10", &day(20).await)).await;
        received(tenant, "MILK", "L2", ("5", &day(40).await)).await;
        let (customer, till) = (tenant.customer("Hansa Foods").await, tenant.till().await);
        let first = tenant.order(&customer, &[("MILK", "4")], "confirmed").await.created();
        let sold = tenant.sell(&till, &[("MILK", "2")]).await.created();
        let invoiced = tenant.order(&customer, &[("MILK", "2")], "invoiced").await.created();
        let lot_two = json!([{ "sku": "MILK", "quantity": "2", "lots": [{ "code": "L2" }] }]);
        let hold = tenant
            .post("/v1/stock/holds", &json!({ "kind": "quarantine", "lines": lot_two }))
            .await
            .created();
        let to_shop = json!({ "from_location_id": tenant.main, "to_location_id": tenant.shop,
            "lines": lines(&[("MILK", "2")]) });
        let transfer = tenant.post("/v1/stock/transfers", &to_shop).await.created();
        let mut at_shop = order(&customer, "backorder", &[("MILK", "3")]);
        at_shop["location_id"] = json!(tenant.shop);
        let at_shop = tenant.post(ORDERS, &at_shop).await.created();
        assert_eq!(figures(&at_shop), ["0", "0", "3", "0"]);
        let waiting = placed(tenant, &customer, &[("MILK", "20")]).await;
        assert_eq!(lots_of(&waiting["lines"][0]), pairs(&[("L2", "3")]));
        let lots = async || lots_of(&shown(tenant, &waiting).await["lines"][0]);

        tenant.step(id(&first), "cancel").await.ok();
        assert_eq!(lots().await, pairs(&[("L1", "4"), ("L2", "3")]));
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        let back = json!({ "customer_id": customer, "original_id": invoiced["invoices"][0]["id"] });
        tenant.post("/v1/returns", &back).await.created();
        assert_eq!(lots().await, pairs(&[("L1", "8"), ("L2", "3")]));
        tenant.post(&format!("/v1/stock/holds/{}/release", id(&hold)), &json!({})).await.ok();
        assert_eq!(lots().await, pairs(&[("L1", "8"), ("L2", "5")]));
        posted(tenant, "adjustment", ("MILK", "1"), json!([{ "code": "L3" }])).await.created();
        assert_eq!(lots().await, pairs(&[("L1", "8"), ("L2", "5"), ("L3", "1")]));
        tenant.post(&format!("/v1/stock/transfers/{}/receive", id(&transfer)), &json!({})).await.ok();
        let at_shop = shown(tenant, &at_shop).await;
        assert_eq!(figures(&at_shop), ["2", "0", "1", "0"]);
        assert_eq!(lots_of(&at_shop["lines"][0]), pairs(&[("L1", "2")]));
        let events = tenant.events(&format!("type=order.allocated&document_id={}", id(&waiting))).await;
        assert_eq!(events.len(), 5, "one for each command that allocated to it");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn what_an_expired_hold_had_serves_who_waits_when_somebody_asks() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "L1", ("4", &day(20).await)).await;
        let customer = tenant.customer("Hansa Foods").await;
        let ends = environment().now().await + chrono::Duration::hours(1);
        let hold = json!({ "expires_at": ends.to_rfc3339(), "lines": lines(&[("MILK", "3")]) });
        tenant.post("/v1/stock/holds", &hold).await.created();
        let waiting = placed(tenant, &customer, &[("MILK", "6")]).await;
        assert_eq!(figures(&waiting), ["1", "0", "5", "0"]);
        tenant.age_holds(chrono::Duration::hours(1)).await;
        let served = tenant.step(id(&waiting), "allocate").await.ok();
        assert_eq!(figures(&served), ["4", "0", "2", "0"]);
        assert_eq!(lots_of(&served["lines"][0]), pairs(&[("L1", "4")]));
        assert_eq!(lot(tenant, "L1").await["reserved"], "4");
    });
}

#[test]
fn an_order_that_takes_what_there_is_gives_up_the_rest() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        tenant.stocked("JAM", "3.00", ("9", "1.00")).await;
        received(tenant, "MILK", "L1", ("3", &day(20).await)).await;
        let (name, customer) = ("BREAKFAST", tenant.customer("Hansa Foods").await);
        let kit = tenant.product_with(name, json!({ "kind": "bundle", "list_price": "12.00" })).await;
        let parts = json!({ "components": [
            { "sku": "MILK", "quantity": "2" }, { "sku": "JAM", "quantity": "1" }] });
        tenant.put(&format!("/v1/products/{}/components", kit.id), &parts).await.ok();
        // Two sets need four milk. Both short sets are cancelled as a whole, and the line after them gets their milk.
        let partial = order(&customer, "partial", &[(name, "2"), ("MILK", "5")]);
        let partial = tenant.post(ORDERS, &partial).await.created();
        let cancelled: Vec<&str> = partial["lines"]
            .as_array()
            .expect("lines")
            .iter()
            .map(|line| line["cancelled"].as_str().expect("a quantity"))
            .collect();
        assert_eq!(cancelled, ["4", "2", "2"]);
        assert_eq!(lots_of(&partial["lines"][2]), pairs(&[("L1", "3")]));
        let nothing = order(&customer, "partial", &[("MILK", "1")]);
        let refused = tenant.post(ORDERS, &nothing).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "0");
        // A waiting order reserves the available components of a set.
        let waits = placed(tenant, &customer, &[(name, "1")]).await;
        let of = |at: usize| ["reserved", "backordered"].map(|name| waits["lines"][at][name].clone());
        assert_eq!(of(0), [json!("0"), json!("2")]);
        assert_eq!(of(1), [json!("1"), json!("0")]);
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_draft_waits_once_it_is_confirmed_and_what_is_closed_waits_no_more() {
    with_tenant(async |tenant| {
        tracked(tenant, "PHONE", "serial").await;
        let serials = json!([{ "code": "S1" }, { "code": "S2" }]);
        posted(tenant, "receipt", ("PHONE", "2"), serials).await.created();
        let customer = tenant.customer("Hansa Foods").await;
        let mut draft = order(&customer, "backorder", &[("PHONE", "3")]);
        draft["advance_to"] = json!("draft");
        let draft = tenant.post(ORDERS, &draft).await.created();
        let confirmed = tenant.step(id(&draft), "confirm").await.ok();
        assert_eq!(figures(&confirmed), ["2", "0", "1", "0"]);
        assert_eq!(lots_of(&confirmed["lines"][0]).len(), 2);
        let other = placed(tenant, &customer, &[("PHONE", "1")]).await;
        let rehearsed = json!({ "kind": "receipt", "lines": [{ "sku": "PHONE", "quantity": "1", "unit_cost": "4",
            "lots": [{ "code": "S3" }] }] });
        let rehearsed = tenant.dry_run("/v1/stock/documents", &rehearsed).await.ok();
        let served = &rehearsed["effects"]["reservations"];
        assert_eq!(served.as_array().map(Vec::len), Some(1));
        assert_eq!(served[0]["quantity"], "1");
        assert_eq!(
            shown(tenant, &draft).await["lines"][0]["backordered"],
            "1",
            "and is allocated to no order"
        );
        posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": "S3" }])).await.created();
        assert_eq!(figures(&shown(tenant, &draft).await), ["3", "0", "0", "0"]);
        let path = format!("{ORDERS}/{}/ship", id(&draft));
        let one = json!({ "lines": [{ "line_no": 1, "quantity": "1", "lots": [{ "code": "S3" }] }] });
        tenant.post(&path, &one).await.ok();
        // Closing releases the rest, which is allocated to a waiting order.
        let closed = tenant.step(id(&draft), "close").await.ok();
        assert_eq!(figures(&closed), ["0", "1", "0", "2"]);
        let other = shown(tenant, &other).await;
        assert_eq!(figures(&other), ["1", "0", "0", "0"]);
        assert_eq!(lots_of(&other["lines"][0]).len(), 1);
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_promise_stands_on_what_is_expected_of_the_product() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "SHORT", ("4", &day(5).await)).await;
        let customer = choosy(tenant, "Nordwind", 30).await;
        let expected = json!({ "expected_on": day(3).await, "lines": lines(&[("MILK", "6")]) });
        let expected = tenant.post("/v1/stock/expected-receipts", &expected).await.created();
        let refused = tenant.order(&customer, &[("MILK", "5")], "confirmed").await;
        let refused = refused.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["next_available_on"], json!(day(3).await));
        let waiting = placed(tenant, &customer, &[("MILK", "5")]).await;
        assert_eq!(figures(&waiting), ["0", "0", "5", "0"]);
        assert_eq!(waiting["lines"][0]["promised_on"], json!(day(3).await));
        // A lot that is too short for the waiting order is available to others, today and on later days.
        let steps =
            tenant.get("/v1/stock/availability?sku=MILK&steps=true").await.ok()["data"][0]["steps"].clone();
        let left: Vec<&Value> =
            steps.as_array().expect("steps").iter().map(|step| &step["available"]).collect();
        assert_eq!(left, [&json!("4"), &json!("5")]);
        let walk_in = tenant.customer("Hansa Foods").await;
        let refused = tenant.order(&walk_in, &[("MILK", "6")], "confirmed").await;
        let refused = refused.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity").get("next_available_on"), None);
        let refused = tenant.order(&walk_in, &[("MILK", "5")], "confirmed").await;
        let refused = refused.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["next_available_on"], json!(day(3).await));

        let slips = format!("/v1/stock/expected-receipts/{}/reschedule", id(&expected));
        tenant.post(&slips, &json!({ "expected_on": day(9).await })).await.ok();
        let broken = tenant.get("/v1/orders/broken-promises").await.ok();
        assert_eq!(broken["data"][0]["order_id"], waiting["id"]);
        assert_eq!(broken["data"][0]["due_on"], json!(day(9).await));
        assert_eq!(tenant.events("type=order.promise_broken").await.len(), 1);
        let renewed = tenant.step(id(&waiting), "promise").await.ok();
        assert_eq!(renewed["lines"][0]["promised_on"], json!(day(9).await));
        assert_eq!(tenant.get("/v1/orders/broken-promises").await.ok()["data"], json!([]));
    });
}

#[test]
fn an_order_that_may_wait_names_no_lots() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "L1", ("3", &day(20).await)).await;
        let customer = tenant.customer("Hansa Foods").await;
        for policy in ["backorder", "partial"] {
            let mut body = order(&customer, policy, &[("MILK", "2")]);
            body["lines"][0]["lots"] = json!([{ "code": "L1" }]);
            tenant.post(ORDERS, &body).await.refused(422, "validation_failed").names(&["#/lines/0/lots"]);
        }
        let waiting = placed(tenant, &customer, &[("MILK", "5")]).await;
        let levels = tenant.get("/v1/stock/levels?sku=MILK").await.ok();
        let codes: Vec<&Value> =
            levels["data"].as_array().expect("levels").iter().map(|level| &level["lot_code"]).collect();
        assert_eq!(codes, [&json!("L1")], "what waits is of no lot and no level of its own");
        // A recalled lot is allocated to no order.
        posted(tenant, "receipt", ("MILK", "1"), json!([{ "code": "BAD", "expires_on": day(20).await }]))
            .await
            .created();
        let bad = lot(tenant, "BAD").await;
        tenant.post(&format!("/v1/lots/{}/recall", id(&bad)), &json!({ "reason": "glass" })).await.ok();
        posted(tenant, "receipt", ("MILK", "3"), json!([{ "code": "BAD" }])).await.created();
        assert_eq!(figures(&shown(tenant, &waiting).await), ["4", "0", "1", "0"]);
    });
}
