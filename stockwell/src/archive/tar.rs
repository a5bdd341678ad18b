//! The form `.tar.gz` of an archive: plain files of one folder, as `tar` reads and writes them.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use service::archive::ArchiveError;

/// Bytes of a block. A header has one, a file as many as it fills.
const BLOCK: usize = 512;
/// Bytes that are copied at once.
const COPIED_AT_ONCE: usize = 64 * 1024;
/// Most files of an archive, which has two for each table and the manifest.
const FILES_MAX: usize = 2_000;
/// Bytes that an archive of any size may unpack to.
const UNPACKED_MIN: u64 = 1024 * 1024 * 1024;
/// Times its packed bytes that a larger archive may unpack to. Rows and their checksums are far below: packing makes them some 3 to 20 times
/// smaller.
const UNPACKED_TIMES: u64 = 200;
/// Places of a header: name, mode, user, group, size, time, checksum, kind of the entry, and the mark of the format.
const NAME: Range<usize> = 0..100;
const MODE: Range<usize> = 100..108;
const USER: Range<usize> = 108..116;
const GROUP: Range<usize> = 116..124;
const SIZE: Range<usize> = 124..136;
const TIME: Range<usize> = 136..148;
const CHECKSUM: Range<usize> = 148..156;
const KIND: usize = 156;
const MARK: Range<usize> = 257..265;
/// The kind of a plain file.
const PLAIN: u8 = b'0';

type Header = [u8; BLOCK];

/// Writes files of a folder to a new file `to`, in this order.
pub(super) fn pack(folder: &Path, names: &[String], to: &Path) -> Result<(), ArchiveError> {
    let failed = |error| ArchiveError::file(to, error);
    let file = File::options().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    let mut packed = GzEncoder::new(BufWriter::new(file), Compression::default());
    for name in names {
        let path = folder.join(name);
        let of_file = |error| ArchiveError::file(&path, error);
        let mut content = File::open(&path).map_err(of_file)?;
        let size = content.metadata().map_err(of_file)?.len();
        packed.write_all(&header_of(name, size)).map_err(failed)?;
        io::copy(&mut content, &mut packed).map_err(failed)?;
        packed.write_all(&vec![0; padding(size)]).map_err(failed)?;
    }
    packed.write_all(&[0; 2 * BLOCK]).map_err(failed)?;
    let mut buffered = packed.finish().map_err(failed)?;
    buffered.flush().map_err(failed)?;
    buffered.get_ref().sync_all().map_err(failed)
}

/// The unpacked bytes of an archive, with the most that there may be.
struct Bounded<R> {
    unpacked: R,
    left: u64,
    most: u64,
}

impl<R: Read> Bounded<R> {
    fn new(unpacked: R, most: u64) -> Self {
        Bounded { unpacked, left: most, most }
    }

    fn too_long(&self) -> io::Error {
        let problem = format!("the archive unpacks to more than {} bytes", self.most);
        io::Error::new(ErrorKind::FileTooLarge, problem)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.unpacked.read(bytes)?;
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or_else(|| self.too_long())?;
        Ok(read)
    }
}

/// Returns the bytes that an archive of `packed` bytes may unpack to.
fn unpacked_max(packed: u64) -> u64 {
    packed.saturating_mul(UNPACKED_TIMES).max(UNPACKED_MIN)
}

/// Writes the files of an archive to an empty folder. Rejects an archive that is cut, with the file and the line at which it ends, and one that
/// is no plain file or unpacks to too many bytes.
pub(super) fn unpack(from: &Path, folder: &Path) -> Result<(), ArchiveError> {
    let failed = |error| ArchiveError::file(from, error);
    let described = fs::metadata(from).map_err(failed)?;
    if !described.is_file() {
        return Err(ArchiveError::Rejected(format!("{} is no plain file", from.display())));
    }
    unpack_at_most(from, folder, unpacked_max(described.len()))
}

fn unpack_at_most(from: &Path, folder: &Path, most: u64) -> Result<(), ArchiveError> {
    let file = File::open(from).map_err(|error| ArchiveError::file(from, error))?;
    let mut packed = Bounded::new(GzDecoder::new(BufReader::new(file)), most);
    let mut last = ("the beginning".to_owned(), 0);
    for _ in 0..=FILES_MAX {
        let mut header: Header = [0; BLOCK];
        packed.read_exact(&mut header).map_err(|error| cut(&last.0, last.1, &error))?;
        if header.iter().all(|byte| *byte == 0) {
            // The rest has the checksum of the whole.
            io::copy(&mut packed, &mut io::sink()).map_err(|error| cut(&last.0, last.1, &error))?;
            return Ok(());
        }
        let (name, size) = entry_of(&header)
            .ok_or_else(|| ArchiveError::Rejected(format!("{} is no archive of a tenant", from.display())))?;
        if size > packed.left {
            return Err(cut(&name, 0, &packed.too_long()));
        }
        let lines = unpack_file(&mut packed, folder, &name, size)?;
        last = (name, lines);
    }
    Err(ArchiveError::Rejected(format!("{} has more than {FILES_MAX} files", from.display())))
}

/// Writes one file, and returns its number of lines.
fn unpack_file(packed: &mut impl Read, folder: &Path, name: &str, size: u64) -> Result<u64, ArchiveError> {
    let path = folder.join(name);
    let failed = |error| ArchiveError::file(&path, error);
    let mut file = BufWriter::new(File::create_new(&path).map_err(failed)?);
    let (mut left, mut lines) = (size, 0);
    let mut part = vec![0; COPIED_AT_ONCE];
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(COPIED_AT_ONCE).min(COPIED_AT_ONCE);
        let read = match packed.read(&mut part[..wanted]) {
            Ok(0) => return Err(cut(name, lines, &io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => read,
            Err(error) => return Err(cut(name, lines, &error)),
        };
        lines += part[..read].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        file.write_all(&part[..read]).map_err(failed)?;
        left = left.saturating_sub(u64::try_from(read).unwrap_or(left));
    }
    file.flush().map_err(failed)?;
    let mut rest = vec![0; padding(size)];
    packed.read_exact(&mut rest).map_err(|error| cut(name, lines, &error))?;
    Ok(lines)
}

/// Returns the error of an archive that can't be read on.
fn cut(file: &str, lines: u64, error: &io::Error) -> ArchiveError {
    let problem = if error.kind() == ErrorKind::FileTooLarge {
        error.to_string()
    } else {
        format!("the archive is cut or damaged here: {error}")
    };
    ArchiveError::Line { file: file.to_owned(), line: lines + 1, problem }
}

/// Returns the bytes that fill the last block of a file.
fn padding(size: u64) -> usize {
    let over = usize::try_from(size % 512).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

fn header_of(name: &str, size: u64) -> Header {
    let mut header: Header = [0; BLOCK];
    let mut put = |place: Range<usize>, bytes: &[u8]| {
        for (to, from) in header[place].iter_mut().zip(bytes) {
            *to = *from;
        }
    };
    put(NAME, name.as_bytes());
    put(MODE, b"0000600\0");
    put(USER, b"0000000\0");
    put(GROUP, b"0000000\0");
    put(SIZE, &size_of_file(size));
    put(TIME, b"00000000000\0");
    put(CHECKSUM, b"        ");
    put(MARK, b"ustar\x0000");
    put(KIND..KIND + 1, &[PLAIN]);
    let checksum = checksum_of(&header);
    for (to, from) in header[CHECKSUM].iter_mut().zip(format!("{checksum:06o}\0 ").bytes()) {
        *to = from;
    }
    header
}

/// Returns a size in octal digits, or in binary from 8 GiB on, as GNU tar has it.
fn size_of_file(size: u64) -> [u8; 12] {
    let mut bytes = [0; 12];
    let digits = format!("{size:011o}\0");
    if digits.len() == bytes.len() {
        bytes.copy_from_slice(digits.as_bytes());
    } else {
        bytes[0] = 0x80;
        bytes[4..].copy_from_slice(&size.to_be_bytes());
    }
    bytes
}

/// Returns the sum of the bytes, with blanks in the place of the sum.
fn checksum_of(header: &Header) -> u64 {
    let byte = |(place, byte): (usize, &u8)| u64::from(if CHECKSUM.contains(&place) { b' ' } else { *byte });
    header.iter().enumerate().map(byte).sum()
}

/// Returns the name and the size of a plain file of an archive. Others are rejected: a name with a path would be written elsewhere.
fn entry_of(header: &Header) -> Option<(String, u64)> {
    let text = |place: Range<usize>| {
        let bytes = header[place].split(|byte| *byte == 0).next().unwrap_or_default();
        std::str::from_utf8(bytes).ok()
    };
    let name = text(NAME)?;
    let (stem, ending) = name.split_once('.')?;
    let is_letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
    let is_name =
        !stem.is_empty() && stem.bytes().all(is_letter) && ["json", "ndjson", "sums"].contains(&ending);
    let checksum = u64::from_str_radix(text(CHECKSUM)?.trim(), 8).ok()?;
    if !is_name || checksum != checksum_of(header) || header[KIND] != PLAIN {
        return None;
    }
    let size = &header[SIZE];
    let size = match size[0] {
        0x80 => u64::from_be_bytes(size[4..].try_into().ok()?),
        _ => u64::from_str_radix(text(SIZE)?.trim(), 8).ok()?,
    };
    Some((name.to_owned(), size))
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    #[test]
    fn an_archive_of_countless_small_files_is_rejected() {
        let folder = env::temp_dir().join(format!("stockwell-tar-{}", process::id()));
        fs::create_dir_all(folder.join("unpacked")).expect("a folder");
        let from = folder.join("many.tar.gz");
        let mut packed = GzEncoder::new(File::create_new(&from).expect("a file"), Compression::fast());
        for number in 0..2 * FILES_MAX {
            packed.write_all(&header_of(&format!("t{number}.sums"), 0)).expect("a header");
        }
        packed.write_all(&[0; 2 * BLOCK]).expect("the end");
        packed.finish().expect("it is packed");
        let error = unpack(&from, &folder.join("unpacked")).expect_err("it is no archive").to_string();
        let files = fs::read_dir(folder.join("unpacked")).expect("the files").count();
        fs::remove_dir_all(&folder).expect("the folder is there");
        assert!(error.contains("more than 2000 files"), "{error}");
        assert!(files <= FILES_MAX + 1, "{files} files");
    }

    /// Unpacks files of zeros with these sizes, and zeros after the end of the archive. Returns the error and the bytes that were written.
    fn unpacked(name: &str, sizes: &[u64], after: usize, most: u64) -> (Option<String>, u64) {
        let folder = env::temp_dir().join(format!("stockwell-bomb-{name}-{}", process::id()));
        let to = folder.join("unpacked");
        fs::create_dir_all(&to).expect("a folder");
        let from = folder.join("small.tar.gz");
        let mut packed = GzEncoder::new(File::create_new(&from).expect("a file"), Compression::fast());
        for (number, size) in sizes.iter().enumerate() {
            packed.write_all(&header_of(&format!("t{number}.ndjson"), *size)).expect("a header");
            io::copy(&mut io::repeat(0).take(*size), &mut packed).expect("zeros");
            packed.write_all(&vec![0; padding(*size)]).expect("zeros");
        }
        packed.write_all(&vec![0; 2 * BLOCK + after]).expect("the end");
        packed.finish().expect("it is packed");
        let error = unpack_at_most(&from, &to, most).err().map(|error| error.to_string());
        let written = fs::read_dir(&to).expect("the files");
        let written = written.map(|file| file.and_then(|file| file.metadata()).expect("a file").len()).sum();
        fs::remove_dir_all(&folder).expect("the folder is there");
        (error, written)
    }

    #[test]
    fn an_archive_that_unpacks_to_too_many_bytes_is_rejected() {
        const MIB: u64 = 1024 * 1024;
        let too_long = |place: &str| Some(format!("{place}: the archive unpacks to more than {MIB} bytes"));
        assert_eq!(unpacked("fits", &[MIB / 2, 1], 0, MIB), (None, MIB / 2 + 1));
        assert_eq!(unpacked("one", &[MIB], 0, MIB), (too_long("t0.ndjson, line 1"), 0));
        assert_eq!(unpacked("two", &[MIB / 2, MIB / 2], 0, MIB), (too_long("t1.ndjson, line 1"), MIB / 2));
        assert_eq!(unpacked("after", &[1], 2 << 20, MIB), (too_long("t0.ndjson, line 1"), 1));
        assert_eq!((unpacked_max(0), unpacked_max(1 << 30)), (1 << 30, 200 << 30));
        assert_eq!(unpacked_max(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_header_has_the_name_and_the_size() {
        for size in [0, 1, 511, 512, 8_589_934_591, 8_589_934_592, u64::MAX] {
            let header = header_of("sales_line.ndjson", size);
            assert_eq!(entry_of(&header), Some(("sales_line.ndjson".to_owned(), size)));
        }
        assert_eq!((padding(0), padding(1), padding(512)), (0, 511, 0));
    }

    #[test]
    fn a_name_with_a_path_is_rejected() {
        for name in ["../a.json", "/a.json", "a/b.json", "a.sh", ".json", "A.json", "a"] {
            assert_eq!(entry_of(&header_of(name, 1)), None, "{name}");
        }
        let mut header = header_of("a.json", 1);
        header[0] = b'b';
        assert_eq!(entry_of(&header), None, "its checksum is another one");
    }
}
