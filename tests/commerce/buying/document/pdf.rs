//! The texts of a PDF file as a reader shows them, from the glyphs of its pages and the characters that they stand for.

use std::collections::HashMap;
use std::io::Read;

use flate2::read::ZlibDecoder;

/// The characters of the glyphs of a font, by their numbers.
type Signs = HashMap<u16, char>;

/// Returns the texts of each page, line by line.
pub fn pages(file: &[u8]) -> Vec<String> {
    let tree = place(file, b"/Type /Pages").expect("a tree of pages");
    let tree = text(&file[tree..]);
    references(&tree, "/Kids").into_iter().map(|page| texts(file, page)).collect()
}

fn texts(file: &[u8], page: usize) -> String {
    let page = text(object(file, page));
    let signs = |font: &str| {
        let font = text(object(file, references(&page, font)[0]));
        signs(&stream(file, references(&font, "/ToUnicode")[0]))
    };
    let fonts = HashMap::from([("/F1", signs("/F1")), ("/F2", signs("/F2"))]);
    let (mut font, mut texts) = ("", Vec::new());
    for line in stream(file, references(&page, "/Contents")[0]).split(|byte| *byte == b'\n') {
        if line.ends_with(b" Tf") {
            font = if line.starts_with(b"/F1 ") { "/F1" } else { "/F2" };
        } else if let Some(shown) = line.strip_suffix(b" Tj") {
            let glyphs = bytes(shown);
            let glyphs = glyphs.chunks(2).map(|glyph| u16::from_be_bytes([glyph[0], glyph[1]]));
            texts.push(glyphs.map(|glyph| fonts[font][&glyph]).collect::<String>());
        }
    }
    texts.join("\n")
}

/// Returns the characters that a table of a font names.
fn signs(table: &[u8]) -> Signs {
    let table = text(table);
    let pairs = table.lines().filter_map(|line| line.strip_prefix('<')?.strip_suffix('>')?.split_once("> <"));
    let code = |hex: &str| u16::from_str_radix(hex, 16).ok();
    let sign = |(glyph, sign): (&str, &str)| Some((code(glyph)?, char::from_u32(u32::from(code(sign)?))?));
    pairs.filter_map(sign).collect()
}

/// Returns the bytes of a string, which is in hexadecimal digits or has escapes.
fn bytes(string: &[u8]) -> Vec<u8> {
    let within = &string[1..string.len() - 1];
    let number = |digits: &[u8], base| u8::from_str_radix(&text(digits), base).expect("a byte");
    if string[0] == b'<' {
        return within.chunks(2).map(|digits| number(digits, 16)).collect();
    }
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < within.len() {
        let (byte, length) = match &within[at..] {
            [b'\\', b'0'..=b'7', ..] => (number(&within[at + 1..at + 4], 8), 4),
            [b'\\', b'n', ..] => (b'\n', 2),
            [b'\\', b'r', ..] => (b'\r', 2),
            [b'\\', b't', ..] => (b'\t', 2),
            [b'\\', b'b', ..] => (8, 2),
            [b'\\', b'f', ..] => (12, 2),
            [b'\\', other, ..] => (*other, 2),
            rest => (rest[0], 1),
        };
        bytes.push(byte);
        at += length;
    }
    bytes
}

/// Returns an object of a file, from its beginning on.
fn object(file: &[u8], id: usize) -> &[u8] {
    let begin = place(file, format!("\n{id} 0 obj").as_bytes()).expect("an object");
    &file[begin..]
}

/// Returns the unpacked stream of an object.
fn stream(file: &[u8], id: usize) -> Vec<u8> {
    let object = object(file, id);
    let begin = place(object, b"\nstream\n").expect("a stream") + b"\nstream\n".len();
    let mut unpacked = Vec::new();
    ZlibDecoder::new(&object[begin..]).read_to_end(&mut unpacked).expect("a packed stream");
    unpacked
}

/// Returns the ids of the objects that an entry of a dictionary names.
fn references(dictionary: &str, key: &str) -> Vec<usize> {
    let (_, entry) = dictionary.split_once(&format!("{key} ")).expect("an entry");
    let end = entry.find(['/', '>', ']']).unwrap_or(entry.len());
    let words = entry[..end].trim_start_matches('[').split_whitespace();
    words.filter_map(|word| word.parse().ok()).filter(|id| *id != 0).collect()
}

fn place(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
