//! Instants as files of other systems have them: with any offset, or as a local time of a zone that the caller names.

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::day;

/// A time zone, by its name in the IANA database.
pub type Zone = Tz;

/// Letters of a day such as `2026-11-22`.
const DAY_LENGTH: usize = 10;

/// The reason why a text is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLocal {
    /// It has another form.
    #[error(
        "Send an instant such as 2026-11-22T01:20:00Z, or 2026-11-22 01:20:00 with time_zone= in the query."
    )]
    Malformed,
    /// It has no offset, and no zone is named.
    #[error(
        "The instant has no offset. Name the zone of the file in the query, such as time_zone=Europe/Berlin."
    )]
    NoZone,
    /// The clocks of the zone skip it.
    #[error("The clocks of the time zone skip this local time, because they are put forward.")]
    Skipped,
}

/// Reads an instant with an offset, or the local time of `zone`. A local time that comes twice, because clocks are put back, is
/// the first of the two. The instant has whole microseconds: more digits are cut off.
pub fn read_local(text: &str, zone: Option<Zone>) -> Result<DateTime<Utc>, InvalidLocal> {
    let malformed = InvalidLocal::Malformed;
    let day = text.get(..DAY_LENGTH).and_then(day::formed).ok_or(malformed)?;
    let rest = &text[DAY_LENGTH..];
    let rest = rest.strip_prefix(['T', 't', ' ']).ok_or(malformed)?;
    let end = rest.find(|letter: char| !matches!(letter, '0'..='9' | ':' | '.')).unwrap_or(rest.len());
    let (time, offset) = rest.split_at(end);
    let local = NaiveDateTime::new(day, read_time(time).ok_or(malformed)?);
    let at = match offset.trim_start() {
        "" => {
            let zone = zone.ok_or(InvalidLocal::NoZone)?;
            match zone.from_local_datetime(&local) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.with_timezone(&Utc),
                LocalResult::None => return Err(InvalidLocal::Skipped),
            }
        }
        "Z" | "z" | "UTC" => local.and_utc(),
        offset => {
            let offset = read_offset(offset).ok_or(malformed)?;
            offset.from_local_datetime(&local).single().ok_or(malformed)?.with_timezone(&Utc)
        }
    };
    Ok(at)
}

/// Reads `01:20`, `01:20:00` or `01:20:00.123456`.
fn read_time(text: &str) -> Option<NaiveTime> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| digits(part).then(|| part.parse::<u32>().ok()).flatten();
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
    let mut parts = whole.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = match parts.next() {
        Some(part) => number(part)?,
        None => 0,
    };
    let has_seconds = whole.len() == "01:20:00".len();
    if parts.next().is_some() || (fraction.is_some() && !has_seconds) {
        return None;
    }
    let micros = match fraction {
        None => 0,
        Some(part) if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{:0<6}", &part[..part.len().min(6)]).parse().ok()?
        }
        Some(_) => return None,
    };
    // A leap second is the last microsecond of its minute.
    let (second, micros) = if second == 60 { (59, 999_999) } else { (second, micros) };
    NaiveTime::from_hms_micro_opt(hour, minute, second, micros)
}

/// Reads `+01:00`, `+0100` or `+01`.
fn read_offset(text: &str) -> Option<FixedOffset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replacen(':', "", 1);
    let is_known = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| if part.is_empty() { Some(0) } else { part.parse::<i32>().ok() };
    let (hours, minutes) = is_known.then(|| digits.split_at(2))?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60).then(|| FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str, zone: Option<Zone>) -> String {
        read_local(text, zone).expect("an instant").to_rfc3339()
    }

    #[test]
    fn an_offset_may_have_any_form() {
        let same = [
            "2026-01-05T06:00:00+01:00",
            "2026-01-05 06:00:00+0100",
            "2026-01-05 06:00:00 +01",
            "2026-01-05T05:00:00Z",
            "2026-01-05 05:00Z",
            "2026-01-05t05:00:00.0000000z",
            "2026-01-05 05:00:00 UTC",
            "2026-01-04T21:30:00-07:30",
        ];
        for text in same {
            assert_eq!(utc(text, Some(chrono_tz::Asia::Tokyo)), "2026-01-05T05:00:00+00:00", "{text}");
        }
        assert_eq!(utc("2026-01-05T05:00:00.1234567Z", None), "2026-01-05T05:00:00.123456+00:00");
    }

    #[test]
    fn a_local_time_needs_its_zone() {
        let berlin = Some(chrono_tz::Europe::Berlin);
        assert_eq!(read_local("2026-01-05 06:04:00", None), Err(InvalidLocal::NoZone));
        assert_eq!(utc("2026-01-05 06:04:00", berlin), "2026-01-05T05:04:00+00:00");
        assert_eq!(utc("2026-07-05 06:04", berlin), "2026-07-05T04:04:00+00:00");
        assert_eq!(read_local("2026-03-29 02:30:00", berlin), Err(InvalidLocal::Skipped));
        assert_eq!(utc("2026-10-25 02:30:00", berlin), "2026-10-25T00:30:00+00:00", "the first of the two");
    }

    #[test]
    fn other_forms_are_no_instants() {
        let texts = [
            "",
            "2026-01-05",
            "05.01.2026 06:00",
            "2026-01-05T",
            "2026-01-05T6:00",
            "2026-01-05T06",
            "2026-01-05T06:00:",
            "2026-01-05T06:00:00.",
            "2026-01-05T06:00.5",
            "2026-01-05T25:00:00",
            "2026-02-30T06:00:00",
            "2026-01-05T06:00:00+1",
            "2026-01-05T06:00:00+01:0",
            "2026-01-05T06:00:00+24:00",
            "2026-01-05T06:00:00+00:60",
            "2026-01-05T06:00:00 CET",
            "2026-01-05T06:00:00:00",
            "2026-  1-5T06:00:00Z",
            "2026-01-0\u{e9}T06:00:00",
            "+2026-01-05T06:00:00Z",
            "-9999-01-1T06:00:00Z",
            "46027.25",
        ];
        for text in texts {
            assert_eq!(read_local(text, Some(chrono_tz::UTC)), Err(InvalidLocal::Malformed), "{text}");
        }
    }
}
