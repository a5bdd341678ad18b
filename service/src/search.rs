//! Searches for a text in the names and codes of records.
//!
//! A function of the schema `auth` does it (`31_search.sql`), because row-level security would prevent the use of the index.
//! It returns ids with their rank: 0, the text is the code; 1, the code or the name begins with it; 2, each word of it
//! begins a word; 3, each word of it is somewhere.

use domain::text::{Searched, WITHIN_LENGTH_MIN, looks};

use crate::listing::Listing;

/// Most records that a search finds: those of the best rank.
const FOUND_MAX: i32 = 10_000;

/// Characters before a word, as a pattern has them. The index takes each for a blank.
const MARKS: [&str; 7] = [" ", "-", "/", ".", "(", "+", "\\_"];

/// A text to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    text: Searched,
    /// Whether it may be anywhere, and not at the beginning only.
    anywhere: bool,
}

impl Search {
    /// Reads a text that a person typed. Returns nothing if it has no word.
    pub fn new(text: &str, anywhere: bool) -> Option<Self> {
        let text = Searched::new(text);
        (!text.words().is_empty()).then_some(Search { text, anywhere })
    }

    /// Binds the arguments of a function of `31_search.sql`.
    pub(crate) fn bind(&self, query: Listing) -> Listing {
        let query = query.bind(self.text.whole().to_owned()).sql(", ").bind(self.text.words().to_vec());
        query.sql(", ").bind(self.patterns()).sql(", ").bind(FOUND_MAX)
    }

    /// Returns the patterns of which a name or a code has one. The index consists of groups of three characters, of which
    /// a word begins with two blanks: so two characters are found only where a word begins, and one only at the beginning
    /// of the whole text, which needs no pattern.
    fn patterns(&self) -> Vec<String> {
        if !self.anywhere {
            return looks(self.text.whole()).map(|look| format!("{}%", escaped(&look))).to_vec();
        }
        let Some(longest) = self.text.words().first() else { return Vec::new() };
        let looks = looks(longest).map(|look| escaped(&look));
        match longest.chars().count() {
            0 | 1 => Vec::new(),
            length if length < WITHIN_LENGTH_MIN => {
                let begun = |look: &String| {
                    MARKS
                        .map(|mark| format!("%{mark}{look}%"))
                        .into_iter()
                        .chain([format!("{look}%")])
                        .collect::<Vec<_>>()
                };
                looks.iter().flat_map(begun).collect()
            }
            _ => looks.map(|look| format!("%{look}%")).to_vec(),
        }
    }
}

/// Returns a text in which no character has a meaning in a pattern.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(text: &str, anywhere: bool) -> Vec<String> {
        Search::new(text, anywhere).map(|search| search.patterns()).unwrap_or_default()
    }

    #[test]
    fn the_longest_word_is_searched_by_the_index() {
        assert_eq!(patterns("M8 Bolt", true)[0], "%bolt%");
        assert_eq!(patterns("m8", true)[..2], ["% m8%", "%-m8%"]);
        assert_eq!(patterns("m8", true)[6..8], ["%\\_m8%", "m8%"]);
        assert_eq!(patterns("m", true), [""; 0]);
        assert_eq!(patterns("100%", true)[0], "%100\\%%");
        assert_eq!(patterns("Big Bolt", false)[0], "big bolt%");
        assert_eq!(Search::new(" \u{200b} ", true), None);
    }
}
