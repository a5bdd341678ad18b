//! Orders for more than is available: rejected, filled in part, or waiting.

use futures_util::future::join_all;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, lines, sale, with_tenant};

const ORDERS: &str = "/v1/orders";

fn id(document: &Value) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

/// Returns an order with its policy.
fn order(customer: &str, policy: &str, wanted: &[(&str, &str)]) -> Value {
    json!({ "customer_id": customer, "policy": policy, "advance_to": "confirmed", "lines": lines(wanted) })
}

/// Returns reserved, shipped, backordered and cancelled of each line.
fn lots(order: &Value) -> Vec<[&str; 4]> {
    let text = |line: &'_ Value, name: &str| line[name].as_str().expect("a quantity").to_owned();
    let lines = order["lines"].as_array().expect("lines");
    let of = |line: &Value| {
        ["reserved", "shipped", "backordered", "cancelled"].map(|name| &*text(line, name).leak())
    };
    lines.iter().map(of).collect()
}

async fn shown(tenant: &Tenant, order: &Value) -> Value {
    tenant.get(&format!("{ORDERS}/{}", id(order))).await.ok()
}

async fn receive(tenant: &Tenant, sku: &str, quantity: &str) -> Value {
    let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": "1" });
    tenant.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": [line] })).await.created()
}

/// Returns net and tax of what the customer ordered and has not got yet.
async fn exposure(tenant: &Tenant) -> String {
    let query = sqlx::query_scalar(
        "select sum(ordered)::numeric(18, 2)::text from customer_account where tenant_id = $1",
    );
    query.bind(tenant.id.0).fetch_one(&tests::environment().root).await.expect("the account is read")
}

#[test]
fn an_order_waits_for_what_is_short_and_gets_it_when_it_comes() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("6", "1.00")).await;
        tenant.product("NUT", "1.00").await;
        let (customer, till) = (tenant.customer("Nordwind Supply").await, tenant.till().await);
        let wanted = [("BOLT", "4"), ("NUT", "3"), ("BOLT", "5")];
        let order = tenant.post(ORDERS, &order(&customer, "backorder", &wanted)).await.created();
        assert_eq!(order["status"], "confirmed");
        assert_eq!(order["policy"], "backorder");
        assert_eq!(lots(&order), [["4", "0", "0", "0"], ["0", "0", "3", "0"], ["2", "0", "3", "0"]]);
        assert_eq!(tenant.level("BOLT").await, Level::of("6", "6", "6"));

        let partly = tenant.step(&id(&order), "ship").await.ok();
        assert_eq!(partly["status"], "partially_shipped");
        assert_eq!(lots(&partly), [["0", "4", "0", "0"], ["0", "0", "3", "0"], ["0", "2", "3", "0"]]);
        tenant.step(&id(&order), "ship").await.refused(409, "invalid_state_transition");
        let more = json!({ "lines": [{ "line_no": 2, "quantity": "1" }] });
        let path = format!("{ORDERS}/{}/ship", id(&order));
        tenant.post(&path, &more).await.refused(422, "validation_failed").names(&["#/lines/0/quantity"]);

        // A receipt is allocated to the order first.
        receive(tenant, "BOLT", "2").await;
        tenant.sell(&till, &[("BOLT", "1")]).await.refused(409, "insufficient_stock");
        let after = shown(tenant, &order).await;
        assert_eq!(lots(&after)[2], ["2", "2", "1", "0"]);
        assert!(after["version"].as_i64() > partly["version"].as_i64(), "the order has changed");
        receive(tenant, "BOLT", "10").await;
        receive(tenant, "NUT", "3").await;
        assert_eq!(tenant.level("BOLT").await, Level::of("12", "3", "12"));
        let shipped = tenant.step(&id(&order), "ship").await.ok();
        assert_eq!(shipped["status"], "shipped");
        assert_eq!(lots(&shipped), [["0", "4", "0", "0"], ["0", "3", "0", "0"], ["0", "5", "0", "0"]]);
        let events = tenant.events(&format!("type=order.allocated&document_id={}", id(&order))).await;
        assert_eq!(events.len(), 3, "one for each receipt");
        let trail = tenant.get(&format!("/v1/commands?document_id={}", id(&order))).await.ok();
        let commands = trail["data"].as_array().expect("commands");
        for event in &events {
            let found = commands.iter().filter(|command| command["id"] == event["command_id"]).count();
            assert_eq!(found, 1, "the command of {event} is in the trail of the order, once");
        }
        assert_eq!(tenant.step(&id(&order), "invoice").await.ok()["status"], "invoiced");
    });
}

#[test]
fn whatever_frees_goods_serves_who_waits() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let (customer, till) = (tenant.customer("Nordwind Supply").await, tenant.till().await);
        let first = tenant.order(&customer, &[("BOLT", "4")], "confirmed").await.created();
        let sold = tenant.sell(&till, &[("BOLT", "2")]).await.created();
        let invoiced = tenant.order(&customer, &[("BOLT", "2")], "invoiced").await.created();
        let hold = json!({ "kind": "quarantine", "lines": lines(&[("BOLT", "2")]) });
        let hold = tenant.post("/v1/stock/holds", &hold).await.created();
        let to_shop = json!({ "from_location_id": tenant.main, "to_location_id": tenant.shop,
            "lines": lines(&[("BOLT", "1")]) });
        tenant.open_stock(&[("BOLT", "1", "1")]).await;
        let transfer = tenant.post("/v1/stock/transfers", &to_shop).await.created();
        let mut at_shop = order(&customer, "backorder", &[("BOLT", "2")]);
        at_shop["location_id"] = json!(tenant.shop);
        let at_shop = tenant.post(ORDERS, &at_shop).await.created();
        let waiting = tenant.post(ORDERS, &order(&customer, "backorder", &[("BOLT", "20")])).await.created();
        let reserved = async || lots(&shown(tenant, &waiting).await)[0][0].to_owned();
        assert_eq!(reserved().await, "0");
        tenant.step(&id(&first), "cancel").await.ok();
        assert_eq!(reserved().await, "4");
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        assert_eq!(reserved().await, "6");
        let back = json!({ "customer_id": customer, "original_id": invoiced["invoices"][0]["id"] });
        tenant.post("/v1/returns", &back).await.created();
        assert_eq!(reserved().await, "8");
        tenant.post(&format!("/v1/stock/holds/{}/release", id(&hold)), &json!({})).await.ok();
        assert_eq!(reserved().await, "10");
        let found = json!({ "kind": "adjustment", "reason": "found", "lines": lines(&[("BOLT", "1")]) });
        tenant.post("/v1/stock/documents", &found).await.created();
        assert_eq!(reserved().await, "11");
        let path = format!("/v1/stock/transfers/{}/receive", id(&transfer));
        tenant.post(&path, &json!({})).await.ok();
        assert_eq!(lots(&shown(tenant, &at_shop).await), [["1", "0", "1", "0"]]);
        assert_eq!(tenant.level("BOLT").await.reserved, "11");
    });
}

#[test]
fn the_higher_priority_is_served_first_and_then_who_waited_longer() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.50").await;
        let customer = tenant.customer("Nordwind Supply").await;
        let place = async |priority: i64| {
            let mut body = order(&customer, "backorder", &[("BOLT", "5")]);
            body["priority"] = json!(priority);
            tenant.post(ORDERS, &body).await.created()
        };
        let orders = [place(0).await, place(5).await, place(0).await, place(9).await];
        let reserved = async || {
            let mut reserved = Vec::new();
            for order in &orders {
                reserved.push(lots(&shown(tenant, order).await)[0][0].to_owned());
            }
            reserved
        };
        receive(tenant, "BOLT", "7").await;
        assert_eq!(reserved().await, ["0", "2", "0", "5"]);
        receive(tenant, "BOLT", "5").await;
        assert_eq!(reserved().await, ["2", "5", "0", "5"]);
        receive(tenant, "BOLT", "9").await;
        assert_eq!(reserved().await, ["5", "5", "5", "5"]);
        assert_eq!(tenant.level("BOLT").await, Level::of("21", "20", "21"));
        let mut bad = order(&customer, "backorder", &[("BOLT", "5")]);
        for priority in [-1, 10] {
            bad["priority"] = json!(priority);
            tenant.post(ORDERS, &bad).await.refused(422, "validation_failed").names(&["#/priority"]);
        }
    });
}

#[test]
fn a_partial_order_takes_what_there_is_and_gives_up_the_rest() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("6", "1.00")).await;
        tenant.stocked("NUT", "1.00", ("1", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let wanted = [("BOLT", "8"), ("NUT", "1")];
        let placed = tenant.post(ORDERS, &order(&customer, "partial", &wanted)).await.created();
        assert_eq!(lots(&placed), [["6", "0", "0", "2"], ["1", "0", "0", "0"]]);
        assert_eq!(exposure(tenant).await, "19.20", "16.00 net and its tax: what will come");
        // If nothing is available, it is rejected as any other order.
        let refused = tenant.post(ORDERS, &order(&customer, "partial", &wanted)).await;
        let problem = refused.refused(409, "insufficient_stock");
        assert_eq!(problem.pointers().len(), 2);
        receive(tenant, "BOLT", "5").await;
        assert_eq!(tenant.level("BOLT").await.reserved, "6", "what is given up does not come back");
        let shipped = tenant.step(&id(&placed), "ship").await.ok();
        assert_eq!(shipped["status"], "shipped");
        let invoiced = tenant.step(&id(&placed), "invoice").await.ok();
        assert_eq!(invoiced["status"], "invoiced");
        assert_eq!(invoiced["invoices"][0]["net"], "16.00");
        assert_eq!(exposure(tenant).await, "0.00");
    });
}

#[test]
fn a_partial_order_is_not_confirmed_for_its_postage_alone() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.50").await;
        tenant.product_with("POSTAGE", json!({ "kind": "service", "list_price": "3.33" })).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let wanted = order(&customer, "partial", &[("BOLT", "4"), ("POSTAGE", "1")]);
        let refused = tenant.post(ORDERS, &wanted).await.refused(409, "insufficient_stock");
        refused.names(&["#/lines/0/quantity"]);
        receive(tenant, "BOLT", "1").await;
        let confirmed = tenant.post(ORDERS, &wanted).await.created();
        assert_eq!(lots(&confirmed), [["1", "0", "0", "3"], ["0", "0", "0", "0"]]);
        // An order that has no goods gets its services.
        let services = order(&customer, "partial", &[("POSTAGE", "2")]);
        assert_eq!(tenant.post(ORDERS, &services).await.created()["status"], "confirmed");
    });
}

#[test]
fn a_bundle_is_taken_in_part_never() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "3.00", ("5", "1.00")).await;
        tenant.stocked("LID", "1.00", ("1", "1.00")).await;
        let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "3.50" })).await;
        let parts =
            json!({ "components": [{ "sku": "MUG", "quantity": "1" }, { "sku": "LID", "quantity": "1" }] });
        tenant.put(&format!("/v1/products/{}/components", set.id), &parts).await.ok();
        let customer = tenant.customer("Nordwind Supply").await;
        let wanted = [("SET", "2"), ("MUG", "5")];
        let placed = tenant.post(ORDERS, &order(&customer, "partial", &wanted)).await.created();
        let given_up = [["0", "0", "0", "2"], ["0", "0", "0", "2"], ["5", "0", "0", "0"]];
        assert_eq!(lots(&placed), given_up, "the mugs of a set without lids are there for others");
        tenant.step(&id(&placed), "cancel").await.ok();

        // A draft is read again before it is confirmed, and so is an order on credit hold. Two sets are two bundles.
        let twice = [("SET", "1"), ("SET", "1"), ("MUG", "3")];
        let draft = json!({ "customer_id": customer, "policy": "partial", "lines": lines(&twice) });
        let draft = tenant.post(ORDERS, &draft).await.created();
        let confirmed = tenant.step(&id(&draft), "confirm").await.ok();
        let (taken, none) = (["1", "0", "0", "0"], ["0", "0", "0", "1"]);
        assert_eq!(lots(&confirmed), [taken, taken, none, none, ["3", "0", "0", "0"]]);
        tenant.step(&id(&draft), "cancel").await.ok();
        let limited = tenant.customer_with("Hansa Foods", json!({ "credit_limit": "0" })).await;
        let held = tenant.post(ORDERS, &order(&limited, "partial", &wanted)).await.created();
        assert_eq!(held["status"], "on_hold");
        assert_eq!(lots(&tenant.step(&id(&held), "release").await.ok()), given_up);
        let waits = tenant.post(ORDERS, &order(&customer, "backorder", &[("SET", "2")])).await.created();
        assert_eq!(lots(&waits), [["0", "0", "2", "0"], ["1", "0", "1", "0"]]);
    });
}

#[test]
fn the_rest_of_an_order_can_be_given_up() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("6", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let placed = tenant.post(ORDERS, &order(&customer, "backorder", &[("BOLT", "10")])).await.created();
        tenant.step(&id(&placed), "close").await.refused(409, "invalid_state_transition");
        let path = format!("{ORDERS}/{}/ship", id(&placed));
        tenant.post(&path, &json!({ "lines": [{ "line_no": 1, "quantity": "2" }] })).await.ok();
        tenant.step(&id(&placed), "cancel").await.refused(409, "invalid_state_transition");
        let next = tenant.post(ORDERS, &order(&customer, "backorder", &[("BOLT", "3")])).await.created();
        let closed = tenant.step(&id(&placed), "close").await.ok();
        assert_eq!(closed["status"], "shipped");
        assert_eq!(lots(&closed), vec![["0", "2", "0", "8"]]);
        assert_eq!(
            lots(&shown(tenant, &next).await),
            [["3", "0", "0", "0"]],
            "what is free is for who waits"
        );
        assert_eq!(tenant.level("BOLT").await, Level::of("4", "3", "4"));
        tenant.step(&id(&placed), "close").await.refused(409, "invalid_state_transition");
        let invoiced = tenant.step(&id(&placed), "invoice").await.ok();
        assert_eq!(invoiced["status"], "invoiced");
        assert_eq!(invoiced["invoices"][0]["net"], "5.00");

        // Everything shipped is invoiced already: there is nothing more to do.
        receive(tenant, "BOLT", "1").await;
        let done = tenant.order(&customer, &[("BOLT", "2")], "confirmed").await.created();
        let path = format!("{ORDERS}/{}/ship", id(&done));
        tenant.post(&path, &json!({ "lines": [{ "line_no": 1, "quantity": "1" }] })).await.ok();
        tenant.step(&id(&done), "invoice").await.ok();
        assert_eq!(tenant.step(&id(&done), "close").await.ok()["status"], "invoiced");
        assert_eq!(exposure(tenant).await, "9.00", "the three that were allocated");
    });
}

#[test]
fn an_order_that_waits_can_be_cancelled_and_one_on_hold_takes_what_there_is_when_it_is_released() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("6", "1.00")).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "credit_limit": "28.00" })).await;
        let placed = tenant.post(ORDERS, &order(&customer, "backorder", &[("BOLT", "10")])).await.created();
        assert_eq!(placed["status"], "on_hold");
        assert_eq!(lots(&placed), vec![["0", "0", "0", "0"]]);
        // The cancelled part of an order does not count against the limit.
        let partial = tenant.post(ORDERS, &order(&customer, "partial", &[("BOLT", "10")])).await.created();
        assert_eq!(partial["status"], "confirmed");
        assert_eq!(lots(&partial), vec![["6", "0", "0", "4"]]);
        tenant.step(&id(&partial), "cancel").await.ok();
        let released = tenant.step(&id(&placed), "release").await.ok();
        assert_eq!(lots(&released), [["6", "0", "4", "0"]]);
        assert_eq!(exposure(tenant).await, "30.00");
        let cancelled = tenant.step(&id(&placed), "cancel").await.ok();
        assert_eq!(cancelled["status"], "cancelled");
        assert_eq!(lots(&cancelled), vec![["0", "0", "0", "0"]]);
        assert_eq!(exposure(tenant).await, "0.00");
        receive(tenant, "BOLT", "1").await;
        assert_eq!(tenant.level("BOLT").await, Level::of("7", "0", "7"));
        let draft =
            json!({ "customer_id": customer, "policy": "backorder", "lines": lines(&[("BOLT", "8")]) });
        let draft = tenant.post(ORDERS, &draft).await.created();
        assert_eq!(lots(&tenant.step(&id(&draft), "confirm").await.ok()), [["7", "0", "1", "0"]]);
    });
}

#[test]
fn an_order_that_waits_for_everything_goes_as_far_as_it_can() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.50").await;
        let customer = tenant.customer("Nordwind Supply").await;
        let mut body = order(&customer, "backorder", &[("BOLT", "2")]);
        body["advance_to"] = json!("invoiced");
        let placed = tenant.post(ORDERS, &body).await.created();
        assert_eq!(placed["status"], "confirmed");
        assert_eq!(lots(&placed), vec![["0", "0", "2", "0"]]);
        assert_eq!(placed["shipments"].clone(), json!([]));
        assert_eq!(placed["invoices"].clone(), json!([]));
        receive(tenant, "BOLT", "1").await;
        let placed = tenant.post(ORDERS, &body).await.created();
        assert_eq!(lots(&placed), [["0", "0", "2", "0"]], "what came is the first order's");
        receive(tenant, "BOLT", "1").await;
        receive(tenant, "BOLT", "1").await;
        body["lines"] = lines(&[("BOLT", "1")]);
        let all = tenant.get("/v1/stock/levels?sku=BOLT").await.ok();
        assert_eq!(all["data"][0]["available"], "0");
        assert_eq!(lots(&shown(tenant, &placed).await), [["1", "0", "1", "0"]]);
    });
}

#[test]
fn postage_is_not_shipped_while_all_goods_wait() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.50").await;
        tenant.product_with("POSTAGE", json!({ "kind": "service", "list_price": "3.33" })).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let mut wanted = order(&customer, "backorder", &[("BOLT", "4"), ("POSTAGE", "1")]);
        wanted["advance_to"] = json!("invoiced");
        let placed = tenant.post(ORDERS, &wanted).await.created();
        assert_eq!((&placed["status"], &placed["invoices"]), (&json!("confirmed"), &json!([])));
        tenant.step(&id(&placed), "ship").await.refused(409, "invalid_state_transition");
        receive(tenant, "BOLT", "1").await;
        let partly = tenant.step(&id(&placed), "ship").await.ok();
        assert_eq!(lots(&partly), [["0", "1", "3", "0"], ["0", "1", "0", "0"]]);
        // A line that is named is shipped alone: a service may be done before the goods come.
        let other = order(&customer, "backorder", &[("BOLT", "4"), ("POSTAGE", "1")]);
        let other = tenant.post(ORDERS, &other).await.created();
        let named = json!({ "lines": [{ "line_no": 2 }] });
        let path = format!("{ORDERS}/{}/ship", id(&other));
        assert_eq!(tenant.post(&path, &named).await.ok()["status"], "partially_shipped");
    });
}

#[test]
fn what_became_free_by_itself_is_allocated_on_request() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("6", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let ends = environment().now().await + chrono::Duration::hours(1);
        let hold = json!({ "expires_at": ends.to_rfc3339(), "lines": lines(&[("BOLT", "6")]) });
        tenant.post("/v1/stock/holds", &hold).await.created();
        let first = tenant.post(ORDERS, &order(&customer, "backorder", &[("BOLT", "4")])).await.created();
        let second = tenant.post(ORDERS, &order(&customer, "backorder", &[("BOLT", "4")])).await.created();
        let early = tenant.step(&id(&second), "allocate").await.ok();
        assert_eq!(lots(&early), [["0", "0", "4", "0"]]);
        tenant.age_holds(chrono::Duration::hours(1)).await;
        let served = tenant.step(&id(&second), "allocate").await.ok();
        assert_eq!(lots(&served), [["2", "0", "2", "0"]]);
        assert_eq!(
            lots(&shown(tenant, &first).await),
            [["4", "0", "0", "0"]],
            "who stood before it comes first"
        );
        tenant.step(&id(&first), "allocate").await.refused(409, "invalid_state_transition");
        let draft = tenant.order(&customer, &[("BOLT", "1")], "draft").await.created();
        tenant.step(&id(&draft), "allocate").await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn an_order_ships_what_a_hold_that_ended_left_to_it() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let ends = environment().now().await + chrono::Duration::hours(1);
        let hold = json!({ "expires_at": ends.to_rfc3339(), "lines": lines(&[("BOLT", "4")]) });
        tenant.post("/v1/stock/holds", &hold).await.created();
        let placed = tenant.post(ORDERS, &order(&customer, "backorder", &[("BOLT", "10")])).await.created();
        assert_eq!(lots(&placed), [["6", "0", "4", "0"]]);
        tenant.age_holds(chrono::Duration::hours(1)).await;
        let shipped = tenant.step(&id(&placed), "ship").await.ok();
        assert_eq!(lots(&shipped), vec![["0", "10", "0", "0"]]);
        assert_eq!(lots(&shown(tenant, &placed).await), lots(&shipped));
        assert_eq!(tenant.level("BOLT").await, Level::of("0", "0", "0"));
    });
}

#[test]
fn two_orders_for_the_last_units_never_reserve_more_than_there_is() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("25", "1.00")).await;
        let till = tenant.till().await;
        let mut customers = Vec::new();
        for number in 0..6 {
            customers.push(tenant.customer(&format!("Nordwind Supply {number}")).await);
        }
        let other = tenant.at(&tests::environment().other_node().await.base_url);
        let place = async |number: usize| {
            let client = if number.is_multiple_of(2) { &**tenant } else { &other };
            let body = order(&customers[number % 6], "backorder", &[("BOLT", "4")]);
            match number % 3 {
                0 => drop(client.post("/v1/pos/sales", &sale(&till, &[("BOLT", "1")])).await),
                _ => drop(client.post(ORDERS, &body).await.created()),
            }
        };
        join_all((0..24).map(place)).await;
        let level = tenant.level("BOLT").await;
        assert_eq!(level.on_hand, level.reserved, "everything that was not sold is promised");
        let orders = tenant.get(&format!("{ORDERS}?limit=100")).await.ok();
        let orders = orders["data"].as_array().expect("orders").clone();
        assert_eq!(orders.len(), 16);
    });
}

#[test]
fn receipts_serve_while_orders_are_cancelled_closed_and_shipped() {
    with_tenant(async |tenant| {
        for sku in ["BOLT", "NUT"] {
            tenant.stocked(sku, "2.50", ("3", "1.00")).await;
        }
        let customer = tenant.customer("Nordwind Supply").await;
        let other = tenant.at(&tests::environment().other_node().await.base_url);
        let mut orders = Vec::new();
        for _ in 0..20 {
            let wanted = [("BOLT", "2"), ("NUT", "2")];
            orders.push(id(&tenant.post(ORDERS, &order(&customer, "backorder", &wanted)).await.created()));
        }
        let deadlocks = environment().deadlocks().await;
        let receipts = join_all((0..20).map(async |number: usize| {
            let client = if number.is_multiple_of(2) { &**tenant } else { &other };
            let sku = ["BOLT", "NUT"][number % 2];
            let line = json!({ "sku": sku, "quantity": "1", "unit_cost": "1" });
            client
                .post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": [line] }))
                .await
                .created();
        }));
        let steps = join_all(orders.iter().enumerate().map(async |(number, id)| {
            let client = if number % 2 == 1 { &**tenant } else { &other };
            for verb in ["ship", ["cancel", "close", "allocate"][number % 3], "ship"] {
                let reply = client.post(&format!("{ORDERS}/{id}/{verb}"), &json!({})).await;
                assert!(matches!(reply.status, 200 | 409), "{verb}: {}", reply.text);
            }
        }));
        futures_util::future::join(receipts, steps).await;
        assert_eq!(environment().deadlocks().await, deadlocks);
        tenant.check_books().await;
    });
}
