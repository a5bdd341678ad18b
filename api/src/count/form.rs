//! The forms of count sheets.

use chrono::{DateTime, NaiveDate, Utc};
use domain::count::{self, Count, CountStatus, CountedLot, EntryInput};
use domain::id::{CategoryId, CountId, LocationId, ProductId, StockDocumentId};
use domain::number::{Money, Percent, Quantity};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{self, Line64, Text200};
use serde::{Deserialize, Serialize};
use service::count::Selection;

use crate::line::{Skus, item};

/// A sheet to open. Choose its products in at most one way.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountIn {
    /// Your own id of the sheet; ours where absent.
    pub id: Option<CountId>,
    /// Where; the oldest warehouse where absent.
    pub location_id: Option<LocationId>,
    /// These products, by id.
    #[serde(default)]
    #[schema(max_items = 2000)]
    product_ids: Vec<ProductId>,
    /// These products, by SKU.
    #[serde(default)]
    #[schema(max_items = 2000, example = json!(["BOLT-M8"]))]
    skus: Vec<String>,
    /// What the location ever had of this category and those below it.
    category_id: Option<CategoryId>,
    /// What the location has.
    #[serde(default)]
    with_stock: bool,
    /// So many of the plan (`GET /v1/counts/plan`), the most urgent first.
    #[schema(minimum = 1, maximum = 2000, example = 50)]
    plan: Option<u32>,
    /// Whether who counts does not see what is expected.
    #[serde(default = "yes")]
    #[schema(default = true, example = true)]
    pub blind: bool,
    /// By how many percent of what is expected a line may differ without a recount; the tenant's setting where absent.
    pub tolerance_percent: Option<Percent>,
    /// By how much value a line may differ without a recount; the tenant's setting where absent.
    pub tolerance_value: Option<Money>,
    /// A remark.
    pub reference: Option<Text200>,
}

fn yes() -> bool {
    true
}

impl CountIn {
    /// Which products are chosen.
    pub fn selection(&self, problems: &mut Problems) -> Selection {
        let chosen = [
            (!self.product_ids.is_empty())
                .then(|| ("/product_ids", Selection::Ids(self.product_ids.clone()))),
            (!self.skus.is_empty()).then(|| ("/skus", Selection::Skus(self.skus.clone()))),
            self.category_id.map(|id| ("/category_id", Selection::Category(id))),
            self.with_stock.then_some(("/with_stock", Selection::WithStock)),
            self.plan.map(|rows| ("/plan", Selection::Plan(rows))),
        ];
        let mut chosen = chosen.into_iter().flatten();
        let first = chosen.next();
        for (pointer, _) in chosen {
            problems.invalid(pointer, "Choose the products in one way only.");
        }
        if self.plan.is_some_and(|rows| rows == 0 || rows > 2000) {
            problems.invalid("/plan", "A sheet takes 1 to 2000 products of the plan.");
        }
        first.map_or(Selection::None, |(_, selection)| selection)
    }
}

/// Figures to enter.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntriesIn {
    /// The figures.
    #[schema(min_items = 1, max_items = 2000)]
    entries: Vec<EntryIn>,
}

/// A figure. Name the product by exactly one of `product_id`, `sku` and `barcode`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryIn {
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
    /// What is printed on the goods, where the product is tracked: the lot's code, or the serial number.
    lot_code: Option<Line64>,
    /// The last day on which the lot may be sold, as it is printed on the goods; what is known of a lot already can be left
    /// out, and is not changed.
    #[schema(example = "2027-03-31")]
    expires_on: Option<NaiveDate>,
    /// How many of that unit; zero where there are none. Of a serial number 1, or 0.
    quantity: Quantity,
    /// When it was counted; now where absent, never in the future.
    counted_at: Option<DateTime<Utc>>,
    /// Whether it takes the place of what was entered for the product, or its lot, before in this round, instead of adding
    /// to it.
    #[serde(default)]
    replaces: bool,
}

impl EntriesIn {
    /// The figures, each with its product.
    pub fn entries(self) -> Result<Vec<EntryInput>, Refusal> {
        let mut problems = Problems::default();
        let mut entries = Vec::with_capacity(self.entries.len());
        for (index, entry) in self.entries.into_iter().enumerate() {
            let EntryIn { product_id, sku, barcode, uom, lot_code, .. } = entry;
            let EntryIn { expires_on, quantity, counted_at, replaces, .. } = entry;
            let pointer = |field: &str| format!("/entries/{index}/{field}");
            if lot_code.is_none() && expires_on.is_some() {
                problems.invalid(pointer("expires_on"), "Say of which lot: name its lot_code.");
            }
            let lot = text::checked(&mut problems, &pointer("lot_code"), lot_code)
                .map(|code| CountedLot { code, expires_on });
            match item(product_id, sku, barcode) {
                Ok(item) => entries.push(EntryInput { item, lot, uom, quantity, counted_at, replaces }),
                Err(detail) => problems.invalid(format!("/entries/{index}"), detail),
            }
        }
        problems.check()?;
        Ok(entries)
    }
}

/// How a sheet is declared counted.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteIn {
    /// Whether lines that nobody counted are left as they are; otherwise they stand in the way.
    #[serde(default)]
    #[schema(example = false)]
    pub skip_uncounted: bool,
}

/// Lines to count again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecountIn {
    /// Their numbers.
    #[schema(min_items = 1, max_items = 2000, example = json!([1]))]
    pub lines: Vec<i32>,
}

/// A count sheet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CountOut<'a> {
    /// Its id.
    pub id: CountId,
    object: tag::Count,
    /// Its number.
    #[schema(max_length = 64, example = "CT-2026-000123")]
    number: &'a str,
    /// Where.
    location_id: LocationId,
    /// Where it stands.
    status: CountStatus,
    /// Whether who counts does not see what is expected.
    blind: bool,
    /// By how many percent of what is expected a line may differ without a recount.
    tolerance_percent: Option<Percent>,
    /// By how much value a line may differ without a recount.
    tolerance_value: Option<Money>,
    /// A remark.
    #[schema(max_length = 200, example = "Aisle 4")]
    reference: Option<&'a str>,
    /// The round of counting that is on: 1, and one more with each recount.
    #[schema(minimum = 1, example = 1)]
    round: i32,
    /// The adjustment that it posted, where anything differed.
    document_id: Option<StockDocumentId>,
    /// Grows with each change.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// What; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    lines: Option<Vec<CountLineOut<'a>>>,
}

/// A line of a sheet. Quantities are stock units. What is expected, and what follows from it, is null before the sheet is
/// declared counted, and on a blind sheet without the scope `counts:approve`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CountLineOut<'a> {
    /// From 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The product.
    product_id: ProductId,
    /// Its SKU.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// The code of its lot, or the serial number, where the product is tracked.
    #[schema(max_length = 64, example = json!(null))]
    lot_code: Option<&'a str>,
    /// The last day on which the lot may be sold, where somebody read it off the goods.
    #[schema(example = json!(null))]
    expires_on: Option<NaiveDate>,
    /// What was counted in the last round; null before.
    counted: Option<Quantity>,
    /// When, by the last figure of that round.
    counted_at: Option<DateTime<Utc>>,
    /// Whether it has to be counted again, or was.
    recount: bool,
    /// What the record said at `counted_at`.
    expected: Option<Quantity>,
    /// What was counted less what was expected.
    variance: Option<Quantity>,
    /// What was posted: of the variance, once the sheet is posted.
    posted_quantity: Option<Quantity>,
    /// Its cost.
    posted_value: Option<Money>,
    /// Whether a later count of the product, or its lot, stood already, so that nothing was posted.
    superseded: bool,
}

impl<'a> CountOut<'a> {
    /// The answer's form of a sheet, without lines.
    pub fn new(count: &'a Count) -> Self {
        CountOut {
            id: count.id,
            object: tag::Count,
            number: &count.number,
            location_id: count.location_id,
            status: count.status,
            blind: count.blind,
            tolerance_percent: count.tolerance_percent,
            tolerance_value: count.tolerance_value,
            reference: count.reference.as_deref(),
            round: count.round,
            document_id: count.document_id,
            version: count.version,
            lines: None,
        }
    }

    /// The answer's form of a sheet with its lines, for somebody who sees what blind sheets expect or not.
    pub fn with_lines(count: &'a Count, skus: Skus<'_, 'a>, sees_all: bool) -> Self {
        let is_shown = sees_all || !count.blind;
        let line = |line: &'a count::CountLine| {
            let expected = line.expected.filter(|_| is_shown);
            let posted = line.posted.filter(|_| is_shown);
            CountLineOut {
                line_no: line.line_no,
                product_id: line.product_id,
                sku: skus(line.product_id),
                lot_code: line.lot_code(),
                expires_on: line.lot.as_ref().and_then(|lot| lot.expires_on),
                counted: line.counted,
                counted_at: line.counted_at,
                recount: line.recount,
                expected,
                variance: line.counted.zip(expected).map(|(counted, expected)| counted - expected),
                posted_quantity: posted.map(|(quantity, _)| quantity),
                posted_value: posted.map(|(_, value)| value),
                superseded: line.superseded,
            }
        };
        CountOut { lines: Some(count.lines.iter().map(line).collect()), ..CountOut::new(count) }
    }
}
