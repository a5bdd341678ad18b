//! Costs are shown to callers with `costs:read` only.
//!
//! Some reports are about costs: they need the scope. In the others, a table has null in the columns of costs, and a GraphQL
//! document that names one of them is rejected.

use async_graphql::Positioned;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use crate::report::{AbcMeasure, Name, Request, is_cost, snake_case};

/// Whether the caller may see costs.
#[derive(Debug, Clone, Copy)]
pub struct SeesCosts(pub bool);

/// Whether a report is about costs as a whole, or in an order that follows from costs.
pub fn is_about_costs(request: &Request) -> bool {
    let sorted_by_cost = request.sort.is_some_and(|sort| is_cost(sort.column));
    let classed_by_cost = request.name == Name::Abc && request.measure == AbcMeasure::GrossMargin;
    sorted_by_cost || classed_by_cost || is_of_costs(request.name)
}

/// Whether a report is about costs as a whole, with any parameters.
pub fn is_of_costs(name: Name) -> bool {
    match name {
        Name::Margin
        | Name::StockValuation
        | Name::StockAgeing
        | Name::SlowStock
        | Name::StockTurnover
        | Name::WeakMargins
        | Name::Shrinkage
        | Name::TrialBalance
        | Name::GeneralLedger
        | Name::ProfitAndLoss
        | Name::BalanceSheet
        | Name::TieOut
        | Name::PayableAgeing => true,
        Name::Revenue
        | Name::ChannelSummary
        | Name::ProductPerformance
        | Name::CustomerValue
        | Name::Abc
        | Name::StockPosition
        | Name::LowStock
        | Name::Reorder
        | Name::LotExpiry
        | Name::ReceivableAgeing
        | Name::CustomerStatement
        | Name::BestCustomers
        | Name::TaxSummary => false,
    }
}

/// Returns the first field of a document that states a cost. An alias hides no field, and fragments are read too.
pub fn named(document: &ExecutableDocument) -> Option<String> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set);
    operations.chain(fragments).find_map(find)
}

fn find(set: &Positioned<SelectionSet>) -> Option<String> {
    set.node.items.iter().find_map(|item| match &item.node {
        Selection::Field(field) => {
            let name = field.node.name.node.as_str();
            if is_cost(&snake_case(name)) {
                return Some(name.to_owned());
            }
            find(&field.node.selection_set)
        }
        Selection::InlineFragment(fragment) => find(&fragment.node.selection_set),
        Selection::FragmentSpread(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn a_cost_is_found_behind_an_alias_and_in_a_fragment() {
        let found = |text: &str| named(&parse_query(text).expect("GraphQL"));
        assert_eq!(found("{ channelSummary { rows { channel netRevenue } } }"), None);
        assert_eq!(found("{ abc { rows { units: cost } } }").as_deref(), Some("cost"));
        let spread =
            "query a { abc { rows { ...f } } } fragment f on AbcRow { ... on AbcRow { grossMarginPct } }";
        assert_eq!(found(spread).as_deref(), Some("grossMarginPct"));
        assert_eq!(found("{ stockAgeing { rows { x: valueTo30Days } } }").as_deref(), Some("valueTo30Days"));
    }
}
