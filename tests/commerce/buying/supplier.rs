//! Suppliers: the record, its checks, its versions and its list.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, with_tenant, with_tenants};

const SUPPLIERS: &str = "/v1/suppliers";

async fn make(tenant: &Tenant, code: &str, name: &str) -> Value {
    tenant.post(SUPPLIERS, &json!({ "code": code, "name": name })).await.created()
}

fn path(supplier: &Value) -> String {
    format!("{SUPPLIERS}/{}", supplier["id"].as_str().expect("an id"))
}

/// Returns the codes of a list.
async fn codes(tenant: &Tenant, query: &str) -> Vec<String> {
    let page = tenant.get(&format!("{SUPPLIERS}?{query}")).await.ok();
    let rows = page["data"].as_array().expect("suppliers").iter();
    rows.map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn a_supplier_is_kept_as_it_was_stated() {
    with_tenant(async |tenant| {
        let address = json!({ "line1": "3 Foundry Street", "city": "Sheffield", "country": "GB" });
        let stated = json!({ "code": "NORDBOLT", "name": "Nordbolt Ltd", "email": "orders@nordbolt.example",
            "tax_number": "GB123456789", "payment_days": 45, "lead_time_days": 14, "over_receipt_percent": "2.5",
            "external_ref": "erp-7001", "notes": "Delivers on Tuesdays.", "metadata": { "rail": "yes" },
            "addresses": [{ "code": "main", "uses": ["shipping"], "address": address }],
            "contacts": [{ "name": "Sales desk", "email": "sales@nordbolt.example" }] });
        let made = tenant.post(SUPPLIERS, &stated).await.created();
        for (field, value) in stated.as_object().expect("fields") {
            let shown = match field.as_str() {
                "addresses" => &made["addresses"][0]["code"],
                "contacts" => &made["contacts"][0]["email"],
                field => &made[field],
            };
            let value = match field.as_str() {
                "addresses" => &json!("main"),
                "contacts" => &json!("sales@nordbolt.example"),
                _ => value,
            };
            assert_eq!(shown, value, "{field}");
        }
        assert_eq!((&made["currency"], &made["status"]), (&json!("GBP"), &json!("active")));
        assert_eq!(tenant.get(&path(&made)).await.ok(), made);
        let plain = make(tenant, "PLAIN", "Plain").await;
        assert_eq!(
            (&plain["payment_days"], &plain["lead_time_days"], &plain["over_receipt_percent"]),
            (&json!(30), &Value::Null, &json!("0"))
        );
        let events = tenant.events("type=supplier.*").await;
        assert_eq!(events.len(), 2);
        assert_eq!(events[0]["data"]["object"]["url"], json!(path(&made)));
    });
}

#[test]
fn everything_that_is_wrong_with_a_supplier_is_named() {
    with_tenant(async |tenant| {
        let wrong = json!({ "code": "", "name": " ", "email": "nowhere", "currency": "XXZ", "payment_days": 366,
            "lead_time_days": -1, "over_receipt_percent": "100.5",
            "discounts": [{ "percent": "0", "days": 10 }, { "percent": "100", "days": 366 }],
            "addresses": [{ "code": "main", "address": { "line1": "1", "city": "Leeds", "country": "gb" } }] });
        let refused = tenant.post(SUPPLIERS, &wrong).await.refused(422, "validation_failed");
        let pointers = refused.pointers();
        for field in [
            "code",
            "name",
            "email",
            "currency",
            "payment_days",
            "lead_time_days",
            "over_receipt_percent",
            "discounts/0/percent",
            "discounts/1/percent",
            "discounts/1/days",
            "addresses/0/address/country",
        ] {
            assert!(pointers.contains(&format!("#/{field}").as_str()), "{field}: {pointers:?}");
        }
        let late = json!({ "code": "LATE", "name": "Late", "lead_time_days": -1 });
        let refused = tenant.post(SUPPLIERS, &late).await;
        refused.refused(422, "validation_failed").names(&["#/lead_time_days"]);
        assert!(refused.text.contains("from 0 to 730"), "{}", refused.text);
        tenant
            .post(SUPPLIERS, &json!({ "code": "X", "name": "X", "terms": 3 }))
            .await
            .refused(400, "unknown_field");
    });
}

#[test]
fn a_code_and_an_external_reference_are_taken_once() {
    with_tenant(async |tenant| {
        let first = json!({ "code": "NORDBOLT", "name": "Nordbolt", "external_ref": "7001" });
        let first = tenant.post(SUPPLIERS, &first).await.created();
        let again = json!({ "code": "NORDBOLT", "name": "Other" });
        tenant.post(SUPPLIERS, &again).await.refused(409, "already_exists").names(&["#/code"]);
        let other = json!({ "code": "OTHER", "name": "Other", "external_ref": "7001" });
        let refused = tenant.post(SUPPLIERS, &other).await;
        refused.refused(409, "duplicate_external_ref").names(&["#/external_ref"]);
        let second = make(tenant, "SECOND", "Second").await;
        let taken = tenant.patch(&path(&second), &json!({ "code": "NORDBOLT" })).await;
        taken.refused(409, "already_exists").names(&["#/code"]);
        let own_code = json!({ "code": "NORDBOLT", "name": "Nordbolt Ltd" });
        assert_eq!(tenant.patch(&path(&first), &own_code).await.ok()["version"], 2);

        let items = json!({ "items": [{ "code": "A", "name": "A" }, { "code": "A", "name": "A again" },
            { "code": "SECOND", "name": "Taken" }, { "code": "B", "name": "B", "lead_time_days": 5 }] });
        let made = tenant.call(Method::POST, "/v1/suppliers/batch").json(&items).send().await.expect(207);
        let results = made["results"].as_array().expect("results");
        let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
        assert_eq!(statuses, [201, 409, 409, 201]);
        assert_eq!(codes(tenant, "code=B").await, ["B"]);
    });
}

#[test]
fn a_change_needs_the_version_that_it_was_made_from() {
    with_tenant(async |tenant| {
        let made = make(tenant, "NORDBOLT", "Nordbolt").await;
        let change = async |version: &str, body: Value| {
            let call = tenant.call(Method::PATCH, &path(&made)).header("if-match", version);
            call.json(&body).send().await
        };
        let changed = change("\"1\"", json!({ "lead_time_days": 7, "notes": "New terms" })).await;
        assert_eq!((&changed.ok()["version"], &changed.json()["lead_time_days"]), (&json!(2), &json!(7)));
        change("\"1\"", json!({ "lead_time_days": 8 })).await.refused(412, "version_mismatch");
        let archived = change("\"2\"", json!({ "status": "archived", "lead_time_days": null })).await.ok();
        assert_eq!(
            (&archived["status"], &archived["lead_time_days"], &archived["notes"]),
            (&json!("archived"), &Value::Null, &json!("New terms"))
        );
        let wrong = change("\"3\"", json!({ "lead_time_days": -3 })).await;
        wrong.refused(422, "validation_failed").names(&["#/lead_time_days"]);
        assert_eq!(tenant.get(&path(&made)).await.ok()["version"], 3);
    });
}

#[test]
fn suppliers_are_found_filtered_and_sorted() {
    with_tenant(async |tenant| {
        for (code, name) in [("S-30", "Nordbolt Fasteners"), ("S-10", "bolt & nut"), ("S-20", "Ölwerk Süd")]
        {
            make(tenant, code, name).await;
        }
        assert_eq!(codes(tenant, "").await, ["S-20", "S-10", "S-30"], "the newest first");
        assert_eq!(codes(tenant, "sort=code").await, ["S-10", "S-20", "S-30"]);
        assert_eq!(codes(tenant, "sort=-name").await, ["S-20", "S-30", "S-10"]);
        assert_eq!(codes(tenant, "q=bolt").await, ["S-10", "S-30"], "a name that begins with it comes first");
        assert_eq!(codes(tenant, "q=s-20").await, ["S-20"]);
        assert_eq!(codes(tenant, "q=fasteners%20nord").await, ["S-30"]);
        assert_eq!(codes(tenant, "q=nothing").await, [""; 0]);
        assert_eq!(codes(tenant, "code=S-10").await, ["S-10"]);
        let old = tenant.get(&format!("{SUPPLIERS}?code=S-10")).await.ok()["data"][0].clone();
        tenant.patch(&path(&old), &json!({ "status": "archived" })).await.ok();
        assert_eq!(codes(tenant, "status=active&sort=code").await, ["S-20", "S-30"]);
        assert_eq!(codes(tenant, "status=archived").await, ["S-10"]);
        let first = tenant.get(&format!("{SUPPLIERS}?sort=code&limit=2")).await.ok();
        let cursor = first["page"]["next_cursor"].as_str().expect("a cursor");
        assert_eq!(codes(tenant, &format!("sort=code&limit=2&cursor={cursor}")).await, ["S-30"]);
        tenant.get(&format!("{SUPPLIERS}?sort=relevance")).await.refused(400, "invalid_parameter");
    });
}

#[test]
fn suppliers_take_the_currency_of_the_tenant() {
    with_tenant(async |tenant| {
        let made = make(tenant, "NORDBOLT", "Nordbolt").await;
        let own = json!({ "code": "STEEL", "name": "Steel", "currency": "USD" });
        let own = tenant.post(SUPPLIERS, &own).await.created();
        tenant.patch("/v1/settings", &json!({ "currency": "EUR" })).await.ok();
        let changed = tenant.get(&path(&made)).await.ok();
        assert_eq!((&changed["currency"], &changed["version"]), (&json!("EUR"), &json!(2)));
        let same = tenant.get(&path(&own)).await.ok();
        assert_eq!((&same["currency"], &same["version"]), (&json!("USD"), &json!(1)));
    });
}

#[test]
fn a_repeat_makes_no_second_supplier_and_stores_nothing_of_its_people() {
    with_tenant(async |tenant| {
        let body =
            json!({ "code": "NORDBOLT", "name": "Nordbolt", "contacts": [{ "name": "Anna Bergman" }] });
        let first = tenant.post_as(SUPPLIERS, "create", &body).await;
        let again = tenant.post_as(SUPPLIERS, "create", &body).await;
        assert!(again.is_replayed());
        assert_eq!(again.created(), first.created());
        tenant.patch(&path(&first.json()), &json!({ "contacts": [] })).await.ok();
        let again = tenant.post_as(SUPPLIERS, "create", &body).await;
        assert!(!again.text.contains("Anna"), "{}", again.text);
        assert_eq!(
            tenant.dry_run(SUPPLIERS, &json!({ "code": "NEW", "name": "New" })).await.ok()["code"],
            "NEW"
        );
        assert_eq!(codes(tenant, "").await, ["NORDBOLT"]);
    });
}

/// Three orders of January took 15, 19 and 14 days. A fourth one is still open.
#[test]
fn a_lead_time_is_stated_and_measured() {
    with_tenants(async |owner, stranger| {
        owner.product("MUG", "10.00").await;
        let pottery = owner
            .make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery", "lead_time_days": 12 }))
            .await;
        let path = format!("/v1/suppliers/{pottery}/lead-time");
        let none = owner.get(&path).await.ok();
        assert_eq!((&none["stated_days"], &none["receipts"]), (&json!(12), &json!(0)));
        assert_eq!(
            (&none["days"], &none["deviation"], &none["longest"]),
            (&json!(null), &json!(null), &json!(null))
        );
        for came_on in [Some("16"), Some("20"), Some("15"), None] {
            let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
            let order = json!({ "supplier_id": pottery, "lines": [line] });
            let order = format!("/v1/purchase-orders/{}", owner.make("/v1/purchase-orders", order).await);
            let sent = json!({ "occurred_at": "2026-01-01T12:00:00Z" });
            owner.post(&format!("{order}/send"), &sent).await.ok();
            // The last receipt of the line counts.
            let first = json!({ "occurred_at": "2026-01-10T12:00:00Z", "lines": [{ "line_no": 1, "quantity": "4" }] });
            owner.post(&format!("{order}/receive"), &first).await.ok();
            if let Some(day) = came_on {
                let rest = json!({ "occurred_at": format!("2026-01-{day}T12:00:00Z") });
                owner.post(&format!("{order}/receive"), &rest).await.ok();
            }
        }
        let time = owner.get(&path).await.ok();
        assert_eq!((&time["object"], &time["supplier_id"]), (&json!("supplier_lead_time"), &json!(pottery)));
        assert_eq!((&time["receipts"], &time["days"]), (&json!(3), &json!("16")));
        assert_eq!(
            (&time["deviation"], &time["shortest"], &time["longest"]),
            (&json!("2.645751"), &json!(14), &json!(19))
        );
        stranger.get(&path).await.refused(404, "not_found");
    });
}
