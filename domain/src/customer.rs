//! Customers: payment terms, credit limit and exposure.

use std::sync::Arc;

use chrono::{Datelike, Days, Months, NaiveDate};
use sea_orm::{DeriveActiveEnum, EnumIter};

use crate::address::{Address, AddressChoice, AddressUse, CustomerAddress};
use crate::id::{CustomerId, PriceListId};
use crate::number::Money;
use crate::printed::PrintedCustomer;
use crate::refusal::{Code, Problem};
use crate::text_enum;

text_enum! {
    /// The usual way in which a customer buys. Either kind may buy through either channel.
    #[derive(EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum CustomerKind {
        /// On account, at negotiated prices.
        Wholesale,
        /// At the counter, known by name.
        Retail,
    }
}

text_enum! {
    /// The payment terms, which decide when an invoice is due.
    #[derive(EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum PaymentTerms {
        /// Before the goods are reserved; uses no credit. Its orders are on hold until they are paid, unless the tenant's settings
        /// say otherwise.
        Prepaid,
        /// A number of days after the invoice.
        Net,
        /// A number of days after the end of the invoice's month.
        EndOfMonth,
    }
}

text_enum! {
    /// Whether a customer may buy.
    #[derive(Default, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum CustomerStatus {
        /// May buy.
        #[default]
        Active,
        /// May not buy.
        Blocked,
    }
}

impl PaymentTerms {
    /// Returns the day on which an invoice of the day `on` is due.
    pub fn due_on(self, on: NaiveDate, days: u32) -> NaiveDate {
        let from = match self {
            PaymentTerms::Prepaid => return on,
            PaymentTerms::Net => on,
            PaymentTerms::EndOfMonth => on
                .with_day(1)
                .and_then(|first| first.checked_add_months(Months::new(1)))
                .and_then(|next| next.pred_opt())
                .unwrap_or(on),
        };
        from.checked_add_days(Days::new(u64::from(days))).unwrap_or(from)
    }
}

/// The exposure of a customer: what the credit limit is compared to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposure {
    /// Open invoices less open credit notes.
    pub receivable: Money,
    /// Confirmed and not shipped, with tax.
    pub ordered: Money,
    /// Shipped and not invoiced, with tax.
    pub shipped: Money,
    /// Payments not yet applied to an invoice.
    pub unapplied: Money,
}

impl Exposure {
    /// Returns the amount that counts against the credit limit.
    pub fn total(&self) -> Money {
        self.receivable + self.ordered + self.shipped - self.unapplied
    }
}

/// A customer, with what the rules of a sale need.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// It, as a document prints it.
    pub printed: Arc<PrintedCustomer>,
    /// Its addresses.
    pub addresses: Vec<CustomerAddress>,
    /// ISO 3166-1 alpha-2 code; the tax zone.
    pub country: String,
    /// Whether no tax is charged.
    pub tax_exempt: bool,
    /// Whether it may buy.
    pub status: CustomerStatus,
    /// Its own price list, if it has one.
    pub price_list_id: Option<PriceListId>,
    /// The price list of its tier, if it has one.
    pub tier_list_id: Option<PriceListId>,
    /// Its payment terms.
    pub payment_terms: PaymentTerms,
    /// The number of days in its payment terms.
    pub payment_days: u32,
    /// The highest exposure allowed; `None` for no limit.
    pub credit_limit: Option<Money>,
    /// Days that a lot must still have until it expires when this customer gets it.
    pub min_remaining_life_days: u32,
    /// Its exposure.
    pub exposure: Exposure,
}

impl Customer {
    /// Returns whether it may buy.
    pub fn may_buy(&self) -> bool {
        self.status == CustomerStatus::Active
    }

    /// Fails with a text for the caller if it may not buy.
    pub fn check_may_buy(&self) -> Result<(), String> {
        match self.status {
            CustomerStatus::Active => Ok(()),
            CustomerStatus::Blocked => {
                Err(format!("Customer {} is blocked. Only an active customer may buy.", self.printed.number))
            }
        }
    }

    /// Returns the address that an order chooses for a use, else the first one for it. Rejects a code that no address has.
    pub fn address(
        &self,
        choice: Option<&AddressChoice>,
        wanted: AddressUse,
        pointer: &str,
    ) -> Result<Option<Arc<Address>>, Problem> {
        let code = match choice {
            None => return Ok(wanted.among(&self.addresses).cloned().map(Arc::new)),
            Some(AddressChoice::Address(address)) => return Ok(Some(Arc::clone(address))),
            Some(AddressChoice::Code(code)) => code,
        };
        let known = self.addresses.iter().find(|known| known.code.as_str() == code);
        known.map(|known| Some(Arc::new(known.address.clone()))).ok_or_else(|| Problem {
            pointer: format!("{pointer}/code"),
            code: Code::NotFound,
            detail: format!("The customer has no address with the code {code}: add it to the customer, or send the address."),
            params: vec![("code", code.clone())],
        })
    }

    /// Returns why an order of `more` is to be held: it would exceed the credit limit, or a prepaid customer has not paid it.
    /// Nothing if it fits.
    pub fn hold_reason(&self, more: Money, hold_unpaid: bool) -> Option<String> {
        let excess = self.excess(more, hold_unpaid)?;
        let reason = if self.payment_terms == PaymentTerms::Prepaid {
            format!("The order is not paid: {excess} is missing.")
        } else {
            format!("The credit limit is exceeded by {excess}.")
        };
        excess.is_positive().then_some(reason)
    }

    /// Returns by how much `more` would exceed the limit: the credit limit, or nothing for a prepaid customer whose orders are held
    /// until they are paid. None without a limit; not above zero if it fits.
    pub fn excess(&self, more: Money, hold_unpaid: bool) -> Option<Money> {
        let is_prepaid = self.payment_terms == PaymentTerms::Prepaid;
        let limit = if is_prepaid { hold_unpaid.then_some(Money::ZERO) } else { self.credit_limit };
        Some(self.exposure.total() + more - limit?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn due_days() {
        assert_eq!(PaymentTerms::Prepaid.due_on(day("2026-01-31"), 30), day("2026-01-31"));
        assert_eq!(PaymentTerms::Net.due_on(day("2026-01-31"), 30), day("2026-03-02"));
        assert_eq!(PaymentTerms::EndOfMonth.due_on(day("2026-01-15"), 10), day("2026-02-10"));
        assert_eq!(PaymentTerms::EndOfMonth.due_on(day("2026-12-31"), 0), day("2026-12-31"));
    }
}
