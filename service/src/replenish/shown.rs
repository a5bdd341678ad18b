//! Suggestions as the API shows them, with every number that led to them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::expected_receipt::{Source, Supply};
use domain::id::{CategoryId, LocationId, OrderId, ProductId, SupplierId};
use domain::number::{Money, Price, Quantity};
use domain::replenish::{
    Action, Assessment, DemandClass, Flag, LeadTime, Micro, Position, RULE_VERSION, ServiceLevel, Suggestion,
    Target, Unsuggested, reason,
};
use domain::tag;
use serde::Serialize;

use super::analogue::ShownAnalogue;
use super::fingerprint::fingerprint;
use super::policy::Level;
use super::run::{Extent, Run, Suggested};
use super::season::ShownSeason;
use super::succession::Predecessor;
use crate::Error;

/// A suggestion: an order or transfers of a product for a location, with every number that led to them. Quantities are stock units.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentSuggestion)]
pub struct Shown {
    /// Always `replenishment_suggestion`.
    pub object: tag::ReplenishmentSuggestion,
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Name of the product.
    #[schema(max_length = 200)]
    pub product_name: String,
    /// Location that needs the stock.
    pub location_id: LocationId,
    /// Code of the location.
    #[schema(max_length = 64, example = "MAIN")]
    pub location_code: String,
    /// Unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    pub uom: String,
    /// Day of the figures: today in the time zone of your settings.
    pub as_of: NaiveDate,
    /// Steps to take now. Empty if nothing is due.
    #[schema(max_items = 2000)]
    pub actions: Vec<ShownAction>,
    /// Reason in one sentence, rounded for reading.
    #[schema(
        max_length = 2000,
        example = "Order 480: 150 are here or due within 21 days, 210 will be asked for until a next order \
        could arrive (70 a week), 149 are kept for 95 % service, so the point is 359; filled up to 630."
    )]
    pub why: String,
    /// Day on which to order: today if something is due. Null without a suggestion.
    pub order_by: Option<NaiveDate>,
    /// Reason why there is no suggestion. Null if there is one.
    pub unsuggested: Option<Unsuggested>,
    /// Facts to know before you accept the suggestion.
    #[schema(max_items = 20)]
    pub flags: Vec<Flag>,
    /// Days that the stock lasts.
    pub cover_days: Cover,
    /// Stock units that are to be ordered or transferred, before rounding. Null if nothing is due.
    #[schema(value_type = Option<Quantity>)]
    pub need: Option<Micro>,
    /// Demand. Null if the figures are too large.
    pub demand: Option<ShownDemand>,
    /// Lead time. Null if the figures are too large.
    pub lead_time: Option<ShownLeadTime>,
    /// Reorder point and level to fill up to. Null without demand.
    pub target: Option<ShownTarget>,
    /// Position at the end of the horizon. Null if the figures are too large.
    pub position: Option<ShownPosition>,
    /// Minimum and maximum that were set instead of the computed point and level. Null if none were.
    pub min_max: Option<ShownMinMax>,
    /// Settings from which each stated field comes, or the terms of the preferred supplier. A field that is not here has its usual
    /// value.
    #[schema(value_type = BTreeMap<String, Level>, example = json!({ "lead_time_days": "product" }))]
    pub settings: BTreeMap<&'static str, Level>,
    /// Category that states each field that comes from settings of categories.
    #[schema(value_type = BTreeMap<String, CategoryId>, example = json!({}))]
    pub setting_categories: BTreeMap<&'static str, CategoryId>,
    /// Products that this one supersedes and that have figures here, the newest first. Their demand, stock and supply are in every figure.
    #[schema(max_items = 9)]
    pub predecessors: Vec<Predecessor>,
    /// Newest product that supersedes this one. Its suggestions count the figures of this product. Null if none does.
    pub superseded_by_id: Option<ProductId>,
    /// Currency of the amounts.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Cost of one unit. Null if it is unknown, and without the scope `costs:read`.
    pub unit_cost: Option<Price>,
    /// Cost of the quantity to buy. Null if it is unknown, and without the scope `costs:read`.
    pub value: Option<Money>,
    /// Digest of the numbers. `POST /v1/replenishment/accept` compares it, so that it carries out only the suggestion
    /// that you read.
    #[schema(
        min_length = 32,
        max_length = 32,
        pattern = "^[0-9a-f]{32}$",
        example = "9f86d081884c7d659a2feaa0c55ad015"
    )]
    pub fingerprint: String,
    /// Version of the rule. It rises with each change that alters a figure.
    #[schema(minimum = 1, example = 1)]
    pub rule_version: u32,
}

/// The kind of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReplenishmentActionKind)]
pub enum ActionKind {
    /// Ask for a supply that comes after the horizon to come earlier.
    Expedite,
    /// Transfer stock from another location.
    Transfer,
    /// Order from the supplier.
    Buy,
}

/// A step of a suggestion.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentAction)]
pub struct ShownAction {
    /// Kind of the step.
    pub action: ActionKind,
    /// Stock units.
    #[schema(value_type = Quantity)]
    pub quantity: Micro,
    /// Packs to buy. Null for other steps, and if single units can be ordered.
    #[schema(value_type = Option<Quantity>)]
    pub packs: Option<Micro>,
    /// Location that gives the stock. Null unless it is a transfer.
    pub from_location_id: Option<LocationId>,
    /// Preferred supplier to order from. Null for other steps, and if no active supplier is preferred.
    pub supplier_id: Option<SupplierId>,
    /// Expected receipt, transfer or purchase order that should come earlier. Null for other steps.
    #[schema(max_length = 32, example = json!(null))]
    pub document_id: Option<String>,
    /// Day on which it is expected.
    pub expected_on: NaiveDate,
    /// Units that rounding added.
    pub rounding: Rounding,
}

/// Units that rounding added to a quantity.
#[derive(Debug, Clone, Copy, Default, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentRounding)]
pub struct Rounding {
    /// Stock units that the minimum added.
    #[schema(value_type = Quantity)]
    pub minimum: Micro,
    /// Stock units that rounding up to the pack added.
    #[schema(value_type = Quantity)]
    pub pack: Micro,
}

/// Days that stock lasts at the rate, rounded to whole days.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentCover)]
pub struct Cover {
    /// Days that the position lasts now. Null without demand.
    #[schema(example = 15)]
    pub before: Option<i64>,
    /// Days that it lasts after the steps. Null without demand.
    #[schema(example = 63)]
    pub after: Option<i64>,
    /// Days that the available stock lasts, rounded down.
    #[schema(example = 15)]
    pub available: i64,
}

/// Demand of both channels.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentDemand)]
pub struct ShownDemand {
    /// Pattern of the weeks. It is shown, and the rule is one for all.
    pub class: DemandClass,
    /// Number of weeks that count, at most 52.
    #[schema(minimum = 0, maximum = 52, example = 8)]
    pub week_count: usize,
    /// Stock units of a usual week.
    #[schema(value_type = Quantity)]
    pub rate_week: Micro,
    /// Variance of a week.
    #[schema(value_type = String, max_length = 40, example = "1781.818182")]
    pub spread_week: Micro,
    /// Rate of the similar product that stands in for missing weeks. Null if none does.
    pub analogue: Option<ShownAnalogue>,
    /// Season of the category. Null if it has none, and with fewer than 28 weeks.
    pub season: Option<ShownSeason>,
    /// Stock units ordered and sold in the weeks, less returns that name their sale.
    #[schema(value_type = Quantity)]
    pub total: Micro,
    /// Stock units returned without a sale.
    #[schema(value_type = Quantity)]
    pub returned: Micro,
    /// Stock units up to which an order counts. Null with fewer than twenty orders.
    #[schema(value_type = Option<Quantity>)]
    pub cap: Option<Micro>,
    /// Orders of which only a part counts. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100_000)]
    pub capped: Option<Vec<ShownCapped>>,
    /// Weeks that count, the oldest first. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 52)]
    pub weeks: Option<Vec<ShownWeek>>,
}

/// A week of demand.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentWeek)]
pub struct ShownWeek {
    /// Last day of the week.
    pub ends: NaiveDate,
    /// Stock units that wholesale orders asked for, each order up to the cap.
    #[schema(value_type = Quantity)]
    pub wholesale: Micro,
    /// Stock units that tills sold.
    #[schema(value_type = Quantity)]
    pub retail_sold: Micro,
    /// Days that opened with stock, or on which a till sold some.
    #[schema(minimum = 0, maximum = 7, example = 7)]
    pub open_days: u32,
    /// Mean planned and seasonal factor of its days, by which their demand was divided.
    #[schema(value_type = Quantity)]
    pub factor: Micro,
    /// Demand that counts: with an estimate for days without stock, less returns that name no sale.
    #[schema(value_type = Quantity)]
    pub demand: Micro,
}

/// An order of which only a part counts.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentCappedOrder)]
pub struct ShownCapped {
    /// The order.
    pub order_id: OrderId,
    /// Stock units ordered.
    #[schema(value_type = Quantity)]
    pub ordered: Micro,
    /// Stock units that count.
    #[schema(value_type = Quantity)]
    pub counted: Micro,
}

/// Days from an order to its receipt.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentLeadTime)]
pub struct ShownLeadTime {
    /// Source of the time, beside the receipts that count.
    pub source: LeadTimeSource,
    /// Days that the source states. Null if it states none.
    #[schema(example = 14)]
    pub stated: Option<u32>,
    /// Receipts that count, the latest ones: of the product or, if it has fewer than three, of its preferred supplier.
    #[schema(minimum = 0, maximum = 20, example = 3)]
    pub receipts: u32,
    /// Mean days.
    #[schema(value_type = Quantity)]
    pub days: Micro,
    /// Variance of the days.
    #[schema(value_type = Quantity)]
    pub variance: Micro,
}

/// The source of a lead time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReplenishmentLeadTimeSource)]
pub enum LeadTimeSource {
    /// The settings state it.
    Settings,
    /// The preferred supplier of the product states it.
    Supplier,
    /// Another location feeds this one, and a transfer takes a day.
    Transfer,
    /// Nothing states it, and it is the mean of the receipts.
    Receipts,
    /// Nothing states it, and there was no receipt: 14 days.
    Assumed,
}

/// Reorder point and level to fill up to, with the numbers that lead to them.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentTarget)]
pub struct ShownTarget {
    /// Share of order cycles that should pass without a shortage.
    pub service: ServiceLevel,
    /// Lead time and review period: the days until an order of the next review could arrive.
    #[schema(value_type = Quantity)]
    pub horizon_days: Micro,
    /// Mean planned factor of the days of the horizon, by which the demand was multiplied.
    #[schema(value_type = Quantity)]
    pub planned_factor: Micro,
    /// Mean seasonal factor of these days, by which it was multiplied too. 1 if no season counts.
    #[schema(value_type = Quantity)]
    pub seasonal_factor: Micro,
    /// Demand of the horizon.
    #[schema(value_type = Quantity)]
    pub expected: Micro,
    /// Standard deviation of that demand.
    #[schema(value_type = Quantity)]
    pub sd: Micro,
    /// Deviation to demand.
    #[schema(value_type = Quantity)]
    pub ratio: Micro,
    /// Deviations that the service level takes.
    #[schema(value_type = Quantity)]
    pub factor: Micro,
    /// Stock units beyond the expected demand.
    #[schema(value_type = Quantity)]
    pub safety: Micro,
    /// Position at or below which an order is due.
    #[schema(value_type = Quantity)]
    pub point: Micro,
    /// Economic lot: the quantity for which ordering and keeping cost the least together. Without the scope `costs:read`, the
    /// `cover_days` of demand, because the cost follows from it.
    #[schema(value_type = Quantity)]
    pub economic_lot: Micro,
    /// Position that an order fills up to.
    #[schema(value_type = Quantity)]
    pub fill_to: Micro,
}

/// The position at the end of the horizon.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentPosition)]
pub struct ShownPosition {
    /// Stock units available that will be sold before they expire.
    #[schema(value_type = Quantity)]
    pub available: Micro,
    /// Stock units available that expire before they would be sold.
    #[schema(value_type = Quantity)]
    pub expiring: Micro,
    /// Stock units of orders that wait and are due within the horizon.
    #[schema(value_type = Quantity)]
    pub unreserved_orders: Micro,
    /// Stock units of supply that is due within the horizon.
    #[schema(value_type = Quantity)]
    pub incoming: Micro,
    /// Stock units of supply that is due later. They are not in the total, and are not bought twice.
    #[schema(value_type = Quantity)]
    pub late: Micro,
    /// available − unreserved_orders + incoming.
    #[schema(value_type = Quantity)]
    pub total: Micro,
    /// Stock units in drafts of purchase orders. They are no supply, and are not in the total.
    pub drafted: Quantity,
    /// Supplies of the location, the earliest first. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100_000)]
    pub supplies: Option<Vec<ShownSupply>>,
}

/// A supply of a location.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentSupply)]
pub struct ShownSupply {
    /// Expected receipt, transfer or purchase order.
    #[schema(max_length = 32, example = "exr_01h455vb4pex5vsknk084sn02q")]
    pub document_id: String,
    /// Day on which it is expected.
    pub expected_on: NaiveDate,
    /// Stock units that are still to come.
    pub quantity: Quantity,
}

/// Minimum and maximum that were set.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentMinMax)]
pub struct ShownMinMax {
    /// Position below which an order is due.
    #[schema(value_type = Quantity)]
    pub min: Micro,
    /// Position that an order fills up to.
    #[schema(value_type = Quantity)]
    pub max: Micro,
}

/// Returns a suggestion as the API shows it.
pub(super) fn shown(run: &Run, suggested: &Suggested, extent: Extent) -> Result<Shown, Error> {
    let suggestion = &suggested.suggestion;
    let product = run.product(suggested)?;
    let assessment = suggestion.assessment.as_ref();
    let unit_cost = suggested.unit_cost.and_then(Micro::decimal).map(Price::new);
    Ok(Shown {
        object: tag::ReplenishmentSuggestion,
        product_id: suggested.product_id,
        sku: product.sku.clone(),
        product_name: product.name.clone(),
        location_id: suggested.location_id(),
        location_code: run.code(suggested.location_id()).to_owned(),
        uom: product.uom.clone(),
        as_of: run.as_of,
        actions: suggestion.actions.iter().map(|one| action(one, suggested.policy.supplier)).collect(),
        why: why(run, suggested),
        order_by: suggestion.order_by,
        unsuggested: suggestion.unsuggested,
        flags: suggestion.flags.clone(),
        cover_days: Cover {
            before: suggestion.cover_before,
            after: suggestion.cover_after,
            available: suggestion.lasts_days,
        },
        need: assessment.and_then(|one| one.need),
        demand: assessment.map(|one| demand(one, suggested, extent)),
        lead_time: assessment.map(|one| lead_time(&one.lead_time, suggested)),
        target: assessment.and_then(|one| one.target.as_ref()).map(target),
        position: assessment.map(|one| position(&one.position, suggested, extent)),
        min_max: assessment.and_then(|one| one.min_max).map(|(min, max)| ShownMinMax { min, max }),
        settings: suggested.origins(),
        setting_categories: suggested.categories(),
        predecessors: suggested.predecessors.clone(),
        superseded_by_id: suggested.superseded_by,
        currency: run.tenant.currency.clone(),
        value: unit_cost.and_then(|cost| value(run, suggestion, cost)),
        unit_cost,
        fingerprint: fingerprint(run, suggested),
        rule_version: RULE_VERSION,
    })
}

/// Returns the reason, with the products that count too.
fn why(run: &Run, suggested: &Suggested) -> String {
    let reason = reason(&suggested.suggestion, |id| run.code(id));
    let skus: Vec<&str> = suggested.predecessors.iter().map(|one| one.sku.as_str()).collect();
    if skus.is_empty() {
        return reason;
    }
    format!("{reason} Demand, stock and supply of products that it supersedes count: {}.", skus.join(", "))
}

/// Returns the cost of the quantity to buy.
fn value(run: &Run, suggestion: &Suggestion, unit_cost: Price) -> Option<Money> {
    let quantity = bought(suggestion).decimal()?;
    Some(run.tenant.money(quantity.checked_mul(unit_cost.get())?))
}

/// Returns the quantity to buy; zero if none is.
pub(super) fn bought(suggestion: &Suggestion) -> Micro {
    let bought = suggestion.actions.iter().find_map(|action| match action {
        Action::Buy { rounded, .. } => Some(rounded.quantity),
        Action::Expedite { .. } | Action::Transfer { .. } => None,
    });
    bought.unwrap_or_default()
}

fn action(action: &Action, supplier_id: Option<SupplierId>) -> ShownAction {
    let plain = |kind, quantity, expected_on| ShownAction {
        action: kind,
        quantity,
        packs: None,
        from_location_id: None,
        supplier_id: None,
        document_id: None,
        expected_on,
        rounding: Rounding::default(),
    };
    match action {
        Action::Expedite { supply } => ShownAction {
            document_id: Some(document_id(supply)),
            ..plain(ActionKind::Expedite, supply.quantity.into(), supply.on)
        },
        Action::Transfer { from, quantity, expected_on } => ShownAction {
            from_location_id: Some(*from),
            ..plain(ActionKind::Transfer, *quantity, *expected_on)
        },
        Action::Buy { rounded, packs, expected_on } => ShownAction {
            supplier_id,
            packs: *packs,
            rounding: Rounding { minimum: rounded.minimum, pack: rounded.pack },
            ..plain(ActionKind::Buy, rounded.quantity, *expected_on)
        },
    }
}

fn document_id(supply: &Supply) -> String {
    match supply.source {
        Source::Expected(id, _) => id.to_string(),
        Source::Transfer(id, _) => id.to_string(),
        Source::Purchase(id, _) => id.to_string(),
    }
}

fn demand(assessment: &Assessment, suggested: &Suggested, extent: Extent) -> ShownDemand {
    let Assessment { demand, rate, .. } = assessment;
    let is_whole = extent == Extent::Whole;
    let week = |week: &domain::replenish::Week| ShownWeek {
        ends: week.ends,
        wholesale: week.wholesale,
        retail_sold: week.retail_sold,
        open_days: week.open_days,
        factor: week.factor,
        demand: week.demand,
    };
    let capped = |order: &domain::replenish::CappedOrder| ShownCapped {
        order_id: order.order_id,
        ordered: order.ordered,
        counted: order.counted,
    };
    ShownDemand {
        class: assessment.class,
        week_count: suggested.week_count,
        rate_week: rate.week,
        spread_week: rate.spread,
        analogue: assessment.analogue.map(|one| ShownAnalogue::of(one, suggested.policy.analogue)),
        season: assessment.season.zip(suggested.season_category).map(|(one, id)| ShownSeason::of(one, id)),
        total: demand.total,
        returned: demand.returned,
        cap: demand.cap,
        capped: is_whole.then(|| demand.capped.iter().map(capped).collect()),
        weeks: is_whole.then(|| demand.weeks.iter().map(week).collect()),
    }
}

fn lead_time(time: &LeadTime, suggested: &Suggested) -> ShownLeadTime {
    let LeadTime { stated, receipts, days, variance, is_assumed } = *time;
    let source = match suggested.origins().get("lead_time_days") {
        _ if suggested.policy.source.is_some() => LeadTimeSource::Transfer,
        Some(Level::Supplier) => LeadTimeSource::Supplier,
        Some(_) => LeadTimeSource::Settings,
        None if is_assumed => LeadTimeSource::Assumed,
        None => LeadTimeSource::Receipts,
    };
    ShownLeadTime { source, stated, receipts, days, variance }
}

fn target(target: &Target) -> ShownTarget {
    ShownTarget {
        service: target.service,
        horizon_days: target.horizon,
        planned_factor: target.planned,
        seasonal_factor: target.seasonal,
        expected: target.expected,
        sd: target.sd,
        ratio: target.ratio,
        factor: target.factor,
        safety: target.safety,
        point: target.reorder_point,
        economic_lot: target.economic_lot,
        fill_to: target.fill_to,
    }
}

fn position(position: &Position, suggested: &Suggested, extent: Extent) -> ShownPosition {
    let supply = |supply: &Supply| ShownSupply {
        document_id: document_id(supply),
        expected_on: supply.on,
        quantity: supply.quantity,
    };
    ShownPosition {
        available: position.available,
        expiring: position.expiring,
        unreserved_orders: position.unreserved,
        incoming: position.incoming,
        late: position.late,
        total: position.total,
        drafted: suggested.drafted,
        supplies: (extent == Extent::Whole).then(|| suggested.supplies.iter().map(supply).collect()),
    }
}
