//! Files as people have them: every dialect is read, every bad row is named, and a file counts once.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use chrono::Duration;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, environment, with_tenant, with_tenants};

use super::example;

const SYSTEMS: &str = "/v1/reconciliation/systems";
const SNAPSHOTS: &str = "/v1/reconciliation/snapshots?system=till";
const EVENTS: &str = "/v1/reconciliation/events?system=till";
const TOUCHPOINTS: &str = "/v1/reconciliation/touchpoints?system=till";

/// Sends a CSV file.
pub(super) async fn send(client: &Client, path: &str, file: impl Into<Vec<u8>>) -> Reply {
    client.call(Method::POST, path).body("text/csv", file).send().await
}

/// Returns the counts of a result: rows, accepted, repeated, rejected.
#[track_caller]
pub(super) fn counts(ingest: &Value) -> [i64; 4] {
    assert_eq!(ingest["object"], "ingest");
    ["rows", "accepted", "repeated", "rejected_total"].map(|name| ingest[name].as_i64().expect("a number"))
}

/// Returns row, column and code of each reason of a result.
pub(super) fn rejected(ingest: &Value) -> Vec<(i64, &str, &str)> {
    let reasons = ingest["rejected"].as_array().expect("reasons").iter();
    reasons
        .map(|reason| {
            assert!(reason["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{reason}");
            let code = reason["code"].as_str().expect("a code");
            (reason["row"].as_i64().expect("a row"), reason["column"].as_str().unwrap_or("-"), code)
        })
        .collect()
}

/// Registers the system `till`.
pub(super) async fn till(tenant: &Tenant) {
    let till = json!({ "code": "till", "name": "Tills", "kind": "pos" });
    assert_eq!(counts(&tenant.post(SYSTEMS, &till).await.ok()), [1, 1, 0, 0]);
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Sends a body that is compressed with gzip.
async fn send_packed(client: &Client, path: &str, body: Vec<u8>) -> Reply {
    client.call(Method::POST, path).header("content-encoding", "gzip").body("text/csv", body).send().await
}

#[test]
fn the_same_rows_are_the_same_in_every_dialect() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let plain = "taken_at,external_sku,external_location,quantity,reserved\n\
                     2026-01-05T05:00:00Z,0001,Store 01,12,2\n\
                     2026-01-05T05:00:00Z,0002,Store 01,-3,\n";
        assert_eq!(counts(&send(tenant, SNAPSHOTS, plain).await.ok()), [2, 2, 0, 0]);
        let dialects = [
            "\u{feff}quantity;reserved;external_location;external_sku;taken_at\r\n\
             12.000;2.0;Store 01;0001;2026-01-05T06:00:00+01:00\r\n\
             -3;;Store 01;0002;2026-01-05 06:00:00+0100\r\n\r\n;;;;\r\n",
            "Taken At\tExternal SKU\texternal-location\tQUANTITY\tlot\treserved\n\
             2026-01-05T05:00:00.000Z\t\"0001\"\t Store 01 \t+12\t\t2\n\
             2026-01-04T21:00:00-08:00\t0002\tStore 01\t-3.00\t\t\n",
            "sep=;\ntaken_at;external_sku;external_location;quantity;reserved;;\n\
             2026-01-05T05:00:00Z;0001;Store 01;12;2;;\n2026-01-05T05:00:00Z;0002;Store 01;-3;;;\n",
        ];
        for dialect in dialects {
            assert_eq!(counts(&send(tenant, SNAPSHOTS, dialect).await.ok()), [2, 0, 2, 0], "{dialect}");
        }
        let local = plain.replace("05T05:00:00Z", "05 06:00:00");
        let path = format!("{SNAPSHOTS}&time_zone=Europe%2FBerlin&full=true");
        assert_eq!(counts(&send(tenant, &path, local).await.ok()), [2, 0, 2, 0]);
        let line = json!({ "taken_at": "2026-01-05T05:00:00Z", "external_sku": "0001",
            "external_location": "Store 01", "quantity": "12", "reserved": "2" });
        for body in [json!({ "data": [line] }), json!([line]), line.clone()] {
            assert_eq!(counts(&tenant.post(SNAPSHOTS, &body).await.ok()), [1, 0, 1, 0]);
        }
        for (media_type, text) in [
            ("application/vnd.ms-excel", plain.to_owned()),
            ("application/octet-stream", json!([line]).to_string()),
        ] {
            let reply = tenant.call(Method::POST, SNAPSHOTS).body(media_type, text).send().await.ok();
            assert_eq!(reply["accepted"], 0, "{reply}");
        }
    });
}

#[test]
fn a_file_that_is_no_table_of_these_columns_is_refused_by_name() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let header = "external_id,type,external_sku,external_location,quantity,occurred_at";
        for (file, status, code, named) in [
            (format!("{header},qty\n"), 400, "unknown_field", "There is no column qty."),
            (format!("{header},Quantity\n"), 422, "validation_failed", "the column quantity twice"),
            (
                "external_id,type,quantity,occurred_at\n".to_owned(),
                422,
                "validation_failed",
                "external_sku, external_location",
            ),
            (header.replace(',', "|"), 400, "malformed_csv", "commas, semicolons or tabs"),
            (String::new(), 400, "malformed_csv", "The file is empty."),
            ("\u{feff}".to_owned(), 400, "malformed_csv", "The file is empty."),
        ] {
            let problem = send(tenant, EVENTS, file).await.refused(status, code);
            let detail = problem.0["detail"].as_str().expect("a detail");
            assert!(detail.contains(named), "{detail}");
        }
        let (gzip, wide) = (packed(header.as_bytes()), vec![b','; 1_001]);
        let files: [(&[u8], &str); 6] = [
            (b"PK\x03\x04\x14\x00\x06\x00", "workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "workbook"),
            (b"\xff\xfee\x00x\x00", "UTF-16"),
            (&gzip, "Content-Encoding: gzip"),
            (b"external_id,type,external_sku,men\xfc\n", "UTF-8"),
            (&wide, "1000 cells"),
        ];
        for (file, named) in files {
            let problem = send(tenant, EVENTS, file).await.refused(400, "malformed_csv");
            assert!(
                problem.0["detail"].as_str().is_some_and(|detail| detail.contains(named)),
                "{}",
                problem.0
            );
        }
        let workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        let reply = tenant.call(Method::POST, EVENTS).body(workbook, "PK").send().await;
        assert!(
            reply.refused(415, "unsupported_media_type").0["detail"]
                .as_str()
                .is_some_and(|text| text.contains("CSV UTF-8"))
        );
        for (body, status, code) in [
            ("{\"data\":[],\"rows\":[]}", 400, "unknown_field"),
            ("{\"data\":{}}", 422, "validation_failed"),
            ("{\"data\":[],\"data\":[]}", 422, "validation_failed"),
            ("{\"data\":[", 400, "malformed_json"),
            ("17", 422, "validation_failed"),
        ] {
            tenant.call(Method::POST, EVENTS).raw(body).send().await.refused(status, code);
        }
    });
}

/// Rows of which three are good.
const BAD_ROWS: [&[u8]; 20] = [
    b"A-1,sale,0001,Store 01,1,2026-01-05T12:00:00Z,ui",
    b"A-2,sale,0001,Store 01,\"1.234,50\",2026-01-05T12:00:00Z,ui",
    b"A-3,sale,0001,Store 01,\"1,234.50\",2026-01-05T12:00:00Z,ui",
    b"A-4,sale,0001,Store 01,1234567890123,2026-01-05T12:00:00Z,ui",
    b"A-5,sale,0001,Store 01,0.1234567,2026-01-05T12:00:00Z,ui",
    b"A-6,sale,0001,Store 01,1e5,2026-01-05T12:00:00Z,ui",
    b"A-7,sale,0001,Store 01,,2026-01-05T12:00:00Z,ui",
    b"A-8,sold,0001,Store 01,1,2026-01-05T12:00:00Z,ui",
    b"A-9,sale,00\x0001,Store 01,1,2026-01-05T12:00:00Z,ui",
    b"A-10,sale,men\xfc,Store 01,1,2026-01-05T12:00:00Z,ui",
    b"A-11,sale,0001,Store 01,1,2026-01-05T12:00:00Z",
    b"A-12,sale,0001,Store 01,1,2999-01-05T12:00:00Z,ui",
    b"A-13,sale,0001,Store 01,1,1969-01-05T12:00:00Z,ui",
    b"A-14,sale,0001,Store 01,1,05.01.2026 12:00,ui",
    b"A-15,sale,0001,Store 01,1,2026-01-05 12:00:00,ui",
    b"A-16,sale,0001,Store 01,1,2026-02-30T12:00:00Z,by hand",
    b",,,,,,ui",
    b"A-18,Transfer Out,0001,Store 01,-1,2026-01-05T12:00:00Z,Offline-Sync",
    b"A-19,sale,0001,Store 01,1,2026-01-05T12:00:00Z,",
    b"A-20,sale,0001,\"Store\n01\",1,2026-01-05T12:00:00Z,",
];

/// Returns a file of these rows.
fn bad_file() -> Vec<u8> {
    let header = b"external_id,type,external_sku,external_location,quantity,occurred_at,entry_mode";
    let mut file = header.to_vec();
    for row in BAD_ROWS {
        file.push(b'\n');
        file.extend_from_slice(row);
    }
    file
}

#[test]
fn every_bad_row_is_named_and_spoils_no_other() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let ingest = send(tenant, EVENTS, bad_file()).await.ok();
        assert_eq!(counts(&ingest), [20, 3, 0, 17]);
        let invalid = |row, column| (row, column, "validation_failed");
        let named = [
            invalid(3, "quantity"),
            invalid(4, "quantity"),
            invalid(5, "quantity"),
            invalid(6, "quantity"),
            invalid(7, "quantity"),
            invalid(8, "quantity"),
            invalid(9, "type"),
            invalid(10, "-"),
            (11, "-", "malformed_csv"),
            (12, "-", "malformed_csv"),
            invalid(13, "occurred_at"),
            invalid(14, "occurred_at"),
            invalid(15, "occurred_at"),
            invalid(16, "occurred_at"),
            invalid(17, "occurred_at"),
            invalid(17, "entry_mode"),
            invalid(18, "external_id"),
            invalid(18, "type"),
            invalid(18, "external_sku"),
            invalid(18, "external_location"),
            invalid(18, "quantity"),
            invalid(18, "occurred_at"),
            invalid(21, "external_location"),
        ];
        assert_eq!(rejected(&ingest), named);
        let detail = |place: usize| ingest["rejected"][place]["detail"].as_str().expect("a detail");
        assert!(detail(0).contains("looks like a decimal comma"), "{}", detail(0));
        assert!(detail(1).contains("commas between thousands"), "{}", detail(1));
        assert!(detail(2).contains("12 digits and 6 decimals"), "{}", detail(2));
        assert!(detail(6).contains("sale, return, transfer_out"), "{}", detail(6));
        assert!(detail(13).contains("time_zone="), "{}", detail(13));
    });
}

#[test]
fn an_atomic_file_with_a_bad_row_writes_nothing() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let file = bad_file();
        let atomic = format!("{EVENTS}&mode=atomic");
        let fresh = String::from_utf8_lossy(&file).replace("A-", "B-");
        let problem = send(tenant, &atomic, fresh.clone()).await.refused(422, "validation_failed").0;
        assert_eq!(
            (&problem["rows"], &problem["rejected_total"]),
            (&json!("20"), &json!("16")),
            "the file is UTF-8 now"
        );
        assert_eq!(problem["errors"][0]["params"], json!({ "row": "3", "column": "quantity" }));
        let good = "external_id,type,external_sku,external_location,quantity,occurred_at,entry_mode\n\
                    B-1,sale,0001,Store 01,1,2026-01-05T12:00:00Z,ui\n";
        assert_eq!(counts(&send(tenant, &atomic, good).await.ok()), [1, 1, 0, 0]);
    });
}

#[test]
fn a_bad_row_of_json_is_named_by_its_field() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let row = json!({ "at": "2026-01-07T08:00:00Z", "kind": "csv_export", "minutes": 5 });
        let with = |name: &str, value: Value| {
            let mut row = row.clone();
            row[name] = value;
            row
        };
        let rows = json!({ "data": [
            row,
            with("minutes", json!("2.5")),
            with("minutes", json!(2.5)),
            with("minutes", json!(10_081)),
            with("note", json!("a\u{0}b")),
            with("note", json!("4111 1111 1111 1111")),
            with("actor", json!(17)),
            with("who", json!("me")),
            with("kind", Value::Null),
            "row",
            with("note", json!("  weekly list ")),
        ] });
        let ingest = tenant.post(TOUCHPOINTS, &rows).await.ok();
        assert_eq!(counts(&ingest), [11, 3, 0, 8]);
        let invalid = |row, column| (row, column, "validation_failed");
        let named = [
            invalid(3, "minutes"),
            invalid(4, "minutes"),
            invalid(5, "note"),
            invalid(6, "note"),
            invalid(7, "actor"),
            (8, "who", "unknown_field"),
            invalid(9, "kind"),
            invalid(10, "-"),
        ];
        assert_eq!(rejected(&ingest), named);
        let problem =
            tenant.post(&format!("{TOUCHPOINTS}&mode=atomic"), &rows).await.refused(422, "validation_failed");
        assert_eq!(problem.pointers()[0], "#/data/2/minutes");
        let atomic = format!("{TOUCHPOINTS}&mode=atomic");
        let problem = tenant.post(&atomic, &rows["data"]).await.refused(422, "validation_failed");
        assert_eq!(problem.pointers()[0], "#/2/minutes", "of a list");
        let problem =
            tenant.post(&atomic, &with("minutes", json!(2.5))).await.refused(422, "validation_failed");
        assert_eq!(problem.pointers(), ["#/minutes"], "of one row");
        let twice = r#"[{ "at": "2026-01-07T08:00:00Z", "kind": "csv_export", "kind": "other" }]"#;
        let ingest = tenant.call(Method::POST, TOUCHPOINTS).raw(twice).send().await.ok();
        assert_eq!(rejected(&ingest), [invalid(1, "kind")], "no value is lost");
        let quantity = json!({ "taken_at": "2026-01-05T05:00:00Z", "external_sku": "1", "external_location": "S", "quantity": 12 });
        assert_eq!(rejected(&tenant.post(SNAPSHOTS, &quantity).await.ok()), [invalid(1, "quantity")]);
    });
}

#[test]
fn instants_without_an_offset_need_the_zone_of_the_file() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let file = "taken_at,external_sku,external_location,quantity\n\
                    2026-03-29 01:30:00,0001,Store 01,1\n2026-03-29 03:30:00,0001,Store 01,2\n";
        let problem = send(tenant, SNAPSHOTS, file).await.refused(422, "validation_failed").0;
        assert_eq!(problem["errors"][0]["parameter"], "time_zone");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("time_zone=")), "{problem}");
        let berlin = format!("{SNAPSHOTS}&time_zone=Europe%2FBerlin");
        assert_eq!(counts(&send(tenant, &berlin, file).await.ok()), [2, 2, 0, 0]);
        let skipped = "taken_at,external_sku,external_location,quantity\n2026-03-29 02:30:00,0001,Store 01,1\n\
                       2026-03-29T00:30:00Z,0001,Store 01,1\n";
        let ingest = send(tenant, &berlin, skipped).await.ok();
        assert_eq!(
            (counts(&ingest), rejected(&ingest)),
            ([2, 0, 1, 1], vec![(2, "taken_at", "validation_failed")])
        );
        let problem = send(tenant, &format!("{SNAPSHOTS}&time_zone=Berlin"), file)
            .await
            .refused(422, "validation_failed")
            .0;
        assert_eq!(problem["errors"][0]["parameter"], "time_zone");
    });
}

#[test]
fn rows_of_any_age_are_kept_and_the_future_is_by_the_clock_of_the_system() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let fast = json!({ "code": "fast", "kind": "wms", "clock_offset_seconds": 3600 });
        tenant.post(SYSTEMS, &fast).await.ok();
        let file =
            |at: &str| format!("taken_at,external_sku,external_location,quantity\n{at},0001,Store 01,1\n");
        assert_eq!(counts(&send(tenant, SNAPSHOTS, file("2019-01-05T12:00:00Z")).await.ok()), [1, 1, 0, 0]);
        let soon = (environment().now().await + Duration::minutes(30)).to_rfc3339();
        let ingest = send(tenant, SNAPSHOTS, file(&soon)).await.ok();
        assert_eq!(rejected(&ingest), [(2, "taken_at", "validation_failed")]);
        assert!(
            ingest["rejected"][0]["detail"].as_str().is_some_and(|detail| detail.contains("future")),
            "{ingest}"
        );
        let path = SNAPSHOTS.replace("till", "fast");
        assert_eq!(counts(&send(tenant, &path, file(&soon)).await.ok()), [1, 1, 0, 0]);
    });
}

#[test]
fn the_nth_copy_of_a_row_is_the_nth_that_is_held() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let header = "external_id,type,external_sku,external_location,quantity,occurred_at\n";
        let (a, b) =
            ("A-1,sale,0001,S,-1,2026-01-05T12:00:00Z\n", "A-2,sale,0001,S,-1,2026-01-05T12:00:00Z\n");
        let sent = async |rows: &[&str]| {
            counts(&send(tenant, EVENTS, format!("{header}{}", rows.concat())).await.ok())
        };
        assert_eq!(sent(&[a, b, a]).await, [3, 3, 0, 0]);
        assert_eq!(sent(&[a, b, a]).await, [3, 0, 3, 0], "the same file");
        assert_eq!(sent(&[a, b]).await, [2, 0, 2, 0], "its first half");
        assert_eq!(sent(&[a]).await, [1, 0, 1, 0], "its second half");
        assert_eq!(sent(&[a, a, a, b]).await, [4, 1, 3, 0], "a third copy");
        // The same id with other content is another event.
        assert_eq!(sent(&["A-1,sale,0001,S,-2,2026-01-05T12:00:00Z\n"]).await, [1, 1, 0, 0]);
        assert_eq!(sent(&["A-1,sale,0001,S,-1,2026-01-05T12:00:01Z\n"]).await, [1, 1, 0, 0]);
        // A dry run writes nothing.
        let file = format!("{header}A-3,sale,0001,S,-1,2026-01-05T12:00:00Z\n");
        let dry =
            tenant.call(Method::POST, EVENTS).header("prefer", "dry-run").body("text/csv", file.clone());
        assert_eq!(counts(&dry.send().await.ok()), [1, 1, 0, 0]);
        let keyed = async || {
            tenant.call(Method::POST, EVENTS).key("file-3").body("text/csv", file.clone()).send().await
        };
        assert_eq!(counts(&keyed().await.ok()), [1, 1, 0, 0]);
        let again = keyed().await;
        assert!(again.is_replayed());
        assert_eq!(counts(&again.ok()), [1, 1, 0, 0], "the stored response");
    });
}

#[test]
fn a_packed_file_is_the_same_file() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let file =
            "taken_at,external_sku,external_location,quantity\n2026-01-05T05:00:00Z,0001,Store 01,12\n";
        assert_eq!(counts(&send_packed(tenant, SNAPSHOTS, packed(file.as_bytes())).await.ok()), [1, 1, 0, 0]);
        assert_eq!(counts(&send(tenant, SNAPSHOTS, file).await.ok()), [1, 0, 1, 0]);
        let long = packed(&vec![b'x'; 16 * 1024 * 1024 + 1]);
        assert!(long.len() < 64 * 1024);
        send_packed(tenant, SNAPSHOTS, long).await.refused(413, "payload_too_large");
        let problem = send_packed(tenant, SNAPSHOTS, file.into()).await.refused(422, "validation_failed").0;
        assert_eq!(problem["errors"][0]["header"], "Content-Encoding");
        let mut cut = packed(file.as_bytes());
        cut.truncate(cut.len() - 10);
        send_packed(tenant, SNAPSHOTS, cut).await.refused(422, "validation_failed");
        let call =
            tenant.call(Method::POST, SNAPSHOTS).header("content-encoding", "br").body("text/csv", file);
        call.send().await.refused(415, "unsupported_media_type");
    });
}

#[test]
fn a_long_file_is_taken_in_chunks_and_a_longer_one_refused() {
    with_tenant(async |tenant| {
        till(tenant).await;
        let mut file = "taken_at,external_sku,external_location,quantity\n".to_owned();
        for number in 0..25_000 {
            let sku = number % 12_500;
            writeln!(file, "2026-01-05T05:00:00Z,SKU-{sku},Store 01,12").expect("a text grows");
        }
        let begun = Instant::now();
        assert_eq!(
            counts(&send(tenant, SNAPSHOTS, file.clone()).await.ok()),
            [25_000, 25_000, 0, 0],
            "each twice"
        );
        println!("25,000 lines in {:?}", begun.elapsed());
        assert_eq!(counts(&send(tenant, SNAPSHOTS, file).await.ok()), [25_000, 0, 25_000, 0]);
        let row = "2026-01-05T05:00:00Z,A,B,1\n";
        let header = "taken_at,external_sku,external_location,quantity\n";
        let problem = send(tenant, SNAPSHOTS, format!("{header}{}", row.repeat(100_001))).await;
        let problem = problem.refused(422, "validation_failed").0;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("100000 rows")), "{problem}");
        let bad = format!("{header}{}", "yesterday,A,B,1\n".repeat(1_500));
        let ingest = send(tenant, SNAPSHOTS, bad).await.ok();
        assert_eq!(counts(&ingest), [1_500, 0, 0, 1_500]);
        assert_eq!(ingest["rejected"].as_array().expect("reasons").len(), 1_000, "the first are listed");
    });
}

#[test]
fn the_sender_is_a_registered_system_of_the_tenant() {
    with_tenants(async |owner, stranger| {
        till(owner).await;
        let file = "external_id,type,external_sku,external_location,quantity,occurred_at\n\
                    A-1,sale,0001,S,-1,2026-01-05T12:00:00Z\n";
        for path in [EVENTS, SNAPSHOTS, TOUCHPOINTS] {
            let problem = stranger.post(path, &json!([])).await.refused(404, "not_found").0;
            assert_eq!(problem["errors"][0]["parameter"], "system");
            let own = stranger.post(&path.replace("till", "stockwell"), &json!([])).await;
            own.refused(422, "validation_failed");
            let none = stranger.post(&path.replace("?system=till", ""), &json!([])).await;
            none.refused(400, "invalid_parameter");
        }
        assert_eq!(counts(&send(owner, EVENTS, file).await.ok()), [1, 1, 0, 0]);
        till(stranger).await;
        assert_eq!(
            counts(&send(stranger, EVENTS, file).await.ok()),
            [1, 1, 0, 0],
            "nothing of another tenant repeats"
        );
        let key = crate::platform::auth::key(owner, &["reconciliation:read"]).await;
        send(&owner.with_key(&key), EVENTS, file).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn the_example_is_taken_whole_and_the_second_time_repeated() {
    with_tenant(async |tenant| {
        let (stated, said) = example::files();
        for entry in stated.iter().chain(&said) {
            let first = example::send_file(tenant, entry).await;
            if first["object"] != "ingest" {
                continue;
            }
            let [rows, accepted, repeated, rejected] = counts(&first);
            assert_eq!((accepted, repeated, rejected), (rows, 0, 0), "{entry}");
            assert!(rows > 0, "{entry}");
            let second = example::send_file(tenant, entry).await;
            assert_eq!(counts(&second), [rows, 0, rows, 0], "{entry}");
        }
    });
}
