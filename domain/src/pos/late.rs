//! Late sales: forced sales of a session that was closed before they were recorded.
//!
//! The cash of such a sale was in the drawer when the session was closed, and was counted as over. So the sale posts its cash, and
//! a cash move of kind `over_short` takes it back out: the ledger keeps what was counted, and the count is explained. Cash of a
//! sale after the closing was not counted. It raises what the session left in the drawer.
//!
//! A till may be offline in its first shift. Its sales are in a session that is made for them: opened and closed at the first of
//! them, without any count. Their cash is what that session left in the drawer, so the next session is proposed it as its float.

use chrono::{DateTime, Utc};

use super::exception::{ExceptionReason, SaleException};
use super::{
    CashMove, CashMoveKind, Sale, Sell, Session, cash_move, cash_of, note_cash, open_register, session,
};
use crate::book::{Book, Posting, Register};
use crate::id::{RegisterId, SessionId};
use crate::ledger::mapping::EntryPurpose;
use crate::number::Money;
use crate::refusal::Refusal;
use crate::tag;

/// A session that was closed.
#[derive(Debug, Clone, Copy)]
pub struct ClosedSession {
    /// Its id.
    pub id: SessionId,
    /// The time of its opening.
    pub opened_at: DateTime<Utc>,
    /// The time of its closing.
    pub closed_at: DateTime<Utc>,
    /// Whether it is still to be written, because the till had no session.
    pub is_new: bool,
}

impl ClosedSession {
    /// Makes the session of the sales of a till that had none. It has the id of the till: two batches can't make two of it, and it
    /// comes before every session that is opened.
    fn offline(id: RegisterId, at: DateTime<Utc>) -> Self {
        ClosedSession { id: SessionId(id.0), opened_at: at, closed_at: at, is_new: true }
    }

    /// Whether it was made for sales of a till that had none.
    fn is_offline(&self, id: RegisterId) -> bool {
        self.id == SessionId(id.0)
    }

    /// Returns the record of a session that was made for sales. Its cash is added by each of them.
    fn record(&self, register_id: RegisterId) -> Session {
        Session {
            object: tag::PosSession,
            id: self.id,
            register_id,
            opening_float: Money::ZERO,
            counted: Some(Money::ZERO),
            expected: Some(Money::ZERO),
            difference: Some(Money::ZERO),
            opened_at: self.opened_at,
            closed_at: Some(self.closed_at),
        }
    }
}

/// Cash that a late sale moved in a closed session.
#[derive(Debug, Clone)]
pub struct LateCash {
    /// The session.
    pub session_id: SessionId,
    /// The cash of the sale.
    pub amount: Money,
    /// The correction of what was over or short, if the cash was counted when the session was closed.
    pub correction: Option<CashMove>,
}

/// Returns the session of a sale, and its closed session if it is late: the one in which it happened, else the open one, else
/// the last one. A forced sale of a till without any session gets one.
pub(super) fn session(
    book: &Book,
    command: &Sell,
    register: &Register,
    occurred_at: DateTime<Utc>,
) -> Result<(SessionId, Option<ClosedSession>), Refusal> {
    let named = command.occurred_at.filter(|_| command.forced);
    let closed = named.and_then(|at| book.closed_sessions.get(&(register.id, at)).copied());
    let happened_in = |closed: &ClosedSession| {
        let is_within = closed.opened_at <= occurred_at && occurred_at <= closed.closed_at;
        is_within && !closed.is_offline(register.id)
    };
    match (open_register(book, register.id), closed) {
        (Ok(_), Some(closed)) if happened_in(&closed) => Ok((closed.id, Some(closed))),
        (Ok((_, open)), _) => Ok((open.id, None)),
        (Err(_), Some(closed)) => Ok((closed.id, Some(closed))),
        (Err(_), None) if command.forced => {
            let made = ClosedSession::offline(register.id, occurred_at);
            Ok((made.id, Some(made)))
        }
        (Err(refusal), None) => Err(refusal),
    }
}

/// Counts the cash of a sale in its session. For a late sale, notes the exception and posts the correction of its session.
pub(super) fn post(
    book: &mut Book,
    sale: &Sale,
    closed: Option<ClosedSession>,
    exceptions: &mut Vec<SaleException>,
) -> Posting {
    let amount = cash_of(&sale.tenders);
    let Some(closed) = closed else {
        note_cash(book, sale.register_id, amount);
        return Posting::default();
    };
    let is_offline = closed.is_offline(sale.register_id);
    let (reason, detail) = match is_offline {
        true => (ExceptionReason::NoSession, "The till had no session before the sale was recorded."),
        false => {
            let detail = "The session of the sale was closed before the sale was recorded.";
            (ExceptionReason::SessionClosed, detail)
        }
    };
    exceptions.push(SaleException::new(reason, detail).with(None, amount));
    let offline_session = closed.is_new.then(|| closed.record(sale.register_id));
    if amount.is_zero() {
        return Posting { offline_session, ..Posting::default() };
    }
    let session_id = closed.id;
    if is_offline || sale.occurred_at > closed.closed_at {
        if closed.is_new {
            book.drawers.entry(sale.register_id).or_default().cash_left += amount;
        }
        let late_cash = Some(LateCash { session_id, amount, correction: None });
        return Posting { late_cash, offline_session, ..Posting::default() };
    }
    let reason = format!("Late sale {}", sale.number);
    let change = cash_move(book, session_id, CashMoveKind::OverShort, -amount, &reason);
    let against = book.setup.mapping.account_at(EntryPurpose::CashOverShort, sale.location_id);
    let posting = session::post(book, &change, against, sale.location_id);
    let late = LateCash { session_id, amount, correction: Some(change) };
    Posting { late_cash: Some(late), ..posting }
}
