//! Purchase orders as documents to print.

mod pdf;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, with_tenant};

use super::{PURCHASES, supplier};
use crate::platform::auth::key;

#[test]
fn a_purchase_order_is_printed_in_the_language_of_its_supplier() {
    with_tenant(async |tenant| {
        tenant.product_with("MUG", json!({ "name": "Becher \"groß\"", "list_price": "10.00" })).await;
        let address =
            json!({ "line1": "Ackerstr. 1", "city": "Höhr", "postal_code": "56203", "country": "DE" });
        let more = json!({ "name": "Ελιά <script>alert(1)</script> & Söhne",
            "addresses": [{ "code": "main", "address": address }] });
        let pottery = supplier(tenant, "POTTERY", more).await;
        let lines =
            json!([{ "sku": "MUG", "quantity": "12", "unit_cost": "3.25", "expected_on": "2099-01-15" }]);
        let body = json!({ "supplier_id": pottery, "reference": "Angebot <7>", "lines": lines });
        let made = tenant.post(PURCHASES, &body).await.created();
        let path = format!("{PURCHASES}/{}/document", made["id"].as_str().expect("an id"));
        let draft = tenant.get(&path).await;
        assert_eq!(draft.status, 200, "{}", draft.text);
        assert_eq!(draft.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = draft.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
        let number = made["number"].as_str().expect("a number");
        for part in [
            "<html lang=\"de-DE\">",
            &format!("<h1>Bestellung {number}</h1>"),
            "Entwurf: noch nicht bestellt",
            "Ελιά &lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne",
            "<p>56203 Höhr</p>",
            "Referenz: Angebot &lt;7&gt;",
            "MUG Becher &quot;groß&quot;",
            "<td class=\"n\">3,25</td><td class=\"n\">39,00</td><td class=\"\">15.01.2099</td>",
            "Summe ohne Steuern: 39,00 GBP",
        ] {
            assert!(draft.text.contains(part), "{part} is missing: {}", draft.text);
        }
        assert!(!draft.text.contains("<script"), "{}", draft.text);
        assert_eq!(made["value"], "39.00");

        tenant
            .post(&format!("{PURCHASES}/{}/send", made["id"].as_str().expect("an id")), &json!({}))
            .await
            .ok();
        let english = tenant.get(&format!("{path}?language=en")).await.text;
        assert!(
            english.contains("Total before tax: 39.00 GBP") && english.contains("15/01/2099"),
            "{english}"
        );
        assert!(!english.contains("Draft"), "{english}");
        tenant.get(&format!("{path}?language=fr")).await.refused(400, "invalid_parameter");

        let blind = tenant.with_key(&key(tenant, &["purchasing:read"]).await);
        let hidden = blind.get(&path).await;
        assert_eq!(hidden.status, 200, "{}", hidden.text);
        assert!(!hidden.text.contains("3,25") && !hidden.text.contains("39,00"), "{}", hidden.text);
    });
}

#[test]
fn a_sent_order_prints_both_parties_as_they_were() {
    with_tenant(async |tenant| {
        tenant.product_with("MUG", json!({ "name": "Mug", "list_price": "10.00" })).await;
        let addressed = |city: &str| {
            let address = json!({ "line1": "Quay 1", "city": city, "postal_code": "2011", "country": "NL" });
            json!([{ "code": "main", "address": address }])
        };
        let old = json!({ "name": "Old Mill BV", "tax_number": "NL1", "addresses": addressed("Haarlem") });
        let mill = supplier(tenant, "MILL", old).await;
        let seller = json!({ "name": "Old Buyer Ltd", "tax_number": "GB1" });
        tenant.patch("/v1/settings", &seller).await.ok();
        let mut paths = Vec::new();
        for _ in 0..2 {
            let lines = json!([{ "sku": "MUG", "quantity": "12", "unit_cost": "3.25" }]);
            let body = json!({ "supplier_id": mill, "lines": lines });
            let made = tenant.post(PURCHASES, &body).await.created();
            paths.push(format!("{PURCHASES}/{}", made["id"].as_str().expect("an id")));
        }
        let page = async |path: &str| tenant.get(&format!("{path}/document?language=en")).await.text;
        tenant.post(&format!("{}/send", paths[0]), &json!({})).await.ok();
        let printed = page(&paths[0]).await;
        let location = tenant.get("/v1/locations").await.ok()["data"].clone();
        for one in location.as_array().expect("locations") {
            let path = format!("/v1/locations/{}", one["id"].as_str().expect("an id"));
            tenant.patch(&path, &json!({ "name": "New place" })).await.ok();
        }
        let new = json!({ "name": "New Mill BV", "tax_number": null, "addresses": addressed("Leiden") });
        tenant.patch(&format!("/v1/suppliers/{mill}"), &new).await.ok();
        let newest = json!({ "name": "Newest Mill BV", "tax_number": "NL3" });
        tenant.patch(&format!("/v1/suppliers/{mill}"), &newest).await.ok();
        let seller = json!({ "name": "New Buyer Ltd", "tax_number": "GB2" });
        tenant.patch("/v1/settings", &seller).await.ok();
        assert_eq!(page(&paths[0]).await, printed, "the order that was sent");
        for part in ["Old Mill BV", ": NL1", "2011 Haarlem", "Old Buyer Ltd", ": GB1"] {
            assert!(printed.contains(part), "{part} is missing: {printed}");
        }
        // A draft prints them as they are now, and keeps them when it is sent.
        let draft = page(&paths[1]).await;
        tenant.post(&format!("{}/send", paths[1]), &json!({})).await.ok();
        tenant.patch(&format!("/v1/suppliers/{mill}"), &json!({ "name": "Last Mill BV" })).await.ok();
        for page in [draft, page(&paths[1]).await] {
            for part in ["Newest Mill BV", ": NL3", "2011 Leiden", "New Buyer Ltd", ": GB2"] {
                assert!(page.contains(part), "{part} is missing: {page}");
            }
        }
    });
}

/// The supplier sees the prices that were agreed, not their value in the books.
#[test]
fn an_order_in_another_currency_is_printed_in_it() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let mill = supplier(tenant, "MILL", json!({})).await;
        for (currency, rate, unit_cost, row, total) in [
            (
                "USD",
                "0.92",
                "5",
                "<td class=\"n\">5.00</td><td class=\"n\">50.00</td>",
                "Total before tax: 50.00 USD",
            ),
            (
                "JPY",
                "0.0051",
                "50",
                "<td class=\"n\">50</td><td class=\"n\">500</td>",
                "Total before tax: 500 JPY",
            ),
        ] {
            let lines = json!([{ "sku": "MUG", "quantity": "10", "unit_cost": unit_cost }]);
            let body =
                json!({ "supplier_id": mill, "currency": currency, "exchange_rate": rate, "lines": lines });
            let made = tenant.post(PURCHASES, &body).await.created();
            let path = format!("{PURCHASES}/{}/document", made["id"].as_str().expect("an id"));
            let page = tenant.get(&path).await.text;
            assert!(page.contains(row) && page.contains(total) && !page.contains("GBP"), "{page}");
        }
    });
}

/// Returns the PDF of a document, once its head was checked.
async fn printed(client: &Client, path: &str) -> Vec<u8> {
    let response = client.call(Method::GET, path).header("accept", "application/pdf").open().await;
    assert_eq!(response.status(), 200, "{path}");
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
    assert_eq!(kind, Some("application/pdf"));
    response.bytes().await.expect("a body").to_vec()
}

#[test]
fn a_purchase_order_is_printed_as_pdf() {
    with_tenant(async |tenant| {
        tenant.product_with("MUG", json!({ "name": "Κούπα кружка łyżka 杯", "list_price": "10.00" })).await;
        let address =
            json!({ "line1": "Ackerstr. 1", "city": "Höhr", "postal_code": "56203", "country": "DE" });
        let more =
            json!({ "name": "Ελιά <b> & Söhne", "addresses": [{ "code": "main", "address": address }] });
        let pottery = supplier(tenant, "POTTERY", more).await;
        let lines =
            json!([{ "sku": "MUG", "quantity": "12", "unit_cost": "3.25", "expected_on": "2099-01-15" }]);
        let body = json!({ "supplier_id": pottery, "reference": "Angebot 7", "lines": lines });
        let made = tenant.post(PURCHASES, &body).await.created();
        let path = format!("{PURCHASES}/{}/document", made["id"].as_str().expect("an id"));
        let number = made["number"].as_str().expect("a number");
        let file = printed(tenant, &path).await;
        assert!(
            file.starts_with(b"%PDF-1.7") && file.trim_ascii_end().ends_with(b"%%EOF"),
            "{} bytes",
            file.len()
        );
        let pages = pdf::pages(&file);
        assert_eq!(pages.len(), 1);
        for part in [
            &format!("Bestellung {number}\nEntwurf: noch nicht bestellt"),
            "Lieferant\nΕλιά <b> & Söhne\nAckerstr. 1\n56203 Höhr\nDE",
            "Referenz: Angebot 7",
            "MUG Κούπα кружка łyżka □",
            "3,25\n39,00\n15.01.2099",
            "Summe ohne Steuern: 39,00 GBP",
            "Seite 1 von 1",
        ] {
            assert!(pages[0].contains(part), "{part} is missing: {}", pages[0]);
        }
        assert_eq!(printed(tenant, &path).await, file, "one order has one file");

        let english = pdf::pages(&printed(tenant, &format!("{path}?language=en")).await);
        assert!(english[0].contains("Total before tax: 39.00 GBP\n"), "{english:?}");
        let blind = tenant.with_key(&key(tenant, &["purchasing:read"]).await);
        let hidden = pdf::pages(&printed(&blind, &path).await);
        assert!(hidden[0].contains("MUG") && !hidden[0].contains("3,25"), "{hidden:?}");
        assert!(!hidden[0].contains("39,00"), "{hidden:?}");
    });
}

#[test]
fn the_form_of_a_document_is_chosen() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let mill = supplier(tenant, "MILL", json!({})).await;
        let lines = json!([{ "sku": "MUG", "quantity": "12", "unit_cost": "3.25" }]);
        let made = tenant.post(PURCHASES, &json!({ "supplier_id": mill, "lines": lines })).await.created();
        let path = format!("{PURCHASES}/{}/document", made["id"].as_str().expect("an id"));
        let with = async |query: &str, accept: &str| {
            tenant.call(Method::GET, &format!("{path}{query}")).header("accept", accept).send().await
        };
        let number = made["number"].as_str().expect("a number");
        let inline = format!("inline; filename=\"{number}.pdf\"");
        let mut tags = Vec::new();
        for (query, accept, kind, disposition) in [
            ("", "*/*", "text/html; charset=utf-8", None),
            ("", "text/html,application/pdf;q=0.9", "text/html; charset=utf-8", None),
            ("", "application/pdf", "application/pdf", Some(inline.as_str())),
            ("?format=pdf", "text/html", "application/pdf", Some(inline.as_str())),
            ("?format=html", "application/pdf", "text/html; charset=utf-8", None),
        ] {
            let reply = with(query, accept).await;
            assert_eq!(reply.status, 200, "{query} {accept}");
            assert_eq!(reply.header("content-type"), Some(kind), "{query} {accept}");
            assert_eq!(reply.header("content-disposition"), disposition, "{query} {accept}");
            let policies = reply.header("ratelimit-policy").expect("a header");
            assert_eq!(policies.contains("\"reports\";"), disposition.is_some(), "{policies}");
            let tag = reply.header("etag").expect("an ETag").to_owned();
            let call = tenant.call(Method::GET, &format!("{path}{query}"));
            let again = call.header("accept", accept).header("if-none-match", &tag).send().await;
            assert_eq!((again.status, again.text.as_str()), (304, ""), "{query} {accept}");
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        assert_eq!(tags.len(), 2, "each form has its own: {tags:?}");
        with("", "application/json").await.refused(406, "not_acceptable");
        with("?format=docx", "*/*").await.refused(406, "not_acceptable");
    });
}

/// Each line is on one page, and each page has the head of the table.
#[test]
fn a_long_purchase_order_has_many_pages() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let mill = supplier(tenant, "MILL", json!({})).await;
        let address =
            json!({ "line1": "1 Elm St", "city": "Salem", "postal_code": "97301", "country": "US" });
        tenant.patch("/v1/settings", &json!({ "name": "Northwind", "address": address })).await.ok();
        let lines: Vec<Value> = (1..=300)
            .map(|line| json!({ "sku": "MUG", "quantity": line.to_string(), "unit_cost": "3.25" }))
            .collect();
        let made = tenant.post(PURCHASES, &json!({ "supplier_id": mill, "lines": lines })).await.created();
        let path = format!("{PURCHASES}/{}/document", made["id"].as_str().expect("an id"));
        let file = printed(tenant, &path).await;
        assert!(file.windows(7).any(|part| part == b"612 792"), "paper of the size Letter");
        let pages = pdf::pages(&file);
        assert!(pages.len() > 5, "{} pages", pages.len());
        for (index, page) in pages.iter().enumerate() {
            assert_eq!(page.matches("Unit price").count(), 1, "{page}");
            assert!(page.ends_with(&format!("Page {} of {}", index + 1, pages.len())), "{page}");
        }
        let rows: usize = pages.iter().map(|page| page.matches("\n3.25\n").count()).sum();
        assert_eq!(rows, 300);
        assert!(pages.concat().contains("Total before tax: 146737.50 GBP"), "the total");
    });
}
