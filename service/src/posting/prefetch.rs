//! The rows of a batch of plain till sales, read by one call in place of five.
//!
//! A till sale is plain if it names no customer, no hold, no voucher and no payment intent. The call leaves a part out if a product is a bundle or
//! tracked, a SKU is unknown or changed hands, a hold has expired, or a series is new. That part is then read as for any other
//! batch.

use std::collections::{BTreeMap, HashMap};

use domain::document;
use domain::id::{ProductId, RegisterId};
use domain::needs::Needs;
use domain::pos::{Drawer, TenderKind};
use domain::product::{Product, Unit};
use domain::stock::{Level, LevelKey};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};

use super::setup::Setups;
use super::table::loaded::{
    AnsweredRow, BarcodeRow, LockedLevelRow, LockedSeriesRow, ProductRow, SessionRow, UnitRow,
};
use super::{Command, places};
use crate::command::Answer;
use crate::rows::uuids;
use crate::{Error, Tx};

/// The function is in `migration/replaceable/36_post.sql`.
const LOAD_SALES: &str = "select answered, sessions, barcodes, products, units, levels, series from load_sales_3( \
     p_tenant => $1, p_now => $2, p_keys => $3, p_registers => $4, p_locations => $5, p_products => $6, p_skus => $7, \
     p_barcodes => $8, p_with_units => $9, p_series => $10, p_commands => $11)";

/// The rows that are read before the book is loaded. A part that is `None` was not read.
#[derive(Debug, Default)]
pub(super) struct Prefetched {
    pub answered: Option<HashMap<String, (Vec<u8>, Answer)>>,
    pub drawers: Option<HashMap<RegisterId, Drawer>>,
    pub products: Option<Products>,
    pub levels: Option<BTreeMap<LevelKey, Level>>,
    pub series: Option<HashMap<String, i64>>,
}

/// The products of a batch.
#[derive(Debug)]
pub(super) struct Products {
    pub barcodes: HashMap<String, (ProductId, String)>,
    pub products: Vec<Product>,
    pub units: Vec<(ProductId, Unit)>,
}

/// Reads and locks the rows of `commands`, if all of them are plain till sales.
pub(super) async fn sales<'a>(
    tx: &Tx,
    setups: &Setups,
    commands: impl Iterator<Item = &'a Command> + Clone,
    keys: &[&str],
) -> Result<Prefetched, Error> {
    if !commands.clone().all(is_plain) {
        return Ok(Prefetched::default());
    }
    let needs = Needs::of(commands.clone());
    let setup = setups.with(tx, &needs).await?;
    let registers = needs.register_ids.iter().filter_map(|id| setup.registers.get(id));
    let series: Vec<String> = registers.map(|register| document::series(&register.code, tx.now)).collect();
    let query = sqlx::query(LOAD_SALES)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(keys)
        .bind(uuids(&needs.register_ids, |id| id.0))
        .bind(uuids(&places::places(&needs, &setup), |id| id.0))
        .bind(uuids(&needs.product_ids, |id| id.0))
        .bind(needs.skus.iter().map(String::as_str).collect::<Vec<&str>>())
        .bind(needs.barcodes.iter().map(String::as_str).collect::<Vec<&str>>())
        .bind(needs.units)
        .bind(&series)
        .bind(i32::try_from(commands.count()).unwrap_or(i32::MAX));
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("the load function returns one row"))?;
    let answered: Option<Vec<AnsweredRow>> = row.try_get("answered")?;
    let sessions: Option<Vec<SessionRow>> = row.try_get("sessions")?;
    let levels: Option<Vec<LockedLevelRow>> = row.try_get("levels")?;
    let read: Option<Vec<LockedSeriesRow>> = row.try_get("series")?;
    Ok(Prefetched {
        answered: Some(answered.into_iter().flatten().map(AnsweredRow::into_response).collect()),
        drawers: Some(sessions.into_iter().flatten().map(SessionRow::into_drawer).collect()),
        products: Some(products(&row)?),
        levels: levels.map(|levels| levels.into_iter().map(LockedLevelRow::into_level).collect()),
        series: read.map(|read| read.into_iter().map(|row| (row.series, row.next)).collect()),
    })
}

/// Whether the function reads every row that the command needs.
fn is_plain(command: &Command) -> bool {
    let Command::Sell(sale) = command else { return false };
    let redeems = sale.tenders.iter().any(|tender| tender.kind == TenderKind::Voucher);
    // Payment intents are locked before levels, which the function locks.
    let has_intent = sale.tenders.iter().any(|tender| tender.payment_intent_id.is_some());
    sale.customer_id.is_none() && sale.hold_id.is_none() && !redeems && !has_intent
}

fn products(row: &PgRow) -> Result<Products, Error> {
    let barcodes: Option<Vec<BarcodeRow>> = row.try_get("barcodes")?;
    let products: Option<Vec<ProductRow>> = row.try_get("products")?;
    let units: Option<Vec<UnitRow>> = row.try_get("units")?;
    let barcodes = barcodes.into_iter().flatten();
    Ok(Products {
        barcodes: barcodes.map(|row| (row.code, (row.product_id, row.uom))).collect(),
        products: products.into_iter().flatten().map(ProductRow::into_product).collect::<Result<_, _>>()?,
        units: units.into_iter().flatten().map(UnitRow::into_unit).collect(),
    })
}
