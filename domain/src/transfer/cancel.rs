//! The end of a transfer under way: what is in transit comes back to the origin.

use chrono::{DateTime, Utc};

use super::{Step, Transfer, TransferStatus, at, post, transit};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::expected_receipt;
use crate::id::TransferId;
use crate::ledger::{Lines, account};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::Refusal;

/// A transfer to cancel.
#[derive(Debug, Clone, Copy)]
pub struct Cancel {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The time at which the stock came back; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl Rule for Cancel {
    fn name(&self) -> &'static str {
        "transfer.cancelled"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transfer_ids.insert(self.transfer_id);
        needs.returning.insert(self.transfer_id);
        needs.transit = true;
        needs.add_time(self.occurred_at);
        needs.breaks = true;
    }

    fn decide(&self, book: &mut Book) -> Decision {
        cancel(book, self).map(|(transfer, posting)| (Outcome::Transfer(transfer), posting))
    }
}

/// Takes all stock in transit back to the origin, at the cost with which it left. What was received stays where it is.
fn cancel(book: &mut Book, command: &Cancel) -> Result<(Transfer, Posting), Refusal> {
    let transfer = book.transfers.get(&command.transfer_id).ok_or_else(|| Refusal::not_found("transfer"))?;
    transfer.require_under_way("cancelled")?;
    let occurred_at = book.occurred_after(command.occurred_at, ("the dispatch", transfer.occurred_at))?;
    let transit = transit(book)?;

    // Nothing rejects the command from here on.
    let mut transfer = transfer.clone();
    let mut posting = Posting::default();
    let mut back = Money::ZERO;
    for index in 0..transfer.lines.len() {
        let mut line = transfer.lines[index].clone();
        let quantity = line.open();
        if quantity.is_zero() {
            continue;
        }
        let step = Step { transfer: &transfer, line_no: line.line_no, occurred_at, reason: None };
        let route = (transit, transfer.from_location_id);
        back += step.carry(book, &mut line, route, quantity, &mut posting);
        line.returned += quantity;
        transfer.lines[index] = line;
    }
    transfer.status = TransferStatus::Cancelled;
    transfer.version += 1;
    let mut entry = Lines::default();
    entry.debit(account::INVENTORY, back, at(transfer.from_location_id));
    entry.credit(account::IN_TRANSIT, back, at(transit));
    post(book, &transfer, (entry, occurred_at), &mut posting);
    expected_receipt::note_transfer(book, &transfer);
    book.transfers.insert(transfer.id, transfer.clone());
    Ok((transfer, posting))
}
