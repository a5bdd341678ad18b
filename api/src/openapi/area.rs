//! Areas of the API, which are the tags of its description. The tag of a path follows from its beginning.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Tags, each with its description and the beginnings of its paths.
const AREAS: &[(&str, &str, &[&str])] = &[
    ("Account", "The caller: the first call of every integration.", &["/v1/limits", "/v1/me"]),
    ("Authentication", "Log in as a person, refresh, log out.", &["/.well-known/jwks.json", "/v1/auth"]),
    ("API keys", "Keys for programs: create, rotate with an overlap, revoke.", &["/v1/api-keys"]),
    (
        "BI logins",
        "Database logins of BI tools, which read the views of the schema bi by SQL.",
        &["/v1/bi-logins"],
    ),
    (
        "Users",
        "People who log in, with roles.",
        &["/v1/custom-roles", "/v1/identity-providers", "/v1/invitations", "/v1/roles", "/v1/users"],
    ),
    (
        "Catalogue",
        "Categories, taxes, products with their units and barcodes.",
        &[
            "/v1/barcodes",
            "/v1/categories",
            "/v1/product-groups",
            "/v1/products",
            "/v1/sku-mappings",
            "/v1/tax-classes",
            "/v1/tax-rates",
            "/v1/unmapped-skus",
        ],
    ),
    ("Attachments", "Files of records, and images of products.", &["/v1/attachments"]),
    (
        "Customers",
        "Wholesale accounts and registered retail customers, and sessions in which they act for themselves.",
        &["/v1/customer-sessions", "/v1/customers"],
    ),
    (
        "Prices",
        "Price lists, rules and tiers, and quotes with a price trace.",
        &["/v1/channel-price-lists", "/v1/price-lists", "/v1/price-tiers", "/v1/prices"],
    ),
    (
        "Stock",
        "Locations, levels, movements, receipts and adjustments: one stock record for both channels.",
        &["/v1/locations", "/v1/lots", "/v1/reason-codes", "/v1/stock"],
    ),
    (
        "Replenishment",
        "What to order or to transfer, how much, when and why, and the settings of the rule.",
        &["/v1/replenishment"],
    ),
    ("Counts", "Count sheets, and the plan of what to count next.", &["/v1/counts"]),
    (
        "Purchasing",
        "Suppliers with their products and prices, purchase orders from the draft to the last receipt, landed costs, bills and their payments.",
        &["/v1/bills", "/v1/landed-costs", "/v1/purchase-orders", "/v1/supplier-payments", "/v1/suppliers"],
    ),
    (
        "Orders",
        "Wholesale: order, confirm, ship, invoice, cancel, return.",
        &["/v1/invoices", "/v1/orders", "/v1/returns", "/v1/shipments"],
    ),
    (
        "Payments",
        "Payments of customers, the invoices that they settle, reversals, payouts and bank statements.",
        &["/v1/applications", "/v1/bank-lines", "/v1/bank-statements", "/v1/payments", "/v1/payouts"],
    ),
    (
        "Point of sale",
        "Tills, their sessions, sales, refunds, cash moves, vouchers and payments on card terminals.",
        &["/v1/payment-intents", "/v1/payment-providers", "/v1/pos", "/v1/registers", "/v1/vouchers"],
    ),
    (
        "Ledger",
        "Accounts, journal entries, exchange rates, the trial balance, and closing a month or a year.",
        &[
            "/v1/account-mapping",
            "/v1/accounts",
            "/v1/close",
            "/v1/exchange-rates",
            "/v1/foreign-valuations",
            "/v1/journal-entries",
            "/v1/journal-export",
            "/v1/opening-balances",
            "/v1/period-locks",
            "/v1/recurring-entries",
            "/v1/settings",
            "/v1/trial-balance",
            "/v1/year-close",
        ],
    ),
    (
        "Audit",
        "Commands with their callers and times, refusals of access, the log of requests, and jobs.",
        &["/v1/access-refusals", "/v1/commands", "/v1/jobs", "/v1/request-log"],
    ),
    (
        "Events",
        "Events in their order, read page by page or streamed as they happen.",
        &["/v1/events", "/v1/stream", "/v1/stream-tickets"],
    ),
    (
        "Reconciliation",
        "Other systems that hold the same stock: what they say, where they differ, and the first fix.",
        &["/v1/reconciliation"],
    ),
    (
        "Webhooks",
        "Endpoints of other systems that events are sent to, and what was sent.",
        &["/v1/webhook-deliveries", "/v1/webhook-endpoints"],
    ),
    ("Reports", "Figures as flat tables: revenue, margin, stock and more.", &["/graphql", "/v1/reports"]),
    ("Integrity", "Check that stock, cost and ledger agree.", &["/v1/integrity"]),
    ("Health", "For load balancers and monitoring.", &["/livez", "/readyz"]),
    ("Errors", "Description of the API, and its error codes.", &["/errors", "/openapi.json"]),
];

/// Returns the tag of a path.
pub fn tag(path: &str) -> Option<&'static str> {
    let is_of = |(.., paths): &&(_, _, &[&str])| paths.iter().any(|start| begins(path, start));
    AREAS.iter().find(is_of).map(|(tag, ..)| *tag)
}

/// Returns the tags of the paths of `document`, as the document lists them.
pub fn tags(document: &Value) -> Value {
    let paths = document["paths"].as_object().into_iter().flatten();
    let used: BTreeSet<&str> = paths.filter_map(|(path, _)| tag(path)).collect();
    let areas = AREAS.iter().filter(|(tag, ..)| used.contains(tag));
    areas.map(|(tag, description, _)| json!({ "name": tag, "description": description })).collect()
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
    }
}
