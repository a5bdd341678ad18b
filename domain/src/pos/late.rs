//! Late sales: forced sales of a session that was closed before they were recorded.
//!
//! The cash of such a sale was in the drawer when the session was closed, and was counted as over. So the sale posts its cash, and
//! a cash move of kind `over_short` takes it back out: the ledger keeps what was counted, and the count is explained. Cash of a
//! sale after the closing was not counted. It raises what the session left in the drawer.

use chrono::{DateTime, Utc};

use super::exception::{ExceptionReason, SaleException};
use super::{CashMove, CashMoveKind, Sale, Sell, cash_move, cash_of, note_cash, open_register, session};
use crate::book::{Book, Posting, Register};
use crate::id::SessionId;
use crate::ledger::mapping::EntryPurpose;
use crate::number::Money;
use crate::refusal::Refusal;

/// A session that was closed.
#[derive(Debug, Clone, Copy)]
pub struct ClosedSession {
    /// Its id.
    pub id: SessionId,
    /// The time of its opening.
    pub opened_at: DateTime<Utc>,
    /// The time of its closing.
    pub closed_at: DateTime<Utc>,
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
/// the last one.
pub(super) fn session(
    book: &Book,
    command: &Sell,
    register: &Register,
    occurred_at: DateTime<Utc>,
) -> Result<(SessionId, Option<ClosedSession>), Refusal> {
    let named = command.occurred_at.filter(|_| command.forced);
    let closed = named.and_then(|at| book.closed_sessions.get(&(register.id, at)).copied());
    let happened_in =
        |closed: &ClosedSession| closed.opened_at <= occurred_at && occurred_at <= closed.closed_at;
    match (open_register(book, register.id), closed) {
        (Ok(_), Some(closed)) if happened_in(&closed) => Ok((closed.id, Some(closed))),
        (Ok((_, open)), _) => Ok((open.id, None)),
        (Err(_), Some(closed)) => Ok((closed.id, Some(closed))),
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
    let detail = "The session of the sale was closed before the sale was recorded.";
    exceptions.push(SaleException::new(ExceptionReason::SessionClosed, detail).with(None, amount));
    if amount.is_zero() {
        return Posting::default();
    }
    let session_id = closed.id;
    if sale.occurred_at > closed.closed_at {
        let late = LateCash { session_id, amount, correction: None };
        return Posting { late_cash: Some(late), ..Posting::default() };
    }
    let reason = format!("Late sale {}", sale.number);
    let change = cash_move(book, session_id, CashMoveKind::OverShort, -amount, &reason);
    let against = book.setup.mapping.account_at(EntryPurpose::CashOverShort, sale.location_id);
    let posting = session::post(book, &change, against, sale.location_id);
    let late = LateCash { session_id, amount, correction: Some(change) };
    Posting { late_cash: Some(late), ..posting }
}
