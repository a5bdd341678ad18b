//! The reports over HTTP: flat tables, and the GraphQL endpoint with its editor. The crate `graphql` defines them.

mod graphql;
mod reconciled;
mod rows;
mod table;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.configure(rows::routes)
        .configure(reconciled::routes)
        .configure(table::routes)
        .configure(graphql::routes);
}
