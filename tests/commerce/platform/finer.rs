//! No amount of a request is finer than the tenant's currency: 0.5 yen, 0.0005 dinar. Prices and costs of a unit may be.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Reply, Tenant, with_tenant_as};

use super::auth::outside;
use super::hostile_texts::{Place, put};
use super::isolation::operation::{operations, resolve};

/// Deepest member of a body.
const DEPTH_MAX: usize = 8;
/// The component of amounts in the description of the API.
const AMOUNT: &str = "#/components/schemas/amount";

/// Amounts that need a document, which the tests of the document check.
const OF_DOCUMENTS: [&str; 38] = [
    "POST /v1/applications lines/0/amount",
    "POST /v1/bills lines/0/tax_value",
    "POST /v1/bills/{id}/credit lines/0/tax_value",
    "POST /v1/bills/{id}/credit lines/0/value",
    "POST /v1/landed-costs charges/0/amount",
    "POST /v1/opening-balances lines/0/credit",
    "POST /v1/opening-balances lines/0/debit",
    "POST /v1/orders discount/amount",
    "POST /v1/orders lines/0/discount/amount",
    "POST /v1/orders/{id}/amend lines/0/discount/amount",
    "POST /v1/payment-intents amount",
    "POST /v1/payment-providers/{id}/events amount",
    "POST /v1/payments allocations/0/amount",
    "POST /v1/payments amount",
    "POST /v1/payouts amount",
    "POST /v1/payouts parts/0/amount",
    "POST /v1/pos/refunds lines/0/discount/amount",
    "POST /v1/pos/refunds tenders/0/amount",
    "POST /v1/pos/sales discount/amount",
    "POST /v1/pos/sales lines/0/discount/amount",
    "POST /v1/pos/sales receipt/lines/0/tax",
    "POST /v1/pos/sales receipt/lines/0/total",
    "POST /v1/pos/sales receipt/total",
    "POST /v1/pos/sales tenders/0/amount",
    "POST /v1/pos/sessions opening_float",
    "POST /v1/pos/sessions/{id}/close counted",
    "POST /v1/returns lines/0/discount/amount",
    "POST /v1/stock/revaluations lines/0/value",
    "POST /v1/supplier-payments advance",
    "POST /v1/supplier-payments amount",
    "POST /v1/supplier-payments bills/0/amount",
    "POST /v1/supplier-payments bills/0/discount",
    "POST /v1/supplier-payments/{id}/apply bills/0/amount",
    "POST /v1/supplier-payments/{id}/apply bills/0/discount",
    "POST /v1/journal-entries lines/0/credit",
    "POST /v1/recurring-entries lines/0/credit",
    "POST /v1/vouchers amount",
    // A rate: a wage may be finer than the currency.
    "PUT /v1/reconciliation/settings wage_per_hour",
];

/// An amount of a request.
struct Case {
    /// Method and path.
    operation: &'static str,
    /// The id in the path.
    id: String,
    /// The place of the amount in the body.
    place: &'static str,
    /// The body without the amount.
    body: Value,
}

/// Collects the places of all amounts that a schema describes.
fn find_amounts(document: &Value, schema: &Value, place: &Place, found: &mut BTreeSet<String>) {
    if schema["$ref"] == AMOUNT {
        found.insert(place.join("/"));
        return;
    }
    let schema = resolve(document, schema);
    if place.len() > DEPTH_MAX {
        return;
    }
    let at = |name: &str| [place.as_slice(), &[name.to_owned()]].concat();
    for variants in ["oneOf", "anyOf", "allOf"] {
        for variant in schema[variants].as_array().into_iter().flatten() {
            find_amounts(document, variant, place, found);
        }
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        find_amounts(document, member, &at(name), found);
    }
    for (word, name) in [("additionalProperties", "*"), ("items", "0")] {
        if schema[word].is_object() {
            find_amounts(document, &schema[word], &at(name), found);
        }
    }
}

/// Returns every amount of a request, as method, path and place. An item of a batch has the amounts of its single form.
fn amounts() -> BTreeSet<String> {
    let document = stockwell::routes().document();
    let mut all = BTreeSet::new();
    for operation in operations().iter().filter(|operation| operation.has_body) {
        let described = &document["paths"][&operation.path][&operation.method];
        let content = &resolve(document, &described["requestBody"])["content"]["application/json"];
        let mut found = BTreeSet::new();
        find_amounts(document, &content["schema"], &Place::new(), &mut found);
        let (method, path) = (operation.method.to_uppercase(), &operation.path);
        all.extend(
            found
                .into_iter()
                .filter(|place| !place.starts_with("items/0/"))
                .map(|place| format!("{method} {path} {place}")),
        );
    }
    all
}

/// Returns a request for each amount that needs no document.
async fn cases(tenant: &Tenant, amount: &str) -> Vec<Case> {
    tenant.product("MUG", "10").await;
    let till = tenant.till().await;
    let customer = tenant.customer("Nordwind Supply").await;
    let supplier = tenant.make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
    let case = |operation, place, body| Case { operation, id: String::new(), place, body };
    let change = |operation, place, id: &str| Case { operation, id: id.to_owned(), place, body: json!({}) };
    let register = json!({ "code": "FINE", "name": "Till", "location_id": tenant.main });
    let buyer = json!({ "kind": "wholesale", "name": "Shop" });
    let key = json!({ "name": "A key", "scopes": ["orders:read"] });
    let moved = json!({ "register_id": till.register_id, "kind": "paid_in", "reason": "Change" });
    let lines = json!([{ "account": "6100" }, { "account": "1010", "credit": amount }]);
    let entry = json!({ "memo": "Rent", "lines": lines });
    let template = json!({ "memo": "Rent", "rhythm": "monthly", "starts_on": "2090-01-01", "lines": lines });
    let sheet = json!({ "location_id": tenant.main, "skus": ["MUG"] });
    let harm = json!({ "harm": { "missed_sale": { "probability": "0.05" } } });
    vec![
        case("POST /v1/registers", "cash_rounding", register),
        change("PATCH /v1/registers/{id}", "cash_rounding", &till.register_id),
        change("PATCH /v1/settings", "cash_rounding", ""),
        change("PATCH /v1/settings", "bill_amount", ""),
        change("PATCH /v1/settings", "invoice_rounding", ""),
        case("POST /v1/customers", "credit_limit", buyer),
        change("PATCH /v1/customers/{id}", "credit_limit", &customer),
        case("POST /v1/api-keys", "amount_max", key),
        case("POST /v1/pos/cash-moves", "amount", moved),
        case("POST /v1/journal-entries", "lines/0/debit", entry),
        case("POST /v1/recurring-entries", "lines/0/debit", template),
        case("POST /v1/counts", "tolerance_value", sheet),
        change("PUT /v1/counts/settings", "tolerance_value", ""),
        change("PUT /v1/counts/settings", "approval_value", ""),
        change("PUT /v1/replenishment/settings", "order_cost", ""),
        case("PUT /v1/replenishment/supplier-settings", "order_cost", json!({ "supplier_id": supplier })),
        case("PUT /v1/reconciliation/settings", "harm/missed_sale/cost", harm),
    ]
}

async fn send(tenant: &Tenant, case: &Case, amount: &str) -> Reply {
    let mut body = case.body.clone();
    put(&mut body, &case.place.split('/').map(str::to_owned).collect::<Place>(), amount);
    let (method, path) = case.operation.split_once(' ').expect("a method and a path");
    let path = path.replace("{id}", &case.id);
    match method {
        "POST" => tenant.post(&path, &body).await,
        "PUT" => tenant.put(&path, &body).await,
        _ => tenant.patch(&path, &body).await,
    }
}

fn refuses_finer_than(currency: &str, amount: &str) {
    with_tenant_as(
        |wanted| wanted.currency = currency.to_owned(),
        async |tenant| {
            let cases = cases(tenant, amount).await;
            let place = |case: &Case| case.place.replace("/missed_sale/", "/*/");
            let tested = cases.iter().map(|case| format!("{} {}", case.operation, place(case)));
            let known: BTreeSet<String> = tested.chain(OF_DOCUMENTS.map(str::to_owned)).collect();
            let all = amounts();
            let new: Vec<_> = all.difference(&known).collect();
            let gone: Vec<_> = known.difference(&all).collect();
            assert!(new.is_empty() && gone.is_empty(), "not tested: {new:?}; no such amounts: {gone:?}");
            for case in &cases {
                let problem = send(tenant, case, amount).await.refused(422, "validation_failed");
                match case.place {
                    "lines/0/debit" => problem.names(&["#/lines/0", "#/lines/1"]),
                    place => problem.names(&[format!("#/{place}").as_str()]),
                };
            }
            let whole = json!({ "kind": "wholesale", "name": "Shop", "credit_limit": "10.000" });
            tenant.post("/v1/customers", &whole).await.created();
        },
    );
}

#[test]
fn no_amount_is_finer_than_yen() {
    refuses_finer_than("JPY", "0.5");
}

#[test]
fn no_amount_is_finer_than_dinars() {
    refuses_finer_than("KWD", "0.0005");
}

#[test]
fn an_amount_that_was_kept_before_stays_until_it_is_changed() {
    with_tenant_as(
        |wanted| wanted.currency = "JPY".to_owned(),
        async |tenant| {
            let customer = format!("/v1/customers/{}", tenant.customer("Nordwind Supply").await);
            let till = format!("/v1/registers/{}", tenant.till().await.register_id);
            outside(tenant, "update customer set credit_limit = 10.5 where tenant_id = $1").await;
            outside(tenant, "update register set cash_rounding = 0.5 where tenant_id = $1").await;
            outside(tenant, "update tenant set cash_rounding = 0.5, bill_amount = 0.5 where tenant_id = $1")
                .await;
            for (path, field, kept, finer) in [
                (customer.as_str(), "credit_limit", "10.5", "10.2"),
                (till.as_str(), "cash_rounding", "0.5", "0.2"),
                ("/v1/settings", "cash_rounding", "0.5", "0.2"),
                ("/v1/settings", "bill_amount", "0.5", "0.2"),
            ] {
                let changed = tenant.patch(path, &json!({ "name": format!("With {field}") })).await.ok();
                assert_eq!(changed[field], kept, "{changed}");
                let reply = tenant.patch(path, &json!({ field: finer })).await;
                reply.refused(422, "validation_failed").names(&[format!("#/{field}").as_str()]);
                tenant.patch(path, &json!({ field: "1" })).await.ok();
            }
        },
    );
}
