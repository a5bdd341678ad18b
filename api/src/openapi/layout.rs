//! Layout of the document: a value that fits on a line stands on one, so that a small change has a small diff. Each level is
//! indented by one space: the levels are many, and with two a quarter of the document would be indentation.

use serde_json::Value;

/// Most characters of a line, unless a single text is longer.
const WIDTH: usize = 110;

/// Returns the text of a JSON document.
pub fn text(document: &Value) -> String {
    lines(document, 0, 0) + "\n"
}

/// Writes a value on one line, or on several. Its first line has `before` characters already.
fn lines(value: &Value, indent: usize, before: usize) -> String {
    // A comma may follow.
    if let Some(line) = line(value, WIDTH.saturating_sub(before + 1)) {
        return line;
    }
    let inner = indent + 1;
    let ([open, close], parts): (_, Vec<String>) = match value {
        Value::Object(members) => {
            let member = |(name, member): (&String, &Value)| {
                let name = format!("{}: ", Value::from(name.as_str()));
                let member = lines(member, inner, inner + name.len());
                name + &member
            };
            (["{", "}"], members.iter().map(member).collect())
        }
        Value::Array(items) => (["[", "]"], items.iter().map(|item| lines(item, inner, inner)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return value.to_string(),
    };
    let [margin, last] = [inner, indent].map(|width| format!("\n{}", " ".repeat(width)));
    format!("{open}{margin}{}{last}{close}", parts.join(&format!(",{margin}")))
}

/// Writes a value on one line, if that has at most `room` bytes.
fn line(value: &Value, room: usize) -> Option<String> {
    let mut text = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                text += if text.is_empty() { "{ " } else { ", " };
                text += &format!("{}: ", Value::from(name.as_str()));
                text += &line(member, room.checked_sub(text.len())?)?;
            }
            text += " }";
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text += if text.is_empty() { "[" } else { ", " };
                text += &line(item, room.checked_sub(text.len())?)?;
            }
            text += "]";
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => text = value.to_string(),
    }
    (text.len() <= room).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_stands_on_one_line() {
        let long = "x".repeat(WIDTH);
        let document = json!({ "a": { "b": [1, "two"], "c": {} }, "d": [{ "e": long }, []] });
        let text = text(&document);
        assert_eq!(
            text,
            format!(
                "{{\n \"a\": {{ \"b\": [1, \"two\"], \"c\": {{}} }},\n \"d\": [\n  {{\n   \"e\": \"{long}\"\n  }},\n  []\n ]\n}}\n"
            )
        );
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), document);
    }
}
