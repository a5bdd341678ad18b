//! Issues of stock that goes back to where it came from.

use super::Issue;
use crate::book::Book;
use crate::number::Money;
use crate::stock::Source;

impl Book {
    /// Issues stock that goes back to where it came from, first out of the cost layers whose receipt `is_own` names, and returns
    /// its cost. The caller has checked that so much is on hand. An issue that is dated before what is recorded already costs what
    /// any such issue does.
    pub(crate) fn issue_back(&mut self, issue: &Issue, is_own: impl Fn(&Source) -> bool) -> Money {
        let Issue { key, quantity, line_no, occurred_at, forced } = *issue;
        if self.is_counted(&key, occurred_at) || self.is_late(&key, occurred_at) {
            return self.issue(issue);
        }
        if forced && quantity > self.level(&key).available() {
            self.consequences.short.push(key);
        }
        let issued = self.issue_own_layers(key, quantity, is_own);
        self.note_layer_uses((key, line_no), issued.layer_uses);
        issued.cost
    }

    /// Issues units of a receipt that is taken back, like [`Book::issue_back`]. Without cost layers it costs `value`, that of the
    /// receipt; the last unit takes the value that is left. If the level is worth less than that, they cost their share of it.
    ///
    /// > 10 units at 2 are on hand, a count finds 5 more at 2, and 15 are received at 6. To take the count back costs 10, not 20.
    pub(crate) fn issue_received(
        &mut self,
        issue: &Issue,
        value: Money,
        is_own: impl Fn(&Source) -> bool,
    ) -> Money {
        let Issue { key, quantity, occurred_at, forced, .. } = *issue;
        if self.wants_layers(&key) || self.is_counted(&key, occurred_at) || self.is_late(&key, occurred_at) {
            return self.issue_back(issue, is_own);
        }
        let level = self.level(&key);
        if forced && quantity > level.available() {
            self.consequences.short.push(key);
        }
        let cost = if quantity == level.on_hand() {
            level.value()
        } else if value.is_negative() || value > level.value() {
            level.cost_of(quantity, &self.setup.settings)
        } else {
            value
        };
        self.issue_valued(key, quantity, cost);
        cost
    }
}
