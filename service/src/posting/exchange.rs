//! Reads the exchange rates of documents, and their amounts in their own currency.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use domain::bill::ForeignLine;
use domain::book::Book;
use domain::exchange::{Amounts, ForeignDocument, Quote};
use domain::needs::Needs;
use domain::payment;
use domain::purchase_order::{ForeignOrder, ForeignOrderLine};
use domain::sales;
use domain::supplier_payment::{ForeignPart, ForeignPayment};
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;

use crate::columns::Columns;
use crate::input::decimals_of;
use crate::listing::{number, optional_number};
use crate::{Error, Tx};

/// Reads the rates that commands need. Bills are read before. Nothing is read for documents in the tenant's currency.
pub(super) async fn load(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    let asked = asked(needs, book);
    read(tx, &asked, book).await
}

/// Reads the rates of today for the currencies of suppliers that get orders. Nothing is read for the tenant's currency.
pub(super) async fn read_supplier_rates(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    let settings = &book.setup.settings;
    let today = settings.day(book.now);
    let currencies: BTreeSet<&str> =
        book.suppliers.values().map(|supplier| supplier.currency.as_str()).collect();
    let others = currencies.into_iter().filter(|currency| *currency != settings.currency);
    let asked: Vec<(String, NaiveDate)> = others.map(|currency| (currency.to_owned(), today)).collect();
    read(tx, &asked, book).await
}

async fn read(tx: &Tx, asked: &[(String, NaiveDate)], book: &mut Book) -> Result<(), Error> {
    if asked.is_empty() {
        return Ok(());
    }
    for (currency, _) in asked {
        if let Ok(decimals) = decimals_of(currency) {
            book.exchange.decimals.insert(currency.clone(), decimals);
        }
    }
    let statement = "select v.currency, v.day, r.rate from unnest($2::text[], $3::date[]) as v (currency, day) \
                     cross join lateral ( \
                         select x.rate from exchange_rate x \
                         where x.tenant_id = $1 and x.currency = v.currency and x.valid_from <= v.day \
                         order by x.valid_from desc, x.id desc limit 1) r";
    let rows = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("currency", asked, |(currency, _)| currency.clone())
        .column("day", asked, |(_, day)| *day)
        .rows(tx)
        .await?;
    for row in &rows {
        let key = (row.try_get("currency")?, row.try_get("day")?);
        book.exchange.rates.insert(key, number(row, "rate")?);
    }
    Ok(())
}

/// Returns the other currencies that documents state or whose bills they pay, each with the day of the document. A text that is no
/// currency is left out: its document is rejected.
fn asked(needs: &Needs, book: &Book) -> Vec<(String, NaiveDate)> {
    let settings = &book.setup.settings;
    let mut asked: BTreeSet<(String, NaiveDate)> = needs.exchange.clone();
    let today = settings.day(book.now);
    let day = |at: &Option<DateTime<Utc>>| settings.day(at.map_or(book.now, |at| at.min(book.now)));
    asked.extend(needs.exchange_at.iter().map(|(currency, at)| (currency.clone(), day(at))));
    asked.extend(needs.exchange_today.iter().map(|currency| (currency.clone(), today)));
    let foreign = book.bills.values().filter_map(|known| known.bill.foreign.as_ref());
    let paid: BTreeSet<&str> = foreign.map(|foreign| foreign.quote.currency.as_str()).collect();
    for day in needs.paid_at.iter().map(day).collect::<BTreeSet<NaiveDate>>() {
        asked.extend(paid.iter().map(|currency| ((*currency).to_owned(), day)));
    }
    let is_other =
        |(currency, _): &(String, NaiveDate)| *currency != settings.currency && decimals_of(currency).is_ok();
    asked.into_iter().filter(is_other).collect()
}

/// Reads the currency and the rate of a document; nothing if it is in the tenant's currency.
pub(crate) fn quote(row: &PgRow) -> Result<Option<Quote>, Error> {
    let Some(currency) = row.try_get::<Option<String>, _>("foreign_currency")? else { return Ok(None) };
    Ok(Some(Quote { decimals: decimals_of(&currency)?, rate: number(row, "exchange_rate")?, currency }))
}

/// Reads the value and the tax in the currency of the document; nothing if that is the tenant's.
pub(super) fn amounts(row: &PgRow) -> Result<Option<Amounts>, Error> {
    let value = optional_number(row, "foreign_value")?;
    let tax = optional_number(row, "foreign_tax")?;
    Ok(value.zip(tax).map(|(value, tax)| Amounts { value, tax }))
}

/// Reads the amounts of a bill, an invoice or a credit note in its own currency.
pub(crate) fn document(row: &PgRow) -> Result<Option<ForeignDocument>, Error> {
    let open = optional_number(row, "foreign_open")?.unwrap_or_default();
    let (quote, amounts) = (quote(row)?, amounts(row)?);
    Ok(quote.zip(amounts).map(|(quote, amounts)| ForeignDocument { quote, amounts, open }))
}

/// Reads the amounts of a line of a bill in the currency of the bill.
pub(super) fn line(row: &PgRow) -> Result<Option<ForeignLine>, Error> {
    let unit_cost = optional_number(row, "foreign_unit_cost")?;
    Ok(unit_cost.zip(amounts(row)?).map(|(unit_cost, amounts)| ForeignLine { unit_cost, amounts }))
}

/// Reads the amounts of a line of an order, an invoice or a credit note in the currency of the document.
pub(crate) fn sales_line(row: &PgRow) -> Result<Option<sales::ForeignLine>, Error> {
    let Some(decimals) = row.try_get::<Option<i32>, _>("foreign_decimals")? else { return Ok(None) };
    Ok(Some(sales::ForeignLine {
        decimals: decimals.unsigned_abs(),
        unit_price: number(row, "foreign_unit_price")?,
        gross: number(row, "foreign_gross")?,
        net: number(row, "foreign_net")?,
        tax: number(row, "foreign_tax")?,
    }))
}

/// Reads the amounts of a payment of a customer in its own currency.
pub(crate) fn received(row: &PgRow) -> Result<Option<payment::ForeignPayment>, Error> {
    let amount = optional_number(row, "foreign_amount")?;
    let unapplied = optional_number(row, "foreign_unapplied")?.unwrap_or_default();
    Ok(quote(row)?.zip(amount).map(|(quote, amount)| payment::ForeignPayment { quote, amount, unapplied }))
}

/// Reads the value of a purchase order in its own currency.
pub(super) fn order(row: &PgRow) -> Result<Option<ForeignOrder>, Error> {
    let value = optional_number(row, "foreign_value")?;
    Ok(quote(row)?.zip(value).map(|(quote, value)| ForeignOrder { quote, value }))
}

/// Reads the costs of a line of a purchase order in the currency of the order.
pub(super) fn order_line(row: &PgRow) -> Result<Option<ForeignOrderLine>, Error> {
    let unit_cost = optional_number(row, "foreign_unit_cost")?;
    let value = optional_number(row, "foreign_value")?;
    Ok(unit_cost.zip(value).map(|(unit_cost, value)| ForeignOrderLine { unit_cost, value }))
}

/// Reads the amounts of a payment to a supplier in its own currency.
pub(super) fn paid(row: &PgRow) -> Result<Option<ForeignPayment>, Error> {
    let Some((quote, amount)) = quote(row)?.zip(optional_number(row, "foreign_amount")?) else {
        return Ok(None);
    };
    Ok(Some(ForeignPayment {
        quote,
        amount,
        discount: number(row, "foreign_discount")?,
        advance: number(row, "foreign_advance")?,
        unapplied: number(row, "foreign_unapplied")?,
    }))
}

/// Reads the amounts of a part of a payment in the currency of its bill.
pub(super) fn paid_part(row: &PgRow) -> Result<Option<ForeignPart>, Error> {
    let Some(amount) = optional_number(row, "foreign_amount")? else { return Ok(None) };
    Ok(Some(ForeignPart {
        amount,
        discount: number(row, "foreign_discount")?,
        discount_tax: number(row, "foreign_discount_tax")?,
    }))
}
