//! Texts from callers. One type has the longest length, the rule for the characters and the OpenAPI schema.
//!
//! Deserialization accepts any string. The check runs after the whole body was read, so that the caller sees
//! all problems at once.

mod card;
mod cell;
mod code;
mod plain;
mod search;

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::refusal::Problems;
pub use card::holds_card_number;
pub use cell::{neutral_cell, read_cell};
pub use code::{CodeRule, is_stray, one_form};
pub use plain::{plain_line, plain_lines};
pub use search::{DASHES, Searched, WITHIN_LENGTH_MIN, looks};

/// A free text of at most 500 characters, such as a note in a file.
pub type Text500 = Text<500, FreeRule>;
/// As [`Text500`], but the document rejects an empty one.
pub type Filled500 = Text<500, FilledRule>;
/// A reason of at most 100 characters. The document rejects a blank one.
pub type Filled100 = Text<100, ReasonRule>;
/// As [`Filled100`], of at most 200 characters.
pub type Filled200 = Text<200, ReasonRule>;
/// A reason that may be absent, one line of 1 to 200 characters.
pub type Note200 = Text<200, NoteRule>;
/// As [`Note200`], of at most 500 characters.
pub type Note500 = Text<500, NoteRule>;
/// A text on a line of a document, of at most 200 characters.
pub type Label200 = Text<200, LabelRule>;
/// As [`Label200`], of at most 500 characters.
pub type Label500 = Text<500, LabelRule>;
/// A reference of another system, one line of 1 to 100 characters, such as an order number of a marketplace.
pub type Reference100 = Text<100, ReferenceRule>;
/// As [`Reference100`], of at most 200 characters.
pub type Reference200 = Text<200, ReferenceRule>;
/// A reference on the slip of a payment, of at most 100 characters.
pub type Slip100 = Text<100, SlipRule>;
/// One line of 1 to 40 characters, such as a tax number.
pub type Line40 = Text<40, LineRule>;
/// One line of 1 to 64 characters, such as a supplier's code of a lot.
pub type Line64 = Text<64, LineRule>;
/// A code of 1 to 64 characters, such as an SKU, in the one form of codes that look the same.
pub type Code64 = Text<64, CodeRule>;
/// One line of 1 to 100 characters, such as the name of another system.
pub type Line100 = Text<100, LineRule>;
/// One line of 1 to 200 characters, such as an external reference.
pub type Line200 = Text<200, LineRule>;
/// A name for people: one line of 1 to 200 characters.
pub type Name = Text<200, NameRule>;

/// A description for people, of at most 10,000 characters.
pub type Description = Text<10_000, ProseRule>;

/// A text of at most `MAX` characters that `R` allows.
pub struct Text<const MAX: usize, R: Rule> {
    text: String,
    /// As it was sent, if that differs and a record may have it.
    sent: Option<Box<str>>,
    rule: PhantomData<fn() -> R>,
}

/// A rule for the characters of a text.
pub trait Rule {
    /// The name in OpenAPI schemas.
    const NAME: &'static str;
    /// The fewest characters.
    const MIN: usize;
    /// Whether a record may have a text in the form in which it was sent: it was written before the rule had a form.
    const HAS_OLD_FORMS: bool = false;

    /// Calls `note` with each thing that is wrong with a text of at most `max` characters.
    ///
    /// The time is proportional to the length of the text.
    fn check(text: &str, max: usize, note: impl FnMut(String));

    /// Returns the form in which a text is kept, if it was sent in another one.
    fn kept(_text: &str) -> Option<String> {
        None
    }
}

impl<const MAX: usize, R: Rule> Text<MAX, R> {
    /// Returns the text as a record has it, also in a form that is older than the rule.
    pub fn stored(text: &str) -> Self {
        Text { text: text.to_owned(), sent: None, rule: PhantomData }
    }

    /// Returns the text as it is kept, checked or not.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text as it was sent, if a record may have it in that form, else as it is kept.
    pub fn sent(&self) -> &str {
        self.sent.as_deref().unwrap_or(&self.text)
    }

    /// Whether it restates the text of a record, which is `stored` in a form that is older than the rule.
    pub fn restates(&self, stored: &str) -> bool {
        self.text != stored && self.sent() == stored
    }

    /// Whether nothing is wrong with it.
    pub fn is_allowed(&self) -> bool {
        let mut is_allowed = true;
        R::check(&self.text, MAX, |_| is_allowed = false);
        is_allowed
    }

    /// Adds what is wrong with it to `problems`.
    pub fn check(&self, problems: &mut Problems, pointer: &str) {
        R::check(&self.text, MAX, |detail| problems.invalid(pointer, detail));
    }

    /// Returns the text, and adds what is wrong with it to `problems`. A command with a wrong text is judged further, so the text
    /// comes without null characters, which no statement takes.
    pub fn checked(self, problems: &mut Problems, pointer: &str) -> String {
        self.check(problems, pointer);
        if self.text.contains('\0') { self.text.replace('\0', "") } else { self.text }
    }
}

/// Returns the text of an optional field, and adds what is wrong with it to `problems`.
pub fn checked<const MAX: usize, R: Rule>(
    problems: &mut Problems,
    pointer: &str,
    text: Option<Text<MAX, R>>,
) -> Option<String> {
    text.map(|text| text.checked(problems, pointer))
}

/// Whether a text has no character that can be seen: it is empty, or has only blanks and characters without a look.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| letter.is_whitespace() || code::is_invisible(letter))
}

/// Whether a text with this character is no plain line: a control character, or a separator of lines or paragraphs.
pub fn breaks_line(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// Returns a text as one line, with a blank for each character that ends one, if that is another text.
fn joined(text: &str, is_break: impl Fn(char) -> bool) -> Option<String> {
    let line = text.replace(is_break, " ");
    let line = if is_blank(&line) { "" } else { line.trim() };
    (line != text).then(|| line.to_owned())
}

/// Any number of lines, also empty, without a null character or a card number.
#[derive(Debug, Clone, Copy)]
pub enum FreeRule {}

impl Rule for FreeRule {
    const NAME: &'static str = "Text";
    const MIN: usize = 0;

    fn check(text: &str, max: usize, mut note: impl FnMut(String)) {
        if text.chars().nth(max).is_some() {
            note(format!("This may have at most {max} characters."));
        }
        if text.contains('\0') {
            note("A text must not contain a null character.".to_owned());
        }
        note_card_number(text, note);
    }
}

/// A number of another system: one line that is not blank, kept without the blanks around it. It may look like a card number,
/// as the numbers of orders, parcels, devices and bank transfers do.
#[derive(Debug, Clone, Copy)]
pub enum ReferenceRule {}

impl Rule for ReferenceRule {
    const NAME: &'static str = "Reference";
    const MIN: usize = 1;

    fn check(text: &str, max: usize, mut note: impl FnMut(String)) {
        if is_blank(text) {
            // As the schema says it of an empty text.
            note(format!("Send text of 1 to {max} characters, in quotes."));
        }
        if text.chars().nth(max).is_some() {
            note(format!("This may have at most {max} characters."));
        }
        if text.chars().any(breaks_line) {
            note("This must be one line without control characters.".to_owned());
        }
    }

    fn kept(text: &str) -> Option<String> {
        let trimmed = text.trim();
        (trimmed != text).then(|| trimmed.to_owned())
    }
}

/// The reference on the slip of a payment, from a till that can't correct it: control characters are kept as blanks, without those
/// around it. It may be blank. It may look like a card number.
#[derive(Debug, Clone, Copy)]
pub enum SlipRule {}

impl Rule for SlipRule {
    const NAME: &'static str = "Slip";
    const MIN: usize = 0;

    fn check(text: &str, max: usize, mut note: impl FnMut(String)) {
        if text.chars().nth(max).is_some() {
            note(format!("This may have at most {max} characters."));
        }
    }

    fn kept(text: &str) -> Option<String> {
        joined(text, breaks_line)
    }
}

/// As [`FreeRule`]. The document itself rejects an empty text, with a detail of its own.
#[derive(Debug, Clone, Copy)]
pub enum FilledRule {}

impl Rule for FilledRule {
    const NAME: &'static str = "Filled";
    const MIN: usize = 1;

    fn check(text: &str, max: usize, note: impl FnMut(String)) {
        FreeRule::check(text, max, note);
    }
}

/// One line for people, kept without the blanks around it. The document itself rejects a blank one, with a detail of its own.
#[derive(Debug, Clone, Copy)]
pub enum ReasonRule {}

impl Rule for ReasonRule {
    const NAME: &'static str = "Reason";
    const MIN: usize = 1;

    fn check(text: &str, max: usize, mut note: impl FnMut(String)) {
        if text.chars().nth(max).is_some() {
            note(format!("This may have at most {max} characters."));
        }
        if text.chars().any(breaks_line) {
            note("This must be one line without control characters.".to_owned());
        }
        note_card_number(text, note);
    }

    fn kept(text: &str) -> Option<String> {
        ReferenceRule::kept(text)
    }
}

/// As [`ReferenceRule`], without a card number.
#[derive(Debug, Clone, Copy)]
pub enum NoteRule {}

impl Rule for NoteRule {
    const NAME: &'static str = "Note";
    const MIN: usize = 1;

    fn check(text: &str, max: usize, mut note: impl FnMut(String)) {
        ReferenceRule::check(text, max, &mut note);
        note_card_number(text, note);
    }

    fn kept(text: &str) -> Option<String> {
        ReferenceRule::kept(text)
    }
}

/// A text on a line of a document, which a till that can't correct it may send: line breaks and tabs are kept as blanks, without those
/// around it. It may be blank, and has no card number.
#[derive(Debug, Clone, Copy)]
pub enum LabelRule {}

impl Rule for LabelRule {
    const NAME: &'static str = "Label";
    const MIN: usize = 0;

    fn check(text: &str, max: usize, note: impl FnMut(String)) {
        FreeRule::check(text, max, note);
    }

    fn kept(text: &str) -> Option<String> {
        joined(text, |letter| letter != '\0' && breaks_line(letter))
    }
}

/// Returns the label of a line; nothing for a blank one.
pub fn label<const MAX: usize>(text: Option<Text<MAX, LabelRule>>) -> Option<Text<MAX, LabelRule>> {
    text.filter(|text| !text.is_empty())
}

/// One line that is not empty and neither begins nor ends with a space.
#[derive(Debug, Clone, Copy)]
pub enum LineRule {}

impl Rule for LineRule {
    const NAME: &'static str = "Line";
    const MIN: usize = 1;

    fn check(text: &str, max: usize, mut note: impl FnMut(String)) {
        if text.is_empty() || text.chars().nth(max).is_some() {
            note(format!("This must have 1 to {max} characters."));
        } else if text.trim() == text && is_blank(text) {
            note("This has no character that can be seen.".to_owned());
        } else if text.chars().any(breaks_line) || text.trim() != text {
            note("This must be one line that does not begin or end with a space.".to_owned());
        }
    }
}

/// One line for people, without a card number. Invisible characters that join nothing are taken out.
#[derive(Debug, Clone, Copy)]
pub enum NameRule {}

impl Rule for NameRule {
    const NAME: &'static str = "Name";
    const MIN: usize = 1;

    fn check(text: &str, max: usize, mut note: impl FnMut(String)) {
        LineRule::check(text, max, &mut note);
        note_card_number(text, note);
    }

    fn kept(text: &str) -> Option<String> {
        let is_stray = |letter: char| code::is_stray(letter);
        (!text.is_ascii() && text.contains(is_stray)).then(|| text.replace(is_stray, ""))
    }
}

/// Several lines for people, such as a description, without a card number.
#[derive(Debug, Clone, Copy)]
pub enum ProseRule {}

impl Rule for ProseRule {
    const NAME: &'static str = "Prose";
    const MIN: usize = 0;

    fn check(text: &str, max: usize, mut note: impl FnMut(String)) {
        if text.chars().nth(max).is_some() {
            note(format!("This may have at most {max} characters."));
        } else if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
            note("This has a control character; only line breaks and tabs are allowed.".to_owned());
        }
        note_card_number(text, note);
    }
}

fn note_card_number(text: &str, mut note: impl FnMut(String)) {
    if holds_card_number(text) {
        note(CARD_NUMBER.to_owned());
    }
}

const CARD_NUMBER: &str = "This looks like a card number, which must not be stored. Leave it out, or send the processor's reference.";

/// Adds a problem for a card number in a text whose type allows one, such as the reference of a card payment.
pub fn check_no_card(problems: &mut Problems, pointer: &str, reference: Option<&str>) {
    if reference.is_some_and(holds_card_number) {
        problems.invalid(pointer, CARD_NUMBER);
    }
}

impl<const MAX: usize, R: Rule> Deref for Text<MAX, R> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl<const MAX: usize, R: Rule> fmt::Debug for Text<MAX, R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, out)
    }
}

impl<const MAX: usize, R: Rule> fmt::Display for Text<MAX, R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl<const MAX: usize, R: Rule> Clone for Text<MAX, R> {
    fn clone(&self) -> Self {
        Text { text: self.text.clone(), sent: self.sent.clone(), rule: PhantomData }
    }
}

impl<const MAX: usize, R: Rule> PartialEq for Text<MAX, R> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<const MAX: usize, R: Rule> Eq for Text<MAX, R> {}

impl<const MAX: usize, R: Rule> PartialOrd for Text<MAX, R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const MAX: usize, R: Rule> Ord for Text<MAX, R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl<const MAX: usize, R: Rule> Default for Text<MAX, R> {
    fn default() -> Self {
        Text::from(String::new())
    }
}

impl<const MAX: usize, R: Rule> From<String> for Text<MAX, R> {
    fn from(text: String) -> Self {
        match R::kept(&text) {
            None => Text { text, sent: None, rule: PhantomData },
            Some(form) => {
                let sent = R::HAS_OLD_FORMS.then(|| text.into_boxed_str());
                Text { text: form, sent, rule: PhantomData }
            }
        }
    }
}

impl<const MAX: usize, R: Rule> From<&str> for Text<MAX, R> {
    fn from(text: &str) -> Self {
        Text::from(text.to_owned())
    }
}

impl<const MAX: usize, R: Rule> From<Text<MAX, R>> for String {
    fn from(text: Text<MAX, R>) -> Self {
        text.text
    }
}

impl<const MAX: usize, R: Rule> Serialize for Text<MAX, R> {
    /// As it was sent: the present values of a record, to which a patch is applied, have the form that is stored.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.sent())
    }
}

impl<'de, const MAX: usize, R: Rule> Deserialize<'de> for Text<MAX, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Text::from)
    }
}

impl<const MAX: usize, R: Rule> utoipa::PartialSchema for Text<MAX, R> {
    fn schema() -> utoipa::openapi::RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX));
        if R::MIN > 0 { text.min_length(Some(R::MIN)).into() } else { text.into() }
    }
}

impl<const MAX: usize, R: Rule> utoipa::ToSchema for Text<MAX, R> {
    /// The OpenAPI document has the schema itself in place of this name.
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Text_{}_{MAX}", R::NAME).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details<R: Rule>(text: &str, max: usize) -> Vec<String> {
        let mut details = Vec::new();
        R::check(text, max, |detail| details.push(detail));
        details
    }

    #[test]
    fn each_rule_says_everything_that_is_wrong() {
        let card = "4111 1111 1111 1111\0";
        assert_eq!(details::<FreeRule>(card, 10).len(), 3);
        assert_eq!(details::<LineRule>(card, 10).len(), 1);
        assert_eq!(details::<NameRule>(card, 10).len(), 2);
        assert_eq!(details::<ProseRule>(card, 10).len(), 2);
        for text in ["", " a", "a ", "a\nb", "a\0", "a\u{2028}b", "a\u{2029}b", "\u{200b}", "äääääääääää"]
        {
            assert_eq!(details::<LineRule>(text, 10).len(), 1, "{text:?}");
        }
        for text in ["a", "a b", "ääääääääää"] {
            assert_eq!(details::<LineRule>(text, 10), Vec::<String>::new(), "{text:?}");
        }
        assert_eq!(details::<ProseRule>("a\r\n\tb", 10), Vec::<String>::new());
        assert_eq!(details::<FreeRule>("", 10), Vec::<String>::new());
    }

    #[test]
    fn a_reference_is_one_line_without_blanks_around_it() {
        let no_line = ["a\nb", "a\u{2028}b", "a\u{2029}b", "a\0", "a\tb", "12345678901"];
        for text in ["", " ", "\n", "\u{200b}", "\u{feff}"].into_iter().chain(no_line) {
            let reference = Text::<10, ReferenceRule>::from(text);
            assert_eq!(details::<ReferenceRule>(&reference, 10).len(), 1, "{text:?}");
        }
        let reference = Reference100::from(" PO 7\n");
        assert_eq!((reference.as_str(), reference.sent(), reference.is_allowed()), ("PO 7", "PO 7", true));
        assert_eq!(Slip100::from("a\u{2028}b\n").as_str(), "a b");
        assert_eq!(Slip100::from("\u{200b} \u{feff}").as_str(), "");
        assert!(
            Reference100::from("4111 1111 1111 1111").is_allowed(),
            "numbers of other systems look alike"
        );
    }

    #[test]
    fn reasons_notes_and_labels_are_one_line_without_blanks_around_it() {
        let card = "4111 1111 1111 1111";
        for text in ["a\nb", "a\u{2028}b", "a\tb", "a\0", card, "abcdefghijklmnopqrst"] {
            assert_eq!(details::<ReasonRule>(text, 19).len(), 1, "{text:?}");
            assert_eq!(details::<NoteRule>(text, 19).len(), 1, "{text:?}");
        }
        assert_eq!((details::<ReasonRule>("", 10).len(), details::<NoteRule>("", 10).len()), (0, 1));
        let (reason, note) = (Filled200::from(" Broken\n"), Note200::from(" Broken\n"));
        assert_eq!((reason.as_str(), note.as_str()), ("Broken", "Broken"));
        for (sent, kept) in
            [(" a\n\tb ", "a  b"), (" \u{200b}\n", ""), ("a\u{2028}b", "a b"), ("a\0b", "a\0b")]
        {
            assert_eq!(Label200::from(sent).as_str(), kept, "{sent:?}");
        }
        assert!(!Label200::from("a\0b").is_allowed() && !Label200::from(card).is_allowed());
        assert!(label(Some(Label500::from("\n"))).is_none() && label(Some(Label500::from("a"))).is_some());
    }

    #[test]
    fn a_code_in_an_older_form_survives_a_patch() {
        let present = Code64::from("AB\u{2011}1");
        assert_eq!((present.as_str(), present.sent()), ("AB-1", "AB\u{2011}1"));
        let json = serde_json::to_value(&present).expect("JSON");
        let restated: Code64 = serde_json::from_value(json).expect("a code");
        assert!(restated.restates("AB\u{2011}1") && restated.clone().restates("AB\u{2011}1"));
        assert!(!Code64::from("AB-1").restates("AB\u{2011}1"), "the one form is another code");
        assert!(!Code64::from("AB-1").restates("AB-1"));
        let kept = Code64::stored("AB\u{2011}1");
        assert_eq!((kept.clone().as_str(), kept.sent()), ("AB\u{2011}1", "AB\u{2011}1"));
        let name = Name::from("Mu\u{200b}g");
        assert_eq!((name.as_str(), name.sent()), ("Mug", "Mug"));
    }

    #[test]
    fn a_schema_says_the_limits() {
        let schema = |schema| serde_json::to_value(schema).expect("JSON");
        let name = schema(<Name as utoipa::PartialSchema>::schema());
        assert_eq!(name, serde_json::json!({ "type": "string", "minLength": 1, "maxLength": 200 }));
        let free = schema(<Text500 as utoipa::PartialSchema>::schema());
        assert_eq!(free, serde_json::json!({ "type": "string", "maxLength": 500 }));
    }
}
