//! One snapshot for all reports of a request.
//!
//! Resolvers run concurrently and cannot share a transaction. They send their reports to one task that has it. The
//! first report opens the transaction; a request for the schema alone opens none.

use std::sync::Arc;

use async_graphql::{Context, ErrorExtensions};
use domain::id::TenantId;
use service::{Db, Error, Tx};
use tokio::sync::{mpsc, oneshot};

use crate::answers::{Answered, SeesReconciliation, Wanted};
use crate::costs::{self, SeesCosts};
use crate::report::{self, Input, Invalid, Name, RawReport, Report, Request, Row, camel_case};

/// The reason why a report failed: a stable code and a sentence.
#[derive(Debug, Clone)]
pub struct Failure {
    code: &'static str,
    detail: String,
}

impl Failure {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Failure { code, detail: detail.into() }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::Refused(refusal) => Failure::new(refusal.code.as_str(), &refusal.detail),
            Error::Busy
            | Error::LockTimeout
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
        let code = if invalid.readable { "validation_failed" } else { "invalid_parameter" };
        let parameter = match invalid.parameter {
            "tz" => "timeZone".to_owned(),
            other => camel_case(other),
        };
        Failure::new(code, format!("{parameter}: {}", invalid.detail))
    }
}

impl From<Failure> for async_graphql::Error {
    fn from(failure: Failure) -> Self {
        async_graphql::Error::new(failure.detail)
            .extend_with(|_, extensions| extensions.set("code", failure.code))
    }
}

/// A wish of a resolver, and the channel for its result.
pub enum Call {
    /// A report.
    Report(Arc<Request>, oneshot::Sender<Result<RawReport, Failure>>),
    /// A part of the answer of a reconciliation.
    Part(Wanted, oneshot::Sender<Result<Answered, Failure>>),
}

pub type CallSender = mpsc::UnboundedSender<Call>;

impl Call {
    /// Carries it out. A send fails if the request was given up; the result is not needed then.
    async fn work(self, tx: &Tx) -> Result<(), Error> {
        match self {
            Call::Report(request, reply) => match report::fetch(tx, &request).await {
                Ok(rows) => drop(reply.send(Ok(rows))),
                Err(error) => {
                    drop(reply.send(Err(Failure::of(&error))));
                    return Err(error);
                }
            },
            Call::Part(wanted, reply) => match wanted.read(tx).await {
                Ok(part) => drop(reply.send(Ok(part))),
                Err(error) => {
                    drop(reply.send(Err(Failure::of(&error))));
                    // A rejection is no failure of the database: other fields go on.
                    if !matches!(error, Error::Refused(_)) {
                        return Err(error);
                    }
                }
            },
        }
        Ok(())
    }

    fn fail(self, failure: Failure) {
        match self {
            Call::Report(_, reply) => drop(reply.send(Err(failure))),
            Call::Part(_, reply) => drop(reply.send(Err(failure))),
        }
    }
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
    let (reply, replied) = oneshot::channel();
    let sent = context.data::<CallSender>()?.send(Call::Report(Arc::clone(&request), reply));
    sent.map_err(|_| gone())?;
    let rows = replied.await.map_err(|_| gone())??;
    Ok(report::decode(&request, rows).map_err(|error| Failure::of(&error))?)
}

/// Reads a part of the answer of a reconciliation for a resolver.
pub async fn part(context: &Context<'_>, wanted: Wanted) -> async_graphql::Result<Answered> {
    let (reply, replied) = oneshot::channel();
    context.data::<CallSender>()?.send(Call::Part(wanted, reply)).map_err(|_| gone())?;
    Ok(replied.await.map_err(|_| gone())??)
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

/// Returns the error of a resolver that got another part than it wanted.
pub fn other_part() -> async_graphql::Error {
    gone().into()
}

fn gone() -> Failure {
    Failure::new("internal_error", "Something went wrong on our side.")
}

/// Serves resolvers on one snapshot until every sender is dropped.
pub async fn serve(db: &Db, tenant_id: TenantId, mut calls: mpsc::UnboundedReceiver<Call>) {
    let Some(first) = calls.recv().await else { return };
    let mut next = Some(first);
    let outcome = db
        .report(tenant_id, async |tx| {
            while let Some(call) = next.take() {
                call.work(tx).await?;
                next = calls.recv().await;
            }
            Ok(())
        })
        .await;
    let Err(error) = outcome else { return };
    let failure = Failure::of(&error);
    while let Some(call) = next.take() {
        call.fail(failure.clone());
        next = calls.recv().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_named_as_it_was_sent() {
        for (parameter, argument) in
            [("known_at", "knownAt"), ("group_by", "groupBy"), ("tz", "timeZone"), ("limit", "limit")]
        {
            let failure = Failure::from(Invalid::not_allowed(parameter, "No."));
            assert_eq!(failure.detail, format!("{argument}: No."));
        }
    }
}
