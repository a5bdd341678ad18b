//! The settings of a tenant: what can change at any time, and what the first document fixes.

use futures_util::future::{join3, join4};
use reqwest::Method;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use tests::{Tenant, environment, process_of, with_tenant};

use super::auth::key;
use super::sessions::{patient, until_so_many_wait};

const SETTINGS: &str = "/v1/settings";

async fn changed(tenant: &Tenant, change: Value) -> Value {
    let settings = tenant.patch(SETTINGS, &change).await.ok();
    assert_eq!(tenant.get(SETTINGS).await.ok(), settings);
    for (field, value) in change.as_object().expect("fields") {
        assert_eq!(settings[field], *value, "{field}");
    }
    settings
}

/// Sells three mugs at 9.99 by card. Returns net, tax and total.
async fn sold(tenant: &Tenant, till: &tests::Till, kind: &str) -> [String; 3] {
    let lines: Vec<Value> =
        ["MUG", "CUP", "JUG"].iter().map(|sku| json!({ "sku": sku, "quantity": "1" })).collect();
    let body = json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": kind }] });
    let sale = tenant.post("/v1/pos/sales", &body).await.created();
    ["net", "tax", "total"].map(|name| sale[name].as_str().expect("an amount").to_owned())
}

#[test]
fn a_new_tenant_corrects_everything_before_its_first_document() {
    with_tenant(async |tenant| {
        let before = tenant.get(SETTINGS).await.ok();
        let all = json!({ "currency": "EUR", "country": "DE", "time_zone": "Europe/Berlin", "prices_include_tax": true,
            "tax_rounding": "line", "cash_rounding": "0.05" });
        let after = changed(tenant, all).await;
        assert_eq!(after["version"].as_i64(), before["version"].as_i64().map(|version| version + 1));
        for sku in ["MUG", "CUP", "JUG"] {
            tenant.product(sku, "9.99").await;
            tenant.open_stock(&[(sku, "10", "4.00")]).await;
        }
        let till = tenant.till().await;
        // 9.99 contains 1.665 of tax at 20 %, which each line rounds.
        assert_eq!(sold(tenant, &till, "card").await, ["24.96", "5.01", "29.97"]);
        assert_eq!(sold(tenant, &till, "cash").await[2], "29.95", "tills get the rounding of the settings");
        let sale = tenant.get("/v1/pos/sales?limit=1").await.ok();
        assert_eq!(
            (&sale["data"][0]["currency"], &sale["data"][0]["country"]),
            (&json!("EUR"), &json!("DE"))
        );
        let report = tenant.get("/v1/customers").await;
        assert_eq!(report.status, 200);
        let customer =
            tenant.post("/v1/customers", &json!({ "kind": "retail", "name": "Ada" })).await.created();
        assert_eq!(customer["country"], "DE");
    });
}

#[test]
fn the_first_document_fixes_what_it_was_written_with() {
    let fixed =
        [("currency", json!("EUR")), ("time_zone", json!("Asia/Tokyo")), ("prices_include_tax", json!(true))];
    for first in ["opening", "order", "session", "bank line", "exchange rate"] {
        with_tenant(async |tenant| {
            tenant.product("MUG", "10.00").await;
            match first {
                "opening" => _ = tenant.open_stock(&[("MUG", "1", "1.00")]).await,
                "order" => {
                    let customer = tenant.customer("Nordwind Supply").await;
                    tenant.order(&customer, &[("MUG", "1")], "draft").await.created();
                }
                "bank line" => {
                    let text = "account,reference,booked_on,amount\nA,B-1,2026-01-05,1.00\n";
                    tenant.post("/v1/bank-statements", &json!({ "text": text })).await.ok();
                }
                "exchange rate" => {
                    let rate = json!({ "currency": "USD", "valid_from": "2026-01-05", "rate": "0.8" });
                    tenant.post("/v1/exchange-rates", &rate).await.created();
                }
                _ => _ = tenant.till().await,
            }
            let before = tenant.get(SETTINGS).await.ok();
            for (field, value) in &fixed {
                let pointer = format!("#/{field}");
                let refused = tenant.patch(SETTINGS, &json!({ *field: value, "country": "FR" })).await;
                refused.refused(409, "setting_fixed").names(&[&pointer]);
            }
            let both = json!({ "currency": "EUR", "time_zone": "Asia/Tokyo" });
            tenant
                .patch(SETTINGS, &both)
                .await
                .refused(409, "setting_fixed")
                .names(&["#/currency", "#/time_zone"]);
            assert_eq!(tenant.get(SETTINGS).await.ok(), before, "nothing of a rejected change is written");
            // The same value is no change.
            changed(tenant, json!({ "currency": "GBP", "country": "FR" })).await;
        });
    }
}

#[test]
fn the_rest_changes_at_any_time_and_documents_stay_as_they_are() {
    with_tenant(async |tenant| {
        for sku in ["MUG", "CUP", "JUG"] {
            tenant.product(sku, "9.99").await;
            tenant.open_stock(&[(sku, "10", "4.00")]).await;
        }
        let till = tenant.till().await;
        // 1.998 of tax for each line: 5.99 in all, or 2.00 each.
        assert_eq!(sold(tenant, &till, "card").await, ["29.97", "5.99", "35.96"]);
        let first = tenant.get("/v1/pos/sales?limit=1").await.ok()["data"][0].clone();
        changed(tenant, json!({ "tax_rounding": "line", "country": "FR", "hold_unpaid": false })).await;
        assert_eq!(sold(tenant, &till, "card").await, ["29.97", "6.00", "35.97"]);
        let page = tenant.get("/v1/pos/sales?sort=created_at&limit=1").await.ok();
        assert_eq!(page["data"][0], first);
        let back = json!({ "register_id": till.register_id, "original_id": first["id"] });
        assert_eq!(tenant.post("/v1/pos/refunds", &back).await.created()["tax"], "-5.99", "as it was taxed");
        changed(tenant, json!({ "cash_rounding": "0.10" })).await;
        assert_eq!(sold(tenant, &till, "cash").await[2], "35.97", "the till keeps its own");
        let path = format!("/v1/registers/{}", till.register_id);
        tenant.patch(&path, &json!({ "cash_rounding": "0.10" })).await.ok();
        assert_eq!(sold(tenant, &till, "cash").await[2], "36.00");
        assert_eq!(tenant.events("type=settings.updated").await.len(), 2);
    });
}

#[test]
fn settings_are_checked_and_have_a_scope_of_their_own() {
    with_tenant(async |tenant| {
        for (change, pointer) in [
            (json!({ "currency": "EURO" }), "#/currency"),
            (json!({ "country": "Germany" }), "#/country"),
            (json!({ "country": "ZZ" }), "#/country"),
            (json!({ "country": "UK" }), "#/country"),
            (json!({ "cash_rounding": "0.03" }), "#/cash_rounding"),
            (json!({ "currency": "XXZ" }), "#/currency"),
            (
                json!({ "address": { "line1": "1 Quay", "city": "Cork", "country": "ZZ" } }),
                "#/address/country",
            ),
            (json!({ "time_zone": "Berlin" }), "#/time_zone"),
            (json!({ "cash_rounding": "-1" }), "#/cash_rounding"),
            (json!({ "tax_rounding": "never" }), "#/tax_rounding"),
        ] {
            tenant.patch(SETTINGS, &change).await.refused(422, "validation_failed").names(&[pointer]);
        }
        for (scopes, status) in [(&["ledger:read", "ledger:write"][..], 403), (&["settings:write"][..], 200)]
        {
            let client = tenant.with_key(&key(tenant, scopes).await);
            assert_eq!(
                client.patch(SETTINGS, &json!({ "country": "IE" })).await.status,
                status,
                "{scopes:?}"
            );
        }
    });
}

#[test]
fn customers_and_price_lists_take_the_currency_of_the_tenant() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let customer = format!("/v1/customers/{}", tenant.customer("Nordwind Supply").await);
        let list = tenant.make("/v1/price-lists", json!({ "code": "dealers", "name": "Dealers" })).await;
        let rule = json!({ "scope": "product", "sku": "MUG", "method": "fixed", "value": "9.50" });
        tenant.post(&format!("/v1/price-lists/{list}/rules"), &rule).await.created();
        let own = json!({ "credit_limit": "1000.00", "price_list_id": list });
        let before = tenant.patch(&customer, &own).await.ok();
        let list = format!("/v1/price-lists/{list}");
        tenant.patch(SETTINGS, &json!({ "currency": "JPY" })).await.ok();
        assert_eq!(tenant.get(&customer).await.ok()["credit_limit"], "1000", "yen have no decimals");
        tenant.patch(SETTINGS, &json!({ "currency": "EUR" })).await.ok();
        let after = tenant.get(&customer).await.ok();
        assert_eq!((&after["currency"], &after["credit_limit"]), (&json!("EUR"), &json!("1000.00")));
        assert!(after["version"].as_i64() > before["version"].as_i64(), "a client sees the change");
        assert_eq!(tenant.get(&list).await.ok()["currency"], "EUR");
        // Both can be changed, and the first documents have one currency.
        tenant.patch(&customer, &json!({ "currency": "EUR", "notes": "Euro" })).await.ok();
        let renamed = tenant.call(Method::PATCH, &list).header("if-match", "*");
        renamed.json(&json!({ "name": "Dealers in euro" })).send().await.ok();
        tenant.open_stock(&[("MUG", "10", "4.00")]).await;
        let id = customer.rsplit('/').next().expect("an id");
        let order = tenant.order(id, &[("MUG", "2")], "invoiced").await.created();
        assert_eq!((&order["currency"], &order["net"]), (&json!("EUR"), &json!("19.00")));
    });
}

#[test]
fn records_that_are_made_while_the_currency_changes_get_the_new_one() {
    with_tenant(async |tenant| {
        tenant.customer("Before").await;
        let mut connection = environment().connect().await;
        let mut first = connection.begin().await.expect("a transaction");
        let (pid, client) = (process_of(&mut first).await, patient(tenant).await);
        // The change waits for this row in its last statements. It has locked the currency before.
        let row = "select 1 from customer where tenant_id = $1 for update";
        sqlx::query(row).bind(tenant.id.0).fetch_one(&mut *first).await.expect("the customer");
        let later = async |path: &str, body: Value| {
            until_so_many_wait(pid, 1).await;
            client.post(path, &body).await.created()["currency"].clone()
        };
        let release = async {
            // The two records wait for the change.
            until_so_many_wait(pid, 3).await;
            first.rollback().await.expect("it ends");
        };
        let change = json!({ "currency": "EUR" });
        let (changed, customer, list, ()) = join4(
            client.patch(SETTINGS, &change),
            later("/v1/customers", json!({ "kind": "retail", "name": "While" })),
            later("/v1/price-lists", json!({ "code": "while", "name": "While" })),
            release,
        )
        .await;
        assert_eq!(changed.ok()["currency"], "EUR");
        assert_eq!((customer, list), (json!("EUR"), json!("EUR")));
    });
}

#[test]
fn the_currency_waits_for_records_that_are_being_made() {
    with_tenant(async |tenant| {
        let mut connection = environment().connect().await;
        let mut first = connection.begin().await.expect("a transaction");
        // The new customer has read the currency, and waits for its number.
        let number = "insert into customer (tenant_id, id, number, kind, name, country, currency) \
                      values ($1, gen_random_uuid(), 'C-77', 'retail', 'Held', 'GB', 'GBP')";
        sqlx::query(number).bind(tenant.id.0).execute(&mut *first).await.expect("the number");
        let (pid, client) = (process_of(&mut first).await, patient(tenant).await);
        let release = async {
            until_so_many_wait(pid, 2).await;
            first.rollback().await.expect("it ends");
        };
        let change = async {
            until_so_many_wait(pid, 1).await;
            client.patch(SETTINGS, &json!({ "currency": "EUR" })).await
        };
        let body = json!({ "number": "C-77", "kind": "retail", "name": "Nordwind Supply" });
        let (customer, changed, ()) = join3(client.post("/v1/customers", &body), change, release).await;
        let customer = customer.created();
        changed.ok();
        let path = format!("/v1/customers/{}", customer["id"].as_str().expect("an id"));
        assert_eq!(tenant.get(&path).await.ok()["currency"], "EUR");
    });
}

#[test]
fn the_currency_changes_with_that_of_20000_customers_at_most() {
    with_tenant(async |tenant| {
        let mut connection = environment().connect().await;
        for statement in [
            "insert into customer (tenant_id, id, number, kind, name, country, currency) \
             select $1, gen_random_uuid(), 'M-' || n, 'retail', 'Many', 'GB', 'GBP' from generate_series(1, 20001) n",
            "insert into customer_account (tenant_id, customer_id) select tenant_id, id from customer where tenant_id = $1",
        ] {
            sqlx::query(statement).bind(tenant.id.0).execute(&mut connection).await.expect("many customers");
        }
        let change = json!({ "currency": "EUR" });
        tenant.patch(SETTINGS, &change).await.refused(422, "validation_failed").names(&["#/currency"]);
        let one = "update customer set currency = 'EUR' where tenant_id = $1 and number = 'M-1'";
        sqlx::query(one).bind(tenant.id.0).execute(&mut connection).await.expect("one less");
        changed(tenant, change).await;
        let other = "select count(*) from customer where tenant_id = $1 and currency <> 'EUR'";
        let other: i64 =
            sqlx::query_scalar(other).bind(tenant.id.0).fetch_one(&mut connection).await.expect("a count");
        assert_eq!(other, 0);
    });
}

#[test]
fn a_currency_waits_for_a_document_that_is_being_posted_and_then_stays() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let mut connection = environment().connect().await;
        let mut first = connection.begin().await.expect("a transaction");
        let (pid, client) = (process_of(&mut first).await, patient(tenant).await);
        // The document waits for this lock in the middle of its last statement.
        let lock = "select pg_advisory_xact_lock(hashtextextended('period_lock ' || $1::uuid, 0))";
        sqlx::query(lock).bind(tenant.id.0).execute(&mut *first).await.expect("the lock");
        let line = json!({ "sku": "MUG", "quantity": "1", "unit_cost": "1.00" });
        let opening = json!({ "kind": "opening", "lines": [line] });
        let change = async {
            until_so_many_wait(pid, 1).await;
            client.patch(SETTINGS, &json!({ "currency": "EUR" })).await
        };
        let release = async {
            until_so_many_wait(pid, 2).await;
            first.rollback().await.expect("it ends");
        };
        let opened = client.post("/v1/stock/documents", &opening);
        let (opened, changed, ()) = join3(opened, change, release).await;
        opened.created();
        changed.refused(409, "setting_fixed").names(&["#/currency"]);
        assert_eq!(tenant.get(SETTINGS).await.ok()["currency"], "GBP");
    });
}

#[test]
fn a_server_that_kept_the_settings_posts_no_document_in_the_former_currency() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let other = tenant.at(&environment().other_node().await.base_url);
        let receipt = |sku: &str| json!({ "kind": "receipt", "lines": [{ "sku": sku, "quantity": "1", "unit_cost": "2.00" }] });
        // The other server reads the settings, and keeps them.
        other.post("/v1/stock/documents", &receipt("NONE")).await.expect(404);
        changed(tenant, json!({ "currency": "EUR" })).await;
        other.post("/v1/stock/documents", &receipt("MUG")).await.created();
        let currencies = "select distinct currency from journal_line where tenant_id = $1";
        let currencies: Vec<String> = sqlx::query_scalar(currencies)
            .bind(tenant.id.0)
            .fetch_all(&environment().root)
            .await
            .expect("the currencies");
        assert_eq!(currencies, ["EUR"]);
        // A server of the version before calls the same function with what it kept.
        let posted = "select post_batch_2(p_tenant => $1, p_now => now(), p_currency => 'GBP', p_levels => '{}', \
                          p_series => '{}', p_movements => '{}', p_sales => '{}', p_tenders => '{}', \
                          p_sales_lines => '{}', p_entries => '{}', p_entry_lines => '{}', p_events => '{}', \
                          p_commands => '{}')";
        let refused = sqlx::query(posted).bind(tenant.id.0).execute(&environment().root).await;
        let code = refused
            .expect_err("the other currency")
            .into_database_error()
            .and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("40001"));
    });
}

#[test]
fn only_countries_of_the_standard_are_accepted() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let customer = tenant.customer("Nordwind Supply").await;
        let bodies = |country: &str| {
            [
                ("/v1/customers", json!({ "kind": "retail", "name": "Harbour Shop", "country": country })),
                (
                    "/v1/orders",
                    json!({ "customer_id": customer, "country": country, "lines": [{ "sku": "MUG", "quantity": "1" }] }),
                ),
            ]
        };
        for country in ["UK", "XX", "EU", "de"] {
            for (path, body) in bodies(country) {
                tenant.post(path, &body).await.refused(422, "validation_failed").names(&["#/country"]);
            }
        }
        for country in ["DE", "XK", "ZZ"] {
            for (path, body) in bodies(country) {
                tenant.post(path, &body).await.created();
            }
        }
        let supplier = json!({ "code": "NORDBOLT", "name": "Nordbolt", "addresses": [
            { "code": "main", "address": { "line1": "3 Foundry Street", "city": "Hull", "country": "UK" } }] });
        let refused = tenant.post("/v1/suppliers", &supplier).await.refused(422, "validation_failed");
        refused.names(&["#/addresses/0/address/country"]);
    });
}
