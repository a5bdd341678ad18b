//! Card numbers within texts.

mod issuer;

use issuer::is_issued;

/// The shortest number that is looked at.
const DIGITS_MIN: usize = 13;
/// The longest number that is looked at.
const DIGITS_MAX: usize = 19;

/// Ways to write a card number in groups. A number without groups is written in one.
const FORMS: &[&[usize]] = &[
    &[4, 4, 4, 4],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4, 3],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 3],
    &[4, 4, 4, 2],
    &[4, 4, 4, 1],
    &[4, 3, 3, 3],
    &[8, 8],
    &[6, 10],
    &[6, 13],
];

/// Words that name a card, in lower case. Digits that follow one without a blank are no part of a longer word.
const CARD_WORDS: &[&str] =
    &["amex", "card", "carte", "cc", "karte", "maestro", "mastercard", "pan", "tarjeta", "visa"];

/// Beginnings of words that follow a card number without a blank, in lower case: its expiry and its check value.
const CARD_ENDINGS: &[&str] = &["exp", "cid", "csc", "cvc", "cvv", "valid"];

/// The longest word that is kept, longer than each of [`CARD_WORDS`].
const WORD_LENGTH_MAX: usize = 16;

/// Returns whether a text contains a card number: digits of an issuer's range and length that pass the Luhn check, in the
/// groups in which cards are written.
///
/// Blanks, dots and dashes stand between groups. Other digits beside the number do not hide it, except a group of four
/// before groups of four: that is a longer number, such as a parcel's. Slashes, commas, apostrophes, tabs and line breaks stand
/// between the groups of a card as well, but also between numbers of their own: a number with one of them has at least three groups,
/// and no group of four stands beside it. A line of eight digits is no half of a card, because order numbers are listed so. Single
/// digits and groups of three, as spreadsheets write thousands, are a card if their run begins and ends with it. Groups of two are
/// none: sizes and telephone numbers are listed so. Digits of every script count. Source: PCI DSS 4.0, 3.5.1 (a stored card number
/// must be unreadable). The time is proportional to the length of the text.
pub fn holds_card_number(text: &str) -> bool {
    find_card(text, &mut || ())
}

/// As [`holds_card_number`]. Calls `step` for each letter and each number that it tries.
fn find_card(text: &str, step: &mut impl FnMut()) -> bool {
    let mut run = Run::default();
    // Digits next to a letter belong to a word, such as a UUID, and not to a card number. A word for a card is none.
    let (mut stands_alone, mut last) = (true, Kind::Other);
    let mut word = String::new();
    for (at, letter) in text.char_indices().chain([(text.len(), '|')]) {
        step();
        let kind = Kind::of(letter);
        match kind {
            Kind::Digit(digit) => {
                stands_alone &= last != Kind::Letter || CARD_WORDS.contains(&word.as_str());
                run.digits.push(digit);
            }
            Kind::Invisible => continue,
            Kind::Between if !run.digits.is_empty() => run.end_group(),
            Kind::Break if !run.digits.is_empty() => {
                run.end_part(stands_alone);
                stands_alone = true;
            }
            Kind::Between | Kind::Break | Kind::Letter | Kind::Other => {
                let ends_word =
                    kind == Kind::Letter && matches!(last, Kind::Digit(_)) && !ends_card(&text[at..]);
                run.end_part(stands_alone && !ends_word);
                if run.holds_card(step) {
                    return true;
                }
                run = Run::default();
                stands_alone = true;
            }
        }
        note_letter(&mut word, (letter, kind), last);
        last = kind;
    }
    false
}

/// Returns whether a text begins with a word of [`CARD_ENDINGS`].
fn ends_card(text: &str) -> bool {
    let begins_with =
        |word: &&str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    CARD_ENDINGS.iter().any(begins_with)
}

/// Adds a letter to the word that it goes on with, or begins a word. A letter after a digit begins none.
fn note_letter(word: &mut String, (letter, kind): (char, Kind), last: Kind) {
    match (kind, last) {
        (Kind::Letter, Kind::Letter) if word.is_empty() || word.len() >= WORD_LENGTH_MAX => word.clear(),
        (Kind::Letter, Kind::Letter) => word.push(letter.to_ascii_lowercase()),
        (Kind::Letter, Kind::Between | Kind::Break | Kind::Other) => {
            word.clear();
            word.push(letter.to_ascii_lowercase());
        }
        (Kind::Letter, Kind::Digit(_) | Kind::Invisible)
        | (Kind::Digit(_) | Kind::Between | Kind::Break | Kind::Invisible | Kind::Other, _) => word.clear(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digit(u8),
    /// Stands between the groups of a number.
    Between,
    /// Stands between the groups of a number, or between numbers.
    Break,
    /// Has no width.
    Invisible,
    Letter,
    Other,
}

impl Kind {
    fn of(letter: char) -> Self {
        match letter {
            '0'..='9' => Kind::Digit(letter as u8 - b'0'),
            ' '
            | '-'
            | '.'
            | '_'
            | '\u{a0}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2010}'..='\u{2015}'
            | '\u{202f}' => Kind::Between,
            '/' | '\u{2044}' | '\u{2215}' | '\u{ff0f}' | '\t' | '\r' | '\n' => Kind::Break,
            // Commas and apostrophes of scripts and keyboards.
            ',' | ';' | '\'' | '\u{2019}' | '\u{60c}' | '\u{66b}' | '\u{66c}' | '\u{3001}' | '\u{ff0c}' => {
                Kind::Break
            }
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => Kind::Invisible,
            letter if letter.is_ascii() => match letter.is_ascii_alphabetic() {
                true => Kind::Letter,
                false => Kind::Other,
            },
            letter => digit_of_script(letter).map_or(Kind::Other, Kind::Digit),
        }
    }
}

/// The zeros of scripts, in order. The other nine digits follow each. Source: Unicode 16, decimal digits.
const ZEROS: &[u32] = &[
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6,
    0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0,
    0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30,
    0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0,
    0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16130, 0x16a60,
    0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0,
    0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

/// Returns the value of a digit of another script, or of another width or weight.
fn digit_of_script(letter: char) -> Option<u8> {
    let code = letter as u32;
    let zero = ZEROS.partition_point(|zero| *zero <= code).checked_sub(1)?;
    u8::try_from(code - ZEROS[zero]).ok().filter(|value| *value < 10)
}

/// Digits in groups, and groups in parts with breaks between them.
#[derive(Default)]
struct Run {
    digits: Vec<u8>,
    /// Number of digits before the end of each group, ascending.
    ends: Vec<usize>,
    /// The part of each group.
    parts: Vec<usize>,
    /// The present part.
    part: usize,
}

impl Run {
    /// Ends a group, unless the last end is at the same place.
    fn end_group(&mut self) {
        if self.ends.last().copied().unwrap_or_default() != self.digits.len() {
            self.ends.push(self.digits.len());
            self.parts.push(self.part);
        }
    }

    /// Ends a part. Its groups are removed if they are to be ignored, such as those of a word.
    fn end_part(&mut self, counts: bool) {
        self.end_group();
        while !counts && self.parts.last() == Some(&self.part) {
            self.parts.pop();
            self.ends.pop();
        }
        self.digits.truncate(self.ends.last().copied().unwrap_or_default());
        self.part += 1;
    }

    /// Returns the number of digits of a group.
    fn length(&self, group: usize) -> usize {
        let end = |group: usize| self.ends.get(group).copied().unwrap_or_default();
        let start = group.checked_sub(1).map(end).unwrap_or_default();
        end(group).saturating_sub(start)
    }

    fn holds_card(&self, step: &mut impl FnMut()) -> bool {
        let mut start = 0;
        for (group, end) in self.ends.iter().enumerate() {
            step();
            if is_card(&self.digits[start..*end]) {
                return true;
            }
            for form in FORMS {
                let to = start + form.iter().sum::<usize>();
                if self.is_written_as(form, group) && self.digits.get(start..to).is_some_and(is_card) {
                    return true;
                }
            }
            if self.begins_even_card(group, start) {
                return true;
            }
            start = *end;
        }
        false
    }

    /// Returns whether a run of groups of one digit, or of three, that begins with this group is a card number: with the shorter group
    /// before it, as thousands are written, with the one after it, or without either. Digits before the group are given.
    fn begins_even_card(&self, group: usize, start: usize) -> bool {
        let each = self.length(group);
        let is_next = |before: usize| {
            let part = |group: usize| self.parts.get(group).copied();
            part(before).is_some() && (each == 3 || part(before) == part(before + 1))
        };
        let before = group.checked_sub(1).filter(|before| is_next(*before)).map(|before| self.length(before));
        if !matches!(each, 1 | 3) || before == Some(each) {
            return false;
        }
        let is_further = |at: usize| is_next(at - 1) && self.length(at) == each;
        let count = 1 + (group + 1..=group + DIGITS_MAX).take_while(|at| is_further(*at)).count();
        let (end, after) = (start + count * each, group + count);
        let shorter = |length: usize| if length < each { length } else { 0 };
        let from = start - before.map_or(0, shorter);
        let to = end + if is_next(after - 1) { shorter(self.length(after)) } else { 0 };
        [(start, end), (from, end), (start, to)]
            .into_iter()
            .any(|(from, to)| self.digits.get(from..to).is_some_and(is_card))
    }

    /// Returns whether the groups from one on are written in a form, and are no piece of a longer number or of a list.
    fn is_written_as(&self, form: &[usize], group: usize) -> bool {
        if !form.iter().enumerate().all(|(at, length)| self.length(group + at) == *length) {
            return false;
        }
        let part = |group: usize| self.parts.get(group).copied();
        let (after, before) = (group + form.len(), group.checked_sub(1));
        let is_in_one_part = part(group) == part(after - 1);
        let of_four = |beside: usize| self.length(beside) == 4;
        if is_in_one_part {
            let goes_on = before.is_some_and(|before| of_four(before) && part(before) == part(group));
            return !goes_on || !form.starts_with(&[4, 4]);
        }
        form.len() > 2 && !before.into_iter().chain([after]).any(of_four)
    }
}

fn is_card(digits: &[u8]) -> bool {
    if digits.len() < DIGITS_MIN || digits.len() > DIGITS_MAX {
        return false;
    }
    let first = digits.iter().take(4).fold(0, |first, digit| 10 * first + u32::from(*digit));
    // Visa issues numbers of 13 digits no more. Those in use are test numbers, which repeat a digit. All others are numbers
    // of articles and orders.
    let is_in_use =
        digits.len() > DIGITS_MIN || digits.windows(4).any(|four| four.iter().all(|digit| *digit == four[0]));
    is_issued(first, digits.len()) && is_in_use && passes_luhn(digits)
}

/// Returns whether digits pass Luhn: every second digit before the last is doubled.
fn passes_luhn(digits: &[u8]) -> bool {
    let weigh = |(place, digit): (usize, &u8)| match (place % 2, u32::from(*digit)) {
        (0, digit) => digit,
        (_, digit) if digit > 4 => 2 * digit - 9,
        (_, digit) => 2 * digit,
    };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests;
