//! A tenant on its own database server.

use local::Postgres;

use crate::environment::{DATABASE, prepare};
use crate::{Client, Environment, Tenant};

/// A tenant on its own database server, which ends with it.
pub struct Apart {
    /// The client with the tenant's key.
    pub client: Client,
    _postgres: Postgres,
}

impl Environment {
    /// Makes a tenant on its own database server, for tests that would delay all others.
    pub async fn tenant_apart(&'static self) -> Apart {
        let postgres = Postgres::start_temporary().await.expect("PostgreSQL starts");
        let migrator_url = prepare(&postgres, DATABASE).await;
        migration::up(&migrator_url).await.expect("the schema is applied");
        let database_url = postgres.url("stockwell_app", DATABASE);
        let node = self.node_with(|config| config.database_url = database_url.into()).await;
        let client = Tenant::on(&node.app.db, &node.base_url, |_| {}).await.client();
        Apart { client, _postgres: postgres }
    }
}
