//! Payment intents, locked until a batch or a report is committed.

use std::collections::HashMap;

use domain::id::{PaymentIntentId, RegisterId, SaleId};
use domain::needs::Needs;
use domain::payment_intent::{Intent, Original};
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

/// Locks and reads payment intents. Reads their sales, and the payments that refunds pay back, after it has the locks: a document at
/// another till may have changed them while it waited.
pub(crate) async fn locked(tx: &Tx, ids: Vec<Uuid>) -> Result<HashMap<PaymentIntentId, Intent>, Error> {
    let lock = "select id, status, amount, authorised_amount, captured_amount, register_id, expires_at, original_id \
                from payment_intent \
                where tenant_id = $1 and id = any($2) order by id for update";
    let mut intents = HashMap::new();
    let mut pays_back = false;
    for row in tx.rows(sqlx::query(lock).bind(tx.tenant_id.0).bind(&ids)).await? {
        let intent = Intent {
            status: word(&row, "status")?,
            amount: number(&row, "amount")?,
            authorised_amount: optional_number(&row, "authorised_amount")?,
            captured_amount: optional_number(&row, "captured_amount")?,
            register_id: RegisterId(row.try_get("register_id")?),
            sale_id: None,
            expires_at: row.try_get("expires_at")?,
            original: None,
        };
        pays_back |= row.try_get::<Option<Uuid>, _>("original_id")?.is_some();
        intents.insert(PaymentIntentId(row.try_get("id")?), intent);
    }
    let used = "select payment_intent_id, sale_id from tender_payment_intent \
                where tenant_id = $1 and payment_intent_id = any($2)";
    for row in tx.rows(sqlx::query(used).bind(tx.tenant_id.0).bind(&ids)).await? {
        if let Some(intent) = intents.get_mut(&PaymentIntentId(row.try_get("payment_intent_id")?)) {
            intent.sale_id = Some(SaleId(row.try_get("sale_id")?));
        }
    }
    if pays_back {
        add_originals(tx, &ids, &mut intents).await?;
    }
    Ok(intents)
}

/// Reads the payments that refund intents pay back, with what refunds of the sale paid back by such intents. A batch that refunds
/// has locked the sale.
async fn add_originals(
    tx: &Tx,
    ids: &[Uuid],
    intents: &mut HashMap<PaymentIntentId, Intent>,
) -> Result<(), Error> {
    for row in tx.rows(sqlx::query(ORIGINALS).bind(tx.tenant_id.0).bind(ids)).await? {
        if let Some(intent) = intents.get_mut(&PaymentIntentId(row.try_get("id")?)) {
            intent.original = Some(Original {
                id: PaymentIntentId(row.try_get("original_id")?),
                sale_id: row.try_get::<Option<Uuid>, _>("sale_id")?.map(SaleId),
                captured_amount: optional_number(&row, "captured_amount")?,
                back: number(&row, "back")?,
            });
        }
    }
    Ok(())
}

const ORIGINALS: &str = "select r.id, r.original_id, o.captured_amount, u.sale_id, \
        coalesce((select -sum(d.amount) from payment_intent x \
                  join tender_payment_intent t on t.tenant_id = $1 and t.payment_intent_id = x.id \
                  join tender d on d.tenant_id = $1 and d.sale_id = t.sale_id and d.line_no = t.line_no \
                  where x.tenant_id = $1 and x.original_id = r.original_id), 0) as back \
     from payment_intent r \
     join payment_intent o on o.tenant_id = $1 and o.id = r.original_id \
     left join tender_payment_intent u on u.tenant_id = $1 and u.payment_intent_id = o.id \
     where r.tenant_id = $1 and r.id = any($2)";
