//! The house rules that no compiler knows: who may use what, who writes which table, how long a thing may be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

mod source;

use source::{Function, Source, stripped, without_tests};

const CRATES: [&str; 11] = [
    "domain",
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

/// Which crates of the workspace a crate may use.
const EDGES: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("entity", &["domain"]),
    ("migration", &[]),
    ("service", &["domain", "entity"]),
    ("graphql", &["domain", "entity", "service"]),
    ("api", &["domain", "entity", "migration", "service"]),
    ("reports", &["domain", "service", "graphql", "api"]),
    ("local", &[]),
    ("stockwell", &["domain", "migration", "service", "api", "reports", "local"]),
    ("tests", &["domain", "migration", "service", "graphql", "api", "local", "stockwell"]),
    ("bench", &["domain", "migration", "service", "local"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every Rust file below the crates' folders, build output aside.
fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for name in CRATES {
        collect(&root(), &root().join(name), &mut sources);
    }
    assert!(sources.len() > 100, "the files are found");
    sources
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    let entries = std::fs::read_dir(folder).expect("a folder is listed");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).expect("a file is read");
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            sources.push(Source { name, text });
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

/// The tables that only posting writes.
const OF_POSTING: [&str; 33] = [
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
    "lot_recall",
    "journal_entry",
    "journal_line",
    "sales_line",
    "sales_order",
    "sales_order_line",
    "shipment",
    "shipment_line",
    "invoice",
    "payment",
    "payment_allocation",
    "pos_session",
    "pos_sale",
    "tender",
    "cash_move",
];

/// Tables, and the files that may write them: those whose names begin so.
fn writers() -> BTreeMap<&'static str, &'static [&'static str]> {
    let posting: &[&str] = &["service/src/posting"];
    let mut writers: BTreeMap<_, _> = OF_POSTING.into_iter().map(|table| (table, posting)).collect();
    let others: [(&str, &[&str]); 33] = [
        ("command", &["service/src/command", "service/src/posting"]),
        ("event", &["service/src/command", "service/src/posting", "service/src/relay"]),
        ("customer_account", &["service/src/posting", "service/src/customer"]),
        ("number_series", &["service/src/posting", "service/src/customer/number"]),
        ("lot", &["service/src/posting", "service/src/stock/lot"]),
        ("tenant", &["service/src/tenant"]),
        ("count_setting", &["service/src/count"]),
        ("account", &["service/src/tenant"]),
        ("location", &["service/src/location", "service/src/tenant"]),
        ("reason_code", &["service/src/location", "service/src/tenant"]),
        ("register", &["service/src/register", "service/src/tenant"]),
        ("tax_class", &["service/src/tax", "service/src/tenant"]),
        ("tax_rate", &["service/src/tax", "service/src/tenant"]),
        ("category", &["service/src/catalog"]),
        ("product", &["service/src/catalog"]),
        ("product_unit", &["service/src/catalog"]),
        ("reorder_setting", &["service/src/catalog/reorder"]),
        ("bundle_component", &["service/src/catalog/bundle"]),
        ("barcode", &["service/src/catalog"]),
        ("product_group", &["service/src/catalog"]),
        ("sku_mapping", &["service/src/catalog"]),
        ("unmapped_sku", &["service/src/catalog"]),
        ("customer", &["service/src/customer"]),
        ("price_list", &["service/src/pricing"]),
        ("price_rule", &["service/src/pricing"]),
        ("price_tier", &["service/src/pricing"]),
        ("channel_price_list", &["service/src/pricing"]),
        ("api_key", &["service/src/auth"]),
        ("app_user", &["service/src/auth"]),
        ("refresh_token", &["service/src/auth"]),
        ("stock_checkpoint", &["service/src/stock/checkpoint"]),
        ("stock_checkpoint_level", &["service/src/stock/checkpoint"]),
        ("schema_migration", &["migration/src"]),
    ];
    writers.extend(others);
    writers
}

/// The tables that a text writes by SQL.
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
            // `for update of`, `do update set` and prose are no writes.
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
    let mut texts: Vec<(String, String)> =
        sources().into_iter().map(|source| (source.name, source.text)).collect();
    let save =
        std::fs::read_to_string(root().join("service/src/posting/save.sql")).expect("the save statement");
    texts.push(("service/src/posting/save.sql".to_owned(), save));
    let mut seen = BTreeSet::new();
    for (name, text) in &texts {
        let is_of_tests =
            ["tests/", "bench/"].iter().any(|folder| name.starts_with(folder)) || name.ends_with("/tests.rs");
        for table in written(&without_tests(text)).into_iter().filter(|_| !is_of_tests) {
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
        assert!(seen.contains(table), "nobody is seen to write {table}: the check is blind");
    }
}

/// sea-orm's builder could write the tables of posting past the check of the SQL texts.
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
                let called = calls.iter().filter(|call| without_tests(&text).contains(*call));
                offenders.extend(called.map(|call| format!("- {name}: {call}")));
            }
        }
    }
    none("orders and tills meet only in the book", &offenders);
}

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 600;

#[test]
fn functions_and_files_are_short() {
    let mut offenders = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            offenders.push(format!("- {} has {lines} lines, at most {FILE_LINES_MAX}", source.name));
        }
        for Function { name, lines } in source.functions() {
            if lines > FUNCTION_LINES_MAX {
                offenders.push(format!(
                    "- {}: fn {name} has {lines} lines, at most {FUNCTION_LINES_MAX}",
                    source.name
                ));
            }
        }
    }
    none("something is too long", &offenders);
}

#[test]
fn words_that_may_not_be_used() {
    let mut offenders = Vec::new();
    for Source { name, text } in sources() {
        let code = stripped(&text);
        let live = stripped(&without_tests(&text));
        let is_test = name.starts_with("tests/") || name.ends_with("/tests.rs") || name.contains("/tests/");
        let mut check = |code: &str, word: &str, allowed: bool| {
            if !allowed {
                let lines = code.lines().zip(1..).filter(|(line, _)| has_word(line, word));
                offenders.extend(lines.map(|(_, number)| format!("- {name}:{number}: {word}")));
            }
        };
        for float in ["f32", "f64"] {
            check(&code, float, name.starts_with("bench/"));
        }
        check(&code, ".unwrap()", false);
        check(&code, "Utc::now", name == "service/src/tx.rs" || name.starts_with("bench/"));
        check(&code, "Local::now", false);
        check(&code, "#[allow(", false);
        check(&code, "#![allow(", false);
        check(&code, "#[ignore", false);
        check(&live, "println!", is_test || name.starts_with("bench/") || is_command_line(&name));
    }
    none("a word may not be used here", &offenders);
}

/// Programs that talk to a person.
fn is_command_line(name: &str) -> bool {
    ["main.rs", "operator", "demo", "import"]
        .iter()
        .any(|file| name.starts_with(&format!("stockwell/src/{file}")))
        || name.contains("/examples/")
}

/// Whether `word` stands in `line` and is not a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_part =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    line.match_indices(word).any(|(at, _)| {
        let starts_whole = !word.starts_with(|letter: char| letter.is_ascii_alphanumeric())
            || !is_part(line[..at].chars().next_back());
        let ends_whole = !word.ends_with(|letter: char| letter.is_ascii_alphanumeric())
            || !is_part(line[at + word.len()..].chars().next());
        starts_whole && ends_whole
    })
}

#[test]
fn the_clock_is_read_in_one_place() {
    let readers: Vec<String> = sources()
        .iter()
        .filter(|source| stripped(&source.text).contains("Utc::now()"))
        .map(|source| source.name.clone())
        .filter(|name| !name.starts_with("bench/"))
        .collect();
    assert_eq!(readers, ["service/src/tx.rs"]);
}
