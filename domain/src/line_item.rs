//! Lines that name a product and a quantity without a price, as in stock documents.

use rust_decimal::Decimal;

use crate::book::{Book, Location};
use crate::id::{LocationId, ProductId};
use crate::location::LocationKind;
use crate::lot::NamedLot;
use crate::number::Quantity;
use crate::product::{ItemRef, Product, ProductKind, Unit};
use crate::refusal::{Code, Problem, Problems, QUANTITY_ABOVE_ZERO, Refusal};

/// The most lines of a document.
pub const LINES_MAX: usize = 2_000;

/// The highest value of a line, and its most stock units. Sums of many such lines still fit into the books.
pub const AMOUNT_MAX: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// A line as a caller names it.
#[derive(Debug, Clone)]
pub struct GoodsLine {
    /// The product.
    pub item: ItemRef,
    /// The unit. If absent: the unit of the barcode, else the stock unit.
    pub uom: Option<String>,
    /// The quantity in that unit.
    pub quantity: Quantity,
    /// The lots that the caller names.
    pub lots: Vec<NamedLot>,
}

/// A product and a quantity in stock units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goods {
    /// The product.
    pub product_id: ProductId,
    /// Stock units, above zero.
    pub quantity: Quantity,
}

impl Book {
    /// Returns the stocked product that a line names, and the unit of its quantity.
    pub fn find_stocked(
        &self,
        item: &ItemRef,
        uom: Option<&str>,
        pointer: &str,
    ) -> Result<(&Product, Unit), Problem> {
        let product = self.product(item, pointer)?;
        if product.kind != ProductKind::Stocked {
            return Err(invalid(
                product,
                format!("{pointer}/sku"),
                format!("{} is not a stocked product.", product.sku),
            ));
        }
        let uom = uom.or_else(|| self.uom_of_barcode(item));
        let Some(unit) = product.unit(uom) else {
            let detail = format!("{} has no unit {}.", product.sku, uom.unwrap_or_default());
            return Err(invalid(product, format!("{pointer}/uom"), detail));
        };
        Ok((product, unit))
    }

    /// Returns the product and stock quantity of each line, in order. Rejects with every wrong line.
    pub fn goods(&self, lines: &[GoodsLine]) -> Result<Vec<Goods>, Refusal> {
        if lines.is_empty() || lines.len() > LINES_MAX {
            return Err(Refusal::invalid("/lines", format!("A document has 1 to {LINES_MAX} lines.")));
        }
        let mut problems = Problems::default();
        let mut goods = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            match self.goods_of(line, &format!("/lines/{index}")) {
                Ok(line) => goods.push(line),
                Err(problem) => problems.push(problem),
            }
        }
        problems.check()?;
        Ok(goods)
    }

    /// Returns the product and stock quantity of a line.
    pub(crate) fn goods_of(&self, line: &GoodsLine, pointer: &str) -> Result<Goods, Problem> {
        let (product, unit) = self.find_stocked(&line.item, line.uom.as_deref(), pointer)?;
        let pointer = format!("{pointer}/quantity");
        let quantity = product
            .in_stock_units(&unit, line.quantity)
            .map_err(|detail| invalid(product, pointer.clone(), detail))?;
        if !quantity.is_positive() {
            return Err(invalid(product, pointer, QUANTITY_ABOVE_ZERO));
        }
        if quantity.get() > AMOUNT_MAX {
            let detail = format!("A line may have at most {AMOUNT_MAX} stock units.");
            return Err(invalid(product, pointer, detail));
        }
        Ok(Goods { product_id: product.id, quantity })
    }

    /// Returns the location named at `pointer`, or the default one. Rejects the in-transit location.
    pub fn place(&self, id: Option<LocationId>, pointer: &str) -> Result<&Location, Refusal> {
        let location = self.setup.location(id);
        let location =
            location.ok_or_else(|| Problems::one(pointer, Code::NotFound, "There is no such location."))?;
        if location.kind == LocationKind::Transit {
            return Err(Refusal::invalid(pointer, "Only transfers move stock in transit."));
        }
        Ok(location)
    }
}

/// Rejects stock units, named for a line of another document, that have too many decimals for the product.
fn check_decimals(
    book: &Book,
    product_id: ProductId,
    quantity: Quantity,
    pointer: &str,
) -> Result<(), Problem> {
    let Some(product) = book.products.get(&product_id) else { return Ok(()) };
    let divided = product.to_stock_quantity(quantity.get());
    divided.map(drop).map_err(|detail| invalid(product, format!("{pointer}/quantity"), detail))
}

/// Checks the stock units `named` of a line that has `open` left: either all that is left, or no more
/// decimals than the product allows.
pub(crate) fn check_part(
    book: &Book,
    product_id: ProductId,
    (named, open): (Quantity, Quantity),
    pointer: &str,
) -> Result<(), Problem> {
    if named == open { Ok(()) } else { check_decimals(book, product_id, named, pointer) }
}

/// Makes a problem for a wrong field of a line that names `product`.
pub(crate) fn invalid(product: &Product, pointer: String, detail: impl Into<String>) -> Problem {
    let params = vec![("sku", product.sku.clone())];
    Problem { pointer, code: Code::ValidationFailed, detail: detail.into(), params }
}
