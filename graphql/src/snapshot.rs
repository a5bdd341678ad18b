//! One snapshot for all reads of a request.
//!
//! Resolvers run concurrently and cannot share a transaction. So they send their reads to one task, which has the transaction. The
//! first read opens it; a request for the schema alone opens none.

use std::sync::Arc;

use async_graphql::{Context, ErrorExtensions, Value};
use domain::id::{ReconcileRunId, TenantId};
use domain::refusal::{Code, Refusal};
use reconcile::term::Process;
use service::reconcile::run::part::{self, Exceptions, FirstFixOfRun, FlowMapOfRun, HealthOfRun};
use service::{Db, Error, Tx};
use tokio::sync::{mpsc, oneshot};

use crate::costs::{self, SeesCosts};
use crate::report::{self, Input, Invalid, Name, RawReport, Report, Request, Row, camel_case};

/// The most wrong arguments that an error lists.
const WRONG_ARGUMENTS_MAX: usize = 50;
/// The most characters of the detail of a wrong argument.
const DETAIL_LENGTH_MAX: usize = 200;

/// Whether the caller may read the reconciliation.
#[derive(Debug, Clone, Copy)]
pub struct SeesReconciliation(pub bool);

/// Whether the caller may read the ledger.
#[derive(Debug, Clone, Copy)]
pub struct SeesLedger(pub bool);

/// The reason why a read failed: a stable code, a sentence, and each argument that is wrong.
#[derive(Debug, Clone)]
pub struct Failure {
    code: &'static str,
    detail: String,
    errors: Vec<WrongArgument>,
}

/// An argument that is wrong, by the name that the caller sent.
#[derive(Debug, Clone)]
struct WrongArgument {
    argument: String,
    code: &'static str,
    detail: String,
}

impl WrongArgument {
    /// Cuts a detail that repeats a long value.
    fn new(argument: String, code: &'static str, detail: &str) -> Self {
        WrongArgument { argument, code, detail: detail.chars().take(DETAIL_LENGTH_MAX).collect() }
    }
}

impl Failure {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Failure { code, detail: detail.into(), errors: Vec::new() }
    }

    /// Returns the failure of a rejection. A pointer without its slash is the name of an argument in snake case.
    fn of_refusal(refusal: &Refusal) -> Self {
        let named = refusal.problems.iter().take(WRONG_ARGUMENTS_MAX).filter_map(|problem| {
            let name = problem.pointer.strip_prefix('/')?;
            Some(WrongArgument::new(argument(name), problem.code.as_str(), &problem.detail))
        });
        Failure { errors: named.collect(), ..Failure::new(refusal.code.as_str(), &refusal.detail) }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::Refused(refusal) => Failure::of_refusal(refusal),
            Error::Busy
            | Error::LockTimeout
            | Error::StoreUnavailable(_)
            | Error::TenantMoving
            | Error::Deadline
            | Error::OutcomeUnknown(_)
            | Error::Unreachable(_) => {
                tracing::warn!(%error, "a report found the server unavailable");
                Failure::new("temporarily_unavailable", "The server is busy; try again in a second.")
            }
            Error::OverShare => Failure::new(
                "rate_limited",
                "Your tenant runs as many reports as it may at a time; try again in a second.",
            ),
            Error::StatementTimeout => {
                Failure::new("statement_timeout", "The report took too long; ask for a shorter period.")
            }
            Error::Database(_) | Error::Invariant(_) | Error::Input(_) => {
                tracing::error!(%error, "a report failed");
                Failure::new("internal_error", "Something went wrong on our side.")
            }
        }
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        let code = |invalid: &Invalid| match invalid.readable {
            true => "validation_failed",
            false => "invalid_parameter",
        };
        let first = code(&invalid);
        let detail = match invalid.more.len() {
            0 => format!("{}: {}", argument(invalid.parameter), invalid.detail),
            more => format!("{} arguments are wrong; each is listed in errors.", more + 1),
        };
        let each = invalid.each();
        let named = each
            .iter()
            .take(WRONG_ARGUMENTS_MAX)
            .map(|invalid| WrongArgument::new(argument(invalid.parameter), code(invalid), &invalid.detail));
        Failure { errors: named.collect(), ..Failure::new(first, detail) }
    }
}

impl From<WrongArgument> for Value {
    fn from(wrong: WrongArgument) -> Self {
        let WrongArgument { argument, code, detail } = wrong;
        let fields = [
            ("argument", Value::from(argument)),
            ("code", Value::from(code)),
            ("detail", Value::from(detail)),
        ];
        let named = fields.into_iter().map(|(name, value)| (async_graphql::Name::new(name), value));
        Value::Object(named.collect())
    }
}

impl From<Failure> for async_graphql::Error {
    fn from(failure: Failure) -> Self {
        let Failure { code, detail, errors } = failure;
        async_graphql::Error::new(detail).extend_with(|_, extensions| {
            extensions.set("code", code);
            if !errors.is_empty() {
                extensions.set("errors", errors);
            }
        })
    }
}

/// Returns the name of an argument, given that of a parameter.
fn argument(parameter: &str) -> String {
    match parameter {
        "tz" => "timeZone".to_owned(),
        other => camel_case(other),
    }
}

/// The channel for the result of a read.
pub struct Reply<T>(oneshot::Sender<Result<T, Failure>>);

impl<T> Reply<T> {
    /// Sends a result. Returns the error after which the transaction can't be used: any but that of a record that is not found.
    fn send(self, result: Result<T, Error>) -> Result<(), Error> {
        match result {
            Ok(value) => self.reply(Ok(value)),
            Err(error) => {
                self.reply(Err(Failure::of(&error)));
                if error.code() != Some(Code::NotFound) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Sends a result or a failure. If the request was given up, it is not needed.
    fn reply(self, result: Result<T, Failure>) {
        drop(self.0.send(result));
    }
}

/// A read that a resolver asks for, and the channel for its result. A part of a reconciliation is that of a run, or of the latest.
pub enum Read {
    /// A report.
    Report(Arc<Request>, Reply<RawReport>),
    /// The first fix.
    FirstFix(Option<ReconcileRunId>, Reply<FirstFixOfRun>),
    /// Ranked groups.
    Exceptions(Option<ReconcileRunId>, Reply<Exceptions>),
    /// The flow of a process.
    FlowMap(Option<ReconcileRunId>, Option<Process>, Reply<FlowMapOfRun>),
    /// Health over the weeks.
    Health(Option<ReconcileRunId>, Reply<HealthOfRun>),
}

pub type ReadSender = mpsc::UnboundedSender<Read>;

impl Read {
    /// Reads, and sends the result. Returns the error after which the transaction can't be used.
    async fn carry_out(self, tx: &Tx) -> Result<(), Error> {
        match self {
            Read::Report(request, reply) => reply.send(report::fetch(tx, &request).await),
            Read::FirstFix(run, reply) => reply.send(part::first_fix(tx, run).await),
            Read::Exceptions(run, reply) => reply.send(part::exceptions(tx, run).await),
            Read::FlowMap(run, process, reply) => reply.send(part::flow_map(tx, run, process).await),
            Read::Health(run, reply) => reply.send(part::health(tx, run).await),
        }
    }

    fn fail(self, failure: Failure) {
        match self {
            Read::Report(_, reply) => reply.reply(Err(failure)),
            Read::FirstFix(_, reply) => reply.reply(Err(failure)),
            Read::Exceptions(_, reply) => reply.reply(Err(failure)),
            Read::FlowMap(_, _, reply) => reply.reply(Err(failure)),
            Read::Health(_, reply) => reply.reply(Err(failure)),
        }
    }
}

/// Sends a read of a resolver to the snapshot, and waits for its result.
pub async fn ask<T>(context: &Context<'_>, read: impl FnOnce(Reply<T>) -> Read) -> async_graphql::Result<T> {
    let (reply, replied) = oneshot::channel();
    context.data::<ReadSender>()?.send(read(Reply(reply))).map_err(|_| gone())?;
    Ok(replied.await.map_err(|_| gone())??)
}

/// Runs a report for a resolver.
pub async fn report<R: Row>(
    context: &Context<'_>,
    name: Name,
    input: Input,
) -> async_graphql::Result<Report<R>> {
    let SeesCosts(sees_costs) = *context.data()?;
    let ties = context.look_ahead().field("meta").field("tiesTo").exists();
    let trade = context.look_ahead().field("meta").field("trade").exists();
    let (ties, trade) = (ties && name.is_tied(), trade && name.is_of_sales());
    let input = Input { ties: ties.then_some(true), trade: trade.then_some(true), ..input };
    let request = Request::new(name, input).map_err(Failure::from)?;
    let request = Arc::new(Request { sees_costs, ..request });
    if !sees_costs && costs::is_about_costs(&request) {
        return Err(Failure::new("insufficient_scope", "This report needs the scope costs:read.").into());
    }
    let SeesLedger(sees_ledger) = *context.data()?;
    if !sees_ledger && name.is_of_ledger() {
        return Err(Failure::new("insufficient_scope", "This report needs the scope ledger:read.").into());
    }
    let rows = ask(context, |reply| Read::Report(Arc::clone(&request), reply)).await?;
    Ok(report::decode(&request, rows).map_err(|error| Failure::of(&error))?)
}

/// Rejects a caller who may not read the reconciliation.
pub fn check_reconciliation(context: &Context<'_>) -> async_graphql::Result<()> {
    let SeesReconciliation(sees) = *context.data()?;
    if sees {
        return Ok(());
    }
    let detail = "The field reconciliation needs the scope reconciliation:read.";
    Err(Failure::new("insufficient_scope", detail).into())
}

/// Returns the error of an argument.
pub fn invalid(detail: impl Into<String>) -> async_graphql::Error {
    Failure::new("invalid_parameter", detail).into()
}

/// Returns the failure of a read whose channel was closed.
fn gone() -> Failure {
    Failure::new("internal_error", "Something went wrong on our side.")
}

/// Serves resolvers on one snapshot until every sender is dropped.
pub async fn serve(db: &Db, tenant_id: TenantId, mut reads: mpsc::UnboundedReceiver<Read>) {
    let Some(first) = reads.recv().await else { return };
    let mut next = Some(first);
    let outcome = db
        .report(tenant_id, async |tx| {
            while let Some(read) = next.take() {
                read.carry_out(tx).await?;
                next = reads.recv().await;
            }
            Ok(())
        })
        .await;
    let Err(error) = outcome else { return };
    let failure = Failure::of(&error);
    if next.is_none() {
        next = reads.recv().await;
    }
    while let Some(read) = next.take() {
        read.fail(failure.clone());
        next = reads.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use domain::refusal::Problems;

    use super::*;

    #[test]
    fn an_argument_is_named_as_it_was_sent() {
        for (parameter, argument) in
            [("known_at", "knownAt"), ("group_by", "groupBy"), ("tz", "timeZone"), ("limit", "limit")]
        {
            let failure = Failure::from(Invalid::not_allowed(parameter, "No."));
            assert_eq!(failure.detail, format!("{argument}: No."));
            assert_eq!(failure.errors[0].argument, argument);
        }
    }

    #[test]
    fn a_rejection_names_each_wrong_argument() {
        let mut problems = Problems::default();
        problems.add("/location", Code::NotFound, "There is no location NORTH.");
        problems.add("/product", Code::NotFound, "There is no product MUG.");
        let failure = Failure::of(&Error::Refused(problems.into_refusal()));
        let named: Vec<_> = failure.errors.iter().map(|wrong| wrong.argument.as_str()).collect();
        assert_eq!(named, ["location", "product"]);
    }
}
