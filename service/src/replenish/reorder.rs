//! The rows of the report `reorder`: products at locations with the day on which to order, and how much.

use chrono::NaiveDate;
use domain::replenish::{Action, Micro};
use rust_decimal::Decimal;
use serde::Serialize;
use uuid::Uuid;

use super::run::{Extent, Scope, Suggested, run};
use super::shown::bought;
use crate::{Error, Tx};

/// A product at a location. Its members are columns of the statement of the report.
#[derive(Debug, Serialize)]
struct Row {
    product_id: Uuid,
    location_id: Uuid,
    order_by: Option<NaiveDate>,
    available: Micro,
    position: Micro,
    rate_week: Micro,
    reorder_point: Micro,
    fill_to: Micro,
    transfer_units: Micro,
    order_units: Micro,
    cover_days: Option<i64>,
    cover_days_after: Option<i64>,
    value: Option<Decimal>,
}

/// Returns the rows of some products, or of all, as one JSON array: those that are due, and those with a day on which they will be.
/// For a caller who does not see costs, they are those of products whose cost is unknown.
pub async fn rows(tx: &Tx, products: Option<&[Uuid]>, sees_costs: bool) -> Result<String, Error> {
    let scope = Scope { products, extent: Extent::Row, sees_costs };
    let run = run(tx, scope, |one| one.order_by.is_some()).await?;
    let value = |suggested: &Suggested, units: Micro| {
        let cost = suggested.unit_cost.and_then(Micro::decimal)?;
        Some(run.tenant.money(units.decimal()?.checked_mul(cost)?).get())
    };
    let rows: Vec<Row> = run
        .suggested
        .iter()
        .filter_map(|suggested| {
            let row = row(suggested)?;
            Some(Row { value: value(suggested, row.order_units), ..row })
        })
        .collect();
    serde_json::to_string(&rows).map_err(|error| Error::invariant(error.to_string()))
}

fn row(suggested: &Suggested) -> Option<Row> {
    let suggestion = &suggested.suggestion;
    let assessment = suggestion.assessment.as_ref()?;
    let fill_to = match (assessment.min_max, &assessment.target) {
        (Some((_, max)), _) => max,
        (None, target) => target.as_ref()?.fill_to,
    };
    let mut transferred = Micro::ZERO;
    for action in &suggestion.actions {
        if let Action::Transfer { quantity, .. } = action {
            transferred = transferred.plus(*quantity).ok()?;
        }
    }
    Some(Row {
        product_id: suggested.product_id.0,
        location_id: suggested.location_id().0,
        order_by: suggestion.order_by,
        available: assessment.position.available,
        position: assessment.position.total,
        rate_week: assessment.rate.week,
        reorder_point: assessment.reorder_point()?,
        fill_to,
        transfer_units: transferred,
        order_units: bought(suggestion),
        cover_days: suggestion.cover_before,
        cover_days_after: suggestion.cover_after,
        value: None,
    })
}
