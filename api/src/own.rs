//! The own records of a customer whose session calls.
//!
//! A record of another customer looks like one that does not exist: its id becomes one that no record has, and the route goes on.

use chrono::{DateTime, Utc};
use domain::annotation::Notes;
use domain::id::{CustomerId, CustomerSessionId, HoldId, InvoiceId, OrderId};
use domain::metadata::Metadata;
use domain::moment;
use domain::refusal::Problems;
use serde_json::Value;
use service::command::Answer;
use service::customer::CustomerInput;
use service::input::Change;
use service::{Error, Tx, own};
use uuid::Uuid;

use crate::problem::{ApiError, ErrorCode};
use crate::publishable::hide;
use crate::{App, Caller};

/// Detail of the problem of a field that a customer can't set.
pub const NOT_SET: &str = "Leave it out: a customer session can't set it.";
/// Fields of its record that a customer may change.
const CHANGEABLE: [&str; 2] = ["addresses", "contacts"];

/// Returns the customer that a request names, or one that does not exist if it is not the caller.
pub fn customer(caller: &Caller, id: CustomerId) -> CustomerId {
    match caller.customer_id {
        Some(own) if own != id => CustomerId(Uuid::nil()),
        Some(_) | None => id,
    }
}

/// Returns the customer whose records a list shows: the one that the request names, and without a name the caller.
pub fn listed(caller: &Caller, asked: Option<CustomerId>) -> Option<CustomerId> {
    asked.or(caller.customer_id).map(|id| customer(caller, id))
}

/// Returns the order, or one that does not exist if it is of another customer than the caller.
pub async fn order(app: &App, caller: &Caller, id: OrderId) -> Result<OrderId, ApiError> {
    let Some(customer_id) = caller.customer_id else { return Ok(id) };
    let is_own = async |tx: &Tx| own::has_order(tx, customer_id, id).await;
    Ok(if app.db.read(caller.tenant_id, is_own).await? { id } else { OrderId(Uuid::nil()) })
}

/// Returns the invoice, or one that does not exist if it is of another customer than the caller.
pub async fn invoice(app: &App, caller: &Caller, id: InvoiceId) -> Result<InvoiceId, ApiError> {
    let Some(customer_id) = caller.customer_id else { return Ok(id) };
    let is_own = async |tx: &Tx| own::has_invoice(tx, customer_id, id).await;
    Ok(if app.db.read(caller.tenant_id, is_own).await? { id } else { InvoiceId(Uuid::nil()) })
}

/// Returns the hold, or one that does not exist if it is not of the session that calls.
pub async fn hold(app: &App, caller: &Caller, id: HoldId) -> Result<HoldId, ApiError> {
    let Some(customer_id) = caller.customer_id else { return Ok(id) };
    let name = cart(caller);
    let is_own = async |tx: &Tx| own::has_hold(tx, customer_id, &name, id).await;
    Ok(if app.db.read(caller.tenant_id, is_own).await? { id } else { HoldId(Uuid::nil()) })
}

/// Returns the name of the hold of a session. So a session has one open hold at a time: its cart.
pub fn cart(caller: &Caller) -> String {
    CustomerSessionId(caller.actor_id).to_string()
}

/// Reports a hold that goes on after the session that places it.
pub fn check_end(problems: &mut Problems, caller: &Caller, expires_at: Option<DateTime<Utc>>) {
    if caller.customer_id.is_some()
        && let (Some(end), Some(wanted)) = (caller.limits.ends_at, expires_at)
        && wanted > end
    {
        let end = moment::text(end);
        problems.invalid("/expires_at", format!("The hold must end with the session, at {end} or before."));
    }
}

/// Rejects a list by a parameter that is not for customers.
pub fn check_unused(caller: &Caller, parameter: &str, is_used: bool) -> Result<(), ApiError> {
    if caller.customer_id.is_some() && is_used {
        return Err(ApiError::of(ErrorCode::NotPublishable).at_parameter(parameter));
    }
    Ok(())
}

/// Returns a customer as it is after a change, or none if it stays as it is. Rejects the change of a field that a customer may not
/// change itself. `change` gets only the fields that the customer sees. So a value is rejected even if it equals the hidden one, and
/// hidden values can't be guessed.
pub fn changed(
    caller: &Caller,
    present: &CustomerInput,
    change: Change<'_, CustomerInput>,
) -> Result<Option<CustomerInput>, Error> {
    if caller.customer_id.is_none() {
        return change(present);
    }
    let before = CustomerInput {
        external_ref: None,
        notes: Notes::default(),
        tags: Vec::new(),
        attachments: Vec::new(),
        metadata: Metadata::default(),
        ..present.clone()
    };
    let Some(after) = change(&before)? else { return Ok(None) };
    let json = |input: &CustomerInput| {
        serde_json::to_value(input).map_err(|error| Error::invariant(error.to_string()))
    };
    let (old, new) = (json(&before)?, json(&after)?);
    let mut problems = Problems::default();
    let names = [&old, &new].into_iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys);
    let mut names: Vec<&String> = names.collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        if old.get(name) != new.get(name) && !CHANGEABLE.contains(&name.as_str()) {
            let detail = "A customer session changes addresses and contacts only: leave this out.";
            problems.invalid(format!("/{name}"), detail);
        }
    }
    problems.check()?;
    Ok(Some(CustomerInput { addresses: after.addresses, contacts: after.contacts, ..present.clone() }))
}

/// Returns the response to a write as its caller may see it: a customer sees no notes of the tenant.
pub fn shown(answer: Answer, to_customer: bool) -> Answer {
    if !to_customer {
        return answer;
    }
    let Ok(mut value) = serde_json::from_str::<Value>(&answer.body) else { return answer };
    hide(&mut value);
    Answer { body: value.to_string(), ..answer }
}
