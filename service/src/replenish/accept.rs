//! Acceptance: the suggested transfers between two locations as one transfer.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::id::{LocationId, ProductId, TenantId};
use domain::line_item::GoodsLine;
use domain::number::Quantity;
use domain::product::ItemRef;
use domain::refusal::{Code, Problems, Refusal};
use domain::replenish::Action;
use domain::transfer::Dispatch;
use uuid::Uuid;

use super::fingerprint::{CHANGED, has_changed};
use super::giver::{LineProblem, find_stocks};
use super::run::{Extent, Run, Scope, Suggested, run};
use crate::{Db, Error, Tx};

/// Most lines of one acceptance.
pub const LINES_MAX: usize = 500;

/// Suggested transfers to be carried out.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The location that gives.
    pub from: LocationId,
    /// The location that needs the stock.
    pub to: LocationId,
    /// The product and the fingerprint of each suggestion.
    pub lines: Vec<(ProductId, String)>,
    /// A remark.
    pub reference: Option<String>,
    /// Whether the suggestions were read by a caller who sees costs.
    pub sees_costs: bool,
}

/// Returns the transfer that the suggestions make. Rejects suggestions that are not those of now. Stock that moves before the
/// transfer is posted rejects it then.
pub async fn transfer(db: &Db, tenant_id: TenantId, accepted: &Accepted) -> Result<Dispatch, Error> {
    check(&accepted.lines)?;
    db.report(tenant_id, async |tx| transfer_in(tx, accepted).await).await
}

fn check(lines: &[(ProductId, String)]) -> Result<(), Refusal> {
    if lines.is_empty() || lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("Send 1 to {LINES_MAX} lines.")));
    }
    let mut problems = Problems::default();
    let mut seen = HashMap::new();
    for (index, (product, _)) in lines.iter().enumerate() {
        if seen.insert(product, index).is_some() {
            problems.invalid(format!("/lines/{index}/product_id"), "Name each product once.");
        }
    }
    problems.check()
}

async fn transfer_in(tx: &Tx, accepted: &Accepted) -> Result<Dispatch, Error> {
    let products: Vec<Uuid> = accepted.lines.iter().map(|(id, _)| id.0).collect();
    let to = accepted.to;
    let scope = Scope { products: Some(&products), extent: Extent::Row, sees_costs: accepted.sees_costs };
    let run = run(tx, scope, |one| one.location_id == to).await?;
    check_known(&run, accepted)?;
    let mut stocks = find_stocks(tx, &products, accepted.from).await?;
    let suggested: HashMap<ProductId, &Suggested> =
        run.suggested.iter().map(|one| (one.product_id, one)).collect();
    let mut problems = Problems::default();
    let (mut lines, mut seen, mut expected_on) = (Vec::new(), Vec::new(), None);
    for (index, (product, wanted)) in accepted.lines.iter().enumerate() {
        let found = suggested.get(product).copied();
        let stock = stocks.entry(*product).or_default();
        let pointer = format!("/lines/{index}");
        let line = line(&run, found, (accepted.from, wanted), &pointer);
        match line.and_then(|(quantity, on)| Ok((quantity, on, stock.take(quantity, on, &pointer)?))) {
            Ok((quantity, on, taken)) => {
                let item = ItemRef::Id(*product);
                lines.push(GoodsLine { item, uom: None, quantity, lots: taken.lots });
                seen.push(taken.seen);
                expected_on = expected_on.max(Some(on));
            }
            Err((pointer, code, detail)) => problems.add(pointer, code, detail),
        }
    }
    problems.check()?;
    Ok(Dispatch {
        id: None,
        from_location_id: Some(accepted.from),
        to_location_id: to,
        expected_on,
        reference: accepted.reference.clone(),
        occurred_at: None,
        lines,
        seen,
    })
}

/// Rejects locations and products that do not exist.
fn check_known(run: &Run, accepted: &Accepted) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (pointer, id) in [("/from_location_id", accepted.from), ("/to_location_id", accepted.to)] {
        if !run.has_location(id) {
            problems.add(pointer, Code::NotFound, "There is no such warehouse or store.");
        }
    }
    for (index, (product, _)) in accepted.lines.iter().enumerate() {
        if !run.products.contains_key(product) {
            let detail = "There is no such active stocked product.";
            problems.add(format!("/lines/{index}/product_id"), Code::NotFound, detail);
        }
    }
    problems.check()
}

type Line = (Quantity, NaiveDate);

/// Returns the quantity of a suggested transfer and the day on which it is expected, or the problem of the line at `pointer`.
fn line(
    run: &Run,
    found: Option<&Suggested>,
    (from, wanted): (LocationId, &str),
    pointer: &str,
) -> Result<Line, LineProblem> {
    let none = || {
        let detail = "No transfer of this product between these locations is suggested now. Read the suggestions again.";
        (format!("{pointer}/product_id"), Code::InvalidStateTransition, detail.to_owned())
    };
    let suggested = found.ok_or_else(none)?;
    let transfer = suggested.suggestion.actions.iter().find_map(|action| match action {
        Action::Transfer { from: giver, quantity, expected_on } if *giver == from => {
            Some((quantity.quantity().ok()?, *expected_on))
        }
        Action::Transfer { .. } | Action::Buy { .. } | Action::Expedite { .. } => None,
    });
    let transfer = transfer.ok_or_else(none)?;
    if has_changed(run, suggested, wanted) {
        return Err((format!("{pointer}/fingerprint"), Code::InvalidStateTransition, CHANGED.to_owned()));
    }
    Ok(transfer)
}
