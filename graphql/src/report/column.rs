//! The columns of a report: name, type, unit and meaning. The texts come from the GraphQL schema.

use std::collections::HashMap;

use async_graphql::registry::{MetaField, MetaType, Registry};
use async_graphql::{Enum, SimpleObject};
use serde::Serialize;

use super::{Dimension, Row};

/// The role of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, utoipa::ToSchema)]
#[graphql(name = "ColumnRole")]
#[serde(rename_all = "snake_case")]
#[schema(as = ColumnRole)]
pub enum Role {
    /// The column describes the row.
    Dimension,
    /// The column is a figure.
    Measure,
}

/// A column of a report.
#[derive(Debug, Clone, Serialize, SimpleObject, utoipa::ToSchema)]
#[graphql(name = "ReportColumn")]
#[schema(as = ReportColumn)]
pub struct Column {
    /// Name of the column in JSON, CSV and SQL. GraphQL uses camel case.
    #[schema(value_type = String, max_length = 64, example = "net_revenue")]
    pub name: &'static str,
    /// Title for people.
    #[schema(max_length = 64, example = "Net revenue")]
    pub title: String,
    /// `string`, `date`, `datetime`, `boolean`, `integer` or `decimal`. Decimals are strings in JSON.
    #[serde(rename = "type")]
    #[graphql(name = "type")]
    #[schema(value_type = String, max_length = 16, example = "decimal")]
    pub kind: &'static str,
    /// `currency` (the row's own), `bill_currency`, `document_currency`, `stock_unit`, `percent`, `day`, `per_year` or `count`; null for texts
    /// and dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 32, example = "currency")]
    pub unit: Option<&'static str>,
    /// Whether the column describes the row or is a figure.
    pub role: Role,
    /// Whether a figure may be added over the rows of one currency; null for other columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = true)]
    pub additive: Option<bool>,
    /// Definition, sign and tax treatment.
    #[schema(max_length = 500, example = "gross_revenue − discount; without tax. Additive.")]
    pub description: String,
}

/// The kind of value of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Count,
    /// An amount in the row's currency.
    Amount,
    /// An amount in the row's `bill_currency`.
    BillAmount,
    /// An amount in the row's `document_currency`.
    DocumentAmount,
    /// A quantity in stock units.
    Units,
    /// A ratio: an amount in the row's currency per unit or order.
    Average,
    /// A ratio in percent.
    Percentage,
    /// A ratio in days.
    Days,
    /// Whole days until a date.
    DaysLeft,
    /// A ratio: times a year.
    Times,
}

#[derive(Debug, Clone, Copy)]
pub struct Measure {
    pub name: &'static str,
    pub kind: Kind,
    /// SQL over the sums of a group.
    pub formula: &'static str,
}

/// Returns a figure that is a plain sum.
pub const fn sum(name: &'static str, kind: Kind) -> Measure {
    Measure { name, kind, formula: name }
}

/// Returns a figure that is computed from sums.
pub const fn formula(name: &'static str, kind: Kind, formula: &'static str) -> Measure {
    Measure { name, kind, formula }
}

/// Returns the columns of a report with these figures.
pub fn columns<R: Row>(group_by: &[Dimension], is_filled: bool, measures: Vec<Measure>) -> Vec<Column> {
    let shares_orders = group_by.iter().any(|dimension| dimension.splits_documents());
    let descriptions = Descriptions::of::<R>();
    let partial = is_filled.then_some("is_partial");
    let dimensions = R::dimensions(group_by).into_iter().chain(partial).chain(["currency"]);
    let mut columns: Vec<Column> = dimensions.map(|name| dimension(&descriptions, name)).collect();
    columns.extend(measures.into_iter().map(|measure| {
        let (kind, unit) = match measure.kind {
            Kind::Count => ("integer", Some("count")),
            Kind::Amount | Kind::Average => ("decimal", Some("currency")),
            Kind::BillAmount => ("decimal", Some("bill_currency")),
            Kind::DocumentAmount => ("decimal", Some("document_currency")),
            Kind::Units => ("decimal", Some("stock_unit")),
            Kind::Percentage => ("decimal", Some("percent")),
            Kind::Days => ("decimal", Some("day")),
            Kind::DaysLeft => ("integer", Some("day")),
            Kind::Times => ("decimal", Some("per_year")),
        };
        let is_ratio = matches!(
            measure.kind,
            Kind::BillAmount
                | Kind::DocumentAmount
                | Kind::Average
                | Kind::Percentage
                | Kind::Days
                | Kind::DaysLeft
                | Kind::Times
        );
        let is_shared = shares_orders && compared_figure(measure.name) == "orders";
        Column {
            name: measure.name,
            title: title(measure.name),
            kind,
            unit,
            role: Role::Measure,
            additive: Some(!is_ratio && !is_shared),
            description: descriptions.of_column(measure.name),
        }
    }));
    columns
}

/// Whether a column of a report states a cost, or a figure from which a cost follows.
pub fn is_cost(column: &str) -> bool {
    let column = compared_figure(column);
    matches!(
        column,
        "value"
            | "average_value"
            | "unit_cost"
            | "lost_value"
            | "found_value"
            | "shrinkage_value"
            | "below_cost_loss"
    ) || column.starts_with("value_to_")
        || column.starts_with("value_over_")
        || column.starts_with("contribution")
        || column.contains("margin")
        || column == "cost"
        || column.ends_with("_cost")
}

/// Returns the figure for which a comparison has added this column; the column itself if it was not added.
pub fn compared_figure(column: &str) -> &str {
    ["_before", "_difference", "_difference_pct"]
        .into_iter()
        .find_map(|ending| column.strip_suffix(ending))
        .unwrap_or(column)
}

fn dimension(descriptions: &Descriptions, name: &'static str) -> Column {
    let kind = match name {
        "hour" => "datetime",
        "day" | "week" | "month" | "quarter" | "year" => "date",
        "hour_of_day" | "weekday" | "recency_days" | "line_no" => "integer",
        name if name.ends_with("_score") => "integer",
        "is_partial" => "boolean",
        name if name.ends_with("_on") => "date",
        _ => "string",
    };
    let description = descriptions.of_column(name);
    Column { name, title: title(name), kind, unit: None, role: Role::Dimension, additive: None, description }
}

/// Turns `gross_margin_pct` into "Gross margin %".
pub(super) fn title(name: &str) -> String {
    let words: Vec<&str> = name
        .split('_')
        .map(|word| match word {
            "pct" => "%",
            "sku" => "SKU",
            other => other,
        })
        .collect();
    let text = words.join(" ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Descriptions of a row's fields in the GraphQL schema, so that a column means the same everywhere.
struct Descriptions(HashMap<String, String>);

impl Descriptions {
    fn of<R: Row>() -> Self {
        let mut registry = Registry::default();
        R::create_type_info(&mut registry);
        let Some(MetaType::Object { fields, .. }) = registry.types.remove(R::type_name().as_ref()) else {
            return Descriptions(HashMap::new());
        };
        let described = |(name, field): (String, MetaField)| (name, field.description.unwrap_or_default());
        Descriptions(fields.into_iter().map(described).collect())
    }

    fn of_column(&self, name: &str) -> String {
        self.0.get(&camel_case(name)).map(|text| text.replace('\n', " ")).unwrap_or_default()
    }
}

/// Turns `grossMarginPct` into `gross_margin_pct`. Digits begin a word: `valueTo30Days` is `value_to_30_days`.
pub fn snake_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() || (letter.is_ascii_digit() && !before.is_ascii_digit()) {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
        before = letter;
    }
    text
}

/// Turns `gross_margin_pct` into `grossMarginPct`.
pub fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut text, word| {
        let mut letters = word.chars();
        text.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        text.extend(letters);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::{
        AbcRow, BalanceSheetRow, BestCustomersRow, ChannelRow, CustomerStatementRow, CustomerValueRow,
        GeneralLedgerRow, Input, LotExpiryRow, LowStockRow, MarginRow, Name, PayableAgeingRow,
        ProductPerformanceRow, ProfitAndLossRow, ReceivableAgeingRow, ReorderRow, Request, RevenueRow,
        ShrinkageRow, SlowStockRow, StockAgeingRow, StockPositionRow, StockTurnoverRow, StockValuationRow,
        TaxSummaryRow, TieOutRow, TrialBalanceRow, WeakMarginsRow,
    };
    use super::*;

    fn list<R: Row>(name: Name, group_by: Option<&str>) -> String {
        let group_by = group_by.map(|text| Dimension::parse_list(text).expect("dimensions"));
        let request = Request::new(name, Input { group_by, ..Input::default() }).expect("a request");
        let columns = columns::<R>(&request.group_by, request.fill, R::measures());
        assert!(columns.iter().all(|column| !column.description.is_empty() && !column.title.is_empty()));
        columns.iter().map(|column| column.name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn columns_of_costs_are_known_by_their_names() {
        for cost in [
            "cost",
            "unit_cost",
            "wholesale_cost",
            "retail_gross_margin_pct",
            "contribution_pct",
            "value",
            "value_to_30_days",
            "value_over_365_days",
            "cost_before",
            "wholesale_cost_difference_pct",
        ] {
            assert!(is_cost(cost), "{cost}");
        }
        for other in [
            "net_revenue",
            "net_revenue_before",
            "average_order_value",
            "units",
            "on_hand",
            "costing_method",
            "value_score",
            "rfm",
        ] {
            assert!(!is_cost(other), "{other}");
        }
    }

    /// Clients rely on the columns: none changes its meaning or is removed, and new ones come last.
    #[test]
    fn the_columns_are_a_contract() {
        let revenue = "currency orders lines units gross_sales returns gross_revenue discount net_revenue tax \
                       average_order_value";
        let rated = "return_rate_pct";
        let margin = format!("{revenue} cost gross_margin gross_margin_pct");
        assert_eq!(
            list::<RevenueRow>(Name::Revenue, Some("month,channel")),
            format!("month channel {revenue} {rated}")
        );
        assert_eq!(list::<MarginRow>(Name::Margin, Some("none")), format!("{margin} {rated}"));
        assert_eq!(
            list::<MarginRow>(Name::Margin, Some("weekday,hour_of_day,price_source,discount_band")),
            format!("weekday hour_of_day price_source discount_band {margin} {rated}")
        );
        assert_eq!(
            list::<MarginRow>(Name::Margin, Some("customer,product,category,location,country,week")),
            format!(
                "customer_number customer_name sku product_name category_code category_name location_code \
                 location_name country week {margin} {rated}"
            )
        );
        assert_eq!(
            list::<ChannelRow>(Name::ChannelSummary, None),
            format!("channel {margin} net_revenue_share_pct {rated}")
        );
        let of_channel = |channel: &str| {
            let figures = ["units", "net_revenue", "cost", "gross_margin", "gross_margin_pct"];
            figures.map(|figure| format!("{channel}{figure}")).join(" ")
        };
        assert_eq!(
            list::<ProductPerformanceRow>(Name::ProductPerformance, None),
            format!(
                "sku product_name category_code category_name currency {} {} {} wholesale_net_revenue_share_pct \
                 retail_net_revenue_share_pct",
                of_channel(""),
                of_channel("wholesale_"),
                of_channel("retail_")
            )
        );
        assert_eq!(
            list::<CustomerValueRow>(Name::CustomerValue, None),
            "customer_number customer_name customer_kind country first_order_on last_order_on currency orders \
             gross_sales returns discount net_revenue cost contribution contribution_pct average_order_value \
             wholesale_net_revenue retail_net_revenue"
        );
        assert_eq!(
            list::<BestCustomersRow>(Name::BestCustomers, None),
            "customer_number customer_name customer_kind country last_order_on recency_days recency_score frequency_score \
             value_score rfm currency orders net_revenue cost contribution contribution_pct average_order_value"
        );
        assert_eq!(
            list::<WeakMarginsRow>(Name::WeakMargins, None),
            "sku product_name category_code category_name channel currency units net_revenue cost gross_margin \
             gross_margin_pct below_cost_lines below_cost_units below_cost_loss"
        );
    }

    /// The same for reports on stock.
    #[test]
    fn the_columns_of_stock_are_a_contract() {
        let names = "sku product_name category_code category_name location_code location_name uom";
        assert_eq!(
            list::<StockPositionRow>(Name::StockPosition, None),
            format!("{names} currency on_hand reserved available value unit_cost")
        );
        assert_eq!(
            list::<StockValuationRow>(Name::StockValuation, Some("category,product,location")),
            "category_code category_name sku product_name location_code location_name uom currency on_hand value \
             unit_cost"
        );
        assert_eq!(
            list::<StockValuationRow>(Name::StockValuation, Some("none")),
            "currency on_hand value unit_cost"
        );
        assert_eq!(
            list::<LowStockRow>(Name::LowStock, None),
            format!("{names} currency on_hand reserved available reorder_point reorder_quantity shortage")
        );
        assert_eq!(
            list::<LotExpiryRow>(Name::LotExpiry, None),
            format!(
                "{names} lot_code supplier_lot lot_status expires_on currency days_left on_hand reserved available value"
            )
        );
        assert_eq!(
            list::<StockTurnoverRow>(Name::StockTurnover, None),
            format!("{names} currency on_hand value average_value units_sold cost turnover cover_days")
        );
        assert_eq!(
            list::<ReorderRow>(Name::Reorder, None),
            format!(
                "{names} order_by currency available position rate_week reorder_point fill_to transfer_units order_units \
                 cover_days cover_days_after value"
            )
        );
        let bands = |figure: &str| {
            ["to_30", "to_60", "to_90", "to_180", "to_365", "over_365"]
                .map(|band| format!("{figure}_{band}_days"))
                .join(" ")
        };
        assert_eq!(
            list::<StockAgeingRow>(Name::StockAgeing, None),
            format!("{names} oldest_on currency on_hand value {} {}", bands("units"), bands("value"))
        );
        assert_eq!(
            list::<SlowStockRow>(Name::SlowStock, None),
            format!("{names} first_moved_on last_sold_on currency on_hand value units_sold cover_days")
        );
        assert_eq!(
            list::<AbcRow>(Name::Abc, None),
            "class sku product_name category_code category_name currency units net_revenue cost gross_margin \
             gross_margin_pct share_pct cumulative_share_pct"
        );
        assert_eq!(
            list::<ShrinkageRow>(Name::Shrinkage, None),
            "reason reason_name location_code location_name currency lines lost_units lost_value found_units \
             found_value shrinkage_value"
        );
        assert_eq!(
            list::<ReceivableAgeingRow>(Name::ReceivableAgeing, None),
            "customer_number customer_name document_currency currency not_due due_1_to_30_days due_31_to_60_days \
             due_61_to_90_days due_over_90_days receivable unapplied owed foreign_receivable foreign_unapplied"
        );
        assert_eq!(
            list::<PayableAgeingRow>(Name::PayableAgeing, None),
            "supplier_code supplier_name bill_currency currency not_due due_1_to_30_days due_31_to_60_days due_61_to_90_days \
             due_over_90_days payable foreign_payable"
        );
    }

    /// The same for the books.
    #[test]
    fn the_columns_of_the_books_are_a_contract() {
        assert_eq!(
            list::<TrialBalanceRow>(Name::TrialBalance, None),
            "account_code account_name account_kind currency opening debit credit closing"
        );
        assert_eq!(
            list::<GeneralLedgerRow>(Name::GeneralLedger, None),
            "account_code account_name posted_on occurred_on document_kind document_id document_url entry_id line_no \
             channel location_code customer_number supplier_code memo currency debit credit balance"
        );
        assert_eq!(
            list::<CustomerStatementRow>(Name::CustomerStatement, None),
            "customer_number customer_name occurred_on document_kind document_number document_id document_url due_on currency \
             debit credit owed_after"
        );
        let figures = "currency revenue cost gross_margin expense result";
        assert_eq!(
            list::<ProfitAndLossRow>(Name::ProfitAndLoss, None),
            format!("month section account_code account_name {figures}")
        );
        assert_eq!(
            list::<ProfitAndLossRow>(Name::ProfitAndLoss, Some("channel,year,quarter")),
            format!("channel year quarter section account_code account_name {figures}")
        );
        assert_eq!(
            list::<BalanceSheetRow>(Name::BalanceSheet, None),
            "section account_code account_name currency assets liabilities equity balance"
        );
        assert_eq!(
            list::<TieOutRow>(Name::TieOut, None),
            "control account_codes href currency ledger by_hand subledger difference"
        );
        assert_eq!(
            list::<TaxSummaryRow>(Name::TaxSummary, Some("quarter,country")),
            "quarter country tax_code tax_name tax_rate amount_per_unit account_code currency tax_base tax"
        );
    }

    #[test]
    fn orders_are_not_added_up_over_products() {
        let additive = |group_by: &str| {
            let group_by = Some(Dimension::parse_list(group_by).expect("dimensions"));
            let request =
                Request::new(Name::Revenue, Input { group_by, ..Input::default() }).expect("a request");
            let columns = columns::<RevenueRow>(&request.group_by, request.fill, RevenueRow::measures());
            let of = |name: &str| {
                columns.iter().find(|column| column.name == name).and_then(|column| column.additive)
            };
            (of("orders"), of("net_revenue"), of("average_order_value"), of("currency"))
        };
        assert_eq!(additive("month"), (Some(true), Some(true), Some(false), None));
        assert_eq!(additive("month,product"), (Some(false), Some(true), Some(false), None));
    }

    #[test]
    fn titles_are_for_people() {
        assert_eq!(title("gross_margin_pct"), "Gross margin %");
        assert_eq!(title("sku"), "SKU");
        assert_eq!(camel_case("net_revenue_share_pct"), "netRevenueSharePct");
    }
}
