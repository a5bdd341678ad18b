//! `event`: what commands did, for readers of the feed.

use domain::id::CommandId;
use uuid::Uuid;

use crate::posting::table::saved_row;

saved_row! {
    /// An event of a command about a document.
    EventRow as "event_row_1" {
        id: Uuid,
        kind: &'static str,
        command_id: CommandId,
        document_kind: &'static str,
        document_id: Uuid,
    }
}
