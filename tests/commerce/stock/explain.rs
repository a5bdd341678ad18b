//! The explanation of a level: every change with its document and author, and its reservations.

use serde_json::{Value, json};
use tests::{Level, Product, Tenant, environment, with_tenant, with_tenants};

/// Returns the paths of the history and of the reservations of a product in the warehouse.
fn paths(tenant: &Tenant, product: &Product) -> (String, String) {
    let level = format!("/v1/stock/levels/{}/{}", tenant.main, product.id);
    (format!("{level}/explain"), format!("{level}/reservations"))
}

/// Makes a receipt, a sale, a late adjustment, a shipment with its return, and two orders with reservations.
async fn history(tenant: &Tenant) -> Product {
    let product = tenant.stocked("BOLT", "2.00", ("50", "1.25")).await;
    let till = tenant.till().await;
    tenant.sell(&till, &[("BOLT", "3")]).await.created();
    let late = json!({ "kind": "adjustment", "reason": "damage", "occurred_at": "2020-02-29T12:00:00Z",
        "lines": [{ "sku": "BOLT", "quantity": "-1" }] });
    tenant.post("/v1/stock/documents", &late).await.created();
    let customer = tenant.customer("Nordwind Supply").await;
    let order = tenant.order(&customer, &[("BOLT", "4")], "invoiced").await.created();
    let back = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"],
        "original_lines": [{ "line_no": 1, "quantity": "1" }] });
    tenant.post("/v1/returns", &back).await.created();
    let receipt =
        json!({ "kind": "receipt", "lines": [{ "sku": "BOLT", "quantity": "4", "unit_cost": "1.70" }] });
    tenant.post("/v1/stock/documents", &receipt).await.created();
    for quantity in ["5", "2"] {
        tenant.order(&customer, &[("BOLT", quantity)], "confirmed").await.created();
    }
    product
}

fn texts<'v>(rows: &'v Value, pointer: &str) -> Vec<&'v str> {
    let rows = rows.as_array().expect("rows");
    rows.iter().map(|row| row.pointer(pointer).and_then(Value::as_str).unwrap_or("-")).collect()
}

#[test]
fn a_level_is_explained_to_the_last_unit() {
    with_tenant(async |tenant| {
        let product = history(tenant).await;
        let (path, reservations) = paths(tenant, &product);
        let answer = tenant.get(&path).await.ok();
        let lines = &answer["data"];
        assert_eq!(texts(lines, "/quantity"), ["50", "-3", "-1", "-4", "1", "4"]);
        assert_eq!(texts(lines, "/balance/on_hand"), ["50", "47", "46", "42", "43", "47"]);
        assert_eq!(
            texts(lines, "/document_kind"),
            ["opening", "sale", "adjustment", "shipment", "credit_note", "receipt"]
        );
        for number in texts(lines, "/document_number") {
            assert!(number.ends_with("-000001"), "the first of its series: {number}");
        }
        assert_eq!(texts(lines, "/reason"), ["-", "-", "damage", "-", "-", "-"]);
        assert_eq!(
            lines[2]["occurred_at"], "2020-02-29T12:00:00Z",
            "a late document stands where it counted"
        );
        assert!(lines[2]["recorded_at"].as_str() > lines[1]["recorded_at"].as_str());
        let me = tenant.get("/v1/me").await.ok();
        for line in lines.as_array().expect("lines") {
            let by = &line["caused_by"];
            assert_eq!(by["actor_kind"], me["actor_kind"]);
            assert_eq!(by["actor_name"], me["actor_name"]);
            assert!(by["actor_id"].as_str().is_some_and(|id| id.starts_with("key_")), "{by}");
            let command = line["caused_by"]["command_id"].as_str().expect("a command");
            let command = tenant.get(&format!("/v1/commands/{command}")).await.ok();
            assert_eq!(command["name"], line["caused_by"]["command"]);
        }
        let level = tenant.level("BOLT").await;
        let plain = |text: &Value| text.as_str().expect("a number").trim_end_matches('0').to_owned();
        let closing = &answer["closing"];
        assert_eq!(
            Level::of(closing["on_hand"].as_str().expect("a number"), "7", &plain(&closing["value"])),
            level,
            "it closes with the level"
        );
        assert_eq!(closing, &lines[5]["balance"], "and with the last balance");
        assert_eq!(answer["opening"], json!({ "on_hand": "0", "value": "0.00" }));
        assert_eq!(answer["level"]["on_hand"], "47");
        let kept = &answer["reserved"];
        assert_eq!(kept["quantity"], "7");
        assert_eq!(kept["has_more"], false);
        assert_eq!(texts(&kept["data"], "/quantity"), ["5", "2"]);
        assert_eq!(texts(&kept["data"], "/caused_by/command"), ["order.created", "order.created"]);
        for row in kept["data"].as_array().expect("rows") {
            let order =
                tenant.get(&format!("/v1/orders/{}", row["document_id"].as_str().expect("an id"))).await.ok();
            assert_eq!(order["number"], row["document_number"]);
        }
        assert_eq!(tenant.get(&reservations).await.ok()["data"], kept["data"]);
    });
}

#[test]
fn balances_are_right_on_every_page() {
    with_tenant(async |tenant| {
        let product = history(tenant).await;
        let (path, reservations) = paths(tenant, &product);
        let whole = tenant.get(&path).await.ok();
        for limit in 1..=6 {
            let (mut lines, mut cursor, mut left) = (Vec::new(), String::new(), whole["opening"].clone());
            loop {
                let page = tenant.get(&format!("{path}?limit={limit}&cursor={cursor}")).await.ok();
                assert_eq!(page["opening"], left, "a page opens with what the one before left");
                assert_eq!(page["closing"], whole["closing"]);
                lines.extend(page["data"].as_array().expect("lines").iter().cloned());
                left = lines.last().expect("a line")["balance"].clone();
                match page["page"]["next_cursor"].as_str() {
                    Some(next) => next.clone_into(&mut cursor),
                    None => break,
                }
            }
            assert_eq!(json!(lines), whole["data"], "in pages of {limit}");
            assert_eq!(left, whole["closing"]);
        }
        let first = tenant.get(&format!("{reservations}?limit=1")).await.ok();
        let cursor = first["page"]["next_cursor"].as_str().expect("a cursor");
        let second = tenant.get(&format!("{reservations}?limit=1&cursor={cursor}")).await.ok();
        assert_eq!(texts(&second["data"], "/quantity"), ["2"]);
        assert_eq!(second["page"]["next_cursor"], Value::Null);
    });
}

#[test]
fn a_span_opens_and_closes_with_what_there_was() {
    with_tenant(async |tenant| {
        let product = history(tenant).await;
        let (path, _) = paths(tenant, &product);
        let whole = tenant.get(&path).await.ok();
        let at = |line: usize| whole["data"][line]["recorded_at"].as_str().expect("an instant").to_owned();
        let span = tenant.get(&format!("{path}?from={}&to={}", at(2), at(4))).await.ok();
        assert_eq!(texts(&span["data"], "/quantity"), ["-1", "-4"]);
        assert_eq!(span["opening"], whole["data"][1]["balance"]);
        assert_eq!(span["closing"], whole["data"][3]["balance"]);
        let none = tenant.get(&format!("{path}?to=2000-01-01T00:00:00Z")).await.ok();
        assert_eq!(none["data"], json!([]));
        assert_eq!(none["closing"]["on_hand"], "0");
        let after = tenant.get(&format!("{path}?from=2999-01-01T00:00:00Z")).await.ok();
        assert_eq!(after["data"], json!([]));
        assert_eq!(after["opening"], whole["closing"]);
        let backward = tenant.get(&format!("{path}?from={}&to={}", at(4), at(2))).await;
        backward.refused(422, "validation_failed");
        tenant.get(&format!("{path}?from=yesterday")).await.refused(400, "invalid_parameter");
    });
}

/// Returns what the lines used of layers: document kind, quantity, unit cost and value of each part.
fn drawn(lines: &Value) -> Vec<Vec<String>> {
    let part = |part: &Value| {
        let names = ["document_kind", "quantity", "unit_cost", "value"];
        names.map(|name| part[name].as_str().expect("a text")).join(" ")
    };
    let rows = lines.as_array().expect("lines").iter();
    rows.map(|row| row["layers"].as_array().map_or_else(Vec::new, |all| all.iter().map(part).collect()))
        .collect()
}

#[test]
fn goods_that_left_name_the_layers_they_were_taken_from() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "9.00").await;
        tenant.open_stock(&[("BOLT", "3", "1.00")]).await;
        let fifo = json!({ "costing_method": "fifo" });
        tenant.patch(&format!("/v1/products/{}", product.id), &fifo).await.ok();
        let receive = async |quantity: &str, cost: &str| {
            let line = json!({ "sku": "BOLT", "quantity": quantity, "unit_cost": cost });
            let body = json!({ "kind": "receipt", "lines": [line] });
            tenant.post("/v1/stock/documents", &body).await.created()
        };
        let receipt = receive("4", "2.00").await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let sold = tenant.sell(&till, &[("BOLT", "2"), ("BOLT", "3")]).await.created();
        tenant.order(&customer, &[("BOLT", "1")], "shipped").await.created();
        let back = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "original_lines": [{ "line_no": 2, "quantity": "3" }], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &back).await.created();
        // More than is on hand: the rest goes below zero.
        let mut forced = tests::sale(&till, &[("BOLT", "6")]);
        forced["forced"] = json!(true);
        forced["occurred_at"] = json!(environment().now().await);
        tenant.post("/v1/pos/sales", &forced).await.created();
        let (path, _) = paths(tenant, &product);
        let lines = tenant.get(&path).await.ok()["data"].clone();
        let expected: [&[&str]; 7] = [
            &[],
            &[],
            &["earlier_stock 2 1.00 2.00"],
            &["earlier_stock 1 1.00 1.00", "receipt 2 2.00 4.00"],
            &["receipt 1 2.00 2.00"],
            &[],
            &["earlier_stock 1 1.00 1.00", "receipt 3 2.00 6.00"],
        ];
        assert_eq!(drawn(&lines), expected);
        let part = &lines[4]["layers"][0];
        assert_eq!(part["document_id"], receipt["id"]);
        assert_eq!(part["document_number"], receipt["number"]);
        assert!(part["layer_id"].as_str().is_some_and(|id| id.starts_with("cly_")), "{part}");
        let earlier = &lines[2]["layers"][0];
        assert_eq!(earlier["document_id"], Value::Null);
        assert_eq!(earlier["line_no"], Value::Null);
        let below = &lines[6]["below_zero"];
        assert_eq!(below["quantity"], "2");
        assert_eq!(below["open_quantity"], "2");
        assert_eq!(below["settled_at"], Value::Null);
        receive("5", "2.50").await;
        let lines = tenant.get(&path).await.ok()["data"].clone();
        let below = &lines[6]["below_zero"];
        assert_eq!(below["open_quantity"], "0");
        assert_eq!(below["variance"], "1.00");
        assert_eq!(below["settled_at"], lines[7]["recorded_at"]);
        assert_eq!(lines[8]["kind"], "settlement", "{lines}");
        assert!(lines[0].get("layers").is_none() && lines[0].get("below_zero").is_none(), "{}", lines[0]);
    });
}

#[test]
fn what_never_was_has_no_explanation() {
    with_tenants(async |owner, stranger| {
        let product = history(owner).await;
        let (path, reservations) = paths(owner, &product);
        for path in [&path, &reservations] {
            stranger.get(path).await.refused(404, "not_found");
            owner
                .get(&format!("{path}?lot_id=lot_01h455vb4pex5vsknk084sn02q"))
                .await
                .refused(404, "not_found");
            owner.get(&path.replace("prd_", "loc_")).await.refused(400, "invalid_id");
            let elsewhere = path.replace(&owner.main, &owner.shop);
            owner.get(&elsewhere).await.ok();
            let nowhere = path.replace(&owner.main, "loc_01h455vb4pex5vsknk084sn02q");
            owner.get(&nowhere).await.refused(404, "not_found");
        }
        let narrow = owner.with_key(&crate::platform::auth::key(owner, &["stock:read"]).await);
        narrow.get(&path).await.refused(403, "insufficient_scope");
        narrow.get(&reservations).await.ok();
    });
}
