//! Tills: sales, refunds, and the cash of a session.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use self::check::Checked;
use crate::allocation::{self, Consumed, Departure, Requester};
use crate::book::{Book, Posting, Register};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::hold;
use crate::id::{CashMoveId, CustomerId, HoldId, LocationId, MovementId, RegisterId, SaleId, SessionId};
use crate::ledger::mapping::EntryPurpose;
use crate::ledger::{Dimensions, Lines, account};
use crate::lot;
use crate::needs::Needs;
use crate::negative_stock::Issue;
use crate::number::Money;
use crate::printed::{PrintedCustomer, Seller};
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};
use crate::sales::{self, Authority, Discount, Line, LineInput, SalesLine, Sold, Totals};
use crate::stock::{self, Movement, MovementKind};
use crate::tag;
use crate::tenant::Channel;
use crate::text_enum;

mod card_payment;
mod check;
mod exception;
mod give_back;
mod late;
mod receipt;
mod refund;
mod session;
mod tender;
mod voucher;

pub use exception::{ExceptionReason, SaleException};
pub use give_back::Paid;
pub use late::{ClosedSession, LateCash};
pub use receipt::{StatedLine, StatedReceipt};
pub use refund::Refund;
pub use session::{CashMove, CashMoveKind, CloseSession, MoveCash, OpenSession, Session};
pub use tender::{Tender, TenderInput, TenderKind};

/// The cash drawer of a till.
#[derive(Debug, Clone, Copy, Default)]
pub struct Drawer {
    /// The open session.
    pub session: Option<OpenedSession>,
    /// Cash that the last session left in it, if a command needs it.
    pub cash_left: Money,
}

/// An open session.
#[derive(Debug, Clone, Copy)]
pub struct OpenedSession {
    /// Its id.
    pub id: SessionId,
    /// The time of its opening.
    pub opened_at: DateTime<Utc>,
    /// The cash with which it was opened.
    pub opening_float: Money,
    /// Cash moved since by sales, refunds and cash moves, if a command needs it.
    pub cash_moved: Money,
}

/// A sale to make.
#[derive(Debug, Clone)]
pub struct Sell {
    /// The id of the sale, if the till chose one.
    pub id: Option<SaleId>,
    /// The till.
    pub register_id: RegisterId,
    /// The customer; none for a walk-in sale.
    pub customer_id: Option<CustomerId>,
    /// The country of the sale, whose taxes apply. If absent, the taxes of the tenant's country apply.
    pub country: Option<String>,
    /// The number of the sale in another system.
    pub external_ref: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Its lines.
    pub lines: Vec<LineInput>,
    /// A discount over all lines.
    pub discount: Option<Discount>,
    /// Its tenders.
    pub tenders: Vec<TenderInput>,
    /// The hold whose stock it uses.
    pub hold_id: Option<HoldId>,
    /// Whether the goods have left already, so that a shortage does not reject the sale.
    pub forced: bool,
    /// The receipt of a forced sale, as far as it is stated.
    pub receipt: Option<StatedReceipt>,
    /// The limits of the caller over prices.
    pub authority: Authority,
}

text_enum! {
    /// The kind of a document at a till.
    pub enum SaleKind {
        /// Goods were sold.
        Sale,
        /// Goods were refunded. Every amount is negative.
        Refund,
    }
}

impl From<SaleKind> for DocumentKind {
    fn from(kind: SaleKind) -> Self {
        match kind {
            SaleKind::Sale => DocumentKind::Sale,
            SaleKind::Refund => DocumentKind::Refund,
        }
    }
}

/// A sale or refund at a till.
#[derive(Debug, Clone)]
pub struct Sale {
    /// Its id.
    pub id: SaleId,
    /// Its number. The series of a till has no gaps.
    pub number: String,
    /// Sale or refund.
    pub kind: SaleKind,
    /// The till.
    pub register_id: RegisterId,
    /// The session.
    pub session_id: SessionId,
    /// The location that issued or received the stock.
    pub location_id: LocationId,
    /// The customer, unless it was a walk-in sale.
    pub customer_id: Option<CustomerId>,
    /// The customer, as the receipt prints it.
    pub customer: Option<Arc<PrintedCustomer>>,
    /// The tenant, as the receipt prints it.
    pub seller: Arc<Seller>,
    /// The sale to which a refund refers; none if it is blind.
    pub original_id: Option<SaleId>,
    /// The country of the sale, whose taxes it has.
    pub country: String,
    /// Its number in another system.
    pub external_ref: Option<String>,
    /// Its lines, each with its cost.
    pub lines: Vec<(Line, Money)>,
    /// Their sums.
    pub totals: Totals,
    /// The amount that rounding of cash added.
    pub rounding: Money,
    /// Its tenders.
    pub tenders: Vec<Tender>,
    /// The tenant's day of the sale.
    pub business_date: NaiveDate,
    /// The time at which it happened.
    pub occurred_at: DateTime<Utc>,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The time that the till's clock said, if it was ahead.
    pub said_at: Option<DateTime<Utc>>,
    /// Reasons for which a forced sale differs from our rules.
    pub exceptions: Vec<ExceptionReason>,
}

impl Sale {
    /// Returns the amount to pay, with rounding.
    pub fn total(&self) -> Money {
        self.totals.total() + self.rounding
    }

    /// Returns the cost of its lines.
    pub fn cost(&self) -> Money {
        self.lines.iter().map(|(_, cost)| *cost).sum()
    }
}
impl Rule for Sell {
    fn name(&self) -> &'static str {
        "pos_sale.completed"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.register_ids.insert(self.register_id);
        needs.customer_ids.extend(self.customer_id);
        needs.hold_ids.extend(self.hold_id);
        voucher::need(needs, &self.tenders);
        card_payment::need(needs, &self.tenders);
        needs.add_issue(self.occurred_at, self.forced);
        needs.lines(&self.lines);
        needs.prints = true;
        if self.forced {
            needs.add_late_sale(self.register_id, self.occurred_at, &self.lines);
        }
    }

    fn check_stated(&self) -> Result<(), Refusal> {
        if self.forced { Ok(()) } else { self.authority.check_stated(&self.lines, self.discount) }
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        check::note_faults(book, self, faults);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        sell(book, self).map(|(sale, posting)| (Outcome::Sale(sale), posting))
    }
}

/// Sells at a till: posts stock, cost, revenue and money at once. A forced sale has happened: where it differs from our rules,
/// it is posted as its receipt says, and an exception tells of it.
fn sell(book: &mut Book, command: &Sell) -> Result<(Sale, Posting), Refusal> {
    let register = known_register(book, command.register_id)?;
    if command.forced && command.occurred_at.is_none() {
        let detail = "A forced sale needs the time at which the goods left.";
        return Err(Refusal::invalid("/occurred_at", detail));
    }
    receipt::check(command, &book.setup.settings)?;
    let (named, said_at) = book.at_till(command.occurred_at);
    let occurred_at = book.occurred_at(named)?;
    let (session_id, closed) = late::session(book, command, &register, occurred_at)?;
    let left = Departure { occurred_at, forced: command.forced };
    let Checked { lines, totals, tenders, rounding, mut exceptions, over_discounted, below_cost } =
        check::check(book, command, &register, left)?;
    let customer = command.customer_id.and_then(|id| book.customers.get(&id));
    let printed = customer.map(|customer| book.customer_at(customer.id, occurred_at, &customer.printed));

    // Nothing rejects the command from here on.
    let mut released = Posting::default();
    if let Some(id) = command.hold_id.filter(|id| hold::usable(book, *id, command.customer_id).is_ok()) {
        hold::use_up(book, id, &mut released);
    }
    let lines = lines
        .into_iter()
        .map(|mut line| {
            let consumed = consume_allotments(book, &register, (&line, occurred_at), &mut released);
            let cost = issue_line(book, register.location_id, &mut line, left);
            allocation::rebalance(book, &consumed, &mut released);
            (line, cost)
        })
        .collect();
    let mut sale = Sale {
        id: command.id.unwrap_or_else(|| SaleId(book.ids.next_id())),
        number: book.number_of_register(&register.code),
        kind: SaleKind::Sale,
        register_id: register.id,
        session_id,
        location_id: register.location_id,
        customer_id: command.customer_id,
        customer: printed,
        seller: book.seller_at(occurred_at),
        original_id: None,
        country: command.country.clone().unwrap_or_else(|| book.setup.settings.country.clone()),
        external_ref: command.external_ref.clone(),
        lines,
        totals,
        rounding,
        tenders,
        business_date: book.setup.settings.day(occurred_at),
        occurred_at,
        recorded_at: book.now,
        said_at,
        exceptions: Vec::new(),
    };
    let unsellable = command.forced && is_unsellable(book, &sale);
    if unsellable {
        let detail = "A lot of the sale had expired or is recalled.";
        exceptions.push(SaleException::new(ExceptionReason::LotUnsellable, detail));
    }
    let late = late::post(book, &sale, closed, &mut exceptions);
    sale.exceptions = exceptions.iter().map(|exception| exception.reason).collect();
    let mut posting = post(book, &sale, &[]);
    posting.reservations.extend(released.reservations);
    posting.holds.extend(released.holds);
    posting.entries.extend(late.entries);
    posting.late_cash = late.late_cash;
    posting.offline_session = late.offline_session;
    Ok((sale, Posting { over_discounted, below_cost, unsellable, exceptions, ..posting }))
}

fn is_unsellable(book: &Book, sale: &Sale) -> bool {
    allocation::is_unsellable(book, sale.lines.iter().map(|(line, _)| line), sale.business_date)
}

/// Returns the till and its open session.
pub(crate) fn open_register(book: &Book, id: RegisterId) -> Result<(Register, OpenedSession), Refusal> {
    let register = known_register(book, id)?;
    match book.drawers.get(&id).and_then(|drawer| drawer.session) {
        Some(session) => Ok((register, session)),
        None => Err(Refusal::state(format!(
            "Register {} has no open session: open one with POST /v1/pos/sessions.",
            register.code
        ))),
    }
}

fn known_register(book: &Book, id: RegisterId) -> Result<Register, Refusal> {
    let register = book.setup.registers.get(&id).cloned();
    register
        .ok_or_else(|| Problems::one("/register_id", Code::NotFound, "There is no register with this id."))
}

/// Releases the allotments of the till and its channel that a line uses. Returns what it took from channel
/// allotments.
fn consume_allotments(
    book: &mut Book,
    register: &Register,
    (line, occurred_at): (&Line, DateTime<Utc>),
    posting: &mut Posting,
) -> Vec<Consumed> {
    if book.allotments.is_empty() {
        return Vec::new();
    }
    let mut consumed = Vec::new();
    for (key, quantity, _) in lot::moves(register.location_id, line, Money::ZERO) {
        let is_gone = book.is_counted(&key, occurred_at);
        let till = Requester::till(register.id);
        consumed.extend(allocation::consume(book, key, quantity, till, is_gone, posting));
    }
    consumed
}

/// Issues a line and returns its cost.
fn issue_line(book: &mut Book, location_id: LocationId, line: &mut Line, left: Departure) -> Money {
    if !line.stocked {
        return Money::ZERO;
    }
    let key = sales::level_key(location_id, line);
    let Departure { occurred_at, forced } = left;
    let issue = Issue { key, quantity: line.quantity, line_no: line.line_no, occurred_at, forced };
    if line.lots.is_empty() { book.issue(&issue) } else { lot::issue(book, &issue, &mut line.lots) }
}

/// Makes the movements, sales lines and journal entry of a sale or refund. `originals` has the original
/// document and line of each line.
fn post(book: &mut Book, sale: &Sale, originals: &[(Uuid, i32)]) -> Posting {
    let document_kind = sale.kind.into();
    let mut posting = Posting::default();
    for (index, (line, cost)) in sale.lines.iter().enumerate() {
        let original = originals.get(index).copied();
        for (key, quantity, cost) in lot::moves(sale.location_id, line, *cost) {
            posting.movements.push(Movement {
                id: MovementId(book.ids.next_id()),
                kind: if sale.kind == SaleKind::Sale { MovementKind::Sale } else { MovementKind::Return },
                key,
                quantity: -quantity,
                value: -cost,
                unit_cost: stock::unit_cost(cost, quantity),
                document_kind,
                document_id: sale.id.0,
                line_no: line.line_no,
                channel: Some(Channel::Retail),
                reason: None,
                occurred_at: sale.occurred_at,
            });
        }
        posting.sales_lines.push(SalesLine {
            document_kind,
            document_id: sale.id.0,
            channel: Channel::Retail,
            location_id: sale.location_id,
            customer_id: sale.customer_id,
            country: sale.country.clone(),
            line: line.clone(),
            cost: *cost,
            order_id: None,
            original,
            occurred_at: sale.occurred_at,
        });
    }
    assert_signs(sale);
    voucher::post(book, sale, &mut posting);
    card_payment::post(book, sale);
    let mut entry = Lines::default();
    let place = Dimensions { location_id: Some(sale.location_id), ..Dimensions::default() };
    for tender in &sale.tenders {
        entry.debit(tender.kind.account(), tender.amount, place);
    }
    let mapping = &book.setup.mapping;
    entry.credit(mapping.account_at(EntryPurpose::CashRounding, sale.location_id), sale.rounding, place);
    let (lines, totals) = (&sale.lines, &sale.totals);
    let sold = Sold { channel: Channel::Retail, location_id: sale.location_id, lines, totals };
    sales::credit_revenue(&mut entry, mapping, &sold);
    sales::debit_cost(&mut entry, mapping, &sold, account::INVENTORY);
    let head = book.entry_head(document_kind, sale.id.0, sale.occurred_at);
    posting
        .entries
        .extend(entry.into_entry(head).expect("tenders settle the total, and cost meets inventory"));
    posting
}

/// Checks that no tender of a sale pays money out, and that none of a refund takes money.
fn assert_signs(sale: &Sale) {
    let is_right = |tender: &Tender| match sale.kind {
        SaleKind::Sale => !tender.amount.is_negative(),
        SaleKind::Refund => !tender.amount.is_positive(),
    };
    assert!(sale.tenders.iter().all(is_right), "a sale takes money, and a refund pays it back");
}

/// Returns the cash that a sale or refund moved.
fn cash_of(tenders: &[Tender]) -> Money {
    tenders.iter().filter(|tender| tender.kind == TenderKind::Cash).map(|tender| tender.amount).sum()
}

/// Counts cash that went into a drawer or out of it, so that the next command of the batch sees it.
fn note_cash(book: &mut Book, id: RegisterId, amount: Money) {
    if let Some(session) = book.drawers.get_mut(&id).and_then(|drawer| drawer.session.as_mut()) {
        session.cash_moved += amount;
    }
}

/// Rejects cash to pay out that is not in the drawer. `pointer` is the field that asks for it.
pub(crate) fn check_cash(
    register: &Register,
    session: OpenedSession,
    amount: Money,
    pointer: &str,
) -> Result<(), Refusal> {
    let there = session.opening_float + session.cash_moved;
    if amount <= there || !amount.is_positive() {
        return Ok(());
    }
    Err(Problems::of(Problem {
        pointer: pointer.to_owned(),
        code: Code::InsufficientCash,
        detail: format!(
            "The drawer of register {} has {there}: it can't pay out {amount}. Pay cash in with POST /v1/pos/cash-moves, or \
             use another tender.",
            register.code
        ),
        params: vec![("requested", amount.to_string()), ("available", there.to_string())],
    }))
}

/// Moves cash of another document into the drawer of an open session, or out of it. The document posts it to the ledger.
pub(crate) fn cash_of_document(
    book: &mut Book,
    (register_id, session_id): (RegisterId, SessionId),
    amount: Money,
    (kind, id, number): (DocumentKind, Uuid, &str),
) -> CashMove {
    note_cash(book, register_id, amount);
    let direction = if amount.is_negative() { CashMoveKind::PaidOut } else { CashMoveKind::PaidIn };
    CashMove { document: Some((kind, id)), ..cash_move(book, session_id, direction, amount, number) }
}

/// Makes a cash move of a session, at the time of the batch.
fn cash_move(
    book: &mut Book,
    session_id: SessionId,
    kind: CashMoveKind,
    amount: Money,
    reason: &str,
) -> CashMove {
    CashMove {
        object: tag::CashMove,
        id: CashMoveId(book.ids.next_id()),
        session_id,
        kind,
        amount,
        reason: reason.to_owned(),
        document: None,
        occurred_at: book.now,
    }
}
