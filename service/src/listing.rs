//! Lists of documents: literal SQL with the conditions that were asked for, one keyset page at a time.
//!
//! Documents are listed by their id. Ids are UUIDv7, so that is the order in which they were made.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::number::{Kind, Number};
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{Encode, Postgres, QueryBuilder, Row, Type};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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

/// One page of such a list.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    /// The order.
    pub age: Age,
    /// The page starts after this id; at the first one, if absent.
    pub after: Option<Uuid>,
    /// How many rows to read.
    pub rows: u64,
}

/// A half-open span of time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    /// At this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
}

/// A query that grows by the conditions that apply.
pub(crate) struct Listing(QueryBuilder<Postgres>);

impl Listing {
    /// Starts with a `select` that ends in `tenant_id = `.
    pub(crate) fn new(tx: &Tx, select: &'static str) -> Self {
        Listing::raw(select).tenant(tx)
    }

    /// Starts with any text; the tenant is still to come.
    pub(crate) fn raw(text: &'static str) -> Self {
        Listing(QueryBuilder::new(text))
    }

    /// The tenant, where the text ends in `tenant_id = `.
    pub(crate) fn tenant(self, tx: &Tx) -> Self {
        self.bind(tx.tenant_id.0)
    }

    /// One more value, where the text ends before it.
    pub(crate) fn bind<'t, T>(mut self, value: T) -> Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        self.0.push_bind(value);
        self
    }

    /// Where a value is asked for: `condition`, which ends where the value belongs.
    pub(crate) fn with<'t, T>(mut self, condition: &'static str, value: Option<T>) -> Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        if let Some(value) = value {
            self.0.push(" and ").push(condition).push_bind(value);
        }
        self
    }

    /// Where words are asked for: `column` is one of them.
    pub(crate) fn among<T: Into<&'static str> + Copy>(mut self, column: &'static str, words: &[T]) -> Self {
        if !words.is_empty() {
            let words: Vec<&str> = words.iter().map(|word| (*word).into()).collect();
            self.0.push(" and ").push(column).push(" = any(").push_bind(words).push(")");
        }
        self
    }

    /// Within a span of time.
    pub(crate) fn within(mut self, column: &'static str, period: Period) -> Self {
        if let Some(from) = period.from {
            self.0.push(" and ").push(column).push(" >= ").push_bind(from);
        }
        if let Some(to) = period.to {
            self.0.push(" and ").push(column).push(" < ").push_bind(to);
        }
        self
    }

    /// Adds SQL without a value.
    pub(crate) fn sql(mut self, text: &'static str) -> Self {
        self.0.push(text);
        self
    }

    /// What belongs to one page, in the order of `id`.
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

    /// One page, in the order of `id`.
    pub(crate) async fn page(self, tx: &Tx, id: &'static str, slice: &Slice) -> Result<Vec<PgRow>, Error> {
        self.cut(id, slice).rows(tx).await
    }

    /// All of its rows.
    pub(crate) async fn rows(mut self, tx: &Tx) -> Result<Vec<PgRow>, Error> {
        tx.rows(self.0.build()).await
    }
}

/// A number of a row.
pub(crate) fn number<K: Kind>(row: &PgRow, column: &str) -> Result<Number<K>, Error> {
    Ok(Number::new(row.try_get::<Decimal, _>(column)?))
}

/// A number of a row that may have none.
pub(crate) fn optional_number<K: Kind>(row: &PgRow, column: &str) -> Result<Option<Number<K>>, Error> {
    Ok(row.try_get::<Option<Decimal>, _>(column)?.map(Number::new))
}

/// A word of a row as what it stands for.
pub(crate) fn word<T: FromStr>(row: &PgRow, column: &str) -> Result<T, Error> {
    parsed(row.try_get(column)?)
}

/// A word of a row that may have none.
pub(crate) fn optional_word<T: FromStr>(row: &PgRow, column: &str) -> Result<Option<T>, Error> {
    row.try_get::<Option<String>, _>(column)?.map(parsed).transpose()
}
