//! Access tokens of users: JWT of the profile RFC 9068, signed with ES256.

use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use chrono::{DateTime, Utc};
use domain::id::{TenantId, UserId};
use entity::app_user;
use hkdf::Hkdf;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use pem::{EncodeConfig, LineEnding, Pem};
use sea_orm::{ColumnTrait, QueryFilter, sqlx};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use super::role::scopes_of;
use super::{Auth, AuthError, CachedCredential, Role};
use crate::caller::ActorKind;
use crate::scope::Scopes;
use crate::tx::Move;
use crate::{Caller, Error};

/// Lifetime of an access token.
pub const ACCESS_TOKEN_SECONDS: i64 = 15 * 60;
/// Most by which clocks may differ.
const LEEWAY_SECONDS: u64 = 30;
/// Issuer of the tokens.
const ISSUER: &str = "stockwell";
/// Audience of the tokens.
const AUDIENCE: &str = "stockwell-api";
/// Media type of an access token, as in its header.
const TOKEN_TYPE: &str = "at+jwt";
/// Longest token that is parsed.
const TOKEN_LENGTH_MAX: usize = 4096;

/// The claims of a token.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    client_id: String,
    iat: i64,
    exp: i64,
    jti: String,
    scope: String,
    tid: String,
    roles: Vec<Role>,
    /// When all logins of the user were last ended, see [`logins_ended`]. A later end ends the token.
    #[serde(default)]
    ended: i64,
    /// The login. Its end ends the token. Absent in tokens of the version before.
    #[serde(default)]
    sid: Option<Uuid>,
}

/// The content of an access token that is to be issued.
#[derive(Debug)]
pub(super) struct Grant {
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub role: Role,
    /// The scopes that the user has.
    pub scopes: Scopes,
    /// As [`logins_ended`] returns it.
    pub logins_ended: i64,
    /// The login.
    pub session_id: Uuid,
}

/// Returns the microsecond at which all logins of a user were last ended. Zero if they never were.
pub(super) fn logins_ended(user: &app_user::Model) -> i64 {
    user.logins_ended_at.map_or(0, |at| at.timestamp_micros())
}

/// The reason why a signing key is unusable.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file cannot be read or written.
    #[error("the signing key file {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The file does not contain a key of the right kind.
    #[error(
        "the signing key must be a P-256 key in PKCS#8 PEM form, as made by \
         `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`"
    )]
    Unusable,
}

/// The key that signs access tokens. Other secrets of the installation are derived from it.
pub struct SigningKey {
    /// Derives the other secrets (RFC 5869).
    hkdf: Hkdf<Sha256>,
    encoding: EncodingKey,
    decoding: DecodingKey,
    header: Header,
    validation: Validation,
    jwks: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("SigningKey").field("kid", &self.header.kid).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Creates a random key.
    pub fn generate() -> Result<Self, SigningKeyError> {
        SigningKey::from_pem(generate_pem()?)
    }

    /// Reads the key from a PEM file.
    pub fn load(path: &Path) -> Result<Self, SigningKeyError> {
        let text = std::fs::read_to_string(path);
        SigningKey::from_pem(
            text.map_err(|source| SigningKeyError::File { path: path.to_owned(), source })?.into(),
        )
    }

    /// Reads the key from a PEM file. Creates the file, readable by its owner only, if it is missing.
    pub fn load_or_create(path: &Path) -> Result<Self, SigningKeyError> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let pem = generate_pem()?;
        let created = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match created.and_then(|mut file| file.write_all(pem.expose_secret().as_bytes())) {
            Ok(()) => SigningKey::from_pem(pem),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => SigningKey::load(path),
            Err(source) => Err(SigningKeyError::File { path: path.to_owned(), source }),
        }
    }

    /// Parses a key from PEM text.
    pub fn from_pem(pem: SecretString) -> Result<Self, SigningKeyError> {
        let unusable = |_| SigningKeyError::Unusable;
        let document = pem::parse(pem.expose_secret()).map_err(|_| SigningKeyError::Unusable)?;
        let hkdf = Hkdf::new(None, document.contents());
        let encoding = EncodingKey::from_ec_pem(pem.expose_secret().as_bytes()).map_err(unusable)?;
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::ES256).map_err(unusable)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(unusable)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let decoding = DecodingKey::from_jwk(&jwk).map_err(unusable)?;
        let jwks =
            serde_json::to_string(&JwkSet { keys: vec![jwk] }).map_err(|_| SigningKeyError::Unusable)?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(kid);
        let mut validation = Validation::new(Algorithm::ES256);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Ok(SigningKey { hkdf, encoding, decoding, header, validation, jwks })
    }

    /// Derives a secret for `purpose`. Nodes with the same key get the same secret.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut secret = [0; 32];
        self.hkdf
            .expand(purpose.as_bytes(), &mut secret)
            .expect("HKDF gives up to 255 times the hash's length");
        secret
    }

    pub(super) fn jwks(&self) -> &str {
        &self.jwks
    }

    pub(super) fn issue(&self, grant: &Grant, now: DateTime<Utc>) -> Result<String, Error> {
        let Grant { tenant_id, user_id, role, scopes, logins_ended, session_id } = *grant;
        let scope: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: user_id.to_string(),
            aud: AUDIENCE.to_owned(),
            client_id: ISSUER.to_owned(),
            iat: now.timestamp(),
            exp: now.timestamp() + ACCESS_TOKEN_SECONDS,
            jti: Uuid::new_v4().to_string(),
            scope: scope.join(" "),
            tid: tenant_id.to_string(),
            roles: vec![role],
            ended: logins_ended,
            sid: Some(session_id),
        };
        encode(&self.header, &claims, &self.encoding).map_err(|error| Error::invariant(error.to_string()))
    }

    fn verify(&self, token: &str) -> Option<Claims> {
        if token.len() > TOKEN_LENGTH_MAX {
            return None;
        }
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TOKEN_TYPE) || header.kid != self.header.kid {
            return None;
        }
        Some(decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims)
    }
}

fn generate_pem() -> Result<SecretString, SigningKeyError> {
    let unusable = |_| SigningKeyError::Unusable;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(unusable)?;
    let document = pair.to_pkcs8v1().map_err(unusable)?;
    let pem = Pem::new("PRIVATE KEY", document.as_ref());
    Ok(pem::encode_config(&pem, EncodeConfig::new().set_line_ending(LineEnding::LF)).into())
}

impl Auth {
    /// Returns the user of an access token. A valid signature is not enough: the user may have been disabled, or the
    /// tenant suspended, or the login ended, since the token was issued.
    pub(super) async fn check_token(&self, token: &str) -> Result<CachedCredential, AuthError> {
        let claims = self.signing_key.verify(token).ok_or(AuthError::InvalidToken)?;
        let tenant_id: TenantId = claims.tid.parse().map_err(|_| AuthError::InvalidToken)?;
        let user_id: UserId = claims.sub.parse().map_err(|_| AuthError::InvalidToken)?;
        let (user, tenant, goes_on) = self
            .db
            .read(tenant_id, async |tx| {
                let users = tx.select::<app_user::Entity>();
                let user = users.filter(app_user::Column::Id.eq(user_id)).one(tx).await?;
                let goes_on = match claims.sid {
                    Some(session_id) => {
                        let find = sqlx::query(FIND_SESSION).bind(tx.tenant_id.0).bind(session_id);
                        tx.row(find.bind(user_id.0)).await?.is_some()
                    }
                    None => true,
                };
                Ok((user, tx.select::<entity::tenant::Entity>().one(tx).await?, goes_on))
            })
            .await?;
        let is_valid =
            |user: &app_user::Model| goes_on && user.status == "active" && logins_ended(user) == claims.ended;
        let user = user.filter(is_valid).ok_or(AuthError::InvalidToken)?;
        if tenant.is_none_or(|tenant| tenant.status != "active") {
            return Err(AuthError::TenantSuspended);
        }
        if self.db.move_of(tenant_id) == Some(Move::Moved) {
            return Err(AuthError::TenantMoved);
        }
        // The token's scopes, limited to those that the role still has.
        let role: Role = user.role.parse().map_err(|_| AuthError::InvalidToken)?;
        let claimed: Vec<String> = claims.scope.split(' ').map(str::to_owned).collect();
        let scopes = Scopes::parse(&claimed).intersection(scopes_of(role, user.scopes.as_deref()));
        let caller = Caller::new(tenant_id, ActorKind::User, user_id.0, scopes);
        Ok(CachedCredential { caller: Caller { session_id: claims.sid, ..caller }, ends: None })
    }
}

/// A login goes on while it has a token that was not revoked.
pub(super) const FIND_SESSION: &str = "
    select 1 from refresh_token
    where tenant_id = $1 and family_id = $2 and user_id = $3 and revoked_at is null limit 1";

#[cfg(test)]
mod tests {
    use base64::Engine;
    use chrono::TimeDelta;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from(std::time::SystemTime::now())
    }

    fn token(key: &SigningKey, at: DateTime<Utc>) -> String {
        let grant = Grant {
            tenant_id: TenantId::default(),
            user_id: UserId::default(),
            role: Role::Cashier,
            scopes: Role::Cashier.scopes(),
            logins_ended: 0,
            session_id: Uuid::nil(),
        };
        key.issue(&grant, at).expect("a token")
    }

    #[test]
    fn a_token_is_good_for_fifteen_minutes() {
        let key = SigningKey::generate().expect("a key");
        let claims = key.verify(&token(&key, now())).expect("claims");
        assert_eq!(claims.exp - claims.iat, 900);
        assert_eq!(claims.roles, [Role::Cashier]);
        assert!(claims.scope.split(' ').any(|scope| scope == "pos:write"));
        assert!(key.verify(&token(&key, now() - TimeDelta::seconds(920))).is_some(), "within the leeway");
        assert!(key.verify(&token(&key, now() - TimeDelta::seconds(940))).is_none());
    }

    #[test]
    fn foreign_and_changed_tokens_are_refused() {
        let key = SigningKey::generate().expect("a key");
        let good = token(&key, now());
        let other = SigningKey::generate().expect("a key");
        assert!(other.verify(&good).is_none());
        let mut parts: Vec<&str> = good.split('.').collect();
        let stranger = token(&other, now());
        parts[2] = stranger.split('.').nth(2).expect("a signature");
        assert!(key.verify(&parts.join(".")).is_none());
        // `alg: none` and a symmetric algorithm with the public key as secret.
        for header in [r#"{"alg":"none","typ":"at+jwt"}"#, r#"{"alg":"HS256","typ":"at+jwt"}"#] {
            let header = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(header);
            assert!(key.verify(&format!("{header}.{}.", good.split('.').nth(1).expect("claims"))).is_none());
        }
        assert!(key.verify("").is_none() && key.verify("a.b.c").is_none());
    }

    #[test]
    fn a_plain_jwt_is_no_access_token() {
        let mut key = SigningKey::generate().expect("a key");
        key.header.typ = Some("JWT".to_owned());
        assert!(key.verify(&token(&key, now())).is_none());
    }

    #[test]
    fn the_key_survives_its_file() {
        let folder = std::env::temp_dir().join(format!("stockwell-{}", Uuid::new_v4()));
        std::fs::create_dir(&folder).expect("a folder");
        let path = folder.join("signing.pem");
        let first = SigningKey::load_or_create(&path).expect("a key");
        let second = SigningKey::load_or_create(&path).expect("a key");
        assert_eq!(first.jwks(), second.jwks());
        assert_eq!(first.derive("a"), second.derive("a"));
        assert_ne!(first.derive("a"), first.derive("b"));
        assert!(!first.jwks().contains("\"d\""), "the private half stays private");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
