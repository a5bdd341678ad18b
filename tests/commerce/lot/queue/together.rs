//! Receipts of tracked products while orders begin to wait for them.

use futures_util::future::join_all;
use futures_util::join;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection, Postgres, Transaction};
use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, environment, until_waiting, with_tenant};
use tokio::sync::oneshot;

use super::{ORDERS, choosy, figures, id, order, placed, shown};
use crate::lot::{day, lots_of, pairs, received, sale_of, tracked};

/// Locks the level, so that every command on milk waits for this transaction.
async fn lock<'a>(tenant: &Tenant, connection: &'a mut PgConnection) -> Transaction<'a, Postgres> {
    let mut first = connection.begin().await.expect("a transaction");
    let statement = "select 1 from stock_level where tenant_id = $1 \
                     and lot_id = '00000000-0000-0000-0000-000000000000' for update";
    let heads = sqlx::query(statement).bind(tenant.id.0).fetch_all(&mut *first).await.expect("the head");
    assert_eq!(heads.len(), 1, "milk has one level without a lot");
    first
}

/// Posts a receipt of a new lot, and another request while the receipt waits for its turn.
async fn behind(tenant: &Tenant, node: &Client, path: &str, body: &Value) -> (Reply, Reply) {
    let mut connection = environment().connect().await;
    let mut first = lock(tenant, &mut connection).await;
    let receipt = json!({ "kind": "receipt", "lines": [{ "sku": "MILK", "quantity": "3", "unit_cost": "1",
        "lots": [{ "code": "NEW" }] }] });
    let (queued, is_queued) = oneshot::channel();
    let next = async {
        is_queued.await.expect("the receipt waits");
        node.post(path, body).await
    };
    let release = async {
        until_waiting(&mut first, 1).await;
        queued.send(()).expect("the other request waits");
        until_waiting(&mut first, 2).await;
        first.rollback().await.expect("it ends");
    };
    let (receipt, next, ()) = join!(tenant.post("/v1/stock/documents", &receipt), next, release);
    (receipt, next)
}

#[test]
fn whoever_begins_to_wait_sees_the_lots_that_came_while_it_waited_its_turn() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        let (customer, till) = (tenant.customer("Hansa Foods").await, tenant.till().await);
        received(tenant, "MILK", "OLD", ("1", &day(20).await)).await;
        tenant.sell(&till, &[("MILK", "1")]).await.created();
        let node = tenant.at(&environment().other_node().await.base_url);
        let body = order(&customer, "backorder", &[("MILK", "4")]);
        let (receipt, order) = behind(tenant, &node, ORDERS, &body).await;
        receipt.created();
        let order = order.created();
        assert_eq!(figures(&order), ["3", "0", "1", "0"]);
        assert_eq!(lots_of(&order["lines"][0]), pairs(&[("NEW", "3")]));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn an_order_that_is_served_while_it_waits_its_turn_ships_what_it_got() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        let customer = tenant.customer("Hansa Foods").await;
        let waiting = placed(tenant, &customer, &[("MILK", "3")]).await;
        let node = tenant.at(&environment().other_node().await.base_url);
        let path = format!("{ORDERS}/{}/ship", id(&waiting));
        let (receipt, shipped) = behind(tenant, &node, &path, &json!({})).await;
        receipt.created();
        let shipped = shipped.ok();
        assert_eq!(figures(&shipped), ["0", "3", "0", "0"]);
        assert_eq!(shipped["status"], "shipped");
        assert_eq!(lots_of(&shipped["shipments"][0]["lines"][0]), pairs(&[("NEW", "3")]));
        assert_eq!(shown(tenant, &waiting).await["status"], "shipped");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn receipts_orders_and_tills_race_over_lots_that_are_waited_for() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        let (customer, till) = (tenant.customer("Hansa Foods").await, tenant.till().await);
        let choosy = choosy(tenant, "Nordwind", 30).await;
        let node = tenant.at(&environment().other_node().await.base_url);
        let ends: Vec<String> = vec![day(10).await, day(40).await];
        let replies = join_all((0..64_usize).map(async |number| {
            let client = if number.is_multiple_of(2) { &**tenant } else { &node };
            let (lot, long) = (format!("L{}", number % 7), number % 7 % 2);
            let (path, body) = match number % 4 {
                0 => (
                    "/v1/stock/documents",
                    json!({ "kind": "receipt", "lines": [{ "sku": "MILK", "quantity": "3",
                    "unit_cost": "1", "lots": [{ "code": lot, "expires_on": ends[long] }] }] }),
                ),
                1 => (ORDERS, order(&customer, "backorder", &[("MILK", "2")])),
                2 => (ORDERS, order(&choosy, "backorder", &[("MILK", "2")])),
                _ => ("/v1/pos/sales", sale_of(&till, "MILK", "1", json!([]))),
            };
            let reply = client.post(path, &body).await;
            assert!(matches!(reply.status, 201 | 409), "{}", reply.text);
            reply.status
        }));
        assert!(replies.await.iter().filter(|status| **status == 201).count() >= 48);
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
        // The last receipt fills all waiting orders, and everything can be shipped.
        received(tenant, "MILK", "ENOUGH", ("100", &day(99).await)).await;
        let orders = tenant.get("/v1/orders?limit=200").await.ok();
        let shipped = orders["data"].as_array().expect("orders").iter().map(async |order| {
            assert_eq!(tenant.step(id(order), "ship").await.ok()["status"], "shipped");
        });
        join_all(shipped).await;
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}
