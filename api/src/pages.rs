//! The pages for people, which are built into the program, and the files that they load.
//!
//! A page is small, and a browser asks for it each time. The addresses of its files contain a hash of all files, so a
//! browser keeps them for good. The pages use the public API only, with the credential of the person who signs in.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Component, Path};
use std::sync::LazyLock;

use actix_web::body::BoxBody;
use actix_web::http::header::{self, EntityTag, HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::app::App;
use crate::compress::accepts_gzip;
use crate::html::escaped;
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::sending;
use crate::version::IfNoneMatch;

/// The files of `web/`, by their paths there.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web.rs"));
/// Hash of all files.
const HASH: &str = env!("STOCKWELL_WEB_HASH");
/// Pages, each with a file of its name in `web/`.
const PAGES: [&str; 3] = ["insights", "fix", "console"];
/// The page to which `/` leads.
const HOME: &str = "/console";

/// Everything comes from this server, and no script or style stands in a page.
const CONTENT_SECURITY: &str = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
/// Devices that no page may use.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=()";
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Media type of a page.
const HTML: &str = "text/html; charset=utf-8";
/// For a file whose address changes with it.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// The texts among the files, with the best compression that gzip has. A server compresses each of them once.
static PACKED: LazyLock<HashMap<&str, Bytes>> = LazyLock::new(|| {
    let is_text = |name: &str| media_type(name).is_ok_and(|kind| kind.starts_with("text/"));
    let texts = FILES.iter().filter(|(name, _)| is_text(name));
    texts.filter_map(|(name, bytes)| Some((*name, Bytes::from(pack(bytes).ok()?)))).collect()
});

fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Mounts the pages and their files. `/` leads to the page for admins.
pub fn mount(cfg: &mut ServiceConfig) {
    for name in PAGES {
        let show = move |app: Data<App>, known: IfNoneMatch| async move { page(&app, &known, name) };
        cfg.route(&format!("/{name}"), web::get().to(show));
    }
    let lead = || async {
        let place = (header::LOCATION, HOME);
        HttpResponse::Found().insert_header(place).insert_header((header::CACHE_CONTROL, "no-cache")).finish()
    };
    cfg.route("/", web::get().to(lead)).service(send_file);
}

/// Shows a failed sign-in to a person: a small page in place of the problem, with the same status and headers. `reason` has no text
/// that the request sent.
pub fn failed_sign_in(error: &ApiError, reason: &str) -> HttpResponse {
    let html = format!(
        "<!doctype html><html lang=\"en\" data-theme=\"auto\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">\
         <title>Sign-in failed – Stockwell</title><link rel=\"icon\" href=\"/web/{HASH}/kit/icon.svg\">\
         <link rel=\"stylesheet\" href=\"/web/{HASH}/kit/kit.css\"></head><body><main><section class=\"entrance\">\
         <h1>Sign-in failed</h1><p>{}</p><p><a class=\"button main\" href=\"{HOME}\">Back to the sign-in</a></p>\
         </section></main></body></html>",
        escaped(reason),
    );
    let mut response = error.render(None);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY));
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS));
    response.set_body(BoxBody::new(html))
}

fn page(app: &App, known: &IfNoneMatch, name: &str) -> Answer {
    let html = read(app, &format!("{name}.html"))?;
    let html = String::from_utf8_lossy(&html).replace("\"/web/", &format!("\"/web/{HASH}/"));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY))
        .insert_header((PERMISSIONS_POLICY, PERMISSIONS));
    // The hash is that of the files built in. It says nothing about a folder.
    if app.web_folder.is_some() {
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        return Ok(response.content_type(HTML).body(html));
    }
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    // The body is compressed for some: the tag names both forms.
    let tag = EntityTag::new_weak(HASH.to_owned());
    known.answer_body(&mut response, tag, HTML, || Ok(html.into_bytes()))
}

#[get("/web/{hash}/{name:.*}")]
async fn send_file(app: Data<App>, request: HttpRequest, path: web::Path<(String, String)>) -> Answer {
    let (hash, name) = path.into_inner();
    let bytes = read(&app, &name)?;
    // A page that was open during an update asks by the old hash. It gets the present file, and keeps it not.
    let is_kept = hash == HASH && app.web_folder.is_none();
    let cached = if is_kept { FOR_GOOD } else { "no-store" };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, cached)).content_type(media_type(&name)?);
    if app.web_folder.is_none()
        && accepts_gzip(request.headers())
        && let Some(packed) = PACKED.get(name.as_str())
    {
        response.insert_header(header::ContentEncoding::Gzip);
        return Ok(response.body(sending::shared(packed.clone())));
    }
    match bytes {
        Cow::Borrowed(bytes) => Ok(response.body(sending::shared(Bytes::from_static(bytes)))),
        Cow::Owned(bytes) => Ok(response.body(bytes)),
    }
}

/// Returns the content of a file of `web/`: the one built in, or that of the folder that the operator named.
fn read(app: &App, name: &str) -> Result<Cow<'static, [u8]>, ApiError> {
    let found = match &app.web_folder {
        Some(folder) if is_below(name) => std::fs::read(folder.join(name)).map(Cow::Owned).ok(),
        Some(_) => None,
        None => FILES.iter().find(|(known, _)| *known == name).map(|&(_, bytes)| Cow::Borrowed(bytes)),
    };
    found.ok_or_else(|| ApiError::of(ErrorCode::RouteNotFound))
}

/// Whether a path leads to a file below the folder that it is joined to.
fn is_below(name: &str) -> bool {
    !name.contains('\\') && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Returns the media type of a file. A page is no file: it has its own address and its own headers.
fn media_type(name: &str) -> Result<&'static str, ApiError> {
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        Some("png") => Ok("image/png"),
        Some("woff2") => Ok("font/woff2"),
        // Licences.
        None => Ok("text/plain; charset=utf-8"),
        Some(_) => Err(ApiError::of(ErrorCode::RouteNotFound)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> Option<String> {
        let (_, bytes) = FILES.iter().find(|(known, _)| *known == name)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Returns the path that `named` has for a file in `folder`.
    fn resolved(folder: &str, named: &str) -> String {
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in named.split('/') {
            match part {
                "." => {}
                ".." => _ = parts.pop(),
                part => parts.push(part),
            }
        }
        parts.join("/")
    }

    /// Returns the texts between `before` and the next quotation mark.
    fn quoted<'text>(text: &'text str, before: &'text str) -> impl Iterator<Item = &'text str> {
        text.split(before).skip(1).filter_map(|rest| rest.split('"').next())
    }

    #[test]
    fn every_import_is_built_in() {
        let mut imports = 0;
        for (name, bytes) in
            FILES.iter().filter(|(name, _)| name.ends_with(".js") && !name.starts_with("vendor/"))
        {
            let text = String::from_utf8_lossy(bytes);
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            for named in quoted(&text, " from \"")
                .chain(quoted(&text, "import(\""))
                .filter(|path| path.starts_with('.'))
            {
                // Types in comments name packages that are not served; a path in one is a file, too.
                assert!(
                    self::text(&resolved(folder, named)).is_some(),
                    "{name} imports {named}, which is not there"
                );
                imports += 1;
            }
        }
        assert!(imports > 30, "the imports are found: {imports}");
    }

    #[test]
    fn every_page_names_files_that_are_built_in() {
        for page in PAGES {
            let html = text(&format!("{page}.html")).expect("a page has its file");
            let files: Vec<&str> = quoted(&html, "\"/web/").collect();
            assert!(files.len() > 3, "{page}: {files:?}");
            for file in files {
                assert!(text(file).is_some(), "{page} names {file}");
                assert!(media_type(file).is_ok(), "{file} has no media type");
            }
            assert!(!html.contains("style=\""), "{page}: the policy forbids styles in the page");
        }
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        assert!(is_below("kit/kit.css"));
        for name in ["../Cargo.toml", "kit/../../Cargo.toml", "/etc/passwd", "kit\\..\\x", "./x"] {
            assert!(!is_below(name), "{name}");
        }
    }

    #[test]
    fn style_sheets_name_files_that_are_built_in() {
        let css = text("kit/kit.css").expect("the style sheet");
        let mut files = 0;
        for rest in css.split("url(").skip(1) {
            let named = rest.split(')').next().unwrap_or_default();
            assert!(text(&resolved("kit", named)).is_some(), "{named}");
            files += 1;
        }
        assert!(files >= 2, "the fonts are found");
    }
}
