//! The layout of a sheet on pages of paper: each text and each line at its place.
//!
//! Lengths are twentieths of a point, in whole numbers. Places are measured from the top left corner. The work grows with the number of
//! characters, and a row is laid out once.

use super::font::{Font, Weight};
use super::{Column, Paper, Party, Sheet};

/// Margin on all sides: 18 mm.
const MARGIN: u32 = 1_020;
/// Space between two columns.
const GAP: u32 = 120;
/// Space above and below the texts of a row.
const PADDING: u32 = 50;
/// Space between two parts of the sheet.
const SPACE: u32 = 240;
/// Least width of a column, if its share allows it.
const COLUMN_WIDTH_MIN: u32 = 300;

const TITLE: Style = Style { weight: Weight::Bold, size: 320 };
const MARK: Style = Style { weight: Weight::Bold, size: 240 };
const ROLE: Style = Style { weight: Weight::Bold, size: 160 };
const PLAIN: Style = Style { weight: Weight::Regular, size: 190 };
const HEAD: Style = Style { weight: Weight::Bold, size: 170 };
const CELL: Style = Style { weight: Weight::Regular, size: 170 };
const TOTAL: Style = Style { weight: Weight::Bold, size: 190 };
const FOOT: Style = Style { weight: Weight::Regular, size: 160 };
/// Height of the total with the space above it.
const TOTAL_HEIGHT: u32 = SPACE / 2 + TOTAL.line_height();

/// Weight and size of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Its weight.
    pub weight: Weight,
    /// Its size.
    pub size: u32,
}

/// A page.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Texts, in the order of reading.
    pub texts: Vec<Placed>,
    /// Horizontal lines.
    pub rules: Vec<Rule>,
}

/// A text at its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Placed {
    /// Distance of its beginning from the left.
    pub x: u32,
    /// Distance of its base line from the top.
    pub y: u32,
    /// Its weight and size.
    pub style: Style,
    /// The text, of characters that the font has.
    pub text: String,
}

/// A horizontal line.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Distance of its beginning from the left.
    pub x: u32,
    /// Distance from the top.
    pub y: u32,
    /// Its length.
    pub width: u32,
}

impl Style {
    fn font(self) -> &'static Font {
        self.weight.font()
    }

    /// Returns the height of a line of text.
    const fn line_height(self) -> u32 {
        self.size * 5 / 4
    }

    /// Returns the width of a text, rounded up.
    fn width(self, text: &str) -> u32 {
        let width = u64::from(self.font().width(text)) * u64::from(self.size);
        u32::try_from(width.div_ceil(1_000)).unwrap_or(u32::MAX)
    }
}

impl Paper {
    /// Returns the width and the height.
    pub fn size(self) -> (u32, u32) {
        match self {
            Paper::A4 => (11_906, 16_838),
            Paper::Letter => (12_240, 15_840),
        }
    }
}

/// Returns the pages of a sheet.
pub fn pages(sheet: &Sheet) -> Vec<Page> {
    let table = Table::of(sheet);
    let mut flow = Flow::new(sheet.paper);
    flow.paragraph(&sheet.title(), TITLE);
    if let Some(mark) = sheet.mark {
        flow.paragraph(mark, MARK);
    }
    flow.y += SPACE;
    flow.parties(&sheet.parties);
    flow.y += SPACE;
    sheet.facts.iter().for_each(|fact| flow.paragraph(fact, PLAIN));
    flow.y += SPACE;
    table.write(&mut flow);
    if let Some(total) = &sheet.total {
        flow.total(total);
    }
    flow.add_page_numbers(sheet)
}

/// The pages so far, and the place where the next text goes.
struct Flow {
    pages: Vec<Page>,
    paper: Paper,
    /// Distance of the next part from the top.
    y: u32,
}

impl Flow {
    fn new(paper: Paper) -> Self {
        Flow { pages: vec![Page::default()], paper, y: MARGIN }
    }

    /// Width between the margins.
    fn width(&self) -> u32 {
        self.paper.size().0 - 2 * MARGIN
    }

    /// Distance of the end of a page from the top. The number of the page is below it.
    fn end(&self) -> u32 {
        self.paper.size().1 - MARGIN - 2 * FOOT.line_height()
    }

    fn has_room(&self, height: u32) -> bool {
        self.y + height <= self.end()
    }

    fn next_page(&mut self) {
        self.pages.push(Page::default());
        self.y = MARGIN;
    }

    fn page(&mut self) -> &mut Page {
        self.pages.last_mut().expect("a flow begins with a page")
    }

    /// Places a line of text, whose top is where the next part goes.
    fn place(&mut self, x: u32, style: Style, text: String) {
        if !text.is_empty() {
            let y = self.y + style.size;
            self.page().texts.push(Placed { x, y, style, text });
        }
    }

    /// Places a text over the whole width, in as many lines as it takes.
    fn paragraph(&mut self, text: &str, style: Style) {
        for line in wrap(text, style, self.width()) {
            if !self.has_room(style.line_height()) {
                self.next_page();
            }
            self.place(MARGIN, style, line);
            self.y += style.line_height();
        }
    }

    /// Places the two sides beside each other. Long ones go on at the top of the next page.
    fn parties(&mut self, parties: &[Party; 2]) {
        let width = (self.width() - GAP) / 2;
        let sides = parties.each_ref().map(|party| side(party, width));
        let depth = sides.iter().map(Vec::len).max().unwrap_or_default();
        let mut done = 0;
        while done < depth {
            if !self.has_room(PLAIN.line_height()) {
                self.next_page();
            }
            // A role is less high than a line of the address.
            let room = usize::try_from((self.end() - self.y) / PLAIN.line_height()).unwrap_or(usize::MAX);
            let (top, mut end) = (self.y, self.y);
            for (lines, x) in sides.iter().zip([MARGIN, MARGIN + width + GAP]) {
                self.y = top;
                for (style, text) in lines.iter().skip(done).take(room) {
                    self.place(x, *style, text.clone());
                    self.y += style.line_height();
                }
                end = end.max(self.y);
            }
            self.y = end;
            done += room;
        }
    }

    /// Places the total at the right margin.
    fn total(&mut self, total: &str) {
        self.y += SPACE / 2;
        for line in wrap(total, TOTAL, self.width()) {
            if !self.has_room(TOTAL.line_height()) {
                self.next_page();
            }
            let x = MARGIN + self.width().saturating_sub(TOTAL.width(&line));
            self.place(x, TOTAL, line);
            self.y += TOTAL.line_height();
        }
    }

    /// Places the title and the number at the foot of each page.
    fn add_page_numbers(mut self, sheet: &Sheet) -> Vec<Page> {
        let (count, words) = (self.pages.len(), sheet.page_words);
        let (width, y) = (self.width(), self.end() + 2 * FOOT.line_height());
        let title = FOOT.font().printable(&sheet.title());
        for (index, page) in self.pages.iter_mut().enumerate() {
            let number = format!("{} {} {} {count}", words.page, index + 1, words.of);
            let number = FOOT.font().printable(&number);
            let x = MARGIN + width.saturating_sub(FOOT.width(&number));
            for (x, text) in [(MARGIN, title.clone()), (x, number)] {
                page.texts.push(Placed { x, y, style: FOOT, text });
            }
        }
        self.pages
    }
}

/// Returns the lines of a side: its role, its name and its address.
fn side(party: &Party, width: u32) -> Vec<(Style, String)> {
    let role = (ROLE, ROLE.font().printable(party.role));
    let lines = party.lines.iter().flat_map(|line| wrap(line, PLAIN, width));
    std::iter::once(role).chain(lines.map(|line| (PLAIN, line))).collect()
}

/// The table of a sheet with the widths of its columns.
struct Table<'a> {
    sheet: &'a Sheet,
    columns: Vec<Slot>,
}

/// A column with its place.
#[derive(Clone, Copy)]
struct Slot {
    column: Column,
    x: u32,
    width: u32,
}

impl<'a> Table<'a> {
    fn of(sheet: &'a Sheet) -> Self {
        let (paper_width, _) = sheet.paper.size();
        let gaps = GAP * u32::try_from(sheet.columns.len().saturating_sub(1)).unwrap_or_default();
        let widths = widths(sheet, (paper_width - 2 * MARGIN).saturating_sub(gaps));
        let mut x = MARGIN;
        let slot = |(column, width): (&Column, u32)| {
            let slot = Slot { column: *column, x, width };
            x += width + GAP;
            slot
        };
        let columns = sheet.columns.iter().zip(widths).map(slot).collect();
        Table { sheet, columns }
    }

    /// Places the head and all rows. Each page begins with the head.
    fn write(&self, flow: &mut Flow) {
        let heads: Vec<&str> = self.sheet.columns.iter().map(|column| column.head).collect();
        let head = self.cells(&heads, HEAD);
        if !flow.has_room(height(&head) + 3 * CELL.line_height()) {
            flow.next_page();
        }
        self.head(flow, &head);
        let on_a_page = flow.end() - MARGIN - height(&head);
        let count = self.sheet.rows.len();
        for (number, cells) in (1..).zip(&self.sheet.rows) {
            let texts: Vec<&str> = cells.iter().map(String::as_str).collect();
            let cells = self.cells(&texts, CELL);
            // The total never stands alone on a page.
            let below = if number == count { TOTAL_HEIGHT } else { 0 };
            let height = height(&cells) + below;
            if !flow.has_room(height) && height <= on_a_page {
                flow.next_page();
                self.head(flow, &head);
            }
            self.row(flow, &cells, &head);
        }
    }

    /// Returns the lines of each cell of a row.
    fn cells(&self, texts: &[&str], style: Style) -> Vec<Vec<String>> {
        let lines = |(slot, text): (&Slot, &&str)| wrap(text, style, slot.width);
        self.columns.iter().zip(texts).map(lines).collect()
    }

    /// Places the head.
    fn head(&self, flow: &mut Flow, head: &[Vec<String>]) {
        flow.y += PADDING;
        for index in 0..line_count(head) {
            self.line(flow, head, index, HEAD);
        }
        Self::end(flow);
    }

    /// Places a row. One that is longer than the page goes on below the head of the next one.
    fn row(&self, flow: &mut Flow, cells: &[Vec<String>], head: &[Vec<String>]) {
        flow.y += PADDING;
        for index in 0..line_count(cells) {
            if !flow.has_room(CELL.line_height() + PADDING) {
                flow.next_page();
                self.head(flow, head);
                flow.y += PADDING;
            }
            self.line(flow, cells, index, CELL);
        }
        Self::end(flow);
    }

    /// Places the lines of all cells with this index.
    fn line(&self, flow: &mut Flow, cells: &[Vec<String>], index: usize, style: Style) {
        for (slot, lines) in self.columns.iter().zip(cells) {
            let Some(text) = lines.get(index) else { continue };
            let left = if slot.column.has_figures { slot.width.saturating_sub(style.width(text)) } else { 0 };
            flow.place(slot.x + left, style, text.clone());
        }
        flow.y += style.line_height();
    }

    /// Draws the line below a row.
    fn end(flow: &mut Flow) {
        flow.y += PADDING;
        let rule = Rule { x: MARGIN, y: flow.y, width: flow.width() };
        flow.page().rules.push(rule);
    }
}

/// Returns the number of lines of a row.
fn line_count(cells: &[Vec<String>]) -> usize {
    cells.iter().map(Vec::len).max().unwrap_or_default()
}

fn height(cells: &[Vec<String>]) -> u32 {
    2 * PADDING + CELL.line_height() * u32::try_from(line_count(cells)).unwrap_or_default()
}

/// Returns the width that each column takes if none of its texts is wrapped.
fn natural_widths(sheet: &Sheet) -> Vec<u32> {
    let width = |(index, column): (usize, &Column)| {
        let cells = sheet.rows.iter().filter_map(|cells| cells.get(index));
        let widest = cells.map(|text| CELL.width(&CELL.font().printable(text))).max();
        widest.unwrap_or_default().max(HEAD.width(&HEAD.font().printable(column.head)))
    };
    sheet.columns.iter().enumerate().map(width).collect()
}

/// Returns the widths of the columns. Columns of figures get their natural width, because a wrapped figure would be misread. Texts share the
/// rest. If the figures need more than three quarters of the width, all columns share it.
fn widths(sheet: &Sheet, width: u32) -> Vec<u32> {
    let wanted = natural_widths(sheet);
    let (figures, texts): (Vec<usize>, Vec<usize>) =
        (0..wanted.len()).partition(|index| sheet.columns[*index].has_figures);
    let of_figures: u32 = figures.iter().map(|index| wanted[*index].max(COLUMN_WIDTH_MIN)).sum();
    if texts.is_empty() || of_figures > width / 4 * 3 {
        return share_width(&wanted, width);
    }
    let mut widths: Vec<u32> = wanted.iter().map(|width| (*width).max(COLUMN_WIDTH_MIN)).collect();
    let of_texts: Vec<u32> = texts.iter().map(|index| wanted[*index]).collect();
    for (index, share) in texts.iter().zip(share_width(&of_texts, width - of_figures)) {
        widths[*index] = share;
    }
    widths
}

/// Shares a width among columns, the narrowest first. Each gets at most an equal share of the width that is left. The widest one gets the
/// rest.
fn share_width(wanted: &[u32], width: u32) -> Vec<u32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|index| wanted[*index]);
    let mut widths = vec![0; wanted.len()];
    let mut left = width;
    for (place, index) in order.iter().enumerate() {
        let sharers = u32::try_from(wanted.len() - place).unwrap_or(1);
        let share = left / sharers;
        let is_widest = sharers == 1;
        widths[*index] = if is_widest { left } else { wanted[*index].max(COLUMN_WIDTH_MIN).min(share) };
        left -= widths[*index];
    }
    widths
}

/// Wraps a text to a width. Returns at least one line. A word that is wider than the width is broken.
fn wrap(text: &str, style: Style, width: u32) -> Vec<String> {
    let font = style.font();
    let text = font.printable(text);
    let (limit, space) = (width * 1_000 / style.size, font.width_of(' '));
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            if used + space + font.width(word) > limit {
                lines.push(std::mem::take(&mut line));
                used = 0;
            } else {
                line.push(' ');
                used += space;
            }
        }
        for sign in word.chars() {
            let advance = font.width_of(sign);
            if used + advance > limit && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(sign);
            used += advance;
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::sheet::tests::sheet;

    /// Returns all texts of some pages, joined by spaces.
    fn text(pages: &[Page]) -> String {
        let texts: Vec<&str> =
            pages.iter().flat_map(|page| &page.texts).map(|placed| placed.text.as_str()).collect();
        texts.join(" ")
    }

    #[test]
    fn a_short_sheet_has_one_page_with_all_its_texts() {
        let pages = pages(&Sheet { mark: Some("Draft"), ..sheet(2) });
        assert_eq!(pages.len(), 1);
        let text = text(&pages);
        for part in [
            "Purchase order PO-2026-000123",
            "Draft",
            "Supplier Ελιά & Söhne 56203 Höhr",
            "Ordered by Northwind Ltd",
            "Date: 01/12/2026",
            "# Article Amount",
            "1 MUG-1 Κούπα кружка kubek łyżka Größe 1 12,00",
            "Total before tax: 1200.00 GBP",
            "Page 1 of 1",
        ] {
            assert!(text.contains(part), "{part} is missing: {text}");
        }
    }

    #[test]
    fn a_long_sheet_repeats_the_head_and_has_each_line_once() {
        let pages = pages(&sheet(1_000));
        assert!((20..40).contains(&pages.len()), "{} pages", pages.len());
        for (index, page) in pages.iter().enumerate() {
            let of = |text: &str| page.texts.iter().filter(|placed| placed.text == text).count();
            assert_eq!(of("Article"), 1, "page {}", index + 1);
            assert_eq!(of(&format!("Page {} of {}", index + 1, pages.len())), 1);
        }
        let mut seen = HashSet::new();
        for placed in
            pages.iter().flat_map(|page| &page.texts).filter(|placed| placed.text.starts_with("MUG-"))
        {
            let code = placed.text.split(' ').next().unwrap_or_default();
            assert!(seen.insert(code.to_owned()), "{code} twice");
        }
        assert_eq!(seen.len(), 1_000);
    }

    #[test]
    fn the_total_is_on_a_page_with_a_row() {
        for lines in 30..60 {
            let pages = pages(&sheet(lines));
            let last = pages.last().expect("a page");
            let has = |begin: &str| last.texts.iter().any(|placed| placed.text.starts_with(begin));
            assert!(has("MUG-") && has("Total before tax"), "{lines} lines");
        }
    }

    #[test]
    fn no_text_crosses_a_margin() {
        let mut long = sheet(60);
        long.rows[7][1] = "Łyżka ".repeat(200);
        long.rows[9][1] = "Ж".repeat(6_000);
        long.parties[0].lines.push("Ελ".repeat(300));
        long.parties[1].lines.extend(vec!["W".repeat(200); 10]);
        for paper in [Paper::A4, Paper::Letter] {
            let (width, height) = paper.size();
            for placed in pages(&Sheet { paper, ..long.clone() }).iter().flat_map(|page| &page.texts) {
                let end = placed.x + placed.style.width(&placed.text);
                assert!(placed.x >= MARGIN && end <= width - MARGIN + 1, "{placed:?} ends at {end}");
                assert!(placed.y >= MARGIN && placed.y <= height - MARGIN + FOOT.size, "{placed:?}");
            }
        }
    }

    #[test]
    fn a_row_that_is_longer_than_a_page_is_whole() {
        let mut long = sheet(3);
        long.rows[1][1] = "Ж".repeat(20_000);
        let pages = pages(&long);
        assert!(pages.len() > 2, "{} pages", pages.len());
        assert_eq!(text(&pages).matches('Ж').count(), 20_000);
    }

    #[test]
    fn sides_that_are_longer_than_a_page_are_whole() {
        let mut long = sheet(3);
        long.parties[0].lines = vec!["W".repeat(200); 20];
        long.parties[1].lines = vec!["Ж".repeat(200); 30];
        let text = text(&pages(&long));
        assert_eq!((text.matches('W').count(), text.matches('Ж').count()), (4_000, 6_000));
    }

    #[test]
    fn figures_end_at_one_place() {
        let mut mixed = sheet(3);
        mixed.rows[0][2] = "1234567.89".to_owned();
        let pages = pages(&mixed);
        let ends: HashSet<u32> = pages[0]
            .texts
            .iter()
            .filter(|placed| ["1234567.89", "12,00", "Amount"].contains(&placed.text.as_str()))
            .map(|placed| placed.x + placed.style.width(&placed.text))
            .collect();
        assert_eq!(ends.len(), 1, "{ends:?}");
    }

    #[test]
    fn figures_beside_long_texts_are_not_broken() {
        let figures = ["123,456,789.123456 KGM", "1,234,567.123456", "1,234,567,890,123.00"];
        let column = |index| Column { head: "Article", has_figures: (3..6).contains(&index) };
        let cell = |index: usize| match index {
            3..=5 => figures[index - 3].to_owned(),
            _ => "x".repeat(200),
        };
        let wide = Sheet {
            columns: (0..8).map(column).collect(),
            rows: vec![(0..8).map(cell).collect()],
            ..sheet(0)
        };
        let pages = pages(&wide);
        let texts: HashSet<&str> =
            pages.iter().flat_map(|page| &page.texts).map(|placed| placed.text.as_str()).collect();
        assert!(figures.iter().all(|figure| texts.contains(figure)), "{texts:?}");
    }

    #[test]
    fn a_text_is_wrapped_at_spaces_and_within_a_word_that_is_too_wide() {
        let width = CELL.width("aaaa aaaa");
        assert_eq!(wrap("aaaa  aaaa aaaa", CELL, width), ["aaaa aaaa", "aaaa"]);
        assert_eq!(wrap("", CELL, width), [""]);
        let lines = wrap(&"a".repeat(24), CELL, width);
        assert!(lines.len() > 1 && lines.concat() == "a".repeat(24), "{lines:?}");
    }

    #[test]
    fn narrow_columns_get_what_they_want_and_wide_ones_share_the_rest() {
        assert_eq!(share_width(&[400, 9_000, 500, 8_000], 5_000), [400, 2_050, 500, 2_050]);
        assert_eq!(share_width(&[400, 900], 5_000), [400, 4_600]);
        assert_eq!(share_width(&[], 5_000), Vec::<u32>::new());
    }
}
