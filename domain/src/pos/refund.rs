//! Refunds at a till: against a sale, or blind.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::exception::SaleException;
use super::give_back::{Paid, amount_back, check_asked, give_back};
use super::{
    Sale, SaleKind, Tender, TenderInput, TenderKind, card_payment, cash_of, check_cash, known_register,
    note_cash, open_register, post, tender, voucher,
};
use crate::book::{Book, Posting, Register};
use crate::command::{Decision, Outcome, Rule};
use crate::id::{CustomerId, LocationId, RegisterId, SaleId};
use crate::lot::{self, BackTo};
use crate::needs::Needs;
use crate::number::Money;
use crate::payment_intent::TenderOf;
use crate::printed::PrintedCustomer;
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::sales::{self, Basket, Judged, Line, LineInput, OriginalLine, SoldLine, TakenBack, Totals};
use crate::stock::Source;
use crate::tenant::Channel;

/// A refund to make.
#[derive(Debug, Clone)]
pub struct Refund {
    /// The id of the refund, if the till chose one.
    pub id: Option<SaleId>,
    /// The till.
    pub register_id: RegisterId,
    /// The original sale; none in a blind refund.
    pub original_id: Option<SaleId>,
    /// The lines of the original to refund; all of them if empty.
    pub original_lines: Vec<OriginalLine>,
    /// The lines of a blind refund.
    pub lines: Vec<LineInput>,
    /// The country of the refund, whose taxes come back: that of the original, else the tenant's. Another one than that of the original is
    /// rejected.
    pub country: Option<String>,
    /// The number of the refund in another system.
    pub external_ref: Option<String>,
    /// Whether the money is paid back already: a payment intent that does not fit is an exception.
    pub forced: bool,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// The tenders that are paid back. If empty, what was paid comes back into the tenders of the sale.
    pub tenders: Vec<TenderInput>,
    /// The caller who may override prices; `None` if the caller may not.
    pub overrider: Option<String>,
}

impl Rule for Refund {
    fn name(&self) -> &'static str {
        "pos_sale.refunded"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        let in_cash =
            self.tenders.is_empty() || self.tenders.iter().any(|tender| tender.kind == TenderKind::Cash);
        if in_cash {
            needs.cash(self.register_id);
        } else {
            needs.register_ids.insert(self.register_id);
        }
        voucher::need(needs, &self.tenders);
        card_payment::need(needs, &self.tenders);
        needs.sold_ids.extend(self.original_id.map(|id| id.0));
        needs.add_time(self.occurred_at);
        needs.prints = true;
        needs.add_returned_lots(self.original_lines.iter().map(|line| &*line.lots));
        needs.add_blind_lines(&self.lines);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let register = faults.take(known_register(book, self.register_id));
        let (named, _) = book.at_till(self.occurred_at);
        let at = faults.take(sales::returned_at(book, named, self.original_id.map(|id| id.0)));
        let has_original = self.original_id.is_some();
        faults.take(sales::check_return_lines(has_original, self.original_lines.len(), self.lines.len()));
        faults.take(check_forced(self));
        faults.take(check_country(book, self));
        faults.take(tender::check(&self.tenders, &book.setup.settings));
        if let Some(original_id) = self.original_id {
            let back = Some(|| take_back(book, self, original_id));
            sales::note_faults_of_original_lines(&self.original_lines, back, faults);
        } else {
            let prices = register.is_some() && at.is_some();
            let location_id = register.map(|register| register.location_id).unwrap_or_default();
            let basket = basket(book, self, location_id, at.unwrap_or(book.now));
            let decimals = Some(book.setup.settings.exponent);
            sales::note_faults(book, &basket, Judged { prices, decimals, lots: true }, faults);
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        refund(book, self).map(|(sale, posting)| (Outcome::Sale(sale), posting))
    }
}

/// Refunds a sale, or goods without one. Against a sale: not more than was sold, at the price that was paid,
/// and the units come back at the cost with which they left. Blind: at the price of today or an override, and
/// at the current cost. A forced one is rejected as others are, except for its payment intents.
fn refund(book: &mut Book, command: &Refund) -> Result<(Sale, Posting), Refusal> {
    let (register, session) = open_register(book, command.register_id)?;
    check_forced(command)?;
    check_country(book, command)?;
    let (named, said_at) = book.at_till(command.occurred_at);
    let occurred_at = sales::returned_at(book, named, command.original_id.map(|id| id.0))?;
    let has_original = command.original_id.is_some();
    sales::check_return_lines(has_original, command.original_lines.len(), command.lines.len())?;
    tender::check(&command.tenders, &book.setup.settings)?;
    let (lines, originals) = match command.original_id {
        Some(original_id) => take_back(book, command, original_id)?,
        None => (blind(book, command, register.location_id, occurred_at)?, Vec::new()),
    };
    let totals = Totals::of(lines.iter().map(|(line, _)| line));
    let (mut tenders, rounding) = tenders(book, command, &register, totals.total())?;
    let exceptions = check_card(book, command, &mut tenders)?;
    let cash = cash_of(&tenders);
    check_cash(&register, session, -cash, "/tenders")?;

    // Nothing rejects the command from here on.
    let id = command.id.unwrap_or_else(|| SaleId(book.ids.next_id()));
    voucher::name(&mut tenders, id);
    let layers = sales::layers_back(book, &lines, &originals);
    for (index, (line, cost)) in lines.iter().enumerate() {
        let source = Source::new(SaleKind::Refund.into(), id.0, line.line_no, occurred_at);
        for (key, quantity, cost) in lot::moves(register.location_id, line, *cost) {
            match originals.get(index).zip(layers.get(index)) {
                Some((original, layers)) => {
                    book.receive_returned(*original, (key, -quantity, -cost), layers, &source);
                }
                None => book.receive(key, -quantity, -cost, &source),
            }
        }
    }
    if let Some(sold) = command.original_id.and_then(|id| book.sold.get_mut(&id.0)) {
        sales::mark_returned(sold, &lines, &originals);
    }
    note_paid_back(book, command, &tenders);
    note_cash(book, register.id, cash);
    let original =
        command.original_id.and_then(|id| book.sold.get(&id.0)).and_then(|sold| sold.first()).cloned();
    let customer_id = original.as_ref().and_then(|sold| sold.customer_id);
    lines.iter().for_each(|(line, _)| book.lots.note_back(&line.lots, customer_id));
    let sale = Sale {
        id,
        number: book.number_of_register(&register.code),
        kind: SaleKind::Refund,
        register_id: register.id,
        session_id: session.id,
        location_id: register.location_id,
        customer_id,
        customer: printed_customer(book, command, customer_id, occurred_at),
        seller: book.seller_at(occurred_at),
        original_id: command.original_id,
        country: country(book, command, original),
        external_ref: command.external_ref.clone(),
        lines,
        totals,
        rounding,
        tenders,
        business_date: book.setup.settings.day(occurred_at),
        occurred_at,
        recorded_at: book.now,
        said_at,
        exceptions: exceptions.iter().map(|exception| exception.reason).collect(),
    };
    let posting = post(book, &sale, &originals);
    Ok((sale, Posting { exceptions, ..posting }))
}

/// Rejects a forced refund without its time.
fn check_forced(command: &Refund) -> Result<(), Refusal> {
    if command.forced && command.occurred_at.is_none() {
        let detail = "A forced refund needs the time at which the money was paid back.";
        return Err(Refusal::invalid("/occurred_at", detail));
    }
    Ok(())
}

fn check_country(book: &Book, command: &Refund) -> Result<(), Refusal> {
    sales::check_country(book, command.country.as_deref(), command.original_id.map(|id| id.0))
}

/// Returns the country whose taxes a refund gives back.
fn country(book: &Book, command: &Refund, original: Option<SoldLine>) -> String {
    let named = original.map(|sold| sold.country).or_else(|| command.country.clone());
    named.unwrap_or_else(|| book.setup.settings.country.clone())
}

/// Returns what a refund of an instant prints of the customer of its sale.
fn printed_customer(
    book: &Book,
    command: &Refund,
    customer_id: Option<CustomerId>,
    at: DateTime<Utc>,
) -> Option<Arc<PrintedCustomer>> {
    let now = book.refunded.get(&command.original_id?)?;
    Some(customer_id.map_or_else(|| Arc::clone(now), |id| book.customer_at(id, at, now)))
}

/// Checks the payment intents of tenders, and that no other tender pays back what a terminal was asked for. A forced refund has happened.
fn check_card(book: &Book, command: &Refund, tenders: &mut [Tender]) -> Result<Vec<SaleException>, Refusal> {
    let exceptions = card_payment::check(book, &named_intents(command), tenders)?;
    if !command.forced
        && let Some(paid) = command.original_id.and_then(|id| book.paid.get(&id))
    {
        check_asked(paid, tenders)?;
    }
    Ok(exceptions)
}

fn named_intents(command: &Refund) -> card_payment::Named<'_> {
    card_payment::Named {
        of: TenderOf::Refund(command.original_id),
        id: command.id,
        register_id: command.register_id,
        inputs: &command.tenders,
        forced: command.forced,
    }
}

/// Counts what came back of the tenders of the sale.
fn note_paid_back(book: &mut Book, command: &Refund, tenders: &[Tender]) {
    let Some(original_id) = command.original_id else { return };
    let paid = book.paid.entry(original_id).or_default();
    for tender in tenders {
        paid.give_back(tender.kind, tender.reference.as_deref(), -tender.amount);
        if tender.payment_intent_id.is_some() {
            paid.note_named(-tender.amount);
        }
    }
}

/// Returns the tenders of a refund of `total`, which is negative, and the amount that rounding added. Against a sale, what
/// was paid comes back.
fn tenders(
    book: &Book,
    command: &Refund,
    register: &Register,
    total: Money,
) -> Result<(Vec<Tender>, Money), Refusal> {
    let settings = &book.setup.settings;
    let sold = command.original_id.and_then(|id| Some((id, book.sold.get(&id.0)?)));
    let Some((original_id, sold)) = sold else {
        return tender::pay_out(total, &command.tenders, register.cash_rounding);
    };
    let nothing = Paid::default();
    let paid = book.paid.get(&original_id).unwrap_or(&nothing);
    let amount = amount_back(paid, sold, -total, settings);
    let tenders = give_back(paid, amount, &command.tenders, register.cash_rounding)?;
    let rounding = tenders.iter().map(|tender| tender.amount).sum::<Money>() - total;
    Ok((tenders, rounding))
}

fn take_back(book: &Book, command: &Refund, original_id: SaleId) -> Result<TakenBack, Refusal> {
    let sold = book
        .sold
        .get(&original_id.0)
        .filter(|sold| sold.iter().all(|line| line.channel == Channel::Retail))
        .ok_or_else(|| {
            let detail = "There is no sale to refund with this id. Name a sale: a refund can't be refunded.";
            Problems::one("/original_id", Code::NotFound, detail)
        })?;
    sales::take_back(book, (original_id.0, sold), &command.original_lines)
}

fn blind(
    book: &Book,
    command: &Refund,
    location_id: LocationId,
    at: DateTime<Utc>,
) -> Result<Vec<(Line, Money)>, Refusal> {
    let lines = sales::price(book, &basket(book, command, location_id, at))?;
    let to = BackTo { location_id, at, customer_id: None };
    sales::given_back(book, to, &command.lines, lines)
}

/// Returns the lines of a refund without a sale, with the location and the time that price them.
fn basket<'a>(book: &'a Book, command: &'a Refund, location_id: LocationId, at: DateTime<Utc>) -> Basket<'a> {
    Basket {
        lines: &command.lines,
        discount: None,
        channel: Channel::Retail,
        location_id,
        customer: None,
        country: command.country.as_deref().unwrap_or(&book.setup.settings.country),
        at,
        overrider: command.overrider.as_deref(),
        discount_max: None,
        is_return: true,
        forced: false,
        foreign: None,
    }
}
