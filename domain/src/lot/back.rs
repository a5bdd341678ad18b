//! Returns: units come back into the lot in which they left.

use chrono::{DateTime, Utc};

use super::{Incoming, LotShare, NamedLot, NamedLots, divided, problem, unknown};
use crate::allocation::check_serial;
use crate::book::Book;
use crate::id::{CustomerId, LocationId};
use crate::line_item::invalid;
use crate::number::Quantity;
use crate::product::Product;
use crate::refusal::{Code, Problem};
use crate::sales::SoldLine;
use crate::stock::LevelKey;

/// A lot of a sold line.
#[derive(Debug, Clone)]
pub struct SoldLot {
    /// The units sold of it.
    pub share: LotShare,
    /// Stock units that were returned.
    pub returned: Quantity,
}

impl SoldLot {
    /// Returns the stock units that can still be returned.
    pub fn out(&self) -> Quantity {
        self.share.quantity - self.returned
    }
}

/// Returns the lots into which `quantity` units of a sold line come back, with negative quantities, at the
/// cost with which they left. If the line left in several lots and only a part comes back, the caller must
/// name the lots.
pub(crate) fn shares_back(
    book: &Book,
    line: &SoldLine,
    quantity: Quantity,
    named: &[NamedLot],
    pointer: &str,
) -> Result<Vec<LotShare>, Problem> {
    let product = &book.products[&line.line.product_id];
    if line.lots.is_empty() && named.is_empty() {
        return Ok(Vec::new());
    }
    let out: Vec<&SoldLot> = line.lots.iter().filter(|lot| lot.out().is_positive()).collect();
    let back: Vec<(&SoldLot, Quantity)> = if !named.is_empty() {
        let parts = divided(product, quantity, named, pointer)?;
        let lots = named.iter().zip(parts).enumerate();
        lots.map(|(index, (named, part))| {
            let pointer = format!("{pointer}/lots/{index}");
            named_out(product, &line.lots, &named.code, part, &pointer).map(|lot| (lot, part))
        })
        .collect::<Result<_, _>>()?
    } else if let [only] = out.as_slice() {
        vec![(*only, quantity)]
    } else if out.iter().map(|lot| lot.out()).sum::<Quantity>() == quantity {
        out.iter().map(|lot| (*lot, lot.out())).collect()
    } else {
        let codes: Vec<&str> = out.iter().map(|lot| lot.share.code.as_str()).collect();
        let detail =
            format!("The line was sold in the lots {}: name those that come back.", codes.join(" and "));
        return Err(invalid(product, format!("{pointer}/lots"), detail));
    };
    let settings = &book.setup.settings;
    let mut shares = Vec::with_capacity(back.len());
    for (lot, part) in back {
        if product.tracking == crate::product::Tracking::Serial {
            let known = book.lots.get(lot.share.lot_id);
            check_serial(book, product, known, false, &lot.share.code, &format!("{pointer}/lots/0"))?;
        }
        check_out(book, product, (&lot.share, part), line.customer_id, pointer)?;
        let cost = -settings.slice(lot.share.cost, lot.returned, part, lot.share.quantity);
        shares.push(LotShare { quantity: -part, cost, ..lot.share.clone() });
    }
    Ok(shares)
}

fn named_out<'a>(
    product: &Product,
    sold: &'a [SoldLot],
    code: &str,
    part: Quantity,
    pointer: &str,
) -> Result<&'a SoldLot, Problem> {
    let lot = sold.iter().find(|lot| lot.share.code == code);
    let lot = lot.ok_or_else(|| {
        let detail = format!("The line was not sold in lot {code}.");
        problem(product, format!("{pointer}/code"), Code::NotFound, detail)
    })?;
    if part > lot.out() {
        let detail = format!("{} of lot {code} can still be returned, not {part}.", lot.out());
        return Err(problem(product, format!("{pointer}/quantity"), Code::ReturnExceedsSale, detail));
    }
    Ok(lot)
}

/// Rejects units of a lot that a customer did not get, or has returned already without naming the document.
fn check_out(
    book: &Book,
    product: &Product,
    (share, quantity): (&LotShare, Quantity),
    customer_id: Option<CustomerId>,
    pointer: &str,
) -> Result<(), Problem> {
    let out = book.lots.out_with(share.lot_id, customer_id);
    if quantity <= out {
        return Ok(());
    }
    let who = if customer_id.is_some() { "this customer" } else { "a customer without a name" };
    let detail = format!(
        "{out} of lot {} of {} were sold to {who} and not returned, so {quantity} can't come back: name the document \
         with which they were sold.",
        share.code, product.sku
    );
    Err(problem(product, format!("{pointer}/lots"), Code::ReturnExceedsSale, detail))
}

/// The place, the time and the customer of units that come back without a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BackTo {
    /// The location that receives them.
    pub location_id: LocationId,
    /// The time.
    pub at: DateTime<Utc>,
    /// The customer; none at a till.
    pub customer_id: Option<CustomerId>,
}

/// Returns the lots into which units come back without an original document, with negative quantities, at the
/// cost at that time. Rejects a lot that does not exist, and units that were not sold to the customer.
pub(crate) fn named_back(
    book: &Book,
    incoming: &mut Incoming,
    to: BackTo,
    line: &NamedLots<'_>,
) -> Result<Vec<LotShare>, Problem> {
    let NamedLots { product, pointer, .. } = *line;
    let arrivals = incoming.add(book, line)?;
    let mut shares = Vec::with_capacity(arrivals.len());
    for (index, arrival) in arrivals.into_iter().enumerate() {
        let lot = book.lots.find(product.id, &arrival.code);
        let lot = lot.ok_or_else(|| unknown(product, &arrival.code, &format!("{pointer}/lots/{index}")))?;
        let key = LevelKey { location_id: to.location_id, product_id: product.id, lot_id: lot.id };
        let cost = -book.cost_at(&key, arrival.quantity, to.at);
        let share = LotShare { lot_id: lot.id, code: lot.code.clone(), quantity: -arrival.quantity, cost };
        let back = incoming.back.entry(lot.id).or_default();
        *back += arrival.quantity;
        check_out(book, product, (&share, *back), to.customer_id, pointer)?;
        shares.push(share);
    }
    Ok(shares)
}
