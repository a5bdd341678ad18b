//! Prices: which list counts, which rule wins, and when.

mod authority;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, sale, with_tenant};

/// Makes a price list with rules. Returns its id.
async fn list(tenant: &Tenant, code: &str, rules: &[Value]) -> String {
    let list = tenant.make("/v1/price-lists", json!({ "code": code, "name": code })).await;
    for rule in rules {
        tenant.post(&format!("/v1/price-lists/{list}/rules"), rule).await.created();
    }
    list
}

fn asked(customer: Option<&str>, wanted: &[(&str, &str)]) -> Value {
    json!({ "customer_id": customer, "channel": "wholesale", "lines": lines(wanted) })
}

/// Returns unit price and source of every line.
async fn prices(tenant: &Tenant, body: &Value) -> Vec<(String, String)> {
    let answer = tenant.post("/v1/prices/resolve", body).await.ok();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let lines = answer["lines"].as_array().expect("lines").iter();
    lines.map(|line| (text(&line["unit_price"]), text(&line["source"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(price, source)| ((*price).to_owned(), (*source).to_owned())).collect()
}

/// A pays 15 % less for everything, B 20 % less for one category, C pays the prices of a sheet that was agreed long ago.
struct Case {
    a: String,
    b: String,
    c: String,
    hammer: String,
}

async fn three_customers(tenant: &Tenant) -> Case {
    let tools = tenant.make("/v1/categories", json!({ "code": "tools", "name": "Tools" })).await;
    let hand = json!({ "code": "hand-tools", "name": "Hand tools", "parent_id": tools });
    let hand = tenant.make("/v1/categories", hand).await;
    let hammer = tenant.product_with("HAMMER", json!({ "list_price": "20.00", "category_id": hand })).await;
    tenant.product("MUG", "10.00").await;
    tenant.open_stock(&[("HAMMER", "100", "12.00"), ("MUG", "100", "4.00")]).await;
    let all =
        list(tenant, "all-15", &[json!({ "scope": "all", "method": "percent_off", "value": "15" })]).await;
    let category =
        json!({ "scope": "category", "category_id": tools, "method": "percent_off", "value": "20" });
    let category = list(tenant, "tools-20", &[category]).await;
    let sheet = list(tenant, "sheet", &[
        json!({ "scope": "product", "sku": "HAMMER", "method": "fixed", "value": "17.123456", "valid_from": "2011-01-01" }),
        json!({ "scope": "product", "sku": "MUG", "method": "fixed", "value": "9", "valid_from": "2011-01-01" }),
    ]).await;
    let tier = json!({ "code": "gold", "name": "Gold", "price_list_id": all });
    let tier = tenant.make("/v1/price-tiers", tier).await;
    Case {
        a: tenant.customer_with("Nordwind Supply", json!({ "price_tier_id": tier })).await,
        b: tenant.customer_with("Kontor Mitte", json!({ "price_list_id": category })).await,
        c: tenant.customer_with("Alpenhandel", json!({ "price_list_id": sheet })).await,
        hammer: hammer.id,
    }
}

#[test]
fn three_customers_pay_what_was_agreed_with_each() {
    with_tenant(async |tenant| {
        let case = three_customers(tenant).await;
        let wanted = [("HAMMER", "1"), ("MUG", "1")];
        let at_list = [("20.00", "list_price"), ("10.00", "list_price")];
        let expected = [
            (Some(&case.a), [("17.00", "tier_list"), ("8.50", "tier_list")]),
            (Some(&case.b), [("16.00", "customer_list"), ("10.00", "list_price")]),
            (Some(&case.c), [("17.123456", "customer_list"), ("9.00", "customer_list")]),
            (None, at_list),
        ];
        for (customer, expected) in &expected {
            assert_eq!(prices(tenant, &asked(customer.map(String::as_str), &wanted)).await, pairs(expected));
        }
        tenant.patch(&format!("/v1/products/{}", case.hammer), &json!({ "list_price": "30.00" })).await.ok();
        let expected = [
            (&case.a, [("25.50", "tier_list"), ("8.50", "tier_list")]),
            (&case.b, [("24.00", "customer_list"), ("10.00", "list_price")]),
            (&case.c, [("17.123456", "customer_list"), ("9.00", "customer_list")]),
        ];
        for (customer, expected) in &expected {
            let prices = prices(tenant, &asked(Some(customer), &wanted)).await;
            assert_eq!(prices, pairs(expected), "the fixed sheet does not move with the list");
        }
    });
}

#[test]
fn quote_order_and_till_agree() {
    with_tenant(async |tenant| {
        let case = three_customers(tenant).await;
        let till = tenant.till().await;
        for customer in [&case.a, &case.b, &case.c] {
            let wanted = [("HAMMER", "3"), ("MUG", "2")];
            let quoted = prices(tenant, &asked(Some(customer), &wanted)).await;
            let order = tenant.order(customer, &wanted, "draft").await.created();
            let mut sale = tests::sale(&till, &wanted);
            sale["customer_id"] = json!(customer);
            let sale = tenant.post("/v1/pos/sales", &sale).await.created();
            for document in [order, sale] {
                let lines = document["lines"].as_array().expect("lines").iter();
                let charged: Vec<(String, String)> = lines
                    .map(|line| {
                        (
                            line["unit_price"].as_str().unwrap_or("").to_owned(),
                            line["price_source"].as_str().unwrap_or("").to_owned(),
                        )
                    })
                    .collect();
                assert_eq!(charged, quoted);
            }
        }
    });
}

#[test]
fn the_deepest_break_that_the_basket_reaches_counts() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XCS", "factor": "12" }]);
        tenant.product_with("MUG", json!({ "list_price": "10.00", "units": units })).await;
        let rule = |min_quantity: &str, value: &str| json!({ "scope": "product", "sku": "MUG", "method": "fixed", "value": value, "min_quantity": min_quantity });
        let list = list(tenant, "breaks", &[rule("10", "9"), rule("24", "8"), rule("100", "7")]).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "price_list_id": list })).await;
        for (wanted, price) in [
            (vec![("MUG", "9.999999")], "10.00"),
            (vec![("MUG", "10")], "9.00"),
            (vec![("MUG", "12"), ("MUG", "12")], "8.00"),
            (vec![("MUG", "99")], "8.00"),
            (vec![("MUG", "100")], "7.00"),
        ] {
            let prices = prices(tenant, &asked(Some(&customer), &wanted)).await;
            assert!(prices.iter().all(|(unit_price, _)| unit_price == price), "{wanted:?}: {prices:?}");
        }
        let cases = json!({ "customer_id": customer, "channel": "wholesale",
            "lines": [{ "sku": "MUG", "uom": "XCS", "quantity": "2" }] });
        assert_eq!(prices(tenant, &cases).await[0].0, "96.00", "two cases are 24 pieces");
    });
}

#[test]
fn a_price_is_known_for_every_instant() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let rule = json!({ "scope": "product", "sku": "MUG", "method": "fixed", "value": "8",
            "valid_from": "2031-06-01", "valid_until": "2031-06-30" });
        let list = list(tenant, "june", &[rule]).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "price_list_id": list })).await;
        for (at, price) in [
            ("2031-05-31T22:59:59Z", "10.00"),
            ("2031-05-31T23:00:00Z", "8.00"),
            ("2031-06-30T22:59:59Z", "8.00"),
            ("2031-06-30T23:00:00Z", "10.00"),
        ] {
            let mut body = asked(Some(&customer), &[("MUG", "1")]);
            body["at"] = json!(at);
            assert_eq!(
                prices(tenant, &body).await[0].0,
                price,
                "{at}: a day begins and ends in the tenant's zone"
            );
        }
    });
}

#[test]
fn the_narrower_scope_wins_and_lists_stand_in_order() {
    with_tenant(async |tenant| {
        let tools = tenant.make("/v1/categories", json!({ "code": "tools", "name": "Tools" })).await;
        tenant.product_with("HAMMER", json!({ "list_price": "20.00", "category_id": tools })).await;
        let off = |more: Value| {
            let mut rule = json!({ "method": "percent_off" });
            more.as_object().into_iter().flatten().for_each(|(name, value)| rule[name] = value.clone());
            rule
        };
        let own = list(
            tenant,
            "own",
            &[
                off(json!({ "scope": "all", "value": "50" })),
                off(json!({ "scope": "category", "category_id": tools, "value": "10" })),
            ],
        )
        .await;
        let of_tier =
            list(tenant, "tier", &[off(json!({ "scope": "product", "sku": "HAMMER", "value": "40" }))]).await;
        let of_channel =
            list(tenant, "channel", &[json!({ "scope": "all", "method": "amount_off", "value": "1.50" })])
                .await;
        tenant.put("/v1/channel-price-lists/wholesale", &json!({ "price_list_id": of_channel })).await.ok();
        let tier = tenant
            .make("/v1/price-tiers", json!({ "code": "t", "name": "T", "price_list_id": of_tier }))
            .await;
        let both = tenant
            .customer_with("Nordwind Supply", json!({ "price_tier_id": tier, "price_list_id": own }))
            .await;
        let tiered = tenant.customer_with("Kontor Mitte", json!({ "price_tier_id": tier })).await;
        let neither = tenant.customer("Alpenhandel").await;
        for (customer, expected) in [
            (&both, ("18.00", "customer_list")),
            (&tiered, ("12.00", "tier_list")),
            (&neither, ("18.50", "channel_list")),
        ] {
            let prices = prices(tenant, &asked(Some(customer), &[("HAMMER", "1")])).await;
            assert_eq!(prices, pairs(&[expected]));
        }
        let mut body = asked(None, &[("HAMMER", "1")]);
        body["channel"] = json!("retail");
        assert_eq!(prices(tenant, &body).await, pairs(&[("20.00", "list_price")]));
        let order = tenant.order(&neither, &[("HAMMER", "1")], "draft").await.created();
        assert_eq!(order["lines"][0]["unit_price"], "18.50", "a channel's list counts at once");
    });
}

#[test]
fn a_break_of_a_wider_scope_makes_nothing_dearer() {
    with_tenant(async |tenant| {
        let tools = tenant.make("/v1/categories", json!({ "code": "tools", "name": "Tools" })).await;
        tenant.product_with("HAMMER", json!({ "list_price": "10.00", "category_id": tools })).await;
        let rules = [
            json!({ "scope": "product", "sku": "HAMMER", "method": "fixed", "value": "7" }),
            json!({ "scope": "category", "category_id": tools, "method": "percent_off", "value": "10", "min_quantity": "10" }),
            json!({ "scope": "all", "method": "percent_off", "value": "5", "min_quantity": "20" }),
        ];
        let list = list(tenant, "breaks", &rules).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "price_list_id": list })).await;
        for quantity in ["1", "9", "10", "11", "20", "1000"] {
            let body = asked(Some(&customer), &[("HAMMER", quantity)]);
            assert_eq!(prices(tenant, &body).await, pairs(&[("7.00", "customer_list")]), "{quantity}");
            let order = tenant.order(&customer, &[("HAMMER", quantity)], "draft").await.created();
            assert_eq!(order["lines"][0]["unit_price"], "7.00", "{quantity}");
        }
        let answer =
            tenant.post("/v1/prices/resolve", &asked(Some(&customer), &[("HAMMER", "20")])).await.ok();
        let losers = answer["lines"][0]["trace"]["losers"].as_array().expect("losers");
        let lost: Vec<&str> =
            losers.iter().map(|loser| loser["lost"]["reason"].as_str().expect("a reason")).collect();
        assert_eq!(lost, ["wider_scope", "wider_scope", "lower_precedence"]);
    });
}

#[test]
fn a_break_that_is_dearer_than_the_one_below_is_told() {
    with_tenant(async |tenant| {
        tenant.product_with("HAMMER", json!({ "list_price": "10.00" })).await;
        let list = tenant.make("/v1/price-lists", json!({ "code": "dealers", "name": "Dealers" })).await;
        let path = format!("/v1/price-lists/{list}/rules");
        let fixed = |from: &str, value: &str| json!({ "scope": "product", "sku": "HAMMER", "method": "fixed", "value": value, "min_quantity": from });
        let first = tenant.post(&path, &fixed("0", "7.00")).await.created();
        assert_eq!(first["warnings"], json!([]));
        let below = format!("{path}/{}", first["id"].as_str().expect("an id"));
        let alone = tenant.get(&below).await;
        let made = tenant.post(&path, &fixed("10", "7.50")).await.created();
        let warning = &made["warnings"][0];
        assert_eq!(
            (&warning["code"], &warning["from_quantity"], &warning["other_rule_id"]),
            (&json!("dearer_break"), &json!("10"), &first["id"]),
            "{made}"
        );
        assert_eq!(made["warnings"].as_array().map(Vec::len), Some(1));
        let one = format!("{path}/{}", made["id"].as_str().expect("an id"));
        assert_eq!(tenant.get(&one).await.ok()["warnings"], made["warnings"], "it is read as it was written");
        let known = alone.header("etag").expect("an ETag");
        let next = tenant.call(Method::GET, &below).header("if-none-match", known).send().await;
        assert_eq!(next.ok()["warnings"][0]["other_rule_id"], made["id"], "its warnings are new");
        let rows = tenant.get(&path).await.ok();
        let found = |id: &Value| {
            let rows = rows["data"].as_array().expect("rules");
            rows.iter().find(|row| row["id"] == *id).expect("the rule")["warnings"].clone()
        };
        assert_eq!(found(&made["id"]), made["warnings"]);
        assert_eq!(found(&first["id"])[0]["other_rule_id"], made["id"], "its neighbour above is dearer");
        // A batch tells it of each rule, and a cheaper break has no warning.
        let items = json!({ "items": [
            fixed("20", "6.50"),
            { "scope": "all", "method": "percent_off", "value": "15" },
            { "scope": "all", "method": "percent_off", "value": "10", "min_quantity": "5" },
        ] });
        let done = tenant.post(&format!("{path}/batch"), &items).await.expect(207);
        let text = done.to_string();
        assert_eq!(text.matches("dearer_break").count(), 2, "{text}");
    });
}

#[test]
fn the_list_price_has_a_history() {
    with_tenant(async |tenant| {
        let units =
            json!([{ "uom": "XBX", "factor": "10", "list_price": "90.00" }, { "uom": "XCS", "factor": "2" }]);
        let mug = tenant.product_with("MUG", json!({ "list_price": "10.00", "units": units })).await;
        tenant.open_stock(&[("MUG", "100", "1.00")]).await;
        let before = environment().now().await;
        let path = format!("/v1/products/{}", mug.id);
        let dearer = json!([{ "uom": "XBX", "factor": "10", "list_price": "110.00" }, { "uom": "XCS", "factor": "2" }]);
        tenant.patch(&path, &json!({ "list_price": "12.00", "units": dearer })).await.ok();
        let between = environment().now().await;
        tenant.patch(&path, &json!({ "list_price": null })).await.ok();
        tenant.patch(&path, &json!({ "list_price": "15.00" })).await.ok();
        tenant.patch(&path, &json!({ "name": "Mug" })).await.ok();
        let line = |uom: &str| json!({ "sku": "MUG", "quantity": "1", "uom": uom });
        let asked = |at: Option<DateTime<Utc>>| json!({ "channel": "retail", "at": at, "lines": [line("C62"), line("XBX"), line("XCS")] });
        for (at, expected) in [
            (Some("2020-01-01T00:00:00Z".parse().expect("an instant")), ["10.00", "90.00", "20.00"]),
            (Some(before), ["10.00", "90.00", "20.00"]),
            (Some(between), ["12.00", "110.00", "24.00"]),
            (None, ["15.00", "110.00", "30.00"]),
            (Some(before + chrono::Duration::days(365)), ["15.00", "110.00", "30.00"]),
        ] {
            let found = prices(tenant, &asked(at)).await;
            assert_eq!(found, pairs(&expected.map(|price| (price, "list_price"))), "{at:?}");
        }
        // What a till sold then has the price of then, and a rule takes its percentage off it.
        let till = tenant.till().await;
        let mut sold = sale(&till, &[("MUG", "1")]);
        sold["occurred_at"] = json!(before);
        let sold = tenant.post("/v1/pos/sales", &sold).await.created();
        assert_eq!(sold["lines"][0]["unit_price"], "10.00");
        assert_eq!(sold["lines"][0]["list_price"], "10.00");
        let rule = json!({ "scope": "all", "method": "percent_off", "value": "10" });
        let list = list(tenant, "ten", &[rule]).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "price_list_id": list })).await;
        let order =
            json!({ "customer_id": customer, "occurred_at": between, "lines": lines(&[("MUG", "1")]) });
        assert_eq!(tenant.post("/v1/orders", &order).await.created()["lines"][0]["unit_price"], "10.80");
    });
}

#[test]
fn a_missing_price_is_named_beside_the_others_and_never_zero() {
    with_tenant(async |tenant| {
        tenant.product_with("PRICELESS", json!({})).await;
        tenant.product("FREE", "0").await;
        let basket = asked(None, &[("FREE", "1"), ("PRICELESS", "1"), ("FREE", "2")]);
        let lines = tenant.post("/v1/prices/resolve", &basket).await.ok()["lines"].clone();
        for place in [0, 2] {
            assert_eq!((&lines[place]["unit_price"], &lines[place]["error"]), (&json!("0.00"), &json!(null)));
        }
        assert_eq!((&lines[1]["unit_price"], &lines[1]["source"]), (&json!(null), &json!(null)));
        assert_eq!(lines[1]["error"]["code"], "price_missing");
        assert!(lines[1]["error"]["detail"].as_str().is_some_and(|detail| detail.starts_with("PRICELESS")));
        let order = json!({ "customer_id": tenant.customer("Nordwind").await, "lines": tests::lines(&[("PRICELESS", "1")]) });
        tenant.post("/v1/orders", &order).await.refused(422, "price_missing");
        assert_eq!(prices(tenant, &asked(None, &[("FREE", "1")])).await, pairs(&[("0.00", "list_price")]));
        let unknown =
            tenant.post("/v1/prices/resolve", &asked(None, &[("FREE", "1"), ("NOWHERE", "1")])).await;
        let problem = unknown.refused(404, "not_found").names(&["#/lines/1/sku"]);
        assert_eq!(problem.0["errors"][0]["detail"], "There is no product NOWHERE.");
    });
}

#[test]
fn a_rule_ends_and_its_history_stays() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let rule = json!({ "scope": "product", "sku": "MUG", "method": "fixed", "value": "8", "valid_from": "2011-01-01" });
        let list = list(tenant, "sheet", &[]).await;
        let rules = format!("/v1/price-lists/{list}/rules");
        let rule = tenant.make(&rules, rule).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "price_list_id": list })).await;
        let one = format!("{rules}/{rule}");
        tenant.call(Method::DELETE, &one).send().await.refused(428, "precondition_required");
        assert_eq!(tenant.delete(&one).await.status, 204);
        assert_eq!(prices(tenant, &asked(Some(&customer), &[("MUG", "1")])).await[0].0, "10.00");
        let mut past = asked(Some(&customer), &[("MUG", "1")]);
        past["at"] = json!("2012-06-01T12:00:00Z");
        assert_eq!(prices(tenant, &past).await[0].0, "8.00", "what was sold then can still be explained");
        assert_eq!(tenant.get(&rules).await.ok()["data"], json!([]));
        let all = tenant.get(&format!("{rules}?include_ended=true")).await.ok();
        assert_eq!(all["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_rule_that_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let rules = format!("/v1/price-lists/{}/rules", list(tenant, "sheet", &[]).await);
        for (rule, pointer) in [
            (json!({ "scope": "product", "method": "fixed", "value": "1" }), "#/product_id"),
            (json!({ "scope": "category", "method": "fixed", "value": "1" }), "#/category_id"),
            (json!({ "scope": "all", "sku": "MUG", "method": "fixed", "value": "1" }), "#/sku"),
            (json!({ "scope": "all", "method": "percent_off", "value": "101" }), "#/value"),
            (json!({ "scope": "all", "method": "fixed", "value": "-1" }), "#/value"),
            (
                json!({ "scope": "all", "method": "fixed", "value": "1", "min_quantity": "-1" }),
                "#/min_quantity",
            ),
            (
                json!({ "scope": "all", "method": "fixed", "value": "1", "valid_from": "2026-02-01", "valid_until": "2026-01-31" }),
                "#/valid_until",
            ),
        ] {
            tenant.post(&rules, &rule).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let unknown = json!({ "scope": "product", "sku": "CUP", "method": "fixed", "value": "1" });
        let problem = tenant.post(&rules, &unknown).await;
        assert_eq!(problem.status, 404, "{}", problem.text);
        assert_eq!(problem.json()["errors"][0]["pointer"].clone(), json!("#/sku"), "{}", problem.text);
    });
}
