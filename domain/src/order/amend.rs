//! The amendment of an order of which nothing was shipped.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use uuid::Uuid;

use super::place::{refuse_lots, serves_wholesale};
use super::reserve::{
    Plan, check_named, credit_reason, plan_again, planned_total, put_on_hold, reservations, reserve_again,
    reserved_units, split_bundles, unreserve,
};
use super::{
    Change, Order, OrderLine, OrderStatus, Ordered, Policy, check_buyer, exposure, find, finish, order_mut,
};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::id::OrderId;
use crate::line_item::{LINES_MAX, invalid};
use crate::needs::Needs;
use crate::number::{Money, Quantity};
use crate::product::{ItemRef, ProductStatus};
use crate::promise::{self, Pegged};
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};
use crate::sales::{self, Authority, Basket, Judged, Line, LineInput};
use crate::stock::{LevelKey, Reservation};
use crate::tenant::Channel;

/// An order to amend.
#[derive(Debug, Clone)]
pub struct Amend {
    /// The order.
    pub order_id: OrderId,
    /// The version of the order for which the lines were made; any if absent.
    pub version: Option<i32>,
    /// The customer's reference; as before if absent.
    pub reference: Option<String>,
    /// The day on which the customer wants it; as before if absent.
    pub requested_on: Option<NaiveDate>,
    /// The lines that it shall have. A line that is kept may leave its product, its unit and its description out.
    pub lines: Vec<LineInput>,
    /// The number of the line that each of them keeps; none for a new line.
    pub kept: Vec<Option<i32>>,
    /// The limits of the caller over prices.
    pub authority: Authority,
}

impl Rule for Amend {
    fn name(&self) -> &'static str {
        "order.amended"
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.order_ids.insert(self.order_id);
        needs.amended.insert(self.order_id);
        needs.lines(&self.lines);
        // The units of lines that are kept, and the promises of lines that wait.
        needs.units = true;
        needs.promises = true;
    }

    fn check_stated(&self) -> Result<(), Refusal> {
        self.authority.check_stated(&self.lines, None)
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(self.check_stated());
        let Some(order) = book.orders.get(&self.order_id) else { return };
        let found = find_kept(book, order, self);
        // The product of a line that keeps none of the order is not known.
        let input = |(input, found): (&LineInput, &Result<Option<&Line>, Problem>)| match found {
            Ok(line) => filled_line(input, *line),
            Err(_) => LineInput { item: ItemRef::Unnamed, ..input.clone() },
        };
        let inputs: Vec<LineInput> = self.lines.iter().zip(&found).map(input).collect();
        let problems = found.iter().filter_map(|found| found.as_ref().err());
        problems.for_each(|problem| faults.note(problem.clone()));
        let basket = basket(book, order, self, &inputs);
        // Lines that are kept need no price of now.
        let is_draft = order.status == OrderStatus::Draft;
        let lots = !is_draft && order.policy == Policy::ShipComplete;
        let decimals = order.foreign.is_none().then_some(book.setup.settings.exponent);
        let judged = Judged { prices: false, decimals, lots };
        faults.take(if is_draft { refuse_lots(&inputs) } else { check_named(order.policy, &inputs) });
        sales::note_faults(book, &Basket { is_return: true, ..basket }, judged, faults);
        if order.foreign.is_none() {
            sales::note_faults_of_prices(book, &basket, &found, order.discount_percent, faults);
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        amend(book, self).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// The order after an amendment, before anything of it is written to the book.
struct Amended {
    /// The lines, of which nothing is reserved yet.
    lines: Vec<OrderLine>,
    /// The stock that it gets; none if it is a draft.
    plan: Option<Plan>,
    /// The reasons for a credit hold.
    hold: Vec<String>,
    /// The numbers of lines that don't grow. They keep their places in the queues for stock.
    patient: BTreeSet<i32>,
    /// Net and tax of the order before, if they count against the credit limit.
    counted: Money,
    /// Whether it was confirmed and does not grow. Its release counts only then.
    is_covered: bool,
}

/// Replaces the lines of an order of which nothing was shipped. Its reservations end, and it is reserved again as by a confirmation; a
/// draft stays one. The units that were reserved for it are available to it, so it loses none that it still wants. If nothing would change,
/// the order stays as it is, also its promises.
fn amend(book: &mut Book, command: &Amend) -> Result<(Ordered, Posting), Refusal> {
    let id = command.order_id;
    let amended = judge(book, command)?;
    if changes_nothing(book, command, &amended) {
        let order = book.orders[&id].clone();
        return Ok((Ordered { order, invoices: Vec::new(), change: Change::Unchanged }, Posting::default()));
    }
    let Amended { lines, plan, hold, patient, counted, is_covered } = amended;

    // Nothing rejects the command from here on.
    let mut since = promise::waiting_since(book, id);
    since.retain(|line_no, _| patient.contains(line_no));
    let mut posting = Posting::default();
    let order = &book.orders[&id];
    let customer_id = order.customer_id;
    let (mut before, mut own) = (Vec::new(), BTreeMap::new());
    if order.status == OrderStatus::Confirmed {
        (before, own) = (reservations(order), reserved_units(order));
        let numbers = order.lines.iter().map(|line| line.line.line_no);
        posting.pegs.extend(numbers.map(|line_no| Pegged { order_id: id, line_no, pegs: Vec::new() }));
        unreserve(book, id);
        exposure(book, customer_id).ordered -= counted;
    }
    let order = order_mut(book, id);
    order.lines = lines;
    order.reference = command.reference.clone().or(order.reference.take());
    order.requested_on = command.requested_on.or(order.requested_on);
    // A release was for the order as it was.
    order.released_at = order.released_at.filter(|_| is_covered);
    match plan {
        None => {}
        Some(_) if !hold.is_empty() => put_on_hold(book, id, hold),
        Some(plan) => {
            reserve_again(book, id, (&plan, own), &mut posting);
            promise::restore_places(book, id, &since, &mut posting);
        }
    }
    let (ordered, mut posting) = finish(book, id, posting);
    end_others(&mut posting, before);
    Ok((Ordered { change: Change::Amended, ..ordered }, posting))
}

/// Returns whether an amendment leaves the order as it is: what the command states of it, its lines, their stock and its credit hold.
fn changes_nothing(book: &Book, command: &Amend, amended: &Amended) -> bool {
    let order = &book.orders[&command.order_id];
    let is_head_kept = (command.reference.is_none() || command.reference == order.reference)
        && (command.requested_on.is_none() || command.requested_on == order.requested_on)
        && (order.released_at.is_none() || amended.is_covered);
    let is_on_hold = order.status == OrderStatus::OnHold;
    let is_stock_kept = match &amended.plan {
        None => true,
        Some(_) if is_on_hold => !amended.hold.is_empty() && amended.hold == order.hold_reasons,
        Some(plan) => amended.hold.is_empty() && plan.is_reserved_for(order),
    };
    let alike = |(before, after): (&OrderLine, &OrderLine)| sales::is_alike(&before.line, &after.line);
    is_head_kept
        && order.lines.len() == amended.lines.len()
        && order.lines.iter().zip(&amended.lines).all(alike)
        && is_stock_kept
        // Stock that it got from another command of the batch, or before the first one, is written as a change of the order.
        && !book.served.contains(&order.id)
}

/// Ends the reservations of before that the posting does not renew.
fn end_others(posting: &mut Posting, before: Vec<Reservation>) {
    let place = |row: &Reservation| (row.document_id, row.line_no, row.key);
    let renewed: BTreeSet<(Uuid, i32, LevelKey)> = posting.reservations.iter().map(place).collect();
    let others = before.into_iter().filter(|row| !renewed.contains(&place(row)));
    posting.reservations.extend(others.map(|row| Reservation { quantity: Quantity::ZERO, ..row }));
}

/// Makes all checks of an amendment.
fn judge(book: &Book, command: &Amend) -> Result<Amended, Refusal> {
    let order = find(book, command.order_id)?;
    check_version(order, command.version)?;
    check_open(order)?;
    let kept = kept_lines(book, order, command)?;
    check_left_out(book, order, &kept)?;
    let inputs = filled(command, &kept);
    let basket = basket(book, order, command, &inputs);
    let lines = sales::price_amended(book, &basket, &kept, order.discount_percent)?;
    let is_judged = |line: &&Line| sales::is_judged(&inputs[line.input], kept[line.input], line);
    let judged: Vec<Line> = lines.iter().filter(is_judged).cloned().collect();
    command.authority.check_cost(book, order.location_id, (&inputs, None), &judged)?;
    let lines = numbered(order, &kept, lines)?;
    let does_not_grow = |line: &&Line| kept[line.input].is_some_and(|kept| line.quantity <= kept.quantity);
    check_growth(book, order, lines.iter().filter(|line| !does_not_grow(line)))?;
    let patient = lines.iter().filter(does_not_grow).map(|line| line.line_no).collect();
    let lines: Vec<OrderLine> = lines.into_iter().map(OrderLine::new).collect();
    let is_confirmed = order.status == OrderStatus::Confirmed;
    let counted = if is_confirmed { order.open_total(book) } else { Money::ZERO };
    if order.status == OrderStatus::Draft {
        refuse_lots(&inputs)?;
        return Ok(Amended { lines, plan: None, hold: Vec::new(), patient, counted, is_covered: false });
    }
    let amended = Order { lines, ..order.clone() };
    let plan = plan_again(book, (order, &amended), &inputs)?;
    let total = planned_total(book, &amended, &plan);
    // A confirmed order that does not grow is within its credit.
    let is_covered = is_confirmed && total <= counted;
    if is_confirmed && !is_covered {
        // Its prices grow, or it gets stock that it was denied before.
        check_buyer(book, order)?;
    }
    let reason = if is_covered { None } else { credit_reason(book, &amended, total - counted) };
    let hold = match reason {
        // The order of a blocked customer is not confirmed.
        None if !is_confirmed && check_buyer(book, order).is_err() => order.hold_reasons.clone(),
        reason => reason.into_iter().collect(),
    };
    Ok(Amended { lines: amended.lines, plan: Some(plan), hold, patient, counted, is_covered })
}

/// Rejects lines that are new or grow if the customer is blocked, if the location of the order no longer serves wholesale, or if the
/// product is archived.
fn check_growth<'l>(book: &Book, order: &Order, more: impl Iterator<Item = &'l Line>) -> Result<(), Refusal> {
    let blocked = check_buyer(book, order).err();
    let location = book.setup.location(Some(order.location_id)).filter(|own| !serves_wholesale(own));
    let mut details = BTreeMap::new();
    for line in more {
        let product = &book.products[&line.product_id];
        let detail = if let Some(blocked) = &blocked {
            format!("{} The order may lose lines and units, but it gets no more.", blocked.detail)
        } else if let Some(location) = location {
            format!(
                "Location {} does not serve wholesale any more: order no more from it, and place a new order at a location that does.",
                location.code
            )
        } else if product.status == ProductStatus::Archived {
            format!("{} is archived: the line may stay or shrink, but it does not grow.", product.sku)
        } else {
            continue;
        };
        details.entry(line.input).or_insert(detail);
    }
    let mut problems = Problems::default();
    for (input, detail) in details {
        problems.add(format!("/lines/{input}/quantity"), Code::InvalidStateTransition, detail);
    }
    problems.check()
}

/// Rejects an amendment that was made for another version of the order.
fn check_version(order: &Order, version: Option<i32>) -> Result<(), Refusal> {
    if version.is_none_or(|version| version == order.version) {
        return Ok(());
    }
    let detail = format!("Order {} was changed since you read it: read it again.", order.number);
    let mut refusal = Problems::of(Problem::version_mismatch("/version", detail.as_str(), order.version));
    // The whole request is about this version, as with `If-Match`.
    refusal.problems.push(Problem::version_mismatch("", detail, order.version));
    Err(refusal)
}

/// Rejects an order that was shipped or cancelled, and one in another currency, whose amounts never change.
fn check_open(order: &Order) -> Result<(), Refusal> {
    let number = &order.number;
    let fix = match order.status {
        OrderStatus::Draft | OrderStatus::OnHold | OrderStatus::Confirmed => {
            let Some(quote) = &order.foreign else { return Ok(()) };
            return Err(Refusal::state(format!(
                "Order {number} is in {}, and only an order in the tenant's currency can be amended: cancel it, and place a new one.",
                quote.currency
            )));
        }
        OrderStatus::PartiallyShipped => "close it to cancel what was not shipped, and place a new order",
        OrderStatus::Shipped | OrderStatus::Invoiced => {
            "place a new order, and take goods back with POST /v1/returns"
        }
        OrderStatus::Cancelled => "place a new order",
    };
    let status: &str = order.status.into();
    let status = status.replace('_', " ");
    Err(Refusal::state(format!(
        "Order {number} is {status}. Only one that is draft or on hold or confirmed can be amended: {fix}."
    )))
}

/// Returns the order line that each line of the command keeps. Rejects with a problem for every line that the order does not have,
/// or that is named twice or with another product.
fn kept_lines<'o>(book: &Book, order: &'o Order, command: &Amend) -> Result<Vec<Option<&'o Line>>, Refusal> {
    let mut problems = Problems::default();
    let mut kept = Vec::with_capacity(command.lines.len());
    for found in find_kept(book, order, command) {
        match found {
            Ok(line) => kept.push(line),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    Ok(kept)
}

/// Returns what [`kept_lines`] does, with the problem of each line in its place.
fn find_kept<'o>(book: &Book, order: &'o Order, command: &Amend) -> Vec<Result<Option<&'o Line>, Problem>> {
    let known: BTreeMap<i32, &Line> =
        order.lines.iter().map(|line| (line.line.line_no, &line.line)).collect();
    let mut named = BTreeSet::new();
    let mut found = Vec::with_capacity(command.lines.len());
    for (index, (input, line_no)) in command.lines.iter().zip(&command.kept).enumerate() {
        let pointer = format!("/lines/{index}");
        let problem = |code: Code, detail: String| Problem {
            pointer: format!("{pointer}/line_no"),
            code,
            detail,
            params: Vec::new(),
        };
        let line = line_no.and_then(|line_no| known.get(&line_no).copied());
        found.push(match (line_no, line) {
            (None, _) => Ok(None),
            (Some(line_no), None) => {
                let detail = format!("Order {} has no line {line_no}.", order.number);
                Err(problem(Code::NotFound, detail))
            }
            (Some(line_no), Some(_)) if !named.insert(*line_no) => {
                Err(problem(Code::ValidationFailed, "Name each line once.".to_owned()))
            }
            (Some(_), Some(line)) => check_product(book, line, input, &pointer).map(|()| Some(line)),
        });
    }
    found
}

/// Rejects an input that keeps a line and names another product.
fn check_product(book: &Book, line: &Line, input: &LineInput, pointer: &str) -> Result<(), Problem> {
    if input.item == ItemRef::Unnamed || input.item == ItemRef::Id(line.product_id) {
        return Ok(());
    }
    let product = book.product_at(&input.item, None, pointer)?;
    if product.id == line.product_id {
        return Ok(());
    }
    let detail = format!(
        "Line {} has the product {}: leave line_no out to order {} in a new line.",
        line.line_no, line.printed.sku, product.sku
    );
    Err(invalid(product, format!("{pointer}/line_no"), detail))
}

/// Rejects that a line is left out which its bundle or a shipment needs.
fn check_left_out(book: &Book, order: &Order, kept: &[Option<&Line>]) -> Result<(), Refusal> {
    let numbers: BTreeSet<i32> = kept.iter().flatten().map(|line| line.line_no).collect();
    let is_kept = |line: &OrderLine| numbers.contains(&line.line.line_no);
    for part in split_bundles(&order.lines) {
        let is_in_part = part.iter().any(is_kept);
        for line_no in part.iter().filter(|line| !is_kept(line)).map(|line| line.line.line_no) {
            if is_in_part {
                let detail = format!(
                    "Line {line_no} is a part of a bundle: keep all lines of the bundle, or leave all of them out and add the bundle \
                     in new lines."
                );
                return Err(Refusal::invalid("/lines", detail));
            }
            if is_undone(book, order, line_no) {
                return Err(Refusal::state(format!(
                    "Line {line_no} of order {} is on a shipment that was undone, so it can't be left out: keep it, or cancel the \
                     order and place a new one.",
                    order.number
                )));
            }
        }
    }
    Ok(())
}

/// Returns whether a shipment of the line was undone, in this batch or before.
fn is_undone(book: &Book, order: &Order, line_no: i32) -> bool {
    let mut undone = order.shipments.iter().filter(|shipment| shipment.undone_at.is_some());
    undone.any(|shipment| shipment.lines.iter().any(|part| part.order_line_no == line_no))
        || book.undone.lines.contains(&(order.id, line_no))
}

/// Returns the inputs with the product, unit and description of the lines that they keep, as far as they don't state others.
fn filled(command: &Amend, kept: &[Option<&Line>]) -> Vec<LineInput> {
    command.lines.iter().zip(kept).map(|(input, line)| filled_line(input, *line)).collect()
}

/// Returns an input with the product, unit and description of the line that it keeps, as far as it does not state others.
fn filled_line(input: &LineInput, kept: Option<&Line>) -> LineInput {
    match kept {
        None => input.clone(),
        Some(line) => LineInput {
            item: ItemRef::Id(line.product_id),
            uom: input.uom.clone().or_else(|| Some(line.uom.clone())),
            description: input.description.clone().or_else(|| line.description.clone()),
            ..input.clone()
        },
    }
}

/// Returns the lines with the customer, the country and the time that price them. Prices and taxes are those of now.
fn basket<'a>(book: &'a Book, order: &'a Order, command: &'a Amend, lines: &'a [LineInput]) -> Basket<'a> {
    Basket {
        lines,
        discount: None,
        channel: Channel::Wholesale,
        location_id: order.location_id,
        customer: book.customers.get(&order.customer_id),
        country: &order.country,
        at: book.now,
        overrider: command.authority.overrider.as_deref(),
        discount_max: Some(command.authority.discount_max),
        is_return: false,
        forced: false,
        foreign: None,
    }
}

/// Gives the lines their numbers. Those that are kept keep theirs, and new ones get the next after the last of the order.
fn numbered(order: &Order, kept: &[Option<&Line>], lines: Vec<Line>) -> Result<Vec<Line>, Refusal> {
    let mut last = order.lines.iter().map(|line| line.line.line_no).max().unwrap_or_default();
    let mut lines = lines;
    for line in &mut lines {
        line.line_no = kept[line.input].map_or_else(
            || {
                last += 1;
                last
            },
            |kept| kept.line_no,
        );
    }
    if usize::try_from(last).is_ok_and(|last| last > LINES_MAX) {
        let detail = format!(
            "The order has had {LINES_MAX} lines or more with these: place a new order for the new ones."
        );
        return Err(Refusal::invalid("/lines", detail));
    }
    lines.sort_by_key(|line| line.line_no);
    Ok(lines)
}
