//! Bounds of the values of an archive that would concern other tenants of the database.
//!
//! The positions of all tenants go on from the largest one of an archive. A time that no calendar has, such as `infinity`, can't be read by
//! the statements of the worker, which may be about all tenants.

use std::collections::BTreeSet;

use sea_orm::sqlx::{self, Connection, Row};
use serde::Deserialize;

use super::ArchiveError;
use super::catalogue::{self, Table, quoted};

/// Columns with positions of the feed.
const POSITIONS: [&str; 2] = ["position", "next_position"];
/// The largest position of an archive: 100,000 for each second since 2020. A transaction takes one, so no server is ahead of that. A server
/// whose positions go on from there is never ahead of it later, so its tenants can be imported elsewhere.
const POSITION_MAX: &str = "
    select (extract(epoch from now() - timestamptz '2020-01-01 00:00:00+00') * 100000)::bigint as position";
/// The first instant, and the first day, that no row has. A caller may name the end of the year 9999 in any time zone.
const TOO_LATE: &str = "10001-01-01";
/// The column of a time that may be without a beginning: before the first checkpoint.
const MAY_LACK_BEGINNING: (&str, &str) = ("stock_checkpoint", "known_from");

/// The largest position of an archive, and the tables with positions.
#[derive(Debug, Default)]
pub(super) struct Ceiling {
    position: i64,
    tables: BTreeSet<String>,
}

/// Positions of a row.
#[derive(Debug, Deserialize)]
struct Positions {
    position: Option<i64>,
    next_position: Option<i64>,
}

impl Ceiling {
    /// Reads the clock and the tables of a database.
    pub(super) async fn of(url: &str) -> Result<Self, ArchiveError> {
        let mut connection = super::connect(url).await?;
        let row = sqlx::query(POSITION_MAX).persistent(false).fetch_one(&mut connection).await?;
        let tables = catalogue::tables(&mut connection).await?;
        connection.close().await?;
        let has_positions =
            |table: &Table| table.columns.iter().any(|column| POSITIONS.contains(&column.as_str()));
        let tables = tables.into_iter().filter(has_positions).map(|table| table.name);
        Ok(Ceiling { position: row.try_get("position")?, tables: tables.collect() })
    }

    /// Whether the rows of a table have positions.
    pub(super) fn concerns(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    /// Rejects a row whose position is too large. Returns the problem.
    pub(super) fn check(&self, line: &str) -> Result<(), String> {
        let row: Positions =
            serde_json::from_str(line).map_err(|error| format!("its position can't be read: {error}"))?;
        for (column, position) in POSITIONS.into_iter().zip([row.position, row.next_position]) {
            if let Some(position) = position
                && position > self.position
            {
                return Err(format!(
                    "{column} is {position}, expected at most {}: the positions of all tenants would go on from there",
                    self.position
                ));
            }
        }
        Ok(())
    }
}

/// Returns the condition of a row `r` of an import, that its times are in a calendar.
pub(super) fn within_bounds(table: &Table) -> String {
    let mut condition = String::new();
    for columns in [&table.instants, &table.days] {
        if columns.is_empty() {
            continue;
        }
        let of_row = |columns: Vec<&String>| {
            columns
                .into_iter()
                .map(|column| format!("r.{}", quoted([column].into_iter())))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let latest = of_row(columns.iter().collect());
        condition.push_str(&format!(" and coalesce(greatest({latest}) < '{TOO_LATE}', true)"));
        let begins = |column: &&String| (table.name.as_str(), column.as_str()) != MAY_LACK_BEGINNING;
        let begin: Vec<&String> = columns.iter().filter(begins).collect();
        if !begin.is_empty() {
            condition.push_str(&format!(" and coalesce(least({}) > '-infinity', true)", of_row(begin)));
        }
    }
    condition
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_above_the_ceiling_is_rejected_in_any_form() {
        let ceiling = Ceiling { position: 7, tables: BTreeSet::from(["event".to_owned()]) };
        assert!(ceiling.concerns("event") && !ceiling.concerns("product"));
        for row in ["{}", r#"{"position":7,"next_position":null}"#, r#"{"id":"8","position":-1}"#] {
            assert_eq!(ceiling.check(row), Ok(()), "{row}");
        }
        for (row, expected) in [
            (r#"{"position":8}"#, "position is 8, expected at most 7"),
            (r#"{"position":1,"next_position":4611686018427387904}"#, "next_position is 4611686018427387904"),
            (r#"{"\u0070osition":8}"#, "position is 8"),
            (r#"{"position":1,"position":8}"#, "its position can't be read"),
            (r#"{"position":"8"}"#, "its position can't be read"),
            (r#"{"position":1e9}"#, "its position can't be read"),
        ] {
            let problem = ceiling.check(row).expect_err(row);
            assert!(problem.starts_with(expected), "{problem}");
        }
    }

    #[test]
    fn the_times_of_a_row_are_bounded_on_both_sides() {
        let table = |name: &str, instants: &[&str], days: &[&str]| Table {
            name: name.to_owned(),
            instants: instants.iter().map(|column| (*column).to_owned()).collect(),
            days: days.iter().map(|column| (*column).to_owned()).collect(),
            ..Table::default()
        };
        assert_eq!(within_bounds(&table("number_series", &[], &[])), "");
        assert_eq!(
            within_bounds(&table("lot", &["received_at"], &["expires_on"])),
            " and coalesce(greatest(r.\"received_at\") < '10001-01-01', true) \
             and coalesce(least(r.\"received_at\") > '-infinity', true) \
             and coalesce(greatest(r.\"expires_on\") < '10001-01-01', true) \
             and coalesce(least(r.\"expires_on\") > '-infinity', true)"
        );
        let checkpoint = within_bounds(&table("stock_checkpoint", &["known_from", "known_until"], &[]));
        assert!(checkpoint.ends_with("least(r.\"known_until\") > '-infinity', true)"), "{checkpoint}");
    }
}
