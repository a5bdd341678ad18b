//! Every value that may be in a name or a code can be asked for, in lists, reports and paths, and comes back as it was.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, lines, with_tenant};

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
