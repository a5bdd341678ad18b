//! Acceptance: the suggested transfers between two locations as one transfer.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::id::{LocationId, ProductId, TenantId};
use domain::line_item::GoodsLine;
use domain::lot::{LotDetails, NamedLot};
use domain::number::Quantity;
use domain::product::{ItemRef, Tracking};
use domain::refusal::{Code, Problems, Refusal};
use domain::replenish::Action;
use domain::transfer::Dispatch;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::run::{Extent, Run, Scope, Suggested, run};
use super::shown::fingerprint;
use crate::listing::{number, word};
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
    let stocks = stocks(tx, &products, accepted.from).await?;
    let nothing = StockThere::default();
    let suggested: HashMap<ProductId, &Suggested> =
        run.suggested.iter().map(|one| (one.product_id, one)).collect();
    let mut problems = Problems::default();
    let (mut lines, mut seen, mut expected_on) = (Vec::new(), Vec::new(), None);
    for (index, (product, wanted)) in accepted.lines.iter().enumerate() {
        let found = suggested.get(product).copied();
        let stock = stocks.get(product).unwrap_or(&nothing);
        let pointer = format!("/lines/{index}");
        let line = line(&run, found, (accepted.from, wanted), &pointer);
        match line.and_then(|(quantity, on)| Ok((quantity, on, stock.lots(quantity, on, &pointer)?))) {
            Ok((quantity, on, lots)) => {
                let item = ItemRef::Id(*product);
                lines.push(GoodsLine { item, uom: None, quantity, lots });
                seen.push(stock.available);
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

/// The problem of a line: pointer, cause and text.
type LineProblem = (String, Code, String);

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
    if fingerprint(run.as_of, suggested) != wanted {
        let detail =
            "The numbers of this suggestion have changed since you read it. Read the suggestions again.";
        return Err((format!("{pointer}/fingerprint"), Code::InvalidStateTransition, detail.to_owned()));
    }
    Ok(transfer)
}

/// Stock of a product at the location that gives it.
#[derive(Debug, Default)]
struct StockThere {
    /// Units on hand that are not reserved, of all lots.
    available: Quantity,
    tracking: Tracking,
    /// Lots that may be sold today and have available units, the one that expires first in front.
    lots: Vec<SellableLot>,
}

#[derive(Debug)]
struct SellableLot {
    code: String,
    expires_on: Option<NaiveDate>,
    available: Quantity,
}

impl StockThere {
    /// Returns the lots to name for a quantity that arrives on a day, first expired, first out. Serial numbers are always named. Lots
    /// are only if one would expire on the way; else the dispatch takes those that are there when it is posted.
    fn lots(
        &self,
        quantity: Quantity,
        arrives_on: NaiveDate,
        pointer: &str,
    ) -> Result<Vec<NamedLot>, LineProblem> {
        let lasts = |lot: &&SellableLot| lot.expires_on.is_none_or(|end| end >= arrives_on);
        let is_named = match self.tracking {
            Tracking::None => false,
            Tracking::Lot => !self.lots.iter().all(|lot| lasts(&lot)),
            Tracking::Serial => true,
        };
        if !is_named {
            return Ok(Vec::new());
        }
        let (mut named, mut left) = (Vec::new(), quantity);
        for lot in self.lots.iter().filter(lasts) {
            let part = left.min(lot.available);
            if part.is_positive() {
                left -= part;
                let (code, details) = (lot.code.clone(), LotDetails::default());
                named.push(NamedLot { code, quantity: Some(part), details });
            }
        }
        if left.is_positive() {
            let detail = format!(
                "Only {} units there can be sold until {arrives_on}, when the transfer arrives: dispatch them with POST /v1/stock/transfers.",
                quantity - left
            );
            return Err((format!("{pointer}/product_id"), Code::InvalidStateTransition, detail));
        }
        Ok(named)
    }
}

/// Reads the stock of products at a location.
async fn stocks(
    tx: &Tx,
    products: &[Uuid],
    location: LocationId,
) -> Result<HashMap<ProductId, StockThere>, Error> {
    let select = "select s.product_id, p.tracking, s.lot_code, s.expires_on, s.on_hand - s.reserved as unreserved, s.available \
                  from bi.stock_level s \
                  join product p on p.tenant_id = $1 and p.id = s.product_id \
                  where s.tenant_id = $1 and s.location_id = $2 and s.product_id = any($3) \
                  order by s.expires_on nulls last, s.lot_code";
    let query = sqlx::query(select).bind(tx.tenant_id.0).bind(location.0).bind(products);
    let mut stocks: HashMap<ProductId, StockThere> = HashMap::new();
    for row in &tx.rows(query).await? {
        let stock = stocks.entry(ProductId(row.try_get("product_id")?)).or_default();
        let unreserved: Quantity = number(row, "unreserved")?;
        stock.available += unreserved;
        stock.tracking = word(row, "tracking")?;
        let available: Quantity = number(row, "available")?;
        let code: Option<String> = row.try_get("lot_code")?;
        if let Some(code) = code.filter(|_| available.is_positive()) {
            stock.lots.push(SellableLot { code, expires_on: row.try_get("expires_on")?, available });
        }
    }
    Ok(stocks)
}
