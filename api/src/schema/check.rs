//! Compares a value with its schema, and notes everything that is wrong.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::day;
use domain::text::one_form;
use serde_json::{Map, Value};

use super::Schemas;
use super::expected::{expected, one_of};
use super::json::{Json, push};

/// Most characters of a word that a fault names.
const SHOWN_LENGTH_MAX: usize = 64;

/// Something that is wrong with a value, at a JSON pointer.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) pointer: String,
    /// Whether the schema has no such field.
    pub(super) is_unknown: bool,
    pub(super) detail: String,
}

/// Faults of a value. The time is proportional to the size of the value.
pub(super) struct Check<'s> {
    schemas: &'s Schemas,
    faults: Vec<Fault>,
    most: usize,
}

impl<'s> Check<'s> {
    /// Notes at most `most` faults.
    pub(super) fn new(schemas: &'s Schemas, most: usize) -> Self {
        Check { schemas, faults: Vec::new(), most }
    }

    /// Returns what was noted.
    pub(super) fn faults(self) -> Vec<Fault> {
        self.faults
    }

    /// Notes a fault.
    pub(super) fn note(&mut self, pointer: &str, detail: impl Into<String>) {
        self.push(Fault { pointer: pointer.to_owned(), is_unknown: false, detail: detail.into() });
    }

    fn push(&mut self, fault: Fault) {
        if self.faults.len() < self.most {
            self.faults.push(fault);
        }
    }

    /// Notes what is wrong with an entry of a list in a query, whose faults have one place: so the fault of a word names it.
    pub(super) fn entry(&mut self, text: &str, schema: &Value, at: &mut String) {
        let value = Json::Text(text.to_owned());
        if is_listed(&value, &schema["enum"]) {
            return self.value(&value, schema, at);
        }
        let shown: String = text.chars().take(SHOWN_LENGTH_MAX).collect();
        self.note(at, format!("There is no `{shown}` here. {}", expected(schema)));
    }

    /// Notes what is wrong with the value at `at`.
    pub(super) fn value(&mut self, value: &Json, schema: &Value, at: &mut String) {
        let schema = self.schemas.resolve(schema);
        if let Some(alternatives) = schema["oneOf"].as_array() {
            return self.alternatives(value, alternatives, at);
        }
        if !has_type(value, &schema["type"]) || !is_listed(value, &schema["enum"]) {
            return self.note(at, expected(schema));
        }
        match value {
            Json::Text(text) => self.text(text, schema, at),
            Json::Whole(number) => {
                let bound = |name: &str| schema[name].as_i64().map(i128::from);
                if bound("minimum").is_some_and(|least| *number < least)
                    || bound("maximum").is_some_and(|most| *number > most)
                {
                    self.note(at, expected(schema));
                }
            }
            Json::List(items) => self.list(items, schema, at),
            Json::Object(members) => self.object(members, schema, at),
            Json::Null | Json::Bool(_) | Json::Number => {}
        }
    }

    /// A value of one of several schemas: null or another, or one named member of several.
    fn alternatives(&mut self, value: &Json, alternatives: &[Value], at: &mut String) {
        let is_null = |alternative: &&Value| alternative["type"] == "null";
        if *value == Json::Null && alternatives.iter().any(|alternative| is_null(&alternative)) {
            return;
        }
        let others: Vec<&Value> = alternatives.iter().filter(|alternative| !is_null(alternative)).collect();
        if let [only] = others.as_slice() {
            return self.value(value, only, at);
        }
        let choices: Vec<(&String, &Value)> =
            others.iter().filter_map(|other| other["properties"].as_object()?.iter().next()).collect();
        let names = || one_of(choices.iter().map(|(name, _)| name.as_str()));
        let Json::Object(members) = value else {
            return self.note(at, format!("Send an object with exactly one of {}.", names()));
        };
        if members.len() != 1 {
            self.note(at, format!("Send exactly one of {}.", names()));
        }
        for (name, member) in members {
            match choices.iter().find(|(known, _)| *known == name) {
                Some((_, schema)) => self.member(name, member, schema, at),
                None => self.unknown(name, names, at),
            }
        }
    }

    fn list(&mut self, items: &[Json], schema: &Value, at: &mut String) {
        if !has_length(items.len(), schema, "minItems", "maxItems") {
            // The faults of its entries would hide that of the list.
            return self.note(at, expected(schema));
        }
        for (index, item) in items.iter().enumerate() {
            self.member(&index.to_string(), item, &schema["items"], at);
        }
    }

    fn object(&mut self, members: &[(String, Json)], schema: &Value, at: &mut String) {
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        let others = &schema["additionalProperties"];
        let most = schema["maxProperties"].as_u64();
        if most.is_some_and(|most| members.len() as u64 > most) {
            self.note(at, format!("Send at most {} members.", most.unwrap_or_default()));
        }
        let required = || schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut seen = HashSet::with_capacity(members.len());
        for (name, member) in members {
            let is_first = seen.insert(name.as_str());
            match properties.get(name) {
                _ if !is_first => self.repeated(name, at),
                Some(schema) if *member == Json::Null && required().all(|required| required != name) => {
                    self.cleared(name, schema, at);
                }
                Some(schema) => self.member(name, member, schema, at),
                None if others.is_object() => self.member(name, member, others, at),
                None if *others == false => self.unknown(name, || known(name, properties), at),
                None => {}
            }
        }
        for name in required().filter(|name| !seen.contains(name)) {
            let schema = properties.get(name).map_or(&Value::Null, |schema| self.schemas.resolve(schema));
            within(at, name, |at| self.note(at, format!("This field is required. {}", expected(schema))));
        }
    }

    fn member(&mut self, name: &str, value: &Json, schema: &Value, at: &mut String) {
        within(at, name, |at| self.value(value, schema, at));
    }

    /// Checks a field that may be left out and is null.
    fn cleared(&mut self, name: &str, schema: &Value, at: &mut String) {
        let own = self.schemas.resolve(schema);
        if admits_null(own) {
            return;
        }
        if own["oneOf"].is_array() {
            return self.member(name, &Json::Null, schema, at);
        }
        let detail = format!("{}, or leave it out.", expected(own).trim_end_matches('.'));
        within(at, name, |at| self.note(at, detail));
    }

    fn repeated(&mut self, name: &str, at: &mut String) {
        within(at, name, |at| self.note(at, "This field is sent twice. Send it once."));
    }

    /// Notes a member that the schema has not. The names that it has are put together only if the fault is kept.
    fn unknown(&mut self, name: &str, known: impl FnOnce() -> String, at: &mut String) {
        if self.faults.len() >= self.most {
            return;
        }
        let detail = format!("There is no such field here. Send {}, or leave it out.", known());
        within(at, name, |at| self.push(Fault { pointer: at.clone(), is_unknown: true, detail }));
    }

    /// Notes a list with too many entries.
    pub(super) fn count(&mut self, entries: usize, schema: &Value, at: &str) {
        if schema["maxItems"].as_u64().is_some_and(|most| entries as u64 > most) {
            self.note(at, expected(schema));
        }
    }

    /// Notes a text that is too long or too short. A code may be longer than the one that it stands for, because a letter and its
    /// mark are two characters on some systems.
    pub(super) fn length(&mut self, text: &str, schema: &Value, at: &str) {
        if !fits(text, schema) {
            self.note(at, expected(schema));
        }
    }

    /// Notes what is wrong with a text.
    fn text(&mut self, text: &str, schema: &Value, at: &str) {
        let is_sound = match schema["format"].as_str() {
            Some("date") => day::read(text).is_ok(),
            Some("date-time") => text.parse::<DateTime<Utc>>().is_ok(),
            _ => true,
        };
        let has_form = schema["pattern"].as_str().is_none_or(|pattern| self.schemas.matches(pattern, text));
        if !is_sound || !has_form || !fits(text, schema) {
            self.note(at, expected(schema));
        }
    }
}

/// Calls `work` with the pointer of a member.
fn within(at: &mut String, name: &str, work: impl FnOnce(&mut String)) {
    let length = at.len();
    push(at, name);
    work(at);
    at.truncate(length);
}

fn has_type(value: &Json, types: &Value) -> bool {
    let is = |kind: &Value| match value {
        Json::Null => kind == "null",
        Json::Bool(_) => kind == "boolean",
        Json::Whole(_) => kind == "integer" || kind == "number",
        Json::Number => kind == "number",
        Json::Text(_) => kind == "string",
        Json::List(_) => kind == "array",
        Json::Object(_) => kind == "object",
    };
    match types.as_array() {
        Some(types) => types.iter().any(is),
        None => types.is_null() || is(types),
    }
}

fn admits_null(schema: &Value) -> bool {
    match schema["oneOf"].as_array() {
        Some(alternatives) => alternatives.iter().any(|alternative| alternative["type"] == "null"),
        None => has_type(&Json::Null, &schema["type"]),
    }
}

fn is_listed(value: &Json, values: &Value) -> bool {
    match (value, values) {
        (Json::Text(text), Value::Array(values)) => values.iter().any(|known| known == text),
        _ => true,
    }
}

/// Whether a text, or the one form of its code, is as long as it may be.
fn fits(text: &str, schema: &Value) -> bool {
    let fits = |text: &str| has_length(text.chars().count(), schema, "minLength", "maxLength");
    fits(text) || fits(&one_form(text))
}

fn has_length(length: usize, schema: &Value, least: &str, most: &str) -> bool {
    let length = length as u64;
    schema[least].as_u64().is_none_or(|least| length >= least)
        && schema[most].as_u64().is_none_or(|most| length <= most)
}

/// Returns the field that a caller may have meant, else all fields.
fn known(name: &str, properties: &Map<String, Value>) -> String {
    let meant = properties.keys().find(|known| resembles(name, known));
    match meant {
        Some(meant) => format!("`{meant}`"),
        None if properties.is_empty() => "no fields".to_owned(),
        None => one_of(properties.keys().map(String::as_str)),
    }
}

/// Whether a name is another one with one letter more, less, different or swapped, or in another style.
fn resembles(name: &str, known: &str) -> bool {
    const LENGTH_MAX: usize = 64;
    if name.len() > LENGTH_MAX {
        return false;
    }
    let plain = |text: &str| -> Vec<char> {
        text.chars()
            .filter(|letter| !matches!(letter, '_' | '-' | ' '))
            .flat_map(char::to_lowercase)
            .collect()
    };
    let (name, known) = (plain(name), plain(known));
    let start = name.iter().zip(&known).take_while(|(a, b)| a == b).count();
    let (name, known) = (&name[start..], &known[start..]);
    let end = name.iter().rev().zip(known.iter().rev()).take_while(|(a, b)| a == b).count();
    let (name, known) = (&name[..name.len() - end], &known[..known.len() - end]);
    match (name, known) {
        ([a, b], [c, d]) => a == d && b == c,
        (name, known) => name.len() <= 1 && known.len() <= 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::json::read;
    use super::*;

    fn faults(schema: &Value, text: &str) -> Vec<(String, String)> {
        let document = json!({ "components": { "schemas": {
            "amount": { "type": "string", "pattern": "^\\d{1,3}$", "examples": ["12"] },
        } } });
        let schemas = Schemas::declared(&document);
        let mut check = Check::new(&schemas, 100);
        check.value(&read(text.as_bytes()).expect("JSON"), schema, &mut String::new());
        check.faults().into_iter().map(|fault| (fault.pointer, fault.detail)).collect()
    }

    fn pointers(schema: &Value, text: &str) -> Vec<String> {
        faults(schema, text).into_iter().map(|(pointer, _)| pointer).collect()
    }

    #[test]
    fn every_fault_is_noted_where_it_is() {
        let line = json!({
            "type": "object", "additionalProperties": false, "required": ["quantity"],
            "properties": {
                "quantity": { "$ref": "#/components/schemas/amount" },
                "on": { "type": ["string", "null"], "format": "date" },
                "n": { "type": "integer", "minimum": 1, "maximum": 3 },
            },
        });
        let order = json!({
            "type": "object", "additionalProperties": false, "required": ["lines", "id"],
            "properties": { "lines": { "type": "array", "minItems": 1, "items": line }, "id": { "type": "string" } },
        });
        let text = r#"{"lines":[{"quantity":1,"n":0},{"on":"soon","a/b":1},{"quantity":"12","on":null,"n":4.0},5],"x":1,"lines":[]}"#;
        let expected = [
            "/lines/0/quantity",
            "/lines/0/n",
            "/lines/1/on",
            "/lines/1/a~1b",
            "/lines/1/quantity",
            "/lines/2/n",
            "/lines/3",
            "/x",
            "/lines",
            "/id",
        ];
        assert_eq!(pointers(&order, text), expected);
        assert_eq!(pointers(&order, r#"{"lines":[],"id":"a"}"#), ["/lines"]);
        assert_eq!(pointers(&order, "5"), [""]);
    }

    #[test]
    fn a_field_that_may_be_left_out_and_is_null_names_its_values() {
        let change = json!({
            "type": "object", "additionalProperties": false, "required": ["id"],
            "properties": {
                "id": { "type": "string", "enum": ["a"] },
                "role": { "type": "string", "enum": ["owner", "cashier"] },
                "name": { "type": ["string", "null"] },
                "tier": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/amount" }] },
            },
        });
        let told = faults(&change, r#"{"id":null,"role":null,"name":null,"tier":null}"#);
        let expected = [
            ("/id".to_owned(), "Send `a`, in quotes.".to_owned()),
            ("/role".to_owned(), "Send `owner` or `cashier`, in quotes, or leave it out.".to_owned()),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn one_of_several_members_is_sent() {
        let discount = json!({ "oneOf": [{ "type": "null" }, { "oneOf": [
            { "type": "object", "properties": { "percent": { "$ref": "#/components/schemas/amount" } } },
            { "type": "object", "properties": { "amount": { "$ref": "#/components/schemas/amount" } } },
        ] }] });
        assert_eq!(pointers(&discount, "null"), [""; 0]);
        assert_eq!(pointers(&discount, r#"{"percent":"5"}"#), [""; 0]);
        assert_eq!(pointers(&discount, r#"{"percent":5}"#), ["/percent"]);
        assert_eq!(pointers(&discount, r#"{"rate":"5"}"#), ["/rate"]);
        for text in ["{}", "5", "[]", r#"{"percent":"5","amount":"5"}"#] {
            let [(pointer, detail)] = faults(&discount, text).try_into().expect("one fault");
            assert_eq!(pointer, "", "{text}");
            assert!(detail.contains("exactly one of `percent` or `amount`"), "{detail}");
        }
    }

    #[test]
    fn a_misspelt_name_is_recognised() {
        for (name, known) in [
            ("quanttiy", "quantity"),
            ("quantity1", "quantity"),
            ("unitPrice", "unit_price"),
            ("skuu", "sku"),
            ("SKU", "sku"),
        ] {
            assert!(resembles(name, known), "{name}");
        }
        for (name, known) in [("price", "unit_price"), ("id", "sku"), ("qty", "quantity")] {
            assert!(!resembles(name, known), "{name}");
        }
    }
}
