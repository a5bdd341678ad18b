//! Files that are dropped or chosen: recognised, mapped by hand, sent, and what became of their rows.

use serde_json::{Value, json};
use tests::{Browser, Tenant, with_tenant};

use super::{BASE, READY, SEND, choose, drop_on, folder, manifest, rows, send, visit_first};
use crate::visit::shown;

const RESULTS: &str = "What became of the rows";

/// Registers the systems of an example with two of them.
async fn systems(tenant: &Tenant) {
    let systems = json!([{ "code": "erp", "kind": "erp" }, { "code": "till", "kind": "pos" }]);
    tenant.post(&format!("{BASE}/systems"), &systems).await.ok();
    tenant.put(&format!("{BASE}/settings"), &json!({ "reference": "erp" })).await.ok();
}

/// Chooses an option of a form, as a reader does.
fn pick(browser: &mut Browser, name: &str, value: &str) {
    browser.eval(&format!(
        "(() => {{ const choice = document.querySelector(`form.by-hand select[name='{name}']`); choice.value = '{value}'; \
         choice.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
    ));
}

/// Returns an expression of what a column is read from.
fn source(column: &str) -> String {
    format!("document.querySelector(`form.by-hand select[name='from {column}']`)?.value")
}

/// Returns an expression of what the page says of a file.
fn said_of(file: &str) -> String {
    format!(
        "([...document.querySelectorAll('.files .list li')].find((one) => one.querySelector('b').textContent.endsWith('{file}'))\
         ?.querySelector('span').textContent ?? '')"
    )
}

#[test]
fn a_folder_that_is_dropped_leads_to_the_first_fix() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        assert!(browser.text(&shown(".lead")).starts_with("Nothing has been compared yet."));
        drop_on(&mut browser, &[folder()]);
        browser.until(&format!("document.querySelector('{SEND}:enabled')"));
        let files = manifest().len();
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
        assert_eq!(of_systems.len(), 13, "{again:?}");
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
        browser.until("document.querySelector('#reference:enabled')");
        browser.eval(
            "(() => { const choice = document.querySelector('#reference'); choice.value = 'shop'; \
             choice.dispatchEvent(new Event('change', { bubbles: true })); })()",
        );
        browser.until("document.querySelector('#reference:enabled')?.value === 'shop' && /compared with shop/.test(document.querySelector('.spans')?.textContent)");
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
        browser.refuse(&format!("{BASE}/runs"), 503, json!({ "status": 503, "code": "statement_timeout", "title": "Took too long", "detail": "Later." }));
        browser.eval(&format!("document.querySelector('{SEND}').click()"));
        browser.until("document.querySelector('.files .failed')");
        assert!(browser.text(&shown(".files .failed")).contains("Took too long"));
        browser.release();
        browser.eval("document.querySelector('.files .failed button').click()");
        browser.until("/^Compared/.test(document.querySelector('.progress').textContent)");
        browser.until(READY);
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
        choose(&mut browser, &[("manifest.json", &entry("/v1/orders")), ("systems.json", "[]")]);
        browser.until("document.querySelector('.files [role=alert]')");
        let said = browser.text(&shown(".files [role=alert]"));
        assert!(said.starts_with("manifest.json can't be used, at systems.json."), "{said}");
        assert_eq!(browser.eval(&format!("document.querySelector('{SEND}') !== null")), false);
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

/// Imports the module of the page that reads CSV, and returns the value of an expression with it as `csv`.
fn with_csv(browser: &mut Browser, expression: &str) -> Value {
    browser.eval(&format!(
        "import(document.querySelector('script[type=module]').src.replace('fix/main.js', 'kit/csv.js'))\
         .then((csv) => {expression})"
    ))
}

#[test]
fn long_files_are_cut_between_rows() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        // The line end within quotation marks is no end of a row; the empty line is no row.
        let text = r#""a,b\n1,2\n\"x\ny\",3\n\n4,5""#;
        let parts = |limits: &str| {
            format!("[...csv.partsOf({text}, {limits})].map(({{ text, before }}) => [text, before])")
        };
        let whole = with_csv(&mut browser, &parts("10, 100"));
        assert_eq!(whole, json!([["a,b\n1,2\n\"x\ny\",3\n\n4,5", 0]]));
        let each = with_csv(&mut browser, &parts("1, 100"));
        assert_eq!(each, json!([["a,b\n1,2\n", 0], ["a,b\n\"x\ny\",3\n", 1], ["a,b\n\n4,5", 2]]));
        let short = with_csv(&mut browser, &parts("10, 12"));
        assert_eq!(short.as_array().map(Vec::len), Some(3), "{short}");
        let header = with_csv(&mut browser, "[...csv.partsOf('a,b\\n', 10, 100)].length");
        assert_eq!(header, 1, "a file without rows is sent too");
        let cells = r#"[...csv.rowsOf('"a ""b"";c";d\n;\n', ';')]"#;
        assert_eq!(
            with_csv(&mut browser, cells),
            json!([["a \"b\";c", "d"]]),
            "a row without cells is left out"
        );
        let written = with_csv(&mut browser, r#"csv.write([['a,b', 'c "d"', 'e']])"#);
        assert_eq!(written, "\"a,b\",\"c \"\"d\"\"\",e\r\n");
        browser.check();
    });
}
