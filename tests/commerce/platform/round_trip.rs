//! Every value that may be in a name or a code can be asked for, in lists, reports and paths, and comes back as it was.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, lines, with_tenant};

use super::isolation::operation::resolve;

/// Codes with everything that has a meaning in a URL, in CSV, in JSON or in SQL.
const CODES: [&str; 24] = [
    "A,B",
    "A",
    "B",
    "A, B",
    ",A",
    "A/B",
    "A%B",
    "A%2FB",
    "A B",
    "A&B=C",
    "A+B",
    "A#B",
    "A?B",
    "Ü日🧰",
    "A\"B",
    "A\\B",
    "A;B",
    "A|B",
    "'A",
    "=A",
    "A_B",
    "null",
    "a*b",
    "[A]",
];

/// Encodes every byte but letters and digits.
fn encoded(text: &str) -> String {
    let mut url = String::new();
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() {
            true => url.push(char::from(byte)),
            false => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url
}

async fn stock_of_all(tenant: &Tenant) {
    for (number, code) in CODES.iter().enumerate() {
        let category = json!({ "code": code, "name": code });
        let category = tenant.make("/v1/categories", category).await;
        let product = json!({ "sku": code, "name": format!("Name {code}"), "barcodes": [format!("{code}{number}")],
            "category_id": category, "list_price": "10", "external_ref": code });
        tenant.make("/v1/products", product).await;
        tenant.open_stock(&[(code, "5", "4.00")]).await;
        let customer = json!({ "kind": "wholesale", "name": code, "number": code, "external_ref": code });
        tenant.make("/v1/customers", customer).await;
        let location = json!({ "code": code, "name": code, "kind": "store" });
        tenant.make("/v1/locations", location).await;
    }
}

#[test]
fn every_code_can_be_asked_for() {
    with_tenant(async |tenant| {
        stock_of_all(tenant).await;
        for (number, code) in CODES.iter().enumerate() {
            let url = encoded(code);
            let one = async |path: &str, member: &str| {
                let list = tenant.get(path).await.ok();
                let data = list["data"].as_array().expect("a list");
                assert_eq!(data.len(), 1, "{path}: {list}");
                assert_eq!(data[0][member], json!(code), "{path}");
            };
            one(&format!("/v1/products?sku={url}"), "sku").await;
            one(&format!("/v1/products?external_ref={url}"), "sku").await;
            one(&format!("/v1/customers?external_ref={url}"), "number").await;
            one(&format!("/v1/categories?code={url}"), "code").await;
            one(&format!("/v1/locations?code={url}"), "code").await;
            one(&format!("/v1/stock/availability?sku={url}"), "sku").await;
            one(&format!("/v1/stock/availability?barcode={}", encoded(&format!("{code}{number}"))), "sku")
                .await;
            let barcode =
                tenant.get(&format!("/v1/barcodes/{}", encoded(&format!("{code}{number}")))).await.ok();
            assert_eq!(barcode["product"]["sku"], json!(code), "{barcode}");
            for filter in ["product", "category"] {
                let report = tenant.get(&format!("/v1/reports/stock_position?{filter}={url}")).await.ok();
                let rows = report["rows"].as_array().expect("rows");
                assert!(rows.len() == 1 && rows[0]["sku"] == json!(code), "{filter} {code}: {rows:?}");
                let csv = tenant.get(&format!("/v1/reports/stock_position?{filter}={url}&format=csv")).await;
                let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
                let row = reader.records().next().expect("a row").expect("CSV");
                assert_eq!(domain::text::read_cell(&row[0]), *code);
            }
            tenant.get(&format!("/v1/reports/stock_position?location={url}")).await.ok();
            tenant.get(&format!("/v1/reports/revenue?customer={url}")).await.ok();
            let query = json!({ "query": "query($p: [String!]!) { stockPosition(filter: { product: $p }) { rows { sku } } }", "variables": { "p": [code] } });
            let shown = tenant.call(Method::POST, "/graphql").json(&query).send().await.json();
            assert_eq!(shown["data"]["stockPosition"]["rows"], json!([{ "sku": code }]), "{shown}");
            let order = json!({ "channel": "retail", "lines": lines(&[(code, "1")]) });
            let priced = tenant.post("/v1/prices/resolve", &order).await.ok();
            assert_eq!(priced["lines"][0]["sku"], json!(code), "{priced}");
        }
    });
}

#[test]
fn lists_are_sent_with_commas_or_repeatedly() {
    with_tenant(async |tenant| {
        stock_of_all(tenant).await;
        let skus = async |query: &str| -> Vec<Value> {
            let shown = tenant.get(&format!("/v1/stock/availability?{query}")).await.ok();
            shown["data"].as_array().expect("a list").iter().map(|product| product["sku"].clone()).collect()
        };
        for query in ["sku=A,A%2FB", "sku=A&sku=A/B", "sku[]=A&sku[]=A/B", "sku%5B%5D=A&sku=A/B"] {
            assert_eq!(skus(query).await, ["A", "A/B"], "{query}");
        }
        let named = |report: &Value| -> Vec<Value> {
            report["rows"].as_array().expect("rows").iter().map(|row| row["sku"].clone()).collect()
        };
        for query in ["product=A,null", "product=A&product=null", "product[]=null&product[]=A"] {
            let report = tenant.get(&format!("/v1/reports/stock_position?{query}")).await.ok();
            let mut rows = named(&report);
            rows.sort_by_key(Value::to_string);
            assert_eq!(rows, ["A", "null"], "{query}");
        }
        tenant.get("/v1/orders?status=confirmed&status=draft&status[]=shipped").await.ok();
        tenant.get("/v1/reports/revenue?group_by=month&group_by=channel").await.ok();
        tenant.get("/v1/events?type=order.*&type=product.*").await.ok();
        tenant.get("/v1/orders?limit=1&limit=2").await.refused(400, "invalid_parameter");
    });
}

#[test]
fn a_filter_that_names_nothing_known_says_so() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        for (filter, name) in [
            ("product", "CUP"),
            ("product", "MUG,CUP"),
            ("category", "tools"),
            ("location", "MOON"),
            ("product", "prd_01h455vb4pex5vsknk084sn02q"),
        ] {
            let reply = tenant.get(&format!("/v1/reports/stock_position?{filter}={name}")).await;
            let problem = reply.refused(404, "not_found").0;
            assert_eq!(problem["errors"][0]["parameter"], json!(filter), "{problem}");
            let unknown = name.rsplit(',').next().unwrap_or(name);
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(unknown)), "{problem}");
        }
        tenant.get("/v1/reports/revenue?customer=C-404").await.refused(404, "not_found");
        let query = json!({ "query": "{ stockPosition(filter: { product: [\"CUP\"] }) { rows { sku } } }" });
        let shown = tenant.call(Method::POST, "/graphql").json(&query).send().await.json();
        assert!(shown["errors"][0]["message"].as_str().is_some_and(|text| text.contains("CUP")), "{shown}");
    });
}

/// Filters by a code of another record than those of the list, with a code that does not exist.
const OF_OTHERS: [&str; 3] = ["sku", "account", "reason"];

#[test]
fn a_filter_of_a_list_that_names_nothing_known_says_so() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        let mut checked = 0;
        for (path, item) in document["paths"].as_object().expect("paths") {
            let operation = &item["get"];
            let response = resolve(document, &operation["responses"]["200"]);
            let page = response["content"]["application/json"]["schema"]["$ref"].as_str();
            if !page.is_some_and(|page| page.ends_with("List")) || path.contains('{') {
                continue;
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let parameter = resolve(document, parameter);
                let name = parameter["name"].as_str().expect("a name");
                let schema = resolve(document, &parameter["schema"]);
                let value = match (schema["pattern"].as_str().and_then(|pattern| pattern.get(1..4)), name) {
                    (_, "document_id") => "ord_01h455vb4pex5vsknk084sn02q".to_owned(),
                    (_, "actor_id") => "usr_01h455vb4pex5vsknk084sn02q".to_owned(),
                    (Some(prefix), name) if name.ends_with("_id") => {
                        format!("{prefix}_01h455vb4pex5vsknk084sn02q")
                    }
                    (None, name) if OF_OTHERS.contains(&name) && path != "/v1/products" => {
                        // The SKUs of a reconciliation and the accounts of a bank are texts of other systems.
                        let is_text = path.starts_with("/v1/reconciliation/") || path == "/v1/bank-lines";
                        if is_text || schema["enum"].is_array() || path == "/v1/pos/exceptions" {
                            continue;
                        }
                        "NOTHING".to_owned()
                    }
                    _ => continue,
                };
                let problem = tenant.get(&format!("{path}?{name}={value}")).await.refused(404, "not_found").0;
                assert_eq!(problem["errors"][0]["parameter"], json!(name), "{path}: {problem}");
                assert!(problem["detail"].as_str().is_some_and(|text| text.contains(&value)), "{problem}");
                checked += 1;
            }
        }
        assert!(checked > 40, "only {checked} filters were found");
        // A record of another tenant does not exist either, and one that exists has an empty list.
        let customer = tenant.customer("Buyer").await;
        let orders = tenant.get(&format!("/v1/orders?customer_id={customer}")).await.ok();
        assert_eq!(orders["data"], json!([]));
        let none = tenant.get("/v1/products?sku=NOTHING").await.ok();
        assert_eq!(none["data"], json!([]), "a search for a product by its own code");
        let other = format!(
            "{}?customer_id={customer}&location_id=loc_01h455vb4pex5vsknk084sn02q",
            "/v1/stock/holds"
        );
        tenant.get(&other).await.refused(404, "not_found");
        for (path, parameter, id) in [
            ("/v1/counts/plan", "category_id", "cat_01h455vb4pex5vsknk084sn02q"),
            ("/v1/supplier-payments/proposal", "supplier_id", "sup_01h455vb4pex5vsknk084sn02q"),
            ("/v1/stream", "product_id", "prd_01h455vb4pex5vsknk084sn02q"),
            ("/v1/stream", "location_id", "loc_01h455vb4pex5vsknk084sn02q"),
        ] {
            let call = tenant.call(Method::GET, &format!("{path}?{parameter}={id}")).header("accept", "*/*");
            let problem = call.send().await.refused(404, "not_found").0;
            assert_eq!(problem["errors"][0]["parameter"], json!(parameter), "{path}: {problem}");
        }
    });
}

#[test]
fn other_filters_that_name_nothing_known_say_so() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Buyer").await;
        let gone = "ord_01h455vb4pex5vsknk084sn02q";
        let problem = tenant.get(&format!("/v1/events?document_id={gone}")).await.refused(404, "not_found").0;
        assert_eq!(problem["errors"][0]["parameter"], "document_id", "{problem}");
        let of_customer = tenant.get(&format!("/v1/events?document_id={customer}&type=order.*")).await.ok();
        assert_eq!(of_customer["data"], json!([]), "the customer exists");
        tenant.product("MUG", "10.00").await;
        let mapping = json!({ "system": "shop", "external_sku": "1", "sku": "MUG" });
        let deleted = tenant.make("/v1/sku-mappings", mapping).await;
        assert_eq!(tenant.delete(&format!("/v1/sku-mappings/{deleted}")).await.status, 204);
        let of_deleted = tenant.get(&format!("/v1/events?document_id={deleted}&type=order.*")).await.ok();
        assert_eq!(of_deleted["data"], json!([]), "the mapping had events");
        let feed = tenant.get("/v1/events").await.ok();
        let cursor = feed["page"]["resume_cursor"].as_str().expect("a cursor");
        tenant.get(&format!("/v1/events?document_id={gone}&cursor={cursor}")).await.ok();
        for path in ["/v1/trial-balance", "/v1/journal-entries"] {
            let backwards = tenant.get(&format!("{path}?from=2026-02-01&to=2026-01-31")).await;
            let problem = backwards.refused(400, "invalid_parameter").0;
            assert_eq!(problem["errors"][0]["parameter"], "to", "{path}: {problem}");
            tenant.get(&format!("{path}?from=2026-02-01&to=2026-02-01")).await.ok();
        }
        tenant.get("/v1/journal-entries?document_kind=sail").await.refused(400, "invalid_parameter");
        let method = tenant.get("/v1/request-log?method=GE,T").await.refused(400, "invalid_parameter").0;
        assert_eq!(method["errors"][0]["parameter"], "method", "{method}");
        tenant.get("/v1/access-refusals?code=nothing").await.refused(400, "invalid_parameter");
    });
}
