//! The registry: the statement, the figures, the order and the row type of each report.

use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use service::{Error, Tx};

use super::{
    AbcRow, BalanceSheetRow, BestCustomersRow, ChannelRow, CustomerStatementRow, CustomerValueRow,
    GeneralLedgerRow, LotExpiryRow, LowStockRow, MarginRow, Measure, Name, PayableAgeingRow,
    ProductPerformanceRow, ProfitAndLossRow, RawReport, ReceivableAgeingRow, ReorderRow, Request, RevenueRow,
    Row as _, ShrinkageRow, SlowStockRow, StockAgeingRow, StockPositionRow, StockTurnoverRow,
    StockValuationRow, Table, TaxSummaryRow, TieOutRow, TrialBalanceRow, WeakMarginsRow, ageing, decode,
    ledger, sales, stock,
};

impl Name {
    /// Returns the report's statement. Its values are not bound yet.
    pub(super) fn statement(self, request: &Request) -> String {
        match self {
            Name::Revenue => RevenueRow::statement(request),
            Name::Margin => MarginRow::statement(request),
            Name::ChannelSummary => ChannelRow::statement(request),
            Name::ProductPerformance => ProductPerformanceRow::statement(request),
            Name::CustomerValue => CustomerValueRow::statement(request),
            Name::StockPosition => StockPositionRow::statement(request),
            Name::StockValuation => StockValuationRow::statement(request),
            Name::LowStock => LowStockRow::statement(request),
            Name::LotExpiry => LotExpiryRow::statement(request),
            Name::StockAgeing => StockAgeingRow::statement(request),
            Name::SlowStock => SlowStockRow::statement(request),
            Name::Abc => AbcRow::statement(request),
            Name::Shrinkage => ShrinkageRow::statement(request),
            Name::ReceivableAgeing => ReceivableAgeingRow::statement(request),
            Name::PayableAgeing => PayableAgeingRow::statement(request),
            Name::CustomerStatement => CustomerStatementRow::statement(request),
            Name::StockTurnover => StockTurnoverRow::statement(request),
            Name::Reorder => ReorderRow::statement(request),
            Name::WeakMargins => WeakMarginsRow::statement(request),
            Name::BestCustomers => BestCustomersRow::statement(request),
            Name::TrialBalance => TrialBalanceRow::statement(request),
            Name::GeneralLedger => GeneralLedgerRow::statement(request),
            Name::ProfitAndLoss => ProfitAndLossRow::statement(request),
            Name::BalanceSheet => BalanceSheetRow::statement(request),
            Name::TieOut => TieOutRow::statement(request),
            Name::TaxSummary => TaxSummaryRow::statement(request),
        }
    }

    /// Whether the report reads the ledger, which has days of posting.
    pub fn is_of_ledger(self) -> bool {
        matches!(
            self,
            Name::TrialBalance
                | Name::GeneralLedger
                | Name::ProfitAndLoss
                | Name::BalanceSheet
                | Name::TieOut
        )
    }

    /// Whether the bounds of the report are days, which no time zone changes.
    pub(super) fn has_days(self) -> bool {
        self.is_of_ledger() || self == Name::CustomerStatement
    }

    /// Returns the report's statement with its values bound.
    pub(super) fn query<'q>(
        self,
        tx: &Tx,
        request: &Request,
    ) -> Result<Query<'q, Postgres, PgArguments>, sqlx::Error> {
        let sql = self.statement(request);
        if self.is_of_sales() {
            sales::bind(sql, tx, request)
        } else if [Name::ReceivableAgeing, Name::PayableAgeing].contains(&self) {
            ageing::bind(sql, tx, request)
        } else if self.has_days() {
            ledger::bind(sql, tx, request)
        } else {
            stock::bind(sql, tx, request)
        }
    }

    /// Returns the figures of the report.
    pub(super) fn measures(self) -> Vec<Measure> {
        match self {
            Name::Revenue => RevenueRow::measures(),
            Name::Margin => MarginRow::measures(),
            Name::ChannelSummary => ChannelRow::measures(),
            Name::ProductPerformance => ProductPerformanceRow::measures(),
            Name::CustomerValue => CustomerValueRow::measures(),
            Name::StockPosition => StockPositionRow::measures(),
            Name::StockValuation => StockValuationRow::measures(),
            Name::LowStock => LowStockRow::measures(),
            Name::LotExpiry => LotExpiryRow::measures(),
            Name::StockAgeing => StockAgeingRow::measures(),
            Name::SlowStock => SlowStockRow::measures(),
            Name::Abc => AbcRow::measures(),
            Name::Shrinkage => ShrinkageRow::measures(),
            Name::ReceivableAgeing => ReceivableAgeingRow::measures(),
            Name::PayableAgeing => PayableAgeingRow::measures(),
            Name::CustomerStatement => CustomerStatementRow::measures(),
            Name::StockTurnover => StockTurnoverRow::measures(),
            Name::Reorder => ReorderRow::measures(),
            Name::WeakMargins => WeakMarginsRow::measures(),
            Name::BestCustomers => BestCustomersRow::measures(),
            Name::TrialBalance => TrialBalanceRow::measures(),
            Name::GeneralLedger => GeneralLedgerRow::measures(),
            Name::ProfitAndLoss => ProfitAndLossRow::measures(),
            Name::BalanceSheet => BalanceSheetRow::measures(),
            Name::TieOut => TieOutRow::measures(),
            Name::TaxSummary => TaxSummaryRow::measures(),
        }
    }

    /// Returns the order of the rows, and which of them a limit keeps.
    pub fn order(self) -> &'static str {
        match self {
            Name::Revenue => {
                "The greatest net_revenue first. If the rows are grouped by time: in the order of time, and a limit keeps the \
                 rows with the greatest net_revenue."
            }
            Name::Margin => {
                "The greatest gross_margin first. If the rows are grouped by time: in the order of time, and a limit keeps \
                 the rows with the greatest gross_margin."
            }
            Name::ChannelSummary => "By channel. There are two.",
            Name::ProductPerformance => "The greatest net_revenue first.",
            Name::CustomerValue => {
                "The greatest contribution first, or the greatest net_revenue without the scope costs:read."
            }
            Name::StockPosition => {
                "The greatest value first, or the greatest on_hand without the scope costs:read."
            }
            Name::BestCustomers => "The greatest rfm first; of equals, the greatest net_revenue.",
            Name::WeakMargins => {
                "The greatest below_cost_loss first; of equals, the smallest gross_margin_pct."
            }
            Name::StockValuation | Name::StockAgeing | Name::SlowStock | Name::StockTurnover => {
                "The greatest value first."
            }
            Name::LowStock => "The greatest shortage first.",
            Name::Reorder => "The earliest order_by first; of equals, the smallest cover_days.",
            Name::LotExpiry => "The earliest expires_on first.",
            Name::Abc => "The greatest measure first.",
            Name::Shrinkage => "The greatest shrinkage_value first.",
            Name::ReceivableAgeing => "The greatest receivable first.",
            Name::PayableAgeing => "The greatest payable first.",
            Name::CustomerStatement => "By customer_number, then by occurred_on and entry.",
            Name::TrialBalance => "By account_code.",
            Name::GeneralLedger => "By account_code, then by posted_on and entry.",
            Name::ProfitAndLoss => "In the order of time, then by channel and account_code.",
            Name::BalanceSheet => "By account_code; the results come last.",
            Name::TieOut => "By account_codes.",
            Name::TaxSummary => {
                "In the order of time, then by channel, country, tax_code and the greatest tax_rate."
            }
        }
    }
}

/// Decodes the rows of a report, as a table.
pub(super) fn table(request: &Request, raw: RawReport) -> Result<Table, Error> {
    match request.name {
        Name::Revenue => Table::new(request, decode::<RevenueRow>(request, raw)?),
        Name::Margin => Table::new(request, decode::<MarginRow>(request, raw)?),
        Name::ChannelSummary => Table::new(request, decode::<ChannelRow>(request, raw)?),
        Name::ProductPerformance => Table::new(request, decode::<ProductPerformanceRow>(request, raw)?),
        Name::CustomerValue => Table::new(request, decode::<CustomerValueRow>(request, raw)?),
        Name::StockPosition => Table::new(request, decode::<StockPositionRow>(request, raw)?),
        Name::StockValuation => Table::new(request, decode::<StockValuationRow>(request, raw)?),
        Name::LowStock => Table::new(request, decode::<LowStockRow>(request, raw)?),
        Name::LotExpiry => Table::new(request, decode::<LotExpiryRow>(request, raw)?),
        Name::StockAgeing => Table::new(request, decode::<StockAgeingRow>(request, raw)?),
        Name::SlowStock => Table::new(request, decode::<SlowStockRow>(request, raw)?),
        Name::Abc => Table::new(request, decode::<AbcRow>(request, raw)?),
        Name::Shrinkage => Table::new(request, decode::<ShrinkageRow>(request, raw)?),
        Name::ReceivableAgeing => Table::new(request, decode::<ReceivableAgeingRow>(request, raw)?),
        Name::PayableAgeing => Table::new(request, decode::<PayableAgeingRow>(request, raw)?),
        Name::CustomerStatement => Table::new(request, decode::<CustomerStatementRow>(request, raw)?),
        Name::StockTurnover => Table::new(request, decode::<StockTurnoverRow>(request, raw)?),
        Name::Reorder => Table::new(request, decode::<ReorderRow>(request, raw)?),
        Name::WeakMargins => Table::new(request, decode::<WeakMarginsRow>(request, raw)?),
        Name::BestCustomers => Table::new(request, decode::<BestCustomersRow>(request, raw)?),
        Name::TrialBalance => Table::new(request, decode::<TrialBalanceRow>(request, raw)?),
        Name::GeneralLedger => Table::new(request, decode::<GeneralLedgerRow>(request, raw)?),
        Name::ProfitAndLoss => Table::new(request, decode::<ProfitAndLossRow>(request, raw)?),
        Name::BalanceSheet => Table::new(request, decode::<BalanceSheetRow>(request, raw)?),
        Name::TieOut => Table::new(request, decode::<TieOutRow>(request, raw)?),
        Name::TaxSummary => Table::new(request, decode::<TaxSummaryRow>(request, raw)?),
    }
}
