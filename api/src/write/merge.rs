//! Merge patches of records (RFC 7396).

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::body;
use crate::problem::ApiError;

/// A merge patch (RFC 7396): the fields to change. Null clears a field.
pub type MergePatch = Map<String, Value>;

/// Returns the next state of a record: the present one with the fields of the patch.
pub(super) fn merge<I: Serialize + DeserializeOwned>(present: &I, patch: &MergePatch) -> Result<I, ApiError> {
    merged(serde_json::to_value(present).map_err(ApiError::internal)?, patch)
}

/// Like [`merge`], for a present state that may be null.
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
    use serde_json::json;

    use super::*;

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
