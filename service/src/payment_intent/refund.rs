//! Refunds that tills ask card terminals for: what is left of a payment.

use domain::id::PaymentIntentId;
use domain::number::Money;
use domain::payment_intent::{self as rules, Asked};
use domain::refusal::{Code, Problems};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::number;
use crate::posting::intents::locked;
use crate::{Error, Tx};

/// Rejects a refund of more than is left of a payment and its sale. Locks the sale, then the payment, in the order of a batch: so two tills
/// at once can't ask for more than the card paid.
pub(super) async fn check(tx: &Tx, original_id: PaymentIntentId, amount: Money) -> Result<(), Error> {
    let sale = "select sale_id from tender_payment_intent where tenant_id = $1 and payment_intent_id = $2";
    let sale = tx.row(sqlx::query(sale).bind(tx.tenant_id.0).bind(original_id.0)).await?;
    let sale_id: Option<Uuid> = sale.map(|row| row.try_get("sale_id")).transpose()?;
    if let Some(sale_id) = sale_id {
        let lock = "select from pos_sale where tenant_id = $1 and id = $2 for update";
        tx.row(sqlx::query(lock).bind(tx.tenant_id.0).bind(sale_id)).await?;
    }
    let found = locked(tx, vec![original_id.0]).await?;
    let Some(original) = found.get(&original_id) else {
        let detail = "There is no such payment intent.";
        return Err(Problems::one("/original_id", Code::NotFound, detail).into());
    };
    rules::check_refund(original, &read_asked(tx, original_id, sale_id).await?, amount)?;
    Ok(())
}

/// Reads the amounts that terminals were asked to pay back, and the rest of the card tenders of the sale.
async fn read_asked(tx: &Tx, original_id: PaymentIntentId, sale_id: Option<Uuid>) -> Result<Asked, Error> {
    let query = sqlx::query(ASKED).bind(tx.tenant_id.0).bind(original_id.0).bind(sale_id).bind(tx.now);
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
    Ok(Asked {
        of_payment: number(&row, "of_payment")?,
        of_sale: number(&row, "of_sale")?,
        card_left: number(&row, "card_left")?,
    })
}

/// The refunds of the payment `$2` of the sale `$3` that have not ended without money until `$4`. The tenders of refunds are negative. Of a
/// sale that was paid back by vouchers, less is left than of its card tenders.
const ASKED: &str = "
    with live as (
        select r.original_id, u.sale_id as refund_id, coalesce(r.captured_amount, r.authorised_amount, r.amount) as amount
        from payment_intent r
        left join tender_payment_intent u on u.tenant_id = $1 and u.payment_intent_id = r.id
        where r.tenant_id = $1 and r.original_id in (
                select t.payment_intent_id from tender_payment_intent t where t.tenant_id = $1 and t.sale_id = $3)
            and (r.status in ('authorised', 'captured') or r.status = 'created' and r.expires_at > $4)
    ), document as (
        select $3::uuid as id
        union
        select l.document_id from sales_line l
        where l.tenant_id = $1 and l.original_id = $3 and l.document_kind = 'refund'
    )
    select
        coalesce((select sum(amount) from live where original_id = $2), 0) as of_payment,
        coalesce((select sum(amount) from live where refund_id is null), 0) as of_sale,
        (select least(coalesce(sum(t.amount) filter (where t.kind = 'card'), 0), coalesce(sum(t.amount), 0)) from document d
         join tender t on t.tenant_id = $1 and t.sale_id = d.id) as card_left";
