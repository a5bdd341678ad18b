//! Paths of the API, and the methods of each.

use std::collections::BTreeSet;

use actix_web::dev::ResourceDef;
use serde_json::Value;

/// Methods of each path, from the API's own description.
#[derive(Debug)]
pub(crate) struct RouteTable(Vec<(ResourceDef, String)>);

impl RouteTable {
    /// Creates the table of the routes that `document` describes.
    pub(crate) fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        RouteTable(paths.map(|(path, item)| (ResourceDef::new(path.as_str()), allow(item))).collect())
    }

    /// Returns the methods of a path, in the form of `Allow`.
    pub(crate) fn methods(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods.as_str())
    }
}

fn allow(item: &Value) -> String {
    let known = ["get", "post", "put", "patch", "delete"];
    let mut methods: BTreeSet<String> = known
        .iter()
        .filter(|method| item.get(**method).is_some())
        .map(|method| method.to_uppercase())
        .collect();
    if methods.contains("GET") {
        methods.insert("HEAD".to_owned());
    }
    methods.insert("OPTIONS".to_owned());
    methods.into_iter().collect::<Vec<_>>().join(", ")
}
