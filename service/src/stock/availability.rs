//! What may be sold, and where: the read that storefronts and tills repeat, in one statement.

mod step;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use domain::id::{LocationId, LotId, ProductId};
use domain::number::Quantity;
use domain::product::ProductKind;
use domain::tenant::Channel;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Listing, number, optional_number, word};
use crate::{Error, Tx};

pub use step::PromiseStep;

/// By what products are asked for, in the order of the answer.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// By id.
    Ids(Vec<ProductId>),
    /// By SKU.
    Skus(Vec<String>),
    /// By barcode.
    Barcodes(Vec<String>),
}

/// Where stock counts.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only there.
    pub location_id: Option<LocationId>,
    /// Only where this channel may draw from, with what is kept for it; where any channel may, if absent.
    pub channel: Option<Channel>,
    /// Whether to say as well what may be promised by day.
    pub steps: bool,
}

/// What may be sold of a product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProductAvailability {
    /// The id, SKU or barcode that was asked for.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub asked: String,
    /// The product.
    pub product_id: ProductId,
    /// Its SKU.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Only stocked products have levels; there is always enough of a service.
    pub kind: ProductKind,
    /// The unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    pub uom: String,
    /// What may be sold, over all locations that count.
    pub available: Quantity,
    /// What may be promised by day, over all locations that count: each step until the next one. Null where `steps` was
    /// not asked for, and for what is not kept in stock itself.
    #[schema(max_items = 10000)]
    pub steps: Option<Vec<PromiseStep>>,
    /// The locations that count and ever had it.
    #[schema(max_items = 1000)]
    pub locations: Vec<LocationAvailability>,
}

/// What may be sold of a product at a location; of a bundle, complete sets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LocationAvailability {
    /// The location.
    pub location_id: LocationId,
    /// Its code.
    #[schema(max_length = 64, example = "MAIN")]
    pub location_code: String,
    /// Physically there.
    pub on_hand: Quantity,
    /// Promised to orders, or held back: from the channel that is asked for, if one is.
    pub reserved: Quantity,
    /// On hand less reserved, without lots that have expired or are recalled.
    pub available: Quantity,
    /// What confirmed orders wait for here.
    pub backordered: Quantity,
    /// Of what is available, what is kept for the channel that is asked for: no order of the other waits for it.
    #[serde(skip)]
    pub(super) kept: Quantity,
    /// On hand less reserved of what may be sold; below zero where more is promised than is there.
    #[serde(skip)]
    pub(super) left: Quantity,
    /// Whether the goods lie in lots.
    #[serde(skip)]
    pub(super) in_lots: bool,
    /// What may be promised here by day.
    #[schema(max_items = 10000)]
    pub steps: Option<Vec<PromiseStep>>,
    /// The lots that may be sold, those first that expire first; left out where the product is not tracked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10000)]
    pub lots: Vec<LotAvailability>,
}

/// What may be sold of a lot at a location.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LotAvailability {
    /// The lot.
    pub lot_id: LotId,
    /// Its code, or the serial number.
    #[schema(max_length = 64, example = "L-2026-117")]
    pub code: String,
    /// The last day on which it may be sold.
    #[schema(example = "2027-03-31")]
    pub expires_on: Option<NaiveDate>,
    /// On hand less reserved.
    pub available: Quantity,
}

impl LocationAvailability {
    /// A location that never had any.
    pub(super) fn none(location_id: LocationId, location_code: String) -> Self {
        LocationAvailability {
            location_id,
            location_code,
            on_hand: Quantity::ZERO,
            reserved: Quantity::ZERO,
            available: Quantity::ZERO,
            backordered: Quantity::ZERO,
            kept: Quantity::ZERO,
            left: Quantity::ZERO,
            in_lots: false,
            lots: Vec::new(),
            steps: None,
        }
    }
}

const BY_PRODUCT: &str = "select p.id as product_id, p.sku, p.kind, p.stock_uom, null as code, \
        l.location_id, l.location_code, l.on_hand, l.reserved, l.backordered, l.kept, l.sellable, l.lot_id, \
        l.lot_code, l.expires_on \
     from product p left join (";
const BY_BARCODE: &str = "select p.id as product_id, p.sku, p.kind, p.stock_uom, b.code, \
        l.location_id, l.location_code, l.on_hand, l.reserved, l.backordered, l.kept, l.sellable, l.lot_id, \
        l.lot_code, l.expires_on \
     from barcode b join product p on p.tenant_id = b.tenant_id and p.id = b.product_id left join (";
const LEVELS: &str = "select l.tenant_id, l.product_id, l.location_id, o.code as location_code, l.on_hand, l.reserved, \
        l.backordered, l.sellable, l.lot_id, l.lot_code, l.expires_on, ";
const PLACES: &str = " as kept from bi.stock_level l join location o on o.tenant_id = l.tenant_id and o.id = l.location_id \
     where o.channels <> '{}'";
const OF_PRODUCT: &str = ") l on l.tenant_id = p.tenant_id and l.product_id = p.id where p.tenant_id = ";

/// What may be sold of the products that are wanted; what is no product of the tenant is not in the answer.
pub async fn of(tx: &Tx, wanted: &Wanted, scope: &Scope) -> Result<Vec<ProductAvailability>, Error> {
    let channel: Option<&str> = scope.channel.map(Into::into);
    let source = if matches!(wanted, Wanted::Barcodes(_)) { BY_BARCODE } else { BY_PRODUCT };
    let query = kept_for(tx, Listing::raw(source).sql(LEVELS), scope.channel)
        .sql(PLACES)
        .with("l.location_id = ", scope.location_id.map(|id| id.0))
        .with("o.channels @> array[", channel)
        .sql(if channel.is_some() { "]" } else { "" })
        .sql(OF_PRODUCT)
        .tenant(tx);
    let (query, asked) = match wanted {
        Wanted::Ids(ids) => {
            let plain: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
            (query.with("p.id = any(", Some(plain)), ids.iter().map(ProductId::to_string).collect())
        }
        Wanted::Skus(skus) => (query.with("p.sku = any(", Some(skus)), skus.clone()),
        Wanted::Barcodes(codes) => {
            (query.with("b.tenant_id = p.tenant_id and b.code = any(", Some(codes)), codes.clone())
        }
    };
    let rows =
        query.sql(") order by p.id, l.location_id, l.expires_on nulls last, l.lot_code").rows(tx).await?;
    let mut products = collect(asked, &rows, wanted)?;
    add_sets(tx, scope, &mut products).await?;
    if scope.steps {
        step::add(tx, scope, &mut products).await?;
    }
    Ok(products)
}

/// Adds what is kept on the level `l` for a channel: what is reserved there, but not from it.
fn kept_for(tx: &Tx, query: Listing, channel: Option<Channel>) -> Listing {
    let Some(channel) = channel else { return query.sql("0::numeric") };
    let word: &str = channel.into();
    query
        .sql(
            "case when l.claimed then (select coalesce(sum(r.quantity), 0) from reservation r \
               join hold h on h.tenant_id = r.tenant_id and h.id = r.document_id \
               where r.tenant_id = l.tenant_id and r.location_id = l.location_id and r.product_id = l.product_id \
                 and r.lot_id = l.lot_id and r.kind = 'channel_floor' and r.expires_at > ",
        )
        .bind(tx.now)
        .sql(" and h.channel = ")
        .bind(word)
        .sql(") else 0 end")
}

/// Adds, for bundles, how many complete sets their components make at each location.
async fn add_sets(tx: &Tx, scope: &Scope, products: &mut [ProductAvailability]) -> Result<(), Error> {
    let is_bundle = |product: &&ProductAvailability| product.kind == ProductKind::Bundle;
    let bundles: Vec<Uuid> = products.iter().filter(is_bundle).map(|product| product.product_id.0).collect();
    if bundles.is_empty() {
        return Ok(());
    }
    let channel: Option<&str> = scope.channel.map(Into::into);
    let levels = "select b.bundle_id, o.id as location_id, o.code as location_code, \
            min(floor(greatest(coalesce(l.available, 0), 0) / b.quantity)) as available \
         from bundle_component b \
         join product c on c.tenant_id = b.tenant_id and c.id = b.component_id and c.kind = 'stocked' \
         join location o on o.tenant_id = b.tenant_id and o.channels <> '{}' \
         left join lateral (select sum(l.on_hand - l.reserved + ";
    let rest = ") filter (where l.sellable) as available from bi.stock_level l \
         where l.tenant_id = b.tenant_id and l.location_id = o.id and l.product_id = b.component_id) l on true \
         where b.tenant_id = ";
    let rows = kept_for(tx, Listing::raw(levels), scope.channel)
        .sql(rest)
        .tenant(tx)
        .with("b.bundle_id = any(", Some(bundles))
        .sql(")")
        .with("o.id = ", scope.location_id.map(|id| id.0))
        .with("o.channels @> array[", channel)
        .sql(if channel.is_some() { "]" } else { "" })
        .sql(" group by 1, 2, 3 order by 1, 2")
        .rows(tx)
        .await?;
    for row in rows {
        let id = ProductId(row.try_get("bundle_id")?);
        let sets: Quantity = number(&row, "available")?;
        for product in products.iter_mut().filter(|product| product.product_id == id) {
            product.available += sets;
            product.locations.push(LocationAvailability {
                on_hand: sets,
                available: sets,
                ..LocationAvailability::none(
                    LocationId(row.try_get("location_id")?),
                    row.try_get("location_code")?,
                )
            });
        }
    }
    Ok(())
}

/// One answer per text that was asked for and found, in the order of the question.
fn collect(asked: Vec<String>, rows: &[PgRow], wanted: &Wanted) -> Result<Vec<ProductAvailability>, Error> {
    let mut found: HashMap<String, ProductAvailability> = HashMap::with_capacity(asked.len());
    for row in rows {
        let product_id = ProductId(row.try_get("product_id")?);
        let sku: String = row.try_get("sku")?;
        let asked = match wanted {
            Wanted::Ids(_) => product_id.to_string(),
            Wanted::Skus(_) => sku.clone(),
            Wanted::Barcodes(_) => row.try_get("code")?,
        };
        if !found.contains_key(&asked) {
            let (kind, uom) = (word(row, "kind")?, row.try_get("stock_uom")?);
            let (available, locations) = (Quantity::ZERO, Vec::new());
            let fresh = ProductAvailability {
                asked: asked.clone(),
                product_id,
                sku,
                kind,
                uom,
                available,
                steps: None,
                locations,
            };
            found.insert(asked.clone(), fresh);
        }
        if let Some(product) = found.get_mut(&asked) {
            add_level(product, row)?;
        }
    }
    for product in found.values_mut() {
        // What is oversold at one place takes nothing from the others; what one lot lacks there is not there of the others.
        for place in &mut product.locations {
            place.available = place.available.max(Quantity::ZERO);
            product.available += place.available;
        }
    }
    let mut seen = HashSet::new();
    let once = asked.into_iter().filter(|asked| seen.insert(asked.clone()));
    Ok(once.filter_map(|asked| found.remove(&asked)).collect())
}

/// Adds a level of a product; the lots of a location count together, where they may be sold.
fn add_level(product: &mut ProductAvailability, row: &PgRow) -> Result<(), Error> {
    let Some(on_hand) = optional_number(row, "on_hand")? else { return Ok(()) };
    let kept: Quantity = number(row, "kept")?;
    let reserved: Quantity = number(row, "reserved")?;
    let reserved = reserved - kept;
    let location_id = LocationId(row.try_get("location_id")?);
    let is_sellable: bool = row.try_get("sellable")?;
    let backordered = number(row, "backordered")?;
    let left = if is_sellable { on_hand - reserved } else { Quantity::ZERO };
    if product.locations.last().is_none_or(|last| last.location_id != location_id) {
        let location_code = row.try_get("location_code")?;
        product.locations.push(LocationAvailability::none(location_id, location_code));
    }
    let Some(location) = product.locations.last_mut() else { return Ok(()) };
    location.on_hand += on_hand;
    location.reserved += reserved;
    location.available += left;
    location.backordered += backordered;
    location.kept += kept;
    location.left += left;
    let code: Option<String> = row.try_get("lot_code")?;
    location.in_lots |= code.is_some();
    if let Some(code) = code.filter(|_| left.is_positive()) {
        let (lot_id, expires_on) = (LotId(row.try_get("lot_id")?), row.try_get("expires_on")?);
        location.lots.push(LotAvailability { lot_id, code, expires_on, available: left });
    }
    Ok(())
}
