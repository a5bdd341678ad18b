//! CSV as the page reads it: the same rows, cells and row numbers as the API finds.

use serde_json::{Value, json};
use tests::{Browser, with_tenant};

use super::{RESULTS, choose, pick, rows, said_of, send, systems, visit_first};

/// Imports the module of the page that reads CSV, and returns the value of an expression with it as `csv`.
#[track_caller]
fn with_csv(browser: &mut Browser, expression: &str) -> Value {
    browser.eval(&format!(
        "import(document.querySelector('script[type=module]').src.replace('fix/main.js', 'kit/csv.js'))\
         .then((csv) => {expression})"
    ))
}

/// Returns an expression of the parts of a text, each with the number of rows before it.
fn parts(text: &str, limits: &str) -> String {
    let text = json!(text);
    format!("[...csv.partsOf({text}, {limits})].map(({{ text, before }}) => [text, before])")
}

/// Returns an expression of the rows of a text.
fn read(text: &str) -> String {
    let text = json!(text);
    format!("(({{ table, delimiter }}) => [...csv.rowsOf(table, delimiter)])(csv.opened({text}))")
}

#[test]
fn long_files_are_cut_between_rows() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        // The line end within quotation marks is no end of a row; the empty line is no row.
        let text = "a,b\n1,2\n\"x\ny\",3\n\n4,5";
        let whole = with_csv(&mut browser, &parts(text, "10, 100"));
        assert_eq!(whole, json!([["a,b\n1,2\n\"x\ny\",3\n4,5", 0]]));
        let each = with_csv(&mut browser, &parts(text, "1, 100"));
        assert_eq!(each, json!([["a,b\n1,2\n", 0], ["a,b\n\"x\ny\",3\n", 1], ["a,b\n4,5", 2]]));
        let short = with_csv(&mut browser, &parts(text, "10, 12"));
        assert_eq!(short.as_array().map(Vec::len), Some(3), "{short}");
        let header = with_csv(&mut browser, &parts("a,b\n", "10, 100"));
        assert_eq!(header, json!([["a,b\n", 0]]), "a file without rows is sent too");
        // Each part names the delimiter again.
        let named =
            with_csv(&mut browser, &parts("\u{feff}sep=|\r\na|b\r\n1|\"x\r\ny\"\r\n2|3\r\n", "1, 100"));
        let lead = "sep=|\r\na|b\r\n";
        assert_eq!(named, json!([[format!("{lead}1|\"x\r\ny\"\r\n"), 0], [format!("{lead}2|3\r\n"), 1]]));
        let written = with_csv(&mut browser, r#"csv.write([['a,b', 'c "d"', 'e'], [''], ['f']])"#);
        assert_eq!(written, "\"a,b\",\"c \"\"d\"\"\",e\r\n\"\"\r\nf\r\n");
        browser.check();
    });
}

#[test]
fn cells_are_those_that_the_api_finds() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        let cases = [
            // A quotation mark within a cell is a letter, and joins no rows.
            ("a,b\n12\" pipe,1\n5\" pipe,2\n", json!([["a", "b"], ["12\" pipe", "1"], ["5\" pipe", "2"]])),
            ("a,b\n \"x,1\n", json!([["a", "b"], [" \"x", "1"]])),
            ("a;b\n\"a \"\"b\"\";c\"\";d\";e\n", json!([["a", "b"], ["a \"b\";c\";d", "e"]])),
            ("a,b\n\"x\"y\"z,\"\"\n", json!([["a", "b"], ["xy\"z", ""]])),
            // A row without a filled cell is a row; an empty line is none.
            ("\n\na;b\r;\r\r\n1;2", json!([["a", "b"], ["", ""], ["1", "2"]])),
            ("\"sep=|\"\na|b,c;d\n", json!([["a", "b,c;d"]])),
            ("a\tb\n1\t2\n", json!([["a", "b"], ["1", "2"]])),
            ("\"a,b\";c\n1;2\n", json!([["a,b", "c"], ["1", "2"]])),
        ];
        for (text, expected) in cases {
            assert_eq!(with_csv(&mut browser, &read(text)), expected, "{text}");
        }
        browser.check();
    });
}

#[test]
fn files_in_every_dialect_are_recognised_and_sent() {
    with_tenant(async |tenant| {
        systems(tenant).await;
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        browser.until("document.querySelector('#reference')");
        let files = [
            (
                "till.full.csv",
                "sep=|\r\ntaken_at|external_sku|external_location|quantity|\r\n2026-01-05T05:00:00Z|12\" pipe|Nord|5|\r\n2026-01-05T05:00:00Z|5\" pipe|Nord|7|\r\n",
            ),
            (
                "erp.full.csv",
                "\r\nTaken At;External  SKU;_external-location;QUANTITY\r2026-01-05T05:00:00Z;\"A;1\";Nord;5\r",
            ),
            (
                "till.partial.csv",
                "\u{feff}taken_at\texternal_sku\texternal_location\tquantity\n2026-01-06T05:00:00Z\tA-1\tNord\t5\n",
            ),
        ];
        choose(&mut browser, &files);
        browser.until(&format!("{} === 'Stock list of till, complete'", said_of("till.full.csv")));
        assert_eq!(browser.text(&said_of("erp.full.csv")), "Stock list of erp, complete");
        assert_eq!(browser.text(&said_of("till.partial.csv")), "Stock list of till, a part");
        send(&mut browser);
        let sent = rows(&mut browser, RESULTS);
        assert_eq!(
            sent,
            [
                json!(["erp.full.csv", "1", "1", "0", "0", "✓ sent"]),
                json!(["till.full.csv", "2", "2", "0", "0", "✓ sent"]),
                json!(["till.partial.csv", "1", "1", "0", "0", "✓ sent"]),
            ]
        );
        browser.check();
    });
}

#[test]
fn rejected_rows_of_mapped_files_have_the_numbers_of_the_file() {
    with_tenant(async |tenant| {
        systems(tenant).await;
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        browser.until("document.querySelector('#reference')");
        // Row 1 is the header, row 3 has no filled cell, and the empty line is no row: the wrong quantity is in row 4.
        let rows_of = |delimiter: &str| {
            let at = "2026-01-05T05:00:00Z";
            let rows = [[at, "A-1", "Nord", "5"], ["", "", "", ""], [at, "A-2", "Nord", "x"]];
            let [first, blank, wrong] = rows.map(|row| row.join(delimiter));
            format!("{first}\n{blank}\n\n{wrong}\n")
        };
        let plain = format!("taken_at,external_sku,external_location,quantity\n{}", rows_of(","));
        let other = format!("Datum;Artikel;Filiale;Bestand\n{}", rows_of(";"));
        choose(&mut browser, &[("till.full.csv", &plain), ("bestand-till.csv", &other)]);
        browser.until("document.querySelector('form.by-hand')");
        // A value that is the same in every row fills no row that has none.
        pick(&mut browser, "from lot", "=");
        browser.until("document.querySelector(`form.by-hand input[name='value lot']`)");
        browser.eval("document.querySelector(`form.by-hand input[name='value lot']`).focus()");
        browser.write("L-7");
        browser.eval("document.querySelector('form.by-hand').requestSubmit()");
        browser.until("!document.querySelector('form.by-hand')");
        send(&mut browser);
        let reasons = rows(&mut browser, "Rejected rows");
        let places: Vec<[&Value; 3]> = reasons.iter().map(|row| [&row[0], &row[1], &row[2]]).collect();
        let wrong = |file: &'static str| [json!(file), json!("4"), json!("quantity")];
        let (mapped, plain) = (wrong("bestand-till.csv"), wrong("till.full.csv"));
        assert_eq!(places, [mapped.each_ref(), plain.each_ref()], "{reasons:?}");
        browser.check();
    });
}
