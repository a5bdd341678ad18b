//! The tables of tenants, read from the catalogue of the database.

use std::collections::HashSet;

use domain::id::TenantId;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Row};

use super::{ArchiveError, Schema};
use crate::Error;

/// A table with rows of tenants.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub name: String,
    /// Columns that are stored, without those that the database computes.
    pub columns: Vec<String>,
    /// Columns of the primary key.
    pub key: Vec<String>,
    /// Stored columns that have an instant.
    pub instants: Vec<String>,
    /// Stored columns that have a day.
    pub days: Vec<String>,
    /// Other tables that it refers to.
    pub needs: Vec<String>,
    /// Whether a row may refer to another one of the table.
    pub needs_itself: bool,
}

const TABLES: &str = "
    select c.relname::text as name,
        (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as stored,
        (select array_agg(a.attname::text order by k.place)
         from pg_index i cross join lateral unnest(i.indkey) with ordinality k (att, place)
         join pg_attribute a on a.attrelid = c.oid and a.attnum = k.att
         where i.indrelid = c.oid and i.indisprimary) as key,
        (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
             and a.atttypid = 'timestamptz'::regtype) as instants,
        (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
             and a.atttypid = 'date'::regtype) as days,
        coalesce(
            (select array_agg(distinct o.relname::text)
             from pg_constraint f join pg_class o on o.oid = f.confrelid
             where f.conrelid = c.oid and f.contype = 'f' and f.confrelid <> c.oid),
            '{}') as needs,
        exists (select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and f.confrelid = c.oid) as needs_itself
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and exists (select from pg_attribute a
                    where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)
    order by c.relname";

const SCHEMA: &str = "select coalesce(max(name), '') as newest_step, count(*) as steps from schema_migration";

impl Table {
    /// Returns its name, quoted.
    pub(super) fn quoted(&self) -> String {
        format!("public.\"{}\"", self.name)
    }
}

/// Returns names as a list of a statement, each quoted.
pub(super) fn quoted<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// Returns every table with rows of tenants, each after those that it refers to. The first is the table of tenants.
pub(super) async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>, ArchiveError> {
    let mut tables = Vec::new();
    for row in sqlx::query(TABLES).fetch_all(connection).await? {
        let name: String = row.try_get("name")?;
        let mut needs: Vec<String> = row.try_get("needs")?;
        if name != "tenant" {
            needs.push("tenant".to_owned());
        }
        tables.push(Table {
            name,
            columns: row.try_get("stored")?,
            key: row.try_get("key")?,
            instants: row.try_get("instants")?,
            days: row.try_get("days")?,
            needs,
            needs_itself: row.try_get("needs_itself")?,
        });
    }
    Ok(in_order(tables)?)
}

/// Puts each table after those that it refers to.
fn in_order(mut left: Vec<Table>) -> Result<Vec<Table>, Error> {
    let mut ordered: Vec<Table> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let known: HashSet<String> = ordered.iter().map(|table| table.name.clone()).collect();
        let is_ready = |table: &Table| table.needs.iter().all(|name| known.contains(name));
        let (ready, waiting): (Vec<Table>, Vec<Table>) = left.into_iter().partition(is_ready);
        if ready.is_empty() {
            let names: Vec<&str> = waiting.iter().map(|table| table.name.as_str()).collect();
            return Err(Error::invariant(format!("tables refer to each other: {}", names.join(", "))));
        }
        ordered.extend(ready);
        left = waiting;
    }
    Ok(ordered)
}

/// Returns the state of the schema.
pub(super) async fn schema(connection: &mut PgConnection) -> Result<Schema, ArchiveError> {
    let row = sqlx::query(SCHEMA).fetch_one(connection).await?;
    let steps: i64 = row.try_get("steps")?;
    Ok(Schema { newest_step: row.try_get("newest_step")?, steps: steps.unsigned_abs() })
}

/// Returns the number of rows that the tenant has in a table.
pub(super) async fn count(
    connection: &mut PgConnection,
    table: &Table,
    tenant_id: TenantId,
) -> Result<u64, ArchiveError> {
    let statement = format!("select count(*) as rows from {} where tenant_id = $1", table.quoted());
    let query = sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(tenant_id.0);
    let rows: i64 = query.fetch_one(connection).await?.try_get("rows")?;
    Ok(rows.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, needs: &[&str]) -> Table {
        let needs = needs.iter().map(|name| (*name).to_owned()).collect();
        Table { name: name.to_owned(), needs, ..Table::default() }
    }

    #[test]
    fn a_table_comes_after_those_that_it_refers_to() {
        let tables =
            vec![table("line", &["invoice", "tenant"]), table("invoice", &["tenant"]), table("tenant", &[])];
        let ordered = in_order(tables).expect("an order");
        let names: Vec<&str> = ordered.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["tenant", "invoice", "line"]);
        assert!(in_order(vec![table("one", &["other"]), table("other", &["one"])]).is_err());
    }
}
