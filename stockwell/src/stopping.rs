//! Waits that end when the worker stops.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Waits for `pause`, or until the worker stops.
pub(crate) async fn rest(stopping: &mut watch::Receiver<bool>, pause: Duration) {
    // Both results are fine: the caller checks whether the worker stops.
    _ = timeout(pause, stopped(stopping)).await;
}

/// Waits until the worker stops.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the worker is gone.
    _ = stopping.wait_for(|stopping| *stopping).await;
}
