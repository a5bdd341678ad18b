//! Products and units by the names that callers send. In a sale that has happened, a name has the meaning that it had then.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Book;
use crate::id::{
    CountId, ExpectedReceiptId, HoldId, LandedCostId, OrderId, ProductId, PurchaseOrderId, TransferId,
    VoucherId,
};
use crate::product::{self, BarcodeHolders, ItemRef, Product, Unit, articles_of, barcode_forms};
use crate::refusal::{Code, Problem};

impl Book {
    /// Removes the document with an id, so that a command is decided that makes another one with this id.
    pub fn forget(&mut self, id: Uuid) {
        self.orders.remove(&OrderId(id));
        self.counts.remove(&CountId(id));
        self.holds.remove(&HoldId(id));
        self.transfers.remove(&TransferId(id));
        self.expected.remove(&ExpectedReceiptId(id));
        self.purchases.remove(&PurchaseOrderId(id));
        self.landed.remove(&LandedCostId(id));
        self.vouchers.forget(VoucherId(id));
    }

    /// Returns the product and the unit of a barcode, or of another form of it.
    fn barcode(&self, code: &str) -> Option<&(ProductId, String)> {
        barcode_forms(code).find_map(|form| self.barcodes.get(&*form))
    }

    /// Returns the products that have or had a barcode, for each article that it may name.
    fn holders_of_barcode(&self, code: &str) -> impl Iterator<Item = &BarcodeHolders> {
        articles_of(code).filter_map(|article| self.replaced.barcode_holders.get(&article))
    }

    /// Returns the product and the unit that a barcode named at an instant; now, if none is given.
    fn barcode_at(&self, code: &str, at: Option<DateTime<Utc>>) -> Option<(ProductId, &str)> {
        let before = |at| {
            let first = self.holders_of_barcode(code).next()?;
            let then = self.holders_of_barcode(code).find(|holders| holders.is_had(at));
            then.unwrap_or(first).before(at)
        };
        let now = || self.barcode(code).map(|(id, uom)| (*id, uom.as_str()));
        at.and_then(before).or_else(now)
    }

    /// Returns the unit that a barcode stands for, if `item` is one.
    pub(crate) fn uom_of_barcode(&self, item: &ItemRef) -> Option<&str> {
        match item {
            ItemRef::Barcode(code) => self.barcode(code).map(|(_, uom)| uom.as_str()),
            ItemRef::Id(_) | ItemRef::Sku(_) | ItemRef::Unnamed => None,
        }
    }

    /// Returns the product that a line names. `pointer` is that of the line.
    pub fn product(&self, item: &ItemRef, pointer: &str) -> Result<&Product, Problem> {
        self.product_at(item, None, pointer)
    }

    /// Like [`Book::product`]. In a sale that has happened at `at`, a SKU or a barcode names the product that had
    /// it then.
    pub(crate) fn product_at(
        &self,
        item: &ItemRef,
        at: Option<DateTime<Utc>>,
        pointer: &str,
    ) -> Result<&Product, Problem> {
        let id = match item {
            ItemRef::Id(id) => Some(*id),
            ItemRef::Sku(sku) => match at {
                Some(at) => self.had_sku(sku, at),
                None => self.skus.get(sku).copied(),
            },
            ItemRef::Barcode(code) => self.barcode_at(code, at).map(|(id, _)| id),
            ItemRef::Unnamed => None,
        };
        let (field, name) = match item {
            ItemRef::Id(id) => ("product_id", id.to_string()),
            ItemRef::Sku(sku) => ("sku", sku.clone()),
            ItemRef::Barcode(code) => ("barcode", code.clone()),
            ItemRef::Unnamed => {
                let (code, detail) = (Code::ValidationFailed, ItemRef::UNNAMED.to_owned());
                return Err(Problem { pointer: pointer.to_owned(), code, detail, params: Vec::new() });
            }
        };
        id.and_then(|id| self.products.get(&id)).ok_or_else(|| Problem {
            pointer: format!("{pointer}/{field}"),
            code: Code::NotFound,
            detail: format!("There is no product {name}."),
            params: vec![(field, name)],
        })
    }

    /// Returns the product that had a SKU at an instant.
    fn had_sku(&self, sku: &str, at: DateTime<Utc>) -> Option<ProductId> {
        let holders = self.replaced.sku_holders.get(sku).map_or(&[][..], Vec::as_slice);
        product::holder_at(holders, at).or_else(|| self.skus.get(sku).copied())
    }

    /// Returns whether a SKU was that of no product at an instant and before, and a product got it later.
    pub(crate) fn got_sku_later(&self, sku: &str, at: DateTime<Utc>) -> bool {
        self.replaced.sku_holders.get(sku).is_some_and(|holders| product::is_got_later(holders, at))
    }

    /// Returns the unit code that a line names of its product: its own, else that of its barcode. `barcode` is one that a line has
    /// beside another name of the product: it counts if it was the barcode of that product.
    pub(crate) fn uom_at<'a>(
        &'a self,
        (item, barcode): (&ItemRef, Option<&str>),
        product: &Product,
        at: Option<DateTime<Utc>>,
    ) -> Option<&'a str> {
        let code = match item {
            ItemRef::Barcode(code) => Some(code.as_str()),
            ItemRef::Id(_) | ItemRef::Sku(_) => barcode,
            ItemRef::Unnamed => None,
        };
        let (id, uom) = self.barcode_at(code?, at)?;
        (id == product.id).then_some(uom)
    }

    /// Returns a unit of a product as it was at an instant, if one is given.
    pub(crate) fn unit_at(
        &self,
        product: &Product,
        uom: Option<&str>,
        at: Option<DateTime<Utc>>,
    ) -> Option<Unit> {
        let now = product.unit(uom);
        let Some((uom, at)) = uom.zip(at) else { return now };
        let former =
            self.replaced.former_units.get(&(product.id, uom.to_owned())).map_or(&[][..], Vec::as_slice);
        product::unit_at(former, now, at)
    }

    /// Returns the change of a barcode since a sale that names it. None if it still names the same unit of the product.
    pub(crate) fn changed_barcode(
        &self,
        code: &str,
        product: &Product,
        at: DateTime<Utc>,
    ) -> Option<ChangedBarcode> {
        let Some(then) = self.barcode_at(code, Some(at)) else { return Some(ChangedBarcode::OfNone) };
        let mut holders = self.holders_of_barcode(code).peekable();
        let is_got_later = holders.peek().is_some() && holders.all(|holders| holders.is_got_later(at));
        if then.0 != product.id {
            Some(ChangedBarcode::OfAnother)
        } else if is_got_later {
            Some(ChangedBarcode::GotLater)
        } else if Some(then) == self.barcode_at(code, None) {
            None
        } else {
            Some(ChangedBarcode::Moved)
        }
    }
}

/// A change of a barcode since a sale that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangedBarcode {
    /// It was removed, or names another product or unit.
    Moved,
    /// No product had it at the time of the sale.
    GotLater,
    /// No product has it or had it. The line names its product beside it.
    OfNone,
    /// It was that of another product than the one that the line names beside it.
    OfAnother,
}
