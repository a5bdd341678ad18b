//! The results of a run of the reconciliation.

mod exception;
mod first_fix;
mod flow;
mod health;

use async_graphql::{Context, ID, Object, Result};
use domain::id::{InvalidId, ReconcileRunId};
use reconcile::term::Process;
use service::reconcile::run::part::EXCEPTIONS_MAX;

use crate::guard::EXCEPTIONS_DEFAULT;
use crate::snapshot::{self, Read};
use exception::Exception;
use first_fix::FirstFix;
use flow::FlowMap;
use health::Health;

/// The reconciliation of systems that hold the same stock.
#[derive(Default)]
pub struct ReconciliationQuery;

#[Object]
impl ReconciliationQuery {
    /// The results of a run of the reconciliation: how the stock of several systems differs, and the first fix. It needs the scope
    /// `reconciliation:read`. It is an error if there is no run.
    async fn reconciliation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Id of the run. Absent: the latest.")] run: Option<ID>,
    ) -> Result<Reconciliation> {
        snapshot::check_reconciliation(context)?;
        let known = |id: ID| -> Result<ReconcileRunId> {
            id.parse().map_err(|error: InvalidId| snapshot::invalid(format!("run: {error}")))
        };
        Ok(Reconciliation { run: run.map(known).transpose()? })
    }
}

pub struct Reconciliation {
    run: Option<ReconcileRunId>,
}

/// The results of a run.
#[Object]
impl Reconciliation {
    /// The one change that removes most recurring work for its effort.
    async fn first_fix(&self, context: &Context<'_>) -> Result<FirstFix> {
        let found = snapshot::ask(context, |reply| Read::FirstFix(self.run, reply)).await?;
        Ok(FirstFix::of(found))
    }

    /// Groups of episodes with one cause, the best fix first.
    async fn exceptions(
        &self,
        context: &Context<'_>,
        #[graphql(default_with = "i32::from(EXCEPTIONS_DEFAULT)", desc = "Most groups, from 1 to 1000.")]
        limit: i32,
    ) -> Result<Vec<Exception>> {
        let limit = usize::try_from(limit).ok().filter(|limit| (1..=EXCEPTIONS_MAX).contains(limit));
        let limit = limit.ok_or_else(|| snapshot::invalid("limit: Send 1 to 1000."))?;
        let found = snapshot::ask(context, |reply| Read::Exceptions(self.run, reply)).await?;
        Ok(found.data.into_iter().take(limit).map(Exception::of).collect())
    }

    /// The observed flow of a process from system to system.
    async fn flow_map(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "`sale`, `return`, `transfer`, `adjustment` or `receipt`. Absent: that of the first fix, otherwise sales."
        )]
        process: Option<String>,
    ) -> Result<FlowMap> {
        let known = |word: String| -> Result<Process> {
            let detail = "process: Send sale, return, transfer, adjustment or receipt.";
            word.to_lowercase().parse().map_err(|_| snapshot::invalid(detail))
        };
        let process = process.map(known).transpose()?;
        let found = snapshot::ask(context, |reply| Read::FlowMap(self.run, process, reply)).await?;
        Ok(FlowMap::of(found))
    }

    /// Exceptions, manual work and open differences, week by week.
    async fn health(&self, context: &Context<'_>) -> Result<Health> {
        let found = snapshot::ask(context, |reply| Read::Health(self.run, reply)).await?;
        Ok(Health::of(found))
    }
}
