//! CSV in the form of a country, for people who open it in a spreadsheet.

use tests::with_tenant;

const PATH: &str = "/v1/reports/revenue?group_by=day,product";

#[test]
fn csv_has_the_numbers_and_days_of_a_country() {
    with_tenant(async |tenant| {
        tenant.stocked("=8;9", "1234.50", ("10", "4.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("=8;9", "2")]).await.created();
        let report = tenant.get(PATH).await.ok();
        let (row, columns) = (&report["rows"][0], report["columns"].as_array().expect("columns"));
        assert_eq!(row["net_revenue"], "2469.00");
        let iso = row["day"].as_str().expect("a day");
        let (year, month, day) = (&iso[..4], &iso[5..7], &iso[8..]);
        for (locale, delimiter, amount, on) in [
            ("de-DE", ';', "2469,00", format!("{day}.{month}.{year}")),
            ("fr-FR", ';', "2469,00", format!("{day}/{month}/{year}")),
            ("en-GB", ',', "2469.00", format!("{day}/{month}/{year}")),
            ("en-US", ',', "2469.00", format!("{month}/{day}/{year}")),
        ] {
            let text = tenant.get(&format!("{PATH}&format=csv&locale={locale}")).await.text;
            let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
            let mut reader =
                csv::ReaderBuilder::new().delimiter(delimiter as u8).from_reader(text.as_bytes());
            let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
            let names: Vec<&str> = columns.iter().filter_map(|column| column["name"].as_str()).collect();
            assert_eq!(header, names, "the headers stay as they are");
            let record = reader.records().next().expect("a row").expect("a record");
            let cell = |name: &str| &record[names.iter().position(|known| *known == name).expect("a column")];
            assert_eq!((cell("net_revenue"), cell("day"), cell("sku")), (amount, on.as_str(), "'=8;9"));
        }
        let bare = tenant.get(&format!("{PATH}&format=csv&locale=en-GB&bom=false")).await.text;
        assert!(bare.starts_with("day,"), "{bare:.20}");
        let problem =
            tenant.get(&format!("{PATH}&format=csv&locale=tlh")).await.refused(422, "validation_failed");
        let text = problem.0.to_string();
        assert!(text.contains("de-DE, en-GB, en-IE, en-US"), "{text}");
        assert_eq!(problem.0["errors"][0]["parameter"], "locale");
        tenant.get("/v1/products/export?locale=de").await.refused(422, "validation_failed");
    });
}
