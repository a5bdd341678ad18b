//! Costs are shown to `costs:read` only, on every route.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Tenant, lines, sale, with_tenant};

use super::auth::key;
use super::isolation::world::REPORTS;

/// A cost that no other figure of these tests contains.
const COST: &str = "7.31";
/// Costs of 2, 3, 10 and 100 such units, and the margins of sales at 11.00.
const FIGURES: [&str; 12] =
    ["7.31", "14.62", "21.93", "73.1", "731", "70.17", "716.38", "3.69", "7.38", "11.07", "33.54", "65.79"];

/// Returns all scopes but one.
async fn without(tenant: &Tenant, scope: &str) -> Client {
    let all = tenant.get("/v1/me").await.ok()["scopes"].clone();
    let all: Vec<&str> = all.as_array().expect("scopes").iter().filter_map(Value::as_str).collect();
    let others: Vec<&str> = all.into_iter().filter(|other| *other != scope).collect();
    tenant.with_key(&key(tenant, &others).await)
}

/// Ids that paths name, by the beginning of the path.
struct World {
    ids: Vec<(&'static str, String)>,
    product: String,
    customer: String,
    supplier: String,
    receipt: String,
    register: String,
}

async fn world(tenant: &Tenant) -> World {
    let product = tenant.stocked("MUG", "11.00", ("100", COST)).await.id;
    let till = tenant.till().await;
    let customer = tenant.customer("Hotel").await;
    let text = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    let sold = text(&tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "2")])).await.created());
    let order = tenant.order(&customer, &[("MUG", "1")], "invoiced").await.created();
    let documents = tenant.get("/v1/stock/documents").await.ok();
    let transfer = json!({ "to_location_id": tenant.shop, "lines": lines(&[("MUG", "10")]) });
    let transfer = tenant.make("/v1/stock/transfers", transfer).await;
    let receipt = json!({ "kind": "receipt", "location_id": tenant.shop, "lines": [{ "sku": "MUG", "quantity": "3", "unit_cost": COST }] });
    let receipt = tenant.make("/v1/stock/documents", receipt).await;
    let landed = tenant.make("/v1/landed-costs", freight(&receipt)).await;
    let reversal = format!("/v1/landed-costs/{landed}/reverse");
    tenant.post(&reversal, &json!({ "reason": "Billed twice" })).await.created();
    let damage =
        json!({ "kind": "adjustment", "reason": "damage", "lines": [{ "sku": "MUG", "quantity": "-1" }] });
    tenant.post("/v1/stock/documents", &damage).await.created();
    let entries = tenant.get("/v1/journal-entries").await.ok();
    let supplier = tenant.make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
    let sold_by = format!("/v1/suppliers/{supplier}/products/{product}");
    tenant.put(&sold_by, &json!({ "prices": [{ "unit_cost": COST }] })).await.ok();
    let bought = json!({ "supplier_id": supplier, "lines": [{ "sku": "MUG", "quantity": "2" }] });
    let purchase = tenant.make("/v1/purchase-orders", bought).await;
    for verb in ["send", "receive"] {
        tenant.post(&format!("/v1/purchase-orders/{purchase}/{verb}"), &json!({})).await.ok();
    }
    let line =
        json!({ "purchase_order_id": purchase, "order_line_no": 1, "quantity": "2", "unit_cost": COST });
    let bill =
        json!({ "supplier_id": supplier, "supplier_number": "RE-1", "dated": "2026-01-02", "lines": [line] });
    let bill = tenant.make("/v1/bills", bill).await;
    let ids = vec![
        ("/v1/bills/", bill),
        ("/v1/products/", product.clone()),
        ("/v1/pos/sales/", sold),
        ("/v1/orders/", text(&order)),
        ("/v1/shipments/", text(&order["shipments"][0])),
        ("/v1/invoices/", text(&order["invoices"][0])),
        ("/v1/stock/documents/", text(&documents["data"][0])),
        ("/v1/stock/transfers/", transfer),
        ("/v1/journal-entries/", text(&entries["data"][0])),
        ("/v1/locations/", tenant.main.clone()),
        ("/v1/suppliers/", supplier.clone()),
        ("/v1/purchase-orders/", purchase),
        ("/v1/landed-costs/", landed),
        ("/v1/replenishment/suggestions/", product.clone()),
    ];
    World { ids, product, customer, supplier, receipt, register: till.register_id }
}

/// Returns a landed cost of a receipt whose amount is a cost.
fn freight(receipt: &str) -> Value {
    json!({ "charges": [{ "kind": "freight", "amount": COST }], "spread_by": "value",
        "receipts": [{ "stock_document_id": receipt }] })
}

/// Returns paths of an operation that read something.
fn paths(tenant: &Tenant, world: &World, path: &str) -> Vec<String> {
    if path == "/v1/reports/{name}" {
        let formats = ["json", "csv", "ndjson", "xlsx"];
        return REPORTS
            .iter()
            .flat_map(|name| formats.map(|format| format!("/v1/reports/{name}?format={format}")))
            .collect();
    }
    if path.starts_with("/v1/stock/levels/{") {
        return vec![path.replace("{location_id}", &tenant.main).replace("{product_id}", &world.product)];
    }
    let Some((before, after)) = path.split_once("{id}") else { return vec![path.to_owned()] };
    let known = world.ids.iter().find(|(start, _)| *start == before);
    let after = after.replace("{product_id}", &world.product);
    known.map(|(_, id)| format!("{before}{id}{after}")).into_iter().collect()
}

/// Returns the text of a response; of a workbook, that of its cells.
async fn read(client: &Client, path: &str) -> (u16, String) {
    let response = client.call(Method::GET, path).open().await;
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_workbook = kind.contains("spreadsheetml");
    let bytes = response.bytes().await.expect("a body");
    if !is_workbook {
        return (status, String::from_utf8_lossy(&bytes).into_owned());
    }
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).expect("a workbook");
    let sheets = workbook.worksheets();
    let rows = sheets.iter().flat_map(|(_, range)| range.rows());
    let lines = rows.map(|row| row.iter().map(Data::to_string).collect::<Vec<_>>().join(","));
    (status, lines.collect::<Vec<_>>().join("\n"))
}

#[track_caller]
fn tells_nothing(what: &str, text: &str) {
    // Ids and times may contain any digits.
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || ".-_:".contains(letter)));
    for word in words {
        let number = word.trim_start_matches('-');
        let number = number.strip_suffix('0').filter(|_| number.contains('.')).unwrap_or(number);
        let number = number.strip_suffix(".0").unwrap_or(number);
        assert!(!FIGURES.contains(&number), "{what} tells the cost {word}: {text}");
    }
}

#[test]
fn no_route_tells_a_cost_without_the_scope() {
    with_tenant(async |tenant| {
        let world = world(tenant).await;
        let blind = without(tenant, "costs:read").await;
        let (mut told, mut in_workbooks) = (0, 0);
        let document = stockwell::routes().document();
        for (path, item) in document["paths"].as_object().expect("paths") {
            let operation = &item["get"];
            let is_endless = operation["operationId"] == "stream_get";
            if operation.is_null()
                || is_endless
                || operation["security"].as_array().is_some_and(Vec::is_empty)
            {
                continue;
            }
            for path in paths(tenant, &world, path) {
                let ((_, seen), (status, hidden)) = (read(tenant, &path).await, read(&blind, &path).await);
                assert!(matches!(status, 200 | 400 | 403 | 404 | 422), "{path}: {hidden}");
                tells_nothing(&path, &hidden);
                let is_told = FIGURES.iter().any(|figure| seen.contains(figure));
                told += usize::from(is_told);
                in_workbooks += usize::from(is_told && path.ends_with("format=xlsx"));
            }
        }
        assert!(told > 20, "only {told} routes tell a cost at all: the test is blind");
        assert!(in_workbooks > 5, "only {in_workbooks} workbooks tell a cost at all: the test is blind");
    });
}

#[test]
fn no_write_tells_a_cost_without_the_scope() {
    with_tenant(async |tenant| {
        let world = world(tenant).await;
        let blind = without(tenant, "costs:read").await;
        let till = world.register.as_str();
        let goods = lines(&[("MUG", "2")]);
        let writes = [
            (
                "/v1/pos/sales",
                json!({ "register_id": till, "lines": goods, "tenders": [{ "kind": "cash" }] }),
            ),
            (
                "/v1/orders",
                json!({ "customer_id": world.customer, "lines": goods, "advance_to": "invoiced" }),
            ),
            ("/v1/returns", json!({ "customer_id": world.customer, "lines": goods })),
            ("/v1/stock/transfers", json!({ "to_location_id": tenant.shop, "lines": goods })),
            ("/v1/purchase-orders", json!({ "supplier_id": world.supplier, "lines": goods })),
            ("/v1/landed-costs", freight(&world.receipt)),
            (
                "/v1/stock/documents",
                json!({ "kind": "adjustment", "reason": "damage", "lines": [{ "sku": "MUG", "quantity": "-2" }] }),
            ),
        ];
        for (path, body) in writes {
            tells_nothing(path, &blind.dry_run(path, &body).await.text);
            let first = tenant.post_as(path, &format!("costs-{path}").replace('/', "-"), &body).await;
            first.created();
            let replay = blind.post_as(path, &format!("costs-{path}").replace('/', "-"), &body).await;
            assert!(replay.is_replayed(), "{}", replay.text);
            tells_nothing(path, &replay.text);
            let made = blind.post(path, &body).await;
            made.created();
            tells_nothing(path, &made.text);
            let again = tenant.post_as(path, &format!("costs-{path}").replace('/', "-"), &body).await;
            assert_eq!(again.text, first.text, "who sees costs gets the stored response");
        }
        let adjust = json!({ "kind": "adjustment", "reason": "damage", "lines": [{ "sku": "MUG", "quantity": "-2" }] });
        let batch = json!({ "items": [{ "idempotency_key": "batch-1", "body": adjust }] });
        let reply = blind.call(Method::POST, "/v1/stock/documents/batch").json(&batch).send().await;
        if reply.status == 207 {
            tells_nothing("the batch", &reply.text);
        }
    });
}

#[test]
fn a_price_list_tells_no_cost_without_the_scope() {
    with_tenant(async |tenant| {
        let world = world(tenant).await;
        let blind = without(tenant, "costs:read").await;
        let path = format!("/v1/suppliers/{}/products/import", world.supplier);
        let list = |cost: &str| json!({ "items": [{ "sku": "MUG", "unit_cost": cost }] });
        tenant.post(&path, &list("7.31")).await.ok();
        let told = async |client: &Client, cost: &str| {
            let report = client.dry_run(&path, &list(cost)).await.ok();
            [report["updated"].clone(), report["unchanged"].clone()]
        };
        assert_eq!(told(tenant, "7.31").await, [json!(0), json!(1)]);
        assert_eq!(told(tenant, "7.32").await, [json!(1), json!(0)]);
        for guess in ["7.31", "7.32"] {
            assert_eq!(told(&blind, guess).await, [json!(null), json!(null)], "a guess of {guess}");
            let made = blind.post_as(&path, &format!("guess-{guess}"), &list(guess)).await.ok();
            assert_eq!((&made["rows"], &made["updated"]), (&json!(1), &json!(null)));
        }
        let replay = tenant.post_as(&path, "guess-7.32", &list("7.32")).await.ok();
        assert_eq!(replay["updated"], 1, "who sees costs gets the stored response");
    });
}

#[test]
fn graphql_tells_no_cost_without_the_scope() {
    with_tenant(async |tenant| {
        world(tenant).await;
        let blind = without(tenant, "costs:read").await;
        let ask = async |client: &Client, query: &str| {
            client.call(Method::POST, "/graphql").json(&json!({ "query": query })).send().await
        };
        for query in [
            "{ marginReport { rows { netRevenue } } }",
            "{ stockValuation { rows { onHand } } }",
            "{ abc(measure: GROSS_MARGIN) { rows { sku } } }",
            "{ productPerformance { rows { units: cost } } }",
            "{ channelSummary { rows { ...f } } } fragment f on ChannelRow { grossMargin }",
            "{ stockPosition { totals { value } } }",
            "{ channelSummary { rows { costBefore } } }",
            "{ weakMargins { rows { sku } } }",
            "{ stockTurnover { rows { sku } } }",
            "{ bestCustomers { rows { contribution } } }",
            "{ channelSummary(sort: \"-gross_margin\") { rows { channel } } }",
            "{ productPerformance { totals { retailGrossMarginDifferencePct } } }",
        ] {
            let hidden = ask(&blind, query).await;
            assert_eq!(
                hidden.json()["errors"][0]["extensions"]["code"],
                "insufficient_scope",
                "{query}: {}",
                hidden.text
            );
            tells_nothing(query, &hidden.text);
            assert!(ask(tenant, query).await.json().get("errors").is_none(), "{query}");
        }
        // A field that does not exist needs no scope.
        for query in
            ["{ margin { rows { channel } } }", "{ cost }", "{ channelSummary { rows { unitMargin } } }"]
        {
            for client in [&blind, &**tenant] {
                let unknown = ask(client, query).await;
                let error = &unknown.json()["errors"][0];
                assert_eq!(error["extensions"]["code"], "validation_failed", "{query}: {}", unknown.text);
                assert!(error["message"].to_string().contains("Unknown field"), "{query}: {}", unknown.text);
            }
        }
        let open = "{ channelSummary { rows { channel netRevenue } } stockPosition { rows { sku onHand } } }";
        assert!(ask(&blind, open).await.json().get("errors").is_none());
    });
}

#[test]
fn the_order_of_a_report_tells_no_cost() {
    with_tenant(async |tenant| {
        tenant.stocked("RICH", "10.00", ("100", "9")).await;
        tenant.stocked("LEAN", "9.00", ("100", "1")).await;
        let (much, little) = (tenant.customer("Much").await, tenant.customer("Little").await);
        tenant.order(&much, &[("RICH", "2")], "invoiced").await.created();
        tenant.order(&little, &[("LEAN", "2")], "invoiced").await.created();
        let blind = without(tenant, "costs:read").await;
        let path = "/v1/reports/customer_value";
        let query = json!({ "query": "{ customerValue { rows { customerName } } }" });
        for (client, names) in [(tenant as &Client, ["Little", "Much"]), (&blind, ["Much", "Little"])] {
            let table = client.get(path).await.ok();
            let rows = table["rows"].as_array().expect("rows");
            let at = |name: &str| rows.iter().position(|row| row.to_string().contains(name));
            assert!(at(names[0]) < at(names[1]) && at(names[0]).is_some(), "{table}");
            let rows = client.call(Method::POST, "/graphql").json(&query).send().await.ok();
            let rows = &rows["data"]["customerValue"]["rows"];
            assert_eq!(rows[0]["customerName"], names[0], "{rows}");
            // The limit cuts by the same order.
            let first = client.get(&format!("{path}?limit=1")).await.ok();
            assert!(first["rows"].to_string().contains(names[0]), "{first}");
        }
    });
}

#[test]
fn a_till_that_reads_no_cost_still_sells() {
    with_tenant(async |tenant| {
        world(tenant).await;
        let till = tenant.till().await;
        let cashier = tenant.with_key(&key(tenant, &["pos:write"]).await);
        let dry = cashier.dry_run("/v1/pos/sales", &sale(&till, &[("MUG", "1")])).await.ok();
        assert_eq!(dry["effects"]["journal"], Value::Null);
        assert_eq!(dry["effects"]["totals"]["stock_value"], Value::Null);
        assert_eq!(dry["effects"]["stock"][0]["quantity"], "-1");
        cashier.post("/v1/pos/sales", &sale(&till, &[("MUG", "1")])).await.created();
    });
}
