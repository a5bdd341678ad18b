//! Searches for a text in the names and codes of records.
//!
//! A function of the schema `auth` does it (`31_search.sql`), because row-level security would prevent the use of the index.
//! It returns ids with their rank: 0, the text is the code; 1, the code or the name begins with it; 2, each word of it
//! begins a word; 3, each word of it is somewhere.

use std::sync::OnceLock;

use domain::annotation::Tag;
use domain::metadata::{self, Metadata};
use domain::text::{DASHES, Searched, WITHIN_LENGTH_MIN, looks};
use sea_orm::sqlx::{self, Row};
use serde_json::json;
use uuid::Uuid;

use crate::listing::Listing;
use crate::{Error, Tx};

/// Most records that a search finds: those of the best rank.
const FOUND_MAX: i32 = 10_000;
/// Most records with one tag that are found by their index. Of more, a page soon has its rows in the order of the list.
const TAGGED_MAX: i32 = 5_000;

/// Most records with the same metadata that are found by their index.
const NOTED_MAX: i32 = 5_000;

/// Characters before a word, as a pattern has them, beside the dashes. The index takes each for a blank.
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
        let patterns = |looks: &[String], form: &dyn Fn(&str) -> String| -> Vec<String> {
            looks.iter().map(|look| form(&escaped(look))).collect()
        };
        if !self.anywhere {
            return patterns(&looks(self.text.whole()), &|look| format!("{look}%"));
        }
        let looks = self.text.longest_looks();
        let Some(longest) = self.text.words().first() else { return Vec::new() };
        match longest.chars().count() {
            0 | 1 => Vec::new(),
            length if length < WITHIN_LENGTH_MIN => {
                let marks = MARKS.into_iter().map(str::to_owned).chain(DASHES.map(String::from));
                let begun = marks.flat_map(|mark| patterns(&looks, &|look| format!("%{mark}{look}%")));
                begun.chain(patterns(&looks, &|look| format!("{look}%"))).collect()
            }
            _ => patterns(&looks, &|look| format!("%{look}%")),
        }
    }
}

/// The SQL of a list of named records that can be searched.
pub(crate) struct Searchable {
    /// Begins the list, and ends in `tenant_id = `.
    pub all: &'static str,
    /// Begins the list of those that a search finds, before the arguments of its function.
    pub found: &'static str,
    /// Follows the arguments, and ends in `tenant_id = `.
    pub joined: &'static str,
    /// Finds the ids of those with a tag ($1), at most so many ($2).
    pub tagged: &'static str,
    /// The condition that a record is one of those.
    pub is_one: &'static str,
    /// The condition that a record has a tag.
    pub has_tag: &'static str,
}

impl Searchable {
    /// Begins the list of the records that a search finds and that have a tag.
    pub(crate) async fn listing(
        &self,
        tx: &Tx,
        search: Option<&Search>,
        tag: Option<&str>,
    ) -> Result<Listing, Error> {
        let query = match search {
            Some(search) => search.bind(Listing::raw(self.found)).sql(self.joined).tenant(tx),
            None => Listing::new(tx, self.all),
        };
        let Some(tag) = tag.map(Tag::from) else { return Ok(query) };
        let row = tx.row(sqlx::query(self.tagged).bind(tag.as_str().to_owned()).bind(TAGGED_MAX)).await?;
        let found: Option<Vec<Uuid>> = row.map(|row| row.try_get(0)).transpose()?.flatten();
        Ok(match found {
            Some(ids) => query.with(self.is_one, Some(ids)).sql(")"),
            None => query.with(self.has_tag, Some(json!([tag.as_str()]))),
        })
    }
}

/// Pairs that records have in their metadata. The records that have them are found once, with the first rows that are read, so that
/// a list that is read whole does not find them again for each part.
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    wanted: Metadata,
    /// The records that have them. None: too many.
    found: OnceLock<Option<Vec<Uuid>>>,
}

impl From<Metadata> for Pairs {
    fn from(wanted: Metadata) -> Self {
        Pairs { wanted, found: OnceLock::new() }
    }
}

/// The SQL by which the records of a list are found by their metadata.
pub(crate) struct Noted {
    /// Finds the ids of those with the pairs ($1), at most so many ($2).
    pub find: &'static str,
    /// The condition that a record is one of those.
    pub is_one: &'static str,
    /// The condition that a record has the pairs.
    pub has: &'static str,
}

impl Noted {
    /// Adds the condition that a record has all of `pairs`, if there are any.
    pub(crate) async fn add(&self, tx: &Tx, query: Listing, pairs: &Pairs) -> Result<Listing, Error> {
        if pairs.wanted.is_empty() {
            return Ok(query);
        }
        let wanted = metadata::to_json(&pairs.wanted);
        if pairs.found.get().is_none() {
            let row = tx.row(sqlx::query(self.find).bind(wanted.clone()).bind(NOTED_MAX)).await?;
            let found: Option<Vec<Uuid>> = row.map(|row| row.try_get(0)).transpose()?.flatten();
            pairs.found.get_or_init(|| found);
        }
        Ok(match pairs.found.get().cloned().flatten() {
            Some(ids) => query.with(self.is_one, Some(ids)).sql(")"),
            None => query.with(self.has, Some(wanted)),
        })
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
        let short = patterns("m8", true);
        for pattern in ["% m8%", "%-m8%", "%\u{2013}m8%", "%\\_m8%", "m8%"] {
            assert!(short.contains(&pattern.to_owned()), "{pattern}");
        }
        assert!(patterns("Bolt-M8", true).contains(&"%bolt\u{2014}m8%".to_owned()));
        assert_eq!(patterns("m", true), [""; 0]);
        assert_eq!(patterns("100%", true)[0], "%100\\%%");
        assert_eq!(patterns("Big Bolt", false)[0], "big bolt%");
        assert_eq!(Search::new(" \u{200b} ", true), None);
    }
}
