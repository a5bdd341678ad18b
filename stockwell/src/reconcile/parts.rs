//! The parts of a file, each short enough for one request.
//!
//! A CSV file is cut between two rows, and each part begins with the header. A row may span lines, if a quoted cell does.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use api::csv::{Place, opened};

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
    let parts = Parts::new(reader, (ROWS_MAX, BYTES_MAX));
    Ok(Box::new(
        parts.map(move |part| part.map_err(|source| ReconcileError::File { file: name.clone(), source })),
    ))
}

struct Parts<R> {
    reader: R,
    /// The header, with the lines before it.
    header: Option<Vec<u8>>,
    delimiter: u8,
    /// The row that was too long for the part before.
    next: Vec<u8>,
    rows_before: u64,
    limits: (u64, usize),
}

impl<R: BufRead> Parts<R> {
    fn new(reader: R, limits: (u64, usize)) -> Self {
        Parts { reader, header: None, delimiter: b',', next: Vec::new(), rows_before: 0, limits }
    }

    /// Reads one row with the end of its line. Returns nothing at the end of the file.
    fn row(&mut self) -> std::io::Result<Vec<u8>> {
        let (mut row, mut place) = (Vec::new(), Place::Start);
        loop {
            let seen = row.len();
            let length = self.reader.read_until(b'\n', &mut row)?;
            place = row[seen..].iter().fold(place, |place, byte| place.after(*byte, self.delimiter));
            if length == 0 || place != Place::Quoted {
                return Ok(row);
            }
        }
    }

    /// Reads the header. A line `sep=;` before it names the delimiter, and empty lines before it say nothing.
    fn read_header(&mut self) -> std::io::Result<Vec<u8>> {
        let mut header = Vec::new();
        loop {
            let mut row = self.row()?;
            if row.is_empty() {
                return Ok(header);
            }
            header.append(&mut row);
            let text = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&header);
            let (rest, delimiter) = opened(text);
            self.delimiter = delimiter;
            if !rest.trim_ascii().is_empty() {
                return Ok(header);
            }
        }
    }

    fn part(&mut self) -> std::io::Result<Option<Part>> {
        let header = match self.header.take() {
            Some(header) => header,
            None => self.read_header()?,
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
            // The API does not count empty lines.
            rows += u64::from(!row.iter().all(|byte| matches!(byte, b'\r' | b'\n')));
            text.append(&mut row);
            row = self.row()?;
            if rows >= rows_max || rows > 0 && text.len() + row.len() > bytes_max {
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
        Parts::new(text.as_bytes(), limits)
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
    fn a_quote_in_a_cell_opens_nothing() {
        let rows = ["5\" pipe,1\n", "\"a \"\"b\"\"\ncd\",2\n", "6\" pipe,3\n"];
        let text = format!("a,b\n{}", rows.concat());
        let expected = rows.iter().zip(0..).map(|(row, before)| (format!("a,b\n{row}"), before));
        assert_eq!(cut(&text, (1, 100)), expected.collect::<Vec<_>>());
    }

    #[test]
    fn each_part_names_its_delimiter() {
        let text = "\u{feff}sep=;\r\na;b\r\n1;\"2\n\"\r\n\r\n3;4,\"5\r\n";
        let head = "\u{feff}sep=;\r\na;b\r\n";
        assert_eq!(
            cut(text, (1, 100)),
            [(format!("{head}1;\"2\n\"\r\n"), 0), (format!("{head}\r\n3;4,\"5\r\n"), 1)]
        );
    }

    #[test]
    fn a_file_without_rows_is_sent_as_it_is() {
        assert_eq!(cut("a,b\n", (10, 100)), [("a,b\n".to_owned(), 0)]);
        assert_eq!(cut("", (10, 100)), []);
    }
}
