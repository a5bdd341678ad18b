//! The delays by the second in which the event was written: when messages were late, and those of which endpoints.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::DELAY_MAX;
use super::check::Outcome;
use super::receiver::Receiver;
use crate::Failure;

/// The marks of delays, each with the longest delay that has it. Longer ones have [`LONGEST`].
const MARKS: [(Duration, char); 5] = [
    (Duration::from_millis(250), '.'),
    (Duration::from_secs(1), '-'),
    (DELAY_MAX, '='),
    (Duration::from_secs(5), '+'),
    (Duration::from_secs(10), 'x'),
];
/// The mark of the longest delays.
const LONGEST: char = '#';
/// Most lines of the log of the worker that are shown.
const LINES_MAX: usize = 20;

/// Prints the longest delay of each second: of all healthy endpoints with figures, and of each with a mark.
pub fn print(begun: SystemTime, outcomes: &[Outcome], others: &[Receiver]) {
    let seconds: Vec<BTreeMap<u64, Vec<Duration>>> =
        outcomes.iter().map(|outcome| by_second(begun, outcome)).collect();
    let last = seconds.iter().filter_map(|of_one| of_one.keys().max()).max().copied().unwrap_or_default();
    println!("\n{:<8}{:>10}{:>12}{:>12}{:>12}", "second", "messages", "p50 ms", "max ms", "over 2 s");
    for second in 0..=last {
        let mut delays: Vec<Duration> =
            seconds.iter().filter_map(|of_one| of_one.get(&second)).flatten().copied().collect();
        delays.sort_unstable();
        let (Some(median), Some(longest)) = (delays.get(delays.len() / 2), delays.last()) else { continue };
        let late = delays.iter().filter(|delay| **delay > DELAY_MAX).count();
        let (median_ms, longest_ms) = (median.as_millis(), longest.as_millis());
        println!("{second:<8}{:>10}{median_ms:>12}{longest_ms:>12}{late:>12}", delays.len());
    }
    println!(
        "\nlongest delay of each second: . up to 0.25 s, - up to 1 s, = up to 2 s, + up to 5 s, x up to 10 s, {LONGEST} longer"
    );
    for (number, of_one) in (1..).zip(&seconds) {
        let line: String = (0..=last).map(|second| mark(of_one.get(&second))).collect();
        println!("healthy {number:<4}{line}");
    }
    println!("first messages of the others, in seconds:");
    for receiver in others {
        let begins = receiver.with(|received| {
            let after = |at: SystemTime| at.duration_since(begun).unwrap_or_default().as_secs();
            let begins: Vec<String> =
                received.first.iter().take(LINES_MAX).map(|got| after(got.at).to_string()).collect();
            begins.join(" ")
        });
        println!("{:<12}{begins}", receiver.behaviour);
    }
}

/// Prints the last warnings of the worker.
pub fn print_warnings(log: &Path) -> Result<(), Failure> {
    let log = std::fs::read_to_string(log)?;
    let warnings: Vec<&str> =
        log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    println!("\n{} warnings of the worker, the last ones:", warnings.len());
    for line in &warnings[warnings.len().saturating_sub(LINES_MAX)..] {
        println!("{line:.300}");
    }
    Ok(())
}

/// Returns the delays of an endpoint by the second in which the event was written.
fn by_second(begun: SystemTime, outcome: &Outcome) -> BTreeMap<u64, Vec<Duration>> {
    let mut seconds: BTreeMap<u64, Vec<Duration>> = BTreeMap::new();
    for (written_at, delay) in &outcome.timed {
        let second = written_at.duration_since(begun).unwrap_or_default().as_secs();
        seconds.entry(second).or_default().push(*delay);
    }
    seconds
}

/// Returns the mark of the longest delay; a blank if there is none.
fn mark(delays: Option<&Vec<Duration>>) -> char {
    let Some(longest) = delays.and_then(|delays| delays.iter().max()) else { return ' ' };
    MARKS.iter().find(|(most, _)| longest <= most).map_or(LONGEST, |(_, mark)| *mark)
}
