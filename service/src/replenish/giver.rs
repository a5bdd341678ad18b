//! The stock of products at a location that gives some of it, and the lots that it gives.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::id::{LocationId, ProductId};
use domain::lot::{LotDetails, NamedLot};
use domain::number::Quantity;
use domain::product::Tracking;
use domain::refusal::Code;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{number, word};
use crate::{Error, Tx};

/// The problem of a line: pointer, cause and text.
pub(super) type LineProblem = (String, Code, String);

/// Stock of a product at the location that gives it.
#[derive(Debug, Default)]
pub(super) struct StockThere {
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

/// Units that a transfer takes.
#[derive(Debug)]
pub(super) struct Taken {
    /// Units that were available before.
    pub seen: Quantity,
    /// Lots to name.
    pub lots: Vec<NamedLot>,
}

impl StockThere {
    /// Takes a quantity that arrives on a day, first expired, first out. Serial numbers are always named. Lots are only if one would
    /// expire on the way; else the dispatch takes those that are there when it is posted.
    pub fn take(
        &mut self,
        quantity: Quantity,
        arrives_on: NaiveDate,
        pointer: &str,
    ) -> Result<Taken, LineProblem> {
        let lasts = |lot: &SellableLot| lot.expires_on.is_none_or(|end| end >= arrives_on);
        let is_named = match self.tracking {
            Tracking::None => false,
            Tracking::Lot => !self.lots.iter().all(lasts),
            Tracking::Serial => true,
        };
        let (mut named, mut left) = (Vec::new(), if is_named { quantity } else { Quantity::ZERO });
        for lot in self.lots.iter_mut().filter(|lot| lasts(lot)) {
            let part = left.min(lot.available);
            if part.is_positive() {
                left -= part;
                lot.available -= part;
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
        let seen = self.available;
        self.available -= quantity;
        Ok(Taken { seen, lots: named })
    }
}

/// Reads the stock of products at a location.
pub(super) async fn find_stocks(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn units(number: i64) -> Quantity {
        Quantity::new(number.into())
    }

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, number).expect("a day")
    }

    fn stock(tracking: Tracking) -> StockThere {
        let lot = |code: &str, expires_on, available| SellableLot {
            code: code.to_owned(),
            expires_on,
            available: units(available),
        };
        let lots = vec![lot("A", Some(day(1)), 5), lot("B", Some(day(9)), 4), lot("C", None, 3)];
        StockThere { available: units(12), tracking, lots }
    }

    #[test]
    fn lots_that_last_are_named_once() {
        let mut there = stock(Tracking::Lot);
        let first = there.take(units(3), day(2), "/lines/0").expect("enough");
        assert_eq!((first.seen, first.lots[0].code.as_str()), (units(12), "B"));
        // A second transfer finds what the first one left.
        let second = there.take(units(3), day(2), "/lines/1").expect("enough");
        let named: Vec<(&str, Option<Quantity>)> =
            second.lots.iter().map(|lot| (lot.code.as_str(), lot.quantity)).collect();
        assert_eq!((second.seen, named), (units(9), vec![("B", Some(units(1))), ("C", Some(units(2)))]));
        let (pointer, code, _) = there.take(units(2), day(2), "/lines/2").expect_err("one is left");
        assert_eq!((pointer.as_str(), code), ("/lines/2/product_id", Code::InvalidStateTransition));
    }

    #[test]
    fn lots_are_left_to_the_dispatch_if_all_last() {
        let mut there = stock(Tracking::Lot);
        assert!(there.take(units(6), day(1), "/lines/0").expect("enough").lots.is_empty());
        let mut there = stock(Tracking::Serial);
        assert_eq!(there.take(units(6), day(1), "/lines/0").expect("enough").lots.len(), 2);
    }
}
