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
