//! Refunds pay back what was paid, in sum and to the cent of each tender. A drawer pays out what it has.

use serde_json::{Value, json};
use tests::{Reply, Tenant, Till, lines, sale, with_tenant};

use super::{REFUNDS, against, pay_in};

const SALES: &str = "/v1/pos/sales";

/// Sells for these tenders.
async fn sold(tenant: &Tenant, till: &Till, wanted: &[(&str, &str)], tenders: Value) -> Value {
    let mut body = sale(till, wanted);
    body["tenders"] = tenders;
    tenant.post(SALES, &body).await.created()
}

/// Refunds lines without naming a tender, or with these.
async fn refund(
    tenant: &Tenant,
    till: &Till,
    original: &Value,
    (wanted, tenders): (&[(i32, &str)], Option<Value>),
) -> Reply {
    let mut body = against(till, original, wanted);
    body["tenders"] = tenders.unwrap_or_else(|| json!([]));
    tenant.post(REFUNDS, &body).await
}

/// Returns the kinds and amounts of the tenders of a sale.
fn paid(sale: &Value) -> Vec<(&str, &str)> {
    let tenders = sale["tenders"].as_array().expect("tenders").iter();
    tenders
        .map(|tender| {
            (tender["kind"].as_str().expect("a kind"), tender["amount"].as_str().expect("an amount"))
        })
        .collect()
}

async fn is_even(tenant: &Tenant) {
    for account in ["1000", "1020", "2300", "6010", "2200", "5010"] {
        assert_eq!(tenant.balance(account).await, "0.00", "account {account}");
    }
}

#[test]
fn without_tenders_it_goes_back_into_those_it_came_from() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let tenders = json!([{ "kind": "cash", "amount": "50" }, { "kind": "card", "amount": "5", "reference": "auth-1" }]);
        let whole = sold(tenant, &till, &[("MUG", "2")], tenders.clone()).await;
        let back = refund(tenant, &till, &whole, (&[], None)).await.created();
        assert_eq!(paid(&back), [("card", "-5.00"), ("cash", "-19.00")]);
        assert_eq!(back["tenders"][0]["reference"], "auth-1");
        let parts = sold(tenant, &till, &[("MUG", "2")], tenders).await;
        let first = refund(tenant, &till, &parts, (&[(1, "1")], None)).await.created();
        assert_eq!(paid(&first), [("card", "-5.00"), ("cash", "-7.00")]);
        let second = refund(tenant, &till, &parts, (&[(1, "1")], None)).await.created();
        assert_eq!(paid(&second), [("cash", "-12.00")]);
        is_even(tenant).await;
    });
}

#[test]
fn a_card_sale_comes_back_by_card_to_the_cent() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "41.66", ("10", "4.00")).await;
        let till = tenant.till_with(json!({ "cash_rounding": "0.05" })).await;
        pay_in(tenant, &till, "100").await;
        let original = sold(tenant, &till, &[("MUG", "1")], json!([{ "kind": "card" }])).await;
        assert_eq!(original["total"], "49.99");
        for tenders in [
            json!([{ "kind": "cash" }]),
            json!([{ "kind": "cash", "amount": "50.00" }]),
            json!([{ "kind": "cash", "amount": "49.99" }]),
            json!([{ "kind": "card", "amount": "50.00" }]),
            json!([{ "kind": "card", "amount": "49.98" }]),
            json!([{ "kind": "card", "amount": "20" }, { "kind": "cash" }]),
        ] {
            let reply = refund(tenant, &till, &original, (&[], Some(tenders))).await;
            reply.refused(422, "tender_mismatch").names(&["#/tenders"]);
        }
        let back = refund(tenant, &till, &original, (&[], None)).await.created();
        assert_eq!(paid(&back), [("card", "-49.99")]);
        assert_eq!(back["rounding"], "0.00");
        assert_eq!(tenant.balance("1000").await, "100.00");
    });
}

#[test]
fn a_rounded_sale_comes_back_with_its_rounding() {
    with_tenant(async |tenant| {
        tenant.stocked("LAMP", "115.00", ("10", "40.00")).await;
        let till = tenant.till_with(json!({ "cash_rounding": "5" })).await;
        let original = sold(tenant, &till, &[("LAMP", "1")], json!([{ "kind": "cash" }])).await;
        assert_eq!((&original["total"], &original["rounding"]), (&json!("140.00"), &json!("2.00")));
        for amount in ["138", "139"] {
            for kind in ["card", "cash"] {
                let tenders = json!([{ "kind": kind, "amount": amount }]);
                let reply = refund(tenant, &till, &original, (&[], Some(tenders))).await;
                reply.refused(422, "tender_mismatch");
            }
        }
        let back = refund(tenant, &till, &original, (&[], None)).await.created();
        assert_eq!(paid(&back), [("cash", "-140.00")]);
        assert_eq!((&back["total"], &back["rounding"]), (&json!("-140.00"), &json!("-2.00")));
        is_even(tenant).await;
    });
}

#[test]
fn piece_by_piece_exactly_what_was_paid_comes_back() {
    with_tenant(async |tenant| {
        tenant.stocked("PAIR", "8.35", ("10", "1.00")).await;
        tenant.stocked("PENNY", "0.85", ("10", "0.10")).await;
        tenant.stocked("CENT", "0.02", ("10", "0.01")).await;
        let till = tenant.till_with(json!({ "cash_rounding": "0.05" })).await;
        for (sku, pieces, total) in
            [("PAIR", 2, "20.05"), ("PENNY", 10, "10.20"), ("CENT", 2, "0.05"), ("CENT", 1, "0.00")]
        {
            let tenders = json!([{ "kind": "cash" }]);
            let original = sold(tenant, &till, &[(sku, &pieces.to_string())], tenders.clone()).await;
            assert_eq!(original["total"], total, "{sku}");
            for piece in 0..pieces {
                let named = (piece % 2 == 1).then(|| tenders.clone());
                let back = refund(tenant, &till, &original, (&[(1, "1")], named)).await.created();
                let cents = back["total"].as_str().expect("a total").replace(['.', '-'], "");
                assert_eq!(
                    cents.parse::<i64>().expect("cents") % 5,
                    0,
                    "{sku}: there are no smaller coins: {back}"
                );
            }
            is_even(tenant).await;
        }
    });
}

#[test]
fn steps_of_one_batch_add_up_too() {
    with_tenant(async |tenant| {
        tenant.stocked("PAIR", "8.35", ("10", "1.00")).await;
        let till = tenant.till_with(json!({ "cash_rounding": "0.05" })).await;
        let original = sold(tenant, &till, &[("PAIR", "2")], json!([{ "kind": "cash" }])).await;
        let mut item = against(&till, &original, &[(1, "1")]);
        item["tenders"] = json!([]);
        let items: Vec<Value> = ["first", "second", "third"]
            .iter()
            .map(|key| json!({ "idempotency_key": format!("{key}-{}", tenant.id.0), "body": item }))
            .collect();
        let done = tenant.post("/v1/pos/refunds/batch", &json!({ "items": items })).await;
        let results = done.json()["results"].clone();
        let statuses: Vec<&Value> =
            results.as_array().expect("results").iter().map(|one| &one["status"]).collect();
        assert_eq!(statuses, [201, 201, 422], "{results}");
        is_even(tenant).await;
    });
}

#[test]
fn a_drawer_pays_out_what_is_in_it() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let original =
            sold(tenant, &till, &[("MUG", "1")], json!([{ "kind": "cash", "amount": "20" }])).await;
        let move_cash = async |kind: &str, amount: &str| {
            let body = json!({ "register_id": till.register_id, "kind": kind, "amount": amount, "reason": "To the safe" });
            tenant.post("/v1/pos/cash-moves", &body).await
        };
        for kind in ["paid_out", "banked"] {
            move_cash(kind, "12.01").await.refused(409, "insufficient_cash").names(&["#/amount"]);
        }
        move_cash("banked", "0.01").await.created();
        refund(tenant, &till, &original, (&[], None))
            .await
            .refused(409, "insufficient_cash")
            .names(&["#/tenders"]);
        let mut blind = sale(&till, &[("MUG", "1")]);
        tenant.post(REFUNDS, &blind).await.refused(409, "insufficient_cash").names(&["#/tenders"]);
        blind["tenders"] = json!([]);
        tenant.post(REFUNDS, &blind).await.refused(422, "tender_mismatch").names(&["#/tenders"]);
        move_cash("paid_in", "0.01").await.created();
        refund(tenant, &till, &original, (&[], None)).await.created();
        move_cash("paid_out", "0.01").await.refused(409, "insufficient_cash");
        assert_eq!(tenant.balance("1000").await, "0.00");
    });
}

#[test]
fn many_moves_at_once_do_not_overdraw_a_drawer() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let original = sold(tenant, &till, &[("MUG", "3")], json!([{ "kind": "cash" }])).await;
        let out = json!({ "register_id": till.register_id, "kind": "paid_out", "amount": "12", "reason": "Cleaner" });
        let back = against(&till, &original, &[(1, "1")]);
        let moves = futures_util::future::join_all((0..4).map(|_| tenant.post("/v1/pos/cash-moves", &out)));
        let refunds = futures_util::future::join_all((0..4).map(|_| tenant.post(REFUNDS, &back)));
        let (moves, refunds) = futures_util::join!(moves, refunds);
        let done = moves.iter().chain(&refunds).filter(|reply| reply.status == 201).count();
        assert_eq!(done, 3);
        assert_eq!(tenant.balance("1000").await, "0.00");
    });
}

#[test]
fn a_sale_and_the_closing_of_its_session_agree_in_one_batch_of_commands() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let sell = sale(&till, &[("MUG", "1")]);
        let close = json!({ "register_id": till.register_id, "counted": "0" });
        let path = format!("/v1/pos/sessions/{}/close", till.session_id);
        let sales = futures_util::future::join_all((0..12).map(|_| tenant.post(SALES, &sell)));
        let closing = async {
            tenant.post(SALES, &sell).await;
            tenant.post(&path, &close).await
        };
        let (_, closed) = futures_util::join!(sales, closing);
        closed.ok();
    });
}

#[test]
fn a_blind_refund_names_its_tenders() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let till = tenant.till().await;
        let mut body = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "1")]) });
        tenant.post(REFUNDS, &body).await.refused(422, "tender_mismatch").names(&["#/tenders"]);
        body["tenders"] = json!([{ "kind": "card" }]);
        assert_eq!(paid(&tenant.post(REFUNDS, &body).await.created()), [("card", "-12.00")]);
    });
}
