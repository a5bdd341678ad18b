//! Query parameters and path ids.

use std::fmt;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use domain::id::InvalidId;
use serde::Deserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::body::{of_values, sentence};
use crate::problem::{ApiError, ErrorCode, shorten};
use crate::schema::{check_query, explain_query, joined_query};

/// Query parameters. `T` should reject unknown ones (`#[serde(deny_unknown_fields)]`).
#[derive(Debug, Clone)]
pub struct Params<T>(pub T);

impl<T> Deref for Params<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = joined_query(request);
        let read = parse(&query).and_then(|params| check_query(request, &query).map(|()| Params(params)));
        ready(read.map_err(|error| explain_query(request, error)))
    }
}

/// Returns the parameters of a request that can be read, although some may break the description of the operation.
pub fn readable<T: DeserializeOwned>(request: &HttpRequest) -> Option<T> {
    parse(&joined_query(request)).ok()
}

/// Parses a query string. Every error names its parameter.
pub fn parse<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let text = error.inner().to_string();
        let text = shorten(&text);
        let named = text.split('`').nth(1).unwrap_or_default();
        if text.starts_with("unknown field `") {
            let detail = "There is no such parameter here. Leave it out.";
            return ApiError::new(ErrorCode::UnknownField, detail).at_parameter(named);
        }
        if text.starts_with("missing field `") {
            return ApiError::new(ErrorCode::InvalidParameter, "This parameter is required.")
                .at_parameter(named);
        }
        if text.starts_with("duplicate field `") {
            return ApiError::new(ErrorCode::InvalidParameter, "Send this parameter only once.")
                .at_parameter(named);
        }
        ApiError::new(ErrorCode::InvalidParameter, sentence(&of_values(&text)))
            .at_parameter(error.path().to_string())
    })
}

/// Parses a comma-separated list, for `#[serde(default, deserialize_with = "listed")]`.
pub fn listed<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let text: String = serde::Deserialize::deserialize(deserializer)?;
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| T::deserialize(part.to_owned().into_deserializer())).collect()
}

/// A list of codes, separated by commas. A comma may be part of a code, so the whole text counts as a code too.
#[derive(Debug, Default, Clone)]
pub struct Codes {
    /// The parts between commas.
    pub parts: Vec<String>,
    /// The whole text, if it has a comma.
    pub whole: Option<String>,
}

impl From<Vec<String>> for Codes {
    fn from(parts: Vec<String>) -> Self {
        Codes { parts, whole: None }
    }
}

impl<'de> serde::Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: String = serde::Deserialize::deserialize(deserializer)?;
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let parts = parts.map(str::to_owned).collect();
        Ok(Codes { parts, whole: text.contains(',').then_some(text) })
    }
}

/// The `{id}` of the path. A malformed id is rejected with 400 `invalid_id`. A well-formed id of no record of the
/// tenant leads to 404.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<T> FromRequest for PathId<T>
where
    T: FromStr<Err = InvalidId> + fmt::Debug,
{
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().query("id");
        ready(text.parse().map(PathId).map_err(|error: InvalidId| {
            ApiError::new(ErrorCode::InvalidId, sentence(&error.to_string())).at_parameter("id")
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filters {
        limit: Option<u32>,
        #[serde(default, deserialize_with = "listed")]
        sizes: Vec<Size>,
        #[serde(rename = "created_at[gte]")]
        created_from: Option<chrono::DateTime<chrono::Utc>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Size {
        Small,
        Large,
    }

    #[test]
    fn lists_are_split_at_commas() {
        let sizes = |query: &str| parse::<Filters>(query).map(|filters| filters.sizes);
        assert_eq!(sizes("").expect("none"), []);
        assert_eq!(sizes("sizes=").expect("none"), []);
        assert_eq!(sizes("sizes=large,%20small,").expect("two"), [Size::Large, Size::Small]);
        assert_eq!(refused("sizes=large,huge"), (ErrorCode::InvalidParameter, Some("sizes".into())));
    }

    fn refused(query: &str) -> (ErrorCode, Option<String>) {
        let error = parse::<Filters>(query).expect_err("a refusal");
        (error.code(), error.errors().first().and_then(|field| field.parameter.clone()))
    }

    #[test]
    fn names_the_parameter() {
        let filters =
            parse::<Filters>("limit=5&created_at%5Bgte%5D=2026-01-01T00:00:00%2B01:00").expect("filters");
        assert_eq!(filters.limit, Some(5));
        assert!(filters.created_from.is_some());
        assert_eq!(refused("limitt=5"), (ErrorCode::UnknownField, Some("limitt".into())));
        assert_eq!(refused("limit=x"), (ErrorCode::InvalidParameter, Some("limit".into())));
        assert_eq!(refused("limit=1&limit=2"), (ErrorCode::InvalidParameter, Some("limit".into())));
        assert_eq!(
            refused("created_at[gte]=x"),
            (ErrorCode::InvalidParameter, Some("created_at[gte]".into()))
        );
    }
}
