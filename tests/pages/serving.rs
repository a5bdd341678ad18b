//! Pages and their files over HTTP: policy, caching, and the versions of a browser.

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::Method;
use tests::{Client, Reply, environment};

const FOR_GOOD: &str = "public, max-age=31536000, immutable";

fn anonymous() -> Client {
    Client::new(&environment().node.base_url, None)
}

async fn fetch(client: &Client, method: Method, path: &str) -> Reply {
    client.call(method, path).send().await
}

/// Returns the paths of the files that a page names.
fn files(page: &Reply) -> Vec<String> {
    let named = page.text.split("\"/web/").skip(1).filter_map(|rest| rest.split('"').next());
    named.map(|path| format!("/web/{path}")).collect()
}

#[test]
fn a_page_has_a_strict_policy_and_is_asked_for_each_time() {
    environment().runtime.block_on(async {
        let client = anonymous();
        for method in [Method::GET, Method::HEAD] {
            let page = fetch(&client, method.clone(), "/insights").await;
            assert_eq!(page.status, 200, "{method}: {}", page.text);
            let header = |name: &str| page.header(name).unwrap_or_default().to_owned();
            assert_eq!(header("content-type"), "text/html; charset=utf-8", "{method}");
            assert_eq!(header("cache-control"), "no-cache", "{method}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{method}");
            assert_eq!(header("permissions-policy"), "camera=(), microphone=(), geolocation=()", "{method}");
            let policy = header("content-security-policy");
            for part in
                ["default-src 'self'", "object-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]
            {
                assert!(policy.split("; ").any(|one| one == part), "{method}: {policy}");
            }
            assert!(!policy.contains("unsafe"), "{method}: {policy}");
            assert_eq!(page.text.is_empty(), method == Method::HEAD);
        }
    });
}

#[test]
fn a_browser_that_has_the_page_gets_304() {
    environment().runtime.block_on(async {
        let client = anonymous();
        let page = fetch(&client, Method::GET, "/insights").await;
        let tag = page.header("etag").expect("a tag").to_owned();
        let again = client.call(Method::GET, "/insights").header("if-none-match", &tag).send().await;
        assert_eq!((again.status, again.text.as_str()), (304, ""));
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        let other = client.call(Method::GET, "/insights").header("if-none-match", "W/\"0\"").send().await;
        assert_eq!(other.status, 200);
    });
}

#[test]
fn files_are_kept_for_good_under_the_present_hash_only() {
    environment().runtime.block_on(async {
        let client = anonymous();
        let page = fetch(&client, Method::GET, "/insights").await;
        let files = files(&page);
        assert!(files.len() > 4, "{files:?}");
        for file in &files {
            let reply = fetch(&client, Method::HEAD, file).await;
            assert_eq!((reply.status, reply.header("cache-control")), (200, Some(FOR_GOOD)), "{file}");
            let old = format!("/web/0000000000000000/{}", file.splitn(4, '/').nth(3).expect("a name"));
            let reply = fetch(&client, Method::GET, &old).await;
            assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")), "{old}");
        }
        let hash = files[0].split('/').nth(2).expect("a hash");
        for missing in
            ["nothing.js", "insights.html", "kit/../insights.html", "..%2FCargo.toml", "vendor/ui.d.ts"]
        {
            fetch(&client, Method::GET, &format!("/web/{hash}/{missing}"))
                .await
                .refused(404, "route_not_found");
        }
        let notice = fetch(&client, Method::GET, &format!("/web/{hash}/vendor/NOTICE")).await;
        assert!(notice.text.contains("Preact"), "the licences come with the scripts");
    });
}

#[test]
fn a_server_reads_the_files_from_a_folder_that_is_named() {
    environment().runtime.block_on(async {
        let folder = environment().postgres.home().join("web");
        std::fs::create_dir_all(folder.join("kit")).expect("a folder");
        std::fs::write(folder.join("insights.html"), "<script src=\"/web/kit/new.js\"></script>")
            .expect("a page");
        std::fs::write(folder.join("kit/new.js"), "first").expect("a file");
        let node = environment().node_with(|config| config.web_folder = Some(folder.clone())).await;
        let client = Client::new(&node.base_url, None);
        let page = fetch(&client, Method::GET, "/insights").await;
        assert_eq!((page.header("cache-control"), page.header("etag")), (Some("no-store"), None));
        let file = files(&page).pop().expect("a file");
        for text in ["first", "second"] {
            std::fs::write(folder.join("kit/new.js"), text).expect("a file");
            let reply = fetch(&client, Method::GET, &file).await;
            assert_eq!((reply.text.as_str(), reply.header("cache-control")), (text, Some("no-store")));
        }
        // The tag of a server with the same files built in.
        let built_in = fetch(&anonymous(), Method::GET, "/insights").await;
        let tag = built_in.header("etag").expect("a tag").to_owned();
        std::fs::write(folder.join("insights.html"), "<p>changed</p>").expect("a page");
        let changed = client.call(Method::GET, "/insights").header("if-none-match", &tag).send().await;
        assert_eq!((changed.status, changed.text.as_str()), (200, "<p>changed</p>"));
    });
}

/// Sends a path as it is: a client of HTTP would take `..` out of it. Returns the response.
fn fetch_raw(base_url: &str, path: &str) -> String {
    let address = base_url.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").expect("a request");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("a response");
    reply
}

#[test]
fn no_path_leads_out_of_a_folder_that_is_named() {
    environment().runtime.block_on(async {
        let home = environment().postgres.home().join("around");
        let folder = home.join("web");
        std::fs::create_dir_all(folder.join("kit")).expect("a folder");
        std::fs::write(folder.join("kit/inside.js"), "inside").expect("a file");
        let outside = home.join("outside.js");
        std::fs::write(&outside, "outside").expect("a file");
        let node = environment().node_with(|config| config.web_folder = Some(folder.clone())).await;
        let base_url = node.base_url.clone();
        let fetch = async |path: String| {
            let base_url = base_url.clone();
            tokio::task::spawn_blocking(move || fetch_raw(&base_url, &path)).await.expect("a response")
        };
        let inside = fetch("/web/0/kit%2Finside.js".to_owned()).await;
        assert!(inside.starts_with("HTTP/1.1 200") && inside.ends_with("inside"), "{inside}");
        let absolute = outside.display().to_string();
        for path in [
            "../outside.js".to_owned(),
            "..%2Foutside.js".to_owned(),
            "%2e%2e%2foutside.js".to_owned(),
            "kit/../../outside.js".to_owned(),
            "kit%2F..%2F..%2Foutside.js".to_owned(),
            absolute.replace('/', "%2F"),
            absolute,
        ] {
            let reply = fetch(format!("/web/0/{path}")).await;
            assert!(reply.starts_with("HTTP/1.1 404"), "{path}: {reply}");
            assert!(!reply.ends_with("outside"), "{path}: {reply}");
        }
    });
}
