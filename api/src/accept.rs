//! The form of a response that a request asks for: by a parameter `format`, or else by the header Accept.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::problem::{ApiError, ErrorCode};

/// Returns the form of the parameter `format`, or of the header Accept. `named` returns the form of a value of the parameter in lower
/// case, `ranged` that of a media range. Rejects a request for another form with `detail`.
pub fn choose_form<F>(
    parameter: Option<&str>,
    request: &HttpRequest,
    named: impl Fn(&str) -> Option<F>,
    ranged: impl Fn(&str) -> Option<F>,
    detail: &str,
) -> Result<F, ApiError> {
    let form = match parameter {
        Some(name) => named(&name.trim().to_ascii_lowercase()),
        None => {
            let header = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
            preferred_form(header.unwrap_or("*/*"), ranged)
        }
    };
    form.ok_or_else(|| {
        let error = ApiError::new(ErrorCode::NotAcceptable, detail);
        if parameter.is_some() { error.at_parameter("format") } else { error.at_header("Accept") }
    })
}

/// Returns the form that an Accept header prefers; of equals, the first one. `ranged` returns the form of a media range.
pub fn preferred_form<F>(header: &str, ranged: impl Fn(&str) -> Option<F>) -> Option<F> {
    let mut best = None;
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let media_range = parts.next().unwrap_or_default().to_ascii_lowercase();
        let Some(form) = ranged(&media_range) else { continue };
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1_000, thousandths);
        if quality > 0 && best.as_ref().is_none_or(|(most, _)| quality > *most) {
            best = Some((quality, form));
        }
    }
    best.map(|(_, form)| form)
}

/// Returns a quality such as `0.8` in thousandths: 800.
fn thousandths(quality: &str) -> u32 {
    let (whole, fraction) = quality.split_once('.').unwrap_or((quality, ""));
    let digits: String = format!("{fraction:0<3}").chars().take(3).collect();
    let thousandths =
        whole.parse().ok().zip(digits.parse().ok()).map(|(whole, rest): (u32, u32)| whole * 1_000 + rest);
    thousandths.unwrap_or_default().min(1_000)
}
