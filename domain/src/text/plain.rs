//! Texts of others that a program prints to a terminal. A control character would move its cursor, or hide what was printed before.

use std::borrow::Cow;

/// Whether a terminal may obey this letter instead of showing it. Among them are those that turn the direction of the letters after them.
fn is_obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the text as one line that a terminal shows. Letters that it would obey are written as `\u{1b}`.
pub fn plain_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_obeyed)
}

/// Like [`plain_line`], for a text of several lines.
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| is_obeyed(letter) && !matches!(letter, '\n' | '\t'))
}

fn escaped(text: &str, is_odd: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_odd) {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_odd(letter) {
            plain.extend(letter.escape_unicode());
        } else {
            plain.push(letter);
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_shows_controls_and_does_not_obey_them() {
        for text in ["", "Müller & Söhne", "日本", "שלום", "a b"] {
            assert_eq!((plain_line(text), plain_lines(text)), (text.into(), text.into()));
        }
        for (text, shown) in [
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{9b}2J\u{7f}\r", "\\u{9b}2J\\u{7f}\\u{d}"),
            ("a\u{202e}b\u{2028}", "a\\u{202e}b\\u{2028}"),
        ] {
            assert_eq!((plain_line(text), plain_lines(text)), (shown.into(), shown.into()));
        }
        assert_eq!((plain_line("a\n\tb"), plain_lines("a\n\tb")), ("a\\u{a}\\u{9}b".into(), "a\n\tb".into()));
    }
}
