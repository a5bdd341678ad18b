//! Loads the payments and credit notes that are applied to invoices, taken back or paid out.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::id::{CustomerId, InvoiceId, PaymentId};
use domain::needs::Needs;
use domain::number::Money;
use domain::open_item::{Applied, Credit, CreditRef, ForeignCredit};
use domain::payment::{KnownPayment, PaymentKind};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::exchange;
use crate::listing::{number, optional_number, word};
use crate::rows::uuids;
use crate::{Error, Tx};

/// The open items of a batch, besides its invoices.
#[derive(Default)]
pub(super) struct OpenItems {
    pub credits: HashMap<CreditRef, Credit>,
    pub payments: HashMap<PaymentId, KnownPayment>,
}

/// Reads and locks the payments and credit notes that commands name, and the open ones of customers. Their customers are
/// locked before. Adds the invoices that a reversal opens again to the needs.
pub(super) async fn load(tx: &Tx, needs: &mut Needs) -> Result<OpenItems, Error> {
    let mut items = OpenItems::default();
    if needs.credits.is_empty() && needs.crediting.is_empty() && needs.reversed.is_empty() {
        return Ok(items);
    }
    let mut paid_out = changes_of_payouts(tx, needs).await?;
    needs.credits.extend(paid_out.values().flatten().map(|line| line.credit));
    payments(tx, needs, &mut items, &mut paid_out).await?;
    credit_notes(tx, needs, &mut items).await?;
    applied(tx, needs, &mut items).await?;
    let reversed = needs.reversed.iter().filter_map(|id| items.credits.get(&CreditRef::Payment(*id)));
    needs.invoice_ids.extend(reversed.flat_map(|credit| credit.applied.keys().copied()));
    Ok(items)
}

/// Locks the bank lines that are accepted as payments. A match by hand takes the same lock: see `service::bank::matched`.
const LOCK_LINES: &str = "
    select pg_advisory_xact_lock(hashtextextended('bank_line ' || $1::uuid || l.id, 0))
    from (select id from bank_line where tenant_id = $1 and id = any($2) order by id) l";

/// Returns the bank lines that are accepted as payments in this batch, and are matched by hand.
pub(super) async fn matched_lines(tx: &Tx, needs: &Needs) -> Result<HashSet<PaymentId>, Error> {
    let mut matched = HashSet::new();
    if needs.accepted.is_empty() {
        return Ok(matched);
    }
    let ids = uuids(&needs.accepted, |id| id.0);
    let locked = tx.execute(sqlx::query(LOCK_LINES).bind(tx.tenant_id.0).bind(ids.clone())).await?;
    if locked == 0 {
        return Ok(matched);
    }
    let statement =
        "select distinct bank_line_id from bank_match where tenant_id = $1 and bank_line_id = any($2)";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
        matched.insert(PaymentId(row.try_get("bank_line_id")?));
    }
    Ok(matched)
}

async fn changes_of_payouts(tx: &Tx, needs: &Needs) -> Result<HashMap<PaymentId, Vec<Applied>>, Error> {
    let mut changes: HashMap<PaymentId, Vec<Applied>> = HashMap::new();
    if needs.reversed.is_empty() {
        return Ok(changes);
    }
    let statement = "select document_id, payment_id, credit_note_id, invoice_id, amount, difference, foreign_amount \
                     from application_line \
                     where tenant_id = $1 and document_id = any($2) order by document_id, line_no";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(uuids(&needs.reversed, |id| id.0));
    for row in tx.rows(query).await? {
        changes.entry(PaymentId(row.try_get("document_id")?)).or_default().push(line(&row)?);
    }
    Ok(changes)
}

/// Reads a change of what is applied.
pub(crate) fn line(row: &PgRow) -> Result<Applied, Error> {
    let invoice_id: Option<Uuid> = row.try_get("invoice_id")?;
    Ok(Applied {
        credit: credit(row)?,
        invoice_id: invoice_id.map(InvoiceId),
        amount: number(row, "amount")?,
        difference: number(row, "difference")?,
        foreign: optional_number(row, "foreign_amount")?,
    })
}

/// Reads the payment or credit note of a change.
pub(crate) fn credit(row: &PgRow) -> Result<CreditRef, Error> {
    Ok(match row.try_get::<Option<Uuid>, _>("payment_id")? {
        Some(id) => CreditRef::Payment(PaymentId(id)),
        None => CreditRef::CreditNote(InvoiceId(row.try_get("credit_note_id")?)),
    })
}

async fn payments(
    tx: &Tx,
    needs: &Needs,
    items: &mut OpenItems,
    paid_out: &mut HashMap<PaymentId, Vec<Applied>>,
) -> Result<(), Error> {
    let named = needs.credits.iter().filter_map(|credit| credit.payment_id());
    let ids: Vec<Uuid> = named.chain(needs.reversed.iter().copied()).map(|id| id.0).collect();
    let statement = "select p.id, p.number, p.customer_id, p.kind, p.method, p.amount, p.unapplied, p.reference, \
                            p.occurred_at, p.foreign_currency, p.exchange_rate, p.foreign_amount, p.foreign_unapplied, \
                            exists (select from payment r where r.tenant_id = $1 and r.original_id = p.id) as is_reversed \
                     from payment p \
                     where p.tenant_id = $1 \
                       and (p.id = any($2) or (p.customer_id = any($3) and (p.unapplied > 0 or p.foreign_unapplied > 0))) \
                     order by p.id for update of p";
    let query =
        sqlx::query(statement).bind(tx.tenant_id.0).bind(ids).bind(uuids(&needs.crediting, |id| id.0));
    for row in tx.rows(query).await? {
        let id = PaymentId(row.try_get("id")?);
        let payment = KnownPayment {
            customer_id: CustomerId(row.try_get("customer_id")?),
            number: row.try_get("number")?,
            kind: word(&row, "kind")?,
            method: word(&row, "method")?,
            amount: number(&row, "amount")?,
            foreign: exchange::received(&row)?,
            reference: row.try_get("reference")?,
            is_reversed: row.try_get("is_reversed")?,
            changes: paid_out.remove(&id).unwrap_or_default(),
            occurred_at: row.try_get("occurred_at")?,
        };
        if payment.kind == PaymentKind::Payment {
            let credit = Credit {
                customer_id: payment.customer_id,
                left: number(&row, "unapplied")?,
                foreign: payment
                    .foreign
                    .as_ref()
                    .map(|foreign| ForeignCredit { quote: foreign.quote.clone(), left: foreign.unapplied }),
                occurred_at: payment.occurred_at,
                applied: BTreeMap::new(),
                applied_at: BTreeMap::new(),
                paid_out: Money::ZERO,
            };
            items.credits.insert(CreditRef::Payment(id), credit);
        }
        if needs.reversed.contains(&id) {
            items.payments.insert(id, payment);
        }
    }
    Ok(())
}

async fn credit_notes(tx: &Tx, needs: &Needs, items: &mut OpenItems) -> Result<(), Error> {
    let ids: Vec<Uuid> =
        needs.credits.iter().filter_map(|credit| credit.credit_note_id()).map(|id| id.0).collect();
    if ids.is_empty() && needs.crediting.is_empty() {
        return Ok(());
    }
    let statement = "select id, customer_id, -open as left, occurred_at, foreign_currency, exchange_rate, foreign_value, \
                            foreign_tax, foreign_open \
                     from invoice \
                     where tenant_id = $1 and kind = 'credit_note' \
                       and (id = any($2) or (customer_id = any($3) and (open < 0 or foreign_open < 0))) \
                     order by id for update";
    let query =
        sqlx::query(statement).bind(tx.tenant_id.0).bind(ids).bind(uuids(&needs.crediting, |id| id.0));
    for row in tx.rows(query).await? {
        let credit = Credit {
            customer_id: CustomerId(row.try_get("customer_id")?),
            left: number(&row, "left")?,
            foreign: exchange::document(&row)?
                .map(|foreign| ForeignCredit { quote: foreign.quote, left: -foreign.open }),
            occurred_at: row.try_get("occurred_at")?,
            applied: BTreeMap::new(),
            applied_at: BTreeMap::new(),
            paid_out: Money::ZERO,
        };
        items.credits.insert(CreditRef::CreditNote(InvoiceId(row.try_get("id")?)), credit);
    }
    Ok(())
}

/// Reads what is applied of the named credits.
async fn applied(tx: &Tx, needs: &Needs, items: &mut OpenItems) -> Result<(), Error> {
    if needs.credits.is_empty() {
        return Ok(());
    }
    let payments: Vec<Uuid> =
        needs.credits.iter().filter_map(|credit| credit.payment_id()).map(|id| id.0).collect();
    let notes: Vec<Uuid> =
        needs.credits.iter().filter_map(|credit| credit.credit_note_id()).map(|id| id.0).collect();
    let statement = "select payment_id, credit_note_id, invoice_id, sum(amount) as amount, sum(difference) as difference, \
                            sum(foreign_amount) as foreign_amount, \
                            max(applied_at) filter (where amount > 0) as applied_at \
                     from (select payment_id, null::uuid as credit_note_id, invoice_id, amount, difference, foreign_amount, \
                                  null::timestamptz as applied_at \
                           from payment_allocation \
                           where tenant_id = $1 and payment_id = any($2) \
                           union all \
                           select l.payment_id, l.credit_note_id, l.invoice_id, l.amount, l.difference, l.foreign_amount, \
                                  a.occurred_at \
                           from application_line l \
                           left join application a on a.tenant_id = $1 and a.id = l.document_id \
                           where l.tenant_id = $1 and (l.payment_id = any($2) or l.credit_note_id = any($3))) line \
                     group by 1, 2, 3";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(payments).bind(notes);
    for row in tx.rows(query).await? {
        let line = line(&row)?;
        let Some(known) = items.credits.get_mut(&line.credit) else { continue };
        match line.invoice_id {
            Some(id) => {
                known.applied.insert(id, line.used());
                known
                    .applied_at
                    .extend(row.try_get::<Option<DateTime<Utc>>, _>("applied_at")?.map(|at| (id, at)));
            }
            None => known.paid_out += line.amount,
        }
    }
    Ok(())
}
