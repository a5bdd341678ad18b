//! `command`: the audit log, with stored responses.

use domain::id::CommandId;
use uuid::Uuid;

use crate::command::UNCHANGED;
use crate::posting::Recorded;
use crate::posting::table::saved_row;

saved_row! {
    /// A command with its response, which is stored for a repeat only if the caller sent a key.
    CommandRow<'a> as "command_row_1" {
        id: CommandId,
        name: &'static str,
        actor_kind: &'static str,
        actor_id: Uuid,
        idempotency_key: Option<&'a str>,
        fingerprint: Option<&'a [u8]>,
        status: i16,
        document_id: Option<Uuid>,
        response: Option<&'a str>,
    }
}

impl<'a> CommandRow<'a> {
    pub(in crate::posting) fn new(recorded: &'a Recorded<'_>) -> Self {
        let request = recorded.request;
        let key = request.idempotency.as_ref().filter(|_| recorded.kept);
        CommandRow {
            id: recorded.command_id,
            name: if recorded.is_unchanged { UNCHANGED } else { request.command.name() },
            actor_kind: request.caller.actor_kind.into(),
            actor_id: request.caller.actor_id,
            idempotency_key: key.map(|key| key.key.as_str()),
            fingerprint: key.map(|key| key.fingerprint.as_slice()),
            status: recorded.answer.status as i16,
            document_id: recorded.answer.document_id,
            response: key.map(|_| recorded.answer.body.as_str()),
        }
    }
}
