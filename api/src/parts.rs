//! Files that are written in parts: each part is read after the client has taken the one before, so the memory does not grow with
//! the file.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use domain::number::shown_decimals;
use futures_util::{StreamExt, stream};

use crate::currency::showing_while;
use crate::problem::{Answer, ApiError};

/// Number of rows of the first part.
const ROWS_FIRST: u64 = 100;
/// Fewest rows of a part.
const ROWS_MIN: u64 = 10;
/// Most rows of a part. The rows of the next part may all be the longest that there are. Those before it tell nothing about them.
const ROWS_MAX: u64 = 100;
/// Bytes that a part has about. Rows that were read and would make it longer are read again for the next part.
const PART_BYTES: u64 = 512 * 1024;

/// The number of rows of the next part: long rows are read few at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRows(u64);

impl Default for PartRows {
    fn default() -> Self {
        PartRows(ROWS_FIRST)
    }
}

impl PartRows {
    /// Returns the number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// Whether a part with so many bytes gets no more rows.
    pub fn is_full(bytes: usize) -> bool {
        bytes as u64 >= PART_BYTES
    }

    /// Returns the number after a part of so many rows and bytes.
    #[must_use]
    pub fn after(rows: usize, bytes: usize) -> Self {
        let fitting = (rows as u64).saturating_mul(PART_BYTES) / (bytes as u64).max(1);
        PartRows(fitting.clamp(ROWS_MIN, ROWS_MAX))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_rows_are_read_few_at_a_time() {
        assert_eq!(PartRows::default().get(), 100);
        for (rows, bytes, next) in
            [(100, 40_000, 100), (100, 1024 * 1024, 50), (100, 100_000_000, 10), (0, 0, 10), (1, 0, 100)]
        {
            assert_eq!(PartRows::after(rows, bytes).get(), next, "{rows} rows of {bytes} bytes");
        }
        assert_eq!((PartRows::is_full(512 * 1024 - 1), PartRows::is_full(512 * 1024)), (false, true));
    }
}
