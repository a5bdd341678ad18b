//! A place in the general ledger, from which the next page goes on.

use chrono::NaiveDate;
use domain::id::EntryId;
use uuid::Uuid;

use super::Invalid;

/// Stands between the parts of a cursor. No id and no day has it.
const BETWEEN: char = '~';

/// The last line of a page, by the order of the general ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub account_code: String,
    pub posted_on: NaiveDate,
    pub entry_id: Uuid,
    pub line_no: i32,
}

impl Place {
    /// Returns the place as a cursor.
    pub fn text(&self) -> String {
        let Place { account_code, posted_on, entry_id, line_no } = self;
        let entry_id = EntryId(*entry_id);
        format!("{line_no}{BETWEEN}{posted_on}{BETWEEN}{entry_id}{BETWEEN}{account_code}")
    }

    /// Reads a cursor. Rejects a text that no page had.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let read = || {
            let mut parts = text.splitn(4, BETWEEN);
            let (line_no, posted_on) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let entry_id: EntryId = parts.next()?.parse().ok()?;
            Some(Place { account_code: parts.next()?.to_owned(), posted_on, entry_id: entry_id.0, line_no })
        };
        read().ok_or_else(|| Invalid::unreadable("cursor", "Expected the next_cursor of the page before."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for account_code in ["1200", "1200-a.b", "12~00"] {
            let place = Place {
                account_code: account_code.to_owned(),
                posted_on: NaiveDate::default(),
                entry_id: Uuid::from_u128(7),
                line_no: 3,
            };
            assert_eq!(Place::parse(&place.text()), Ok(place));
        }
        let place = "3~2026-02-10~x~1200";
        for text in ["", "~", "~~~", place, "3~2026-02-30", "x"] {
            assert_eq!(Place::parse(text).map_err(|invalid| invalid.parameter), Err("cursor"), "{text}");
        }
    }
}
