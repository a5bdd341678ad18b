//! Customer statement: the documents of a customer with what is owed after each, on every surface.

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, with_tenant, with_tenants};

use super::stock::columns;
use crate::platform::auth::key;

/// Makes a customer who buys for 100.00 in January, pays 60.00 in February, and sends goods of 40.00 back in March. Another one buys for
/// 20.00 in February. There is no tax.
async fn trade(tenant: &Tenant) -> (String, String) {
    let classes = tenant.get("/v1/tax-classes").await.ok();
    let classes = classes["data"].as_array().expect("tax classes");
    let zero = classes.iter().find(|class| class["code"] == "zero").expect("the zero rate");
    let work = json!({ "kind": "service", "tax_class_id": zero["id"], "list_price": "20.00" });
    tenant.product_with("WORK", work).await;
    let buyer = tenant.customer_with("Nordwind Supply", json!({ "number": "C-1" })).await;
    let other = tenant.customer_with("ACME", json!({ "number": "C-2" })).await;
    let first = invoice(tenant, &buyer, ("2026-01-10T12:00:00Z", "5")).await;
    invoice(tenant, &other, ("2026-02-05T12:00:00Z", "1")).await;
    let paid = json!({ "customer_id": buyer, "method": "bank", "amount": "60.00", "occurred_at": "2026-02-20T12:00:00Z" });
    tenant.post("/v1/payments", &paid).await.created();
    let back = json!({ "customer_id": buyer, "original_id": first["id"], "occurred_at": "2026-03-01T12:00:00Z",
        "original_lines": [{ "line_no": 1, "quantity": "2" }] });
    tenant.post("/v1/returns", &back).await.created();
    (buyer, other)
}

async fn invoice(tenant: &Tenant, customer: &str, (at, quantity): (&str, &str)) -> Value {
    let body = json!({ "customer_id": customer, "occurred_at": at, "lines": lines(&[("WORK", quantity)]),
        "advance_to": "invoiced" });
    tenant.post("/v1/orders", &body).await.created()["invoices"][0].clone()
}

async fn statement(tenant: &Tenant, query: &str) -> Value {
    tenant.get(&format!("/v1/reports/customer_statement?{query}")).await.ok()
}

const SHOWN: [&str; 6] = ["customer_number", "occurred_on", "document_kind", "debit", "credit", "owed_after"];

fn rows(table: &Value) -> Vec<Vec<String>> {
    columns(table, &SHOWN)
}

fn texts(rows: &[[&str; 6]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
}

fn totals(table: &Value) -> Vec<String> {
    columns(&json!({ "rows": table["totals"] }), &["debit", "credit", "owed_after"]).concat()
}

/// The rows of the whole history.
const ALL: [[&str; 6]; 4] = [
    ["C-1", "2026-01-10", "invoice", "100.00", "0.00", "100.00"],
    ["C-1", "2026-02-20", "payment", "0.00", "60.00", "40.00"],
    ["C-1", "2026-03-01", "credit_note", "0.00", "40.00", "0.00"],
    ["C-2", "2026-02-05", "invoice", "20.00", "0.00", "20.00"],
];

#[test]
fn a_statement_has_each_document_and_what_is_owed_after_it() {
    with_tenant(async |tenant| {
        let (buyer, _) = trade(tenant).await;
        let table = statement(tenant, "").await;
        assert_eq!(rows(&table), texts(&ALL));
        assert_eq!(totals(&table), ["120.00", "100.00", "20.00"]);
        assert_eq!(totals(&table)[2], tenant.balance("1100").await);
        let first = &table["rows"][0];
        let shown = tenant.get(first["document_url"].as_str().expect("a path")).await.ok();
        assert_eq!(shown["id"], first["document_id"]);
        assert_eq!(shown["number"], first["document_number"]);
        assert_eq!(shown["due_on"], first["due_on"], "the day on which the invoice is due");
        assert_eq!(table["rows"][1]["due_on"], Value::Null, "a payment is not due");
        assert_eq!(table["meta"]["ledger_accounts"], json!(["1100"]));

        for of_one in ["C-1", buyer.as_str()] {
            let table = statement(tenant, &format!("customer={of_one}")).await;
            assert_eq!(rows(&table), texts(&ALL[..3]), "{of_one}");
            assert_eq!(totals(&table), ["100.00", "100.00", "0.00"]);
        }
    });
}

#[test]
fn a_period_begins_with_what_was_owed_before() {
    with_tenant(async |tenant| {
        let (buyer, _) = trade(tenant).await;
        let table = statement(tenant, "from=2026-02-01&to=2026-03-01").await;
        let before = ["C-1", "null", "null", "0.00", "0.00", "100.00"];
        assert_eq!(rows(&table), texts(&[before, ALL[1], ALL[3]]));
        assert_eq!(totals(&table), ["20.00", "60.00", "60.00"]);
        let ageing = tenant.get("/v1/reports/receivable_ageing?as_of=2026-02-28").await.ok();
        assert_eq!(ageing["totals"][0]["owed"], "60.00", "the ageing of the last day has the same");

        let later = statement(tenant, "from=2026-04-01").await;
        let left = ["C-2", "null", "null", "0.00", "0.00", "20.00"];
        assert_eq!(rows(&later), texts(&[left]), "a customer who owes nothing and bought nothing has no row");
        assert_eq!(totals(&later), ["0.00", "0.00", "20.00"]);

        let greatest = statement(tenant, "sort=-credit&limit=1").await;
        assert_eq!(rows(&greatest), texts(&ALL[1..2]));
        assert_eq!(greatest["meta"]["truncated"], true);
        let known = statement(tenant, "known_at=2020-01-01").await;
        assert_eq!(totals(&known), ["0.00", "0.00", "0.00"], "nothing was recorded by then");
        // The lock moves the posting of a late document, and not its day.
        let lock = json!({ "locked_through": "2026-02-28", "reason": "February reported" });
        tenant.post("/v1/period-locks", &lock).await.created();
        invoice(tenant, &buyer, ("2026-02-10T12:00:00Z", "1")).await;
        let table = statement(tenant, "from=2026-02-01&to=2026-03-01").await;
        assert_eq!(totals(&table), ["40.00", "60.00", "80.00"]);
    });
}

#[test]
fn every_surface_shows_the_same_statement() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let path = "/v1/reports/customer_statement";
        let reply = tenant.call(Method::GET, path).header("accept", "text/csv").send().await;
        let mut reader = csv::Reader::from_reader(reply.text.as_bytes());
        let header = reader.headers().expect("a header").clone();
        let cells: Vec<Vec<String>> = reader
            .records()
            .map(|record| {
                let record = record.expect("a row");
                let cell = |name: &&str| {
                    let at = header.iter().position(|column| column == *name).expect("a column");
                    record[at].to_owned()
                };
                SHOWN.iter().map(cell).collect()
            })
            .collect();
        assert_eq!(cells, texts(&ALL), "as CSV");

        let query = "{ customerStatement { rows { customer_number: customerNumber occurred_on: occurredOn \
             document_kind: documentKind debit credit owed_after: owedAfter documentUrl } totals { owedAfter } } }";
        let answer = tenant.call(Method::POST, "/graphql").json(&json!({ "query": query })).send().await.ok();
        let shown = &answer["data"]["customerStatement"];
        assert_eq!(rows(shown), texts(&ALL), "by GraphQL: {answer}");
        assert_eq!(shown["totals"][0]["owedAfter"], "20.00");
        let table = statement(tenant, "").await;
        assert_eq!(shown["rows"][0]["documentUrl"], table["rows"][0]["document_url"]);

        let by_sql = "select array[customer_number, occurred_on::text, document_kind, round(debit, 2)::text, \
                          round(credit, 2)::text, round(owed_after, 2)::text] \
                      from bi.customer_statement order by customer_number, occurred_on";
        let mut root = environment().root.begin().await.expect("a transaction");
        let id = tenant.id.0.to_string();
        let set = sqlx::query("select set_config('app.tenant_id', $1, true)").bind(&id);
        set.execute(&mut *root).await.expect("the tenant is set");
        let seen: Vec<Vec<String>> =
            sqlx::query_scalar(by_sql).fetch_all(&mut *root).await.expect("the view is read");
        assert_eq!(seen, texts(&ALL), "as bi.customer_statement");

        let workbook = tenant.call(Method::GET, &format!("{path}?format=xlsx")).open().await;
        assert_eq!(workbook.status(), 200);
    });
}

#[test]
fn a_statement_needs_no_scope_of_the_ledger_and_shows_nothing_of_another_tenant() {
    with_tenants(async |one, other| {
        trade(one).await;
        let reader = one.with_key(&key(one, &["reports:read"]).await);
        let table = reader.get("/v1/reports/customer_statement").await.ok();
        assert_eq!(rows(&table), texts(&ALL));
        assert_eq!(rows(&statement(other, "").await), Vec::<Vec<String>>::new());
        other.get("/v1/reports/customer_statement?customer=C-1").await.refused(404, "not_found");
        let refuse = async |query: &str| {
            let reply = one.get(&format!("/v1/reports/customer_statement?{query}")).await;
            assert!(matches!(reply.status, 400 | 422), "{query}: {} {}", reply.status, reply.text);
        };
        for query in [
            "from=2026-01-01T00:00:00Z",
            "from=2026-02-01&to=2026-01-01",
            "tz=Europe/Berlin",
            "as_of=2026-01-01",
            "channel=retail",
            "location=MAIN",
            "account=1100",
            "ties=true",
            "from=2026-01-01&to=2026-02-01&compare=previous_period",
            "sort=customer_name",
        ] {
            refuse(query).await;
        }
    });
}
