//! A fresh tenant for each test. Its books are checked after the test.

use std::ops::Deref;

use domain::id::TenantId;
use domain::tenant::TaxRounding;
use local::Postgres;
use service::Db;
use service::auth::KeyMode;
use service::tenant::TenantCreate;
use uuid::Uuid;

use crate::{Client, Environment, environment};

/// A tenant with a key that has all scopes. It derefs to the client that uses the key.
#[derive(Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name in logins.
    pub slug: String,
    /// The key.
    pub key: String,
    /// The warehouse, which is the default location.
    pub main: String,
    /// The shop.
    pub shop: String,
    client: Client,
}

impl Deref for Tenant {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Runs a test with a fresh tenant and checks the tenant's books afterwards.
pub fn with_tenant(test: impl AsyncFnOnce(&Tenant)) {
    with_tenant_as(|_| {}, test);
}

/// Like [`with_tenant`], for a tenant with other settings.
pub fn with_tenant_as(settings: impl FnOnce(&mut TenantCreate), test: impl AsyncFnOnce(&Tenant)) {
    environment().runtime.block_on(async {
        let tenant = Tenant::new(settings).await;
        test(&tenant).await;
        tenant.check_books().await;
    });
}

/// Like [`with_tenant`], for a test of two tenants.
pub fn with_tenants(test: impl AsyncFnOnce(&Tenant, &Tenant)) {
    environment().runtime.block_on(async {
        let (one, other) = (Tenant::new(|_| {}).await, Tenant::new(|_| {}).await);
        test(&one, &other).await;
        one.check_books().await;
        other.check_books().await;
    });
}

impl Tenant {
    async fn new(settings: impl FnOnce(&mut TenantCreate)) -> Self {
        let Environment { postgres, db, node, .. } = environment();
        Tenant::on(postgres, db, &node.base_url, settings).await
    }

    /// Makes a tenant in `db`, which is on `postgres`, with a client of `base_url`.
    pub(crate) async fn on(
        postgres: &Postgres,
        db: &Db,
        base_url: &str,
        settings: impl FnOnce(&mut TenantCreate),
    ) -> Self {
        let slug = format!("t{}", Uuid::new_v4().simple());
        let mut wanted = TenantCreate {
            slug: slug.clone(),
            name: "Nordwind Supply".to_owned(),
            currency: "GBP".to_owned(),
            country: "GB".to_owned(),
            time_zone: "Europe/London".to_owned(),
            prices_include_tax: false,
            tax_rounding: TaxRounding::Document,
            mode: KeyMode::Test,
        };
        settings(&mut wanted);
        let made = service::tenant::create(db, &wanted).await.unwrap_or_else(|error| {
            panic!("no tenant was made: {error:?}; the server's log ends:\n{}", postgres.log_end())
        });
        let key = made.key.reveal().to_owned();
        let client = Client::new(base_url, Some(&key));
        let locations = client.get("/v1/locations").await.ok();
        let id_of = |code: &str| {
            let locations = locations["data"].as_array().into_iter().flatten();
            let found = locations.into_iter().find(|location| location["code"] == code);
            found
                .and_then(|location| location["id"].as_str())
                .expect("a new tenant has its locations")
                .to_owned()
        };
        Tenant { id: made.id, slug, key, main: id_of("MAIN"), shop: id_of("SHOP"), client }
    }
}
