//! The report of lots by expiry date: its rows, what may be sold, and the day that counts as today.

use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant, with_tenant_as};

use crate::lot::{day, lot, received, tracked};

async fn report(tenant: &Tenant, query: &str) -> Value {
    tenant.get(&format!("/v1/reports/lot_expiry{query}")).await.ok()
}

/// Returns lot, location, status, days left, on hand, reserved, available and value of each row.
async fn rows(tenant: &Tenant, query: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let wanted =
        ["lot_code", "location_code", "lot_status", "days_left", "on_hand", "reserved", "available", "value"];
    let table = report(tenant, query).await;
    let rows = table["rows"].as_array().expect("rows").iter();
    rows.map(|row| wanted.map(|name| text(&row[name])).join(" ")).collect()
}

/// Returns the codes of the lots in the report.
async fn shown(tenant: &Tenant, query: &str) -> Vec<String> {
    rows(tenant, query).await.iter().filter_map(|row| row.split(' ').next()).map(str::to_owned).collect()
}

/// Makes lots that expired, that expire today, soon and late, and one that does not expire.
async fn stock(tenant: &Tenant) {
    let category = tenant.make("/v1/categories", json!({ "code": "dairy", "name": "Dairy" })).await;
    let milk = json!({ "list_price": "10.00", "tracking": "lot", "category_id": category });
    tenant.product_with("MILK", milk).await;
    tracked(tenant, "JAM", "lot").await;
    for (sku, code, days) in
        [("MILK", "OLD", -2), ("MILK", "LAST-DAY", 0), ("JAM", "SOON", 10), ("MILK", "LATE", 60)]
    {
        received(tenant, sku, code, ("5", &day(days).await)).await;
    }
    let body = json!({ "kind": "receipt",
        "lines": [{ "sku": "JAM", "quantity": "5", "unit_cost": "4.00", "lots": [{ "code": "NEVER" }] }] });
    tenant.post("/v1/stock/documents", &body).await.created();
}

#[test]
fn what_expires_first_comes_first() {
    with_tenant(async |tenant| {
        stock(tenant).await;
        let expected = [
            "OLD MAIN expired -2 5 0 0 20.00",
            "LAST-DAY MAIN sellable 0 5 0 5 20.00",
            "SOON MAIN sellable 10 5 0 5 20.00",
            "LATE MAIN sellable 60 5 0 5 20.00",
        ];
        assert_eq!(rows(tenant, "").await, expected, "a lot without expiry is not in it");
        let table = report(tenant, "").await;
        assert_eq!(table["totals"][0]["value"], "80.00");
        assert_eq!(table["totals"][0]["days_left"], Value::Null);
        assert_eq!(table["totals"][0]["available"], "15");
        let column = |name: &str| {
            let columns = table["columns"].as_array().expect("columns").iter();
            columns.clone().find(|column| column["name"] == name).cloned().expect("the column")
        };
        let days = column("days_left");
        assert_eq!(days["type"], "integer");
        assert_eq!(days["unit"], "day");
        assert_eq!(days["additive"], false);
        assert_eq!(column("expires_on")["type"], "date");
        for (query, codes) in [
            ("?within_days=0", &["OLD", "LAST-DAY"][..]),
            ("?within_days=10", &["OLD", "LAST-DAY", "SOON"]),
            ("?within_days=9&include_expired=false", &["LAST-DAY"]),
            ("?include_expired=false", &["LAST-DAY", "SOON", "LATE"]),
            (&format!("?expires_before={}", day(10).await), &["OLD", "LAST-DAY"]),
            (&format!("?expires_before={}&within_days=3650", day(11).await), &["OLD", "LAST-DAY", "SOON"]),
            ("?product=JAM", &["SOON"]),
            ("?category=dairy&include_expired=false", &["LAST-DAY", "LATE"]),
            ("?location=SHOP", &[]),
            ("?location=MAIN&limit=1", &["OLD"]),
        ] {
            assert_eq!(shown(tenant, query).await, codes, "{query}");
        }
        assert_eq!(report(tenant, "?limit=1").await["meta"]["truncated"], true);
    });
}

#[test]
fn a_row_says_why_a_lot_is_not_sold() {
    with_tenant(async |tenant| {
        stock(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        tenant.order(&customer, &[("JAM", "2")], "confirmed").await.created();
        let hold = |code: &str, quantity: &str| {
            json!({ "kind": "quarantine",
                "lines": [{ "sku": "MILK", "quantity": quantity, "lots": [{ "code": code }] }] })
        };
        tenant.post("/v1/stock/holds", &hold("LAST-DAY", "2")).await.created();
        tenant.post("/v1/stock/holds", &hold("LATE", "5")).await.created();
        let send = json!({ "to_location_id": tenant.shop,
            "lines": [{ "sku": "JAM", "quantity": "1", "lots": [{ "code": "SOON" }] }] });
        tenant.post("/v1/stock/transfers", &send).await.created();
        let expected = [
            "OLD MAIN expired -2 5 0 0 20.00",
            "LAST-DAY MAIN sellable 0 5 2 3 20.00",
            "SOON MAIN sellable 10 4 2 2 16.00",
            "SOON TRANSIT in_transit 10 1 0 1 4.00",
            "LATE MAIN quarantined 60 5 5 0 20.00",
        ];
        assert_eq!(rows(tenant, "").await, expected);
        let soon = lot(tenant, "SOON").await;
        let recall = format!("/v1/lots/{}/recall", soon["id"].as_str().expect("an id"));
        tenant.post(&recall, &json!({ "reason": "Glass in the jar" })).await.ok();
        let recalled = ["SOON MAIN recalled 10 4 4 0 16.00", "SOON TRANSIT recalled 10 1 0 0 4.00"];
        assert_eq!(rows(tenant, "?product=JAM").await, recalled);
        let query = "{ lotExpiry(withinDays: 10, includeExpired: false, filter: { product: [\"JAM\"] }) \
            { rows { lotCode lotStatus expiresOn daysLeft available supplierLot } meta { truncated } } }";
        let answer = tenant.post("/graphql", &json!({ "query": query })).await.ok();
        let rows = &answer["data"]["lotExpiry"]["rows"];
        let row = json!({ "lotCode": "SOON", "lotStatus": "recalled", "expiresOn": day(10).await, "daysLeft": 10,
            "available": "0", "supplierLot": null });
        assert_eq!(rows[0], row, "{answer}");
        assert_eq!(rows.as_array().map(Vec::len), Some(2), "{answer}");
        let query = format!("{{ lotExpiry(expiresBefore: \"{}\") {{ rows {{ lotCode }} }} }}", day(0).await);
        let answer = tenant.post("/graphql", &json!({ "query": query })).await.ok();
        assert_eq!(answer["data"]["lotExpiry"]["rows"], json!([{ "lotCode": "OLD" }]));
    });
}

#[test]
fn lots_were_as_they_were_then() {
    with_tenant(async |tenant| {
        tracked(tenant, "JAM", "lot").await;
        let post = async |kind: &str, day: &str, line: Value| {
            let reason = (kind == "adjustment").then_some("damage");
            let body = json!({ "kind": kind, "reason": reason, "occurred_at": format!("{day}T12:00:00Z"), "lines": [line] });
            tenant.post("/v1/stock/documents", &body).await.created();
        };
        for (day, code, expires_on) in
            [("2011-01-10", "FIRST", "2011-03-01"), ("2011-02-10", "SECOND", "2011-06-01")]
        {
            let lots = json!([{ "code": code, "expires_on": expires_on }]);
            post("receipt", day, json!({ "sku": "JAM", "quantity": "5", "unit_cost": "4.00", "lots": lots }))
                .await;
        }
        let known_at = environment().now().await;
        let known_at = known_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let lost = json!({ "sku": "JAM", "quantity": "-2", "lots": [{ "code": "FIRST" }] });
        post("adjustment", "2011-02-20", lost).await;
        let second = lot(tenant, "SECOND").await;
        let recall = format!("/v1/lots/{}/recall", second["id"].as_str().expect("an id"));
        tenant.post(&recall, &json!({ "reason": "Glass in the jar" })).await.ok();
        let first = "FIRST MAIN expired -1 3 null null 12.00";
        let sellable = "SECOND MAIN sellable 91 5 null null 20.00";
        let as_known = format!("?as_of=2011-03-02&known_at={known_at}");
        for (query, expected) in [
            ("?as_of=2011-01-09", vec![]),
            ("?as_of=2011-01-31", vec!["FIRST MAIN sellable 29 5 null null 20.00"]),
            ("?as_of=2011-03-02", vec![first, sellable]),
            ("?as_of=2011-03-02&within_days=30", vec![first]),
            ("?as_of=2011-03-02&within_days=91&include_expired=false", vec![sellable]),
            ("?as_of=2011-03-02&location=SHOP", vec![]),
            ("?as_of=2011-03-02&known_at=2011-03-02", vec![]),
            (&as_known, vec!["FIRST MAIN expired -1 5 null null 20.00", sellable]),
        ] {
            assert_eq!(rows(tenant, query).await, expected, "{query}");
        }
        // The recall was recorded later.
        let status = async |query: &str| report(tenant, query).await["rows"][1]["lot_status"].clone();
        assert_eq!(status("").await, "recalled");
        assert_eq!(status(&format!("?known_at={known_at}")).await, "expired");
        let table = report(tenant, "?as_of=2011-03-02").await;
        assert_eq!(table["meta"]["as_of"], "2011-03-02");
        let total = &table["totals"][0];
        assert_eq!((&total["on_hand"], &total["value"]), (&json!("8"), &json!("32.00")));
        assert_eq!((&total["reserved"], &total["available"]), (&Value::Null, &Value::Null));
        let query = "{ lotExpiry(asOf: \"2011-03-02\", withinDays: 30) { rows { lotCode daysLeft onHand reserved } } }";
        let answer = tenant.post("/graphql", &json!({ "query": query })).await.ok();
        let row = json!({ "lotCode": "FIRST", "daysLeft": -1, "onHand": "3", "reserved": null });
        assert_eq!(answer["data"]["lotExpiry"]["rows"], json!([row]));
    });
}

#[test]
fn today_is_a_day_of_the_zone_that_is_asked_for() {
    with_tenant_as(
        |wanted| wanted.time_zone = "Pacific/Kiritimati".to_owned(),
        async |tenant| {
            tracked(tenant, "MILK", "lot").await;
            // Two time zones that never have the same date.
            let today = environment().today(&chrono_tz::Pacific::Kiritimati).await;
            let apart = (today - environment().today(&chrono_tz::Pacific::Pago_Pago).await).num_days();
            received(tenant, "MILK", "A", ("5", &today.to_string())).await;
            assert_eq!(rows(tenant, "").await, ["A MAIN sellable 0 5 0 5 20.00"]);
            let expected = format!("A MAIN sellable {apart} 5 0 5 20.00");
            assert_eq!(rows(tenant, "?tz=Pacific/Pago_Pago").await, [expected]);
            assert_eq!(shown(tenant, "?tz=Pacific/Pago_Pago&within_days=0").await, [""; 0]);
            let table = report(tenant, "?tz=Pacific/Pago_Pago").await;
            assert_eq!(table["meta"]["time_zone"], "Pacific/Pago_Pago");
        },
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        for (query, status, code) in [
            ("lot_expiry?within_days=-1", 400, "invalid_parameter"),
            ("lot_expiry?within_days=3651", 400, "invalid_parameter"),
            ("lot_expiry?within_days=soon", 400, "invalid_parameter"),
            ("lot_expiry?expires_before=2026-11-22T00:00:00Z", 400, "invalid_parameter"),
            ("lot_expiry?include_expired=perhaps", 400, "invalid_parameter"),
            ("lot_expiry?from=2026-01-01", 422, "validation_failed"),
            ("low_stock?within_days=3", 422, "validation_failed"),
        ] {
            tenant.get(&format!("/v1/reports/{query}")).await.refused(status, code);
        }
    });
}
