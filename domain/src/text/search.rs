//! Searched texts: words that are found however they were typed into a name.

use unicode_normalization::UnicodeNormalization;

use super::code::one_form;

/// Fewest letters of a word that is found anywhere in a text: the index consists of groups of three. A shorter one is found
/// where a word begins.
pub const WITHIN_LENGTH_MIN: usize = 3;

/// A searched text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The words, in lower case, the longest first.
    words: Vec<String>,
    /// All of it, in lower case, with one space between words.
    whole: String,
}

impl Searched {
    /// Reads a text that a person typed. The time is proportional to its length.
    pub fn new(text: &str) -> Self {
        // Each word alone: a Cyrillic word whose letters all look Latin stays Cyrillic beside a Latin one.
        let words = text.split_whitespace().map(|word| one_form(word).to_lowercase());
        let mut words: Vec<String> =
            words.flat_map(|word| word.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
        let whole = words.join(" ");
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        Searched { words, whole }
    }

    /// Returns all of it.
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// Returns the words, the longest first.
    pub fn words(&self) -> &[String] {
        &self.words
    }
}

/// Returns the ways in which a word may stand in a name: composed, decomposed, in wide letters.
pub fn looks(word: &str) -> [String; 3] {
    let wide = |letter: char| match letter {
        '!'..='~' => char::from_u32(u32::from(letter) + 0xfee0).unwrap_or(letter),
        ' ' => '\u{3000}',
        _ => letter,
    };
    [word.to_owned(), word.nfd().collect(), word.chars().map(wide).collect()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_comes_first() {
        let text = Searched::new("  Big\u{a0}ＢＬＵＥ mu\u{200b}g ");
        assert_eq!(text.words(), ["blue", "big", "mug"]);
        assert_eq!(text.whole(), "big blue mug");
        assert_eq!(Searched::new("\u{200b}").words(), [""; 0]);
        assert_eq!(Searched::new("Сахар 1kg").words(), ["сахар", "1kg"]);
    }

    #[test]
    fn a_word_is_looked_for_as_it_may_have_been_typed() {
        assert_eq!(looks("é1"), ["é1", "e\u{301}1", "é１"]);
    }
}
