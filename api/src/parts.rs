//! Files that are written in parts: each part is read after the client has taken the one before, so the memory does not grow with
//! the file.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use domain::number::shown_decimals;
use futures_util::{StreamExt, stream};

use crate::currency::showing_while;
use crate::problem::{Answer, ApiError};

/// A part of a file.
pub struct Part {
    /// The bytes of the part.
    pub text: Vec<u8>,
    /// Whether no part follows.
    pub is_last: bool,
}

/// A file in progress.
pub trait Parts {
    /// Reads the next part.
    async fn next(&mut self) -> Result<Part, ApiError>;

    /// Rejects a caller whose credential has ended since the part before.
    async fn check(&self) -> Result<(), ApiError>;
}

/// Responds with all parts of a file.
pub async fn respond<P: Parts + 'static>(mut parts: P, media_type: &str, filename: &str) -> Answer {
    // The first part is read before the response begins, so that an error gets its own status.
    let first = parts.next().await?;
    let begun = Progress { parts, is_over: first.is_last, decimals: shown_decimals() };
    let rest = stream::unfold(begun, async |mut progress| {
        if progress.is_over {
            return None;
        }
        let part = showing_while(progress.decimals, progress.more()).await;
        // An error cuts the connection, so a client never takes a part for the whole.
        Some((part.map_err(|error| std::io::Error::other(error.to_string())), progress))
    });
    let body = stream::once(async { Ok::<Bytes, std::io::Error>(Bytes::from(first.text)) }).chain(rest);
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{filename}\"")))
        .streaming(Box::pin(body)))
}

/// A file whose first part is written.
struct Progress<P> {
    parts: P,
    is_over: bool,
    /// Decimals of amounts. The parts after the first are read when the handler has ended.
    decimals: u32,
}

impl<P: Parts> Progress<P> {
    /// Returns a part after the first, if the caller may still have it.
    async fn more(&mut self) -> Result<Bytes, ApiError> {
        // Nothing follows an error.
        self.is_over = true;
        self.parts.check().await?;
        let part = self.parts.next().await?;
        self.is_over = part.is_last;
        Ok(Bytes::from(part.text))
    }
}
