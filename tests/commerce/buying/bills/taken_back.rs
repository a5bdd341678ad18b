//! Credit notes of suppliers, and reversals of bills.

use serde_json::{Value, json};
use tests::{Level, with_tenant};

use super::super::{step, supplier};
use super::{BILLS, bill, bill_path, entry, id, lose, of, received};

/// 10 are billed at 5 and were received at 4.
#[test]
fn a_reversal_takes_back_what_the_bill_posted_and_only_once() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        lose(tenant, "MUG", "-5").await;
        let mut line = of(&made, "10", "5");
        line["tax_value"] = json!("10");
        let lines = json!([line, { "account": "5300", "description": "Freight", "unit_cost": "7" }]);
        let recorded = tenant.post(BILLS, &bill(&pottery, "RE-1", &lines)).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "25"));
        let reverse = format!("{}/reverse", bill_path(&recorded));
        tenant
            .post(&reverse, &json!({ "reason": " " }))
            .await
            .refused(422, "validation_failed")
            .names(&["#/reason"]);
        let early = json!({ "reason": "Twice", "dated": "2026-01-01" });
        tenant.post(&reverse, &early).await.refused(422, "validation_failed").names(&["#/dated"]);
        let reversal = tenant.post(&reverse, &json!({ "reason": "Twice" })).await.created();
        assert_eq!(
            (&reversal["kind"], &reversal["total_value"], &reversal["original_id"], &reversal["reference"]),
            (&json!("reversal"), &json!("-67.00"), &recorded["id"], &json!("Twice"))
        );
        let negative = |lines: Vec<(String, String)>| -> Vec<(String, String)> {
            let other = |amount: String| match amount.strip_prefix('-') {
                Some(amount) => amount.to_owned(),
                None => format!("-{amount}"),
            };
            lines.into_iter().map(|(account, amount)| (account, other(amount))).collect()
        };
        assert_eq!(tenant.entry(id(&reversal)).await, negative(tenant.entry(id(&recorded)).await));
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "20"));
        assert_eq!(tenant.balance("2100").await, "-40.00");
        let now = tenant.get(&bill_path(&recorded)).await.ok();
        assert_eq!(
            (&now["status"], &now["open_value"], &now["reversed_by_id"], &now["match_status"]),
            (&json!("reversed"), &json!("0.00"), &reversal["id"], &json!("matched"))
        );
        let again = tenant.post(&reverse, &json!({ "reason": "Again" })).await;
        again.refused(409, "invalid_state_transition");
        assert!(again.text.contains("is reversed already"), "{}", again.text);
        let of_reversal =
            tenant.post(&format!("{}/reverse", bill_path(&reversal)), &json!({ "reason": "x" })).await;
        of_reversal.refused(409, "invalid_state_transition");
        // The number is free again.
        let lines = json!([of(&made, "10", "4")]);
        let correct = tenant.post(BILLS, &bill(&pottery, "RE-1", &lines)).await.created();
        assert_eq!(correct["match_status"], "matched");
        assert_eq!(tenant.balance("2100").await, "0.00");
        assert_eq!(tenant.get(&super::super::path(&made)).await.ok()["lines"][0]["billed"], "10");
    });
}

#[test]
fn goods_that_left_meanwhile_take_their_share_to_cost_variance() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let recorded =
            tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "10", "5")]))).await.created();
        lose(tenant, "MUG", "-8").await;
        let reverse = format!("{}/reverse", bill_path(&recorded));
        let reversal = tenant.post(&reverse, &json!({ "reason": "Twice" })).await.created();
        let expected = entry(&[("1200", "-2.00"), ("2000", "50.00"), ("2100", "-40.00"), ("5200", "-8.00")]);
        assert_eq!(tenant.entry(id(&reversal)).await, expected);
        assert_eq!(tenant.level("MUG").await, Level::of("2", "0", "8"));
    });
}

#[test]
fn a_credit_note_takes_units_back_or_makes_them_cheaper() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let mut line = of(&made, "12", "5");
        line["tax_value"] = json!("12");
        let recorded = tenant.post(BILLS, &bill(&pottery, "RE-1", &json!([line]))).await.created();
        assert_eq!(
            recorded["lines"][0]["reasons"],
            json!(["billed_more_than_received", "billed_more_than_ordered", "price_above_order"])
        );
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "50"));
        let credit = format!("{}/credit", bill_path(&recorded));
        let note = |number: &str, line: Value| json!({ "supplier_number": number, "dated": "2026-01-03", "lines": [line] });
        // The two units that did not come, with a sixth of the tax.
        let missing =
            tenant.post(&credit, &note("GS-1", json!({ "line_no": 1, "quantity": "2" }))).await.created();
        let expected = entry(&[("1400", "-2.00"), ("2000", "12.00"), ("2100", "-10.00")]);
        assert_eq!(tenant.entry(id(&missing)).await, expected);
        assert_eq!(
            tenant.get(&bill_path(&recorded)).await.ok()["lines"][0]["reasons"],
            json!(["price_above_order"])
        );
        // The price that was agreed.
        let cheaper = note("GS-2", json!({ "line_no": 1, "value": "10.00", "tax_value": "2.00" }));
        let cheaper = tenant.post(&credit, &cheaper).await.created();
        let expected = entry(&[("1200", "-10.00"), ("1400", "-2.00"), ("2000", "12.00"), ("2100", "0.00")]);
        assert_eq!(tenant.entry(id(&cheaper)).await, expected);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
        let now = tenant.get(&bill_path(&recorded)).await.ok();
        assert_eq!((&now["open_value"], &now["match_status"]), (&json!("48.00"), &json!("matched")));
        assert_eq!(tenant.balance("2100").await, "0.00");
        for (line, pointer) in [
            (json!({ "line_no": 2, "value": "1" }), "#/lines/0/line_no"),
            (json!({ "line_no": 1 }), "#/lines/0/value"),
            (json!({ "line_no": 1, "value": "1", "quantity": "1" }), "#/lines/0/value"),
            (json!({ "line_no": 1, "value": "40.01" }), "#/lines/0/value"),
            (json!({ "line_no": 1, "value": "1", "tax_value": "8.01" }), "#/lines/0/tax_value"),
            (json!({ "line_no": 1, "quantity": "11" }), "#/lines/0/quantity"),
        ] {
            let refused = tenant.post(&credit, &note("GS-3", line)).await;
            assert_eq!(refused.json()["errors"][0]["pointer"], json!(pointer), "{}", refused.text);
        }
        let used = tenant.post(&credit, &note("GS-1", json!({ "line_no": 1, "value": "1" }))).await;
        used.refused(409, "already_exists").names(&["#/supplier_number"]);
        // Half of the units go back to the state before the bill.
        let half =
            tenant.post(&credit, &note("GS-3", json!({ "line_no": 1, "quantity": "5" }))).await.created();
        assert_eq!(
            (&half["total_value"], tenant.balance("2100").await.as_str()),
            (&json!("-24.00"), "-20.00")
        );
        let reverse = format!("{}/reverse", bill_path(&recorded));
        let rest = tenant.post(&reverse, &json!({ "reason": "Wrong supplier" })).await.created();
        assert_eq!((&rest["total_value"], tenant.balance("2000").await.as_str()), (&json!("-24.00"), "0.00"));
        assert_eq!(tenant.balance("2100").await, "-40.00");
        let late = tenant.post(&credit, &note("GS-4", json!({ "line_no": 1, "value": "1" }))).await;
        late.refused(409, "invalid_state_transition");
        step(tenant, &made, "close", json!({})).await.ok();
    });
}

/// 10 are received at 4. A bill at 4 has them, and another one at 5 waits for goods.
#[test]
fn goods_without_a_bill_again_go_to_the_bill_that_waits() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let wrong = tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "10", "4")]))).await.created();
        let right = tenant.post(BILLS, &bill(&pottery, "2", &json!([of(&made, "10", "5")]))).await.created();
        assert_eq!(tenant.balance("2100").await, "50.00");
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
        let reverse = format!("{}/reverse", bill_path(&wrong));
        let reversal = tenant.post(&reverse, &json!({ "reason": "A quote" })).await.created();
        let expected = entry(&[("1200", "10.00"), ("2000", "40.00"), ("2100", "-50.00")]);
        assert_eq!(tenant.entry(id(&reversal)).await, expected);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "50"));
        assert_eq!(tenant.balance("2100").await, "0.00");
        assert_eq!(tenant.get(&format!("{BILLS}?unreceived=true")).await.ok()["data"], json!([]));
        let now = tenant.get(&bill_path(&right)).await.ok();
        assert_eq!(now["lines"][0]["reasons"], json!(["price_above_order"]));
    });
}
