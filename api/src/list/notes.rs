//! The filter of a list by metadata: `metadata[key]=value`.

use actix_web::HttpRequest;
use domain::metadata::{self, Metadata};
use domain::refusal::Problems;
use serde::de::DeserializeOwned;

use crate::params;
use crate::problem::{ApiError, ErrorCode};
use crate::schema::{check_query, explain_query, joined_query};

/// The lists that have it, and the export of products.
const LISTS: [&str; 5] =
    ["/v1/customers", "/v1/orders", "/v1/products", "/v1/products/export", "/v1/suppliers"];
/// Most pairs of one request.
pub const PAIRS_MAX: usize = 5;

/// Whether the list at a path is filtered by metadata.
pub fn has_notes(path: &str) -> bool {
    LISTS.contains(&path)
}

/// Splits the filter off a query. Returns the rest of it too.
pub fn split(path: &str, query: &str) -> Result<(Metadata, String), ApiError> {
    let mut wanted = Metadata::new();
    if !has_notes(path) {
        return Ok((wanted, query.to_owned()));
    }
    let mut rest = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = note(pair) else {
            rest.push(pair);
            continue;
        };
        let fault = match key.as_str() {
            "" => Some("Name a key, such as metadata[shelf].".to_owned()),
            key if wanted.contains_key(key) => Some("Send each key of metadata only once.".to_owned()),
            _ if wanted.len() == PAIRS_MAX => Some(format!("Send at most {PAIRS_MAX} pairs of metadata.")),
            _ => None,
        };
        if let Some(detail) = fault {
            return Err(invalid(&key, detail));
        }
        wanted.insert(key, value);
    }
    check(&wanted)?;
    Ok((wanted, rest.join("&")))
}

/// Returns the metadata and the other parameters of a request for something that is no list.
pub fn params_of<T: DeserializeOwned>(request: &HttpRequest) -> Result<(Metadata, T), ApiError> {
    let query = joined_query(request);
    let read = || -> Result<(Metadata, T), ApiError> {
        let (wanted, rest) = split(request.path(), &query)?;
        let params = params::parse(&rest)?;
        check_query(request, &query)?;
        Ok((wanted, params))
    };
    read().map_err(|error| explain_query(request, error))
}

fn note(pair: &str) -> Option<(String, String)> {
    let (name, value) = form_urlencoded::parse(pair.as_bytes()).next()?;
    let key = name.strip_prefix("metadata[")?.strip_suffix(']')?.to_owned();
    Some((key, value.into_owned()))
}

/// Rejects a pair that no record can have.
fn check(wanted: &Metadata) -> Result<(), ApiError> {
    for (key, value) in wanted {
        let mut problems = Problems::default();
        metadata::check(&mut problems, &Metadata::from([(key.clone(), value.clone())]));
        if let Err(refusal) = problems.check() {
            let detail = refusal.problems.into_iter().next().map(|problem| problem.detail);
            return Err(invalid(key, detail.unwrap_or_default()));
        }
    }
    Ok(())
}

fn invalid(key: &str, detail: String) -> ApiError {
    ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(format!("metadata[{key}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_split_off() {
        let query = "status=active&metadata%5Bshelf%5D=A%2012&metadata[b]=";
        let (wanted, rest) = split("/v1/products", query).expect("pairs");
        let expected = [("b", ""), ("shelf", "A 12")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!((wanted, rest.as_str()), (Metadata::from(expected), "status=active"));
        let (wanted, rest) = split("/v1/locations", "metadata[a]=b").expect("no filter");
        assert_eq!((wanted.len(), rest.as_str()), (0, "metadata[a]=b"));
    }

    #[test]
    fn pairs_that_no_record_has_are_rejected() {
        let many: Vec<String> = (0..=PAIRS_MAX).map(|key| format!("metadata[{key}]=x")).collect();
        let long = format!("metadata[a]={}", "x".repeat(501));
        for query in
            ["metadata[]=x", "metadata[a]=1&metadata[a]=2", "metadata[a]=%00", &long, &many.join("&")]
        {
            assert!(split("/v1/orders", query).is_err(), "{query}");
        }
    }
}
