//! Roll-ups: reports have the same figures with them and without them.

mod too_large;

use sea_orm::sqlx::{self, AssertSqlSafe, Executor, Row};
use serde_json::{Value, json};
use service::rollup;
use tests::{Tenant, Till, environment, lines, sale, with_tenant, with_tenant_as};

/// Groupings of the reports that let the caller choose.
const GROUPINGS: [&str; 30] = [
    "none",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "channel",
    "location",
    "product",
    "category",
    "customer",
    "country",
    "month,channel",
    "day,channel,country",
    "hour,location",
    "month,product",
    "product,category",
    "month,category,channel",
    "year,customer",
    "customer,country,channel",
    "product,customer",
    "day,product",
    "location,product,channel",
    "hour_of_day",
    "weekday",
    "weekday,hour_of_day,channel",
    "price_source",
    "product_kind",
    "discount_band,product",
];
/// Filters, to be joined to the rest of a query.
const FILTERS: [&str; 11] = [
    "",
    "&channel=retail",
    "&country=DE",
    "&location=MAIN",
    "&product=MUG",
    "&product=MUG&product=HAMMER",
    "&category=tools",
    "&customer=C-1",
    "&currency=GBP",
    "&product_kind=stocked",
    "&country=DE&channel=wholesale&product=MUG",
];
/// Periods and time zones: whole days and months, cut ones, and ends within a quarter of an hour.
const PERIODS: [&str; 10] = [
    "",
    "&from=2011-02-01",
    "&from=2011-02-01&to=2011-03-01",
    "&from=2011-01-31&to=2011-03-15",
    "&from=2011-02-14&to=2011-02-15",
    "&from=2011-01-31T23:59:59Z&to=2011-03-27T01:07:00Z",
    "&tz=Asia/Kathmandu",
    "&tz=Asia/Kathmandu&from=2011-02-01&to=2011-04-01",
    "&tz=America/New_York&from=2011-03-13&to=2011-03-14",
    "&tz=Atlantic/Azores&from=2011-10-30&to=2011-10-31",
];

/// Every request of a report on sales that this test makes.
fn requests() -> Vec<String> {
    let mut requests = Vec::new();
    for (number, filter) in FILTERS.into_iter().enumerate() {
        // Every third period with each filter, all periods without one.
        let is_used =
            |(at, period): &(usize, &str)| filter.is_empty() || period.is_empty() || (at + number) % 3 == 0;
        for (_, period) in PERIODS.into_iter().enumerate().filter(is_used) {
            for report in ["channel_summary", "product_performance", "customer_value", "abc"] {
                requests.push(format!("/v1/reports/{report}?limit=1000&trade=true{filter}{period}"));
            }
            let has_room =
                |grouping: &&&str| filter.is_empty() || period.is_empty() || !grouping.contains(',');
            for grouping in GROUPINGS.iter().filter(has_room) {
                requests.push(format!("/v1/reports/margin?group_by={grouping}{filter}{period}"));
            }
        }
    }
    requests
}

/// Returns rows, totals and days of trade of a report.
async fn figures(tenant: &Tenant, request: &str) -> Value {
    let report = tenant.get(request).await.ok();
    json!({ "rows": report["rows"], "totals": report["totals"], "trade": report["meta"]["trade"] })
}

/// Makes reports read all lines, or the roll-ups again.
async fn hide(tenant: &Tenant, is_hidden: bool) {
    let statement = if is_hidden {
        "update sales_rollup set generation = null, layout = null, time_zone = null where tenant_id = $1"
    } else {
        "update sales_rollup f set generation = d.generation, layout = 2, time_zone = t.time_zone \
         from tenant t, (select max(generation) as generation from sales_sum_by_day where tenant_id = $1) d \
         where f.tenant_id = $1 and t.tenant_id = $1"
    };
    sqlx::query(statement).bind(tenant.id.0).execute(&environment().root).await.expect("the state changes");
}

/// A till and a customer, with goods in two categories.
struct Shop {
    till: Till,
    customer: String,
}

impl Shop {
    async fn open(tenant: &Tenant) -> Self {
        let tools = tenant.make("/v1/categories", json!({ "code": "tools", "name": "Tools" })).await;
        tenant.product_with("HAMMER", json!({ "list_price": "19.99", "category_id": tools })).await;
        tenant.product_with("SAW", json!({ "list_price": "7.77", "category_id": tools })).await;
        tenant.product_with("MUG", json!({ "list_price": "9.95" })).await;
        let stock = [("HAMMER", "100", "12.123456"), ("MUG", "100", "4.01"), ("SAW", "50", "3.333333")];
        tenant.open_stock(&stock).await;
        let wholesale = json!({ "country": "DE", "number": "C-1" });
        Shop { till: tenant.till().await, customer: tenant.customer_with("Nordwind Supply", wholesale).await }
    }

    /// Sells in both channels and takes some of it back.
    async fn trade(&self, tenant: &Tenant, at: &str, wanted: &[(&str, &str)]) {
        let mut body = sale(&self.till, wanted);
        body["occurred_at"] = json!(at);
        body["discount"] = json!({ "percent": "3.5" });
        let sold = tenant.post("/v1/pos/sales", &body).await.created();
        let order = json!({ "customer_id": self.customer, "occurred_at": at, "lines": lines(wanted),
            "advance_to": "invoiced" });
        tenant.post("/v1/orders", &order).await.created();
        let refund = json!({ "register_id": self.till.register_id, "original_id": sold["id"], "occurred_at": at,
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
    }
}

async fn fold(tenant: &Tenant) -> i64 {
    rollup::run_all(&environment().db, tenant.id).await.expect("lines are folded")
}

/// Adds to a column of roll-ups.
async fn add(tenant: &Tenant, table: &str, column: &str, value: i32) {
    let statement = format!("update {table} set {column} = {column} + $2 where tenant_id = $1");
    let query = sqlx::query(AssertSqlSafe(statement)).bind(tenant.id.0).bind(value);
    query.execute(&environment().root).await.expect("the roll-up changes");
}

#[test]
fn roll_ups_change_no_figure() {
    with_tenant_as(
        |settings| settings.time_zone = "America/New_York".into(),
        async |tenant| {
            let shop = Shop::open(tenant).await;
            shop.trade(tenant, "2011-01-31T23:59:59Z", &[("HAMMER", "2"), ("MUG", "3"), ("SAW", "1")]).await;
            shop.trade(tenant, "2011-02-01T00:00:00Z", &[("MUG", "1"), ("SAW", "2")]).await;
            shop.trade(tenant, "2011-03-13T07:10:00Z", &[("SAW", "2"), ("HAMMER", "1")]).await;
            tenant.complete_feed().await;
            assert!(fold(tenant).await > 0, "lines were folded");
            shop.trade(tenant, "2011-02-14T12:00:00Z", &[("MUG", "7")]).await;
            shop.trade(tenant, "2011-03-27T01:05:00Z", &[("MUG", "2"), ("MUG", "1"), ("HAMMER", "1")]).await;
            shop.trade(tenant, "2011-04-01T03:50:00Z", &[("SAW", "2")]).await;
            shop.trade(tenant, "2011-10-30T00:30:00Z", &[("MUG", "2")]).await;
            tenant.complete_feed().await;
            fold(tenant).await;
            shop.trade(tenant, "2011-02-28T18:00:00Z", &[("SAW", "3"), ("MUG", "1")]).await;
            let requests = requests();
            let mut folded = Vec::with_capacity(requests.len());
            for request in &requests {
                folded.push(figures(tenant, request).await);
            }
            hide(tenant, true).await;
            for (request, folded) in requests.iter().zip(folded) {
                assert_eq!(folded, figures(tenant, request).await, "{request}");
            }
            hide(tenant, false).await;
        },
    );
}

#[test]
fn a_day_begins_at_the_first_of_two_midnights() {
    with_tenant_as(
        |settings| settings.time_zone = "America/Havana".into(),
        async |tenant| {
            let shop = Shop::open(tenant).await;
            shop.trade(tenant, "2015-11-01T03:59:59Z", &[("MUG", "1")]).await;
            shop.trade(tenant, "2015-11-01T04:30:00Z", &[("MUG", "2")]).await;
            shop.trade(tenant, "2015-11-01T05:30:00Z", &[("MUG", "4")]).await;
            let lines = async |period: &str| {
                let report = figures(tenant, &format!("/v1/reports/margin?group_by=none&{period}")).await;
                report["totals"][0]["lines"].clone()
            };
            for is_folded in [false, true] {
                if is_folded {
                    tenant.complete_feed().await;
                    fold(tenant).await;
                }
                assert_eq!(lines("from=2015-11-01").await, 6, "folded: {is_folded}");
                assert_eq!(lines("from=2015-11-01&to=2015-11-02").await, 6, "folded: {is_folded}");
                assert_eq!(lines("to=2015-11-01").await, 3, "folded: {is_folded}");
                assert_eq!(lines("from=2015-10-15&to=2015-11-01").await, 3, "folded: {is_folded}");
            }
        },
    );
}

#[test]
fn a_report_reads_the_roll_up_that_fits() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        shop.trade(tenant, "2011-02-03T12:00:00Z", &[("MUG", "2"), ("SAW", "1")]).await;
        shop.trade(tenant, "2011-02-14T12:00:00Z", &[("HAMMER", "2"), ("MUG", "3")]).await;
        tenant.complete_feed().await;
        fold(tenant).await;
        for (table, request) in [
            ("sales_sum_by_month", "/v1/reports/revenue?group_by=month,channel"),
            ("sales_sum_by_month", "/v1/reports/channel_summary?from=2011-02-01&to=2011-02-20"),
            ("sales_sum_by_month", "/v1/reports/revenue?group_by=quarter,location,country"),
            // A month is not whole: days have no lines besides them.
            ("sales_sum_by_day", "/v1/reports/channel_summary?from=2011-02-10&to=2011-02-20"),
            ("sales_sum_by_day", "/v1/reports/revenue?group_by=week,channel"),
            ("sales_sum_by_quarter_hour", "/v1/reports/channel_summary?from=2011-02-10T07:03:00Z"),
            ("sales_sum_by_quarter_hour", "/v1/reports/revenue?group_by=hour"),
            ("sales_sum_by_quarter_hour", "/v1/reports/revenue?group_by=day&tz=Asia/Kathmandu"),
            ("sales_sum_by_category", "/v1/reports/margin?group_by=category,month"),
            ("sales_sum_by_product_year", "/v1/reports/product_performance"),
            (
                "sales_sum_by_product_year",
                "/v1/reports/margin?group_by=product,year&from=2011-01-01&to=2012-01-01",
            ),
            ("sales_sum_by_product_location", "/v1/reports/product_performance?location=MAIN"),
            ("sales_sum_by_product", "/v1/reports/revenue?group_by=product,month"),
            (
                "sales_sum_by_product_year",
                "/v1/reports/product_performance?tz=Asia/Kathmandu&from=2011-01-15",
            ),
            ("sales_sum_by_product_year", "/v1/reports/abc?category=tools"),
            ("sales_sum_by_customer_year", "/v1/reports/customer_value"),
            ("sales_sum_by_customer_year", "/v1/reports/revenue?group_by=customer,year&from=2010-12-24"),
            ("sales_sum_by_customer", "/v1/reports/revenue?group_by=customer,month"),
        ] {
            let before = figures(tenant, request).await;
            add(tenant, table, "net_revenue", 1).await;
            assert_ne!(figures(tenant, request).await, before, "{request} reads {table}");
            let named = tenant.check_now().await;
            let name = format!("net_revenue in {table} of");
            assert!(named.iter().any(|named| named.contains(&name)), "{name} is named: {named:?}");
            add(tenant, table, "net_revenue", -1).await;
            assert_eq!(figures(tenant, request).await, before);
        }
        for request in [
            "/v1/reports/channel_summary?trade=true",
            "/v1/reports/product_performance?trade=true&channel=retail",
        ] {
            let before = figures(tenant, request).await;
            assert_eq!(before["trade"]["first_on"], "2011-02-03", "{request}");
            add(tenant, "sales_sum_by_day", "day", 1).await;
            let moved = figures(tenant, request).await;
            assert_eq!(moved["trade"]["first_on"], "2011-02-04", "{request} reads days");
            add(tenant, "sales_sum_by_day", "day", -1).await;
            assert_eq!(figures(tenant, request).await, before);
        }
    });
}

#[test]
fn a_rebuild_gives_no_wrong_answer() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        let request = "/v1/reports/margin?group_by=product,month";
        shop.trade(tenant, "2011-02-14T12:00:00Z", &[("HAMMER", "2"), ("MUG", "3")]).await;
        tenant.complete_feed().await;
        fold(tenant).await;
        rollup::request_rebuild(&environment().db, tenant.id).await.expect("a rebuild begins");
        for minute in 0..6 {
            shop.trade(tenant, &format!("2011-02-14T12:0{minute}:00Z"), &[("MUG", "1"), ("SAW", "1")]).await;
            let with = figures(tenant, request).await;
            rollup::run(&environment().db, tenant.id).await.expect("a step");
            assert_eq!(figures(tenant, request).await, with, "a step changes no figure");
        }
        let generations = "select array_agg(distinct generation) as generations from sales_sum_by_product where tenant_id = $1";
        let row = sqlx::query(generations).bind(tenant.id.0).fetch_one(&environment().root).await;
        let generations: Vec<i32> = row.expect("generations are read").get("generations");
        assert_eq!(generations, [2], "the old rows are gone");
    });
}

#[test]
fn another_time_zone_builds_the_roll_ups_again() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        shop.trade(tenant, "2011-01-31T23:30:00Z", &[("MUG", "1")]).await;
        tenant.complete_feed().await;
        fold(tenant).await;
        let request = "/v1/reports/revenue?group_by=month";
        assert_eq!(figures(tenant, request).await["rows"][0]["month"], "2011-01-01");
        let update = "update tenant set time_zone = 'Europe/Berlin' where tenant_id = $1";
        sqlx::query(update).bind(tenant.id.0).execute(&environment().root).await.expect("the zone changes");
        assert_eq!(figures(tenant, request).await["rows"][0]["month"], "2011-02-01", "before the fold");
        fold(tenant).await;
        assert_eq!(figures(tenant, request).await["rows"][0]["month"], "2011-02-01", "after it");
        add(tenant, "sales_sum_by_month", "net_revenue", 1).await;
        let net_revenue = |report: &Value| report["totals"][0]["net_revenue"].clone();
        let changed = figures(tenant, request).await;
        add(tenant, "sales_sum_by_month", "net_revenue", -1).await;
        assert_ne!(
            net_revenue(&changed),
            net_revenue(&figures(tenant, request).await),
            "its months are used"
        );
        // The ledger has the months of the zone in which the documents were posted.
        let update = "update tenant set time_zone = 'Europe/London' where tenant_id = $1";
        sqlx::query(update)
            .bind(tenant.id.0)
            .execute(&environment().root)
            .await
            .expect("the zone changes back");
    });
}

#[test]
fn the_list_of_tables_has_the_columns_of_the_database() {
    environment().runtime.block_on(async {
        let root = &environment().root;
        let names = "select array_agg(relname::text order by relname) as names from pg_class \
                     where relname like 'sales\\_sum\\_by\\_%' and relkind = 'r'";
        let found: Vec<String> = sqlx::query(names).fetch_one(root).await.expect("names").get("names");
        let mut listed: Vec<String> = rollup::TABLES.iter().map(rollup::Table::name).collect();
        listed.sort_unstable();
        assert_eq!(found, listed, "every table is in the list");
        let columns = "select array_agg(a.attname::text order by a.attname) as columns, \
                           (select array_agg(k.attname::text order by k.place) from ( \
                               select b.attname, array_position(i.indkey::int[], b.attnum::int) as place from pg_index i \
                               join pg_attribute b on b.attrelid = i.indrelid and b.attnum = any(i.indkey) \
                               where i.indrelid = $1::regclass and i.indisprimary) k) as key \
                       from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped";
        for table in rollup::TABLES {
            let row = sqlx::query(columns).bind(table.name()).fetch_one(root).await.expect("columns");
            let key = [vec!["tenant_id", "generation"], table.keys()].concat();
            assert_eq!(row.get::<Vec<String>, _>("key"), key, "{}", table.name());
            let mut all: Vec<&str> = table.sums().iter().map(|sum| sum.name).chain(key).collect();
            all.sort_unstable();
            assert_eq!(row.get::<Vec<String>, _>("columns"), all, "{}", table.name());
        }
    });
}

#[test]
fn roll_ups_without_a_table_are_built_again() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        shop.trade(tenant, "2011-02-14T12:00:00Z", &[("HAMMER", "2"), ("MUG", "3")]).await;
        tenant.complete_feed().await;
        fold(tenant).await;
        let request = "/v1/reports/revenue?group_by=product,month";
        let before = figures(tenant, request).await;
        // As an older version leaves them, whose list has no rows for this table.
        for older in [
            "delete from sales_sum_by_product where tenant_id = $1",
            "update sales_rollup set layout = 0 where tenant_id = $1",
        ] {
            sqlx::query(older).bind(tenant.id.0).execute(&environment().root).await.expect("a change");
        }
        assert_eq!(figures(tenant, request).await, before, "lines are read meanwhile");
        fold(tenant).await;
        add(tenant, "sales_sum_by_product", "net_revenue", 1).await;
        assert_ne!(figures(tenant, request).await, before, "the table has rows again");
        add(tenant, "sales_sum_by_product", "net_revenue", -1).await;
        assert_eq!(figures(tenant, request).await, before);
    });
}

#[test]
fn an_older_list_is_read_until_the_roll_ups_are_built_again() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        shop.trade(tenant, "2011-02-14T12:00:00Z", &[("HAMMER", "2"), ("MUG", "3")]).await;
        tenant.complete_feed().await;
        fold(tenant).await;
        let request = "/v1/reports/revenue?group_by=month,channel";
        let before = figures(tenant, request).await;
        // As the list before the months leaves them.
        for older in [
            "delete from sales_sum_by_month where tenant_id = $1",
            "update sales_rollup set layout = 1 where tenant_id = $1",
        ] {
            sqlx::query(older).bind(tenant.id.0).execute(&environment().root).await.expect("a change");
        }
        assert_eq!(figures(tenant, request).await, before);
        let books = tenant.get("/v1/integrity").await.ok();
        assert_eq!(books["holds"], true, "a table that the list lacks is not compared: {books}");
        add(tenant, "sales_sum_by_day", "net_revenue", 1).await;
        assert_ne!(figures(tenant, request).await, before, "its days are read");
        add(tenant, "sales_sum_by_day", "net_revenue", -1).await;
        fold(tenant).await;
        add(tenant, "sales_sum_by_month", "net_revenue", 1).await;
        assert_ne!(figures(tenant, request).await, before, "the months have rows");
        add(tenant, "sales_sum_by_month", "net_revenue", -1).await;
        assert_eq!(figures(tenant, request).await, before);
    });
}

#[test]
fn a_newer_list_is_left_to_servers_that_know_it() {
    with_tenant(async |tenant| {
        let shop = Shop::open(tenant).await;
        shop.trade(tenant, "2011-02-14T12:00:00Z", &[("HAMMER", "2"), ("MUG", "3")]).await;
        tenant.complete_feed().await;
        fold(tenant).await;
        let set = async |layout: i32| {
            let update = "update sales_rollup set layout = $2 where tenant_id = $1";
            let query = sqlx::query(update).bind(tenant.id.0).bind(layout);
            query.execute(&environment().root).await.expect("the layout changes");
        };
        set(rollup::LAYOUT + 1).await;
        shop.trade(tenant, "2011-02-15T12:00:00Z", &[("MUG", "1")]).await;
        tenant.complete_feed().await;
        assert_eq!(fold(tenant).await, 0, "nothing is added to tables that it does not know");
        let request = "/v1/reports/margin?group_by=product,month";
        let with = figures(tenant, request).await;
        hide(tenant, true).await;
        assert_eq!(with, figures(tenant, request).await, "its rows and the later lines are read");
        hide(tenant, false).await;
    });
}

/// Returns how many days, channels, locations and countries differ between the view over the roll-up and the lines, and how many
/// there are.
async fn days_that_differ(tenant: &Tenant) -> (i64, i64) {
    let mut app = environment().connect().await;
    let begin = format!("begin; set local role stockwell_app; set local app.tenant_id = '{}'", tenant.id.0);
    app.execute(AssertSqlSafe(begin)).await.expect("begun");
    let query = "with line as ( \
             select day, channel, location_code, country, currency, sum(orders) as orders, count(*) as lines, \
                 sum(units) as units, sum(gross_sales) as gross_sales, sum(returns) as returns, \
                 sum(gross_revenue) as gross_revenue, sum(discount) as discount, sum(net_revenue) as net_revenue, \
                 sum(tax) as tax, sum(cost) as cost, sum(gross_margin) as gross_margin \
             from bi.margin_lines group by day, channel, location_code, country, currency), \
         by_day as ( \
             select day, channel, location_code, country, currency, orders, lines, units, gross_sales, returns, gross_revenue, \
                 discount, net_revenue, tax, cost, gross_margin from bi.sales_by_day) \
         select (select count(*) from ((table line except table by_day) union all (table by_day except table line)) d), \
             (select count(*) from by_day)";
    let row = sqlx::query(query).fetch_one(&mut app).await.expect("the views are read");
    (row.get(0), row.get(1))
}

/// Checks that the views which read roll-ups have the figures of the reports.
async fn check_views(tenant: &Tenant, when: &str) {
    for (path, view) in [
        ("/v1/reports/revenue?group_by=month,channel", "revenue_by_month_channel"),
        ("/v1/reports/revenue?group_by=weekday", "revenue_by_weekday"),
        ("/v1/reports/revenue?group_by=location", "revenue_by_location"),
        ("/v1/reports/channel_summary", "channel_summary"),
        ("/v1/reports/product_performance", "product_performance"),
        ("/v1/reports/abc", "abc"),
        ("/v1/reports/customer_value", "customer_value"),
    ] {
        let (columns, rows) = super::by_json(tenant, path).await;
        let shown = super::by_view(tenant, view, &columns).await;
        assert_eq!(super::sorted(shown), super::sorted(rows), "{view} {when}");
    }
}

#[test]
fn views_that_read_roll_ups_have_the_figures_of_the_lines() {
    with_tenant(async |tenant| {
        super::trade(tenant).await;
        let (differ, days) = days_that_differ(tenant).await;
        assert_eq!(differ, 0, "before the first fold");
        assert!(days >= 6, "{days} rows");
        tenant.complete_feed().await;
        rollup::run_all(&environment().db, tenant.id).await.expect("folded");
        assert_eq!(days_that_differ(tenant).await, (0, days), "after a fold");
        check_views(tenant, "after a fold").await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let (differ, _) = days_that_differ(tenant).await;
        assert_eq!(differ, 0, "with lines that are not folded");
        check_views(tenant, "with lines that are not folded").await;
        let columns = ["net_revenue".to_owned()];
        for (view, table) in [
            ("revenue_by_country", "sales_sum_by_day"),
            ("margin_by_month", "sales_sum_by_day"),
            ("product_performance", "sales_sum_by_product_year"),
            ("customer_value", "sales_sum_by_customer_year"),
        ] {
            let before = super::by_view(tenant, view, &columns).await;
            add(tenant, table, "net_revenue", 1).await;
            assert_ne!(super::by_view(tenant, view, &columns).await, before, "{view} reads {table}");
            add(tenant, table, "net_revenue", -1).await;
        }
    });
}
