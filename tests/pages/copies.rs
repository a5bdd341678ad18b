//! The commands and documents that the cards copy give the figures of the cards.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Browser, Tenant, with_tenant};

use crate::visit::{Trade, copied, run_copied, visit};

/// A column of a table, and the figure of a report that it shows.
type Shown = (&'static str, &'static str);

/// The column of each card that names its rows, and the columns of amounts.
const CARDS: [(&str, &str, &[Shown]); 6] = [
    ("revenue", "channel", &TRADE),
    ("share", "channel", &TRADE),
    ("best", "sku", &PRODUCTS),
    ("weakest", "sku", &PRODUCTS),
    ("rate", "channel", &TRADE),
    ("customers", "customer_number", &[("Net revenue", "net_revenue"), ("Gross margin", "contribution")]),
];
const TRADE: [Shown; 2] = [("Net revenue", "net_revenue"), ("Gross margin", "gross_margin")];
const PRODUCTS: [Shown; 6] = [
    ("Wholesale: Net revenue", "wholesale_net_revenue"),
    ("Wholesale: Gross margin", "wholesale_gross_margin"),
    ("Retail: Net revenue", "retail_net_revenue"),
    ("Retail: Gross margin", "retail_gross_margin"),
    ("Both channels: Net revenue", "net_revenue"),
    ("Both channels: Gross margin", "gross_margin"),
];

/// Returns an amount of less than a thousand as the page writes it.
fn pounds(amount: &str) -> String {
    match amount.strip_prefix('-') {
        Some(amount) => format!("−£{amount}"),
        None => format!("£{amount}"),
    }
}

/// Shows the table of a card and returns its rows: their texts by the titles of their columns.
#[track_caller]
fn table(browser: &mut Browser, card: &str) -> Vec<Value> {
    let section = format!("section[aria-labelledby={card}]");
    browser.eval(&format!("document.querySelector('{section} [aria-pressed]').click()"));
    browser.until(&format!("document.querySelector('{section} table')"));
    let rows = browser.eval(&format!(
        "(() => {{ const text = (one) => one.textContent.trim(); \
         const titles = [...document.querySelectorAll('{section} thead th')].map(text); \
         return [...document.querySelectorAll('{section} tbody tr')] \
         .map((row) => Object.fromEntries([...row.cells].map((cell, place) => [titles[place], text(cell)]))); }})()"
    ));
    rows.as_array().cloned().unwrap_or_default()
}

/// Whether a row of a table has a cell with a name, in any case of its letters.
fn names(row: &Value, name: &str) -> bool {
    let mut cells = row.as_object().into_iter().flatten().filter_map(|(_, text)| text.as_str());
    cells.any(|text| text.to_lowercase().ends_with(&name.to_lowercase()))
}

/// Runs copied commands, and returns the rows of their CSV.
#[track_caller]
fn run(commands: &str, key: &str) -> Vec<Value> {
    let text = run_copied(commands, key);
    let mut reader = csv::Reader::from_reader(text.as_slice());
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
        for (card, key, columns) in CARDS {
            let shown = table(&mut browser, card);
            let command = copied(&mut browser, card, 2);
            assert!(!command.contains(&tenant.key), "the key is not in the command");
            let document = copied(&mut browser, card, 1);
            assert!(!document.contains('$'), "the values are filled in: {document}");
            let (by_curl, by_graphql) = (run(&command, &tenant.key), ask(tenant, &document).await);
            assert_eq!(by_curl.len(), by_graphql.len(), "{card}");
            assert_eq!(by_curl.len(), shown.len(), "{card}: {by_curl:?} {shown:?}");
            for (row, same) in by_curl.iter().zip(&by_graphql) {
                let name = row[key].as_str().expect("a name");
                assert_eq!(same[camel_case(key)], name, "{card}");
                let [cells] = shown.iter().filter(|row| names(row, name)).collect::<Vec<_>>()[..] else {
                    panic!("{card} has one row of {name}: {shown:?}");
                };
                for (title, figure) in columns {
                    let amount = row[figure].as_str().expect("an amount");
                    assert_eq!(same[camel_case(figure)], amount, "{card} {name} {figure}");
                    assert_eq!(cells[title], pounds(amount), "{card} {name} {title}");
                }
            }
            for (_, figure) in columns {
                assert!(by_curl.iter().any(|row| row[figure] != "0.00"), "{card} {figure}: {by_curl:?}");
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
        let rows = table(&mut browser, "cover");
        // 77 mugs at 4.00 and 40 cups at 6.00 last for more than six months.
        let row = rows.iter().find(|row| row["Lasts"] == "Over 6 months").expect("a row of these");
        assert_eq!(
            (&row["Stock value"], &row["Products"], &row["Share"]),
            (&json!("£548.00"), &json!("2"), &json!("100%"))
        );
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

/// Keeps the end of a message that a button shows for two seconds, in `end`. A busy machine may look for the message later.
const HOLD_END: &str = "(() => { const later = window.setTimeout; \
    window.setTimeout = (work, wait) => wait === 2000 ? (window.end = work, 0) : later(work, wait); })()";

#[test]
fn a_copy_that_failed_is_not_called_copied() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        let button = "[...document.querySelectorAll('section[aria-labelledby=share] footer button')].at(-1)";
        let refusals = [
            "navigator.clipboard.writeText = async () => { throw new Error('not allowed'); }",
            // A page without HTTPS has no clipboard of this kind.
            "Object.defineProperty(navigator, 'clipboard', { value: undefined }); document.execCommand = () => false",
        ];
        browser.eval(HOLD_END);
        for refusal in refusals {
            browser.eval(refusal);
            browser.eval(&format!("{button}.focus()"));
            browser.eval(&format!("{button}.click()"));
            browser.until(&format!("{button}.textContent.startsWith('Could not copy')"));
            assert_eq!(browser.eval(&format!("document.activeElement === {button}")), true, "{refusal}");
            browser.eval("end()");
            browser.until(&format!("{button}.textContent.startsWith('Copy as GraphQL')"));
        }
        browser.eval("document.execCommand = () => true");
        browser.eval(&format!("{button}.click()"));
        browser.until(&format!("{button}.textContent.startsWith('Copied')"));
        assert_eq!(browser.eval(&format!("document.activeElement === {button}")), true);
        browser.check();
    });
}
