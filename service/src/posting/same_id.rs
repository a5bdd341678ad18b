//! Requests that name the id of a document which exists already. The same content gets the first response, with any idempotency
//! key. Other content is rejected with the differences.

use std::slice;

use chrono::{DateTime, Utc};
use domain::number::showing;
use domain::refusal::{Code, Problem, Problems, Refusal};
use sea_orm::sqlx::{self, Row};
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use super::decide::decide_within_bounds;
use super::prefetch::Prefetched;
use super::setup::Setups;
use super::{Request, catch_panic, load};
use crate::command::Answer;
use crate::{Db, Error};

/// Most differences that are named.
const DIFFERENCES_MAX: usize = 20;
/// Members of a response that have members which a caller states.
const PARTS: [&str; 3] = ["lines", "tenders", "lots"];
/// Members of a response that a caller states, or that follow from them alone.
const STATED: [&str; 35] = [
    "account",
    "amount",
    "barcode",
    "code",
    "country",
    "credit",
    "currency",
    "customer_id",
    "debit",
    "description",
    "discount",
    "expected_on",
    "external_ref",
    "from_location_id",
    "kind",
    "location_id",
    "method",
    "occurred_at",
    "order_id",
    "original_id",
    "product_id",
    "quantity",
    "reason",
    "reference",
    "register_id",
    "requested_on",
    "supplier_id",
    "supplier_number",
    "tax",
    "tendered",
    "to_location_id",
    "total",
    "unit_cost",
    "unit_price",
    "uom",
];
/// Documents whose amounts are costs.
const COSTED: [&str; 6] = ["bill", "count", "landed_cost", "purchase_order", "stock_document", "transfer"];

/// The command that made a document.
struct First {
    fingerprint: Vec<u8>,
    actor: (String, Uuid),
    answer: Answer,
}

/// Replaces the rejections of requests whose document exists already. A rejection may have any reason: the first request may have
/// taken the last unit. Costs nothing for requests that are accepted, that leave the id to us, or whose form is wrong: those keep
/// their faults.
pub(super) async fn settle(
    db: &Db,
    setups: &Setups,
    requests: &[Request],
    answers: &mut [Result<Answer, Error>],
) {
    for (request, answer) in requests.iter().zip(answers) {
        if !request.wrong.is_empty() {
            continue;
        }
        let Some(id) = request.command.own_id().filter(|_| may_exist(answer)) else { continue };
        let settled = match first_or_differences(db, setups, request, id).await {
            Ok(None) => continue,
            Ok(Some(first)) => Ok(first),
            Err(error) => Err(error),
        };
        if settled.is_ok() || matches!(settled, Err(Error::Refused(_))) {
            *answer = settled;
        }
    }
}

/// Whether a request may have been rejected because its document exists. A caller without the right to make it learns nothing.
fn may_exist(answer: &Result<Answer, Error>) -> bool {
    match answer {
        Ok(answer) => !answer.replayed && matches!(answer.status, 404 | 409 | 422),
        Err(error) => matches!(error.code(), Some(Code::AlreadyExists | Code::DuplicateExternalRef)),
    }
}

/// Returns the first response to a repeated request, or the differences as a rejection. Nothing if no document has the id, or if the
/// caller may not learn of it.
async fn first_or_differences(
    db: &Db,
    setups: &Setups,
    request: &Request,
    id: Uuid,
) -> Result<Option<Answer>, Error> {
    let caller = &request.caller;
    let time = db.write_time().work_on(1);
    let found = timeout(time, find(db, request, id)).await.map_err(|_| Error::Deadline)??;
    let Some(first) = found else { return Ok(None) };
    let actor: &str = caller.actor_kind.into();
    let is_own = (first.actor.0.as_str(), first.actor.1) == (actor, caller.actor_id);
    if caller.customer_id.is_some() && !is_own {
        return Ok(None);
    }
    let is_repeated = request.idempotency.as_ref().is_some_and(|sent| {
        [sent.fingerprint, sent.of_bytes].iter().any(|own| own == first.fingerprint.as_slice())
    });
    if is_repeated && !first.answer.body.is_empty() {
        request.command.check_stated()?;
        return Ok(Some(first.answer));
    }
    if !is_own {
        return Ok(None);
    }
    let differences = differences(db, setups, request, (id, &first.answer.body)).await;
    Err(rejection(differences).into())
}

/// Reads the command of the request's kind that made the document with an id: a document of another kind may have the same id.
/// Commands of till sales are found by their sale, and receipts and returns of purchase orders by their stock document.
async fn find(db: &Db, request: &Request, id: Uuid) -> Result<Option<First>, Error> {
    let tx = db.begin_read(request.caller.tenant_id).await?;
    let statement = "select m.fingerprint, m.status, m.response, m.document_id, m.actor_kind, m.actor_id from ( \
             select c.* from command c where c.tenant_id = $1 and c.document_id = $2 and c.name not like 'pos_sale.%' \
             union all \
             select c.* from pos_sale s join command c on c.tenant_id = s.tenant_id and c.id = s.command_id \
             where s.tenant_id = $1 and s.id = $2 \
             union all \
             select c.* from stock_document d join command c on c.tenant_id = d.tenant_id and c.id = d.command_id \
             where d.tenant_id = $1 and d.id = $2) m \
         where m.status between 200 and 299 and m.name = $3 order by m.id limit 1";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id).bind(request.command.name());
    let row = tx.row(query).await?;
    tx.rollback().await?;
    let Some(row) = row else { return Ok(None) };
    let answer = Answer {
        status: row.try_get::<i16, _>("status")?.unsigned_abs(),
        body: row.try_get::<Option<String>, _>("response")?.unwrap_or_default(),
        document_id: row.try_get("document_id")?,
        version: None,
        replayed: true,
    };
    let actor = (row.try_get("actor_kind")?, row.try_get("actor_id")?);
    let fingerprint: Option<Vec<u8>> = row.try_get("fingerprint")?;
    Ok(Some(First { fingerprint: fingerprint.unwrap_or_default(), actor, answer }))
}

fn rejection(differences: Vec<Problem>) -> Refusal {
    let mut problems = Problems::default();
    let detail = "A document with this id exists, and another request made it: use a new id, or send that request again.";
    problems.add("/id", Code::AlreadyExists, detail);
    differences.into_iter().for_each(|difference| problems.push(difference));
    problems.into_refusal()
}

/// Returns the differences of a request from the first response to another one with its id. Nothing if the request would be
/// rejected without the document too.
async fn differences(db: &Db, setups: &Setups, request: &Request, (id, first): (Uuid, &str)) -> Vec<Problem> {
    let Ok(first) = serde_json::from_str::<Value>(first) else { return Vec::new() };
    let time = db.write_time().work_on(request.command.lines());
    let work = timeout(time, catch_panic(Box::pin(try_without(db, setups, request, id)))).await;
    let Ok(Ok(Some((body, now)))) = work else { return Vec::new() };
    let Ok(own) = serde_json::from_str::<Value>(&body) else { return Vec::new() };
    let hidden = hidden(&first, request.caller.sees_costs());
    let mut found = Found { now, hidden, problems: Vec::new() };
    found.compare((&first, &own), "");
    found.problems
}

/// Decides a request as if the document with its id did not exist. Returns its response and the time; nothing if it is rejected.
/// Nothing is written.
async fn try_without(
    db: &Db,
    setups: &Setups,
    request: &Request,
    id: Uuid,
) -> Result<Option<(String, DateTime<Utc>)>, Error> {
    let tx = db.begin(request.caller.tenant_id).await?;
    let command = slice::from_ref(&request.command);
    let mut book = load::book(&tx, setups, command, Prefetched::default()).await?;
    book.command_id = tx.command_id();
    book.forget(id);
    let decided = decide_within_bounds(&tx, &mut book, request).await?;
    let body = decided.ok().map(|(outcome, _)| {
        let render = || (request.render)(&request.caller, Ok((&outcome, &book)));
        showing(book.setup.settings.exponent, render).1
    });
    let now = tx.now;
    tx.rollback().await?;
    Ok(body.map(|body| (body, now)))
}

/// Returns the members of a document that its caller may not see.
fn hidden(document: &Value, sees_costs: bool) -> &'static [&'static str] {
    if sees_costs {
        return &[];
    }
    let has_costs = document["object"].as_str().is_some_and(|object| COSTED.contains(&object));
    if has_costs { &["amount", "unit_cost"] } else { &["unit_cost"] }
}

/// The differences found so far.
struct Found {
    /// The time at which the request was decided. A document without a stated time has this one.
    now: DateTime<Utc>,
    /// Members that the caller may not see.
    hidden: &'static [&'static str],
    problems: Vec<Problem>,
}

impl Found {
    /// Compares what callers state in the first response and in that of the request.
    fn compare(&mut self, (first, own): (&Value, &Value), pointer: &str) {
        if let (Value::Array(first), Value::Array(own)) = (first, own) {
            if first.len() != own.len() {
                self.add(pointer.to_owned(), (first.len().to_string(), own.len().to_string()));
            }
            for (index, pair) in first.iter().zip(own).enumerate() {
                self.compare(pair, &format!("{pointer}/{index}"));
            }
        }
        let (Value::Object(first), Value::Object(own)) = (first, own) else { return };
        for (name, own) in own {
            let (Some(first), at) = (first.get(name), format!("{pointer}/{name}")) else { continue };
            let name = name.as_str();
            if PARTS.contains(&name) {
                self.compare((first, own), &at);
            } else if STATED.contains(&name) && first != own && !self.is_ours(name, own) {
                self.add(at, (text(first), text(own)));
            }
        }
    }

    /// Whether a value is not the caller's, or not to be seen.
    fn is_ours(&self, name: &str, own: &Value) -> bool {
        let instant = own.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        instant.is_some_and(|at| at == self.now) || self.hidden.contains(&name)
    }

    fn add(&mut self, pointer: String, (first, own): (String, String)) {
        if self.problems.len() == DIFFERENCES_MAX {
            return;
        }
        self.problems.push(Problem {
            pointer,
            code: Code::AlreadyExists,
            detail: format!("The document with this id has {first}, and this request comes to {own}."),
            params: vec![("recorded", first), ("requested", own)],
        });
    }
}

fn text(value: &Value) -> String {
    let unquoted = || if value.is_null() { "none".to_owned() } else { value.to_string() };
    value.as_str().map_or_else(unquoted, str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_named_by_their_fields() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("an instant");
        let mut found =
            Found { now, hidden: hidden(&json!({ "object": "bill" }), false), problems: Vec::new() };
        let first = json!({ "number": "T1-1", "amount": "3.00", "occurred_at": "2026-11-22T10:15:00Z", "country": "GB",
            "lines": [{ "quantity": "2", "unit_cost": "1.00" }, { "quantity": "1" }] });
        let own = json!({ "number": "T1-2", "amount": "4.00", "occurred_at": now, "country": null,
            "lines": [{ "quantity": "3", "unit_cost": "2.00" }] });
        found.compare((&first, &own), "");
        let mut named: Vec<(&str, &str)> = found
            .problems
            .iter()
            .map(|problem| (problem.pointer.as_str(), problem.params[0].1.as_str()))
            .collect();
        named.sort_unstable();
        assert_eq!(named, [("/country", "GB"), ("/lines", "2"), ("/lines/0/quantity", "2")]);
        let (payment, bill) = (json!({ "object": "payment" }), json!({ "object": "bill" }));
        assert_eq!((hidden(&payment, false), hidden(&bill, true)), (&["unit_cost"][..], &[][..]));
    }
}
