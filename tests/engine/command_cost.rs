//! The statements that each kind of command costs, including those that open and end its transaction. A document of
//! many lines costs as many as one of a single line, so no stock is written line by line.

mod counts;
mod entries;
mod lots;
mod purchases;
mod waiting;

use std::collections::BTreeSet;

use sea_orm::sqlx;
use serde_json::{Value, json};
use service::posting::Command;
use tests::{Client, Node, Tenant, Till, environment, lines, sale, with_tenant};

/// Number of lines of the larger document.
const MANY: usize = 7;

/// Each kind of command, named as in its event, and its statements.
const COMMANDS: [(&str, u64); 80] = [
    ("pos_sale.completed", 4),
    ("pos_sale.completed, first in first out", 6),
    ("pos_sale.completed, by lot", 7),
    ("pos_sale.completed, from a lease", 7),
    ("pos_sale.completed, forced", 9),
    ("pos_sale.refunded", 16),
    ("pos_sale.refunded, blind", 9),
    ("pos_session.opened", 9),
    ("pos_session.cash_moved", 8),
    ("pos_session.closed", 8),
    ("order.created", 11),
    ("order.created, invoiced at once", 14),
    ("order.created, waiting", 16),
    ("order.amended", 24),
    ("order.confirmed", 14),
    ("order.released", 14),
    ("order.cancelled", 14),
    ("order.closed", 14),
    ("order.allocated", 16),
    ("order.promised", 18),
    ("order.shipped", 16),
    ("order.shipped, by lot", 18),
    ("order.shipment_undone", 16),
    ("order.invoiced", 17),
    ("return.received", 18),
    ("payment.received", 11),
    ("payment_reversal.recorded", 14),
    ("payout.paid", 12),
    ("application.applied", 12),
    ("voucher.issued", 6),
    ("stock.moved, receipt", 8),
    ("stock.moved, receipt by lot", 10),
    ("stock.moved, receipt of what was oversold", 10),
    ("stock.moved, adjustment", 8),
    ("stock.moved, adjustment by lot", 9),
    ("stock.revalued", 8),
    ("hold.placed", 9),
    ("hold.placed, by lot", 10),
    ("hold.placed, quarantine", 8),
    ("hold.placed, till allotment", 10),
    ("hold.placed, channel allotment", 10),
    ("hold.extended", 12),
    ("hold.released", 12),
    ("transfer.dispatched", 9),
    ("transfer.dispatched, by lot", 10),
    ("transfer.received", 10),
    ("transfer.received, by lot", 11),
    ("transfer.cancelled", 10),
    ("expected_receipt.created", 9),
    ("expected_receipt.rescheduled", 10),
    ("expected_receipt.cancelled", 10),
    ("purchase_order.created", 11),
    ("purchase_order.sent", 10),
    ("purchase_order.confirmed", 10),
    ("purchase_order.received", 15),
    ("purchase_order.returned", 19),
    ("purchase_order.return_reversed", 18),
    ("purchase_order.cancelled", 10),
    ("purchase_order.closed", 10),
    ("landed_cost.posted", 15),
    ("landed_cost.reversed", 18),
    ("bill.recorded", 21),
    ("bill_credit.recorded", 25),
    ("bill_reversal.recorded", 24),
    ("supplier_payment.paid", 9),
    ("supplier_payment.applied", 12),
    ("supplier_payment_reversal.recorded", 11),
    ("lot.recalled", 18),
    ("count.opened", 15),
    ("count.entered", 10),
    ("count.completed", 13),
    ("count.recount_asked", 9),
    ("count.posted", 17),
    ("count.reversed", 14),
    ("count.cancelled", 8),
    ("journal_entry.posted", 6),
    ("journal_entry.opened", 8),
    ("journal_entry.reversed", 8),
    ("journal_entry.year_closed", 11),
    ("journal_entry.valued", 9),
];

/// A shop whose documents are prepared by another server, so that only the command itself is counted.
struct Shop<'a> {
    tenant: &'a Tenant,
    node: Node,
    client: Client,
    till: Till,
    customer: String,
}

/// A request that is to be counted.
type Request = (String, Value);

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

impl<'a> Shop<'a> {
    async fn open(tenant: &'a Tenant) -> Self {
        for number in 0..MANY {
            for (kind, method) in [("P", "moving_average"), ("F", "fifo")] {
                let sku = format!("{kind}{number}");
                let more = json!({ "list_price": "10.00", "costing_method": method });
                tenant.product_with(&sku, more).await;
                for unit_cost in ["1.00", "2.00"] {
                    tenant.open_stock(&[(&sku, "1000", unit_cost)]).await;
                }
            }
        }
        // W and N have no stock, so that orders wait for them or sales oversell them. Held, counted and tracked products
        // have stock of their own.
        for (kind, tracking) in [("W", "none"), ("N", "none"), ("K", "none"), ("C", "none"), ("T", "lot")] {
            for number in 0..MANY {
                let more = json!({ "list_price": "10.00", "tracking": tracking });
                tenant.product_with(&format!("{kind}{number}"), more).await;
            }
        }
        for kind in ["K", "C", "T"] {
            let lots = json!([{ "code": "EARLY", "expires_on": "2998-01-01", "quantity": "500" },
                { "code": "LATE", "expires_on": "2999-01-01", "quantity": "500" }]);
            let lots = if kind == "T" { lots } else { json!([]) };
            let line = |number: usize| json!({ "sku": format!("{kind}{number}"), "quantity": "1000", "unit_cost": "1.00", "lots": lots });
            let lines: Vec<Value> = (0..MANY).map(line).collect();
            tenant.post("/v1/stock/documents", &json!({ "kind": "opening", "lines": lines })).await.created();
        }
        let node = environment().own_node().await;
        let client = tenant.at(&node.base_url);
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        Shop { tenant, node, client, till, customer }
    }

    /// Returns the fewest statements of four such requests: the first one also reads the caller and the setup.
    async fn fewest(&self, name: &str, many: usize) -> u64 {
        let mut fewest = u64::MAX;
        for _ in 0..4 {
            let (path, body) = self.prepare(name, many).await;
            let carried_out = self.carried_out(name).await;
            let before = self.node.app.db.statements();
            let reply = self.client.post(&path, &body).await;
            assert!(matches!(reply.status, 200 | 201), "{name}: {}", reply.text);
            fewest = fewest.min(self.node.app.db.statements() - before);
            assert_eq!(self.carried_out(name).await, carried_out + 1, "{path} is no {name}");
        }
        fewest
    }

    /// Returns the number of commands of the kind that were carried out.
    async fn carried_out(&self, name: &str) -> i64 {
        let query = sqlx::query_scalar("select count(*) from command where tenant_id = $1 and name = $2");
        let query = query.bind(self.tenant.id.0).bind(kind_of(name));
        query.fetch_one(&environment().root).await.expect("commands are counted")
    }

    async fn prepare(&self, name: &str, many: usize) -> Request {
        let area = name.split(['.', ',']).next().unwrap_or_default();
        match name {
            "order.created, waiting" | "order.closed" | "order.allocated" | "order.promised" => {
                return self.waiting(name, many).await;
            }
            "pos_sale.completed, from a lease" | "pos_sale.completed, forced" => {
                return self.kept(name, many).await;
            }
            "stock.moved, receipt of what was oversold" => return self.kept(name, many).await,
            _ if name.ends_with("by lot") || area == "lot" => return self.lots(name, many).await,
            _ if name.starts_with("hold.placed,") => return self.kept(name, many).await,
            _ => {}
        }
        match area {
            "count" => self.counted(name, many).await,
            "journal_entry" => self.entered(name, many).await,
            "purchase_order" => self.purchased(name, many).await,
            "landed_cost" => self.landed(name, many).await,
            "bill" | "bill_credit" | "bill_reversal" | "supplier_payment" | "supplier_payment_reversal" => {
                self.billed(name, many).await
            }
            "pos_sale" | "pos_session" => self.till(name, many).await,
            "order" | "return" => self.wholesale(name, many).await,
            "payment" | "payment_reversal" | "payout" | "application" | "voucher" => {
                self.money(name, many).await
            }
            _ => self.goods(name, many).await,
        }
    }

    async fn till(&self, name: &str, many: usize) -> Request {
        let till = &self.till;
        let session = self.session().await;
        let register = json!({ "register_id": till.register_id });
        let with = |more: Value| merged(&register, &more);
        match name {
            "pos_sale.completed" => ("/v1/pos/sales".to_owned(), sale(till, &wanted("P", many))),
            "pos_sale.completed, first in first out" => {
                ("/v1/pos/sales".to_owned(), sale(till, &wanted("F", many)))
            }
            "pos_sale.refunded" => {
                let sold = self.tenant.sell(till, &wanted("P", many)).await.created();
                let body = with(json!({ "original_id": id(&sold), "tenders": [{ "kind": "cash" }] }));
                ("/v1/pos/refunds".to_owned(), body)
            }
            "pos_sale.refunded, blind" => ("/v1/pos/refunds".to_owned(), sale(till, &wanted("P", many))),
            "pos_session.cash_moved" => {
                let body = with(json!({ "kind": "paid_in", "amount": "5", "reason": "Change" }));
                ("/v1/pos/cash-moves".to_owned(), body)
            }
            other => {
                let close = format!("/v1/pos/sessions/{session}/close");
                let closed = with(json!({ "counted": "1" }));
                if other == "pos_session.closed" {
                    return (close, closed);
                }
                self.tenant.post(&close, &closed).await.ok();
                ("/v1/pos/sessions".to_owned(), with(json!({ "opening_float": "2" })))
            }
        }
    }

    /// Returns the open session of the till. Opens a new one if the last was closed.
    async fn session(&self) -> String {
        let register = &self.till.register_id;
        let page = self.tenant.get(&format!("/v1/pos/sessions?register_id={register}&open=true")).await.ok();
        match page["data"][0]["id"].as_str() {
            Some(open) => open.to_owned(),
            None => self.tenant.make("/v1/pos/sessions", json!({ "register_id": register })).await,
        }
    }

    async fn wholesale(&self, name: &str, many: usize) -> Request {
        let (tenant, customer) = (self.tenant, &self.customer);
        let wanted = wanted("P", many);
        let order = async |advance_to: &str| tenant.order(customer, &wanted, advance_to).await.created();
        let new = |advance_to: &str| {
            let body = json!({ "customer_id": customer, "lines": lines(&wanted), "advance_to": advance_to });
            ("/v1/orders".to_owned(), body)
        };
        let step = |order: &Value, verb: &str| (format!("/v1/orders/{}/{verb}", id(order)), json!({}));
        match name {
            "order.created" => new("draft"),
            "order.created, invoiced at once" => new("invoiced"),
            "order.amended" => {
                let known = (1..=many).map(|line_no| json!({ "line_no": line_no, "quantity": "2" }));
                let new = (0..many).map(|number| json!({ "sku": format!("K{number}"), "quantity": "1" }));
                let lines: Vec<Value> = known.chain(new).collect();
                (step(&order("confirmed").await, "amend").0, json!({ "lines": lines }))
            }
            "order.confirmed" => step(&order("draft").await, "confirm"),
            "order.released" => {
                let customer = tenant.customer_with("Limited", json!({ "credit_limit": "1" })).await;
                let held = tenant.order(&customer, &wanted, "confirmed").await.created();
                step(&held, "release")
            }
            "order.cancelled" => step(&order("confirmed").await, "cancel"),
            "order.shipped" => step(&order("confirmed").await, "ship"),
            "order.shipment_undone" => {
                let shipped = order("shipped").await;
                (format!("/v1/shipments/{}/undo", id(&shipped["shipments"][0])), json!({}))
            }
            "order.invoiced" => step(&order("shipped").await, "invoice"),
            "return.received" => {
                let billed = order("invoiced").await;
                let body = json!({ "customer_id": customer, "original_id": billed["invoices"][0]["id"] });
                ("/v1/returns".to_owned(), body)
            }
            other => unreachable!("{other} is no command of wholesale"),
        }
    }

    /// Returns a request about the open items of a customer who has `many` invoices.
    async fn money(&self, name: &str, many: usize) -> Request {
        let tenant = self.tenant;
        if name == "voucher.issued" {
            return ("/v1/vouchers".to_owned(), json!({ "amount": many.to_string(), "method": "bank" }));
        }
        let customer = tenant.customer("Payer").await;
        let paid = json!({ "customer_id": customer, "method": "bank", "amount": (12 * many).to_string() });
        if matches!(name, "payout.paid" | "application.applied") {
            for _ in 0..many {
                let advance =
                    json!({ "customer_id": customer, "method": "bank", "amount": "12", "allocations": [] });
                tenant.post("/v1/payments", &advance).await.created();
            }
        }
        if name == "payout.paid" {
            return ("/v1/payouts".to_owned(), json!({ "customer_id": customer, "method": "bank" }));
        }
        for _ in 0..many {
            tenant.order(&customer, &[("P0", "1")], "invoiced").await.created();
        }
        match name {
            "application.applied" => ("/v1/applications".to_owned(), json!({ "customer_id": customer })),
            "payment.received" => ("/v1/payments".to_owned(), paid),
            _ => {
                let payment = tenant.post("/v1/payments", &paid).await.created();
                (format!("/v1/payments/{}/reverse", id(&payment)), json!({ "reason": "Account closed" }))
            }
        }
    }

    async fn goods(&self, name: &str, many: usize) -> Request {
        let tenant = self.tenant;
        let goods = lines(&wanted("P", many));
        let worth = |field: &str, worth: &str| with_each(&goods, field, worth);
        let in_hours = async |hours: i64| json!(environment().now().await + chrono::Duration::hours(hours));
        let hold = json!({ "expires_at": in_hours(1).await, "lines": goods });
        let send = json!({ "to_location_id": tenant.shop, "lines": goods });
        let expect = json!({ "expected_on": "2030-01-01", "lines": goods });
        let documents = "/v1/stock/documents".to_owned();
        let later = async |path: &str, body: &Value, verb: &str| {
            let made = tenant.post(path, body).await.created();
            format!("{path}/{}/{verb}", id(&made))
        };
        match name {
            "stock.moved, receipt" => {
                (documents, json!({ "kind": "receipt", "lines": worth("unit_cost", "3") }))
            }
            "stock.moved, adjustment" => {
                let lines = worth("quantity", "-1");
                (documents, json!({ "kind": "adjustment", "reason": "lost", "lines": lines }))
            }
            "stock.revalued" => {
                let lines: Vec<Value> = (0..many)
                    .map(|number| json!({ "sku": format!("P{number}"), "unit_cost": "2" }))
                    .collect();
                ("/v1/stock/revaluations".to_owned(), json!({ "reason": "write_down", "lines": lines }))
            }
            "hold.placed" => ("/v1/stock/holds".to_owned(), hold),
            "hold.extended" => {
                let until = json!({ "expires_at": in_hours(2).await });
                (later("/v1/stock/holds", &hold, "extend").await, until)
            }
            "hold.released" => (later("/v1/stock/holds", &hold, "release").await, json!({})),
            "transfer.dispatched" => ("/v1/stock/transfers".to_owned(), send),
            "transfer.received" => (later("/v1/stock/transfers", &send, "receive").await, json!({})),
            "transfer.cancelled" => (later("/v1/stock/transfers", &send, "cancel").await, json!({})),
            "expected_receipt.created" => ("/v1/stock/expected-receipts".to_owned(), expect),
            "expected_receipt.rescheduled" => {
                let path = later("/v1/stock/expected-receipts", &expect, "reschedule").await;
                (path, json!({ "expected_on": "2030-02-01" }))
            }
            _ => (later("/v1/stock/expected-receipts", &expect, "cancel").await, json!({})),
        }
    }
}

/// Returns the kind of a command, of which the table may have several.
fn kind_of(name: &str) -> &str {
    name.split(',').next().unwrap_or(name)
}

/// Returns one unit of each of the first products of a kind.
fn wanted(kind: &str, many: usize) -> Vec<(&'static str, &'static str)> {
    (0..many).map(|number| (&*format!("{kind}{number}").leak(), "1")).collect()
}

fn merged(base: &Value, more: &Value) -> Value {
    let mut body = base.clone();
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

/// Returns lines with one more field, the same in each.
fn with_each(lines: &Value, field: &str, value: &str) -> Value {
    let lines = lines.as_array().expect("lines").iter();
    lines.map(|line| merged(line, &json!({ field: value }))).collect()
}

/// Each kind has its own name, and each name of the table was carried out. If a kind is missing in the table, the
/// numbers differ.
#[test]
fn every_kind_of_command_is_in_the_table() {
    let kinds: BTreeSet<&str> = COMMANDS.iter().map(|(name, _)| kind_of(name)).collect();
    let known = <Command as strum::VariantNames>::VARIANTS;
    assert_eq!(kinds.len(), known.len(), "in the table {kinds:?}, of all {known:?}");
}

#[test]
fn a_document_of_many_lines_costs_as_many_statements_as_one_of_one() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        let mut counted = Vec::with_capacity(COMMANDS.len());
        for (name, _) in COMMANDS {
            let one = shop.fewest(name, 1).await;
            assert_eq!(shop.fewest(name, MANY).await, one, "{name} with {MANY} lines");
            counted.push((name, one));
        }
        assert_eq!(counted, COMMANDS);
    });
}
