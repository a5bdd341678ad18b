//! The example that the demo prints: five requests that show one stock for two channels.

use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};

/// Records that the example uses.
struct Stage {
    sku: &'static str,
    location_id: String,
    register_id: String,
    customer_id: String,
    run_id: String,
}

/// Returns URLs, the keys of the first tenant and of that in shadow mode, and five requests to try. The product of the example
/// has 5 units on hand.
pub async fn of(base_url: &str, (key, shadow_key): (&str, &str)) -> String {
    match set_up(base_url, key).await {
        Ok(stage) => render(base_url, (key, shadow_key), &stage),
        Err(error) => {
            format!("The example could not be set up: {error}\n\nThe API is at {base_url}, the key is {key}")
        }
    }
}

/// Creates what the example needs: a product with 5 units, a customer and an open till. Skips what exists.
async fn set_up(base_url: &str, key: &str) -> Result<Stage, reqwest::Error> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let get = async |path: &str| -> Result<Value, reqwest::Error> {
        http.get(format!("{base_url}{path}")).bearer_auth(key).send().await?.json().await
    };
    let post = async |path: &str, idempotency: &str, body: Value| -> Result<Value, reqwest::Error> {
        let request = http.post(format!("{base_url}{path}")).bearer_auth(key);
        request.header("Idempotency-Key", idempotency).json(&body).send().await?.json().await
    };
    let of_code = |list: &Value, code: &str| {
        let records = list["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        text(
            records.iter().find(|record| record["code"] == code).map_or(&Value::Null, |record| &record["id"]),
        )
    };
    let location_id = of_code(&get("/v1/locations").await?, "SHOP");
    let register_id = of_code(&get("/v1/registers").await?, "T1");
    let product = json!({ "sku": "STORY-MUG", "name": "Mug of the story", "list_price": "4.50" });
    post("/v1/products", "story:product", product).await?;
    let customer = json!({ "kind": "wholesale", "name": "Hazel Gifts Ltd", "number": "STORY-1" });
    let customer_id = text(&post("/v1/customers", "story:customer", customer).await?["id"]);
    // An earlier run may have sold some: fill up to five.
    let there = get("/v1/stock/availability?sku=STORY-MUG").await?;
    let there: i64 = text(&there["data"][0]["available"]).parse().unwrap_or_default();
    let run_id = uuid::Uuid::new_v4().simple().to_string();
    let key = |step: &str| format!("story:{run_id}:{step}");
    if there < 5 {
        let lines = json!([{ "sku": "STORY-MUG", "quantity": (5 - there).to_string(), "unit_cost": "2.00" }]);
        let opening = json!({ "kind": "opening", "location_id": location_id, "lines": lines });
        post("/v1/stock/documents", &key("opening"), opening).await?;
    }
    let asked = json!({ "channel": "retail", "lines": [{ "sku": "STORY-MUG", "quantity": "1" }] });
    let today = post("/v1/prices/resolve", &key("price"), asked).await?;
    let more_on = text(&today["at"]).parse::<DateTime<Utc>>().map(|at| at.date_naive() + Days::new(10));
    let lines = json!([{ "sku": "STORY-MUG", "quantity": "20" }]);
    let expected = json!({ "location_id": location_id, "expected_on": more_on.ok(), "lines": lines });
    post("/v1/stock/expected-receipts", &key("expected"), expected).await?;
    post("/v1/pos/sessions", &key("session"), json!({ "register_id": register_id, "opening_float": "50" }))
        .await?;
    Ok(Stage { sku: "STORY-MUG", location_id, register_id, customer_id, run_id })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn render(base_url: &str, (key, shadow_key): (&str, &str), stage: &Stage) -> String {
    let Stage { sku, location_id, register_id, customer_id, run_id } = stage;
    format!(
        r#"
Stockwell is ready.

  insights   {base_url}/insights (sign in with the key)
  first fix  {base_url}/fix (sign in with the key {shadow_key})
  console    {base_url}/console (sign in with the key)
  API        {base_url}/v1/me
  reference  {base_url}/docs/
  GraphQL    {base_url}/graphql
  key        {key}

One stock, two channels, five requests (the shop has 5 of {sku}, and 20 more are expected):

1. Sell the last 5 at the till.
   curl -s -u {key}: -H 'Idempotency-Key: {run_id}-1' -H 'Content-Type: application/json' {base_url}/v1/pos/sales -d '{{"register_id":"{register_id}","lines":[{{"sku":"{sku}","quantity":"5"}}],"tenders":[{{"kind":"cash","amount":"30"}}]}}'

2. See that nothing is available to wholesale.
   curl -s -u {key}: '{base_url}/v1/stock/availability?sku={sku}'

3. Order one more: rejected with 409, and the day on which there will be enough.
   curl -s -u {key}: -H 'Idempotency-Key: {run_id}-3' -H 'Content-Type: application/json' {base_url}/v1/orders -d '{{"customer_id":"{customer_id}","location_id":"{location_id}","lines":[{{"sku":"{sku}","quantity":"1"}}],"advance_to":"confirmed"}}'

4. See the journal entry of the sale.
   curl -s -u {key}: '{base_url}/v1/journal-entries?document_kind=sale&limit=1'

5. See the sale in the revenue report.
   curl -s -u {key}: '{base_url}/v1/reports/revenue?group_by=channel&format=csv'

Ctrl-C ends the demo and keeps its data. `./run sql` opens the database, `./run demo --reset` starts over.
"#
    )
}
