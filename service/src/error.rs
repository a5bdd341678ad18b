//! Everything that a use case can fail with.

use std::sync::Arc;

use domain::refusal::{Code, Refusal};
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// What a figure that does not fit into its column is answered with.
const OUT_OF_RANGE: &str = "An amount or a quantity is larger than the books can hold.";

/// Why a use case failed. Only a [`Refusal`] is for the client; the rest is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command can't be carried out, for a reason that the caller can act on.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error("database: {0}")]
    Database(Arc<sqlx::Error>),
    /// No connection could be had in time.
    #[error("every database connection is busy")]
    Busy,
    /// A statement ran into its time limit.
    #[error("a statement ran into its time limit")]
    StatementTimeout,
    /// A lock was not to be had in time.
    #[error("a row stayed locked for too long")]
    LockTimeout,
    /// The input was refused by the layer that reads it; only that layer knows how to tell the client.
    #[error(transparent)]
    Input(Box<dyn std::error::Error + Send + Sync>),
    /// Something that can't be: the write was refused.
    #[error("invariant: {0}")]
    Invariant(String),
}

impl Error {
    /// A broken invariant: the write is refused and the alarm is raised.
    pub fn invariant(what: impl Into<String>) -> Self {
        Error::Invariant(what.into())
    }

    fn from_database(error: Arc<sqlx::Error>) -> Self {
        if matches!(*error, sqlx::Error::PoolTimedOut) {
            return Error::Busy;
        }
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
        match code.as_ref() {
            "57014" => Error::StatementTimeout,
            "55P03" => Error::LockTimeout,
            "22003" => Refusal::new(Code::ValidationFailed, OUT_OF_RANGE).into(),
            "22021" => Refusal::new(Code::ValidationFailed, "A text bears no null character.").into(),
            "53300" | "57P03" => Error::Busy,
            _ => Error::Database(error),
        }
    }

    /// Whether the transaction lost a race that a second try may win (40001, 40P01).
    pub fn is_retryable(&self) -> bool {
        let Error::Database(error) = self else { return false };
        let code = error.as_database_error().and_then(|error| error.code());
        matches!(code.as_deref(), Some("40001" | "40P01"))
    }

    /// Whether another transaction took a value that must be unique (23505): a second try sees it before it writes.
    pub fn is_unique_violation(&self) -> bool {
        let Error::Database(error) = self else { return false };
        error.as_database_error().is_some_and(|error| error.is_unique_violation())
    }

    /// Turns the violation of the named constraint into a refusal, at the call that knows what it means.
    pub fn on_constraint(self, name: &str, refusal: impl FnOnce() -> Refusal) -> Self {
        match &self {
            Error::Database(error)
                if error.as_database_error().and_then(|error| error.constraint()) == Some(name) =>
            {
                Error::Refused(refusal())
            }
            _ => self,
        }
    }

    /// The code of a refusal.
    pub fn code(&self) -> Option<Code> {
        match self {
            Error::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Error::from_database(Arc::new(error))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error))
            | DbErr::Conn(RuntimeErr::SqlxError(error)) => Error::from_database(error),
            other => Error::Invariant(other.to_string()),
        }
    }
}
