//! A document shows what it was issued with, also after its product and its customer are renamed.

use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, Till, environment, with_tenant};

/// Documents of both channels, by their paths.
async fn documents(tenant: &Tenant, till: &Till, customer: &str) -> Vec<String> {
    let id = |document: &Value| document["id"].as_str().expect("an id").to_owned();
    let stock = tenant.open_stock(&[("BOLT", "100", "1.00")]).await;
    let order = tenant.order(customer, &[("BOLT", "3")], "invoiced").await.created();
    let invoice = order["invoices"][0].clone();
    let back = json!({ "customer_id": customer, "original_id": invoice["id"], "reason": "Too long" });
    let note = tenant.post("/v1/returns", &back).await.created();
    let sold = json!({ "register_id": till.register_id, "customer_id": customer,
        "lines": [{ "sku": "BOLT", "quantity": "2" }], "tenders": [{ "kind": "cash" }] });
    let sale = tenant.post("/v1/pos/sales", &sold).await.created();
    let back = json!({ "register_id": till.register_id, "original_id": sale["id"],
        "original_lines": [{ "line_no": 1, "quantity": "1" }] });
    let refund = tenant.post("/v1/pos/refunds", &back).await.created();
    vec![
        format!("/v1/stock/documents/{}", id(&stock)),
        format!("/v1/orders/{}", id(&order)),
        format!("/v1/shipments/{}", id(&order["shipments"][0])),
        format!("/v1/invoices/{}", id(&invoice)),
        format!("/v1/invoices/{}", id(&note)),
        format!("/v1/pos/sales/{}", id(&sale)),
        format!("/v1/pos/sales/{}", id(&refund)),
    ]
}

async fn read(tenant: &Tenant, paths: &[String]) -> Vec<Value> {
    let mut read = Vec::new();
    for path in paths {
        let mut document = tenant.get(path).await.ok();
        if let Some(page) = document["page"].as_object_mut() {
            page.remove("synced_until");
        }
        read.push(document);
    }
    read
}

/// Renames everything that a document prints, once by a merge patch and once by an import.
async fn rename(tenant: &Tenant, product: &str, customer: &str) {
    let class = tenant.make("/v1/tax-classes", json!({ "code": "books", "name": "Books" })).await;
    let change = json!({ "sku": "SCREW", "name": "Screw M8", "tax_class_id": class });
    tenant.patch(&format!("/v1/products/{product}"), &change).await.ok();
    let change = json!({ "name": "Hansa Foods", "number": "H-1", "tax_number": "DE999999999" });
    tenant.patch(&format!("/v1/customers/{customer}"), &change).await.ok();
    let csv = "sku,name\nSCREW,Screw M8 by import\n";
    let import =
        tenant.call(reqwest::Method::POST, "/v1/products/import").key("import").body("text/csv", csv);
    import.send().await.ok();
}

#[test]
fn a_document_shows_what_it_was_issued_with() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "2.50").await.id;
        let named = json!({ "number": "N-1", "tax_number": "DE123456789" });
        let customer = tenant.customer_with("Nordwind Supply", named).await;
        let till = tenant.till().await;
        let paths = documents(tenant, &till, &customer).await;
        let before = read(tenant, &paths).await;
        for document in &before[1..] {
            let line = &document["lines"][0];
            assert_eq!((&line["sku"], &line["name"]), (&json!("BOLT"), &json!("Product BOLT")), "{document}");
        }
        for document in before.iter().filter(|document| document["object"] != "stock_document") {
            if document["object"] != "shipment" {
                let printed =
                    json!({ "number": "N-1", "name": "Nordwind Supply", "tax_number": "DE123456789" });
                assert_eq!(document["customer"], printed, "{document}");
                assert_eq!(document["lines"][0]["tax_name"], "Standard rate", "{document}");
            }
        }
        rename(tenant, &product, &customer).await;
        for (path, (before, after)) in paths.iter().zip(before.iter().zip(read(tenant, &paths).await)) {
            assert_eq!(*before, after, "{path}");
        }
        let sale = tenant.sell(&till, &[("SCREW", "1")]).await.created();
        let line = &sale["lines"][0];
        assert_eq!((&line["sku"], &line["name"]), (&json!("SCREW"), &json!("Screw M8 by import")));
        assert_eq!(line["tax_name"], "Books");
        let order = tenant.order(&customer, &[("SCREW", "1")], "draft").await.created();
        assert_eq!(
            order["customer"],
            json!({ "number": "H-1", "name": "Hansa Foods", "tax_number": "DE999999999" })
        );
    });
}

#[test]
fn orders_to_suppliers_and_documents_of_stock_keep_the_names_of_their_products() {
    with_tenant(async |tenant| {
        let product = tenant.stocked("BOLT", "2.50", ("100", "1.00")).await.id;
        let customer = tenant.customer("Nordwind Supply").await;
        let id = |document: &Value| document["id"].as_str().expect("an id").to_owned();
        let sent = json!({ "to_location_id": tenant.shop, "lines": [{ "sku": "BOLT", "quantity": "2" }] });
        let transfer = tenant.post("/v1/stock/transfers", &sent).await.created();
        let expected = json!({ "expected_on": "2099-01-15", "lines": [{ "sku": "BOLT", "quantity": "2" }] });
        let expected = tenant.post("/v1/stock/expected-receipts", &expected).await.created();
        let maker = json!({ "code": "MAKER", "name": "Maker" });
        let maker = tenant.post("/v1/suppliers", &maker).await.created();
        let bought = json!({ "supplier_id": maker["id"],
            "lines": [{ "sku": "BOLT", "quantity": "5", "unit_cost": "0.95" }] });
        let order = tenant.post("/v1/purchase-orders", &bought).await.created();
        let draft = tenant.post("/v1/purchase-orders", &bought).await.created();
        let order = format!("/v1/purchase-orders/{}", id(&order));
        tenant.post(&format!("{order}/send"), &json!({})).await.ok();
        tenant.post(&format!("{order}/receive"), &json!({})).await.ok();
        let mut sheets = Vec::new();
        for figure in ["101", "110", "106"] {
            let sheet = tenant.post("/v1/counts", &json!({ "blind": false })).await.created();
            let sheet = format!("/v1/counts/{}", id(&sheet));
            let entries = json!({ "entries": [{ "sku": "BOLT", "quantity": figure }] });
            tenant.post(&format!("{sheet}/entries"), &entries).await.ok();
            sheets.push(sheet);
        }
        tenant.post(&format!("{}/complete", sheets[0]), &json!({})).await.ok();
        tenant.post(&format!("{}/post", sheets[0]), &json!({})).await.ok();
        tenant.post(&format!("{}/cancel", sheets[1]), &json!({})).await.ok();
        let paths = [
            format!("{order}/receipts"),
            sheets[0].clone(),
            format!("{}/entries", sheets[0]),
            sheets[1].clone(),
            format!("/v1/stock/transfers/{}", id(&transfer)),
            format!("/v1/stock/expected-receipts/{}", id(&expected)),
            order.clone(),
        ];
        let before = read(tenant, &paths).await;
        rename(tenant, &product, &customer).await;
        assert_eq!(read(tenant, &paths).await, before);
        let print = tenant.get(&format!("{order}/document")).await;
        assert!(print.text.contains("BOLT Product BOLT"), "{}", print.text);
        let draft = tenant.get(&format!("/v1/purchase-orders/{}", id(&draft))).await.ok();
        assert_eq!(draft["lines"][0]["sku"], "SCREW", "a draft has the name of today");
        assert_eq!(before[0]["data"][0]["sku"], "BOLT", "{}", before[0]);
        let open = tenant.get(&sheets[2]).await.ok();
        assert_eq!(open["lines"][0]["sku"], "SCREW", "an open sheet has the name of today");
        let entries = tenant.get(&format!("{}/entries", sheets[2])).await.ok();
        assert_eq!(entries["data"][0]["sku"], "SCREW");
        let reversal = json!({ "reason": "Wrong aisle" });
        tenant.post(&format!("{}/reverse", sheets[0]), &reversal).await.ok();
        let reversed = tenant.get(&sheets[0]).await.ok();
        assert_eq!((&reversed["status"], &reversed["lines"][0]["sku"]), (&json!("reversed"), &json!("BOLT")));
    });
}

#[test]
fn what_follows_from_a_document_says_what_it_said() {
    with_tenant(async |tenant| {
        let product = tenant.stocked("BOLT", "2.50", ("100", "1.00")).await.id;
        let customer = tenant.customer("Nordwind Supply").await;
        let till = tenant.till().await;
        let order = tenant.order(&customer, &[("BOLT", "4")], "confirmed").await.created();
        let sale = tenant.sell(&till, &[("BOLT", "2")]).await.created();
        rename(tenant, &product, &customer).await;
        let id = order["id"].as_str().expect("an id");
        tenant.step(id, "ship").await.ok();
        let billed = tenant.step(id, "invoice").await.ok();
        assert_eq!(billed["customer"]["name"], "Nordwind Supply", "the order was confirmed in this name");
        let invoice = &billed["invoices"][0];
        assert_eq!(invoice["customer"]["name"], "Hansa Foods", "it has the name of its own day");
        assert_eq!(
            (&invoice["lines"][0]["sku"], &invoice["lines"][0]["name"]),
            (&json!("BOLT"), &json!("Product BOLT"))
        );
        let back = json!({ "register_id": till.register_id, "original_id": sale["id"] });
        let refund = tenant.post("/v1/pos/refunds", &back).await.created();
        assert_eq!(refund["lines"][0]["sku"], "BOLT");
        let path = format!("/v1/pos/sales/{}", refund["id"].as_str().expect("an id"));
        assert_eq!(tenant.get(&path).await.ok()["lines"], refund["lines"]);
    });
}

#[test]
fn a_receipt_that_is_sent_later_has_the_names_of_its_time() {
    with_tenant(async |tenant| {
        let named = json!({ "name": "Blue mug", "list_price": "10.00" });
        let product = tenant.product_with("MUG", named).await.id;
        tenant.open_stock(&[("MUG", "50", "4.00")]).await;
        let set = json!({ "kind": "bundle", "list_price": "10.00" });
        let set = tenant.product_with("SET", set).await.id;
        let part = json!({ "components": [{ "sku": "MUG", "quantity": "1" }] });
        tenant.put(&format!("/v1/products/{set}/components"), &part).await.ok();
        let street = |line1: &str| {
            let address = json!({ "line1": line1, "city": "Leeds", "country": "GB" });
            json!([{ "code": "home", "address": address }])
        };
        let customer = tenant.customer_with("Old Cust", json!({ "addresses": street("Old St") })).await;
        tenant.patch("/v1/settings", &json!({ "name": "Old Shop Ltd" })).await.ok();
        let till = tenant.till().await;
        let sale = |sku: &str| {
            json!({ "register_id": till.register_id, "customer_id": customer,
                "lines": [{ "sku": sku, "quantity": "1" }], "tenders": [{ "kind": "cash" }] })
        };
        let of_now = tenant.post("/v1/pos/sales", &sale("MUG")).await.created();
        let at = environment().now().await;
        // Each record is changed twice: the version of the time counts, not the last one before the present.
        for (name, sku) in [("Green mug", "MUG-2"), ("Red mug", "MUG-3")] {
            tenant.patch(&format!("/v1/products/{product}"), &json!({ "name": name, "sku": sku })).await.ok();
            tenant.patch(&format!("/v1/products/{set}"), &json!({ "name": name })).await.ok();
            let moved = json!({ "name": format!("Cust of {name}"), "addresses": street("New St") });
            tenant.patch(&format!("/v1/customers/{customer}"), &moved).await.ok();
            tenant.patch("/v1/settings", &json!({ "name": format!("Shop of {name}") })).await.ok();
        }
        let printed = |sale: &Value| {
            let line = &sale["lines"][0];
            [
                &line["sku"],
                &line["name"],
                &sale["customer"]["name"],
                &sale["bill_to"]["line1"],
                &sale["seller"]["name"],
            ]
            .map(|text| text.as_str().unwrap_or("-").to_owned())
        };
        let then = ["MUG", "Blue mug", "Old Cust", "Old St", "Old Shop Ltd"];
        let read = async |document: &Value| {
            let path = format!("/v1/pos/sales/{}", document["id"].as_str().expect("an id"));
            tenant.get(&path).await.ok()
        };
        for (sku, exceptions) in [("MUG", json!(["product_renamed"])), ("SET", json!([]))] {
            let mut late = sale(sku);
            (late["forced"], late["occurred_at"]) = (json!(true), json!(at));
            let late = tenant.post("/v1/pos/sales", &late).await.created();
            assert_eq!(printed(&late), then, "{late}");
            assert_eq!(late["exceptions"], exceptions);
            assert_eq!(printed(&read(&late).await), then, "the sale that is read");
        }
        let mut late = sale("MUG-3");
        late["occurred_at"] = json!(at);
        assert_eq!(
            printed(&tenant.post("/v1/pos/sales", &late).await.created()),
            then,
            "one that is not forced"
        );
        let back = json!({ "register_id": till.register_id, "original_id": of_now["id"], "occurred_at": at });
        let refund = tenant.post("/v1/pos/refunds", &back).await.created();
        assert_eq!(printed(&refund), then, "{refund}");
        assert_eq!(printed(&read(&refund).await), then, "the refund that is read");
        let after = ["MUG-3", "Red mug", "Cust of Red mug", "New St", "Shop of Red mug"];
        assert_eq!(
            printed(&tenant.post("/v1/pos/sales", &sale("MUG-3")).await.created()),
            after,
            "a sale of now"
        );
    });
}

#[test]
fn a_document_without_versions_shows_the_oldest_names_known() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "2.50").await.id;
        let customer = tenant.customer("Nordwind Supply").await;
        let till = tenant.till().await;
        let paths = documents(tenant, &till, &customer).await;
        let before = read(tenant, &paths).await;
        // As a server of the version before writes them.
        for statement in [
            "update sales_line set product_version = null where tenant_id = $1",
            "update sales_order_line set product_version = null where tenant_id = $1",
            "update sales_order set customer_version = null where tenant_id = $1",
            "update invoice set customer_version = null where tenant_id = $1",
            "update pos_sale set customer_version = null where tenant_id = $1",
        ] {
            let done = sqlx::query(statement).bind(tenant.id.0).execute(&environment().root).await;
            done.expect("the versions are removed");
        }
        rename(tenant, &product, &customer).await;
        assert_eq!(read(tenant, &paths).await, before);
    });
}

#[test]
fn a_server_of_the_version_before_reads_and_writes() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("BOLT", "2")]).await.created();
        let mut before = environment().root.begin().await.expect("a transaction");
        let loaded = "select (p).sku, cardinality(l.levels) \
             from load_sales_1($1, now(), '{}', '{}', array[$2]::uuid[], '{}', array['BOLT'], '{}', true, '{}', 0) l, \
                  unnest(l.products) p";
        let main: uuid::Uuid =
            sqlx::query_scalar("select id from location where tenant_id = $1 and code = 'MAIN'")
                .bind(tenant.id.0)
                .fetch_one(&mut *before)
                .await
                .expect("the warehouse");
        let query = sqlx::query_as::<_, (String, i32)>(loaded).bind(tenant.id.0).bind(main);
        assert_eq!(query.fetch_one(&mut *before).await.expect("a product"), ("BOLT".to_owned(), 1));
        let posted = "select post_batch_1(p_tenant => $1, p_now => now(), p_currency => 'GBP', p_levels => '{}', \
             p_series => '{}', p_movements => '{}', \
             p_sales => array(select row(gen_random_uuid(), 'OLD-' || number, kind, register_id, session_id, location_id, \
                 customer_id, original_id, country, gross, discount, net, tax, rounding, total, cost, business_date, \
                 occurred_at, command_id)::pos_sale_row_1 from pos_sale where tenant_id = $1), \
             p_tenders => '{}', \
             p_sales_lines => array(select row(gen_random_uuid(), line_no, document_kind, channel, location_id, customer_id, \
                 country, product_id, category_id, description, uom, factor, entered, quantity, unit_price, list_price, \
                 price_source, price_rule_id, price_trace, gross, discount, net, tax_rate, tax, cost, order_id, original_id, \
                 original_line_no, occurred_at, bundle_id)::sales_line_row_1 from sales_line where tenant_id = $1), \
             p_entries => '{}', p_entry_lines => '{}', p_events => '{}', p_commands => '{}')";
        let query = sqlx::query(posted).bind(tenant.id.0);
        query.execute(&mut *before).await.expect("a sale without versions");
        let versions = "select count(*), count(l.product_version), count(s.seller_version) \
             from sales_line l, pos_sale s where l.tenant_id = $1 and s.tenant_id = $1";
        let query = sqlx::query_as::<_, (i64, i64, i64)>(versions).bind(tenant.id.0);
        assert_eq!(query.fetch_one(&mut *before).await.expect("the sales"), (4, 2, 2));
        before.rollback().await.expect("nothing is left");
    });
}

/// Writes a person into every text of documents that callers send.
async fn write_person(tenant: &Tenant, till: &Till, customer: &str) {
    let line = json!({ "sku": "BOLT", "quantity": "3", "description": "Engraved: Bergman", "unit_price": "2.00",
        "price_reason": "Bergman asked" });
    let order = json!({ "customer_id": customer, "reference": "Bergman, wedding", "external_ref": "bergman-1",
        "notes": "Call Anna Bergman", "tags": ["bergman"], "metadata": { "who": "Bergman" }, "lines": [line],
        "advance_to": "invoiced" });
    let order = tenant.post("/v1/orders", &order).await.created();
    let parcel = json!({ "carrier": "Bergman Parcels", "tracking_number": "BERGMAN1",
        "tracking_url": "https://parcels.example/bergman" });
    let shipment = order["shipments"][0]["id"].as_str().expect("an id");
    tenant.patch(&format!("/v1/shipments/{shipment}"), &parcel).await.ok();
    let back = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"],
        "original_lines": [{ "line_no": 1, "quantity": "1" }], "reason": "Bergman moved" });
    tenant.post("/v1/returns", &back).await.created();
    let hold = json!({ "customer_id": customer, "reference": "cart of Bergman", "note": "For Bergman",
        "expires_at": environment().now().await + chrono::Duration::hours(1), "lines": [{ "sku": "BOLT", "quantity": "1" }] });
    tenant.post("/v1/stock/holds", &hold).await.created();
    let payment =
        json!({ "customer_id": customer, "method": "bank", "amount": "1.00", "reference": "Bergman 1" });
    let payment = tenant.make("/v1/payments", payment).await;
    let bounced = json!({ "reason": "Bergman closed it", "reference": "Bergman 2" });
    tenant.post(&format!("/v1/payments/{payment}/reverse"), &bounced).await.created();
    let sale = json!({ "register_id": till.register_id, "customer_id": customer, "forced": true,
        "external_ref": "bergman-2", "occurred_at": environment().now().await,
        "lines": [{ "sku": "BOLT", "quantity": "2", "description": "For Bergman" }],
        "receipt": { "lines": [{ "total": "4.00" }] }, "tenders": [{ "kind": "card", "reference": "Bergman" }] });
    tenant.post("/v1/pos/sales", &sale).await.created();
    for exception in tenant.get("/v1/pos/exceptions").await.ok()["data"].as_array().expect("exceptions") {
        let path = format!("/v1/pos/exceptions/{}/resolve", exception["id"].as_str().expect("an id"));
        tenant.post(&path, &json!({ "resolution": "Bergman was told" })).await.ok();
    }
}

/// Returns the tables that name a person in a row of the tenant. Responses that are stored for repeats are emptied later.
pub(super) async fn tables_with_person(tenant: &Tenant) -> Vec<String> {
    let root = &environment().root;
    let tables = "select table_name::text from information_schema.columns \
                  where table_schema = 'public' and column_name = 'tenant_id' and table_name <> 'command' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(root).await.expect("tables");
    let mut found = Vec::new();
    for table in tables {
        let query = format!(
            "select exists (select from public.{table} t where tenant_id = $1 and t::text ~* 'bergman|mill lane')"
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(tenant.id.0);
        if query.fetch_one(root).await.expect("a table is read") {
            found.push(table);
        }
    }
    found
}

#[test]
fn a_person_can_be_erased_from_documents() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.50").await;
        let address = json!({ "line1": "1 Mill Lane", "city": "Leeds", "country": "GB" });
        let anna = json!({ "number": "BERGMAN", "external_ref": "crm-bergman", "email": "anna@bergman.example",
            "tax_number": "Bergman", "addresses": [{ "code": "home", "address": address }],
            "contacts": [{ "name": "Anna Bergman" }], "notes": "Bergman", "tags": ["bergman"],
            "attachments": [{ "url": "https://files.example/bergman" }], "metadata": { "who": "Bergman" } });
        let customer = tenant.customer_with("Anna Bergman", anna).await;
        let till = tenant.till().await;
        let paths = documents(tenant, &till, &customer).await;
        write_person(tenant, &till, &customer).await;
        let pages = include_str!("../../../docs/operations.md");
        let (_, section) = pages.split_once("## Erase a person").expect("the section");
        let (_, change) = section.split_once("```json").expect("a change");
        let (change, statements) = change.split_once("```").expect("an end");
        let erased = serde_json::from_str(change).expect("JSON");
        tenant.patch(&format!("/v1/customers/{customer}"), &erased).await.ok();
        let invoice = tenant.get(&paths[3]).await.ok();
        assert_eq!(
            (&invoice["customer"]["name"], &invoice["bill_to"]["line1"]),
            (&json!("Anna Bergman"), &json!("1 Mill Lane"))
        );
        let (_, statements) = statements.split_once("```sql").expect("SQL");
        let (statements, _) = statements.split_once("```").expect("an end");
        let mut migrator = environment().root.begin().await.expect("a transaction");
        sqlx::query("set local role stockwell_migrator").execute(&mut *migrator).await.expect("a role");
        for statement in statements.split(';').filter(|statement| !statement.trim().is_empty()) {
            let statement = statement.replace(":'tenant_id'", "$1").replace(
                ":'customer_id'",
                "(select id from customer where tenant_id = $1 and name = 'Erased')",
            );
            let done =
                sqlx::query(sqlx::AssertSqlSafe(statement)).bind(tenant.id.0).execute(&mut *migrator).await;
            done.expect("texts about the person are deleted");
        }
        migrator.commit().await.expect("a commit");
        assert_eq!(tables_with_person(tenant).await, Vec::<String>::new());
        for path in &paths {
            let text = tenant.get(path).await.text;
            assert!(!text.contains("Bergman") && !text.contains("Mill Lane"), "{path}: {text}");
        }
    });
}
