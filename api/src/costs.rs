//! Costs are shown to callers with `costs:read` only. For others, the fields that state a cost are null.

use std::ops::Deref;

use serde::{Serialize, Serializer};
use serde_json::Value;
use service::command::Answer;

use crate::Caller;

/// Fields that state a cost, in the records that [`Shown`] wraps and in the documents of [`DOCUMENTS`].
const FIELDS: [&str; 13] = [
    "value",
    "unit_cost",
    "open_value",
    "posted_value",
    "amount",
    "basis",
    "held_value",
    "gone_value",
    "tax_value",
    "total_value",
    "expected_value",
    // Of the import of a price list: whether a price is the one that is stated already.
    "updated",
    "unchanged",
];

/// Documents and records that state costs, as they begin in JSON.
const DOCUMENTS: [&str; 8] = [
    r#""object":"stock_document""#,
    r#""object":"transfer""#,
    r#""object":"count""#,
    r#""object":"purchase_order""#,
    r#""object":"supplier_product""#,
    r#""object":"supplier_price_import""#,
    r#""object":"landed_cost""#,
    r#""object":"bill""#,
];

/// A record whose costs are null in JSON if the caller may not see them.
pub struct Shown<T> {
    record: T,
    sees_costs: bool,
}

impl<T> Shown<T> {
    /// Shows a record to a caller.
    pub fn to(caller: &Caller, record: T) -> Self {
        Shown { record, sees_costs: caller.sees_costs() }
    }
}

impl<T> Deref for Shown<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.record
    }
}

impl<T: Serialize> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.sees_costs {
            return self.record.serialize(serializer);
        }
        let mut value = serde_json::to_value(&self.record).map_err(serde::ser::Error::custom)?;
        hide(&mut value);
        value.serialize(serializer)
    }
}

/// Returns the response to a command as its caller may see it. Responses are stored with costs, because a replay may have
/// another caller.
pub fn shown(answer: Answer, sees_costs: bool) -> Answer {
    if sees_costs || !has(&answer.body) {
        return answer;
    }
    let Ok(mut value) = serde_json::from_str::<Value>(&answer.body) else { return answer };
    hide(&mut value);
    Answer { body: value.to_string(), ..answer }
}

/// Whether a document states costs.
pub fn has(document: &str) -> bool {
    DOCUMENTS.iter().any(|kind| document.contains(kind))
}

/// Replaces each cost by null.
pub fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(members) => {
            for (name, member) in members {
                if FIELDS.contains(&name.as_str()) {
                    *member = Value::Null;
                } else {
                    hide(member);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn costs_are_null_at_any_depth_and_nothing_else_is() {
        let mut value = json!({ "object": "stock_document", "quantity": "2", "value": "8.00",
            "lines": [{ "value": "8.00", "sku": "MUG", "unit_cost": "4" }] });
        hide(&mut value);
        let hidden = json!({ "object": "stock_document", "quantity": "2", "value": null,
            "lines": [{ "value": null, "sku": "MUG", "unit_cost": null }] });
        assert_eq!(value, hidden);
    }
}
