//! The areas of the API, which are the tags of its description: what lies at a path is of the area of its beginning.

use serde_json::{Value, json};

/// An area of the API.
struct Area {
    tag: &'static str,
    description: &'static str,
    /// What its paths begin with.
    paths: &'static [&'static str],
}

const AREAS: &[Area] = &[
    Area {
        tag: "Account",
        description: "Who calls: the first call of every integration.",
        paths: &["/v1/me"],
    },
    Area {
        tag: "Authentication",
        description: "Log in as a person, stay logged in, log out.",
        paths: &["/.well-known/jwks.json", "/v1/auth"],
    },
    Area {
        tag: "API keys",
        description: "Keys for machines: create, rotate with an overlap, revoke.",
        paths: &["/v1/api-keys"],
    },
    Area { tag: "Users", description: "People who log in, with roles.", paths: &["/v1/users"] },
    Area {
        tag: "Catalogue",
        description: "Categories, taxes, products with their units and barcodes.",
        paths: &[
            "/v1/barcodes",
            "/v1/categories",
            "/v1/product-groups",
            "/v1/products",
            "/v1/sku-mappings",
            "/v1/tax-classes",
            "/v1/tax-rates",
            "/v1/unmapped-skus",
        ],
    },
    Area {
        tag: "Customers",
        description: "Wholesale accounts and registered retail customers.",
        paths: &["/v1/customers"],
    },
    Area {
        tag: "Prices",
        description: "Price lists, rules and tiers, and the price that results, with its reasons.",
        paths: &["/v1/channel-price-lists", "/v1/price-lists", "/v1/price-tiers", "/v1/prices"],
    },
    Area {
        tag: "Stock",
        description: "Locations, levels, movements, receipts and adjustments: the one stock record of both channels.",
        paths: &["/v1/locations", "/v1/lots", "/v1/reason-codes", "/v1/stock"],
    },
    Area {
        tag: "Counts",
        description: "Count sheets: what is really there, and what to count next.",
        paths: &["/v1/counts"],
    },
    Area {
        tag: "Orders",
        description: "Wholesale: order, confirm, ship, invoice, cancel, return.",
        paths: &["/v1/invoices", "/v1/orders", "/v1/returns", "/v1/shipments"],
    },
    Area {
        tag: "Payments",
        description: "What customers paid and which invoices it settled.",
        paths: &["/v1/payments"],
    },
    Area {
        tag: "Point of sale",
        description: "Tills: registers, sessions, sales and refunds.",
        paths: &["/v1/pos", "/v1/registers"],
    },
    Area {
        tag: "Ledger",
        description: "Accounts, journal entries and the trial balance.",
        paths: &["/v1/accounts", "/v1/journal-entries", "/v1/settings", "/v1/trial-balance"],
    },
    Area { tag: "Audit", description: "Who did what, and when.", paths: &["/v1/commands"] },
    Area {
        tag: "Events",
        description: "What happened, in the order in which it did: pulled, or pushed as it happens.",
        paths: &["/v1/events", "/v1/stream"],
    },
    Area {
        tag: "Reports",
        description: "Figures as flat tables: revenue, margin, stock and more.",
        paths: &["/graphql", "/v1/reports"],
    },
    Area {
        tag: "Integrity",
        description: "Proof that stock, cost and ledger agree.",
        paths: &["/v1/integrity"],
    },
    Area { tag: "Health", description: "For load balancers and monitoring.", paths: &["/livez", "/readyz"] },
    Area {
        tag: "Errors",
        description: "What the API says about itself: its description and its error codes.",
        paths: &["/errors", "/openapi.json"],
    },
];

/// Where a `POST` posts a document.
const DOCUMENTS: &[&str] = &[
    "/v1/counts",
    "/v1/journal-entries",
    "/v1/lots/{id}/recall",
    "/v1/orders",
    "/v1/payments",
    "/v1/pos",
    "/v1/returns",
    "/v1/stock",
];

/// The tag of what lies at `path`.
pub fn tag(path: &str) -> Option<&'static str> {
    let area = AREAS.iter().find(|area| area.paths.iter().any(|start| begins(path, start)))?;
    Some(area.tag)
}

/// Whether a `POST` at `path` posts a document.
pub fn posts_documents(path: &str) -> bool {
    DOCUMENTS.iter().any(|start| begins(path, start))
}

/// The tags that the paths of `document` have, as the document lists them.
pub fn tags(document: &Value) -> Value {
    let paths = || document["paths"].as_object().into_iter().flatten().map(|(path, _)| path);
    let used = AREAS.iter().filter(|area| paths().any(|path| tag(path) == Some(area.tag)));
    used.map(|area| json!({ "name": area.tag, "description": area.description })).collect()
}

fn begins(path: &str, start: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_the_area_of_its_beginning() {
        assert_eq!(tag("/v1/pos/sales/{id}"), Some("Point of sale"));
        assert_eq!(tag("/v1/position"), None);
        assert!(posts_documents("/v1/lots/{id}/recall"));
        assert!(!posts_documents("/v1/lots/{id}"));
    }
}
