//! The systems of a tenant, who owns what, and how their codes are read.

use reqwest::Method;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use tests::{environment, with_tenant};

use super::ingest::{counts, rejected, send, till};

const SYSTEMS: &str = "/v1/reconciliation/systems";
const SETTINGS: &str = "/v1/reconciliation/settings";
const OWNERSHIP: &str = "/v1/reconciliation/ownership";
const LOCATIONS: &str = "/v1/reconciliation/location-mappings";
const SKUS: &str = "/v1/reconciliation/sku-mappings";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn a_system_is_registered_once_and_changed_by_patch() {
    with_tenant(async |tenant| {
        let file = "code,name,kind,quantity_meaning,sync_interval_minutes,clock_offset_seconds,sign\n\
                    till,Tills,pos,on_hand,5,240,absolute\n\
                    shop,,storefront,Available,,,\n";
        assert_eq!(counts(&send(tenant, SYSTEMS, file).await.ok()), [2, 2, 0, 0]);
        assert_eq!(counts(&send(tenant, SYSTEMS, file).await.ok()), [2, 0, 2, 0]);
        let shop = &tenant.get(&format!("{SYSTEMS}?code=shop")).await.ok()["data"][0];
        let shown = [
            "code",
            "name",
            "kind",
            "quantity_meaning",
            "sync_interval_minutes",
            "clock_offset_seconds",
            "sign",
        ]
        .map(|name| shop[name].clone());
        let usual = json!(["shop", "shop", "storefront", "available", 60, 0, "natural"]);
        assert_eq!(json!(shown), usual);
        let rows = json!([
            { "code": "till", "kind": "erp" },
            { "code": "stockwell", "kind": "erp" },
            { "code": "own", "kind": "stockwell" },
            { "code": "erp", "kind": "erp", "sync_interval_minutes": 0, "clock_offset_seconds": -86_401 },
            { "code": "wms", "kind": "wms" },
            { "code": "wms", "kind": "erp" },
            { "code": "wms", "kind": "wms" },
            { "name": "No code", "kind": "erp" },
        ]);
        let ingest = tenant.post(SYSTEMS, &rows).await.ok();
        assert_eq!(counts(&ingest), [8, 1, 1, 6]);
        let named = [
            (1, "code", "already_exists"),
            (2, "code", "already_exists"),
            (3, "kind", "validation_failed"),
            (4, "sync_interval_minutes", "validation_failed"),
            (4, "clock_offset_seconds", "validation_failed"),
            (6, "code", "already_exists"),
            (8, "code", "validation_failed"),
        ];
        assert_eq!(rejected(&ingest), named);

        let path = format!("{SYSTEMS}/{}", text(&shop["id"]));
        let changed =
            tenant.patch(&path, &json!({ "clock_offset_seconds": -45, "name": "Web shop" })).await.ok();
        assert_eq!((&changed["clock_offset_seconds"], &changed["version"]), (&json!(-45), &json!(2)));
        assert_eq!(tenant.get(&path).await.ok(), changed);
        assert_eq!(
            tenant.patch(&path, &json!({ "name": "Web shop" })).await.ok()["version"],
            2,
            "nothing changed"
        );
        tenant.patch(&path, &json!({ "code": "web" })).await.refused(422, "validation_failed");
        tenant.patch(&path, &json!({ "kind": "shop" })).await.refused(422, "validation_failed");
        let stale =
            tenant.call(Method::PATCH, &path).header("if-match", "\"1\"").json(&json!({ "name": "Shop" }));
        stale.send().await.refused(412, "version_mismatch");
    });
}

#[test]
fn a_whole_number_has_no_decimals() {
    with_tenant(async |tenant| {
        let with = |minutes: Value| json!({ "code": "shop", "kind": "storefront", "sync_interval_minutes": minutes });
        let rows = json!([with(json!(1.5)), with(json!("1.5")), with(json!("15"))]);
        let ingest = tenant.post(SYSTEMS, &rows).await.ok();
        assert_eq!(counts(&ingest), [3, 1, 0, 2]);
        for reason in ingest["rejected"].as_array().expect("reasons") {
            assert_eq!(reason["detail"], "Send a whole number.", "{reason}");
        }
    });
}

/// A row that refers to a system locks its key until the row is written.
#[test]
fn a_system_changes_while_its_rows_are_written() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let system = tenant.get(&format!("{SYSTEMS}?code=till")).await.ok()["data"][0].clone();
        let mut connection = environment().connect().await;
        let mut writer = connection.begin().await.expect("a transaction");
        let refer = "select from reconcile_system where tenant_id = $1 for key share";
        sqlx::query(refer).bind(tenant.id.0).fetch_one(&mut *writer).await.expect("the system");
        let path = format!("{SYSTEMS}/{}", text(&system["id"]));
        let changed = tenant.patch(&path, &json!({ "name": "All tills" })).await.ok();
        assert_eq!((&changed["name"], &changed["version"]), (&json!("All tills"), &json!(2)));
        writer.rollback().await.expect("it ends");
    });
}

#[test]
fn a_tenant_has_fifty_systems() {
    with_tenant(async |tenant| {
        let rows: Vec<Value> =
            (0..51).map(|number| json!({ "code": format!("shop-{number}"), "kind": "storefront" })).collect();
        let ingest = tenant.post(SYSTEMS, &json!(rows)).await.ok();
        assert_eq!(
            (counts(&ingest), rejected(&ingest)),
            ([51, 50, 0, 1], vec![(51, "code", "validation_failed")])
        );
    });
}

#[test]
fn settings_are_replaced_and_have_usual_values() {
    with_tenant(async |tenant| {
        let usual = tenant.get(SETTINGS).await.ok();
        assert_eq!((&usual["reference"], &usual["window_days"]), (&json!("stockwell"), &json!(45)));
        assert_eq!((&usual["version"], &usual["updated_at"]), (&json!(0), &Value::Null));
        till(tenant).await;
        let stated = json!({ "reference": "till", "window_days": 30, "wage_per_hour": "30", "currency": "EUR",
            "minutes": { "csv_export": 5, "approval": "7.5" },
            "harm": { "missed_return": { "probability": "0.05", "cost": "20" } } });
        let settings = tenant.put(SETTINGS, &stated).await.ok();
        assert_eq!(settings["minutes"], json!({ "csv_export": "5", "approval": "7.5" }));
        assert_eq!(settings["harm"]["missed_return"]["probability"], "0.05");
        assert_eq!((&settings["reference"], &settings["version"]), (&json!("till"), &json!(1)));
        assert_eq!(tenant.put(SETTINGS, &stated).await.ok(), settings, "the same again changes nothing");
        let wrong = json!({ "reference": "erp", "window_days": 61, "wage_per_hour": "-1", "currency": "euro",
            "minutes": { "other": "-1" }, "harm": { "timing_lag": { "probability": "1.1", "cost": "-1" } } });
        let problem = tenant.put(SETTINGS, &wrong).await;
        assert!(matches!(problem.status, 404 | 422), "{}", problem.text);
        let text = problem.text;
        for field in [
            "#/reference",
            "#/window_days",
            "#/wage_per_hour",
            "#/currency",
            "#/minutes/other",
            "#/harm/timing_lag/probability",
            "#/harm/timing_lag/cost",
        ] {
            assert!(text.contains(field), "{field}: {text}");
        }
        tenant.put(SETTINGS, &json!({ "minutes": { "phone": 3 } })).await.refused(422, "validation_failed");
        tenant.put(SETTINGS, &json!({ "windows": 3 })).await.refused(400, "unknown_field");
        assert_eq!(tenant.get(SETTINGS).await.ok(), settings);
        let reset = tenant.put(SETTINGS, &json!({})).await.ok();
        assert_eq!(
            (&reset["reference"], &reset["version"], &reset["harm"]),
            (&json!("stockwell"), &json!(2), &json!({}))
        );
    });
}

#[test]
fn owners_are_replaced_as_a_whole() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let rows = json!({ "data": [
            { "process": "sale", "concern": "quantity", "owner": "till", "next_hops": [{ "system": "stockwell", "latency_minutes": 90 }] },
            { "process": "receipt", "concern": "purchasing", "owner": "stockwell" },
        ] });
        assert_eq!(counts(&tenant.put(OWNERSHIP, &rows).await.ok()), [2, 2, 0, 0]);
        assert_eq!(counts(&tenant.put(OWNERSHIP, &rows).await.ok()), [2, 0, 2, 0]);
        let held = tenant.get(OWNERSHIP).await.ok();
        assert_eq!(held["data"][0], rows["data"][0]);
        let wrong = json!({ "data": [
            { "process": "sale", "concern": "quantity", "owner": "erp" },
            { "process": "return", "concern": "quantity", "owner": "till", "next_hops": [{ "system": "till", "latency_minutes": 1 }] },
            { "process": "transfer", "concern": "quantity", "owner": "till", "next_hops": [{ "system": "stockwell", "latency_minutes": 43_201 }] },
            { "process": "receipt", "concern": "quantity", "owner": "till" },
            { "process": "receipt", "concern": "quantity", "owner": "stockwell" },
            { "process": "loss", "concern": "quantity", "owner": "till", "next_hops": ["stockwell"] },
        ] });
        let problem = tenant.put(OWNERSHIP, &wrong).await.refused(422, "validation_failed");
        let pointers = [
            "#/data/0/owner",
            "#/data/1/next_hops",
            "#/data/2/next_hops",
            "#/data/4/concern",
            "#/data/5/next_hops",
            "#/data/5/process",
        ];
        assert_eq!(problem.pointers(), pointers);
        assert_eq!(tenant.get(OWNERSHIP).await.ok(), held, "nothing changed");
        let csv = "process,concern,owner,next_hops\nsale,quantity,till,stockwell=90\n";
        let call = tenant.call(Method::PUT, OWNERSHIP).body("text/csv", csv);
        assert_eq!(counts(&call.send().await.ok()), [1, 0, 1, 0]);
        assert_eq!(
            tenant.get(OWNERSHIP).await.ok()["data"],
            json!([rows["data"][0]]),
            "the other row is gone"
        );
        assert_eq!(counts(&tenant.put(OWNERSHIP, &json!({ "data": [] })).await.ok()), [0, 0, 0, 0]);
        assert_eq!(tenant.get(OWNERSHIP).await.ok()["data"], json!([]));
    });
}

#[test]
fn a_location_is_mapped_once_at_a_time() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let file = "system,external_location,location,valid_from,valid_until\n\
                    till,Store 01,2010,,2026-01-31\n\
                    till,Store 01,2011,2026-02-01,\n\
                    till,Store 01,2012,2026-01-31,2026-02-02\n\
                    till,Store 02,2020,,\n\
                    till,Store 02,2021,,\n\
                    till,Store 03,2030,2026-02-01,2026-01-31\n\
                    erp,Store 01,2010,,\n\
                    stockwell,Store 01,2010,,\n\
                    till,Store 02,2020,,\n";
        let ingest = send(tenant, LOCATIONS, file).await.ok();
        assert_eq!(counts(&ingest), [9, 3, 1, 5]);
        let named = [
            (4, "valid_from", "already_exists"),
            (6, "valid_from", "already_exists"),
            (7, "valid_until", "validation_failed"),
            (8, "system", "not_found"),
            (9, "system", "validation_failed"),
        ];
        assert_eq!(rejected(&ingest), named);
        assert!(text(&ingest["rejected"][1]["detail"]).contains("to 2020"), "{ingest}");
        let again = send(tenant, LOCATIONS, file).await.ok();
        assert_eq!(counts(&again), [9, 0, 4, 5]);
        let held = tenant.get(&format!("{LOCATIONS}?sort=created_at")).await.ok()["data"].clone();
        assert_eq!(held.as_array().expect("rows").len(), 3);
        let zone = tenant.get("/v1/settings").await.ok()["time_zone"].clone();
        let begin = if zone == "Europe/Berlin" { "2026-01-31T23:00:00Z" } else { "2026-02-01T00:00:00Z" };
        assert_eq!(
            (&held[0]["valid_until"], &held[1]["valid_from"]),
            (&json!(begin), &json!(begin)),
            "{zone}"
        );
        let wrong =
            held.as_array().expect("rows").iter().find(|row| row["location"] == "2020").expect("a row");
        tenant.delete(&format!("{LOCATIONS}/{}", text(&wrong["id"]))).await.expect(204);
        tenant.delete(&format!("{LOCATIONS}/{}", text(&wrong["id"]))).await.refused(404, "not_found");
        let right = "system,external_location,location\ntill,Store 02,2021\n";
        assert_eq!(counts(&send(tenant, LOCATIONS, right).await.ok()), [1, 1, 0, 0]);
    });
}

#[test]
fn an_sku_is_mapped_with_a_factor_for_a_location_or_for_all() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let file = "system,external_sku,external_location,item,factor\n\
                    till,0001-24PK,,A-1,24\n\
                    till,0001-24PK,Store 01,A-1,12\n\
                    till,0001-24PK,,A-2,24\n\
                    till,0002,,A-1,\n\
                    till,0003,,A-3,0\n\
                    till,0004,,A-4,\"1,5\"\n";
        let ingest = send(tenant, SKUS, file).await.ok();
        assert_eq!(counts(&ingest), [6, 3, 0, 3]);
        let named = [
            (4, "valid_from", "already_exists"),
            (6, "factor", "validation_failed"),
            (7, "factor", "validation_failed"),
        ];
        assert_eq!(rejected(&ingest), named);
        let held = tenant.get(&format!("{SKUS}?sort=created_at")).await.ok()["data"].clone();
        let shown: Vec<Value> = held
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| json!([row["external_sku"], row["external_location"], row["item"], row["factor"]]))
            .collect();
        let expected = json!([
            ["0001-24PK", null, "A-1", "24"],
            ["0001-24PK", "Store 01", "A-1", "12"],
            ["0002", null, "A-1", "1"],
        ]);
        assert_eq!(json!(shown), expected);
        tenant.delete(&format!("{SKUS}/{}", text(&held[0]["id"]))).await.expect(204);
        let right = json!({ "system": "till", "external_sku": "0001-24PK", "item": "A-2", "factor": "24" });
        assert_eq!(counts(&tenant.post(SKUS, &right).await.ok()), [1, 1, 0, 0]);
    });
}

#[test]
fn items_and_components_are_changed_by_sending_them_again() {
    with_tenant(async |tenant| {
        let (items, bundles) = ("/v1/reconciliation/items", "/v1/reconciliation/bundles");
        let file = "item,category\nA-1,tools\nA-2,\nA-1,tools\nA-1,garden\n";
        let ingest = send(tenant, items, file).await.ok();
        assert_eq!((counts(&ingest), rejected(&ingest)), ([4, 2, 1, 1], vec![(5, "item", "already_exists")]));
        assert_eq!(counts(&send(tenant, items, "item\nA-1\nA-2\n").await.ok()), [2, 1, 1, 0], "no category");
        let file = "item,component,quantity\nB-1,A-1,2\nB-1,A-2,1\nB-1,B-1,1\nB-1,A-2,3\nB-2,A-1,-1\n";
        let ingest = send(tenant, bundles, file).await.ok();
        assert_eq!(counts(&ingest), [5, 2, 0, 3]);
        let named = [
            (4, "component", "validation_failed"),
            (5, "component", "already_exists"),
            (6, "quantity", "validation_failed"),
        ];
        assert_eq!(rejected(&ingest), named);
        let file = "item,component,quantity\nB-1,A-1,3\nB-1,A-2,0\nB-1,A-9,0\n";
        assert_eq!(
            counts(&send(tenant, bundles, file).await.ok()),
            [3, 2, 1, 0],
            "changed, removed, not there"
        );
        assert_eq!(
            counts(&send(tenant, bundles, "item,component,quantity\nB-1,A-2,1\n").await.ok()),
            [1, 1, 0, 0]
        );
    });
}
