//! Lines that name a product and a quantity, without a price.

use domain::id::ProductId;
use domain::line_item::GoodsLine;
use domain::number::Quantity;
use domain::refusal::Problems;
use serde::Deserialize;

use crate::line::named_item;
use crate::lot::line::{self as lots, LotIn};

/// A product and a quantity. Name the product by exactly one of `product_id`, `sku` and `barcode`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GoodsLineIn {
    /// Id of the product.
    product_id: Option<ProductId>,
    /// SKU of the product.
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Barcode of the product and its unit.
    #[schema(min_length = 1, max_length = 64, example = "4006381333931")]
    barcode: Option<String>,
    /// Unit. If absent, that of the barcode, else the stock unit.
    #[schema(min_length = 1, max_length = 8, example = "C62")]
    uom: Option<String>,
    /// Quantity in that unit, above zero.
    quantity: Quantity,
    /// Lots of a tracked product. If absent, those that expire first.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lots: Vec<LotIn>,
}

impl GoodsLineIn {
    /// Whether the line names lots.
    pub fn names_lots(&self) -> bool {
        !self.lots.is_empty()
    }
}

/// Parses the lines of a document. Reports every wrong one.
pub fn goods(problems: &mut Problems, lines: Vec<GoodsLineIn>) -> Vec<GoodsLine> {
    let mut goods = Vec::with_capacity(lines.len());
    for (index, line) in lines.into_iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let item = named_item(problems, &pointer, (line.product_id, line.sku, line.barcode));
        let lots = lots::named(problems, &pointer, line.lots);
        goods.push(GoodsLine { item, uom: line.uom, quantity: line.quantity, lots });
    }
    goods
}
