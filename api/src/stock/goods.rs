//! Lines that name goods, without a price.

use domain::id::ProductId;
use domain::line_item::GoodsLine;
use domain::number::Quantity;
use domain::refusal::Problems;
use serde::Deserialize;

use crate::line::item;
use crate::lot::line::{self as lots, LotIn};

/// Goods. Name the product by exactly one of `product_id`, `sku` and `barcode`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GoodsLineIn {
    /// The product, by id.
    product_id: Option<ProductId>,
    /// The product, by SKU.
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// The product and unit, by barcode.
    #[schema(min_length = 1, max_length = 64, example = "4006381333931")]
    barcode: Option<String>,
    /// The unit; the barcode's, else the product's stock unit, where absent.
    #[schema(min_length = 1, max_length = 8, example = "C62")]
    uom: Option<String>,
    /// How many of that unit, above zero.
    quantity: Quantity,
    /// The lots that it is of, where the product is tracked; those that expire first where absent.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lots: Vec<LotIn>,
}

/// The goods of a document, every wrong line noted.
pub fn goods(problems: &mut Problems, lines: Vec<GoodsLineIn>) -> Vec<GoodsLine> {
    let mut goods = Vec::with_capacity(lines.len());
    for (index, line) in lines.into_iter().enumerate() {
        match item(line.product_id, line.sku, line.barcode) {
            Ok(item) => {
                let lots = lots::named(problems, &format!("/lines/{index}"), line.lots);
                goods.push(GoodsLine { item, uom: line.uom, quantity: line.quantity, lots });
            }
            Err(detail) => problems.invalid(format!("/lines/{index}"), detail),
        }
    }
    goods
}
