//! The parts of a file, each short enough for one request.
//!
//! A CSV file is cut between two rows, and each part begins with the header. A row may span lines, if a quoted field does.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::ReconcileError;

/// Most rows of a part. A request may have 100,000.
const ROWS_MAX: u64 = 50_000;
/// Most bytes of a part, but for its last row. A request may have 16 MB.
const BYTES_MAX: usize = 12_000_000;

/// A part of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    pub text: Vec<u8>,
    /// Number of rows of the parts before it.
    pub rows_before: u64,
}

/// Returns the parts of a file. Other files than CSV have one.
pub fn of(
    path: &Path,
    is_csv: bool,
) -> Result<Box<dyn Iterator<Item = Result<Part, ReconcileError>> + Send>, ReconcileError> {
    let name = path.display().to_string();
    let failed = |source| ReconcileError::File { file: name.clone(), source };
    if !is_csv {
        let text = std::fs::read(path).map_err(failed)?;
        return Ok(Box::new(std::iter::once(Ok(Part { text, rows_before: 0 }))));
    }
    let reader = BufReader::new(File::open(path).map_err(failed)?);
    let parts =
        Parts { reader, header: None, next: Vec::new(), rows_before: 0, limits: (ROWS_MAX, BYTES_MAX) };
    Ok(Box::new(
        parts.map(move |part| part.map_err(|source| ReconcileError::File { file: name.clone(), source })),
    ))
}

struct Parts<R> {
    reader: R,
    header: Option<Vec<u8>>,
    /// The row that was too long for the part before.
    next: Vec<u8>,
    rows_before: u64,
    limits: (u64, usize),
}

impl<R: BufRead> Parts<R> {
    /// Reads one row with the end of its line. Returns nothing at the end of the file.
    fn row(&mut self) -> std::io::Result<Vec<u8>> {
        let mut row = Vec::new();
        loop {
            let length = self.reader.read_until(b'\n', &mut row)?;
            // A field is still open after an odd number of quotation marks.
            let quotes = row.iter().filter(|byte| **byte == b'"').count();
            if length == 0 || quotes % 2 == 0 {
                return Ok(row);
            }
        }
    }

    fn part(&mut self) -> std::io::Result<Option<Part>> {
        let header = match self.header.take() {
            Some(header) => header,
            None => self.row()?,
        };
        let mut text = header.clone();
        let is_first = self.rows_before == 0 && self.next.is_empty();
        let (rows_max, bytes_max) = self.limits;
        let mut rows = 0;
        let mut row = std::mem::take(&mut self.next);
        if row.is_empty() {
            row = self.row()?;
        }
        while !row.is_empty() {
            text.append(&mut row);
            rows += 1;
            row = self.row()?;
            if rows >= rows_max || text.len() + row.len() > bytes_max {
                break;
            }
        }
        self.next = row;
        self.header = Some(header);
        if rows == 0 && !is_first || text.is_empty() {
            return Ok(None);
        }
        let rows_before = self.rows_before;
        self.rows_before += rows.max(1);
        Ok(Some(Part { text, rows_before }))
    }
}

impl<R: BufRead> Iterator for Parts<R> {
    type Item = std::io::Result<Part>;

    fn next(&mut self) -> Option<Self::Item> {
        self.part().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, limits: (u64, usize)) -> Vec<(String, u64)> {
        let parts = Parts { reader: text.as_bytes(), header: None, next: Vec::new(), rows_before: 0, limits };
        parts
            .map(|part| part.expect("a part"))
            .map(|part| (String::from_utf8(part.text).expect("text"), part.rows_before))
            .collect()
    }

    #[test]
    fn each_part_begins_with_the_header_and_has_whole_rows() {
        let text = "a,b\r\n1,2\r\n\"x\ny\",3\r\n4,5";
        assert_eq!(cut(text, (10, 100)), [(text.to_owned(), 0)]);
        assert_eq!(
            cut(text, (1, 100)),
            [
                ("a,b\r\n1,2\r\n".to_owned(), 0),
                ("a,b\r\n\"x\ny\",3\r\n".to_owned(), 1),
                ("a,b\r\n4,5".to_owned(), 2)
            ]
        );
        assert_eq!(cut(text, (10, 12)).len(), 3);
    }

    #[test]
    fn a_file_without_rows_is_sent_as_it_is() {
        assert_eq!(cut("a,b\n", (10, 100)), [("a,b\n".to_owned(), 0)]);
        assert_eq!(cut("", (10, 100)), []);
    }
}
