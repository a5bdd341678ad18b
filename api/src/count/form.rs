//! Wire types of count sheets.

use chrono::{DateTime, NaiveDate, Utc};
use domain::count::{self, Count, CountStatus, CountedLot, EntryInput};
use domain::id::{CategoryId, CountId, LocationId, ProductId, StockDocumentId};
use domain::line_item::LINES_MAX;
use domain::moment::Instant;
use domain::number::{Money, Percent, Quantity};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{self, Code64, Filled100, Reference200, is_blank};
use serde::{Deserialize, Serialize};
use service::count::Selection;

use crate::line::{Skus, named_item};

/// A sheet to open. Choose its products in at most one way.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountIn {
    /// Your own id of the sheet. The server chooses one if absent.
    pub id: Option<CountId>,
    /// Location. The oldest warehouse if absent.
    pub location_id: Option<LocationId>,
    /// These products, by id.
    #[serde(default)]
    #[schema(max_items = 2000)]
    product_ids: Vec<ProductId>,
    /// These products, by SKU.
    #[serde(default)]
    #[schema(max_items = 2000, example = json!(["BOLT-M8"]))]
    skus: Vec<Code64>,
    /// Products of this category and those below it that the location ever had.
    category_id: Option<CategoryId>,
    /// All products that the location has.
    #[serde(default)]
    with_stock: bool,
    /// Number of products from the plan (`GET /v1/counts/plan`), the most urgent first.
    #[schema(minimum = 1, maximum = 2000, example = 50)]
    plan: Option<u32>,
    /// Whether the expected quantities are hidden from those who count.
    #[serde(default = "yes")]
    #[schema(default = true, example = true)]
    pub blind: bool,
    /// Percent of the expected quantity by which a line may differ without a recount. The tenant's setting if absent.
    pub tolerance_percent: Option<Percent>,
    /// Value by which a line may differ without a recount. The tenant's setting if absent.
    pub tolerance_value: Option<Money>,
    /// A remark.
    pub reference: Option<Reference200>,
}

fn yes() -> bool {
    true
}

impl CountIn {
    /// Returns the chosen products; none if they are too many. Reports more than one kind of choice.
    pub fn selection(&self, problems: &mut Problems) -> Selection {
        let chosen = [
            (!self.product_ids.is_empty())
                .then(|| ("/product_ids", Selection::Ids(self.product_ids.clone()))),
            (!self.skus.is_empty())
                .then(|| ("/skus", Selection::Skus(self.skus.iter().map(Code64::to_string).collect()))),
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
            return Selection::None;
        }
        for (pointer, named) in [("/product_ids", self.product_ids.len()), ("/skus", self.skus.len())] {
            if named > LINES_MAX {
                problems.invalid(pointer, format!("Name at most {LINES_MAX} products."));
                return Selection::None;
            }
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
    /// Lot code or serial number on the label of a tracked product.
    lot_code: Option<Code64>,
    /// Last day on which the lot may be sold, as its label says. May be absent if the lot is known already; its day is
    /// not changed.
    #[schema(example = "2027-03-31")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    expires_on: Option<NaiveDate>,
    /// Quantity in that unit; zero if there is none. For a serial number 1 or 0.
    quantity: Quantity,
    /// When it was counted. Now if absent. Never in the future.
    counted_at: Option<Instant>,
    /// Whether it replaces the earlier figures of the product or its lot in this round instead of adding to them.
    #[serde(default)]
    replaces: bool,
}

impl EntriesIn {
    /// Returns the figures, each with its product. Reports every wrong one.
    pub fn entries(self, problems: &mut Problems) -> Vec<EntryInput> {
        let mut entries = Vec::with_capacity(self.entries.len());
        for (index, entry) in self.entries.into_iter().enumerate() {
            let EntryIn { product_id, sku, barcode, uom, lot_code, .. } = entry;
            let EntryIn { expires_on, quantity, counted_at, replaces, .. } = entry;
            let counted_at = counted_at.map(Instant::get);
            let pointer = |field: &str| format!("/entries/{index}/{field}");
            if lot_code.is_none() && expires_on.is_some() {
                problems.invalid(pointer("expires_on"), "Name the lot that expires then: send its lot_code.");
            }
            let lot = text::checked(problems, &pointer("lot_code"), lot_code)
                .map(|code| CountedLot { code, expires_on });
            let names = (product_id, sku, barcode);
            let item = named_item(problems, &format!("/entries/{index}"), names);
            entries.push(EntryInput { item, lot, uom, quantity, counted_at, replaces });
        }
        entries
    }
}

/// Completion of a sheet.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteIn {
    /// Whether lines without a figure are skipped. Only in the first round. Otherwise they prevent the completion.
    #[serde(default)]
    #[schema(example = false)]
    pub skip_uncounted: bool,
}

/// Lines to count again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecountIn {
    /// Line numbers.
    #[schema(min_items = 1, max_items = 2000, example = json!([1]))]
    pub lines: Vec<i32>,
}

/// The reversal of a posted sheet.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CountReverseIn)]
pub struct ReverseIn {
    /// Reason of the reversal. The adjustment has it as its reference.
    reason: Filled100,
}

impl ReverseIn {
    /// Returns the reason.
    pub fn reason(self) -> Result<String, Refusal> {
        let mut problems = Problems::default();
        if is_blank(&self.reason) {
            problems.invalid("/reason", "Say why the count is reversed.");
        }
        let reason = self.reason.checked(&mut problems, "/reason");
        problems.check()?;
        Ok(reason)
    }
}

/// A count sheet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CountOut<'a> {
    /// Id of the sheet.
    pub id: CountId,
    object: tag::Count,
    /// Number of the sheet.
    #[schema(max_length = 64, example = "CT-2026-000123")]
    number: &'a str,
    /// Location of the count.
    location_id: LocationId,
    /// Status.
    status: CountStatus,
    /// Whether the expected quantities are hidden from those who count.
    blind: bool,
    /// Percent of the expected quantity by which a line may differ without a recount.
    tolerance_percent: Option<Percent>,
    /// Value by which a line may differ without a recount.
    tolerance_value: Option<Money>,
    /// A remark.
    #[schema(max_length = 200, example = "Aisle 4")]
    reference: Option<&'a str>,
    /// Current round of counting: 1, and one more with each recount.
    #[schema(minimum = 1, example = 1)]
    round: i32,
    /// The adjustment that it posted. Null: it is not posted, or nothing differed.
    document_id: Option<StockDocumentId>,
    /// The adjustment that took it back. Null: it is not reversed, or nothing had differed.
    #[schema(example = json!(null))]
    reversal_id: Option<StockDocumentId>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// Lines of the sheet. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    lines: Option<Vec<CountLineOut<'a>>>,
}

/// A line of a sheet. Quantities are stock units. The expected quantity and all that follows from it is null until the
/// sheet is completed. On a blind sheet it needs the scope `counts:approve`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CountLineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// Lot code or serial number. Null: the product is not tracked.
    #[schema(max_length = 64, example = json!(null))]
    lot_code: Option<&'a str>,
    /// Last day on which the lot may be sold, if it was entered.
    #[schema(example = json!(null))]
    expires_on: Option<NaiveDate>,
    /// Quantity counted in the last round. Null: not counted yet.
    counted: Option<Quantity>,
    /// When it was counted, by the last figure of that round.
    counted_at: Option<DateTime<Utc>>,
    /// Whether it has to be counted again, or was.
    recount: bool,
    /// Recorded quantity as of `counted_at`.
    expected: Option<Quantity>,
    /// Counted less expected.
    variance: Option<Quantity>,
    /// Posted part of the variance. Null until the sheet is posted.
    posted_quantity: Option<Quantity>,
    /// Value of the posted quantity. Null without the scope `costs:read`.
    posted_value: Option<Money>,
    /// Whether nothing was posted, because a later count of the product or its lot had been posted already.
    superseded: bool,
}

impl<'a> CountOut<'a> {
    /// Returns the wire form of a sheet, without lines.
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
            reversal_id: count.reversal_id,
            version: count.version,
            lines: None,
        }
    }

    /// Returns the wire form of a sheet with its lines. Unless `sees_all`, it hides the expected quantities of a blind
    /// sheet.
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
