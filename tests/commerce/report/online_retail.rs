//! The import of real trade: every row becomes a line, every report has its figures, and a second run changes nothing.

use std::path::PathBuf;

use domain::number::{Money, round};
use rust_decimal::Decimal;
use secrecy::SecretString;
use stockwell::import::{ImportCommand, OnlineRetailArgs, run};
use tests::{Tenant, with_tenant};

fn file() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data/online_retail_cut.csv"))
}

async fn import(tenant: &Tenant) {
    let key = SecretString::from(tenant.key.clone());
    let args = OnlineRetailArgs { file: file(), url: tenant.base_url().to_owned(), key };
    run(&ImportCommand::OnlineRetail(args)).await.expect("every row is posted");
}

/// Returns net sales of the file by channel, from its rows. Each line is rounded to pence. Bad debts and rows at a
/// price of zero are no sales.
fn expected() -> (Money, Money) {
    let mut reader = csv::Reader::from_path(file()).expect("the cut comes with the tests");
    let (mut wholesale, mut retail) = (Money::ZERO, Money::ZERO);
    for record in reader.records() {
        let record = record.expect("a row");
        let quantity: Decimal = record[3].parse().expect("a quantity");
        let price: Decimal = record[5].parse().expect("a price");
        if record[0].starts_with('A') {
            continue;
        }
        let net = Money::new(round(quantity * price, 2));
        if record[6].is_empty() { retail += net } else { wholesale += net }
    }
    (wholesale, retail)
}

async fn reported(tenant: &Tenant) -> (String, String) {
    let report = tenant.get("/v1/reports/revenue?group_by=channel").await.ok();
    let net = |channel: &str| {
        let rows = report["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["channel"] == channel).expect("a row of the channel");
        row["net_revenue"].as_str().expect("an amount").to_owned()
    };
    (net("wholesale"), net("retail"))
}

#[test]
fn every_row_is_posted_once_and_the_figures_hold() {
    with_tenant(async |tenant| {
        import(tenant).await;
        let (wholesale, retail) = expected();
        assert_eq!(reported(tenant).await, (wholesale.to_string(), retail.to_string()));

        let footprint = tenant.footprint().await;
        import(tenant).await;
        assert_eq!(tenant.footprint().await, footprint, "a second run changes nothing");
    });
}
