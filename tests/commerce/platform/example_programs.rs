//! The programs of `examples/` run against a server, with the scopes that they name, and print what they promise.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Level, Tenant, environment, file_of_repository, has_program, with_tenant};
use tokio::time::sleep;

use super::auth::{key, key_with};

/// Longest time until an event is in the feed. Other tests hold transactions open, for which the feed waits.
const PATIENCE: Duration = Duration::from_secs(120);

/// Prepares a program that runs a file of `examples/` and talks to the tenant's server.
fn example(tenant: &Tenant, program: &str, file: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(file_of_repository("examples").join(file)).env("STOCKWELL_URL", tenant.base_url());
    command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the lines that a program prints. It must succeed.
#[track_caller]
fn printed(command: &mut Command) -> Vec<String> {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    assert!(status.success(), "{status}: {}{}", text(&stdout), text(&stderr));
    text(&stdout).lines().map(str::to_owned).collect()
}

#[test]
fn the_storefront_holds_what_is_left_and_orders_it_once() {
    if !has_program("node") {
        return;
    }
    with_tenant(async |tenant| {
        tenant.stocked("JUG", "4.50", ("2", "2.00")).await;
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let scopes = ["catalog:read", "prices:read", "stock:read"];
        let window = key_with(tenant, json!({ "kind": "pk", "scopes": scopes, "origins": ["*"] })).await.1;
        let shop = key(tenant, &["stock:write", "orders:write"]).await;
        let customer = tenant.customer("Web shop").await;
        let cart = |wanted: &[&str]| {
            let mut command = example(tenant, "node", "storefront/cart.mjs");
            command.env("STOCKWELL_WINDOW_KEY", &window).env("STOCKWELL_SHOP_KEY", &shop);
            command.env("STOCKWELL_CUSTOMER", &customer).args(wanted);
            command
        };
        let lines = printed(&mut cart(&["MUG=2", "JUG=3"]));
        let order = lines.iter().find(|line| line.starts_with("order SO-")).expect("an order");
        assert!(order.ends_with(" is confirmed: 29.00 + 5.80 tax = 34.80 GBP"), "{order}");
        let others: Vec<&str> = lines.iter().filter(|line| *line != order).map(String::as_str).collect();
        let expected = [
            "JUG: 4.50 GBP, 2 available",
            "MUG: 10.00 GBP, 5 available",
            "held: 2 of MUG",
            "held: 2 of JUG, not 3",
            "sent twice, ordered once: true",
            "now JUG: 0 available",
            "now MUG: 3 available",
        ];
        assert_eq!(others, expected);
        assert_eq!(tenant.level("MUG").await, Level::of("5", "2", "20"));
        let orders = tenant.get("/v1/orders").await.ok();
        assert_eq!(orders["data"].as_array().map(Vec::len), Some(1));

        // A wrong product is named, and the cart gives back what it held.
        let Output { status, stderr, .. } = cart(&["MUG=3", "NOPE=1"]).output().expect("node starts");
        assert_eq!(status.code(), Some(1), "{}", text(&stderr));
        assert!(text(&stderr).contains("#/lines/1"), "{}", text(&stderr));
        assert_eq!(tenant.level("MUG").await, Level::of("5", "2", "20"));
    });
}

#[test]
fn the_storefront_sells_in_a_customer_session() {
    if !has_program("node") {
        return;
    }
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let list = tenant.make("/v1/price-lists", json!({ "code": "dear", "name": "Dear customers" })).await;
        let rule = json!({ "scope": "product", "sku": "MUG", "method": "fixed", "value": "8" });
        tenant.post(&format!("/v1/price-lists/{list}/rules"), &rule).await.created();
        let customer = tenant.customer_with("Hotel", json!({ "price_list_id": list })).await;
        let session = json!({ "customer_id": customer });
        let session = tenant.post("/v1/customer-sessions", &session).await.created();
        let token = session["token"].as_str().expect("a token");
        let mut command = example(tenant, "node", "storefront/cart.mjs");
        let lines = printed(command.env("STOCKWELL_SESSION", token).arg("MUG=2"));
        let order = lines.iter().find(|line| line.starts_with("order SO-")).expect("an order");
        assert!(order.ends_with(" is confirmed: 16.00 + 3.20 tax = 19.20 GBP"), "{order}");
        let others: Vec<&str> = lines.iter().filter(|line| *line != order).map(String::as_str).collect();
        let expected = [
            "MUG: 8.00 GBP, 5 available",
            "held: 2 of MUG",
            "sent twice, ordered once: true",
            "now MUG: 3 available",
        ];
        assert_eq!(others, expected);
    });
}

/// The sync of a tenant, with its folder.
struct Nightly<'t> {
    tenant: &'t Tenant,
    key: String,
    folder: PathBuf,
}

impl<'t> Nightly<'t> {
    async fn new(tenant: &'t Tenant) -> Self {
        let scopes =
            ["catalog:read", "customers:read", "events:read", "orders:read", "pos:read", "payments:read"];
        let folder = environment().postgres.home().join(format!("sync-{}", tenant.slug));
        std::fs::create_dir(&folder).expect("a folder is made");
        Nightly { tenant, key: key(tenant, &scopes).await, folder }
    }

    /// Runs it once. Returns its lines.
    fn run(&self) -> Vec<String> {
        let mut command = example(self.tenant, "python3", "erp-sync/sync.py");
        command.env("STOCKWELL_API_KEY", &self.key);
        command.arg("--state").arg(self.folder.join("state.json")).arg("--out").arg(self.folder.join("out"));
        printed(&mut command)
    }

    /// Returns the files that the ERP may read, by name.
    fn files(&self) -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(self.folder.join("out")).expect("a folder is listed");
        let read = |path: &Path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            let text = std::fs::read_to_string(path).expect("a file is read");
            name.ends_with(".csv").then_some((name, text))
        };
        entries.filter_map(|entry| read(&entry.expect("an entry").path())).collect()
    }

    /// Returns the rows about a document.
    fn rows(&self, id: &Value) -> Vec<String> {
        let id = id.as_str().expect("an id");
        let files = self.files();
        let rows = files.values().flat_map(|file| file.lines()).filter(|row| row.contains(id));
        rows.map(str::to_owned).collect()
    }

    /// Runs it until a file has the document.
    async fn run_until(&self, id: &Value) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            self.run();
            if !self.rows(id).is_empty() {
                return;
            }
            assert!(Instant::now() < give_up, "{id} is in no file");
            sleep(Duration::from_millis(100)).await;
        }
    }
}

#[test]
fn the_nightly_sync_has_each_document_once_and_survives_a_kill() {
    if !has_program("python3") {
        return;
    }
    with_tenant(async |tenant| {
        let sync = Nightly::new(tenant).await;
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (customer, till) = (tenant.customer("Nordwind Supply").await, tenant.till().await);
        let order = tenant.order(&customer, &[("MUG", "3")], "invoiced").await.created();
        sync.run_until(&order["id"]).await;
        let rows = sync.rows(&order["id"]);
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert!(rows[0].contains(",invoiced,") && rows[0].contains(",36.00,"), "{rows:?}");
        let files = sync.files();
        let of = |name: &'static str| {
            files.iter().filter(move |(file, _)| file.ends_with(&format!("-{name}.csv")))
        };
        assert!(of("products").any(|(_, text)| text.contains(",MUG,")), "{files:?}");
        assert!(of("customers").any(|(_, text)| text.contains(&customer)), "{files:?}");

        // The process ends after it saved its state, before the last file got its name.
        let state = std::fs::read_to_string(sync.folder.join("state.json")).expect("a state");
        let state: Value = serde_json::from_str(&state).expect("JSON");
        let ready = sync.folder.join("out").join(state["ready"].as_str().expect("a file"));
        let part = PathBuf::from(format!("{}.part", ready.display()));
        std::fs::rename(&ready, &part).expect("a file is renamed");
        let sold = tenant.sell(&till, &[("MUG", "2")]).await.created();
        sync.run_until(&sold["id"]).await;
        assert!(ready.exists() && !part.exists(), "{}", ready.display());
        assert_eq!((sync.rows(&order["id"]).len(), sync.rows(&sold["id"]).len()), (1, 1));

        assert!(sync.run().contains(&"documents: 0 rows".to_owned()));
        assert_eq!((sync.rows(&order["id"]).len(), sync.rows(&sold["id"]).len()), (1, 1));
    });
}

#[test]
fn the_notebook_shows_two_reports_that_agree() {
    if !has_program("python3") {
        return;
    }
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        tenant.stocked("JUG", "5.00", ("50", "2.00")).await;
        let (customer, till) = (tenant.customer("Nordwind Supply").await, tenant.till().await);
        tenant.order(&customer, &[("MUG", "3")], "invoiced").await.created();
        tenant.sell(&till, &[("MUG", "2")]).await.created();
        let mut command = example(tenant, "python3", "bi-notebook/run.py");
        command.arg(file_of_repository("examples/bi-notebook/margin.ipynb"));
        command.env("STOCKWELL_API_KEY", key(tenant, &["reports:read", "costs:read"]).await);
        let shown = printed(&mut command);
        let table: Vec<Vec<&str>> = shown.iter().map(|line| line.split_whitespace().collect()).collect();
        let has = |row: &[&str]| table.iter().any(|words| words.ends_with(row));
        assert!(has(&["wholesale", "30.00", "12.00", "18.00", "60.0", "%"]), "{shown:?}");
        assert!(has(&["retail", "20.00", "8.00", "12.00", "60.0", "%"]), "{shown:?}");
        assert!(has(&["total", "GBP", "50.00", "20.00", "30.00", "60.0", "%"]), "{shown:?}");
        assert!(has(&["MUG", "5", "50.00", "30.00"]), "{shown:?}");
        assert!(!has(&["JUG", "0", "0.00", "0.00"]), "{shown:?}");
        assert!(has(&["GraphQL", "50.00,", "CSV", "50.00"]), "{shown:?}");
        assert!(has(&["agrees", "with", "the", "ledger"]), "{shown:?}");
    });
}
