//! The parts of a file, each short enough for one request.
//!
//! A CSV file is cut between two rows, as the API finds them, and each part begins with the header. Empty lines are left out:
//! the API does not count them. A quote that is not closed would make one row of all that follows: it is an error that names its line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

use api::csv::{Place, opened};

use super::ReconcileError;

/// Most rows of a part. A request may have 100,000.
const ROWS_MAX: u64 = 50_000;
/// Most bytes of a part, but for its last row. A request may have 16 MB.
const BYTES_MAX: usize = 12_000_000;
/// Most bytes of a row with a quote that is not closed. The API takes no longer row.
const QUOTED_MAX: usize = 256 * 1024;
/// Bytes at the beginning of a file that are read for its delimiter.
const HEAD_BYTES: u64 = 65_536;
/// The mark that some programs write before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

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
    let parts = Parts::open(reader, (ROWS_MAX, BYTES_MAX)).map_err(failed)?;
    Ok(Box::new(
        parts.map(move |part| part.map_err(|source| ReconcileError::File { file: name.clone(), source })),
    ))
}

struct Parts<R> {
    reader: Chain<Cursor<Vec<u8>>, R>,
    delimiter: u8,
    /// The header with all that stands before it, such as a line `sep=;`.
    header: Vec<u8>,
    /// The row that was too long for the part before.
    next: Vec<u8>,
    rows_before: u64,
    is_first: bool,
    limits: (u64, usize),
    lines: Lines,
}

/// The number of the line that is read.
#[derive(Debug, Clone, Copy)]
struct Lines {
    number: u64,
    /// Whether the byte before was CR: an LF after it ends no further line.
    is_after_cr: bool,
}

impl Lines {
    fn pass(&mut self, byte: u8) {
        if byte == b'\r' || byte == b'\n' && !self.is_after_cr {
            self.number += 1;
        }
        self.is_after_cr = byte == b'\r';
    }
}

impl<R: BufRead> Parts<R> {
    fn open(mut reader: R, limits: (u64, usize)) -> io::Result<Self> {
        let mut head = Vec::new();
        reader.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        let (table, delimiter) = opened(head.strip_prefix(MARK).unwrap_or(&head));
        let lead = head.len() - table.len();
        let header = head[..lead].to_vec();
        let table = Cursor::new(head.split_off(lead));
        let mut parts = Parts {
            reader: table.chain(reader),
            delimiter,
            header,
            next: Vec::new(),
            rows_before: 0,
            is_first: true,
            limits,
            lines: Lines { number: 1, is_after_cr: false },
        };
        loop {
            let row = parts.row()?;
            parts.header.extend_from_slice(&row);
            if row.is_empty() || !is_blank(&row) {
                return Ok(parts);
            }
        }
    }

    /// Reads one row with the end of its line. Returns nothing at the end of the file.
    fn row(&mut self) -> io::Result<Vec<u8>> {
        let (mut row, mut place) = (Vec::new(), Place::Start);
        let mut quoted_from = self.lines.number;
        loop {
            let buffer = self.reader.fill_buf()?;
            let end = buffer.iter().position(|byte| {
                if place == Place::Start && *byte == b'"' {
                    quoted_from = self.lines.number;
                }
                self.lines.pass(*byte);
                let is_end = place.is_end(*byte);
                place = place.after(*byte, self.delimiter);
                is_end
            });
            let length = end.map_or(buffer.len(), |end| end + 1);
            row.extend_from_slice(&buffer[..length]);
            self.reader.consume(length);
            if place == Place::Quoted && (length == 0 || row.len() > QUOTED_MAX) {
                return Err(not_closed(quoted_from));
            }
            if end.is_some() {
                // CR and LF are one end.
                if row.ends_with(b"\r") && self.reader.fill_buf()?.first() == Some(&b'\n') {
                    row.push(b'\n');
                    self.reader.consume(1);
                    self.lines.pass(b'\n');
                }
                return Ok(row);
            }
            if length == 0 {
                return Ok(row);
            }
        }
    }

    fn part(&mut self) -> io::Result<Option<Part>> {
        let (rows_max, bytes_max) = self.limits;
        let mut text = self.header.clone();
        let mut rows = 0;
        let mut row = std::mem::take(&mut self.next);
        if row.is_empty() {
            row = self.row()?;
        }
        while !row.is_empty() && (rows == 0 || rows < rows_max && text.len() + row.len() <= bytes_max) {
            if !is_blank(&row) {
                text.append(&mut row);
                rows += 1;
            }
            row = self.row()?;
        }
        self.next = row;
        let is_first = std::mem::take(&mut self.is_first);
        if text.is_empty() || rows == 0 && !is_first {
            return Ok(None);
        }
        let rows_before = self.rows_before;
        self.rows_before += rows;
        Ok(Some(Part { text, rows_before }))
    }
}

fn not_closed(line: u64) -> io::Error {
    let problem = format!(
        "line {line}: a cell begins with a quote that is not closed within {} KiB. Close it behind the text of the cell, or \
         remove it; a quote within a quoted cell is written twice (\"\").",
        QUOTED_MAX / 1024
    );
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

fn is_blank(row: &[u8]) -> bool {
    row.iter().all(|byte| matches!(byte, b'\r' | b'\n'))
}

impl<R: BufRead> Iterator for Parts<R> {
    type Item = io::Result<Part>;

    fn next(&mut self) -> Option<Self::Item> {
        self.part().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, limits: (u64, usize)) -> Vec<(String, u64)> {
        let parts = Parts::open(text.as_bytes(), limits).expect("a header");
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
    fn a_quote_within_a_cell_does_not_join_rows() {
        let text = "a,b\n12\" pipe,1\n5\" pipe,2\n";
        assert_eq!(cut(text, (10, 100)), [(text.to_owned(), 0)]);
        assert_eq!(
            cut(text, (1, 100)),
            [("a,b\n12\" pipe,1\n".to_owned(), 0), ("a,b\n5\" pipe,2\n".to_owned(), 1)]
        );
        // A quote opens a cell only behind the delimiter of the file.
        let text = "a;b\n1,\"x;1\n2;2\n";
        assert_eq!(cut(text, (1, 100)).len(), 2);
    }

    #[test]
    fn a_line_that_names_the_delimiter_belongs_to_the_header() {
        let text = "\u{feff}sep=|\r\na|b\r\n1|\"x\r\ny\"\r\n2|3\r\n";
        let head = "\u{feff}sep=|\r\na|b\r\n";
        assert_eq!(
            cut(text, (1, 100)),
            [(format!("{head}1|\"x\r\ny\"\r\n"), 0), (format!("{head}2|3\r\n"), 1)]
        );
    }

    #[test]
    fn lines_end_as_for_the_api_and_empty_ones_do_not_count() {
        assert_eq!(
            cut("\na,b\r1,2\r\r\r3,4\r\n\n\n5,6", (2, 100)),
            [("\na,b\r1,2\r3,4\r\n".to_owned(), 0), ("\na,b\r5,6".to_owned(), 2)]
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_is_named_by_its_line() {
        let error = |text: &str| {
            let mut parts = Parts::open(text.as_bytes(), (10, 1_000_000)).expect("a header");
            parts.find_map(Result::err).expect("an error").to_string()
        };
        let rest = "7,8\r\n".repeat(100_000);
        for (text, line) in [
            (format!("a,b\r\n1,2\r\n3,\"x\r\n{rest}"), 3),
            (format!("a,b\n\"x\ny\",3\n4,5\n\"6,7\n{rest}"), 5),
            ("a,b\r1,2\r\r3,\"4".to_owned(), 4),
            (format!("sep=;\r\na;b\r\n1;2\r\n3;\"4\r\n{rest}"), 4),
        ] {
            let error = error(&text);
            assert!(error.starts_with(&format!("line {line}: ")), "line {line}: {error}");
            assert!(error.contains("Close it"), "{error}");
        }
        let header = Parts::open("\"a,b\n1,2\n".as_bytes(), (10, 100)).err().expect("an error");
        assert!(header.to_string().starts_with("line 1: "), "{header}");
    }

    #[test]
    fn a_long_cell_that_is_closed_is_sent() {
        let text = format!("a,b\n\"{}\",2\n3,4\n", "x".repeat(QUOTED_MAX - 100));
        assert_eq!(cut(&text, (10, 1_000_000)), [(text.clone(), 0)]);
    }

    #[test]
    fn a_file_without_rows_is_sent_as_it_is() {
        assert_eq!(cut("a,b\n", (10, 100)), [("a,b\n".to_owned(), 0)]);
        assert_eq!(cut("", (10, 100)), []);
    }
}
