//! The judgement of a figure by its limits.

use crate::Failure;

/// Most milliseconds of a figure.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A figure above it fails the bench.
    pub gate_ms: f64,
    /// A figure up to it is as good as it should become.
    pub aim_ms: f64,
}

/// Prints the verdict on a figure. Fails if the figure is above its gate.
pub fn judge(name: &str, ms: f64, Limits { gate_ms, aim_ms }: Limits) -> Result<(), Failure> {
    let verdict = if ms <= aim_ms {
        "reaches the aim"
    } else if ms <= gate_ms {
        "passes the gate"
    } else {
        "fails the gate"
    };
    println!("\n{name}: {ms:.0} ms {verdict} (gate {gate_ms} ms, aim {aim_ms} ms)");
    if ms <= gate_ms { Ok(()) } else { Err("a gate was missed".into()) }
}
