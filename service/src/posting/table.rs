//! The rows of posted tables, by name.
//!
//! A row that is saved is a struct whose fields are the columns of a composite type of the database, in its order: a
//! batch sends one array of such rows for each table, and SQL reads the columns by their names. A row that is loaded is
//! a struct whose fields are columns of a query. Fields have the types of the domain, so that a product's id can't
//! stand where a location's belongs.
//! The name of each type has a version. While a new version is rolled out, old and new servers run side by side. So a
//! type never changes: another column needs another type.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{
    CategoryId, CommandId, CustomerId, EntryId, LocationId, LotId, MovementId, OrderId, PriceRuleId,
    ProductId, RegisterId, SaleId, SessionId,
};
use domain::number::{Kind, Number};
use rust_decimal::Decimal;
use sea_orm::sqlx::encode::IsNull;
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::PgArgumentBuffer;
use sea_orm::sqlx::{Encode, Postgres, Type, TypeInfo};
use uuid::Uuid;

pub(super) mod command;
pub(super) mod event;
pub(super) mod journal;
pub(super) mod level;
pub(super) mod movement;
pub(super) mod sale;
pub(super) mod sales_line;
pub(super) mod series;

/// A composite type of the database, and its columns in order.
pub type RowType = (&'static str, &'static [&'static str]);

/// All composite types that this version saves rows with. A test compares them with the database.
pub const ROW_TYPES: &[RowType] = &[
    level::LevelRow::TYPE,
    series::SeriesRow::TYPE,
    movement::MovementRow::TYPE,
    sale::SaleRow::TYPE,
    sale::TenderRow::TYPE,
    sales_line::SalesLineRow::TYPE,
    journal::EntryRow::TYPE,
    journal::EntryLineRow::TYPE,
    event::EventRow::TYPE,
    command::CommandRow::TYPE,
];

/// A value that a column of a saved row can take.
pub(super) trait Put {
    /// The type that the driver sends.
    type Sql<'a>: Encode<'a, Postgres> + Type<Postgres>
    where
        Self: 'a;

    fn sql(&self) -> Self::Sql<'_>;
}

macro_rules! put {
    (plain: $($plain:ty),+; ids: $($id:ty),+ $(,)?) => {
        $(impl Put for $plain {
            type Sql<'a> = $plain;

            fn sql(&self) -> $plain {
                *self
            }
        })+
        $(impl Put for $id {
            type Sql<'a> = Uuid;

            fn sql(&self) -> Uuid {
                self.0
            }
        })+
    };
}
put! {
    plain: bool, i16, i32, i64, Uuid, DateTime<Utc>, NaiveDate;
    ids: CategoryId, CommandId, CustomerId, EntryId, LocationId, LotId, MovementId, OrderId, PriceRuleId, ProductId,
        RegisterId, SaleId, SessionId
}

impl<K: Kind> Put for Number<K> {
    type Sql<'a> = Decimal;

    fn sql(&self) -> Decimal {
        self.get()
    }
}

impl Put for &str {
    type Sql<'a>
        = &'a str
    where
        Self: 'a;

    fn sql(&self) -> &str {
        self
    }
}

impl Put for Cow<'_, str> {
    type Sql<'a>
        = &'a str
    where
        Self: 'a;

    fn sql(&self) -> &str {
        self
    }
}

impl Put for &[u8] {
    type Sql<'a>
        = &'a [u8]
    where
        Self: 'a;

    fn sql(&self) -> &[u8] {
        self
    }
}

impl Put for &serde_json::Value {
    type Sql<'a>
        = &'a serde_json::Value
    where
        Self: 'a;

    fn sql(&self) -> &serde_json::Value {
        self
    }
}

impl<T: Put> Put for Option<T> {
    type Sql<'a>
        = Option<T::Sql<'a>>
    where
        Self: 'a;

    fn sql(&self) -> Option<T::Sql<'_>> {
        self.as_ref().map(T::sql)
    }
}

/// Begins a record with this number of columns.
pub(super) fn begin(buffer: &mut PgArgumentBuffer, columns: usize) -> Result<(), BoxDynError> {
    buffer.extend_from_slice(&u32::try_from(columns)?.to_be_bytes());
    Ok(())
}

/// Adds a column to a record: its type, its length, its value.
pub(super) fn put<T: Put>(buffer: &mut PgArgumentBuffer, value: &T) -> Result<(), BoxDynError> {
    let kind = <T::Sql<'_> as Type<Postgres>>::type_info();
    let oid = kind.oid().ok_or_else(|| format!("{} has no fixed number", kind.name()))?;
    buffer.extend_from_slice(&oid.0.to_be_bytes());
    let at = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    let length = match value.sql().encode(buffer)? {
        IsNull::No => i32::try_from(buffer.len() - at - 4)?,
        IsNull::Yes => -1,
    };
    buffer[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// Defines the row of a composite type: a struct with its columns, and the form in which the driver sends it.
macro_rules! saved_row {
    (
        $(#[$doc:meta])*
        $name:ident $(<$life:lifetime>)? as $sql:literal {
            $($(#[$column_doc:meta])* $column:ident: $type:ty),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(in crate::posting) struct $name $(<$life>)? {
            $($(#[$column_doc])* pub(in crate::posting) $column: $type),+
        }

        impl $(<$life>)? $name $(<$life>)? {
            pub(in crate::posting) const TYPE: $crate::posting::table::RowType = ($sql, &[$(stringify!($column)),+]);
        }

        impl $(<$life>)? sea_orm::sqlx::Type<sea_orm::sqlx::Postgres> for $name $(<$life>)? {
            fn type_info() -> sea_orm::sqlx::postgres::PgTypeInfo {
                sea_orm::sqlx::postgres::PgTypeInfo::with_name($sql)
            }
        }

        impl $(<$life>)? sea_orm::sqlx::postgres::PgHasArrayType for $name $(<$life>)? {
            fn array_type_info() -> sea_orm::sqlx::postgres::PgTypeInfo {
                sea_orm::sqlx::postgres::PgTypeInfo::array_of($sql)
            }
        }

        impl $(<$life>)? sea_orm::sqlx::Encode<'_, sea_orm::sqlx::Postgres> for $name $(<$life>)? {
            fn encode_by_ref(
                &self,
                buffer: &mut sea_orm::sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sea_orm::sqlx::encode::IsNull, sea_orm::sqlx::error::BoxDynError> {
                $crate::posting::table::begin(buffer, Self::TYPE.1.len())?;
                $($crate::posting::table::put(buffer, &self.$column)?;)+
                Ok(sea_orm::sqlx::encode::IsNull::No)
            }
        }
    };
}
pub(in crate::posting) use saved_row;
