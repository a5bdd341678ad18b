//! Content of a row: a product with its reorder settings, and the cells of those settings.

use domain::number::Quantity;
use domain::text::Code64;
use serde::{Deserialize, Serialize};
use service::catalog::codes::Codes;
use service::catalog::product::ProductInput;
use service::catalog::reorder::{LocationReorderInput, ReorderInput};

use super::cell::{BETWEEN, entries, json, json_cell, number};

/// A product with its reorder settings, as a row states them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    /// The product itself.
    pub(super) product: ProductInput,
    /// Its reorder settings.
    pub(super) reorder: ReorderInput,
}

impl Stated {
    /// Creates a product with a SKU and default values.
    pub(super) fn new(sku: impl Into<Code64>) -> Self {
        Stated { product: ProductInput::new(sku), reorder: ReorderInput::default() }
    }
}

/// Reorder settings at a location, which is named by its code.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    location: String,
    reorder_point: Quantity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reorder_quantity: Option<Quantity>,
}

/// Reads `SHOP=8@12|MAIN=20`: reorder point and reorder quantity by location.
pub(super) fn locations(cell: &str, codes: &Codes) -> Result<Vec<LocationReorderInput>, String> {
    let stated: Vec<At> = if cell.starts_with('[') {
        json(cell)?
    } else {
        entries(cell).map(entry).collect::<Result<_, _>>()?
    };
    let known = |at: At| {
        let unknown = || format!("There is no location with the code {}.", at.location);
        let location_id = codes.location(&at.location).ok_or_else(unknown)?;
        let At { reorder_point, reorder_quantity, .. } = at;
        Ok(LocationReorderInput { location_id, reorder_point, reorder_quantity })
    };
    stated.into_iter().map(known).collect()
}

fn entry(entry: &str) -> Result<At, String> {
    let form = || format!("Expected locations such as SHOP=8 or SHOP=8@12, not {entry}.");
    let (location, rest) = entry.split_once('=').ok_or_else(form)?;
    let (point, quantity) = rest.split_once('@').unwrap_or((rest, ""));
    Ok(At {
        location: location.trim().to_owned(),
        reorder_point: number::<Quantity>(point.trim())?.ok_or_else(form)?,
        reorder_quantity: number::<Quantity>(quantity.trim())?,
    })
}

/// Writes the reorder settings of single locations as a cell.
pub(super) fn locations_cell(stated: &[LocationReorderInput], codes: &Codes) -> String {
    let at = |row: &LocationReorderInput| At {
        location: codes.of_location(row.location_id).to_owned(),
        reorder_point: row.reorder_point,
        reorder_quantity: row.reorder_quantity,
    };
    let mut stated: Vec<At> = stated.iter().map(at).collect();
    stated.sort_by(|a, b| a.location.cmp(&b.location));
    let is_plain = |at: &At| !at.location.contains([BETWEEN, '=', '[']);
    if !stated.iter().all(is_plain) {
        return json_cell(&stated);
    }
    let entry = |at: &At| match at.reorder_quantity {
        Some(quantity) => format!("{}={}@{quantity}", at.location, at.reorder_point),
        None => format!("{}={}", at.location, at.reorder_point),
    };
    stated.iter().map(entry).collect::<Vec<_>>().join("|")
}
