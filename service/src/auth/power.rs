//! Powers: what a credential may do, and the one rule about handing them on.
//!
//! Who makes, rotates or revokes a key, or makes, changes or disables a user, must have all the powers of that key or
//! user: its scopes, and no bound that it lacks. So no credential makes more than itself, and none touches what
//! outranks it. Owners outrank admins by the scope `owners:write`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::bounds::Bounds;
use domain::id::{ApiKeyId, LocationId, TenantId};
use domain::number::{Money, Percent};
use domain::refusal::{Code, Problem, Problems, Refusal};
use ipnet::IpNet;
use rust_decimal::Decimal;
use sea_orm::sqlx::{self, Row};
use serde::Deserialize;
use uuid::Uuid;

use super::network::{ANY_ORIGIN, parse_network};
use super::role::scopes_of_text;
use super::{AuthError, Role};
use crate::caller::{ActorKind, Limits, Pages, bound_exceeded, bound_problem, discount_of};
use crate::scope::Scopes;
use crate::{Caller, Error, Tx};

/// Most keys in a chain, of which each made the next.
pub(super) const CHAIN_MAX: usize = 8;

/// The powers of a key or a user.
#[derive(Debug, Clone)]
pub(super) struct Powers {
    pub scopes: Scopes,
    /// Networks from which it may be used; all if empty.
    pub networks: Vec<IpNet>,
    pub ends_at: Option<DateTime<Utc>>,
    pub bounds: Bounds,
    /// Largest discount, in percent.
    pub discount_max: Percent,
}

impl Powers {
    /// Rejects a caller who lacks one of these powers. Names each field of a key that exceeds a bound.
    pub fn require_of(&self, caller: &Caller) -> Result<(), Refusal> {
        require_scopes(self.scopes, caller)?;
        let mut problems = Problems::default();
        self.check_bounds(&caller.limits, &mut problems);
        if self.discount_max > caller.discount_max() {
            let detail = "The credential may give less discount.";
            problems.push(bound_problem("/discount_max", "discount_max", detail));
        }
        problems.check()
    }

    fn check_bounds(&self, limits: &Limits, problems: &mut Problems) {
        let mut exceed = |pointer: &str, bound: &'static str, detail: &str| {
            problems.push(bound_problem(pointer, bound, detail));
        };
        if let Some(end) = limits.ends_at
            && self.ends_at.is_none_or(|ends_at| ends_at > end)
        {
            exceed("/expires_at", "expires_at", "The credential ends before.");
        }
        let is_inside =
            |network: &IpNet, list: &[IpNet]| list.iter().any(|allowed| allowed.contains(network));
        for list in &limits.networks {
            if self.networks.is_empty() || !self.networks.iter().all(|network| is_inside(network, list)) {
                exceed("/ip_allowlist", "ip_allowlist", "The credential is bound to fewer networks.");
                break;
            }
        }
        let Bounds { locations, channels, amount_max } = &limits.bounds;
        if !is_subset(self.bounds.locations.as_ref(), locations.as_ref()) {
            exceed("/locations", "locations", "The credential is bound to fewer locations.");
        }
        if !is_subset(self.bounds.channels.as_ref(), channels.as_ref()) {
            exceed("/channels", "channels", "The credential is bound to fewer channels.");
        }
        if amount_max.is_some_and(|max| self.bounds.amount_max.is_none_or(|wanted| wanted > max)) {
            exceed("/amount_max", "amount_max", "The credential is bound to a lower amount.");
        }
    }
}

/// Rejects a caller who can't make, change or disable a user with this role. Users have no bounds, so a credential with
/// bounds can't.
pub(super) fn require_role(role: Role, by: &Caller) -> Result<(), Refusal> {
    require_scopes(role.scopes(), by)?;
    let Limits { networks, ends_at, bounds, .. } = &*by.limits;
    if networks.is_empty() && ends_at.is_none() && bounds.is_unbounded() && by.limits.discount_max.is_none() {
        return Ok(());
    }
    let detail = "A credential with bounds can't make or change users, because users have none.";
    Err(bound_exceeded("", "users", detail))
}

impl Role {
    /// Whether a caller with `users:write` may give the role to a user.
    pub fn is_grantable_by(self, caller: &Caller) -> bool {
        require_role(self, caller).is_ok()
    }
}

fn require_scopes(scopes: Scopes, caller: &Caller) -> Result<(), Refusal> {
    let Some(missing) = scopes.iter().find(|scope| !caller.scopes.contains(*scope)) else { return Ok(()) };
    let detail = format!(
        "This needs the scope {missing}, which the credential lacks: to make, change or end a key or a user takes all \
         that the key or the user may do."
    );
    let params = vec![("required_scope", missing.to_string())];
    let mut refusal = Refusal::new(Code::InsufficientScope, detail.clone());
    refusal.problems.push(Problem { pointer: String::new(), code: Code::InsufficientScope, detail, params });
    Err(refusal)
}

fn is_subset<T: Ord>(wanted: Option<&BTreeSet<T>>, allowed: Option<&BTreeSet<T>>) -> bool {
    allowed.is_none_or(|allowed| wanted.is_some_and(|wanted| wanted.is_subset(allowed)))
}

/// A key and the keys that it acts for, the nearest first.
#[derive(Debug)]
pub(super) struct Chain(Vec<Link>);

/// One key of a chain.
#[derive(Debug, Deserialize)]
struct Link {
    tenant_id: Uuid,
    id: Uuid,
    kind: String,
    scopes: Vec<String>,
    ip_allowlist: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    locations: Option<Vec<Uuid>>,
    channels: Option<Vec<String>>,
    amount_max: Option<String>,
    discount_max: Option<String>,
    origins: Vec<String>,
    parent_id: Option<Uuid>,
    user_id: Option<Uuid>,
    /// The role, and behind it the scopes that a custom role leaves.
    user_role: Option<String>,
    user_status: Option<String>,
    tenant_status: String,
}

/// Reads the chain of a key by its hash. The database's clock decides, so that all processes agree.
pub(super) const FIND_CHAIN: &str = "
    select jsonb_agg(c order by c.depth) as chain, clock_timestamp() as asked_at from auth.find_key_chain($1) c";

impl Chain {
    /// Reads a row of [`FIND_CHAIN`]. Returns nothing if there is no such key.
    pub fn read(row: &sqlx::postgres::PgRow) -> Result<Option<(Self, DateTime<Utc>)>, Error> {
        let chain: Option<serde_json::Value> = row.try_get("chain")?;
        let Some(chain) = chain else { return Ok(None) };
        let links = serde_json::from_value(chain).map_err(|error| Error::invariant(error.to_string()))?;
        Ok(Some((Chain(links), row.try_get("asked_at")?)))
    }

    /// Reads the chain of the key with this hash, and the database's clock.
    pub async fn find(tx: &Tx, hash: &[u8]) -> Result<Option<(Self, DateTime<Utc>)>, Error> {
        let row = tx.row(sqlx::query(FIND_CHAIN).bind(hash)).await?;
        Ok(row.as_ref().map(Chain::read).transpose()?.flatten())
    }

    fn key(&self) -> &Link {
        self.0.first().expect("a chain has at least its key")
    }

    pub fn tenant_id(&self) -> TenantId {
        TenantId(self.key().tenant_id)
    }

    pub fn id(&self) -> ApiKeyId {
        ApiKeyId(self.key().id)
    }

    pub fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.key().last_used_at
    }

    /// Whether the key is `id`, or acts for it.
    pub fn has(&self, id: ApiKeyId) -> bool {
        self.0.iter().any(|link| link.id == id.0)
    }

    /// Whether the key can be used from no network: it is bound to several lists that have none in common.
    pub fn is_nowhere(&self) -> bool {
        let limits = self.limits();
        !limits.networks.is_empty() && self.powers().networks.is_empty()
    }

    /// Whether the key is the caller, or acts for the caller, directly or through others.
    pub fn acts_for(&self, caller: &Caller) -> bool {
        match caller.actor_kind {
            ActorKind::ApiKey => self.0.iter().any(|link| link.id == caller.actor_id),
            ActorKind::User => self.0.iter().any(|link| link.user_id == Some(caller.actor_id)),
            ActorKind::Customer | ActorKind::Operator | ActorKind::Worker => false,
        }
    }

    /// Returns why the key can't be used at the instant `now`. It ends with each key and with the user that it acts for.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), AuthError> {
        let last = self.0.last().expect("a chain has at least its key");
        let is_whole = last.parent_id.is_none() && self.0.len() <= CHAIN_MAX;
        let is_active = last.user_id.is_none() || last.user_status.as_deref() == Some("active");
        if !is_whole || !is_active || self.0.iter().any(|link| link.revoked_at.is_some()) {
            return Err(AuthError::InvalidKey);
        }
        if self.ends_at().is_some_and(|end| end <= now) {
            return Err(AuthError::ExpiredKey);
        }
        match self.key().tenant_status.as_str() {
            "active" | "moving" => Ok(()),
            "moved" => Err(AuthError::TenantMoved),
            _ => Err(AuthError::TenantSuspended),
        }
    }

    /// Whether the tenant is moving to another database, so that its writes are rejected.
    pub fn is_moving(&self) -> bool {
        self.key().tenant_status == "moving"
    }

    fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.0.iter().filter_map(|link| link.expires_at).min()
    }

    /// Returns the scopes that every key of the chain has, and the user whom they act for has now.
    pub fn scopes(&self) -> Scopes {
        let links = self.0.iter().map(|link| Scopes::parse(&link.scopes));
        let role = self.0.last().and_then(|link| link.user_role.as_deref());
        let of_user = role.map(|role| scopes_of_text(role).unwrap_or_default());
        links.chain(of_user).reduce(Scopes::intersection).unwrap_or_default()
    }

    pub fn limits(&self) -> Limits {
        // An entry that can't be read admits no address. A list of such entries is kept: it admits none.
        let parse = |texts: &Vec<String>| texts.iter().filter_map(|text| parse_network(text)).collect();
        let lists = self.0.iter().map(|link| &link.ip_allowlist).filter(|texts| !texts.is_empty());
        Limits {
            networks: lists.map(parse).collect(),
            ends_at: self.ends_at(),
            bounds: self.0.iter().map(Link::bounds).fold(Bounds::default(), |all, one| all.within(&one)),
            discount_max: self.discount_max(),
            pages: self.pages(),
            ancestors: self.0.len() - 1,
        }
    }

    /// Returns the lowest discount that is stated for a key of the chain. That of the user whom they act for is a limit too.
    pub fn discount_max(&self) -> Option<Percent> {
        let stated = self.0.iter().filter_map(|link| link.discount_max.as_deref());
        // A discount that can't be read is none.
        let stated = stated.map(|text| text.parse().unwrap_or(Percent::new(Decimal::ZERO))).min()?;
        let of_user = self.0.last().and_then(|link| scopes_of_text(link.user_role.as_deref()?));
        Some(of_user.map_or(stated, |scopes| stated.min(discount_of(scopes))))
    }

    fn pages(&self) -> Option<Pages> {
        let Link { kind, origins, .. } = self.key();
        let is_any = origins.iter().any(|origin| origin == ANY_ORIGIN);
        (kind == "pk").then(|| if is_any { Pages::Any } else { Pages::Of(origins.clone()) })
    }

    /// Returns what another credential must have to rotate or revoke the key.
    pub fn powers(&self) -> Powers {
        let limits = self.limits();
        let (scopes, ends_at) = (self.scopes(), limits.ends_at);
        let networks =
            limits.networks.into_iter().reduce(|all, list| common(&all, &list)).unwrap_or_default();
        let discount_max = limits.discount_max.unwrap_or_else(|| discount_of(scopes));
        Powers { scopes, networks, ends_at, bounds: limits.bounds, discount_max }
    }
}

/// Returns the networks that are in both lists.
fn common(one: &[IpNet], other: &[IpNet]) -> Vec<IpNet> {
    let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
    pairs.filter_map(|(a, b)| if b.contains(a) { Some(*a) } else { a.contains(b).then_some(*b) }).collect()
}

impl Link {
    fn bounds(&self) -> Bounds {
        let known = |texts: &Vec<String>| texts.iter().filter_map(|text| text.parse().ok()).collect();
        Bounds {
            locations: self.locations.as_ref().map(|ids| ids.iter().copied().map(LocationId).collect()),
            channels: self.channels.as_ref().map(known),
            // An amount that can't be read admits no document.
            amount_max: self.amount_max.as_deref().map(|text| text.parse().unwrap_or(Money::ZERO)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_networks_are_in_both_lists() {
        let list = |texts: &[&str]| -> Vec<IpNet> {
            texts.iter().map(|text| parse_network(text).expect("a network")).collect()
        };
        for (one, other, both) in [
            (&["10.0.0.0/8"][..], &["10.1.0.0/16", "192.0.2.1"][..], &["10.1.0.0/16"][..]),
            (&["10.1.0.0/16"], &["10.0.0.0/8"], &["10.1.0.0/16"]),
            (&["10.0.0.0/8"], &["10.0.0.0/8"], &["10.0.0.0/8"]),
            (&["10.0.0.0/8"], &["192.0.2.0/24"], &[]),
        ] {
            assert_eq!(common(&list(one), &list(other)), list(both), "{one:?} {other:?}");
        }
    }
}
