//! Lines that name goods, without a price: what stock documents are made of.

use rust_decimal::Decimal;

use crate::book::{Book, Location};
use crate::id::{LocationId, ProductId};
use crate::location::LocationKind;
use crate::lot::NamedLot;
use crate::number::Quantity;
use crate::product::{ItemRef, Product, ProductKind, Unit};
use crate::refusal::{Code, Problem, Problems, Refusal};

/// The most lines of a document.
pub const LINES_MAX: usize = 2_000;

/// The most that a line is worth, and the most stock units of it: sums of many such lines still fit into the books.
pub const AMOUNT_MAX: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// Goods as a caller names them.
#[derive(Debug, Clone)]
pub struct GoodsLine {
    /// What.
    pub item: ItemRef,
    /// In which unit; that of the barcode, else the stock unit, where none is named.
    pub uom: Option<String>,
    /// How many of that unit.
    pub quantity: Quantity,
    /// The lots that they are of.
    pub lots: Vec<NamedLot>,
}

/// Goods in stock units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goods {
    /// What.
    pub product_id: ProductId,
    /// Stock units, above zero.
    pub quantity: Quantity,
}

impl Book {
    /// The stocked product that a line names, and the unit that it counts in.
    pub fn stocked(
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
                format!("{} is not kept in stock.", product.sku),
            ));
        }
        let of_barcode = match item {
            ItemRef::Barcode(code) => self.barcodes.get(code).map(|(_, uom)| uom.as_str()),
            ItemRef::Id(_) | ItemRef::Sku(_) => None,
        };
        let uom = uom.or(of_barcode);
        let Some(unit) = product.unit(uom) else {
            let detail = format!("{} has no unit {}.", product.sku, uom.unwrap_or_default());
            return Err(invalid(product, format!("{pointer}/uom"), detail));
        };
        Ok((product, unit))
    }

    /// The goods that lines name, in their order. Every wrong line is named.
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

    fn goods_of(&self, line: &GoodsLine, pointer: &str) -> Result<Goods, Problem> {
        let (product, unit) = self.stocked(&line.item, line.uom.as_deref(), pointer)?;
        let pointer = format!("{pointer}/quantity");
        let quantity = product
            .divided(line.quantity.get() * unit.factor.get())
            .map_err(|detail| invalid(product, pointer.clone(), detail))?;
        if !quantity.is_positive() {
            return Err(invalid(product, pointer, "The quantity must be above zero."));
        }
        if quantity.get() > AMOUNT_MAX {
            let detail = format!("A line has at most {AMOUNT_MAX} stock units.");
            return Err(invalid(product, pointer, detail));
        }
        Ok(Goods { product_id: product.id, quantity })
    }

    /// A place where goods are kept: the one that is named at `pointer`, else the default one.
    pub fn place(&self, id: Option<LocationId>, pointer: &str) -> Result<&Location, Refusal> {
        let location = self.setup.location(id);
        let location =
            location.ok_or_else(|| Problems::one(pointer, Code::NotFound, "There is no such location."))?;
        if location.kind == LocationKind::Transit {
            return Err(Refusal::invalid(pointer, "Goods in transit are moved by transfers only."));
        }
        Ok(location)
    }
}

/// Checks stock units that a caller names of a line of another document: they are divided as the product's are.
pub(crate) fn check_divided(
    book: &Book,
    product_id: ProductId,
    quantity: Quantity,
    pointer: &str,
) -> Result<(), Problem> {
    let Some(product) = book.products.get(&product_id) else { return Ok(()) };
    let divided = product.divided(quantity.get());
    divided.map(drop).map_err(|detail| invalid(product, format!("{pointer}/quantity"), detail))
}

/// Checks how many stock units of a line are named, where `open` are left of it: all of them, or as many as its product
/// is divided into.
pub(crate) fn check_part(
    book: &Book,
    product_id: ProductId,
    (named, open): (Quantity, Quantity),
    pointer: &str,
) -> Result<(), Problem> {
    if named == open { Ok(()) } else { check_divided(book, product_id, named, pointer) }
}

/// An invalid field of a line that names `product`.
pub(crate) fn invalid(product: &Product, pointer: String, detail: impl Into<String>) -> Problem {
    let params = vec![("sku", product.sku.clone())];
    Problem { pointer, code: Code::ValidationFailed, detail: detail.into(), params }
}
