//! ABC: products ranked by net revenue or gross margin.
//!
//! - Products are ranked, the greatest first, and their shares are added up. A reaches up to 80 %, B up to 95 %, C is
//!   the rest: Pareto's rule with the usual thresholds. The beginning of a product's share decides its class, so a
//!   product that crosses a threshold belongs to the better class. Equal products have the same class and the same
//!   cumulative share.
//! - A product with zero or negative revenue (or margin) has no share and is C. Shares are of the positive products
//!   only.
//! - Each currency has its own classes. Ties to the same accounts as `margin`.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, formula, sum};
use super::compared::Compared;
use super::figure::{COST, NET_REVENUE, UNITS};
use super::grouping::{self, Attribute, Grouping, Key};
use super::margin::MARGIN_PCT;
use super::sales;
use super::{AbcMeasure, Dimension, Request, Row};
use crate::scalar::{Amount, Percentage, Units};

/// One product; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct AbcRow {
    /// `A`, `B` or `C`; null in the totals.
    pub class: Option<String>,
    /// SKU of the product, case-sensitive; null in the totals.
    pub sku: Option<String>,
    /// Name of the product; null in the totals.
    pub product_name: Option<String>,
    /// Code of the category that the product has now; null if it has none.
    pub category_code: Option<String>,
    /// Name of the category that the product has now; null if it has none.
    pub category_name: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row. Amounts in different currencies are never added.
    pub currency: String,
    /// Stock units sold, less units returned, in both channels. Additive over products of one unit.
    pub units: Units,
    /// Sales less returns after discounts, without tax, in both channels. Additive.
    pub net_revenue: Amount,
    /// Cost of sales, less the cost of returns, in both channels. Additive.
    pub cost: Amount,
    /// net_revenue − cost. Additive.
    pub gross_margin: Amount,
    /// gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.
    pub gross_margin_pct: Option<Percentage>,
    /// Share of the product in the ranked figure of all products with a positive one, in percent, 4 decimals. Not
    /// additive.
    pub share_pct: Option<Percentage>,
    /// share_pct of the product plus that of all products ranked above it. Not additive.
    pub cumulative_share_pct: Option<Percentage>,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<AbcRow>,
}

/// SQL of the shares, the class and the order, by revenue or by margin.
struct Ranking {
    share_pct: &'static str,
    cumulative_share_pct: &'static str,
    class: &'static str,
    order: &'static str,
}

const BY_REVENUE: Ranking = Ranking {
    share_pct: "round(100 * greatest(net_revenue, 0) \
        / nullif(sum(greatest(net_revenue, 0)) over (partition by currency), 0), 4)",
    cumulative_share_pct: "round(100 * sum(greatest(net_revenue, 0)) \
        over (partition by currency order by net_revenue desc) \
        / nullif(sum(greatest(net_revenue, 0)) over (partition by currency), 0), 4)",
    class: "case when m.net_revenue <= 0 then 'C' else case width_bucket( \
        (sum(greatest(m.net_revenue, 0)) over (partition by m.currency order by m.net_revenue desc) \
            - sum(greatest(m.net_revenue, 0)) over (partition by m.currency, m.net_revenue)) \
        / nullif(sum(greatest(m.net_revenue, 0)) over (partition by m.currency), 0), array[0.80, 0.95]) \
        when 0 then 'A' when 1 then 'B' else 'C' end end",
    order: "net_revenue desc",
};

const BY_MARGIN: Ranking = Ranking {
    share_pct: "round(100 * greatest(net_revenue - cost, 0) \
        / nullif(sum(greatest(net_revenue - cost, 0)) over (partition by currency), 0), 4)",
    cumulative_share_pct: "round(100 * sum(greatest(net_revenue - cost, 0)) \
        over (partition by currency order by net_revenue - cost desc) \
        / nullif(sum(greatest(net_revenue - cost, 0)) over (partition by currency), 0), 4)",
    class: "case when m.gross_margin <= 0 then 'C' else case width_bucket( \
        (sum(greatest(m.gross_margin, 0)) over (partition by m.currency order by m.gross_margin desc) \
            - sum(greatest(m.gross_margin, 0)) over (partition by m.currency, m.gross_margin)) \
        / nullif(sum(greatest(m.gross_margin, 0)) over (partition by m.currency), 0), array[0.80, 0.95]) \
        when 0 then 'A' when 1 then 'B' else 'C' end end",
    order: "gross_margin desc",
};

impl Ranking {
    fn of(measure: AbcMeasure) -> &'static Ranking {
        match measure {
            AbcMeasure::NetRevenue => &BY_REVENUE,
            AbcMeasure::GrossMargin => &BY_MARGIN,
        }
    }

    fn measures(&self) -> Vec<Measure> {
        vec![
            sum("units", Kind::Units),
            sum("net_revenue", Kind::Amount),
            sum("cost", Kind::Amount),
            formula("gross_margin", Kind::Amount, "net_revenue - cost"),
            formula("gross_margin_pct", Kind::Percentage, MARGIN_PCT),
            formula("share_pct", Kind::Percentage, self.share_pct),
            formula("cumulative_share_pct", Kind::Percentage, self.cumulative_share_pct),
        ]
    }
}

impl Row for AbcRow {
    fn measures() -> Vec<Measure> {
        BY_REVENUE.measures()
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec!["class", "sku", "product_name", "category_code", "category_name"]
    }

    fn statement(request: &Request) -> String {
        let ranking = Ranking::of(request.measure);
        let text = |name, value| Attribute { name, value: Some(value), kind: "text" };
        let grouping = Grouping {
            keys: vec![Key::column("by_product_id", "product_id")],
            attributes: vec![
                text("class", ranking.class),
                text("sku", "p.sku"),
                text("product_name", "p.name"),
                text("category_code", "ca.code"),
                text("category_name", "ca.name"),
            ],
            joins: vec![
                "left join public.product p on p.tenant_id = :tenant_id and p.id = m.by_product_id",
                "left join public.category ca on ca.tenant_id = :tenant_id and ca.id = p.category_id",
            ],
            order: vec![ranking.order, "sku"],
            kept_by: None,
            expected: vec![grouping::PRODUCTS],
            only: None,
            customers_only: false,
            splits_documents: true,
        };
        sales::statement(&grouping, &[UNITS, NET_REVENUE, COST], &ranking.measures(), request)
    }
}
