//! All rows of a tenant leave in an archive, come back in another database, and are deleted.

mod feed;
mod lost;
mod moving;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::tenant::TaxRounding;
use local::Postgres;
use sea_orm::sqlx::postgres::PgPool;
use sea_orm::sqlx::{self, AssertSqlSafe};
use serde_json::{Value, json};
use service::Error;
use service::archive::{Manifest, TableFile};
use service::auth::{ApiKeyCreate, KeyMode, make_key};
use service::scope::Scope;
use service::tenant::TenantCreate;
use sha2::{Digest, Sha256};
use stockwell::archive;
use strum::IntoEnumIterator;
use tests::{Client, Node, Tenant, Till, environment, sale, superuser, with_tenant};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Lists that are the same on both sides. Those of keys and users differ in what they last did.
const LISTS: [&str; 10] = [
    "/v1/attachments",
    "/v1/products",
    "/v1/customers",
    "/v1/orders",
    "/v1/invoices",
    "/v1/payments",
    "/v1/pos/sales",
    "/v1/stock/levels",
    "/v1/stock/movements",
    "/v1/commands",
];

/// Returns the URL of the shared database for the operator.
fn migrator_url() -> String {
    environment().database_url().replace("stockwell_app:", "stockwell_migrator:")
}

/// Names a file or folder that is not there yet.
fn place(tenant: &Tenant, ending: &str) -> PathBuf {
    environment().postgres.home().join(format!("archive-{}{ending}", tenant.slug))
}

/// Sells at a till, ships an order of which a part is returned, and takes a payment.
async fn trade(tenant: &Tenant) -> Till {
    tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
    tenant.stocked("CUP", "3.35", ("50", "1.10")).await;
    let till = tenant.till().await;
    tenant.sell(&till, &[("MUG", "3"), ("CUP", "1")]).await.created();
    let customer = tenant.customer("Anna Bergman").await;
    tenant.order(&customer, &[("MUG", "7")], "invoiced").await.created();
    tenant.order(&customer, &[("CUP", "5")], "confirmed").await.created();
    let file = json!({ "record_id": customer, "filename": "a.txt", "content_type": "text/plain", "content": "aGVsbG8=" });
    tenant.post("/v1/attachments", &file).await.created();
    let payment = json!({ "customer_id": customer, "amount": "20.00", "method": "bank" });
    tenant.post("/v1/payments", &payment).await.created();
    service::rollup::run_all(&environment().db, tenant.id).await.expect("sales lines are folded");
    till
}

/// Returns the tables of tenants, each with the number of rows of one. The log of requests is left out: servers write it later.
async fn counts(root: &PgPool, tenant: &Tenant) -> Vec<(String, i64)> {
    let tables = "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid \
                  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id' \
                    and not a.attisdropped and c.relname <> 'request_log' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(root).await.expect("tables");
    assert!(tables.len() > 100, "{tables:?}");
    let mut counts = Vec::new();
    for table in tables {
        let count = format!("select count(*) from {table} where tenant_id = $1");
        let count = sqlx::query_scalar(AssertSqlSafe(count)).bind(tenant.id.0).fetch_one(root).await;
        counts.push((table, count.expect("rows are counted")));
    }
    counts
}

/// Returns the rows of every report.
async fn reports(client: &Client) -> Vec<(String, Value, Value)> {
    let list = client.get("/v1/reports").await.ok();
    let mut reports = Vec::new();
    for info in list["data"].as_array().expect("reports") {
        let href = info["href"].as_str().expect("a URL");
        let table = client.get(href).await.ok();
        reports.push((href.to_owned(), table["rows"].clone(), table["totals"].clone()));
    }
    reports
}

/// Returns the rows of a list, which has one page.
async fn rows(client: &Client, list: &str) -> Vec<Value> {
    let page = client.get(&format!("{list}?limit=200")).await.ok();
    page["data"].as_array().expect("rows").clone()
}

/// Another server, with a tenant of its own.
struct Other {
    postgres: Postgres,
    node: Node,
    tenant: Tenant,
    root: PgPool,
}

impl Other {
    async fn start() -> Self {
        let postgres = Postgres::start_temporary().await.expect("PostgreSQL starts");
        let (tenant, node) = environment().tenant_on(&postgres, |_| {}).await;
        let root = superuser(&postgres).await;
        Other { postgres, node, tenant, root }
    }

    fn migrator_url(&self) -> String {
        self.postgres.url("stockwell_migrator", "stockwell")
    }

    /// Returns a client of an imported tenant, with a new key.
    async fn client(&self, tenant: &Tenant) -> Client {
        let key = ApiKeyCreate::unbounded("After the move", KeyMode::Test, Scope::iter().collect());
        let (operator, begun) = (service::tenant::operator(tenant.id), Instant::now());
        let made = loop {
            match make_key(&self.node.app.db, &operator, &key).await {
                // The server learns within 10 seconds that the copy trades.
                Err(Error::TenantMoving) if begun.elapsed() < Duration::from_secs(60) => {
                    sleep(Duration::from_millis(200)).await;
                }
                made => break made.expect("a key"),
            }
        };
        tenant.at(&self.node.base_url).with_key(made.reveal())
    }
}

/// Exports a tenant. Fails unless the manifest has the rows of each table, but those that it says are left out.
async fn exported(tenant: &Tenant, to: &Path) -> Manifest {
    let root = &environment().root;
    let before = counts(root, tenant).await;
    let manifest = archive::export(&migrator_url(), &tenant.slug, to, None).await.expect("an archive");
    // A worker of another test may write meanwhile.
    for ((table, before), (_, after)) in before.into_iter().zip(counts(root, tenant).await) {
        let file = manifest.tables.iter().find(|file| file.table == table);
        let is_left_out =
            manifest.left_out.iter().any(|left_out| left_out.table == table && left_out.column.is_none());
        assert_eq!(file.is_none(), is_left_out, "{table}");
        if let Some(file) = file {
            let rows = i64::try_from(file.rows).expect("a count");
            assert!((before..=after).contains(&rows), "{table}: {rows}, not {before} to {after}");
        }
    }
    assert!(manifest.rows() > 50, "{}", manifest.rows());
    manifest
}

#[test]
fn a_tenant_is_the_same_in_another_database_and_is_deleted_from_it() {
    with_tenant(async |tenant| {
        let till = trade(tenant).await;
        let other = Other::start().await;
        let before = counts(&other.root, &other.tenant).await;
        let packed = place(tenant, ".tar.gz");
        let manifest = exported(tenant, &packed).await;
        let imported = archive::import(&other.migrator_url(), &packed).await.expect("it is imported");
        assert_eq!(imported, manifest);
        assert!(!place(tenant, ".tar.gz.unpacked").exists());

        let old_key = tenant.at(&other.node.base_url);
        assert_eq!(old_key.get("/v1/me").await.status, 401, "an archive has no credentials");
        let moved = other.client(tenant).await;
        assert_eq!(reports(&moved).await, reports(tenant).await);
        for list in LISTS {
            // The new key is a command more.
            let newer = usize::from(list == "/v1/commands");
            assert_eq!(rows(&moved, list).await[newer..], rows(tenant, list).await[..], "{list}");
        }
        tenant.check_books_in(&other.root).await;
        let file = rows(&moved, "/v1/attachments").await[0]["url"].clone();
        assert_eq!(moved.get(file.as_str().expect("a path")).await.text, "hello");

        // It goes on from there.
        let new = moved.post("/v1/pos/sales", &sale(&till, &[("MUG", "1")])).await.created();
        let query = "select (select min(position) from event where tenant_id = $1 and command_id = s.command_id) \
                            > (select max(position) from event where tenant_id = $1 and command_id <> s.command_id) \
                     from pos_sale s where s.tenant_id = $1 order by s.id desc limit 1";
        let query = sqlx::query_scalar(query).bind(tenant.id.0);
        let is_newest: bool = query.fetch_one(&other.root).await.expect("a sale");
        assert!(is_newest, "{new} comes after the events of the archive");
        tenant.check_books_in(&other.root).await;
        assert_eq!(moved.get("/v1/integrity").await.ok()["holds"], true);
        is_gone_after_a_deletion(&other, tenant, &before).await;
        archive::import(&other.migrator_url(), &packed).await.expect("it is imported again");
    });
}

/// Deletes an imported tenant. The other one of the database must stay as it was `before`.
async fn is_gone_after_a_deletion(other: &Other, tenant: &Tenant, before: &[(String, i64)]) {
    let url = other.migrator_url();
    let error =
        archive::delete(&url, &tenant.slug, &other.tenant.slug, None).await.expect_err("another slug");
    assert!(error.to_string().contains("repeat the slug"), "{error}");
    let had = counts(&other.root, tenant).await;
    let deleted = archive::delete(&url, &tenant.slug, &tenant.slug, None).await.expect("it is deleted");
    let count = |table: &str| had.iter().find(|(name, _)| name == table).map(|(_, count)| *count);
    for table in deleted.iter().filter(|table| table.table != "request_log") {
        let expected = count(&table.table).expect("a table");
        assert_eq!(
            (i64::try_from(table.deleted).expect("a count"), table.left),
            (expected, 0),
            "{}",
            table.table
        );
    }
    assert_eq!(deleted.len(), had.len() + 1, "and the log of requests");
    let logged =
        sqlx::query_scalar("select count(*) from request_log where tenant_id = $1").bind(tenant.id.0);
    let logged: i64 = logged.fetch_one(&other.root).await.expect("requests are counted");
    assert_eq!(logged, 0);
    assert!(counts(&other.root, tenant).await.iter().all(|(_, count)| *count == 0));
    assert_eq!(counts(&other.root, &other.tenant).await, before);
    other.tenant.get("/v1/me").await.ok();
    let error = archive::delete(&url, &tenant.slug, &tenant.slug, None).await.expect_err("it is gone");
    assert!(error.to_string().contains("no tenant has the slug"), "{error}");
}

/// Copies an archive, which a test then damages.
fn copied(folder: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder is made");
    for entry in fs::read_dir(folder).expect("an archive") {
        let entry = entry.expect("a file");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a file is copied");
    }
}

async fn rejected(archive: &Path) -> String {
    stockwell::archive::import(&migrator_url(), archive).await.expect_err("it is rejected").to_string()
}

#[test]
fn a_row_that_was_changed_or_cut_is_named_by_its_file_and_line() {
    with_tenant(async |tenant| {
        for sku in ["MUG", "CUP", "JUG"] {
            tenant.product(sku, "10.00").await;
        }
        let folder = place(tenant, "");
        archive::export(&migrator_url(), &tenant.slug, &folder, None).await.expect("an archive");
        let error =
            archive::export(&migrator_url(), &tenant.slug, &folder, None).await.expect_err("it is there");
        assert!(error.to_string().contains("is not empty"), "{error}");
        let rows = fs::read_to_string(folder.join("product.ndjson")).expect("rows");
        let second = rows.find("Product CUP").expect("the second product");
        let ends: Vec<usize> = rows.match_indices('\n').map(|(place, _)| place + 1).collect();
        let swapped = rows.split_inclusive('\n').rev().collect::<String>();
        for (number, (damaged, expected)) in [
            (rows.replace("Product CUP", "Product CAP"), "product.ndjson, line 2: the row was changed"),
            (rows[..ends[1]].to_owned(), "product.ndjson, line 3: the file ends after 2 of 3 rows"),
            (rows[..second].to_owned(), "product.ndjson, line 2: the line is cut"),
            (format!("{rows}{}", &rows[..ends[0]]), "product.ndjson, line 4: the manifest has fewer rows"),
            (swapped, "product.ndjson, line 1: the row was changed"),
        ]
        .into_iter()
        .enumerate()
        {
            let copy = place(tenant, &format!("-{number}"));
            copied(&folder, &copy);
            fs::write(copy.join("product.ndjson"), damaged).expect("it is damaged");
            let error = rejected(&copy).await;
            assert!(error.starts_with(expected), "{error}, not {expected}");
        }
        let copy = place(tenant, "-sums");
        copied(&folder, &copy);
        fs::write(copy.join("customer.sums"), "0123456789abcdef\n").expect("it is damaged");
        assert!(rejected(&copy).await.starts_with("customer.sums: "));
        let manifest = fs::read_to_string(copy.join("manifest.json")).expect("the manifest");
        let mut twice: Manifest = serde_json::from_str(&manifest).expect("a manifest");
        twice.tables.push(twice.tables.first().expect("a table").clone());
        let twice = serde_json::to_string(&twice).expect("JSON");
        let long = format!("{manifest}{}", " ".repeat(4 << 20));
        for (text, expected) in [(twice, "is named twice"), (long, "more than 4194304 bytes")] {
            fs::write(copy.join("manifest.json"), text).expect("it is damaged");
            let error = rejected(&copy).await;
            assert!(error.starts_with("manifest.json: ") && error.contains(expected), "{error}");
        }
        fs::remove_file(copy.join("manifest.json")).expect("it is there");
        assert!(rejected(&copy).await.contains("manifest.json: "));
        assert!(rejected(&folder).await.contains("an import changes no tenant"));
    });
}

/// Returns the SHA-256 of a text in hexadecimal digits.
fn sha256(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the rows of a table to an archive, with right checksums, as a person does who forges it.
fn forge(folder: &Path, manifest: &mut Manifest, table: &str, rows: &str) {
    let sums: String = rows.lines().map(|row| format!("{}\n", &sha256(row)[..16])).collect();
    fs::write(folder.join(format!("{table}.ndjson")), rows).expect("rows are forged");
    fs::write(folder.join(format!("{table}.sums")), &sums).expect("checksums are forged");
    let count = u64::try_from(rows.lines().count()).expect("a count");
    let forged =
        TableFile { table: table.to_owned(), rows: count, sha256: sha256(rows), sums_sha256: sha256(&sums) };
    match manifest.tables.iter_mut().find(|file| file.table == table) {
        Some(file) => *file = forged,
        None => manifest.tables.push(forged),
    }
    let text = serde_json::to_string(manifest).expect("JSON");
    fs::write(folder.join("manifest.json"), text).expect("the manifest is forged");
}

/// Copies an archive to one of another tenant with the next slug. Returns the id of that tenant.
fn forged(folder: &Path, to: &Path, manifest: &mut Manifest) -> Uuid {
    copied(folder, to);
    let (old, new) = (manifest.tenant_id, Uuid::now_v7());
    let slug = format!("{}-next", manifest.slug);
    for file in manifest.tables.clone() {
        let rows = fs::read_to_string(to.join(format!("{}.ndjson", file.table))).expect("rows");
        let rows = rows.replace(&old.to_string(), &new.to_string());
        let rows = match file.table.as_str() {
            "tenant" => rows.replacen(&format!("\"{}\"", manifest.slug), &format!("\"{slug}\""), 1),
            _ => rows,
        };
        forge(to, manifest, &file.table, &rows);
    }
    (manifest.tenant_id, manifest.slug) = (new, slug);
    new
}

/// Imports archives with a position that no server has, and with a time that no calendar has.
async fn no_archive_raises_the_positions_of_others(tenant: &Tenant, folder: &Path, manifest: &Manifest) {
    let copy = place(tenant, "-ahead");
    let mut ahead = manifest.clone();
    forged(folder, &copy, &mut ahead);
    let rows = fs::read_to_string(copy.join("event.ndjson")).expect("rows");
    let (first, rest) = rows.split_once('\n').expect("an event");
    let event: Value = serde_json::from_str(first).expect("JSON");
    for (column, value, expected) in [
        (
            "position",
            json!(i64::MAX),
            "event.ndjson, line 1: position is 9223372036854775807, expected at most ",
        ),
        (
            "position",
            json!(1_i64 << 62),
            "event.ndjson, line 1: position is 4611686018427387904, expected at most ",
        ),
        ("position", json!("4611686018427387904"), "event.ndjson, line 1: its position can't be read"),
        (
            "occurred_at",
            json!("infinity"),
            "event: 1 rows in the manifest, 0 of its tenant in the file that have no time",
        ),
    ] {
        let mut forged = event.clone();
        forged[column] = value;
        let rest = if column == "position" { rest } else { "" };
        forge(&copy, &mut ahead, "event", &format!("{forged}\n{rest}"));
        let error = rejected(&copy).await;
        assert!(error.starts_with(expected), "{error}");
    }
    let base = sqlx::query_scalar("select event_base()").fetch_one(&environment().root).await;
    let base: i64 = base.expect("the base of positions");
    assert!(base < 1 << 50, "the positions of other tenants go on from {base}");
}

#[test]
fn a_forged_archive_writes_no_other_tenant_and_no_role() {
    with_tenant(async |tenant| {
        for sku in ["MUG", "CUP", "JUG"] {
            tenant.product(sku, "10.00").await;
        }
        let folder = place(tenant, "");
        let manifest =
            archive::export(&migrator_url(), &tenant.slug, &folder, None).await.expect("an archive");

        let copy = place(tenant, "-foreign");
        let mut foreign = manifest.clone();
        let new = forged(&folder, &copy, &mut foreign);
        let rows = fs::read_to_string(copy.join("product.ndjson")).expect("rows");
        let rows = rows.replacen(&new.to_string(), &tenant.id.0.to_string(), 1);
        forge(&copy, &mut foreign, "product", &rows);
        let error = rejected(&copy).await;
        assert!(error.starts_with("product: 3 rows in the manifest, 2 of its tenant"), "{error}");
        let left = "select (select count(*) from tenant where tenant_id = $1) + (select count(*) from location where tenant_id = $1)";
        let left = sqlx::query_scalar(left).bind(new).fetch_one(&environment().root).await;
        let left: i64 = left.expect("rows are counted");
        assert_eq!(left, 0, "what was written before is deleted");

        let copy = place(tenant, "-named");
        let mut named = manifest.clone();
        forged(&folder, &copy, &mut named);
        named.slug.push_str("-but-one");
        let rows = fs::read_to_string(copy.join("product.ndjson")).expect("rows");
        forge(&copy, &mut named, "product", &rows);
        assert!(rejected(&copy).await.starts_with("tenant.ndjson: its slug is not "));

        no_archive_raises_the_positions_of_others(tenant, &folder, &manifest).await;

        let copy = place(tenant, "-role");
        let mut with_role = manifest;
        forged(&folder, &copy, &mut with_role);
        with_role.left_out.retain(|left_out| left_out.table != "bi_login");
        forge(&copy, &mut with_role, "bi_login", "{\"role_name\":\"stockwell_owner\"}\n");
        let error = rejected(&copy).await;
        assert!(error.starts_with("the table bi_login is not in both"), "{error}");
        assert!(rejected(&folder).await.contains("an import changes no tenant"));
    });
}

#[test]
fn a_packed_archive_that_was_cut_is_rejected_where_it_ends() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let packed = place(tenant, ".tar.gz");
        archive::export(&migrator_url(), &tenant.slug, &packed, None).await.expect("an archive");
        let error =
            archive::export(&migrator_url(), &tenant.slug, &packed, None).await.expect_err("it is there");
        assert!(error.to_string().starts_with(&packed.display().to_string()), "{error}");
        let bytes = fs::read(&packed).expect("an archive");
        let cut = place(tenant, "-cut.tar.gz");
        for length in [bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            fs::write(&cut, &bytes[..length]).expect("it is cut");
            let error = rejected(&cut).await;
            assert!(error.contains(", line ") && error.contains("the archive is cut"), "{error}");
        }
        fs::write(&cut, "no archive").expect("a file");
        assert!(rejected(&cut).await.contains("the archive is cut or damaged"));
        assert!(!place(tenant, "-cut.tar.gz.unpacked").exists(), "nothing is left beside it");
    });
}

#[test]
fn an_archive_has_every_table_and_no_credential() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let user = json!({ "email": "carla@lund.example", "name": "Carla Lund", "role": "cashier",
            "password": "correct horse battery staple" });
        tenant.post("/v1/users", &user).await.created();
        let folder = place(tenant, "");
        // Others may read an empty folder that was there before, but no file of the archive.
        fs::create_dir(&folder).expect("a folder");
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("its permissions");
        let manifest = exported(tenant, &folder).await;
        let credentials = "select c.relname || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid \
             where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped \
               and a.attname ~ 'hash|secret|password|token|second_factor|recovery'";
        let credentials: Vec<String> =
            sqlx::query_scalar(credentials).fetch_all(&environment().root).await.expect("columns");
        assert!(credentials.len() >= 10, "{credentials:?}");
        for name in credentials {
            let (table, column) = name.split_once('.').expect("a column");
            let is_left_out = manifest.left_out.iter().any(|left_out| {
                left_out.table == table
                    && left_out.column.as_deref().is_none_or(|left_out| left_out == column)
            });
            assert!(is_left_out, "{name} is in the archive, or its name needs a line in this test");
        }
        for file in manifest.files() {
            let path = folder.join(&file);
            let mode = fs::metadata(&path).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
            let text = fs::read_to_string(path).expect("a file");
            assert!(!text.contains("$argon2") && !text.contains("\"hash\":"), "{file}");
        }
    });
}

/// Makes a tenant whose books are not checked.
async fn made(mode: KeyMode) -> (String, Client) {
    let slug = format!("trial-{}", Uuid::new_v4().simple());
    let wanted = TenantCreate {
        slug: slug.clone(),
        name: "Trial".to_owned(),
        currency: "EUR".to_owned(),
        country: "DE".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        prices_include_tax: true,
        tax_rounding: TaxRounding::Line,
        mode,
    };
    let made = service::tenant::create(&environment().db, &wanted).await.expect("a tenant");
    (slug, Client::new(&environment().node.base_url, Some(made.key.reveal())))
}

async fn reset(slug: &str, from: Option<&Path>) -> Result<Client, String> {
    let made = archive::reset(&environment().db, &migrator_url(), slug, slug, from, None).await;
    let made = made.map_err(|error| error.to_string())?;
    Ok(Client::new(&environment().node.base_url, Some(made.key.reveal())))
}

#[test]
fn a_tenant_for_trials_is_made_again_as_new_or_from_an_archive() {
    environment().runtime.block_on(async {
        let (slug, client) = made(KeyMode::Test).await;
        client.post("/v1/products", &json!({ "sku": "MUG", "name": "Mug" })).await.created();
        let packed = environment().postgres.home().join(format!("{slug}.tar.gz"));
        archive::export(&migrator_url(), &slug, &packed, None).await.expect("an archive");
        client.post("/v1/products", &json!({ "sku": "CUP", "name": "Cup" })).await.created();
        let skus = async |client: &Client| {
            let products = client.get("/v1/products").await.ok();
            let sku = |product: &Value| product["sku"].as_str().expect("an SKU").to_owned();
            products["data"].as_array().expect("products").iter().map(sku).collect::<Vec<_>>()
        };
        let client = reset(&slug, Some(&packed)).await.expect("it is made again");
        assert_eq!(skus(&client).await, ["MUG"]);
        let client = reset(&slug, None).await.expect("it is made again");
        assert!(skus(&client).await.is_empty());
        let settings = client.get("/v1/settings").await.ok();
        assert_eq!((&settings["currency"], &settings["tax_rounding"]), (&json!("EUR"), &json!("line")));
        client.post("/v1/products", &json!({ "sku": "MUG", "name": "Mug" })).await.created();

        let (live, client) = made(KeyMode::Live).await;
        let error = reset(&live, None).await.expect_err("it is live");
        assert!(error.contains("is no tenant for trials"), "{error}");
        client.get("/v1/me").await.ok();
        let error = reset(&slug, Some(&packed.with_extension("zip"))).await.expect_err("no archive");
        assert!(error.contains(".zip"), "{error}");
        let (other, _) = made(KeyMode::Test).await;
        let error = reset(&other, Some(&packed)).await.expect_err("an archive of another tenant");
        assert!(error.contains(&slug), "{error}");
    });
}

#[test]
fn a_tenant_for_trials_stays_if_the_archive_can_not_take_its_place() {
    environment().runtime.block_on(async {
        let (slug, client) = made(KeyMode::Test).await;
        let folder = environment().postgres.home().join(format!("{slug}-old"));
        let manifest = archive::export(&migrator_url(), &slug, &folder, None).await.expect("an archive");
        let mut old = manifest.clone();
        old.schema.steps -= 1;
        let (other, _) = made(KeyMode::Test).await;
        let id = sqlx::query_scalar("select tenant_id from tenant where slug = $1").bind(&other);
        let tenant_id: Uuid = id.fetch_one(&environment().root).await.expect("a tenant");
        let foreign = Manifest { tenant_id, ..manifest };
        let taken = format!("the tenant {other} is in this database");
        for (manifest, expected) in [(old, "use the same version of Stockwell"), (foreign, taken.as_str())] {
            let text = serde_json::to_string(&manifest).expect("JSON");
            fs::write(folder.join("manifest.json"), text).expect("it is another one");
            let error = reset(&slug, Some(&folder)).await.expect_err("it can't be imported");
            assert!(error.contains(expected), "{error}");
            client.get("/v1/me").await.ok();
        }
    });
}
