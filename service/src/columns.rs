//! Statements whose values are bound by the names of their columns.
//!
//! A row has one value for each column: `into t (a, b) values ($1, $2)` says that the second value is the column
//! `b`, and so does `set b = $2` of an update. Many rows have one array for each: `unnest($3::uuid[], $4::text[]) as v (id, code)`
//! says that the third value is the column `id`. Two columns of one type could change places otherwise, and no compiler and no
//! database would notice. A build with debug checks, which every test is, compares each name with the statement.

use sea_orm::sqlx::postgres::{PgArguments, PgRow};
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Encode, Postgres, Type};

use crate::{Error, Tx};

/// A statement whose values are bound in order and by name.
pub(crate) struct Columns<'q> {
    text: &'static str,
    query: Query<'q, Postgres, PgArguments>,
    /// The number of values that are bound.
    bound: usize,
}

impl<'q> Columns<'q> {
    pub(crate) fn of(text: &'static str) -> Self {
        Columns { text, query: sqlx::query(text), bound: 0 }
    }

    /// Binds a value that is no column, or the same for all rows.
    pub(crate) fn bind<T>(mut self, value: T) -> Self
    where
        T: Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        self.bound += 1;
        self.query = self.query.bind(value);
        self
    }

    /// Binds the column `name` of the one row that a statement inserts.
    ///
    /// # Panics
    ///
    /// In a build with debug checks, if the statement has another column at this place.
    pub(crate) fn value<T>(self, name: &str, value: T) -> Self
    where
        T: Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        let number = self.bound + 1;
        debug_assert_eq!(inserted_column(self.text, number), Some(name), "${number} of {}", self.text);
        self.bind(value)
    }

    /// Binds the value to which an update sets the column `name`.
    ///
    /// # Panics
    ///
    /// In a build with debug checks, if the statement sets another column to this value.
    pub(crate) fn set<T>(self, name: &str, value: T) -> Self
    where
        T: Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        let number = self.bound + 1;
        debug_assert_eq!(set_column(self.text, number), Some(name), "${number} of {}", self.text);
        self.bind(value)
    }

    /// Binds the column `name` of the rows.
    ///
    /// # Panics
    ///
    /// In a build with debug checks, if the statement has another column at this place.
    pub(crate) fn column<R, T>(self, name: &str, rows: &[R], value: impl Fn(&R) -> T) -> Self
    where
        Vec<T>: Encode<'q, Postgres> + Type<Postgres>,
        T: 'q,
    {
        let number = self.bound + 1;
        debug_assert_eq!(column_at(self.text, number), Some(name), "${number} of {}", self.text);
        self.bind(rows.iter().map(value).collect::<Vec<T>>())
    }

    /// Runs the statement; returns its rows.
    pub(crate) async fn rows(self, tx: &Tx) -> Result<Vec<PgRow>, Error> {
        tx.rows(self.query).await
    }

    /// Runs the statement; returns how many rows it touched.
    pub(crate) async fn execute(self, tx: &Tx) -> Result<u64, Error> {
        tx.execute(self.query).await
    }
}

/// The column that a statement makes of its value `number`: the one at the same place of the list behind `unnest (…)`.
fn column_at(text: &str, number: usize) -> Option<&str> {
    let value = text.find(&format!("${number}::"))?;
    let values = &text[text[..value].rfind("unnest(")?..value];
    let (_, rest) = text[value..].split_once(')')?;
    let (_, columns) = rest.split_once('(')?;
    let (columns, _) = columns.split_once(')')?;
    columns.split(',').nth(values.matches(',').count()).map(str::trim)
}

/// The column that a statement inserts its value `number` into.
fn inserted_column(text: &str, number: usize) -> Option<&str> {
    let (before, values) = text.split_once("values (")?;
    let (_, columns) = before.rsplit_once("into ")?;
    let (columns, _) = columns.split_once('(')?.1.split_once(')')?;
    let (values, _) = values.split_once(')')?;
    let place = values.split(',').position(|value| value.trim() == format!("${number}"))?;
    columns.split(',').nth(place).map(str::trim)
}

/// The column that an update sets to its value `number`.
fn set_column(text: &str, number: usize) -> Option<&str> {
    let (_, changes) = text.split_once(" set ")?;
    let (changes, _) = changes.split_once(" where ")?;
    let mut changes = changes.split(',').filter_map(|change| change.split_once('='));
    changes.find(|(_, value)| value.trim() == format!("${number}")).map(|(name, _)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "with head as (into t (a, b, c) select $1, v.* \
                        from unnest($2::uuid[], $3::text[], $12::numeric[]) as v (id, code, amount)) \
                        into u (d) select v.* from unnest($1::uuid[]) as v (head_id)";

    #[test]
    fn a_value_is_the_column_at_its_place() {
        let columns = [1, 2, 3, 12, 4].map(|number| column_at(TEXT, number));
        assert_eq!(columns, [Some("head_id"), Some("id"), Some("code"), Some("amount"), None]);
    }

    #[test]
    fn a_value_of_one_row_is_the_column_it_is_inserted_into() {
        let text = "with made as (into t (a, b, c, d) values ($1, $3, now(), $2)) select 1";
        assert_eq!([1, 3, 4].map(|number| inserted_column(text, number)), [Some("a"), Some("b"), None]);
        let text = "into t (a, b, c) values ($1, case when $3::int is null then 1 else 2 end, $2)";
        assert_eq!([1, 2, 3].map(|number| inserted_column(text, number)), [Some("a"), Some("c"), None]);
    }

    #[test]
    fn a_value_of_an_update_is_the_column_that_it_sets() {
        let text =
            "update t set a = $3, b = $10, version = version + 1, c = $1 where tenant_id = $4 and d = $2";
        let columns = [3, 10, 1, 2, 4].map(|number| set_column(text, number));
        assert_eq!(columns, [Some("a"), Some("b"), Some("c"), None, None]);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "$3 of")]
    fn columns_can_not_change_places() {
        let rows = [(uuid::Uuid::nil(), "A")];
        let query = Columns::of(TEXT).bind(1).column("id", &rows, |(id, _)| *id);
        query.column("amount", &rows, |(_, code)| *code);
    }
}
