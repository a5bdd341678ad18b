//! Lines that are matched by hand with payments that were recorded beside them.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::{Reply, Tenant, environment, with_tenant};

use super::super::{PAYMENTS, invoice, worker};
use super::{LINES, accept, csv, line, send};

/// Records a bank transfer of a customer on 2026-01-06. Returns its id.
async fn paid(tenant: &Tenant, customer: &str, amount: &str) -> String {
    let body = json!({ "customer_id": customer, "method": "bank", "amount": amount,
        "occurred_at": "2026-01-06T09:00:00Z" });
    tenant.make(PAYMENTS, body).await
}

fn path(line: &Value) -> String {
    format!("{LINES}/{}/match", line["id"].as_str().expect("an id"))
}

async fn matched(tenant: &Tenant, line: &Value, payments: Value) -> Reply {
    tenant.post(&path(line), &json!({ "payments": payments })).await
}

/// Returns the ids of the payments of a field of a line.
fn ids<'v>(line: &'v Value, field: &str) -> Vec<&'v str> {
    let payments = line[field].as_array().expect("payments").iter();
    payments
        .map(|one| one["payment_id"].as_str().or(one["supplier_payment_id"].as_str()).expect("an id"))
        .collect()
}

#[test]
fn a_line_is_matched_with_payments_that_come_to_it_and_taken_back() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let (first, second) =
            (paid(tenant, &customer, "80.00").await, paid(tenant, &customer, "20.00").await);
        let file = csv(&[
            ["B-1", "2026-01-05", "100.00", "Nordwind", "both"],
            ["B-2", "2026-01-05", "80.00", "Nordwind", "the first"],
            ["B-3", "2026-02-05", "80.00", "Nordwind", "a month later"],
        ]);
        send(tenant, "text/csv", file).await.ok();
        let (one, two) = (line(tenant, "B-1").await, line(tenant, "B-2").await);
        assert_eq!(ids(&two, "recorded"), [first.as_str()], "it was recorded beside the statement");
        assert!(ids(&line(tenant, "B-3").await, "recorded").is_empty(), "it is too far away");

        let both = json!([{ "payment_id": first }, { "payment_id": second }]);
        let problem = matched(tenant, &one, json!([{ "payment_id": first }])).await;
        problem.refused(422, "validation_failed").names(&["#/payments"]);
        assert!(problem.text.contains("80.00") && problem.text.contains("100.00"), "{}", problem.text);
        for (payments, pointer) in [
            (json!([]), "#/payments"),
            (json!([{}]), "#/payments/0/payment_id"),
            (json!([{ "payment_id": first }, { "payment_id": first }]), "#/payments/1/payment_id"),
        ] {
            matched(tenant, &one, payments).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let unknown = json!([{ "payment_id": "pay_01h455vb4pex5vsknk084sn02q" }]);
        matched(tenant, &one, unknown.clone()).await.refused(404, "not_found");
        let problem = matched(tenant, &one, json!([{}, unknown[0]])).await.refused(422, "validation_failed");
        problem.names(&["#/payments/0/payment_id", "#/payments/1/payment_id"]);
        assert_eq!(tenant.count("bank_match").await, 0);

        let made = matched(tenant, &one, both.clone()).await.ok();
        assert_eq!((&made["object"], &made["amount"]), (&json!("bank_line_match"), &json!("100.00")));
        let shown = line(tenant, "B-1").await;
        let mut known = ids(&shown, "matches");
        known.sort_unstable();
        let mut wanted = [first.as_str(), second.as_str()];
        wanted.sort_unstable();
        assert_eq!(known, wanted);
        assert_eq!((&shown["proposals"], &shown["recorded"]), (&json!([]), &json!([])));
        assert!(ids(&line(tenant, "B-2").await, "recorded").is_empty(), "the payment is another line");
        matched(tenant, &two, json!([{ "payment_id": first }]))
            .await
            .refused(409, "invalid_state_transition");
        matched(tenant, &one, both.clone()).await.refused(409, "invalid_state_transition");
        accept(tenant, &one, json!({ "customer_id": customer }))
            .await
            .refused(409, "invalid_state_transition");
        let listed = tenant.get(&format!("{LINES}?matched=true")).await.ok();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
        let open = tenant.get(&format!("{LINES}?matched=false&accepted=false")).await.ok();
        assert_eq!(open["data"].as_array().map(Vec::len), Some(2));

        assert_eq!(tenant.delete(&path(&one)).await.status, 204);
        tenant.delete(&path(&one)).await.refused(409, "invalid_state_transition");
        matched(tenant, &two, json!([{ "payment_id": first }])).await.ok();
        assert_eq!(tenant.balance("1010").await, "100.00", "a match posts nothing");
    });
}

#[test]
fn a_line_that_was_accepted_is_not_matched() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let payment = paid(tenant, &customer, "80.00").await;
        let rows = [["B-1", "2026-01-05", "80.00", "", ""], ["B-2", "2026-01-05", "80.00", "", ""]];
        send(tenant, "text/csv", csv(&rows)).await.ok();
        let (one, two) = (line(tenant, "B-1").await, line(tenant, "B-2").await);
        let accepted = accept(tenant, &one, json!({ "customer_id": customer })).await.created();
        let named = json!([{ "payment_id": payment }]);
        matched(tenant, &one, named.clone()).await.refused(409, "invalid_state_transition");
        assert_eq!(
            ids(&line(tenant, "B-2").await, "recorded"),
            [payment.as_str()],
            "the other is a line already"
        );
        let other = json!([{ "payment_id": accepted["id"] }]);
        assert_eq!(matched(tenant, &two, other).await.status, 409);
        matched(tenant, &two, named).await.ok();
    });
}

#[test]
fn a_payment_to_a_supplier_is_money_that_went_out() {
    with_tenant(async |tenant| {
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
        let lines = json!([{ "account": "5300", "unit_cost": "10", "tax_value": "2" }]);
        let bill = json!({ "supplier_id": supplier, "supplier_number": "RE-1", "dated": "2026-01-02", "lines": lines });
        let bill = tenant.make("/v1/bills", bill).await;
        let body = json!({ "supplier_id": supplier, "bills": [{ "bill_id": bill, "amount": "12.00" }],
            "occurred_at": "2026-01-05T09:00:00Z" });
        let payment = tenant.make("/v1/supplier-payments", body).await;
        let rows = [["B-1", "2026-01-05", "-12.00", "Pottery", ""], ["B-2", "2026-01-05", "12.00", "", ""]];
        send(tenant, "text/csv", csv(&rows)).await.ok();
        let out = line(tenant, "B-1").await;
        assert_eq!(ids(&out, "recorded"), [payment.as_str()]);
        assert_eq!(
            (&out["recorded"][0]["amount"], &out["recorded"][0]["payment_id"]),
            (&json!("-12.00"), &Value::Null)
        );
        // The application of an advance is no payment by the bank.
        let other = json!({ "supplier_id": supplier, "supplier_number": "RE-2", "dated": "2026-01-02",
            "lines": [{ "account": "5300", "unit_cost": "7" }] });
        let other = tenant.make("/v1/bills", other).await;
        let advance =
            json!({ "supplier_id": supplier, "advance": "7.00", "occurred_at": "2026-01-01T09:00:00Z" });
        let advance = tenant.make("/v1/supplier-payments", advance).await;
        let applied = json!({ "bills": [{ "bill_id": other, "amount": "7.00" }] });
        let applied = tenant.make(&format!("/v1/supplier-payments/{advance}/apply"), applied).await;
        let both = json!([{ "supplier_payment_id": payment }, { "supplier_payment_id": applied }]);
        let refused = matched(tenant, &out, both).await;
        refused.refused(404, "not_found").names(&["#/payments/1/supplier_payment_id"]);

        let named = json!([{ "supplier_payment_id": payment }]);
        let wrong_way = matched(tenant, &line(tenant, "B-2").await, named.clone()).await;
        wrong_way.refused(422, "validation_failed").names(&["#/payments"]);
        matched(tenant, &out, named).await.ok();
        assert_eq!(ids(&line(tenant, "B-1").await, "matches"), [payment.as_str()]);
    });
}

/// 970.00 USD of 1,000.00 are paid at 0.90, because 3 % are a discount: the bank books 873.00. An advance of 100.00 USD is 90.00.
#[test]
fn a_payment_in_another_currency_is_found_by_the_amount_of_the_bank() {
    with_tenant(async |tenant| {
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let bill = json!({ "supplier_id": supplier, "supplier_number": "RE-1", "dated": "2026-01-02", "currency": "USD",
            "exchange_rate": "0.92", "discounts": [{ "percent": "3", "until": "2026-01-12" }],
            "lines": [{ "account": "5300", "unit_cost": "1000" }] });
        let bill = tenant.make("/v1/bills", bill).await;
        let body = json!({ "supplier_id": supplier, "exchange_rate": "0.90", "occurred_at": "2026-01-05T09:00:00Z",
            "bills": [{ "bill_id": bill, "amount": "1000" }] });
        let payment = tenant.make("/v1/supplier-payments", body).await;
        let body = json!({ "supplier_id": supplier, "currency": "USD", "exchange_rate": "0.90", "advance": "100",
            "occurred_at": "2026-01-05T09:00:00Z" });
        let advance = tenant.make("/v1/supplier-payments", body).await;
        let rows =
            [["B-1", "2026-01-05", "-873.00", "Mill", ""], ["B-2", "2026-01-05", "-90.00", "Mill", ""]];
        send(tenant, "text/csv", csv(&rows)).await.ok();
        for (reference, id, amount) in [("B-1", &payment, "-873.00"), ("B-2", &advance, "-90.00")] {
            let out = line(tenant, reference).await;
            assert_eq!(ids(&out, "recorded"), [id.as_str()], "{reference}");
            assert_eq!(out["recorded"][0]["amount"], amount);
            matched(tenant, &out, json!([{ "supplier_payment_id": id }])).await.ok();
        }
    });
}

#[test]
fn of_two_who_match_one_line_or_one_payment_one_succeeds() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let mut payments = Vec::new();
        for _ in 0..6 {
            payments.push(paid(tenant, &customer, "10.00").await);
        }
        let rows: Vec<[String; 5]> = (0..6)
            .map(|row| {
                [format!("B-{row}"), "2026-01-05".into(), "10.00".into(), String::new(), String::new()]
            })
            .collect();
        let rows: Vec<[&str; 5]> = rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
        send(tenant, "text/csv", csv(&rows)).await.ok();
        let mut lines = Vec::new();
        for row in 0..6 {
            lines.push(line(tenant, &format!("B-{row}")).await);
        }
        let second_node = environment().other_node().await;
        let clients = [tenant.at(tenant.base_url()), tenant.at(&second_node.base_url)];
        // Six payments for one line, then one of the payments that are left for the five other lines.
        let sent = payments.iter().enumerate().map(|(number, payment)| {
            let body = json!({ "payments": [{ "payment_id": payment }] });
            let (client, path) = (&clients[number % 2], path(&lines[0]));
            async move { client.post(&path, &body).await.status }
        });
        let mut statuses = join_all(sent).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
        let shown = line(tenant, "B-0").await;
        let taken = ids(&shown, "matches");
        let left = payments.iter().find(|payment| !taken.contains(&payment.as_str())).expect("one is left");
        let sent = lines[1..].iter().enumerate().map(|(number, line)| {
            let body = json!({ "payments": [{ "payment_id": left }] });
            let (client, path) = (&clients[number % 2], path(line));
            async move { client.post(&path, &body).await.status }
        });
        let mut statuses = join_all(sent).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409]);
        assert_eq!(tenant.count("bank_match").await, 2);
    });
}

#[test]
fn of_one_who_accepts_a_line_and_one_who_matches_it_one_succeeds() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let second_node = environment().other_node().await;
        let other = tenant.at(&second_node.base_url);
        for number in 0..8 {
            let payment = paid(tenant, &customer, "10.00").await;
            let reference = format!("B-{number}");
            send(tenant, "text/csv", csv(&[[reference.as_str(), "2026-01-05", "10.00", "", ""]])).await.ok();
            let one = line(tenant, &reference).await;
            let (path, named) = (path(&one), json!({ "payments": [{ "payment_id": payment }] }));
            let (accepted, taken) =
                join(accept(tenant, &one, json!({ "customer_id": customer })), other.post(&path, &named))
                    .await;
            let statuses = [accepted.status, taken.status];
            assert!(
                matches!(statuses, [201, 409] | [409, 200]),
                "{statuses:?} {} {}",
                accepted.text,
                taken.text
            );
            let shown = line(tenant, &reference).await;
            assert_eq!(shown["payment_id"].is_null(), !ids(&shown, "matches").is_empty(), "{shown}");
        }
    });
}

#[test]
fn the_nearest_payments_are_shown_of_many() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        // More than 50 payments of the amount, six days before the line.
        for _ in 0..3 {
            join_all((0..18).map(|_| paid(tenant, &customer, "10.00"))).await;
        }
        let body = json!({ "customer_id": customer, "method": "bank", "amount": "10.00",
            "occurred_at": "2026-01-12T09:00:00Z" });
        let nearest = tenant.make(PAYMENTS, body).await;
        send(tenant, "text/csv", csv(&[["B-1", "2026-01-12", "10.00", "", ""]])).await.ok();
        let shown = line(tenant, "B-1").await;
        let recorded = ids(&shown, "recorded");
        assert_eq!((recorded.len(), recorded[0]), (5, nearest.as_str()));
    });
}

#[test]
fn erasing_a_customer_empties_the_texts_of_its_lines() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        for pounds in [100, 50] {
            invoice(tenant, &customer, pounds).await;
        }
        let payment = paid(tenant, &customer, "50.00").await;
        let rows = [
            ["B-1", "2026-01-05", "100.00", "Anna Bergman", "from Anna"],
            ["B-2", "2026-01-06", "50.00", "Anna Bergman", "from Anna"],
            ["B-3", "2026-01-07", "70.00", "Berta Lund", "from Berta"],
        ];
        send(tenant, "text/csv", csv(&rows)).await.ok();
        let (one, two) = (line(tenant, "B-1").await, line(tenant, "B-2").await);
        accept(tenant, &one, json!({ "customer_id": customer })).await.created();
        matched(tenant, &two, json!([{ "payment_id": payment }])).await.ok();
        tenant.post(&format!("/v1/customers/{customer}/erase"), &json!({})).await.ok();
        for (reference, day, amount) in [("B-1", "2026-01-05", "100.00"), ("B-2", "2026-01-06", "50.00")] {
            let erased = line(tenant, reference).await;
            assert_eq!(
                [&erased["counterparty"], &erased["text"], &erased["booked_on"], &erased["amount"]],
                ["", "", day, amount]
            );
        }
        assert_eq!(line(tenant, "B-3").await["counterparty"], "Berta Lund");
        // A line that is matched later is emptied when the customer is erased again.
        send(tenant, "text/csv", csv(&[["B-4", "2026-01-08", "50.00", "Anna Bergman", "again"]])).await.ok();
        assert_eq!(tenant.delete(&path(&two)).await.status, 204);
        assert_eq!(line(tenant, "B-2").await["counterparty"], "", "it stays empty");
        matched(tenant, &line(tenant, "B-4").await, json!([{ "payment_id": payment }])).await.ok();
        tenant.post(&format!("/v1/customers/{customer}/erase"), &json!({})).await.ok();
        assert_eq!(line(tenant, "B-4").await["counterparty"], "");
    });
}
