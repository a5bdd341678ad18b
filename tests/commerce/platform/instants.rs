//! One instant is one instant: in the response, in the list, on its day, in the ledger and in the reports.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Tenant, environment, lines, sale, with_tenant, with_tenant_as};

/// The instants that callers send, as they are read, and their days in Berlin.
const INSTANTS: [(&str, &str, &str); 4] = [
    ("2026-03-31T23:59:60+02:00", "2026-03-31T21:59:59.999999Z", "2026-03-31"),
    ("2026-03-31T23:59:59.9999999+02:00", "2026-03-31T21:59:59.999999Z", "2026-03-31"),
    ("2026-02-10T12:00:00.1234567Z", "2026-02-10T12:00:00.123456Z", "2026-02-10"),
    ("2026-02-10T12:34:60.5Z", "2026-02-10T12:34:59.999999Z", "2026-02-10"),
];

/// Posts a document and reads it again. Both have the instant as it is read. Returns its id.
async fn posted(tenant: &Tenant, path: &str, body: &Value, read: &str) -> String {
    let document = tenant.post(path, body).await.created();
    assert_eq!(document["occurred_at"], read, "{path}: {document}");
    let id = document["id"].as_str().expect("an id").to_owned();
    // A refund is read as a sale.
    let path = path.replace("refunds", "sales");
    let found = tenant.get(&format!("{path}/{id}")).await.ok();
    assert_eq!(found["occurred_at"], read, "{path}: {found}");
    id
}

#[test]
fn a_leap_second_and_a_seventh_digit_are_read_once() {
    let berlin = |tenant: &mut service::tenant::TenantCreate| tenant.time_zone = "Europe/Berlin".to_owned();
    with_tenant_as(berlin, async |tenant| {
        tenant.product("MUG", "10.00").await;
        let opening = json!({ "kind": "opening", "occurred_at": "2026-01-01T00:00:00Z",
            "lines": [{ "sku": "MUG", "quantity": "100", "unit_cost": "1.00" }] });
        tenant.post("/v1/stock/documents", &opening).await.created();
        let till = tenant.till().await;
        let customer = tenant.customer("Nordwind Supply").await;
        for (sent, read, day) in INSTANTS {
            let mut sold = sale(&till, &[("MUG", "2")]);
            sold["occurred_at"] = json!(sent);
            let id = posted(tenant, "/v1/pos/sales", &sold, read).await;
            let found = tenant.get(&format!("/v1/pos/sales/{id}")).await.ok();
            assert_eq!(found["business_date"], day);
            let entries = tenant.get(&format!("/v1/journal-entries?document_id={id}")).await.ok();
            assert_eq!(entries["data"][0]["occurred_on"], day, "{entries}");
            let refund = json!({ "register_id": till.register_id, "original_id": id, "occurred_at": sent,
                "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
            posted(tenant, "/v1/pos/refunds", &refund, read).await;
            let line = json!([{ "sku": "MUG", "quantity": "1", "unit_cost": "1.00" }]);
            let receipt = json!({ "kind": "receipt", "occurred_at": sent, "lines": line });
            posted(tenant, "/v1/stock/documents", &receipt, read).await;
            let move_on = json!({ "to_location_id": tenant.shop, "occurred_at": sent, "lines": lines(&[("MUG", "1")]) });
            posted(tenant, "/v1/stock/transfers", &move_on, read).await;
            let order = json!({ "customer_id": customer, "occurred_at": sent, "advance_to": "invoiced",
                "lines": lines(&[("MUG", "1")]) });
            posted(tenant, "/v1/orders", &order, read).await;
        }
        // The report of March is the ledger of March, and nothing is in April.
        let report =
            tenant.get("/v1/reports/revenue?group_by=month,channel&from=2026-01-01&to=2026-06-30").await.ok();
        let months: BTreeSet<&str> =
            report["rows"].as_array().expect("rows").iter().filter_map(|row| row["month"].as_str()).collect();
        assert_eq!(months, BTreeSet::from(["2026-02-01", "2026-03-01"]), "{report}");
    });
}

#[test]
fn every_time_of_a_record_is_read_the_same_way() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "1.00")).await;
        let day = (environment().now().await + chrono::Duration::days(10)).date_naive();
        let hold =
            json!({ "expires_at": format!("{day}T23:59:60.1234567Z"), "lines": lines(&[("MUG", "1")]) });
        let made = tenant.post("/v1/stock/holds", &hold).await.created();
        assert_eq!(made["expires_at"], format!("{day}T23:59:59.999999Z"));
        let found =
            tenant.get(&format!("/v1/stock/holds/{}", made["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(found["expires_at"], made["expires_at"]);
        let list = tenant.make("/v1/price-lists", json!({ "code": "L", "name": "List" })).await;
        let rule =
            json!({ "scope": "all", "method": "fixed", "value": "1", "valid_from": "2026-03-31T23:59:60Z" });
        let rule = tenant.post(&format!("/v1/price-lists/{list}/rules"), &rule).await.created();
        assert_eq!(rule["valid_from"], "2026-03-31T23:59:59.999999Z");
        let asked =
            json!({ "channel": "retail", "at": "2026-03-31T23:59:60Z", "lines": lines(&[("MUG", "1")]) });
        let priced = tenant.post("/v1/prices/resolve", &asked).await.ok();
        assert_eq!(priced["at"], "2026-03-31T23:59:59.999999Z", "{priced}");
        for wrong in ["2026-03-31T23:59:61Z", "2026-03-31", "2026-03-31T24:00:00Z", "now"] {
            let hold = json!({ "expires_at": wrong, "lines": lines(&[("MUG", "1")]) });
            let refused = tenant.post("/v1/stock/holds", &hold).await;
            refused.refused(422, "validation_failed").names(&["#/expires_at"]);
        }
        // Bounds of lists are instants too.
        let path = "/v1/stock/documents?occurred_at%5Bgte%5D=2020-03-31T23:59:60.1234567Z";
        assert_eq!(tenant.get(path).await.ok()["data"].as_array().map(Vec::len), Some(1));
    });
}
