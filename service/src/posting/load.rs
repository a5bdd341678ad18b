//! Reads and locks every row that a batch touches, in the order that the table *Fixed lock order* of `ARCHITECTURE.md` states. Each table
//! costs one statement, or none if no command needs it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::book::Book;
use domain::customer::{Customer, Exposure};
use domain::expected_receipt::Supplies;
use domain::id::{CategoryId, CustomerId, LocationId, LotId, PriceListId, ProductId, RegisterId, SessionId};
use domain::number::Money;
use domain::pos::{Drawer, OpenedSession, Paid};
use domain::pricing::Rules;
use domain::product::{BarcodeHolders, Component, Product, ProductKind, Unit};
use domain::stock::{Level, LevelKey, StoredLevel};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::places::{level_keys, transit};
use super::prefetch::{Prefetched, Products};
use super::setup::Setups;
use super::{
    Command, allotments, bills, counts, documents, entries, exchange, history, intents, landed, late, layer,
    layer_uses, lot_levels, lots, open_costs, open_items, orders, purchases, queue_levels, replaced, series,
    stock_documents, supplier_returns, valuation, vouchers, waiting,
};
use crate::catalog::lookup;
use crate::listing::{number, optional_number, word};
use crate::rows::uuids;
use crate::{Error, Tx, printed};
use domain::needs::Needs;

/// Loads the book on which `commands` are decided. Rows that are prefetched are not read again.
pub(super) async fn book(
    tx: &Tx,
    setups: &Setups,
    commands: &[Command],
    mut prefetched: Prefetched,
) -> Result<Book, Error> {
    let mut needs = Needs::of(commands);
    let mut book = Book::new(tx.now, tx.id_sequence(), setups.with(tx, &needs).await?);
    book.matched_lines = open_items::matched_lines(tx, &needs).await?;
    book.shipments = orders::of_shipments(tx, &mut needs).await?;
    book.customers = customers(tx, &needs).await?;
    bills::load(tx, &mut needs, &mut book).await?;
    exchange::load(tx, &needs, &mut book).await?;
    book.orders = orders::load(tx, &mut needs).await?;
    book.undone.shipments = orders::undone(tx, &book).await?;
    book.undone.lines = orders::undone_lines(tx, &needs).await?;
    for order in book.orders.values() {
        needs.promises |= waiting::may_wait(order);
        needs.product_ids.extend(order.lines.iter().map(|line| line.line.product_id));
        needs.location_ids.insert(order.location_id);
    }
    book.uncounted = orders::uncounted(tx, &needs, &book).await?;
    sold(tx, &mut needs, &mut book).await?;
    let goods = stock_documents::load(tx, &needs).await?;
    goods.need(&mut needs);
    book.holds = goods.holds;
    book.transfers = goods.transfers;
    book.expected = goods.expected;
    book.purchases = purchases::load(tx, &mut needs).await?;
    supplier_returns::load(tx, &mut needs, &mut book).await?;
    landed::load(tx, &mut needs, &mut book).await?;
    lots::need_products(tx, &mut needs).await?;
    book.counts = counts::load(tx, &needs).await?;
    needs.add_count_lines(&book.counts);
    let open_items = open_items::load(tx, &mut needs).await?;
    book.credits = open_items.credits;
    book.payments = open_items.payments;
    book.invoices = documents::payable(tx, &needs).await?;
    entries::load(tx, &needs, &mut book).await?;
    valuation::load(tx, &needs, &mut book).await?;
    book.drawers = match prefetched.drawers.take() {
        Some(drawers) => drawers,
        None => drawers(tx, &needs).await?,
    };
    let codes = book.paid.values().flat_map(Paid::voucher_codes).map(str::to_owned);
    needs.voucher_codes.extend(codes);
    book.vouchers = vouchers::load(tx, &needs).await?;
    book.intents = intents::load(tx, &needs).await?;
    book.closed_sessions = late::closed_sessions(tx, &needs, &book.drawers).await?;
    match prefetched.products.take() {
        Some(products) => add_prefetched(tx, &mut book, products).await?,
        None => products(tx, &needs, &mut book).await?,
    }
    add_former(tx, &needs, &mut book, prefetched.levels.is_some()).await?;
    book.replaced.former_units = late::former_units(tx, &needs, &book).await?;
    book.replaced.repacked = late::repacked(tx, &needs, &book).await?;
    name_taxes(tx, setups, &mut book).await?;
    purchases::suppliers(tx, &needs, &mut book).await?;
    lots::load(tx, &mut needs, &mut book).await?;
    book.rules = rules(tx, &needs, &book).await?;
    replaced::load(tx, &needs, &mut book).await?;
    stock(tx, &needs, &mut book, prefetched.levels.take()).await?;
    if needs.count_settings {
        book.count_settings = counts::settings(tx).await?;
    }
    if needs.promises || (needs.breaks && !book.waiting.is_empty()) {
        book.supplies = Some(supplies(tx, &book).await?);
    }
    book.series = match prefetched.series.take() {
        Some(series) => series,
        None => series::load(tx, &series::names(&needs, &book)).await?,
    };
    entries::read_facts(tx, &needs, &mut book).await?;
    Ok(book)
}

/// Locks and reads the invoices and sales that are returned, with what was paid for them and what came back of them. Adds their
/// products and locations to the needs.
async fn sold(tx: &Tx, needs: &mut Needs, book: &mut Book) -> Result<(), Error> {
    book.credited = documents::credited(tx, needs).await?;
    book.sold = documents::sold(tx, needs).await?;
    for line in book.sold.values().flatten() {
        needs.product_ids.insert(line.line.product_id);
        needs.location_ids.insert(line.location_id);
    }
    book.paid = documents::paid(tx, &book.sold).await?;
    book.refunded = documents::refunded(tx, &book.sold).await?;
    Ok(())
}

/// Reads the setup again if it lacks the tax class of a product: another server made the class.
async fn name_taxes(tx: &Tx, setups: &Setups, book: &mut Book) -> Result<(), Error> {
    let is_named = |product: &Product| book.setup.tax_names.contains_key(&product.tax_class_id);
    if book.products.values().all(is_named) {
        return Ok(());
    }
    setups.forget(tx.tenant_id).await;
    book.setup = setups.of(tx).await?;
    Ok(())
}

/// Locks and reads the levels, then reads what only changes under their locks.
async fn stock(
    tx: &Tx,
    needs: &Needs,
    book: &mut Book,
    prefetched: Option<BTreeMap<LevelKey, Level>>,
) -> Result<(), Error> {
    let found = match prefetched {
        Some(levels) => levels,
        None => levels(tx, needs, book, &level_keys(needs, book)).await?,
    };
    book.add_levels(found);
    let heads = queue_levels::unseen(needs, book);
    let found = levels(tx, needs, book, &heads).await?;
    book.add_levels(found);
    lots::complete(tx, needs, book).await?;
    book.costs = open_costs::load(tx, book.levels()).await?;
    open_costs::load_settled(tx, &mut book.sold).await?;
    book.histories = history::load(tx, needs, book.levels()).await?;
    let layers = layer::load(tx, book.levels()).await?;
    book.add_layers(layers);
    layer_uses::load(tx, needs, book).await?;
    stock_documents::read_left(tx, &mut book.holds).await?;
    landed::complete(tx, needs, book).await?;
    allotments::load(tx, book).await?;
    waiting::load(tx, book).await?;
    bills::billing(tx, needs, book).await
}

async fn customers(tx: &Tx, needs: &Needs) -> Result<HashMap<CustomerId, Customer>, Error> {
    if needs.customer_ids.is_empty() && needs.order_ids.is_empty() && needs.reversed.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tx
        .rows(
            sqlx::query(
                "select c.id, c.country, c.tax_exempt, c.status, c.price_list_id, \
                        t.price_list_id as tier_list_id, c.payment_terms, \
                        c.payment_days, c.credit_limit, a.receivable, a.ordered, a.shipped, a.unapplied, \
                        c.min_remaining_life_days, c.version as customer_version, c.number as customer_number, \
                        c.name as customer_name, c.tax_number as customer_tax_number, \
                        c.addresses as customer_addresses \
                 from customer_account a \
                 join customer c on c.tenant_id = a.tenant_id and c.id = a.customer_id \
                 left join price_tier t on t.tenant_id = c.tenant_id and t.id = c.price_tier_id \
                 where a.tenant_id = $1 and (a.customer_id = any($2) or a.customer_id in ( \
                     select o.customer_id from sales_order o where o.tenant_id = $1 and o.id = any($3)) \
                     or a.customer_id in ( \
                     select p.customer_id from payment p where p.tenant_id = $1 and p.id = any($4))) \
                 order by a.customer_id for update of a",
            )
            .bind(tx.tenant_id.0)
            .bind(uuids(&needs.customer_ids, |id| id.0))
            .bind(uuids(&needs.order_ids, |id| id.0))
            .bind(uuids(&needs.reversed, |id| id.0)),
        )
        .await?;
    rows.iter().map(customer).collect()
}

fn customer(row: &PgRow) -> Result<(CustomerId, Customer), Error> {
    let list = |name: &str| -> Result<Option<PriceListId>, Error> {
        Ok(row.try_get::<Option<Uuid>, _>(name)?.map(PriceListId))
    };
    let id = CustomerId(row.try_get("id")?);
    let customer = Customer {
        id,
        printed: printed::customer(row)?,
        addresses: printed::addresses(row)?,
        country: row.try_get("country")?,
        tax_exempt: row.try_get("tax_exempt")?,
        status: word(row, "status")?,
        price_list_id: list("price_list_id")?,
        tier_list_id: list("tier_list_id")?,
        payment_terms: word(row, "payment_terms")?,
        payment_days: row.try_get::<i32, _>("payment_days")?.unsigned_abs(),
        credit_limit: optional_number(row, "credit_limit")?,
        exposure: Exposure {
            receivable: number(row, "receivable")?,
            ordered: number(row, "ordered")?,
            shipped: number(row, "shipped")?,
            unapplied: number(row, "unapplied")?,
        },
        min_remaining_life_days: row.try_get::<i32, _>("min_remaining_life_days")?.unsigned_abs(),
    };
    Ok((id, customer))
}

/// Locks and reads the open sessions of the registers. The lock keeps a session open until the sale is committed.
async fn drawers(tx: &Tx, needs: &Needs) -> Result<HashMap<RegisterId, Drawer>, Error> {
    if needs.register_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = if needs.cash_of.is_empty() {
        "select register_id, id, opened_at, opening_float from pos_session \
         where tenant_id = $1 and register_id = any($2) and status = 'open' order by id for share"
    } else {
        "select register_id, id, opened_at, opening_float from pos_session \
         where tenant_id = $1 and register_id = any($2) and status = 'open' order by id for update"
    };
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(uuids(&needs.register_ids, |id| id.0));
    let mut drawers: HashMap<RegisterId, Drawer> = HashMap::new();
    for row in tx.rows(query).await? {
        let session = OpenedSession {
            id: SessionId(row.try_get("id")?),
            opened_at: row.try_get("opened_at")?,
            opening_float: number(&row, "opening_float")?,
            cash_moved: Money::ZERO,
        };
        let drawer = Drawer { session: Some(session), cash_left: Money::ZERO };
        drawers.insert(RegisterId(row.try_get("register_id")?), drawer);
    }
    if !needs.cash_of.is_empty() {
        documents::count_cash(tx, needs, &mut drawers).await?;
    }
    Ok(drawers)
}

async fn products(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    let mut ids = needs.product_ids.clone();
    let codes: Vec<&str> = needs.barcodes.iter().map(String::as_str).collect();
    for (code, product_id, uom) in lookup::barcodes(tx, &codes).await? {
        ids.insert(product_id);
        book.barcodes.insert(code, (product_id, uom));
    }
    let skus: Vec<&str> = needs.skus.iter().map(String::as_str).collect();
    add_products(book, lookup::products_by_sku(tx, &skus).await?);
    ids.retain(|id| !book.products.contains_key(id));
    add_products(book, lookup::products_by_id(tx, &uuids(&ids, |id| id.0)).await?);
    unpack(tx, book).await?;
    if needs.units {
        let ids: Vec<Uuid> = book.products.keys().map(|id| id.0).collect();
        add_units(book, lookup::units(tx, &ids).await?);
    }
    Ok(())
}

/// Adds the products that had SKUs or barcodes before which forced sales name. Levels are prefetched only if no SKU or barcode was
/// another product's before, and none was got in the last days.
async fn add_former(tx: &Tx, needs: &Needs, book: &mut Book, is_prefetched: bool) -> Result<(), Error> {
    let is_known = is_prefetched && needs.former_skus.iter().all(|sku| book.skus.contains_key(sku));
    if is_known && !late::has_old_sale(tx, needs) {
        return Ok(());
    }
    book.replaced.sku_holders = late::sku_holders(tx, needs).await?;
    book.replaced.barcode_holders = late::barcode_holders(tx, needs).await?;
    let by_sku = book.replaced.sku_holders.values().flatten().map(|holder| holder.product_id);
    let former = by_sku.chain(book.replaced.barcode_holders.values().flat_map(BarcodeHolders::product_ids));
    let ids: BTreeSet<ProductId> = former.filter(|id| !book.products.contains_key(id)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let ids = uuids(&ids, |id| id.0);
    add_products(book, lookup::products_by_id(tx, &ids).await?);
    unpack(tx, book).await?;
    if needs.units {
        add_units(book, lookup::units(tx, &ids).await?);
    }
    Ok(())
}

async fn add_prefetched(tx: &Tx, book: &mut Book, prefetched: Products) -> Result<(), Error> {
    book.barcodes = prefetched.barcodes;
    add_products(book, prefetched.products);
    unpack(tx, book).await?;
    add_units(book, prefetched.units);
    Ok(())
}

/// Reads the components of the book's bundles that have none yet. Products may be added to the book several times.
async fn unpack(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    let is_packed = |product: &&Product| product.kind == ProductKind::Bundle && product.components.is_empty();
    let bundles: Vec<Uuid> = book.products.values().filter(is_packed).map(|product| product.id.0).collect();
    if bundles.is_empty() {
        return Ok(());
    }
    let statement = "select bundle_id, component_id, quantity from bundle_component \
                     where tenant_id = $1 and bundle_id = any($2) order by bundle_id, line_no";
    let mut parts = BTreeSet::new();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(bundles)).await? {
        let component = Component {
            product_id: ProductId(row.try_get("component_id")?),
            quantity: number(&row, "quantity")?,
        };
        parts.insert(component.product_id);
        if let Some(bundle) = book.products.get_mut(&ProductId(row.try_get("bundle_id")?)) {
            bundle.components.push(component);
        }
    }
    parts.retain(|id| !book.products.contains_key(id));
    add_products(book, lookup::products_by_id(tx, &uuids(&parts, |id| id.0)).await?);
    Ok(())
}

fn add_products(book: &mut Book, products: Vec<Product>) {
    for product in products {
        book.skus.insert(product.sku.clone(), product.id);
        book.products.insert(product.id, product);
    }
}

fn add_units(book: &mut Book, units: Vec<(ProductId, Unit)>) {
    for (id, unit) in units {
        if let Some(product) = book.products.get_mut(&id) {
            product.units.push(unit);
        }
    }
}

/// Returns the price rules that may apply. Reads none if there is no price list.
async fn rules(tx: &Tx, needs: &Needs, book: &Book) -> Result<Rules, Error> {
    let of_customers =
        book.customers.values().flat_map(|customer| [customer.price_list_id, customer.tier_list_id]);
    let of_channels = book.setup.channel_lists.iter().map(|(.., list)| *list);
    let lists: BTreeSet<PriceListId> = of_customers.flatten().chain(of_channels).collect();
    if lists.is_empty() || !needs.prices {
        return Ok(Rules::default());
    }
    let lists: Vec<PriceListId> = lists.into_iter().collect();
    let products: Vec<ProductId> = book.products.keys().copied().collect();
    let lineages = book.products.values().flat_map(|product| product.lineage.iter().copied());
    let categories: Vec<CategoryId> = lineages.collect::<BTreeSet<_>>().into_iter().collect();
    crate::pricing::load_rules(tx, &lists, &products, &categories).await
}

/// Reads and locks levels in the order of their keys.
async fn levels(
    tx: &Tx,
    needs: &Needs,
    book: &Book,
    keys: &BTreeSet<LevelKey>,
) -> Result<BTreeMap<LevelKey, Level>, Error> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let locations: Vec<Uuid> = keys.iter().map(|key| key.location_id.0).collect();
    let products: Vec<Uuid> = keys.iter().map(|key| key.product_id.0).collect();
    let transit: Vec<LocationId> = transit(needs, book).collect();
    let keys: Vec<LevelKey> = keys.iter().copied().collect();
    let read = async || -> Result<Vec<PgRow>, Error> {
        if lot_levels::are_wanted(book) {
            return lot_levels::lock(tx, book, &keys, &transit, needs.since).await;
        }
        tx.rows(
            sqlx::query(
                "select l.location_id, l.product_id, l.lot_id, l.on_hand, l.reserved, l.value, l.last_cost, \
                        l.next_expiry <= $4 as has_expired, l.layered, l.backordered, l.allotted, l.counted_at \
                 from stock_level l \
                 join unnest($2::uuid[], $3::uuid[]) as wanted (location_id, product_id) \
                   on l.location_id = wanted.location_id and l.product_id = wanted.product_id \
                 where l.tenant_id = $1 and l.lot_id = $5 \
                 order by l.location_id, l.product_id, l.lot_id for update of l",
            )
            .bind(tx.tenant_id.0)
            .bind(&locations)
            .bind(&products)
            .bind(tx.now)
            .bind(Uuid::nil()),
        )
        .await
    };
    let mut rows = read().await?;
    let has_expired =
        |row: &PgRow| Ok::<bool, Error>(row.try_get::<Option<bool>, _>("has_expired")? == Some(true));
    if rows.iter().map(has_expired).collect::<Result<Vec<bool>, Error>>()?.contains(&true) {
        stock_documents::sweep(tx, &locations, &products).await?;
        rows = read().await?;
    }
    let level = |row: &PgRow| -> Result<(LevelKey, Level), Error> {
        let key = LevelKey {
            location_id: LocationId(row.try_get("location_id")?),
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
        };
        let level = StoredLevel {
            on_hand: number(row, "on_hand")?,
            reserved: number(row, "reserved")?,
            value: number(row, "value")?,
            last_cost: number(row, "last_cost")?,
            layered: row.try_get("layered")?,
            backordered: number(row, "backordered")?,
            allotted: row.try_get("allotted")?,
            counted_at: row.try_get("counted_at")?,
        };
        Ok((key, level.into()))
    };
    rows.iter().map(level).collect()
}

/// Returns the expected supplies of the book's products.
pub(super) async fn supplies(tx: &Tx, book: &Book) -> Result<Supplies, Error> {
    let products: Vec<Uuid> = book.products.keys().map(|id| id.0).collect();
    crate::stock::incoming::find_supplies(tx, &products, None).await
}
