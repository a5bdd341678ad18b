//! Rules of the sources that no compiler checks: which crate may use which, which file may write which table, sizes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

mod circles;
mod events;
mod imports;

/// A source file.
struct Source {
    /// Path from the root.
    name: String,
    /// Content.
    text: String,
}

const CRATES: [&str; 12] = [
    "domain",
    "reconcile",
    "entity",
    "migration",
    "service",
    "graphql",
    "api",
    "reports",
    "local",
    "stockwell",
    "tests",
    "bench",
];

/// The crates that a crate may use.
const EDGES: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("reconcile", &["domain"]),
    ("entity", &["domain"]),
    ("migration", &[]),
    ("service", &["domain", "reconcile", "entity"]),
    ("graphql", &["domain", "reconcile", "service"]),
    ("api", &["domain", "reconcile", "entity", "migration", "service"]),
    ("reports", &["domain", "graphql", "api"]),
    ("local", &[]),
    ("stockwell", &["domain", "migration", "service", "api", "reports", "local"]),
    ("tests", &["domain", "reconcile", "migration", "service", "graphql", "api", "local", "stockwell"]),
    ("bench", &["domain", "reconcile", "migration", "service", "local"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns every Rust file of the crates.
fn sources() -> Vec<Source> {
    let sources = files("rs");
    assert!(sources.len() > 100, "the files are found");
    sources
}

/// Returns every file of the crates with this extension.
fn files(extension: &str) -> Vec<Source> {
    let mut files = Vec::new();
    for name in CRATES {
        collect(&root().join(name), extension, &mut files);
    }
    files
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<Source>) {
    let entries = std::fs::read_dir(folder).expect("a folder is listed");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            let text = std::fs::read_to_string(&path).expect("a file is read");
            let name =
                path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
            files.push(Source { name, text });
        }
    }
}

#[track_caller]
fn none(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n{}", offenders.join("\n"));
}

#[test]
fn crates_use_only_the_crates_below_them() {
    let mut offenders = Vec::new();
    for (name, allowed) in EDGES {
        let manifest = std::fs::read_to_string(root().join(name).join("Cargo.toml")).expect("a manifest");
        let used = manifest
            .lines()
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .filter(|word| CRATES.contains(word));
        for used in used.filter(|used| !allowed.contains(used)) {
            offenders.push(format!("- {name} uses {used}"));
        }
    }
    none("a crate uses a crate that it may not", &offenders);
}

/// Returns the first argument of a call that begins behind `call`, after the types that the call may name.
fn argument(call: &str) -> &str {
    let (_, rest) = call.split_once('(').unwrap_or_default();
    rest.split([',', ')']).next().unwrap_or_default().trim()
}

#[test]
fn columns_are_read_by_name() {
    let mut offenders = Vec::new();
    for source in sources() {
        if !["service/", "graphql/", "reports/"].iter().any(|name| source.name.starts_with(name)) {
            continue;
        }
        for (number, line) in source.text.lines().enumerate() {
            for call in line.split(".try_get").skip(1) {
                let column = argument(call);
                // A row of one or two columns has no order that anybody could mistake.
                if column.contains('+') || column.parse::<usize>().is_ok_and(|position| position >= 2) {
                    offenders.push(format!("- {}:{}: {}", source.name, number + 1, line.trim()));
                }
            }
        }
    }
    none("a column is read by its position: name it", &offenders);
}

#[test]
fn instants_of_requests_are_read_once() {
    let mut offenders = Vec::new();
    for source in sources().into_iter().filter(|source| source.name.starts_with("api/")) {
        let (mut is_read, mut is_form) = (false, false);
        for (number, line) in source.text.lines().enumerate() {
            if line.starts_with("#[derive(") {
                is_read = line.contains("Deserialize");
            } else if line.starts_with("pub struct ") || line.starts_with("struct ") {
                is_form = std::mem::take(&mut is_read);
            } else if line.starts_with('}') {
                is_form = false;
            } else if is_form && line.contains("DateTime<") {
                offenders.push(format!("- {}:{}: {}", source.name, number + 1, line.trim()));
            }
        }
    }
    none("a request has an instant that is not read as domain::moment::Instant", &offenders);
}

/// `2026-2-3` and days of the year 1 are slips, which a plain `NaiveDate` takes.
#[test]
fn days_of_requests_have_one_form() {
    let mut offenders = Vec::new();
    for source in sources() {
        let (mut is_read, mut is_form, mut has_reader) = (false, false, false);
        for (number, line) in source.text.lines().enumerate() {
            let item = ["pub ", "pub(super) ", "pub(crate) "].iter().find_map(|seen| line.strip_prefix(seen));
            let item = item.unwrap_or(line);
            let is_attribute = line.trim_start().starts_with(['#', '/']);
            if line.starts_with("#[derive(") {
                is_read = line.contains("Deserialize");
            } else if item.starts_with("struct ") || item.starts_with("enum ") {
                is_form = std::mem::take(&mut is_read);
            } else if line.starts_with('}') {
                is_form = false;
            } else if is_form && !is_attribute && line.contains("NaiveDate") && !has_reader {
                offenders.push(format!("- {}:{}: {}", source.name, number + 1, line.trim()));
            }
            has_reader = is_attribute && (has_reader || line.contains("day::"));
        }
    }
    none("a request has a day that is not read by domain::day", &offenders);
}

/// Tables that only posting writes.
const OF_POSTING: [&str; 53] = [
    "stock_level",
    "cost_layer",
    "layer_use",
    "stock_movement",
    "reservation",
    "stock_document",
    "hold",
    "hold_line",
    "peg",
    "hold_reference",
    "transfer",
    "transfer_line",
    "cost_to_settle",
    "stock_count",
    "stock_count_line",
    "stock_count_entry",
    "expected_receipt",
    "expected_receipt_line",
    "purchase_order",
    "purchase_order_line",
    "purchase_receipt_line",
    "supplier_return_line",
    "landed_cost",
    "landed_cost_line",
    "bill",
    "bill_line",
    "bill_match",
    "supplier_payment",
    "supplier_payment_part",
    "lot_recall",
    "journal_entry",
    "journal_line",
    "sales_line",
    "sales_line_tax",
    "foreign_line",
    "sales_order",
    "sales_order_line",
    "shipment",
    "shipment_line",
    "invoice",
    "payment",
    "payment_allocation",
    "application",
    "application_line",
    "voucher",
    "voucher_move",
    "pos_session",
    "pos_sale",
    "tender",
    "till_clock",
    "sale_external_ref",
    "tender_payment_intent",
    "cash_move",
];

/// Returns tables with the files that may write them, by the beginning of their names.
fn writers() -> BTreeMap<&'static str, &'static [&'static str]> {
    let posting: &[&str] = &["service/src/posting"];
    let mut writers: BTreeMap<_, _> = OF_POSTING.into_iter().map(|table| (table, posting)).collect();
    writers.extend(OF_OTHERS);
    writers
}

/// Tables that posting does not write alone, with the files that may write them.
const OF_OTHERS: [(&str, &[&str]); 109] = [
    // The import and the deletion of a tenant take every table of the catalogue.
    ("any_table", &["service/src/archive"]),
    ("incoming", &["service/src/archive/import"]),
    ("command", &["service/src/command", "service/src/posting"]),
    ("event", &["service/src/command", "service/src/posting"]),
    ("event_cursor", &["service/src/relay"]),
    ("sales_rollup", &["service/src/rollup"]),
    // Their names end in a place of the text: it is made from a list.
    ("sales_sum_by_", &["service/src/rollup/statement"]),
    ("ledger_rollup", &["service/src/rollup/ledger"]),
    ("ledger_sum_by_day", &["service/src/rollup/ledger"]),
    ("customer_account", &["service/src/posting", "service/src/customer"]),
    ("number_series", &["service/src/posting", "service/src/customer/number"]),
    ("lot", &["service/src/posting", "service/src/stock/lot"]),
    ("tenant", &["service/src/tenant"]),
    ("count_setting", &["service/src/count"]),
    (
        "account",
        &["service/src/tenant", "service/src/tax", "service/src/ledger/chart", "service/src/ledger/mapping"],
    ),
    ("account_mapping", &["service/src/ledger/mapping"]),
    ("location", &["service/src/location", "service/src/tenant"]),
    ("reason_code", &["service/src/location", "service/src/tenant"]),
    ("register", &["service/src/register", "service/src/tenant"]),
    ("tax_class", &["service/src/tax", "service/src/tenant"]),
    ("tax_rate", &["service/src/tax", "service/src/tenant"]),
    ("category", &["service/src/catalog"]),
    ("product", &["service/src/catalog"]),
    ("product_unit", &["service/src/catalog"]),
    ("replaced_price", &["service/src/catalog/product/store"]),
    ("replaced_product", &["service/src/catalog/product/store"]),
    ("replaced_customer", &["service/src/customer"]),
    ("replaced_seller", &["service/src/tenant"]),
    ("replaced_supplier", &["service/src/supplier"]),
    ("replaced_location", &["service/src/location"]),
    ("former_sku", &["service/src/catalog/product/store"]),
    ("former_barcode", &["service/src/catalog/product/store"]),
    ("former_unit", &["service/src/catalog/product/store"]),
    ("sale_exception", &["service/src/posting/save/late", "service/src/pos/exception"]),
    ("reorder_setting", &["service/src/catalog/reorder"]),
    ("replenish_setting", &["service/src/replenish/setting"]),
    ("replenish_category", &["service/src/replenish/category"]),
    ("replenish_order", &["service/src/replenish/order"]),
    ("replenish_supplier", &["service/src/replenish/supplier"]),
    ("bundle_component", &["service/src/catalog/bundle"]),
    ("barcode", &["service/src/catalog"]),
    ("product_group", &["service/src/catalog"]),
    ("sku_mapping", &["service/src/catalog"]),
    ("unmapped_sku", &["service/src/catalog"]),
    ("customer", &["service/src/customer"]),
    ("supplier", &["service/src/supplier"]),
    ("supplier_product", &["service/src/supplier/product"]),
    ("price_list", &["service/src/pricing"]),
    ("price_rule", &["service/src/pricing"]),
    ("price_tier", &["service/src/pricing"]),
    ("channel_price_list", &["service/src/pricing"]),
    ("api_key", &["service/src/auth"]),
    ("bi_login", &["service/src/bi_login"]),
    ("webhook_endpoint", &["service/src/webhook"]),
    ("webhook_cursor", &["service/src/webhook"]),
    ("webhook_delivery", &["service/src/webhook"]),
    ("webhook_attempt", &["service/src/webhook"]),
    ("app_user", &["service/src/auth"]),
    ("custom_role", &["service/src/auth"]),
    ("refresh_token", &["service/src/auth"]),
    ("password_link", &["service/src/auth"]),
    ("invitation", &["service/src/auth"]),
    ("failed_attempt", &["service/src/auth"]),
    ("identity_provider", &["service/src/auth"]),
    ("provider_account", &["service/src/auth"]),
    ("provider_login", &["service/src/auth"]),
    ("customer_session", &["service/src/auth"]),
    ("access_refusal", &["service/src/refusal"]),
    ("request_log", &["service/src/request_log"]),
    ("job", &["service/src/job"]),
    ("period_lock", &["service/src/period_lock"]),
    ("period_close", &["service/src/close"]),
    ("recurring_entry", &["service/src/recurring_entry"]),
    ("bank_line", &["service/src/bank"]),
    ("bank_match", &["service/src/bank"]),
    ("attachment", &["service/src/attachment"]),
    ("attachment_content", &["service/src/attachment"]),
    ("attachment_usage", &["service/src/attachment"]),
    ("attachment_orphan", &["service/src/attachment/stored"]),
    ("payment_provider", &["service/src/payment_provider"]),
    ("payment_provider_event", &["service/src/payment_intent"]),
    ("payment_intent", &["service/src/payment_intent"]),
    ("exchange_rate", &["service/src/exchange_rate"]),
    ("stock_checkpoint", &["service/src/stock/checkpoint"]),
    ("stock_checkpoint_level", &["service/src/stock/checkpoint"]),
    ("movement_quarter", &["service/src/stock/pack"]),
    ("movement_pack", &["service/src/stock/pack"]),
    ("reconcile_system", &["service/src/reconcile/system"]),
    ("reconcile_setting", &["service/src/reconcile/setting"]),
    ("reconcile_ownership", &["service/src/reconcile/ownership"]),
    ("reconcile_location_mapping", &["service/src/reconcile/mapping"]),
    ("reconcile_sku_mapping", &["service/src/reconcile/mapping"]),
    ("reconcile_item", &["service/src/reconcile/item"]),
    ("reconcile_bundle", &["service/src/reconcile/item"]),
    ("reconcile_snapshot", &["service/src/reconcile/ingest/rows"]),
    ("reconcile_snapshot_line", &["service/src/reconcile/ingest/rows"]),
    ("reconcile_event", &["service/src/reconcile/ingest/rows"]),
    ("reconcile_touchpoint", &["service/src/reconcile/ingest/rows"]),
    ("reconcile_input", &["service/src/reconcile/ingest"]),
    ("reconcile_lease", &["service/src/reconcile/run/lease"]),
    ("reconcile_run", &["service/src/reconcile/run/store"]),
    ("reconcile_discrepancy", &["service/src/reconcile/run/store"]),
    ("reconcile_episode", &["service/src/reconcile/run/store"]),
    ("reconcile_fix", &["service/src/reconcile/run/store"]),
    ("reconcile_verdict", &["service/src/reconcile/run/store"]),
    ("reconcile_resolution", &["service/src/reconcile/run/episode"]),
    ("reconcile_fix_applied", &["service/src/reconcile/run/fix"]),
    ("schema_migration", &["migration/src"]),
    ("schema_replaceable", &["migration/src"]),
];

/// Returns the tables that a text writes by SQL.
fn written(text: &str) -> BTreeSet<String> {
    let words: Vec<&str> = text
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.')))
        .filter(|word| !word.is_empty())
        .collect();
    let mut tables = BTreeSet::new();
    for (index, word) in words.iter().enumerate() {
        let next = |distance: usize| words.get(index + distance).copied().unwrap_or_default();
        let table = match (*word, next(1), next(2)) {
            ("insert", "into", table) | ("delete", "from", table) => table,
            // `for update of`, `do update set` and prose write nothing.
            ("update", table, "set") if table != "do" => table,
            ("update", table, alias) if next(3) == "set" && alias.len() <= 2 => table,
            _ => continue,
        };
        tables.insert(table.trim_start_matches("public.").to_owned());
    }
    tables
}

#[test]
fn every_table_has_one_writer() {
    let writers = writers();
    let mut offenders = Vec::new();
    // In the schema, only the function of posting writes for the service.
    const POST: &str = "migration/replaceable/36_post.sql";
    let is_schema = |source: &Source| source.name.starts_with("migration/") && source.name != POST;
    let statements = files("sql").into_iter().filter(|source| !is_schema(source)).map(|source| match source
        .name
        .as_str()
    {
        POST => Source { name: "service/src/posting and its functions".to_owned(), ..source },
        _ => source,
    });
    let mut seen = BTreeSet::new();
    for Source { name, text } in sources().into_iter().chain(statements) {
        let is_of_tests =
            ["tests/", "bench/"].iter().any(|folder| name.starts_with(folder)) || name.ends_with("/tests.rs");
        for table in written(without_tests(&text)).into_iter().filter(|_| !is_of_tests) {
            match writers.get(table.as_str()) {
                None => offenders.push(format!("- {name} writes {table}, which no list here knows")),
                Some(files) if !files.iter().any(|file| name.starts_with(file)) => {
                    offenders.push(format!("- {name} writes {table}"));
                }
                Some(_) => _ = seen.insert(table),
            }
        }
    }
    none("a table is written by somebody else", &offenders);
    for table in ["stock_level", "stock_movement", "journal_line", "sales_line", "event", "command", "tender"]
    {
        assert!(seen.contains(table), "no file is seen to write {table}: the check is blind");
    }
}

/// sea-orm's builder would write the tables of posting without SQL texts that this test could see.
#[test]
fn entities_of_posted_tables_are_only_read() {
    let posted =
        ["StockLevel", "StockMovement", "JournalEntry", "JournalLine", "SalesLine", "PosSale", "Event"];
    let modules =
        ["stock_level", "stock_movement", "journal_entry", "journal_line", "sales_line", "pos_sale", "event"];
    let mut offenders = Vec::new();
    for Source { name, text } in sources().iter().filter(|source| !source.name.starts_with("tests/")) {
        for word in posted
            .iter()
            .map(|name| format!("{name}ActiveModel"))
            .chain(modules.iter().map(|name| format!("{name}::ActiveModel")))
        {
            if text.contains(&word) {
                offenders.push(format!("- {name}: {word}"));
            }
        }
    }
    none("a posted table is written through an entity", &offenders);
}

/// Returns the text up to its unit tests, which are at the end of a file.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

#[test]
fn the_two_channels_do_not_call_each_other() {
    let mut offenders = Vec::new();
    for Source { name, text } in sources() {
        for (one, other) in [("order", "pos"), ("pos", "order")] {
            let is_of = |layer: &str| {
                name.starts_with(&format!("{layer}/src/{one}.rs"))
                    || name.starts_with(&format!("{layer}/src/{one}/"))
            };
            let calls =
                [format!("crate::{other}::"), format!("domain::{other}::"), format!("super::{other}::")];
            if ["domain", "service", "api"].iter().any(|layer| is_of(layer)) {
                let called = calls.iter().filter(|call| without_tests(&text).contains(call.as_str()));
                offenders.extend(called.map(|call| format!("- {name}: {call}")));
            }
        }
    }
    none("orders and tills meet only in the book", &offenders);
}

const FILE_LINES_MAX: usize = 600;

#[test]
fn files_are_short() {
    let mut offenders = Vec::new();
    for Source { name, text } in sources() {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            offenders.push(format!("- {name} has {lines} lines, at most {FILE_LINES_MAX}"));
        }
    }
    none("a file is too long", &offenders);
}

/// Clippy checks the other limits. It does not see attributes at the top of a file, nor a test that is ignored with a
/// reason.
#[test]
fn no_check_is_switched_off() {
    let mut offenders = Vec::new();
    for Source { name, text } in sources() {
        for (line, number) in text.lines().zip(1..) {
            let is_off = |attribute: &&&str| line.trim_start().starts_with(**attribute);
            if let Some(attribute) = ["#[allow(", "#![allow(", "#[ignore"].iter().find(is_off) {
                offenders.push(format!("- {name}:{number}: {attribute}"));
            }
        }
    }
    none("a check is switched off", &offenders);
}

/// A step that the list lacks never runs, and a file that no module declares is never compiled.
#[test]
fn no_file_is_forgotten() {
    let mut offenders = Vec::new();
    let texts: BTreeMap<String, String> =
        sources().into_iter().map(|source| (source.name, source.text)).collect();
    let steps = &texts["migration/src/steps.rs"];
    for Source { name, .. } in files("sql").iter().filter(|source| source.name.starts_with("migration/sql/"))
    {
        let step = name.trim_start_matches("migration/sql/").split('.').next().unwrap_or_default();
        if !steps.contains(&format!("step!(\"{step}\")")) {
            offenders.push(format!("- {name} is no step of migration/src/steps.rs"));
        }
    }
    for name in texts.keys() {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let module = file.trim_end_matches(".rs");
        let is_root = ["lib", "main", "build"].contains(&module);
        // A module is declared in the file of its folder's name, or in the root of its crate or program.
        let parents = [format!("{folder}.rs"), format!("{folder}/lib.rs"), format!("{folder}/main.rs")];
        let inline = folder.rsplit_once('/').map(|(above, _)| format!("{above}/main.rs"));
        let named = parents.iter().chain(&inline).filter_map(|parent| texts.get(parent));
        if !is_root && !named.into_iter().any(|text| text.contains(&format!("mod {module};"))) {
            offenders.push(format!("- {name} is named by no module"));
        }
    }
    none("a file is forgotten", &offenders);
}
