//! Products, their units and their barcodes.

mod barcode;
mod former;
mod sku;

use rust_decimal::Decimal;
use sea_orm::{DeriveActiveEnum, EnumIter};

use crate::id::{CategoryId, ProductId, TaxClassId};
use crate::number::{Factor, Price, Quantity};
use crate::printed::PrintedProduct;
use crate::stock::CostingMethod;
use crate::text::one_form;
use crate::text_enum;
pub use barcode::{
    Barcode64, BarcodeRule, article_of, articles_of, barcode_forms, barcode_is_sound,
    check_barcode_kept_digits, joined_gtin, mended_barcode, one_barcode, other_barcode,
};
pub(crate) use former::unit_at;
pub use former::{BarcodeHolders, FormerUnit};
pub use sku::SkuHolder;
pub(crate) use sku::{holder_at, is_got_later};

text_enum! {
    /// The kind of a product, which decides whether it has stock.
    #[derive(Default, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum ProductKind {
        /// Has stock.
        #[default]
        Stocked,
        /// Work, postage and the like: sold without stock.
        Service,
        /// Sold as other products. Only those have stock.
        Bundle,
    }
}

text_enum! {
    /// Whether a product may still be sold.
    #[derive(Default, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum ProductStatus {
        /// It may be sold.
        #[default]
        Active,
        /// It is kept for its history only.
        Archived,
    }
}

text_enum! {
    /// The way in which the stock of a product is tracked.
    #[derive(Default, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum Tracking {
        /// By quantity only.
        #[default]
        None,
        /// By lot.
        Lot,
        /// Each unit by its own serial number.
        Serial,
    }
}

/// A product, with what the rules of a sale need.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// The version of its record.
    pub version: i32,
    /// Its SKU, case-sensitive.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ProductKind,
    /// Whether it may still be sold.
    pub status: ProductStatus,
    /// The way in which its stock is tracked.
    pub tracking: Tracking,
    /// Its category, then each parent up to the root.
    pub lineage: Vec<CategoryId>,
    /// The unit in which its stock is counted (UN/ECE Recommendation 20 or 21).
    pub stock_uom: String,
    /// The most decimals of a quantity in that unit.
    pub stock_decimals: u8,
    /// Its tax class.
    pub tax_class_id: TaxClassId,
    /// The price of one stock unit without any rule, if it has one.
    pub list_price: Option<Price>,
    /// Its costing method. If absent, that of the tenant's settings.
    pub costing_method: Option<CostingMethod>,
    /// The units in which it is sold besides the stock unit.
    pub units: Vec<Unit>,
    /// The components of a bundle; empty for other products.
    pub components: Vec<Component>,
}

/// A component of a bundle.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    /// The component: stocked or a service, never another bundle.
    pub product_id: ProductId,
    /// Its stock units in one stock unit of the bundle.
    pub quantity: Quantity,
}

/// A unit of a product.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its code.
    pub uom: String,
    /// The number of stock units in one of it.
    pub factor: Factor,
    /// Its own list price, if it has one.
    pub list_price: Option<Price>,
}

impl Product {
    /// Returns what a line prints of it. `tax_name` is the name of its tax class.
    pub fn printed(&self, tax_name: &str) -> PrintedProduct {
        PrintedProduct {
            version: Some(self.version),
            sku: self.sku.clone(),
            name: self.name.clone(),
            tax_name: tax_name.to_owned(),
        }
    }

    /// Returns whether its stock lies in lots. A serial number is a lot of one unit.
    pub fn is_tracked(&self) -> bool {
        self.tracking != Tracking::None
    }

    /// Returns the unit `uom`, or the stock unit if none is named. Nothing if the product has no such unit.
    pub fn unit(&self, uom: Option<&str>) -> Option<Unit> {
        match uom {
            Some(uom) if uom != self.stock_uom => self.units.iter().find(|unit| unit.uom == uom).cloned(),
            _ => Some(Unit { uom: self.stock_uom.clone(), factor: Factor::ONE, list_price: None }),
        }
    }

    /// Returns `quantity` as a quantity in stock units. Fails with a text for the caller if it has too many
    /// decimals for the stock unit.
    ///
    /// Half a mug on a document is a typing error, and would stay in the books for ever.
    pub fn to_stock_quantity(&self, quantity: Decimal) -> Result<Quantity, String> {
        let quantity = quantity.normalize();
        if quantity.scale() <= u32::from(self.stock_decimals) {
            return Ok(Quantity::new(quantity));
        }
        Err(format!("{}: correct the quantity {quantity}.", self.counted()))
    }

    /// Returns a quantity of a unit as a quantity in stock units. Fails like [`Product::to_stock_quantity`], with a text that names
    /// the quantity of the caller, and which quantities of the unit are possible.
    pub fn in_stock_units(&self, unit: &Unit, quantity: Quantity) -> Result<Quantity, String> {
        let Unit { uom, factor, .. } = unit;
        self.to_stock_quantity(factor.of(quantity)).map_err(|detail| {
            if *uom == self.stock_uom {
                return detail;
            }
            let least = factor.least_whole(self.stock_decimals);
            let possible =
                least.map(|least| format!(" A multiple of {least} {uom} is possible.")).unwrap_or_default();
            format!("{}, which {quantity} {uom} is not: correct the quantity.{possible}", self.counted())
        })
    }

    /// Says which quantities in stock units are possible.
    pub(crate) fn counted(&self) -> String {
        let Product { sku, stock_uom, stock_decimals, .. } = self;
        let form = match stock_decimals {
            0 => "whole numbers".to_owned(),
            1 => "at most 1 decimal".to_owned(),
            most => format!("at most {most} decimals"),
        };
        format!("{sku} is counted in {form} of {stock_uom}")
    }
}

/// A caller's name for a product.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ItemRef {
    /// By id.
    Id(ProductId),
    /// By SKU.
    Sku(String),
    /// By the barcode of one of its units.
    Barcode(String),
    /// By nothing, or in more than one way. The line is rejected.
    Unnamed,
}

impl ItemRef {
    /// The rule that a line breaks which names its product by nothing or in more than one way.
    pub const UNNAMED: &'static str = "Name the product by exactly one of product_id, sku and barcode.";

    /// Names a product by SKU.
    pub fn sku(sku: &str) -> Self {
        ItemRef::Sku(one_form(sku).into_owned())
    }

    /// Names a product by a barcode.
    pub fn barcode(code: &str) -> Self {
        ItemRef::Barcode(one_form(code).into_owned())
    }
}

/// The most decimals of a quantity in any unit.
pub const DECIMALS_MAX: u8 = 6;

/// Units of UN/ECE Recommendation 20 for whole things: piece, one, each, article, set, pair, dozen and the
/// like.
const COUNTING: [&str; 12] =
    ["C62", "H87", "EA", "PCE", "NAR", "SET", "PR", "DZN", "GRO", "NPR", "KT", "D63"];

/// Returns the usual number of decimals of a unit: none if it counts pieces or packages (codes of
/// Recommendation 21 begin with X), else [`DECIMALS_MAX`].
///
/// Half a mug can be neither bought nor sold; half a kilogram can.
pub fn decimals_of(uom: &str) -> u8 {
    let is_package = uom.len() == 3 && uom.starts_with('X');
    if is_package || COUNTING.contains(&uom) { 0 } else { DECIMALS_MAX }
}

/// Returns whether a quantity has at most `decimals` decimals.
pub fn fits_decimals(quantity: Quantity, decimals: u8) -> bool {
    quantity.get().normalize().scale() <= u32::from(decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_and_kilograms_are_not() {
        let quantity = |text: &str| text.parse::<Quantity>().expect("a quantity");
        for (uom, decimals) in [("C62", 0), ("XBX", 0), ("KGM", 6), ("MTR", 6), ("X", 6), ("XA", 6)] {
            assert_eq!(decimals_of(uom), decimals, "{uom}");
        }
        for (text, decimals, can_be) in [
            ("1", 0, true),
            ("12.000", 0, true),
            ("-3", 0, true),
            ("0.5", 0, false),
            ("0.5", 1, true),
            ("0.001", 2, false),
            ("100", 2, true),
        ] {
            assert_eq!(fits_decimals(quantity(text), decimals), can_be, "{text} to {decimals}");
        }
    }
}
