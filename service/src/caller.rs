//! Who calls.

use domain::id::TenantId;
use domain::refusal::{Code, Refusal};
use uuid::Uuid;

use crate::Error;
use crate::scope::{Scope, Scopes};

/// What kind of actor stands behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ActorKind {
    /// A machine with an API key.
    ApiKey,
    /// A person who logged in.
    User,
    /// The operator of the platform, at the command line.
    Operator,
    /// A background worker.
    Worker,
}

/// How a fact came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum EntryMode {
    /// One document in one request.
    Api,
    /// A document of a batch route.
    Batch,
    /// The command line.
    Console,
}

/// An authenticated actor of one tenant.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant, taken from the credential and from nothing else.
    pub tenant_id: TenantId,
    /// What kind of actor.
    pub actor_kind: ActorKind,
    /// The key or the user.
    pub actor_id: Uuid,
    /// What it may do.
    pub scopes: Scopes,
}

impl Caller {
    /// Refuses a caller without `scope`.
    pub fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        let mut refusal = Refusal::new(Code::InsufficientScope, format!("This needs the scope {scope}."));
        refusal.problems.push(domain::refusal::Problem {
            pointer: String::new(),
            code: Code::InsufficientScope,
            detail: format!("The credential has no scope {scope}."),
            params: vec![("required_scope", scope.to_string())],
        });
        Err(refusal.into())
    }
}
