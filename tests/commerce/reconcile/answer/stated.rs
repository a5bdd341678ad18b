//! The example: every difference that its `expected.json` states, and no other, as the API lists them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tests::with_tenant;

use super::{json_of, rows, run, send, text};

/// A change of a difference: system, SKU, place, instant, change, and the class and quantity of each cause.
type Change = (String, String, String, DateTime<Utc>, String, Vec<(String, String)>);

/// Returns a change with the causes in an order.
fn change(row: &Value, mut causes: Vec<(String, String)>) -> Change {
    causes.sort();
    let of = |name: &str| text(row, name).to_owned();
    let taken_at = of("taken_at").parse().expect("an instant");
    (of("system"), of("sku"), of("place"), taken_at, of("increment"), causes)
}

/// Returns a change as the example states it. A cause that undoes an earlier one has no class of its own in the API, and a sale
/// that arrives late is a missed one.
fn stated(row: &Value) -> Change {
    let cause = |cause: &Value| {
        let class = match text(cause, "class") {
            "healed" | "corrected_by_hand" => "heals",
            "missed_sale_told_late" => "missed_sale",
            class => class,
        };
        (class.to_owned(), text(cause, "quantity").to_owned())
    };
    change(row, row["causes"].as_array().expect("causes").iter().map(cause).collect())
}

/// Returns a change as the API lists it.
fn listed(row: &Value) -> Change {
    let cause = |cause: &Value| {
        let class = if cause["heals"] == true { "heals" } else { text(cause, "class") };
        (class.to_owned(), text(cause, "quantity").to_owned())
    };
    change(row, row["explanations"].as_array().expect("causes").iter().map(cause).collect())
}

#[test]
fn the_differences_of_the_example_are_those_that_it_states() {
    with_tenant(async |tenant| {
        send(tenant).await;
        run(tenant).await;
        let expected = json_of("expected.json");
        let found = rows(tenant, "discrepancies").await;
        let (unmapped, compared): (Vec<&Value>, Vec<&Value>) =
            found.iter().partition(|row| row["ours"].is_null());
        let mut changes: Vec<Change> = compared.into_iter().map(listed).collect();
        let mut wanted: Vec<Change> =
            expected["increments"].as_array().expect("rows").iter().map(stated).collect();
        changes.sort();
        wanted.sort();
        assert_eq!(changes, wanted);
        let of_level = |row: &Value, class: &Value, names: [&str; 2]| {
            let [sku, place] = names.map(|name| text(row, name).to_owned());
            (text(row, "system").to_owned(), class.to_string(), sku, place)
        };
        let unmapped: BTreeSet<_> = unmapped
            .into_iter()
            .map(|row| of_level(row, &row["explanations"][0]["class"], ["sku", "place"]))
            .collect();
        let levels: BTreeSet<_> = expected["levels"]
            .as_array()
            .expect("levels")
            .iter()
            .map(|row| of_level(row, &row["class"], ["external_sku", "external_location"]))
            .collect();
        assert_eq!(unmapped, levels);
    });
}
