//! Channel summary: wholesale and retail side by side.
//!
//! The figures of `margin` by channel, and each channel's share of the net revenue of its currency. The total of a
//! currency is the whole business: both channels sell from the same stock. Ties to the same accounts as `margin`;
//! each channel has its own sales, return and cost accounts.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, formula};
use super::compared::Compared;
use super::grouping::{self, Attribute, Grouping};
use super::margin::{COST_MEASURES, MarginFigures, SUMS};
use super::revenue::{self, NET_REVENUE_FIRST};
use super::sales;
use super::{Dimension, Request, Row, dimension};
use crate::scalar::Percentage;

/// One channel; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct ChannelRow {
    /// Sales channel: `wholesale` or `retail`; null in the totals. New values may appear.
    pub channel: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row. Amounts in different currencies are never added.
    pub currency: String,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub figures: MarginFigures,
    /// net_revenue in percent of the net_revenue of all channels in the currency, 4 decimals; null without revenue.
    /// Not additive.
    pub net_revenue_share_pct: Option<Percentage>,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<ChannelRow>,
}

const SHARE_PCT: &str =
    "round(100 * net_revenue / nullif(sum(net_revenue) over (partition by currency), 0), 4)";

impl Row for ChannelRow {
    fn measures() -> Vec<Measure> {
        let share = formula("net_revenue_share_pct", Kind::Percentage, SHARE_PCT);
        [revenue::MEASURES.as_slice(), &COST_MEASURES, &[share, revenue::RETURN_RATE_PCT]].concat()
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec!["channel"]
    }

    fn statement(request: &Request) -> String {
        let channel = Attribute { name: "channel", value: Some("m.by_channel"), kind: "text" };
        let grouping = Grouping {
            attributes: vec![channel],
            expected: vec![grouping::CHANNELS],
            order: vec!["channel"],
            ..dimension::grouping(&[Dimension::Channel], false, NET_REVENUE_FIRST)
        };
        sales::statement(&grouping, &SUMS, &Self::measures(), request)
    }
}
