//! Every route that the program serves.

use std::sync::LazyLock;

use api::openapi::DescribedRoutes;
use utoipa_actix_web::service_config::ServiceConfig;

static ROUTES: LazyLock<DescribedRoutes> = LazyLock::new(|| DescribedRoutes::new(mount));

/// The routes of the API and those of the reports, with the document that describes them.
pub fn routes() -> &'static DescribedRoutes {
    &ROUTES
}

fn mount(cfg: &mut ServiceConfig) {
    cfg.configure(api::routes::mount).configure(reports::routes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_what_it_is() {
        let operations = routes().document()["paths"]
            .as_object()
            .expect("paths")
            .values()
            .flat_map(|item| item.as_object().expect("a path").values());
        let mut ids = std::collections::BTreeSet::new();
        for operation in operations {
            let id = operation["operationId"].as_str().expect("an operationId");
            assert!(ids.insert(id), "{id} twice");
            assert!(operation["summary"].is_string(), "{id} has no summary");
            assert!(operation["description"].is_string(), "{id} has no description");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{id} needs one tag");
            assert!(operation["security"].is_array(), "{id} needs security(…)");
        }
    }

    #[test]
    fn every_tag_is_described() {
        for tag in routes().document()["tags"].as_array().expect("tags") {
            assert!(tag["description"].is_string(), "describe {tag} in openapi/complete.rs");
        }
    }
}
