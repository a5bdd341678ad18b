//! CSV files as people and their programs write them, and cells that a spreadsheet would run.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Reply, with_tenant, with_tenants};
use uuid::Uuid;

const IMPORT: &str = "/v1/products/import";
const EXPORT: &str = "/v1/products/export";

async fn send(client: &Client, media_type: &str, text: impl Into<Vec<u8>>) -> Reply {
    let call = client.call(Method::POST, IMPORT).key(&Uuid::new_v4().to_string());
    call.body(media_type, text).send().await
}

fn csv_rows(text: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).records().map(|row| row.expect("CSV")).collect()
}

#[test]
fn files_of_spreadsheets_are_read() {
    with_tenant(async |tenant| {
        for (number, file) in [
            "sku,name,list_price\n#,Mug,1\n",
            "SKU,Name,List Price\n#,Mug,1\n",
            " Sku , NAME , list-price \n#,Mug,1\n",
            "sep=;\r\nsku;name;list_price\r\n#;Mug;1\r\n",
            "\u{feff}SEP=;\r\nSku;Name;List_Price\r\n#;Mug;1\r\n",
            "\"sep=;\"\r\nsku;name;list_price\r\n#;Mug;1\r\n",
            "sep=|\nsku|name|list_price\n#|Mug|1\n",
            "sep=\t\nsku\tname\tlist_price\n#\tMug\t1\n",
            "sku\tname\tlist_price\n#\tMug\t1\n",
            "sep=,\nsku,name,list_price\n#,Mug,1\n",
            "\n\nsku;name;list_price\n#;Mug;1\n",
            "sku;name;list_price;;\n#;Mug;1;;\n;;;;\n;;;;\n",
            "\"Sku\",\"Name\",\"LIST PRICE\"\r\"#\",\"Mug\",\"1\"\r",
        ]
        .into_iter()
        .enumerate()
        {
            let sku = format!("MUG-{number}");
            let report = send(tenant, "text/csv", file.replace('#', &sku)).await.ok();
            assert_eq!((&report["created"], &report["rows"]), (&json!(1), &json!(1)), "{file:?}: {report}");
            let made = tenant.get(&format!("/v1/products?sku={sku}")).await.ok()["data"][0].clone();
            assert_eq!((&made["name"], &made["list_price"]), (&json!("Mug"), &json!("1.00")), "{file:?}");
        }
    });
}

#[test]
fn media_types_of_browsers_are_taken() {
    with_tenant(async |tenant| {
        for (number, media_type) in [
            "text/csv; charset=utf-8",
            "TEXT/CSV",
            "application/vnd.ms-excel",
            "application/csv",
            "text/x-csv",
            "text/comma-separated-values",
            "application/octet-stream",
            "",
        ]
        .into_iter()
        .enumerate()
        {
            let report = send(tenant, media_type, format!("sku,name\nMUG-{number},Mug\n")).await.ok();
            assert_eq!(report["created"], 1, "{media_type}");
        }
        let json = "\u{feff} {\"items\":[{\"sku\":\"CUP\",\"name\":\"Cup\"}]}";
        assert_eq!(send(tenant, "application/octet-stream", json).await.ok()["created"], 1);
        for media_type in ["image/png", "application/xml", "multipart/form-data"] {
            send(tenant, media_type, "sku,name\nX,Y\n").await.refused(415, "unsupported_media_type");
        }
        for (content, word) in [
            (b"PK\x03\x04\x14\0".to_vec(), "workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1".to_vec(), "workbook"),
            (b"\xff\xfes\0k\0u\0".to_vec(), "UTF-16"),
            (b"sku,n\xe4me\nA,B\n".to_vec(), "UTF-8"),
        ] {
            let problem =
                send(tenant, "application/vnd.ms-excel", content).await.refused(400, "malformed_csv");
            assert!(
                problem.0["detail"].as_str().is_some_and(|detail| detail.contains(word)),
                "{}",
                problem.0
            );
        }
        let unnamed = send(tenant, "text/csv", "sku,name,\nA,B,C\n").await;
        unnamed.refused(422, "validation_failed");
        let twice = send(tenant, "text/csv", "sku,List Price,list_price\nA,1,2\n").await;
        twice.refused(422, "validation_failed");
    });
}

/// Texts that a spreadsheet would run, and texts with a mark of their own.
const RUN: [&str; 12] = [
    "=1+1",
    "+49 30 1234",
    "-5",
    "@SUM(A1)",
    "=HYPERLINK(\"http://x.example\";\"y\")",
    "＝1+1",
    "＠x",
    "－1",
    "'=1",
    "'tis",
    "''",
    "= ,\"",
];

#[test]
fn no_spreadsheet_runs_a_cell_and_the_import_reads_it_back() {
    with_tenants(async |tenant, other| {
        for (number, text) in RUN.into_iter().enumerate() {
            let sku = format!("{text}{number}");
            let product = json!({ "sku": sku, "name": text, "description": format!("\t{text}\r\n{text}"),
                "external_ref": format!("{text}{number}"), "list_price": "10" });
            tenant.make("/v1/products", product).await;
            tenant.open_stock(&[(&sku, "5", "4.00")]).await;
        }
        let export = tenant.get(EXPORT).await;
        assert_eq!(export.status, 200);
        for row in &csv_rows(&export.text) {
            for cell in row {
                let first = cell.chars().next();
                assert!(!first.is_some_and(|first| "=+-@\t\r\n＝＋－＠".contains(first)), "{cell:?}");
            }
        }
        assert_eq!(send(other, "text/csv", export.text.clone()).await.ok()["created"], RUN.len());
        let products = async |client: &Client| -> Vec<Value> {
            let list = client.get("/v1/products?limit=200&sort=created_at").await.ok();
            let of = |product: &Value| {
                json!([product["sku"], product["name"], product["description"], product["external_ref"]])
            };
            let mut products: Vec<Value> =
                list["data"].as_array().expect("products").iter().map(of).collect();
            products.sort_by_key(Value::to_string);
            products
        };
        assert_eq!(products(tenant).await, products(other).await);
        assert_eq!(send(tenant, "text/csv", export.text).await.ok()["unchanged"], RUN.len());
        // A report's numbers stay numbers, and its texts do not run.
        let report = tenant.get("/v1/reports/stock_position?format=csv").await;
        let mut texts = 0;
        for row in &csv_rows(&report.text) {
            for cell in row {
                assert!(!cell.starts_with(['=', '+', '@', '\t', '\r', '＝', '＋', '－', '＠']), "{cell:?}");
                assert!(!cell.starts_with('-') || cell.parse::<rust_decimal::Decimal>().is_ok(), "{cell:?}");
                texts += usize::from(cell.starts_with('\''));
            }
        }
        assert!(texts >= RUN.len(), "{}", report.text);
        let json = tenant.get("/v1/reports/stock_position?format=json").await.ok();
        let names: Vec<&str> = json["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter_map(|row| row["product_name"].as_str())
            .collect();
        assert!(RUN.iter().all(|text| names.contains(text)), "JSON says texts as they are: {names:?}");
    });
}
