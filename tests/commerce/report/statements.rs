//! Statements of the books: figures by hand, folded and not.

mod access;
mod profit;

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use service::rollup;
use tests::{Tenant, environment, lines, sale, with_tenant};

use profit::{PROFIT, SHEET};

use super::compared::open;
use super::stock::{columns, report};
use crate::platform::auth::key;

/// Trades in two months. 50 mugs at 4.00 were there before. In January a till sells 2 at 10.00. In February a customer buys 3 at
/// 10.00 and pays 20.00, and 1 breaks. The tax is 20 percent.
pub(super) async fn books(tenant: &Tenant) {
    open(tenant, "MUG", "10.00", ("50", "4.00")).await;
    let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
    let mut sold = sale(&till, &[("MUG", "2")]);
    sold["occurred_at"] = json!("2026-01-15T12:00:00Z");
    tenant.post("/v1/pos/sales", &sold).await.created();
    let order = json!({ "customer_id": customer, "occurred_at": "2026-02-10T12:00:00Z", "advance_to": "invoiced",
        "lines": lines(&[("MUG", "3")]) });
    tenant.post("/v1/orders", &order).await.created();
    let paid = json!({ "customer_id": customer, "method": "bank", "amount": "20.00", "occurred_at": "2026-02-20T12:00:00Z" });
    tenant.post("/v1/payments", &paid).await.created();
    let broken = json!({ "kind": "adjustment", "reason": "damage", "occurred_at": "2026-02-25T12:00:00Z",
        "lines": lines(&[("MUG", "-1")]) });
    tenant.post("/v1/stock/documents", &broken).await.created();
}

pub(super) async fn fold(tenant: &Tenant) {
    tenant.complete_feed().await;
    rollup::run_all(&environment().db, tenant.id).await.expect("lines are folded");
}

/// Returns some columns of the rows that have a text in one of them.
pub(super) fn rows_with(table: &Value, column: &str, names: &[&str]) -> Vec<Vec<String>> {
    let rows = columns(table, &[&[column][..], names].concat()).into_iter();
    rows.filter(|row| row[0] != "null").collect()
}

pub(super) fn texts(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| (*text).to_owned()).collect()).collect()
}

pub(super) fn totals(table: &Value, names: &[&str]) -> Vec<String> {
    columns(&json!({ "rows": table["totals"] }), names).concat()
}

const BALANCES: [&str; 4] = ["opening", "debit", "credit", "closing"];

#[test]
fn a_trial_balance_has_each_account_before_in_and_after_a_period() {
    with_tenant(async |tenant| {
        books(tenant).await;
        let z = "0.00";
        let expected = texts(&[
            &["1000", "24.00", z, z, "24.00"],
            &["1010", z, "20.00", z, "20.00"],
            &["1100", z, "36.00", "20.00", "16.00"],
            &["1200", "192.00", z, "16.00", "176.00"],
            &["1300", z, "12.00", "12.00", z],
            &["2200", "-4.00", z, "6.00", "-10.00"],
            &["3000", "-200.00", z, z, "-200.00"],
            &["4000", z, z, "30.00", "-30.00"],
            &["4010", "-20.00", z, z, "-20.00"],
            &["5000", z, "12.00", z, "12.00"],
            &["5010", "8.00", z, z, "8.00"],
            &["5100", z, "4.00", z, "4.00"],
        ]);
        for is_folded in [false, true] {
            if is_folded {
                fold(tenant).await;
            }
            let table = report(tenant, "trial_balance?from=2026-02-01&to=2026-03-01").await;
            let rows = rows_with(&table, "account_code", &BALANCES);
            let moved: Vec<Vec<String>> =
                rows.iter().filter(|row| row[1..].iter().any(|figure| figure != z)).cloned().collect();
            assert_eq!(moved, expected, "folded: {is_folded}");
            assert!(rows.len() > moved.len(), "accounts without lines are rows too");
            assert_eq!(totals(&table, &BALANCES), [z, "84.00", "84.00", z]);
            let path = "trial_balance?from=2026-02-01&to=2026-03-01&compare=previous_period";
            let table = report(tenant, path).await;
            let names = [
                "opening_before",
                "credit",
                "credit_before",
                "credit_difference",
                "credit_difference_pct",
                "closing_before",
            ];
            let row = rows_with(&table, "account_code", &names).into_iter().find(|row| row[0] == "1200");
            let row = row.expect("the inventory");
            assert_eq!(row[1..], ["200.00", "16.00", "8.00", "8.00", "100.0000", "192.00"]);
            let earlier = json!({ "name": "previous_period", "from": "2026-01-01", "to": "2026-02-01" });
            assert_eq!(table["meta"]["compared_with"], earlier);
            let all = report(tenant, "trial_balance").await;
            assert_eq!(totals(&all, &["opening", "debit", "credit", "closing"])[0], z);
            assert_eq!(rows_with(&all, "account_code", &["closing"])[0], ["1000", "24.00"]);
            // The endpoint of the ledger has the same figures.
            let same = tenant.get("/v1/trial-balance?from=2026-02-01&to=2026-03-01").await.ok();
            let cell = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let accounts = same["accounts"].as_array().expect("accounts").iter();
            let same: Vec<Vec<String>> = accounts
                .map(|row| {
                    ["account", "opening", "debit", "credit", "closing"].map(|name| cell(row, name)).to_vec()
                })
                .collect();
            assert_eq!(same, rows, "folded: {is_folded}");
        }
    });
}

#[test]
fn an_entry_of_a_closed_period_counts_on_the_day_of_its_posting() {
    with_tenant(async |tenant| {
        books(tenant).await;
        let lock = json!({ "locked_through": "2026-02-28", "reason": "February reported" });
        tenant.post("/v1/period-locks", &lock).await.created();
        let late = json!({ "kind": "adjustment", "reason": "damage", "occurred_at": "2026-02-26T12:00:00Z",
            "lines": lines(&[("MUG", "-1")]) });
        tenant.post("/v1/stock/documents", &late).await.created();
        let shrinkage = async |period: &str| {
            let table = report(tenant, &format!("trial_balance?{period}")).await;
            let rows = rows_with(&table, "account_code", &["debit"]);
            rows.into_iter().find(|row| row[0] == "5100").expect("shrinkage")[1].clone()
        };
        assert_eq!(shrinkage("from=2026-02-01&to=2026-03-01").await, "4.00");
        assert_eq!(shrinkage("from=2026-03-01&to=2026-04-01").await, "4.00");
        let ledger = report(tenant, "general_ledger?account=5100").await;
        let days = columns(&ledger, &["posted_on", "occurred_on", "balance"]);
        let expected: [&[&str]; 2] =
            [&["2026-02-25", "2026-02-25", "4.00"], &["2026-03-01", "2026-02-26", "8.00"]];
        assert_eq!(days, texts(&expected));
        // Everything was recorded by this test, so nothing was known before it.
        assert_eq!(totals(&report(tenant, "trial_balance?known_at=2026-03-31").await, &["debit"]), ["0.00"]);
        assert_eq!(report(tenant, "general_ledger?known_at=2026-03-31").await["rows"], json!([]));
    });
}

#[test]
fn a_general_ledger_has_the_lines_of_an_account_with_its_balance() {
    with_tenant(async |tenant| {
        books(tenant).await;
        let names = ["posted_on", "document_kind", "debit", "credit", "balance"];
        let z = "0.00";
        for is_folded in [false, true] {
            if is_folded {
                fold(tenant).await;
            }
            let table = report(tenant, "general_ledger?account=1200").await;
            let expected = texts(&[
                &["2010-01-01", "opening", "200.00", z, "200.00"],
                &["2026-01-15", "sale", z, "8.00", "192.00"],
                &["2026-02-10", "shipment", z, "12.00", "180.00"],
                &["2026-02-25", "adjustment", z, "4.00", "176.00"],
            ]);
            assert_eq!(columns(&table, &names), expected, "folded: {is_folded}");
            assert_eq!(totals(&table, &["debit", "credit", "balance"]), ["200.00", "24.00", "176.00"]);
            // A part of the period goes on from the balance before it.
            let part = report(tenant, "general_ledger?account=1200&from=2026-02-01&limit=1").await;
            assert_eq!(columns(&part, &names), expected[2..3]);
            assert_eq!(part["meta"]["truncated"], true);
            assert_eq!(totals(&part, &["debit", "credit", "balance"]), [z, "16.00", "176.00"]);
            let retail = report(tenant, "general_ledger?account=2200&channel=retail&from=2026-01-01").await;
            let tax = columns(&retail, &["account_code", "credit", "balance", "channel"]);
            assert_eq!(tax, texts(&[&["2200", "4.00", "-4.00", "retail"]]));
            let later = report(tenant, "general_ledger?account=2200&channel=retail&from=2026-02-01").await;
            assert_eq!(later["rows"], json!([]), "no line of the channel is left");
            assert_eq!(totals(&later, &["credit", "balance"]), [z, "-4.00"]);
        }
        let all = report(tenant, "general_ledger").await;
        for row in all["rows"].as_array().expect("rows") {
            let url = row["document_url"].as_str().unwrap_or_else(|| panic!("{row} has no document"));
            assert_eq!(tenant.get(url).await.ok()["id"], row["document_id"], "{url}");
            let entry = row["entry_id"].as_str().expect("an entry");
            let entry = tenant.get(&format!("/v1/journal-entries/{entry}")).await.ok();
            assert_eq!(entry["document_id"], row["document_id"]);
        }
        assert_eq!(all["rows"].as_array().map(Vec::len), Some(18), "every line of the journal");
        assert_eq!(totals(&all, &["balance"]), [z]);
        let query = json!({ "query": "{ generalLedger(filter: { account: [\"1100\"] }) { rows { customerNumber balance } \
            meta { rowCount } } }" });
        let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await.ok();
        let rows = &reply["data"]["generalLedger"]["rows"];
        assert_eq!((&rows[0]["balance"], &rows[1]["balance"]), (&json!("36.00"), &json!("16.00")), "{reply}");
        assert!(rows[0]["customerNumber"].is_string(), "{reply}");
        let csv = tenant.get("/v1/reports/general_ledger?account=1200&format=csv").await;
        assert_eq!(csv.text.lines().count(), 5, "{}", csv.text);
    });
}

const TIED: [&str; 6] = ["control", "account_codes", "ledger", "by_hand", "subledger", "difference"];

#[test]
fn each_control_account_is_its_sub_ledger() {
    with_tenant(async |tenant| {
        books(tenant).await;
        let customer = tenant.customer("Hotel").await;
        tenant.order(&customer, &[("MUG", "1")], "shipped").await.created();
        let voucher = json!({ "customer_id": customer, "amount": "15.00", "method": "bank" });
        tenant.post("/v1/vouchers", &voucher).await.created();
        let settled = json!({ "memo": "Card payments arrived", "lines": [
            { "account": "1010", "debit": "5.00" }, { "account": "1020", "credit": "5.00" }] });
        tenant.post("/v1/journal-entries", &settled).await.created();
        let supplier = json!({ "code": "MILL", "name": "Mill" });
        let supplier = tenant.make("/v1/suppliers", supplier).await;
        let advance = json!({ "supplier_id": supplier, "advance": "5.00" });
        tenant.post("/v1/supplier-payments", &advance).await.created();
        let by_hand = json!({ "memo": "Advance of the earlier books", "lines": [
            { "account": "1150", "debit": "3.00" }, { "account": "1010", "credit": "3.00" }] });
        tenant.post("/v1/journal-entries", &by_hand).await.created();
        let z = "0.00";
        let expected = texts(&[
            &["cash", "1000", "24.00", z, "24.00", z],
            &["bank", "1010", "32.00", "2.00", "30.00", z],
            &["card_clearing", "1020", "-5.00", "-5.00", z, z],
            &["receivable", "1100", "16.00", z, "16.00", z],
            &["supplier_advances", "1150", "8.00", "3.00", "5.00", z],
            &["inventory", "1200,1210", "172.00", z, "172.00", z],
            &["shipped_not_invoiced", "1300", "4.00", z, "4.00", z],
            &["payable", "2000", z, z, z, z],
            &["output_tax", "2200", "-10.00", z, "-10.00", z],
            &["vouchers", "2300", "-15.00", z, "-15.00", z],
        ]);
        for is_folded in [false, true] {
            if is_folded {
                fold(tenant).await;
            }
            assert_eq!(columns(&report(tenant, "tie_out").await, &TIED), expected, "folded: {is_folded}");
        }
        let table = report(tenant, "tie_out").await;
        for row in table["rows"].as_array().expect("rows") {
            tenant.get(row["href"].as_str().expect("a path")).await.ok();
        }
        for (by, difference) in [("1", "1.00"), ("-1", z)] {
            let change = "update voucher set issued = issued + $2::numeric, balance = balance + $2::numeric \
                          where tenant_id = $1";
            let change = sqlx::query(change).bind(tenant.id.0).bind(by);
            change.execute(&environment().root).await.expect("the register changes");
            let sorted = report(tenant, "tie_out?sort=-subledger").await;
            let row = columns(&sorted, &["control", "difference"]).pop().expect("rows");
            assert_eq!(row, ["vouchers", difference]);
        }
        for (query, parameter) in
            [("as_of=2026-01-31", "as_of"), ("known_at=2026-01-31", "known_at"), ("from=2026-01-01", "from")]
        {
            let reply = tenant.get(&format!("/v1/reports/tie_out?{query}")).await;
            assert!(reply.text.contains(&format!("\"{parameter}\"")), "{}", reply.text);
            reply.refused(422, "validation_failed");
        }
    });
}

#[test]
fn a_tax_summary_has_each_tax_at_each_rate() {
    with_tenant(async |tenant| {
        books(tenant).await;
        let classes = tenant.get("/v1/tax-classes").await.ok();
        let classes = classes["data"].as_array().expect("tax classes");
        let zero = classes.iter().find(|class| class["code"] == "zero").expect("the zero rate");
        let several = tenant.make("/v1/tax-classes", json!({ "code": "two", "name": "Two taxes" })).await;
        let rate = json!({ "tax_class_id": several, "taxes": [
            { "code": "city", "name": "City tax", "rate": "2.5", "account": "2210" },
            { "code": "eco", "name": "Ecotax", "amount_per_unit": "0.50", "account": "2220" }] });
        tenant.post("/v1/tax-rates", &rate).await.created();
        for (sku, class, price) in [("BOOK", &zero["id"], "5.00"), ("LAMP", &json!(several), "100.00")] {
            let more = json!({ "kind": "service", "list_price": price, "tax_class_id": class });
            tenant.product_with(sku, more).await;
        }
        let till = tenant.till().await;
        let mut sold = sale(&till, &[("BOOK", "1"), ("LAMP", "2"), ("MUG", "1")]);
        sold["occurred_at"] = json!("2026-02-28T23:30:00Z");
        let sold = tenant.post("/v1/pos/sales", &sold).await.created();
        let back = json!({ "register_id": till.register_id, "original_id": sold["id"], "occurred_at": "2026-03-01T00:00:00Z",
            "original_lines": [{ "line_no": 3, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &back).await.created();
        let names = ["month", "tax_code", "tax_rate", "amount_per_unit", "account_code", "tax_base", "tax"];
        let (january, february, march, n) = ("2026-01-01", "2026-02-01", "2026-03-01", "null");
        let table = report(tenant, "tax_summary?ties=true").await;
        let expected = texts(&[
            &[january, n, "20", n, "2200", "20.00", "4.00"],
            &[february, n, "20", n, "2200", "40.00", "8.00"],
            &[february, n, "0", n, "2200", "5.00", "0.00"],
            &[february, "city", "2.5", n, "2210", "200.00", "5.00"],
            &[february, "eco", n, "0.5", "2220", "0.00", "1.00"],
            &[march, n, "20", n, "2200", "-10.00", "-2.00"],
        ]);
        assert_eq!(columns(&table, &names), expected);
        assert_eq!(totals(&table, &["tax"]), ["16.00"]);
        let tie = &table["meta"]["ties_to"][0];
        assert_eq!((&tie["ledger"], &tie["difference"]), (&json!("16.00"), &json!("0.00")));
        assert_eq!(tie["accounts"], json!(["2200", "2210", "2220"]));
        let path = "tax_summary?from=2026-02-01&to=2026-03-01&group_by=channel&compare=previous_period";
        let names = ["channel", "tax_rate", "tax", "tax_before", "tax_base_before"];
        let compared = columns(&report(tenant, path).await, &names);
        let expected = texts(&[
            &["retail", "20", "2.00", "4.00", "20.00"],
            &["retail", "0", "0.00", "0.00", "0.00"],
            &["retail", "2.5", "5.00", "0.00", "0.00"],
            &["retail", n, "1.00", "0.00", "0.00"],
            &["wholesale", "20", "6.00", "0.00", "0.00"],
        ]);
        assert_eq!(compared, expected);
        let tokyo = report(tenant, "tax_summary?group_by=none&to=2026-03-01&tz=Asia/Tokyo").await;
        assert_eq!(totals(&tokyo, &["tax"]), ["10.00"], "in Tokyo it was March already");
        let reader = tenant.with_key(&key(tenant, &["reports:read"]).await);
        reader.get("/v1/reports/tax_summary").await.ok();
        for query in ["group_by=day", "group_by=product", "account=2200", "as_of=2026-01-31", "fill=zero"] {
            tenant.get(&format!("/v1/reports/tax_summary?{query}")).await.refused(422, "validation_failed");
        }
    });
}

#[test]
fn new_books_have_statements_of_zeros() {
    with_tenant(async |tenant| {
        let table = report(tenant, "trial_balance").await;
        let rows = columns(&table, &BALANCES);
        assert!(rows.len() > 20, "every account of the chart is a row");
        assert!(rows.iter().flatten().all(|figure| figure == "0.00"), "{table}");
        assert_eq!(totals(&table, &BALANCES), ["0.00"; 4]);
        let ledger = report(tenant, "general_ledger?account=1200").await;
        assert_eq!(ledger["rows"], json!([]));
        assert_eq!(totals(&ledger, &["debit", "credit", "balance"]), ["0.00"; 3]);
        let ties = columns(&report(tenant, "tie_out").await, &TIED);
        assert_eq!(ties.len(), 10, "every control is a row");
        assert!(ties.iter().flat_map(|row| &row[2..]).all(|figure| figure == "0.00"), "{ties:?}");
        let taxes = report(tenant, "tax_summary").await;
        assert_eq!(
            (&taxes["rows"], totals(&taxes, &["tax_base", "tax"])),
            (&json!([]), vec!["0.00".to_owned(); 2])
        );
        let profit = report(tenant, "profit_and_loss?group_by=month,channel").await;
        assert_eq!((&profit["rows"], totals(&profit, &PROFIT)), (&json!([]), vec!["0.00".to_owned(); 5]));
        let sheet = report(tenant, "balance_sheet?as_of=2026-01-31&compare=previous_year").await;
        assert_eq!((&sheet["rows"], totals(&sheet, &SHEET)), (&json!([]), vec!["0.00".to_owned(); 4]));
    });
}

#[test]
fn a_statement_reads_the_sums_of_the_journal_and_a_wrong_sum_is_found() {
    with_tenant(async |tenant| {
        books(tenant).await;
        fold(tenant).await;
        let cash = async || {
            let table = report(tenant, "trial_balance").await;
            rows_with(&table, "account_code", &["closing"]).swap_remove(0)
        };
        assert_eq!(cash().await, ["1000", "24.00"]);
        for (by, closing) in [(1, "25.00"), (-1, "24.00")] {
            let change = "update ledger_sum_by_day set debit = debit + $2 where tenant_id = $1 and account_code = '1000'";
            let change = sqlx::query(change).bind(tenant.id.0).bind(by);
            assert_eq!(change.execute(&environment().root).await.expect("a change").rows_affected(), 1);
            assert_eq!(cash().await, ["1000", closing]);
            let found = tenant.check_now().await;
            let is_found =
                found.iter().any(|found| found.contains("debit in ledger_sum_by_day of 2026-01-15 1000"));
            assert_eq!(is_found, by > 0, "{found:?}");
        }
        // Lines that are not folded yet count at once.
        let entry = json!({ "memo": "Float", "occurred_on": "2026-02-27",
            "lines": [{ "account": "1010", "debit": "5.00" }, { "account": "3100", "credit": "5.00" }] });
        tenant.post("/v1/journal-entries", &entry).await.created();
        let table = report(tenant, "trial_balance?to=2026-03-01").await;
        let bank = rows_with(&table, "account_code", &["closing"]).swap_remove(1);
        assert_eq!(bank, ["1010", "25.00"]);
        // While the sums are built again, every line is read.
        rollup::request_rebuild(&environment().db, tenant.id).await.expect("requested");
        for _ in 0..4 {
            assert_eq!(totals(&report(tenant, "trial_balance").await, &["debit"]), ["321.00"]);
            rollup::run(&environment().db, tenant.id).await.expect("a step");
        }
        fold(tenant).await;
        assert_eq!(totals(&report(tenant, "trial_balance").await, &["debit"]), ["321.00"]);
    });
}
