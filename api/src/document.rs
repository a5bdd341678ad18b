//! Ids of documents of any kind, in the form of the API.

use domain::document::DocumentKind;
use uuid::Uuid;

use crate::problem::{ApiError, ErrorCode};

pub use domain::document::document_id;

/// Parses the id of a document of any kind, which `parameter` of the query gives.
pub fn parse_document_id(text: &str, parameter: &'static str) -> Result<Uuid, ApiError> {
    let invalid = || {
        let detail = "Expected the id of a document or record, such as ord_01h455vb4pex5vsknk084sn02q.";
        ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter)
    };
    DocumentKind::decode(text).ok_or_else(invalid)
}

/// Checks the word of a kind of document, which `document_kind` of the query gives.
pub fn parse_document_kind(text: &str) -> Result<String, ApiError> {
    let known = text.parse::<DocumentKind>().map(|kind| kind.word().to_owned());
    known.map_err(|_| {
        let detail = format!("`{text}` is not a kind of document. Send one such as sale or credit_note.");
        ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("document_kind")
    })
}
