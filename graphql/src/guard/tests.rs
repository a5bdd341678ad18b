use super::*;

fn checked(query: &str) -> CheckedDocument {
    check(query, &Variables::default()).unwrap_or_else(|refused| panic!("{refused:?}: {query:.200}"))
}

fn points(query: &str) -> u64 {
    checked(query).cost.points
}

fn refused(query: &str) -> String {
    match check(query, &Variables::default()) {
        Err(Rejection::Cost(detail)) => detail,
        other => panic!("{other:?}: {query:.200}"),
    }
}

/// Returns `levels` fragments. Each spreads the next one twice; the last one selects `leaf`.
fn bomb(levels: usize, leaf: &str) -> String {
    let mut text = "{...f0}".to_owned();
    for level in 0..levels {
        text += &format!(" fragment f{level} on Query{{...f{0} ...f{0}}}", level + 1);
    }
    text + &format!(" fragment f{levels} on Query{{{leaf}}}")
}

/// Returns the number of selection sets that the check reads.
fn sets_read(query: &str) -> usize {
    let document = parse_query(query).expect("a document");
    let variables = Variables::default();
    let operation = document.operations.iter().next().expect("an operation").1;
    let mut scale = Scale::new(&document, &operation.node, &variables);
    scale.weigh().expect("a weight");
    scale.sets_read
}

#[test]
fn doubled_fragments_are_looked_at_once() {
    for levels in 8..=31 {
        assert_eq!(sets_read(&bomb(levels, "__typename")), levels + 3, "{levels}");
    }
    for levels in 11..=31 {
        refused(&bomb(levels, "__typename"));
        // An unknown fragment costs nothing; the way to it does.
        refused(&bomb(levels, "...nothing"));
    }
    refused(&bomb(1_000, "__typename"));
}

/// The response repeats an alias in each of up to 50,000 rows.
#[test]
fn the_length_of_an_alias_is_bounded() {
    let aliased = |length: usize| {
        let alias = "a".repeat(length);
        [
            format!("{{ stockPosition {{ rows {{ {alias}: sku }} }} }}"),
            format!("{{ stockPosition {{ rows {{ ... on StockPositionRow {{ {alias}: sku }} }} }} }}"),
            format!(
                "query q {{ {alias}: stockPosition {{ rows {{ ...f }} }} }} fragment f on StockPositionRow {{ sku }}"
            ),
            format!(
                "query q {{ stockPosition {{ rows {{ ...f }} }} }} fragment f on StockPositionRow {{ {alias}: sku }}"
            ),
        ]
    };
    for (short, long) in aliased(64).iter().zip(aliased(65)) {
        checked(short);
        assert!(refused(&long).contains("alias has more than 64"), "{long}");
    }
}

#[test]
fn width_is_bounded() {
    let aliases = |number: usize| -> String {
        let fields: String = (0..number).map(|index| format!("a{index}:__typename ")).collect();
        format!("{{{fields}}}")
    };
    assert_eq!(points(&aliases(10)), 11);
    for number in [11, 400, 1_000, 5_000] {
        refused(&aliases(number));
    }
    refused("{...f ...f ...f ...f} fragment f on Query{a:__typename b:__typename c:__typename}");
    refused(&format!("{{__typename {}}}", "@skip(if:false)".repeat(5_000)));
    refused(&format!("{{__typename {}}}", "@a".repeat(9)));
    refused(&format!("{{{}}}", "__typename @a ".repeat(900)));
    let variables: String = (0..100_000).map(|index| format!("$v{index}:Int ")).collect();
    refused(&format!("query({variables}){{__typename}}"));
    let variables: String = (0..2_000).map(|index| format!("$v{index}:Int ")).collect();
    refused(&format!("query({variables}){{__typename}}"));
    refused(&format!("{{a(text:\"{}\")}}", "x".repeat(1_000_000)));
}

#[test]
fn groups_of_a_reconciliation_cost_as_many_as_may_come() {
    let asked = |limit: &str| format!("{{reconciliation{{exceptions{limit}{{id class edge{{from to}}}}}}}}");
    let (few, usual, many) =
        (points(&asked("(limit:10)")), points(&asked("")), points(&asked("(limit:1000)")));
    assert!(few < usual && usual < many, "{few} {usual} {many}");
    assert_eq!(many, 63, "1,000 groups of six values, the field of the root and that of the groups");
    let unsent = "query($n:Int){reconciliation{exceptions(limit:$n){id class edge{from to}}}}";
    assert_eq!(points(unsent), usual, "a variable that is not sent has the default of the argument");
}

/// Each part of a reconciliation is read by statements of its own, under an alias and in a fragment too.
#[test]
fn parts_of_a_reconciliation_count_as_reports() {
    assert_eq!(points("{reconciliation{firstFix{verdict}}}"), 3);
    let all = "{reconciliation{firstFix{verdict} exceptions(limit:1){id} flowMap{mermaid} health{trend}}}";
    assert_eq!(points(all), 6);
    for part in ["firstFix{verdict}", "exceptions(limit:1){id}", "flowMap{mermaid}", "health{trend}"] {
        let aliases = |number: usize| -> String {
            let parts: String = (0..number).map(|index| format!("a{index}:{part} ")).collect();
            format!("{{reconciliation{{{parts}}}}}")
        };
        assert_eq!(points(&aliases(9)), 11, "{part}");
        for number in [10, 11, 400] {
            assert!(refused(&aliases(number)).contains("in reconciliation"), "{part}");
        }
        let spread = format!(
            "{{...f a:reconciliation{{...p ...p}} reconciliation{{...p}} channelSummary{{rowCount}} ...f}} \
             fragment f on Query{{b:reconciliation{{...p}}}} fragment p on Reconciliation{{c:{part} d:{part}}}"
        );
        assert!(refused(&spread).contains("in reconciliation"), "{part}");
    }
}

/// The weeks of the health have a number of exceptions, and a fix a number of weeks: neither is a list.
#[test]
fn a_number_in_a_reconciliation_is_one_value() {
    let values = "movements exceptions explainedShare medianDaysOpen manualMinutes openDualOwners";
    assert_eq!(
        points(&format!("{{reconciliation{{health{{weeks{{{values}}}}}}}}}")),
        3,
        "10 weeks of 7 values"
    );
    assert_eq!(points("{reconciliation{exceptions(limit:100){weeks}}}"), 5, "100 groups of 2 values");
}

#[test]
fn variables_are_bounded() {
    let query = "query($g:[Dimension!]){revenueReport(groupBy:$g){rowCount}}";
    let days = |number: usize| Variables::from_json(serde_json::json!({ "g": vec!["DAY"; number] }));
    assert!(check(query, &days(1_999)).is_ok());
    assert!(matches!(check(query, &days(2_000)), Err(Rejection::Cost(_))));
    let nested = serde_json::json!({ "g": { "a": vec![serde_json::json!({ "b": [1] }); 700] } });
    assert!(matches!(check(query, &Variables::from_json(nested)), Err(Rejection::Cost(_))));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| "{a".repeat(depth) + &"}".repeat(depth);
    points(&nested(8));
    for depth in [9, 31, 201, 10_000] {
        refused(&nested(depth));
    }
    for (open, close) in [("[", "]"), ("{a:", "}")] {
        let deep = |depth: usize| format!("{{a(b:{}1{})}}", open.repeat(depth), close.repeat(depth));
        points(&deep(40));
        refused(&deep(60));
        refused(&deep(10_000));
    }
    let chain: String =
        (0..200).map(|index| format!(" fragment f{index} on Query{{...f{}}}", index + 1)).collect();
    refused(&format!("{{...f0}}{chain} fragment f200 on Query{{__typename}}"));
}

#[test]
fn cycles_are_refused() {
    refused("{...a} fragment a on Query{...a}");
    refused("{...a} fragment a on Query{b{...c}} fragment c on Query{...a}");
}

#[test]
fn brackets_in_texts_do_not_nest() {
    let many = "[".repeat(200);
    points(&format!("{{a(b:\"{many}\")}}"));
    points(&format!("{{a(b:\"\\\"{many}\")}}"));
    points(&format!("{{a(b:\"\"\"{many} \\\"\"\" {many}\"\"\")}}"));
    points(&format!("# {many}\n{{a}}"));
    refused(&format!("{{a(b:\"\" c:{many})}}"));
}

#[test]
fn brackets_behind_a_comment_or_an_open_string_are_counted_as_the_parser_reads_them() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    // A carriage return ends a comment.
    refused(&format!("{{a(b:#\r{deep})}}"));
    refused(&format!("{{a(b:#\n{deep})}}"));
    let is_syntax_error =
        |query: String| matches!(check(&query, &Variables::default()), Err(Rejection::Syntax(_)));
    for open in ["\"\"\"", "\"\"\"\\\"\"\"", "\"", "\"\\\"", "\"\r"] {
        assert!(is_syntax_error(format!("{{a(b:{open}{deep})}}")), "{open}");
    }
    // Three quotes that follow an escaped `"""` are its last two and one more: they end nothing.
    let closed = "\"\"\"\\\"\"\"\" \"\"\"";
    refused(&format!("{{a(b:{closed} c:{deep} d:{closed})}}"));
    points(&format!("{{a(b:\"\"\"\\\"\"\"\" {} \"\"\")}}", "[".repeat(200)));
    assert!(is_syntax_error(format!("{{a(b:[{}])}}", "\"\"\"\\\"".repeat(5_000))));
    // The parser reads a block string without an end as two strings. It is rejected before it is parsed.
    assert!(is_syntax_error("{a(b:[\"\"\"\"\"\"\"\"\"\"])}".to_owned()));
}

#[test]
fn the_nesting_of_lists_is_read_from_the_document() {
    let document = parse_query("{a(b:[[1] 2])}").expect("a document");
    assert_eq!(deepest_list(&format!("{document:?}")), 2);
}

proptest::proptest! {
    /// A document that reaches the parser is never nested deeper than the look at its brackets found. One with an open block string
    /// does not reach it.
    #[test]
    fn the_look_finds_every_bracket_that_the_parser_finds(
        parts in proptest::collection::vec(
            proptest::sample::select(vec!["\"", "\"\"\"", "\\\"\"\"", "\\", "[", "]", "1", " ", "#", "\n", "\r", "a"]),
            0..24,
        )
    ) {
        let value: String = parts.concat();
        let query = format!("{{a(b:{value})}}");
        if let Ok(document) = parse_query(&query) {
            let written = format!("{:?}", document.operations.iter().next().expect("an operation").1);
            let lists = deepest_list(&written);
            proptest::prop_assert!(nesting(&query).is_none_or(|found| found >= 2 + lists), "{query}: {lists}");
        }
    }
}

/// Returns the deepest nesting of `List([` in the debug form of a document.
fn deepest_list(written: &str) -> usize {
    let mut deepest = 0;
    while written.contains(&"List([".repeat(deepest + 1)) {
        deepest += 1;
    }
    deepest
}

/// The time grows with the length of a document. One that took the parser a second per 30 KB would fail here in a debug
/// build too, where the parser is some 20 times slower.
#[test]
fn no_document_keeps_the_parser_busy() {
    let parts = [
        "\"\"\"\\\"",
        "\"\"\"",
        "\"\" ",
        "\"\\\\",
        "#",
        "#\r",
        "...on ",
        "...",
        "@a",
        "@a(",
        "{a ",
        "{a:b ",
        "a(b:",
        "[",
        "$a:",
        "$a:[",
        "-",
        "0",
        "1e",
        "\\",
        " ",
        ",",
        "\u{feff}",
        "fragment f on T{",
        "query(",
        "query($a:",
        "{a(b:{c:",
        "true",
        "!",
    ];
    for part in parts {
        for (start, end) in [("", ""), ("{a(b:", ")}"), ("{a", "}"), ("{a(b:[", "])}"), ("query(", "){a}")] {
            let query = format!("{start}{}{end}", part.repeat((BYTES_MAX - 16) / part.len()));
            let started = std::time::Instant::now();
            _ = check(&query, &Variables::default());
            assert!(started.elapsed().as_secs() < 2, "{start}{part}: {:?}", started.elapsed());
        }
    }
}

#[test]
fn what_is_no_graphql_is_a_syntax_error() {
    for query in ["", "{", "{a", "[{a}]", "nonsense", "{a(b:)}", "\"\"\"", "{a(b:\"}"] {
        assert!(matches!(check(query, &Variables::default()), Err(Rejection::Syntax(_))), "{query}");
    }
}

#[test]
fn a_syntax_error_names_its_place_in_plain_words() {
    for (query, place) in [("{", "line 1, column 2"), ("{a\n(b:)}", "line 2, column 4")] {
        let Err(Rejection::Syntax(error)) = check(query, &Variables::default()) else { panic!("{query}") };
        assert_eq!(error.message, format!("The document can't be parsed at {place}."));
        assert!(!error.locations.is_empty(), "{query}");
    }
}

#[test]
fn points_count_statements_and_values() {
    assert_eq!(points("{__typename}"), 2);
    let small = points("{revenueReport(groupBy:[MONTH CHANNEL]){rows{month channel netRevenue}}}");
    let large = points("{revenueReport(groupBy:[PRODUCT]){rows{sku productName netRevenue}}}");
    assert!((10..20).contains(&small), "{small}");
    assert!((300..310).contains(&large), "{large}");
    assert_eq!(points("{productPerformance(limit:100){rows{sku netRevenue}}}"), 4);
    refused("{productPerformance(limit:50000){rows{a b c d e f g h i j}}}");
}

/// The ledger and the days of trade are read by statements of their own.
#[test]
fn the_ledger_and_the_days_of_trade_cost_a_statement_each() {
    let of = |meta: &str| points(&format!("{{channelSummary{{meta{{timeZone {meta}}}}}}}"));
    assert_eq!(of(""), 2);
    assert_eq!(of("generatedAt"), 2);
    assert_eq!(of("trade{firstOn}"), 3);
    assert_eq!(of("tiesTo{figure difference}"), 3);
    assert_eq!(of("tiesTo{difference} trade{lastOn}"), 4);
    let spread = "{channelSummary{meta{...m}} marginReport(limit:1){meta{...m}}} \
                  fragment m on ReportMeta{trade{firstOn} ties:tiesTo{difference}}";
    assert_eq!(points(spread), 7);
}

#[test]
fn limits_in_variables_count() {
    let query = "query($n:Int,$by:[Dimension!]){marginReport(limit:$n groupBy:$by){rows{sku}}}";
    let points = |variables: serde_json::Value| {
        check(query, &Variables::from_json(variables)).expect("a checked document").cost.points
    };
    assert_eq!(points(serde_json::json!({"n": 1000, "by": ["PRODUCT"]})), 12);
    assert_eq!(points(serde_json::json!({"n": 1000, "by": ["CHANNEL"]})), 2);
    assert_eq!(points(serde_json::json!({})), 102);
    let query = "query($n:Int=200){productPerformance(limit:$n){rows{sku}}}";
    assert_eq!(check(query, &Variables::default()).expect("a checked document").cost.points, 4);
}

#[test]
fn the_schema_may_be_asked_but_not_without_end() {
    let fields = "fields{name args{name type{name ofType{name ofType{name ofType{name}}}}} type{name}}";
    points(&format!(
        "{{__schema{{types{{kind name description {fields} inputFields{{name}} enumValues{{name}}}}}}}}"
    ));
    refused("{__schema{types{fields{type{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}}}");
    refused("{__schema{types{possibleTypes{fields{type{fields{args{type{fields{name}}}}}}}}}}");
}
