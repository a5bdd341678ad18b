//! Requests of another tenant that name records in their bodies, and the own records that they need.

use serde_json::{Value, json};
use tests::{Tenant, Till, lines};

/// The other tenant's own records, which its requests need.
pub struct Own {
    till: Till,
    customer: String,
    product: String,
    supplier: String,
}

/// Makes the other tenant's own records.
pub async fn own_records(tenant: &Tenant) -> Own {
    let product = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
    let supplier = json!({ "code": "POTTERY", "name": "Pottery" });
    Own {
        till: tenant.till().await,
        customer: tenant.customer("Nordwind Supply").await,
        product: product.id,
        supplier: tenant.make("/v1/suppliers", supplier).await,
    }
}

/// Letters of an id that does not exist.
const LETTERS: &str = "01h455vb4pex5vsknk084sn02q";

/// Returns a valid body for an operation that names a record in its path; `None` if the path names no record.
pub fn body(operation: &str, own: &Own) -> Option<Value> {
    match operation {
        "channel_price_lists_delete"
        | "channel_price_lists_put"
        | "closes_create"
        | "closes_get"
        | "closes_reopen"
        | "foreign_valuations_create"
        | "foreign_valuations_get"
        | "reports_get"
        | "year_closes_create" => None,
        "pos_sessions_close" => Some(json!({ "register_id": own.till.register_id, "counted": "0" })),
        "bundles_put" => Some(json!({ "components": [{ "sku": "MUG", "quantity": "1" }] })),
        "counts_enter" => Some(json!({ "entries": [{ "sku": "MUG", "quantity": "1" }] })),
        "orders_amend" => Some(json!({ "lines": [{ "line_no": 1, "quantity": "1" }] })),
        "counts_recount" => Some(json!({ "lines": [1] })),
        "reconciliation_episodes_resolve" => Some(json!({ "class": "missed_sale" })),
        "sale_exceptions_resolve" => Some(json!({ "resolution": "Old price tag" })),
        "counts_reverse" => Some(json!({ "reason": "The wrong shelf" })),
        "payments_reverse" | "supplier_payments_reverse" | "bills_reverse" => {
            Some(json!({ "reason": "Account closed" }))
        }
        "supplier_products_import" => Some(json!({ "items": [{ "sku": "CUP", "unit_cost": "1" }] })),
        "bank_lines_accept" => Some(json!({ "invoice_id": format!("inv_{LETTERS}") })),
        "bank_lines_match" => Some(json!({ "payments": [{ "payment_id": format!("pay_{LETTERS}") }] })),
        "supplier_payments_apply" => {
            Some(json!({ "bills": [{ "bill_id": format!("bll_{LETTERS}"), "amount": "1" }] }))
        }
        "bills_credit" => Some(json!({ "supplier_number": "GS-1", "dated": "2026-01-02",
            "lines": [{ "line_no": 1, "value": "1" }] })),
        "purchase_orders_return" => Some(json!({ "receipt_id": format!("std_{LETTERS}"),
            "lines": [{ "line_no": 1, "quantity": "1" }] })),
        "purchase_orders_reverse_return" => {
            Some(json!({ "return_id": format!("std_{LETTERS}"), "reason": "It was not sent" }))
        }
        "landed_costs_reverse" => Some(json!({ "reason": "Billed twice" })),
        "lots_recall" => Some(json!({ "reason": "Glass in the jar" })),
        "webhook_endpoints_replay" => Some(json!({ "since": "2026-01-02T10:00:00Z" })),
        "reorder_settings_put" => Some(json!({ "reorder_point": "1" })),
        "holds_extend" => Some(json!({ "expires_at": "2999-01-01T00:00:00Z" })),
        "expected_receipts_reschedule" => Some(json!({ "expected_on": "2999-01-01" })),
        "price_rules_create" => Some(json!({ "scope": "all", "method": "fixed", "value": "1" })),
        "price_rules_create_batch" => {
            Some(json!({ "items": [{ "scope": "all", "method": "fixed", "value": "1" }] }))
        }
        _ => Some(json!({})),
    }
}

/// A path, a pointer to an id in the body, the kind of that id, and a body that is valid except for the id.
pub type Reference = (&'static str, &'static str, &'static str, Value);

/// Returns requests whose bodies name records.
pub fn references(own: &Own) -> Vec<Reference> {
    let mut references = document_references(own);
    references.extend(stock_references(own));
    references.extend(purchase_references(own));
    references.extend(record_references());
    references
}

fn document_references(own: &Own) -> Vec<Reference> {
    let line = || lines(&[("MUG", "1")]);
    let sold_by_id = json!([{ "product_id": own.product, "quantity": "1" }]);
    let register = &own.till.register_id;
    let cash = || json!([{ "kind": "cash" }]);
    let sale = json!({ "register_id": register, "customer_id": own.customer, "lines": sold_by_id, "tenders": cash() });
    let order = json!({ "customer_id": own.customer, "location_id": "", "lines": sold_by_id });
    let mut at_main = order.clone();
    at_main.as_object_mut().expect("an order").remove("location_id");
    let back = json!({ "customer_id": own.customer, "original_id": "" });
    let back_here = json!({ "customer_id": own.customer, "location_id": "", "lines": line() });
    let refund = json!({ "register_id": register, "original_id": "", "tenders": cash() });
    let paid = json!({ "customer_id": own.customer, "method": "bank", "amount": "1" });
    let mut allocated = paid.clone();
    allocated["allocations"] = json!([{ "invoice_id": "", "amount": "1" }]);
    vec![
        ("/v1/pos/sales", "/register_id", "reg", sale.clone()),
        ("/v1/pos/sales", "/customer_id", "cus", sale.clone()),
        ("/v1/pos/sales", "/lines/0/product_id", "prd", sale.clone()),
        ("/v1/pos/refunds", "/original_id", "sal", refund.clone()),
        (
            "/v1/pos/refunds",
            "/register_id",
            "reg",
            json!({ "register_id": "", "lines": line(), "tenders": cash() }),
        ),
        ("/v1/pos/sessions", "/register_id", "reg", json!({ "register_id": "" })),
        (
            "/v1/pos/cash-moves",
            "/register_id",
            "reg",
            json!({ "register_id": "", "kind": "paid_in", "amount": "1", "reason": "x" }),
        ),
        ("/v1/orders", "/customer_id", "cus", at_main.clone()),
        ("/v1/orders", "/lines/0/product_id", "prd", at_main),
        ("/v1/orders", "/location_id", "loc", order),
        ("/v1/returns", "/original_id", "inv", back),
        ("/v1/returns", "/location_id", "loc", back_here),
        ("/v1/returns", "/customer_id", "cus", json!({ "customer_id": "", "lines": line() })),
        ("/v1/payments", "/customer_id", "cus", paid),
        ("/v1/payments", "/allocations/0/invoice_id", "inv", allocated),
        ("/v1/payouts", "/customer_id", "cus", json!({ "customer_id": "", "method": "bank" })),
        (
            "/v1/vouchers",
            "/customer_id",
            "cus",
            json!({ "customer_id": "", "amount": "1", "method": "bank" }),
        ),
        (
            "/v1/vouchers",
            "/register_id",
            "reg",
            json!({ "register_id": "", "amount": "1", "method": "cash" }),
        ),
        ("/v1/applications", "/customer_id", "cus", json!({ "customer_id": "" })),
        ("/v1/pos/sales", "/hold_id", "hld", with(&sale, "hold_id")),
    ]
}

fn purchase_references(own: &Own) -> Vec<Reference> {
    const PURCHASES: &str = "/v1/purchase-orders";
    let line = json!({ "product_id": own.product, "quantity": "1", "unit_cost": "1", "location_id": "" });
    let elsewhere = json!({ "supplier_id": own.supplier, "lines": [line] });
    let mut order = elsewhere.clone();
    order["lines"][0].as_object_mut().expect("a line").remove("location_id");
    let freight = json!({ "charges": [{ "kind": "freight", "amount": "1" }], "spread_by": "quantity",
        "receipts": [{ "stock_document_id": "" }] });
    let bill = |mut line: Value| {
        line["quantity"] = json!("1");
        line["unit_cost"] = json!("1");
        json!({ "supplier_id": own.supplier, "supplier_number": "1", "dated": "2026-01-02", "lines": [line] })
    };
    let unknown = "bll_01h455vb4pex5vsknk084sn02q";
    let payment = json!({ "supplier_id": own.supplier, "bills": [{ "bill_id": unknown, "amount": "1" }] });
    vec![
        ("/v1/landed-costs", "/receipts/0/stock_document_id", "std", freight),
        (PURCHASES, "/supplier_id", "sup", order.clone()),
        (PURCHASES, "/lines/0/product_id", "prd", order.clone()),
        (PURCHASES, "/lines/0/location_id", "loc", elsewhere),
        (PURCHASES, "/location_id", "loc", with(&order, "location_id")),
        ("/v1/bills", "/supplier_id", "sup", bill(json!({ "account": "5300" }))),
        (
            "/v1/bills",
            "/lines/0/purchase_order_id",
            "por",
            bill(json!({ "purchase_order_id": "", "order_line_no": 1 })),
        ),
        ("/v1/bills", "/lines/0/receipt_id", "std", bill(json!({ "receipt_id": "", "receipt_line_no": 1 }))),
        ("/v1/supplier-payments", "/supplier_id", "sup", payment.clone()),
        ("/v1/supplier-payments", "/bills/0/bill_id", "bll", payment),
    ]
}

fn stock_references(own: &Own) -> Vec<Reference> {
    let line = || lines(&[("MUG", "1")]);
    let by_id = json!([{ "product_id": own.product, "quantity": "1", "unit_cost": "1" }]);
    vec![
        ("/v1/stock/documents", "/lines/0/product_id", "prd", json!({ "kind": "receipt", "lines": by_id })),
        (
            "/v1/stock/holds",
            "/customer_id",
            "cus",
            json!({ "kind": "quarantine", "customer_id": "", "lines": line() }),
        ),
        (
            "/v1/stock/holds",
            "/location_id",
            "loc",
            json!({ "kind": "quarantine", "location_id": "", "lines": line() }),
        ),
        (
            "/v1/stock/holds",
            "/register_id",
            "reg",
            json!({ "kind": "till_allotment", "register_id": "", "expires_at": "2999-01-01T00:00:00Z", "lines": line() }),
        ),
        ("/v1/stock/transfers", "/to_location_id", "loc", json!({ "to_location_id": "", "lines": line() })),
        (
            "/v1/stock/expected-receipts",
            "/location_id",
            "loc",
            json!({ "expected_on": "2999-01-01", "location_id": "", "lines": line() }),
        ),
        (
            "/v1/stock/documents",
            "/expected_receipt_id",
            "exr",
            json!({ "kind": "receipt", "expected_receipt_id": "", "lines": by_id }),
        ),
        ("/v1/replenishment/backtest", "/product_ids/0", "prd", json!({ "product_ids": [""] })),
        (
            "/v1/replenishment/backtest",
            "/location_id",
            "loc",
            json!({ "product_ids": [own.product], "location_id": "" }),
        ),
        ("/v1/counts", "/location_id", "loc", json!({ "location_id": "" })),
        ("/v1/counts", "/category_id", "cat", json!({ "category_id": "" })),
        ("/v1/counts", "/product_ids/0", "prd", json!({ "product_ids": [""] })),
        (
            "/v1/stock/documents",
            "/location_id",
            "loc",
            json!({ "kind": "receipt", "location_id": "", "lines": by_id }),
        ),
    ]
}

/// Returns a body that names a record in one more field.
fn with(body: &Value, field: &str) -> Value {
    let mut body = body.clone();
    body[field] = json!("");
    body
}

fn record_references() -> Vec<Reference> {
    let line = || lines(&[("MUG", "1")]);
    let product =
        json!({ "sku": "NEW", "name": "New", "category_id": "", "tax_class_id": "", "group_id": "" });
    let one = |field: &str| {
        let mut one = product.clone();
        one.as_object_mut()
            .expect("a product")
            .retain(|name, _| name == "sku" || name == "name" || name == field);
        one
    };
    let customer = |field: &str| {
        let mut customer = json!({ "kind": "retail", "name": "New" });
        customer[field] = json!("");
        customer
    };
    vec![
        ("/v1/products", "/category_id", "cat", one("category_id")),
        ("/v1/products", "/tax_class_id", "txc", one("tax_class_id")),
        ("/v1/products", "/group_id", "grp", one("group_id")),
        (
            "/v1/sku-mappings",
            "/product_id",
            "prd",
            json!({ "system": "shop", "external_sku": "1", "product_id": "" }),
        ),
        ("/v1/categories", "/parent_id", "cat", json!({ "code": "new", "name": "New", "parent_id": "" })),
        ("/v1/customer-sessions", "/customer_id", "cus", json!({ "customer_id": "" })),
        ("/v1/customers", "/price_tier_id", "tir", customer("price_tier_id")),
        ("/v1/customers", "/price_list_id", "prl", customer("price_list_id")),
        (
            "/v1/price-tiers",
            "/price_list_id",
            "prl",
            json!({ "code": "new", "name": "New", "price_list_id": "" }),
        ),
        ("/v1/registers", "/location_id", "loc", json!({ "code": "NEW", "name": "New", "location_id": "" })),
        ("/v1/tax-rates", "/tax_class_id", "txc", json!({ "tax_class_id": "", "rate": "1" })),
        (
            "/v1/prices/resolve",
            "/customer_id",
            "cus",
            json!({ "customer_id": "", "channel": "retail", "lines": line() }),
        ),
        (
            "/v1/prices/resolve",
            "/location_id",
            "loc",
            json!({ "location_id": "", "channel": "retail", "lines": line() }),
        ),
    ]
}
