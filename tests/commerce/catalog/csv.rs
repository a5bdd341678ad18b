//! A product's CSV row means the same to another tenant, with any name and any description.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, with_tenants};

/// Pieces of texts. They include everything that has a meaning in CSV, in JSON or in a cell.
const PIECES: [&str; 24] = [
    "a", "B", "ß", "日", "🧰", " ", ",", ";", "|", "=", "@", "\"", "'", "[", "]", "\\", "/", "~", "#", "%",
    "-", "+", "null", "x",
];
const ROWS: usize = 300;
const OPTION: &str = "a|b=c\"";
const PLACE: &str = "K|1=@";
const VALUES: [&str; 4] = ["|", "=", "[1]", "a b"];

/// Returns one line that does not begin or end with a space.
fn line(random: &mut StdRng) -> String {
    let pieces = (0..random.random_range(0..6)).filter_map(|_| PIECES.choose(random)).copied();
    let text: String = pieces.collect();
    format!("x{text}y")
}

/// Returns what `make` makes, or null.
fn perhaps(random: &mut StdRng, make: impl Fn(&mut StdRng) -> Value) -> Value {
    if random.random_bool(0.5) { make(random) } else { Value::Null }
}

fn price(random: &mut StdRng) -> Value {
    let (whole, rest) = (random.random_range(0..1_000), random.random_range(0..1_000_000));
    json!(format!("{whole}.{rest:06}"))
}

fn product(random: &mut StdRng, number: usize) -> Value {
    let description = (0..random.random_range(0..4)).map(|_| line(random)).collect::<Vec<_>>();
    let barcodes: Vec<String> =
        (0..random.random_range(0..3)).map(|place| format!("{}{number}-{place}", line(random))).collect();
    let unit = |random: &mut StdRng, uom: &str| {
        let barcodes = perhaps(random, |random| json!([format!("{}{number}-{uom}", line(random))]));
        let fraction = ["1/3", "5/12", "10000/9999"].choose(random).map(|fraction| (*fraction).to_owned());
        let factor = fraction.filter(|_| random.random_bool(0.3));
        let factor = factor.unwrap_or_else(|| random.random_range(1..100).to_string());
        let mut unit = json!({ "uom": uom, "factor": factor, "list_price": perhaps(random, price) });
        if barcodes.is_array() {
            unit["barcodes"] = barcodes;
        }
        unit
    };
    let units: Vec<Value> =
        ["XCS", "XBX"][..random.random_range(0..3)].iter().map(|uom| unit(random, uom)).collect();
    let mut product = json!({
        "sku": format!("{}{number}", line(random)),
        "name": line(random),
        "description": description.join(["\n", "\r\n", "\t"].choose(random).copied().unwrap_or_default()),
        "list_price": perhaps(random, price),
        "stock_decimals": perhaps(random, |random| json!(random.random_range(0..=6))),
        "costing_method": perhaps(random, |random| json!(["moving_average", "fifo"].choose(random))),
        "barcodes": barcodes,
        "units": units,
        "external_ref": perhaps(random, |random| json!(format!("{}{number}", line(random)))),
        "metadata": { line(random): description.join("\n") },
        "reorder": perhaps(random, |random| {
            json!({ "reorder_point": random.random_range(0..99).to_string(),
                "reorder_quantity": perhaps(random, |random| json!(random.random_range(1..99).to_string())) })
        }),
        "status": if random.random_bool(0.2) { "archived" } else { "active" },
    });
    if number < VALUES.len() {
        product["options"] = json!({ OPTION: VALUES[number] });
    }
    product
}

/// Makes the group of which the first products are variants.
async fn group(tenant: &Tenant) -> String {
    let options = json!([{ "name": OPTION, "values": VALUES }]);
    tenant.make("/v1/product-groups", json!({ "code": "A|B", "name": "Group", "options": options })).await
}

#[test]
fn a_row_says_of_a_product_what_the_product_is() {
    let seed: u64 = rand::rng().random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    with_tenants(async |tenant, other| {
        let (group_id, _) = (group(tenant).await, group(other).await);
        let place = json!({ "code": PLACE, "name": "Kiosk", "kind": "store" });
        let (location_id, _) =
            (tenant.make("/v1/locations", place.clone()).await, other.make("/v1/locations", place).await);
        let mut items: Vec<Value> = (0..ROWS).map(|number| product(&mut random, number)).collect();
        for item in items.iter_mut().filter(|item| item.get("options").is_some()) {
            item["group_id"] = json!(group_id);
        }
        for item in items.iter_mut().filter(|item| item["reorder"].is_object()).step_by(3) {
            item["reorder"]["locations"] = json!([
                { "location_id": location_id, "reorder_point": "2.5", "reorder_quantity": "12" },
                { "location_id": tenant.main, "reorder_point": "0" },
            ]);
        }
        // The code of that location needs the JSON form of the cell. This item has one that needs only the plain form.
        let plain = items.iter_mut().find(|item| item["reorder"].is_object()).expect("one is ordered again");
        plain["reorder"]["locations"] = json!([{ "location_id": tenant.main, "reorder_point": "7" }]);
        let report = tenant.post("/v1/products/import", &json!({ "items": items })).await.ok();
        assert_eq!(report["created"], ROWS);
        let exported = tenant.get("/v1/products/export").await.text;
        let import = async |tenant: &Tenant| {
            let call = tenant.call(Method::POST, "/v1/products/import");
            call.body("text/csv", exported.clone()).send().await.ok()
        };
        let german = tenant.get("/v1/products/export?locale=de-DE").await.text;
        assert!(german.starts_with("\u{feff}sku;name;"), "{german:.40}");
        let import_german = async |query: &str| {
            let call = tenant.call(Method::POST, &format!("/v1/products/import{query}"));
            call.body("text/csv", german.clone()).send().await
        };
        assert_eq!(import_german("?locale=de-de").await.ok()["unchanged"], ROWS);
        let unread = import_german("").await.expect(422);
        let errors = unread["errors"].as_array().expect("errors");
        let is_price = |error: &Value| error["params"]["column"] == "list_price";
        let price = errors.iter().find(|error| is_price(error)).expect("1,5 is no number without a locale");
        assert!(price["detail"].as_str().is_some_and(|detail| detail.contains("locale=de-DE")), "{price}");
        assert_eq!(import(tenant).await["unchanged"], ROWS);
        assert_eq!(import(other).await["created"], ROWS);
        assert_eq!(other.get("/v1/products/export").await.text, exported);
    });
}
