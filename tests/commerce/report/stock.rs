//! The reports of stock, figure by figure: ageing, slow and low stock, ABC, shrinkage, and what they reject.

use chrono::{DateTime, Days, Duration, TimeZone, Utc};
use chrono_tz::Europe::London;
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, sale, with_tenant};

/// Returns the server's time of day, some days of London ago.
pub(super) async fn days_ago(tenant: &Tenant, days: u64) -> String {
    let today = environment().today(&London).await;
    let me = tenant.get("/v1/me").await.ok();
    let now: DateTime<Utc> = me["server_time"].as_str().expect("an instant").parse().expect("an instant");
    // Days of the tenant, not spans of 24 hours: across a change of clocks these can end on another day.
    let then = (today - Days::new(days)).and_time(now.with_timezone(&London).time());
    // The clocks skip an hour once a year.
    let then = London.from_local_datetime(&then).latest().unwrap_or_else(|| {
        London.from_local_datetime(&(then + Duration::hours(1))).latest().expect("an hour that exists")
    });
    then.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Posts a receipt dated some days ago.
pub(super) async fn receive(
    tenant: &Tenant,
    days: u64,
    location: &str,
    (sku, quantity, cost): (&str, &str, &str),
) {
    let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": cost });
    let body = json!({ "kind": "receipt", "location_id": location, "occurred_at": days_ago(tenant, days).await,
        "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await.created();
}

pub(super) async fn report(tenant: &Tenant, path: &str) -> Value {
    tenant.get(&format!("/v1/reports/{path}")).await.ok()
}

/// Returns some columns of the rows, as shown.
pub(super) fn columns(table: &Value, names: &[&str]) -> Vec<Vec<String>> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows = table["rows"].as_array().expect("rows").iter();
    rows.map(|row| names.iter().map(|name| text(&row[*name])).collect()).collect()
}

/// Returns the tenant's day of an instant. In summer it begins an hour before that of UTC.
pub(super) fn in_london(instant: &str) -> String {
    let instant = DateTime::parse_from_rfc3339(instant).expect("an instant");
    instant.with_timezone(&London).date_naive().to_string()
}

#[test]
fn what_is_there_is_what_came_in_last() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        for (days, quantity) in [(400, "100"), (200, "10"), (100, "10"), (70, "10"), (40, "10"), (3, "10")] {
            receive(tenant, days, &tenant.main, ("BOLT", quantity, "1.00")).await;
        }
        receive(tenant, 365, &tenant.shop, ("BOLT", "7", "0.10")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("BOLT", "97")]).await.created();
        let bands = ["to_30", "to_60", "to_90", "to_180", "to_365", "over_365"];
        let units = bands.map(|band| format!("units_{band}_days"));
        let values = bands.map(|band| format!("value_{band}_days"));
        let wanted: Vec<&str> = ["location_code", "on_hand", "value"]
            .into_iter()
            .chain(units.iter().chain(&values).map(String::as_str))
            .collect();
        let table = report(tenant, "stock_ageing").await;
        let expected = [
            "MAIN 53 53.00 10 10 10 10 10 3 10.00 10.00 10.00 10.00 10.00 3.00",
            "SHOP 7 0.70 0 0 0 0 7 0 0.00 0.00 0.00 0.00 0.70 0.00",
        ];
        let shown: Vec<String> = columns(&table, &wanted).iter().map(|row| row.join(" ")).collect();
        assert_eq!(shown, expected);
        let oldest = in_london(&days_ago(tenant, 400).await);
        assert_eq!(table["rows"][0]["oldest_on"].as_str(), Some(oldest.as_str()));
        tenant.sell(&till, &[("BOLT", "51")]).await.created();
        let table = report(tenant, "stock_ageing?location=MAIN").await;
        assert_eq!(
            columns(&table, &wanted)[0].join(" "),
            "MAIN 2 2.00 2 0 0 0 0 0 2.00 0.00 0.00 0.00 0.00 0.00"
        );
    });
}

#[test]
fn shares_of_a_value_add_up_to_it() {
    with_tenant(async |tenant| {
        tenant.product("NUT", "2.00").await;
        for (days, quantity, cost) in [(500, "1", "0.10"), (45, "1", "0.10"), (1, "1", "0.13")] {
            receive(tenant, days, &tenant.main, ("NUT", quantity, cost)).await;
        }
        let table = report(tenant, "stock_ageing").await;
        let shares =
            columns(&table, &["value_to_30_days", "value_to_60_days", "value_over_365_days", "value"]);
        assert_eq!(shares, [["0.11", "0.11", "0.11", "0.33"]]);
        let till = tenant.till().await;
        tenant.sell(&till, &[("NUT", "1")]).await.created();
        receive(tenant, 0, &tenant.main, ("NUT", "5", "0.07")).await;
        let table = report(tenant, "stock_ageing").await;
        let shares =
            columns(&table, &["value_to_30_days", "value_to_60_days", "value_over_365_days", "value"]);
        assert_eq!(shares, [["0.49", "0.08", "0.00", "0.57"]], "parts are amounts of money");
    });
}

/// Returns the first seven columns of the only row of the ageing report: value, and the units and values of three
/// bands.
async fn aged(tenant: &Tenant) -> String {
    let bands = ["to_30_days", "to_60_days", "over_365_days"];
    let (units, values) =
        (bands.map(|band| format!("units_{band}")), bands.map(|band| format!("value_{band}")));
    let names: Vec<&str> =
        ["value"].into_iter().chain(units.iter().chain(&values).map(String::as_str)).collect();
    columns(&report(tenant, "stock_ageing").await, &names)[0].join(" ")
}

#[test]
fn cost_layers_are_as_old_as_they_say_and_worth_what_they_cost() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "2.00").await;
        receive(tenant, 400, &tenant.main, ("BOLT", "10", "1.00")).await;
        receive(tenant, 40, &tenant.main, ("BOLT", "10", "2.00")).await;
        assert_eq!(aged(tenant).await, "30.00 0 10 10 0.00 15.00 15.00", "an average has no layers");
        let fifo = json!({ "costing_method": "fifo" });
        tenant.patch(&format!("/v1/products/{}", product.id), &fifo).await.ok();
        receive(tenant, 3, &tenant.main, ("BOLT", "10", "5.00")).await;
        let expected = "80.00 10 10 10 50.00 15.00 15.00";
        assert_eq!(aged(tenant).await, expected, "what was there before keeps its age");
        let till = tenant.till().await;
        tenant.sell(&till, &[("BOLT", "15")]).await.created();
        assert_eq!(aged(tenant).await, "57.50 10 5 0 50.00 7.50 0.00");
        tenant.sell(&till, &[("BOLT", "12")]).await.created();
        assert_eq!(aged(tenant).await, "15.00 3 0 0 15.00 0.00 0.00");
        let rows = format!("/v1/stock/levels/{}/{}/layers", tenant.main, product.id);
        assert_eq!(tenant.get(&rows).await.ok()["data"][0]["value"], "15.00");
    });
}

#[test]
fn slow_is_what_lasts_longer_than_the_days_that_are_looked_at() {
    with_tenant(async |tenant| {
        for sku in ["BRISK", "DEAD", "FRESH", "SLOW"] {
            tenant.product(sku, "5.00").await;
        }
        for sku in ["BRISK", "DEAD", "SLOW"] {
            receive(tenant, 200, &tenant.main, (sku, "40", "1.00")).await;
        }
        receive(tenant, 5, &tenant.main, ("FRESH", "40", "9.00")).await;
        let till = tenant.till().await;
        for (days, sku, quantity) in [(150, "DEAD", "5"), (60, "SLOW", "12"), (10, "BRISK", "20")] {
            let mut body = sale(&till, &[(sku, quantity)]);
            body["occurred_at"] = json!(days_ago(tenant, days).await);
            tenant.post("/v1/pos/sales", &body).await.created();
        }
        let wanted = ["sku", "on_hand", "value", "units_sold", "cover_days"];
        let table = report(tenant, "slow_stock").await;
        let expected = [["DEAD", "35", "35.00", "0", "null"], ["SLOW", "28", "28.00", "12", "210"]];
        assert_eq!(columns(&table, &wanted), expected, "20 sold and 20 there is not slow");
        let sold_on = in_london(&days_ago(tenant, 150).await);
        assert_eq!(table["rows"][0]["last_sold_on"].as_str(), Some(sold_on.as_str()));
        let table = report(tenant, "slow_stock?days=30").await;
        assert_eq!(columns(&table, &["sku"]), [["DEAD"], ["SLOW"]]);
        let table = report(tenant, "slow_stock?days=180").await;
        assert_eq!(
            columns(&table, &wanted),
            [["DEAD", "35", "35.00", "5", "1260"], ["SLOW", "28", "28.00", "12", "420"]]
        );
        let table = report(tenant, "slow_stock?days=3650").await;
        assert_eq!(table["rows"], json!([]), "nothing has been there for as long");
        assert!(table["columns"].as_array().is_some_and(|columns| columns.len() == 14));
    });
}

#[test]
fn what_is_promised_is_not_available() {
    with_tenant(async |tenant| {
        for (sku, quantity) in [("BOLT", "10"), ("NUT", "12"), ("OLD", "1")] {
            tenant.stocked(sku, "2.00", (quantity, "1.00")).await;
        }
        let old = tenant.get("/v1/products?sku=OLD").await.ok();
        let old = format!("/v1/products/{}", old["data"][0]["id"].as_str().expect("an id"));
        let archive = tenant.call(reqwest::Method::PATCH, &old).header("if-match", "*");
        archive.json(&json!({ "status": "archived" })).send().await.ok();
        let customer = tenant.customer("Nordwind Supply").await;
        tenant.order(&customer, &[("BOLT", "7")], "confirmed").await.created();
        let wanted = ["sku", "on_hand", "reserved", "available", "reorder_point", "shortage"];
        assert_eq!(report(tenant, "low_stock").await["rows"], json!([]));
        let table = report(tenant, "low_stock?threshold=3").await;
        assert_eq!(columns(&table, &wanted), [["BOLT", "10", "7", "3", "3", "0"]], "at the point is low");
        let table = report(tenant, "low_stock?threshold=12.5").await;
        let expected = [["BOLT", "10", "7", "3", "12.5", "9.5"], ["NUT", "12", "0", "12", "12.5", "0.5"]];
        assert_eq!(columns(&table, &wanted), expected, "the greatest shortage first");
        assert_eq!(table["totals"][0]["shortage"], "10");
        assert_eq!(report(tenant, "low_stock?threshold=99&location=SHOP").await["rows"], json!([]));
    });
}

#[test]
fn the_product_that_crosses_a_threshold_belongs_above_it() {
    with_tenant(async |tenant| {
        // In percent of 10,000: 50, 29, 12, 4, 2, 2, 1. P3 begins at 79 and crosses 80, P4 ends at 95 exactly.
        let prices = [
            ("P1", "500"),
            ("P2", "290"),
            ("P3", "120"),
            ("P4", "40"),
            ("P5", "20"),
            ("P6", "20"),
            ("P7", "10"),
        ];
        for (sku, price) in prices {
            tenant.stocked(sku, price, ("100", "9.00")).await;
        }
        tenant.stocked("GIFT", "0.00", ("100", "1.00")).await;
        let till = tenant.till().await;
        let all: Vec<(&str, &str)> =
            prices.iter().map(|(sku, _)| (*sku, "10")).chain([("GIFT", "1")]).collect();
        let mut body = sale(&till, &all);
        body["occurred_at"] = json!("2011-05-05T10:00:00Z");
        body["lines"] = lines(&all);
        tenant.post("/v1/pos/sales", &body).await.created();
        let table = report(tenant, "abc").await;
        let expected = [
            ["A", "P1", "5000.00", "50.0000", "50.0000"],
            ["A", "P2", "2900.00", "29.0000", "79.0000"],
            ["A", "P3", "1200.00", "12.0000", "91.0000"],
            ["B", "P4", "400.00", "4.0000", "95.0000"],
            ["C", "P5", "200.00", "2.0000", "99.0000"],
            ["C", "P6", "200.00", "2.0000", "99.0000"],
            ["C", "P7", "100.00", "1.0000", "100.0000"],
            ["C", "GIFT", "0.00", "0.0000", "100.0000"],
        ];
        let wanted = ["class", "sku", "net_revenue", "share_pct", "cumulative_share_pct"];
        assert_eq!(columns(&table, &wanted), expected);
        let table = report(tenant, "abc?measure=gross_margin").await;
        let margins = columns(&table, &["class", "sku", "gross_margin"]);
        assert_eq!(margins[0], ["A", "P1", "4910.00"]);
        assert_eq!(margins[7], ["C", "GIFT", "-1.00"]);
        let table = report(tenant, "abc?from=2011-06-01").await;
        let nothing = columns(&table, &["class", "net_revenue", "share_pct"]);
        assert_eq!(nothing, vec![["C", "0.00", "null"]; 8], "nothing was sold of any of them");
        assert_eq!(
            columns(&report(tenant, "abc?product=P7").await, &wanted)[0][0],
            "A",
            "of what was asked for"
        );
    });
}

#[test]
fn losses_and_finds_are_told_apart() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.00", ("100", "1.50")).await;
        receive(tenant, 0, &tenant.shop, ("BOLT", "10", "2.00")).await;
        for (reason, location, quantity, at) in [
            ("damage", &tenant.main, "-4", "2011-01-31T23:30:00Z"),
            ("damage", &tenant.main, "-2", "2011-02-01T00:30:00Z"),
            ("damage", &tenant.shop, "-1", "2011-02-01T00:30:00Z"),
            ("found", &tenant.main, "3", "2011-02-02T12:00:00Z"),
        ] {
            let body = json!({ "kind": "adjustment", "reason": reason, "location_id": location, "occurred_at": at,
                "lines": [{ "sku": "BOLT", "quantity": quantity }] });
            tenant.post("/v1/stock/documents", &body).await.created();
        }
        let wanted = [
            "reason",
            "location_code",
            "lines",
            "lost_units",
            "lost_value",
            "found_units",
            "found_value",
            "shrinkage_value",
        ];
        let shown = async |query: &str| -> Vec<String> {
            let table = report(tenant, &format!("shrinkage?{query}")).await;
            columns(&table, &wanted).iter().map(|row| row.join(" ")).collect()
        };
        let found = "found MAIN 1 0 0.00 3 4.50 -4.50";
        assert_eq!(
            shown("").await,
            ["damage MAIN 2 6 9.00 0 0.00 9.00", "damage SHOP 1 1 2.00 0 0.00 2.00", found]
        );
        assert_eq!(shown("to=2011-02-01").await, ["damage MAIN 1 4 6.00 0 0.00 6.00"]);
        assert_eq!(shown("from=2011-02-01&location=MAIN").await, ["damage MAIN 1 2 3.00 0 0.00 3.00", found]);
        assert_eq!(
            shown("to=2011-02-01&tz=Europe/Berlin").await,
            [""; 0],
            "in Berlin it was February already"
        );
        let table = report(tenant, "shrinkage").await;
        assert_eq!(table["totals"][0]["shrinkage_value"], "6.50");
        assert_eq!(table["rows"][0]["reason_name"], "Damaged");
    });
}

const REPORTS: [&str; 6] = ["stock_valuation", "low_stock", "stock_ageing", "slow_stock", "abc", "shrinkage"];

#[test]
fn a_tenant_without_anything_has_columns_and_no_rows() {
    with_tenant(async |tenant| {
        for name in REPORTS {
            let table = report(tenant, name).await;
            assert_eq!(table["rows"], json!([]), "{name}");
            assert_eq!(table["totals"].as_array().map(Vec::len), Some(1), "{name}");
            assert_eq!(table["totals"][0]["currency"], "GBP", "{name}");
            assert!(table["columns"].as_array().is_some_and(|columns| columns.len() > 5), "{name}");
            assert_eq!(table["meta"]["time_zone"], "Europe/London", "{name}");
        }
        let none = report(tenant, "stock_valuation?group_by=none").await;
        assert_eq!(columns(&none, &["on_hand", "value", "unit_cost"]), [["0", "0.00", "null"]]);
    });
}

#[test]
fn reports_take_only_what_makes_sense() {
    with_tenant(async |tenant| {
        let (unreadable, senseless) = ((400, "invalid_parameter"), (422, "validation_failed"));
        for (path, (status, code)) in [
            ("slow_stock?days=-1", unreadable),
            ("slow_stock?days=0", unreadable),
            ("slow_stock?days=3651", unreadable),
            ("slow_stock?days=ten", unreadable),
            ("slow_stock?tz=Moon/Base", unreadable),
            ("stock_valuation?tz=Moon/Base", unreadable),
            ("stock_valuation?as_of=yesterday", unreadable),
            ("stock_valuation?known_at=2011-02-30", senseless),
            ("stock_valuation?group_by=colour", unreadable),
            ("low_stock?threshold=few", unreadable),
            ("abc?measure=units", unreadable),
            ("stock_valuation?group_by=customer", senseless),
            ("stock_valuation?group_by=none,product", senseless),
            ("stock_valuation?from=2011-01-01", senseless),
            ("stock_valuation?days=5", senseless),
            ("low_stock?threshold=-1", senseless),
            ("low_stock?tz=Europe/Berlin", senseless),
            ("stock_ageing?channel=retail", senseless),
            ("stock_position?as_of=2011-01-01", senseless),
            ("revenue?as_of=2011-01-01", senseless),
            ("shrinkage?from=2011-02-01&to=2011-01-01", senseless),
            ("shrinkage?customer=C-1001", senseless),
            ("abc?from=2011-02-01&to=2011-01-01", senseless),
        ] {
            tenant.get(&format!("/v1/reports/{path}")).await.refused(status, code);
        }
        for (field, code) in [
            ("slowStock(days: -1)", "invalid_parameter"),
            ("lowStock(threshold: \"-1\")", "validation_failed"),
            ("stockValuation(groupBy: [NONE, PRODUCT])", "validation_failed"),
            ("shrinkage(from: \"2011-02-01\", to: \"2011-01-01\")", "validation_failed"),
            ("stockAgeing(timeZone: \"Moon/Base\")", "invalid_parameter"),
        ] {
            let query = json!({ "query": format!("{{ {field} {{ rows {{ __typename }} }} }}") });
            let answer = tenant.call(reqwest::Method::POST, "/graphql").json(&query).send().await;
            assert_eq!(answer.json()["errors"][0]["extensions"]["code"], code, "{field}: {}", answer.text);
        }
        let open = tenant.call(reqwest::Method::POST, "/graphql").json(&json!({ "query": "{" })).send().await;
        let error = &open.json()["errors"][0];
        assert_eq!(error["message"], "The document can't be parsed at line 1, column 2.", "{}", open.text);
        assert_eq!(error["locations"][0], json!({ "line": 1, "column": 2 }), "{}", open.text);
    });
}
