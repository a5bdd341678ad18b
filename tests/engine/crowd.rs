//! 500 connections at once: each gets a response, and each rejection says when to come again.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use service::tx::PoolOptions;
use tests::{Reply, environment, sale, with_tenant};
use tokio::time::sleep;

const CONNECTIONS: usize = 500;
/// Most times that the rejected ones come again.
const ROUNDS: usize = 60;

#[test]
fn five_hundred_sales_at_once_are_made_or_rejected_and_never_lost() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("500", "4.00")).await;
        let till = tenant.till().await;
        // The waits and deadlines of a server in service.
        let node = environment().node_with(|config| {
            config.db_wait_ms = PoolOptions::default().wait_ms;
            config.db_write_ms = PoolOptions::default().write_ms;
        });
        let node = node.await;
        let here = tenant.at(&node.base_url);
        let mut keys: Vec<String> = (0..CONNECTIONS).map(|number| format!("sale-{number}")).collect();
        let mut statuses = BTreeMap::<u16, usize>::new();
        let body = sale(&till, &[("MUG", "1")]);
        for _ in 0..ROUNDS {
            let sends = keys.iter().map(async |key| here.post_as("/v1/pos/sales", key, &body).await);
            let replies: Vec<Reply> = join_all(sends).await;
            let mut open = Vec::new();
            for (key, reply) in keys.into_iter().zip(replies) {
                *statuses.entry(reply.status).or_default() += 1;
                if reply.status != 201 {
                    assert!([429, 503].contains(&reply.status), "{}", reply.text);
                    assert!(reply.header("retry-after").is_some(), "{}", reply.text);
                    open.push(key);
                }
            }
            keys = open;
            if keys.is_empty() {
                break;
            }
            sleep(Duration::from_millis(500)).await;
        }
        println!("{CONNECTIONS} connections: {statuses:?}");
        assert_eq!(keys, Vec::<String>::new(), "each sale is made in the end");
        assert_eq!(tenant.count("pos_sale").await, 500);
        assert_eq!(tenant.level("MUG").await.on_hand, "0");
    });
}
