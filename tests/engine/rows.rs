//! The rows that posting sends, and the composite types that the database takes them for.

use std::collections::BTreeMap;

use sea_orm::sqlx::{self, Row};
use tests::environment;

/// PostgreSQL refuses a row with a column of another type, but not two columns of one type that changed places.
#[test]
fn the_rows_that_posting_sends_have_the_columns_of_their_types() {
    environment().runtime.block_on(async {
        let statement = "select t.typname::text, array_agg(a.attname::text order by a.attnum) from pg_type t \
             join pg_class c on c.oid = t.typrelid and c.relkind = 'c' \
             join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped \
             where t.typnamespace = 'public'::regnamespace group by t.typname";
        let rows = sqlx::query(statement).fetch_all(&environment().root).await.expect("the types are read");
        let known: BTreeMap<String, Vec<String>> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let owned = |columns: &[&str]| columns.iter().map(|column| (*column).to_owned()).collect();
        let sent: BTreeMap<String, Vec<String>> = service::posting::ROW_TYPES
            .iter()
            .map(|(name, columns)| ((*name).to_owned(), owned(columns)))
            .collect();
        for (name, columns) in &sent {
            assert_eq!(Some(columns), known.get(name), "{name}");
        }
        // Servers of the version before send the type of the number before.
        for name in known.keys().filter(|name| !sent.contains_key(*name)) {
            let (table, number) = numbered(name);
            let newer =
                sent.keys().map(|name| numbered(name)).any(|(of, newer)| of == table && newer > number);
            assert!(newer, "{name} is sent by no server");
        }
    });
}

/// Returns the table and the number of a row type such as `event_row_1`.
fn numbered(name: &str) -> (&str, u32) {
    let (table, number) = name.rsplit_once("_row_").expect("the name of a row type");
    (table, number.parse().expect("a number"))
}
