use std::sync::Arc;

use chrono::{Days, TimeZone};

use super::*;
use crate::customer::{Customer, CustomerStatus, Exposure, PaymentTerms};
use crate::id::PaymentId;
use crate::negative_stock::tests::book;
use crate::printed::PrintedCustomer;
use crate::stock::CostingMethod;

/// Returns noon of a day of January.
fn day(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, day, 12, 0, 0).single().expect("an instant")
}

fn customer() -> Customer {
    Customer {
        id: CustomerId::default(),
        printed: Arc::new(PrintedCustomer::default()),
        addresses: Vec::new(),
        country: "GB".into(),
        tax_exempt: false,
        status: CustomerStatus::Active,
        price_list_id: None,
        tier_list_id: None,
        payment_terms: PaymentTerms::Net,
        payment_days: 30,
        credit_limit: None,
        min_remaining_life_days: 0,
        exposure: Exposure::default(),
    }
}

fn apply_at(kind: ApplicationKind, at: DateTime<Utc>) -> Apply {
    let line = ApplyLine {
        credit: Some(CreditRef::Payment(PaymentId::default())),
        invoice_id: InvoiceId::default(),
        amount: Some(Money::new(25.into())),
    };
    Apply { id: None, kind, customer_id: CustomerId::default(), lines: vec![line], occurred_at: Some(at) }
}

/// A batch reads the times of applications once, before its first command.
#[test]
fn an_application_is_not_taken_back_before_its_time_in_one_batch() {
    let mut book = book(CostingMethod::MovingAverage);
    book.now = day(31);
    book.customers.insert(CustomerId::default(), customer());
    let invoice = OpenInvoice {
        customer_id: CustomerId::default(),
        open: Money::new(60.into()),
        foreign: None,
        due_on: day(10).date_naive() + Days::new(30),
        occurred_at: day(10),
        rounding: Money::ZERO,
    };
    book.invoices.insert(InvoiceId::default(), invoice);
    let credit = Credit {
        customer_id: CustomerId::default(),
        left: Money::new(100.into()),
        foreign: None,
        occurred_at: day(5),
        applied: BTreeMap::new(),
        applied_at: BTreeMap::new(),
        paid_out: Money::ZERO,
    };
    book.credits.insert(CreditRef::Payment(PaymentId::default()), credit);
    settle(&mut book, &apply_at(ApplicationKind::Apply, day(20))).expect("it is applied");
    settle(&mut book, &apply_at(ApplicationKind::Apply, day(12))).expect("the rest may be applied earlier");
    let early = settle(&mut book, &apply_at(ApplicationKind::Unapply, day(19))).expect_err("it is earlier");
    assert_eq!(early.problems.first().map(|problem| problem.pointer.as_str()), Some("/occurred_at"));
    settle(&mut book, &apply_at(ApplicationKind::Unapply, day(20))).expect("it is taken back");
}
