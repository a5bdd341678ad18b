//! The tables of a TrueType file that a layout needs: the glyph of each character, and the width of each glyph. The files are compiled in, so
//! this reads no more than they have.

/// Number of characters that the table of glyphs covers: the basic multilingual plane.
const SIGNS: usize = 0x1_0000;

/// The lengths and the glyphs of a font, in units of its own.
pub struct File {
    /// Units of the size of a text.
    pub units: u16,
    /// Smallest x, smallest y, largest x and largest y of all glyphs.
    pub bounds: [i16; 4],
    /// Height above the base line.
    pub ascent: i16,
    /// Depth below the base line, below zero.
    pub descent: i16,
    /// Number of the glyph of each character, by its code; 0 if there is none.
    glyphs: Vec<u16>,
    /// Width of each glyph, by its number. The last one is that of all further ones.
    advances: Vec<u16>,
}

impl File {
    /// Reads a file. Returns none if a table is missing, or shorter than it says.
    pub fn read(data: &[u8]) -> Option<Self> {
        let (head, lines, widths) = (table(data, *b"head")?, table(data, *b"hhea")?, table(data, *b"hmtx")?);
        let count = usize::from(number(lines, 34)?);
        Some(File {
            units: number(head, 18)?,
            bounds: [signed(head, 36)?, signed(head, 38)?, signed(head, 40)?, signed(head, 42)?],
            ascent: signed(lines, 4)?,
            descent: signed(lines, 6)?,
            glyphs: glyphs(table(data, *b"cmap")?)?,
            advances: (0..count).map(|glyph| number(widths, 4 * glyph)).collect::<Option<_>>()?,
        })
    }

    /// Returns the number of the glyph of a character; 0 if there is none.
    pub fn glyph(&self, sign: char) -> u16 {
        let code = usize::try_from(u32::from(sign)).unwrap_or(usize::MAX);
        self.glyphs.get(code).copied().unwrap_or_default()
    }

    /// Returns the width of a glyph.
    pub fn advance(&self, glyph: u16) -> u16 {
        let advance = self.advances.get(usize::from(glyph)).or(self.advances.last());
        advance.copied().unwrap_or_default()
    }
}

/// Returns the table with a tag.
fn table(data: &[u8], tag: [u8; 4]) -> Option<&[u8]> {
    let count = usize::from(number(data, 4)?);
    let mut records = (0..count).filter_map(|index| data.get(12 + 16 * index..));
    let record = records.find(|record| record.starts_with(&tag))?;
    let begin = long(record, 8)?;
    data.get(begin..begin.checked_add(long(record, 12)?)?)
}

/// Returns the number of the glyph of each character from a table `cmap`, by the subtable of the format 4.
fn glyphs(cmap: &[u8]) -> Option<Vec<u16>> {
    let count = usize::from(number(cmap, 2)?);
    let mut subtables = (0..count).filter_map(|index| cmap.get(long(cmap, 8 + 8 * index)?..));
    let map = subtables.find(|subtable| number(subtable, 0) == Some(4))?;
    let size = usize::from(number(map, 6)?);
    let mut glyphs = vec![0; SIGNS];
    for at in (0..size).step_by(2) {
        let (last, first) = (number(map, 14 + at)?, number(map, 16 + size + at)?);
        let (delta, offset_at) = (number(map, 16 + 2 * size + at)?, 16 + 3 * size + at);
        let offset = usize::from(number(map, offset_at)?);
        for sign in first..=last {
            let listed =
                || number(map, offset_at + offset + 2 * usize::from(sign - first)).unwrap_or_default();
            let glyph = if offset == 0 { sign } else { listed() };
            let has_glyph = offset == 0 || glyph != 0;
            glyphs[usize::from(sign)] = if has_glyph { glyph.wrapping_add(delta) } else { 0 };
        }
    }
    Some(glyphs)
}

fn number(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

fn signed(data: &[u8], at: usize) -> Option<i16> {
    Some(i16::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

fn long(data: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(*data.get(at..)?.first_chunk()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_cut_is_not_read() {
        let whole = include_bytes!("../../../fonts/DejaVuSansCondensed.ttf");
        let file = File::read(whole).expect("a font");
        assert_eq!(file.units, 2_048);
        assert_eq!((file.ascent, file.descent), (1_901, -483));
        assert_eq!(file.glyph('\u{ffff}'), 0);
        assert_eq!(file.glyph('\u{20bb7}'), 0, "beyond the table");
        for length in [0, 3, 40, 400, 4_000] {
            assert!(File::read(&whole[..length]).is_none(), "{length} bytes");
        }
    }
}
