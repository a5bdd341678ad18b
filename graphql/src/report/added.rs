//! The columns that a comparison adds for each figure of a report.

use super::column::{Kind, Measure, compared_figure, sum};

/// The columns that a comparison adds for a figure.
#[derive(Debug, Clone, Copy)]
pub struct Added {
    pub of: &'static str,
    pub kind: Kind,
    pub before: &'static str,
    pub difference: &'static str,
    /// The difference in percent; nothing for a figure that is in percent already.
    pub pct: Option<&'static str>,
}

/// Names of the columns that are added for a figure.
macro_rules! added {
    ($($name:literal),* $(,)?) => {
        [$(($name, concat!($name, "_before"), concat!($name, "_difference"), concat!($name, "_difference_pct"))),*]
    };
}

/// Every figure of a report that can be compared.
const ADDED: [(&str, &str, &str, &str); 82] = added![
    "orders",
    "lines",
    "units",
    "gross_sales",
    "returns",
    "gross_revenue",
    "discount",
    "net_revenue",
    "tax",
    "average_order_value",
    "cost",
    "gross_margin",
    "gross_margin_pct",
    "net_revenue_share_pct",
    "contribution",
    "contribution_pct",
    "wholesale_units",
    "wholesale_net_revenue",
    "wholesale_cost",
    "wholesale_gross_margin",
    "wholesale_gross_margin_pct",
    "retail_units",
    "retail_net_revenue",
    "retail_cost",
    "retail_gross_margin",
    "retail_gross_margin_pct",
    "share_pct",
    "cumulative_share_pct",
    "return_rate_pct",
    "lost_units",
    "lost_value",
    "found_units",
    "found_value",
    "shrinkage_value",
    "wholesale_net_revenue_share_pct",
    "retail_net_revenue_share_pct",
    "below_cost_lines",
    "below_cost_units",
    "below_cost_loss",
    "opening",
    "debit",
    "credit",
    "closing",
    "revenue",
    "expense",
    "result",
    "assets",
    "liabilities",
    "equity",
    "balance",
    "tax_base",
    "on_hand",
    "value",
    "unit_cost",
    "average_value",
    "units_sold",
    "turnover",
    "cover_days",
    "units_to_30_days",
    "units_to_60_days",
    "units_to_90_days",
    "units_to_180_days",
    "units_to_365_days",
    "units_over_365_days",
    "value_to_30_days",
    "value_to_60_days",
    "value_to_90_days",
    "value_to_180_days",
    "value_to_365_days",
    "value_over_365_days",
    "not_due",
    "due_1_to_30_days",
    "due_31_to_60_days",
    "due_61_to_90_days",
    "due_over_90_days",
    "receivable",
    "unapplied",
    "owed",
    "foreign_receivable",
    "foreign_unapplied",
    "payable",
    "foreign_payable",
];

impl Added {
    pub fn of(measure: &Measure) -> Option<Added> {
        let (of, before, difference, pct) = ADDED.into_iter().find(|(name, ..)| *name == measure.name)?;
        let pct = (measure.kind != Kind::Percentage).then_some(pct);
        Some(Added { of, kind: measure.kind, before, difference, pct })
    }

    /// Returns the SQL of the columns, from that of the figure in both periods.
    pub fn columns(&self, now: &str, earlier: &str) -> String {
        let Added { before, difference, pct, .. } = self;
        let pct = pct.map(|pct| {
            format!(", round(100 * ({now} - {earlier})::numeric / nullif(abs({earlier}), 0), 4) as {pct}")
        });
        format!(", {earlier} as {before}, {now} - {earlier} as {difference}{}", pct.unwrap_or_default())
    }
}

/// Returns the figures that a comparison adds to those of a report, in the order of their columns.
pub fn added(measures: &[Measure]) -> Vec<Measure> {
    let of = |added: Added| {
        let pct = added.pct.map(|name| sum(name, Kind::Percentage));
        [Some(sum(added.before, added.kind)), Some(sum(added.difference, added.kind)), pct]
    };
    measures.iter().filter_map(Added::of).flat_map(of).flatten().collect()
}

/// Returns the figures of a report that is compared. They are columns of `compared`, so none has a formula.
pub fn measures(measures: &[Measure]) -> Vec<Measure> {
    let own = measures.iter().map(|measure| sum(measure.name, measure.kind));
    own.chain(added(measures)).collect()
}

/// Returns the definition of an added column.
pub fn definition(column: &str) -> String {
    let figure = compared_figure(column);
    if column.ends_with("_before") {
        format!(
            "{figure} of the earlier period; null if the report is not compared. Additive if {figure} is."
        )
    } else if column.ends_with("_difference") {
        format!("{figure} − {figure}_before; null if the report is not compared. Additive if {figure} is.")
    } else {
        format!(
            "{figure}_difference in percent of {figure}_before without its sign, 4 decimals; null if that is 0, and if the \
             report is not compared. Not additive."
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use strum::IntoEnumIterator;

    use super::super::Name;
    use super::*;

    #[test]
    fn the_figures_that_can_be_compared_are_those_of_the_reports_that_compare() {
        let compared = Name::iter().filter(|name| name.is_compared());
        let measures: Vec<Measure> = compared.flat_map(Name::measures).collect();
        let (mut missing, mut known) = (Vec::new(), HashSet::new());
        for measure in &measures {
            known.insert(measure.name);
            if Added::of(measure).is_none() {
                missing.push(measure.name);
            }
        }
        assert_eq!(missing, [""; 0], "figures without columns of a comparison");
        let unused: Vec<&str> =
            ADDED.iter().map(|(name, ..)| *name).filter(|name| !known.contains(name)).collect();
        assert_eq!(unused, [""; 0], "no report that compares has these figures");
    }

    #[test]
    fn a_figure_in_percent_has_no_difference_in_percent() {
        let names = |measure: &Measure| {
            added(&[*measure]).iter().map(|added| added.name).collect::<Vec<_>>().join(" ")
        };
        let cost = sum("cost", Kind::Amount);
        assert_eq!(names(&cost), "cost_before cost_difference cost_difference_pct");
        let share = sum("share_pct", Kind::Percentage);
        assert_eq!(names(&share), "share_pct_before share_pct_difference");
        let columns = Added::of(&share).expect("columns").columns("n.share_pct", "b.share_pct");
        assert_eq!(
            columns,
            ", b.share_pct as share_pct_before, n.share_pct - b.share_pct as share_pct_difference"
        );
    }
}
