//! Figures read from the rows, without the API.

use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, AssertSqlSafe, Row};
use serde_json::Value;

use crate::{Tenant, environment};

/// Longest time that other tests may have transactions open.
const FEED_PATIENCE: Duration = Duration::from_secs(180);

/// Stock of a product in the warehouse, without trailing zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Units on hand.
    pub on_hand: String,
    /// Units reserved.
    pub reserved: String,
    /// Value in the books.
    pub value: String,
}

impl Level {
    /// Makes a level with these figures.
    pub fn of(on_hand: &str, reserved: &str, value: &str) -> Self {
        Level { on_hand: on_hand.to_owned(), reserved: reserved.to_owned(), value: value.to_owned() }
    }
}

impl Tenant {
    /// Waits until the feed has everything that the tenant wrote. The feed ends before the oldest open transaction, which
    /// may be one of another test.
    pub async fn complete_feed(&self) {
        let query = "select coalesce(max(position), 0) < event_base() + pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
                     from event where tenant_id = $1";
        let deadline = Instant::now() + FEED_PATIENCE;
        let is_complete = async || -> bool {
            let query = sqlx::query_scalar(query).bind(self.id.0);
            query.fetch_one(&environment().root).await.expect("the horizon is read")
        };
        while !is_complete().await {
            assert!(Instant::now() < deadline, "a transaction stays open");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Returns the first page of the complete feed, filtered by a query such as `type=order.allocated`.
    pub async fn events(&self, query: &str) -> Vec<Value> {
        self.complete_feed().await;
        let page = self.get(&format!("/v1/events?{query}")).await.ok();
        page["data"].as_array().expect("events").clone()
    }

    /// Returns the level of a product in the warehouse.
    pub async fn level(&self, sku: &str) -> Level {
        let row = sqlx::query(
            "select trim_scale(coalesce(sum(l.on_hand), 0))::text, trim_scale(coalesce(sum(l.reserved), 0))::text, \
                    trim_scale(coalesce(sum(l.value), 0))::text \
             from stock_level l \
             join product p on p.tenant_id = l.tenant_id and p.id = l.product_id \
             join location o on o.tenant_id = l.tenant_id and o.id = l.location_id \
             where l.tenant_id = $1 and p.sku = $2 and o.code = 'MAIN'",
        );
        let row =
            row.bind(self.id.0).bind(sku).fetch_one(&environment().root).await.expect("the level is read");
        Level { on_hand: row.get(0), reserved: row.get(1), value: row.get(2) }
    }

    /// Returns debits less credits of an account, with two decimals.
    pub async fn balance(&self, account: &str) -> String {
        let row = sqlx::query(
            "select round(coalesce(sum(debit) - sum(credit), 0), 2)::text from journal_line \
             where tenant_id = $1 and account_code = $2",
        );
        let row = row
            .bind(self.id.0)
            .bind(account)
            .fetch_one(&environment().root)
            .await
            .expect("a balance is read");
        row.get(0)
    }

    /// Returns the balance of an account at the end of a day.
    pub async fn balance_on(&self, account: &str, day: &str) -> String {
        let rows = sqlx::query(
            "select round(coalesce(sum(l.debit) - sum(l.credit), 0), 2)::text \
             from journal_entry e join journal_line l on l.tenant_id = e.tenant_id and l.entry_id = e.id \
             where e.tenant_id = $1 and l.account_code = $2 and e.occurred_on <= $3::text::date",
        );
        let row = rows.bind(self.id.0).bind(account).bind(day).fetch_one(&environment().root).await;
        row.expect("a balance is read").get(0)
    }

    /// Returns the accounts of the journal entry of a document, each with debits less credits, by code.
    pub async fn entry(&self, document_id: &str) -> Vec<(String, String)> {
        let document_id = uuid_of(document_id);
        let rows = sqlx::query(
            "select l.account_code, round(sum(l.debit) - sum(l.credit), 2)::text \
             from journal_entry e join journal_line l on l.tenant_id = e.tenant_id and l.entry_id = e.id \
             where e.tenant_id = $1 and e.document_id = $2 group by 1 order by 1",
        );
        let rows = rows.bind(self.id.0).bind(document_id).fetch_all(&environment().root).await;
        rows.expect("an entry is read").iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Returns the number of rows that the tenant has in a table.
    pub async fn count(&self, table: &str) -> i64 {
        let statement = format!("select count(*) from {table} where tenant_id = $1");
        let row = sqlx::query(AssertSqlSafe(statement)).bind(self.id.0).fetch_one(&environment().root).await;
        row.expect("rows are counted").get(0)
    }

    /// Returns the number of rows in every table that a write may add to.
    pub async fn footprint(&self) -> Vec<(&'static str, i64)> {
        let tables = [
            "command",
            "event",
            "journal_entry",
            "journal_line",
            "stock_movement",
            "sales_line",
            "reservation",
            "stock_level",
            "cost_layer",
            "layer_use",
            "stock_document",
            "cost_to_settle",
            "lot",
            "hold",
            "transfer",
            "expected_receipt",
            "sales_order",
            "shipment",
            "invoice",
            "payment",
            "pos_session",
            "pos_sale",
            "tender",
            "cash_move",
            "number_series",
            "product",
            "customer",
            "supplier",
            "supplier_product",
            "purchase_order",
            "purchase_receipt_line",
            "supplier_return_line",
            "landed_cost",
            "bill",
            "bill_line",
            "bill_match",
            "supplier_payment",
            "supplier_payment_part",
        ];
        let mut counts = Vec::with_capacity(tables.len());
        for table in tables {
            counts.push((table, self.count(table).await));
        }
        counts
    }
}

/// Returns the UUID in an id's text form.
pub(crate) fn uuid_of(id: &str) -> uuid::Uuid {
    let (prefix, letters) = id.split_once('_').expect("an id has a prefix");
    assert_eq!(prefix.len(), 3, "{id} is an id");
    assert_eq!(letters.len(), 26, "{id} is an id");
    let alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    let digit = |letter: char| alphabet.find(letter).expect("a letter of base 32") as u128;
    uuid::Uuid::from_u128(letters.chars().fold(0, |bits, letter| (bits << 5) | digit(letter)))
}
