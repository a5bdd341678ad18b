//! Ids of documents of any kind, as the API writes and reads them.

use domain::document::DocumentKind;
use uuid::Uuid;

use crate::problem::{ApiError, ErrorCode};

/// The id of a document as the API writes it; the plain UUID if a newer version wrote a kind that this one does not know.
pub fn document_id(document_kind: &str, id: Uuid) -> String {
    let kind = document_kind.parse::<DocumentKind>();
    kind.map_or_else(|_| id.to_string(), |kind| kind.encode(id))
}

/// The UUID in the id of a document of any kind, which `parameter` of the query gives.
pub fn parse_document_id(text: &str, parameter: &'static str) -> Result<Uuid, ApiError> {
    let invalid = || {
        let detail = "Expected the id of a document or record, such as ord_01h455vb4pex5vsknk084sn02q.";
        ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter)
    };
    DocumentKind::decode(text).ok_or_else(invalid)
}
