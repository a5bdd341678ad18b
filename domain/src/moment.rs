//! Instants as people name them: an exact instant, or a whole calendar day of the tenant.

mod local;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

pub use local::{InvalidLocal, Zone, read_local};

use crate::day;

/// Minutes between the local times that [`start_of_day`] tries.
const GAP_STEP_MINUTES: i64 = 15;
const GAP_STEPS_MAX: i64 = 24 * 60 / GAP_STEP_MINUTES;

const NANOS_OF_MICRO: u32 = 1_000;
const MICROS_MAX: u32 = 999_999;

/// Returns an instant as texts for people have it: in UTC, with as many digits of the second as it has.
pub fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// An exact instant that a caller names.
///
/// It has whole microseconds, as the database stores it: more digits are cut off, so that no instant moves to the next
/// day. A leap second (`23:59:60`) is the last microsecond of its minute, so it stays on its day as well. Every instant of
/// a request is read here, so all that is derived from it agrees: days, months, entries, responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(DateTime<Utc>);

/// A text is no [`Instant`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an instant with its offset from UTC, such as \"2026-11-22T01:20:00Z\"; in a query, write a plus sign as %2B"
)]
pub struct InvalidInstant;

impl Instant {
    /// Returns the instant in UTC.
    pub fn get(self) -> DateTime<Utc> {
        self.0
    }
}

impl FromStr for Instant {
    type Err = InvalidInstant;

    fn from_str(text: &str) -> Result<Self, InvalidInstant> {
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidInstant)?.with_timezone(&Utc);
        // A leap second has a second of nanoseconds more.
        let micros = (at.nanosecond() / NANOS_OF_MICRO).min(MICROS_MAX);
        at.with_nanosecond(micros * NANOS_OF_MICRO).map(Instant).ok_or(InvalidInstant)
    }
}

impl serde::Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(&self.0, serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Instant {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for Instant {}

/// An instant, or a whole day in the tenant's time zone.
///
/// "Valid until 31 December" includes the 31st, in any time zone of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// An exact instant.
    Instant(DateTime<Utc>),
    /// A calendar day.
    Day(NaiveDate),
}

/// A text is no [`Moment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an instant such as \"2026-11-22T01:20:00Z\" or a day such as \"2026-11-22\"")]
pub struct InvalidMoment;

impl Moment {
    /// Returns the instant itself, or the first instant of the day.
    pub fn start(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Moment::Instant(at) => at,
            Moment::Day(day) => start_of_day(day, zone),
        }
    }

    /// Returns the instant itself, or the first instant after the day.
    pub fn end(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Moment::Instant(at) => at,
            Moment::Day(day) => start_of_day(day.succ_opt().unwrap_or(day), zone),
        }
    }
}

/// Returns the instant at which a calendar day begins in a zone. Where clocks skip midnight, that is the
/// first instant after the gap, in steps of 15 minutes.
pub fn start_of_day(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    (0..GAP_STEPS_MAX)
        .map(|step| midnight + Duration::minutes(step * GAP_STEP_MINUTES))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map_or_else(|| midnight.and_utc(), |start| start.with_timezone(&Utc))
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        if let Some(day) = day::formed(text) {
            return Ok(Moment::Day(day));
        }
        let instant: Instant = text.parse().map_err(|InvalidInstant| InvalidMoment)?;
        Ok(Moment::Instant(instant.get()))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Instant(at) => out.write_str(&text(*at)),
            Moment::Day(day) => fmt::Display::fmt(day, out),
        }
    }
}

impl serde::Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let moment = text.parse::<Moment>().map_err(<D::Error as serde::de::Error>::custom)?;
        if let Moment::Day(day) = moment
            && !day::is_possible(day)
        {
            return Err(serde::de::Error::custom(day::InvalidDay));
        }
        Ok(moment)
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some(
                "An RFC 3339 instant, or a bare date, which means the whole day in the tenant's time zone.",
            ))
            .min_length(Some(10))
            .max_length(Some(40))
            .examples([serde_json::json!("2026-12-31")])
            .into()
    }
}

impl utoipa::ToSchema for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().expect("a moment")
    }

    #[test]
    fn a_day_is_whole_in_its_zone() {
        let day = moment("2026-12-31");
        assert_eq!(day.start(chrono_tz::Europe::Berlin).to_rfc3339(), "2026-12-30T23:00:00+00:00");
        assert_eq!(day.end(chrono_tz::Europe::Berlin).to_rfc3339(), "2026-12-31T23:00:00+00:00");
        assert_eq!(day.end(chrono_tz::Pacific::Auckland).to_rfc3339(), "2026-12-31T11:00:00+00:00");
    }

    #[test]
    fn days_are_23_or_25_hours_long_when_clocks_change() {
        for (day, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)] {
            let day = moment(day);
            let length = day.end(chrono_tz::Europe::Berlin) - day.start(chrono_tz::Europe::Berlin);
            assert_eq!(length.num_hours(), hours);
        }
    }

    #[test]
    fn a_day_without_midnight_begins_after_the_gap() {
        // Clocks in Sao Paulo went from 00:00 to 01:00 on that day.
        let start = moment("2018-11-04").start(chrono_tz::America::Sao_Paulo);
        assert_eq!(start.to_rfc3339(), "2018-11-04T03:00:00+00:00");
    }

    #[test]
    fn an_instant_is_itself_whatever_its_offset() {
        let at = moment("2026-11-22T02:20:00.5+01:00");
        assert_eq!(at.start(chrono_tz::UTC), at.end(chrono_tz::UTC));
        assert_eq!(at.to_string(), "2026-11-22T01:20:00.500Z");
    }

    #[test]
    fn an_instant_is_read_as_the_database_stores_it() {
        for (text, read) in [
            ("2026-03-31T23:59:60+01:00", "2026-03-31T22:59:59.999999Z"),
            ("2026-12-31T23:59:60Z", "2026-12-31T23:59:59.999999Z"),
            ("2026-12-31T23:59:60.75Z", "2026-12-31T23:59:59.999999Z"),
            ("2026-12-31T12:34:60-09:30", "2026-12-31T22:04:59.999999Z"),
            ("2026-12-31T23:59:59.9999999Z", "2026-12-31T23:59:59.999999Z"),
            ("2026-11-22T01:20:00.1234567Z", "2026-11-22T01:20:00.123456Z"),
            ("2026-11-22T01:20:00.123456789Z", "2026-11-22T01:20:00.123456Z"),
            ("2026-11-22T01:20:00.0000001Z", "2026-11-22T01:20:00Z"),
        ] {
            assert_eq!(moment(text).to_string(), read, "{text}");
            let instant: Instant = text.parse().expect("an instant");
            assert_eq!(Moment::Instant(instant.get()), moment(text), "{text}");
        }
        for text in ["2026-11-22", "2026-11-22T01:20:61Z", "2026-11-22T01:20:00", "2026-11-22T01:20:00 01:00"]
        {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_neither() {
        for text in
            ["", "2026", "2026-13-01", "2026-1-1", " 2026-1-01", "22.11.2026", "2026-11-22T01:20:00", "now"]
        {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
