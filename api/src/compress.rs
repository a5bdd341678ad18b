//! gzip for responses that are worth it.

use std::io::Write;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::aside::aside;

/// Up to this many bytes a response fits one packet anyway.
const WORTH_IT_BYTES: u64 = 1024;
/// Above this many bytes the compression runs outside the threads that serve requests.
const IN_PLACE_BYTES_MAX: usize = 64 * 1024;

/// Whether `Accept-Encoding` allows gzip.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip")
            && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

/// Compresses a response if it is text of a known length above one kilobyte. Returns streams as they are.
pub async fn gzip(response: HttpResponse) -> HttpResponse {
    let BodySize::Sized(length) = response.body().size() else { return response };
    if length <= WORTH_IT_BYTES
        || response.headers().contains_key(header::CONTENT_ENCODING)
        || !is_text(&response)
    {
        return response;
    }
    let (head, body) = response.into_parts();
    let bytes = match body.try_into_bytes() {
        Ok(bytes) => bytes,
        Err(body) => return head.set_body(body),
    };
    let plain = bytes.clone();
    let packed = if bytes.len() <= IN_PLACE_BYTES_MAX {
        pack(&bytes)
    } else {
        aside(async move { pack(&bytes) }).await.ok().flatten()
    };
    let Some(packed) = packed else { return head.set_body(BoxBody::new(plain)) };
    let mut response = head.set_body(BoxBody::new(packed));
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

fn is_text(response: &HttpResponse) -> bool {
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| {
        media_type.starts_with("text/") || media_type.contains("json") || media_type.contains("javascript")
    })
}

/// Returns a text compressed.
pub fn pack(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::fast());
    encoder.write_all(bytes).ok()?;
    Some(Bytes::from(encoder.finish().ok()?))
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn reads_accept_encoding() {
        let accepts = |value: &'static str| {
            let request =
                TestRequest::get().insert_header((header::ACCEPT_ENCODING, value)).to_http_request();
            accepts_gzip(request.headers())
        };
        assert!(accepts("gzip, deflate, br"));
        assert!(accepts("br;q=1, gzip;q=0.5"));
        assert!(!accepts("gzip;q=0, br"));
        assert!(!accepts("identity"));
    }

    #[actix_web::test]
    async fn only_long_text_is_packed() {
        let packed = gzip(HttpResponse::Ok().content_type("application/json").body("x".repeat(5000))).await;
        assert_eq!(packed.headers().get(header::CONTENT_ENCODING), Some(&HeaderValue::from_static("gzip")));
        assert!(to_bytes(packed.into_body()).await.expect("a body").len() < 200);
        let short = gzip(HttpResponse::Ok().content_type("application/json").body("x".repeat(1000))).await;
        assert_eq!(to_bytes(short.into_body()).await.expect("a body").len(), 1000);
        let image = gzip(HttpResponse::Ok().content_type("image/png").body("x".repeat(5000))).await;
        assert_eq!(to_bytes(image.into_body()).await.expect("a body").len(), 5000);
    }
}
