//! The caller of a command.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::bounds::Bounds;
use domain::id::{CustomerId, LocationId, TenantId};
use domain::number::Percent;
use domain::refusal::{Code, Problem, Problems, Refusal};
use ipnet::IpNet;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::Error;
use crate::scope::{Scope, Scopes};

/// The kind of actor behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum ActorKind {
    /// A program with an API key.
    ApiKey,
    /// A person who logged in.
    User,
    /// A customer of a web shop, in a session.
    Customer,
    /// The operator of the installation, at the command line.
    Operator,
    /// A background worker.
    Worker,
}

/// The way in which a document was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum EntryMode {
    /// One document in one request.
    Api,
    /// A document of a batch request.
    Batch,
    /// The command line.
    Console,
}

/// Bounds of a credential. A user has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Networks from which it may be used: one of each list. No list: from everywhere.
    pub networks: Vec<Vec<IpNet>>,
    /// When it ends.
    pub ends_at: Option<DateTime<Utc>>,
    /// Bounds of its documents.
    pub bounds: Bounds,
    /// Largest discount that is stated for it, in percent.
    pub discount_max: Option<Percent>,
    /// The web pages of a publishable key or of a customer session.
    pub pages: Option<Pages>,
    /// Number of keys that it acts for.
    pub ancestors: usize,
}

/// The web pages from which a publishable key or a customer session may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pages {
    /// Pages of any origin.
    Any,
    /// Pages of these origins, such as `https://shop.example`.
    Of(Vec<String>),
}

impl Pages {
    /// Whether a page of `origin` may use the key.
    pub fn admit(&self, origin: &str) -> bool {
        match self {
            Pages::Any => true,
            Pages::Of(origins) => origins.iter().any(|known| known == origin),
        }
    }
}

impl Limits {
    /// Whether the credential may be used from `address`.
    pub fn admit(&self, address: Option<IpAddr>) -> bool {
        self.networks.is_empty()
            || address.is_some_and(|address| {
                let address = address.to_canonical();
                self.networks.iter().all(|list| list.iter().any(|network| network.contains(&address)))
            })
    }

    /// Rejects a write to a record of this location, if the credential is bound to others.
    pub fn require_location(&self, id: LocationId, pointer: &str) -> Result<(), Refusal> {
        match &self.bounds.locations {
            Some(allowed) if !allowed.contains(&id) => {
                Err(bound_exceeded(pointer, "locations", "The credential is bound to other locations."))
            }
            _ => Ok(()),
        }
    }

    /// Rejects a credential that ends or that is bound to networks, for what goes on without it: it would outlive the credential, and reach
    /// further.
    pub fn require_endless(&self) -> Result<(), Refusal> {
        let bound = if self.ends_at.is_some() {
            "expires_at"
        } else if !self.networks.is_empty() {
            "ip_allowlist"
        } else {
            return Ok(());
        };
        let detail = "This goes on when the credential has ended, and outside of its networks: use one without these bounds.";
        Err(bound_exceeded("", bound, detail))
    }

    /// Rejects a record of exchange rates, if the credential has a largest amount.
    pub fn require_no_amount_max(&self, pointer: &str) -> Result<(), Refusal> {
        if self.bounds.amount_max.is_none() {
            return Ok(());
        }
        let detail = "A credential with a largest amount records no exchange rates: they decide what its documents come to.";
        Err(bound_exceeded(pointer, "amount_max", detail))
    }
}

/// Largest discount, in percent, of a credential that may not override prices, unless another is stated for it.
const DISCOUNT_MAX: Decimal = Decimal::TEN;

/// Returns the largest discount that comes with `scopes`, in percent.
pub(crate) fn discount_of(scopes: Scopes) -> Percent {
    Percent::new(if scopes.contains(Scope::PricesOverride) { Decimal::ONE_HUNDRED } else { DISCOUNT_MAX })
}

/// An authenticated actor of one tenant.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Taken from the credential, never from the request.
    pub tenant_id: TenantId,
    pub actor_kind: ActorKind,
    /// Id of the API key, user or customer session.
    pub actor_id: Uuid,
    pub scopes: Scopes,
    /// Bounds of the credential.
    pub limits: Arc<Limits>,
    /// The login of a user that the access token belongs to.
    pub session_id: Option<Uuid>,
    /// The customer whose session it is. The caller reads and changes records of this customer alone.
    pub customer_id: Option<CustomerId>,
}

impl Caller {
    /// Returns a caller without bounds.
    pub fn new(tenant_id: TenantId, actor_kind: ActorKind, actor_id: Uuid, scopes: Scopes) -> Self {
        Caller {
            tenant_id,
            actor_kind,
            actor_id,
            scopes,
            limits: Arc::default(),
            session_id: None,
            customer_id: None,
        }
    }

    /// Whether it is a publishable key or a customer session, which may use only the routes that say so.
    pub fn is_publishable(&self) -> bool {
        self.limits.pages.is_some()
    }

    /// Whether the caller may read the reconciliation.
    pub fn sees_reconciliation(&self) -> bool {
        self.scopes.contains(Scope::ReconciliationRead)
    }

    /// Whether the caller may see costs.
    pub fn sees_costs(&self) -> bool {
        self.scopes.contains(Scope::CostsRead)
    }

    /// Rejects a caller who may not see costs.
    pub fn require_costs(&self) -> Result<(), Error> {
        self.require(Scope::CostsRead)
    }

    /// Whether the caller may read the ledger.
    pub fn sees_ledger(&self) -> bool {
        self.scopes.contains(Scope::LedgerRead)
    }

    /// Rejects a caller who may not read the ledger.
    pub fn require_ledger(&self) -> Result<(), Error> {
        self.require(Scope::LedgerRead)
    }

    /// Returns the largest discount that the caller may give: the one that is stated for the credential, else 100 % with
    /// `prices:override`, and 10 % without.
    pub fn discount_max(&self) -> Percent {
        self.limits.discount_max.unwrap_or_else(|| discount_of(self.scopes))
    }

    /// Rejects a caller without `scope`.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        let mut refusal = Refusal::new(Code::InsufficientScope, format!("This needs the scope {scope}."));
        refusal.problems.push(Problem {
            pointer: String::new(),
            code: Code::InsufficientScope,
            detail: format!("The credential has no scope {scope}."),
            params: vec![("required_scope", scope.to_string())],
        });
        Err(refusal.into())
    }
}

/// Returns the problem of a field that exceeds a bound of the credential.
pub(crate) fn bound_problem(pointer: &str, bound: &'static str, detail: &str) -> Problem {
    let params = vec![("bound", bound.to_owned())];
    Problem { pointer: pointer.to_owned(), code: Code::BoundExceeded, detail: detail.to_owned(), params }
}

/// Rejects a request that exceeds a bound of the credential.
pub(crate) fn bound_exceeded(pointer: &str, bound: &'static str, detail: &str) -> Refusal {
    let mut problems = Problems::default();
    problems.push(bound_problem(pointer, bound, detail));
    problems.check().expect_err("one problem was added")
}
