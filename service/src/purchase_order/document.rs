//! Purchase orders as documents to print: the order with both parties and the names of its products and locations as they were when
//! it was sent. A draft prints them as they are now.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::address::{self, Address};
use domain::id::{PurchaseOrderId, SupplierId};
use domain::printed::Seller;
use domain::purchase_order::PurchaseOrder;
use domain::refusal::Refusal;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres, Row};
use uuid::Uuid;

use crate::posting::setup;
use crate::sales_lines::Skus;
use crate::{Error, Tx, printed};

/// A purchase order with all that its document prints.
#[derive(Debug)]
pub struct OrderDocument {
    pub order: PurchaseOrder,
    /// Tenant's currency.
    pub currency: String,
    /// Day of the order: the one on which it was sent, or else written, in the time zone of the tenant.
    pub day: NaiveDate,
    pub skus: Skus,
    /// Names of the products, by id.
    pub products: HashMap<Uuid, String>,
    /// Names of the locations that get the goods, by id.
    pub locations: HashMap<Uuid, String>,
    /// The tenant, who orders.
    pub buyer: Arc<Seller>,
    pub supplier: PrintedSupplier,
}

/// A supplier, as a purchase order prints it.
#[derive(Debug)]
pub struct PrintedSupplier {
    pub name: String,
    pub tax_number: Option<String>,
    /// First address of the supplier.
    pub address: Option<Address>,
}

/// Returns a purchase order with all that its document prints.
pub async fn get(tx: &Tx, id: PurchaseOrderId) -> Result<OrderDocument, Error> {
    let (order, currency, skus) = super::get(tx, id).await?;
    let settings = setup::settings(tx).await?;
    let printed_at = order.sent_at.unwrap_or(tx.now);
    let supplier = supplier(tx, order.supplier_id, printed_at).await?;
    let products: Vec<Uuid> = order.lines.iter().map(|line| line.product_id.0).collect();
    let locations: Vec<Uuid> = order.lines.iter().map(|line| line.location_id.0).collect();
    let of_products = "select p.id, coalesce(r.name, p.name) as name from product p \
         left join lateral ( \
             select r.name from replaced_product r \
             where r.tenant_id = $1 and r.product_id = p.id and r.replaced_at > $3 order by r.version limit 1) r on true \
         where p.tenant_id = $1 and p.id = any($2)";
    let of_locations = "select l.id, coalesce(r.name, l.name) as name from location l \
         left join lateral ( \
             select r.name from replaced_location r \
             where r.tenant_id = $1 and r.location_id = l.id and r.replaced_at > $3 order by r.version limit 1) r on true \
         where l.tenant_id = $1 and l.id = any($2)";
    let of_products = sqlx::query(of_products).bind(tx.tenant_id.0).bind(products).bind(printed_at);
    let of_locations = sqlx::query(of_locations).bind(tx.tenant_id.0).bind(locations).bind(printed_at);
    Ok(OrderDocument {
        currency,
        day: settings.day(order.sent_at.unwrap_or(order.recorded_at)),
        skus,
        products: names(tx, of_products).await?,
        locations: names(tx, of_locations).await?,
        buyer: buyer(tx, printed_at).await?,
        supplier,
        order,
    })
}

/// Returns what an order prints of its supplier that was sent at an instant.
async fn supplier(tx: &Tx, id: SupplierId, at: DateTime<Utc>) -> Result<PrintedSupplier, Error> {
    let statement = "select coalesce(r.name, s.name) as name, coalesce(r.addresses, s.addresses) as addresses, \
                case when r.version is null then s.tax_number else r.tax_number end as tax_number \
         from supplier s \
         left join lateral ( \
             select r.version, r.name, r.tax_number, r.addresses from replaced_supplier r \
             where r.tenant_id = $1 and r.supplier_id = s.id and r.replaced_at > $3 order by r.version limit 1) r on true \
         where s.tenant_id = $1 and s.id = $2";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(at)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("supplier"))?;
    let addresses = address::of_json(&row.try_get("addresses")?);
    Ok(PrintedSupplier {
        name: row.try_get("name")?,
        tax_number: row.try_get("tax_number")?,
        address: addresses.into_iter().next().map(|stated| stated.address),
    })
}

/// Returns what an order prints of the tenant that was sent at an instant.
async fn buyer(tx: &Tx, at: DateTime<Utc>) -> Result<Arc<Seller>, Error> {
    let statement = "select v.version as seller_version, s.* from ( \
             select coalesce((select min(r.version) from replaced_seller r where r.tenant_id = $1 and r.replaced_at > $2), t.version) \
                    as version \
             from tenant t where t.tenant_id = $1) v \
         cross join lateral printed_seller($1, v.version) s";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(at)).await?;
    printed::seller(&row.ok_or_else(|| Error::invariant("the tenant of the credential does not exist"))?)
}

async fn names(tx: &Tx, query: Query<'_, Postgres, PgArguments>) -> Result<HashMap<Uuid, String>, Error> {
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("name")?))).collect()
}
