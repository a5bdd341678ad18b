//! A parameter that is not valid.

/// Most wrong parameters and values that are named.
const WRONG_MAX: usize = 200;

/// A parameter that is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}: {detail}")]
pub struct Invalid {
    /// Name of the parameter, in snake case.
    pub parameter: &'static str,
    pub detail: String,
    /// Whether the parameter could be parsed: 422 if so, otherwise 400.
    pub readable: bool,
    /// The other parameters that are not valid. They have no others.
    pub more: Vec<Invalid>,
}

/// Collects the parameters that are not valid.
#[derive(Debug, Default)]
pub(super) struct Wrong(Vec<Invalid>);

impl Invalid {
    /// Returns the error for a parameter that cannot be parsed.
    pub fn unreadable(parameter: &'static str, detail: impl Into<String>) -> Self {
        Invalid { parameter, detail: detail.into(), readable: false, more: Vec::new() }
    }

    /// Returns the error for a value that is not allowed.
    pub fn not_allowed(parameter: &'static str, detail: impl Into<String>) -> Self {
        Invalid { parameter, detail: detail.into(), readable: true, more: Vec::new() }
    }

    /// Returns each parameter on its own, in order.
    pub fn each(mut self) -> Vec<Invalid> {
        let more = std::mem::take(&mut self.more);
        std::iter::once(self).chain(more).collect()
    }
}

impl Wrong {
    /// Returns a checked value, or keeps what is wrong with it.
    pub(super) fn take<T>(&mut self, checked: Result<T, Invalid>) -> Option<T> {
        checked.map_err(|invalid| self.add(invalid.each())).ok()
    }

    /// As [`Wrong::take`], but the value of a parameter that is wrong already is not judged.
    pub(super) fn take_unless_named<T>(&mut self, checked: Result<T, Invalid>) -> Option<T> {
        let keep = |invalid: Invalid| {
            let each = invalid.each().into_iter();
            let new: Vec<Invalid> = each.filter(|invalid| !self.has(invalid.parameter)).collect();
            self.add(new);
        };
        checked.map_err(keep).ok()
    }

    /// Keeps what is not said yet.
    fn add(&mut self, each: Vec<Invalid>) {
        for invalid in each {
            if self.0.len() < WRONG_MAX && !self.0.contains(&invalid) {
                self.0.push(invalid);
            }
        }
    }

    pub(super) fn has(&self, parameter: &str) -> bool {
        self.0.iter().any(|invalid| invalid.parameter == parameter)
    }

    /// Rejects if there is a wrong parameter.
    pub(super) fn check(self) -> Result<(), Invalid> {
        let mut all = self.0.into_iter();
        match all.next() {
            None => Ok(()),
            Some(first) => Err(Invalid { more: all.collect(), ..first }),
        }
    }
}
