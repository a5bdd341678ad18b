//! Payments to suppliers and their reversals, for reading.

pub mod proposal;

use domain::id::{BillId, SupplierId, SupplierPaymentId};
use domain::refusal::Refusal;
use domain::supplier_payment::{SupplierPayment, SupplierPaymentKind};
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;

use crate::listing::{Listing, Period, Slice};
use crate::posting::{bills, setup};
use crate::{Error, Tx};

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<SupplierPaymentKind>,
    pub supplier_id: Option<SupplierId>,
    /// Payments of this bill.
    pub bill_id: Option<BillId>,
    pub number: Option<String>,
    pub reference: Option<String>,
    /// Whether a part of the advance is not applied to bills.
    pub unapplied: Option<bool>,
    pub occurred: Period,
}

const SELECT: &str = "select p.id, p.number, p.kind, p.supplier_id, p.amount, p.discount, p.advance, \
                             p.unapplied, p.advance_id, p.difference, p.original_id, p.reason, p.reference, \
                             p.occurred_at, p.foreign_currency, p.exchange_rate, p.foreign_amount, \
                             p.foreign_discount, p.foreign_advance, p.foreign_unapplied, t.currency, \
                             (select r.id from supplier_payment r \
                              where r.tenant_id = p.tenant_id and r.original_id = p.id) as reversed_by \
                      from supplier_payment p join tenant t on t.tenant_id = p.tenant_id where p.tenant_id = ";

/// Returns one page of payments, without their bills, each with the currency of its amount.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<(SupplierPayment, String)>, Error> {
    let unapplied = match filter.unapplied {
        Some(true) => " and (p.unapplied > 0 or p.foreign_unapplied > 0)",
        Some(false) => " and p.unapplied = 0 and p.foreign_unapplied = 0",
        None => "",
    };
    let query = Listing::new(tx, SELECT)
        .among("p.kind", filter.kind.as_slice())
        .with("p.supplier_id = ", filter.supplier_id.map(|id| id.0))
        .with("p.number = ", filter.number.as_ref())
        .with("p.reference = ", filter.reference.as_ref())
        .sql(unapplied)
        .within("p.occurred_at", filter.occurred);
    let query = match filter.bill_id {
        Some(id) => query
            .sql(" and p.id in (select l.payment_id from supplier_payment_part l where l.tenant_id = ")
            .tenant(tx)
            .with("l.bill_id = ", Some(id.0))
            .sql(")"),
        None => query,
    };
    let rows = query.since("p.recorded_at >= ", slice).page(tx, "p.id", slice).await?;
    let payment = |row: &PgRow| -> Result<(SupplierPayment, String), Error> {
        Ok((bills::payment(row)?, row.try_get("currency")?))
    };
    rows.iter().map(payment).collect()
}

/// Returns a payment with its bills, and the currency of its amounts.
pub async fn get(tx: &Tx, id: SupplierPaymentId) -> Result<(SupplierPayment, String), Error> {
    let found = bills::payments(tx, &[id.0]).await?.into_iter().next();
    let payment = found.ok_or_else(|| Refusal::not_found("payment"))?;
    Ok((payment, setup::settings(tx).await?.currency))
}
