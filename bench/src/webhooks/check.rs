//! Compares the messages that an endpoint got with the feed.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

use super::receiver::Received;
use super::{produce, text};
use crate::Failure;
use crate::stand::Shop;

/// The events of the feed that endpoints get.
#[derive(Debug, Default)]
pub struct Feed {
    /// The place of each event among those of its type, and its document.
    events: HashMap<String, (usize, String)>,
}

impl Feed {
    pub async fn read(shop: &Shop) -> Result<Self, Failure> {
        let mut feed = Feed::default();
        for kind in [produce::SOLD, produce::CHANGED] {
            feed.add(shop, kind).await?;
        }
        Ok(feed)
    }

    async fn add(&mut self, shop: &Shop, kind: &str) -> Result<(), Failure> {
        let mut cursor = String::new();
        loop {
            let page = shop.get(&format!("/v1/events?type={kind}&limit=200&cursor={cursor}")).await?;
            for event in page["data"].as_array().ok_or("no events")? {
                let (id, document) = (text(&event["id"])?, text(&event["data"]["object"]["id"])?);
                let place = self.events.len();
                self.events.insert(id.to_owned(), (place, document.to_owned()));
            }
            let next = &page["page"]["next_cursor"];
            if next.is_null() {
                return Ok(());
            }
            cursor = text(next)?.to_owned();
        }
    }

    pub fn count(&self) -> usize {
        self.events.len()
    }
}

/// The messages of an endpoint beside the feed.
#[derive(Debug)]
pub struct Outcome {
    /// The delay of each event, sorted.
    pub delays: Vec<Duration>,
    /// When each event was written, and its delay.
    pub timed: Vec<(SystemTime, Duration)>,
    /// Events that did not arrive.
    pub lost: usize,
    /// Messages of events that had come before.
    pub duplicates: usize,
    /// Events that came after a later one of their document.
    pub disorder: usize,
}

impl Outcome {
    /// Returns the delay below which `percent` of all stayed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let at = (self.delays.len() * percent / 100).min(self.delays.len().saturating_sub(1));
        self.delays.get(at).copied().unwrap_or_default()
    }
}

/// Compares what an endpoint got with the feed. Fails if it got an event that the feed has not.
pub fn outcome(feed: &Feed, received: &Received) -> Result<Outcome, Failure> {
    let mut last: HashMap<&str, usize> = HashMap::new();
    let mut outcome = Outcome {
        delays: Vec::new(),
        timed: Vec::with_capacity(received.first.len()),
        lost: feed.count() - received.first.len().min(feed.count()),
        duplicates: received.duplicates,
        disorder: 0,
    };
    for got in &received.first {
        let event = feed.events.get(&got.event_id);
        let (place, document) = event.ok_or_else(|| format!("the feed has no event {}", got.event_id))?;
        let latest = last.entry(document.as_str()).or_default();
        outcome.disorder += usize::from(*place < *latest);
        *latest = (*latest).max(*place);
        let created_at = DateTime::parse_from_rfc3339(&got.created_at)?;
        let created_at = SystemTime::from(created_at.with_timezone(&Utc));
        outcome.timed.push((created_at, got.at.duration_since(created_at).unwrap_or_default()));
    }
    outcome.delays = outcome.timed.iter().map(|(_, delay)| *delay).collect();
    outcome.delays.sort_unstable();
    Ok(outcome)
}
