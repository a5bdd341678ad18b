//! Writes bills, what of them is matched with receipts, and payments to suppliers: one statement per table, none for a table
//! that the batch does not touch.

use std::collections::BTreeMap;

use domain::bill::{Bill, BillLine, BilledGoods, Match, Mismatch};
use domain::book::ChangedBill;
use domain::exchange::ForeignDocument;
use domain::id::{BillId, SupplierPaymentId};
use domain::number::Money;
use domain::supplier_payment::{ForeignPayment, SupplierPayment};
use sea_orm::sqlx;
use serde_json::json;
use uuid::Uuid;

use super::{column, word};
use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// Writes all of it. The receipts are written before.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let mut bills: Vec<(&Bill, Uuid)> = Vec::new();
    let mut payments: Vec<(&SupplierPayment, Uuid)> = Vec::new();
    let mut changed: BTreeMap<BillId, ChangedBill> = BTreeMap::new();
    let mut judged: BTreeMap<(BillId, i32), &[Mismatch]> = BTreeMap::new();
    let mut matches: Vec<&Match> = Vec::new();
    for accepted in accepted {
        if let Outcome::Bill(bill) = &accepted.outcome {
            bills.push((bill, accepted.command_id.0));
        }
        if let Outcome::SupplierPayment(payment) = &accepted.outcome {
            payments.push((payment, accepted.command_id.0));
        }
        let posting = &accepted.posting;
        changed.extend(posting.bills.iter().map(|bill| (bill.id, *bill)));
        judged.extend(
            posting.judged.iter().map(|(id, line_no, reasons)| ((*id, *line_no), reasons.as_slice())),
        );
        matches.extend(&posting.matches);
    }
    write_bills(tx, &bills).await?;
    let lines: Vec<(&Bill, &BillLine)> =
        bills.iter().flat_map(|(bill, _)| bill.lines.iter().map(move |line| (*bill, line))).collect();
    write_lines(tx, &lines).await?;
    write_matches(tx, &matches).await?;
    write_payments(tx, &payments).await?;
    write_changed(tx, changed.into_values().collect()).await?;
    write_judged(tx, judged.into_iter().collect()).await
}

async fn write_bills(tx: &Tx, rows: &[(&Bill, Uuid)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into bill (tenant_id, id, number, kind, supplier_id, supplier_number, dated, due_on, value, tax, \
                               total, open, reference, original_id, discounts, version, command_id, foreign_currency, \
                               exchange_rate, foreign_value, foreign_tax, foreign_open, recorded_at, updated_at) \
             select $1, v.*, $2, $2 \
             from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::date[], $9::date[], \
                         $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[], $14::text[], $15::uuid[], \
                         $16::jsonb[], $17::int[], $18::uuid[], $19::text[], $20::numeric[], $21::numeric[], \
                         $22::numeric[], $23::numeric[]) as v \
                        (id, number, kind, supplier_id, supplier_number, dated, due_on, value, tax, total, open, \
                         reference, original_id, discounts, version, command_id, foreign_currency, exchange_rate, foreign_value, \
                         foreign_tax, foreign_open)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("number", rows, |(row, _)| row.number.clone())
        .column("kind", rows, |(row, _)| word(row.kind))
        .column("supplier_id", rows, |(row, _)| row.supplier_id.0)
        .column("supplier_number", rows, |(row, _)| row.supplier_number.clone())
        .column("dated", rows, |(row, _)| row.dated)
        .column("due_on", rows, |(row, _)| row.due_on)
        .column("value", rows, |(row, _)| row.value.get())
        .column("tax", rows, |(row, _)| row.tax.get())
        .column("total", rows, |(row, _)| row.total().get())
        .column("open", rows, |(row, _)| row.open.get())
        .column("reference", rows, |(row, _)| row.reference.clone())
        .column("original_id", rows, |(row, _)| row.original_id.map(|id| id.0))
        .column("discounts", rows, |(row, _)| json!(row.discounts))
        .column("version", rows, |(row, _)| row.version)
        .column("command_id", rows, |(_, by)| *by)
        .column("foreign_currency", rows, |(row, _)| {
            foreign(row).map(|foreign| foreign.quote.currency.clone())
        })
        .column("exchange_rate", rows, |(row, _)| foreign(row).map(|foreign| foreign.quote.rate.get()))
        .column("foreign_value", rows, |(row, _)| foreign(row).map(|foreign| foreign.amounts.value.get()))
        .column("foreign_tax", rows, |(row, _)| foreign(row).map(|foreign| foreign.amounts.tax.get()))
        .column("foreign_open", rows, |(row, _)| foreign(row).map(|foreign| foreign.open.get()));
    query.execute(tx).await?;
    Ok(())
}

fn foreign(bill: &Bill) -> Option<&ForeignDocument> {
    bill.foreign.as_ref()
}

async fn write_lines(tx: &Tx, rows: &[(&Bill, &BillLine)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let order = |line: &BillLine| line.goods.and_then(BilledGoods::order);
    let receipt = |line: &BillLine| line.goods.and_then(BilledGoods::receipt);
    let statement = "insert into bill_line (tenant_id, bill_id, line_no, original_id, original_line_no, purchase_order_id, \
                                    order_line_no, receipt_id, receipt_line_no, product_id, location_id, account_code, \
                                    description, uom, entered, unit_cost, quantity, value, tax, reasons, foreign_unit_cost, \
                                    foreign_value, foreign_tax) \
             select $1, v.bill_id, v.line_no, v.original_id, v.original_line_no, v.purchase_order_id, v.order_line_no, \
                    v.receipt_id, v.receipt_line_no, v.product_id, v.location_id, v.account_code, v.description, v.uom, \
                    v.entered, v.unit_cost, v.quantity, v.value, v.tax, string_to_array(v.reasons, ','), \
                    v.foreign_unit_cost, v.foreign_value, v.foreign_tax \
             from unnest($2::uuid[], $3::int[], $4::uuid[], $5::int[], $6::uuid[], $7::int[], $8::uuid[], $9::int[], \
                         $10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::numeric[], \
                         $16::numeric[], $17::numeric[], $18::numeric[], $19::numeric[], $20::text[], \
                         $21::numeric[], $22::numeric[], $23::numeric[]) as v \
                        (bill_id, line_no, original_id, original_line_no, purchase_order_id, order_line_no, receipt_id, \
                         receipt_line_no, product_id, location_id, account_code, description, uom, entered, unit_cost, \
                         quantity, value, tax, reasons, foreign_unit_cost, foreign_value, foreign_tax)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("bill_id", rows, |(bill, _)| bill.id.0)
        .column("line_no", rows, |(_, line)| line.line_no)
        .column("original_id", rows, |(bill, _)| bill.original_id.unwrap_or(bill.id).0)
        .column("original_line_no", rows, |(_, line)| line.original_line_no)
        .column("purchase_order_id", rows, |(_, line)| order(line).map(|(id, _)| id.0))
        .column("order_line_no", rows, |(_, line)| order(line).map(|(_, line_no)| line_no))
        .column("receipt_id", rows, |(_, line)| receipt(line).map(|(id, _)| id.0))
        .column("receipt_line_no", rows, |(_, line)| receipt(line).map(|(_, line_no)| line_no))
        .column("product_id", rows, |(_, line)| line.product_id.map(|id| id.0))
        .column("location_id", rows, |(_, line)| line.location_id.map(|id| id.0))
        .column("account_code", rows, |(_, line)| line.account.clone())
        .column("description", rows, |(_, line)| line.description.clone())
        .column("uom", rows, |(_, line)| line.uom.clone())
        .column("entered", rows, |(_, line)| line.entered.get())
        .column("unit_cost", rows, |(_, line)| line.unit_cost.get())
        .column("quantity", rows, |(_, line)| line.quantity.get())
        .column("value", rows, |(_, line)| line.value.get())
        .column("tax", rows, |(_, line)| line.tax.get())
        .column("reasons", rows, |(_, line)| joined(&line.reasons))
        .column("foreign_unit_cost", rows, |(_, line)| line.foreign.map(|foreign| foreign.unit_cost.get()))
        .column("foreign_value", rows, |(_, line)| line.foreign.map(|foreign| foreign.amounts.value.get()))
        .column("foreign_tax", rows, |(_, line)| line.foreign.map(|foreign| foreign.amounts.tax.get()));
    query.execute(tx).await?;
    Ok(())
}

/// Returns reasons as one text, which SQL splits.
fn joined(reasons: &[Mismatch]) -> String {
    let words: Vec<&str> = reasons.iter().map(|reason| word(*reason)).collect();
    words.join(",")
}

async fn write_matches(tx: &Tx, rows: &[&Match]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into bill_match (tenant_id, document_id, document_kind, bill_id, line_no, stock_document_id, \
                                     quantity, received_value, billed_value, held, gone) \
             select $1, v.* \
             from unnest($2::uuid[], $3::text[], $4::uuid[], $5::int[], $6::uuid[], $7::numeric[], $8::numeric[], \
                         $9::numeric[], $10::numeric[], $11::numeric[]) as v \
                        (document_id, document_kind, bill_id, line_no, stock_document_id, quantity, received_value, \
                         billed_value, held, gone)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("document_id", rows, |row| row.document_id)
        .column("document_kind", rows, |row| row.document_kind.word())
        .column("bill_id", rows, |row| row.bill_id.0)
        .column("line_no", rows, |row| row.line_no)
        .column("stock_document_id", rows, |row| row.part.document_id.0)
        .column("quantity", rows, |row| row.part.quantity.get())
        .column("received_value", rows, |row| row.part.received_value.get())
        .column("billed_value", rows, |row| row.part.billed_value.get())
        .column("held", rows, |row| row.held_value().get())
        .column("gone", rows, |row| (row.difference() - row.held_value()).get());
    query.execute(tx).await?;
    Ok(())
}

/// Payments with their parts.
const PAYMENTS: &str = "with head as ( \
         insert into supplier_payment (tenant_id, id, number, kind, supplier_id, amount, discount, advance, unapplied, \
                                       advance_id, original_id, reason, \
                                       reference, occurred_at, command_id, foreign_currency, exchange_rate, \
                                       foreign_amount, foreign_discount, foreign_advance, foreign_unapplied, \
                                       difference, recorded_at) \
         select $1, v.*, $2 \
         from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::numeric[], $8::numeric[], $9::numeric[], \
                     $10::numeric[], $11::uuid[], $12::uuid[], $13::text[], $14::text[], $15::timestamptz[], \
                     $16::uuid[], $17::text[], $18::numeric[], $19::numeric[], $20::numeric[], $21::numeric[], \
                     $22::numeric[], $23::numeric[]) as v \
                (id, number, kind, supplier_id, amount, discount, advance, unapplied, advance_id, original_id, \
                 reason, reference, occurred_at, command_id, \
                 foreign_currency, exchange_rate, foreign_amount, foreign_discount, foreign_advance, \
                 foreign_unapplied, difference)) \
     insert into supplier_payment_part (tenant_id, payment_id, bill_id, amount, discount, discount_tax, \
                                        foreign_amount, foreign_discount, foreign_discount_tax) \
     select $1, v.* \
     from unnest($24::uuid[], $25::uuid[], $26::numeric[], $27::numeric[], $28::numeric[], $29::numeric[], \
                 $30::numeric[], $31::numeric[]) as v \
          (payment_id, bill_id, amount, discount, discount_tax, foreign_amount, foreign_discount, \
           foreign_discount_tax)";

async fn write_payments(tx: &Tx, rows: &[(&SupplierPayment, Uuid)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let parts: Vec<_> =
        rows.iter().flat_map(|(row, _)| row.parts.iter().map(|part| (row.id, part))).collect();
    let query = Columns::of(PAYMENTS)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("number", rows, |(row, _)| row.number.clone())
        .column("kind", rows, |(row, _)| word(row.kind))
        .column("supplier_id", rows, |(row, _)| row.supplier_id.0)
        .column("amount", rows, |(row, _)| row.amount.get())
        .column("discount", rows, |(row, _)| row.discount.get())
        .column("advance", rows, |(row, _)| row.advance.get())
        .column("unapplied", rows, |(row, _)| row.unapplied.max(Money::ZERO).get())
        .column("advance_id", rows, |(row, _)| row.advance_id.map(|id| id.0))
        .column("original_id", rows, |(row, _)| row.original_id.map(|id| id.0))
        .column("reason", rows, |(row, _)| row.reason.clone())
        .column("reference", rows, |(row, _)| row.reference.clone())
        .column("occurred_at", rows, |(row, _)| row.occurred_at)
        .column("command_id", rows, |(_, by)| *by)
        .column("foreign_currency", rows, |(row, _)| {
            row.foreign.as_ref().map(|foreign| foreign.quote.currency.clone())
        })
        .column("exchange_rate", rows, |(row, _)| {
            row.foreign.as_ref().map(|foreign| foreign.quote.rate.get())
        })
        .column("foreign_amount", rows, |(row, _)| row.foreign.as_ref().map(|foreign| foreign.amount.get()))
        .column("foreign_discount", rows, |(row, _)| foreign_amount(row, |foreign| foreign.discount).get())
        .column("foreign_advance", rows, |(row, _)| foreign_amount(row, |foreign| foreign.advance).get())
        .column("foreign_unapplied", rows, |(row, _)| {
            foreign_amount(row, |foreign| foreign.unapplied).max(Money::ZERO).get()
        })
        .column("difference", rows, |(row, _)| row.difference.get())
        .column("payment_id", &parts, |(id, _)| id.0)
        .column("bill_id", &parts, |(_, part)| part.bill_id.0)
        .column("amount", &parts, |(_, part)| part.amount.get())
        .column("discount", &parts, |(_, part)| part.discount.get())
        .column("discount_tax", &parts, |(_, part)| part.discount_tax.get())
        .column("foreign_amount", &parts, |(_, part)| part.foreign.map(|foreign| foreign.amount.get()))
        .column("foreign_discount", &parts, |(_, part)| {
            part.foreign.map(|foreign| foreign.discount).unwrap_or_default().get()
        })
        .column("foreign_discount_tax", &parts, |(_, part)| {
            part.foreign.map(|foreign| foreign.discount_tax).unwrap_or_default().get()
        });
    query.execute(tx).await?;
    write_applied(tx, rows).await
}

/// Returns an amount of a payment in its own currency; zero if that is the tenant's.
fn foreign_amount(payment: &SupplierPayment, amount: fn(&ForeignPayment) -> Money) -> Money {
    payment.foreign.as_ref().map(amount).unwrap_or_default()
}

/// Takes what applications took off the advances of payments, and all of an advance that came back, in both currencies.
async fn write_applied(tx: &Tx, rows: &[(&SupplierPayment, Uuid)]) -> Result<(), Error> {
    let mut applied: BTreeMap<SupplierPaymentId, (Money, Money)> = BTreeMap::new();
    for (row, _) in rows {
        let of_advance = row.advance_id.map(|id| (id, (row.applied(), row.foreign_applied())));
        let came_back = row.original_id.filter(|_| !row.advance.is_zero()).map(|id| {
            // The advance of a reversal is below zero.
            (id, (-row.advance, row.foreign.as_ref().map(|foreign| -foreign.advance).unwrap_or_default()))
        });
        for (id, (base, foreign)) in of_advance.into_iter().chain(came_back) {
            let taken = applied.entry(id).or_default();
            taken.0 += base;
            taken.1 += foreign;
        }
    }
    if applied.is_empty() {
        return Ok(());
    }
    let applied: Vec<(SupplierPaymentId, (Money, Money))> = applied.into_iter().collect();
    let statement = "update supplier_payment p set unapplied = p.unapplied - v.applied, \
                    foreign_unapplied = p.foreign_unapplied - v.foreign_applied \
             from unnest($2::uuid[], $3::numeric[], $4::numeric[]) as v (id, applied, foreign_applied) \
             where p.tenant_id = $1 and p.id = v.id";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(column(&applied, |(id, _)| id.0))
        .bind(column(&applied, |(_, (base, _))| base.get()))
        .bind(column(&applied, |(_, (_, foreign))| foreign.get()));
    tx.execute(query).await?;
    Ok(())
}

async fn write_changed(tx: &Tx, rows: Vec<ChangedBill>) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    // The lock of the supplier keeps other writers of the version away.
    let statement = "update bill b set open = v.open, foreign_open = v.foreign_open, reversed_by = v.reversed_by, \
                    version = v.version, updated_at = $2 \
             from unnest($3::uuid[], $4::numeric[], $5::numeric[], $6::uuid[], $7::int[]) as v \
                  (id, open, foreign_open, reversed_by, version) \
             where b.tenant_id = $1 and b.id = v.id";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", &rows, |row| row.id.0)
        .column("open", &rows, |row| row.open.get())
        .column("foreign_open", &rows, |row| row.foreign_open.map(Money::get))
        .column("reversed_by", &rows, |row| row.reversed_by.map(|id| id.0))
        .column("version", &rows, |row| row.version);
    query.execute(tx).await?;
    Ok(())
}

async fn write_judged(tx: &Tx, rows: Vec<((BillId, i32), &[Mismatch])>) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update bill_line l set reasons = string_to_array(v.reasons, ',') \
             from unnest($2::uuid[], $3::int[], $4::text[]) as v (bill_id, line_no, reasons) \
             where l.tenant_id = $1 and l.bill_id = v.bill_id and l.line_no = v.line_no";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(column(&rows, |((id, _), _)| id.0))
        .bind(column(&rows, |((_, line_no), _)| *line_no))
        .bind(column(&rows, |(_, reasons)| joined(reasons)));
    tx.execute(query).await?;
    Ok(())
}
