//! Products of suppliers: the supplier's SKU, the unit and the quantities that it sells, and its prices.

pub mod price_list;

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{ProductId, SupplierId};
use domain::number::{Price, PriceInCurrency, Quantity};
use domain::product::ProductKind;
use domain::refusal::{Problems, Refusal};
use domain::supplier::{self, SupplierPrice};
use domain::tag;
use domain::text::{Line64, one_form};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::input::decimals_of;
use crate::listing::{Listing, Slice, number, optional_number, word};
use crate::{Error, Tx, input};

/// A product of a supplier, as a caller states it. An absent field is not set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierProductInput {
    /// Supplier's own code of the product.
    #[serde(default)]
    pub supplier_sku: Option<Line64>,
    /// Unit that the supplier sells: the stock unit of the product, or another of its units. The default is the stock unit.
    #[serde(default)]
    #[schema(min_length = 2, max_length = 3, example = "XBX")]
    pub uom: Option<String>,
    /// Smallest quantity of an order line, in that unit. Zero: any.
    #[serde(default)]
    pub min_order_quantity: Quantity,
    /// Quantity of which an order line is a multiple, in that unit. Without it any quantity is allowed.
    #[serde(default)]
    pub order_multiple: Option<Quantity>,
    /// Whether the product is usually bought here. A product has at most one such supplier: the one before no longer is.
    #[serde(default)]
    #[schema(example = true)]
    pub preferred: bool,
    /// Prices for one unit, by quantity and day: at most 100.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub prices: Vec<SupplierPrice>,
}

/// A price of a supplier, as it was stated.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StatedPrice {
    /// Quantity from which the price applies.
    pub min_quantity: Quantity,
    /// Price of one unit, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Price>)]
    pub unit_cost: PriceInCurrency,
    /// First day of the validity. Null if the price has no beginning.
    #[schema(example = "2026-01-01")]
    pub valid_from: Option<NaiveDate>,
    /// Last day of the validity. Null if the price has no end.
    #[schema(example = "2026-12-31")]
    pub valid_until: Option<NaiveDate>,
}

impl StatedPrice {
    /// Returns a price as it is shown in the currency of the supplier, which has these decimals.
    fn new(price: SupplierPrice, decimals: u32) -> Self {
        let SupplierPrice { min_quantity, unit_cost, valid_from, valid_until } = price;
        StatedPrice { min_quantity, unit_cost: unit_cost.in_currency(decimals), valid_from, valid_until }
    }
}

/// A product of a supplier.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SupplierProduct {
    /// Always `supplier_product`.
    pub object: tag::SupplierProduct,
    /// The supplier.
    pub supplier_id: SupplierId,
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Supplier's own code of the product.
    #[schema(max_length = 64, example = "NB-0840")]
    pub supplier_sku: Option<String>,
    /// Unit that the supplier sells. Quantities and prices are for it.
    #[schema(max_length = 8, example = "XBX")]
    pub uom: String,
    /// Smallest quantity of an order line. Zero: any.
    pub min_order_quantity: Quantity,
    /// Quantity of which an order line must be a multiple. Null if any quantity is allowed.
    pub order_multiple: Option<Quantity>,
    /// Whether the product is usually bought here.
    #[schema(example = true)]
    pub preferred: bool,
    /// Prices, by quantity and day.
    #[schema(max_items = 100)]
    pub prices: Vec<StatedPrice>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was first stated.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub sku: Option<String>,
    pub preferred: Option<bool>,
}

const SELECT: &str = "select s.supplier_id, s.product_id, p.sku, s.supplier_sku, coalesce(s.uom, p.stock_uom) as uom, \
                             s.min_order_quantity, s.order_multiple, s.preferred, s.prices, s.version, s.created_at, \
                             s.updated_at, su.currency \
                      from supplier_product s join product p on p.tenant_id = s.tenant_id and p.id = s.product_id \
                      join supplier su on su.tenant_id = s.tenant_id and su.id = s.supplier_id \
                      where s.tenant_id = ";

/// Returns one page of a supplier's products, the oldest product first.
pub async fn list(
    tx: &Tx,
    supplier_id: SupplierId,
    filter: &Filter,
    slice: &Slice,
) -> Result<Vec<SupplierProduct>, Error> {
    super::get(tx, supplier_id).await?;
    let rows = Listing::new(tx, SELECT)
        .with("s.supplier_id = ", Some(supplier_id.0))
        .with("p.sku = ", filter.sku.as_deref().map(|sku| one_form(sku).into_owned()))
        .with("s.preferred = ", filter.preferred)
        .page(tx, "s.product_id", slice)
        .await?;
    rows.iter().map(read).collect()
}

pub async fn get(tx: &Tx, supplier_id: SupplierId, product_id: ProductId) -> Result<SupplierProduct, Error> {
    let query = Listing::new(tx, SELECT)
        .with("s.supplier_id = ", Some(supplier_id.0))
        .with("s.product_id = ", Some(product_id.0));
    let rows = query.rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("product of this supplier"))?)
}

/// States a product of a supplier if it is still at version `expected`, and replaces what was stated before. Returns it, and the
/// supplier that is preferred no longer.
pub async fn set(
    tx: &Tx,
    (supplier_id, product_id): (SupplierId, ProductId),
    expected: Option<i32>,
    input: &SupplierProductInput,
) -> Result<(SupplierProduct, Option<SupplierId>), Error> {
    lock(tx, supplier_id).await?;
    if input.preferred {
        // Of two changes that prefer different suppliers, the second then sees the first.
        let lock = "select 1 from product where tenant_id = $1 and id = $2 for no key update";
        tx.row(sqlx::query(lock).bind(tx.tenant_id.0).bind(product_id.0)).await?;
    }
    check_version(tx, (supplier_id, product_id), expected).await?;
    let mut problems = Problems::default();
    check_values(&mut problems, input);
    check_unit(tx, &mut problems, product_id, input.uom.as_deref()).await?;
    problems.check()?;
    let before = if input.preferred { take_preference(tx, supplier_id, product_id).await? } else { None };
    write(tx, supplier_id, product_id, input).await?;
    Ok((get(tx, supplier_id, product_id).await?, before))
}

/// Rejects a change if the product was changed since the caller read it. The row is locked: another supplier that becomes the
/// preferred one changes it without a lock on this supplier.
async fn check_version(
    tx: &Tx,
    (supplier_id, product_id): (SupplierId, ProductId),
    expected: Option<i32>,
) -> Result<(), Error> {
    if expected.is_none() {
        return Ok(());
    }
    let statement = "select version from supplier_product \
                     where tenant_id = $1 and supplier_id = $2 and product_id = $3 for no key update";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(supplier_id.0).bind(product_id.0);
    let current = tx.row(query).await?.map(|row| row.try_get("version")).transpose()?;
    Ok(input::check_version_if_any(current, expected)?)
}

/// Takes the mark from the supplier that the product was usually bought from, if that is another one. Returns it.
async fn take_preference(
    tx: &Tx,
    supplier_id: SupplierId,
    product_id: ProductId,
) -> Result<Option<SupplierId>, Error> {
    let statement = "update supplier_product set preferred = false, version = version + 1, updated_at = $4 \
                     where tenant_id = $1 and product_id = $2 and supplier_id <> $3 and preferred \
                     returning supplier_id";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(product_id.0).bind(supplier_id.0);
    let row = tx.row(query.bind(tx.now)).await?;
    Ok(row.map(|row| row.try_get("supplier_id")).transpose()?.map(SupplierId))
}

async fn write(
    tx: &Tx,
    supplier_id: SupplierId,
    product_id: ProductId,
    input: &SupplierProductInput,
) -> Result<(), Error> {
    let statement = "insert into supplier_product (tenant_id, supplier_id, product_id, supplier_sku, uom, \
                         min_order_quantity, order_multiple, preferred, prices, created_at, updated_at) \
                     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) \
                     on conflict (tenant_id, supplier_id, product_id) do update \
                     set supplier_sku = excluded.supplier_sku, uom = excluded.uom, \
                         min_order_quantity = excluded.min_order_quantity, order_multiple = excluded.order_multiple, \
                         preferred = excluded.preferred, prices = excluded.prices, updated_at = excluded.updated_at, \
                         version = supplier_product.version + 1";
    let query = Columns::of(statement)
        .value("tenant_id", tx.tenant_id.0)
        .value("supplier_id", supplier_id.0)
        .value("product_id", product_id.0)
        .value("supplier_sku", input.supplier_sku.as_deref())
        .value("uom", input.uom.as_deref())
        .value("min_order_quantity", input.min_order_quantity.get())
        .value("order_multiple", input.order_multiple.map(Quantity::get))
        .value("preferred", input.preferred)
        .value("prices", supplier::to_json(&input.prices))
        .value("created_at", tx.now);
    query.execute(tx).await?;
    Ok(())
}

/// Removes a product of a supplier that is still at version `expected`.
pub async fn remove(
    tx: &Tx,
    supplier_id: SupplierId,
    product_id: ProductId,
    expected: Option<i32>,
) -> Result<(), Error> {
    lock(tx, supplier_id).await?;
    let known = get(tx, supplier_id, product_id).await?;
    input::check_version(known.version, expected)?;
    let statement =
        "delete from supplier_product where tenant_id = $1 and supplier_id = $2 and product_id = $3";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(supplier_id.0).bind(product_id.0);
    tx.execute(query).await?;
    Ok(())
}

/// Locks a supplier, so that two changes of its products run one after the other. Rejects an unknown one.
async fn lock(tx: &Tx, id: SupplierId) -> Result<(), Error> {
    let statement = "select 1 from supplier where tenant_id = $1 and id = $2 for no key update";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    row.map(|_| ()).ok_or_else(|| Refusal::not_found("supplier").into())
}

fn check_values(problems: &mut Problems, input: &SupplierProductInput) {
    if let Some(supplier_sku) = &input.supplier_sku {
        supplier_sku.check(problems, "/supplier_sku");
    }
    if let Some(uom) = &input.uom {
        input::check_uom(problems, "/uom", uom);
    }
    input::check_not_negative(problems, "/min_order_quantity", Some(input.min_order_quantity));
    if input.order_multiple.is_some_and(|multiple| !multiple.is_positive()) {
        problems
            .invalid("/order_multiple", "This must be above zero. Leave it out if any quantity is allowed.");
    }
    supplier::check_prices(problems, &input.prices);
}

/// Rejects a product that does not exist or has no stock, and a unit that it does not have.
async fn check_unit(
    tx: &Tx,
    problems: &mut Problems,
    product_id: ProductId,
    uom: Option<&str>,
) -> Result<(), Error> {
    let statement = "select p.sku, p.kind, $3::text is null or $3 = p.stock_uom or exists ( \
                         select from product_unit u where u.tenant_id = $1 and u.product_id = p.id and u.uom = $3) \
                         as has_unit \
                     from product p where p.tenant_id = $1 and p.id = $2";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(product_id.0).bind(uom);
    let row = tx.row(query).await?.ok_or_else(|| Refusal::not_found("product"))?;
    let sku: String = row.try_get("sku")?;
    let has_unit: bool = row.try_get("has_unit")?;
    check_stocked(problems, (sku.as_str(), word(&row, "kind")?), uom.filter(|_| !has_unit))?;
    Ok(())
}

/// Rejects a product that has no stock. `missing` is a unit that it does not have, if one was stated.
fn check_stocked(
    problems: &mut Problems,
    (sku, kind): (&str, ProductKind),
    missing: Option<&str>,
) -> Result<(), Refusal> {
    if kind != ProductKind::Stocked {
        return Err(Refusal::state(format!("{sku} is not a stocked product: no supplier sells it.")));
    }
    if let Some(uom) = missing {
        problems.invalid("/uom", format!("{sku} has no unit {uom}: add it to the product, or name another."));
    }
    Ok(())
}

fn read(row: &PgRow) -> Result<SupplierProduct, Error> {
    let decimals = decimals_of(row.try_get("currency")?)?;
    let price = |price: SupplierPrice| StatedPrice::new(price, decimals);
    Ok(SupplierProduct {
        object: tag::SupplierProduct,
        supplier_id: SupplierId(row.try_get("supplier_id")?),
        product_id: ProductId(row.try_get("product_id")?),
        sku: row.try_get("sku")?,
        supplier_sku: row.try_get("supplier_sku")?,
        uom: row.try_get("uom")?,
        min_order_quantity: number(row, "min_order_quantity")?,
        order_multiple: optional_number(row, "order_multiple")?,
        preferred: row.try_get("preferred")?,
        prices: supplier::of_json(&row.try_get("prices")?).into_iter().map(price).collect(),
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
