//! Records as the API returns them.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// A record as the API returns it. Its id stands in `Location`, its version in `ETag`, and lists are sorted by `updated_at`.
pub trait Record: Serialize {
    /// The type of its id.
    type Id: Display + From<Uuid>;

    /// Its id.
    fn id(&self) -> Uuid;
    /// How often it was written.
    fn version(&self) -> i32;
    /// When it last changed.
    fn updated_at(&self) -> DateTime<Utc>;
}

/// Makes a struct with the fields `id`, `version` and `updated_at` a [`Record`].
macro_rules! record {
    ($record:ty, $id:ty) => {
        impl $crate::record::Record for $record {
            type Id = $id;

            fn id(&self) -> uuid::Uuid {
                self.id.0
            }

            fn version(&self) -> i32 {
                self.version
            }

            fn updated_at(&self) -> chrono::DateTime<chrono::Utc> {
                self.updated_at
            }
        }
    };
}

pub(crate) use record;
