//! External providers of sign-ins (OpenID Connect), as an admin of the tenant configures them.
//!
//! A provider says who a person is, so who configures one can become each user whom it admits. The caller needs the powers of an admin,
//! and owners sign in only if the caller who changed the provider last has those of an owner. A key that acts for a user may not change
//! one, because it would sign in as its maker without the password and the second factor.

use chrono::{DateTime, Utc};
use domain::id::IdentityProviderId;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use super::current::{Target, current, has_user};
use super::hidden::{check_code_length, hidden};
use super::power::require_role;
use super::provider_account::untie_provider;
use super::{Auth, Role};
use crate::caller::ActorKind;
use crate::columns::Columns;
use crate::input::{Change, Patched};
use crate::listing::{Listing, Slice, optional_word};
use crate::outbound::{Reach, URL_LENGTH_MAX};
use crate::{Caller, Error, Tx, input, room};

/// Most providers of a tenant.
pub const PROVIDERS_MAX: usize = 10;
/// Most e-mail domains of a provider.
const DOMAINS_MAX: usize = 20;
/// Longest name of a domain.
const DOMAIN_LENGTH_MAX: usize = 253;
/// Longest id and longest secret at the provider.
const CLIENT_LENGTH_MAX: usize = 500;
/// Path of the server to which a provider sends the person back.
const CALLBACK: &str = "/v1/auth/oidc/callback";

/// A provider of sign-ins, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IdentityProvider {
    /// Id of the provider.
    pub id: IdentityProviderId,
    pub object: tag::IdentityProvider,
    /// Name on the button of the page to sign in.
    #[schema(max_length = 200, example = "Company account")]
    pub name: String,
    /// Issuer of the provider's tokens.
    #[schema(max_length = 2000, example = "https://login.nordwind.example")]
    pub issuer: String,
    /// Id of Stockwell at the provider.
    #[schema(max_length = 500, example = "stockwell")]
    pub client_id: String,
    /// Address of this server to which the provider sends the person back.
    #[schema(max_length = 2000, example = "https://erp.nordwind.example/v1/auth/oidc/callback")]
    pub redirect_url: String,
    /// Domains of e-mail addresses that may sign in.
    #[schema(max_items = 20, example = json!(["nordwind.example"]))]
    pub email_domains: Vec<String>,
    /// Role of users who are made at their first sign-in. Null: unknown users are rejected.
    #[schema(value_type = Option<String>, max_length = 16, example = "cashier")]
    pub role: Option<Role>,
    /// Whether users with a second factor are asked for its code too.
    #[schema(example = false)]
    pub asks_second_factor: bool,
    /// Whether owners may sign in. It follows from the powers of the caller who changed the provider last.
    #[schema(example = true)]
    pub admits_owners: bool,
    /// Whether it can be used.
    #[schema(example = true)]
    pub enabled: bool,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The fields of a provider that a caller can set.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentityProviderInput)]
pub struct ProviderInput {
    /// Name on the button of the page to sign in.
    #[schema(min_length = 1, max_length = 200, example = "Company account")]
    pub name: String,
    /// Issuer of the provider's tokens, exactly as the provider states it. Its host must be public, and is reached by HTTPS.
    #[schema(min_length = 1, max_length = 2000, example = "https://login.nordwind.example")]
    pub issuer: String,
    /// Id of Stockwell at the provider.
    #[schema(min_length = 1, max_length = 500, example = "stockwell")]
    pub client_id: String,
    /// Secret of Stockwell at the provider. It is stored encrypted and never shown. A new provider needs one, and so does another issuer.
    #[serde(default, serialize_with = "hidden")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500, example = "p8dQz1Yk4m")]
    pub client_secret: Option<SecretString>,
    /// Address of this server to which the provider sends the person back. Its path is `/v1/auth/oidc/callback`. Register it at the
    /// provider.
    #[schema(
        min_length = 1,
        max_length = 2000,
        example = "https://erp.nordwind.example/v1/auth/oidc/callback"
    )]
    pub redirect_url: String,
    /// Domains of e-mail addresses that may sign in, such as `nordwind.example`. Their subdomains may not.
    #[serde(deserialize_with = "read_domains")]
    #[schema(min_items = 1, max_items = 20, example = json!(["nordwind.example"]))]
    pub email_domains: Vec<String>,
    /// Role of users who are made at their first sign-in. The caller needs all scopes of the role. Null: unknown users are rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 16, example = "cashier")]
    pub role: Option<Role>,
    /// Whether users with a second factor are asked for its code too.
    #[serde(default)]
    #[schema(default = false, example = false)]
    pub asks_second_factor: bool,
    /// Whether it can be used.
    #[serde(default = "yes")]
    #[schema(default = true, example = true)]
    pub enabled: bool,
    /// A code of the caller's second factor, or a recovery code. A user who has a second factor needs one.
    #[serde(default, serialize_with = "hidden")]
    #[schema(value_type = Option<String>, max_length = 64, example = "287082")]
    pub code: Option<SecretString>,
}

fn yes() -> bool {
    true
}

/// Returns one page of providers.
pub async fn list(tx: &Tx, slice: &Slice) -> Result<Vec<IdentityProvider>, Error> {
    Listing::new(tx, SELECT).page(tx, "id", slice).await?.iter().map(read).collect()
}

pub async fn get(tx: &Tx, id: IdentityProviderId) -> Result<IdentityProvider, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(not_found)?)
}

/// Returns the providers that can be used, at most [`PROVIDERS_MAX`].
pub(super) async fn enabled(tx: &Tx) -> Result<Vec<IdentityProvider>, Error> {
    Listing::new(tx, SELECT).sql(" and enabled order by id").rows(tx).await?.iter().map(read).collect()
}

/// Returns a provider, which stays as it is until the transaction ends.
pub(super) async fn hold(tx: &Tx, id: IdentityProviderId) -> Result<IdentityProvider, Error> {
    tx.row(sqlx::query(HOLD).bind(tx.tenant_id.0).bind(id.0)).await?;
    get(tx, id).await
}

/// Deletes a provider. Its users keep their accounts. Rejects a caller without the powers of an admin.
pub async fn delete(
    tx: &Tx,
    caller: &Caller,
    id: IdentityProviderId,
    expected: Option<i32>,
) -> Result<(), Error> {
    input::check_version(locked(tx, id).await?.version, expected)?;
    powers(tx, caller).await?;
    untie_provider(tx, id).await?;
    tx.execute(sqlx::query(DELETE).bind(tx.tenant_id.0).bind(id.0)).await?;
    Ok(())
}

impl Auth {
    /// Creates a provider. Rejects a caller without the powers of an admin, or of the role of new users, and a user with a second
    /// factor who states no code of it.
    pub async fn create_provider(
        &self,
        tx: &Tx,
        caller: &Caller,
        wanted: &ProviderInput,
    ) -> Result<IdentityProvider, Error> {
        let caller = powers(tx, caller).await?;
        wanted.role.map_or(Ok(()), |role| require_role(role, &caller))?;
        let mut problems = check(wanted, self.remote.reach());
        if wanted.client_secret.is_none() {
            problems.invalid("/client_secret", "State the secret that the provider gave you.");
        }
        problems.check()?;
        check_room(tx).await?;
        self.require_fresh_code(tx, &caller, wanted.code.as_ref()).await?;
        let id = IdentityProviderId(tx.next_id());
        let role: Option<&str> = wanted.role.map(Into::into);
        let statement = Columns::of(
            "insert into identity_provider (tenant_id, id, name, issuer, client_id, client_secret, redirect_url, email_domains, \
                 role, asks_second_factor, admits_owners, enabled, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
        )
        .value("tenant_id", tx.tenant_id.0)
        .value("id", id.0)
        .value("name", wanted.name.as_str())
        .value("issuer", wanted.issuer.as_str())
        .value("client_id", wanted.client_id.as_str())
        .value("client_secret", self.sealed(tx, id, wanted)?)
        .value("redirect_url", wanted.redirect_url.as_str())
        .value("email_domains", wanted.email_domains.as_slice())
        .value("role", role)
        .value("asks_second_factor", wanted.asks_second_factor)
        .value("admits_owners", Role::Owner.is_grantable_by(&caller))
        .value("enabled", wanted.enabled)
        .value("created_at", tx.now);
        statement.execute(tx).await?;
        get(tx, id).await
    }

    /// Changes a provider that is still at version `expected`. Rejects a caller without the powers of an admin, or of the role of new
    /// users, and a user with a second factor who states no code of it.
    pub async fn update_provider(
        &self,
        tx: &Tx,
        caller: &Caller,
        id: IdentityProviderId,
        expected: Option<i32>,
        change: Change<'_, ProviderInput>,
    ) -> Result<Patched<IdentityProvider>, Error> {
        let before = locked(tx, id).await?;
        input::check_version(before.version, expected)?;
        let caller = powers(tx, caller).await?;
        let admits_owners = Role::Owner.is_grantable_by(&caller);
        let present = ProviderInput {
            name: before.name,
            issuer: before.issuer,
            client_id: before.client_id,
            client_secret: None,
            redirect_url: before.redirect_url,
            email_domains: before.email_domains,
            role: before.role,
            asks_second_factor: before.asks_second_factor,
            enabled: before.enabled,
            code: None,
        };
        let next = match change(&present)? {
            Some(next) => next,
            // A caller with the powers of an owner confirms a provider that an admin stated.
            None if admits_owners && !before.admits_owners => present.clone(),
            None => {
                present.role.map_or(Ok(()), |role| require_role(role, &caller))?;
                return Ok(Patched::unchanged(get(tx, id).await?));
            }
        };
        next.role.map_or(Ok(()), |role| require_role(role, &caller))?;
        let mut problems = check(&next, self.remote.reach());
        if next.issuer != present.issuer && next.client_secret.is_none() {
            // The new issuer would get the secret of the old one.
            problems.invalid("/client_secret", "State the secret that the new issuer gave you.");
        }
        problems.check()?;
        self.require_fresh_code(tx, &caller, next.code.as_ref()).await?;
        if next.issuer != present.issuer || next.client_id != present.client_id {
            untie_provider(tx, id).await?;
        }
        let role: Option<&str> = next.role.map(Into::into);
        let statement = Columns::of(UPDATE)
            .bind(tx.tenant_id.0)
            .bind(id.0)
            .bind(next.name.as_str())
            .bind(next.issuer.as_str())
            .bind(next.client_id.as_str())
            .bind(self.sealed(tx, id, &next)?)
            .bind(next.redirect_url.as_str())
            .bind(next.email_domains.as_slice())
            .bind(role)
            .bind(next.asks_second_factor)
            .bind(admits_owners)
            .bind(next.enabled)
            .bind(tx.now);
        statement.execute(tx).await?;
        Ok(Patched::changed(get(tx, id).await?))
    }

    /// Returns the sealed secret, if one is stated.
    fn sealed(
        &self,
        tx: &Tx,
        id: IdentityProviderId,
        wanted: &ProviderInput,
    ) -> Result<Option<Vec<u8>>, Error> {
        let seal = |secret: &SecretString| {
            self.providers.seal(tx.tenant_id, id.0, secret.expose_secret().as_bytes())
        };
        wanted.client_secret.as_ref().map(seal).transpose()
    }

    /// Returns the secret of a provider.
    pub(super) async fn provider_secret(
        &self,
        tx: &Tx,
        id: IdentityProviderId,
    ) -> Result<SecretString, Error> {
        let row = tx.row(sqlx::query(FIND_SECRET).bind(tx.tenant_id.0).bind(id.0)).await?;
        let sealed: Vec<u8> = row.ok_or_else(not_found)?.try_get("client_secret")?;
        let secret = self.providers.open(tx.tenant_id, id.0, &sealed);
        let secret = secret.and_then(|secret| String::from_utf8(secret).ok());
        let detail = "The secret of the provider can't be read any more: the installation has another signing key. An admin states it again.";
        Ok(secret.ok_or_else(|| Refusal::state(detail))?.into())
    }
}

/// Returns the caller as it is now. Rejects one without the powers of an admin, and a key that acts for a user.
async fn powers(tx: &Tx, caller: &Caller) -> Result<Caller, Error> {
    let caller = current(tx, caller, Target::default()).await?;
    require_role(Role::Admin, &caller)?;
    if caller.actor_kind == ActorKind::ApiKey && has_user(tx, &caller).await? {
        let detail = "A key that acts for a user does not change providers: it would sign in as its maker. Send the access token of a login.";
        return Err(Refusal::state(detail).into());
    }
    Ok(caller)
}

/// Locks a provider, and returns it.
async fn locked(tx: &Tx, id: IdentityProviderId) -> Result<IdentityProvider, Error> {
    tx.row(sqlx::query(LOCK).bind(tx.tenant_id.0).bind(id.0)).await?;
    get(tx, id).await
}

/// Rejects a further provider if the tenant has the most that it may have.
async fn check_room(tx: &Tx) -> Result<(), Error> {
    let detail = format!("A tenant may have at most {PROVIDERS_MAX} providers: delete one first.");
    room::check_room(tx, "identity providers", COUNT, PROVIDERS_MAX, detail).await
}

fn check(wanted: &ProviderInput, reach: &Reach) -> Problems {
    let mut problems = Problems::default();
    input::check_name(&mut problems, &wanted.name);
    match reach.read_url(&wanted.issuer) {
        Ok(issuer) if issuer.query().is_some() => {
            problems.invalid("/issuer", "An issuer has no part behind a question mark.");
        }
        Ok(_) => {}
        Err(detail) => problems.invalid("/issuer", detail),
    }
    input::check_line(&mut problems, "/client_id", &wanted.client_id, CLIENT_LENGTH_MAX);
    if let Some(secret) = &wanted.client_secret {
        input::check_line(&mut problems, "/client_secret", secret.expose_secret(), CLIENT_LENGTH_MAX);
    }
    check_code_length(&mut problems, wanted.code.as_ref());
    if !is_callback(&wanted.redirect_url) {
        let detail = format!(
            "Expected the address of this server with the path {CALLBACK}, by https, or by http at localhost, of at most \
             {URL_LENGTH_MAX} characters."
        );
        problems.invalid("/redirect_url", detail);
    }
    if wanted.email_domains.is_empty() || wanted.email_domains.len() > DOMAINS_MAX {
        problems.invalid("/email_domains", format!("Name 1 to {DOMAINS_MAX} domains."));
    }
    for (index, domain) in wanted.email_domains.iter().enumerate().take(DOMAINS_MAX) {
        if !is_domain(domain) {
            let detail =
                format!("Expected a domain such as shop.example, of at most {DOMAIN_LENGTH_MAX} characters.");
            problems.invalid(format!("/email_domains/{index}"), detail);
        }
    }
    problems
}

/// Whether a text is the address of a server to which a provider may send a person back.
fn is_callback(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    text.len() <= URL_LENGTH_MAX
        && is_plain
        && (url.scheme() == "https" || (url.scheme() == "http" && is_local))
        && url.path() == CALLBACK
}

fn is_domain(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
    };
    text.len() <= DOMAIN_LENGTH_MAX && text.contains('.') && text.split('.').all(is_part)
}

/// Reads domains as they are stored, so that a patch with the present domains changes nothing.
fn read_domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let domains = Vec::<String>::deserialize(deserializer)?;
    Ok(domains.iter().map(|domain| domain.to_ascii_lowercase()).collect())
}

fn not_found() -> Refusal {
    Refusal::not_found("identity provider")
}

fn read(row: &PgRow) -> Result<IdentityProvider, Error> {
    Ok(IdentityProvider {
        id: IdentityProviderId(row.try_get("id")?),
        object: tag::IdentityProvider,
        name: row.try_get("name")?,
        issuer: row.try_get("issuer")?,
        client_id: row.try_get("client_id")?,
        redirect_url: row.try_get("redirect_url")?,
        email_domains: row.try_get("email_domains")?,
        role: optional_word(row, "role")?,
        asks_second_factor: row.try_get("asks_second_factor")?,
        admits_owners: row.try_get("admits_owners")?,
        enabled: row.try_get("enabled")?,
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

const SELECT: &str = "select id, name, issuer, client_id, redirect_url, email_domains, role, asks_second_factor, admits_owners, \
                      enabled, version, created_at, updated_at from identity_provider where tenant_id = ";

const UPDATE: &str = "
    update identity_provider
    set name = $3, issuer = $4, client_id = $5, client_secret = coalesce($6, client_secret), redirect_url = $7,
        email_domains = $8, role = $9, asks_second_factor = $10, admits_owners = $11, enabled = $12, updated_at = $13,
        version = version + 1
    where tenant_id = $1 and id = $2";

const DELETE: &str = "delete from identity_provider where tenant_id = $1 and id = $2";

const LOCK: &str = "select from identity_provider where tenant_id = $1 and id = $2 for update";

const HOLD: &str = "select from identity_provider where tenant_id = $1 and id = $2 for share";

const FIND_SECRET: &str = "select client_secret from identity_provider where tenant_id = $1 and id = $2";

const COUNT: &str = "select count(*) as records from identity_provider where tenant_id = $1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_at_this_path_by_https_or_at_home() {
        for url in [
            "https://erp.example/v1/auth/oidc/callback",
            "https://erp.example:8443/v1/auth/oidc/callback",
            "http://localhost:8080/v1/auth/oidc/callback",
            "http://127.0.0.1:8080/v1/auth/oidc/callback",
        ] {
            assert!(is_callback(url), "{url}");
        }
        for url in [
            "",
            "erp.example/v1/auth/oidc/callback",
            "http://erp.example/v1/auth/oidc/callback",
            "https://erp.example/v1/auth/oidc/callback?a=b",
            "https://erp.example/v1/auth/oidc/callback#a",
            "https://carl@erp.example/v1/auth/oidc/callback",
            "https://erp.example/elsewhere",
            "https://erp.example/erp/v1/auth/oidc/callback",
            "javascript:alert(1)//v1/auth/oidc/callback",
        ] {
            assert!(!is_callback(url), "{url}");
        }
    }

    #[test]
    fn a_domain_has_two_parts() {
        assert!(is_domain("shop.example") && is_domain("xn--bcher-kva.example"));
        for text in
            ["", "localhost", "@shop.example", "shop..example", ".example", "*.example", "a b.example"]
        {
            assert!(!is_domain(text), "{text}");
        }
    }
}
