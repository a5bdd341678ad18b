//! The second factor of a user: codes of an authenticator app (RFC 6238), and recovery codes for the day on which the app is lost.
//!
//! The app and the server share a secret, from which both compute a code of 6 digits every 30 seconds. Clocks differ, so the code of
//! the step before and that of the step after are right too. A code works once: after it, only codes of later steps do.

use std::net::IpAddr;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::id::{TenantId, UserId};
use domain::refusal::{Code, Problems, Refusal};
use entity::{app_user, tenant};
use rand::RngExt;
use sea_orm::sqlx::{self, Row};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::current::{Target, acts_for, current, has_guarded_user};
use super::hidden::check_code_length;
use super::power::require_role;
use super::session::Session;
use super::shared_count::Counted;
use super::tokens::logins_ended;
use super::{Auth, AuthError, Guess, Role, Tokens, users};
use crate::caller::ActorKind;
use crate::command::{self, Written};
use crate::rows::parsed;
use crate::scope::Scopes;
use crate::{Caller, Error, Tx};

/// Bytes of a secret, as many as a hash of SHA-1 has (RFC 4226, 4).
const SECRET_BYTES: usize = 20;
/// Digits of a code.
const DIGITS: usize = 6;
/// Seconds in which a code is shown.
const STEP_SECONDS: i64 = 30;
/// Steps by which the clock of the app may differ.
const DRIFT_STEPS: i64 = 1;
/// Recovery codes of a user.
pub const RECOVERY_CODES: i32 = 10;
/// Random bytes of a recovery code.
const RECOVERY_BYTES: usize = 10;
/// Prefix of a recovery code.
const RECOVERY_PREFIX: &str = "swc_";
/// Prefix of a challenge.
const CHALLENGE_PREFIX: &str = "swm_";
/// Lifetime of a challenge.
pub const CHALLENGE_SECONDS: i64 = 5 * 60;
/// Bytes of a challenge before its signature: tenant, user, end, and the end of all logins.
const CHALLENGE_BYTES: usize = 48;
/// Name of the use of a recovery code in the audit log.
const RECOVERED: &str = "user.recovery_code_used";

/// A second factor that waits for its first code.
#[derive(Debug)]
pub struct Begun {
    /// The secret in base32, for an app that can't read the URL.
    pub secret: SecretString,
    /// The secret as an `otpauth` URL, which apps read as a QR code.
    pub url: SecretString,
}

/// A second factor that logins ask for from now on.
#[derive(Debug)]
pub struct Confirmed {
    pub confirmed_at: DateTime<Utc>,
    /// Each works once, in the place of a code of the app.
    pub recovery_codes: Vec<SecretString>,
}

/// The state of a second factor.
#[derive(Debug, Clone, Copy)]
pub struct State {
    /// Since when logins ask for a code. None: they don't.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Recovery codes that were not used.
    pub recovery_codes_left: i32,
}

/// The proof that the password of a login was right.
struct Challenge {
    tenant_id: TenantId,
    user_id: UserId,
    /// Unix time in seconds.
    expires_at: i64,
    /// As [`logins_ended`] returns it: a new password ends the challenge.
    logins_ended: i64,
}

impl Challenge {
    /// Rejects a challenge that does not work any more for its user.
    async fn require(&self, tx: &Tx, user: &app_user::Model) -> Result<(), Error> {
        let tenant = tenant_of(tx).await?;
        let works = self.expires_at > tx.now.timestamp()
            && user.status == "active"
            && tenant.status == "active"
            && user.second_factor_since.is_some()
            && logins_ended(user) == self.logins_ended;
        if works { Ok(()) } else { Err(stale().into()) }
    }
}

/// A text that a user entered as a code.
enum Entered {
    OfApp(u32),
    /// SHA-256 of a recovery code.
    Recovery([u8; 32]),
}

/// Returns the state of the caller's second factor. A caller that is no user has none.
pub async fn state(tx: &Tx, caller: &Caller) -> Result<State, Error> {
    let none = State { confirmed_at: None, recovery_codes_left: 0 };
    let Ok(user_id) = own_id(caller) else { return Ok(none) };
    let Some(row) = tx.row(sqlx::query(FIND_STATE).bind(tx.tenant_id.0).bind(user_id.0)).await? else {
        return Ok(none);
    };
    Ok(State {
        confirmed_at: row.try_get("second_factor_since")?,
        recovery_codes_left: row.try_get("recovery_codes_left")?,
    })
}

/// Removes the second factor of another user. Rejects a caller who lacks a scope of the user's role, and a key that acts for the user:
/// a stolen key would take off what guards its maker.
pub async fn remove_of(tx: &Tx, caller: &Caller, user_id: UserId) -> Result<(), Error> {
    let caller = &current(tx, caller, Target { key: None, user: Some(user_id) }).await?;
    let user = users::find(tx, user_id).await?;
    require_role(parsed(user.role.clone())?, caller)?;
    if acts_for(tx, caller, user_id).await? {
        let detail = "The second factor is your own, or that of the user for whom your key acts. Only that user removes it, with a \
                      code: POST /v1/me/second-factor/remove.";
        return Err(Refusal::state(detail).into());
    }
    remove(tx, &user).await
}

impl Auth {
    /// Rejects a password that is not the caller's own. Counts failures like those of codes.
    pub async fn check_own_password(
        &self,
        caller: &Caller,
        password: SecretString,
        address: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        let user_id = own_id(caller).map_err(Error::from)?;
        let check = async {
            let user = self.db.read(caller.tenant_id, async |tx| users::find(tx, user_id).await).await?;
            if self.verify(password, user.password_hash).await? {
                return Ok(());
            }
            let wrong = Problems::one("/password", Code::ValidationFailed, "This is not your password.");
            Err(AuthError::from(Error::from(wrong)))
        };
        let counted = Counted::codes(caller.tenant_id, user_id);
        self.count_code(counted, user_id, address, check, AuthError::is_wrong_secret).await
    }

    /// Makes a secret for the caller. An earlier one that was not confirmed no longer works.
    pub async fn begin_second_factor(&self, tx: &Tx, caller: &Caller) -> Result<Begun, Error> {
        let user = users::lock(tx, own_id(caller)?).await?;
        if user.second_factor_since.is_some() {
            let detail = "You have a second factor: remove it before you set up another one.";
            return Err(Refusal::state(detail).into());
        }
        let tenant = tenant_of(tx).await?;
        let secret = rand::rng().random::<[u8; SECRET_BYTES]>();
        let sealed = self.vault.seal(tx.tenant_id, user.id.0, &secret)?;
        tx.execute(sqlx::query(BEGIN).bind(tx.tenant_id.0).bind(user.id.0).bind(sealed)).await?;
        let secret = base32(&secret);
        let email: String = url::form_urlencoded::byte_serialize(user.email.as_bytes()).collect();
        let issuer = format!("Stockwell%20{}", tenant.slug);
        let url = format!(
            "otpauth://totp/{issuer}:{email}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        );
        Ok(Begun { secret: secret.into(), url: url.into() })
    }

    /// Switches the caller's second factor on, if the code shows that the app has the secret.
    pub async fn confirm_second_factor(
        &self,
        tx: &Tx,
        caller: &Caller,
        code: &str,
    ) -> Result<Confirmed, Error> {
        let user = users::lock(tx, own_id(caller)?).await?;
        let is_begun = self.find_secret(tx, user.id).await?.is_some();
        if user.second_factor_since.is_some() || !is_begun {
            let detail = "There is nothing to confirm: begin with POST /v1/me/second-factor.";
            return Err(Refusal::state(detail).into());
        }
        self.require_code(tx, &user, code).await?;
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        let hashes: Vec<Vec<u8>> = codes.iter().map(|code| hash(&plain(code)).to_vec()).collect();
        let confirm = sqlx::query(CONFIRM).bind(tx.tenant_id.0).bind(user.id.0).bind(tx.now).bind(hashes);
        tx.execute(confirm).await?;
        let recovery_codes = codes.into_iter().map(SecretString::from).collect();
        Ok(Confirmed { confirmed_at: tx.now, recovery_codes })
    }

    /// Removes the caller's second factor, with a code of it.
    pub async fn remove_second_factor(&self, tx: &Tx, caller: &Caller, code: &str) -> Result<(), Error> {
        let user = users::lock(tx, own_id(caller)?).await?;
        if user.second_factor_since.is_none() {
            return Err(Refusal::state("You have no second factor.").into());
        }
        self.require_code(tx, &user, code).await?;
        remove(tx, &user).await
    }

    /// Uses a code of the user who calls, for a change that weakens what guards the user. Rejects a user who has a second factor and
    /// states no code. Other callers need none.
    pub(super) async fn require_fresh_code(
        &self,
        tx: &Tx,
        caller: &Caller,
        code: Option<&SecretString>,
    ) -> Result<(), Error> {
        let Ok(user_id) = own_id(caller) else { return Ok(()) };
        let user = users::lock(tx, user_id).await?;
        if user.second_factor_since.is_none() {
            return Ok(());
        }
        let code = code.ok_or_else(|| {
            let detail = "You have a second factor: state a code of it, or a recovery code.";
            Problems::one("/code", Code::InvalidStateTransition, detail)
        })?;
        self.require_code(tx, &user, code.expose_secret()).await
    }

    /// Uses a code of the user who calls, for an act that gives a person the role: makes or raises an admin, or gives one another
    /// address or password. A stolen access token would do so, and sign in past the second factor of its user. Rejects a key that acts for a
    /// user with a second factor, because it has no code.
    pub async fn require_code_of_role(
        &self,
        tx: &Tx,
        caller: &Caller,
        role: Role,
        code: Option<&SecretString>,
    ) -> Result<(), Error> {
        let mut problems = Problems::default();
        check_code_length(&mut problems, code);
        problems.check()?;
        if !role.is_admin() {
            return Ok(());
        }
        if has_guarded_user(tx, caller).await? {
            let detail = "The user for whom your key acts has a second factor: a key of this user makes and changes no admin. Send the \
                          access token of a login.";
            return Err(Refusal::state(detail).into());
        }
        self.require_fresh_code(tx, caller, code).await
    }

    /// Like [`require_code_of_role`](Auth::require_code_of_role), with the role that a user has.
    pub async fn require_code_for_user(
        &self,
        tx: &Tx,
        caller: &Caller,
        user_id: UserId,
        code: Option<&SecretString>,
    ) -> Result<(), Error> {
        let user = users::find(tx, user_id).await?;
        self.require_code_of_role(tx, caller, parsed(user.role)?, code).await
    }

    /// Uses a code of a user whom the transaction has locked. Rejects one that is wrong or was used.
    pub(super) async fn require_code(
        &self,
        tx: &Tx,
        user: &app_user::Model,
        code: &str,
    ) -> Result<(), Error> {
        let used = match read_code(code) {
            Entered::OfApp(code) => self.use_code(tx, user.id, code).await?,
            Entered::Recovery(hash) => use_recovery_code(tx, user, &hash).await?,
        };
        if used { Ok(()) } else { Err(wrong_code().into()) }
    }

    async fn use_code(&self, tx: &Tx, user_id: UserId, code: u32) -> Result<bool, Error> {
        let Some((secret, last)) = self.find_secret(tx, user_id).await? else { return Ok(false) };
        let Some(step) = matching_step(&secret, code, tx.now, last) else { return Ok(false) };
        tx.execute(sqlx::query(USE_STEP).bind(tx.tenant_id.0).bind(user_id.0).bind(step)).await?;
        Ok(true)
    }

    /// Returns the secret of a user, and the last step whose code was used.
    async fn find_secret(&self, tx: &Tx, user_id: UserId) -> Result<Option<(Vec<u8>, Option<i64>)>, Error> {
        let find = sqlx::query(FIND_SECRET).bind(tx.tenant_id.0).bind(user_id.0);
        let Some(row) = tx.row(find).await? else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get("second_factor")?;
        // With another signing key, the installation can't read it. An admin removes the factor then.
        let secret = self.vault.open(tx.tenant_id, user_id.0, &sealed);
        let last: Option<i64> = row.try_get("second_factor_step")?;
        Ok(secret.map(|secret| (secret, last)))
    }

    /// Makes the challenge of a login whose password was right.
    pub(super) fn challenge(&self, user: &app_user::Model, now: DateTime<Utc>) -> SecretString {
        let mut bytes = Vec::with_capacity(CHALLENGE_BYTES + 32);
        bytes.extend_from_slice(user.tenant_id.0.as_bytes());
        bytes.extend_from_slice(user.id.0.as_bytes());
        bytes.extend_from_slice(&(now.timestamp() + CHALLENGE_SECONDS).to_be_bytes());
        bytes.extend_from_slice(&logins_ended(user).to_be_bytes());
        let signature = hmac::sign(&self.challenge_key(), &bytes);
        bytes.extend_from_slice(signature.as_ref());
        format!("{CHALLENGE_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)).into()
    }

    /// Reads a challenge that this installation signed.
    fn read_challenge(&self, challenge: &SecretString) -> Option<Challenge> {
        let text = challenge.expose_secret().strip_prefix(CHALLENGE_PREFIX)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, signature) = bytes.split_at_checked(CHALLENGE_BYTES)?;
        hmac::verify(&self.challenge_key(), signed, signature).ok()?;
        let number = |from: usize| <[u8; 8]>::try_from(&signed[from..from + 8]).ok().map(i64::from_be_bytes);
        Some(Challenge {
            tenant_id: TenantId(Uuid::from_slice(&signed[..16]).ok()?),
            user_id: UserId(Uuid::from_slice(&signed[16..32]).ok()?),
            expires_at: number(32)?,
            logins_ended: number(40)?,
        })
    }

    fn challenge_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.signing_key.derive("login challenges"))
    }

    /// Completes a login with a code of the second factor.
    pub async fn login_with_code(
        &self,
        challenge: &SecretString,
        code: &str,
        address: Option<IpAddr>,
        user_agent: Option<String>,
    ) -> Result<Tokens, AuthError> {
        let known = self.read_challenge(challenge).ok_or_else(|| Error::from(stale()))?;
        // A challenge that ended shows no password, so it counts for its network, and locks no user out.
        let find = async |tx: &Tx| known.require(tx, &users::find(tx, known.user_id).await?).await;
        let find = async { self.db.read(known.tenant_id, find).await.map_err(AuthError::from) };
        self.guess(Guess::Code, address, find).await?;
        let caller = Caller::new(known.tenant_id, ActorKind::User, known.user_id.0, Scopes::default());
        let complete = async |tx: &Tx| {
            let user = users::lock(tx, known.user_id).await?;
            known.require(tx, &user).await?;
            self.require_code(tx, &user, code).await?;
            self.issue(tx, &user, Session::new(address, user_agent.clone())).await
        };
        let completed = async { self.db.write(&caller, complete).await.map_err(AuthError::from) };
        let (tenant_id, user_id) = (known.tenant_id, known.user_id);
        let completed =
            self.guess_code(tenant_id, user_id, address, completed, AuthError::is_wrong_secret).await;
        if completed.as_ref().is_err_and(AuthError::is_wrong_secret) {
            self.note_refusal(&caller, address, "invalid_credentials");
        }
        completed
    }
}

async fn tenant_of(tx: &Tx) -> Result<tenant::Model, Error> {
    let tenant = tx.select::<tenant::Entity>().one(tx).await?;
    tenant.ok_or_else(|| Error::invariant("the user's tenant is gone"))
}

async fn use_recovery_code(tx: &Tx, user: &app_user::Model, hash: &[u8; 32]) -> Result<bool, Error> {
    let used = sqlx::query(USE_RECOVERY_CODE).bind(tx.tenant_id.0).bind(user.id.0).bind(hash.to_vec());
    if tx.execute(used).await? == 0 {
        return Ok(false);
    }
    let caller = Caller::new(tx.tenant_id, ActorKind::User, user.id.0, Scopes::default());
    let written = Written { document_id: Some(user.id.0), status: 200, ..Written::default() };
    command::record(tx, &caller, RECOVERED, None, &written).await?;
    Ok(true)
}

async fn remove(tx: &Tx, user: &app_user::Model) -> Result<(), Error> {
    if user.second_factor_since.is_none() {
        return Err(Refusal::not_found("second factor").into());
    }
    tx.execute(sqlx::query(REMOVE).bind(tx.tenant_id.0).bind(user.id.0).bind(tx.now)).await?;
    Ok(())
}

fn own_id(caller: &Caller) -> Result<UserId, Refusal> {
    if caller.actor_kind == ActorKind::User {
        return Ok(UserId(caller.actor_id));
    }
    Err(Refusal::state("Only a user has a second factor: send the access token of a login."))
}

fn wrong_code() -> Refusal {
    let detail =
        "The code is wrong, or it was used. Wait for the next code of your app, or use a recovery code.";
    Problems::one("/code", Code::ValidationFailed, detail)
}

fn stale() -> Refusal {
    let detail =
        "The challenge does not work: it is older than 5 minutes, or the user was changed. Log in again.";
    Problems::one("/challenge", Code::ValidationFailed, detail)
}

/// Returns the step near `now` that has this code, if no code of this step or a later one was used.
fn matching_step(secret: &[u8], code: u32, now: DateTime<Utc>, last: Option<i64>) -> Option<i64> {
    let present = now.timestamp().div_euclid(STEP_SECONDS);
    let mut steps = present - DRIFT_STEPS..=present + DRIFT_STEPS;
    steps.find(|step| last.is_none_or(|last| *step > last) && code_of(secret, *step) == code)
}

/// Computes the code of a step (RFC 4226, 5.3).
fn code_of(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let signed = hmac::sign(&key, &step.to_be_bytes());
    let signed = signed.as_ref();
    let from = usize::from(signed[signed.len() - 1] & 0xf);
    let word = u32::from_be_bytes([signed[from], signed[from + 1], signed[from + 2], signed[from + 3]]);
    (word & 0x7fff_ffff) % 1_000_000
}

/// Reads a code of the app, or a recovery code. Spaces, hyphens and capital letters don't count.
fn read_code(code: &str) -> Entered {
    let text = plain(code);
    let is_of_app = text.len() == DIGITS && text.bytes().all(|letter| letter.is_ascii_digit());
    match text.parse() {
        Ok(code) if is_of_app => Entered::OfApp(code),
        _ => Entered::Recovery(hash(&text)),
    }
}

fn plain(code: &str) -> String {
    let letters = code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Makes a recovery code, such as `swc_abcd-efgh-ijkl-mnop`: 80 random bits.
fn recovery_code() -> String {
    let letters = base32(&rand::rng().random::<[u8; RECOVERY_BYTES]>()).to_ascii_lowercase();
    let groups = [&letters[..4], &letters[4..8], &letters[8..12], &letters[12..]];
    format!("{RECOVERY_PREFIX}{}", groups.join("-"))
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Encodes bytes, a multiple of 5, in base32 (RFC 4648, 6).
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[((held >> bits) & 31) as usize]));
        }
    }
    text
}

const FIND_STATE: &str = "
    select second_factor_since, coalesce(cardinality(recovery_codes), 0) as recovery_codes_left
    from app_user where tenant_id = $1 and id = $2";

const FIND_SECRET: &str = "
    select second_factor, second_factor_step from app_user
    where tenant_id = $1 and id = $2 and second_factor is not null";

const BEGIN: &str = "
    update app_user set second_factor = $3, second_factor_step = null
    where tenant_id = $1 and id = $2";

const CONFIRM: &str = "
    update app_user
    set second_factor_since = $3, recovery_codes = $4, updated_at = $3, version = version + 1
    where tenant_id = $1 and id = $2";

const USE_STEP: &str = "update app_user set second_factor_step = $3 where tenant_id = $1 and id = $2";

const USE_RECOVERY_CODE: &str = "
    update app_user set recovery_codes = array_remove(recovery_codes, $3::bytea)
    where tenant_id = $1 and id = $2 and second_factor_since is not null and $3::bytea = any(recovery_codes)";

const REMOVE: &str = "
    update app_user
    set second_factor = null, second_factor_since = null, second_factor_step = null, recovery_codes = null,
        updated_at = $3, version = version + 1
    where tenant_id = $1 and id = $2";

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    /// The examples of RFC 6238, appendix B, by their last 6 digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(code_of(secret, seconds / STEP_SECONDS), code, "{seconds}");
        }
        assert_eq!(base32(secret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_counts_for_its_step_and_its_neighbours_and_once() {
        let (secret, step) = (b"12345678901234567890", 41_152_263);
        let now = at(step * STEP_SECONDS + 29);
        let matching = |of: i64, last| matching_step(secret, code_of(secret, of), now, last);
        for of in step - 1..=step + 1 {
            assert_eq!(matching(of, None), Some(of));
            assert_eq!(matching(of, Some(of)), None, "used");
            assert_eq!(matching(of, Some(step + 1)), None, "a later one was used");
        }
        assert_eq!(matching(step - 2, None), None);
        assert_eq!(matching(step + 2, None), None);
    }

    #[test]
    fn a_code_may_be_written_with_spaces() {
        let of_app = |text: &str| match read_code(text) {
            Entered::OfApp(code) => Some(code),
            Entered::Recovery(_) => None,
        };
        assert_eq!(of_app("081 804"), Some(81_804));
        assert_eq!((of_app("81804"), of_app("+81804"), of_app("")), (None, None, None));
        let code = recovery_code();
        assert_eq!(code.len(), 23, "{code}");
        assert_eq!(plain(&code), plain(&format!(" {} ", code.to_uppercase())));
        assert_ne!(code, recovery_code());
    }
}
