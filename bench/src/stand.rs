//! The stand: a private durable PostgreSQL, a `stockwell serve` process on it, and a shop with 10,000 products.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use domain::tenant::TaxRounding;
use local::{Postgres, PostgresOptions};
use rand::RngExt;
use serde_json::{Value, json};
use service::Db;
use service::auth::{KeyMode, SigningKey};
use service::tenant::{self, TenantCreate};
use service::tx::PoolOptions;

use crate::Failure;

/// Number of products of the shop.
pub const PRODUCTS: usize = 10_000;
/// The database of the service.
pub const DATABASE: &str = "bench";
/// The network of receivers of webhooks.
pub const LOOPBACK: &str = "127.0.0.0/8";

/// The servers and the shop that are measured.
pub struct Stand {
    /// The cluster. The floor is measured on it as well.
    pub postgres: Postgres,
    /// Process id of its postmaster.
    pub postmaster: u32,
    /// The shop that is measured.
    pub shop: Shop,
    /// A folder of its own. It is removed at the end.
    pub folder: PathBuf,
    server: Child,
}

/// Settings of a stand.
#[derive(Debug, Clone, Copy)]
pub struct StandOptions {
    /// Threads of the server that serve requests.
    pub workers: usize,
    /// Connections of the server to the database.
    pub connections: u32,
    /// Whether the rate limits are those that hold without settings. Otherwise no load reaches them.
    pub rate_limits: bool,
}

/// A tenant with 10,000 products and an open till.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Address of the API.
    pub addr: String,
    /// A key with all scopes.
    pub key: String,
    /// The till.
    pub register_id: String,
}

impl Stand {
    /// Sets everything up in a folder of its own.
    pub async fn start(options: StandOptions) -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("stockwell-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let postgres = Postgres::start(PostgresOptions::durable(folder.join("postgres"))).await?;
        let key = migrated(&postgres, DATABASE).await?;
        SigningKey::load_or_create(&folder.join("signing-key.pem"))?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let addr = format!("127.0.0.1:{port}");
        // One key and one address make all of the load. Limits that are not reached are counted all the same.
        let raised = ["BURST", "MINUTE", "TENANT", "REPORTS"]
            .map(|name| (format!("STOCKWELL_RATE_{name}"), "100000000"));
        let server = Command::new(std::env::current_exe()?.with_file_name("stockwell"))
            .args(["serve", "--addr", &addr, "--workers", &options.workers.to_string()])
            .args(["--db-connections", &options.connections.to_string()])
            .env("STOCKWELL_DATABASE_URL", postgres.url("stockwell_app", DATABASE))
            .env("STOCKWELL_SIGNING_KEY_FILE", folder.join("signing-key.pem"))
            .env("STOCKWELL_WEBHOOK_NETWORKS", LOOPBACK)
            .envs(raised.into_iter().filter(|_| !options.rate_limits))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("server.log"))?)
            .spawn()
            .map_err(|error| format!("starting stockwell (build it with --release): {error}"))?;
        let postmaster = postmaster(&postgres)?;
        let shop = Shop::fill(addr, key).await?;
        Ok(Stand { postgres, postmaster, shop, folder, server })
    }

    /// Makes another tenant with a shop.
    pub async fn other_shop(&self, slug: &str) -> Result<Shop, Failure> {
        let Shop { addr, key, .. } = self.empty_shop(slug).await?;
        Shop::fill(addr, key).await
    }

    /// Makes another tenant, without products and without an open till.
    pub async fn empty_shop(&self, slug: &str) -> Result<Shop, Failure> {
        let key = create_tenant(&self.postgres.url("stockwell_app", DATABASE), slug).await?;
        Ok(Shop { addr: self.shop.addr.clone(), key, register_id: String::new() })
    }

    /// Gathers the statistics that a planner has on a server that has run for a while, and writes out what the setup
    /// left to write.
    pub fn settle(&self, database: &str) -> Result<(), Failure> {
        let url = self.database_url(database);
        let status = Command::new(self.postgres.program("psql"))
            .args(["-q", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", "vacuum analyze", "-c", "checkpoint"])
            .status()?;
        if status.success() { Ok(()) } else { Err(format!("psql failed on {database}").into()) }
    }

    /// Returns the process id of the server.
    pub fn server(&self) -> u32 {
        self.server.id()
    }

    /// Returns the URL of a database on the cluster, as superuser.
    pub fn database_url(&self, database: &str) -> String {
        self.postgres.url("postgres", database)
    }

    /// Stops the servers and removes the folder.
    pub async fn stop(mut self) -> Result<(), Failure> {
        self.server.kill()?;
        self.server.wait()?;
        self.postgres.stop().await;
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}

impl Shop {
    /// Waits until the server is ready, and gives the tenant of `key` its products, stock and open till.
    async fn fill(addr: String, key: String) -> Result<Self, Failure> {
        let mut shop = Shop { addr, key, register_id: String::new() };
        for _ in 0..100 {
            match shop.get("/v1/me").await {
                Ok(_) => break,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        let registers = shop.get("/v1/registers").await?;
        shop.register_id = text(&registers["data"][0]["id"]);
        let location_id = text(&registers["data"][0]["location_id"]);
        let skus: Vec<String> = (1..=PRODUCTS).map(|number| format!("P{number:05}")).collect();
        for part in skus.chunks(500) {
            let product =
                |sku: &String| json!({ "sku": sku, "name": format!("Product {sku}"), "list_price": "20" });
            let products: Vec<Value> = part.iter().map(product).collect();
            shop.ask("/v1/products/batch", &json!({ "items": products })).await?;
            let line = |sku: &String| json!({ "sku": sku, "quantity": "50000000", "unit_cost": "12" });
            let lines: Vec<Value> = part.iter().map(line).collect();
            let opening = json!({ "kind": "opening", "location_id": location_id, "lines": lines });
            shop.ask("/v1/stock/documents", &opening).await?;
        }
        let session = json!({ "register_id": shop.register_id, "opening_float": "0" });
        shop.ask("/v1/pos/sessions", &session).await?;
        Ok(shop)
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Sends a GET request to the API.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let answer = http.get(self.url(path)).bearer_auth(&self.key).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Sends a POST request to the API. Returns the response.
    pub async fn ask(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let request = http.post(self.url(path)).bearer_auth(&self.key);
        let request = request.header("Idempotency-Key", uuid::Uuid::new_v4().to_string());
        let answer = request.json(body).send().await?;
        if answer.status().is_success() {
            return Ok(answer.json().await?);
        }
        Err(format!("{path}: {} {}", answer.status(), answer.text().await?).into())
    }
}

/// Makes a database with the product's schema and an empty shop. Returns the shop's key.
pub async fn migrated(postgres: &Postgres, database: &str) -> Result<String, Failure> {
    let password = postgres.password().to_owned();
    let passwords =
        migration::Passwords { migrator: password.clone(), app: password.clone(), relay: password };
    migration::bootstrap(&postgres.admin_url(), database, &passwords).await?;
    migration::up(&postgres.url("stockwell_migrator", database)).await?;
    create_tenant(&postgres.url("stockwell_app", database), "bench").await
}

/// Returns the SKU of any product.
pub fn random_sku() -> String {
    format!("P{:05}", rand::rng().random_range(1..=PRODUCTS))
}

async fn create_tenant(database_url: &str, slug: &str) -> Result<String, Failure> {
    let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
    let db = Db::connect(database_url, &options).await?;
    let wanted = TenantCreate {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        currency: "EUR".to_owned(),
        country: "DE".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        prices_include_tax: false,
        tax_rounding: TaxRounding::Document,
        mode: KeyMode::Test,
    };
    Ok(tenant::create(&db, &wanted).await?.key.reveal().to_owned())
}

fn postmaster(postgres: &Postgres) -> Result<u32, Failure> {
    let file = std::fs::read_to_string(postgres.home().join("data/postmaster.pid"))
        .or_else(|_| std::fs::read_to_string(postgres.home().join("postmaster.pid")))?;
    Ok(file.lines().next().ok_or("an empty postmaster.pid")?.trim().parse()?)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
