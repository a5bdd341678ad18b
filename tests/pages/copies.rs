//! The commands and documents that the cards copy give the figures of the cards.

use std::process::Command;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Browser, Tenant, with_tenant};

use crate::visit::{Trade, visit};

/// Figures that the table of a card shows, by the names that the reports have for them.
const CARDS: [(&str, &[&str]); 6] = [
    ("revenue", &["net_revenue", "gross_margin"]),
    ("share", &["net_revenue", "gross_margin"]),
    ("best", &["wholesale_net_revenue", "retail_net_revenue", "net_revenue", "gross_margin"]),
    ("weakest", &["wholesale_net_revenue", "retail_net_revenue", "net_revenue", "gross_margin"]),
    ("rate", &["net_revenue", "gross_margin"]),
    ("customers", &["net_revenue", "contribution"]),
];

/// Returns an amount of less than a thousand as the page writes it.
fn pounds(amount: &str) -> String {
    match amount.strip_prefix('-') {
        Some(amount) => format!("−£{amount}"),
        None => format!("£{amount}"),
    }
}

/// Presses a button of a card, the last (1) or the last but one (2), and returns what it copies.
fn copied(browser: &mut Browser, card: &str, from_end: usize) -> String {
    let press = format!(
        "new Promise((proceed) => {{ navigator.clipboard.writeText = async (text) => proceed(text); \
         [...document.querySelectorAll('section[aria-labelledby={card}] footer button')].at(-{from_end}).click(); }})"
    );
    browser.text(&press)
}

/// Shows the table of a card and returns its cells.
fn table(browser: &mut Browser, card: &str) -> Vec<String> {
    let section = format!("section[aria-labelledby={card}]");
    browser.eval(&format!("document.querySelector('{section} [aria-pressed]').click()"));
    browser.until(&format!("document.querySelector('{section} table')"));
    let cells = browser.eval(&format!(
        "[...document.querySelectorAll('{section} tbody td')].map((one) => one.textContent.trim())"
    ));
    cells.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Runs copied commands in a shell, and returns the rows of their CSV.
fn run(commands: &str, key: &str) -> Vec<Value> {
    let ran = Command::new("sh")
        .args(["-c", commands])
        .env("STOCKWELL_KEY", key)
        .env("no_proxy", "127.0.0.1")
        .output()
        .expect("a shell runs");
    assert!(ran.status.success(), "{commands}: {}", String::from_utf8_lossy(&ran.stderr));
    let mut reader = csv::Reader::from_reader(ran.stdout.as_slice());
    let rows: Vec<Value> = reader
        .deserialize::<std::collections::BTreeMap<String, String>>()
        .map(|row| json!(row.expect("a row")))
        .collect();
    assert!(!rows.is_empty(), "{commands} returns rows");
    rows
}

/// Returns the rows of the reports in a response of GraphQL, without those of the period compared with.
async fn ask(tenant: &Tenant, document: &str) -> Vec<Value> {
    let reply = tenant.post("/graphql", &json!({ "query": document })).await.ok();
    assert!(reply["errors"].is_null(), "{document}: {reply}");
    let reports = reply["data"].as_object().into_iter().flatten().filter(|(name, _)| *name != "before");
    reports.flat_map(|(_, report)| report["rows"].as_array().cloned().unwrap_or_default()).collect()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

#[test]
fn copies_give_the_figures_of_the_cards() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        for (card, figures) in CARDS {
            let cells = table(&mut browser, card);
            let command = copied(&mut browser, card, 2);
            assert!(!command.contains(&tenant.key), "the key is not in the command");
            let document = copied(&mut browser, card, 1);
            assert!(!document.contains('$'), "the values are filled in: {document}");
            let (by_curl, by_graphql) = (run(&command, &tenant.key), ask(tenant, &document).await);
            for figure in figures {
                let of = |rows: &[Value], name: &str| -> Vec<String> {
                    rows.iter().filter_map(|row| row[name].as_str()).map(pounds).collect()
                };
                let amounts = of(&by_curl, figure);
                assert!(amounts.iter().any(|amount| amount != "£0.00"), "{card} {figure}: {by_curl:?}");
                assert_eq!(amounts, of(&by_graphql, &camel_case(figure)), "{card} {figure}");
                let shown = amounts.iter().filter(|amount| cells.contains(amount)).count();
                // The best and the weakest products are parts of one report.
                let least = if ["best", "weakest"].contains(&card) { 1 } else { amounts.len() };
                assert!(shown >= least, "{card} {figure}: {amounts:?} of {cells:?}");
            }
        }
        browser.check();
    });
}

#[test]
fn copies_give_the_stock_by_how_long_it_lasts() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        let cells = table(&mut browser, "cover");
        // 77 mugs at 4.00 and 40 cups at 6.00 last for more than six months.
        assert!(cells.contains(&"£548.00".to_owned()), "{cells:?}");
        let commands = copied(&mut browser, "cover", 2);
        let (valued, sold) = commands.split_once('\n').expect("two commands");
        let value: Decimal = run(valued, &tenant.key)
            .iter()
            .map(|row| row["value"].as_str().expect("a value").parse::<Decimal>().expect("a decimal"))
            .sum();
        assert_eq!(value, Decimal::from(548));
        assert_eq!(run(sold, &tenant.key).len(), 2);
        let document = copied(&mut browser, "cover", 1);
        assert_eq!(ask(tenant, &document).await.len(), 4, "two products in each of two reports");
        browser.check();
    });
}
