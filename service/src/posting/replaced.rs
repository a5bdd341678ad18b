//! Reads what was replaced since the earliest time that a command names: list prices, and the records that receipts of tills print.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::address::{self, Address, AddressUse};
use domain::book::Book;
use domain::id::{CustomerId, ProductId};
use domain::needs::Needs;
use domain::printed::{PrintedCustomer, PrintedProduct, Seller};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde_json::Value;
use uuid::Uuid;

use crate::listing::optional_number;
use crate::rows::uuids;
use crate::{Error, Tx};

/// A price has no version, so it comes first. The versions of a record are read in their order.
const REPLACED: &str = "select 'price' as kind, r.product_id as id, nullif(r.uom, '') as code, r.replaced_at, 0 as version, r.price, \
            null::text as name, null::text as other, null::jsonb as address, null::text as logo_url \
     from replaced_price r where r.tenant_id = $1 and r.product_id = any($2) and r.replaced_at > $4 \
     union all \
     select 'product', r.product_id, r.sku, r.replaced_at, r.version, null, r.name, t.name, null, null \
     from replaced_product r join tax_class t on t.tenant_id = r.tenant_id and t.id = r.tax_class_id \
     where r.tenant_id = $1 and r.product_id = any($2) and r.replaced_at > $4 \
     union all \
     select 'customer', r.customer_id, r.number, r.replaced_at, r.version, null, r.name, r.tax_number, r.addresses, null \
     from replaced_customer r where r.tenant_id = $1 and r.customer_id = any($3) and r.replaced_at > $4 \
     union all \
     select 'seller', r.tenant_id, null, r.replaced_at, r.version, null, r.name, r.tax_number, r.address, r.logo_url \
     from replaced_seller r where r.tenant_id = $1 and r.replaced_at > $4 \
     order by version";

/// Adds what was replaced to the book. Runs one statement, and none for a batch of now.
pub(super) async fn load(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    let Some(since) = needs.earliest.filter(|at| (needs.prices || needs.prints) && *at < tx.now) else {
        return Ok(());
    };
    let products: BTreeSet<ProductId> = book.products.keys().copied().collect();
    let refunded = book.sold.values().flatten().filter_map(|line| line.customer_id);
    let customers: BTreeSet<CustomerId> = book.customers.keys().copied().chain(refunded).collect();
    let query = sqlx::query(REPLACED)
        .bind(tx.tenant_id.0)
        .bind(uuids(&products, |id| id.0))
        .bind(uuids(&customers, |id| id.0))
        .bind(since);
    for row in tx.rows(query).await? {
        add(book, &row)?;
    }
    Ok(())
}

fn add(book: &mut Book, row: &PgRow) -> Result<(), Error> {
    let id: Uuid = row.try_get("id")?;
    let until: DateTime<Utc> = row.try_get("replaced_at")?;
    let code: Option<String> = row.try_get("code")?;
    let records = &mut book.replaced.records;
    match row.try_get::<&str, _>("kind")? {
        "price" => book.replaced.prices.add((ProductId(id), code), until, optional_number(row, "price")?),
        "product" => {
            let product = PrintedProduct {
                version: row.try_get("version")?,
                sku: code.unwrap_or_default(),
                name: row.try_get("name")?,
                tax_name: row.try_get("other")?,
            };
            records.add_product(ProductId(id), until, product);
        }
        "customer" => {
            let addresses = address::of_json(&row.try_get("address")?);
            let customer = PrintedCustomer {
                version: row.try_get("version")?,
                number: code.unwrap_or_default(),
                name: row.try_get("name")?,
                tax_number: row.try_get("other")?,
                bill_to: AddressUse::Billing.among(&addresses).cloned().map(Into::into),
            };
            records.add_customer(CustomerId(id), until, customer);
        }
        _ => {
            let address: Option<Value> = row.try_get("address")?;
            let seller = Seller {
                version: row.try_get("version")?,
                name: row.try_get("name")?,
                tax_number: row.try_get("other")?,
                address: address.and_then(|address| Address::of_json(&address)),
                logo_url: row.try_get("logo_url")?,
            };
            records.add_seller(until, seller);
        }
    }
    Ok(())
}
