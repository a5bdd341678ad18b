//! Records as a publishable key or a customer session sees them: what every visitor of a shop may see, and of the own records what is
//! for the customer.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Caller;
use crate::record::Record;

/// Fields that are not for visitors and customers, with what they show instead.
fn private() -> [(&'static str, Value); 6] {
    [
        ("external_ref", Value::Null),
        ("metadata", json!({})),
        ("notes", json!("")),
        ("costing_method", Value::Null),
        ("tags", json!([])),
        ("attachments", json!([])),
    ]
}

/// A record as a caller may see it.
pub struct Seen<T> {
    record: T,
    is_visitor: bool,
}

impl<T> Seen<T> {
    /// Shows a record to a caller.
    pub fn by(caller: &Caller, record: T) -> Self {
        Seen { record, is_visitor: caller.is_publishable() }
    }
}

impl<T> Deref for Seen<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.record
    }
}

impl<T: Serialize> Serialize for Seen<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.is_visitor {
            return self.record.serialize(serializer);
        }
        let mut value = serde_json::to_value(&self.record).map_err(serde::ser::Error::custom)?;
        hide(&mut value);
        value.serialize(serializer)
    }
}

impl<T: Record> Record for Seen<T> {
    type Id = T::Id;

    fn id(&self) -> Uuid {
        self.record.id()
    }

    fn version(&self) -> i32 {
        self.record.version()
    }

    fn updated_at(&self) -> DateTime<Utc> {
        self.record.updated_at()
    }
}

/// Hides what is not for visitors and customers, at any depth.
pub fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(members) => {
            for (name, shown) in private() {
                if let Some(member) = members.get_mut(name) {
                    *member = shown;
                }
            }
            members.values_mut().for_each(hide);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
