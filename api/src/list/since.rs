//! The filter of a list of documents by the time of their last write, with which a client keeps a copy in step.

use chrono::{DateTime, Utc};
use domain::moment::Instant;
use serde::Deserialize;

use crate::params;
use crate::problem::ApiError;

/// The lists of documents that change after they were recorded.
const CHANGING: [&str; 13] = [
    "/v1/attachments",
    "/v1/bills",
    "/v1/counts",
    "/v1/invoices",
    "/v1/landed-costs",
    "/v1/lots",
    "/v1/orders",
    "/v1/purchase-orders",
    "/v1/shipments",
    "/v1/stock/expected-receipts",
    "/v1/stock/holds",
    "/v1/stock/transfers",
    "/v1/vouchers",
];
/// The lists of documents whose own values never change.
const LASTING: [&str; 9] = [
    "/v1/applications",
    "/v1/bank-lines",
    "/v1/journal-entries",
    "/v1/payments",
    "/v1/pos/cash-moves",
    "/v1/pos/sales",
    "/v1/stock/documents",
    "/v1/stock/movements",
    "/v1/supplier-payments",
];

/// The time by which documents are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// When the document last changed.
    Changed,
    /// When the document was recorded.
    Recorded,
}

/// Returns the time by which the list at a path finds documents. None: it has no such filter, or one among its own.
pub fn written_by(path: &str) -> Option<Written> {
    match path {
        path if CHANGING.contains(&path) => Some(Written::Changed),
        path if LASTING.contains(&path) => Some(Written::Recorded),
        _ => None,
    }
}

/// The filter as it is sent.
#[derive(Debug, Deserialize)]
struct Since {
    #[serde(rename = "updated_at[gte]")]
    updated: Option<Instant>,
    #[serde(rename = "created_at[gte]")]
    created: Option<Instant>,
}

/// Splits the filter off a query. Returns the rest of it too.
pub(super) fn split(path: &str, query: &str) -> Result<(Option<DateTime<Utc>>, String), ApiError> {
    let name = match written_by(path) {
        Some(Written::Changed) => "updated_at[gte]",
        Some(Written::Recorded) => "created_at[gte]",
        None => return Ok((None, query.to_owned())),
    };
    let is_since =
        |pair: &&str| form_urlencoded::parse(pair.as_bytes()).next().is_some_and(|(key, _)| key == name);
    let (since, rest): (Vec<&str>, Vec<&str>) =
        query.split('&').filter(|pair| !pair.is_empty()).partition(is_since);
    let Since { updated, created } = params::parse(&since.join("&"))?;
    Ok((updated.or(created).map(Instant::get), rest.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_is_split_off() {
        let instant: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().expect("an instant");
        for name in ["updated_at[gte]", "updated_at%5Bgte%5D"] {
            let query = format!("status=confirmed&{name}=2026-11-22T00:00:00Z");
            let (since, rest) = split("/v1/orders", &query).expect("an instant");
            assert_eq!((since, rest.as_str()), (Some(instant), "status=confirmed"));
        }
        let query = "created_at[gte]=2026-11-22T00:00:00Z";
        assert_eq!(split("/v1/payments", query).expect("an instant").0, Some(instant));
        // Orders have it among their own filters.
        assert_eq!(split("/v1/orders", query).expect("a query").1, query);
        assert!(split("/v1/payments", "created_at[gte]=yesterday").is_err());
    }
}
