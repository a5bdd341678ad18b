//! The till: sales, tenders, prices, and rejections.

mod barcode;
mod clock;
mod discount;
mod forced;
mod refund;
mod renamed;
mod session;
mod terminal;
mod voucher;

use serde_json::{Value, json};
use tests::{Level, Till, lines, sale, with_tenant, with_tenant_as};

const SALES: &str = "/v1/pos/sales";

fn tendered(till: &Till, wanted: &[(&str, &str)], tenders: Value) -> Value {
    json!({ "register_id": till.register_id, "lines": lines(wanted), "tenders": tenders })
}

#[test]
fn a_walk_in_sale_moves_goods_money_and_ledger_at_once() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let body = tendered(&till, &[("MUG", "2")], json!([{ "kind": "cash", "amount": "50" }]));
        let reply = tenant.post(SALES, &body).await;
        let sale = reply.created();
        let amounts = ["gross", "discount", "net", "tax", "rounding", "total"].map(|name| sale[name].clone());
        assert_eq!(amounts, ["20.00", "0.00", "20.00", "4.00", "0.00", "24.00"].map(Value::from));
        let tender = &sale["tenders"][0];
        assert_eq!(tender["amount"], "24.00");
        assert_eq!(tender["tendered"], "50.00");
        assert_eq!(tender["change"], "26.00");
        let line = &sale["lines"][0];
        assert_eq!(line["unit_price"], "10.00");
        assert_eq!(line["price_source"], "list_price");
        assert_eq!(line["tax_rate"], "20");
        assert_eq!(sale["kind"], "sale");
        assert_eq!(sale["currency"], "GBP");
        assert_eq!(sale["country"], "GB");
        let id = sale["id"].as_str().expect("an id");
        assert_eq!(reply.header("location"), Some(format!("/v1/pos/sales/{id}").as_str()));
        assert!(
            sale["number"]
                .as_str()
                .is_some_and(|number| number.starts_with(&till.code) && number.ends_with("-000001"))
        );
        assert_eq!(tenant.level("MUG").await, Level::of("3", "0", "12"));
        let entry = tenant.entry(id).await;
        let posted: Vec<(&str, &str)> =
            entry.iter().map(|(code, amount)| (code.as_str(), amount.as_str())).collect();
        let expected =
            [("1000", "24.00"), ("1200", "-8.00"), ("2200", "-4.00"), ("4010", "-20.00"), ("5010", "8.00")];
        assert_eq!(posted, expected);
    });
}

#[test]
fn tenders_can_be_split_and_one_may_be_left_open() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let open_cash =
            json!([{ "kind": "card", "amount": "5", "reference": "auth-004211" }, { "kind": "cash" }]);
        let paid = tenant.post(SALES, &tendered(&till, &[("MUG", "1")], open_cash)).await.created();
        assert_eq!(paid["tenders"][0]["amount"], "5.00");
        assert_eq!(paid["tenders"][1]["amount"], "7.00");
        let present = json!({ "code": "PRESENT", "amount": "10", "method": "bank" });
        tenant.post("/v1/vouchers", &present).await.created();
        let open_card = json!([{ "kind": "cash", "amount": "2" },
            { "kind": "voucher", "amount": "3", "reference": "PRESENT" }, { "kind": "card" }]);
        let paid = tenant.post(SALES, &tendered(&till, &[("MUG", "1")], open_card)).await.created();
        let amounts: Vec<&Value> = (0..3).map(|index| &paid["tenders"][index]["amount"]).collect();
        assert_eq!(amounts, ["2.00", "3.00", "7.00"]);
        assert_eq!(tenant.balance("1020").await, "12.00");
        assert_eq!(tenant.balance("2300").await, "-7.00");
    });
}

#[test]
fn tenders_that_do_not_settle_the_total_are_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let mismatches = [
            json!([]),
            json!([{ "kind": "cash", "amount": "11.99" }]),
            json!([{ "kind": "card", "amount": "12.01" }]),
            json!([{ "kind": "card", "amount": "10" }, { "kind": "voucher", "amount": "3" }]),
        ];
        for tenders in mismatches {
            let reply = tenant.post(SALES, &tendered(&till, &[("MUG", "1")], tenders)).await;
            reply.refused(422, "tender_mismatch").names(&["#/tenders"]);
        }
        let nothing_left = json!([{ "kind": "cash", "amount": "20" }, { "kind": "card" }]);
        let reply = tenant.post(SALES, &tendered(&till, &[("MUG", "1")], nothing_left)).await;
        reply.refused(422, "tender_mismatch").names(&["#/tenders/1"]);
        let invalid = [
            (json!([{ "kind": "cash" }, { "kind": "card" }]), "#/tenders"),
            (json!([{ "kind": "cash", "amount": "0" }]), "#/tenders/0/amount"),
            (
                json!([{ "kind": "cash", "amount": "20" }, { "kind": "card", "amount": "-8" }]),
                "#/tenders/1/amount",
            ),
            (json!([{ "kind": "card", "amount": "5.001" }, { "kind": "cash" }]), "#/tenders/0/amount"),
        ];
        for (tenders, pointer) in invalid {
            let reply = tenant.post(SALES, &tendered(&till, &[("MUG", "1")], tenders)).await;
            reply.refused(422, "validation_failed").names(&[pointer]);
        }
        assert_eq!(tenant.level("MUG").await.on_hand, "5");
    });
}

#[test]
fn cash_is_rounded_to_the_smallest_coin_of_the_till() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.02", ("5", "4.00")).await;
        let till = tenant.till_with(json!({ "cash_rounding": "0.05" })).await;
        let sold = tenant.sell(&till, &[("MUG", "1")]).await.created();
        assert_eq!(sold["rounding"], "-0.02");
        assert_eq!(sold["total"], "12.00");
        let card = tendered(&till, &[("MUG", "1")], json!([{ "kind": "card" }]));
        assert_eq!(tenant.post(SALES, &card).await.created()["total"], "12.02");
        assert_eq!(tenant.balance("6010").await, "0.02");
    });
}

#[test]
fn a_shortage_names_every_short_line_and_writes_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        tenant.stocked("CUP", "10.00", ("5", "4.00")).await;
        tenant.stocked("JUG", "10.00", ("1", "4.00")).await;
        let till = tenant.till().await;
        let wanted = [("MUG", "3"), ("CUP", "5"), ("JUG", "2"), ("MUG", "3")];
        let problem = tenant.sell(&till, &wanted).await.refused(409, "insufficient_stock");
        let mut pointers = problem.pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, ["#/lines/0/quantity", "#/lines/2/quantity", "#/lines/3/quantity"]);
        let figures = |pointer: &str| {
            let params = problem.params(pointer);
            (params["requested"].clone(), params["available"].clone())
        };
        assert_eq!(figures("#/lines/0/quantity"), (json!("6"), json!("5")), "the basket is summed");
        assert_eq!(figures("#/lines/2/quantity"), (json!("2"), json!("1")));
        assert_eq!(tenant.count("pos_sale").await, 0);
        tenant.sell(&till, &[("MUG", "2"), ("MUG", "3"), ("JUG", "1")]).await.created();
        tenant.sell(&till, &[("MUG", "1")]).await.refused(409, "insufficient_stock");
    });
}

#[test]
fn a_price_by_hand_needs_its_scope() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let line =
            json!({ "sku": "MUG", "quantity": "1", "unit_price": "7.123456", "price_reason": "Chipped" });
        let body =
            json!({ "register_id": till.register_id, "lines": [line], "tenders": [{ "kind": "card" }] });
        let key = crate::platform::auth::key(tenant, &["pos:write"]).await;
        let reply = tenant.with_key(&key).post(SALES, &body).await;
        let problem = reply.refused(403, "insufficient_scope");
        assert_eq!(problem.pointers(), ["#/lines/0/unit_price"]);
        let sold = tenant.post(SALES, &body).await.created();
        let line = &sold["lines"][0];
        assert_eq!(line["price_source"], "override");
        assert_eq!(line["unit_price"], "7.123456");
        assert_eq!(line["list_price"], "10.00");
        assert_eq!(line["net"], "7.12");
    });
}

#[test]
fn what_may_not_be_sold_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "25.00" })).await;
        tenant.product_with("PRICELESS", json!({ "kind": "service" })).await;
        let old = tenant.stocked("OLD", "10.00", ("5", "4.00")).await;
        tenant.patch(&format!("/v1/products/{}", old.id), &json!({ "status": "archived" })).await.ok();
        let till = tenant.till().await;
        let wanted = [("MUG", "1"), ("OLD", "1"), ("SET", "1"), ("mug", "1"), ("MUG", "0"), ("MUG", "-1")];
        let problem = tenant.sell(&till, &wanted).await.refused(422, "validation_failed");
        let pointers =
            ["#/lines/1/sku", "#/lines/2/sku", "#/lines/3/sku", "#/lines/4/quantity", "#/lines/5/quantity"];
        problem.names(&pointers);
        let problem = tenant.sell(&till, &[("PRICELESS", "1")]).await.refused(422, "price_missing");
        problem.names(&["#/lines/0/sku"]);
        tenant.sell(&till, &[]).await.refused(422, "validation_failed").names(&["#/lines"]);
    });
}

#[test]
fn a_service_moves_no_stock_and_a_free_product_needs_no_tender() {
    with_tenant(async |tenant| {
        tenant.product_with("POSTAGE", json!({ "kind": "service", "list_price": "3.00" })).await;
        tenant.stocked("GIFT", "0", ("1", "2.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("POSTAGE", "1")]).await.created();
        assert_eq!(tenant.count("stock_level").await, 1);
        let gift = tenant.post(SALES, &tendered(&till, &[("GIFT", "1")], json!([]))).await.created();
        assert_eq!(gift["total"], "0.00");
        assert_eq!(gift["tenders"], json!([]));
        assert_eq!(tenant.balance("5010").await, "2.00", "a gift has a cost");
    });
}

#[test]
fn discounts_on_lines_and_on_the_basket_add_up() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("9", "4.00")).await;
        tenant.stocked("CUP", "3.33", ("9", "1.00")).await;
        let till = tenant.till().await;
        let lines = json!([
            { "sku": "MUG", "quantity": "1", "discount": { "percent": "10" } },
            { "sku": "CUP", "quantity": "1", "discount": { "amount": "0.33" } },
            { "sku": "CUP", "quantity": "1" },
        ]);
        let body = json!({ "register_id": till.register_id, "lines": lines, "discount": { "amount": "1.00" },
            "tenders": [{ "kind": "cash" }] });
        let sold = tenant.post(SALES, &body).await.created();
        assert_eq!(sold["gross"], "16.66");
        assert_eq!(sold["discount"], "2.33");
        assert_eq!(sold["net"], "14.33");
        assert_eq!(sold["tax"], "2.87");
        assert_eq!(tenant.balance("4200").await, "2.33");
        for (discount, pointer) in [
            (json!({ "percent": "100.01" }), "#/lines/0/discount"),
            (json!({ "percent": "-1" }), "#/lines/0/discount"),
            (json!({ "amount": "10.01" }), "#/lines/0/discount"),
            (json!({ "amount": "-0.01" }), "#/lines/0/discount"),
            (json!({ "amount": "0.001" }), "#/lines/0/discount"),
        ] {
            let lines = json!([{ "sku": "MUG", "quantity": "1", "discount": discount }]);
            let body =
                json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": "cash" }] });
            tenant.post(SALES, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let mut body = sale(&till, &[("MUG", "1")]);
        body["discount"] = json!({ "percent": "101" });
        tenant.post(SALES, &body).await.refused(422, "validation_failed").names(&["#/discount"]);
        body["discount"] = json!({ "percent": "100" });
        assert_eq!(tenant.post(SALES, &body).await.created()["total"], "0.00");
    });
}

#[test]
fn a_case_is_sold_by_its_barcode_at_its_own_price() {
    with_tenant(async |tenant| {
        let units = json!([
            { "uom": "XCS", "factor": "12", "list_price": "100.00", "barcodes": ["10614141000415"] },
            { "uom": "XBX", "factor": "6" },
        ]);
        tenant.product_with("MUG", json!({ "list_price": "10.00", "units": units })).await;
        tenant.open_stock(&[("MUG", "30", "4.00")]).await;
        let till = tenant.till().await;
        let lines = json!([
            { "barcode": "10614141000415", "quantity": "1" },
            { "sku": "MUG", "uom": "XBX", "quantity": "2" },
            { "barcode": "10614141000415", "uom": "C62", "quantity": "1" },
        ]);
        let body =
            json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": "card" }] });
        let sold = tenant.post(SALES, &body).await.created();
        let shown = |index: usize| {
            let line = &sold["lines"][index];
            ["uom", "stock_quantity", "unit_price", "net"]
                .map(|name| line[name].as_str().unwrap_or("").to_owned())
        };
        assert_eq!(shown(0), ["XCS", "12", "100.00", "100.00"]);
        assert_eq!(shown(1), ["XBX", "12", "60.00", "120.00"]);
        assert_eq!(shown(2), ["C62", "1", "10.00", "10.00"]);
        assert_eq!(tenant.level("MUG").await.on_hand, "5");
        let lines = json!([{ "sku": "MUG", "uom": "XPX", "quantity": "1" }]);
        let body =
            json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": "card" }] });
        tenant.post(SALES, &body).await.refused(422, "validation_failed").names(&["#/lines/0/uom"]);
    });
}

#[test]
fn a_sale_may_be_late_and_needs_a_till_with_an_open_session() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let mut body = sale(&till, &[("MUG", "1")]);
        body["occurred_at"] = json!("2011-07-01T23:30:00Z");
        let late = tenant.post(SALES, &body).await.created();
        assert_eq!(late["business_date"], "2011-07-02", "the shop's own day");
        body["occurred_at"] = json!("1969-12-31T23:59:59Z");
        tenant.post(SALES, &body).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
        let unknown = Till { register_id: "reg_01h455vb4pex5vsknk084sn02q".to_owned(), ..till.clone() };
        tenant.sell(&unknown, &[("MUG", "1")]).await.refused(404, "not_found").names(&["#/register_id"]);
        let body = json!({ "code": "CLOSED", "name": "Closed", "location_id": tenant.main });
        let register_id = tenant.make("/v1/registers", body).await;
        let closed = Till { register_id, ..till };
        tenant.sell(&closed, &[("MUG", "1")]).await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn a_till_draws_only_from_a_location_that_serves_retail() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let main = format!("/v1/locations/{}", tenant.main);
        tenant.patch(&main, &json!({ "channels": ["wholesale"] })).await.ok();
        let refused = tenant.sell(&till, &[("MUG", "1")]).await;
        assert!(matches!(refused.status, 404 | 409 | 422), "{} {}", refused.status, refused.text);
        tenant.patch(&main, &json!({ "channels": ["retail"] })).await.ok();
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("MUG", "1")], "draft").await;
        order.refused(409, "invalid_state_transition").names(&[]);
        let named =
            json!({ "customer_id": customer, "location_id": tenant.main, "lines": lines(&[("MUG", "1")]) });
        let named = tenant.post("/v1/orders", &named).await;
        named.refused(409, "invalid_state_transition").names(&["#/location_id"]);
    });
}

#[test]
fn a_wholesale_customer_at_the_till_pays_the_negotiated_price() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let list = tenant.make("/v1/price-lists", json!({ "code": "agreed", "name": "Agreed" })).await;
        let rule = json!({ "scope": "all", "method": "percent_off", "value": "15" });
        tenant.post(&format!("/v1/price-lists/{list}/rules"), &rule).await.created();
        let customer = tenant.customer_with("Nordwind Supply", json!({ "price_list_id": list })).await;
        let till = tenant.till().await;
        let mut body = sale(&till, &[("MUG", "1")]);
        body["customer_id"] = json!(customer);
        let sold = tenant.post(SALES, &body).await.created();
        let line = &sold["lines"][0];
        assert_eq!(line["unit_price"], "8.50");
        assert_eq!(line["price_source"], "customer_list");
        assert_eq!(sold["customer_id"], json!(customer));
        tenant.patch(&format!("/v1/customers/{customer}"), &json!({ "status": "blocked" })).await.ok();
        let blocked = tenant.post(SALES, &body).await.refused(409, "invalid_state_transition");
        assert!(blocked.0["detail"].as_str().is_some_and(|detail| detail.contains(" is blocked.")));
        blocked.names(&["#/customer_id"]);
        body["customer_id"] = json!("cus_01h455vb4pex5vsknk084sn02q");
        tenant.post(SALES, &body).await.refused(404, "not_found").names(&["#/customer_id"]);
    });
}

#[test]
fn prices_that_include_tax_are_taken_apart_exactly() {
    with_tenant_as(
        |wanted| wanted.prices_include_tax = true,
        async |tenant| {
            tenant.stocked("MUG", "9.99", ("50", "4.00")).await;
            tenant.stocked("CUP", "0.99", ("50", "0.40")).await;
            let till = tenant.till().await;
            let sold = tenant.sell(&till, &[("MUG", "1"), ("CUP", "3"), ("MUG", "2")]).await.created();
            assert_eq!(sold["total"], "32.94");
            assert_eq!(sold["net"], "27.45");
            assert_eq!(sold["tax"], "5.49");
            assert_eq!(sold["gross"], "27.45");
            assert_eq!(sold["discount"], "0.00");
            let mut body = sale(&till, &[("MUG", "1")]);
            body["discount"] = json!({ "percent": "10" });
            let sold = tenant.post(SALES, &body).await.created();
            assert_eq!(sold["total"], "8.99", "the discount is off the price that the customer sees");
        },
    );
}

#[test]
fn a_currency_without_decimals_has_none_in_the_books() {
    with_tenant_as(
        |wanted| {
            wanted.currency = "JPY".to_owned();
            wanted.country = "DE".to_owned();
        },
        async |tenant| {
            tenant.stocked("MUG", "999.5", ("3", "333.4")).await;
            let till = tenant.till().await;
            let sold = tenant.sell(&till, &[("MUG", "1")]).await.created();
            assert_eq!(sold["net"], "1000");
            assert_eq!(sold["tax"], "190");
            assert_eq!(sold["total"], "1190");
            assert_eq!(tenant.level("MUG").await.value, "667");
        },
    );
}

#[test]
fn a_dry_run_of_a_sale_shows_prices_stock_and_journal() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let before = tenant.footprint().await;
        let shown = tenant.dry_run(SALES, &sale(&till, &[("MUG", "2")])).await.ok();
        assert_eq!(shown["document"]["total"], "24.00");
        let effects = &shown["effects"];
        assert_eq!(effects["stock"][0]["quantity"], "-2");
        assert_eq!(effects["stock"][0]["value"], "-8.00");
        assert_eq!(effects["prices"][0]["source"], "list_price");
        assert_eq!(effects["journal"].as_array().map(Vec::len), Some(5));
        tenant.dry_run(SALES, &sale(&till, &[("MUG", "6")])).await.refused(409, "insufficient_stock");
        assert_eq!(tenant.footprint().await, before);
    });
}
