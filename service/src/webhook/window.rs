//! Parts of the feed that a turn has read. Endpoints that want the same types of events and are near each other share one.

use super::cursor::EVENTS_MAX;
use crate::event::{self, Event, Feed, FeedPosition, Filter};
use crate::{Error, Tx};

/// The parts that a turn has read.
#[derive(Debug, Default)]
pub(super) struct Windows(Vec<Window>);

/// The events of some types after a place.
#[derive(Debug)]
struct Window {
    kinds: Vec<String>,
    after: FeedPosition,
    feed: Feed,
}

/// The next events of an endpoint.
#[derive(Debug)]
pub(super) struct Part<'w> {
    /// Oldest first.
    pub events: &'w [Event],
    /// Place from which to go on.
    pub end: FeedPosition,
    /// Whether more events can be read now.
    pub has_more: bool,
}

impl Windows {
    /// Returns at most `most` events after a place. Reads the feed only if no part of it that was read has them.
    pub async fn next(
        &mut self,
        tx: &Tx,
        filter: &Filter,
        after: FeedPosition,
        most: usize,
    ) -> Result<Part<'_>, Error> {
        let known = self.0.iter().position(|window| window.has(filter, after, most));
        let at = match known {
            Some(at) => at,
            None => {
                let feed = event::list(tx, filter, after, EVENTS_MAX).await?;
                self.0.push(Window { kinds: filter.kinds.clone(), after, feed });
                self.0.len() - 1
            }
        };
        Ok(self.0[at].part(after, most))
    }
}

impl Window {
    /// Whether it has the next `most` events after a place, or all that there are.
    fn has(&self, filter: &Filter, after: FeedPosition, most: usize) -> bool {
        let is_inside = filter.document_id.is_none()
            && self.kinds == filter.kinds
            && self.after <= after
            && after <= self.feed.end;
        is_inside && (!self.feed.has_more || self.rest(after).len() >= most)
    }

    fn rest(&self, after: FeedPosition) -> &[Event] {
        let passed = self.feed.events.partition_point(|event| event.place <= after);
        &self.feed.events[passed..]
    }

    fn part(&self, after: FeedPosition, most: usize) -> Part<'_> {
        let rest = self.rest(after);
        let events = &rest[..rest.len().min(most)];
        match events.last() {
            Some(last) if events.len() < rest.len() => Part { events, end: last.place, has_more: true },
            _ => Part { events, end: self.feed.end, has_more: self.feed.has_more },
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use domain::id::{CommandId, EventId};
    use uuid::Uuid;

    use super::*;

    fn place(number: i64) -> FeedPosition {
        FeedPosition(number, 1, Uuid::from_u128(number.unsigned_abs().into()))
    }

    fn event(number: i64) -> Event {
        let at: DateTime<Utc> = DateTime::UNIX_EPOCH;
        Event {
            id: EventId(place(number).2),
            place: place(number),
            kind: "category.updated".to_owned(),
            command_id: CommandId(Uuid::nil()),
            document_kind: "category".to_owned(),
            document_id: place(number).2,
            occurred_at: at,
            recorded_at: at,
        }
    }

    fn filter(kind: &str) -> Filter {
        Filter { kinds: vec![kind.to_owned()], document_id: None }
    }

    /// The events 11 to 20. Further events of other types end before place 25.
    fn window(has_more: bool) -> Window {
        let feed = Feed { events: (11..=20).map(event).collect(), end: place(25), has_more };
        Window { kinds: filter("category.*").kinds, after: place(10), feed }
    }

    #[test]
    fn a_part_begins_after_the_place_of_its_endpoint() {
        let window = window(false);
        let numbers =
            |part: &Part<'_>| -> Vec<i64> { part.events.iter().map(|event| event.place.0).collect() };
        let first = window.part(place(10), 3);
        assert_eq!((numbers(&first), first.end, first.has_more), (vec![11, 12, 13], place(13), true));
        let last = window.part(place(17), 3);
        assert_eq!((numbers(&last), last.end, last.has_more), (vec![18, 19, 20], place(25), false));
        let none = window.part(place(22), 3);
        assert_eq!((numbers(&none), none.end, none.has_more), (vec![], place(25), false));
    }

    #[test]
    fn a_window_is_shared_only_if_it_has_the_events() {
        let (last, open) = (window(false), window(true));
        for (filter, after, most, is_last, is_open) in [
            (filter("category.*"), 10, 10, true, true),
            (filter("category.*"), 10, 11, true, false),
            (filter("category.*"), 20, 1, true, false),
            (filter("category.*"), 25, 1, true, false),
            (filter("category.*"), 26, 1, false, false),
            (filter("category.*"), 9, 1, false, false),
            (filter("*"), 10, 1, false, false),
        ] {
            let has = |window: &Window| window.has(&filter, place(after), most);
            assert_eq!((has(&last), has(&open)), (is_last, is_open), "{filter:?} after {after}, {most}");
        }
    }
}
