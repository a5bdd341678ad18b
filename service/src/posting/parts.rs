//! The parts of a batch request, which run one after the other.

use crate::Error;
use crate::command::Answer;

/// The parts so far.
#[derive(Debug, Default)]
pub struct Parts {
    /// The error of what is left, if a part was lost.
    lost: Option<Error>,
}

impl Parts {
    /// Runs a part of so many documents. If all documents of a part failed because the tenant had no place or the database did not
    /// respond, the later parts need not wait as long: they fail without a try, with 429 in the first case and 503 in the second.
    pub async fn run(
        &mut self,
        documents: usize,
        part: impl Future<Output = Vec<Result<Answer, Error>>>,
    ) -> Vec<Result<Answer, Error>> {
        if let Some(error) = &self.lost {
            return (0..documents).map(|_| Err(error.of_later_work().unwrap_or(Error::Deadline))).collect();
        }
        let answers = part.await;
        self.lost = lost(&answers);
        answers
    }
}

/// Returns the error of what follows a part, if the part was lost.
fn lost(answers: &[Result<Answer, Error>]) -> Option<Error> {
    let errors = answers.iter().map(|answer| answer.as_ref().err().and_then(Error::of_later_work));
    errors.collect::<Option<Vec<Error>>>()?.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Result<Answer, Error> {
        let body = String::new();
        Ok(Answer { status: 201, body, document_id: None, version: None, replayed: false })
    }

    /// Runs a part with this result and one more. Returns the error of the second, if it was not tried.
    async fn after(part: Vec<Result<Answer, Error>>) -> Option<Error> {
        let mut parts = Parts::default();
        parts.run(part.len(), async { part }).await;
        let next = parts.run(1, async { vec![answer()] }).await.remove(0);
        let third = parts.run(1, async { vec![answer()] }).await.remove(0);
        assert_eq!(next.is_ok(), third.is_ok(), "once lost, always lost");
        next.err()
    }

    #[tokio::test]
    async fn a_part_that_is_lost_ends_the_later_ones_with_its_error() {
        assert!(matches!(after(vec![Err(Error::OverShare)]).await, Some(Error::OverShare)));
        assert!(matches!(after(vec![Err(Error::Busy), Err(Error::Busy)]).await, Some(Error::Deadline)));
        let unknown = after(vec![Err(Error::OutcomeUnknown(None))]).await;
        assert!(matches!(unknown, Some(Error::Deadline)), "what was not tried is not done: {unknown:?}");
    }

    #[tokio::test]
    async fn a_part_that_is_not_lost_ends_nothing() {
        assert!(after(Vec::new()).await.is_none());
        assert!(after(vec![Err(Error::OverShare), answer()]).await.is_none());
        assert!(after(vec![Err(Error::invariant("of one document"))]).await.is_none());
    }
}
