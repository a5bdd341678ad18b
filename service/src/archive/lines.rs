//! Files of an archive: rows as lines, and a checksum of each line.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{ArchiveError, TableFile};

/// Longest line in bytes. A row is far shorter: its longest text is a body of a request.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of a line of checksums: 16 digits and the end of the line.
const SUM_BYTES: u64 = 17;

/// A file that is written, with the digest of its content.
#[derive(Debug)]
struct Digested {
    path: PathBuf,
    file: BufWriter<File>,
    digest: Sha256,
}

impl Digested {
    fn create(path: PathBuf) -> Result<Self, ArchiveError> {
        let file = create_private(&path)?;
        Ok(Digested { path, file: BufWriter::new(file), digest: Sha256::new() })
    }

    fn write_line(&mut self, line: &[u8]) -> Result<(), ArchiveError> {
        for part in [line, b"\n".as_slice()] {
            self.digest.update(part);
            self.file.write_all(part).map_err(|error| ArchiveError::file(&self.path, error))?;
        }
        Ok(())
    }

    /// Writes the rest to the disk. Returns the SHA-256.
    fn finish(mut self) -> Result<String, ArchiveError> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        written.map_err(|error| ArchiveError::file(&self.path, error))?;
        Ok(hexadecimal(self.digest))
    }
}

/// Writes the rows of a table.
#[derive(Debug)]
pub(super) struct LineWriter {
    table: String,
    rows: u64,
    lines: Digested,
    sums: Digested,
}

impl LineWriter {
    pub(super) fn create(folder: &Path, table: &str) -> Result<Self, ArchiveError> {
        Ok(LineWriter {
            table: table.to_owned(),
            rows: 0,
            lines: Digested::create(folder.join(format!("{table}.ndjson")))?,
            sums: Digested::create(folder.join(format!("{table}.sums")))?,
        })
    }

    pub(super) fn write(&mut self, line: &str) -> Result<(), ArchiveError> {
        self.rows += 1;
        self.lines.write_line(line.as_bytes())?;
        self.sums.write_line(sum_of(line.as_bytes()).as_bytes())
    }

    pub(super) fn finish(self) -> Result<TableFile, ArchiveError> {
        let LineWriter { table, rows, lines, sums } = self;
        Ok(TableFile { table, rows, sha256: lines.finish()?, sums_sha256: sums.finish()? })
    }
}

/// Reads the rows of a table, and rejects any that is not as it was written.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    wanted: &'a TableFile,
    path: PathBuf,
    lines: BufReader<File>,
    sums: BufReader<File>,
    digest: Sha256,
    /// Number of the line that was read last.
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn open(folder: &Path, wanted: &'a TableFile) -> Result<Self, ArchiveError> {
        let of_sums = folder.join(format!("{}.sums", wanted.table));
        if digest_of(&of_sums)? != wanted.sums_sha256 {
            let problem = format!("{}.sums: its SHA-256 is not that of the manifest", wanted.table);
            return Err(ArchiveError::Rejected(problem));
        }
        let path = folder.join(format!("{}.ndjson", wanted.table));
        let (lines, sums) = (open(&path)?, open(&of_sums)?);
        Ok(Lines { wanted, path, lines, sums, digest: Sha256::new(), number: 0 })
    }

    /// Returns the next row, or `None` after the last.
    pub(super) fn next_line(&mut self) -> Result<Option<String>, ArchiveError> {
        let mut line = Vec::new();
        let read = (&mut self.lines).take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        read.map_err(|error| ArchiveError::file(&self.path, error))?;
        self.number += 1;
        if line.is_empty() {
            self.check_end()?;
            return Ok(None);
        }
        self.digest.update(&line);
        if line.pop() != Some(b'\n') {
            return Err(self.broken("the line is cut"));
        }
        if self.number > self.wanted.rows {
            return Err(self.broken("the manifest has fewer rows"));
        }
        let mut sum = String::new();
        let read = (&mut self.sums).take(SUM_BYTES).read_line(&mut sum);
        read.map_err(|error| ArchiveError::file(&self.path, error))?;
        if sum.trim_end() != sum_of(&line) {
            return Err(self.broken("the row was changed: its checksum is another one"));
        }
        String::from_utf8(line).map(Some).map_err(|_| self.broken("the row is no UTF-8"))
    }

    fn check_end(&self) -> Result<(), ArchiveError> {
        let (read, wanted) = (self.number - 1, self.wanted.rows);
        if read < wanted {
            return Err(self.broken(&format!("the file ends after {read} of {wanted} rows")));
        }
        if hexadecimal(self.digest.clone()) != self.wanted.sha256 {
            return Err(self.broken("the SHA-256 of the file is not that of the manifest"));
        }
        Ok(())
    }

    /// Returns the error of the line that was read last.
    pub(super) fn broken(&self, problem: &str) -> ArchiveError {
        let file = format!("{}.ndjson", self.wanted.table);
        ArchiveError::Line { file, line: self.number, problem: problem.to_owned() }
    }
}

/// Creates a file that only the user who runs the command may read, also in a folder that others may read.
pub(super) fn create_private(path: &Path) -> Result<File, ArchiveError> {
    let created = File::options().write(true).create_new(true).mode(0o600).open(path);
    created.map_err(|error| ArchiveError::file(path, error))
}

/// Opens a file of an archive. Rejects a pipe and a device, which may never end.
pub(super) fn open(path: &Path) -> Result<BufReader<File>, ArchiveError> {
    let failed = |error| ArchiveError::file(path, error);
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(ArchiveError::Rejected(format!("{} is no plain file", path.display())));
    }
    File::open(path).map(BufReader::new).map_err(failed)
}

/// Returns the SHA-256 of a file.
fn digest_of(path: &Path) -> Result<String, ArchiveError> {
    let mut file = open(path)?;
    let mut digest = Sha256::new();
    loop {
        let part = file.fill_buf().map_err(|error| ArchiveError::file(path, error))?;
        if part.is_empty() {
            return Ok(hexadecimal(digest));
        }
        digest.update(part);
        let length = part.len();
        file.consume(length);
    }
}

fn hexadecimal(digest: Sha256) -> String {
    let bytes: [u8; 32] = digest.finalize().into();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the checksum of a line: the first 8 bytes of its SHA-256.
fn sum_of(line: &[u8]) -> String {
    let bytes: [u8; 32] = Sha256::digest(line).into();
    bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Seek;
    use std::os::unix::fs::symlink;
    use std::{env, process};

    use super::*;

    #[test]
    fn a_line_of_checksums_that_never_ends_is_not_read_into_memory() {
        let folder = env::temp_dir().join(format!("stockwell-lines-{}", process::id()));
        fs::create_dir(&folder).expect("a folder");
        let mut writer = LineWriter::create(&folder, "product").expect("files");
        writer.write("{}").expect("a row");
        let mut table = writer.finish().expect("a table");
        let of_sums = folder.join("product.sums");
        fs::write(&of_sums, "0".repeat(1 << 20)).expect("checksums");
        table.sums_sha256 = digest_of(&of_sums).expect("a digest");
        let mut lines = Lines::open(&folder, &table).expect("files");
        let error = lines.next_line().expect_err("it is no checksum").to_string();
        let read = lines.sums.stream_position().expect("a place");
        fs::remove_dir_all(&folder).expect("the folder is there");
        assert!(error.contains("the row was changed"), "{error}");
        assert_eq!(read, SUM_BYTES);
    }

    #[test]
    fn a_device_is_no_file_of_an_archive() {
        let folder = env::temp_dir().join(format!("stockwell-device-{}", process::id()));
        fs::create_dir(&folder).expect("a folder");
        let table = LineWriter::create(&folder, "product").and_then(LineWriter::finish).expect("a table");
        let opened = Lines::open(&folder, &table).map(|_| ());
        let of_sums = folder.join("product.sums");
        fs::remove_file(&of_sums).and_then(|()| symlink("/dev/null", &of_sums)).expect("a device");
        let refused = Lines::open(&folder, &table).map(|_| ());
        fs::remove_dir_all(&folder).expect("the folder is there");
        opened.expect("an archive without rows");
        let error = refused.expect_err("it is a device").to_string();
        assert!(error.ends_with("product.sums is no plain file"), "{error}");
    }
}
