//! Reports: the same figures on every surface, equal to the ledger.

mod compared;
mod customer_statement;
mod days_compared;
mod drill;
mod graphql;
mod insight;
mod known;
mod locale;
mod never;
mod online_retail;
mod paged;
mod past;
mod receivable;
mod recipe;
mod rollup;
mod rows;
mod sorted;
mod spreadsheet;
mod statements;
mod stock;
mod tied;
mod transferred;
mod year_close;

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use reqwest::Method;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, sale, with_tenant, with_tenant_as};

/// Reports, their grouping, their field in GraphQL, and the view that shows the same.
const SURFACES: [(&str, &str, &str, &str); 39] = [
    ("revenue", "channel", "revenueReport(groupBy: [CHANNEL])", "revenue_by_channel"),
    ("revenue", "month,channel", "revenueReport(groupBy: [MONTH, CHANNEL])", "revenue_by_month_channel"),
    ("revenue", "day", "revenueReport(groupBy: [DAY])", "revenue_by_day"),
    ("revenue", "product", "revenueReport(groupBy: [PRODUCT])", "revenue_by_product"),
    ("revenue", "category", "revenueReport(groupBy: [CATEGORY])", "revenue_by_category"),
    ("revenue", "customer", "revenueReport(groupBy: [CUSTOMER])", "revenue_by_customer"),
    ("revenue", "country", "revenueReport(groupBy: [COUNTRY])", "revenue_by_country"),
    ("revenue", "location", "revenueReport(groupBy: [LOCATION])", "revenue_by_location"),
    ("revenue", "hour_of_day", "revenueReport(groupBy: [HOUR_OF_DAY])", "revenue_by_hour_of_day"),
    ("revenue", "weekday", "revenueReport(groupBy: [WEEKDAY])", "revenue_by_weekday"),
    ("revenue", "price_source", "revenueReport(groupBy: [PRICE_SOURCE])", "revenue_by_price_source"),
    ("revenue", "discount_band", "revenueReport(groupBy: [DISCOUNT_BAND])", "revenue_by_discount_band"),
    ("revenue", "product_kind", "revenueReport(groupBy: [PRODUCT_KIND])", "revenue_by_product_kind"),
    ("margin", "weekday", "marginReport(groupBy: [WEEKDAY])", "margin_by_weekday"),
    ("margin", "discount_band", "marginReport(groupBy: [DISCOUNT_BAND])", "margin_by_discount_band"),
    ("margin", "channel", "marginReport(groupBy: [CHANNEL])", "margin_by_channel"),
    ("margin", "month", "marginReport(groupBy: [MONTH])", "margin_by_month"),
    ("margin", "product", "marginReport(groupBy: [PRODUCT])", "margin_by_product"),
    ("channel_summary", "", "channelSummary", "channel_summary"),
    ("product_performance", "", "productPerformance", "product_performance"),
    ("customer_value", "", "customerValue", "customer_value"),
    ("stock_position", "", "stockPosition", "stock_positions"),
    (
        "stock_valuation",
        "category,product,location",
        "stockValuation(groupBy: [CATEGORY, PRODUCT, LOCATION])",
        "stock_valuation",
    ),
    ("low_stock", "", "lowStock", "low_stock"),
    ("lot_expiry", "", "lotExpiry", "lot_expiry"),
    ("stock_ageing", "", "stockAgeing", "stock_ageing"),
    ("slow_stock", "", "slowStock", "slow_stock"),
    ("abc", "", "abc", "abc"),
    ("shrinkage", "", "shrinkage", "shrinkage"),
    ("receivable_ageing", "", "receivableAgeing", "receivable_ageing"),
    ("payable_ageing", "", "payableAgeing", "payable_ageing"),
    ("best_customers", "", "bestCustomers", "best_customers"),
    ("weak_margins", "", "weakMargins", "weak_margins"),
    ("stock_turnover", "", "stockTurnover", "stock_turnover"),
    ("trial_balance", "", "trialBalance", "trial_balance"),
    ("profit_and_loss", "month,channel", "profitAndLoss(groupBy: [MONTH, CHANNEL])", "profit_and_loss"),
    ("balance_sheet", "", "balanceSheet", "balance_sheet"),
    ("tie_out", "", "tieOut", "tie_out"),
    ("tax_summary", "month", "taxSummary(groupBy: [MONTH])", "tax_summary"),
];

/// A row as texts by column, decimals without trailing zeros.
type Figures = BTreeMap<String, String>;

fn plain(text: &str) -> String {
    let is_decimal = text.contains('.')
        && text.trim_start_matches('-').chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    if is_decimal { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

fn figure(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => plain(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => plain(&value.to_string()),
    }
}

fn figures(row: &Value) -> Figures {
    row.as_object().expect("a row").iter().map(|(name, value)| (name.clone(), figure(value))).collect()
}

/// Returns rows in a fixed order: the surfaces may sort them differently.
fn sorted(mut rows: Vec<Figures>) -> Vec<Figures> {
    rows.sort();
    rows
}

/// Trades in both channels: two months, returns, discounts, two categories, a customer of both channels.
async fn trade(tenant: &Tenant) {
    let tools = tenant.make("/v1/categories", json!({ "code": "tools", "name": "Tools" })).await;
    tenant.product_with("HAMMER", json!({ "list_price": "19.99", "category_id": tools })).await;
    tenant.product_with("MUG", json!({ "list_price": "9.95" })).await;
    tenant.product_with("POSTAGE", json!({ "kind": "service", "list_price": "3.33" })).await;
    tenant.open_stock(&[("HAMMER", "100", "12.123456"), ("MUG", "100", "4.01")]).await;
    let till = tenant.till().await;
    let customer = tenant.customer_with("Nordwind Supply", json!({ "country": "DE" })).await;
    for (at, wanted) in [
        ("2011-01-31T23:59:59Z", vec![("HAMMER", "2"), ("MUG", "3")]),
        ("2011-02-01T00:00:00Z", vec![("MUG", "1"), ("POSTAGE", "1")]),
        ("2011-02-14T12:00:00Z", vec![("MUG", "7")]),
    ] {
        let mut body = sale(&till, &wanted);
        body["occurred_at"] = json!(at);
        body["discount"] = json!({ "percent": "3.5" });
        let sold = tenant.post("/v1/pos/sales", &body).await.created();
        let order = json!({ "customer_id": customer, "occurred_at": at, "lines": lines(&wanted), "advance_to": "invoiced" });
        let order = tenant.post("/v1/orders", &order).await.created();
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"], "occurred_at": at,
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        let back = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"], "occurred_at": at,
            "original_lines": [{ "line_no": 1, "quantity": "1" }] });
        tenant.post("/v1/returns", &back).await.created();
    }
    let mut own = sale(&till, &[("MUG", "1")]);
    own["customer_id"] = json!(customer);
    tenant.post("/v1/pos/sales", &own).await.created();
}

/// Makes old stock, used-up stock, and stock that was lost and found.
async fn wear(tenant: &Tenant) {
    for sku in ["LAMP", "CUP"] {
        tenant.product_with(sku, json!({ "list_price": "7.00" })).await;
    }
    for (kind, at, location, sku, quantity, cost) in [
        ("opening", "2011-01-01T00:00:00Z", &tenant.main, "LAMP", "30", json!("3.333333")),
        ("receipt", "2011-06-01T00:00:00Z", &tenant.shop, "LAMP", "7", json!("2.99")),
        ("receipt", "2012-01-01T00:00:00Z", &tenant.main, "LAMP", "11", json!("3.01")),
        ("receipt", "2012-01-01T00:00:00Z", &tenant.main, "CUP", "2", json!("1.00")),
    ] {
        let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": cost });
        let body = json!({ "kind": kind, "occurred_at": at, "location_id": location, "lines": [line] });
        tenant.post("/v1/stock/documents", &body).await.created();
    }
    tenant.stocked("GIFT", "1.00", ("9", "1.50")).await;
    let customer = tenant.customer("Buyer of gifts").await;
    tenant.order(&customer, &[("GIFT", "2")], "invoiced").await.created();
    tenant.product_with("MILK", json!({ "list_price": "1.00", "tracking": "lot" })).await;
    for (code, expires_on) in [("OLD", "2020-02-29"), ("FRESH", "2999-12-31")] {
        let lot = json!({ "code": code, "expires_on": expires_on, "supplier_lot": "B-1" });
        let line = json!({ "sku": "MILK", "quantity": "5", "unit_cost": "0.333333", "lots": [lot] });
        tenant.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": [line] })).await.created();
    }
    for (reason, location, sku, quantity) in [
        ("damage", &tenant.main, "LAMP", "-3"),
        ("theft", &tenant.shop, "LAMP", "-1"),
        ("found", &tenant.main, "LAMP", "2"),
        ("damage", &tenant.main, "CUP", "-2"),
    ] {
        let line = json!({ "sku": sku, "quantity": quantity });
        let body =
            json!({ "kind": "adjustment", "reason": reason, "location_id": location, "lines": [line] });
        tenant.post("/v1/stock/documents", &body).await.created();
    }
}

/// Makes bills of two suppliers.
async fn owe(tenant: &Tenant) {
    for (code, dated, unit_cost) in [("STEEL", "2011-01-02", "99.95"), ("WOOD", "2026-01-02", "12.50")] {
        let supplier = tenant.make("/v1/suppliers", json!({ "code": code, "name": code })).await;
        let lines = json!([{ "account": "5300", "unit_cost": unit_cost, "tax_value": "1.01" }]);
        let bill = json!({ "supplier_id": supplier, "supplier_number": "1", "dated": dated, "lines": lines });
        tenant.post("/v1/bills", &bill).await.created();
    }
}

async fn by_json(tenant: &Tenant, path: &str) -> (Vec<String>, Vec<Figures>) {
    let table = tenant.get(path).await.ok();
    let names = table["columns"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| column["name"].as_str().expect("a name").to_owned());
    (names.collect(), table["rows"].as_array().expect("rows").iter().map(figures).collect())
}

async fn by_csv(tenant: &Tenant, path: &str) -> Vec<Figures> {
    let reply = tenant.call(Method::GET, path).header("accept", "text/csv").send().await;
    assert!(reply.header("content-type").is_some_and(|kind| kind.starts_with("text/csv")), "{path}");
    let mut reader = csv::Reader::from_reader(reply.text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row =
        |cells: csv::StringRecord| header.iter().map(str::to_owned).zip(cells.iter().map(plain)).collect();
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

/// Returns the rows of the workbook, whose numbers and dates are typed.
async fn by_workbook(tenant: &Tenant, path: &str) -> Vec<Figures> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let response = tenant.call(Method::GET, &format!("{path}{separator}format=xlsx")).open().await;
    assert_eq!(response.status(), 200, "{path}");
    let bytes = response.bytes().await.expect("a workbook");
    let mut workbook: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).expect("a workbook");
    let definitions = workbook.worksheet_range("Definitions").expect("definitions");
    let names: Vec<(String, String)> =
        definitions.rows().skip(1).map(|row| (row[1].to_string(), row[2].to_string())).collect();
    let rows = workbook.worksheet_range_at(0).expect("a sheet").expect("rows");
    let cell = |row: u32, at: u32, kind: &str| match rows.get_value((row, at)).unwrap_or(&Data::Empty) {
        Data::DateTime(day) if kind == "date" => day.as_datetime().expect("a day").date().to_string(),
        Data::Float(number) if ["integer", "decimal"].contains(&kind) => plain(&number.to_string()),
        Data::String(text) if kind == "decimal" => {
            let digits = text.chars().filter(char::is_ascii_digit).count();
            assert!(digits > 15, "{path}: {text} is no number");
            plain(text)
        }
        Data::String(text) if ["string", "datetime"].contains(&kind) => plain(text),
        Data::Empty => String::new(),
        other @ (Data::DateTime(_)
        | Data::Float(_)
        | Data::String(_)
        | Data::Int(_)
        | Data::Bool(_)
        | Data::DateTimeIso(_)
        | Data::DurationIso(_)
        | Data::Error(_)) => panic!("{path}: {other:?} in a column of {kind}"),
    };
    let count = u32::try_from(rows.height()).expect("a number of rows");
    (1..count)
        .map(|row| (0..).zip(&names).map(|(at, (name, kind))| (name.clone(), cell(row, at, kind))).collect())
        .collect()
}

async fn by_graphql(tenant: &Tenant, field: &str, columns: &[String]) -> Vec<Figures> {
    let camel = |name: &String| {
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
    };
    let fields: Vec<String> = columns.iter().map(|name| format!("{name}: {}", camel(name))).collect();
    let query = json!({ "query": format!("{{ report: {field} {{ rows {{ {} }} }} }}", fields.join(" ")) });
    let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await;
    let answer = reply.ok();
    assert!(answer.get("errors").is_none(), "{field}: {answer}");
    answer["data"]["report"]["rows"].as_array().expect("rows").iter().map(figures).collect()
}

/// Returns what a tool that speaks SQL reads with the rights of the application.
async fn by_view(tenant: &Tenant, view: &str, columns: &[String]) -> Vec<Figures> {
    let mut app = sqlx::PgConnection::connect(&environment().database_url()).await.expect("the app connects");
    app.execute(AssertSqlSafe(format!("begin; set local app.tenant_id = '{}'", tenant.id.0)))
        .await
        .expect("begun");
    let statement =
        format!("select row_to_json(r)::text from (select {} from bi.{view}) r", columns.join(", "));
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut app).await.expect("the view is read");
    rows.iter().map(|row| figures(&serde_json::from_str(row.get(0)).expect("JSON"))).collect()
}

#[test]
fn every_surface_shows_the_same_figures() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        wear(tenant).await;
        owe(tenant).await;
        for (report, group_by, field, view) in SURFACES {
            let mut path = format!("/v1/reports/{report}");
            if !group_by.is_empty() {
                path.push_str(&format!("?group_by={group_by}"));
            }
            let (columns, rows) = by_json(tenant, &path).await;
            assert!(!rows.is_empty(), "{path}");
            let rows = sorted(rows);
            assert_eq!(sorted(by_csv(tenant, &path).await), rows, "{path} as CSV");
            assert_eq!(sorted(by_workbook(tenant, &path).await), rows, "{path} as XLSX");
            assert_eq!(sorted(by_graphql(tenant, field, &columns).await), rows, "{path} by GraphQL");
            assert_eq!(sorted(by_view(tenant, view, &columns).await), rows, "{path} as bi.{view}");
            let separator = if path.contains('?') { '&' } else { '?' };
            let lines = tenant.get(&format!("{path}{separator}format=ndjson")).await;
            let lines: Vec<Value> =
                lines.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            assert_eq!(sorted(lines.iter().map(figures).collect()), rows, "{path} as NDJSON");
        }
    });
}

#[test]
fn reports_tie_to_the_ledger() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let table = tenant.get("/v1/reports/margin?group_by=channel").await.ok();
        for (channel, sales, returns, cost) in
            [("wholesale", "4000", "4100", "5000"), ("retail", "4010", "4110", "5010")]
        {
            let rows = table["rows"].as_array().expect("rows");
            let row = rows.iter().find(|row| row["channel"] == channel).expect("a row of the channel");
            let pennies = |text: &str| text.replace('.', "").parse::<i64>().expect("an amount");
            let shown = |name: &str| pennies(row[name].as_str().expect("an amount"));
            let ledger = pennies(&tenant.balance(sales).await) + pennies(&tenant.balance(returns).await);
            assert_eq!(shown("gross_revenue"), -ledger, "{channel}");
            assert_eq!(shown("cost"), pennies(&tenant.balance(cost).await), "{channel}");
            assert_eq!(shown("net_revenue"), shown("gross_revenue") - shown("discount"), "{channel}");
            assert_eq!(shown("gross_margin"), shown("net_revenue") - shown("cost"), "{channel}");
        }
        wear(tenant).await;
        let inventory = json!(tenant.balance("1200").await);
        for report in ["stock_position", "stock_valuation", "stock_valuation?group_by=none", "stock_ageing"] {
            let stock = tenant.get(&format!("/v1/reports/{report}")).await.ok();
            assert_eq!(stock["totals"][0]["value"], inventory, "{report}");
        }
        let lost = tenant.get("/v1/reports/shrinkage").await.ok();
        let pennies = |text: &str| text.replace('.', "").parse::<i64>().expect("an amount");
        let ledger = pennies(&tenant.balance("5100").await) + pennies(&tenant.balance("5110").await);
        assert_eq!(pennies(lost["totals"][0]["shrinkage_value"].as_str().expect("an amount")), ledger);
        let ranked = tenant.get("/v1/reports/abc?measure=gross_margin").await.ok();
        assert_eq!(ranked["totals"][0]["gross_margin"], {
            let margin = tenant.get("/v1/reports/margin?group_by=none").await.ok();
            margin["totals"][0]["gross_margin"].clone()
        });
    });
}

#[test]
fn a_period_is_half_open_and_in_the_zone_that_is_asked_for() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let units = async |query: &str| {
            let table =
                tenant.get(&format!("/v1/reports/revenue?group_by=none&channel=retail&{query}")).await.ok();
            table["rows"][0]["units"].as_str().unwrap_or("0").to_owned()
        };
        assert_eq!(units("from=2011-01-01&to=2011-02-01").await, "4");
        assert_eq!(units("from=2011-02-01&to=2011-03-01").await, "7");
        assert_eq!(units("from=2011-01-01&to=2011-02-01&tz=Pacific/Auckland").await, "0");
        assert_eq!(units("from=2011-02-01&to=2011-03-01&tz=Pacific/Auckland").await, "11");
        assert_eq!(units("from=2011-01-31T23:59:59Z&to=2011-02-01T00:00:00Z").await, "4");
        assert_eq!(units("from=1296518399000&to=1296518400000").await, "4", "milliseconds since 1970");
        let empty = tenant.get("/v1/reports/revenue?from=1999-01-01&to=2000-01-01").await.ok();
        assert_eq!(empty["rows"], json!([]));
        assert_eq!(empty["columns"].as_array().map(Vec::is_empty), Some(false));
    });
}

#[test]
fn the_hour_that_the_clocks_go_back_is_two() {
    with_tenant_as(
        |wanted| wanted.time_zone = "Europe/Berlin".to_owned(),
        async |tenant| {
            tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
            let till = tenant.till().await;
            for at in [
                "2025-10-26T00:30:00Z",
                "2025-10-26T01:30:00Z",
                "2025-03-30T00:30:00Z",
                "2025-03-30T01:30:00Z",
            ] {
                let mut body = sale(&till, &[("MUG", "1")]);
                body["occurred_at"] = json!(at);
                tenant.post("/v1/pos/sales", &body).await.created();
            }
            let table = tenant.get("/v1/reports/revenue?group_by=hour").await.ok();
            let hours: Vec<&str> = table["rows"]
                .as_array()
                .expect("rows")
                .iter()
                .filter_map(|row| row["hour"].as_str())
                .collect();
            let expected = [
                "2025-03-30T01:00:00+01:00",
                "2025-03-30T03:00:00+02:00",
                "2025-10-26T02:00:00+02:00",
                "2025-10-26T02:00:00+01:00",
            ];
            assert_eq!(hours, expected);
            let days = tenant.get("/v1/reports/revenue?group_by=day").await.ok();
            assert_eq!(days["rows"].as_array().map(Vec::len), Some(2));
        },
    );
}

#[test]
fn a_report_that_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        tenant.get("/v1/reports/weather").await.refused(404, "not_found");
        tenant.get("/v1/reports/revenue?format=xml").await.refused(406, "not_acceptable");
        tenant.get("/v1/reports/revenue?grupo=day").await.refused(400, "unknown_field");
        for (filter, parameter) in
            [("country=XX", "country"), ("country=GB,UK", "country"), ("currency=QQQ", "currency")]
        {
            for report in ["revenue", "margin", "product_performance"] {
                let reply = tenant.get(&format!("/v1/reports/{report}?{filter}")).await;
                let problem = reply.refused(400, "invalid_parameter");
                assert_eq!(problem.0["errors"][0]["parameter"], parameter, "{report} {filter}");
            }
        }
        tenant.get("/v1/reports/revenue?country=ZZ,XK&currency=USD").await.ok();
        for filter in ["country: [\"XX\"]", "currency: [\"QQQ\"]"] {
            let query = format!("{{ revenueReport(filter: {{ {filter} }}) {{ rows {{ netRevenue }} }} }}");
            let call = tenant.call(Method::POST, "/graphql").json(&json!({ "query": query }));
            let reply = call.send().await.json();
            let told = reply["errors"][0]["message"].as_str().unwrap_or_default();
            assert!(told.contains("is not the code of a"), "{reply}");
        }
        for query in [
            "group_by=colour",
            "from=yesterday",
            "tz=Moon/Base",
            "limit=0",
            "limit=x",
            "group_by=none,day",
            "location=%00",
        ] {
            let reply = tenant.get(&format!("/v1/reports/revenue?{query}")).await;
            assert!(
                matches!(reply.status, 200 | 400 | 404 | 422),
                "{query}: {} {}",
                reply.status,
                reply.text
            );
            assert!(reply.status != 200 || query.starts_with("location"), "{query} is rejected");
        }
    });
}

#[test]
fn graphql_says_what_is_wrong() {
    with_tenant(async |tenant| {
        let ask = async |query: &str| {
            let call = tenant.call(Method::POST, "/graphql").json(&json!({ "query": query }));
            call.send().await.ok()
        };
        let depth = format!("{}__typename{}", "{ channelSummary { rows ".repeat(40), "}}".repeat(40));
        let aliases: String =
            (0..400).map(|number| format!("a{number}: channelSummary {{ rows {{ channel }} }} ")).collect();
        let bomb: String = (0..30)
            .map(|level| format!("fragment f{level} on Query {{ ...f{0} ...f{0} }} ", level + 1))
            .collect();
        let (invalid, costly) = ("validation_failed", "query_cost_exceeded");
        for (query, code, what) in [
            ("{ nothing }".to_owned(), invalid, "an unknown field"),
            ("{ channelSummary { rows { channel }".to_owned(), invalid, "a text that ends early"),
            (depth, costly, "a deep document"),
            (format!("{{ {aliases} }}"), costly, "many aliases"),
            (
                format!("{{ ...f0 }} {bomb} fragment f30 on Query {{ __typename }}"),
                costly,
                "a bomb of fragments",
            ),
            ("{ ...a } fragment a on Query { ...a }".to_owned(), costly, "a ring of fragments"),
            ("mutation { sell }".to_owned(), invalid, "a mutation"),
        ] {
            let started = std::time::Instant::now();
            let answer = ask(&query).await;
            assert!(answer["errors"][0]["message"].is_string(), "{what}: {answer}");
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{what}: {answer}");
            assert!(started.elapsed().as_secs() < 5, "{what} took {:?}", started.elapsed());
        }
    });
}
