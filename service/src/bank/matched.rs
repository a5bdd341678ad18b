//! Matches by hand: the payments that a bank line is, which were recorded beside it.
//!
//! A line has the places 1, 2, … for its payments. Each place and each payment is taken once, so of two callers who match one line or
//! one payment at once, the second is rejected. A match and an acceptance of one line take one lock, so the second is rejected too.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{BankLineId, PaymentId, SupplierPaymentId};
use domain::number::Money;
use domain::refusal::{Code, Problems, Refusal};
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use super::{BankLine, get};
use crate::columns::Columns;
use crate::listing::number;
use crate::{Error, Tx};

/// Most payments of a line.
pub const PAYMENTS_MAX: usize = 100;
/// Most days between a line and a payment that is found for it.
const DAYS_BETWEEN: i64 = 7;

/// A payment that a caller names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    /// A payment of a customer, its reversal, or a payout.
    Customer(PaymentId),
    /// A payment to a supplier, or its reversal.
    Supplier(SupplierPaymentId),
}

/// A recorded payment that is matched with a bank line, or may be. It has one of the two ids.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BankPayment {
    /// Payment of a customer, reversal of one, or payout. Null for a payment to a supplier.
    pub payment_id: Option<PaymentId>,
    /// Payment to a supplier, or reversal of one. Null for a payment of a customer.
    pub supplier_payment_id: Option<SupplierPaymentId>,
    /// Number of the payment.
    #[schema(max_length = 64, example = "PAY-2026-000123")]
    pub number: String,
    /// Amount as the bank books it: above zero if the money came in.
    pub amount: Money,
    /// When it was paid.
    pub occurred_at: DateTime<Utc>,
}

/// The match of a bank line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BankLineMatch {
    /// Always `bank_line_match`.
    pub object: tag::BankLineMatch,
    /// The line.
    pub bank_line_id: BankLineId,
    /// Amount of the line.
    pub amount: Money,
    /// Payments that are matched with the line. Their sum is its amount.
    #[schema(max_items = 100)]
    pub payments: Vec<BankPayment>,
}

/// A payment as it is recorded.
struct Recorded {
    amount: Money,
    /// Whether a line was accepted as this payment.
    is_accepted: bool,
}

impl Named {
    /// Returns the name of the field that states it.
    fn field(self) -> &'static str {
        match self {
            Named::Customer(_) => "payment_id",
            Named::Supplier(_) => "supplier_payment_id",
        }
    }

    fn id(self) -> Uuid {
        match self {
            Named::Customer(id) => id.0,
            Named::Supplier(id) => id.0,
        }
    }

    fn payment_id(self) -> Option<Uuid> {
        match self {
            Named::Customer(id) => Some(id.0),
            Named::Supplier(_) => None,
        }
    }

    fn supplier_payment_id(self) -> Option<Uuid> {
        match self {
            Named::Customer(_) => None,
            Named::Supplier(id) => Some(id.0),
        }
    }
}

/// The lock that an acceptance takes too: see `service::posting::open_items`.
const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('bank_line ' || $1::uuid || $2::uuid, 0))";

/// Matches a line with payments whose sum is its amount; an entry that names none or two is rejected. The result names no person,
/// because it is stored for repeats.
pub async fn set(tx: &Tx, id: BankLineId, payments: &[Option<Named>]) -> Result<BankLineMatch, Error> {
    tx.execute(sqlx::query(LOCK).bind(tx.tenant_id.0).bind(id.0)).await?;
    let line = get(tx, id).await?;
    if line.payment_id.is_some() {
        let detail = "This line was accepted as a payment: see its payment_id.";
        return Err(Refusal::state(detail).into());
    }
    if !line.matches.is_empty() {
        return Err(Refusal::state("This line is matched already: take the match back first.").into());
    }
    if payments.is_empty() || payments.len() > PAYMENTS_MAX {
        let detail = format!("Name 1 to {PAYMENTS_MAX} payments.");
        return Err(Refusal::invalid("/payments", detail).into());
    }
    check(tx, &line, payments).await?;
    // Two callers take the payments in one order.
    let mut taken: Vec<Named> = payments.iter().copied().flatten().collect();
    taken.sort_by_key(|named| named.id());
    let added = add(tx, id, &taken).await?;
    if added < taken.len() as u64 {
        let detail = "The line or one of the payments is matched already: read the line again, and take that match back first.";
        return Err(Refusal::state(detail).into());
    }
    let BankLine { amount, matches, .. } = get(tx, id).await?;
    Ok(BankLineMatch { object: tag::BankLineMatch, bank_line_id: id, amount, payments: matches })
}

/// Takes the match of a line back. The payments stay.
pub async fn remove(tx: &Tx, id: BankLineId) -> Result<(), Error> {
    get(tx, id).await?;
    let statement = "delete from bank_match where tenant_id = $1 and bank_line_id = $2";
    let removed = tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    if removed == 0 {
        return Err(Refusal::state("This line is not matched.").into());
    }
    Ok(())
}

/// Rejects payments that are not named by one id, named twice, unknown, or of another line, and a sum that is not the amount of the
/// line.
async fn check(tx: &Tx, line: &BankLine, payments: &[Option<Named>]) -> Result<(), Error> {
    let known: Vec<Named> = payments.iter().copied().flatten().collect();
    let recorded = recorded(tx, &known).await?;
    let mut problems = Problems::default();
    let mut named = HashSet::with_capacity(payments.len());
    let mut sum = Money::ZERO;
    for (index, payment) in payments.iter().enumerate() {
        let Some(payment) = payment else {
            let detail =
                "Send either payment_id or supplier_payment_id: a line matches payments by one id each.";
            problems.invalid(format!("/payments/{index}/payment_id"), detail);
            continue;
        };
        let pointer = format!("/payments/{index}/{}", payment.field());
        match recorded.get(&payment.id()) {
            None => problems.add(pointer, Code::NotFound, "There is no such payment."),
            Some(_) if !named.insert(*payment) => problems.invalid(pointer, "Name each payment once."),
            Some(known) if known.is_accepted => {
                let detail = "Another bank line was accepted as this payment.";
                problems.add(pointer, Code::InvalidStateTransition, detail);
            }
            Some(known) => sum += known.amount,
        }
    }
    problems.check()?;
    if sum != line.amount {
        let detail = format!(
            "The sum of the payments is {sum}, and the amount of the line {}: name payments with this sum.",
            line.amount
        );
        return Err(Refusal::invalid("/payments", detail).into());
    }
    Ok(())
}

/// Returns the payments that exist, by their id, with their amounts as a bank books them. The application of an advance moves no money,
/// so it is none.
async fn recorded(tx: &Tx, payments: &[Named]) -> Result<HashMap<Uuid, Recorded>, Error> {
    let statement = "select p.id, p.amount, exists ( \
                         select from bank_line l where l.tenant_id = $1 and l.id = p.id) as is_accepted \
                     from payment p where p.tenant_id = $1 and p.id = any($2) \
                     union all \
                     select s.id, -s.amount, false from supplier_payment s \
                     where s.tenant_id = $1 and s.id = any($3) and s.advance_id is null";
    let customers: Vec<Uuid> = payments.iter().filter_map(|named| named.payment_id()).collect();
    let suppliers: Vec<Uuid> = payments.iter().filter_map(|named| named.supplier_payment_id()).collect();
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(customers).bind(suppliers);
    let mut recorded = HashMap::with_capacity(payments.len());
    for row in &tx.rows(query).await? {
        let one = Recorded { amount: number(row, "amount")?, is_accepted: row.try_get("is_accepted")? };
        recorded.insert(row.try_get("id")?, one);
    }
    Ok(recorded)
}

async fn add(tx: &Tx, id: BankLineId, payments: &[Named]) -> Result<u64, Error> {
    let statement = "insert into bank_match (tenant_id, bank_line_id, matched_at, place, payment_id, supplier_payment_id) \
                     select $1, $2, $3, v.* \
                     from unnest($4::int[], $5::uuid[], $6::uuid[]) as v (place, payment_id, supplier_payment_id) \
                     on conflict do nothing";
    let placed: Vec<(i32, Named)> = (1..).zip(payments.iter().copied()).collect();
    Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(id.0)
        .bind(tx.now)
        .column("place", &placed, |(place, _)| *place)
        .column("payment_id", &placed, |(_, named)| named.payment_id())
        .column("supplier_payment_id", &placed, |(_, named)| named.supplier_payment_id())
        .execute(tx)
        .await
}

/// Adds to each line the payments that it is matched with.
pub(super) async fn show(tx: &Tx, lines: &mut [BankLine]) -> Result<(), Error> {
    let statement = "select m.bank_line_id, m.payment_id, m.supplier_payment_id, \
                         coalesce(p.number, s.number) as number, coalesce(p.amount, -s.amount) as amount, \
                         coalesce(p.occurred_at, s.occurred_at) as occurred_at \
                     from bank_match m \
                     left join payment p on p.tenant_id = m.tenant_id and p.id = m.payment_id \
                     left join supplier_payment s on s.tenant_id = m.tenant_id and s.id = m.supplier_payment_id \
                     where m.tenant_id = $1 and m.bank_line_id = any($2) order by m.bank_line_id, m.place";
    let ids: Vec<Uuid> = lines.iter().map(|line| line.id.0).collect();
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
    let mut of_lines = by_line(&rows)?;
    for line in lines {
        line.matches = of_lines.remove(&line.id.0).unwrap_or_default();
    }
    Ok(())
}

/// Finds the transfers of lines by their amount, within a time.
pub const RECORDED: &str = "select v.bank_line_id, f.payment_id, f.supplier_payment_id, f.number, f.amount, f.occurred_at \
    from unnest($2::uuid[], $3::numeric[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[]) \
        as v (bank_line_id, amount, booked_at, since, until) \
    cross join lateral ( \
        select c.*, greatest(c.occurred_at - v.booked_at, v.booked_at - c.occurred_at) as distance \
        from ( \
            select p.id as payment_id, null::uuid as supplier_payment_id, p.number, p.amount, p.occurred_at \
            from auth.find_transfers(v.amount, v.since, v.until) as t (id) \
            join payment p on p.tenant_id = $1 and p.id = t.id \
            where p.kind <> 'reversal' \
                and not exists (select from payment r where r.tenant_id = $1 and r.original_id = p.id) \
                and not exists (select from bank_match m where m.tenant_id = $1 and m.payment_id = p.id) \
                and not exists (select from bank_line l where l.tenant_id = $1 and l.id = p.id) \
            union all \
            select null, s.id, s.number, -s.amount, s.occurred_at \
            from auth.find_supplier_transfers(-v.amount, v.since, v.until) as t (id) \
            join supplier_payment s on s.tenant_id = $1 and s.id = t.id \
            where not exists (select from supplier_payment r where r.tenant_id = $1 and r.original_id = s.id) \
                and not exists (select from bank_match m \
                                where m.tenant_id = $1 and m.supplier_payment_id = s.id) \
        ) c \
        order by distance, c.number limit 5) f \
    order by v.bank_line_id, f.distance, f.number";

/// Adds to each line that is neither accepted nor matched the payments that were recorded beside it: bank transfers with its amount, up
/// to 7 days from it, that are not reversed and not of another line. At most 5, the nearest first.
pub(super) async fn find(tx: &Tx, lines: &mut [BankLine]) -> Result<(), Error> {
    let is_open = |line: &&mut BankLine| line.payment_id.is_none() && line.matches.is_empty();
    let open: Vec<&mut BankLine> = lines.iter_mut().filter(is_open).collect();
    if open.is_empty() {
        return Ok(());
    }
    let days = TimeDelta::days(DAYS_BETWEEN);
    let rows = Columns::of(RECORDED)
        .bind(tx.tenant_id.0)
        .column("bank_line_id", &open, |line| line.id.0)
        .column("amount", &open, |line| line.amount.get())
        .column("booked_at", &open, |line| line.booked_at)
        .column("since", &open, |line| line.booked_at - days)
        .column("until", &open, |line| line.booked_at + days + TimeDelta::days(1))
        .rows(tx)
        .await?;
    let mut of_lines = by_line(&rows)?;
    for line in open {
        line.recorded = of_lines.remove(&line.id.0).unwrap_or_default();
        line.recorded.truncate(domain::bank::PROPOSALS_MAX);
    }
    Ok(())
}

fn by_line(rows: &[PgRow]) -> Result<HashMap<Uuid, Vec<BankPayment>>, Error> {
    let mut of_lines: HashMap<Uuid, Vec<BankPayment>> = HashMap::new();
    for row in rows {
        of_lines.entry(row.try_get("bank_line_id")?).or_default().push(BankPayment {
            payment_id: row.try_get::<Option<Uuid>, _>("payment_id")?.map(PaymentId),
            supplier_payment_id: row
                .try_get::<Option<Uuid>, _>("supplier_payment_id")?
                .map(SupplierPaymentId),
            number: row.try_get("number")?,
            amount: number(row, "amount")?,
            occurred_at: row.try_get("occurred_at")?,
        });
    }
    Ok(of_lines)
}
