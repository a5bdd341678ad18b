//! Days as callers write them: four digits of the year, two of the month and two of the day, as in `2026-11-22`.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer};

/// First year that a caller may name: an earlier one is a slip, such as a year of two digits. The last one is 9999, because many
/// programs write 9999-12-31 for an end that never comes.
const FIRST_YEAR: i32 = 1900;

/// A text is no day, or a day before 1900.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("send a day such as \"2026-11-22\", from 1900-01-01 on")]
pub struct InvalidDay;

/// Reads a day that a caller names.
pub fn read(text: &str) -> Result<NaiveDate, InvalidDay> {
    formed(text).filter(|day| is_possible(*day)).ok_or(InvalidDay)
}

/// Reads a day of any year from 0000 to 9999.
pub fn formed(text: &str) -> Option<NaiveDate> {
    let is_sign = |place: usize| matches!(place, 4 | 7);
    let fits = |(place, letter): (usize, u8)| {
        if is_sign(place) { letter == b'-' } else { letter.is_ascii_digit() }
    };
    let has_form = text.len() == "2026-11-22".len() && text.bytes().enumerate().all(fits);
    if has_form { text.parse().ok() } else { None }
}

/// Whether a caller may name a day.
pub fn is_possible(day: NaiveDate) -> bool {
    day.year() >= FIRST_YEAR
}

/// Reads the day of a field, for `#[serde(deserialize_with = "domain::day::required")]`.
pub fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = <Cow<'de, str>>::deserialize(deserializer)?;
    read(&text).map_err(serde::de::Error::custom)
}

/// Reads the day of a field that may be absent, for `#[serde(default, deserialize_with = "domain::day::optional")]`.
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let day = Option::<Possible>::deserialize(deserializer)?;
    Ok(day.map(|Possible(day)| day))
}

/// Reads the day of a field that is also stored as JSON, for `#[serde(deserialize_with = "domain::day::stored")]`. Its rule checks the
/// year, so that a day that is stored can always be read.
pub fn stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = <Cow<'de, str>>::deserialize(deserializer)?;
    formed(&text).ok_or(InvalidDay).map_err(serde::de::Error::custom)
}

struct Possible(NaiveDate);

impl<'de> Deserialize<'de> for Possible {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        required(deserializer).map(Possible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Fields {
        #[serde(deserialize_with = "required")]
        from: NaiveDate,
        #[serde(default, deserialize_with = "optional")]
        until: Option<NaiveDate>,
    }

    #[test]
    fn a_day_has_one_form() {
        for text in ["1900-01-01", "2026-11-22", "2028-02-29", "9999-12-31"] {
            assert_eq!(read(text).map(|day| day.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "0000-01-01",
            "0001-01-01",
            "0026-02-03",
            "1899-12-31",
            "2026-2-3",
            "2026-02-3 ",
            " 2026-2-03",
            "+026-02-03",
            "-026-02-03",
            "2026-02-30",
            "2026-13-01",
            "20260203",
            "2026/02/03",
            "03.02.2026",
            "2026-02-03T00:00:00Z",
            "２026-02-03",
            "+12026-02-03",
        ] {
            assert_eq!(read(text), Err(InvalidDay), "{text}");
        }
        assert!(formed("0001-01-01").is_some() && formed("2026-2-3").is_none());
    }

    #[test]
    fn a_field_is_read_as_strictly() {
        let fields = |text: &str| serde_json::from_str::<Fields>(text);
        let read = fields(r#"{"from":"2026-11-22"}"#).expect("fields");
        assert_eq!((read.from.to_string(), read.until), ("2026-11-22".to_owned(), None));
        assert_eq!(fields(r#"{"from":"2026-11-22","until":null}"#).expect("fields").until, None);
        for text in
            [r#"{"from":"2026-2-3"}"#, r#"{"from":"2026-11-22","until":"0001-01-01"}"#, r#"{"from":null}"#]
        {
            assert!(fields(text).is_err(), "{text}");
        }
    }
}
