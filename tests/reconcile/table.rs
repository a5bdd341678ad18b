//! The table of figures.

use std::fmt::Write;

use crate::score::Figures;

/// Returns a share as a percentage with one decimal.
fn percent(part: u64, whole: u64) -> String {
    let thousandths = 1000 * part / whole.max(1);
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

pub fn table(title: &str, figures: &Figures) -> String {
    let mut text = format!("\n{title}: {} runs\n", figures.runs);
    let f1 = figures.macro_f1();
    let lag = percent(figures.losses_as_lag, figures.losses);
    let mut line =
        |name: &str, value: String| writeln!(text, "  {name:<44} {value:>10}").expect("a text grows");
    line("macro-F1 of the classes", format!("0.{f1:03}").replace("0.1000", "1.000"));
    line("true losses called timing lag", lag);
    line("names a fix", percent(figures.named, figures.runs));
    line("planted fault is the first fix", percent(figures.first, figures.runs));
    line("  apart from hours, category and person", percent(figures.first_edge, figures.runs));
    line("planted fault is among the first three", percent(figures.among_three, figures.runs));
    line("marked as fact or hypothesis", percent(figures.marked, figures.runs));
    for (name, hits) in ["largest difference", "most lines", "most units"].iter().zip(figures.naive) {
        line(&format!("rule of thumb: {name}"), percent(hits, figures.runs));
    }
    for (class, tally) in &figures.classes {
        writeln!(
            text,
            "    {:<20} F1 0.{:03}  found {:>6}  wrong {:>6}  missed {:>6}",
            class.word(),
            tally.f1().min(999),
            tally.hits,
            tally.wrong,
            tally.missed
        )
        .expect("a text grows");
    }
    for failure in &figures.failures {
        writeln!(text, "    {failure}").expect("a text grows");
    }
    text
}
