//! Files of a product and of a customer in /console.

use serde_json::{Value, json};
use tests::{Browser, Screen, Tenant, with_tenant};

use super::{ASKED, CLOSED, READY, enter, fill, press, submit};
use crate::visit::{DESK, key, shown};

const CARD: &str = "section[aria-labelledby=files]";

/// Chooses an image of 4 by 3 pixels and a text, or only the text.
#[track_caller]
fn choose(browser: &mut Browser, image: &str, text: (&str, &str)) {
    let (name, content) = text;
    browser.eval(&format!(
        "(async () => {{ const chosen = new DataTransfer(); const canvas = document.createElement('canvas'); \
         canvas.width = 4; canvas.height = 3; canvas.getContext('2d').fillRect(0, 0, 4, 3); \
         const blob = await new Promise((proceed) => canvas.toBlob(proceed, 'image/png')); \
         if ('{image}') chosen.items.add(new File([blob], '{image}', {{ type: 'image/png' }})); \
         chosen.items.add(new File([{content}], '{name}')); \
         const input = document.querySelector('input[name=files]'); input.files = chosen.files; \
         input.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
        content = json!(content)
    ));
}

/// Returns an expression of the number of files that are listed.
fn count() -> String {
    format!("document.querySelectorAll('{CARD} .files > li').length")
}

/// Returns the files of a record by their positions.
async fn files(tenant: &Tenant, record: &str) -> Vec<Value> {
    let list = tenant.get(&format!("/v1/attachments?record_id={record}")).await.ok();
    let mut files = list["data"].as_array().expect("files").clone();
    files.sort_by_key(|file| file["position"].as_i64());
    files
}

fn names(files: &[Value]) -> Vec<&str> {
    files.iter().map(|file| file["filename"].as_str().expect("a name")).collect()
}

#[test]
fn images_of_a_product_are_sent_described_ordered_and_deleted() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "products");
        press(&mut browser, ".panel tbody", "Files: MUG");
        browser.until(&format!("{READY} && document.querySelector('{CARD} .empty')"));
        assert_eq!(browser.text(&shown("#files")), "Files of MUG");
        browser.until(&format!("document.activeElement.matches('{CARD}')"));
        assert_eq!(browser.barriers(), Vec::<String>::new());

        choose(&mut browser, "side.png", ("care.txt", "Handle with care."));
        browser.until(&format!("{} === 2 && {READY}", count()));
        browser.until(&format!("document.querySelector('{CARD} img')?.naturalWidth === 4"));
        assert!(browser.text(&shown(&format!("{CARD} li"))).contains("Main image"));
        assert!(browser.text(&shown(&format!("{CARD} li"))).contains("4 × 3 pixels"));
        assert_eq!(names(&files(tenant, &mug.id).await), ["side.png", "care.txt"]);

        press(&mut browser, CARD, "Change: side.png");
        browser.until(ASKED);
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "file-title", "A mug from the side");
        submit(&mut browser);
        browser.until(&format!(
            "{CLOSED} && document.querySelector('{CARD} img')?.alt === 'A mug from the side'"
        ));

        press(&mut browser, CARD, "Down: side.png");
        browser.until(&format!(
            "document.querySelector('{CARD} li strong').textContent === 'care.txt' && {READY} \
             && document.activeElement.textContent === 'Down: side.png'"
        ));
        let sent = files(tenant, &mug.id).await;
        assert_eq!(names(&sent), ["care.txt", "side.png"]);
        assert_eq!(sent[1]["title"], "A mug from the side");
        for screen in [DESK, Screen { width: 320, is_phone: true, is_dark: true }] {
            browser.look(screen);
            assert_eq!(browser.barriers(), Vec::<String>::new(), "{screen:?}");
            let wide = browser.eval("Math.max(innerWidth, document.documentElement.scrollWidth)");
            assert_eq!(wide, screen.width, "{screen:?} scrolls sideways");
        }

        press(&mut browser, CARD, "Delete: care.txt");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Delete");
        browser.until(&format!("{CLOSED} && {} === 1", count()));
        assert_eq!(names(&files(tenant, &mug.id).await), ["side.png"]);
        press(&mut browser, CARD, "Close the files");
        browser.until(&format!("!document.querySelector('{CARD}')"));
        browser.check();
    });
}

#[test]
fn a_file_that_is_rejected_is_named_and_the_others_are_sent() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Hazel Gifts Ltd").await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "customers");
        press(&mut browser, ".panel tbody", "Files: Hazel Gifts Ltd");
        browser.until(&format!("{READY} && document.querySelector('{CARD} .empty')"));
        choose(&mut browser, "logo.png", ("page.txt", "<!DOCTYPE html><script>alert(1)</script>"));
        browser
            .until(&format!("document.querySelector('{CARD} .actions [role=alert]') && {} === 1", count()));
        let alert = browser.text(&shown(&format!("{CARD} .actions [role=alert]")));
        assert!(alert.starts_with("Files that were not sent") && alert.contains("page.txt"), "{alert}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        assert_eq!(names(&files(tenant, &customer).await), ["logo.png"]);
        assert!(!browser.text(&shown(&format!("{CARD} li"))).contains("Main image"));
        browser.check();
    });
}

#[test]
fn a_reader_of_the_catalogue_sends_no_file() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await;
        let body = json!({ "record_id": mug.id, "filename": "care.txt", "content_type": "text/plain", "content": "aGVsbG8=" });
        tenant.post("/v1/attachments", &body).await.created();
        let mut browser = Browser::start();
        let few = key(tenant, &["catalog:read"]).await;
        enter(&mut browser, tenant, &few, &format!("products&record={}", mug.id));
        browser.until(&format!("{} === 1", count()));
        assert_eq!(browser.eval("document.querySelectorAll('input[type=file]').length"), 0);
        assert!(browser.text(&shown(&format!("{CARD} .actions"))).contains("catalog:write"));
        assert_eq!(browser.text(&shown(&format!("{CARD} .files .ways"))), "Download: care.txt");
        browser.check();
    });
}
