//! Codes: texts that name a record, such as an SKU or the number of a lot. Codes that look the same are the same code.
//!
//! A code is kept, and asked for, in one form: Unicode's NFKC without invisible characters, with plain spaces and
//! hyphens. `ＡＢ－１` is kept as `AB-1`. A Cyrillic or Greek letter becomes the Latin one that looks the same, if the code
//! has Latin letters as well and no letter that only Cyrillic or Greek has: `АB-1`, typed with a Cyrillic A, is `AB-1`.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::{LineRule, Rule};

/// Longest text in bytes that is looked at. A longer one is rejected for its length.
const BYTES_MAX: usize = 4_096;

/// As [`LineRule`], for a code. It is kept in the one form of codes that look the same.
#[derive(Debug, Clone, Copy)]
pub enum CodeRule {}

impl Rule for CodeRule {
    const NAME: &'static str = "Code";
    const MIN: usize = 1;
    const HAS_OLD_FORMS: bool = true;

    fn check(text: &str, max: usize, note: impl FnMut(String)) {
        LineRule::check(text, max, note);
    }

    fn kept(text: &str) -> Option<String> {
        match one_form(text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(form) => Some(form),
        }
    }
}

/// Returns the form in which a code is kept and asked for.
///
/// The form of a form is the form itself. The time is proportional to the length of the text.
pub fn one_form(code: &str) -> Cow<'_, str> {
    if code.is_ascii() || code.len() > BYTES_MAX {
        return Cow::Borrowed(code);
    }
    let seen = |letter: &char| !is_invisible(*letter);
    let plain: String = code.chars().filter(seen).nfkc().filter(seen).map(plain).collect();
    // A mark composes with a Latin letter where it did not with the letter of another alphabet.
    let form: String = match is_latin(&plain) {
        true => plain.chars().map(|letter| latin_look(letter).unwrap_or(letter)).nfc().collect(),
        false => plain.nfc().collect(),
    };
    if form == code { Cow::Borrowed(code) } else { Cow::Owned(form) }
}

/// Whether a code has Latin letters, and Cyrillic and Greek ones only if they look like Latin letters.
fn is_latin(code: &str) -> bool {
    let is_other = |letter: char| matches!(letter, '\u{370}'..='\u{52f}') && latin_look(letter).is_none();
    code.bytes().any(|byte| byte.is_ascii_alphabetic()) && !code.chars().any(is_other)
}

/// Whether a character has no width and no look: Unicode's default ignorable characters.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}'
        | '\u{feff}' | '\u{ffa0}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character has no look, and no effect on the look of others: a space of no width, a mark of byte order. Joiners
/// have one, in scripts and in emoji.
pub fn is_stray(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns the hyphen of keyboards for those of typesetters.
fn plain(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2013}' | '\u{2212}' => '-',
        _ => letter,
    }
}

/// Returns the Latin letter that looks like a Cyrillic or Greek one.
fn latin_look(letter: char) -> Option<char> {
    const CYRILLIC: &str = "АВЕКМНОРСТУХІЈЅаеорсухіјѕ";
    const ITS_LATIN: &str = "ABEKMHOPCTYXIJSaeopcyxijs";
    const GREEK: &str = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο";
    const ITS_LOOK: &str = "ABEZHIKMNOPTYXo";
    let pairs = CYRILLIC.chars().zip(ITS_LATIN.chars()).chain(GREEK.chars().zip(ITS_LOOK.chars()));
    if !matches!(letter, '\u{370}'..='\u{52f}') {
        return None;
    }
    pairs.into_iter().find(|(other, _)| *other == letter).map(|(_, latin)| latin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_that_look_the_same_are_one() {
        for (code, form) in [
            ("AB-1", "AB-1"),
            ("a b", "a b"),
            ("e\u{301}-1", "é-1"),
            ("ＡＢ－１", "AB-1"),
            ("A\u{200b}B\u{feff}-\u{ad}1", "AB-1"),
            ("AB\u{2011}1", "AB-1"),
            ("AB\u{2212}1", "AB-1"),
            ("A\u{a0}B", "A B"),
            ("\u{fb01}x", "fix"),
            ("ｶﾞ-1", "ガ-1"),
            // A Cyrillic А, В and a Greek Ο among Latin letters.
            ("\u{410}B-1", "AB-1"),
            ("X\u{412}-\u{39f}", "XB-O"),
            ("B\u{410}\u{301}", "B\u{c1}"),
        ] {
            assert_eq!(one_form(code), form, "{code:?}");
            assert_eq!(one_form(form), form, "{form:?}");
        }
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(code in "(\\PC|[a-eA-EАВЕаеоΑΒοжΩ]|[\u{300}-\u{36f}\u{483}\u{200b}\u{ad}\u{2011}\u{2212}-]){0,12}") {
            let form = one_form(&code).into_owned();
            prop_assert_eq!(one_form(&form), form.as_str());
        }
    }

    #[test]
    fn words_of_other_alphabets_stay() {
        for code in ["СОК-1", "Молоко", "Молоко-M", "ΑΒΓ-1", "ΑΒΓ-X", "10 \u{3bc}m", "日本-1", "Ü日🧰", "ñ"]
        {
            assert_eq!(one_form(code), code);
        }
    }

    #[test]
    fn a_long_text_is_left_to_the_check_of_its_length() {
        let long = "\u{fdfa}".repeat(100_000);
        assert_eq!(one_form(&long), long.as_str());
        let mut details = Vec::new();
        CodeRule::check(&long, 64, |detail| details.push(detail));
        assert_eq!(details.len(), 1);
    }
}
