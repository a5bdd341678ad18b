//! Requests that post journal entries by hand.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use tests::environment;

use super::{Request, Shop, id};

const ENTRIES: &str = "/v1/journal-entries";
/// Accounts that documents open.
const CHECKED: [&str; 6] = ["1000", "1100", "1200", "1210", "1300", "2300"];

/// Returns a line with debits less credits in cents.
fn line(account: &str, cents: i64) -> Value {
    let amount = format!("{}.{:02}", cents.abs() / 100, cents.abs() % 100);
    let side = if cents < 0 { "credit" } else { "debit" };
    json!({ "account": account, side: amount })
}

impl Shop<'_> {
    pub(super) async fn entered(&self, name: &str, many: usize) -> Request {
        let pairs: Vec<Value> = (0..many).flat_map(|_| [line("6100", 100), line("1010", -100)]).collect();
        let entry = json!({ "memo": "Bad debts", "lines": pairs });
        match name {
            "journal_entry.opened" => ("/v1/opening-balances".to_owned(), self.opening(pairs).await),
            "journal_entry.reversed" => {
                let made = self.tenant.post(ENTRIES, &entry).await.created();
                (format!("{ENTRIES}/{}/reverse", id(&made)), json!({}))
            }
            "journal_entry.year_closed" => {
                self.reverse_latest("year_close").await;
                let mut earlier = entry;
                earlier["occurred_on"] = json!("2025-06-30");
                self.tenant.post(ENTRIES, &earlier).await.created();
                ("/v1/year-close/2025".to_owned(), json!({}))
            }
            "journal_entry.valued" => (self.to_value().await, json!({})),
            _ => (ENTRIES.to_owned(), entry),
        }
    }

    /// Records a bill in another currency with a higher rate on its day, which has no valuation. Returns the path of the valuation.
    async fn to_value(&self) -> String {
        let number = self.tenant.count("supplier").await;
        let first = NaiveDate::from_ymd_opt(2025, 1, 1).expect("a day");
        let day = (first + Days::new(number.unsigned_abs())).to_string();
        let supplier = json!({ "code": format!("F{number}"), "name": "Supplier" });
        let supplier = self.tenant.make("/v1/suppliers", supplier).await;
        let rate = json!({ "currency": "USD", "valid_from": day, "rate": "0.9" });
        self.tenant.post("/v1/exchange-rates", &rate).await.created();
        let bill = json!({ "supplier_id": supplier, "supplier_number": "1", "dated": day, "currency": "USD",
            "exchange_rate": "0.8", "lines": [{ "account": "5300", "unit_cost": "10" }] });
        self.tenant.post("/v1/bills", &bill).await.created();
        format!("/v1/foreign-valuations/{day}")
    }

    /// Returns opening balances that agree with the documents. Those of before are reversed.
    async fn opening(&self, mut lines: Vec<Value>) -> Value {
        self.reverse_latest("opening_balances").await;
        let balance = self.tenant.get("/v1/trial-balance").await.ok();
        let mut sum = 0;
        for row in balance["accounts"].as_array().expect("accounts") {
            let account = row["account"].as_str().expect("a code");
            let cents: i64 =
                row["closing"].as_str().expect("an amount").replace('.', "").parse().expect("cents");
            if CHECKED.contains(&account) && cents != 0 {
                lines.push(line(account, cents));
                sum += cents;
            }
        }
        lines.push(line("3100", -sum));
        let today = environment().today(&chrono_tz::Europe::London).await;
        json!({ "occurred_on": today, "lines": lines })
    }

    /// Reverses the latest entry of a kind, if it is not reversed.
    async fn reverse_latest(&self, kind: &str) {
        let before = self.tenant.get(&format!("{ENTRIES}?document_kind={kind}&limit=1")).await.ok();
        if let Some(before) = before["data"].get(0).filter(|entry| entry["reversed_by"].is_null()) {
            self.tenant.post(&format!("{ENTRIES}/{}/reverse", id(before)), &json!({})).await.created();
        }
    }
}
