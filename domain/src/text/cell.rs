//! Cells of CSV files that spreadsheets open.

use std::borrow::Cow;

/// The mark that makes a spreadsheet show a cell as text. People know it from typing numbers with leading zeros.
const MARK: char = '\'';

/// Returns whether a spreadsheet may run a cell that begins with this letter as a formula. The wide forms are those of East
/// Asian keyboards. Source: OWASP, CSV injection.
fn begins_formula(letter: char) -> bool {
    matches!(letter, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
}

/// Returns the text as a cell that no spreadsheet runs. [`read_cell`] returns it unchanged.
pub fn neutral_cell(text: &str) -> Cow<'_, str> {
    match text.chars().next() {
        Some(first) if begins_formula(first) || first == MARK => format!("{MARK}{text}").into(),
        _ => text.into(),
    }
}

/// Returns the text of a cell, without the mark of [`neutral_cell`].
pub fn read_cell(cell: &str) -> &str {
    match cell.strip_prefix(MARK) {
        Some(text) if text.starts_with(begins_formula) || text.starts_with(MARK) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_a_text_and_comes_back() {
        for text in
            ["=1+1", "+49 30 1234", "-5", "@sum", "\t=1", "\r=1", "\n=1", "＝1", "'", "'=1", "''x", "'tis"]
        {
            let cell = neutral_cell(text);
            assert!(cell.starts_with(MARK) && read_cell(&cell) == text, "{text}");
        }
        for text in ["", "Bolt", "1-2", " =1", "4006381333931", "\u{a0}-"] {
            assert_eq!((neutral_cell(text).as_ref(), read_cell(text)), (text, text));
        }
        assert_eq!(read_cell("'tis"), "'tis");
    }
}
