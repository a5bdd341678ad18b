//! The caller of a command.

use domain::id::TenantId;
use domain::refusal::{Code, Refusal};
use uuid::Uuid;

use crate::Error;
use crate::scope::{Scope, Scopes};

/// The kind of actor behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ActorKind {
    /// A program with an API key.
    ApiKey,
    /// A person who logged in.
    User,
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

/// An authenticated actor of one tenant.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Taken from the credential, never from the request.
    pub tenant_id: TenantId,
    pub actor_kind: ActorKind,
    /// Id of the API key or user.
    pub actor_id: Uuid,
    pub scopes: Scopes,
}

impl Caller {
    /// Rejects a caller without `scope`.
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
