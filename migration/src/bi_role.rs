//! The database roles of BI tools. Functions of the schema `bi_role` make and end them, which only the migrator may call and
//! which a superuser has stated ([`bootstrap`](crate::bootstrap)).

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::RngExt;
use rand::distr::Alphanumeric;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection};
use sha2::{Digest, Sha256};

use crate::{Doing, Error, connect};

/// Letters and digits of a password: 190 bits.
const PASSWORD_LETTERS: usize = 32;
/// Letters of a role's name after `bi_`.
const NAME_LETTERS: usize = 26;
const NAME_ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Rounds of the hash of a password, as PostgreSQL has them.
const ROUNDS: u32 = 4096;

/// A new role, and its password.
#[derive(Debug, Clone)]
pub struct NewRole {
    pub name: String,
    pub password: String,
}

impl NewRole {
    /// Returns a random name and a random password.
    pub fn random() -> Self {
        let mut random = rand::rng();
        let letter = |_| char::from(NAME_ALPHABET[random.random_range(0..NAME_ALPHABET.len())]);
        let name = format!("bi_{}", (0..NAME_LETTERS).map(letter).collect::<String>());
        let password = random.sample_iter(Alphanumeric).take(PASSWORD_LETTERS).map(char::from).collect();
        NewRole { name, password }
    }
}

/// Makes the role, which can log in until `ends_at`. The server gets the stored form of the password only.
pub async fn make(migrator_url: &str, role: &NewRole, ends_at: Option<SystemTime>) -> Result<(), Error> {
    let verifier = verifier(&role.password, &rand::rng().random::<[u8; 16]>());
    let query = "select bi_role.make($1, $2, 'epoch'::timestamptz + $3 * interval '1 millisecond')";
    let query = sqlx::query(query).bind(&role.name).bind(verifier).bind(ends_at.map(milliseconds));
    run(migrator_url, query, "making the role of a BI tool").await
}

/// Sets when the role ends.
pub async fn end_at(migrator_url: &str, role_name: &str, ends_at: SystemTime) -> Result<(), Error> {
    let query =
        sqlx::query("select bi_role.end_at($1, 'epoch'::timestamptz + $2 * interval '1 millisecond')");
    let query = query.bind(role_name).bind(milliseconds(ends_at));
    run(migrator_url, query, "setting the end of the role of a BI tool").await
}

/// Closes the role, ends its sessions and drops it. Does nothing if there is no such role.
///
/// The role is closed in a transaction of its own. Otherwise a client that loses its session connects again before the end. If
/// sessions or the role itself are left, the error says so. The role stays closed.
pub async fn remove(migrator_url: &str, role_name: &str) -> Result<(), Error> {
    let close = sqlx::query("select bi_role.close($1)").bind(role_name);
    match run(migrator_url, close, "closing the role of a BI tool").await {
        // The functions are those of the version before, whose `remove` closes the role.
        Ok(()) | Err(Error::NoBiRoles) => {}
        Err(error) => return Err(error),
    }
    let remove = sqlx::query("select bi_role.remove($1)").bind(role_name);
    match run(migrator_url, remove, "removing the role of a BI tool").await {
        Err(Error::Database { source, .. }) if is_in_use(&source) => {
            Err(Error::BiRoleLeft { role: role_name.to_owned(), source })
        }
        removed => removed,
    }
}

/// Ends sessions of BI tools whose transaction began before `longest` ago. Does nothing if no superuser has allowed it.
pub(crate) async fn end_sessions(
    connection: &mut PgConnection,
    longest: Duration,
) -> Result<(), sqlx::Error> {
    let query =
        sqlx::query("select bi_role.end_sessions(make_interval(secs => $1))").bind(longest.as_secs_f64());
    match query.execute(connection).await {
        Err(error) if is_missing(&error) || has_code(&error, &["42501"]) => Ok(()),
        ended => ended.map(|_| ()),
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

async fn run(migrator_url: &str, query: Query<'_>, doing: &str) -> Result<(), Error> {
    let mut connection = connect(migrator_url).await?;
    match query.execute(&mut connection).await {
        Err(error) if is_missing(&error) => Err(Error::NoBiRoles),
        done => {
            done.doing(doing)?;
            connection.close().await.doing("closing the connection")
        }
    }
}

/// 3F000: there is no schema. 42883: there is no function.
fn is_missing(error: &sqlx::Error) -> bool {
    has_code(error, &["3F000", "42883"])
}

/// 2BP01: objects depend on the role, such as those that it made in another database. 55006: its sessions go on.
fn is_in_use(error: &sqlx::Error) -> bool {
    has_code(error, &["2BP01", "55006"])
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| codes.contains(&code.as_ref()))
}

/// Milliseconds since 1970.
fn milliseconds(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the stored form of a password of ASCII letters (RFC 5803, SCRAM-SHA-256).
fn verifier(password: &str, salt: &[u8]) -> String {
    let mut block = keyed(password.as_bytes(), &[salt, &[0, 0, 0, 1]].concat());
    let mut salted = block;
    for _ in 1..ROUNDS {
        block = keyed(password.as_bytes(), &block);
        salted.iter_mut().zip(block).for_each(|(sum, one)| *sum ^= one);
    }
    let stored_key = Sha256::digest(keyed(&salted, b"Client Key"));
    let server_key = keyed(&salted, b"Server Key");
    let [salt, stored_key, server_key] =
        [salt, stored_key.as_slice(), server_key.as_slice()].map(|bytes| STANDARD.encode(bytes));
    format!("SCRAM-SHA-256${ROUNDS}:{salt}${stored_key}:{server_key}")
}

fn keyed(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The password, the salt and the keys of RFC 7677, section 3.
    #[test]
    fn a_password_has_the_stored_form_of_the_standard() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("a salt");
        assert_eq!(
            verifier("pencil", &salt),
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
             wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
    }

    #[test]
    fn roles_have_names_that_the_database_takes() {
        let NewRole { name, password } = NewRole::random();
        let is_known = |letter: u8| NAME_ALPHABET.contains(&letter);
        assert!(name.strip_prefix("bi_").is_some_and(|rest| rest.len() == 26 && rest.bytes().all(is_known)));
        assert!(password.len() == 32 && password.bytes().all(|letter| letter.is_ascii_alphanumeric()));
        assert_ne!(name, NewRole::random().name);
    }
}
