//! Options of the pool of connections.

use super::processors;

/// Most reports at once on a machine with few processors: one tenant's long report is not in the way of another's short one.
const REPORTS_MIN: u32 = 2;

/// Options of the pool of connections.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Most connections for commands, reads, reports and jobs together. Each kind has at least one. Two more find tenants
    /// and credentials, two more write the log of requests, and one more for each 16, at least two, sends exports.
    pub connections_max: u32,
    /// Time that a command or a read waits for a connection before it fails as busy.
    pub wait_ms: u64,
    /// Time that a report, an export or a job waits.
    pub report_wait_ms: u64,
    /// Time that a write may take in all, from its arrival to the end of its commit. A long document has longer.
    pub write_ms: u64,
    /// Most reports at once, at most as many as their connections. A tenant may run a quarter of them, and at least one.
    pub reports_max: u32,
}

impl Default for PoolOptions {
    fn default() -> Self {
        PoolOptions {
            connections_max: 16,
            wait_ms: 300,
            report_wait_ms: 10_000,
            write_ms: 5_000,
            reports_max: Ord::max(processors() / 2, REPORTS_MIN),
        }
    }
}
