//! What a caller asks for, checked.

use chrono_tz::Tz;

use super::filter::Values;
use super::{Dimension, Filter, LIMIT_DEFAULT, LIMIT_MAX, Name, Range};

/// What a caller wants to see.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which report.
    pub name: Name,
    /// The period; the whole history if open on both sides.
    pub range: Range,
    /// The zone in which days begin; the tenant's, if absent.
    pub time_zone: Option<Tz>,
    /// What the rows are grouped by, where the report leaves the choice.
    pub group_by: Vec<Dimension>,
    /// Which lines count.
    pub filter: Filter,
    /// The most rows.
    pub limit: u32,
}

/// The parameters of a report as they came in; a [`Request`] once they are checked.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Beginning of the period.
    pub from: Option<String>,
    /// End of the period.
    pub to: Option<String>,
    /// IANA name of a time zone.
    pub time_zone: Option<String>,
    /// What to group by.
    pub group_by: Option<Vec<Dimension>>,
    /// Which lines count.
    pub values: Values,
    /// The most rows.
    pub limit: Option<i64>,
}

/// A parameter that can't be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}: {detail}")]
pub struct Invalid {
    /// Name of the parameter, in snake case.
    pub parameter: &'static str,
    /// What is wrong with it.
    pub detail: String,
    /// Whether it could be read (422), or not even that (400).
    pub readable: bool,
}

impl Invalid {
    /// A parameter that can't be read.
    pub fn form(parameter: &'static str, detail: impl Into<String>) -> Self {
        Invalid { parameter, detail: detail.into(), readable: false }
    }

    /// A parameter with a value that is not allowed.
    pub fn value(parameter: &'static str, detail: impl Into<String>) -> Self {
        Invalid { parameter, detail: detail.into(), readable: true }
    }
}

impl Request {
    /// Checks the parameters of a report. Where no period is named it covers the whole history; rows are by day where
    /// no grouping is named.
    pub fn new(name: Name, input: Input) -> Result<Self, Invalid> {
        refuse_what_does_not_apply(name, &input)?;
        let group_by = match input.group_by {
            Some(dimensions) => dimensions,
            None if name.is_grouped() => vec![Dimension::Day],
            None => Vec::new(),
        };
        if name.is_grouped() {
            Dimension::check(&group_by)?;
        }
        Ok(Request {
            name,
            range: Range::parse(input.from.as_deref(), input.to.as_deref())?,
            time_zone: input.time_zone.as_deref().map(zone).transpose()?,
            group_by,
            filter: Filter::new(input.values)?,
            limit: input.limit.map_or(Ok(LIMIT_DEFAULT), limit)?,
        })
    }
}

fn refuse_what_does_not_apply(name: Name, input: &Input) -> Result<(), Invalid> {
    let values = &input.values;
    let given = [
        ("group_by", input.group_by.is_some(), name.is_grouped()),
        ("from", input.from.is_some(), name.has_period()),
        ("to", input.to.is_some(), name.has_period()),
        ("tz", input.time_zone.is_some(), name.has_period()),
        ("channel", !values.channel.is_empty(), name.has_period()),
        ("country", !values.country.is_empty(), name.has_period()),
        ("currency", !values.currency.is_empty(), name.has_period()),
        ("customer", !values.customer.is_empty(), name.has_period()),
    ];
    match given.into_iter().find(|(_, is_given, applies)| *is_given && !applies) {
        Some((parameter, ..)) => {
            Err(Invalid::value(parameter, format!("{name} does not take this parameter.")))
        }
        None => Ok(()),
    }
}

fn zone(text: &str) -> Result<Tz, Invalid> {
    text.parse()
        .map_err(|_| Invalid::form("tz", "Expected the IANA name of a time zone, such as Europe/Berlin."))
}

fn limit(limit: i64) -> Result<u32, Invalid> {
    u32::try_from(limit)
        .ok()
        .filter(|limit| (1..=LIMIT_MAX).contains(limit))
        .ok_or_else(|| Invalid::form("limit", format!("Expected a whole number from 1 to {LIMIT_MAX}.")))
}

impl Name {
    /// Whether the caller chooses the dimensions.
    pub fn is_grouped(self) -> bool {
        matches!(self, Name::Revenue | Name::Margin)
    }

    /// Whether the report covers a period of sales; otherwise it shows the stock as it is now.
    pub fn has_period(self) -> bool {
        self != Name::StockPosition
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: Name, input: Input) -> &'static str {
        Request::new(name, input).expect_err("a refusal").parameter
    }

    #[test]
    fn the_default_is_the_whole_history_by_day() {
        let request = Request::new(Name::Revenue, Input::default()).expect("a request");
        assert_eq!((request.group_by, request.limit), (vec![Dimension::Day], LIMIT_DEFAULT));
        assert_eq!(request.range, Range::default());
    }

    #[test]
    fn names_the_wrong_parameter() {
        let input = Input::default;
        let group = |dimensions: &[Dimension]| Input { group_by: Some(dimensions.to_vec()), ..input() };
        assert_eq!(refused(Name::Margin, group(&[])), "group_by");
        assert_eq!(refused(Name::Margin, group(&[Dimension::Day, Dimension::Day])), "group_by");
        assert_eq!(refused(Name::Margin, group(&[Dimension::Day, Dimension::None])), "group_by");
        assert_eq!(refused(Name::ChannelSummary, group(&[Dimension::Day])), "group_by");
        assert_eq!(
            refused(Name::StockPosition, Input { from: Some("2011-01-01".into()), ..input() }),
            "from"
        );
        assert_eq!(refused(Name::Revenue, Input { time_zone: Some("Mars/Base".into()), ..input() }), "tz");
        for limit in [0, -1, 50_001] {
            assert_eq!(refused(Name::Revenue, Input { limit: Some(limit), ..input() }), "limit");
        }
    }
}
