//! All rows of one tenant: written to files, read into another database, and deleted.
//!
//! The operator runs it as the migrator's role, which sees every tenant. The list of tables comes from the catalogue of the
//! database, so that no table is missed. A file has one row on each line, as JSON. Rows are copied as they are: roll-ups, stock
//! checkpoints and the audit log too.

mod bounds;
mod catalogue;
mod delete;
mod export;
mod import;
mod lines;
mod objects;
mod reset;

use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use domain::id::TenantId;
use domain::text::plain_line;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, ConnectOptions, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Error;
use crate::auth::DUMMY_HASH;

pub use delete::{Deleted, bi_roles, delete, take_back};
pub use export::export;
pub use import::{OF_SERVERS, import, import_paused, verify};
pub use objects::{OBJECTS, delete_objects, tenant_of};
pub use reset::test_tenant;

/// The name of the file that describes the others.
pub const MANIFEST: &str = "manifest.json";
/// The form of an archive. A reader rejects others.
const FORMAT: u32 = 1;
/// Forms of values that do not depend on the role, and no time limits.
const SESSION: &str = "set time zone 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; \
                       set bytea_output = 'hex'; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0";
/// Tables whose rows are not exported, each with the reason.
const TABLES_LEFT_OUT: [(&str, &str); 16] = [
    ("attachment_orphan", "It names objects of the store of this installation."),
    ("bi_login", "It names a role of this database server. Grant the logins of BI tools again."),
    ("failed_attempt", "It counts wrong secrets of the last minutes."),
    ("identity_provider", "Its secret is sealed by the key of this installation. Make the providers again."),
    ("customer_session", "It is the credential of a customer. The web shop opens sessions again."),
    ("invitation", "It lets a person become a user. Invite again."),
    ("password_link", "It lets a person set a password. Send the links again."),
    ("payment_provider", "Its secret is sealed by the key of this installation. Make the providers again."),
    ("payment_provider_event", "It belongs to a provider of card terminals."),
    ("provider_account", "It belongs to a provider of sign-ins."),
    ("provider_login", "It is the credential of a login. Users log in again."),
    ("refresh_token", "It is the credential of a login. Users log in again."),
    ("webhook_attempt", "It belongs to an endpoint of webhooks."),
    ("webhook_cursor", "It belongs to an endpoint of webhooks."),
    ("webhook_delivery", "It belongs to an endpoint of webhooks."),
    ("webhook_endpoint", "Its secret is sealed by the key of this installation. Make the endpoints again."),
];
/// The reason why a second factor is not exported.
const SECOND_FACTOR: &str =
    "It is sealed by the key of this installation. The imported user sets up a second factor again.";
/// The reason why recovery codes are not exported.
const RECOVERY: &str = "They are credentials. The imported user gets others with a second factor.";
/// The reason why the state of a move is not exported.
const MOVE: &str = "It says that the tenant left this database. The imported tenant trades.";
/// The reason why rate limits are not exported.
const RATES: &str = "The operator of an installation sets it. The imported tenant has the limit of the server, until \
                     `stockwell tenant rates` sets another one.";
/// The reason why the quota of files is not exported.
const QUOTA: &str = "The operator of an installation sets it. The imported tenant has the quota of all tenants, until \
                     `stockwell tenant attachments` sets another one.";
/// Columns that are not exported, each with the reason.
const COLUMNS_LEFT_OUT: [(&str, &str, &str); 14] = [
    ("attachment_usage", "quota_bytes", QUOTA),
    (
        "attachment_content",
        "store",
        "The archive has the content itself, and an import writes it to the database.",
    ),
    (
        "api_key",
        "hash",
        "It is a credential. The imported key opens nothing: make another one, or rotate it.",
    ),
    (
        "app_user",
        "password_hash",
        "It is a credential. No password fits the imported user: send a link for a new one.",
    ),
    ("app_user", "second_factor", SECOND_FACTOR),
    ("app_user", "second_factor_since", SECOND_FACTOR),
    ("app_user", "second_factor_step", SECOND_FACTOR),
    ("app_user", "recovery_codes", RECOVERY),
    ("tenant", "moving_until", MOVE),
    ("tenant", "moved_at", MOVE),
    ("tenant", "rate_burst", RATES),
    ("tenant", "rate_minute", RATES),
    ("tenant", "rate_tenant", RATES),
    ("tenant", "rate_reports", RATES),
];

/// The table with the bytes that count for the quota of files. It is written last.
const COUNTED: &str = "attachment_usage";
/// The bytes of all contents of the tenant. An archive with another number would go round the quota.
const STORED: &str =
    "(select coalesce(sum(c.size_bytes), 0) from public.attachment_content c where c.tenant_id = $1::uuid)";

/// An export, an import or a deletion failed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: String,
        source: io::Error,
    },
    /// A line of a file is not as it was written.
    #[error("{file}, line {line}: {}", plain_line(.problem))]
    Line {
        /// The name of the file.
        file: String,
        /// Number of the line, from 1.
        line: u64,
        /// The problem.
        problem: String,
    },
    /// The archive or the database does not fit.
    #[error("{}", plain_line(.0))]
    Rejected(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Error),
}

impl From<sqlx::Error> for ArchiveError {
    fn from(error: sqlx::Error) -> Self {
        ArchiveError::Database(error.into())
    }
}

impl ArchiveError {
    /// Makes the error of a file that could not be read or written.
    pub fn file(path: &Path, source: io::Error) -> Self {
        ArchiveError::File { path: path.display().to_string(), source }
    }
}

/// The description of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of the archive: 1.
    pub format: u32,
    /// The tenant.
    pub tenant_id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Instant of the snapshot. The archive has everything that was committed before.
    pub exported_at: DateTime<Utc>,
    /// The schema of the database.
    pub schema: Schema,
    /// The tables, each before those that refer to it.
    pub tables: Vec<TableFile>,
    /// The parts of the tenant that the archive lacks.
    pub left_out: Vec<LeftOut>,
}

/// The state of a database's schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Name of the newest migration step.
    pub newest_step: String,
    /// Number of the migration steps.
    pub steps: u64,
}

/// A table of an archive. Its rows are in the file `TABLE.ndjson`; `TABLE.sums` has the checksum of each line, in 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// Name of the table.
    pub table: String,
    /// Number of its rows.
    pub rows: u64,
    /// SHA-256 of the file of rows, in hexadecimal digits.
    pub sha256: String,
    /// SHA-256 of the file of checksums, in hexadecimal digits.
    pub sums_sha256: String,
}

/// A part of a tenant that an archive lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Name of the table.
    pub table: String,
    /// Name of the column. Null: all rows of the table are left out.
    pub column: Option<String>,
    /// The reason, and the remedy after an import.
    pub because: String,
}

impl Manifest {
    /// Returns the names of all files in the order of the tables, the manifest first.
    pub fn files(&self) -> Vec<String> {
        let of_table = |file: &TableFile| [format!("{}.ndjson", file.table), format!("{}.sums", file.table)];
        [MANIFEST.to_owned()].into_iter().chain(self.tables.iter().flat_map(of_table)).collect()
    }

    /// Returns the number of all rows.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|file| file.rows).sum()
    }
}

/// Returns the parts of a tenant that every archive lacks.
fn left_out() -> Vec<LeftOut> {
    let tables = TABLES_LEFT_OUT.iter().map(|(table, because)| LeftOut {
        table: (*table).to_owned(),
        column: None,
        because: (*because).to_owned(),
    });
    let columns = COLUMNS_LEFT_OUT.iter().map(|(table, column, because)| LeftOut {
        table: (*table).to_owned(),
        column: Some((*column).to_owned()),
        because: (*because).to_owned(),
    });
    tables.chain(columns).collect()
}

/// Whether the rows of a table are exported.
fn has_rows(table: &str) -> bool {
    TABLES_LEFT_OUT.iter().all(|(left_out, _)| *left_out != table)
}

/// Whether a column of a table is exported.
fn has_column(table: &str, column: &str) -> bool {
    COLUMNS_LEFT_OUT.iter().all(|left_out| (left_out.0, left_out.1) != (table, column))
}

/// Returns the expression that fills a column in an import, if archives lack it, or if its value must agree with other rows that are written
/// before ([`COUNTED`]). A value of the archive is not read.
fn filled(table: &str, column: &str) -> Option<String> {
    match (table, column) {
        // The hash of a secret that no caller has.
        ("api_key", "hash") => {
            Some("sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))".to_owned())
        }
        ("app_user", "password_hash") => Some(format!("'{DUMMY_HASH}'")),
        ("app_user", "second_factor" | "second_factor_since" | "second_factor_step" | "recovery_codes") => {
            Some("null".to_owned())
        }
        ("attachment_content", "store") => Some("null".to_owned()),
        ("attachment_usage", "quota_bytes") => Some("null".to_owned()),
        (COUNTED, "stored_bytes") => Some(STORED.to_owned()),
        (
            "tenant",
            "moving_until" | "moved_at" | "rate_burst" | "rate_minute" | "rate_tenant" | "rate_reports",
        ) => Some("null".to_owned()),
        _ => None,
    }
}

/// Opens a connection of its own.
async fn connect(url: &str) -> Result<PgConnection, ArchiveError> {
    let options: PgConnectOptions = url.parse::<PgConnectOptions>()?;
    let options = options.application_name("stockwell-archive").disable_statement_logging();
    Ok(options.connect().await?)
}

/// Returns the tenant with this slug.
async fn find(connection: &mut PgConnection, slug: &str) -> Result<TenantId, ArchiveError> {
    let query = sqlx::query("select tenant_id from tenant where slug = $1").bind(slug);
    let row = query.fetch_optional(connection).await?;
    let row = row.ok_or_else(|| ArchiveError::Rejected(format!("no tenant has the slug {slug}")))?;
    Ok(TenantId(row.try_get(0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_with_texts_of_an_archive_has_no_control_character() {
        let forged = "{\"format\":1,\"\\u001b[2J\\nall is well\":1}";
        let problem = serde_json::from_str::<Manifest>(forged).expect_err("an unknown field").to_string();
        assert!(problem.contains('\u{1b}'), "{problem}");
        let line = ArchiveError::Line { file: MANIFEST.to_owned(), line: 1, problem };
        let slug = ArchiveError::Rejected("the slug \u{9b}2J".to_owned());
        for error in [line.to_string(), slug.to_string()] {
            assert!(!error.contains(char::is_control) && error.contains("\\u{"), "{error}");
        }
    }

    #[test]
    fn each_column_that_is_left_out_is_filled() {
        for (table, column, _) in COLUMNS_LEFT_OUT {
            assert!(has_rows(table) && !has_column(table, column));
            assert!(filled(table, column).is_some(), "{table}.{column}");
        }
        assert_eq!(filled(COUNTED, "stored_bytes").as_deref(), Some(STORED));
        assert!(filled("product", "sku").is_none() && has_column("product", "sku"));
    }
}
