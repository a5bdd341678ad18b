//! The rows of posted tables, by name.
//!
//! A row that is saved is a struct whose fields are the columns of a composite type of the database, in its order: a
//! batch sends one array of such rows for each table, and SQL reads the columns by their names. A row that is loaded is
//! a struct whose fields are columns of a query, or of a composite type if a function returns it. Fields have the types
//! of the domain, so that a product's id can't stand where a location's belongs.
//! The name of each type has a version. While a new version is rolled out, old and new servers run side by side. So a
//! type never changes: another column needs another type.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{
    CategoryId, CommandId, CustomerId, EntryId, LocationId, LotId, MovementId, OrderId, PriceRuleId,
    ProductId, RegisterId, SaleId, SessionId, TaxClassId,
};
use domain::number::{Kind, Number};
use rust_decimal::Decimal;
use sea_orm::sqlx::encode::IsNull;
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::PgArgumentBuffer;
use sea_orm::sqlx::{Decode, Encode, Postgres, Type, TypeInfo};
use uuid::Uuid;

pub(super) mod command;
pub(super) mod event;
pub(super) mod journal;
pub(super) mod level;
pub(super) mod loaded;
pub(super) mod movement;
pub(super) mod sale;
pub(super) mod sales_line;
pub(super) mod series;

/// A composite type of the database, and its columns in order.
pub type RowType = (&'static str, &'static [&'static str]);

/// All composite types that this version saves or loads rows with. A test compares them with the database.
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
    loaded::AnsweredRow::TYPE,
    loaded::SessionRow::TYPE,
    loaded::BarcodeRow::TYPE,
    loaded::ProductRow::TYPE,
    loaded::UnitRow::TYPE,
    loaded::LockedLevelRow::TYPE,
    loaded::LockedSeriesRow::TYPE,
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

/// A value that a column of a loaded row can have.
pub(super) trait Take: Sized {
    /// The type that the driver receives.
    type Sql: for<'a> Decode<'a, Postgres> + Type<Postgres>;

    fn take(value: Self::Sql) -> Self;
}

macro_rules! take {
    (plain: $($plain:ty),+; ids: $($id:ident),+ $(,)?) => {
        $(impl Take for $plain {
            type Sql = $plain;

            fn take(value: $plain) -> Self {
                value
            }
        })+
        $(impl Take for $id {
            type Sql = Uuid;

            fn take(value: Uuid) -> Self {
                $id(value)
            }
        })+
    };
}
take! {
    plain: bool, i16, i32, i64, Uuid, String, DateTime<Utc>, Vec<u8>, Vec<Uuid>;
    ids: LocationId, ProductId, RegisterId, SessionId, TaxClassId
}

impl<K: Kind> Take for Number<K> {
    type Sql = Decimal;

    fn take(value: Decimal) -> Self {
        Number::new(value)
    }
}

impl<T: Take> Take for Option<T> {
    type Sql = Option<T::Sql>;

    fn take(value: Option<T::Sql>) -> Self {
        value.map(T::take)
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

/// Implements the name of a composite type, and that of its array, for the struct of its rows.
macro_rules! row_type {
    ($name:ident $(<$life:lifetime>)? as $sql:literal { $($column:ident),+ }) => {
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
    };
}
pub(in crate::posting) use row_type;

/// Defines the row of a composite type that is saved: a struct with its columns, and the form in which the driver sends
/// it.
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

        $crate::posting::table::row_type!($name $(<$life>)? as $sql { $($column),+ });

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

/// Defines the row of a composite type that is loaded: a struct with its columns, and how the driver reads it.
macro_rules! loaded_row {
    (
        $(#[$doc:meta])*
        $name:ident as $sql:literal { $($column:ident: $type:ty),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(in crate::posting) struct $name {
            $(pub(in crate::posting) $column: $type),+
        }

        $crate::posting::table::row_type!($name as $sql { $($column),+ });

        impl sea_orm::sqlx::Decode<'_, sea_orm::sqlx::Postgres> for $name {
            fn decode(
                value: sea_orm::sqlx::postgres::PgValueRef<'_>,
            ) -> Result<Self, sea_orm::sqlx::error::BoxDynError> {
                let mut columns = sea_orm::sqlx::postgres::types::PgRecordDecoder::new(value)?;
                $(let $column = <$type as $crate::posting::table::Take>::take(columns.try_decode()?);)+
                Ok($name { $($column),+ })
            }
        }
    };
}
pub(in crate::posting) use loaded_row;
