//! Statements whose values are bound by name.
//!
//! The text of a report is put together from parts, so no part can know the number of a value. It says `:name` where the
//! value stands, and [`Named`] gives each name that the text has the next number.

use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Arguments, AssertSqlSafe, Encode, Postgres, Type};

/// A statement that is given its values.
pub(super) struct Named {
    text: String,
    values: Result<PgArguments, BoxDynError>,
    /// The number of values that are bound.
    bound: usize,
}

impl Named {
    pub(super) fn of(text: String) -> Self {
        Named { text, values: Ok(PgArguments::default()), bound: 0 }
    }

    /// Binds a value wherever the text names it. A statement that does not name it is not given it.
    pub(super) fn value<'v, T>(mut self, name: &str, value: T) -> Self
    where
        T: Encode<'v, Postgres> + Type<Postgres>,
    {
        let number = self.bound + 1;
        if let Some(text) = numbered(&self.text, name, number) {
            self.text = text;
            self.bound = number;
            self.values = self.values.and_then(|mut values| values.add(value).map(|()| values));
        }
        self
    }

    /// Returns the query. The connection forgets the statement: there are many reports, and each has its own.
    ///
    /// # Errors
    ///
    /// If a value can't be written as its type.
    ///
    /// # Panics
    ///
    /// In a build with debug checks, if the text names a value that was not bound.
    pub(super) fn query<'q>(self) -> Result<Query<'q, Postgres, PgArguments>, sqlx::Error> {
        self.query_kept(false)
    }

    /// Like [`query`](Named::query). If it is kept, the connection keeps the statement prepared, which saves 2 to 4 ms and a round
    /// trip the next time, and takes 0.3 MB of the database's memory. It is planned for its values all the same.
    pub(super) fn query_kept<'q>(
        self,
        is_kept: bool,
    ) -> Result<Query<'q, Postgres, PgArguments>, sqlx::Error> {
        debug_assert_eq!(first_name(&self.text), None, "a value is not bound: {}", self.text);
        let values = self.values.map_err(sqlx::Error::Encode)?;
        Ok(sqlx::query_with(AssertSqlSafe(self.text), values).persistent(is_kept))
    }
}

/// Replaces the places of a name by its number. Returns nothing if the text does not have the name.
fn numbered(text: &str, name: &str, number: usize) -> Option<String> {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = 0;
    for (place, found) in names(text).filter(|(_, found)| *found == name) {
        replaced.push_str(&text[rest..place]);
        replaced.push_str(&format!("${number}"));
        rest = place + 1 + found.len();
    }
    (rest > 0).then(|| replaced + &text[rest..])
}

fn first_name(text: &str) -> Option<&str> {
    names(text).next().map(|(_, name)| name)
}

/// Returns the names in a text, each with the place of its colon. A cast has two colons, and no name follows it.
fn names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    text.match_indices(':').filter_map(move |(place, _)| {
        let name = &text[place + 1..];
        let name = &name[..name.find(|letter| !is_letter(letter)).unwrap_or(name.len())];
        (!name.is_empty() && !text[..place].ends_with(':')).then_some((place, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_replaced_wherever_it_stands() {
        let text = "select :at::text, :at_end, '12:30' where a = any(:ids) and b < :at";
        let text = numbered(text, "at", 1).expect("the text has it");
        assert_eq!(text, "select $1::text, :at_end, '12:30' where a = any(:ids) and b < $1");
        assert_eq!(numbered(&text, "at", 2), None);
        assert_eq!(first_name(&text), Some("at_end"));
    }

    #[test]
    fn values_get_the_numbers_of_the_names_in_use() {
        let named = Named::of("select :second, :first".to_owned());
        let named = named.value("first", 1).value("unused", 2).value("second", "b");
        assert_eq!(named.text, "select $2, $1");
        assert_eq!(named.values.expect("values").len(), 2);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "a value is not bound")]
    fn a_name_without_a_value_is_found() {
        let _ = Named::of("select :known, :forgotten".to_owned()).value("known", 1).query();
    }
}
