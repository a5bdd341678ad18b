//! The parts of the answer of a reconciliation, for resolvers.

use domain::id::ReconcileRunId;
use domain::reconcile::term::Process;
use service::reconcile::run::part::{self, Exceptions, FirstFixOfRun, FlowMapOfRun, HealthOfRun};
use service::{Error, Tx};

/// Groups that `exceptions` returns if the caller sets no limit.
pub const EXCEPTIONS_DEFAULT: u16 = 50;

/// Whether the caller may read the reconciliation.
#[derive(Debug, Clone, Copy)]
pub struct SeesReconciliation(pub bool);

/// The part that a resolver wants, of a run or of the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub run: Option<ReconcileRunId>,
    pub part: Part,
}

/// A part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first fix.
    FirstFix,
    /// Ranked groups.
    Exceptions,
    /// The flow of a process.
    FlowMap(Option<Process>),
    /// Health over the weeks.
    Health,
}

/// A part of the answer, with its content.
#[derive(Debug)]
pub enum Answered {
    /// The first fix.
    FirstFix(Box<FirstFixOfRun>),
    /// Ranked groups.
    Exceptions(Exceptions),
    /// The flow of a process.
    FlowMap(Box<FlowMapOfRun>),
    /// Health over the weeks.
    Health(Box<HealthOfRun>),
}

impl Wanted {
    /// Reads the part.
    pub async fn read(self, tx: &Tx) -> Result<Answered, Error> {
        let Wanted { run, part: wanted } = self;
        Ok(match wanted {
            Part::FirstFix => Answered::FirstFix(Box::new(part::first_fix(tx, run).await?)),
            Part::Exceptions => Answered::Exceptions(part::exceptions(tx, run).await?),
            Part::FlowMap(process) => Answered::FlowMap(Box::new(part::flow_map(tx, run, process).await?)),
            Part::Health => Answered::Health(Box::new(part::health(tx, run).await?)),
        })
    }
}
