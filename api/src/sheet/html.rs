//! Sheets as pages of HTML.
//!
//! A page loads no file and runs no script. Every text is escaped. The content security policy of the response stops a browser from
//! running a text that was not escaped by mistake.

use crate::html::escaped;

use super::{Column, Party, Sheet};

/// Nothing is loaded or run.
pub const POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#111}\
    h1{font-size:1.6rem;margin:0 0 1rem}.parties{display:flex;gap:2rem;margin-bottom:1.5rem}.parties>div{flex:1}\
    h2{font-size:.8rem;margin:0;color:#555}p{margin:.1rem 0}table{border-collapse:collapse;width:100%}\
    th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #ccc;vertical-align:top}\
    .n{text-align:right;white-space:nowrap}thead{display:table-header-group}tr{break-inside:avoid}\
    .state{border:2px solid;padding:.3rem .6rem;display:inline-block;font-weight:700}\
    @page{margin:18mm}@media print{body{margin:0;max-width:none;padding:0}}";

/// Returns the page of a sheet.
pub fn render(sheet: &Sheet) -> String {
    let title = escaped(&sheet.title());
    let mark = sheet.mark.map(|mark| format!("<p class=\"state\">{mark}</p>")).unwrap_or_default();
    let total = sheet.total.as_deref().map(|total| {
        let total = escaped(total);
        format!("<p class=\"n\"><strong>{total}</strong></p>")
    });
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><h1>{title}</h1>{mark}<div class=\"parties\">{parties}</div>{facts}\
         <table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{total}</body></html>",
        language = sheet.language,
        parties = sheet.parties.iter().map(party).collect::<String>(),
        facts = paragraphs(&sheet.facts),
        heads = sheet.columns.iter().map(head).collect::<String>(),
        rows = sheet.rows.iter().map(|cells| row(&sheet.columns, cells)).collect::<String>(),
        total = total.unwrap_or_default(),
    )
}

fn party(party: &Party) -> String {
    format!("<div><h2>{}</h2>{}</div>", party.role, paragraphs(&party.lines))
}

fn paragraphs(lines: &[String]) -> String {
    lines.iter().map(|line| format!("<p>{}</p>", escaped(line))).collect()
}

fn head(column: &Column) -> String {
    format!("<th class=\"{}\">{}</th>", class(column), column.head)
}

fn row(columns: &[Column], cells: &[String]) -> String {
    let cell = |(column, text): (&Column, &String)| {
        let text = escaped(text);
        format!("<td class=\"{}\">{text}</td>", class(column))
    };
    format!("<tr>{}</tr>", columns.iter().zip(cells).map(cell).collect::<String>())
}

fn class(column: &Column) -> &'static str {
    if column.has_figures { "n" } else { "" }
}
