//! One page of a list: its order, where it starts, how many rows.
//!
//! Pages are keyset pages: a page starts after the key and the id of the last row before it. Ids are UUIDv7, so the order of
//! ids is the order of creation.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Sort {
    /// Newest first.
    #[default]
    #[serde(rename = "-created_at")]
    CreatedDescending,
    /// Oldest first.
    #[serde(rename = "created_at")]
    Created,
    /// Last changed last: the order for synchronisation.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
}

/// The order of a list of documents that are due on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
pub enum DueSort {
    /// Newest first.
    #[default]
    #[serde(rename = "-created_at")]
    CreatedDescending,
    /// Oldest first.
    #[serde(rename = "created_at")]
    Created,
    /// Due first.
    #[serde(rename = "due_on")]
    Due,
    /// Due last.
    #[serde(rename = "-due_on")]
    DueDescending,
}

impl DueSort {
    /// Returns the order, with the column of the day.
    pub fn by(self, due_on: &'static str) -> Ordering {
        match self {
            DueSort::Created => Ordering::ascending(Key::Id),
            DueSort::CreatedDescending => Ordering::descending(Key::Id),
            DueSort::Due => Ordering::ascending(Key::Day(due_on)),
            DueSort::DueDescending => Ordering::descending(Key::Day(due_on)),
        }
    }
}

/// The order of a list: by a key, and by id among equal keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ordering {
    pub key: Key,
    pub is_descending: bool,
}

/// The key that a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The id alone.
    Id,
    /// When the row last changed.
    Updated,
    /// A text, in this column.
    Text(&'static str),
    /// A day, in this column.
    Day(&'static str),
    /// The rank that a search gave, and then a text, in this column.
    Rank(&'static str),
}

/// Makes the orders of a list of records with names that can be searched: by relevance, name and time, and by keys of its own.
macro_rules! named_sort {
    (
        $(#[$doc:meta])*
        $sort:ident by $name_key:literal {
            $(
                $(#[$own_doc:meta])*
                $own:ident as $word:tt,
                $(#[$descending_doc:meta])*
                $descending:ident as $descending_word:tt,
                of $key:expr;
            )+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
        pub enum $sort {
            /// The best match of `q` first.
            #[serde(rename = "relevance")]
            Relevance,
            /// By name, without regard to case.
            #[serde(rename = "name")]
            Name,
            /// By name, in reverse.
            #[serde(rename = "-name")]
            NameDescending,
            $(
                $(#[$own_doc])*
                #[serde(rename = $word)]
                $own,
                $(#[$descending_doc])*
                #[serde(rename = $descending_word)]
                $descending,
            )+
            /// Oldest first.
            #[serde(rename = "created_at")]
            Created,
            /// Newest first.
            #[serde(rename = "-created_at")]
            CreatedDescending,
            /// Last changed last: the order for synchronisation.
            #[serde(rename = "updated_at")]
            Updated,
            /// Last changed first.
            #[serde(rename = "-updated_at")]
            UpdatedDescending,
        }

        impl From<$sort> for $crate::page::Ordering {
            fn from(sort: $sort) -> Self {
                use $crate::page::Ordering;
                match sort {
                    $sort::Relevance => Ordering::ascending($crate::page::Key::Rank($name_key)),
                    $sort::Name => Ordering::ascending($crate::page::Key::Text($name_key)),
                    $sort::NameDescending => Ordering::descending($crate::page::Key::Text($name_key)),
                    $($sort::$own => Ordering::ascending($key),)+
                    $($sort::$descending => Ordering::descending($key),)+
                    $sort::Created => Ordering::ascending($crate::page::Key::Id),
                    $sort::CreatedDescending => Ordering::descending($crate::page::Key::Id),
                    $sort::Updated => Ordering::ascending($crate::page::Key::Updated),
                    $sort::UpdatedDescending => Ordering::descending($crate::page::Key::Updated),
                }
            }
        }
    };
}
pub(crate) use named_sort;

/// The position of a row in a list: its key and its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When the row last changed, if the list is sorted by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// The rank, if a search sorts the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank: Option<i32>,
    /// The text or the day that the list is sorted by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub id: Uuid,
}

/// A row of a list with its position, which no response shows.
#[derive(Debug)]
pub struct Placed<T> {
    pub record: T,
    pub position: Position,
}

impl<T: Serialize> Serialize for Placed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.record.serialize(serializer)
    }
}

#[derive(Debug, Clone)]
pub struct Page {
    pub order: Ordering,
    /// The page starts after this row; at the beginning if absent.
    pub after: Option<Position>,
    /// Number of rows to read.
    pub rows: u64,
    /// Only rows that changed at this instant or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Ordering {
    /// Returns the order by a key, from the least to the greatest.
    pub const fn ascending(key: Key) -> Self {
        Ordering { key, is_descending: false }
    }

    /// Returns the order by a key, from the greatest to the least.
    pub const fn descending(key: Key) -> Self {
        Ordering { key, is_descending: true }
    }

    /// Returns the position of a row in a list that is sorted by creation or change.
    pub fn position(self, id: Uuid, updated_at: DateTime<Utc>) -> Position {
        Position { at: (self.key == Key::Updated).then_some(updated_at), ..Position::of(id) }
    }

    fn order(self) -> Order {
        if self.is_descending { Order::Desc } else { Order::Asc }
    }
}

impl From<Sort> for Ordering {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Created => Ordering::ascending(Key::Id),
            Sort::CreatedDescending => Ordering::descending(Key::Id),
            Sort::Updated => Ordering::ascending(Key::Updated),
            Sort::UpdatedDescending => Ordering::descending(Key::Updated),
        }
    }
}

impl Position {
    /// Returns the position of a row by its id alone.
    pub const fn of(id: Uuid) -> Self {
        Position { at: None, rank: None, text: None, id }
    }
}

impl<T> Placed<T> {
    /// Changes the record and keeps its position.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Placed<U> {
        Placed { record: change(self.record), position: self.position }
    }
}

impl Page {
    /// Adds the conditions, order and length of the page to a query of a table that is sorted by creation or change.
    pub fn of<E: EntityTrait>(&self, query: Select<E>, id: E::Column, updated_at: E::Column) -> Select<E> {
        let query = match self.updated_since {
            Some(since) => query.filter(updated_at.gte(since)),
            None => query,
        };
        let by_update = self.order.key == Key::Updated;
        let order = self.order.order();
        let query = match &self.after {
            None => query,
            Some(Position { at: Some(at), id: last, .. }) if by_update => {
                let row = Expr::tuple([Expr::col(updated_at.as_column_ref()), Expr::col(id.as_column_ref())]);
                let after = Expr::tuple([Expr::val(*at), Expr::val(*last)]);
                query.filter(if order == Order::Asc { row.gt(after) } else { row.lt(after) })
            }
            Some(Position { id: last, .. }) => {
                query.filter(if order == Order::Asc { id.gt(*last) } else { id.lt(*last) })
            }
        };
        let query = if by_update { query.order_by(updated_at, order.clone()) } else { query };
        query.order_by(id, order).limit(self.rows)
    }
}
