//! Merge patches of records (RFC 7396).

use domain::text::Name;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::body;
use crate::problem::ApiError;

/// Names of lists whose order has no meaning.
const SETS: [&str; 6] = ["channels", "discounts", "email_domains", "event_types", "tags", "uses"];
/// The caller's own data, in which no name has a meaning.
const METADATA: &str = "metadata";

/// A merge patch (RFC 7396): the fields to change. Null clears a field.
pub type MergePatch = Map<String, Value>;

/// Returns the next state of a record: the present one with the fields of the patch. Returns none if both are the same.
pub(super) fn merge<I: Serialize + DeserializeOwned>(
    present: &I,
    patch: &MergePatch,
) -> Result<Option<I>, ApiError> {
    let present = serde_json::to_value(present).map_err(ApiError::internal)?;
    let next: I = merged(present.clone(), patch)?;
    Ok((!is_same(present, &next, patch)?).then_some(next))
}

/// Whether the next state is the present one. The present one is read as the next one was, so that an empty patch never makes another
/// one. A value that the state hides, such as a secret, is new. A set in another order is the same.
fn is_same<I: Serialize + DeserializeOwned>(
    present: Value,
    next: &I,
    patch: &MergePatch,
) -> Result<bool, ApiError> {
    let mut next = serde_json::to_value(next).map_err(ApiError::internal)?;
    let is_shown = |(name, value): (&String, &Value)| {
        is_empty(value) || next.get(name).is_some_and(|shown| !shown.is_null())
    };
    if !patch.iter().all(is_shown) || cleans(&present, &next, &Value::Object(patch.clone())) {
        return Ok(false);
    }
    // A state that is not allowed any more can't be read, so its next one differs.
    let Ok(present) = merged::<I>(present, &MergePatch::new()) else { return Ok(false) };
    let mut present = serde_json::to_value(present).map_err(ApiError::internal)?;
    sort_sets(&mut present);
    sort_sets(&mut next);
    Ok(present == next)
}

/// Brings the values of each set into one order.
fn sort_sets(state: &mut Value) {
    match state {
        Value::Array(values) => values.iter_mut().for_each(sort_sets),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut().filter(|(name, _)| *name != METADATA) {
                sort_sets(value);
                if let Value::Array(values) = value
                    && SETS.contains(&name.as_str())
                {
                    values.sort_by_cached_key(|value| value.to_string());
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether a patch states a text that was stored before names lost their invisible characters. A patch that restates it as it is
/// stored does not clean it.
fn cleans(present: &Value, next: &Value, patch: &Value) -> bool {
    match (present, next, patch) {
        (Value::String(present), Value::String(next), Value::String(patch)) => {
            present != next && present != patch && Name::from(present.as_str()).as_str() == next
        }
        (Value::Array(present), Value::Array(next), Value::Array(patch)) => {
            let mut elements = present.iter().zip(next).zip(patch);
            elements.any(|((present, next), patch)| cleans(present, next, patch))
        }
        (present, next, Value::Object(patch)) => {
            patch.iter().any(|(name, patch)| cleans(&present[name.as_str()], &next[name.as_str()], patch))
        }
        _ => false,
    }
}

/// Whether a state may leave out a field with this value.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Returns a present state, which may be null, with the fields of the patch.
pub(crate) fn merged<I: DeserializeOwned>(mut present: Value, patch: &MergePatch) -> Result<I, ApiError> {
    merge_value(&mut present, &Value::Object(patch.clone()));
    let merged = serde_json::to_vec(&present).map_err(ApiError::internal)?;
    body::parse(&merged)
}

/// Merges as RFC 7396, section 2, describes.
fn merge_value(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge_value(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::number::Quantity;
    use serde::{Deserialize, Serializer};
    use serde_json::json;

    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct State {
        amount: Quantity,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
        #[serde(default, serialize_with = "hidden")]
        secret: Option<String>,
    }

    fn hidden<S: Serializer>(_: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }

    #[test]
    fn a_patch_that_changes_nothing_has_no_next_state() {
        let present = State { amount: "12".parse().expect("a number"), tags: Vec::new(), secret: None };
        let is_next = |patch: &Value| {
            let patch = patch.as_object().expect("an object");
            merge(&present, patch).map(|next| next.is_some()).ok()
        };
        for same in [
            json!({}),
            json!({ "amount": "12" }),
            json!({ "amount": "12.00" }),
            json!({ "tags": [] }),
            json!({ "tags": null }),
            json!({ "secret": null }),
        ] {
            assert_eq!(is_next(&same), Some(false), "{same}");
        }
        for other in [json!({ "amount": "13" }), json!({ "tags": ["a"] }), json!({ "secret": "a" })] {
            assert_eq!(is_next(&other), Some(true), "{other}");
        }
        for wrong in [json!({ "amount": null }), json!({ "amount": "many" }), json!({ "unknown": 1 })] {
            assert_eq!(is_next(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_patch_cleans_a_name_that_is_older_than_the_rule() {
        #[derive(Debug, Serialize, Deserialize)]
        struct Named {
            name: Name,
            tags: Vec<Name>,
        }
        let old = "Mu\u{200b}g";
        let is_next = |stored: &str, patch: Value| {
            let present = Named { name: Name::stored(stored), tags: vec![Name::stored(stored)] };
            let patch = patch.as_object().expect("an object");
            merge(&present, patch).expect("a state").is_some()
        };
        for patch in [json!({ "name": "Mug" }), json!({ "tags": ["Mug"] }), json!({ "name": "M\u{200b}ug" })]
        {
            assert!(is_next(old, patch.clone()), "{patch}");
            assert!(!is_next("Mug", patch.clone()), "{patch}");
        }
        for patch in [json!({}), json!({ "name": old }), json!({ "tags": [old] })] {
            assert!(!is_next(old, patch.clone()), "{patch}");
        }
    }

    #[test]
    fn a_set_in_another_order_is_no_change() {
        let present = json!({ "event_types": ["order.created", "order.amended"], "barcodes": ["1", "2"],
            "addresses": [{ "uses": ["billing", "shipping"] }], "metadata": { "tags": ["a", "b"] } });
        let is_next = |patch: Value| {
            let patch = patch.as_object().expect("an object");
            merge(&present, patch).expect("a state").is_some()
        };
        assert!(!is_next(json!({ "event_types": ["order.amended", "order.created"] })));
        assert!(!is_next(json!({ "addresses": [{ "uses": ["shipping", "billing"] }] })));
        for other in [
            json!({ "event_types": ["order.created"] }),
            json!({ "event_types": ["order.amended", "order.amended"] }),
            json!({ "barcodes": ["2", "1"] }),
            json!({ "metadata": { "tags": ["b", "a"] } }),
        ] {
            assert!(is_next(other.clone()), "{other}");
        }
    }

    /// The cases of RFC 7396, appendix A.
    #[test]
    fn merges_as_the_standard_says() {
        for (mut target, patch, merged) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            merge_value(&mut target, &patch);
            assert_eq!(target, merged);
        }
    }
}
