//! Availability: how much of a product may be sold, and where. Storefronts and tills read it often, so it is one
//! statement.

mod step;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use domain::id::{HoldId, LocationId, LotId, ProductId};
use domain::number::Quantity;
use domain::product::{ProductKind, barcode_forms};
use domain::refusal::{Code, Problems};
use domain::tenant::Channel;
use domain::text::one_form;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Listing, number, optional_number, word};
use crate::{Error, Tx};

pub use step::PromiseStep;

/// The products to look up, in the order of the response.
#[derive(Debug, Clone)]
pub enum Lookup {
    Ids(Vec<ProductId>),
    Skus(Vec<String>),
    Barcodes(Vec<String>),
}

impl Lookup {
    /// Returns the texts under which a product that was asked for may be stored.
    fn forms_of(&self, asked: &str) -> Vec<String> {
        let form = one_form(asked);
        match self {
            Lookup::Ids(_) => vec![asked.to_owned()],
            Lookup::Skus(_) => vec![form.into_owned()],
            Lookup::Barcodes(_) => barcode_forms(&form).map(Cow::into_owned).collect(),
        }
    }

    /// Returns the texts under which the SKUs or barcodes that were asked for may be stored.
    fn forms(&self) -> Vec<String> {
        match self {
            Lookup::Ids(_) => Vec::new(),
            Lookup::Skus(texts) | Lookup::Barcodes(texts) => {
                texts.iter().flat_map(|text| self.forms_of(text)).collect()
            }
        }
    }
}

/// The locations that count.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only this location.
    pub location_id: Option<LocationId>,
    /// Only locations that this channel may sell from, including its channel allotments. Without a channel: all
    /// locations that any channel may sell from.
    pub channel: Option<Channel>,
    /// Hold of the caller: what it reserves counts as available.
    pub hold_id: Option<HoldId>,
    /// Whether to include what may be promised by day.
    pub steps: bool,
}

/// The availability of a product.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProductAvailability {
    /// Id, SKU or barcode of the request.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub asked: String,
    /// Id of the product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Kind of the product. Only stocked products have levels; a service is always available.
    pub kind: ProductKind,
    /// Unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    pub uom: String,
    /// Available quantity over all locations that count. Null for a service and for a bundle of services alone, which are always
    /// available.
    pub available: Option<Quantity>,
    /// Quantities that may be promised by day, over all locations that count. Each step lasts until the next one.
    /// Null if `steps` was not requested, and for services and bundles.
    #[schema(max_items = 10000)]
    pub steps: Option<Vec<PromiseStep>>,
    /// Locations that ever had the product, without those that do not count.
    #[schema(max_items = 1000)]
    pub locations: Vec<LocationAvailability>,
}

/// The availability of a product at a location. For a bundle: complete sets.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LocationAvailability {
    /// Id of the location.
    pub location_id: LocationId,
    /// Code of the location.
    #[schema(max_length = 64, example = "MAIN")]
    pub location_code: String,
    /// Units on hand. Left out for a publishable key.
    #[schema(value_type = Option<Quantity>)]
    pub on_hand: Quantity,
    /// Units reserved for orders and holds. With a channel or a hold in the request: those that are not reserved for it.
    /// Left out for a publishable key.
    #[schema(value_type = Option<Quantity>)]
    pub reserved: Quantity,
    /// On hand less reserved, without lots that have expired or are recalled.
    pub available: Quantity,
    /// Units that confirmed orders wait for here. Left out for a publishable key.
    #[schema(value_type = Option<Quantity>)]
    pub backordered: Quantity,
    /// Part of `available` that is reserved for the requested channel. Orders of the other channel do not wait for
    /// it.
    #[serde(skip)]
    pub(super) kept: Quantity,
    /// On hand less reserved over sellable lots; negative if more is reserved than is on hand.
    #[serde(skip)]
    pub(super) left: Quantity,
    /// Whether the product is tracked.
    #[serde(skip)]
    pub(super) in_lots: bool,
    /// Quantities that may be promised here by day.
    #[schema(max_items = 10000)]
    pub steps: Option<Vec<PromiseStep>>,
    /// Sellable lots, the earliest expiry first; left out if the product is not tracked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10000)]
    pub lots: Vec<LotAvailability>,
}

/// The availability of a lot at a location.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LotAvailability {
    /// Id of the lot.
    pub lot_id: LotId,
    /// Lot code, or the serial number.
    #[schema(max_length = 64, example = "L-2026-117")]
    pub code: String,
    /// Last day on which the lot may be sold.
    #[schema(example = "2027-03-31")]
    pub expires_on: Option<NaiveDate>,
    /// On hand less reserved.
    pub available: Quantity,
}

impl LocationAvailability {
    /// Returns a location that has never had the product.
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

/// Returns the availability of the requested products. Unknown ones are left out.
pub async fn find(tx: &Tx, wanted: &Lookup, scope: &Scope) -> Result<Vec<ProductAvailability>, Error> {
    check_hold(tx, scope.hold_id).await?;
    let channel: Option<&str> = scope.channel.map(Into::into);
    let source = if matches!(wanted, Lookup::Barcodes(_)) { BY_BARCODE } else { BY_PRODUCT };
    let query = add_allotted(tx, Listing::raw(source).sql(LEVELS), scope)
        .sql(PLACES)
        .with("l.location_id = ", scope.location_id.map(|id| id.0))
        .with("o.channels @> array[", channel)
        .sql(if channel.is_some() { "]" } else { "" })
        .sql(OF_PRODUCT)
        .tenant(tx);
    let (query, asked) = match wanted {
        Lookup::Ids(ids) => {
            let plain: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
            (query.with("p.id = any(", Some(plain)), ids.iter().map(ProductId::to_string).collect())
        }
        Lookup::Skus(skus) => (query.with("p.sku = any(", Some(wanted.forms())), skus.clone()),
        Lookup::Barcodes(codes) => {
            let forms = Some(wanted.forms());
            (query.with("b.tenant_id = p.tenant_id and b.code = any(", forms), codes.clone())
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

/// Rejects a hold that does not exist.
async fn check_hold(tx: &Tx, hold_id: Option<HoldId>) -> Result<(), Error> {
    let Some(hold_id) = hold_id else { return Ok(()) };
    let found =
        Listing::new(tx, "select 1 as one from hold where tenant_id = ").with("id = ", Some(hold_id.0));
    match found.rows(tx).await?.is_empty() {
        true => Err(Problems::one("/hold_id", Code::NotFound, "There is no such hold.").into()),
        false => Ok(()),
    }
}

/// Adds the quantity on level `l` that the channel and the hold of a request may use of the reserved one.
fn add_allotted(tx: &Tx, query: Listing, scope: &Scope) -> Listing {
    let query = add_held(tx, query, scope.hold_id).sql(" + ");
    let Some(channel) = scope.channel else { return query.sql("0::numeric") };
    let word: &str = channel.into();
    query
        .sql(
            "case when l.allotted then (select coalesce(sum(r.quantity), 0) from reservation r \
               join hold h on h.tenant_id = r.tenant_id and h.id = r.document_id \
               where r.tenant_id = l.tenant_id and r.location_id = l.location_id and r.product_id = l.product_id \
                 and r.lot_id = l.lot_id and r.kind = 'channel_allotment' and r.expires_at > ",
        )
        .bind(tx.now)
        .sql(" and h.channel = ")
        .bind(word)
        .sql(") else 0 end")
}

/// Adds the quantity on level `l` that a hold reserves.
fn add_held(tx: &Tx, query: Listing, hold_id: Option<HoldId>) -> Listing {
    let Some(hold_id) = hold_id else { return query.sql("0::numeric") };
    query
        .sql(
            "(select coalesce(sum(r.quantity), 0) from reservation r \
               where r.tenant_id = l.tenant_id and r.location_id = l.location_id and r.product_id = l.product_id \
                 and r.lot_id = l.lot_id and (r.expires_at is null or r.expires_at > ",
        )
        .bind(tx.now)
        .sql(") and r.kind <> 'channel_allotment' and r.document_id = ")
        .bind(hold_id.0)
        .sql(")")
}

/// Adds, for bundles, the complete sets that their components make at each location.
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
    let rows = add_allotted(tx, Listing::raw(levels), scope)
        .sql(rest)
        .tenant(tx)
        .with("b.bundle_id = any(", Some(bundles.clone()))
        .sql(")")
        .with("o.id = ", scope.location_id.map(|id| id.0))
        .with("o.channels @> array[", channel)
        .sql(if channel.is_some() { "]" } else { "" })
        .sql(" group by 1, 2, 3 order by 1, 2")
        .rows(tx)
        .await?;
    let mut counted: HashSet<Uuid> = HashSet::new();
    for row in rows {
        let id = ProductId(row.try_get("bundle_id")?);
        counted.insert(id.0);
        let sets: Quantity = number(&row, "available")?;
        for product in products.iter_mut().filter(|product| product.product_id == id) {
            product.available = product.available.map(|available| available + sets);
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
    let others = bundles.into_iter().filter(|id| !counted.contains(id)).collect();
    mark_unlimited(tx, others, products).await
}

/// Makes bundles of services alone always available, as services are. Runs no statement if there is no bundle of these ids.
async fn mark_unlimited(
    tx: &Tx,
    bundles: Vec<Uuid>,
    products: &mut [ProductAvailability],
) -> Result<(), Error> {
    if bundles.is_empty() {
        return Ok(());
    }
    let statement = "select b.bundle_id from bundle_component b \
         join product c on c.tenant_id = b.tenant_id and c.id = b.component_id \
         where b.tenant_id = $1 and b.bundle_id = any($2) \
         group by b.bundle_id having bool_and(c.kind = 'service')";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(bundles)).await? {
        let id = ProductId(row.try_get("bundle_id")?);
        for product in products.iter_mut().filter(|product| product.product_id == id) {
            product.available = None;
        }
    }
    Ok(())
}

/// Returns one result per requested text that was found, in the order of the request.
fn collect(asked: Vec<String>, rows: &[PgRow], wanted: &Lookup) -> Result<Vec<ProductAvailability>, Error> {
    let mut found: HashMap<String, ProductAvailability> = HashMap::with_capacity(asked.len());
    for row in rows {
        let product_id = ProductId(row.try_get("product_id")?);
        let sku: String = row.try_get("sku")?;
        let stored = match wanted {
            Lookup::Ids(_) => product_id.to_string(),
            Lookup::Skus(_) => sku.clone(),
            Lookup::Barcodes(_) => row.try_get("code")?,
        };
        if !found.contains_key(&stored) {
            let (kind, uom): (ProductKind, String) = (word(row, "kind")?, row.try_get("stock_uom")?);
            let available = (kind != ProductKind::Service).then_some(Quantity::ZERO);
            let locations = Vec::new();
            let fresh = ProductAvailability {
                asked: stored.clone(),
                product_id,
                sku,
                kind,
                uom,
                available,
                steps: None,
                locations,
            };
            found.insert(stored.clone(), fresh);
        }
        if let Some(product) = found.get_mut(&stored) {
            add_level(product, row)?;
        }
    }
    for product in found.values_mut() {
        // A shortage at one location takes nothing from the others; a shortage of one lot does lower the other lots
        // of its location.
        for place in &mut product.locations {
            place.available = place.available.max(Quantity::ZERO);
            product.available = product.available.map(|available| available + place.available);
        }
    }
    let mut seen = HashSet::new();
    let once = asked.into_iter().filter(|asked| seen.insert(asked.clone()));
    let answer = |asked: String| {
        let product = wanted.forms_of(&asked).iter().find_map(|form| found.get(form))?.clone();
        Some(ProductAvailability { asked, ..product })
    };
    Ok(once.filter_map(answer).collect())
}

/// Adds a level to a product. Sellable lots of a location are added up.
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
