//! Sheets: documents to print, in one language. An area states the texts of a sheet, and this module writes them as a page of HTML or
//! as PDF. Both have the same words and figures.

mod font;
mod html;
mod layout;
mod pdf;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use domain::address::Address;

use crate::accept::choose_form;
use crate::aside::aside;
use crate::problem::{Answer, ApiError};
use crate::version::{IfNoneMatch, weak_tag};

/// Media type of a PDF.
const PDF: &str = "application/pdf";
/// Countries that print on paper of the size Letter.
const OF_LETTER: [&str; 2] = ["CA", "US"];

/// A document to print.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// BCP 47 tag of its language.
    pub language: &'static str,
    /// Kind of the document, such as "Purchase order".
    pub kind: &'static str,
    /// Number of the document.
    pub number: String,
    /// Mark of a document that is not valid, such as a draft.
    pub mark: Option<&'static str>,
    /// The two sides of the document.
    pub parties: [Party; 2],
    /// Lines between the parties and the table.
    pub facts: Vec<String>,
    /// Columns of the table.
    pub columns: Vec<Column>,
    /// Rows of the table, each with one cell for each column.
    pub rows: Vec<Vec<String>>,
    /// The line below the table.
    pub total: Option<String>,
    /// Words around the numbers of a page of the PDF.
    pub page_words: PageWords,
    /// Paper of the PDF.
    pub paper: Paper,
}

/// One side of a document.
#[derive(Debug, Clone)]
pub struct Party {
    /// Role of the side, such as "Supplier".
    pub role: &'static str,
    /// Name, address and tax number, line by line.
    pub lines: Vec<String>,
}

/// A column of the table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Head of the column.
    pub head: &'static str,
    /// Whether it has figures, which are aligned to the right.
    pub has_figures: bool,
}

/// "Page" and "of" of "Page 1 of 3".
#[derive(Debug, Clone, Copy)]
pub struct PageWords {
    /// The word before the number of the page.
    pub page: &'static str,
    /// The word before the number of all pages.
    pub of: &'static str,
}

/// Size of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// 210 mm by 297 mm.
    A4,
    /// 8.5 inches by 11 inches.
    Letter,
}

/// Form of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A page of HTML.
    Html,
    /// PDF.
    Pdf,
}

impl Paper {
    /// Returns the paper that the country of an address prints on.
    pub fn of(address: Option<&Address>) -> Self {
        match address {
            Some(address) if OF_LETTER.contains(&address.country.as_str()) => Paper::Letter,
            Some(_) | None => Paper::A4,
        }
    }
}

impl Form {
    /// Returns the form of the parameter `format`, or of the header Accept: HTML without either.
    pub fn of(parameter: Option<&str>, request: &HttpRequest) -> Result<Self, ApiError> {
        let named = |name: &str| match name {
            "html" => Some(Form::Html),
            "pdf" => Some(Form::Pdf),
            _ => None,
        };
        choose_form(parameter, request, named, ranged, "The document can be had as html or pdf.")
    }
}

/// Returns the form of a media range.
fn ranged(media_range: &str) -> Option<Form> {
    match media_range {
        "text/html" | "text/*" | "*/*" | "" => Some(Form::Html),
        PDF | "application/*" => Some(Form::Pdf),
        _ => None,
    }
}

impl Sheet {
    /// Returns the sheet in a form, or 304 to a caller who has it. A PDF is made on another thread, because a long one takes a while.
    pub async fn respond(self, form: Form, seen: &IfNoneMatch) -> Answer {
        let mut response = HttpResponse::Ok();
        let (media_type, body) = match form {
            Form::Html => {
                response.insert_header((header::CONTENT_SECURITY_POLICY, html::POLICY));
                ("text/html; charset=utf-8", html::render(&self).into_bytes())
            }
            Form::Pdf => {
                let disposition = format!("inline; filename=\"{}.pdf\"", self.file_name());
                response.insert_header((header::CONTENT_DISPOSITION, disposition));
                let written = aside(async move { pdf::render(&self) }).await?;
                (PDF, written.map_err(ApiError::internal)?)
            }
        };
        let tag = weak_tag([body.as_slice()]);
        seen.answer_body(&mut response, tag, media_type, || Ok(body))
    }

    /// Returns the number of texts in the table.
    pub fn values(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// Returns the number in characters that every file system and every header takes.
    fn file_name(&self) -> String {
        let kept = |sign: char| if sign.is_ascii_alphanumeric() || sign == '-' { sign } else { '_' };
        self.number.chars().map(kept).collect()
    }

    /// Returns the kind and the number.
    fn title(&self) -> String {
        format!("{} {}", self.kind, self.number)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// Returns a purchase order with `lines` lines.
    pub(super) fn sheet(lines: usize) -> Sheet {
        let column = |head, has_figures| Column { head, has_figures };
        let row = |line: usize| {
            vec![
                line.to_string(),
                format!("MUG-{line} Κούπα кружка kubek łyżka Größe {line}"),
                "12,00".to_owned(),
            ]
        };
        Sheet {
            language: "en-GB",
            kind: "Purchase order",
            number: "PO-2026-000123".to_owned(),
            mark: None,
            parties: [
                Party {
                    role: "Supplier", lines: vec!["Ελιά & Söhne".to_owned(), "56203 Höhr".to_owned()]
                },
                Party { role: "Ordered by", lines: vec!["Northwind Ltd".to_owned()] },
            ],
            facts: vec!["Number: PO-2026-000123".to_owned(), "Date: 01/12/2026".to_owned()],
            columns: vec![column("#", false), column("Article", false), column("Amount", true)],
            rows: (1..=lines).map(row).collect(),
            total: Some("Total before tax: 1200.00 GBP".to_owned()),
            page_words: PageWords { page: "Page", of: "of" },
            paper: Paper::A4,
        }
    }

    #[test]
    fn the_form_follows_the_parameter_and_then_the_accept_header() {
        let form = |parameter: Option<&str>, accept: &str| {
            let request = TestRequest::get().insert_header(("accept", accept)).to_http_request();
            Form::of(parameter, &request).ok()
        };
        assert_eq!(form(None, "*/*"), Some(Form::Html));
        assert_eq!(form(None, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"), Some(Form::Html));
        assert_eq!(form(None, "application/pdf"), Some(Form::Pdf));
        assert_eq!(form(None, "application/pdf;q=0.5, text/html;q=0.9"), Some(Form::Html));
        assert_eq!(form(None, "application/json"), None);
        assert_eq!(form(Some("PDF"), "text/html"), Some(Form::Pdf));
        assert_eq!(form(Some("html"), "application/pdf"), Some(Form::Html));
        assert_eq!(form(Some("docx"), "*/*"), None);
    }

    #[test]
    fn a_file_name_has_no_sign_that_a_header_reads() {
        let named = |number: &str| Sheet { number: number.to_owned(), ..sheet(0) }.file_name();
        assert_eq!(named("PO-2026-000123"), "PO-2026-000123");
        assert_eq!(named("A/1\"\r\nß"), "A_1____");
    }
}
