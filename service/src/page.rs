//! One page of a list: its order, where it starts, how many rows.
//!
//! Pages are keyset pages. Ids are UUIDv7, so the order of ids is the order of creation.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::{Deserialize, Serialize};
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

/// The position of a row in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When the row last changed, if the list is sorted by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    pub id: Uuid,
}

#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub sort: Sort,
    /// The page starts after this row; at the beginning if absent.
    pub after: Option<Position>,
    /// Number of rows to read.
    pub rows: u64,
    /// Only rows that changed at this instant or later.
    pub updated_since: Option<DateTime<Utc>>,
}

impl Sort {
    /// Returns the position of a row with these values.
    pub fn position(self, id: Uuid, updated_at: DateTime<Utc>) -> Position {
        let at = matches!(self, Sort::Updated | Sort::UpdatedDescending).then_some(updated_at);
        Position { at, id }
    }

    fn order(self) -> Order {
        match self {
            Sort::Created | Sort::Updated => Order::Asc,
            Sort::CreatedDescending | Sort::UpdatedDescending => Order::Desc,
        }
    }
}

impl Page {
    /// Adds the conditions, order and length of the page to a query of a table with `updated_at`.
    pub fn of<E: EntityTrait>(&self, query: Select<E>, id: E::Column, updated_at: E::Column) -> Select<E> {
        let query = match self.updated_since {
            Some(since) => query.filter(updated_at.gte(since)),
            None => query,
        };
        let by_update = matches!(self.sort, Sort::Updated | Sort::UpdatedDescending);
        let order = self.sort.order();
        let query = match self.after {
            None => query,
            Some(Position { at: Some(at), id: last }) if by_update => {
                let row = Expr::tuple([Expr::col(updated_at.as_column_ref()), Expr::col(id.as_column_ref())]);
                let after = Expr::tuple([Expr::val(at), Expr::val(last)]);
                query.filter(if order == Order::Asc { row.gt(after) } else { row.lt(after) })
            }
            Some(Position { id: last, .. }) => {
                query.filter(if order == Order::Asc { id.gt(last) } else { id.lt(last) })
            }
        };
        let query = if by_update { query.order_by(updated_at, order.clone()) } else { query };
        query.order_by(id, order).limit(self.rows)
    }
}
