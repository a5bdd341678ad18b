//! The pauses of long work, in which other work of the thread goes on and the time limit is looked at.

/// Products at locations between two pauses.
const PAIRS_AT_ONCE: usize = 200;

/// The products at locations that were done.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    done: usize,
}

impl Pauses {
    /// Counts a product at a location as done, and pauses after some of them.
    pub async fn after_one(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(PAIRS_AT_ONCE) {
            tokio::task::yield_now().await;
        }
    }
}
