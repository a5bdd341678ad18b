//! Bank statements: their lines, the invoices that are proposed, and the payments that lines become.

mod matched;
mod plan;

use chrono::NaiveDate;
use futures_util::future::join_all;
use reqwest::Method;
use sea_orm::sqlx::{self, Row};
use serde_json::{Value, json};
use service::bank::{self, NewLine};
use tests::{Client, Reply, Tenant, environment, until_waiting_for, with_tenant};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{invoice, worker};

const STATEMENTS: &str = "/v1/bank-statements";
const LINES: &str = "/v1/bank-lines";
const ACCOUNT: &str = "GB33BUKB20201555555555";

/// Sends a file.
async fn send(client: &Client, media_type: &str, text: impl Into<Vec<u8>>) -> Reply {
    let call = client.call(Method::POST, STATEMENTS).key(&Uuid::new_v4().to_string());
    call.body(media_type, text).send().await
}

/// Returns a CSV file with these rows: reference, day, amount, payer, text.
fn csv(rows: &[[&str; 5]]) -> String {
    let row = |[reference, day, amount, payer, text]: &[&str; 5]| {
        format!("{ACCOUNT},{reference},{day},{amount},\"{payer}\",\"{text}\"\r\n")
    };
    let rows: String = rows.iter().map(row).collect();
    format!("account,reference,booked_on,amount,counterparty,text\r\n{rows}")
}

/// Returns the counts of an import: lines, added, repeated, pending.
fn counts(report: &Value) -> [i64; 4] {
    ["lines", "added", "repeated", "pending"].map(|name| report[name].as_i64().expect("a number"))
}

/// Returns the line with a reference.
async fn line(tenant: &Tenant, reference: &str) -> Value {
    let page = tenant.get(&format!("{LINES}?reference={reference}")).await.ok();
    page["data"][0].clone()
}

async fn accept(tenant: &Tenant, line: &Value, body: Value) -> Reply {
    let id = line["id"].as_str().expect("an id");
    tenant.post(&format!("{LINES}/{id}/accept"), &body).await
}

/// Returns ground and invoice of each proposal.
fn proposals(line: &Value) -> Vec<(&str, &str)> {
    let proposals = line["proposals"].as_array().expect("proposals").iter();
    proposals
        .map(|one| {
            let [matched, invoice] = ["matched", "invoice_id"].map(|name| one[name].as_str());
            (matched.expect("a ground"), invoice.expect("an invoice"))
        })
        .collect()
}

async fn number(tenant: &Tenant, invoice: &str) -> String {
    let shown = tenant.get(&format!("/v1/invoices/{invoice}")).await.ok();
    shown["number"].as_str().expect("a number").to_owned()
}

#[test]
fn a_line_is_stored_once_and_has_the_invoices_that_it_may_pay() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let (first, second) = (invoice(tenant, &customer, 100).await, invoice(tenant, &customer, 50).await);
        let named = number(tenant, &second).await;
        let spaced = format!("invoice {}", named.replace('-', " "));
        let file = csv(&[
            ["B-1", "2026-01-05", "100.00", "Nordwind", spaced.as_str()],
            ["B-2", "2026-01-05", "50.00", "Nordwind", named.as_str()],
            ["B-3", "2026-01-06", "-12.50", "The bank", named.as_str()],
            ["B-4", "2026-01-06", "7.77", "Someone", "thanks, see you"],
        ]);
        assert_eq!(counts(&send(tenant, "text/csv", file.clone()).await.ok()), [4, 4, 0, 0]);
        let more = csv(&[
            ["B-4", "2026-01-06", "7.77", "Someone", "thanks, see you"],
            ["B-5", "2026-01-07", "1", "", ""],
        ]);
        assert_eq!(counts(&send(tenant, "text/csv", more).await.ok()), [2, 1, 1, 0]);
        let both = line(tenant, "B-1").await;
        assert_eq!(proposals(&both), [("number", second.as_str()), ("amount", first.as_str())]);
        assert_eq!(
            [&both["account"], &both["booked_on"], &both["amount"], &both["currency"], &both["counterparty"]],
            [ACCOUNT, "2026-01-05", "100.00", "GBP", "Nordwind"]
        );
        assert_eq!(proposals(&line(tenant, "B-2").await), [("number_and_amount", second.as_str())]);
        for reference in ["B-3", "B-4"] {
            assert!(proposals(&line(tenant, reference).await).is_empty(), "{reference}");
        }
        assert_eq!(line(tenant, "B-3").await["amount"], "-12.50");
        let id = both["id"].as_str().expect("an id");
        assert_eq!(tenant.get(&format!("{LINES}/{id}")).await.ok(), both);
        let events = tenant.events("type=bank_statement.imported").await;
        assert_eq!(events.len(), 2);
    });
}

#[test]
fn a_line_becomes_one_payment() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let (first, second) = (invoice(tenant, &customer, 100).await, invoice(tenant, &customer, 50).await);
        let file = csv(&[
            ["B-1", "2026-01-05", "80.00", "", ""],
            ["B-2", "2026-01-05", "120.00", "", ""],
            ["B-3", "2026-01-05", "-5.00", "", ""],
        ]);
        send(tenant, "text/csv", file).await.ok();
        let (one, two) = (line(tenant, "B-1").await, line(tenant, "B-2").await);
        let body = json!({ "invoice_id": second });
        let path = format!("{LINES}/{}/accept", one["id"].as_str().expect("an id"));
        assert_eq!(
            tenant.dry_run(&path, &body).await.status,
            200,
            "a dry run shows the payment and records nothing"
        );
        let paid = tenant.post_as(&path, "once", &body).await.created();
        assert_eq!(
            [&paid["amount"], &paid["unapplied"], &paid["method"], &paid["reference"], &paid["occurred_at"]],
            ["80.00", "30.00", "bank", "B-1", "2026-01-05T00:00:00Z"]
        );
        assert_eq!(paid["allocations"], json!([{ "invoice_id": second, "amount": "50.00" }]));
        let again = tenant.post_as(&path, "once", &body).await;
        assert!(again.is_replayed() && again.created() == paid, "{}", again.text);
        let accepted = line(tenant, "B-1").await;
        assert_eq!((&accepted["payment_id"], &accepted["proposals"]), (&paid["id"], &json!([])));
        accept(tenant, &one, json!({ "customer_id": customer }))
            .await
            .refused(409, "invalid_state_transition");
        accept(tenant, &two, json!({ "invoice_id": second }))
            .await
            .refused(422, "validation_failed")
            .names(&["#/invoice_id"]);

        let second_node = environment().other_node().await;
        let clients = [tenant.at(tenant.base_url()), tenant.at(&second_node.base_url)];
        let path = format!("{LINES}/{}/accept", two["id"].as_str().expect("an id"));
        let body = json!({ "customer_id": customer });
        let sent = (0..6).map(|number| {
            let (client, path, body) = (&clients[number % 2], &path, &body);
            async move { client.post(path, body).await }
        });
        let replies = join_all(sent).await;
        // The payment has the id of the line, so one that comes second gets the first response again, or a rejection.
        let made = replies.iter().filter(|reply| reply.status == 201 && !reply.is_replayed()).count();
        assert_eq!(made, 1, "{replies:?}");
        assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 409)), "{replies:?}");
        let open = tenant.get(&format!("/v1/invoices/{first}")).await.ok();
        assert_eq!(open["open"], "0.00", "the invoice that is due first is paid");
        assert_eq!(tenant.balance("1010").await, "200.00");

        let out = line(tenant, "B-3").await;
        accept(tenant, &out, json!({ "customer_id": customer }))
            .await
            .refused(409, "invalid_state_transition");
        for body in [json!({}), json!({ "customer_id": customer, "invoice_id": first })] {
            accept(tenant, &out, body).await.refused(422, "validation_failed").names(&["#/invoice_id"]);
        }
        let rest = tenant.get(&format!("{LINES}?accepted=false")).await.ok();
        assert_eq!(rest["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_statement_in_xml_is_read_and_a_cut_one_is_refused_with_its_line() {
    with_tenant(async |tenant| {
        let entry = |reference: &str, status: &str| {
            format!(
                "<Ntry><Amt Ccy=\"GBP\">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>\
                 <BookgDt><Dt>2026-01-05</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef></Ntry>\n"
            )
        };
        let head = format!(
            "<?xml version=\"1.0\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt>\
             <Id>S-1</Id><Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>\n"
        );
        let body = format!("{}{}", entry("X-1", "BOOK"), entry("X-2", "PDNG"));
        let file = format!("{head}{body}</Stmt></BkToCstmrStmt></Document>");
        for media_type in ["application/xml", "text/xml; charset=utf-8"] {
            let report = send(tenant, media_type, file.clone()).await.ok();
            assert_eq!((&report["lines"], &report["pending"]), (&json!(1), &json!(1)));
        }
        let report = tenant.post(STATEMENTS, &json!({ "text": file })).await.ok();
        assert_eq!(counts(&report), [1, 0, 1, 1]);
        let cut = send(tenant, "application/xml", format!("{head}{body}")).await;
        cut.refused(422, "validation_failed");
        assert!(cut.text.contains("Line 5") && cut.text.contains("a part of it is missing"), "{}", cut.text);
        let bomb = format!("<!DOCTYPE Document [<!ENTITY a \"{}\">]>{file}", "a".repeat(100));
        send(tenant, "application/xml", bomb).await.refused(422, "validation_failed");
        let euros = file.replace("GBP", "EUR").replace("X-1", "X-9");
        let problem = send(tenant, "application/xml", euros).await.refused(422, "validation_failed").0;
        let params = &problem["errors"][0]["params"];
        assert_eq!((&params["row"], &params["column"]), (&json!("3"), &json!("currency")));
        assert_eq!(tenant.count("bank_line").await, 1);
    });
}

#[test]
fn an_amount_without_a_direction_or_in_another_form_is_rejected() {
    with_tenant(async |tenant| {
        let file = |amount: &str, direction: &str| {
            format!(
                "<Document><BkToCstmrStmt><Stmt><Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>\n<Ntry>{amount}{direction}<Sts>BOOK</Sts>\
                 <BookgDt><Dt>2026-01-05</Dt></BookgDt><AcctSvcrRef>X-1</AcctSvcrRef></Ntry></Stmt></BkToCstmrStmt></Document>"
            )
        };
        let (amount, credit) = ("<Amt Ccy=\"GBP\">10.00</Amt>", "<CdtDbtInd>CRDT</CdtDbtInd>");
        for (amount, direction, column) in [
            (amount, "", "amount"),
            (amount, "<CdtDbtInd>Credit</CdtDbtInd>", "amount"),
            ("<Amt Ccy=\"GBP\">-10.00</Amt>", credit, "amount"),
            ("<Amt Ccy=\"GBP\">10.005</Amt>", credit, "amount"),
            ("<Amt>10.00</Amt>", credit, "currency"),
            ("<Amt Ccy=\"EUR\">10.00</Amt>", credit, "currency"),
        ] {
            let reply = send(tenant, "application/xml", file(amount, direction)).await;
            let problem = reply.refused(422, "validation_failed").0;
            assert_eq!(problem["errors"].as_array().map(Vec::len), Some(1), "{}", reply.text);
            let params = &problem["errors"][0]["params"];
            assert_eq!((&params["row"], &params["column"]), (&json!("2"), &json!(column)), "{amount}");
        }
        for row in [["A-1", "2026-01-05", "1.005", "", ""], ["A-1", "1969-12-31", "1.00", "", ""]] {
            send(tenant, "text/csv", csv(&[row])).await.refused(422, "validation_failed");
        }
        assert_eq!(tenant.count("bank_line").await, 0);
        send(tenant, "application/xml", file(amount, credit)).await.ok();
        assert_eq!(line(tenant, "X-1").await["amount"], "10.00");
    });
}

#[test]
fn every_bad_row_is_named_and_nothing_is_written() {
    with_tenant(async |tenant| {
        let file = csv(&[
            ["A-1", "2026-01-05", "1.00", "", ""],
            ["", "2026-01-05", "1.00", "", ""],
            ["A-3", "05.01.2026", "1.00 GBP", "", ""],
            ["A-1", "2026-01-05", "2.00", "", ""],
        ]);
        let problem = send(tenant, "text/csv", file).await.refused(422, "validation_failed").0;
        let errors = problem["errors"].as_array().expect("errors").iter();
        let cells: Vec<[&Value; 2]> =
            errors.map(|error| ["row", "column"].map(|name| &error["params"][name])).collect();
        assert_eq!(cells, [["3", "reference"], ["4", "booked_on"], ["4", "amount"], ["5", "reference"]]);
        assert_eq!(tenant.count("bank_line").await, 0);

        send(tenant, "text/csv", csv(&[["A-1", "2026-01-05", "1.00", "", ""]])).await.ok();
        let grouped =
            csv(&[["A-1", "2026-01-05", "1.00", "", ""]]).replace(ACCOUNT, "gb33 BUKB 2020 1555 5555 55");
        assert_eq!(counts(&send(tenant, "text/csv", grouped).await.ok()), [1, 0, 1, 0], "it is one account");
        let other = send(tenant, "text/csv", csv(&[["A-1", "2026-01-05", "1.01", "", ""]])).await;
        other.refused(422, "validation_failed");
        assert!(other.text.contains("another day or amount"), "{}", other.text);

        let whole = csv(&[["A-2", "2026-01-05", "100.00", "", "thanks"]]);
        let cut = send(tenant, "text/csv", whole.trim_end().to_owned()).await;
        cut.refused(400, "malformed_csv");
        assert!(cut.text.contains("Line 2"), "{}", cut.text);
        for empty in ["", "\u{feff}\n"] {
            let empty = send(tenant, "text/csv", empty.to_owned()).await;
            let detail = "The file is empty. Its first row must name the columns.";
            assert_eq!(empty.refused(400, "malformed_csv").0["detail"], detail);
        }
        let open =
            "account,reference,booked_on,amount,text\nA,B-1,2026-01-05,1,\"thanks\nA,B-2,2026-01-05,2,\n";
        let open = send(tenant, "text/csv", open).await;
        open.refused(400, "malformed_csv");
        assert!(
            open.text.contains("begins in line 2"),
            "no row is taken for the text of another: {}",
            open.text
        );
        let head = send(tenant, "text/csv", "account,reference,amount\nA,B,1\n").await;
        head.refused(422, "validation_failed");
        assert!(head.text.contains("booked_on"), "{}", head.text);
        let many = format!(
            "account,reference,booked_on,amount\n{}",
            (0..10_001).map(|row| format!("A,R-{row},2026-01-05,1\n")).collect::<String>()
        );
        let many = send(tenant, "text/csv", many).await;
        many.refused(422, "validation_failed");
        assert!(many.text.contains("10000"), "{}", many.text);
        let long = send(tenant, "text/csv", vec![b'a'; 5 * 1024 * 1024 + 1]).await;
        assert_eq!(long.status, 413, "{}", long.text);
        assert_eq!(tenant.count("bank_line").await, 1);
    });
}

/// Returns a file with an entry of 100.00 with the reference X-1, which stands for a transaction of 60.00 and one of `second`.
fn batch(second: &str) -> String {
    let part = |amount: &str, text: &str| {
        format!(
            "<TxDtls><Amt Ccy=\"GBP\">{amount}</Amt><RltdPties><Dbtr><Nm>Payer {text}</Nm></Dbtr></RltdPties>\
             <RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
        )
    };
    format!(
        "<Document><BkToCstmrStmt><Stmt><Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>\n<Ntry><Amt Ccy=\"GBP\">100.00</Amt>\
         <CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-05</Dt></BookgDt><AcctSvcrRef>X-1</AcctSvcrRef>\
         <NtryDtls>{}{}</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>",
        part("60.00", "one"),
        part(second, "two")
    )
}

#[test]
fn a_batch_becomes_a_line_for_each_of_its_transactions() {
    with_tenant(async |tenant| {
        for cut in [batch("40.00").find("</TxDtls>"), batch("40.00").rfind("</NtryDtls>")] {
            let cut = batch("40.00")[..cut.expect("an element")].to_owned();
            send(tenant, "application/xml", cut).await.refused(422, "validation_failed");
        }
        assert_eq!(tenant.count("bank_line").await, 0, "no part of a file that is cut is stored");
        let fine = send(tenant, "application/xml", batch("40.00")).await.ok();
        assert_eq!(counts(&fine), [2, 2, 0, 0]);
        assert_eq!(counts(&send(tenant, "application/xml", batch("40.00")).await.ok()), [2, 0, 2, 0]);
        let two = line(tenant, "X-1/2").await;
        assert_eq!(
            [&two["amount"], &two["counterparty"], &two["text"], &two["transactions"]],
            [&json!("40.00"), &json!("Payer two"), &json!("two"), &json!(1)]
        );
        let unclear = batch("39.99").replace("X-1", "X-2");
        assert_eq!(counts(&send(tenant, "application/xml", unclear).await.ok()), [1, 1, 0, 0]);
        let whole = line(tenant, "X-2").await;
        assert_eq!(
            [&whole["amount"], &whole["counterparty"], &whole["text"], &whole["transactions"]],
            [&json!("100.00"), &json!("Payer one, Payer two"), &json!("one two"), &json!(2)]
        );
        let later = batch("40.00").replace("X-1", "X-2");
        assert_eq!(
            counts(&send(tenant, "application/xml", later).await.ok()),
            [1, 0, 1, 0],
            "it stays whole"
        );
        let alone = |day: &str| {
            let header = "account,reference,booked_on,amount";
            send(tenant, "text/csv", format!("{header}\r\n{ACCOUNT},X-1,{day},100.00\r\n"))
        };
        assert_eq!(counts(&alone("2026-01-05").await.ok()), [1, 0, 1, 0], "it stays split");
        assert_eq!(counts(&alone("2026-01-06").await.ok()), [1, 1, 0, 0], "it is another entry");
    });
}

#[test]
fn an_entry_is_stored_in_one_form_by_two_imports_at_once() {
    with_tenant(async |tenant| {
        let part = |number: u32, amount: &str| NewLine {
            account: ACCOUNT.to_owned(),
            reference: format!("X-1/{number}"),
            booked_on: NaiveDate::from_ymd_opt(2026, 1, 5).expect("a day"),
            amount: amount.parse().expect("an amount"),
            counterparty: String::new(),
            text: String::new(),
            transactions: 1,
        };
        let parts = [part(1, "60.00"), part(2, "40.00")];
        let locked = Notify::new();
        // The import of another server has the account, and stores the transactions of the entry.
        let split = environment().db.job(tenant.id, async |tx| {
            bank::lock_accounts(tx, &parts).await?;
            let row = tx.row(sqlx::query("select pg_backend_pid()")).await?.expect("a process");
            locked.notify_one();
            until_waiting_for(&mut environment().connect().await, row.get(0), 1).await;
            bank::add(tx, &parts).await
        });
        let whole = async {
            locked.notified().await;
            let file = format!("account,reference,booked_on,amount\r\n{ACCOUNT},X-1,2026-01-05,100.00\r\n");
            send(tenant, "text/csv", file).await.ok()
        };
        let (split, whole) = tokio::join!(split, whole);
        assert_eq!(split.expect("they are stored"), 2);
        assert_eq!(counts(&whole), [1, 0, 1, 0], "the entry is there by its transactions");
        assert_eq!(tenant.count("bank_line").await, 2);
    });
}

#[test]
fn numbers_and_days_of_csv_are_read_in_the_form_that_is_stated() {
    with_tenant(async |tenant| {
        let send_as = async |query: &str, text: &str| {
            let call = tenant.call(Method::POST, &format!("{STATEMENTS}{query}"));
            call.key(&Uuid::new_v4().to_string()).body("text/csv", text.to_owned()).send().await
        };
        let german = "account;reference;booked_on;amount\nA;R-1;05.01.2026;-1234,5\nA;R-2;6.1.2026;7\n";
        assert_eq!(counts(&send_as("?locale=de-DE&dates=day_first", german).await.ok()), [2, 2, 0, 0]);
        let one = line(tenant, "R-1").await;
        assert_eq!([&one["amount"], &one["booked_on"]], ["-1234.50", "2026-01-05"]);
        assert_eq!(line(tenant, "R-2").await["booked_on"], "2026-01-06");
        let american = "account,reference,booked_on,amount\nA,R-3,01/07/2026,3.5\n";
        send_as("?dates=month_first", american).await.ok();
        assert_eq!(line(tenant, "R-3").await["booked_on"], "2026-01-07");

        let wrong = "account;reference;booked_on;amount\nA;R-4;2026-01-05;1.234,5\nA;R-5;31.02.2026;1\n";
        let problem =
            send_as("?locale=de-DE&dates=day_first", wrong).await.refused(422, "validation_failed").0;
        let errors = problem["errors"].as_array().expect("errors").iter();
        let cells: Vec<[&Value; 2]> =
            errors.map(|error| ["row", "column"].map(|name| &error["params"][name])).collect();
        assert_eq!(cells, [["2", "amount"], ["2", "booked_on"], ["3", "booked_on"]]);
        send_as("?locale=xx-XX", american).await.refused(422, "validation_failed");
        let xml = send_as("?dates=day_first", "<Document></Document>").await;
        xml.refused(422, "validation_failed");
        assert!(xml.text.contains("leave `locale` and `dates` out"), "{}", xml.text);
        assert_eq!(tenant.count("bank_line").await, 3);
    });
}

#[test]
fn a_reference_that_looks_like_a_card_number_is_taken() {
    with_tenant(async |tenant| {
        let (visa, text) = ("4111111111111111", "card 4111 1111 1111 1111");
        let rows = [[visa, "2026-01-05", "1.00", "", "thanks"], ["R-2", "2026-01-05", "2.00", "", text]];
        assert_eq!(counts(&send(tenant, "text/csv", csv(&rows)).await.ok()), [2, 2, 0, 0]);
        assert_eq!(line(tenant, visa).await["text"], "thanks");
        assert_eq!(line(tenant, "R-2").await["text"], "", "a text with a card number is not kept");
    });
}
