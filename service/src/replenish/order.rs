//! Acceptance of suggestions with all their steps: transfers between own locations, and drafts of purchase orders, one for each
//! preferred supplier and location.
//!
//! A plan names the documents, and is stored before they are posted. It claims each product at a location for its order, unless
//! another plan has claimed it since the figures were computed. So a suggestion is ordered once, also by two acceptances at once.
//! A claim is renewed before its order is written. If another plan has it by then, because the first attempt was rejected or
//! did not come to its end, the order is rejected.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::id::{LocationId, ProductId, PurchaseOrderId, SupplierId, TenantId};
use domain::line_item::GoodsLine;
use domain::lot::{LotDetails, NamedLot};
use domain::number::Quantity;
use domain::product::ItemRef;
use domain::purchase_order::{Place, PlaceLine};
use domain::refusal::{Code, Problems, Refusal};
use domain::replenish::{Action, Micro};
use domain::transfer::Dispatch;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fingerprint::{CHANGED, has_changed};
use super::giver::{LineProblem, StockThere, find_stocks};
use super::run::{Extent, Run, Scope, Suggested, run};
use crate::posting::Command;
use crate::{Caller, Db, Error, Tx};

/// Most suggestions of one acceptance.
pub const LINES_MAX: usize = 500;
/// Most documents of one acceptance, as of a batch request.
const DOCUMENTS_MAX: usize = 500;

/// Seconds in which an order is written after its claim was made or renewed. A claim whose order is missing for longer counts no more.
const CLAIM_SECONDS: i64 = 60;

/// Suggestions to be carried out.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The suggestions.
    pub lines: Vec<AcceptedLine>,
    /// A remark for each document.
    pub reference: Option<String>,
    /// Whether the suggestions were read by a caller who sees costs.
    pub sees_costs: bool,
}

/// A suggestion to be carried out.
#[derive(Debug, Clone)]
pub struct AcceptedLine {
    pub product_id: ProductId,
    /// The location that needs the stock.
    pub location_id: LocationId,
    pub fingerprint: String,
}

/// The documents that carry suggestions out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Plan {
    transfers: Vec<PlannedTransfer>,
    orders: Vec<PlannedOrder>,
    reference: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PlannedTransfer {
    from: LocationId,
    to: LocationId,
    #[serde(deserialize_with = "domain::day::stored")]
    expected_on: NaiveDate,
    lines: Vec<SentLine>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SentLine {
    product_id: ProductId,
    quantity: Quantity,
    /// Units that are available when the transfer is dispatched.
    seen: Quantity,
    lots: Vec<(String, Option<Quantity>)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PlannedOrder {
    id: PurchaseOrderId,
    supplier_id: SupplierId,
    location_id: LocationId,
    lines: Vec<BoughtLine>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct BoughtLine {
    product_id: ProductId,
    /// Stock unit of the product.
    uom: String,
    quantity: Quantity,
    /// The claim when the figures were computed.
    claimed: Option<Claimed>,
}

/// A claim as it was read: of an order, made or renewed at a time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Claimed {
    order: PurchaseOrderId,
    at: DateTime<Utc>,
}

impl Plan {
    /// Returns the commands that post its documents: transfers first.
    pub fn commands(self) -> Vec<Command> {
        let Plan { transfers, orders, reference } = self;
        let transfers = transfers.into_iter().map(|one| one.command(reference.clone()));
        let orders = orders.into_iter().map(|one| one.command(reference.clone()));
        transfers.chain(orders).collect()
    }
}

impl PlannedTransfer {
    fn command(self, reference: Option<String>) -> Command {
        let seen = self.lines.iter().map(|line| line.seen).collect();
        let lot = |(code, quantity)| NamedLot { code, quantity, details: LotDetails::default() };
        let line = |line: SentLine| GoodsLine {
            item: ItemRef::Id(line.product_id),
            uom: None,
            quantity: line.quantity,
            lots: line.lots.into_iter().map(lot).collect(),
        };
        Command::DispatchTransfer(Dispatch {
            id: None,
            from_location_id: Some(self.from),
            to_location_id: self.to,
            expected_on: Some(self.expected_on),
            reference,
            occurred_at: None,
            lines: self.lines.into_iter().map(line).collect(),
            seen,
        })
    }
}

impl PlannedOrder {
    /// Returns the command. The quantities are those of the settings, which may differ from those of the supplier.
    fn command(self, reference: Option<String>) -> Command {
        let line = |line: BoughtLine| PlaceLine {
            item: ItemRef::Id(line.product_id),
            uom: Some(line.uom),
            quantity: line.quantity,
            unit_cost: None,
            location_id: None,
            expected_on: None,
        };
        Command::PlacePurchaseOrder(Place {
            id: Some(self.id),
            supplier_id: self.supplier_id,
            location_id: Some(self.location_id),
            expected_on: None,
            currency: None,
            exchange_rate: None,
            reference,
            over_receipt_percent: None,
            any_quantity: true,
            lines: self.lines.into_iter().map(line).collect(),
        })
    }
}

/// Returns the documents that suggestions make. Rejects suggestions that are not those of now.
pub async fn plan(db: &Db, tenant_id: TenantId, accepted: &Accepted) -> Result<Plan, Error> {
    check(&accepted.lines)?;
    db.report(tenant_id, async |tx| plan_in(tx, accepted).await).await
}

fn check(lines: &[AcceptedLine]) -> Result<(), Refusal> {
    if lines.is_empty() || lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("Send 1 to {LINES_MAX} lines.")));
    }
    let (mut problems, mut seen) = (Problems::default(), HashSet::new());
    for (index, line) in lines.iter().enumerate() {
        if !seen.insert((line.product_id, line.location_id)) {
            problems.invalid(format!("/lines/{index}"), "Name each product at a location once.");
        }
    }
    problems.check()
}

async fn plan_in(tx: &Tx, accepted: &Accepted) -> Result<Plan, Error> {
    let products: HashSet<Uuid> = accepted.lines.iter().map(|line| line.product_id.0).collect();
    let products: Vec<Uuid> = products.into_iter().collect();
    let locations: HashSet<LocationId> = accepted.lines.iter().map(|line| line.location_id).collect();
    let scope = Scope { products: Some(&products), extent: Extent::Row, sees_costs: accepted.sees_costs };
    let run = run(tx, scope, |one| locations.contains(&one.location_id)).await?;
    check_known(&run, &accepted.lines)?;
    let found = find(&run, &accepted.lines)?;
    let mut draft = Draft::of(tx, &run, find_claims(tx, &products).await?);
    for giver in givers(&found) {
        draft.stocks.insert(giver, find_stocks(tx, &products, giver).await?);
    }
    let mut problems = Problems::default();
    for (index, suggested) in found.into_iter().enumerate() {
        if let Err((pointer, code, detail)) = draft.add(suggested, &format!("/lines/{index}")) {
            problems.add(pointer, code, detail);
        }
    }
    problems.check()?;
    let plan = draft.plan(accepted.reference.clone());
    check_documents(plan.transfers.len() + plan.orders.len())?;
    Ok(plan)
}

fn check_documents(count: usize) -> Result<(), Refusal> {
    if count <= DOCUMENTS_MAX {
        return Ok(());
    }
    let detail = format!(
        "The suggestions make {count} documents. At most {DOCUMENTS_MAX} are made at once: accept fewer lines."
    );
    Err(Refusal::invalid("/lines", detail))
}

/// Rejects locations and products that do not exist.
fn check_known(run: &Run, lines: &[AcceptedLine]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (index, line) in lines.iter().enumerate() {
        if !run.products.contains_key(&line.product_id) {
            let detail = "There is no such active stocked product.";
            problems.add(format!("/lines/{index}/product_id"), Code::NotFound, detail);
        }
        if !run.has_location(line.location_id) {
            let detail = "There is no such warehouse or store.";
            problems.add(format!("/lines/{index}/location_id"), Code::NotFound, detail);
        }
    }
    problems.check()
}

/// Returns the suggestion of each line. Rejects those without a step to carry out, and those with other numbers.
fn find<'run>(run: &'run Run, lines: &[AcceptedLine]) -> Result<Vec<&'run Suggested>, Refusal> {
    let key = |one: &Suggested| (one.product_id, one.location_id());
    let suggested: HashMap<(ProductId, LocationId), &Suggested> =
        run.suggested.iter().map(|one| (key(one), one)).collect();
    let (mut problems, mut found) = (Problems::default(), Vec::with_capacity(lines.len()));
    for (index, line) in lines.iter().enumerate() {
        let one = suggested.get(&(line.product_id, line.location_id)).copied();
        match one.filter(|one| one.suggestion.actions.iter().any(is_carried_out)) {
            None => {
                let detail = "Nothing is suggested now that can be ordered or transferred. Read the suggestions again.";
                problems.add(format!("/lines/{index}"), Code::InvalidStateTransition, detail);
            }
            Some(one) if has_changed(run, one, &line.fingerprint) => {
                problems.add(format!("/lines/{index}/fingerprint"), Code::InvalidStateTransition, CHANGED);
            }
            Some(one) => found.push(one),
        }
    }
    problems.check()?;
    Ok(found)
}

/// Whether a step is a document. A buyer asks the supplier for an earlier delivery.
fn is_carried_out(action: &Action) -> bool {
    match action {
        Action::Transfer { .. } | Action::Buy { .. } => true,
        Action::Expedite { .. } => false,
    }
}

/// Returns the locations that give something.
fn givers(found: &[&Suggested]) -> HashSet<LocationId> {
    let actions = found.iter().flat_map(|one| &one.suggestion.actions);
    let giver = |action: &Action| match action {
        Action::Transfer { from, .. } => Some(*from),
        Action::Buy { .. } | Action::Expedite { .. } => None,
    };
    actions.filter_map(giver).collect()
}

/// The order for which a product at a location was claimed last.
#[derive(Debug, Clone, Copy)]
struct Claim {
    claimed: Claimed,
    /// Whether the order was written, so that the figures have it.
    is_placed: bool,
}

type Claims = HashMap<(ProductId, LocationId), Claim>;

async fn find_claims(tx: &Tx, products: &[Uuid]) -> Result<Claims, Error> {
    let select = "select c.product_id, c.location_id, c.purchase_order_id, c.accepted_at, exists ( \
                      select 1 from purchase_order o where o.tenant_id = $1 and o.id = c.purchase_order_id) as is_placed \
                  from replenish_order c where c.tenant_id = $1 and c.product_id = any($2)";
    let rows = tx.rows(sqlx::query(select).bind(tx.tenant_id.0).bind(products)).await?;
    let read = |row: &PgRow| -> Result<_, Error> {
        let pair = (ProductId(row.try_get("product_id")?), LocationId(row.try_get("location_id")?));
        let claimed = Claimed {
            order: PurchaseOrderId(row.try_get("purchase_order_id")?),
            at: row.try_get("accepted_at")?,
        };
        Ok((pair, Claim { claimed, is_placed: row.try_get("is_placed")? }))
    };
    rows.iter().map(read).collect()
}

/// A plan that is being made.
struct Draft<'run> {
    tx: &'run Tx,
    run: &'run Run,
    claims: Claims,
    /// Stock of the locations that give some, less what this plan takes of it.
    stocks: HashMap<LocationId, HashMap<ProductId, StockThere>>,
    transfers: BTreeMap<(LocationId, LocationId), PlannedTransfer>,
    orders: BTreeMap<(SupplierId, LocationId), PlannedOrder>,
}

impl<'run> Draft<'run> {
    fn of(tx: &'run Tx, run: &'run Run, claims: Claims) -> Self {
        let (stocks, transfers, orders) = (HashMap::new(), BTreeMap::new(), BTreeMap::new());
        Draft { tx, run, claims, stocks, transfers, orders }
    }

    fn plan(self, reference: Option<String>) -> Plan {
        let Draft { transfers, orders, .. } = self;
        let (transfers, orders) = (transfers.into_values().collect(), orders.into_values().collect());
        Plan { transfers, orders, reference }
    }

    /// Adds the steps of a suggestion.
    fn add(&mut self, suggested: &Suggested, pointer: &str) -> Result<(), LineProblem> {
        for action in &suggested.suggestion.actions {
            match action {
                Action::Expedite { .. } => {}
                Action::Transfer { from, quantity, expected_on } => {
                    let step = (*from, units(*quantity, pointer)?, *expected_on);
                    self.send(suggested, step, pointer)?;
                }
                Action::Buy { rounded, .. } => {
                    self.buy(suggested, units(rounded.quantity, pointer)?, pointer)?;
                }
            }
        }
        Ok(())
    }

    fn send(
        &mut self,
        suggested: &Suggested,
        (from, quantity, on): (LocationId, Quantity, NaiveDate),
        pointer: &str,
    ) -> Result<(), LineProblem> {
        let (product_id, to) = (suggested.product_id, suggested.location_id());
        let stock = self.stocks.entry(from).or_default().entry(product_id).or_default();
        let taken = stock.take(quantity, on, pointer)?;
        let lots = taken.lots.into_iter().map(|lot| (lot.code, lot.quantity)).collect();
        let transfer = self.transfers.entry((from, to)).or_insert_with(|| PlannedTransfer {
            from,
            to,
            expected_on: on,
            lines: Vec::new(),
        });
        transfer.expected_on = transfer.expected_on.max(on);
        transfer.lines.push(SentLine { product_id, quantity, seen: taken.seen, lots });
        Ok(())
    }

    fn buy(&mut self, suggested: &Suggested, quantity: Quantity, pointer: &str) -> Result<(), LineProblem> {
        let (product_id, location_id) = (suggested.product_id, suggested.location_id());
        let Some(supplier_id) = suggested.policy.supplier else {
            let detail = "No active supplier is preferred for this product: PUT /v1/suppliers/{id}/products/{product_id} with preferred.";
            return Err((format!("{pointer}/product_id"), Code::ValidationFailed, detail.to_owned()));
        };
        let claim = self.claims.get(&(product_id, location_id));
        let since = self.tx.now - TimeDelta::seconds(CLAIM_SECONDS);
        if claim.is_some_and(|claim| !claim.is_placed && claim.claimed.at > since) {
            let detail = "An order of this product was accepted less than a minute ago, and is not written yet. Read the suggestions again.";
            return Err((format!("{pointer}/product_id"), Code::InvalidStateTransition, detail.to_owned()));
        }
        let claimed = claim.map(|claim| claim.claimed);
        let uom = self.run.products.get(&product_id).map(|product| product.uom.clone()).unwrap_or_default();
        let tx = self.tx;
        let order = self.orders.entry((supplier_id, location_id)).or_insert_with(|| PlannedOrder {
            id: PurchaseOrderId(tx.next_id()),
            supplier_id,
            location_id,
            lines: Vec::new(),
        });
        order.lines.push(BoughtLine { product_id, uom, quantity, claimed });
        Ok(())
    }
}

fn units(quantity: Micro, pointer: &str) -> Result<Quantity, LineProblem> {
    let too_large = |_| (pointer.to_owned(), Code::ValidationFailed, "The quantity is too large.".to_owned());
    quantity.quantity().map_err(too_large)
}

const CLAIM_FIRST: &str = "insert into replenish_order (tenant_id, product_id, location_id, purchase_order_id, accepted_at) \
     select $1, v.product_id, v.location_id, v.purchase_order_id, $5 \
     from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as v (product_id, location_id, purchase_order_id) \
     on conflict (tenant_id, product_id, location_id) do nothing";

const CLAIM_AGAIN: &str = "update replenish_order c set purchase_order_id = v.purchase_order_id, accepted_at = $7 \
     from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[]) \
         as v (product_id, location_id, purchase_order_id, claimed_by, claimed_at) \
     where c.tenant_id = $1 and c.product_id = v.product_id and c.location_id = v.location_id \
       and c.purchase_order_id = v.claimed_by and c.accepted_at = v.claimed_at";

/// Claims the products of a plan for its orders. Rejects a plan if one was claimed since its figures were computed.
pub async fn claim(tx: &Tx, plan: &Plan) -> Result<(), Error> {
    lock(tx).await?;
    let (mut first, mut again) = (Columns::default(), Columns::default());
    for order in &plan.orders {
        for line in &order.lines {
            let columns = if line.claimed.is_none() { &mut first } else { &mut again };
            columns.add(line.product_id, order.location_id, order.id);
            columns.claimed_by.extend(line.claimed.map(|claimed| claimed.order.0));
            columns.claimed_at.extend(line.claimed.map(|claimed| claimed.at));
        }
    }
    let wanted = first.orders.len() + again.orders.len();
    let query = sqlx::query(CLAIM_FIRST).bind(tx.tenant_id.0).bind(first.products).bind(first.locations);
    let claimed = tx.execute(query.bind(first.orders).bind(tx.now)).await?;
    let query = sqlx::query(CLAIM_AGAIN).bind(tx.tenant_id.0).bind(again.products).bind(again.locations);
    let query = query.bind(again.orders).bind(again.claimed_by).bind(again.claimed_at).bind(tx.now);
    let claimed = claimed + tx.execute(query).await?;
    if usize::try_from(claimed).unwrap_or_default() == wanted {
        return Ok(());
    }
    let detail =
        "Another acceptance has ordered one of these products meanwhile. Read the suggestions again.";
    Err(Refusal::state(detail).into())
}

/// Makes plans claim and renew one after the other. Two that lock rows in different orders would wait for each other.
async fn lock(tx: &Tx) -> Result<(), Error> {
    let lock = "select pg_advisory_xact_lock(hashtextextended('replenish_order ' || $1::uuid, 0))";
    tx.execute(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    Ok(())
}

const FIND_LOST: &str = "select distinct v.purchase_order_id \
     from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as v (product_id, location_id, purchase_order_id) \
     left join replenish_order c on c.tenant_id = $1 and c.product_id = v.product_id and c.location_id = v.location_id \
         and c.purchase_order_id = v.purchase_order_id \
     where c.purchase_order_id is null and not exists ( \
         select 1 from purchase_order o where o.tenant_id = $1 and o.id = v.purchase_order_id)";

const RENEW: &str = "update replenish_order c set accepted_at = $6 \
     from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as v (product_id, location_id, purchase_order_id) \
     where c.tenant_id = $1 and c.product_id = v.product_id and c.location_id = v.location_id \
       and c.purchase_order_id = v.purchase_order_id and c.purchase_order_id <> all($5) and not exists ( \
         select 1 from purchase_order o where o.tenant_id = $1 and o.id = v.purchase_order_id)";

/// Renews the claims of orders that are about to be written. Returns, in the order of the commands, the rejections of orders whose
/// products another plan has claimed since: their first attempt was rejected, or did not come to its end. An order that was written
/// keeps its result.
pub async fn renew(db: &Db, caller: &Caller, commands: &[Command]) -> Result<Vec<Option<Refusal>>, Error> {
    let mut claims = Columns::default();
    for command in commands {
        if let Command::PlacePurchaseOrder(Place { id: Some(id), location_id: Some(place), lines, .. }) =
            command
        {
            for line in lines {
                if let ItemRef::Id(product) = line.item {
                    claims.add(product, *place, *id);
                }
            }
        }
    }
    if claims.orders.is_empty() {
        return Ok(commands.iter().map(|_| None).collect());
    }
    let lost = db.write(caller, async |tx| renew_in(tx, &claims).await).await?;
    let refusal = |command: &Command| {
        let Command::PlacePurchaseOrder(Place { id: Some(id), .. }) = command else { return None };
        lost.contains(&id.0).then(|| {
            let detail = "Another acceptance has ordered one of these products since this order was rejected or interrupted. Read \
                          the suggestions again, and accept them under a new Idempotency-Key.";
            Refusal::state(detail)
        })
    };
    Ok(commands.iter().map(refusal).collect())
}

/// Renews claims. Returns the orders that lost one.
async fn renew_in(tx: &Tx, claims: &Columns) -> Result<Vec<Uuid>, Error> {
    lock(tx).await?;
    let of_claims = |statement: &'static str| {
        let query =
            sqlx::query(statement).bind(tx.tenant_id.0).bind(&claims.products).bind(&claims.locations);
        query.bind(&claims.orders)
    };
    let rows = tx.rows(of_claims(FIND_LOST)).await?;
    let lost: Vec<Uuid> =
        rows.iter().map(|row| row.try_get("purchase_order_id")).collect::<Result<_, _>>()?;
    tx.execute(of_claims(RENEW).bind(&lost).bind(tx.now)).await?;
    Ok(lost)
}

/// Claims by column.
#[derive(Debug, Default)]
struct Columns {
    products: Vec<Uuid>,
    locations: Vec<Uuid>,
    orders: Vec<Uuid>,
    claimed_by: Vec<Uuid>,
    claimed_at: Vec<DateTime<Utc>>,
}

impl Columns {
    fn add(&mut self, product: ProductId, location: LocationId, order: PurchaseOrderId) {
        self.products.push(product.0);
        self.locations.push(location.0);
        self.orders.push(order.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_makes_no_more_documents_than_a_batch_request() {
        assert!(check_documents(DOCUMENTS_MAX).is_ok());
        let refusal = check_documents(DOCUMENTS_MAX + 1).expect_err("too many");
        assert_eq!(refusal.problems[0].pointer, "/lines");
    }
}
