//! Ids of documents of any kind, in the form of the API.

use domain::document::DocumentKind;
use uuid::Uuid;

use crate::problem::{ApiError, ErrorCode};

/// Returns the id of a document in the form of the API. Returns the plain UUID if this version does not know the kind.
pub fn document_id(document_kind: &str, id: Uuid) -> String {
    let kind = document_kind.parse::<DocumentKind>();
    kind.map_or_else(|_| id.to_string(), |kind| kind.encode(id))
}

/// Parses the id of a document of any kind, which `parameter` of the query gives.
pub fn parse_document_id(text: &str, parameter: &'static str) -> Result<Uuid, ApiError> {
    let invalid = || {
        let detail = "Expected the id of a document or record, such as ord_01h455vb4pex5vsknk084sn02q.";
        ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter)
    };
    DocumentKind::decode(text).ok_or_else(invalid)
}
