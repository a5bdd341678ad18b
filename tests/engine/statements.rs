//! The statements that a request costs, including those that open and end its transaction.

use domain::id::RegisterId;
use domain::pos::{Sell, TenderInput, TenderKind};
use domain::product::ItemRef;
use domain::sales::LineInput;
use serde_json::json;
use service::Db;
use service::caller::EntryMode;
use service::command::Idempotency;
use service::posting::{Command, Parts, Poster, Request};
use tests::{Tenant, Till, environment, lines, pool_options, with_tenant};

/// Opening, responses of the batch, session, products, stock levels, number series, the write, commit.
const SALE: u64 = 4;

/// Opening, the report, the end.
const REPORT: u64 = 3;
/// The same, and the time zone and roll-ups of the snapshot.
const REPORT_ON_SALES: u64 = REPORT + 1;

/// Makes a database connection of its own, so that no other test adds to its count.
pub async fn own_db() -> Db {
    Db::connect(&environment().database_url(), &pool_options()).await.expect("the app connects")
}

pub fn request(tenant: &Tenant, till: &Till, skus: &[&str], key: &str) -> Request {
    let line = |sku: &&str| LineInput {
        item: ItemRef::Sku((*sku).to_owned()),
        barcode: None,
        uom: None,
        quantity: "1".parse().expect("a quantity"),
        unit_price: None,
        price_reason: None,
        discount: None,
        description: None,
        lots: Vec::new(),
    };
    let sell = Sell {
        receipt: None,
        id: None,
        register_id: till.register_id.parse::<RegisterId>().expect("an id"),
        customer_id: None,
        country: None,
        external_ref: None,
        occurred_at: None,
        lines: skus.iter().map(line).collect(),
        discount: None,
        tenders: vec![TenderInput {
            kind: TenderKind::Cash,
            amount: None,
            reference: None,
            payment_intent_id: None,
        }],
        hold_id: None,
        forced: false,
        authority: domain::sales::Authority {
            overrider: None,
            discount_max: domain::number::Percent::ZERO,
            below_cost: false,
        },
    };
    Request {
        caller: service::tenant::operator(tenant.id),
        command: Command::Sell(sell),
        wrong: domain::refusal::Problems::default(),
        idempotency: Some(Idempotency { key: key.to_owned(), fingerprint: [0; 32], of_bytes: [0; 32] }),
        entry_mode: EntryMode::Api,
        render: api::render::render,
    }
}

#[test]
fn a_batch_of_sales_costs_as_many_statements_as_one() {
    with_tenant(async |tenant| {
        let skus = ["MUG", "CUP", "JUG"];
        for sku in skus {
            tenant.stocked(sku, "10.00", ("100", "4.00")).await;
        }
        let till = tenant.till().await;
        let db = own_db().await;
        let poster = Poster::new(db.clone());
        let post = async |count: usize, round: usize| {
            let requests =
                (0..count).map(|number| request(tenant, &till, &skus, &format!("{count}-{round}-{number}")));
            let before = db.statements();
            for answer in poster.post_all(&mut Parts::default(), requests.collect()).await {
                assert_eq!(answer.expect("an answer").status, 201);
            }
            db.statements() - before
        };
        // The first sale also fills the caches.
        post(1, 0).await;
        // The fewest of three: a cached value may expire in between.
        for count in [1, 16] {
            let mut fewest = u64::MAX;
            for round in 1..=3 {
                fewest = fewest.min(post(count, round).await);
            }
            assert_eq!(fewest, SALE, "statements of {count} sales");
        }
    });
}

/// Expected supplies cost one statement more for all rejected commands of a batch, also if there are none.
#[test]
fn refused_sales_of_a_batch_ask_once_what_is_on_its_way() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let till = tenant.till().await;
        let db = own_db().await;
        let poster = Poster::new(db.clone());
        for count in [1, 16] {
            let mut fewest = u64::MAX;
            for round in 0..4 {
                let name = |number: usize| format!("{count}-{round}-{number}");
                let requests = (0..count).map(|number| request(tenant, &till, &["MUG"], &name(number)));
                let before = db.statements();
                for answer in poster.post_all(&mut Parts::default(), requests.collect()).await {
                    assert_eq!(answer.expect("an answer").status, 409);
                }
                fewest = fewest.min(db.statements() - before);
            }
            assert_eq!(fewest, SALE + 1, "statements of {count} refused sales");
        }
    });
}

#[test]
fn a_repeated_sale_costs_three_statements() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let db = own_db().await;
        let poster = Poster::new(db.clone());
        poster.post(request(tenant, &till, &["MUG"], "a")).await.expect("an answer");
        let mut fewest = u64::MAX;
        // The fewest of three: a cached value may expire in between.
        for _ in 0..3 {
            let before = db.statements();
            let again = poster.post(request(tenant, &till, &["MUG"], "a")).await.expect("an answer");
            assert!(again.replayed);
            fewest = fewest.min(db.statements() - before);
        }
        assert_eq!(fewest, 3, "open, read, commit");
    });
}

#[test]
fn a_report_costs_three_statements_and_one_on_sales_four() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let node = environment().own_node().await;
        let client = tenant.at(&node.base_url);
        for (path, expected) in [
            ("/v1/reports/revenue?group_by=channel", REPORT_ON_SALES),
            ("/v1/reports/margin?group_by=month,product", REPORT_ON_SALES),
            ("/v1/reports/channel_summary", REPORT_ON_SALES),
            ("/v1/reports/product_performance", REPORT_ON_SALES),
            ("/v1/reports/customer_value", REPORT_ON_SALES),
            ("/v1/reports/stock_position", REPORT),
            ("/v1/reports/stock_valuation?as_of=2026-01-01&known_at=2026-01-01", REPORT),
            ("/v1/reports/low_stock?threshold=5", REPORT),
            ("/v1/reports/lot_expiry?within_days=30&expires_before=2030-01-01", REPORT),
            ("/v1/reports/stock_ageing", REPORT),
            ("/v1/reports/slow_stock?days=30", REPORT),
            ("/v1/reports/abc?measure=gross_margin", REPORT_ON_SALES),
            ("/v1/reports/shrinkage", REPORT),
            ("/v1/reports/receivable_ageing", REPORT),
            ("/v1/reports/payable_ageing", REPORT),
            ("/v1/reports/customer_statement?from=2026-01-01", REPORT),
            ("/v1/reports/trial_balance", REPORT + 1),
            ("/v1/reports/profit_and_loss", REPORT + 1),
            ("/v1/reports/balance_sheet", REPORT + 1),
            ("/v1/reports/tie_out", REPORT + 1),
            ("/v1/reports/tax_summary", REPORT_ON_SALES),
            ("/v1/reports/general_ledger?from=2026-01-01", REPORT + 1),
            ("/graphql?query=%7BchannelSummary%7Brows%7Bchannel%7D%7D%7D", REPORT_ON_SALES),
            (
                "/graphql?query=%7Ba:channelSummary%7Brows%7Bchannel%7D%7Db:stockPosition%7Brows%7Bsku%7D%7D%7D",
                REPORT_ON_SALES + 1,
            ),
        ] {
            let mut fewest = u64::MAX;
            // The fewest of four: the first one also reads the caller.
            for _ in 0..4 {
                let before = node.app.db.statements();
                client.get(path).await.ok();
                fewest = fewest.min(node.app.db.statements() - before);
            }
            assert_eq!(fewest, expected, "statements of {path}");
        }
    });
}

#[test]
fn an_explanation_costs_as_many_statements_however_long_it_is() {
    with_tenant(async |tenant| {
        let product = tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let node = environment().own_node().await;
        let client = tenant.at(&node.base_url);
        let path = format!("/v1/stock/levels/{}/{}/explain", tenant.main, product.id);
        for sales in [1, 5] {
            for _ in 0..sales {
                tenant.sell(&till, &[("MUG", "1")]).await.created();
            }
            let mut fewest = u64::MAX;
            // The fewest of four: the first one also reads the caller.
            for _ in 0..4 {
                let before = node.app.db.statements();
                client.get(&path).await.ok();
                fewest = fewest.min(node.app.db.statements() - before);
            }
            assert_eq!(
                fewest, 6,
                "opening, the level, its movements, their layers, its reservations, the end"
            );
        }
    });
}

#[test]
fn a_receipt_costs_as_many_statements_however_many_orders_it_serves() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let customer = tenant.customer("Nordwind Supply").await;
        let node = environment().own_node().await;
        let client = tenant.at(&node.base_url);
        let receive = async || {
            let lines = json!([{ "sku": "MUG", "quantity": "100", "unit_cost": "1" }]);
            let before = node.app.db.statements();
            client.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": lines })).await.created();
            node.app.db.statements() - before
        };
        // The first ones also create the level, read the caller and fill the caches.
        receive().await;
        let nobody = receive().await.min(receive().await);
        let mut served = Vec::new();
        for orders in [1, 1, 10, 10] {
            let all = json!({ "customer_id": customer, "policy": "backorder", "advance_to": "confirmed",
                "lines": lines(&[("MUG", "5000")]) });
            let all = tenant.post("/v1/orders", &all).await.created();
            for _ in 1..orders {
                let one = json!({ "customer_id": customer, "policy": "backorder", "priority": 9,
                    "advance_to": "confirmed", "lines": lines(&[("MUG", "1")]) });
                tenant.post("/v1/orders", &one).await.created();
            }
            served.push((orders, receive().await));
            tenant.step(all["id"].as_str().expect("an id"), "cancel").await.ok();
        }
        let fewest = |orders: i32| served.iter().filter(|(of, _)| *of == orders).map(|(_, cost)| *cost).min();
        assert_eq!(fewest(1), fewest(10), "{served:?}");
        let more =
            "who waits, what is reserved, what the level owes, the lines, the versions of their orders";
        assert_eq!(fewest(1), Some(nobody + 5), "{more}");
    });
}
