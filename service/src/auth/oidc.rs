//! Sign-ins with an external provider (OpenID Connect, authorization code flow with PKCE).
//!
//! 1. [`begin`](Auth::begin_provider_login): the browser goes to the provider, with a signed state.
//! 2. [`confirm`](Auth::confirm_provider_login): the provider sends it back with a code, which the server exchanges for an id token. If
//!    that names a user, the page gets a code of ours.
//! 3. [`complete`](Auth::complete_provider_login): the page exchanges this code for tokens. No token is ever in a URL.
//!
//! Both the state and our code are tied to the browser by a cookie. Otherwise a link could sign a person in as the sender of the link.

mod id_token;
mod state;

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{IdentityProviderId, UserId};
use domain::refusal::{Code, Problems, Refusal};
use entity::{app_user, tenant};
use sea_orm::sqlx::{self, Row};
use sea_orm::{ColumnTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::one_time::{Prefix, hash};
use super::password::DUMMY_HASH;
use super::provider::{self, IdentityProvider};
use super::provider_account::Account;
use super::remote::{Description, Login, RemoteError, Version};
use super::session::{Opened, Session, anonymous, user_caller};
use super::users::{self, NewUser, check_new_user};
use super::{Auth, AuthError, Guess, Role, Tokens};
use crate::columns::Columns;
use crate::command::{self, Written};
use crate::rows::parsed;
use crate::{Caller, Error, Tx, input};

use id_token::{Expected, Person};
pub(super) use state::States;
pub use state::{LENGTH_MAX as STATE_LENGTH_MAX, SECONDS as STATE_SECONDS};
use state::{Part, State};

/// Prefix of a code of ours.
const PREFIX: Prefix = Prefix("swo");
/// Lifetime of a code of ours.
pub const CODE_SECONDS: i64 = 60;
/// Time after which a used state need not be known any more, because it has ended.
const KEPT_MINUTES: i64 = 20;
/// Most old logins that are deleted with a new one.
const DELETED_MAX: i64 = 20;
/// Longest path of a page.
const PAGE_LENGTH_MAX: usize = 100;
/// Longest code of a provider.
const PROVIDER_CODE_LENGTH_MAX: usize = 4_096;
/// Longest error of a provider that is shown.
const PROVIDER_ERROR_LENGTH_MAX: usize = 64;
const OTHER_BROWSER: &str = "Another browser began this sign-in, or its cookies were deleted. Sign in again.";

/// A provider that the page to sign in offers.
#[derive(Debug)]
pub struct Offered {
    pub id: IdentityProviderId,
    pub name: String,
}

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Begun {
    /// URL of the provider to which the browser goes.
    pub url: String,
    /// Value of a cookie that ties the sign-in to the browser.
    pub cookie: String,
    /// Whether the browser sends the cookie by HTTPS only.
    pub is_secure: bool,
}

/// The response of a provider, as the browser brings it.
#[derive(Debug, Default)]
pub struct Returned {
    pub state: String,
    /// Code of the provider.
    pub code: Option<String>,
    /// Reason why the provider signed no person in.
    pub error: Option<String>,
    /// Value of the cookie of [`Begun`].
    pub cookie: Option<String>,
}

/// A sign-in that the provider confirmed.
#[derive(Debug)]
pub struct ProviderLogin {
    /// Path of the page that began it.
    pub page: String,
    /// Code that the page exchanges for tokens, once, within a minute.
    pub code: SecretString,
    /// Value of a cookie that ties the code to the browser.
    pub cookie: String,
    /// Whether the browser sends the cookie by HTTPS only.
    pub is_secure: bool,
}

#[derive(Deserialize)]
struct TokenResponse {
    id_token: Option<String>,
}

impl Auth {
    /// Returns the providers of a tenant. An unknown tenant has none.
    pub async fn offered_providers(
        &self,
        slug: &str,
        address: Option<IpAddr>,
    ) -> Result<Vec<Offered>, AuthError> {
        _ = self.attempts.begin(Guess::Look, address).await?;
        let tenant = self.find_tenant(slug).await?.filter(|tenant| tenant.is_active);
        let Some(tenant) = tenant else { return Ok(Vec::new()) };
        let providers = self.db.read(tenant.id, async |tx| provider::enabled(tx).await).await?;
        Ok(providers.into_iter().map(|IdentityProvider { id, name, .. }| Offered { id, name }).collect())
    }

    /// Begins a sign-in for a page of this server. Counts unknown tenants and providers like failed logins.
    pub async fn begin_provider_login(
        &self,
        slug: &str,
        id: IdentityProviderId,
        page: &str,
        address: Option<IpAddr>,
    ) -> Result<Begun, AuthError> {
        _ = self.attempts.begin(Guess::Look, address).await?;
        self.guess(Guess::Provider, address, self.begin_login_at(slug, id, page)).await
    }

    async fn begin_login_at(
        &self,
        slug: &str,
        id: IdentityProviderId,
        page: &str,
    ) -> Result<Begun, AuthError> {
        if !is_page(page) {
            let detail = format!(
                "Expected the path of a page, such as /console, of at most {PAGE_LENGTH_MAX} characters."
            );
            return Err(refused("/page", detail));
        }
        let unknown = || Error::from(Refusal::not_found("identity provider"));
        let tenant = self.find_tenant(slug).await?.ok_or_else(unknown)?;
        if !tenant.is_active {
            return Err(AuthError::TenantSuspended);
        }
        let read = async |tx: &Tx| Ok((provider::get(tx, id).await?, tx.now));
        let (provider, now) = self.db.read(tenant.id, read).await?;
        if !provider.enabled {
            return Err(unknown().into());
        }
        let description = self.describe(&provider).await?;
        let state = State {
            tenant_id: tenant.id,
            provider_id: id,
            expires_at: now.timestamp() + STATE_SECONDS,
            page: page.to_owned(),
        };
        let state = self.states.write(&state);
        let challenge = Sha256::digest(self.states.derive(Part::Verifier, &state).as_bytes());
        let mut url = Url::parse(&description.authorization_endpoint)
            .map_err(|_| Error::invariant("the description was checked"))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", &provider.redirect_url)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &state)
            .append_pair("nonce", &self.states.derive(Part::Nonce, &state))
            .append_pair("code_challenge", &in_base64(&challenge))
            .append_pair("code_challenge_method", "S256");
        Ok(Begun {
            url: url.into(),
            cookie: self.states.derive(Part::Cookie, &state),
            is_secure: is_secure(&provider),
        })
    }

    /// Takes the response of a provider. Returns a code for the page, if the provider names a user who may sign in. Counts failures like
    /// failed logins.
    pub async fn confirm_provider_login(
        &self,
        returned: &Returned,
        address: Option<IpAddr>,
    ) -> Result<ProviderLogin, AuthError> {
        self.guess(Guess::Provider, address, self.confirm(returned, address)).await
    }

    async fn confirm(
        &self,
        returned: &Returned,
        address: Option<IpAddr>,
    ) -> Result<ProviderLogin, AuthError> {
        let state = self.states.read(&returned.state, crate::tx::now()).ok_or_else(stale)?;
        let cookie = self.states.derive(Part::Cookie, &returned.state);
        if returned.cookie.as_deref() != Some(cookie.as_str()) {
            return Err(refused("/state", OTHER_BROWSER));
        }
        let code = returned.code.as_deref().filter(|code| code.len() <= PROVIDER_CODE_LENGTH_MAX);
        let code = code.ok_or_else(|| no_code(returned.error.as_deref()))?;
        let read = async |tx: &Tx| {
            require_active(tx).await?;
            require_unused(tx, &returned.state).await?;
            let provider = provider::get(tx, state.provider_id).await?;
            let secret = self.provider_secret(tx, provider.id).await?;
            Ok((provider, secret))
        };
        let (provider, secret) = self.db.read(state.tenant_id, read).await?;
        if !provider.enabled {
            return Err(Error::from(Refusal::not_found("identity provider")).into());
        }
        let person = self.find_person(&provider, &secret, &returned.state, code).await?;
        if !is_admitted(&provider, &person.email) {
            return Err(refused(
                "/id_token",
                "The domain of your e-mail address may not sign in with this provider.",
            ));
        }
        let code = PREFIX.make(state.tenant_id);
        let open = async |tx: &Tx| {
            require_active(tx).await?;
            require_unchanged(tx, &provider).await?;
            match self.find_user(tx, &provider, &person).await? {
                Found::Admitted(user) => {
                    keep(tx, &user, &returned.state, &code, provider.asks_second_factor).await?;
                    Ok(None)
                }
                Found::Rejected(id) => Ok(Some(id)),
                Found::Unknown => Err(no_user().into()),
            }
        };
        let rejected: Option<UserId> = self.db.write(&anonymous(state.tenant_id), open).await?;
        if let Some(user_id) = rejected {
            let caller = Caller { actor_id: user_id.0, ..anonymous(state.tenant_id) };
            self.note_refusal(&caller, address, "invalid_credentials");
            return Err(Error::from(no_user()).into());
        }
        let cookie = self.states.derive(Part::Page, code.expose_secret());
        Ok(ProviderLogin { page: state.page, code, cookie, is_secure: is_secure(&provider) })
    }

    /// Exchanges a code for tokens, in the browser with the cookie of [`ProviderLogin`]. Asks for the second factor of the user, if the
    /// tenant wants it.
    pub async fn complete_provider_login(
        &self,
        code: &SecretString,
        cookie: Option<&str>,
        address: Option<IpAddr>,
        user_agent: Option<String>,
    ) -> Result<Tokens, AuthError> {
        let complete = async {
            let (tenant_id, hash) = PREFIX.read(code).ok_or_else(|| Error::from(spent()))?;
            if cookie != Some(self.states.derive(Part::Page, code.expose_secret()).as_str()) {
                return Err(refused("/code", OTHER_BROWSER));
            }
            let open = async |tx: &Tx| {
                let login = use_code(tx, &hash).await?;
                require_active(tx).await?;
                let user = users::lock(tx, login.user_id).await?;
                let is_ended = user.logins_ended_at.is_some_and(|at| at >= login.created_at);
                if user.status != "active" || is_ended {
                    return Err(spent().into());
                }
                if login.asks_second_factor && user.second_factor_since.is_some() {
                    return Ok(Opened::CodeNeeded(self.challenge(&user, tx.now)));
                }
                let session = Session::new(address, user_agent.clone());
                Ok(Opened::Tokens(self.issue(tx, &user, session).await?))
            };
            match self.db.write(&anonymous(tenant_id), open).await? {
                Opened::Tokens(tokens) => Ok(tokens),
                Opened::CodeNeeded(challenge) => Err(AuthError::MfaRequired(Some(challenge))),
            }
        };
        self.guess(Guess::Provider, address, complete).await
    }

    async fn describe(&self, provider: &IdentityProvider) -> Result<Arc<Description>, AuthError> {
        self.remote.describe(version_of(provider), &provider.issuer).await.map_err(unusable)
    }

    /// Exchanges the code of a provider for an id token. Returns its person.
    async fn find_person(
        &self,
        provider: &IdentityProvider,
        secret: &SecretString,
        state: &str,
        code: &str,
    ) -> Result<Person, AuthError> {
        let description = self.describe(provider).await?;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &provider.redirect_url)
            .append_pair("code_verifier", &self.states.derive(Part::Verifier, state));
        let takes = |method: &str| {
            description.token_endpoint_auth_methods_supported.iter().any(|known| known == method)
        };
        // A provider that names no method takes the first one (OpenID Connect Core 1.0, 9).
        let is_in_head = takes("client_secret_basic") || !takes("client_secret_post");
        if !is_in_head {
            form.append_pair("client_id", &provider.client_id)
                .append_pair("client_secret", secret.expose_secret());
        }
        let (name, password) = (encoded(&provider.client_id), encoded(secret.expose_secret()));
        let login = is_in_head.then_some(Login { name: &name, password: &password });
        let sent =
            self.remote.post::<TokenResponse>(provider.id, &description.token_endpoint, form.finish(), login);
        let token = sent.await.map_err(unusable)?.id_token;
        let token = token.ok_or_else(|| refused("/id_token", "The provider sent no id token."))?;
        let head = id_token::head(&token).map_err(|detail| refused("/id_token", detail))?;
        let key = self.remote.key(version_of(provider), &description.jwks_uri, head.kid.as_deref());
        let key = key.await.map_err(unusable)?;
        let key = key.ok_or_else(|| {
            refused("/id_token", "The provider has no key with the id that its token names.")
        })?;
        let nonce = self.states.derive(Part::Nonce, state);
        let expected = Expected { issuer: &provider.issuer, client_id: &provider.client_id, nonce: &nonce };
        id_token::check(&token, head.alg, &key, &expected).map_err(|detail| refused("/id_token", detail))
    }

    /// Finds the user of a person's account, and locks the user: the one to whom the account is tied, else the one with the address.
    /// Makes one if the provider does so.
    async fn find_user(&self, tx: &Tx, provider: &IdentityProvider, person: &Person) -> Result<Found, Error> {
        let account = Account { provider_id: provider.id, subject: &person.subject, email: &person.email };
        let mut known = account.find_user(tx).await?;
        if known.is_none() {
            let users = tx.select::<app_user::Entity>();
            let named = users.filter(app_user::Column::Email.eq(person.email.as_str())).one(tx).await?;
            known = named.map(|user| user.id);
        }
        if let Some(id) = known {
            let user = users::lock(tx, id).await?;
            let role: Role = parsed(user.role.clone())?;
            let is_admitted = user.status == "active" && (role != Role::Owner || provider.admits_owners);
            let is_admitted = is_admitted && account.tie(tx, &user).await?;
            return Ok(if is_admitted { Found::Admitted(Box::new(user)) } else { Found::Rejected(user.id) });
        }
        let Some(role) = provider.role else { return Ok(Found::Unknown) };
        let name = name_of(person);
        let email = check_new_user(&person.email, &name)?;
        // No password fits. A link for a new one gives the user one.
        let wanted = NewUser { email: &email, name: &name, role, custom_role: None };
        let user = users::insert(tx, &wanted, DUMMY_HASH).await?;
        if !account.tie(tx, &user).await? {
            return Err(no_user().into());
        }
        command::record(tx, &user_caller(&user), "user.created", None, &Written::created(user.id.0)).await?;
        Ok(Found::Admitted(Box::new(user)))
    }
}

/// The user whom a provider names.
enum Found {
    Admitted(Box<app_user::Model>),
    /// The user is disabled, an owner whom the provider does not admit, or tied to another account.
    Rejected(UserId),
    Unknown,
}

/// A sign-in whose code was used.
struct Used {
    user_id: UserId,
    asks_second_factor: bool,
    created_at: DateTime<Utc>,
}

/// Stores a sign-in that a provider confirmed. Rejects a state that was used.
async fn keep(
    tx: &Tx,
    user: &app_user::Model,
    state: &str,
    code: &SecretString,
    asks_second_factor: bool,
) -> Result<(), Error> {
    let before = tx.now - TimeDelta::minutes(KEPT_MINUTES);
    tx.execute(sqlx::query(DELETE_OLD).bind(tx.tenant_id.0).bind(before).bind(DELETED_MAX)).await?;
    let statement = Columns::of(
        "insert into provider_login (tenant_id, id, state_hash, code_hash, user_id, asks_second_factor, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", tx.next_id())
    .value("state_hash", state::hash(state).to_vec())
    .value("code_hash", hash(code).to_vec())
    .value("user_id", user.id.0)
    .value("asks_second_factor", asks_second_factor)
    .value("created_at", tx.now);
    let kept = statement.execute(tx).await;
    kept.map_err(|error| error.on_constraint("provider_login_state_key", used_state))?;
    Ok(())
}

/// Uses a code. Rejects one that is unknown, was used or has ended.
async fn use_code(tx: &Tx, hash: &[u8; 32]) -> Result<Used, Error> {
    let after = tx.now - TimeDelta::seconds(CODE_SECONDS);
    let used = sqlx::query(USE_CODE).bind(tx.tenant_id.0).bind(hash.to_vec()).bind(tx.now).bind(after);
    let row = tx.row(used).await?.ok_or_else(spent)?;
    Ok(Used {
        user_id: UserId(row.try_get("user_id")?),
        asks_second_factor: row.try_get("asks_second_factor")?,
        created_at: row.try_get("created_at")?,
    })
}

async fn require_active(tx: &Tx) -> Result<(), Error> {
    let tenant = tx.select::<tenant::Entity>().one(tx).await?;
    if tenant.is_some_and(|tenant| tenant.status == "active") { Ok(()) } else { Err(spent().into()) }
}

/// Locks a provider until the sign-in is stored. Rejects one that was changed while it was asked for the person.
async fn require_unchanged(tx: &Tx, asked: &IdentityProvider) -> Result<(), Error> {
    let present = provider::hold(tx, asked.id).await?;
    if present.version == asked.version {
        return Ok(());
    }
    let detail = "The provider was changed during this sign-in. Sign in again.";
    Err(Problems::one("/state", Code::ValidationFailed, detail).into())
}

/// Rejects a state that was used, before the provider is asked.
async fn require_unused(tx: &Tx, state: &str) -> Result<(), Error> {
    let find = sqlx::query(FIND_STATE).bind(tx.tenant_id.0).bind(state::hash(state).to_vec());
    if tx.row(find).await?.is_some() { Err(used_state().into()) } else { Ok(()) }
}

/// Whether this server is reached by HTTPS.
fn is_secure(provider: &IdentityProvider) -> bool {
    provider.redirect_url.starts_with("https:")
}

fn version_of(provider: &IdentityProvider) -> Version {
    Version { id: provider.id, version: provider.version }
}

/// Whether the address is in a domain of the provider.
fn is_admitted(provider: &IdentityProvider, email: &str) -> bool {
    let domain = email.rsplit_once('@').map(|(_, domain)| domain);
    domain.is_some_and(|domain| provider.email_domains.iter().any(|known| known == domain))
}

/// Returns the name of a new user: that of the provider, in the form of a name, or the address.
fn name_of(person: &Person) -> String {
    let name: String =
        person.name.as_deref().unwrap_or_default().chars().filter(|letter| !letter.is_control()).collect();
    let name: String = name.trim().chars().take(input::NAME_LENGTH_MAX).collect();
    if name.is_empty() { person.email.chars().take(input::NAME_LENGTH_MAX).collect() } else { name }
}

/// Whether a text is the path of a page of this server. A browser reads `//` and a backslash as another server.
fn is_page(text: &str) -> bool {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'/' | b'-' | b'_');
    text.starts_with('/')
        && !text.contains("//")
        && text.len() <= PAGE_LENGTH_MAX
        && text.bytes().all(is_plain)
}

fn in_base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Encodes a name or a password for a head (RFC 6749, 2.3.1).
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn unusable(error: RemoteError) -> AuthError {
    tracing::info!(%error, "a sign-in with a provider failed");
    match error {
        RemoteError::Away => Error::Busy.into(),
        RemoteError::Unreadable => refused(
            "",
            "The provider's response can't be read, or names another issuer. Ask your admin to check the issuer.",
        ),
        RemoteError::Rejected => refused(
            "/code",
            "The provider rejects the code, or the id and the secret of Stockwell. Sign in again.",
        ),
        RemoteError::NotReached => {
            refused("", "The provider names an address that may not be reached. Ask your admin.")
        }
    }
}

fn refused(pointer: &str, detail: impl Into<String>) -> AuthError {
    Error::from(Problems::one(pointer, Code::ValidationFailed, detail)).into()
}

fn no_code(error: Option<&str>) -> AuthError {
    let is_word = |text: &&str| {
        text.len() <= PROVIDER_ERROR_LENGTH_MAX
            && text.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_')
    };
    match error.filter(is_word) {
        Some(error) => {
            refused("/error", format!("The provider signed no person in: {error}. Sign in again."))
        }
        None => refused("/code", "The provider sent no code. Sign in again."),
    }
}

fn stale() -> AuthError {
    refused("/state", "The sign-in took more than 10 minutes, or was not begun here. Sign in again.")
}

fn used_state() -> Refusal {
    Problems::one("/state", Code::ValidationFailed, "This sign-in was completed already. Sign in again.")
}

fn no_user() -> Refusal {
    let detail = "No user with your e-mail address may sign in with this provider. Ask your admin.";
    Problems::one("/id_token", Code::ValidationFailed, detail)
}

fn spent() -> Refusal {
    let detail = "The code is no longer valid: it was used, it is older than a minute, or the user was changed. Sign in again.";
    Problems::one("/code", Code::ValidationFailed, detail)
}

const FIND_STATE: &str = "select id from provider_login where tenant_id = $1 and state_hash = $2";

const USE_CODE: &str = "
    update provider_login set used_at = $3
    where tenant_id = $1 and code_hash = $2 and used_at is null and created_at > $4
    returning user_id, asks_second_factor, created_at";

/// Leaves rows that another transaction has locked, so that two never wait for each other.
const DELETE_OLD: &str = "
    delete from provider_login
    where tenant_id = $1 and id in (
        select id from provider_login
        where tenant_id = $1 and created_at <= $2
        order by created_at limit $3
        for update skip locked
    )";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_path_of_this_server() {
        assert!(is_page("/") && is_page("/console") && is_page("/insights/stock-1"));
        for text in [
            "",
            "console",
            "//thief.example",
            "/a//b",
            "/\\thief.example",
            "/a?b",
            "/a#b",
            "https://a",
            "/a\r\nb",
        ] {
            assert!(!is_page(text), "{text:?}");
        }
        assert!(!is_page(&format!("/{}", "a".repeat(PAGE_LENGTH_MAX))));
    }
}
