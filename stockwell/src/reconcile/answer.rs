//! The answer as a text for a person.

use std::fmt::Write as _;

use serde_json::Value;

/// Returns the answer of a run.
pub fn text(run: &Value, answer: &Value) -> String {
    let mut text = String::new();
    let line = |text: &mut String, words: &str| _ = writeln!(text, "{words}");
    line(&mut text, "");
    line(&mut text, said(&answer["headline"]));
    let fix = &answer["fix"];
    if fix.is_object() {
        line(&mut text, "");
        line(&mut text, &format!("Do this: {}", said(&fix["advice"])));
        line(&mut text, &figures(fix));
        let expected = &fix["expected"]["exceptions_per_week"];
        if expected.is_object() {
            let words = format!(
                "Expected: {} fewer exceptions a week (between {} and {}).",
                said(&expected["mid"]),
                said(&expected["low"]),
                said(&expected["high"])
            );
            line(&mut text, &words);
        }
        listed(&mut text, "Examples", &fix["examples"], example);
        listed(&mut text, "It will not fix", &fix["will_not_fix"], |words| said(words).to_owned());
    }
    listed(&mut text, "Send next", &answer["settle_with"], |wanted| {
        format!("{} of {}", said(&wanted["input"]), said(&wanted["system"]))
    });
    listed(&mut text, "Then", &answer["next"], next);
    let naive = &answer["naive"];
    if naive.is_object() {
        let words = format!(
            "Not this: the {}, {} units of {} at {}: it {}.",
            said(&naive["what"]),
            said(&naive["units"]),
            said(&naive["sku"]),
            said(&naive["place"]),
            said(&naive["why_not"])
        );
        line(&mut text, &words);
    }
    line(&mut text, "");
    line(&mut text, &format!("Run {}; fix {}.", said(&run["id"]), fix["id"].as_str().unwrap_or("none")));
    text
}

fn figures(fix: &Value) -> String {
    format!(
        "{} of {} episodes, {} of {} weeks, {}, {} a week, {} of work, confidence {}.",
        fix["episodes"],
        fix["episodes_of_all"],
        fix["weeks"],
        fix["weeks_observed"],
        counted(&fix["units"], "unit"),
        counted(&fix["minutes_per_week"], "minute"),
        counted(&fix["effort_days"], "day"),
        said(&fix["confidence"])
    )
}

/// Returns a figure with its unit, which has an `s` unless the figure is 1.
fn counted(figure: &Value, unit: &str) -> String {
    let figure = said(figure);
    let plural = if figure == "1" { "" } else { "s" };
    format!("{figure} {unit}{plural}")
}

fn next(fix: &Value) -> String {
    let place = fix["scope"]["place"].as_str().map_or_else(String::new, |place| format!(" at {place}"));
    format!(
        "{} from {} to {}{place}: {} episodes. {}",
        said(&fix["class"]),
        said(&fix["edge"]["from"]),
        said(&fix["edge"]["to"]),
        fix["episodes"],
        said(&fix["advice"])
    )
}

fn example(example: &Value) -> String {
    let side = |side: &Value| match side["external_id"].as_str().or(side["movement_id"].as_str()) {
        Some(id) => format!("{} {id} at {}", said(&side["system"]), said(&side["occurred_at"])),
        None => "nothing".to_owned(),
    };
    format!(
        "{} at {}: {} here, {} there",
        said(&example["sku"]),
        said(&example["place"]),
        side(&example["here"]),
        side(&example["there"])
    )
}

fn listed(text: &mut String, title: &str, entries: &Value, told: impl Fn(&Value) -> String) {
    let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        return;
    }
    _ = writeln!(text, "{title}:");
    for entry in entries {
        _ = writeln!(text, "  - {}", told(entry));
    }
}

fn said(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_without_a_fix_says_so() {
        let answer = json!({ "verdict": "none", "headline": "No recurring cause.", "fix": null, "next": [],
            "settle_with": [{ "system": "pos", "input": "events" }] });
        let text = text(&json!({ "id": "rcr_1" }), &answer);
        assert_eq!(text, "\nNo recurring cause.\nSend next:\n  - events of pos\n\nRun rcr_1; fix none.\n");
    }

    #[test]
    fn an_example_names_both_sides() {
        let told = json!({ "sku": "A", "place": "2020", "there": null,
            "here": { "system": "pos", "external_id": "PO-1", "occurred_at": "2026-01-05T12:00:00Z" } });
        assert_eq!(example(&told), "A at 2020: pos PO-1 at 2026-01-05T12:00:00Z here, nothing there");
    }
}
