//! The errors of the use cases.

use std::sync::Arc;

use domain::refusal::{Code, Refusal};
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Message of a rejection: a figure does not fit into its column.
const OUT_OF_RANGE: &str = "An amount or a quantity is too large to be stored.";
const DATE_OUT_OF_RANGE: &str = "A date or a time is too early or too late: use the years 1 to 9999.";

/// A use case failed. Only a [`Refusal`] is for the client; the rest is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule rejects the command, for a reason that the caller can act on.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error("database: {0}")]
    Database(Arc<sqlx::Error>),
    /// No connection was available in time.
    #[error("no capacity is left for this work")]
    Busy,
    /// The connection to the database failed. Whether a transaction that was committing is done is not known.
    #[error("the database can't be reached: {0}")]
    Unreachable(Arc<sqlx::Error>),
    /// The work took longer than it may. Nothing was committed.
    #[error("the work took longer than it may, and nothing was done")]
    Deadline,
    /// A commit was sent, and its end was not seen: the connection failed, or there was no response in time.
    #[error("a commit was sent, and its end was not seen")]
    OutcomeUnknown(Option<Arc<sqlx::Error>>),
    /// The tenant itself uses all connections that it may have at a time.
    #[error("the tenant uses all connections that it may have at a time")]
    OverShare,
    /// The store of files did not do what it was asked for. Nothing was committed.
    #[error("{0}")]
    StoreUnavailable(String),
    /// The tenant is moving to another database, and its writes wait.
    #[error("the tenant is moving to another database")]
    TenantMoving,
    /// A statement ran into its time limit.
    #[error("a statement ran into its time limit")]
    StatementTimeout,
    /// A row stayed locked for too long.
    #[error("a row stayed locked for too long")]
    LockTimeout,
    /// The layer that reads the input rejects it. Only that layer can turn this into a response.
    #[error(transparent)]
    Input(Box<dyn std::error::Error + Send + Sync>),
    /// A bug: a case that the code rules out. Nothing is written.
    #[error("invariant: {0}")]
    Invariant(String),
}

impl Error {
    /// Makes the error of a broken invariant.
    pub fn invariant(what: impl Into<String>) -> Self {
        Error::Invariant(what.into())
    }

    /// States the meaning of each failure of the database. No other place does.
    fn from_database(error: Arc<sqlx::Error>) -> Self {
        if is_connection_failure(&error) {
            return Error::Unreachable(error);
        }
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
        match code.as_ref() {
            "57014" => Error::StatementTimeout,
            "55P03" => Error::LockTimeout,
            "22003" => Refusal::new(Code::ValidationFailed, OUT_OF_RANGE).into(),
            "22008" => Refusal::new(Code::ValidationFailed, DATE_OUT_OF_RANGE).into(),
            // The second is that of a character in JSON.
            "22021" | "22P05" => {
                Refusal::new(Code::ValidationFailed, "A text must not contain a null character.").into()
            }
            // No connection, memory or disk space is left.
            "53000" | "53100" | "53200" | "53300" | "53400" => Error::Busy,
            // The server shuts down, has crashed or starts; it is a standby; it ended an idle transaction or session.
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25006" | "25P03" => Error::Unreachable(error),
            code if code.starts_with("08") => Error::Unreachable(error),
            _ => Error::Database(error),
        }
    }

    /// Returns the error again if no connection could be had, or one was lost: other work would fail in the same way.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other errors are of one piece of work")]
    pub(crate) fn unavailable(&self) -> Option<Error> {
        match self {
            Error::Busy => Some(Error::Busy),
            Error::OverShare => Some(Error::OverShare),
            Error::Deadline => Some(Error::Deadline),
            Error::OutcomeUnknown(error) => Some(Error::OutcomeUnknown(error.clone())),
            Error::Unreachable(error) => Some(Error::Unreachable(Arc::clone(error))),
            _ => None,
        }
    }

    /// Returns the error of work that is not tried because this error ended the work before it: the tenant has no place, or the
    /// database does not respond. Nothing of it is written, also if the outcome of the work before is unknown.
    pub(crate) fn of_later_work(&self) -> Option<Error> {
        let error = self.unavailable()?;
        Some(if let Error::OverShare = error { error } else { Error::Deadline })
    }

    /// Returns the error of a commit. If the connection failed meanwhile, it is not known whether it is done.
    pub(crate) fn of_commit(self) -> Self {
        if let Error::Unreachable(error) = self { Error::OutcomeUnknown(Some(error)) } else { self }
    }

    /// Whether the transaction lost a race that a second attempt may win (40001, 40P01).
    pub fn is_retryable(&self) -> bool {
        let Error::Database(error) = self else { return false };
        let code = error.as_database_error().and_then(|error| error.code());
        matches!(code.as_deref(), Some("40001" | "40P01"))
    }

    /// Whether another transaction took a value that must be unique (23505). A second attempt sees it before it writes.
    pub fn is_unique_violation(&self) -> bool {
        let Error::Database(error) = self else { return false };
        error.as_database_error().is_some_and(|error| error.is_unique_violation())
    }

    /// Turns a violation of the named constraint into a rejection. Only the call knows what the violation means.
    pub fn on_constraint(self, name: &str, refusal: impl FnOnce() -> Refusal) -> Self {
        if let Error::Database(error) = &self
            && error.as_database_error().and_then(violated_constraint) == Some(name)
        {
            return Error::Refused(refusal());
        }
        self
    }

    /// Returns the code of a rejection.
    pub fn code(&self) -> Option<Code> {
        if let Error::Refused(refusal) = self { Some(refusal.code) } else { None }
    }
}

fn is_connection_failure(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed)
}

/// Returns the constraint that a statement violated. A distributed engine may pass on the message of one of its servers
/// without the field that names the constraint. Then the name is read from the message.
fn violated_constraint(error: &dyn DatabaseError) -> Option<&str> {
    error.constraint().or_else(|| {
        let is_integrity_violation = error.code().is_some_and(|code| code.starts_with("23"));
        is_integrity_violation.then(|| constraint_in(error.message())).flatten()
    })
}

/// Returns the constraint that a message names, without the number that a shard appends to each name.
fn constraint_in(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("constraint \"")?;
    let (name, _) = rest.split_once('"')?;
    let without_digits = name.trim_end_matches(|last: char| last.is_ascii_digit());
    match without_digits.strip_suffix('_') {
        Some(base) if without_digits.len() < name.len() => Some(base),
        _ => Some(name),
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Error::from_database(Arc::new(error))
    }
}

impl From<DbErr> for Error {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum, which grows")]
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error))
            | DbErr::Conn(RuntimeErr::SqlxError(error)) => Error::from_database(error),
            other => Error::Invariant(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::fmt;

    use sqlx::error::ErrorKind;

    use super::*;

    /// An error as a database reports it.
    #[derive(Debug)]
    struct Reported {
        code: &'static str,
        message: &'static str,
        constraint: Option<&'static str>,
    }

    impl fmt::Display for Reported {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.message)
        }
    }

    impl std::error::Error for Reported {}

    impl DatabaseError for Reported {
        fn message(&self) -> &str {
            self.message
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.code.into())
        }

        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }

        fn constraint(&self) -> Option<&str> {
            self.constraint
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn reported(code: &'static str) -> Error {
        sqlx::Error::Database(Box::new(Reported { code, message: "", constraint: None })).into()
    }

    #[test]
    fn a_failure_of_the_database_has_one_meaning() {
        for code in ["08006", "08003", "57P01", "57P02", "57P03", "57P05", "25006", "25P03"] {
            assert!(matches!(reported(code), Error::Unreachable(_)), "{code}");
        }
        for code in ["53100", "53200", "53300"] {
            assert!(matches!(reported(code), Error::Busy), "{code}");
        }
        assert!(matches!(reported("57014"), Error::StatementTimeout));
        assert!(matches!(reported("55P03"), Error::LockTimeout));
        assert!(reported("40001").is_retryable() && reported("40P01").is_retryable());
        assert!(matches!(reported("42601"), Error::Database(_)));
        let lost: Error = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into();
        assert!(matches!(lost.of_commit(), Error::OutcomeUnknown(Some(_))));
        assert!(matches!(reported("40001").of_commit(), Error::Database(_)));
    }

    const UNIQUE: &str = "duplicate key value violates unique constraint \"app_user_email_key_102119\"";

    fn named(code: &'static str, message: &'static str, constraint: Option<&'static str>) -> Option<String> {
        violated_constraint(&Reported { code, message, constraint }).map(str::to_owned)
    }

    #[test]
    fn the_field_names_the_constraint() {
        assert_eq!(named("23505", UNIQUE, Some("sku_2")).as_deref(), Some("sku_2"), "as it is");
    }

    #[test]
    fn without_the_field_the_message_does() {
        for (code, message, constraint) in [
            ("23505", UNIQUE, "app_user_email_key"),
            (
                "23505",
                "duplicate key value violates unique constraint \"product_sku_key\"",
                "product_sku_key",
            ),
            (
                "23503",
                "insert or update on table \"peg_102200\" violates foreign key constraint \"peg_expected_fkey_102200\"",
                "peg_expected_fkey",
            ),
            (
                "23503",
                "update or delete on table \"lot_102201\" violates foreign key constraint \"lot_fkey\" on table \"x\"",
                "lot_fkey",
            ),
            (
                "23514",
                "new row for relation \"hold_102202\" violates check constraint \"hold_ends_102202\"",
                "hold_ends",
            ),
            (
                "23P01",
                "conflicting key value violates exclusion constraint \"sku_mapping_no_overlap_2_102203\"",
                "sku_mapping_no_overlap_2",
            ),
            ("23505", "duplicate key value violates unique constraint \"a_\"", "a_"),
            ("23505", "duplicate key value violates unique constraint \"a1\"", "a1"),
        ] {
            assert_eq!(named(code, message, None).as_deref(), Some(constraint), "{message}");
        }
    }

    #[test]
    fn other_messages_name_none() {
        for (code, message) in [
            ("23502", "null value in column \"sku\" of relation \"product\" violates not-null constraint"),
            ("23505", "duplicate key value violates unique constraint \"unclosed"),
            ("42704", "constraint \"product_sku_key\" of relation \"product\" does not exist"),
        ] {
            assert_eq!(named(code, message, None), None, "{message}");
        }
    }

    #[test]
    fn a_violation_is_a_refusal_where_its_constraint_is_known() {
        let violation = || {
            Error::from(sqlx::Error::Database(Box::new(Reported {
                code: "23505",
                message: UNIQUE,
                constraint: None,
            })))
        };
        let refusal = || Refusal::new(Code::ValidationFailed, "taken");
        assert!(violation().on_constraint("app_user_email_key", refusal).code().is_some());
        assert!(violation().on_constraint("app_user_email", refusal).code().is_none());
    }
}
