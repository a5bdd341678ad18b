//! Requests as Excel's Power Query sends them: HTTP Basic with the key as user name and no password, and a query with its commas
//! escaped.

use reqwest::Method;
use tests::with_tenant;

use crate::platform::auth::{data_encoding, key};

#[test]
fn power_query_reads_a_report_as_csv() {
    with_tenant(async |tenant| {
        super::trade(tenant).await;
        let path = "/v1/reports/revenue?group_by=month%2Cchannel&format=csv";
        let credential =
            format!("Basic {}", data_encoding(&format!("{}:", key(tenant, &["reports:read"]).await)));
        let ask = async |credential: Option<&str>| {
            let client = tenant.anonymous();
            let call = client.call(Method::GET, path);
            match credential {
                Some(credential) => call.header("Authorization", credential).send().await,
                None => call.send().await,
            }
        };
        let report = ask(Some(&credential)).await;
        assert_eq!(report.status, 200, "{}", report.text);
        assert!(report.header("content-type").is_some_and(|media_type| media_type.starts_with("text/csv")));
        let mut rows = report.text.lines();
        let columns: Vec<&str> = rows.next().expect("a header").split(',').collect();
        for column in ["month", "channel", "orders", "units", "net_revenue", "returns"] {
            assert!(columns.contains(&column), "{column} is missing: {columns:?}");
        }
        assert!(rows.clone().count() >= 4, "{}", report.text);
        assert!(rows.all(|row| row.split(',').count() == columns.len()), "{}", report.text);
        // Power Query asks for a credential when it gets this.
        ask(None).await.refused(401, "authentication_required");
    });
}
