//! Parameters of reports: defaults, and those that are wrong.

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
    assert_eq!(refused(Name::StockPosition, Input { from: Some("2011-01-01".into()), ..input() }), "from");
    assert_eq!(refused(Name::Revenue, Input { time_zone: Some("Mars/Base".into()), ..input() }), "tz");
    let grouped = Input { group_by: Some(vec![Dimension::Product, Dimension::Customer]), ..input() };
    assert_eq!(refused(Name::StockValuation, grouped), "group_by");
    for (name, parameter) in
        [(Name::Revenue, "as_of"), (Name::StockPosition, "as_of"), (Name::LowStock, "known_at")]
    {
        let moment = || Some("2011-01-01".to_owned());
        let input = match parameter {
            "as_of" => Input { as_of: moment(), ..input() },
            _ => Input { known_at: moment(), ..input() },
        };
        assert_eq!(refused(name, input), parameter);
    }
    for days in [0, -1, 3_651, i64::MAX] {
        assert_eq!(refused(Name::SlowStock, Input { days: Some(days), ..input() }), "days");
    }
    for text in ["-1", "", "x", "1e3"] {
        let threshold = Input { threshold: Some(text.to_owned()), ..input() };
        assert_eq!(refused(Name::LowStock, threshold), "threshold");
    }
    for days in [-1, 3_651, i64::MIN] {
        assert_eq!(refused(Name::LotExpiry, Input { within_days: Some(days), ..input() }), "within_days");
    }
    for text in ["", "soon", "2026-11-22T01:20:00Z", "2026-02-30"] {
        let before = Input { expires_before: Some(text.to_owned()), ..input() };
        assert_eq!(refused(Name::LotExpiry, before), "expires_before");
    }
    let elsewhere = Input { include_expired: Some(false), ..input() };
    assert_eq!(refused(Name::LowStock, elsewhere), "include_expired");
    assert_eq!(refused(Name::Abc, Input { measure: Some("units".into()), ..input() }), "measure");
    for limit in [0, -1, 50_001] {
        assert_eq!(refused(Name::Revenue, Input { limit: Some(limit), ..input() }), "limit");
    }
}

#[test]
fn names_every_wrong_parameter() {
    let named = |name: Name, input: Input| -> Vec<&'static str> {
        let each = Request::new(name, input).expect_err("a refusal").each();
        each.iter().map(|invalid| invalid.parameter).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let values = Values {
        channel: list(&["web", "shop", "web", "retail"]),
        currency: list(&["gbp", "GBP"]),
        country: list(&["UK"]),
        ..Values::default()
    };
    let input = Input {
        from: text("2026-13-01"),
        to: text("soon"),
        compare: text("last_year"),
        time_zone: text("Mars/Base"),
        misread: Dimension::parse_list("month,foo,bar").err(),
        sort: text("zz"),
        fill: text("one"),
        limit: Some(0),
        days: Some(0),
        values,
        ..Input::default()
    };
    let expected = [
        "days", "group_by", "group_by", "from", "to", "compare", "limit", "sort", "fill", "tz", "channel",
        "channel", "country", "currency",
    ];
    assert_eq!(named(Name::Revenue, input), expected);
    let unused = Input { days: Some(0), as_of: text("soon"), measure: text("units"), ..Input::default() };
    assert_eq!(named(Name::Revenue, unused), ["as_of", "days", "measure"], "each once");
}
