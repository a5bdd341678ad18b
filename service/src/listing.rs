//! Lists of documents: literal SQL with the requested conditions, one keyset page at a time.
//!
//! Documents are listed by id. Ids are UUIDv7, so that is the order of creation.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use domain::moment::Instant;
use domain::number::{Kind, Number};
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{Encode, Postgres, QueryBuilder, Row, Type};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::page::{Key, Ordering, Page, Position};
use crate::rows::parsed;
use crate::{Error, Tx};

/// The order of a list of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Age {
    /// Newest first.
    #[default]
    #[serde(rename = "-created_at")]
    NewestFirst,
    /// Oldest first.
    #[serde(rename = "created_at")]
    OldestFirst,
}

/// One page of a list of documents.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    pub age: Age,
    /// The page starts after this id; at the beginning if absent.
    pub after: Option<Uuid>,
    /// Number of rows to read.
    pub rows: u64,
    /// Only documents that were written at this instant or later.
    pub since: Option<DateTime<Utc>>,
}

/// A half-open period.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    /// At this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
}

impl Period {
    /// Takes the bounds that a caller names.
    pub fn new(from: Option<Instant>, to: Option<Instant>) -> Self {
        Period { from: from.map(Instant::get), to: to.map(Instant::get) }
    }
}

/// The columns by which every list of records can be sorted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    pub id: &'static str,
    pub updated_at: &'static str,
}

/// A query to which conditions are added.
pub(crate) struct Listing(QueryBuilder<Postgres>);

impl Listing {
    /// Starts with a `select` that ends in `tenant_id = `.
    pub(crate) fn new(tx: &Tx, select: &'static str) -> Self {
        Listing::raw(select).tenant(tx)
    }

    /// Starts with any text, without the tenant.
    pub(crate) fn raw(text: &'static str) -> Self {
        Listing(QueryBuilder::new(text))
    }

    /// Binds the tenant after a text that ends in `tenant_id = `.
    pub(crate) fn tenant(self, tx: &Tx) -> Self {
        self.bind(tx.tenant_id.0)
    }

    /// Binds a value after the text.
    pub(crate) fn bind<'t, T>(mut self, value: T) -> Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        self.0.push_bind(value);
        self
    }

    /// Adds `condition` and its value, if there is a value.
    pub(crate) fn with<'t, T>(mut self, condition: &'static str, value: Option<T>) -> Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        if let Some(value) = value {
            self.0.push(" and ").push(condition).push_bind(value);
        }
        self
    }

    /// Adds the condition that `column` is one of `words`, if there are any.
    pub(crate) fn among<T: Into<&'static str> + Copy>(mut self, column: &'static str, words: &[T]) -> Self {
        if !words.is_empty() {
            let words: Vec<&str> = words.iter().map(|word| (*word).into()).collect();
            self.0.push(" and ").push(column).push(" = any(").push_bind(words).push(")");
        }
        self
    }

    /// Adds the condition that `column` lies in a period.
    pub(crate) fn within(mut self, column: &'static str, period: Period) -> Self {
        if let Some(from) = period.from {
            self.0.push(" and ").push(column).push(" >= ").push_bind(from);
        }
        if let Some(to) = period.to {
            self.0.push(" and ").push(column).push(" < ").push_bind(to);
        }
        self
    }

    /// Adds the condition that a document was written when a client last asked, or later. `condition` compares the column that
    /// has the time.
    pub(crate) fn since(self, condition: &'static str, slice: &Slice) -> Self {
        self.with(condition, slice.since)
    }

    /// Adds SQL without a value.
    pub(crate) fn sql(mut self, text: &'static str) -> Self {
        self.0.push(text);
        self
    }

    /// Adds the start, order and length of a page by `id`.
    pub(crate) fn cut(mut self, id: &'static str, slice: &Slice) -> Self {
        let (after, order) = match slice.age {
            Age::NewestFirst => (" < ", " desc"),
            Age::OldestFirst => (" > ", ""),
        };
        if let Some(last) = slice.after {
            self.0.push(" and ").push(id).push(after).push_bind(last);
        }
        self.0.push(" order by ").push(id).push(order).push(" limit ").push_bind(slice.rows.cast_signed());
        self
    }

    /// Adds the start, order and length of a page. A search has the rank in `f.rank`.
    pub(crate) fn paged(mut self, of: &Columns, page: &Page) -> Self {
        let Ordering { key, is_descending } = page.order;
        let (after, order) = if is_descending { (") < (", " desc") } else { (") > (", "") };
        if let Some(since) = page.updated_since {
            self.0.push(" and ").push(of.updated_at).push(" >= ").push_bind(since);
        }
        let columns: &[&'static str] = match key {
            Key::Id => &[],
            Key::Updated => &[of.updated_at],
            Key::Text(column) | Key::Day(column) => &[column],
            Key::Rank(name) => &["f.rank", name],
        };
        if let Some(Position { at, rank, text, id }) = &page.after {
            self.0.push(" and (");
            for column in columns {
                self.0.push(*column).push(", ");
            }
            self.0.push(of.id).push(after);
            match key {
                Key::Id => {}
                Key::Updated => _ = self.0.push_bind(*at).push(", "),
                Key::Text(_) => _ = self.0.push_bind(text.clone()).push(", "),
                Key::Day(_) => _ = self.0.push_bind(text.clone()).push("::date, "),
                Key::Rank(_) => {
                    self.0.push_bind(*rank).push(", ").push_bind(text.clone()).push(", ");
                }
            }
            self.0.push_bind(*id).push(")");
        }
        self.0.push(" order by ");
        for column in columns {
            self.0.push(*column).push(order).push(", ");
        }
        self.0.push(of.id).push(order).push(" limit ").push_bind(page.rows.cast_signed());
        self
    }

    /// Reads one page by `id`.
    pub(crate) async fn page(self, tx: &Tx, id: &'static str, slice: &Slice) -> Result<Vec<PgRow>, Error> {
        self.cut(id, slice).rows(tx).await
    }

    /// Reads all rows.
    pub(crate) async fn rows(mut self, tx: &Tx) -> Result<Vec<PgRow>, Error> {
        tx.rows(self.0.build()).await
    }
}

/// Reads the position of a row, which has the columns of the order.
pub(crate) fn position(row: &PgRow, order: Ordering) -> Result<Position, Error> {
    let plain = |column: &'static str| column.rsplit('.').next().unwrap_or(column);
    let mut position = Position::of(row.try_get("id")?);
    match order.key {
        Key::Id => {}
        Key::Updated => position.at = Some(row.try_get("updated_at")?),
        Key::Text(column) => position.text = Some(row.try_get(plain(column))?),
        Key::Day(column) => {
            position.text = Some(row.try_get::<NaiveDate, _>(plain(column))?.to_string());
        }
        Key::Rank(column) => {
            position.rank = Some(row.try_get("rank")?);
            position.text = Some(row.try_get(plain(column))?);
        }
    }
    Ok(position)
}

/// Reads a number.
pub(crate) fn number<K: Kind>(row: &PgRow, column: &str) -> Result<Number<K>, Error> {
    Ok(Number::new(row.try_get::<Decimal, _>(column)?))
}

/// Reads a number that may be null.
pub(crate) fn optional_number<K: Kind>(row: &PgRow, column: &str) -> Result<Option<Number<K>>, Error> {
    Ok(row.try_get::<Option<Decimal>, _>(column)?.map(Number::new))
}

/// Reads a word and parses it.
pub(crate) fn word<T: FromStr>(row: &PgRow, column: &str) -> Result<T, Error> {
    parsed(row.try_get(column)?)
}

/// Reads a word that may be null and parses it.
pub(crate) fn optional_word<T: FromStr>(row: &PgRow, column: &str) -> Result<Option<T>, Error> {
    row.try_get::<Option<String>, _>(column)?.map(parsed).transpose()
}
