//! Scopes, roles and kinds of keys in JSON and in the API's description.

use domain::refusal::{Problems, Refusal};
use serde_json::json;
use service::auth::{KeyKind, KeyMode};
use service::scope::Scope;
use strum::IntoEnumIterator;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Schema, Type};

/// The default: a key for servers.
pub(super) fn server_key() -> KeyKind {
    KeyKind::Sk
}

/// The default: a live key.
pub(super) fn live_key() -> KeyMode {
    KeyMode::Live
}

/// Parses scopes. Reports each unknown one with its pointer.
pub(super) fn parse_scopes(texts: &[String]) -> Result<Vec<Scope>, Refusal> {
    let mut problems = Problems::default();
    let mut scopes = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(scope) => scopes.push(scope),
            Err(_) => problems.invalid(format!("/scopes/{index}"), "There is no such scope."),
        }
    }
    problems.check()?;
    Ok(scopes)
}

/// A list of scopes.
pub(super) fn scopes_schema() -> Schema {
    let scope =
        word("A permission, as `resource:action`. New ones may appear.", Scope::iter().map(Scope::as_str));
    ArrayBuilder::new()
        .items(scope)
        .max_items(Some(64))
        .examples([json!(["catalog:read", "orders:write"])])
        .into()
}

/// A kind of key.
pub(super) fn kind_schema() -> Object {
    word("`sk` for servers, `pk` for browsers.", [KeyKind::Sk, KeyKind::Pk].map(Into::into))
}

/// A mode of key.
pub(super) fn mode_schema() -> Object {
    word("`live` or `test`.", [KeyMode::Live, KeyMode::Test].map(Into::into))
}

fn word(description: &str, words: impl IntoIterator<Item = &'static str>) -> Object {
    let words: Vec<&str> = words.into_iter().collect();
    let example = json!(words.first());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(words))
        .examples([example])
        .build()
}
