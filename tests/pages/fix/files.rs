//! Files that are dropped or chosen: recognised, mapped by hand, sent, and what became of their rows.

use std::path::PathBuf;

use serde_json::{Value, json};
use tests::example::{files as files_of_example, folder};
use tests::{Browser, with_tenant};

use super::{BASE, RESULTS, SEND, choose, drop_on, pick, rows, said_of, send, systems, visit_first};
use crate::visit::{READY, problem, shown};

/// Returns an expression of the source of a column.
fn source(column: &str) -> String {
    format!("document.querySelector(`form.by-hand select[name='from {column}']`)?.value")
}

#[test]
fn a_folder_that_is_dropped_leads_to_the_first_fix() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        assert!(browser.text(&shown(".lead")).starts_with("Nothing has been compared yet."));
        drop_on(&mut browser, &[folder()]);
        browser.until(&format!("document.querySelector('{SEND}:enabled')"));
        let (stated, said) = files_of_example();
        let files = stated.len() + said.len();
        assert_eq!(browser.text(&shown(SEND)), format!("Send {files} files and compare"));
        assert_eq!(browser.text(&said_of("events/pos.csv")), "Events of pos");
        assert_eq!(
            browser.text(&said_of("snapshots/storefront.partial.csv")),
            "Stock list of storefront, a part"
        );
        assert_eq!(browser.text(&said_of("expected.json")), "Not sent: manifest.json does not name it.");
        send(&mut browser);
        browser.until(READY);
        let told = tenant.get(&format!("{BASE}/first-fix")).await.ok();
        assert_eq!(Some(browser.text(&shown(".lead")).as_str()), told["headline"].as_str());
        let sent = rows(&mut browser, RESULTS);
        assert_eq!(sent.len(), files);
        assert!(sent.iter().all(|row| row[5] == "✓ sent"), "{sent:?}");
        let accepted: u64 = numbers(&sent, 2);
        assert!(accepted > 1_000 && numbers(&sent, 1) == accepted, "{sent:?}");
        // Sent again, nothing is new.
        drop_on(&mut browser, &[folder()]);
        browser.until(&format!("/^Send {files} files/.test({})", shown(SEND)));
        send(&mut browser);
        browser.until(READY);
        let again = rows(&mut browser, RESULTS);
        let is_of_system = |row: &&Value| {
            let file = row[0].as_str().unwrap_or_default();
            ["/snapshots/", "/events/", "/touchpoints/"].iter().any(|folder| file.contains(folder))
        };
        let of_systems: Vec<&Value> = again.iter().filter(is_of_system).collect();
        assert_eq!(of_systems.len(), said.len(), "{again:?}");
        assert!(of_systems.iter().all(|row| row[2] == "0" && row[1] == row[3]), "{again:?}");
        browser.check();
    });
}

/// Adds up a column of figures.
fn numbers(rows: &[Value], column: usize) -> u64 {
    let cells = rows.iter().filter_map(|row| row[column].as_str());
    cells.filter_map(|cell| cell.replace(',', "").parse::<u64>().ok()).sum()
}

#[test]
fn names_say_what_files_are_without_a_manifest() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        let paths = ["systems.json", "settings.json", "snapshots", "events"].map(|name| folder().join(name));
        drop_on(&mut browser, &paths);
        browser.until(&format!("document.querySelector('{SEND}:enabled')"));
        assert_eq!(browser.text(&said_of("systems.json")), "Systems");
        assert_eq!(browser.text(&said_of("snapshots/pos.full.csv")), "Stock list of pos, complete");
        assert_eq!(browser.text(&said_of("events/wms.csv")), "Events of wms");
        let first = browser.text(&shown(".files .list li b"));
        assert_eq!(first, "systems.json", "the systems are sent before their rows");
        send(&mut browser);
        // Times of the tills have no offset: they are read in the zone of the field.
        assert_eq!(browser.text("document.querySelector('#zone').value"), "Europe/London");
        let sent = rows(&mut browser, RESULTS);
        // Two files beside the folders, five stock lists, and the events of four systems.
        assert_eq!(sent.len(), 11, "{sent:?}");
        assert!(sent.iter().all(|row| row[5] == "✓ sent"), "{sent:?}");
        browser.check();
    });
}

const LIST: &str = "Artikel;Filiale;Bestand;Datum;Farbe\n\
    A-1;Nord;5;2026-01-05T05:00:00Z;rot\n\
    A-2;\"Nord; hinten\";7;2026-01-05T05:00:00Z;blau\n\
    A-3;Nord;1.234,50;2026-01-05T05:00:00Z;rot\n";

#[test]
fn columns_that_are_not_known_are_mapped_by_hand_and_remembered() {
    with_tenant(async |tenant| {
        systems(tenant).await;
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        browser.until("document.querySelector('#reference')");
        choose(&mut browser, &[("bestand-till.csv", LIST)]);
        browser.until("document.querySelector('form.by-hand')");
        assert_eq!(browser.eval(&format!("document.querySelector('{SEND}') !== null")), false);
        // Headers of other programs are recognised; the rest is the reader's.
        let guessed = [
            ("external_sku", ":Artikel"),
            ("external_location", ":Filiale"),
            ("quantity", ":Bestand"),
            ("taken_at", ":Datum"),
            ("lot", ""),
        ];
        for (column, from) in guessed {
            assert_eq!(browser.text(&source(column)), from, "{column}");
        }
        assert_eq!(browser.barriers(), Vec::<String>::new());
        pick(&mut browser, "full", "false");
        pick(&mut browser, "from lot", "=");
        browser.until("document.querySelector(`form.by-hand input[name='value lot']`)");
        browser.eval("document.querySelector(`form.by-hand input[name='value lot']`).focus()");
        browser.write("L-7");
        browser.eval("document.querySelector('form.by-hand').requestSubmit()");
        let known = "Stock list of till, a part (columns as you chose)";
        browser.until(&format!("{} === '{known}'", said_of("bestand-till.csv")));
        send(&mut browser);
        let sent = rows(&mut browser, RESULTS);
        assert_eq!(sent, [json!(["bestand-till.csv", "3", "2", "0", "1", "✕ rows rejected"])]);
        let reasons = rows(&mut browser, "Rejected rows");
        let [reason] = &reasons[..] else { panic!("one row is rejected: {reasons:?}") };
        assert_eq!((&reason[1], &reason[2]), (&json!("4"), &json!("quantity")));
        assert!(reason[3].as_str().is_some_and(|text| text.contains("decimal comma")), "{reason}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        // The next file of the system needs no form, also in a later visit.
        browser.open(&format!("{}/fix", tenant.base_url()));
        browser.until(READY);
        choose(&mut browser, &[("bestand-till.csv", LIST)]);
        browser.until(&format!("{} === '{known}'", said_of("bestand-till.csv")));
        assert_eq!(browser.eval("document.querySelectorAll('form.by-hand').length"), 0);
        send(&mut browser);
        assert_eq!(
            rows(&mut browser, RESULTS)[0],
            json!(["bestand-till.csv", "3", "0", "2", "1", "✕ rows rejected"])
        );
        // The choice can be changed.
        browser.eval("document.querySelector('.files .list button').click()");
        browser.until(&format!("{} === '='", source("lot")));
        browser.check();
    });
}

#[test]
fn files_wait_for_the_systems_that_they_may_come_from() {
    with_tenant(async |tenant| {
        systems(tenant).await;
        let mut browser = Browser::start();
        browser.hold("/v1/reconciliation/systems");
        visit_first(&mut browser, tenant);
        browser.until_held();
        choose(&mut browser, &[("bestand-till.csv", LIST)]);
        browser.until("document.querySelector('section[aria-labelledby=files][aria-busy=true]')");
        browser.release();
        browser.until("document.querySelector('form.by-hand')");
        assert_eq!(browser.text("document.querySelector('#bestand-till-csv-system').value"), "till");
        browser.check();
    });
}

#[test]
fn a_system_that_is_not_there_yet_is_registered() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        let list = "sku,qty\nA-1,5\n";
        choose(&mut browser, &[("list.csv", list)]);
        browser.until("document.querySelector(`form.by-hand input[name='code']`)");
        browser.eval("document.querySelector(`form.by-hand input[name='code']`).focus()");
        browser.write("shop");
        pick(&mut browser, "system-kind", "storefront");
        for (column, value) in [("external_location", "MAIN"), ("taken_at", "2026-01-05T05:00:00Z")] {
            pick(&mut browser, &format!("from {column}"), "=");
            let field = format!("document.querySelector(`form.by-hand input[name='value {column}']`)");
            browser.until(&field);
            browser.eval(&format!("{field}.focus()"));
            browser.write(value);
        }
        browser.eval("document.querySelector('form.by-hand').requestSubmit()");
        send(&mut browser);
        assert_eq!(rows(&mut browser, RESULTS), [json!(["list.csv", "1", "1", "0", "0", "✓ sent"])]);
        let systems = tenant.get(&format!("{BASE}/systems?code=shop")).await.ok();
        assert_eq!(systems["data"][0]["kind"], "storefront", "{systems}");
        // It becomes the system that the others are compared with.
        browser.until("document.querySelector('#reference')");
        browser.eval(
            "(() => { const choice = document.querySelector('#reference'); choice.value = 'shop'; \
             choice.dispatchEvent(new Event('change', { bubbles: true })); })()",
        );
        browser.eval("document.querySelector('form.reference').requestSubmit()");
        browser.until("document.querySelector('#reference').value === 'shop' && /compared with shop/.test(document.querySelector('.spans')?.textContent)");
        let settings = tenant.get(&format!("{BASE}/settings")).await.ok();
        assert_eq!(settings["reference"], "shop");
        browser.check();
    });
}

#[test]
fn a_file_that_the_server_refuses_says_why_and_spoils_no_other() {
    with_tenant(async |tenant| {
        systems(tenant).await;
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        browser.until("document.querySelector('#reference')");
        let list = "taken_at,external_sku,external_location,quantity\n2026-01-05T05:00:00Z,A-1,MAIN,5\n";
        choose(&mut browser, &[("other.full.csv", list), ("till.full.csv", list)]);
        send(&mut browser);
        let sent = rows(&mut browser, RESULTS);
        let said = sent[0][5].as_str().expect("a text");
        assert!(said.starts_with('✕') && said.contains("There is no system with this code."), "{said}");
        assert_eq!(sent[1], json!(["till.full.csv", "1", "1", "0", "0", "✓ sent"]));
        // A run that fails is tried again alone.
        browser.refuse(&format!("{BASE}/runs"), 503, problem());
        browser.eval(&format!("document.querySelector('{SEND}').click()"));
        browser.until("document.querySelector('.files .failed')");
        assert!(browser.text(&shown(".files .failed")).contains("Took too long"));
        browser.release();
        browser.eval("document.querySelector('.files .failed button').focus()");
        browser.press("Enter");
        browser.until("/^Compared/.test(document.querySelector('.progress').textContent)");
        browser.until(READY);
        assert_eq!(browser.eval("document.activeElement.matches('section[aria-labelledby=files]')"), true);
        browser.check();
    });
}

#[test]
fn a_manifest_names_what_is_sent_and_where() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        let entry = |path: &str| {
            json!([{ "file": "systems.json", "method": "POST", "path": path, "query": {}, "type": "application/json" },
                { "file": "events/pos.csv", "method": "POST", "path": format!("{BASE}/events"), "query": { "system": "pos" }, "type": "text/csv" }])
            .to_string()
        };
        // No form of `..` leads to another path of the API.
        for (number, path) in [
            "/v1/orders",
            "/v1/reconciliation/../orders",
            "/v1/reconciliation/%2e%2e/orders",
            "/v1/reconciliation/events/.%2E/%2e./orders",
            "/v1/reconciliation/events?system=pos",
            "/v1/reconciliation/runs",
            "/v1/sku-mappings/resolve",
        ]
        .iter()
        .enumerate()
        {
            let file = format!("{number}.json");
            let entry = json!([{ "file": file, "method": "POST", "path": path, "type": "application/json" }]);
            choose(&mut browser, &[("manifest.json", &entry.to_string()), (&file, "[]")]);
            browser.until(&format!(
                "{}.startsWith(`manifest.json can't be used, at {file}.`)",
                shown(".files [role=alert]")
            ));
            assert_eq!(browser.eval(&format!("document.querySelector('{SEND}') !== null")), false, "{path}");
        }
        choose(&mut browser, &[("manifest.json", "[null]")]);
        browser
            .until(&format!("{}.startsWith(`manifest.json can't be used. `)", shown(".files [role=alert]")));
        choose(
            &mut browser,
            &[("manifest.json", &entry(&format!("{BASE}/systems"))), ("systems.json", "[]")],
        );
        browser.until(&format!("document.querySelector('{SEND}')"));
        let said = browser.text(&shown(".files [role=alert]"));
        assert_eq!(said, "manifest.json names files that were not dropped: events/pos.csv.");
        browser.check();
    });
}

#[test]
fn files_that_can_not_be_taken_say_why() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        let alert = shown(".files [role=alert]");
        let many: Vec<(String, String)> =
            (0..1_001).map(|number| (format!("{number}.pdf"), String::new())).collect();
        let chosen: Vec<(&str, &str)> =
            many.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        choose(&mut browser, &chosen);
        browser.until(&format!("{alert}.startsWith('These are more than 1,000 files and folders.')"));
        choose(&mut browser, &chosen[..1_000]);
        browser.until("document.querySelectorAll('.files .list li').length === 1000");
        assert_eq!(browser.text(&alert), "");
        // A folder in a folder counts too.
        let folder = Folder::new(&many[..999]);
        drop_on(&mut browser, std::slice::from_ref(&folder.0));
        browser.until("document.querySelectorAll('.files .list li').length === 999");
        std::fs::create_dir(folder.0.join("more")).expect("a folder");
        drop_on(&mut browser, std::slice::from_ref(&folder.0));
        browser.until(&format!("{alert}.startsWith('These are more than 1,000 files and folders.')"));
        let empty = Folder::new(&[]);
        drop_on(&mut browser, std::slice::from_ref(&empty.0));
        browser.until(&format!("{alert} === 'That has no files.'"));
        // The file is gone when it is read.
        browser.eval(
            "DataTransferItem.prototype.webkitGetAsEntry = () => ({ isFile: true, fullPath: '/0.pdf', \
             file: (_, fail) => fail(new DOMException('It is gone.', 'NotFoundError')) })",
        );
        let one = Folder::new(&many[..1]);
        drop_on(&mut browser, std::slice::from_ref(&one.0));
        browser.until(&format!("{alert} === 'The files could not be read.'"));
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

/// A folder of the test's own. It is removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    /// Makes a folder with files: their names and texts.
    fn new(files: &[(String, String)]) -> Self {
        let folder = std::env::temp_dir().join(format!("stockwell-drop-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.join(name), text).expect("a file");
        }
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}
