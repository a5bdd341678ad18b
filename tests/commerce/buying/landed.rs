//! Landed costs: how charges are spread, what of them stock gets, and how they are taken back.

mod beside;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::{Level, Reply, Tenant, lines, with_tenant};

use super::{order, step, supplier};

const LANDED: &str = "/v1/landed-costs";
const DOCUMENTS: &str = "/v1/stock/documents";
const METHODS: [&str; 2] = ["moving_average", "fifo"];

/// Makes a product with a costing method, whose SKU is the method in capitals.
async fn product(tenant: &Tenant, method: &str) -> String {
    let sku = method.to_uppercase();
    tenant.product_with(&sku, json!({ "list_price": "9.00", "costing_method": method })).await;
    sku
}

/// Receives goods on a day. Returns the id of the receipt.
async fn receive(tenant: &Tenant, day: &str, goods: &[(&str, &str, &str)]) -> String {
    let line = |(sku, quantity, unit_cost): &(&str, &str, &str)| json!({ "sku": sku, "quantity": quantity, "unit_cost": unit_cost });
    let lines: Vec<Value> = goods.iter().map(line).collect();
    let at = format!("2026-01-{day}T09:00:00Z");
    tenant.make(DOCUMENTS, json!({ "kind": "receipt", "occurred_at": at, "lines": lines })).await
}

/// Writes off or finds stock on a day.
async fn adjust(tenant: &Tenant, day: &str, sku: &str, quantity: &str) {
    let at = format!("2026-01-{day}T09:00:00Z");
    let body = json!({ "kind": "adjustment", "reason": "correction", "occurred_at": at,
        "lines": [{ "sku": sku, "quantity": quantity }] });
    tenant.post(DOCUMENTS, &body).await.created();
}

fn freight(amount: &str, spread_by: &str, receipts: &[&str]) -> Value {
    let receipts: Vec<Value> = receipts.iter().map(|id| json!({ "stock_document_id": id })).collect();
    json!({ "charges": [{ "kind": "freight", "amount": amount }], "spread_by": spread_by, "receipts": receipts })
}

async fn reverse(tenant: &Tenant, landed: &Value) -> Reply {
    let path = format!("{LANDED}/{}/reverse", text(&landed["id"]));
    tenant.post(&path, &json!({ "reason": "Billed twice" })).await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// Returns one member of every line.
fn of_lines<'v>(landed: &'v Value, member: &str) -> Vec<&'v str> {
    landed["lines"].as_array().expect("lines").iter().map(|line| text(&line[member])).collect()
}

fn accounts(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(account, amount)| ((*account).to_owned(), (*amount).to_owned())).collect()
}

/// Returns the value of a product in the shop.
async fn in_shop(tenant: &Tenant, sku: &str) -> Value {
    let page = tenant.get(&format!("/v1/stock/levels?sku={sku}&location_id={}", tenant.shop)).await.ok();
    page["data"][0]["value"].clone()
}

/// Sends units to the shop, where they arrive.
async fn send_to_shop(tenant: &Tenant, sku: &str, quantity: &str) {
    let body = json!({ "to_location_id": tenant.shop, "lines": lines(&[(sku, quantity)]) });
    let transfer = tenant.make("/v1/stock/transfers", body).await;
    tenant.post(&format!("/v1/stock/transfers/{transfer}/receive"), &json!({})).await.ok();
}

#[test]
fn the_share_of_what_is_held_raises_the_stock_and_the_rest_is_cost_variance() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        for method in METHODS {
            let sku = product(tenant, method).await;
            let first = receive(tenant, "05", &[(&sku, "10", "1.00")]).await;
            let second = receive(tenant, "06", &[(&sku, "10", "2.00")]).await;
            tenant.sell(&till, &[(&sku, "12")]).await.created();
            // The first 10 units are sold, and 2 of the others. The order of the receipts changes nothing.
            let mut body = freight("15.00", "value", &[&second, &first]);
            let duty = json!({ "kind": "duty", "amount": "0.01", "account": "6100" });
            body["charges"].as_array_mut().expect("charges").push(duty);
            let landed = tenant.post(LANDED, &body).await.created();
            assert!(text(&landed["number"]).starts_with("LC-"), "{landed}");
            assert_eq!((&landed["value"], &landed["version"]), (&json!("15.01"), &json!(1)));
            assert_eq!(of_lines(&landed, "stock_document_id"), [first.as_str(), second.as_str()]);
            assert_eq!(of_lines(&landed, "basis"), ["10", "20"]);
            assert_eq!(of_lines(&landed, "value"), ["5.00", "10.01"], "they add up to the cent");
            assert_eq!(of_lines(&landed, "held"), ["0", "8"], "{method}");
            assert_eq!(of_lines(&landed, "held_value"), ["0.00", "8.01"]);
            assert_eq!(of_lines(&landed, "gone_value"), ["5.00", "2.00"]);
            let id = text(&landed["id"]);
            let entry =
                accounts(&[("1200", "8.01"), ("2110", "-15.00"), ("5200", "7.00"), ("6100", "-0.01")]);
            assert_eq!(tenant.entry(id).await, entry);
            assert_eq!(tenant.get(&format!("{LANDED}/{id}")).await.ok(), landed);
            let value = if method == "fifo" { "24.01" } else { "20.01" };
            assert_eq!(tenant.level(&sku).await, Level::of("8", "0", value), "{method}");
            let explained = tenant.get(&format!("/v1/stock/movements?document_id={id}")).await.ok();
            let moved = &explained["data"][0];
            assert_eq!(
                (&moved["kind"], &moved["quantity"], &moved["value"]),
                (&json!("revaluation"), &json!("0"), &json!("8.01"))
            );
            // All units leave with the cost that they have now.
            tenant.sell(&till, &[(&sku, "8")]).await.created();
            assert_eq!(tenant.level(&sku).await, Level::of("0", "0", "0"));
        }
        assert_eq!(tenant.balance("1200").await, "0.00");
    });
}

#[test]
fn freight_that_is_billed_after_all_was_sold_goes_to_cost_variance() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        for method in METHODS {
            let sku = product(tenant, method).await;
            let receipt = receive(tenant, "05", &[(&sku, "10", "1.00")]).await;
            tenant.sell(&till, &[(&sku, "10")]).await.created();
            let landed = tenant.post(LANDED, &freight("7.77", "quantity", &[&receipt])).await.created();
            assert_eq!(of_lines(&landed, "gone_value"), ["7.77"]);
            let entry = accounts(&[("2110", "-7.77"), ("5200", "7.77")]);
            assert_eq!(tenant.entry(text(&landed["id"])).await, entry);
            // Goods that came later have no part in it.
            let more = json!({ "kind": "receipt", "lines": [{ "sku": sku, "quantity": "50", "unit_cost": "1.00" }] });
            tenant.post(DOCUMENTS, &more).await.created();
            let late = tenant.post(LANDED, &freight("1.00", "value", &[&receipt])).await.created();
            assert_eq!((of_lines(&late, "held"), of_lines(&late, "gone_value")), (vec!["0"], vec!["1.00"]));
            assert_eq!(tenant.level(&sku).await, Level::of("50", "0", "50"), "{method}");
        }
    });
}

#[test]
fn units_that_went_to_another_location_are_held_if_their_layers_name_the_receipt() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        for (method, main, shop, gone) in
            [("moving_average", "8", "4.00", "6.00"), ("fifo", "8", "8.00", "2.00")]
        {
            let sku = product(tenant, method).await;
            let receipt = receive(tenant, "05", &[(&sku, "10", "1.00")]).await;
            send_to_shop(tenant, &sku, "4").await;
            tenant.sell(&till, &[(&sku, "2")]).await.created();
            let landed = tenant.post(LANDED, &freight("10.00", "quantity", &[&receipt])).await.created();
            assert_eq!(of_lines(&landed, "gone_value"), [gone], "{method}");
            assert_eq!(tenant.level(&sku).await, Level::of("4", "0", main), "{method}");
            assert_eq!(in_shop(tenant, &sku).await, shop, "{method}");
            // Units on their way are gone.
            let body = json!({ "to_location_id": tenant.shop, "lines": lines(&[(&sku, "4")]) });
            tenant.make("/v1/stock/transfers", body).await;
            let landed = tenant.post(LANDED, &freight("10.00", "quantity", &[&receipt])).await.created();
            let gone = if method == "fifo" { "6.00" } else { "10.00" };
            assert_eq!(of_lines(&landed, "gone_value"), [gone], "{method}");
        }
    });
}

#[test]
fn charges_are_spread_by_weight_and_volume_and_over_lots() {
    with_tenant(async |tenant| {
        for sku in ["BOLT", "NUT"] {
            tenant.product(sku, "9.00").await;
        }
        let receipt = receive(tenant, "05", &[("BOLT", "100", "1.00"), ("NUT", "50", "4.00")]).await;
        for measure in ["weight", "volume"] {
            let mut body = freight("20.00", measure, &[]);
            body["receipts"] = json!([
                { "stock_document_id": receipt, "line_no": 2, measure: "2.5" },
                { "stock_document_id": receipt, "line_no": 1, measure: "7.5" },
            ]);
            let landed = tenant.post(LANDED, &body).await.created();
            assert_eq!(
                (of_lines(&landed, "sku"), of_lines(&landed, "basis")),
                (vec!["BOLT", "NUT"], vec!["7.5", "2.5"])
            );
            assert_eq!(of_lines(&landed, "value"), ["15.00", "5.00"]);
        }
        assert_eq!(tenant.level("BOLT").await, Level::of("100", "0", "130"));
        assert_eq!(tenant.level("NUT").await, Level::of("50", "0", "210"));

        tenant.tracked("MILK", "lot").await;
        let lots = json!([{ "code": "A", "quantity": "4" }, { "code": "B", "quantity": "6" }]);
        let line = json!({ "sku": "MILK", "quantity": "10", "unit_cost": "2.00", "lots": lots });
        let receipt = tenant.make(DOCUMENTS, json!({ "kind": "receipt", "lines": [line] })).await;
        let gone = json!({ "sku": "MILK", "quantity": "-6", "lots": [{ "code": "B", "quantity": "6" }] });
        let gone = json!({ "kind": "adjustment", "reason": "damage", "lines": [gone] });
        tenant.post(DOCUMENTS, &gone).await.created();
        let landed = tenant.post(LANDED, &freight("5.00", "quantity", &[&receipt])).await.created();
        assert_eq!(of_lines(&landed, "held_value"), ["2.00", "0.00"], "a lot has its own share");
        assert_eq!(of_lines(&landed, "gone_value"), ["0.00", "3.00"]);
        assert_eq!(tenant.level("MILK").await, Level::of("4", "0", "10"));
    });
}

#[test]
fn a_reversal_takes_back_what_was_added_as_far_as_it_is_held() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        for method in METHODS {
            let sku = product(tenant, method).await;
            let receipt = receive(tenant, "05", &[(&sku, "10", "1.00")]).await;
            tenant.sell(&till, &[(&sku, "4")]).await.created();
            let landed = tenant.post(LANDED, &freight("10.00", "quantity", &[&receipt])).await.created();
            assert_eq!(tenant.level(&sku).await, Level::of("6", "0", "12"));
            // 2 of the 6 units that got a share are left.
            tenant.sell(&till, &[(&sku, "4")]).await.created();
            let back = reverse(tenant, &landed).await.created();
            assert_eq!((&back["value"], &back["original_id"]), (&json!("-10.00"), &landed["id"]));
            assert_eq!(
                (&back["charges"][0]["amount"], &back["reason"]),
                (&json!("-10.00"), &json!("Billed twice"))
            );
            assert_eq!((of_lines(&back, "held"), of_lines(&back, "held_value")), (vec!["2"], vec!["-2.00"]));
            let entry = accounts(&[("1200", "-2.00"), ("2110", "10.00"), ("5200", "-8.00")]);
            assert_eq!(tenant.entry(text(&back["id"])).await, entry, "{method}");
            assert_eq!(tenant.level(&sku).await, Level::of("2", "0", "2"), "{method}");
            let known = tenant.get(&format!("{LANDED}/{}", text(&landed["id"]))).await.ok();
            assert_eq!((&known["reversed_by_id"], &known["version"]), (&back["id"], &json!(2)));
            reverse(tenant, &landed).await.refused(409, "invalid_state_transition");
            reverse(tenant, &back).await.refused(409, "invalid_state_transition");
            let list = async |reversed: bool| {
                let query = format!("{LANDED}?stock_document_id={receipt}&reversed={reversed}");
                tenant.get(&query).await.ok()["data"].as_array().expect("landed costs").clone()
            };
            let ids = |list: Vec<Value>| list.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
            assert_eq!(ids(list(true).await), [landed["id"].clone()]);
            assert_eq!(ids(list(false).await), [back["id"].clone()]);
        }
        assert_eq!(
            (tenant.balance("2110").await, tenant.balance("1200").await),
            ("0.00".into(), "4.00".into())
        );
    });
}

#[test]
fn a_reversal_takes_no_more_than_was_added() {
    with_tenant(async |tenant| {
        for method in METHODS {
            let sku = product(tenant, method).await;
            let receipt = receive(tenant, "05", &[(&sku, "10", "1.00")]).await;
            adjust(tenant, "06", &sku, "-8").await;
            let landed = tenant.post(LANDED, &freight("10.00", "value", &[&receipt])).await.created();
            assert_eq!(of_lines(&landed, "held_value"), ["2.00"]);
            // Units that were found count as held where no layers tell them apart, but they got no share.
            adjust(tenant, "07", &sku, "8").await;
            let back = reverse(tenant, &landed).await.created();
            assert_eq!(of_lines(&back, "held_value"), ["-2.00"], "{method}");
            // A write-down leaves less than was added.
            let again = tenant.post(LANDED, &freight("10.00", "value", &[&receipt])).await.created();
            let down = json!({ "reason": "write_down", "lines": [{ "sku": sku, "value": "0.50" }] });
            tenant.post("/v1/stock/revaluations", &down).await.created();
            reverse(tenant, &again).await.created();
        }
    });
}

#[test]
fn a_charge_that_makes_no_sense_is_refused_and_names_its_field() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let receipt = receive(tenant, "05", &[("BOLT", "3", "1.00")]).await;
        let before = tenant.balance("2110").await;
        let with = |pointer: &str, value: Value| {
            let mut body = freight("1.00", "quantity", &[&receipt]);
            *body.pointer_mut(pointer).expect("a field") = value;
            body
        };
        let charge = json!({ "kind": "other", "amount": "1.00" });
        for (body, status, code, pointer) in [
            (with("/charges/0/amount", json!("0")), 422, "validation_failed", "#/charges/0/amount"),
            (with("/charges/0/amount", json!("-1.00")), 422, "validation_failed", "#/charges/0/amount"),
            (with("/charges/0/amount", json!("0.001")), 422, "validation_failed", "#/charges/0/amount"),
            (with("/charges", json!([])), 422, "validation_failed", "#/charges"),
            (with("/charges", json!(vec![charge; 51])), 422, "validation_failed", "#/charges"),
            (
                with("/charges/0", json!({ "kind": "duty", "amount": "1", "account": "1200" })),
                422,
                "validation_failed",
                "#/charges/0/account",
            ),
            (
                with("/charges/0", json!({ "kind": "duty", "amount": "1", "account": "1010" })),
                422,
                "validation_failed",
                "#/charges/0/account",
            ),
            (
                with("/charges/0", json!({ "kind": "duty", "amount": "1", "account": "5200" })),
                422,
                "validation_failed",
                "#/charges/0/account",
            ),
            (
                with("/charges/0", json!({ "kind": "duty", "amount": "1", "account": "9999" })),
                404,
                "not_found",
                "#/charges/0/account",
            ),
        ] {
            tenant.post(LANDED, &body).await.refused(status, code).names(&[pointer]);
        }
        assert_eq!(tenant.balance("2110").await, before);
    });
}

#[test]
fn what_makes_no_sense_is_refused_and_names_its_field() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        tenant.product("GIFT", "2.00").await;
        let receipt = receive(tenant, "05", &[("BOLT", "3", "1.00"), ("BOLT", "4", "1.00")]).await;
        let gift = receive(tenant, "05", &[("GIFT", "3", "0")]).await;
        let opening = tenant.open_stock(&[("BOLT", "1", "1.00")]).await;
        let before = tenant.footprint().await;
        let with = |pointer: &str, value: Value| {
            let mut body = freight("1.00", "quantity", &[&receipt]);
            match body.pointer_mut(pointer) {
                Some(place) => *place = value,
                None => body["receipts"][0][&pointer[12..]] = value,
            }
            body
        };
        let named = json!({ "stock_document_id": receipt, "line_no": 1 });
        let unknown = "std_01h455vb4pex5vsknk084sn02q";
        let weighed = |receipts: Value| {
            let mut body = freight("1.00", "weight", &[]);
            body["receipts"] = receipts;
            body
        };
        for (body, status, code, pointer) in [
            (with("/receipts", json!([])), 422, "validation_failed", "#/receipts"),
            (with("/receipts", json!(vec![named.clone(); 101])), 422, "validation_failed", "#/receipts"),
            (freight("1.00", "value", &[&receipt, &receipt]), 422, "validation_failed", "#/receipts/1"),
            (
                with("/receipts", json!([{ "stock_document_id": receipt }, named])),
                422,
                "validation_failed",
                "#/receipts/1",
            ),
            (
                freight("1.00", "value", &[text(&opening["id"])]),
                422,
                "validation_failed",
                "#/receipts/0/stock_document_id",
            ),
            (freight("1.00", "value", &[unknown]), 404, "not_found", "#/receipts/0/stock_document_id"),
            (with("/receipts/0/line_no", json!(3)), 404, "not_found", "#/receipts/0/line_no"),
            (with("/receipts/0/weight", json!("1")), 422, "validation_failed", "#/receipts/0/weight"),
            (weighed(json!([named])), 422, "validation_failed", "#/receipts/0/weight"),
            (
                weighed(json!([{ "stock_document_id": receipt, "line_no": 1, "weight": "0" }])),
                422,
                "validation_failed",
                "#/receipts/0/weight",
            ),
            (
                weighed(json!([{ "stock_document_id": receipt, "weight": "1" }])),
                422,
                "validation_failed",
                "#/receipts/0/line_no",
            ),
            (freight("1.00", "value", &[&gift]), 422, "validation_failed", "#/spread_by"),
        ] {
            tenant.post(LANDED, &body).await.refused(status, code).names(&[pointer]);
        }
        let mut early = freight("1.00", "value", &[&receipt]);
        early["occurred_at"] = json!("2026-01-04T09:00:00Z");
        tenant.post(LANDED, &early).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
        let nothing = format!("{LANDED}/lnd_01h455vb4pex5vsknk084sn02q/reverse");
        tenant.post(&nothing, &json!({ "reason": "Billed twice" })).await.refused(404, "not_found");
        let after = tenant.footprint().await;
        let changed: Vec<_> = before.iter().zip(&after).filter(|(old, new)| old != new).collect();
        assert!(changed.iter().all(|(old, _)| old.0 == "command" || old.0 == "number_series"), "{changed:?}");
        tenant.post(LANDED, &freight("1.00", "quantity", &[&gift])).await.created();
    });
}

#[test]
fn a_landed_cost_is_dated_when_the_units_were_there_and_posted_in_an_open_period() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let receipt = receive(tenant, "05", &[("BOLT", "10", "1.00")]).await;
        let lock = json!({ "locked_through": "2026-03-31", "reason": "Quarter reported" });
        tenant.post("/v1/period-locks", &lock).await.created();
        let mut body = freight("2.00", "value", &[&receipt]);
        body["occurred_at"] = json!("2026-01-06T09:00:00Z");
        let landed = tenant.post(LANDED, &body).await.created();
        assert_eq!(landed["occurred_at"], body["occurred_at"]);
        let entries =
            tenant.get(&format!("/v1/journal-entries?document_id={}", text(&landed["id"]))).await.ok();
        let entry = &entries["data"][0];
        assert_eq!(
            (&entry["occurred_on"], &entry["posted_on"]),
            (&json!("2026-01-06"), &json!("2026-04-01")),
            "an entry of a closed period is posted on the first open day"
        );
        // For two days there was nothing that could have had the value.
        adjust(tenant, "10", "BOLT", "-10").await;
        adjust(tenant, "12", "BOLT", "10").await;
        let used_up = tenant.post(LANDED, &body).await;
        used_up.refused(409, "invalid_state_transition").names(&["#/occurred_at"]);
        body.as_object_mut().expect("a body").remove("occurred_at");
        tenant.post(LANDED, &body).await.created();
    });
}

#[test]
fn a_landed_cost_is_tried_repeated_and_told_of() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let receipt = receive(tenant, "05", &[("BOLT", "10", "1.00")]).await;
        let mut body = freight("2.00", "value", &[&receipt]);
        let tried = tenant.dry_run(LANDED, &body).await.ok();
        assert_eq!(
            (&tried["document"]["lines"][0]["held_value"], &tried["effects"]["totals"]["stock_value"]),
            (&json!("2.00"), &json!("2.00"))
        );
        assert_eq!(tenant.count("landed_cost").await, 0);
        body["id"] = json!("lnd_01h455vb4pex5vsknk084sn02q");
        let first = tenant.post_as(LANDED, "freight-1", &body).await;
        let again = tenant.post_as(LANDED, "freight-1", &body).await;
        assert!(again.is_replayed());
        assert_eq!(again.created(), first.created());
        assert!(tenant.post(LANDED, &body).await.is_replayed(), "with another key");
        let mut other = freight("3.00", "value", &[&receipt]);
        other["id"] = body["id"].clone();
        tenant.post(LANDED, &other).await.refused(409, "already_exists");
        assert_eq!(tenant.count("landed_cost").await, 1);
        let back = reverse(tenant, &first.json()).await.created();
        let events = tenant.events("type=landed_cost.*").await;
        let told: Vec<_> =
            events.iter().map(|event| (&event["type"], &event["data"]["object"]["id"])).collect();
        assert_eq!(
            told,
            [
                (&json!("landed_cost.posted"), &first.json()["id"]),
                (&json!("landed_cost.reversed"), &back["id"])
            ]
        );
        assert_eq!(tenant.level("BOLT").await, Level::of("10", "0", "10"));
    });
}

#[test]
fn landed_costs_and_sales_at_the_same_time_leave_nothing_over() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        for method in METHODS {
            let sku = product(tenant, method).await;
            let first = receive(tenant, "01", &[(&sku, "30", "1.11")]).await;
            let second = receive(tenant, "02", &[(&sku, "31", "2.22")]).await;
            let sales = (0..30).map(async |_| tenant.sell(&till, &[(&sku, "2")]).await.status);
            let bills = (0..20_u32).map(async |number| {
                let amount = format!("1.{number:02}");
                let landed =
                    tenant.post(LANDED, &freight(&amount, "quantity", &[&first, &second])).await.created();
                if number.is_multiple_of(2) { reverse(tenant, &landed).await.status } else { 201 }
            });
            assert_eq!(join(join_all(sales), join_all(bills)).await, (vec![201; 30], vec![201; 20]));
            tenant.sell(&till, &[(&sku, "1")]).await.created();
            assert_eq!(tenant.level(&sku).await, Level::of("0", "0", "0"), "{method}");
        }
        assert_eq!(tenant.balance("1200").await, "0.00");
    });
}

#[test]
fn a_landed_cost_is_reversed_once_by_many_at_once() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let receipt = receive(tenant, "05", &[("BOLT", "10", "1.00")]).await;
        let landed = tenant.post(LANDED, &freight("2.00", "value", &[&receipt])).await.created();
        let replies = join_all((0..8).map(|_| reverse(tenant, &landed))).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(made, 1);
        for reply in replies.iter().filter(|reply| reply.status != 201) {
            reply.refused(409, "invalid_state_transition");
        }
        assert_eq!(tenant.level("BOLT").await, Level::of("10", "0", "10"));
    });
}

#[test]
fn a_receipt_that_went_back_as_a_whole_has_no_landed_cost() {
    with_tenant(async |tenant| {
        for method in METHODS {
            let sku = product(tenant, method).await;
            let nordbolt = supplier(tenant, method, json!({})).await;
            let line = json!({ "sku": sku, "quantity": "10", "unit_cost": "4" });
            let sent = order(tenant, json!({ "supplier_id": nordbolt, "lines": [line] }), &["send"]).await;
            let came = step(tenant, &sent, "receive", json!({})).await.ok();
            let receipt = text(&came["receipt_id"]);
            let send_back = async |quantity: &str| {
                let lines = json!([{ "line_no": 1, "quantity": quantity }]);
                step(tenant, &sent, "return", json!({ "receipt_id": receipt, "lines": lines })).await.ok()
            };
            send_back("4").await;
            let landed = tenant.post(LANDED, &freight("6.00", "value", &[receipt])).await.created();
            assert_eq!((of_lines(&landed, "quantity"), of_lines(&landed, "basis")), (vec!["6"], vec!["24"]));
            assert_eq!(of_lines(&landed, "held_value"), ["6.00"], "{method}");
            let last = send_back("6").await;
            let refused = tenant.post(LANDED, &freight("6.00", "value", &[receipt])).await;
            refused.refused(409, "invalid_state_transition").names(&["#/receipts/0/stock_document_id"]);
            let body = json!({ "return_id": last["return_id"], "reason": "The carrier brought it back" });
            step(tenant, &sent, "reverse-return", body).await.ok();
            tenant.post(LANDED, &freight("6.00", "value", &[receipt])).await.created();
            reverse(tenant, &landed).await.created();
        }
    });
}

/// 10 came at 4.00. The freight is accrued, and the carrier bills it with tax.
#[test]
fn the_bill_of_the_carrier_clears_what_was_accrued() {
    with_tenant(async |tenant| {
        let sku = product(tenant, "fifo").await;
        let receipt = receive(tenant, "05", &[(&sku, "10", "4.00")]).await;
        tenant.post(LANDED, &freight("30.00", "value", &[&receipt])).await.created();
        assert_eq!(tenant.balance("2110").await, "-30.00");
        let carrier = supplier(tenant, "CARRIER", json!({})).await;
        let line =
            json!({ "account": "2110", "description": "Freight", "unit_cost": "30.00", "tax_value": "6.00" });
        let bill = json!({ "supplier_id": carrier, "supplier_number": "F-77", "dated": "2026-01-20", "lines": [line] });
        let bill = tenant.post("/v1/bills", &bill).await.created();
        let expected = accounts(&[("1400", "6.00"), ("2000", "-36.00"), ("2110", "30.00")]);
        assert_eq!(tenant.entry(text(&bill["id"])).await, expected);
        assert_eq!(tenant.balance("2110").await, "0.00");
        assert_eq!(tenant.level(&sku).await, Level::of("10", "0", "70"));
    });
}
