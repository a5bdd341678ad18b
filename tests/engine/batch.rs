//! The commands of one batch find two things: the stock that was allocated to waiting orders before the first of them, and
//! the effects of the commands before them.

use chrono::{Datelike, Days, NaiveDate};
use domain::book::Book;
use domain::expected_receipt::Expect;
use domain::id::{ExpectedReceiptId, OrderId, ShipmentId};
use domain::line_item::GoodsLine;
use domain::number::{Percent, Quantity};
use domain::product::ItemRef;
use domain::refusal::{Code, Problems, Refusal};
use domain::sales::{Authority, LineInput};
use domain::stock_document::{MoveLine, StockDocumentKind};
use domain::transfer::Dispatch;
use domain::{expected_receipt, order, stock_document};
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use service::Db;
use service::caller::EntryMode;
use service::command::Idempotency;
use service::posting::{Command, Outcome, Parts, Poster, Request};
use tests::{
    Level, Tenant, environment, lines, pool_options, process_of, until_waiting_for, with_tenant,
    with_tenant_as,
};

const ORDERS: &str = "/v1/orders";

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

fn order_id(document: &Value) -> OrderId {
    id(document).parse().expect("the id of an order")
}

/// Makes a request whose response has only the version of its order, or its problem.
pub fn request(tenant: &Tenant, command: Command) -> Request {
    let render = |_: &service::Caller, outcome: Result<(&Outcome, &Book), &Refusal>| match outcome {
        Ok((outcome, _)) => {
            let version =
                if let Outcome::Order(ordered) = outcome { Some(ordered.order.version) } else { None };
            (200, json!({ "version": version }).to_string())
        }
        Err(refusal) => api::posting::refused(refusal),
    };
    let caller = service::tenant::operator(tenant.id);
    let wrong = Problems::default();
    Request { caller, command, wrong, idempotency: None, entry_mode: EntryMode::Api, render }
}

/// Carries commands out in one transaction. Returns status and body of each.
async fn together(tenant: &Tenant, commands: Vec<Command>) -> Vec<(u16, Value)> {
    let db = Db::connect(&environment().database_url(), &pool_options()).await.expect("the app connects");
    let requests = commands.into_iter().map(|command| request(tenant, command)).collect();
    let answers = Poster::new(db).post_all(&mut Parts::default(), requests).await;
    let answer = |answer: Result<service::command::Answer, service::Error>| {
        let answer = answer.expect("an answer");
        (answer.status, serde_json::from_str(&answer.body).expect("JSON"))
    };
    answers.into_iter().map(answer).collect()
}

/// Returns the figures of the first line of a rejection.
fn told(problem: &Value) -> &Value {
    &problem["errors"][0]["params"]
}

/// Holds all stock of a product until the hold expires, and meanwhile places orders that wait behind it. Returns after
/// the expiry, before any command has locked the level.
async fn expired(
    tenant: &Tenant,
    customer: &str,
    (sku, all): (&str, &str),
    waiting: &[(&str, i64)],
) -> Vec<Value> {
    let ends = environment().now().await + chrono::Duration::hours(1);
    let hold = json!({ "expires_at": ends.to_rfc3339(), "lines": lines(&[(sku, all)]) });
    tenant.make("/v1/stock/holds", hold).await;
    let mut orders = Vec::new();
    for (quantity, priority) in waiting {
        let order = json!({ "customer_id": customer, "policy": "backorder", "priority": priority,
            "advance_to": "confirmed", "lines": lines(&[(sku, quantity)]) });
        let order = tenant.post(ORDERS, &order).await.created();
        assert_eq!(order["lines"][0]["backordered"], *quantity, "it waits");
        orders.push(order);
    }
    tenant.age_holds(chrono::Duration::hours(1)).await;
    orders
}

/// Returns what is reserved for the first line of each order, and its backordered quantity.
async fn reserved(tenant: &Tenant, orders: &[Value]) -> Vec<(String, String)> {
    let mut reserved = Vec::new();
    for order in orders {
        let line = tenant.get(&format!("{ORDERS}/{}", id(order))).await.ok()["lines"][0].clone();
        let text = |name: &str| line[name].as_str().expect("a quantity").to_owned();
        reserved.push((text("reserved"), text("backordered")));
    }
    reserved
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

/// Returns the number of `order.allocated` events of each order.
async fn allocated(tenant: &Tenant, orders: &[Value]) -> Vec<usize> {
    let mut counts = Vec::new();
    for order in orders {
        let query = format!("type=order.allocated&document_id={}", id(order));
        counts.push(tenant.events(&query).await.len());
    }
    counts
}

#[test]
fn what_an_expired_hold_frees_goes_to_who_waits_before_a_sale_that_is_refused() {
    with_tenant_as(
        |tenant| tenant.time_zone = "UTC".to_owned(),
        async |tenant| {
            tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
            let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
            let orders = expired(tenant, &customer, ("MUG", "10"), &[("6", 0), ("3", 5)]).await;
            // No command has locked the level yet. Reads show the stock as reserved for the waiting orders.
            let shown = tenant.get("/v1/stock/availability?sku=MUG").await.ok()["data"][0].clone();
            let place = &shown["locations"][0];
            assert_eq!(shown["available"], "1");
            assert_eq!(place["reserved"], "9");
            assert_eq!(place["backordered"], "0");
            assert_eq!(reserved(tenant, &orders).await, pairs(&[("0", "6"), ("0", "3")]));

            // The sale is the only command of its batch, and is rejected.
            let refused = tenant.sell(&till, &[("MUG", "2")]).await.refused(409, "insufficient_stock");
            assert_eq!(refused.params("#/lines/0/quantity")["available"], "1");
            assert_eq!(reserved(tenant, &orders).await, pairs(&[("6", "0"), ("3", "0")]));
            assert_eq!(tenant.level("MUG").await, Level::of("10", "9", "40"));
            assert_eq!(allocated(tenant, &orders).await, [1, 1]);
            tenant.check_books().await;
            let version = tenant.get(&format!("{ORDERS}/{}", id(&orders[0]))).await.ok()["version"].as_i64();
            assert!(version > orders[0]["version"].as_i64(), "the order has changed");

            tenant.sell(&till, &[("MUG", "1")]).await.created();
            tenant.order(&customer, &[("MUG", "1")], "confirmed").await.refused(409, "insufficient_stock");
        },
    );
}

#[test]
fn the_higher_priority_gets_what_an_expired_hold_frees_and_the_next_day_is_named() {
    with_tenant_as(
        |tenant| tenant.time_zone = "UTC".to_owned(),
        async |tenant| {
            tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
            let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
            let orders = expired(tenant, &customer, ("MUG", "10"), &[("6", 0), ("6", 5)]).await;
            let day = environment().today(&chrono::Utc).await + Days::new(5);
            let expect =
                json!({ "expected_on": day, "location_id": tenant.main, "lines": lines(&[("MUG", "4")]) });
            // This is the next command on the level, although it moves nothing.
            tenant.post("/v1/stock/expected-receipts", &expect).await.created();
            assert_eq!(reserved(tenant, &orders).await, pairs(&[("4", "2"), ("6", "0")]));
            let refused = async |quantity: &str| {
                tenant.sell(&till, &[("MUG", quantity)]).await.refused(409, "insufficient_stock")
            };
            assert_eq!(refused("2").await.params("#/lines/0/quantity")["next_available_on"], json!(day));
            assert_eq!(refused("3").await.params("#/lines/0/quantity")["next_available_on"], Value::Null);
        },
    );
}

#[test]
fn commands_of_the_batch_that_sweeps_find_the_goods_of_who_waits_taken() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let draft =
            async |quantity: &str| tenant.order(&customer, &[("MUG", quantity)], "draft").await.created();
        let (large, small, late) = (draft("2").await, draft("1").await, draft("1").await);
        let orders = expired(tenant, &customer, ("MUG", "10"), &[("9", 0)]).await;
        let confirm = |order: &Value| Command::ConfirmOrder(order::Confirm(order_id(order)));
        let answers = together(tenant, vec![confirm(&large), confirm(&small), confirm(&late)]).await;
        let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, [409, 200, 409]);
        assert_eq!(told(&answers[0].1)["available"], "1");
        assert_eq!(told(&answers[2].1)["available"], "0");
        assert_eq!(reserved(tenant, &orders).await, pairs(&[("9", "0")]));
        assert_eq!(allocated(tenant, &orders).await, [1]);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "10", "40"));
    });
}

#[test]
fn an_order_that_an_expired_hold_serves_is_shipped_or_given_up_at_once() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let orders = expired(tenant, &customer, ("MUG", "10"), &[("10", 5), ("7", 0)]).await;
        // What is allocated to the first order and released again goes to the second one.
        tenant.step(id(&orders[0]), "cancel").await.ok();
        assert_eq!(reserved(tenant, &orders).await, pairs(&[("0", "0"), ("7", "0")]));
        assert_eq!(tenant.level("MUG").await, Level::of("10", "7", "40"));
        tenant.check_books().await;

        let orders = expired(tenant, &customer, ("MUG", "3"), &[("3", 0)]).await;
        let shipped = tenant.step(id(&orders[0]), "ship").await.ok();
        assert_eq!(shipped["status"], "shipped");
        assert_eq!(shipped["lines"][0]["shipped"], "3");
        assert_eq!(tenant.level("MUG").await, Level::of("7", "7", "28"));
    });
}

#[test]
fn a_dry_run_shows_whom_an_expired_hold_serves_and_serves_nobody() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let orders = expired(tenant, &customer, ("MUG", "10"), &[("6", 0), ("3", 5)]).await;
        let sale = |quantity: &str| tests::sale(&till, &[("MUG", quantity)]);
        let before = [tenant.count("event").await, tenant.count("command").await];
        let rehearsed = tenant.dry_run("/v1/pos/sales", &sale("1")).await.ok();
        let reservations = rehearsed["effects"]["reservations"].as_array().expect("reservations");
        let quantities: Vec<&Value> = reservations.iter().map(|row| &row["quantity"]).collect();
        assert_eq!(quantities, ["3", "6"], "the higher priority first");
        tenant.dry_run("/v1/pos/sales", &sale("2")).await.refused(409, "insufficient_stock");
        assert_eq!(reserved(tenant, &orders).await, pairs(&[("0", "6"), ("0", "3")]));
        assert_eq!(
            tenant.level("MUG").await,
            Level::of("10", "10", "40"),
            "the expired hold is not released either"
        );
        assert_eq!([tenant.count("event").await, tenant.count("command").await], before);
    });
}

#[test]
fn a_refusal_knows_what_the_batch_before_it_did_to_what_is_expected() {
    with_tenant_as(
        |tenant| tenant.time_zone = "UTC".to_owned(),
        async |tenant| {
            tenant.product("MUG", "10.00").await;
            let customer = tenant.customer("Nordwind Supply").await;
            let today = environment().today(&chrono::Utc).await;
            let day = |days: u64| today + Days::new(days);
            let expect = async |days: u64| {
                let body = json!({ "expected_on": day(days), "lines": lines(&[("MUG", "5")]) });
                let made = tenant.post("/v1/stock/expected-receipts", &body).await.created();
                id(&made).parse::<ExpectedReceiptId>().expect("an id")
            };
            let next = async |change: Command, location: &str| {
                let order = json!({ "customer_id": customer, "location_id": location,
                    "lines": lines(&[("MUG", "5")]) });
                let draft = tenant.post(ORDERS, &order).await.created();
                let confirm = Command::ConfirmOrder(order::Confirm(order_id(&draft)));
                let answers = together(tenant, vec![change, confirm]).await;
                let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
                assert_eq!(statuses, [200, 409], "{answers:?}");
                told(&answers[1].1)["next_available_on"].clone()
            };
            let receipt = expect(5).await;
            let slips =
                Command::RescheduleReceipt(expected_receipt::Reschedule { id: receipt, expected_on: day(9) });
            assert_eq!(next(slips, &tenant.main).await, json!(day(9)), "the day to which it has slipped");
            let cancel = Command::CancelExpectedReceipt(expected_receipt::Cancel(receipt));
            assert_eq!(next(cancel, &tenant.main).await, Value::Null, "it was cancelled");
            tenant.open_stock(&[("MUG", "5", "4")]).await;
            let leaves = sent(tenant, line("MUG", "5"), Some(day(3)));
            assert_eq!(next(leaves, &tenant.shop).await, json!(day(3)), "it has left for the shop");
        },
    );
}

/// An adjustment that finds goods, or one of goods that have left already.
fn adjusted(sku: &str, quantity: &str) -> Command {
    let quantity: Quantity = quantity.parse().expect("a quantity");
    let unit_cost = quantity.is_positive().then(|| "4".parse().expect("a price"));
    let item = ItemRef::Sku(sku.to_owned());
    Command::MoveStock(stock_document::Move {
        id: None,
        kind: StockDocumentKind::Adjustment,
        location_id: None,
        reason: Some("damage".to_owned()),
        reference: None,
        occurred_at: Some("2026-01-05T12:00:00Z".parse().expect("an instant")),
        forced: quantity.is_negative(),
        expected_receipt_id: None,
        lines: vec![MoveLine { item, uom: None, quantity, unit_cost, lots: Vec::new() }],
    })
}

#[test]
fn a_level_that_recovers_within_a_batch_keeps_its_constraints() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        tenant.stocked("CUP", "10.00", ("10", "4.00")).await;
        tenant.product("JUG", "10.00").await;
        let customer = tenant.customer("Nordwind Supply").await;
        tenant.order(&customer, &[("CUP", "10")], "confirmed").await.created();
        // Below zero, below what is reserved, and below zero where there never was a level.
        for (sku, quantity) in [("MUG", "12"), ("CUP", "1"), ("JUG", "3")] {
            let before = tenant.level(sku).await;
            let commands = vec![adjusted(sku, &format!("-{quantity}")), adjusted(sku, quantity)];
            let answers = together(tenant, commands).await;
            assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
            assert_eq!(tenant.level(sku).await, before);
            assert_eq!(forced(tenant, sku).await, [false], "{sku}");
        }
        // One that stays below zero has no constraints until it recovers.
        together(tenant, vec![adjusted("MUG", "-12"), adjusted("MUG", "1")]).await;
        assert_eq!(forced(tenant, "MUG").await, [true]);
        together(tenant, vec![adjusted("MUG", "1")]).await;
        assert_eq!(forced(tenant, "MUG").await, [false]);
    });
}

/// Whether the levels of a product are free of their constraints.
async fn forced(tenant: &Tenant, sku: &str) -> Vec<bool> {
    let query = "select l.forced from stock_level l join product p on p.tenant_id = $1 and p.id = l.product_id \
                 where l.tenant_id = $1 and p.sku = $2";
    let query = sqlx::query_scalar(query).bind(tenant.id.0).bind(sku);
    query.fetch_all(&environment().root).await.expect("levels are read")
}

/// An amendment of an order to these lines: each is kept by its number, or new by its SKU.
fn amended(order: &Value, lines: &[(Result<i32, &str>, &str)]) -> Command {
    let input = |(line, quantity): &(Result<i32, &str>, &str)| LineInput {
        item: line.map_or_else(|sku| ItemRef::Sku(sku.to_owned()), |_| ItemRef::Unnamed),
        barcode: None,
        uom: None,
        quantity: quantity.parse().expect("a quantity"),
        unit_price: None,
        price_reason: None,
        discount: None,
        description: None,
        lots: Vec::new(),
    };
    Command::AmendOrder(order::Amend {
        order_id: order_id(order),
        version: None,
        reference: None,
        requested_on: None,
        lines: lines.iter().map(input).collect(),
        kept: lines.iter().map(|(line, _)| line.ok()).collect(),
        authority: Authority { overrider: None, discount_max: Percent::ZERO, below_cost: false },
    })
}

#[test]
fn amendments_of_one_batch_leave_the_order_as_the_last_one_states_it() {
    with_tenant(async |tenant| {
        for sku in ["MUG", "CUP", "JUG"] {
            tenant.stocked(sku, "10.00", ("10", "4.00")).await;
        }
        tenant.product("PAN", "10.00").await;
        let customer = tenant.customer("Nordwind Supply").await;
        let carry_out = async |commands: Vec<Command>| {
            let answers = together(tenant, commands).await;
            assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        };
        // The number of the line that was removed is that of another product then.
        let order = tenant.order(&customer, &[("MUG", "2"), ("CUP", "1")], "confirmed").await.created();
        let kept = (Ok(1), "2");
        carry_out(vec![amended(&order, &[kept]), amended(&order, &[kept, (Err("JUG"), "3")])]).await;
        let shown = tenant.get(&format!("{ORDERS}/{}", id(&order))).await.ok();
        let line = ["line_no", "sku", "quantity", "reserved"].map(|name| shown["lines"][1][name].clone());
        assert_eq!(line, [json!(2), json!("JUG"), json!("3"), json!("3")]);
        assert_eq!(
            (tenant.level("CUP").await.reserved, tenant.level("JUG").await.reserved),
            ("0".into(), "3".into())
        );

        // More was shipped before than is ordered afterwards.
        let shipped = tenant.order(&customer, &[("CUP", "5")], "shipped").await.created();
        let shipment_id: ShipmentId = id(&shipped["shipments"][0]).parse().expect("the id of a shipment");
        let undo = Command::UndoShipment(order::UndoShipment { shipment_id, occurred_at: None });
        carry_out(vec![undo, amended(&shipped, &[(Ok(1), "3")])]).await;
        assert_eq!(reserved(tenant, &[shipped]).await, pairs(&[("3", "0")]));

        // A line that grew waits behind the others, also if it was made as small as before.
        let mut waiting = Vec::new();
        for _ in 0..2 {
            let order = json!({ "customer_id": customer, "policy": "backorder", "advance_to": "confirmed",
                "lines": lines(&[("PAN", "3")]) });
            waiting.push(tenant.post(ORDERS, &order).await.created());
        }
        let grown = amended(&waiting[0], &[(Ok(1), "4")]);
        carry_out(vec![grown, amended(&waiting[0], &[(Ok(1), "3")])]).await;
        let receipt =
            json!({ "kind": "receipt", "lines": [{ "sku": "PAN", "quantity": "3", "unit_cost": "4" }] });
        tenant.post("/v1/stock/documents", &receipt).await.created();
        assert_eq!(reserved(tenant, &waiting).await, pairs(&[("0", "3"), ("3", "0")]));
        tenant.check_books().await;
    });
}

#[test]
fn an_amendment_shows_the_version_of_an_order_that_its_batch_gave_stock() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "policy": "backorder", "advance_to": "confirmed",
            "lines": lines(&[("MUG", "3")]) });
        let order = tenant.post(ORDERS, &order).await.created();
        let same = || amended(&order, &[(Ok(1), "3")]);
        let answers = together(tenant, vec![adjusted("MUG", "3"), same(), same()]).await;
        let shown = tenant.get(&format!("{ORDERS}/{}", id(&order))).await.ok();
        let versions: Vec<&Value> = answers[1..].iter().map(|(_, body)| &body["version"]).collect();
        assert_eq!(versions, [&json!(2), &json!(2)]);
        assert_eq!((&shown["version"], &shown["lines"][0]["reserved"]), (&json!(2), &json!("3")));
    });
}

fn line(sku: &str, quantity: &str) -> GoodsLine {
    let quantity = quantity.parse().expect("a quantity");
    GoodsLine { item: ItemRef::Sku(sku.to_owned()), uom: None, quantity, lots: Vec::new() }
}

/// Returns a transfer from the warehouse to the shop.
fn sent(tenant: &Tenant, line: GoodsLine, expected_on: Option<NaiveDate>) -> Command {
    Command::DispatchTransfer(Dispatch {
        id: None,
        from_location_id: None,
        to_location_id: tenant.shop.parse().expect("an id"),
        expected_on,
        reference: None,
        occurred_at: None,
        lines: vec![line],
        seen: Vec::new(),
    })
}

/// Returns an expected receipt and a transfer of one product, which need two number series.
fn expected_and_sent(tenant: &Tenant, sku: &str) -> Vec<Command> {
    let expect = Expect {
        id: None,
        location_id: None,
        expected_on: "2999-01-01".parse().expect("a day"),
        reference: None,
        lines: vec![line(sku, "1")],
    };
    vec![Command::ExpectReceipt(expect), sent(tenant, line(sku, "1"), None)]
}

/// Chance decides which of the two creates the series first: four rounds, each with its own tenant.
#[test]
fn batches_that_begin_a_series_at_once_do_not_lock_each_other_out() {
    for _ in 0..4 {
        with_tenant(async |tenant| {
            for sku in ["MUG", "CUP", "JUG"] {
                tenant.stocked(sku, "10.00", ("10", "4.00")).await;
            }
            let today = environment().today(&chrono_tz::Europe::London).await;
            let mut blocker = environment().connect().await;
            let mut blocker = blocker.begin().await.expect("a transaction");
            let process = process_of(&mut blocker).await;
            let series = format!("ER-{}", today.year());
            let made = sqlx::query("insert into number_series (tenant_id, series) values ($1, $2)");
            made.bind(tenant.id.0).bind(series).execute(&mut *blocker).await.expect("a series is begun");
            // When the first one reads, no series exists. When the second one reads, the other's exists.
            let first = async || together(tenant, expected_and_sent(tenant, "MUG")).await;
            let second = async || {
                until_waiting_for(&mut environment().connect().await, process, 1).await;
                let send = json!({ "to_location_id": tenant.shop, "lines": lines(&[("CUP", "1")]) });
                tenant.post("/v1/stock/transfers", &send).await.created();
                together(tenant, expected_and_sent(tenant, "JUG")).await
            };
            let release = async {
                until_waiting_for(&mut environment().connect().await, process, 2).await;
                blocker.rollback().await.expect("the series is given up");
            };
            let deadlocks = environment().deadlocks().await;
            let (first, second, ()) = tokio::join!(first(), second(), release);
            let statuses: Vec<u16> = first.iter().chain(&second).map(|(status, _)| *status).collect();
            assert_eq!(statuses, [200; 4]);
            assert_eq!(environment().deadlocks().await, deadlocks);
        });
    }
}

#[test]
fn a_key_is_free_in_its_batch_until_a_command_is_accepted() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let customer = tenant.customer("Nordlicht Supply").await;
        let draft =
            async |quantity: &str| tenant.order(&customer, &[("MUG", quantity)], "draft").await.created();
        let (large, small) = (draft("11").await, draft("4").await);
        let confirm = |content: u8, draft: &Value| {
            let mut confirm = request(tenant, Command::ConfirmOrder(order::Confirm(order_id(draft))));
            let (fingerprint, of_bytes) = ([content; 32], [content; 32]);
            confirm.idempotency = Some(Idempotency { key: "one".to_owned(), fingerprint, of_bytes });
            confirm
        };
        let requests = vec![
            confirm(1, &large),
            confirm(1, &large),
            confirm(2, &small),
            confirm(2, &small),
            confirm(1, &large),
        ];
        let before = tenant.count("command").await;
        let db = Db::connect(&environment().database_url(), &pool_options()).await.expect("the app connects");
        let answers = Poster::new(db).post_all(&mut Parts::default(), requests).await;
        let given: Vec<(u16, bool)> =
            answers.iter().flatten().map(|answer| (answer.status, answer.replayed)).collect();
        assert_eq!(given, [(409, false), (409, false), (200, false), (200, true)]);
        let reused = answers[4].as_ref().expect_err("the accepted command has taken the key");
        assert!(
            matches!(reused, service::Error::Refused(refusal) if refusal.code == Code::IdempotencyKeyReused)
        );
        assert_eq!(tenant.count("command").await - before, 3, "each decision has a row");
        assert_eq!(tenant.level("MUG").await, Level::of("10", "4", "40"));
    });
}

#[test]
fn a_panic_of_one_command_fails_no_other() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let customer = tenant.customer("Nordlicht Supply").await;
        let mut drafts = Vec::new();
        for _ in 0..3 {
            drafts.push(tenant.order(&customer, &[("MUG", "1")], "draft").await.created());
        }
        let confirm = |draft: &Value| request(tenant, Command::ConfirmOrder(order::Confirm(order_id(draft))));
        let mut requests: Vec<Request> = drafts.iter().map(confirm).collect();
        requests[1].render = |_, _| panic!("the second command panics");
        let db = Db::connect(&environment().database_url(), &pool_options()).await.expect("the app connects");
        let answers = Poster::new(db).post_all(&mut Parts::default(), requests).await;
        assert_eq!(answers[0].as_ref().expect("the first is carried out").status, 200);
        let failed = answers[1].as_ref().expect_err("the second fails").to_string();
        assert!(failed.contains("the second command panics"), "{failed}");
        assert_eq!(answers[2].as_ref().expect("the third is carried out").status, 200);
        for (draft, status) in drafts.iter().zip(["confirmed", "draft", "confirmed"]) {
            assert_eq!(tenant.get(&format!("{ORDERS}/{}", id(draft))).await.ok()["status"], status);
        }
    });
}
