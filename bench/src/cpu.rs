//! Processor time of processes, from /proc.

use std::fs;

use crate::Failure;

/// Ticks of /proc per second: on Linux the same for every program that reads it.
const TICKS_PER_SECOND: f64 = 100.0;

/// Returns the seconds of processor time that a process and its dead children have used.
pub fn of_process(pid: u32) -> Result<f64, Failure> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may contain blanks: the figures begin after it.
    let (_, figures) = stat.rsplit_once(')').ok_or("an unreadable /proc stat")?;
    let ticks: f64 =
        figures.split_whitespace().skip(11).take(4).filter_map(|text| text.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_PER_SECOND)
}

/// Returns the seconds that a process and all its children have used.
pub fn of_tree(pid: u32) -> Result<f64, Failure> {
    let mut seconds = of_process(pid)?;
    for entry in fs::read_dir("/proc")? {
        let Ok(child) = entry?.file_name().to_string_lossy().parse::<u32>() else { continue };
        if parent(child) == Some(pid) {
            seconds += of_process(child).unwrap_or_default();
        }
    }
    Ok(seconds)
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, figures) = stat.rsplit_once(')')?;
    figures.split_whitespace().nth(1)?.parse().ok()
}
