//! Reports on rows that never were: products that were never stocked or sold, customers who never bought, and times
//! before the first document.

use domain::country::is_country;
use serde_json::{Value, json};
use service::input::is_currency;
use tests::{Tenant, sale, with_tenant};

use super::stock::{columns, report};

/// Makes a product that is stocked and sold, one that is neither, and what else may exist without a row.
async fn trade(tenant: &Tenant) {
    tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
    tenant.product("NEW", "3.00").await;
    tenant.product_with("POSTAGE", json!({ "kind": "service", "list_price": "2.00" })).await;
    let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "9.00" })).await;
    let parts = json!({ "components": [{ "sku": "MUG", "quantity": "1" }] });
    tenant.put(&format!("/v1/products/{}/components", set.id), &parts).await.ok();
    tenant.customer("Idle Trading").await;
    let till = tenant.till().await;
    tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "2")])).await.created();
}

fn texts(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
}

#[test]
fn a_product_that_was_never_sold_was_sold_zero_times() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let table = report(tenant, "product_performance").await;
        let shown = columns(&table, &["sku", "units", "net_revenue", "retail_units", "gross_margin_pct"]);
        let expected = texts(&[
            &["MUG", "2", "20.00", "2", "60.0000"],
            &["NEW", "0", "0.00", "0", "null"],
            &["POSTAGE", "0", "0.00", "0", "null"],
        ]);
        assert_eq!(shown, expected, "a bundle has no lines: its components have them");
        assert_eq!(table["totals"][0]["net_revenue"], "20.00");
        let shown = columns(&report(tenant, "abc").await, &["class", "sku", "net_revenue"]);
        assert_eq!(shown[1..], texts(&[&["C", "NEW", "0.00"], &["C", "POSTAGE", "0.00"]]));
        let shown = columns(&report(tenant, "product_performance?product=NEW").await, &["sku", "units"]);
        assert_eq!(shown, texts(&[&["NEW", "0"]]));
        for report_name in ["revenue", "margin"] {
            let by = format!("{report_name}?group_by=product");
            assert_eq!(columns(&report(tenant, &by).await, &["sku"]), texts(&[&["MUG"]]));
            let table = report(tenant, &format!("{by}&product=NEW&product=MUG")).await;
            let expected = texts(&[&["MUG", "1", "20.00"], &["NEW", "0", "0.00"]]);
            assert_eq!(columns(&table, &["sku", "orders", "net_revenue"]), expected, "{report_name}");
        }
        let query = json!({ "query": "{ productPerformance(filter: { product: [\"NEW\"] }) { rows { sku units netRevenue } } }" });
        let reply = tenant.call(reqwest::Method::POST, "/graphql").json(&query).send().await.ok();
        assert_eq!(
            reply["data"]["productPerformance"]["rows"],
            json!([{ "sku": "NEW", "units": "0", "netRevenue": "0.00" }])
        );
    });
}

#[test]
fn a_customer_or_channel_without_a_sale_has_bought_and_sold_nothing() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let table = report(tenant, "customer_value").await;
        let shown = columns(&table, &["customer_name", "orders", "net_revenue", "first_order_on"]);
        assert_eq!(shown, texts(&[&["Idle Trading", "0", "0.00", "null"]]));
        let table = report(tenant, "channel_summary").await;
        let shown = columns(&table, &["channel", "orders", "net_revenue", "net_revenue_share_pct"]);
        let expected = texts(&[&["retail", "1", "20.00", "100.0000"], &["wholesale", "0", "0.00", "0.0000"]]);
        assert_eq!(shown, expected);
        let table = report(tenant, "revenue?group_by=none&to=2001-01-01").await;
        assert_eq!(columns(&table, &["orders", "lines", "net_revenue"]), texts(&[&["0", "0", "0.00"]]));
        assert_eq!(columns_of(&table["totals"][0], &["orders", "net_revenue"]), ["0", "0.00"]);
        let table = report(tenant, "revenue?group_by=day&to=2001-01-01&currency=EUR").await;
        assert_eq!(table["rows"], json!([]), "a day without trade has no row");
        assert_eq!(columns_of(&table["totals"][0], &["currency", "net_revenue"]), ["EUR", "0.00"]);
    });
}

fn columns_of(row: &Value, names: &[&str]) -> Vec<String> {
    columns(&json!({ "rows": [row] }), names).remove(0)
}

#[test]
fn a_product_that_was_never_stocked_has_nothing_on_hand() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let wanted = ["sku", "location_code", "on_hand", "available", "value"];
        let table = report(tenant, "stock_position").await;
        let expected = texts(&[&["MUG", "MAIN", "3", "3", "12.00"], &["NEW", "null", "0", "0", "0.00"]]);
        assert_eq!(columns(&table, &wanted), expected);
        let table = report(tenant, "stock_position?product=MUG&location=SHOP").await;
        assert_eq!(columns(&table, &wanted), texts(&[&["MUG", "null", "0", "0", "0.00"]]));
        assert_eq!(report(tenant, "stock_position?location=SHOP").await["rows"], json!([]));

        let level = format!("{}/{}", tenant.shop, tenant.product("OTHER", "1.00").await.id);
        let history = tenant.get(&format!("/v1/stock/levels/{level}/explain")).await.ok();
        assert_eq!(history["level"]["on_hand"], "0");
        assert_eq!(history["level"]["moved_at"], Value::Null);
        assert_eq!(
            (&history["closing"]["on_hand"], &history["closing"]["value"]),
            (&json!("0"), &json!("0.00"))
        );
        assert_eq!(tenant.get(&format!("/v1/stock/levels/{level}/layers")).await.ok()["data"], json!([]));
        assert_eq!(
            tenant.get(&format!("/v1/stock/levels/{level}/reservations")).await.ok()["data"],
            json!([])
        );
        let unknown = format!("/v1/stock/levels/{}/prd_01h455vb4pex5vsknk084sn02q/explain", tenant.shop);
        tenant.get(&unknown).await.refused(404, "not_found");
        let available = tenant.get("/v1/stock/availability?sku=NEW").await.ok();
        assert_eq!(available["data"][0]["available"], "0");
    });
}

#[test]
fn before_the_first_document_there_was_nothing() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let wanted = ["sku", "on_hand", "value", "unit_cost"];
        let before = "stock_valuation?as_of=1999-12-31";
        let table = report(tenant, &format!("{before}&product=MUG")).await;
        assert_eq!(columns(&table, &wanted), texts(&[&["MUG", "0", "0.00", "null"]]));
        for by in ["none", "product", "location", "product,location,category"] {
            let table = report(tenant, &format!("{before}&group_by={by}")).await;
            assert_eq!(columns_of(&table["totals"][0], &["on_hand", "value"]), ["0", "0.00"], "{by}");
            let rows = usize::from(by == "none");
            assert_eq!(table["rows"].as_array().map(Vec::len), Some(rows), "{by}");
        }
        let table = report(tenant, "stock_valuation?product=NEW&group_by=category,product").await;
        assert_eq!(columns(&table, &wanted), texts(&[&["NEW", "0", "0.00", "null"]]));
        let table = report(tenant, "stock_valuation?group_by=location&location=SHOP&location=MAIN").await;
        let expected = texts(&[&["MAIN", "3", "12.00", "4.00"], &["SHOP", "0", "0.00", "null"]]);
        assert_eq!(columns(&table, &["location_code", "on_hand", "value", "unit_cost"]), expected);
        assert_eq!(columns_of(&table["totals"][0], &["on_hand", "value"]), ["3", "12.00"]);
        let category = json!({ "code": "hats", "name": "Hats" });
        tenant.post("/v1/categories", &category).await.created();
        let table = report(tenant, "stock_valuation?group_by=category&category=hats").await;
        assert_eq!(columns(&table, &["category_code", "on_hand", "value"]), texts(&[&["hats", "0", "0.00"]]));
        let balances = tenant.get("/v1/trial-balance?to=1999-12-31").await.ok();
        assert_eq!(balances["totals"]["debit"], "0.00");
        assert!(balances["accounts"].as_array().is_some_and(|accounts| accounts.len() > 10));
    });
}

#[test]
fn what_was_never_stocked_is_low() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let wanted = ["sku", "location_code", "available", "reorder_point", "shortage"];
        let table = report(tenant, "low_stock").await;
        assert_eq!(columns(&table, &wanted), texts(&[&["NEW", "null", "0", "0", "0"]]));
        let new = tenant.get("/v1/products?sku=NEW").await.ok()["data"][0]["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let point = json!({ "locations": [{ "location_id": tenant.shop, "reorder_point": "6", "reorder_quantity": "12" }] });
        tenant.put(&format!("/v1/products/{new}/reorder"), &point).await.ok();
        let table = report(tenant, "low_stock").await;
        assert_eq!(columns(&table, &wanted), texts(&[&["NEW", "SHOP", "0", "6", "6"]]));
        let table = report(tenant, "low_stock?location=MAIN").await;
        assert_eq!(table["rows"], json!([]), "MAIN has no reorder point for it");
    });
}

#[test]
fn a_named_product_has_a_row_in_each_channel() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        for report_name in ["revenue", "margin"] {
            let by = format!("{report_name}?group_by=channel,product&product=MUG&product=NEW");
            let table = report(tenant, &by).await;
            let mut shown = columns(&table, &["sku", "channel", "orders", "net_revenue"]);
            shown.sort();
            let expected = texts(&[
                &["MUG", "retail", "1", "20.00"],
                &["MUG", "wholesale", "0", "0.00"],
                &["NEW", "retail", "0", "0.00"],
                &["NEW", "wholesale", "0", "0.00"],
            ]);
            assert_eq!(shown, expected, "{report_name}");
            assert_eq!(table["totals"][0]["net_revenue"], "20.00");
            // In the other order, and with one channel.
            let table =
                report(tenant, &format!("{report_name}?group_by=product,channel&product=NEW&channel=retail"))
                    .await;
            assert_eq!(
                columns(&table, &["sku", "channel", "net_revenue"]),
                texts(&[&["NEW", "retail", "0.00"]])
            );
            let table =
                report(tenant, &format!("{report_name}?group_by=product,location&product=NEW&location=MAIN"))
                    .await;
            assert_eq!(columns(&table, &["sku", "net_revenue"]), texts(&[&["NEW", "0.00"]]));
            // Nothing is named: only what was sold.
            let table = report(tenant, &format!("{report_name}?group_by=channel,product")).await;
            assert_eq!(columns(&table, &["sku", "channel"]), texts(&[&["MUG", "retail"]]));
        }
    });
}

#[test]
fn named_records_have_a_row_with_each_other_in_any_number_of_dimensions() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let customer = tenant.get("/v1/customers?limit=1").await.ok()["data"][0]["number"].clone();
        let customer = customer.as_str().expect("a number");
        let named = "product=MUG&product=NEW&location=MAIN&location=SHOP";
        for report_name in ["revenue", "margin"] {
            let by = format!("{report_name}?group_by=channel,product,location&{named}");
            let table = report(tenant, &by).await;
            let wanted = ["sku", "location_code", "channel", "orders", "net_revenue"];
            let first = columns(&table, &wanted).remove(0);
            assert_eq!(
                first,
                ["MUG", "MAIN", "retail", "1", "20.00"],
                "{report_name}: the greatest comes first"
            );
            let mut shown = columns(&table, &["sku", "location_code", "channel", "net_revenue"]);
            shown.sort();
            let expected = texts(&[
                &["MUG", "MAIN", "retail", "20.00"],
                &["MUG", "MAIN", "wholesale", "0.00"],
                &["MUG", "SHOP", "retail", "0.00"],
                &["MUG", "SHOP", "wholesale", "0.00"],
                &["NEW", "MAIN", "retail", "0.00"],
                &["NEW", "MAIN", "wholesale", "0.00"],
                &["NEW", "SHOP", "retail", "0.00"],
                &["NEW", "SHOP", "wholesale", "0.00"],
            ]);
            assert_eq!(shown, expected, "{report_name}");
            assert_eq!(table["totals"][0]["net_revenue"], "20.00");
            let csv = tenant.get(&format!("/v1/reports/{by}&format=csv")).await;
            assert_eq!(csv.text.trim_end().lines().count(), 1 + expected.len(), "{}", csv.text);
            // Four dimensions. The customer has bought nothing, so every row is zero.
            let by = format!(
                "{report_name}?group_by=customer,product,channel,location&{named}&customer={customer}"
            );
            let table = report(tenant, &by).await;
            let shown = columns(&table, &["customer_number", "net_revenue"]);
            assert_eq!(shown, vec![vec![customer.to_owned(), "0.00".to_owned()]; 8], "{report_name}");
            // A dimension of which nothing is named, and a unit of time, show what was sold only.
            for by in ["channel,product,location&product=NEW", "month,product,channel&product=NEW"] {
                let table = report(tenant, &format!("{report_name}?group_by={by}")).await;
                assert_eq!(table["rows"], json!([]), "{report_name} by {by}");
            }
        }
        let filter = r#"{ product: ["NEW"], location: ["MAIN"] }"#;
        let query = format!(
            "{{ revenueReport(groupBy: [CHANNEL, PRODUCT, LOCATION], filter: {filter}) {{ rows {{ sku locationCode channel netRevenue }} }} }}"
        );
        let reply =
            tenant.call(reqwest::Method::POST, "/graphql").json(&json!({ "query": query })).send().await.ok();
        let row = |channel: &str| json!({ "sku": "NEW", "locationCode": "MAIN", "channel": channel, "netRevenue": "0.00" });
        assert_eq!(reply["data"]["revenueReport"]["rows"], json!([row("retail"), row("wholesale")]));
    });
}

/// Returns codes of countries, or of currencies: a given one and others.
fn codes(first: &str, number: usize) -> String {
    let letters = || ('A'..='Z').map(String::from);
    let longer = |code: String| letters().map(move |letter| format!("{code}{letter}"));
    let made: Vec<String> = match first.len() {
        2 => letters().flat_map(longer).filter(|code| is_country(code)).collect(),
        _ => letters().flat_map(longer).flat_map(longer).filter(|code| is_currency(code)).collect(),
    };
    let others = made.into_iter().filter(|code| code != first);
    let codes: Vec<String> = std::iter::once(first.to_owned()).chain(others).take(number).collect();
    assert_eq!(codes.len(), number, "there are as many codes");
    codes.join(",")
}

#[test]
fn rows_of_zeros_count_toward_the_limit_and_are_left_out_if_they_are_too_many() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let by = format!("revenue?group_by=country,channel&country={}", codes("GB", 200));
        let table = report(tenant, &format!("{by}&currency={}&limit=10", codes("GBP", 100))).await;
        assert_eq!(columns_of(&table["rows"][0], &["country", "net_revenue"]), ["GB", "20.00"]);
        assert_eq!((&table["meta"]["row_count"], &table["meta"]["truncated"]), (&json!(10), &json!(true)));
        let table = report(tenant, &format!("{by}&currency={}&limit=10", codes("GBP", 150))).await;
        assert_eq!(columns(&table, &["country", "net_revenue"]), texts(&[&["GB", "20.00"]]));
        assert_eq!(table["meta"]["truncated"], false);
    });
}

#[test]
fn named_records_without_stock_have_a_row_of_zeros_with_each_other() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        tenant.post("/v1/categories", &json!({ "code": "hats", "name": "Hats" })).await.created();
        let by = "stock_valuation?group_by=product,location,category&product=MUG&product=NEW&location=MAIN&location=SHOP";
        let mut shown = columns(&report(tenant, by).await, &["sku", "location_code", "on_hand", "value"]);
        shown.sort();
        let expected = texts(&[
            &["MUG", "MAIN", "3", "12.00"],
            &["MUG", "SHOP", "0", "0.00"],
            &["NEW", "MAIN", "0", "0.00"],
            &["NEW", "SHOP", "0", "0.00"],
        ]);
        assert_eq!(shown, expected);
        let by = "stock_valuation?group_by=location,category&location=MAIN&location=SHOP&category=hats";
        let shown =
            columns(&report(tenant, by).await, &["location_code", "category_code", "on_hand", "value"]);
        assert_eq!(shown, texts(&[&["MAIN", "hats", "0", "0.00"], &["SHOP", "hats", "0", "0.00"]]));
        let by = "stock_valuation?group_by=product,location&product=NEW";
        let shown = columns(&report(tenant, by).await, &["sku", "location_code", "on_hand"]);
        assert_eq!(shown, texts(&[&["NEW", "null", "0"]]));
    });
}

#[test]
fn a_named_product_that_was_never_stocked_has_no_age_and_no_turnover() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let named = "product=NEW&product=MUG&product=POSTAGE";
        let table = report(tenant, &format!("stock_ageing?{named}")).await;
        let wanted = ["sku", "location_code", "on_hand", "value", "oldest_on", "units_over_365_days"];
        assert_eq!(columns(&table, &wanted)[1], ["NEW", "null", "0", "0.00", "null", "0"]);
        assert_eq!(table["meta"]["row_count"], 2, "a service has no stock");
        let table = report(tenant, &format!("stock_turnover?{named}")).await;
        let wanted = ["sku", "location_code", "on_hand", "units_sold", "turnover", "cover_days"];
        assert_eq!(columns(&table, &wanted)[1], ["NEW", "null", "0", "0", "null", "null"]);
        assert_eq!(table["meta"]["row_count"], 2);
        let table = report(tenant, "stock_ageing?as_of=1999-12-31&product=MUG").await;
        assert_eq!(columns(&table, &["sku", "on_hand"]), texts(&[&["MUG", "0"]]));
    });
}

#[test]
fn a_named_kind_of_product_was_sold_zero_times() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let table = report(tenant, "revenue?group_by=product_kind&product_kind=service").await;
        let shown = columns(&table, &["product_kind", "orders", "net_revenue"]);
        assert_eq!(shown, texts(&[&["service", "0", "0.00"]]));
        let by = "revenue?group_by=product_kind,product&product_kind=service&product=POSTAGE";
        assert_eq!(report(tenant, by).await["rows"], json!([]), "a product is of one kind");
    });
}
