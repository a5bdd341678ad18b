//! The systems that own the processes, and those that hear of their events next.

use std::collections::{BTreeMap, HashSet};

use domain::refusal::{Code, Problems, Refusal};
use reconcile::term::{Concern, Process};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

use super::ingest::{Taken, note_change};
use super::system;
use crate::columns::Columns;
use crate::listing::{Listing, word};
use crate::rows::listed;
use crate::{Error, Tx};

/// Most systems that hear of an event next.
pub const HOPS_MAX: usize = system::SYSTEMS_MAX;
/// Longest declared latency: 30 days.
const LATENCY_MINUTES_MAX: u32 = 30 * 24 * 60;

/// The system that owns a concern of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReconcileOwner)]
pub struct Owner {
    /// The process.
    pub process: Process,
    /// The concern of it.
    pub concern: Concern,
    /// Code of the owning system, or `stockwell`.
    #[schema(min_length = 1, max_length = 64, example = "till")]
    pub owner: String,
    /// Systems that get the events next, at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub next_hops: Vec<NextHop>,
}

/// A system that gets the events of a process next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReconcileNextHop)]
pub struct NextHop {
    /// Code of the system, or `stockwell`.
    #[schema(min_length = 1, max_length = 64, example = "erp")]
    pub system: String,
    /// Minutes within which an event arrives, at most 43,200.
    #[schema(minimum = 0, maximum = 43200, example = 90)]
    pub latency_minutes: u32,
}

/// Returns who owns what, by process and concern.
pub async fn all(tx: &Tx) -> Result<Vec<Owner>, Error> {
    let select = "select process, concern, owner, next_hops from reconcile_ownership where tenant_id = ";
    let mut owners: Vec<Owner> =
        Listing::new(tx, select).rows(tx).await?.iter().map(read).collect::<Result<_, _>>()?;
    owners.sort_by_key(|owner| (owner.process, owner.concern));
    Ok(owners)
}

/// Replaces who owns what. If a row is rejected, nothing changes.
pub async fn replace_all(tx: &Tx, rows: &[Owner]) -> Result<Taken, Error> {
    let known = system::codes(tx).await?;
    let mut taken = Taken::default();
    let mut wanted: BTreeMap<(Process, Concern), &Owner> = BTreeMap::new();
    for (index, owner) in rows.iter().enumerate() {
        if let Err(refusal) = check(owner, &known) {
            taken.reject(index, refusal);
            continue;
        }
        match wanted.get(&(owner.process, owner.concern)) {
            None => _ = wanted.insert((owner.process, owner.concern), owner),
            Some(present) if *present == owner => taken.repeated += 1,
            Some(_) => {
                let detail = "Another row names an owner of this concern of the process. Send each once.";
                taken.reject(index, Problems::one("/concern", Code::AlreadyExists, detail));
            }
        }
    }
    if !taken.rejected.is_empty() {
        return Ok(taken);
    }
    let present = all(tx).await?;
    let wanted: Vec<&Owner> = wanted.into_values().collect();
    let held = wanted.iter().filter(|owner| present.contains(owner)).count();
    taken.repeated += held;
    taken.accepted = wanted.len() - held;
    if taken.accepted > 0 || present.len() > held {
        write(tx, &wanted).await?;
        note_change(tx).await?;
    }
    Ok(taken)
}

fn check(owner: &Owner, known: &HashSet<String>) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let mut check_code = |pointer: &str, code: &str| {
        if !known.contains(code) {
            let detail = "There is no system with this code. Register it first, or correct the code.";
            problems.add(pointer, Code::NotFound, detail);
        }
    };
    check_code("/owner", &owner.owner);
    for hop in &owner.next_hops {
        check_code("/next_hops", &hop.system);
    }
    let mut seen = HashSet::new();
    if owner.next_hops.len() > HOPS_MAX {
        problems.invalid("/next_hops", format!("Send at most {HOPS_MAX} systems."));
    } else if !owner.next_hops.iter().all(|hop| hop.system != owner.owner && seen.insert(&hop.system)) {
        problems.invalid("/next_hops", "Send each system once, and not the owner.");
    }
    if owner.next_hops.iter().any(|hop| hop.latency_minutes > LATENCY_MINUTES_MAX) {
        let detail = format!("A latency has at most {LATENCY_MINUTES_MAX} minutes.");
        problems.invalid("/next_hops", detail);
    }
    problems.check()
}

async fn write(tx: &Tx, owners: &[&Owner]) -> Result<(), Error> {
    let delete = sqlx::query("delete from reconcile_ownership where tenant_id = $1");
    tx.execute(delete.bind(tx.tenant_id.0)).await?;
    let text = "insert into reconcile_ownership (tenant_id, updated_at, process, concern, owner, next_hops)
                select $1, $2, v.* from unnest($3::text[], $4::text[], $5::text[], $6::jsonb[])
                    as v (process, concern, owner, next_hops)";
    Columns::of(text)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("process", owners, |owner| owner.process.word())
        .column("concern", owners, |owner| owner.concern.word())
        .column("owner", owners, |owner| owner.owner.clone())
        .column("next_hops", owners, |owner| serde_json::to_value(&owner.next_hops).unwrap_or_default())
        .execute(tx)
        .await?;
    Ok(())
}

fn read(row: &PgRow) -> Result<Owner, Error> {
    Ok(Owner {
        process: word(row, "process")?,
        concern: word(row, "concern")?,
        owner: row.try_get("owner")?,
        next_hops: listed(&row.try_get("next_hops")?),
    })
}
