//! One snapshot for all reports of a request.
//!
//! Resolvers run side by side and can't share a transaction, so they send what they want to one place that has it. It
//! is opened with the first question; a request that only asks for the schema opens none.

use std::sync::Arc;

use async_graphql::{Context, ErrorExtensions};
use domain::id::TenantId;
use service::{Db, Error};
use tokio::sync::{mpsc, oneshot};

use crate::report::{self, Answer, Input, Invalid, Name, Report, Request, Row};

/// Why a report can't be given: a code that clients may rely on, and a sentence.
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
            Error::Busy | Error::LockTimeout => {
                Failure::new("temporarily_unavailable", "The server can't answer now; try again in a second.")
            }
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
            "tz" => "timeZone",
            "group_by" => "groupBy",
            other => other,
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

/// A question of a resolver.
pub struct Question {
    request: Arc<Request>,
    answer: oneshot::Sender<Result<Answer, Failure>>,
}

/// Where resolvers send their questions.
pub type Reader = mpsc::UnboundedSender<Question>;

/// A report, for a resolver.
pub async fn report<R: Row>(
    context: &Context<'_>,
    name: Name,
    input: Input,
) -> async_graphql::Result<Report<R>> {
    let request = Arc::new(Request::new(name, input).map_err(Failure::from)?);
    let (answer, answered) = oneshot::channel();
    let gone = || Failure::new("internal_error", "Something went wrong on our side.");
    context.data::<Reader>()?.send(Question { request: Arc::clone(&request), answer }).map_err(|_| gone())?;
    let answer = answered.await.map_err(|_| gone())??;
    Ok(report::read(&request, answer).map_err(|error| Failure::of(&error))?)
}

/// Answers questions from one snapshot, until nobody is left to ask any.
pub async fn serve(db: &Db, tenant_id: TenantId, mut questions: mpsc::UnboundedReceiver<Question>) {
    let Some(first) = questions.recv().await else { return };
    let mut next = Some(first);
    let outcome = db
        .report(tenant_id, async |tx| {
            while let Some(question) = next.take() {
                // Nobody waits for the answer any more if the request was given up.
                match report::ask(tx, &question.request).await {
                    Ok(answer) => drop(question.answer.send(Ok(answer))),
                    Err(error) => {
                        drop(question.answer.send(Err(Failure::of(&error))));
                        return Err(error);
                    }
                }
                next = questions.recv().await;
            }
            Ok(())
        })
        .await;
    let Err(error) = outcome else { return };
    let failure = Failure::of(&error);
    while let Some(question) = next.take() {
        drop(question.answer.send(Err(failure.clone())));
        next = questions.recv().await;
    }
}
