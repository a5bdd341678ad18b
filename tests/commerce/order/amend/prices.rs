//! Prices, discounts, taxes and the credit limit of an order that is amended.

use serde_json::{Value, json};
use tests::{environment, sale, with_tenant, with_tenant_as};

use super::{ORDERS, amend, fields, first, id, of_bolts, path, shown, sums};

#[test]
fn a_line_keeps_what_was_agreed_until_another_price_or_discount_is_stated() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "0.50")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let line = json!({ "sku": "BOLT", "quantity": "10", "discount": { "percent": "10" }, "description": "For the gate" });
        let order = json!({ "customer_id": customer, "advance_to": "confirmed", "lines": [line] });
        let order = tenant.post(ORDERS, &order).await.created();
        let figures = |order: &Value| {
            let text = |value: Value| value.as_str().expect("an amount").to_owned();
            fields(order, ["unit_price", "gross", "discount", "net"])[0].clone().map(text)
        };
        let mut seen = Vec::new();
        for more in [
            json!({}),
            json!({ "discount": { "percent": "0" } }),
            json!({ "unit_price": "2.00", "price_reason": "Offer of a competitor" }),
        ] {
            let mut line = json!({ "line_no": 1, "quantity": "4" });
            more.as_object().into_iter().flatten().for_each(|(name, value)| line[name] = value.clone());
            let amended = amend(tenant, &order, json!([line])).await.ok();
            assert_eq!(amended["lines"][0]["description"], "For the gate");
            seen.push(figures(&amended));
        }
        let expected = [
            ["2.50", "10.00", "1.00", "9.00"],
            ["2.50", "10.00", "0.00", "10.00"],
            ["2.00", "8.00", "0.00", "8.00"],
        ];
        assert_eq!(seen, expected);
    });
    with_tenant_as(
        |tenant| tenant.prices_include_tax = true,
        async |tenant| {
            tenant.stocked("BOLT", "9.99", ("100", "0.50")).await;
            let customer = tenant.customer("Nordwind Supply").await;
            let order = of_bolts(tenant, &customer, "ship_complete", "1").await;
            assert_eq!(amend(tenant, &order, first("3")).await.ok()["total"], "29.97");
            let line = json!({ "line_no": 1, "quantity": "1", "discount": { "percent": "10" } });
            assert_eq!(amend(tenant, &order, json!([line])).await.ok()["total"], "8.99");
            assert_eq!(amend(tenant, &order, first("3")).await.ok()["total"], "26.97");
        },
    );
}

#[test]
fn a_reason_of_a_price_is_refused_without_the_price() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "0.50")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let order = of_bolts(tenant, &customer, "ship_complete", "1").await;
        let pointer = "#/lines/0/price_reason";
        let line = json!({ "line_no": 1, "quantity": "1", "price_reason": "Scratched" });
        amend(tenant, &order, json!([line])).await.refused(422, "validation_failed").names(&[pointer]);
        let lines = json!([{ "sku": "BOLT", "quantity": "1", "price_reason": "Scratched" }]);
        let back = json!({ "customer_id": customer, "lines": lines });
        for path in [ORDERS, "/v1/returns"] {
            tenant.post(path, &back).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let mut sale = sale(&till, &[("BOLT", "1")]);
        sale["lines"] = lines;
        tenant.post("/v1/pos/sales", &sale).await.refused(422, "validation_failed").names(&[pointer]);
        (sale["forced"], sale["occurred_at"]) = (json!(true), json!(environment().now().await));
        tenant.post("/v1/pos/sales", &sale).await.created();
    });
}

#[test]
fn more_than_a_hundred_percent_has_one_fault_beside_others() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "0.50")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = of_bolts(tenant, &customer, "ship_complete", "1").await;
        let line = json!({ "line_no": 1, "quantity": "0", "discount": { "percent": "101" } });
        let problem = amend(tenant, &order, json!([line])).await.refused(422, "validation_failed");
        let mut named = problem.pointers();
        named.sort_unstable();
        assert_eq!(named, ["#/lines/0/discount", "#/lines/0/quantity"], "{}", problem.0);
        assert!(!problem.0.to_string().contains("off the resolved price"), "{}", problem.0);
    });
}

#[test]
fn a_percentage_is_taken_off_the_new_amount() {
    let with_percent = |quantity: &str, percent: &str| json!({ "sku": "PIN", "quantity": quantity, "discount": { "percent": percent } });
    with_tenant(async |tenant| {
        for (sku, price) in [("PIN", "0.07"), ("BOLT", "10.00"), ("NUT", "11.00")] {
            tenant.product(sku, price).await;
        }
        let customer = tenant.customer("Nordwind Supply").await;
        let figures = |order: &Value| fields(order, ["net", "discount_percent"])[0].clone();
        for (line, quantities, expected) in [
            (with_percent("1", "10"), vec!["100"], [json!("6.30"), json!("10")]),
            (with_percent("14", "3"), vec!["1", "1400"], [json!("95.06"), json!("3")]),
        ] {
            let order = json!({ "customer_id": customer, "lines": [line] });
            let order = tenant.post(ORDERS, &order).await.created();
            assert_eq!(order["lines"][0]["discount_percent"], expected[1]);
            for quantity in quantities {
                amend(tenant, &order, first(quantity)).await.ok();
            }
            assert_eq!(figures(&shown(tenant, &order).await), expected);
            let stated = |discount: Value| json!([{ "line_no": 1, "quantity": "100", "discount": discount }]);
            let other = amend(tenant, &order, stated(json!({ "percent": "50" }))).await.ok();
            assert_eq!(figures(&other), [json!("3.50"), json!("50")]);
            let amount = amend(tenant, &order, stated(json!({ "amount": "1.00" }))).await.ok();
            assert_eq!(figures(&amount), [json!("6.00"), json!(null)]);
            assert_eq!(figures(&amend(tenant, &order, first("50")).await.ok()), [json!("3.00"), json!(null)]);
        }

        // 10 % of the document is 0.90 and 1.10.
        let bolt = json!({ "sku": "BOLT", "quantity": "1", "discount": { "percent": "10" } });
        let both = json!({ "customer_id": customer, "discount": { "percent": "10" },
            "lines": [bolt, { "sku": "NUT", "quantity": "1" }] });
        let both = tenant.post(ORDERS, &both).await.created();
        let names = ["discount", "discount_percent", "net"];
        let expected =
            [[json!("1.90"), json!("10"), json!("8.10")], [json!("1.10"), json!(null), json!("9.90")]];
        assert_eq!(fields(&both, names), expected);
        let lines = json!([{ "line_no": 1, "quantity": "3" }, { "line_no": 2, "quantity": "2" }]);
        let expected =
            [[json!("5.70"), json!("10"), json!("24.30")], [json!("2.20"), json!(null), json!("19.80")]];
        assert_eq!(fields(&amend(tenant, &both, lines).await.ok(), names), expected);
    });
    with_tenant_as(
        |tenant| tenant.prices_include_tax = true,
        async |tenant| {
            tenant.product("PIN", "0.07").await;
            for (is_exempt, total) in [(false, "95.06"), (true, "79.22")] {
                let terms = json!({ "tax_exempt": is_exempt });
                let customer = tenant.customer_with("Nordwind Supply", terms).await;
                let order = json!({ "customer_id": customer, "lines": [with_percent("14", "3")] });
                let order = tenant.post(ORDERS, &order).await.created();
                for quantity in ["1", "14", "1400"] {
                    amend(tenant, &order, first(quantity)).await.ok();
                }
                assert_eq!(shown(tenant, &order).await["total"], total, "exempt: {is_exempt}");
            }
        },
    );
}

#[test]
fn the_percentage_over_all_lines_is_taken_off_new_and_changed_lines() {
    let line = |sku: &str, discount: Value| json!({ "sku": sku, "quantity": "1", "discount": discount });
    let percent = |percent: &str| json!({ "percent": percent });
    with_tenant(async |tenant| {
        for (sku, price) in [("PIN", "0.07"), ("TACK", "0.17"), ("BOLT", "10.00"), ("NUT", "11.00")] {
            tenant.product(sku, price).await;
        }
        let customer = tenant.customer("Nordwind Supply").await;
        let place = async |line: Value, discount: Value| {
            let order = json!({ "customer_id": customer, "lines": [line], "discount": discount });
            tenant.post(ORDERS, &order).await.created()
        };
        for (line, of_order, quantity, net) in [
            (line("PIN", json!(null)), "10", "100", "6.30"),
            (line("TACK", json!(null)), "5", "1000", "161.50"),
            (line("PIN", percent("10")), "7.77", "100", "5.81"),
            (line("BOLT", json!({ "amount": "2.00" })), "10", "3", "21.60"),
            (line("TACK", json!({ "amount": "0.01" })), "5", "100", "15.20"),
        ] {
            let order = place(line, percent(of_order)).await;
            assert_eq!(order["discount_percent"], of_order);
            for quantity in [quantity, "1", quantity] {
                amend(tenant, &order, first(quantity)).await.ok();
            }
            let shown = shown(tenant, &order).await;
            assert_eq!((&shown["net"], &shown["discount_percent"]), (&json!(net), &json!(of_order)));
        }

        let nut = json!({ "sku": "NUT", "quantity": "1" });
        let order = place(line("BOLT", json!(null)), percent("10")).await;
        let added = json!([{ "line_no": 1, "quantity": "1" }, nut]);
        let added = amend(tenant, &order, added).await.ok();
        assert_eq!(fields(&added, ["discount", "net"]), [["1.00", "9.00"], ["1.10", "9.90"]]);
        let stated = json!([{ "line_no": 1, "quantity": "1", "discount": percent("50") }, { "line_no": 2, "quantity": "1" }]);
        let stated = amend(tenant, &order, stated).await.ok();
        assert_eq!(fields(&stated, ["discount", "net"]), [["5.50", "4.50"], ["1.10", "9.90"]]);

        // An amount is not kept: its part stays in proportion.
        let order = place(line("BOLT", json!(null)), json!({ "amount": "1.00" })).await;
        let added = amend(tenant, &order, json!([{ "line_no": 1, "quantity": "3" }, nut])).await.ok();
        assert_eq!(fields(&added, ["discount", "net"]), [["3.00", "27.00"], ["0.00", "11.00"]]);
        assert_eq!(added["discount_percent"], json!(null));
    });
    with_tenant_as(
        |tenant| tenant.prices_include_tax = true,
        async |tenant| {
            tenant.product("PIN", "0.07").await;
            let customer = tenant.customer("Nordwind Supply").await;
            let order = json!({ "customer_id": customer, "discount": percent("10"), "lines": [line("PIN", json!(null))] });
            let order = tenant.post(ORDERS, &order).await.created();
            assert_eq!(amend(tenant, &order, first("100")).await.ok()["total"], "6.30");
        },
    );
}

#[test]
fn the_limit_counts_the_percentage_over_all_lines() {
    with_tenant(async |tenant| {
        tenant.product("TACK", "0.17").await;
        let customer = tenant.customer("Nordwind Supply").await;
        let limited = json!({ "scopes": ["orders:write"], "discount_max": "5" });
        let clerk = tenant.with_key(&crate::platform::auth::key_with(tenant, limited).await.1);
        let tack = json!({ "sku": "TACK", "quantity": "1" });
        let order = |percent: &str| json!({ "customer_id": customer, "lines": [tack], "discount": { "percent": percent } });
        let own = clerk.post(ORDERS, &order("5")).await.created();
        let grown = clerk.post(&path(&own), &json!({ "lines": first("1000") })).await.ok();
        assert_eq!(grown["net"], "161.50");
        let of_other = tenant.post(ORDERS, &order("20")).await.created();
        let added =
            json!({ "lines": [{ "line_no": 1, "quantity": "1" }, { "sku": "TACK", "quantity": "100" }] });
        let refused = clerk.post(&path(&of_other), &added).await.refused(403, "discount_exceeded");
        refused.names(&["#/lines/1/discount"]);
    });
}

#[test]
fn a_discount_is_compared_with_the_price_of_the_new_quantity() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.00", ("100", "0.10")).await;
        let list = tenant.make("/v1/price-lists", json!({ "code": "breaks", "name": "Breaks" })).await;
        let rule = json!({ "scope": "product", "sku": "BOLT", "method": "fixed", "value": "1.00", "min_quantity": "50" });
        tenant.post(&format!("/v1/price-lists/{list}/rules"), &rule).await.created();
        let customer = tenant.customer_with("Nordwind Supply", json!({ "price_list_id": list })).await;
        let order = of_bolts(tenant, &customer, "ship_complete", "60").await;
        assert_eq!(order["lines"][0]["unit_price"], "1.00");
        let limited = json!({ "scopes": ["orders:write"], "discount_max": "10" });
        let clerk = tenant.with_key(&crate::platform::auth::key_with(tenant, limited).await.1);
        let less = |quantity: &str| json!({ "lines": [{ "line_no": 1, "quantity": quantity, "discount": { "percent": "10" } }] });
        let refused = clerk.post(&path(&order), &less("10")).await.refused(403, "discount_exceeded");
        refused.names(&["#/lines/0/discount"]);
        let more = clerk.post(&path(&order), &less("70")).await.ok();
        assert_eq!(more["lines"][0]["net"], "63.00", "10 % off the price for 70");
        let fewer = clerk.post(&path(&order), &json!({ "lines": first("10") })).await.ok();
        assert_eq!(fewer["lines"][0]["net"], "9.00");
        let grown = json!({ "lines": first("20") });
        let refused = clerk.post(&path(&order), &grown).await.refused(403, "discount_exceeded");
        refused.names(&["#/lines/0/discount"]);
    });
}

#[test]
fn a_tax_is_rounded_once_for_kept_and_new_lines() {
    let line = |line_no: i32| json!({ "line_no": line_no, "quantity": "1" });
    let with = |include: bool, expected: [[&'static str; 3]; 4]| {
        with_tenant_as(
            move |tenant| tenant.prices_include_tax = include,
            async |tenant| {
                tenant.stocked("PIN", "0.02", ("100", "0.01")).await;
                let customer = tenant.customer("Nordwind Supply").await;
                let pins = [("PIN", "1"); 3];
                let order = tenant.order(&customer, &pins, "confirmed").await.created();
                assert_eq!(sums(&order), expected[0]);
                let lines = [
                    json!([line(1), line(2), line(3)]),
                    json!([line(2), line(3)]),
                    json!([line(2), line(3), { "sku": "PIN", "quantity": "2" }]),
                ];
                for (lines, expected) in lines.into_iter().zip(&expected[1..]) {
                    let amended = amend(tenant, &order, lines).await.ok();
                    assert_eq!(sums(&amended), *expected);
                    assert_eq!(sums(&shown(tenant, &order).await), *expected);
                }
            },
        );
    };
    let three = ["0.06", "0.01", "0.07"];
    with(false, [three, three, ["0.04", "0.01", "0.05"], ["0.08", "0.02", "0.10"]]);
    let three = ["0.05", "0.01", "0.06"];
    with(true, [three, three, ["0.03", "0.01", "0.04"], ["0.07", "0.01", "0.08"]]);
}

#[test]
fn a_low_price_that_another_agreed_is_not_extended_by_a_caller_with_limits() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "0.50")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let line = json!({ "sku": "BOLT", "quantity": "5", "unit_price": "1.00", "price_reason": "Sample" });
        let order = json!({ "customer_id": customer, "advance_to": "confirmed", "lines": [line] });
        let order = tenant.post(ORDERS, &order).await.created();
        let limited = json!({ "scopes": ["orders:write"], "discount_max": "10" });
        let clerk = tenant.with_key(&crate::platform::auth::key_with(tenant, limited).await.1);
        let more = json!({ "lines": first("50") });
        let refused = clerk.post(&path(&order), &more).await.refused(403, "discount_exceeded");
        refused.names(&["#/lines/0/discount"]);
        let stated = json!({ "lines": [{ "line_no": 1, "quantity": "5", "unit_price": "0.90" }] });
        let refused = clerk.post(&path(&order), &stated).await.refused(403, "insufficient_scope");
        refused.names(&["#/lines/0/unit_price"]);
        let fewer = clerk.post(&path(&order), &json!({ "lines": first("2") })).await.ok();
        assert_eq!((&fewer["lines"][0]["unit_price"], sums(&fewer)[0]), (&json!("1.00"), "2.00"));
    });
}

#[test]
fn more_than_the_credit_limit_holds_the_order() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "credit_limit": "100" })).await;
        let order = of_bolts(tenant, &customer, "ship_complete", "5").await;
        let held = amend(tenant, &order, first("9")).await.ok();
        let reasons = json!(["The credit limit is exceeded by 8.00."]);
        assert_eq!((&held["status"], &held["hold_reasons"]), (&json!("on_hold"), &reasons));
        assert_eq!(tenant.level("BOLT").await.reserved, "0");
        let less = amend(tenant, &order, first("8")).await.ok();
        assert_eq!((&less["status"], &less["hold_reasons"]), (&json!("confirmed"), &json!([])));
        assert_eq!(tenant.level("BOLT").await.reserved, "8");
        tenant.patch(&format!("/v1/customers/{customer}"), &json!({ "credit_limit": "50" })).await.ok();
        let less = amend(tenant, &order, first("7")).await.ok();
        assert_eq!(less["status"], "confirmed", "an order that does not grow is not judged again");

        // A release is for the order as it was.
        assert_eq!(amend(tenant, &order, first("8")).await.ok()["status"], "on_hold");
        let released = tenant.step(id(&order), "release").await.ok();
        assert!(released["released_at"].is_string(), "{released}");
        let grown = amend(tenant, &order, first("20")).await.ok();
        assert_eq!((&grown["status"], &grown["released_at"]), (&json!("on_hold"), &json!(null)));
        tenant.step(id(&order), "ship").await.refused(409, "invalid_state_transition");
        tenant.step(id(&order), "release").await.ok();
        tenant.patch(&format!("/v1/customers/{customer}"), &json!({ "credit_limit": "1000" })).await.ok();
        let less = amend(tenant, &order, first("19")).await.ok();
        assert!(less["released_at"].is_string(), "{less}");
        let grown = amend(tenant, &order, first("21")).await.ok();
        assert_eq!((&grown["status"], &grown["released_at"]), (&json!("confirmed"), &json!(null)));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}
