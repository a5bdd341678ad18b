//! Sessions: a till from opening to closing, with its cash.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::{Drawer, OpenedSession, cash_move, check_cash, known_register, note_cash, open_register};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{CashMoveId, LocationId, RegisterId, SessionId};
use crate::ledger::mapping::EntryPurpose;
use crate::ledger::{Dimensions, Lines, account};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Faults, Problems, Refusal};
use crate::tag;
use crate::text::is_blank;
use crate::text_enum;

/// A session to open.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// The till.
    pub register_id: RegisterId,
    /// The cash counted in the drawer. If absent, what the last session left.
    pub opening_float: Option<Money>,
}

/// A cash move to make.
#[derive(Debug, Clone)]
pub struct MoveCash {
    /// The till.
    pub register_id: RegisterId,
    /// The kind: `PaidIn`, `PaidOut` or `Banked`.
    pub kind: CashMoveKind,
    /// The amount, above zero.
    pub amount: Money,
    /// The reason.
    pub reason: String,
}

/// A session to close.
#[derive(Debug, Clone)]
pub struct CloseSession {
    /// The till.
    pub register_id: RegisterId,
    /// The session.
    pub session_id: SessionId,
    /// The cash counted in the drawer.
    pub counted: Money,
}

text_enum! {
    /// The kind of a cash move.
    pub enum CashMoveKind {
        /// The float differs from what the last session left.
        OpeningFloat,
        /// Cash was paid in.
        PaidIn,
        /// Cash was paid out.
        PaidOut,
        /// The closing count differs from the expected cash.
        OverShort,
        /// Cash was taken to the bank.
        Banked,
    }
}

/// Cash that was paid in, paid out or banked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = CashMoveOut)]
pub struct CashMove {
    /// Id of the cash move.
    pub id: CashMoveId,
    pub object: tag::CashMove,
    /// The session.
    pub session_id: SessionId,
    /// Kind of the move.
    pub kind: CashMoveKind,
    /// Amount, positive in, negative out.
    pub amount: Money,
    /// Reason of the move.
    #[schema(max_length = 200, example = "Window cleaner")]
    pub reason: String,
    /// The payment or voucher that moved the cash. Its own entry has it; the other moves go against the bank.
    #[serde(rename = "document_id", serialize_with = "encoded")]
    #[schema(value_type = Option<String>, max_length = 32, example = json!(null))]
    pub document: Option<(DocumentKind, Uuid)>,
    /// When it happened.
    #[schema(example = "2026-11-22T10:15:00Z")]
    pub occurred_at: DateTime<Utc>,
}

fn encoded<S: Serializer>(document: &Option<(DocumentKind, Uuid)>, serializer: S) -> Result<S::Ok, S::Error> {
    document.map(|(kind, id)| kind.encode(id)).serialize(serializer)
}

/// A till session.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = SessionOut)]
pub struct Session {
    /// Id of the session.
    pub id: SessionId,
    pub object: tag::PosSession,
    /// The till.
    pub register_id: RegisterId,
    /// Cash that it was opened with.
    pub opening_float: Money,
    /// Cash counted at closing.
    pub counted: Option<Money>,
    /// Cash expected at closing.
    pub expected: Option<Money>,
    /// Counted less expected.
    pub difference: Option<Money>,
    /// When it was opened.
    #[schema(example = "2026-11-22T08:00:00Z")]
    pub opened_at: DateTime<Utc>,
    /// When it was closed. Null while it is open.
    #[schema(example = json!(null))]
    pub closed_at: Option<DateTime<Utc>>,
}
impl Rule for OpenSession {
    fn name(&self) -> &'static str {
        "pos_session.opened"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.cash(self.register_id);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(known_register(book, self.register_id));
        faults.take(self.opening_float.map_or(Ok(()), |float| check_float(book, float)));
    }

    fn decide(&self, book: &mut Book) -> Decision {
        open(book, self).map(|(session, cash, posting)| (Outcome::Session(session, cash), posting))
    }
}

/// Opens a session. A float that differs from what the last session left is posted against the bank.
fn open(book: &mut Book, command: &OpenSession) -> Result<(Session, Option<CashMove>, Posting), Refusal> {
    let register = known_register(book, command.register_id)?;
    let drawer = book.drawers.get(&register.id).copied().unwrap_or_default();
    if let Some(session) = drawer.session {
        return Err(Refusal::state(format!(
            "Register {} has an open session: {}.",
            register.code, session.id
        )));
    }
    let opening_float = command.opening_float.unwrap_or(drawer.cash_left);
    check_float(book, opening_float)?;
    let id = SessionId(book.ids.next_id());
    let opened_at = book.now;
    let opened = OpenedSession { id, opened_at, opening_float, cash_moved: Money::ZERO };
    book.drawers.insert(register.id, Drawer { session: Some(opened), ..drawer });
    let session = Session {
        object: tag::PosSession,
        id,
        register_id: register.id,
        opening_float,
        counted: None,
        expected: None,
        difference: None,
        opened_at,
        closed_at: None,
    };
    let difference = opening_float - drawer.cash_left;
    if difference.is_zero() {
        return Ok((session, None, Posting::default()));
    }
    let change = cash_move(book, id, CashMoveKind::OpeningFloat, difference, "Opening float");
    let posting = post(book, &change, account::BANK, register.location_id);
    Ok((session, Some(change), posting))
}

/// Rejects a float that no drawer can have.
fn check_float(book: &Book, opening_float: Money) -> Result<(), Refusal> {
    if !opening_float.is_negative() && is_exact(book, opening_float) {
        return Ok(());
    }
    let detail = "The float must not be negative or have more decimals than the currency.";
    Err(Refusal::invalid("/opening_float", detail))
}

impl Rule for MoveCash {
    fn name(&self) -> &'static str {
        "pos_session.cash_moved"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.cash(self.register_id);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(open_register(book, self.register_id));
        let mut problems = Problems::default();
        check_move(book, self, &mut problems);
        faults.take(problems.check());
    }

    fn decide(&self, book: &mut Book) -> Decision {
        move_cash(book, self).map(|(change, posting)| (Outcome::CashMove(change), posting))
    }
}

/// Pays cash in or out, against the bank. Rejects more than is in the drawer.
fn move_cash(book: &mut Book, command: &MoveCash) -> Result<(CashMove, Posting), Refusal> {
    let (register, session) = open_register(book, command.register_id)?;
    let mut problems = Problems::default();
    let amount = check_move(book, command, &mut problems);
    problems.check()?;
    check_cash(&register, session, -amount, "/amount")?;
    let change = cash_move(book, session.id, command.kind, amount, &command.reason);
    note_cash(book, register.id, amount);
    let posting = post(book, &change, account::BANK, register.location_id);
    Ok((change, posting))
}

/// Returns the amount by which the cash changes, and adds what is wrong with the fields of a move.
fn check_move(book: &Book, command: &MoveCash, problems: &mut Problems) -> Money {
    if !command.amount.is_positive() || !is_exact(book, command.amount) {
        problems
            .invalid("/amount", "The amount must be above zero, without more decimals than the currency.");
    }
    if is_blank(&command.reason) {
        problems.invalid("/reason", "A cash move needs a reason.");
    }
    match command.kind {
        CashMoveKind::PaidIn => command.amount,
        CashMoveKind::PaidOut | CashMoveKind::Banked => -command.amount,
        CashMoveKind::OpeningFloat | CashMoveKind::OverShort => {
            problems.invalid("/kind", "Use paid_in, paid_out or banked.");
            Money::ZERO
        }
    }
}

impl Rule for CloseSession {
    fn name(&self) -> &'static str {
        "pos_session.closed"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.cash(self.register_id);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        close(book, self).map(|(session, cash, posting)| (Outcome::Session(session, cash), posting))
    }
}

/// Closes a session with a count of its cash, and posts what is over or short.
fn close(book: &mut Book, command: &CloseSession) -> Result<(Session, Option<CashMove>, Posting), Refusal> {
    let (register, opened) = open_register(book, command.register_id)?;
    if opened.id != command.session_id {
        return Err(Refusal::state("This is not the open session of the register."));
    }
    if command.counted.is_negative() || !is_exact(book, command.counted) {
        return Err(Refusal::invalid(
            "/counted",
            "The count must not be negative or have more decimals than the currency.",
        ));
    }
    let expected = opened.opening_float + opened.cash_moved;
    let difference = command.counted - expected;
    let session = Session {
        object: tag::PosSession,
        id: opened.id,
        register_id: register.id,
        opening_float: opened.opening_float,
        counted: Some(command.counted),
        expected: Some(expected),
        difference: Some(difference),
        opened_at: opened.opened_at,
        closed_at: Some(book.now),
    };
    book.drawers.insert(register.id, Drawer { session: None, cash_left: command.counted });
    if difference.is_zero() {
        return Ok((session, None, Posting::default()));
    }
    let change = cash_move(book, opened.id, CashMoveKind::OverShort, difference, "Closing count");
    let against = book.setup.mapping.account_at(EntryPurpose::CashOverShort, register.location_id);
    let posting = post(book, &change, against, register.location_id);
    Ok((session, Some(change), posting))
}

/// Returns whether an amount has no more decimals than the currency.
fn is_exact(book: &Book, amount: Money) -> bool {
    amount == book.setup.settings.money(amount.get())
}

/// Posts a cash move against an account.
pub(super) fn post(
    book: &mut Book,
    change: &CashMove,
    against: impl Into<Cow<'static, str>>,
    location_id: LocationId,
) -> Posting {
    let mut entry = Lines::default();
    let place = Dimensions { location_id: Some(location_id), ..Dimensions::default() };
    entry.debit(account::CASH, change.amount, place);
    entry.credit(against, change.amount, place);
    let head = book.entry_head(DocumentKind::CashMove, change.id.0, change.occurred_at);
    let entry = entry.into_entry(head).expect("both sides are the same amount");
    Posting { entries: entry.into_iter().collect(), ..Posting::default() }
}
