//! `journal_entry` and `journal_line`: the general ledger.

use chrono::NaiveDate;
use domain::id::{CommandId, EntryId, LocationId};
use domain::ledger::{Entry, EntryLine};
use domain::number::Money;
use uuid::Uuid;

use crate::posting::table::saved_row;

saved_row! {
    /// An entry and the command that made it. Debits and credits have the same total.
    EntryRow<'a> as "journal_entry_row_1" {
        id: EntryId,
        document_kind: &'static str,
        document_id: Uuid,
        memo: Option<&'a str>,
        total: Money,
        occurred_on: NaiveDate,
        command_id: CommandId,
    }
}

impl<'a> EntryRow<'a> {
    pub(in crate::posting) fn new(entry: &'a Entry, by: CommandId) -> Self {
        EntryRow {
            id: entry.id,
            document_kind: entry.document_kind.word(),
            document_id: entry.document_id,
            memo: entry.memo.as_deref(),
            total: entry.total,
            occurred_on: entry.occurred_on,
            command_id: by,
        }
    }
}

saved_row! {
    /// A line of an entry, from 1.
    EntryLineRow<'a> as "journal_line_row_1" {
        entry_id: EntryId,
        line_no: i32,
        account_code: &'a str,
        debit: Money,
        credit: Money,
        channel: Option<&'static str>,
        location_id: Option<LocationId>,
        party_id: Option<Uuid>,
        posted_on: NaiveDate,
    }
}

impl<'a> EntryLineRow<'a> {
    pub(in crate::posting) fn new(entry: &Entry, line_no: i32, line: &'a EntryLine) -> Self {
        EntryLineRow {
            entry_id: entry.id,
            line_no,
            account_code: &line.account,
            debit: line.debit(),
            credit: line.credit(),
            channel: line.dimensions.channel.map(Into::into),
            location_id: line.dimensions.location_id,
            party_id: line.dimensions.party_id,
            posted_on: entry.occurred_on,
        }
    }
}
