//! Loads the vouchers that a batch issues, redeems or gives back into.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::{CustomerId, VoucherId};
use domain::needs::Needs;
use domain::number::Money;
use domain::voucher::{Voucher, Vouchers};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{number, word};
use crate::{Error, Tx};

/// Reads and locks the vouchers that commands name.
pub(super) async fn load(tx: &Tx, needs: &Needs) -> Result<Vouchers, Error> {
    if needs.voucher_codes.is_empty() {
        return Ok(Vouchers::default());
    }
    let codes: Vec<&str> = needs.voucher_codes.iter().map(String::as_str).collect();
    let statement = "select id, code, status, customer_id, issued, redeemed, expires_on, forced, version, recorded_at \
                     from voucher where tenant_id = $1 and (code = any($2) or id = any($3)) order by id for update";
    let ids: Vec<Uuid> = needs.voucher_ids.iter().map(|id| id.0).collect();
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(codes).bind(ids)).await?;
    let voucher = |row: &PgRow| -> Result<Voucher, Error> {
        Ok(Voucher {
            id: VoucherId(row.try_get("id")?),
            code: row.try_get("code")?,
            status: word(row, "status")?,
            customer_id: row.try_get::<Option<Uuid>, _>("customer_id")?.map(CustomerId),
            issued: number(row, "issued")?,
            redeemed: number(row, "redeemed")?,
            expires_on: row.try_get("expires_on")?,
            forced: row.try_get("forced")?,
            changes: Vec::new(),
            version: row.try_get("version")?,
            recorded_at: row.try_get("recorded_at")?,
        })
    };
    let mut vouchers: Vec<Voucher> = rows.iter().map(voucher).collect::<Result<_, Error>>()?;
    if needs.earliest.is_some_and(|at| at < tx.now) && !vouchers.is_empty() {
        add_changes(tx, &mut vouchers).await?;
    }
    Ok(vouchers.into_iter().collect())
}

/// Reads the changes of locked vouchers. A statement after the lock sees all of them.
async fn add_changes(tx: &Tx, vouchers: &mut [Voucher]) -> Result<(), Error> {
    let ids: Vec<Uuid> = vouchers.iter().map(|voucher| voucher.id.0).collect();
    let statement = "select voucher_id, occurred_at, amount from voucher_move \
                     where tenant_id = $1 and voucher_id = any($2)";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
    let mut changes: HashMap<VoucherId, Vec<(DateTime<Utc>, Money)>> = HashMap::new();
    for row in &rows {
        let of_voucher = changes.entry(VoucherId(row.try_get("voucher_id")?)).or_default();
        of_voucher.push((row.try_get("occurred_at")?, number(row, "amount")?));
    }
    for voucher in vouchers {
        voucher.changes = changes.remove(&voucher.id).unwrap_or_default();
    }
    Ok(())
}
