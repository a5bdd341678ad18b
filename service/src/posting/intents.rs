//! Payment intents, locked until a batch or a report is committed.

use std::collections::HashMap;

use domain::id::{PaymentIntentId, RegisterId, SaleId};
use domain::needs::Needs;
use domain::payment_intent::Intent;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{number, optional_number, word};
use crate::rows::uuids;
use crate::{Error, Tx};

/// Locks and reads the payment intents that commands name.
pub(super) async fn load(tx: &Tx, needs: &Needs) -> Result<HashMap<PaymentIntentId, Intent>, Error> {
    if needs.intent_ids.is_empty() {
        return Ok(HashMap::new());
    }
    locked(tx, uuids(&needs.intent_ids, |id| id.0)).await
}

/// Locks and reads payment intents. Their sales are read after the locks, which a sale at another till may have held.
pub(crate) async fn locked(tx: &Tx, ids: Vec<Uuid>) -> Result<HashMap<PaymentIntentId, Intent>, Error> {
    let lock = "select id, status, amount, authorised_amount, captured_amount, register_id, expires_at from payment_intent \
                where tenant_id = $1 and id = any($2) order by id for update";
    let mut intents = HashMap::new();
    for row in tx.rows(sqlx::query(lock).bind(tx.tenant_id.0).bind(&ids)).await? {
        let intent = Intent {
            status: word(&row, "status")?,
            amount: number(&row, "amount")?,
            authorised_amount: optional_number(&row, "authorised_amount")?,
            captured_amount: optional_number(&row, "captured_amount")?,
            register_id: RegisterId(row.try_get("register_id")?),
            sale_id: None,
            expires_at: row.try_get("expires_at")?,
        };
        intents.insert(PaymentIntentId(row.try_get("id")?), intent);
    }
    let used = "select payment_intent_id, sale_id from tender_payment_intent \
                where tenant_id = $1 and payment_intent_id = any($2)";
    for row in tx.rows(sqlx::query(used).bind(tx.tenant_id.0).bind(&ids)).await? {
        if let Some(intent) = intents.get_mut(&PaymentIntentId(row.try_get("payment_intent_id")?)) {
            intent.sale_id = Some(SaleId(row.try_get("sale_id")?));
        }
    }
    Ok(intents)
}
