//! The fonts of PDF files: DejaVu Sans Condensed 2.37, with its licence in `api/fonts`. They have Latin, Greek and Cyrillic letters.

mod file;

use std::sync::LazyLock;

use file::File;

/// Height of a capital letter of both fonts. Their files do not state it.
const CAP_HEIGHT: i16 = 729;
/// Character that is printed for one that the font lacks.
pub const BOX: char = '□';
/// Characters of scripts that are written from right to left, or whose letters change their form in a word. A text of the font's glyphs
/// for them, one by one, would be wrong. So a box stands for each.
const SHAPED: [(char, char); 5] = [
    ('\u{590}', '\u{8ff}'),
    ('\u{900}', '\u{109f}'),
    ('\u{1780}', '\u{17ff}'),
    ('\u{fb1d}', '\u{fdff}'),
    ('\u{fe70}', '\u{fefe}'),
];
/// Characters without a form: soft hyphens, joiners, marks of direction, tags and variation selectors.
const UNSEEN: [(char, char); 13] = [
    ('\0', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{e0000}', '\u{e0fff}'),
];

static REGULAR: LazyLock<Font> =
    LazyLock::new(|| Font::of("DejaVuSansCondensed", include_bytes!("../../fonts/DejaVuSansCondensed.ttf")));
static BOLD: LazyLock<Font> = LazyLock::new(|| {
    Font::of("DejaVuSansCondensed-Bold", include_bytes!("../../fonts/DejaVuSansCondensed-Bold.ttf"))
});

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Most texts.
    Regular,
    /// Titles, heads and totals.
    Bold,
}

/// A font. Its lengths are thousandths of the size of a text.
pub struct Font {
    /// PostScript name.
    pub name: &'static str,
    /// The file.
    pub data: &'static [u8],
    file: File,
}

/// Lengths of a font that a PDF states.
pub struct Metrics {
    /// Smallest x, smallest y, largest x and largest y of all glyphs.
    pub bounds: [i16; 4],
    /// Height above the base line.
    pub ascent: i16,
    /// Depth below the base line, below zero.
    pub descent: i16,
    /// Height of a capital letter.
    pub cap_height: i16,
}

impl Weight {
    /// Returns the font of the weight.
    pub fn font(self) -> &'static Font {
        match self {
            Weight::Regular => &REGULAR,
            Weight::Bold => &BOLD,
        }
    }
}

impl Font {
    fn of(name: &'static str, data: &'static [u8]) -> Self {
        let file = File::read(data).expect("the file is compiled in, and a test reads it");
        Font { name, data, file }
    }

    /// Returns a text as it is printed: a box stands for each character that the font lacks, a space for each end of a line and each space that it
    /// lacks, and characters without a form are left out.
    pub fn printable(&self, text: &str) -> String {
        let printed = |sign: char| {
            let is_known = !is_in(&SHAPED, sign) && self.glyph(sign) != 0;
            match is_known {
                true => sign,
                false if sign.is_whitespace() => ' ',
                false => BOX,
            }
        };
        let spaced = text.chars().map(|sign| if ends_line(sign) { ' ' } else { sign });
        spaced.filter(|sign| !is_in(&UNSEEN, *sign)).map(printed).collect()
    }

    /// Returns the number of the glyph of a character; 0 if the font lacks it.
    pub fn glyph(&self, sign: char) -> u16 {
        self.file.glyph(sign)
    }

    /// Returns the width of a glyph.
    pub fn advance(&self, glyph: u16) -> u16 {
        let thousandths = u32::from(self.file.advance(glyph)) * 1_000 / u32::from(self.file.units);
        u16::try_from(thousandths).unwrap_or(u16::MAX)
    }

    /// Returns the width of a text.
    pub fn width(&self, text: &str) -> u32 {
        text.chars().map(|sign| self.width_of(sign)).sum()
    }

    /// Returns the width of a character.
    pub fn width_of(&self, sign: char) -> u32 {
        u32::from(self.advance(self.glyph(sign)))
    }

    /// Returns the lengths that a PDF states.
    pub fn metrics(&self) -> Metrics {
        Metrics {
            bounds: self.file.bounds.map(|length| self.thousandths(length)),
            ascent: self.thousandths(self.file.ascent),
            descent: self.thousandths(self.file.descent),
            cap_height: CAP_HEIGHT,
        }
    }

    fn thousandths(&self, units: i16) -> i16 {
        let thousandths = i32::from(units) * 1_000 / i32::from(self.file.units);
        i16::try_from(thousandths).unwrap_or(i16::MAX)
    }
}

/// Whether a character ends a line or moves to the next column, so that it parts words.
fn ends_line(sign: char) -> bool {
    sign.is_whitespace() && sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}')
}

fn is_in(ranges: &[(char, char)], sign: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_weights_have_the_letters_of_europe() {
        for weight in [Weight::Regular, Weight::Bold] {
            for text in [
                "Größe Straße ẞ",
                "Łódź żółć",
                "Ελιά Ώρα ΐ",
                "Щётка Їжак Ђорђе",
                "Ångström Île €£₴",
                "Ğüneş Țară",
            ] {
                assert_eq!(weight.font().printable(text), text);
                assert!(weight.font().width(text) > 0);
            }
        }
    }

    #[test]
    fn a_box_stands_for_a_sign_that_the_font_lacks() {
        let font = Weight::Regular.font();
        assert_eq!(font.printable("杯 mug 𠮷"), "□ mug □");
        assert_eq!(font.printable("כוס"), "□□□", "letters from right to left");
        assert_eq!(font.printable("a\u{ad}b\u{200d}c\u{34f}\u{e0067}\u{e0100}"), "abc");
        assert_eq!(
            font.printable("a\u{202e}b\u{2066}c\u{61c}\u{feff}"),
            "abc",
            "no mark changes the direction"
        );
        assert_eq!(font.printable("a\nb\tc\u{2028}d\u{3000}e"), "a b c d e", "what parts words is a space");
        assert_eq!(font.printable("a\u{a0}b"), "a\u{a0}b", "a space that does not break");
        assert!(font.glyph(BOX) > 0 && font.width_of(BOX) > 0, "the box has a glyph");
    }

    #[test]
    fn figures_are_of_one_width() {
        for weight in [Weight::Regular, Weight::Bold] {
            let font = weight.font();
            let widths: Vec<u32> = ('0'..='9').map(|sign| font.width_of(sign)).collect();
            assert!(widths.iter().all(|width| *width == widths[0] && *width > 0), "{widths:?}");
        }
    }

    #[test]
    fn the_lengths_of_the_font_are_plausible() {
        let metrics = Weight::Regular.font().metrics();
        assert!((900..1_000).contains(&metrics.ascent), "{}", metrics.ascent);
        assert!((-300..-200).contains(&metrics.descent), "{}", metrics.descent);
    }
}
