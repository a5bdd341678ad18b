//! Whole lists as NDJSON and CSV: the same rows as page by page.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Tenant, lines, with_tenant, with_tenants};

use super::auth::{key, key_with, outside};

const NDJSON: &str = "application/x-ndjson";

/// Returns the rows of a whole list.
async fn whole(client: &Client, path: &str) -> Vec<Value> {
    let reply = client.call(Method::GET, path).header("accept", NDJSON).send().await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some(NDJSON)), "{path}: {}", reply.text);
    assert!(reply.text.is_empty() || reply.text.ends_with('\n'), "{path}: the last line has no end");
    reply.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Returns the rows of a list, read page by page.
async fn walked(client: &Client, path: &str) -> Vec<Value> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let first = format!("{path}{separator}limit=200");
    let (mut next, mut rows) = (first.clone(), Vec::new());
    loop {
        let page = client.get(&next).await.ok();
        rows.extend(page["data"].as_array().expect("rows").clone());
        let Some(cursor) = page["page"]["next_cursor"].as_str() else { return rows };
        next = format!("{first}&cursor={cursor}");
    }
}

async fn products(tenant: &Tenant, numbers: std::ops::Range<usize>) {
    let item = |number: usize| {
        json!({ "sku": format!("P-{number}"), "name": format!("Product {number}"), "list_price": "9.5",
            "tags": if number.is_multiple_of(2) { json!(["even"]) } else { json!([]) } })
    };
    let batch = json!({ "items": numbers.map(item).collect::<Vec<_>>() });
    let made = tenant.post("/v1/products/batch", &batch).await.expect(207);
    assert_eq!(made["refused"], 0, "{made}");
}

#[test]
fn a_whole_list_has_the_rows_of_all_pages() {
    with_tenants(async |tenant, other| {
        products(tenant, 0..500).await;
        products(tenant, 500..730).await;
        products(other, 0..3).await;
        for path in [
            "/v1/products",
            "/v1/products?sort=-sku",
            "/v1/products?tag=even&sort=updated_at",
            "/v1/products?fields=id,sku,list_price",
            "/v1/products?tag=nothing",
        ] {
            let rows = whole(tenant, path).await;
            assert_eq!(rows, walked(tenant, path).await, "{path}");
        }
        assert_eq!(whole(tenant, "/v1/products").await.len(), 730);
        assert_eq!(whole(tenant, "/v1/products?tag=even").await.len(), 365);
        let first = tenant.get("/v1/products?sort=sku&limit=200").await.ok();
        let cursor = first["page"]["next_cursor"].as_str().expect("a cursor");
        assert_eq!(whole(tenant, &format!("/v1/products?sort=sku&cursor={cursor}")).await.len(), 530);
    });
}

#[test]
fn every_list_that_can_be_had_whole_has_the_rows_of_its_pages() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let customer = tenant.customer("Nordwind Supply").await;
        tenant.post("/v1/suppliers", &json!({ "code": "S1", "name": "Bolts" })).await.created();
        for _ in 0..3 {
            tenant.sell(&till, &[("MUG", "1")]).await.created();
            let order =
                json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]), "advance_to": "invoiced" });
            tenant.post("/v1/orders", &order).await.created();
        }
        let payment = json!({ "customer_id": customer, "method": "bank", "amount": "5" });
        tenant.post("/v1/payments", &payment).await.created();
        let few = tenant.with_key(&key(tenant, &["stock:read", "reports:read"]).await);
        for path in [
            "/v1/commands?sort=created_at",
            "/v1/customers",
            "/v1/invoices?sort=due_on",
            "/v1/journal-entries",
            "/v1/payments?expand=customer",
            "/v1/orders?expand=customer",
            "/v1/pos/sales?fields=id,total",
            "/v1/products?expand=category",
            "/v1/shipments?expand=customer",
            "/v1/stock/documents?fields=id,kind",
            "/v1/stock/levels?expand=product,location",
            "/v1/stock/movements?sku=MUG",
            "/v1/suppliers",
        ] {
            let rows = whole(tenant, path).await;
            assert!(!rows.is_empty(), "{path}");
            assert_eq!(rows, walked(tenant, path).await, "{path}");
            if path.starts_with("/v1/stock/") && !path.contains("expand") {
                assert_eq!(whole(&few, path).await, walked(&few, path).await, "{path} without costs");
            }
        }
        assert!(whole(&few, "/v1/stock/levels").await.iter().all(|level| level["value"].is_null()));
        few.get("/v1/orders?format=ndjson").await.refused(403, "insufficient_scope");
    });
}

#[test]
fn lists_of_buying_and_of_the_bank_can_be_had_whole() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "S1", "name": "Bolts" })).await;
        let goods =
            json!({ "kind": "receipt", "lines": [{ "sku": "MUG", "quantity": "2", "unit_cost": "4" }] });
        let receipt = tenant.make("/v1/stock/documents", goods).await;
        for number in 1..=3 {
            let freight = json!({ "charges": [{ "kind": "freight", "amount": "1" }], "spread_by": "quantity",
                "receipts": [{ "stock_document_id": receipt }] });
            tenant.make("/v1/landed-costs", freight).await;
            let lines = json!([{ "account": "5300", "unit_cost": "10", "tax_value": "2" }]);
            let bill = json!({ "supplier_id": supplier, "supplier_number": number.to_string(), "dated": "2026-01-02",
                "lines": lines });
            let bill = tenant.make("/v1/bills", bill).await;
            let part = json!([{ "bill_id": bill, "amount": "1" }]);
            tenant.make("/v1/supplier-payments", json!({ "supplier_id": supplier, "bills": part })).await;
        }
        let statement =
            "account,reference,booked_on,amount\nA,1,2026-01-02,1\nA,2,2026-01-02,2\nA,3,2026-01-02,3\n";
        tenant.post("/v1/bank-statements", &json!({ "text": statement })).await.ok();
        let few = tenant.with_key(&key(tenant, &["purchasing:read"]).await);
        for path in
            ["/v1/bank-lines", "/v1/bills?sort=created_at", "/v1/landed-costs", "/v1/supplier-payments"]
        {
            let rows = whole(tenant, path).await;
            assert_eq!(rows.len(), 3, "{path}");
            assert_eq!(rows, walked(tenant, path).await, "{path}");
            if path != "/v1/bank-lines" {
                let listed = walked(&few, path).await;
                assert_eq!(whole(&few, path).await, listed, "{path} without costs");
                let (columns, rows) = sheet(&few, path).await;
                same_cells(path, &columns, &rows, &listed);
            }
        }
        assert!(whole(&few, "/v1/bills").await.iter().all(|bill| bill["total_value"].is_null()));
        assert!(whole(tenant, "/v1/bank-lines?reference=2").await.len() == 1);
        tenant.get("/v1/bills?format=ndjson&limit=5").await.refused(400, "invalid_parameter");
        let unknown = "/v1/bills?format=ndjson&supplier_id=sup_01h455vb4pex5vsknk084sn02q";
        tenant.get(unknown).await.refused(404, "not_found");
    });
}

/// Returns the header and the rows of a list as CSV.
async fn sheet(client: &Client, path: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let reply = client.call(Method::GET, path).header("accept", "text/csv").send().await;
    let content_type = Some("text/csv; charset=utf-8; header=present");
    assert_eq!((reply.status, reply.header("content-type")), (200, content_type), "{path}: {}", reply.text);
    let mut reader = csv::ReaderBuilder::new().from_reader(reply.text.as_bytes());
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = cells(reader.headers().expect("a header"));
    let rows = reader.records().map(|record| cells(&record.expect("a row"))).collect();
    (header, rows)
}

/// Returns a member of a row as its cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Checks that CSV has the cells of the rows of a list.
fn same_cells(path: &str, columns: &[String], rows: &[Vec<String>], listed: &[Value]) {
    assert_eq!(rows.len(), listed.len(), "{path}");
    for (row, listed) in rows.iter().zip(listed) {
        for (column, found) in columns.iter().zip(row).filter(|(column, _)| *column != "last_used_at") {
            // A spreadsheet would run such a text as a formula, so it is marked.
            let found = found.strip_prefix('\'').unwrap_or(found);
            assert_eq!(found, cell(&listed[column]), "{path}: {column}");
        }
    }
}

#[test]
fn every_list_of_the_description_can_be_had_whole() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        tenant.customer("Nordwind Supply").await;
        let document = tenant.get("/openapi.json").await.ok();
        let (mut lists, mut filled) = (0, 0);
        for (path, item) in document["paths"].as_object().expect("paths") {
            let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
            let is_list = parameters.clone().any(|one| one["$ref"] == "#/components/parameters/Cursor");
            // A parameter that several operations share stands once, in the components.
            let shared = |one: &Value| document.pointer(one["$ref"].as_str()?.trim_start_matches('#'));
            let parameters = parameters.map(|one| shared(one).unwrap_or(one));
            let fields = parameters.clone().find(|one| one["name"] == "fields");
            let Some(fields) = fields.filter(|_| is_list) else { continue };
            let is_whole = parameters.clone().any(|one| one["name"] == "format");
            assert!(is_whole || path == "/v1/replenishment/suggestions", "{path} returns pages only");
            // The log of requests grows with each of these.
            let is_still = path != "/v1/request-log" && !path.contains('{');
            if !is_whole || !is_still || tenant.get(path).await.status != 200 {
                continue;
            }
            let (columns, rows) = sheet(tenant, path).await;
            let known = fields["schema"]["items"]["enum"].as_array().expect("members");
            assert!(columns.iter().all(|column| known.contains(&json!(column))), "{path}: {columns:?}");
            let listed = whole(tenant, path).await;
            same_cells(path, &columns, &rows, &listed);
            lists += 1;
            filled += usize::from(!rows.is_empty());
        }
        assert!(lists >= 50 && filled >= 15, "{lists} lists, {filled} with rows");
    });
}

#[test]
fn a_list_as_csv_has_the_columns_that_the_caller_names() {
    with_tenant(async |tenant| {
        let odd = json!({ "sku": "A-1", "name": "=1+1; \"x\", y", "list_price": "9.5", "tags": ["a", "b"] });
        tenant.post("/v1/products", &odd).await.created();
        products(tenant, 0..500).await;
        products(tenant, 500..600).await;
        let (columns, rows) = sheet(tenant, "/v1/products?sort=sku&fields=sku,tags,name,list_price").await;
        assert_eq!(columns, ["sku", "tags", "name", "list_price"]);
        assert_eq!(rows[0], ["A-1", "[\"a\",\"b\"]", "'=1+1; \"x\", y", "9.50"]);
        assert_eq!(rows.len(), 601, "the header stands once");
        let reply = tenant.get("/v1/products?format=csv&sku=none&fields=id,sku").await;
        assert_eq!((reply.status, reply.text.as_str()), (200, "id,sku\r\n"));
        let disposition = "attachment; filename=\"products.csv\"";
        assert_eq!(reply.header("content-disposition"), Some(disposition));
        let few = tenant.with_key(&key(tenant, &["stock:read"]).await);
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (_, levels) = sheet(&few, "/v1/stock/levels?fields=sku,value").await;
        assert!(levels.iter().any(|level| level[0] == "MUG"), "{levels:?}");
        assert!(levels.iter().all(|level| level[1].is_empty()), "costs are hidden: {levels:?}");
    });
}

#[test]
fn the_form_of_a_list_is_checked() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1").await;
        let reply = tenant.get("/v1/products?format=ndjson").await;
        assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"products.ndjson\""));
        assert_eq!(reply.text.lines().count(), 1);
        let call = tenant.call(Method::GET, "/v1/products?format=json").header("accept", NDJSON);
        assert_eq!(call.send().await.ok()["data"][0]["sku"], "MUG");
        for (path, rows) in [("/v1/products?format=NDJSON", 1), ("/v1/stock/levels?format=NdJson", 0)] {
            let reply = tenant.get(path).await;
            assert_eq!(
                (reply.header("content-type"), reply.text.lines().count()),
                (Some(NDJSON), rows),
                "{path}"
            );
        }
        assert_eq!(tenant.get("/v1/products?format=Json").await.ok()["data"][0]["sku"], "MUG");
        tenant.get("/v1/products?format=xlsx").await.refused(400, "invalid_parameter");
        tenant.get("/v1/products?format=ndjson&limit=5").await.refused(400, "invalid_parameter");
        tenant.get("/v1/products?format=csv&limit=5").await.refused(400, "invalid_parameter");
        tenant.get("/v1/replenishment/suggestions?format=ndjson").await.refused(400, "unknown_field");
        let unknown = "/v1/orders?format=ndjson&customer_id=cus_01h455vb4pex5vsknk084sn02q";
        tenant.get(unknown).await.refused(404, "not_found");
    });
}

#[test]
fn an_export_ends_with_its_credential() {
    with_tenant(async |tenant| {
        for from in [0, 500, 1_000] {
            products(tenant, from..from + 500).await;
        }
        // A part is longer than what a connection holds, so the server reads the next one while the client reads.
        outside(tenant, "update product set description = repeat('x', 30000) where tenant_id = $1").await;
        for path in ["/v1/products?format=ndjson", "/v1/products/export"] {
            let (id, secret) = key_with(tenant, json!({ "scopes": ["catalog:read"] })).await;
            let reader = tenant.with_key(&secret);
            let whole = reader.call(Method::GET, path).open().await.text().await.expect("the whole list");
            assert!(whole.lines().count() >= 1_500, "{path}");
            let begun = reader.call(Method::GET, path).open().await;
            assert_eq!(begun.status(), 200, "{path}");
            assert_eq!(tenant.delete(&format!("/v1/api-keys/{id}")).await.status, 204);
            assert!(begun.bytes().await.is_err(), "{path}: rows came after the key was revoked");
        }
    });
}

#[test]
fn an_export_that_was_cut_is_resumed() {
    with_tenant(async |tenant| {
        for from in [0, 400, 800] {
            products(tenant, from..from + 400).await;
        }
        let path = "/v1/products?format=ndjson&sort=updated_at&fields=id,updated_at";
        let text = tenant.get(path).await.text;
        // The connection was cut within a line: only whole lines count.
        let (begun, _) = text[..text.len() / 2].rsplit_once('\n').expect("whole lines");
        let row = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
        let last = row(begun.lines().last().expect("a line"));
        let since = last["updated_at"].as_str().expect("an instant");
        let rest = whole(tenant, &format!("{path}&updated_at[gte]={since}")).await;
        assert!(rest.len() < 1_200, "only what was missing, and the rows of that instant");
        let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].to_string()).collect::<BTreeSet<_>>();
        let had: Vec<Value> = begun.lines().map(row).collect();
        let resumed: BTreeSet<String> = ids(&had).union(&ids(&rest)).cloned().collect();
        assert_eq!(resumed, ids(&walked(tenant, "/v1/products").await));
    });
}

/// A change that is made while the list is read shows that the products are not found again for each part.
#[test]
fn a_whole_list_finds_metadata_once() {
    with_tenant(async |tenant| {
        for from in [0, 500] {
            products(tenant, from..from + 500).await;
        }
        // A part is longer than what a connection holds, so the server reads the next one while the client reads.
        let noted = "update product set description = repeat('x', 30000), metadata = '{\"shelf\": \"A-12\"}' where tenant_id = $1";
        for path in
            ["/v1/products?format=ndjson&metadata[shelf]=A-12", "/v1/products/export?metadata[shelf]=A-12"]
        {
            outside(tenant, noted).await;
            let begun = tenant.call(Method::GET, path).open().await;
            assert_eq!(begun.status(), 200, "{path}");
            outside(tenant, "update product set metadata = '{}' where tenant_id = $1").await;
            let whole = begun.text().await.expect("the whole list");
            assert_eq!(whole.lines().filter(|line| line.contains("P-")).count(), 1_000, "{path}");
        }
    });
}

#[test]
fn a_tenant_reads_so_many_whole_lists_at_once() {
    with_tenants(async |tenant, other| {
        for from in [0, 500] {
            products(tenant, from..from + 500).await;
        }
        products(other, 0..3).await;
        let most = tenant.get("/v1/limits").await.ok()["page"]["whole_lists"].as_u64().expect("a number");
        // A part is longer than what a connection holds, so a list that is not read does not end.
        outside(tenant, "update product set description = repeat('x', 30000) where tenant_id = $1").await;
        let mut begun = Vec::new();
        for _ in 0..most {
            let list = tenant.call(Method::GET, "/v1/products?format=ndjson").open().await;
            assert_eq!(list.status(), 200);
            begun.push(list);
        }
        let short = "/v1/products?format=ndjson&sku=P-1";
        for path in [short, "/v1/products/export"] {
            tenant.get(path).await.refused(429, "rate_limited");
        }
        assert_eq!(whole(other, "/v1/products").await.len(), 3, "another tenant has its own");
        tenant.get("/v1/products?limit=1").await.ok();
        drop(begun);
        for _ in 0..600 {
            if tenant.get(short).await.status == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no place was given back");
    });
}
