//! Loads the vouchers that a batch issues, redeems or gives back into.

use std::collections::HashMap;

use domain::id::{CustomerId, VoucherId};
use domain::needs::Needs;
use domain::voucher::Voucher;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{number, word};
use crate::{Error, Tx};

/// Reads and locks the vouchers that commands name.
pub(super) async fn load(tx: &Tx, needs: &Needs) -> Result<HashMap<String, Voucher>, Error> {
    if needs.voucher_codes.is_empty() {
        return Ok(HashMap::new());
    }
    let codes: Vec<&str> = needs.voucher_codes.iter().map(String::as_str).collect();
    let statement = "select id, code, status, customer_id, issued, redeemed, expires_on, forced from voucher \
                     where tenant_id = $1 and code = any($2) order by id for update";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(codes)).await?;
    let voucher = |row: &PgRow| -> Result<(String, Voucher), Error> {
        let voucher = Voucher {
            id: VoucherId(row.try_get("id")?),
            code: row.try_get("code")?,
            status: word(row, "status")?,
            customer_id: row.try_get::<Option<Uuid>, _>("customer_id")?.map(CustomerId),
            issued: number(row, "issued")?,
            redeemed: number(row, "redeemed")?,
            expires_on: row.try_get("expires_on")?,
            forced: row.try_get("forced")?,
        };
        Ok((voucher.code.clone(), voucher))
    };
    rows.iter().map(voucher).collect()
}
