//! Records as the API returns them.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// A record as the API returns it. `Location` contains its id and `ETag` its version. Lists can be sorted by
/// `updated_at`.
pub trait Record: Serialize {
    /// Type of the id.
    type Id: Display + From<Uuid>;

    /// Returns the id.
    fn id(&self) -> Uuid;
    /// Returns the number of the version.
    fn version(&self) -> i32;
    /// Returns when it last changed.
    fn updated_at(&self) -> DateTime<Utc>;
}

/// Makes a struct with the fields `id`, `version` and `updated_at` a [`Record`]. The field of the id may have another
/// name. So may that of the last change: a record that never changes names its `created_at`.
macro_rules! record {
    ($record:ty, $id:ty) => {
        $crate::record::record!($record, id: $id);
    };
    ($record:ty, $field:ident: $id:ty) => {
        $crate::record::record!($record, $field: $id, updated_at);
    };
    ($record:ty, $field:ident: $id:ty, $changed_at:ident) => {
        impl $crate::record::Record for $record {
            type Id = $id;

            fn id(&self) -> uuid::Uuid {
                self.$field.0
            }

            fn version(&self) -> i32 {
                self.version
            }

            fn updated_at(&self) -> chrono::DateTime<chrono::Utc> {
                self.$changed_at
            }
        }
    };
}

pub(crate) use record;
