//! Posts stock, cost and ledger, in batches. No other module does.
//!
//! A batch is one transaction. N commands cost the same number of statements as one.
//!
//! | phase | code | statement |
//! |---|---|---|
//! | open | [`Db`] | `begin` and the settings, the tenant among them, in one message |
//! | repeats | [`command`] | responses to keys that were used before |
//! | load | `load`, `prefetch` | till sales: this and the repeats in one call of `load_sales_3`. Others: one read for each table that a command needs, locked in the order of `ARCHITECTURE.md` |
//! | decide | `decide` | none: the domain decides each command on the same [`Book`] |
//! | save | `save` | new levels and documents, where there are some; then one call of `post_batch_2` with one array of rows for each table |
//! | end | [`Tx`] | `commit`, after which every caller gets its response |
//!
//! **Bounds.** A batch has at most [`BATCH_MAX`] commands, and at most the lines that `queue` allows for one
//! transaction.
//!
//! **Order.** Commands are decided in order of arrival. Each one sees what the accepted ones before it did. A rejected
//! command leaves only its command row.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use domain::book::{Book, Posting};
use domain::id::CommandId;
use domain::number::showing;
use domain::refusal::{Problems, Refusal};
use futures_util::FutureExt;
use tokio::time::{Instant, timeout, timeout_at};

use self::decide::{decide_within_bounds, map_constraint, try_to_decide};
use self::prefetch::Prefetched;
use crate::caller::EntryMode;
use crate::command::{self, Answer, Idempotency};
use crate::timing::{on_database, phase};
use crate::{Caller, Db, Error, Tx};

mod allotments;
pub mod annotations;
pub(crate) mod bills;
mod brought;
pub(crate) mod counts;
mod decide;
pub(crate) mod documents;
mod entries;
pub(crate) mod exchange;
mod history;
pub(crate) mod intents;
pub(crate) mod landed;
mod late;
mod layer;
mod layer_uses;
mod load;
mod lot_levels;
pub(crate) mod lots;
mod open_costs;
pub(crate) mod open_items;
pub(crate) mod orders;
mod parts;
mod places;
mod prefetch;
pub(crate) mod purchases;
mod queue;
mod queue_levels;
mod replaced;
mod same_id;
mod save;
mod series;
pub(crate) mod setup;
pub(crate) mod stock_documents;
mod supplier_returns;
mod table;
pub(crate) mod valuation;
mod vouchers;
pub(crate) mod waiting;

pub use domain::command::{Command, Outcome};
pub use lot_levels::LOCK_LEVELS;
pub use parts::Parts;
pub use queue::Poster;
pub use table::{ROW_TYPES, RowType};

/// Most commands of one transaction.
pub const BATCH_MAX: usize = 64;

/// Turns an outcome or a rejection into the HTTP status and JSON of the response.
pub type Render = fn(&Caller, Result<(&Outcome, &Book), &Refusal>) -> (u16, String);

/// A command as a caller stated it, with the fields of its form that are wrong. With one, it is only judged.
#[derive(Debug, Clone)]
pub struct Stated {
    /// The command.
    pub command: Command,
    /// The wrong fields.
    pub wrong: Problems,
}

impl From<Command> for Stated {
    fn from(command: Command) -> Self {
        Stated { command, wrong: Problems::default() }
    }
}

/// One command of one caller.
#[derive(Debug, Clone)]
pub struct Request {
    /// The caller.
    pub caller: Caller,
    /// The command to carry out.
    pub command: Command,
    /// The fields of its form that are wrong. If there is one, the command is rejected, with the faults of its other fields.
    pub wrong: Problems,
    /// The caller's idempotency key. Without one, the command can't be repeated safely.
    pub idempotency: Option<Idempotency>,
    /// The way in which it was entered.
    pub entry_mode: EntryMode,
    /// Renders the response.
    pub render: Render,
}

/// An accepted command that is still to be written.
pub(crate) struct Accepted<'a> {
    request: &'a Request,
    command_id: CommandId,
    outcome: Outcome,
    posting: Posting,
}

/// The command row of a request.
pub(crate) struct Recorded<'a> {
    request: &'a Request,
    /// The position of the request in its batch.
    at: usize,
    command_id: CommandId,
    answer: Answer,
    /// Whether the response is stored for a repeat.
    kept: bool,
    /// Whether it was accepted and changed nothing. The audit log leaves it out.
    is_unchanged: bool,
}

/// A batch ended without responses.
enum Spoiled {
    /// Another process finished one of the requests first: try again and find its response.
    Raced,
    /// The database failed.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Spoiled {
    fn from(error: E) -> Self {
        Spoiled::Failed(error.into())
    }
}

/// The response and the effects that a command would have. Nothing is written.
#[derive(Debug)]
pub struct DryRun {
    /// The response body that the command would get.
    pub body: String,
    /// The document that the command would make.
    pub outcome: Outcome,
    /// Everything that the command would write.
    pub posting: Posting,
}

/// Most attempts of a batch that loses a race, or whose request another process finishes first.
const ATTEMPTS_MAX: u32 = 4;

/// Carries out a batch of one tenant's requests in one transaction. Returns one result for each request, in order. If
/// the batch fails or panics, its requests are carried out again one by one, so that only the request that is the cause
/// fails. If no connection can be had, all that are left fail at once. A request that names the id of a document which exists gets
/// the first response, or the differences.
pub(crate) async fn run(db: &Db, setups: &setup::Setups, requests: &[Request]) -> Vec<Result<Answer, Error>> {
    let mut answers = run_batch(db, setups, requests).await;
    same_id::settle(db, setups, requests, &mut answers).await;
    answers
}

async fn run_batch(db: &Db, setups: &setup::Setups, requests: &[Request]) -> Vec<Result<Answer, Error>> {
    let error = match catch_panic(attempt(db, setups, requests)).await {
        Ok(answers) => return answers,
        Err(error) if requests.len() == 1 => return vec![Err(map_constraint(error))],
        Err(error) => error,
    };
    tracing::warn!(%error, commands = requests.len(), "a batch failed");
    // A connection may be lost while a batch commits. Its requests are carried out again, to learn whether it did.
    let is_lost = matches!(error, Error::Unreachable(_) | Error::OutcomeUnknown(Some(_)));
    let mut unavailable = if is_lost { None } else { error.unavailable() };
    let unknown = if matches!(error, Error::OutcomeUnknown(_)) { error.unavailable() } else { None };
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        if let Some(error) = &unavailable {
            // If it was not known before whether the batch is done, it still is not.
            let error = unknown.as_ref().unwrap_or(error);
            answers.push(Err(error.unavailable().unwrap_or(Error::Busy)));
            continue;
        }
        let answer = catch_panic(attempt(db, setups, std::slice::from_ref(request))).await;
        answers.push(match answer {
            Ok(mut answers) => answers.remove(0),
            Err(error) => {
                unavailable = error.unavailable();
                let unknown = unknown.as_ref().filter(|_| unavailable.is_some()).and_then(Error::unavailable);
                Err(unknown.unwrap_or_else(|| map_constraint(error)))
            }
        });
    }
    answers
}

/// Turns a panic into an error. The transaction of `work` rolls back, so nothing half decided is written.
async fn catch_panic<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Error::invariant(format!("a panic: {}", text.unwrap_or_default())))
    })
}

async fn attempt(
    db: &Db,
    setups: &setup::Setups,
    requests: &[Request],
) -> Result<Vec<Result<Answer, Error>>, Error> {
    let tenant_id = requests[0].caller.tenant_id;
    let lines = requests.iter().map(|request| request.command.lines()).sum();
    let until = Instant::now() + db.write_time().work_on(lines);
    let mut attempts = 1;
    loop {
        let work = async {
            let tx = db.begin(tenant_id).await?;
            let carried = carry_out(&tx, setups, requests).await;
            Ok::<_, Error>((tx, carried))
        };
        let (tx, carried) = timeout_at(until, work).await.map_err(|_| Error::Deadline)??;
        let error = match carried {
            Ok(answers) => {
                phase("commit", tx.commit()).await?;
                return Ok(answers);
            }
            Err(Spoiled::Raced) => Error::invariant("an idempotency key stayed in a race"),
            // Another transaction took a value that must be unique. If it was the same request in another process, the
            // next attempt finds its response. If it was another one, the next attempts fail as
            // well, and the violation becomes a rejection.
            Err(Spoiled::Failed(error))
                if error.is_retryable()
                    || error.is_unique_violation()
                    || matches!(error, Error::LockTimeout) =>
            {
                error
            }
            Err(Spoiled::Failed(error)) => return Err(error),
        };
        drop(tx);
        if attempts == ATTEMPTS_MAX {
            return Err(error);
        }
        if error.is_retryable() {
            // The currency may have changed since this server read the settings: `post_batch_2` rejects the batch then.
            setups.forget(tenant_id).await;
        }
        crate::tx::pause_before_retry(&error).await;
        attempts += 1;
    }
}

/// Decides and writes one command, then rolls back.
pub async fn dry_run(db: &Db, poster: &Poster, request: &Request) -> Result<DryRun, Error> {
    let time = db.write_time().work_on(request.command.lines());
    // The future is large, and every future of a route that awaits it would be larger.
    let dry_run = timeout(time, catch_panic(Box::pin(dry_run_once(db, poster, request))));
    on_database(dry_run).await.unwrap_or(Err(Error::Deadline)).map_err(map_constraint)
}

async fn dry_run_once(db: &Db, poster: &Poster, request: &Request) -> Result<DryRun, Error> {
    let tx = db.begin(request.caller.tenant_id).await?;
    let command = std::slice::from_ref(&request.command);
    let mut book = load::book(&tx, poster.setups(), command, Prefetched::default()).await?;
    let before = save::Before::serve(&mut book);
    let command_id = tx.command_id();
    book.command_id = command_id;
    let (outcome, posting) = decide_within_bounds(&tx, &mut book, request).await??;
    let render = || (request.render)(&request.caller, Ok((&outcome, &book)));
    let (_, body) = showing(book.setup.settings.exponent, render);
    let accepted = [Accepted { request, command_id, outcome, posting }];
    save::write(&tx, &book, &accepted, &[], &before).await?;
    tx.rollback().await?;
    let [Accepted { outcome, mut posting, .. }] = accepted;
    posting.reservations.splice(0..0, before.served.reservations);
    Ok(DryRun { body, outcome, posting })
}

async fn carry_out(
    tx: &Tx,
    setups: &setup::Setups,
    requests: &[Request],
) -> Result<Vec<Result<Answer, Error>>, Spoiled> {
    let keys: Vec<&str> = requests
        .iter()
        .filter_map(|request| request.idempotency.as_ref())
        .map(|key| key.key.as_str())
        .collect();
    let commands = requests.iter().map(|request| &request.command);
    let mut prefetched = phase("load", prefetch::sales(tx, setups, commands, &keys)).await?;
    let answered = match prefetched.answered.take() {
        Some(answered) => answered,
        None => phase("load", command::find_responses(tx, &keys)).await?,
    };
    let mut answers: Vec<Option<Result<Answer, Error>>> = requests
        .iter()
        .map(|request| {
            let idempotency = request.idempotency.as_ref()?;
            Some(replay(request, idempotency, answered.get(&idempotency.key)?))
        })
        .collect();
    let fresh: Vec<usize> = (0..requests.len()).filter(|at| answers[*at].is_none()).collect();
    if !fresh.is_empty() {
        let commands: Vec<Command> = fresh.iter().map(|at| requests[*at].command.clone()).collect();
        let book = phase("load", load::book(tx, setups, &commands, prefetched)).await?;
        for (at, answer) in decide_all(tx, book, requests, &fresh).await? {
            answers[at] = Some(Ok(answer));
        }
        for at in fresh {
            let left_out = requests[at].idempotency.as_ref().filter(|_| answers[at].is_none());
            if let Some(idempotency) = left_out {
                let first = accepted_under(&idempotency.key, requests, &answers);
                answers[at] = first.map(|first| replay(&requests[at], idempotency, &first));
            }
        }
    }
    let missing = || Err(Error::invariant("a request of the batch has no response"));
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect())
}

/// Returns the stored response to a repeated request, if its caller may ask for what it says. A field may be wrong for one caller
/// only: a price that the caller may not state.
fn replay(
    request: &Request,
    idempotency: &Idempotency,
    answered: &(Vec<u8>, Answer),
) -> Result<Answer, Error> {
    request.wrong.clone().check()?;
    let answer = command::replay(idempotency, answered)?;
    request.command.check_stated()?;
    Ok(answer)
}

/// Returns the response to the request of the batch that was accepted under a key, for a repeat, with its fingerprint.
fn accepted_under(
    key: &str,
    requests: &[Request],
    answers: &[Option<Result<Answer, Error>>],
) -> Option<(Vec<u8>, Answer)> {
    requests.iter().zip(answers).find_map(|(request, answer)| {
        let idempotency = request.idempotency.as_ref().filter(|own| own.key == key)?;
        let Some(Ok(answer)) = answer else { return None };
        let repeated = || Answer { replayed: true, ..answer.clone() };
        matches!(answer.status, 200..=299).then(|| (idempotency.fingerprint.to_vec(), repeated()))
    })
}

/// Decides the new requests on one book and writes the accepted ones, and a command row for each. Returns the responses with the
/// positions of their requests. Leaves out a request whose key an accepted one before it has.
async fn decide_all(
    tx: &Tx,
    mut book: Book,
    requests: &[Request],
    fresh: &[usize],
) -> Result<Vec<(usize, Answer)>, Spoiled> {
    let before = save::Before::serve(&mut book);
    let is_bounded = |at: &usize| requests[*at].caller.limits.bounds.amount_max.is_some();
    // Documents that exceed the largest amount of their caller are rare. One copy for all is made, and one for each only if
    // there is such a document.
    let untouched = fresh.iter().any(is_bounded).then(|| book.clone());
    let mut decided = phase("decide", decide_each(tx, &mut book, requests, fresh, false)).await?;
    if let (None, Some(untouched)) = (&decided, untouched) {
        book = untouched;
        decided = phase("decide", decide_each(tx, &mut book, requests, fresh, true)).await?;
    }
    let Some((accepted, recorded)) = decided else {
        return Err(Error::invariant("a document without a largest amount exceeds it").into());
    };
    let save = save::write(tx, &book, &accepted, &recorded, &before);
    let commands_written = phase("save", save).await?;
    if commands_written < recorded.len() as i64 {
        return Err(Spoiled::Raced);
    }
    Ok(recorded.into_iter().map(|recorded| (recorded.at, recorded.answer)).collect())
}

/// The accepted ones of the new requests, and the command row of each.
type Decided<'a> = (Vec<Accepted<'a>>, Vec<Recorded<'a>>);

/// Decides the new requests. Returns nothing, and leaves the book changed, if a document exceeds the largest amount of its caller
/// and this is not the second time.
async fn decide_each<'a>(
    tx: &Tx,
    book: &mut Book,
    requests: &'a [Request],
    fresh: &[usize],
    second_time: bool,
) -> Result<Option<Decided<'a>>, Error> {
    let mut accepted = Vec::with_capacity(fresh.len());
    let mut recorded = Vec::with_capacity(fresh.len());
    let mut taken: HashSet<&str> = HashSet::new();
    for at in fresh {
        let request = &requests[*at];
        let key = request.idempotency.as_ref().map(|idempotency| idempotency.key.as_str());
        // An accepted request takes its key. The key of a rejected one is free for the next request of the batch.
        if key.is_some_and(|key| taken.contains(key)) {
            continue;
        }
        let command_id = CommandId(book.ids.next_id());
        book.command_id = command_id;
        let decided = if second_time {
            decide_within_bounds(tx, book, request).await?
        } else {
            match try_to_decide(tx, book, request).await? {
                (_, true) => return Ok(None),
                (decided, false) => decided,
            }
        };
        let is_item = request.entry_mode == EntryMode::Batch;
        let decided = decided.map_err(|refusal| if is_item { refusal.of_item() } else { refusal });
        let so_far = decided.as_ref().map(|(outcome, _)| (outcome, &*book));
        let render = || (request.render)(&request.caller, so_far);
        let (status, body) = showing(book.setup.settings.exponent, render);
        // A rejection is not stored. It had no effect, and the state that it follows from may change: a repeat is decided
        // again.
        let kept = matches!(status, 200..=299);
        let document_id = decided.as_ref().ok().map(|(outcome, _)| outcome.document().1);
        let answer = Answer { status, body, document_id, version: None, replayed: false };
        taken.extend(key.filter(|_| kept));
        let is_unchanged = decided.as_ref().is_ok_and(|(outcome, _)| outcome.is_unchanged());
        recorded.push(Recorded { request, at: *at, command_id, answer, kept, is_unchanged });
        if let Ok((outcome, posting)) = decided {
            accepted.push(Accepted { request, command_id, outcome, posting });
        }
    }
    Ok(Some((accepted, recorded)))
}
