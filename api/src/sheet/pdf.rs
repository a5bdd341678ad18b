//! Sheets as PDF files. A file has no time and no random id, so one sheet always has the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;

use super::font::{Font, Weight};
use super::layout::{self, Page};
use super::{Paper, Sheet};

/// Marks the name of a font of which a file has a part of the glyphs: six letters and a plus sign.
const PART: &str = "SHEETS+";
/// Glyphs are named by their numbers in the font of the file.
const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
/// Width of a line of the table: 0.4 points.
const RULE_WIDTH: u16 = 8;

/// Returns the file of a sheet.
pub fn render(sheet: &Sheet) -> io::Result<Vec<u8>> {
    let pages = layout::pages(sheet);
    let mut pdf = Pdf::new();
    let mut next = Ref::new(1);
    let (catalog, tree, info) = (next.bump(), next.bump(), next.bump());
    let fonts = (next.bump(), next.bump());
    let (mut regular, mut bold) = (Used::of(Weight::Regular), Used::of(Weight::Bold));
    let ids: Vec<(Ref, Ref)> = pages.iter().map(|_| (next.bump(), next.bump())).collect();
    for (page, (id, content)) in pages.iter().zip(&ids) {
        let drawn = draw(page, sheet.paper, &mut regular, &mut bold);
        pdf.stream(*content, &packed(&drawn)?).filter(Filter::FlateDecode);
        let mut page = pdf.page(*id);
        page.media_box(media_box(sheet.paper)).parent(tree).contents(*content);
        page.resources().fonts().pair(name(Weight::Regular), fonts.0).pair(name(Weight::Bold), fonts.1);
        page.finish();
    }
    regular.write(&mut pdf, fonts.0, &mut next)?;
    bold.write(&mut pdf, fonts.1, &mut next)?;
    let count = i32::try_from(ids.len()).map_err(io::Error::other)?;
    pdf.pages(tree).kids(ids.iter().map(|(id, _)| *id)).count(count);
    pdf.catalog(catalog).pages(tree).pair(Name(b"Lang"), Str(sheet.language.as_bytes()));
    pdf.document_info(info).title(TextStr(&sheet.title()));
    Ok(pdf.finish())
}

/// Returns the size of the paper in points.
fn media_box(paper: Paper) -> Rect {
    match paper {
        Paper::A4 => Rect::new(0.0, 0.0, 595.3, 841.9),
        Paper::Letter => Rect::new(0.0, 0.0, 612.0, 792.0),
    }
}

/// Returns the name of a font on the pages.
fn name(weight: Weight) -> Name<'static> {
    match weight {
        Weight::Regular => Name(b"F1"),
        Weight::Bold => Name(b"F2"),
    }
}

/// Returns the drawing of a page, in twentieths of a point. A PDF measures heights from the bottom.
fn draw(page: &Page, paper: Paper, regular: &mut Used, bold: &mut Used) -> Vec<u8> {
    let height = |y: u32| real(paper.size().1.saturating_sub(y));
    let mut content = Content::new();
    content.transform([0.05, 0.0, 0.0, 0.05, 0.0, 0.0]);
    content.set_line_width(RULE_WIDTH.into());
    for rule in &page.rules {
        let y = height(rule.y);
        content.move_to(real(rule.x).into(), y.into());
        content.line_to(real(rule.x + rule.width).into(), y.into());
        content.stroke();
    }
    for placed in &page.texts {
        let style = placed.style;
        let glyphs = match style.weight {
            Weight::Regular => regular.glyphs(&placed.text),
            Weight::Bold => bold.glyphs(&placed.text),
        };
        content.begin_text();
        content.set_font(name(style.weight), real(style.size).into());
        content.next_line(real(placed.x).into(), height(placed.y).into());
        content.show(Str(&glyphs));
        content.end_text();
    }
    content.finish().to_vec()
}

/// Returns a length as the PDF writer takes it: it converts the number to a real one without rounding.
fn real(length: u32) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

fn packed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The part of a font that a file uses.
struct Used {
    font: &'static Font,
    /// The numbers of its glyphs in the file.
    numbers: GlyphRemapper,
    /// The character of each glyph in the file.
    signs: BTreeMap<u16, char>,
}

impl Used {
    fn of(weight: Weight) -> Self {
        Used { font: weight.font(), numbers: GlyphRemapper::new(), signs: BTreeMap::new() }
    }

    /// Returns the numbers of the glyphs of a text in the file, each in two bytes.
    fn glyphs(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 * text.len());
        for sign in text.chars() {
            let number = self.numbers.remap(self.font.glyph(sign));
            self.signs.entry(number).or_insert(sign);
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    /// Writes the font with the glyphs that were used.
    fn write(self, pdf: &mut Pdf, id: Ref, next: &mut Ref) -> io::Result<()> {
        let (cid_font, descriptor, file, signs) = (next.bump(), next.bump(), next.bump(), next.bump());
        let full_name = format!("{PART}{}", self.font.name);
        let name = Name(full_name.as_bytes());
        pdf.type0_font(id)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid_font)
            .to_unicode(signs);
        self.write_widths(pdf, cid_font, descriptor, name);
        self.write_descriptor(pdf, descriptor, file, name);
        let data = subsetter::subset(self.font.data, 0, &self.numbers).map_err(io::Error::other)?;
        let length = i32::try_from(data.len()).map_err(io::Error::other)?;
        pdf.stream(file, &packed(&data)?).filter(Filter::FlateDecode).pair(Name(b"Length1"), length);
        let mut map = UnicodeCmap::new(Name(b"Signs"), SYSTEM);
        for (number, sign) in &self.signs {
            map.pair(*number, *sign);
        }
        pdf.stream(signs, &packed(&map.finish())?).filter(Filter::FlateDecode);
        Ok(())
    }

    fn write_widths(&self, pdf: &mut Pdf, id: Ref, descriptor: Ref, name: Name) {
        let mut font = pdf.cid_font(id);
        font.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM).font_descriptor(descriptor);
        font.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
        font.widths()
            .consecutive(0, self.numbers.remapped_gids().map(|glyph| self.font.advance(glyph).into()));
        font.finish();
    }

    fn write_descriptor(&self, pdf: &mut Pdf, id: Ref, file: Ref, name: Name) {
        let metrics = self.font.metrics();
        let [left, low, right, high] = metrics.bounds;
        pdf.font_descriptor(id)
            .name(name)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(left.into(), low.into(), right.into(), high.into()))
            .italic_angle(0.0)
            .ascent(metrics.ascent.into())
            .descent(metrics.descent.into())
            .cap_height(metrics.cap_height.into())
            .stem_v(80.0)
            .font_file2(file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::tests::sheet;

    fn count(file: &[u8], part: &str) -> usize {
        file.windows(part.len()).filter(|window| *window == part.as_bytes()).count()
    }

    #[test]
    fn a_file_has_all_pages_and_a_part_of_each_font() {
        for (lines, paper, size) in
            [(2, Paper::A4, "595.3 841.9"), (500, Paper::A4, "595.3 841.9"), (2, Paper::Letter, "612 792")]
        {
            let sheet = Sheet { paper, ..sheet(lines) };
            let file = render(&sheet).expect("a file");
            assert!(file.starts_with(b"%PDF-1.7"), "the magic");
            assert!(file.trim_ascii_end().ends_with(b"%%EOF"), "the end");
            let pages = layout::pages(&sheet).len();
            assert_eq!(count(&file, "/MediaBox"), pages);
            assert_eq!(count(&file, size), pages, "the size of the paper");
            assert_eq!(count(&file, "/FontFile2"), 2);
            assert!(file.len() < 120_000 + 10_000 * pages, "{} bytes", file.len());
        }
    }

    #[test]
    fn one_sheet_has_one_file() {
        let file = |lines| render(&sheet(lines)).expect("a file");
        assert_eq!(file(40), file(40));
        assert_ne!(file(40), file(41));
    }

    #[test]
    fn a_sheet_in_any_script_has_a_file() {
        let mut odd = sheet(1);
        odd.number = "杯 כוס 𠮷\u{301}\u{0}".to_owned();
        odd.rows[0][1] = String::new();
        odd.total = None;
        render(&odd).expect("a file");
    }

    #[test]
    fn glyphs_have_numbers_in_the_order_of_their_use() {
        let mut used = Used::of(Weight::Regular);
        assert_eq!(used.glyphs("aba"), [0, 1, 0, 2, 0, 1]);
        assert_eq!(used.signs, BTreeMap::from([(1, 'a'), (2, 'b')]));
        assert_eq!(used.glyphs("b"), [0, 2]);
    }
}
