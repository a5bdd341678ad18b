//! Exchange rates: recorded, corrected, listed and imported.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, Tenant, with_tenant};

const RATES: &str = "/v1/exchange-rates";

fn rate(currency: &str, valid_from: &str, rate: &str) -> Value {
    json!({ "currency": currency, "valid_from": valid_from, "rate": rate })
}

/// Returns the rates of a list, in its order.
async fn rates(tenant: &Tenant, query: &str) -> Vec<String> {
    let page = tenant.get(&format!("{RATES}?{query}")).await.ok();
    let listed = page["data"].as_array().expect("rates").iter();
    listed.map(|rate| rate["rate"].as_str().expect("a rate").to_owned()).collect()
}

async fn import_csv(tenant: &Tenant, text: &str) -> Reply {
    tenant.call(Method::POST, &format!("{RATES}/import")).body("text/csv", text.to_owned()).send().await
}

#[test]
fn a_newer_rate_of_a_day_corrects_the_one_before() {
    with_tenant(async |tenant| {
        let mut first = rate("USD", "2026-01-05", "0.7912345678");
        first["source"] = json!("Central bank");
        let made = tenant.post(RATES, &first).await.created();
        assert_eq!((&made["rate"], &made["source"]), (&json!("0.7912345678"), &json!("Central bank")));
        assert_eq!(tenant.get(&format!("{RATES}/{}", made["id"].as_str().expect("an id"))).await.ok(), made);
        for more in [
            rate("USD", "2026-01-05", "0.8"),
            rate("USD", "2026-01-10", "0.81"),
            rate("JPY", "2026-01-01", "0.005"),
        ] {
            tenant.post(RATES, &more).await.created();
        }
        assert_eq!(rates(tenant, "currency=USD").await, ["0.81", "0.8", "0.7912345678"]);
        assert_eq!(rates(tenant, "currency=USD&on=2026-01-09").await, ["0.8"]);
        assert_eq!(rates(tenant, "on=2026-01-10").await, ["0.005", "0.81"]);
        assert_eq!(rates(tenant, "currency=USD&on=2026-01-04").await, [""; 0]);
        assert_eq!(rates(tenant, "currency=CHF").await, [""; 0]);
        for unknown in ["QQQ", "usd", "XXX"] {
            let reply = tenant.get(&format!("{RATES}?currency={unknown}")).await;
            assert_eq!(reply.refused(400, "invalid_parameter").0["errors"][0]["parameter"], "currency");
        }
        assert_eq!(tenant.events("type=exchange_rate.recorded").await.len(), 4);
    });
}

#[test]
fn a_wrong_rate_is_rejected_with_every_field() {
    with_tenant(async |tenant| {
        for (wrong, pointers) in [
            (rate("GBP", "2026-01-05", "1"), vec!["#/currency"]),
            (rate("QQQ", "2026-01-05", "0"), vec!["#/currency", "#/rate"]),
            (rate("USD", "1969-12-31", "-1"), vec!["#/valid_from", "#/rate"]),
            (rate("USD", "2999-01-01", "1"), vec!["#/valid_from"]),
        ] {
            tenant.post(RATES, &wrong).await.refused(422, "validation_failed").names(&pointers);
        }
        for digits in ["0.12345678901", "123456789"] {
            let refused = tenant.post(RATES, &rate("USD", "2026-01-05", digits)).await;
            assert_eq!(refused.json()["errors"][0]["pointer"], "#/rate", "{}", refused.text);
        }
        assert_eq!(tenant.count("exchange_rate").await, 0);
    });
}

#[test]
fn an_import_records_what_does_not_hold_yet() {
    with_tenant(async |tenant| {
        let text =
            "currency;valid_from;rate;source\r\nUSD;2026-01-05;0.8;Bank\r\n;;;\r\nJPY;2026-01-05;0.005;\r\n";
        let made = import_csv(tenant, text).await.ok();
        assert_eq!((&made["added"], &made["unchanged"]), (&json!(2), &json!(0)));
        let again = import_csv(tenant, text).await.ok();
        assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(2)));
        let body =
            json!({ "rates": [rate("USD", "2026-01-05", "0.82"), rate("JPY", "2026-01-05", "0.005")] });
        let corrected = tenant.post(&format!("{RATES}/import"), &body).await.ok();
        assert_eq!((&corrected["added"], &corrected["unchanged"]), (&json!(1), &json!(1)));
        assert_eq!(rates(tenant, "currency=USD&on=2026-01-05").await, ["0.82"]);

        let wrong = "currency,valid_from,rate\nUSD,2026-01-06,0.8\nUSD,5 January,0.8\nUSD,2026-01-07,much\n";
        let refused = import_csv(tenant, wrong).await;
        refused.refused(422, "validation_failed").names(&["#/rates/1/valid_from", "#/rates/2/rate"]);
        let wrong = "currency,valid_from,rate\nUSD,2026-01-06,0\nUSD,2026-01-06,0.8\nGBP,2026-01-06,1\n";
        let refused = import_csv(tenant, wrong).await;
        let pointers = ["#/rates/0/rate", "#/rates/1/valid_from", "#/rates/2/currency"];
        refused.refused(422, "validation_failed").names(&pointers);
        assert_eq!(tenant.count("exchange_rate").await, 3);
    });
}

#[test]
fn an_import_reads_the_numbers_of_its_locale_and_names_rows_and_columns() {
    with_tenant(async |tenant| {
        let send = async |query: &str, text: &[u8]| {
            let call = tenant.call(Method::POST, &format!("{RATES}/import{query}"));
            call.body("text/csv; charset=windows-1252", text.to_vec()).send().await
        };
        let german = b"currency;valid_from;rate\r\nUSD;2026-01-05;1,25\r\nJPY;2026-01-05;0,005\r\n";
        assert_eq!(send("?locale=de-DE", german).await.ok()["added"], 2);
        assert_eq!(rates(tenant, "currency=USD").await, ["1.25"]);
        let thousands = b"currency;valid_from;rate\nUSD;2026-01-06;1.250\n";
        send("?locale=de-DE", thousands).await.refused(422, "validation_failed").names(&["#/rates/0/rate"]);
        send("?locale=xx", german).await.refused(422, "validation_failed");
        send("?local=de-DE", german).await.refused(400, "unknown_field");

        let comma = send("", b"currency;valid_from;rate\n;;\nUSD;2026-01-06;1,25\n").await;
        let problem = comma.refused(422, "validation_failed").names(&["#/rates/0/rate"]);
        assert_eq!(problem.params("#/rates/0/rate"), &json!({ "row": "3", "column": "rate" }));
        let detail = problem.0["detail"].as_str().expect("a detail");
        assert!(detail.starts_with("Row 3, column rate: ") && detail.contains("locale=de-DE"), "{detail}");
        // The service finds this one.
        let own = send("", b"currency,valid_from,rate\n,,\nGBP,2026-01-06,1\n").await;
        let problem = own.refused(422, "validation_failed");
        assert_eq!(problem.params("#/rates/0/currency")["row"], "3");

        let latin =
            send("", b"currency,valid_from,rate,source\nUSD,2026-01-06,0.8,\nUSD,2026-01-07,0.8,M\xfcnze\n")
                .await;
        let problem = latin.refused(400, "malformed_csv").0;
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(
            detail.contains("Row 3") && detail.contains("source") && detail.contains("CSV UTF-8"),
            "{detail}"
        );
        assert_eq!(tenant.count("exchange_rate").await, 2);
    });
}
