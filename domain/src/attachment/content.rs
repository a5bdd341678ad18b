//! The content of a file, by its first bytes. An image is not decoded: its header states width and height.

/// Most pixels of one side of an image.
pub const SIDE_MAX: u32 = 8_000;
/// Most pixels of an image.
pub const PIXELS_MAX: u64 = 40_000_000;
/// The beginnings of texts that a browser would show as a page.
const PAGES: [&str; 3] = ["<!doctype", "<!--", "<?xml"];
/// Elements at the beginning of texts that a browser would show as a page.
const ELEMENTS: [&str; 22] = [
    "html", "head", "body", "script", "iframe", "svg", "h1", "div", "font", "table", "a", "style", "title",
    "b", "br", "p", "img", "meta", "link", "form", "object", "embed",
];

/// The type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// A JPEG image.
    Jpeg,
    /// A PNG image.
    Png,
    /// A WebP image.
    Webp,
    /// A GIF image.
    Gif,
    /// A PDF document.
    Pdf,
    /// Plain text.
    Text,
    /// Comma-separated values.
    Csv,
}

/// Width and height of an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimensions {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl FileType {
    /// Every type.
    pub const ALL: [FileType; 7] = [
        FileType::Jpeg,
        FileType::Png,
        FileType::Webp,
        FileType::Gif,
        FileType::Pdf,
        FileType::Text,
        FileType::Csv,
    ];

    /// Returns its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            FileType::Jpeg => "image/jpeg",
            FileType::Png => "image/png",
            FileType::Webp => "image/webp",
            FileType::Gif => "image/gif",
            FileType::Pdf => "application/pdf",
            FileType::Text => "text/plain",
            FileType::Csv => "text/csv",
        }
    }

    /// Returns the type with this media type, which has no parameters.
    pub fn named(media_type: &str) -> Option<Self> {
        FileType::ALL.into_iter().find(|known| known.media_type().eq_ignore_ascii_case(media_type))
    }
}

/// Checks that the content is of the declared type, and that an image is not too large. Returns the dimensions of an image.
pub fn check(declared: FileType, content: &[u8]) -> Result<Option<Dimensions>, String> {
    let found = found(content).map_err(|is| mismatch(declared, is))?;
    // A CSV file is a text that no byte marks.
    let is_declared = found == declared || (found, declared) == (FileType::Text, FileType::Csv);
    if !is_declared {
        return Err(mismatch(declared, found.media_type()));
    }
    let dimensions = match found {
        FileType::Jpeg => of_jpeg(content),
        FileType::Png => of_png(content),
        FileType::Webp => of_webp(content),
        FileType::Gif => of_gif(content),
        FileType::Pdf | FileType::Text | FileType::Csv => return Ok(None),
    };
    let Some(Dimensions { width, height }) = dimensions else {
        return Err("The header of the image has no width and height. Save the image again.".to_owned());
    };
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    if width > SIDE_MAX || height > SIDE_MAX || pixels > PIXELS_MAX {
        return Err(format!(
            "The image has {width} × {height} pixels. An image may have at most {SIDE_MAX} on a side, and {PIXELS_MAX} in all: \
             make it smaller."
        ));
    }
    Ok(Some(Dimensions { width, height }))
}

fn mismatch(declared: FileType, found: &str) -> String {
    let declared = declared.media_type();
    format!("The content is declared as {declared}, and it is {found}. Send the file with its own type.")
}

/// Returns the type of the content, or a description of content that is not allowed.
fn found(content: &[u8]) -> Result<FileType, &'static str> {
    const PNG: &[u8] = &[0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    let found = match content {
        [] => return Err("empty"),
        [0xff, 0xd8, 0xff, ..] => FileType::Jpeg,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => FileType::Gif,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => FileType::Webp,
        [b'%', b'P', b'D', b'F', b'-', ..] => FileType::Pdf,
        content if content.starts_with(PNG) => FileType::Png,
        content => return text(content),
    };
    Ok(found)
}

fn text(content: &[u8]) -> Result<FileType, &'static str> {
    let text = std::str::from_utf8(content).map_err(|_| "of no type that is allowed")?;
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r')) {
        return Err("of no type that is allowed");
    }
    let is_mark_or_space = |letter: char| letter == '\u{feff}' || letter.is_whitespace();
    let start = text.trim_start_matches(is_mark_or_space).as_bytes();
    let begins = |page: &&str| {
        let head = start.get(..page.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(page.as_bytes()))
    };
    if PAGES.iter().any(begins) || begins_with_element(start) {
        return Err("an HTML or XML page");
    }
    Ok(FileType::Text)
}

/// Whether a text begins with a tag such as `<p>` or `<img src=…`.
fn begins_with_element(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"<") else { return false };
    let is_named = |name: &&str| {
        rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
            && rest
                .get(name.len())
                .is_none_or(|next| matches!(next, b'>' | b'/') || next.is_ascii_whitespace())
    };
    ELEMENTS.iter().any(is_named)
}

impl Dimensions {
    /// Returns nothing if a side has no pixel.
    fn of(width: u32, height: u32) -> Option<Self> {
        (width > 0 && height > 0).then_some(Dimensions { width, height })
    }
}

/// The first chunk of a PNG is IHDR, which begins with width and height.
fn of_png(content: &[u8]) -> Option<Dimensions> {
    let rest = content.get(12..)?.strip_prefix(b"IHDR")?;
    let [w1, w2, w3, w4, h1, h2, h3, h4, ..] = *rest else { return None };
    Dimensions::of(u32::from_be_bytes([w1, w2, w3, w4]), u32::from_be_bytes([h1, h2, h3, h4]))
}

fn of_gif(content: &[u8]) -> Option<Dimensions> {
    let [w1, w2, h1, h2, ..] = *content.get(6..)? else { return None };
    Dimensions::of(u16::from_le_bytes([w1, w2]).into(), u16::from_le_bytes([h1, h2]).into())
}

/// Segments follow each other up to the one that begins a frame, which has height and width.
fn of_jpeg(content: &[u8]) -> Option<Dimensions> {
    let mut rest = content.get(2..)?;
    loop {
        let [0xff, marker, after @ ..] = rest else { return None };
        rest = match *marker {
            // A fill byte stands before a marker.
            0xff => rest.get(1..)?,
            // These have no segment.
            0x01 | 0xd0..=0xd7 => after,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let [_, _, _, h1, h2, w1, w2, ..] = *after else { return None };
                let (width, height) = (u16::from_be_bytes([w1, w2]), u16::from_be_bytes([h1, h2]));
                return Dimensions::of(width.into(), height.into());
            }
            // The image ends or its data begins without a frame.
            0xd8..=0xda => return None,
            _ => {
                let [l1, l2, ..] = *after else { return None };
                // The length counts its own two bytes.
                let length = usize::from(u16::from_be_bytes([l1, l2]));
                after.get(length.max(2)..)?
            }
        };
    }
}

/// The first chunk has the size: of the canvas, of a lossless image, or of a lossy one.
fn of_webp(content: &[u8]) -> Option<Dimensions> {
    let chunk = content.get(12..)?;
    let kind = chunk.get(..4)?;
    match (kind, chunk.get(8..)?) {
        (b"VP8X", [_, _, _, _, w1, w2, w3, h1, h2, h3, ..]) => {
            let less_one = |bytes: [u8; 4]| u32::from_le_bytes(bytes).saturating_add(1);
            Dimensions::of(less_one([*w1, *w2, *w3, 0]), less_one([*h1, *h2, *h3, 0]))
        }
        (b"VP8L", [0x2f, b1, b2, b3, b4, ..]) => {
            let bits = u32::from_le_bytes([*b1, *b2, *b3, *b4]);
            let side = |bits: u32| (bits & 0x3fff).saturating_add(1);
            Dimensions::of(side(bits), side(bits >> 14))
        }
        (b"VP8 ", [_, _, _, 0x9d, 0x01, 0x2a, w1, w2, h1, h2, ..]) => {
            let side = |bytes: [u8; 2]| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
            Dimensions::of(side([*w1, *w2]), side([*h1, *h2]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
        [head.as_slice(), &width.to_be_bytes(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat()
    }

    fn gif(width: u16, height: u16) -> Vec<u8> {
        [b"GIF89a".as_slice(), &width.to_le_bytes(), &height.to_le_bytes(), &[0, 0, 0, 0x3b]].concat()
    }

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let start = b"\xff\xd8\xff\xe0\0\x04JF\xff\xff\xc2\0\x0b\x08";
        [start.as_slice(), &height.to_be_bytes(), &width.to_be_bytes(), &[3]].concat()
    }

    fn webp(kind: &[u8], rest: &[u8]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP".as_slice(), kind, &[0; 4], rest].concat()
    }

    fn size(declared: FileType, content: &[u8]) -> (u32, u32) {
        let Dimensions { width, height } = check(declared, content).expect("an image").expect("a size");
        (width, height)
    }

    #[test]
    fn the_header_of_an_image_has_its_size() {
        assert_eq!(size(FileType::Png, &png(640, 480)), (640, 480));
        assert_eq!(size(FileType::Gif, &gif(3, 2)), (3, 2));
        assert_eq!(size(FileType::Jpeg, &jpeg(1024, 768)), (1024, 768));
        let canvas = webp(b"VP8X", &[0, 0, 0, 0, 0x7f, 2, 0, 0xdf, 1, 0]);
        assert_eq!(size(FileType::Webp, &canvas), (640, 480));
        let lossless = (639_u32 | (479 << 14)).to_le_bytes();
        assert_eq!(
            size(FileType::Webp, &webp(b"VP8L", &[&[0x2f], lossless.as_slice()].concat())),
            (640, 480)
        );
        let lossy = [0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0xe0, 1];
        assert_eq!(size(FileType::Webp, &webp(b"VP8 ", &lossy)), (640, 480));
    }

    #[test]
    fn an_image_that_is_too_large_is_rejected() {
        assert_eq!(size(FileType::Png, &png(8_000, 5_000)), (8_000, 5_000));
        for (width, height) in
            [(20_000, 20_000), (8_001, 1), (1, 8_001), (8_000, 5_001), (u32::MAX, u32::MAX)]
        {
            let detail = check(FileType::Png, &png(width, height)).expect_err("a rejection");
            assert!(detail.contains(&format!("{width} × {height}")), "{detail}");
        }
        assert!(check(FileType::Jpeg, &jpeg(20_000, 20_000)).is_err());
        assert!(check(FileType::Gif, &gif(0, 1)).is_err());
    }

    #[test]
    fn content_of_another_type_is_rejected() {
        for (declared, content, part) in [
            (FileType::Png, b"<!DOCTYPE html><script>alert(1)</script>".as_slice(), "an HTML or XML page"),
            (FileType::Text, b"\xef\xbb\xbf  <svg onload=alert(1)>".as_slice(), "an HTML or XML page"),
            (FileType::Text, b"<img src=x onerror=alert(1)>".as_slice(), "an HTML or XML page"),
            (FileType::Csv, b"\n\xef\xbb\xbf<P>a</P>".as_slice(), "an HTML or XML page"),
            (FileType::Csv, b"%PDF-1.7".as_slice(), "application/pdf"),
            (FileType::Jpeg, b"GIF89a\x01\0\x01\0".as_slice(), "image/gif"),
            (FileType::Text, b"a\0b".as_slice(), "of no type that is allowed"),
            (FileType::Pdf, b"MZ\x90\0".as_slice(), "of no type that is allowed"),
            (FileType::Pdf, b"".as_slice(), "empty"),
        ] {
            let detail = check(declared, content).expect_err("a rejection");
            assert!(detail.contains(part), "{detail}");
        }
        assert_eq!(check(FileType::Csv, b"sku,name\r\nA,B\r\n"), Ok(None));
        assert_eq!(check(FileType::Text, "Grüße\n".as_bytes()), Ok(None));
        assert_eq!(check(FileType::Text, b"<3 for <parcels> of 5 kg"), Ok(None));
        assert_eq!(check(FileType::Text, b"<parcel> is no element"), Ok(None));
        assert_eq!(check(FileType::Text, b"<a@shop.example> wrote"), Ok(None));
        assert_eq!(check(FileType::Pdf, b"%PDF-1.7\n"), Ok(None));
    }

    #[test]
    fn a_type_has_its_media_type() {
        for known in FileType::ALL {
            assert_eq!(FileType::named(known.media_type()), Some(known));
        }
        assert_eq!(FileType::named("IMAGE/PNG"), Some(FileType::Png));
        assert_eq!(FileType::named("text/html"), None);
    }

    proptest! {
        #[test]
        fn any_content_has_an_end(start in 0_usize..5, rest in prop::collection::vec(any::<u8>(), 0..200)) {
            let starts = [b"\xff\xd8".as_slice(), b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b""];
            let content = [starts[start], &rest].concat();
            for declared in FileType::ALL {
                let checked = check(declared, &content);
                prop_assert!(checked.is_err() || !content.is_empty());
            }
        }
    }
}
