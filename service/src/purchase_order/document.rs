//! Purchase orders as documents to print: the order with the names of its products when it was sent, and both parties and the
//! locations as they are now.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::address::{self, Address};
use domain::id::PurchaseOrderId;
use domain::printed::Seller;
use domain::purchase_order::PurchaseOrder;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres, Row};
use uuid::Uuid;

use crate::posting::setup;
use crate::sales_lines::Skus;
use crate::supplier::{self, Supplier};
use crate::{Error, Tx};

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
    pub supplier: Supplier,
    /// First address of the supplier.
    pub supplier_address: Option<Address>,
}

/// Returns a purchase order with all that its document prints.
pub async fn get(tx: &Tx, id: PurchaseOrderId) -> Result<OrderDocument, Error> {
    let (order, currency, skus) = super::get(tx, id).await?;
    let settings = setup::settings(tx).await?;
    let supplier = supplier::get(tx, order.supplier_id).await?;
    let supplier_address =
        address::of_json(&supplier.addresses).into_iter().next().map(|stated| stated.address);
    let products: Vec<Uuid> = order.lines.iter().map(|line| line.product_id.0).collect();
    let locations: Vec<Uuid> = order.lines.iter().map(|line| line.location_id.0).collect();
    let of_products = "select p.id, coalesce(r.name, p.name) as name from product p \
         left join lateral ( \
             select r.name from replaced_product r \
             where r.tenant_id = $1 and r.product_id = p.id and r.replaced_at > $3 order by r.version limit 1) r on true \
         where p.tenant_id = $1 and p.id = any($2)";
    let of_locations = "select id, name from location where tenant_id = $1 and id = any($2)";
    let of_products =
        sqlx::query(of_products).bind(tx.tenant_id.0).bind(products).bind(order.sent_at.unwrap_or(tx.now));
    let of_locations = sqlx::query(of_locations).bind(tx.tenant_id.0).bind(locations);
    Ok(OrderDocument {
        currency,
        day: settings.day(order.sent_at.unwrap_or(order.recorded_at)),
        skus,
        products: names(tx, of_products).await?,
        locations: names(tx, of_locations).await?,
        buyer: setup::seller(tx).await?,
        supplier,
        supplier_address,
        order,
    })
}

async fn names(tx: &Tx, query: Query<'_, Postgres, PgArguments>) -> Result<HashMap<Uuid, String>, Error> {
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("name")?))).collect()
}
