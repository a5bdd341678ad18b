//! The members of objects: of a body, which may have millions of which two are kept, and of a row, of which none is lost.

use std::fmt;

use domain::refusal::Code;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::problem::{ApiError, ErrorCode};
use crate::schema::json;

/// Name of the member with the rows.
const DATA: &str = "data";

/// The members of an object.
#[derive(Debug, Default)]
pub(super) struct Members<'r> {
    /// The member `data`.
    data: Option<&'r RawValue>,
    /// Whether there is a second member `data`.
    is_repeated: bool,
    /// Name of the first other member.
    other: Option<String>,
}

impl<'r> Members<'r> {
    /// Returns the member `data`, or nothing if the object is a row. Rejects other members beside it.
    pub(super) fn data(self) -> Result<Option<&'r RawValue>, ApiError> {
        let Members { data, is_repeated, other } = self;
        if is_repeated {
            let detail = "This field is sent twice: send it once.";
            return Err(ApiError::new(Code::ValidationFailed, detail).at_pointer("/data"));
        }
        if let (Some(_), Some(name)) = (data, &other) {
            let mut pointer = String::new();
            json::push(&mut pointer, name);
            let detail = "There is no such field here. Leave it out.";
            return Err(ApiError::new(ErrorCode::UnknownField, detail).at_pointer(&pointer));
        }
        Ok(data)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

/// The members of a row in their order. One that is sent twice is there twice.
#[derive(Debug)]
pub(super) struct Fields(pub(super) Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Row)
    }
}

struct Row;

impl<'de> Visitor<'de> for Row {
    type Value = Fields;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Members<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<String>()? {
            if name != DATA {
                map.next_value::<IgnoredAny>()?;
                members.other.get_or_insert(name);
            } else if members.data.is_some() {
                map.next_value::<IgnoredAny>()?;
                members.is_repeated = true;
            } else {
                members.data = Some(map.next_value()?);
            }
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    /// Returns the member `data`, or the code and the pointer of the rejection.
    fn data(text: &str) -> Result<Option<&str>, (ErrorCode, Option<String>)> {
        let members = body::parse_object::<Members<'_>>(text.as_bytes()).expect("an object");
        let found = members.data().map(|data| data.map(RawValue::get));
        found.map_err(|error| (error.code(), error.errors()[0].pointer.clone()))
    }

    #[test]
    fn an_object_has_rows_or_is_one() {
        assert_eq!(data(r#"{ "data": [ 1 ] }"#), Ok(Some("[ 1 ]")));
        assert_eq!(data(r#"{"item":"A","category":null}"#), Ok(None));
        assert_eq!(data("{}"), Ok(None));
        let at = |code: ErrorCode, pointer: &str| Err((code, Some(pointer.to_owned())));
        let unknown = ErrorCode::UnknownField;
        assert_eq!(data(r#"{"rows":[],"data":[],"a":1}"#), at(unknown, "#/rows"));
        assert_eq!(data(r#"{"data":[],"a/b":1}"#), at(unknown, "#/a~1b"));
        assert_eq!(
            data(r#"{"data":[{}],"data":[]}"#),
            at(Code::ValidationFailed.into(), "#/data"),
            "no row is lost"
        );
    }
}
