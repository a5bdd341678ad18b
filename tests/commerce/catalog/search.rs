//! Search for products by a text anywhere in a SKU or a name, the best match first. It uses an index in spite of row-level
//! security.

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, with_tenant, with_tenants};

/// Returns the SKUs that a search finds, sorted.
async fn found(tenant: &Tenant, query: &str) -> Vec<String> {
    let page = tenant.get(&format!("/v1/products?limit=200&{query}")).await.ok();
    let products = page["data"].as_array().expect("data").iter();
    let mut skus: Vec<String> =
        products.map(|product| product["sku"].as_str().expect("a SKU").to_owned()).collect();
    skus.sort_unstable();
    skus
}

#[test]
fn a_text_is_found_in_sku_or_name_in_any_case() {
    with_tenant(async |tenant| {
        for (sku, name) in
            [("BOLT-M8", "Schraube"), ("X-1", "Bolt cutter"), ("X-2", "Big bolt"), ("X-3", "Übergroß")]
        {
            tenant.post("/v1/products", &json!({ "sku": sku, "name": name })).await.created();
        }
        assert_eq!(found(tenant, "q=bOL&within=false").await, ["BOLT-M8", "X-1"]);
        assert_eq!(found(tenant, "q=x-").await, ["X-1", "X-2", "X-3"]);
        assert_eq!(found(tenant, "q=%C3%BCBER").await, ["X-3"]);
        assert_eq!(found(tenant, "q=bolt&status=archived").await, Vec::<String>::new());
        assert_eq!(found(tenant, "q=bolt").await, ["BOLT-M8", "X-1", "X-2"]);
        assert_eq!(found(tenant, "q=LT-m&within=true").await, ["BOLT-M8"]);
        assert_eq!(found(tenant, "q=bolt&sku=X-2").await, ["X-2"]);
        let problem = tenant.get("/v1/products?q=%20").await.refused(400, "invalid_parameter");
        assert_eq!(problem.0["errors"][0]["parameter"], "q");
    });
}

#[test]
fn a_name_is_found_by_its_own_text() {
    let names = [
        "NİZAM",
        "İSTANBUL halı",
        "\u{fb01}lter 20",
        "o\u{fb03}ce chair",
        "ǅonny",
        "№ 5 pen",
        "\u{ff71}\u{ff72}\u{ff73}\u{ff74}",
        "\u{ff76}\u{ff9e}\u{ff7d} bottle",
        "½ inch pipe",
        "Ⅳ iv",
        "K (kelvin)",
        "100% wool",
    ];
    with_tenant(async |tenant| {
        for (number, name) in names.iter().enumerate() {
            let body = json!({ "sku": format!("T-{number:02}"), "name": name });
            tenant.post("/v1/products", &body).await.created();
            tenant.post("/v1/customers", &json!({ "kind": "retail", "name": name })).await.created();
        }
        let query = |text: &str| {
            let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            format!("q={escaped}")
        };
        for (number, name) in names.iter().enumerate() {
            for text in [(*name).to_owned(), name.to_lowercase()] {
                let skus = found(tenant, &query(&text)).await;
                assert!(skus.contains(&format!("T-{number:02}")), "{text}: {skus:?}");
            }
            let customers = tenant.get(&format!("/v1/customers?{}", query(name))).await.ok();
            assert_eq!(customers["data"][0]["name"], *name, "{customers}");
        }
        for (text, sku) in [
            ("istanbul", "T-01"),
            ("FILTER", "T-02"),
            ("office", "T-03"),
            ("アイウ", "T-06"),
            ("ガス", "T-07"),
        ] {
            assert_eq!(found(tenant, &query(text)).await, [sku], "{text}");
        }
    });
}

#[test]
fn a_text_is_found_with_any_dash_and_any_sigma() {
    with_tenant(async |tenant| {
        let dashes =
            ['-', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}'];
        for (place, dash) in dashes.iter().enumerate() {
            let body = json!({ "sku": format!("D{place}"), "name": format!("Bolt M8{dash}40, zinc") });
            tenant.post("/v1/products", &body).await.created();
        }
        for (sku, name) in [("S1", "ΟΔΟΣ ΑΘΗΝΑ"), ("S2", "Μικρή οδος"), ("S3", "Δρόμος")]
        {
            tenant.post("/v1/products", &json!({ "sku": sku, "name": name })).await.created();
        }
        let all: Vec<String> = (0..dashes.len()).map(|place| format!("D{place}")).collect();
        for dash in dashes.into_iter().map(String::from).chain(["\u{ad}-".to_owned()]) {
            assert_eq!(found(tenant, &format!("q=m8{dash}40")).await, all, "{dash:?}");
            assert_eq!(found(tenant, &format!("q=40%20M8{dash}4")).await, all, "{dash:?}");
        }
        assert_eq!(found(tenant, "q=bolt%20m8\u{2013}4&within=false").await, all);
        for text in ["οδος", "ΟΔΟΣ", "οδοσ"] {
            assert_eq!(found(tenant, &format!("q={text}")).await, ["S1", "S2"], "{text}");
        }
        assert_eq!(found(tenant, "q=ΔΡΌΜΟΣ").await, ["S3"]);
        let customer = json!({ "kind": "wholesale", "name": "Nord\u{2013}Süd ΟΔΟΣ", "number": "C-1" });
        tenant.post("/v1/customers", &customer).await.created();
        for text in ["nord-süd", "οδος"] {
            let page = tenant.get(&format!("/v1/customers?q={text}")).await.ok();
            assert_eq!(page["data"][0]["number"], "C-1", "{text}: {page}");
        }
    });
}

#[test]
fn a_sharp_s_and_two_s_are_the_same() {
    with_tenant(async |tenant| {
        for (sku, name) in
            [("R1", "Straße groß"), ("R2", "Strasse groß"), ("R3", "STRASSE GROSS"), ("R4", "Fuss")]
        {
            tenant.post("/v1/products", &json!({ "sku": sku, "name": name })).await.created();
        }
        for text in ["STRASSE%20GROSS", "straße%20groß", "gross%20strasse", "STRAẞE", "strass"] {
            let mut skus = found(tenant, &format!("q={text}")).await;
            skus.sort();
            assert_eq!(skus, ["R1", "R2", "R3"], "{text}");
        }
        assert_eq!(found(tenant, "q=fuß").await, ["R4"]);
        let mut skus = found(tenant, "q=strasse%20gross&within=false").await;
        skus.sort();
        assert_eq!(skus, ["R1", "R2", "R3"]);
        let customer = json!({ "kind": "wholesale", "name": "Weißbier Kontor", "number": "C-1" });
        tenant.post("/v1/customers", &customer).await.created();
        let page = tenant.get("/v1/customers?q=WEISSBIER").await.ok();
        assert_eq!(page["data"][0]["number"], "C-1", "{page}");
        let supplier = json!({ "code": "GROSS", "name": "Großhandel Nord" });
        tenant.post("/v1/suppliers", &supplier).await.created();
        let page = tenant.get("/v1/suppliers?q=grosshandel").await.ok();
        assert_eq!(page["data"][0]["code"], "GROSS", "{page}");
    });
}

#[test]
fn records_with_a_tag_are_found() {
    with_tenants(async |tenant, stranger| {
        for (sku, tags) in [("A", json!(["new", "sale"])), ("B", json!(["sale"])), ("C", json!([]))] {
            tenant.post("/v1/products", &json!({ "sku": sku, "name": sku, "tags": tags })).await.created();
        }
        stranger.post("/v1/products", &json!({ "sku": "D", "name": "D", "tags": ["sale"] })).await.created();
        assert_eq!(found(tenant, "tag=sale").await, ["A", "B"]);
        assert_eq!(found(tenant, "tag=new").await, ["A"]);
        assert_eq!(found(tenant, "tag=sale&q=b").await, ["B"]);
        assert_eq!(found(tenant, "tag=nothing").await, Vec::<String>::new());
        let page = tenant.get("/v1/products?tag=sale&sort=-sku&limit=1").await.ok();
        assert_eq!(page["data"][0]["sku"], "B");
        let cursor = page["page"]["next_cursor"].as_str().expect("a cursor");
        let next = tenant.get(&format!("/v1/products?tag=sale&sort=-sku&limit=1&cursor={cursor}")).await.ok();
        assert_eq!(next["data"][0]["sku"], "A");
        tenant.customer_with("ACME", json!({ "number": "C-1", "tags": ["vip"] })).await;
        let page = tenant.get("/v1/customers?tag=vip").await.ok();
        assert_eq!(page["data"][0]["number"], "C-1");
    });
}

#[test]
fn records_are_found_by_their_metadata() {
    with_tenants(async |tenant, stranger| {
        for (sku, metadata) in [
            ("A", json!({ "shelf": "A-12", "season": "winter" })),
            ("B", json!({ "shelf": "A-12" })),
            ("C", json!({ "shelf": "B 1/2" })),
            ("D", json!({})),
        ] {
            let product = json!({ "sku": sku, "name": sku, "list_price": "1", "metadata": metadata });
            tenant.post("/v1/products", &product).await.created();
        }
        let theirs = json!({ "sku": "E", "name": "E", "metadata": { "shelf": "A-12" } });
        stranger.post("/v1/products", &theirs).await.created();
        for (query, expected) in [
            ("metadata[shelf]=A-12", vec!["A", "B"]),
            ("metadata%5Bshelf%5D=B%201%2F2", vec!["C"]),
            ("metadata[shelf]=A-12&metadata[season]=winter", vec!["A"]),
            ("metadata[shelf]=A-12&q=b", vec!["B"]),
            ("metadata[shelf]=a-12", vec![]),
            ("metadata[nothing]=A-12", vec![]),
        ] {
            assert_eq!(found(tenant, query).await, expected, "{query}");
        }
        let csv = tenant.get("/v1/products/export?metadata[shelf]=A-12&status=active").await;
        assert_eq!(csv.text.lines().filter(|line| !line.is_empty()).count(), 3, "{}", csv.text);
        let none = tenant.get("/v1/products/export?metadata[shelf]=nothing").await;
        assert_eq!(none.text.lines().count(), 1, "{}", none.text);
        tenant.get("/v1/products/export?metadata[]=x").await.refused(400, "invalid_parameter");
        tenant.get("/v1/products/export?shelf=x").await.refused(400, "unknown_field");
        let path = "/v1/products?metadata[shelf]=A-12&sort=-sku&limit=1";
        let page = tenant.get(path).await.ok();
        assert_eq!(page["data"][0]["sku"], "B");
        let cursor = page["page"]["next_cursor"].as_str().expect("a cursor");
        assert_eq!(tenant.get(&format!("{path}&cursor={cursor}")).await.ok()["data"][0]["sku"], "A");

        let customer = tenant.customer_with("ACME", json!({ "metadata": { "crm": "4711" } })).await;
        let supplier = json!({ "code": "S1", "name": "Bolts", "metadata": { "crm": "4711" } });
        tenant.post("/v1/suppliers", &supplier).await.created();
        let order =
            json!({ "customer_id": customer, "lines": lines(&[("A", "1")]), "metadata": { "crm": "4711" } });
        tenant.post("/v1/orders", &order).await.created();
        for list in ["/v1/customers", "/v1/suppliers", "/v1/orders"] {
            for (value, rows) in [("4711", 1), ("4712", 0)] {
                let page = tenant.get(&format!("{list}?metadata[crm]={value}")).await.ok();
                assert_eq!(page["data"].as_array().map(Vec::len), Some(rows), "{list} {value}");
            }
        }
        for query in ["metadata[]=x", "metadata[a]=%00", "metadata[a]=1&metadata[a]=2"] {
            tenant.get(&format!("/v1/orders?{query}")).await.refused(400, "invalid_parameter");
        }
        let six: Vec<String> = (0..6).map(|key| format!("metadata[{key}]=x")).collect();
        tenant.get(&format!("/v1/orders?{}", six.join("&"))).await.refused(400, "invalid_parameter");
        assert_eq!(tenant.get("/v1/orders?metadata=x").await.status, 400);
        tenant.get("/v1/locations?metadata[a]=b").await.refused(400, "unknown_field");
    });
}

/// The statement of a server of the version before, which knows no key of a price.
#[test]
fn a_price_that_the_version_before_writes_is_sorted() {
    with_tenant(async |tenant| {
        for (sku, price) in [("A", "10"), ("B", "20"), ("C", "30")] {
            tenant.product(sku, price).await;
        }
        let change = "update product set list_price = $3, version = version + 1, updated_at = now() \
             where tenant_id = $1 and sku = $2";
        for (sku, price) in [("C", "5"), ("A", "100.5")] {
            let price: rust_decimal::Decimal = price.parse().expect("a price");
            let done = sqlx::query(change).bind(tenant.id.0).bind(sku).bind(price);
            done.execute(&environment().root).await.expect("a price is changed");
        }
        let page = tenant.get("/v1/products?sort=list_price").await.ok();
        let skus: Vec<&Value> =
            page["data"].as_array().expect("rows").iter().map(|row| &row["sku"]).collect();
        assert_eq!(skus, ["C", "B", "A"]);
    });
}

#[test]
fn products_without_a_price_come_after_all_others_in_both_orders() {
    with_tenant(async |tenant| {
        let prices =
            [("A", None), ("B", Some("10")), ("C", None), ("D", Some("9")), ("E", None), ("F", None)];
        for (sku, price) in prices {
            let product = json!({ "sku": sku, "name": "Cup", "list_price": price, "tags": ["cup"] });
            tenant.post("/v1/products", &product).await.created();
        }
        let walked = async |query: &str, limit: u8| {
            let first = format!("/v1/products?limit={limit}&{query}");
            let (mut path, mut skus) = (first.clone(), String::new());
            loop {
                let page = tenant.get(&path).await.ok();
                let rows = page["data"].as_array().expect("data").iter();
                skus.extend(rows.map(|product| product["sku"].as_str().expect("a SKU")));
                let Some(cursor) = page["page"]["next_cursor"].as_str() else { return skus };
                path = format!("{first}&cursor={cursor}");
            }
        };
        for limit in [1, 2, 3, 5, 6] {
            assert_eq!(walked("sort=-list_price", limit).await, "BDFECA", "{limit}");
            assert_eq!(walked("sort=list_price", limit).await, "DBACEF", "{limit}");
            assert_eq!(walked("sort=-list_price&q=cup", limit).await, "BDFECA", "{limit}");
            assert_eq!(walked("sort=-list_price&tag=cup", limit).await, "BDFECA", "{limit}");
        }
        let whole = tenant.get("/v1/products?sort=-list_price&format=csv&fields=sku").await;
        assert_eq!(whole.text.split_whitespace().collect::<Vec<_>>(), ["sku", "B", "D", "F", "E", "C", "A"]);
    });
}

#[test]
fn the_best_match_comes_first() {
    with_tenant(async |tenant| {
        for (sku, name) in [
            ("Z-1", "Thunderbolt cable"),
            ("Z-2", "Big bolt"),
            ("Z-3", "Bolt cutter"),
            ("BOLT", "Screw"),
            ("BOLT-M8", "Screw M8"),
            ("Z-4", "Rebolted bolt box"),
            ("Z-5", "Mug"),
        ] {
            tenant.post("/v1/products", &json!({ "sku": sku, "name": name })).await.created();
        }
        let ranked = async |query: &str| {
            let mut skus = Vec::new();
            let mut path = format!("/v1/products?limit=2&{query}");
            loop {
                let page = tenant.get(&path).await.ok();
                let rows = page["data"].as_array().expect("data").iter();
                skus.extend(rows.map(|product| product["sku"].as_str().expect("a SKU").to_owned()));
                let Some(cursor) = page["page"]["next_cursor"].as_str() else { return skus };
                path = format!("/v1/products?limit=2&{query}&cursor={cursor}");
            }
        };
        assert_eq!(ranked("q=bolt").await, ["BOLT", "Z-3", "BOLT-M8", "Z-2", "Z-4", "Z-1"]);
        assert_eq!(ranked("q=bolt&sort=-sku").await, ["Z-4", "Z-3", "Z-2", "Z-1", "BOLT-M8", "BOLT"]);
        assert_eq!(ranked("q=box%20bolt").await, ["Z-4"], "words in any order");
        assert_eq!(ranked("q=m8").await, ["BOLT-M8"], "a short word where a word begins");
        assert_eq!(
            ranked("q=z").await,
            ["Z-2", "Z-3", "Z-5", "Z-4", "Z-1"],
            "one character at the beginning"
        );
    });
}

#[test]
fn a_name_is_found_however_it_was_typed() {
    with_tenant(async |tenant| {
        for (sku, name) in
            [("A", "Cafe\u{301} cup"), ("B", "Café mug"), ("C", "ＢＩＧ　ＣＡＮ"), ("D", "日本の時計")]
        {
            tenant.post("/v1/products", &json!({ "sku": sku, "name": name })).await.created();
        }
        for (query, skus) in [
            ("q=caf%C3%A9", vec!["A", "B"]),
            ("q=cafe%CC%81", vec!["A", "B"]),
            ("q=afe%CC%81", vec!["A", "B"]),
            ("q=big", vec!["C"]),
            ("q=%EF%BC%A2%EF%BC%A9%EF%BC%A7%20can", vec!["C"]),
            ("q=%E6%9C%AC%E3%81%AE%E6%99%82", vec!["D"]),
            ("q=caf%C3%A9&within=false", vec!["A", "B"]),
        ] {
            assert_eq!(found(tenant, query).await, skus, "{query}");
        }
    });
}

#[test]
fn what_means_something_to_the_database_is_only_text() {
    with_tenant(async |tenant| {
        for (sku, name) in
            [("A", "100%"), ("B", "100 percent"), ("C", "a_b\\c"), ("D", "axb|c"), ("E", "it's")]
        {
            tenant.post("/v1/products", &json!({ "sku": sku, "name": name })).await.created();
        }
        for (text, sku) in [("00%25", "A"), ("a_b", "C"), ("b%5Cc", "C"), ("b%7Cc", "D"), ("t's", "E")] {
            assert_eq!(found(tenant, &format!("within=true&q={text}")).await, [sku], "{text}");
        }
        assert_eq!(found(tenant, "q=100%25&within=false").await, ["A"]);
    });
}

#[test]
fn a_search_is_read_page_by_page_and_finds_no_product_of_others() {
    with_tenants(async |tenant, stranger| {
        let mut seen = Vec::new();
        for number in 0..5 {
            tenant.product(&format!("MUG-{number}"), "1").await;
        }
        stranger.product("MUG-X", "1").await;
        let mut path = "/v1/products?limit=2&within=true&q=ug-".to_owned();
        loop {
            let page = tenant.get(&path).await.ok();
            seen.extend(page["data"].as_array().expect("data").iter().map(|product| product["sku"].clone()));
            let Some(cursor) = page["page"]["next_cursor"].as_str() else { break };
            path = format!("/v1/products?limit=2&within=true&q=ug-&cursor={cursor}");
        }
        assert_eq!(Value::Array(seen), json!(["MUG-0", "MUG-1", "MUG-2", "MUG-3", "MUG-4"]));
        assert_eq!(found(stranger, "within=true&q=mug").await, ["MUG-X"]);
    });
}

/// Returns the plan of a statement.
async fn plan(connection: &mut PgConnection, statement: &str) -> String {
    let rows = sqlx::query(AssertSqlSafe(format!("explain {statement}"))).fetch_all(connection).await;
    let rows = rows.unwrap_or_else(|error| panic!("{statement}: {error}"));
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

/// Makes fifty tenants with a thousand products each in a new database: plans depend on the content of a table.
async fn crowd() -> (PgConnection, PgConnection, &'static str) {
    let url = environment().migrated_database("search").await;
    let connect = async |role: &str| {
        PgConnection::connect(&url.replace("stockwell_migrator", role)).await.expect("the role connects")
    };
    let (mut root, app) = (connect("postgres").await, connect("stockwell_app").await);
    // Without tenants and tax classes: only the products matter.
    root.execute(
        "set session_replication_role = replica;
         insert into product (tenant_id, id, sku, name, tax_class_id)
         select ('00000000-0000-0000-0000-0000000000' || (10 + tenant))::uuid, gen_random_uuid(), 'SKU-' || number,
                md5(tenant || '-' || number), gen_random_uuid()
         from generate_series(0, 49) tenant, generate_series(1, 1000) number;
         reset session_replication_role",
    )
    .await
    .expect("products");
    root.execute("vacuum analyze product").await.expect("statistics");
    (root, app, "00000000-0000-0000-0000-000000000042")
}

#[test]
fn a_search_goes_through_an_index() {
    environment().runtime.block_on(async {
        let (mut root, mut app, tenant_id) = crowd().await;
        let of_tenant = format!("select id from product where tenant_id = '{tenant_id}'");
        let beginning =
            format!("{of_tenant} and (name_key ^@ lower('ABC12') or sku_key ^@ lower('SKU-399'))");
        let within =
            format!("{of_tenant} and (name_key like any (array['%abc12%']) or sku_key like any (array['%u-399%']))");
        let opening = format!("begin; set local app.tenant_id = '{tenant_id}'");
        app.execute(AssertSqlSafe(opening)).await.expect("a transaction");
        let behind_the_wall = plan(&mut app, &beginning).await;
        for index in ["product_by_name", "product_by_sku_key"] {
            assert!(behind_the_wall.contains(index), "{behind_the_wall}");
        }
        let kept_from_it = plan(&mut app, &within).await;
        assert!(
            !kept_from_it.contains("product_by_text"),
            "then the function is needed no longer: {kept_from_it}"
        );
        let in_the_function = plan(&mut root, &within).await;
        assert!(in_the_function.contains("product_by_text"), "{in_the_function}");
        let found = "select count(*) from auth.find_products('u-399', array['u-399'], array['%u-399%'], 10)";
        let found = sqlx::query(found).fetch_one(&mut app).await;
        assert_eq!(found.expect("a search").get::<i64, _>(0), 1);
        let tagged = format!("{of_tenant} and tags @> '[\"rare\"]' and tags <> '[]'");
        let in_the_function = plan(&mut root, &tagged).await;
        assert!(in_the_function.contains("product_by_tag"), "{in_the_function}");
        for (sort, index) in [
            ("order by price_key, id", "product_by_price"),
            ("and (price_key, id) > ('000', '00000000-0000-0000-0000-000000000000') order by price_key, id", "product_by_price"),
            ("and price_key < '~' order by price_key desc, id desc", "product_by_price"),
            ("and price_key < '~' and (price_key, id) < ('0', '00000000-0000-0000-0000-000000000000') order by price_key desc, id desc", "product_by_price"),
            ("and price_key >= '~' order by price_key desc, id desc", "product_by_price"),
            ("and price_key >= '~' and (price_key, id) < ('~', 'a0000000-0000-0000-0000-000000000000') order by price_key desc, id desc", "product_by_price"),
            ("and (name_key, id) > ('a', '00000000-0000-0000-0000-000000000000') order by name_key, id", "product_by_name"),
            ("order by sku_key desc, id desc", "product_by_sku_key"),
        ] {
            let plan = plan(&mut app, &format!("{of_tenant} {sort} limit 51")).await;
            assert!(plan.contains(index), "{sort}: {plan}");
        }
    });
}

#[test]
fn the_function_answers_nobody_without_a_tenant() {
    environment().runtime.block_on(async {
        let mut app = PgConnection::connect(&environment().database_url()).await.expect("the app connects");
        for search in [
            "select auth.find_products('mug', 10)",
            "select auth.find_products('mug', array['mug'], array['%mug%'], 10)",
            "select auth.find_customers('mug', array['mug'], array['%mug%'], 10)",
            "select auth.find_customers_by_email('mug')",
            "select auth.find_transfers(1, now(), now())",
            "select auth.find_supplier_transfers(1, now(), now())",
            "select auth.find_tagged_products('mug', 10)",
            "select auth.find_tagged_customers('mug', 10)",
            "select auth.find_noted_products('{\"a\": \"b\"}', 10)",
            "select auth.find_noted_customers('{\"a\": \"b\"}', 10)",
            "select auth.find_noted_suppliers('{\"a\": \"b\"}', 10)",
            "select auth.find_noted_orders('{\"a\": \"b\"}', 10)",
            "select auth.erase_customer(gen_random_uuid(), now())",
        ] {
            let error = app.execute(search).await.expect_err("no tenant");
            assert!(error.to_string().contains("unrecognized configuration parameter"), "{error}");
        }
    });
}
