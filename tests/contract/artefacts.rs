//! The generated files of the repository are what the code makes. `UPDATE=1` rewrites them.

use std::fmt::Write as _;
use std::process::Command;

use api::problem::REGISTRY;
use serde_json::Value;
use service::auth::Role;
use service::scope::Scope;
use strum::IntoEnumIterator;
use tests::{environment, keep};

#[test]
fn the_description_of_the_api() {
    keep("openapi/openapi.json", &stockwell::routes().text());
}

#[test]
fn the_graphql_schema() {
    keep("graphql/schema.graphql", graphql::sdl());
}

/// A changed text shows in the diff of the page.
#[test]
fn the_error_codes() {
    let mut entries: Vec<_> = REGISTRY.iter().collect();
    entries.sort_by_key(|entry| entry.code.as_str());
    let mut page = "# Error codes\n\nThe `code` of a problem never changes its meaning. `GET /errors/{code}` shows one of \
         them.\nA test writes this page from `api/src/problem/registry.rs`.\n\n\
         | code | status | title | what it means | what to do |\n|---|---|---|---|---|\n"
        .to_owned();
    for entry in entries {
        let (code, status) = (entry.code.as_str(), entry.code.status().as_u16());
        let [title, cause, fix] = [entry.title, entry.cause, entry.fix].map(|text| text.replace('|', "\\|"));
        writeln!(page, "| `{code}` | {status} | {title} | {cause} | {fix} |").expect("a text grows");
    }
    keep("docs/errors.md", &page);
}

/// The page lists what each role may do.
#[test]
fn the_roles() {
    let mut page = "# Roles\n\nA user has the scopes of a role. `GET /v1/roles` shows them, and which roles the caller may \
         give. [Authority](authority.md)\nsays who may change whom. A test writes this page from `service/src/auth/role.rs`.\n\n\
         | role | for | largest discount |\n|---|---|---|\n"
        .to_owned();
    let name = |role: Role| <&'static str>::from(role);
    for role in Role::iter() {
        let (role, text, discount) = (name(role), role.description(), role.discount_max());
        writeln!(page, "| `{role}` | {text} | {discount} % |").expect("a text grows");
    }
    page.push_str("\n| scope | permits |");
    Role::iter().for_each(|role| write!(page, " {} |", name(role)).expect("a text grows"));
    page.push_str("\n|---|---|");
    Role::iter().for_each(|_| page.push_str("---|"));
    page.push('\n');
    for scope in Scope::iter() {
        write!(page, "| `{scope}` | {} |", scope.description()).expect("a text grows");
        for role in Role::iter() {
            page.push_str(if role.scopes().contains(scope) { " yes |" } else { " |" });
        }
        page.push('\n');
    }
    keep("docs/roles.md", &page);
}

/// The major version of PostgreSQL whose `pg_dump` writes the file.
const DUMPED_BY: &str = "15.";

#[test]
fn the_schema_of_the_database() {
    let postgres = &environment().postgres;
    let dump = |arguments: &[&str]| {
        let output =
            Command::new(postgres.program("pg_dump")).args(arguments).output().expect("pg_dump runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("a dump is text")
    };
    if !dump(&["--version"]).contains(&format!(" {DUMPED_BY}")) {
        println!("skipped: the kept file is written by pg_dump {DUMPED_BY}*");
        return;
    }
    let url = environment().database_url().replace("stockwell_app", "postgres");
    let dumped = dump(&["--schema-only", "--dbname", &url]);
    keep("migration/schema.sql", &tidied(&dumped));
}

/// Returns a dump without what changes from run to run: comments, settings of the session, runs of empty lines.
fn tidied(dump: &str) -> String {
    let mut tidied =
        String::from("-- Written by a test from the migrated database: see tests/contract/artefacts.rs.\n");
    let mut was_empty = false;
    for line in dump.lines() {
        let is_noise = line.starts_with("--")
            || line.starts_with('\\')
            || line.starts_with("SET ")
            || line.starts_with("SELECT pg_catalog.set_config");
        let is_empty = line.trim().is_empty();
        if is_noise || (is_empty && was_empty) {
            continue;
        }
        was_empty = is_empty;
        tidied.push_str(line.trim_end());
        tidied.push('\n');
    }
    format!("{}\n", tidied.trim_end())
}

/// Members of a flattened type would be written twice, and JSON keeps one of them.
#[test]
fn no_schema_has_a_member_twice() {
    let described = serde_json::from_str::<Value>(&stockwell::routes().text()).expect("JSON");
    let schemas = &described["components"]["schemas"];
    let mut checked = 0;
    for (name, schema) in schemas.as_object().expect("schemas") {
        let mut members: Vec<&str> = Vec::new();
        collect_members(schemas, schema, &mut members);
        members.sort_unstable();
        for pair in members.windows(2) {
            assert_ne!(pair[0], pair[1], "{name}");
        }
        checked += usize::from(!members.is_empty());
    }
    assert!(checked > 100, "{checked}");
}

/// Collects the names of the members of a schema, and of those that it consists of.
fn collect_members<'a>(schemas: &'a Value, schema: &'a Value, members: &mut Vec<&'a str>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return collect_members(schemas, &schemas[name], members);
    }
    members.extend(
        schema["properties"].as_object().into_iter().flat_map(serde_json::Map::keys).map(String::as_str),
    );
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect_members(schemas, part, members);
    }
}
