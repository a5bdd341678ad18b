//! Stores a run and what it found.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::{EpisodeId, FixId, InvalidId, ReconcileRunId};
use domain::tag;
use reconcile::answer::{Discrepancy, Episode, Fix, FixProof};
use reconcile::term::Class;
use sea_orm::sqlx;
use serde_json::Value;
use uuid::Uuid;

use super::{Computed, Run, Summary, stored};
use crate::columns::Columns;
use crate::{Error, Tx};

/// Rows of one statement.
const CHUNK: usize = 5_000;
/// Runs whose discrepancies and episodes are kept.
pub const RUNS_KEPT: i64 = 10;
/// Length of a week of verdicts.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// Stores a run with its discrepancies, episodes, fixes and verdicts. Deletes the discrepancies and episodes of older runs.
pub async fn store(tx: &Tx, computed: &Computed) -> Result<Run, Error> {
    let run = insert_run(tx, computed).await?;
    for (chunk, rows) in computed.answer.discrepancies.chunks(CHUNK).enumerate() {
        insert_discrepancies(tx, run.id, chunk * CHUNK, rows).await?;
    }
    for (chunk, rows) in computed.answer.episodes.chunks(CHUNK).enumerate() {
        insert_episodes(tx, run.id, chunk * CHUNK, rows).await?;
    }
    let told = &computed.answer.first_fix;
    for fix in told.fix.iter().chain(&told.next) {
        insert_fix(tx, run.id, fix).await?;
    }
    for proof in &computed.answer.proofs {
        insert_verdict(tx, run.id, proof, computed.through).await?;
    }
    delete_old(tx).await?;
    Ok(run)
}

async fn insert_run(tx: &Tx, computed: &Computed) -> Result<Run, Error> {
    let Computed { window_from, through, reference, answer, duration_ms, input_changed_at } = computed;
    let id = ReconcileRunId(tx.next_id());
    let summary = Summary {
        inputs: answer.inputs.clone(),
        classes: answer.classes.clone(),
        explained_share: answer.explained_share,
        discrepancies: count(answer.discrepancies.len()),
        episodes: count(answer.episodes.len()),
    };
    Columns::of(
        "insert into reconcile_run (tenant_id, id, window_from, through, reference, summary, first_fix, exceptions, \
                                    flow_map, health, duration_ms, recorded_at, command_id, input_changed_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", id.0)
    .value("window_from", window_from)
    .value("through", through)
    .value("reference", reference)
    .value("summary", stored(&summary)?)
    .value("first_fix", stored(&answer.first_fix)?)
    .value("exceptions", stored(&answer.exceptions)?)
    .value("flow_map", stored(&answer.flow_maps)?)
    .value("health", stored(&answer.health)?)
    .value("duration_ms", duration_ms)
    .value("recorded_at", tx.now)
    .value("command_id", tx.next_command_id().0)
    .value("input_changed_at", input_changed_at)
    .execute(tx)
    .await?;
    Ok(Run {
        id,
        object: tag::ReconcileRun,
        window_from: *window_from,
        through: *through,
        reference: reference.clone(),
        inputs: summary.inputs,
        classes: summary.classes,
        explained_share: summary.explained_share,
        discrepancies: summary.discrepancies,
        episodes: summary.episodes,
        duration_ms: *duration_ms,
        created_at: tx.now,
        version: 1,
    })
}

fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}

/// Reads an id that this program has written.
fn id<I: std::str::FromStr<Err = InvalidId>>(text: &str) -> Result<I, Error> {
    text.parse().map_err(|error: InvalidId| Error::invariant(format!("{text}: {error}")))
}

struct DiscrepancyRow<'a> {
    no: i32,
    found: &'a Discrepancy,
    class: &'static str,
    episode_id: Option<Uuid>,
    content: Value,
}

async fn insert_discrepancies(
    tx: &Tx,
    run_id: ReconcileRunId,
    before: usize,
    found: &[Discrepancy],
) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(found.len());
    for (place, found) in found.iter().enumerate() {
        let class = found.explanations.first().map_or(Class::Unexplained, |explanation| explanation.class);
        rows.push(DiscrepancyRow {
            no: count(before + place),
            found,
            class: class.word(),
            episode_id: found.episode_id.as_deref().map(id::<EpisodeId>).transpose()?.map(|id| id.0),
            content: stored(found)?,
        });
    }
    Columns::of(
        "insert into reconcile_discrepancy (tenant_id, run_id, no, system, sku, place, class, taken_at, episode_id, content) \
         select $1, $2, v.* from unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], \
                                        $8::timestamptz[], $9::uuid[], $10::jsonb[]) \
             as v (no, system, sku, place, class, taken_at, episode_id, content)",
    )
    .bind(tx.tenant_id.0)
    .bind(run_id.0)
    .column("no", &rows, |row| row.no)
    .column("system", &rows, |row| row.found.system.as_str())
    .column("sku", &rows, |row| row.found.sku.as_str())
    .column("place", &rows, |row| row.found.place.as_str())
    .column("class", &rows, |row| row.class)
    .column("taken_at", &rows, |row| row.found.taken_at)
    .column("episode_id", &rows, |row| row.episode_id)
    .column("content", &rows, |row| row.content.clone())
    .execute(tx)
    .await?;
    Ok(())
}

struct EpisodeRow<'a> {
    no: i32,
    id: Uuid,
    found: &'a Episode,
    content: Value,
}

async fn insert_episodes(
    tx: &Tx,
    run_id: ReconcileRunId,
    before: usize,
    found: &[Episode],
) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(found.len());
    for (place, found) in found.iter().enumerate() {
        let id = id::<EpisodeId>(&found.id)?.0;
        rows.push(EpisodeRow { no: count(before + place), id, found, content: stored(found)? });
    }
    Columns::of(
        "insert into reconcile_episode (tenant_id, run_id, no, id, system, sku, place, class, edge_from, edge_to, \
                                        opened_at, healed_at, content) \
         select $1, $2, v.* from unnest($3::integer[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], \
                                        $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::jsonb[]) \
             as v (no, id, system, sku, place, class, edge_from, edge_to, opened_at, healed_at, content)",
    )
    .bind(tx.tenant_id.0)
    .bind(run_id.0)
    .column("no", &rows, |row| row.no)
    .column("id", &rows, |row| row.id)
    .column("system", &rows, |row| row.found.system.as_str())
    .column("sku", &rows, |row| row.found.sku.as_str())
    .column("place", &rows, |row| row.found.place.as_str())
    .column("class", &rows, |row| row.found.class.word())
    .column("edge_from", &rows, |row| row.found.from.as_str())
    .column("edge_to", &rows, |row| row.found.to.as_str())
    .column("opened_at", &rows, |row| row.found.opened_at)
    .column("healed_at", &rows, |row| row.found.healed_at)
    .column("content", &rows, |row| row.content.clone())
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps a fix as the first run told it.
async fn insert_fix(tx: &Tx, run_id: ReconcileRunId, fix: &Fix) -> Result<(), Error> {
    Columns::of(
        "insert into reconcile_fix (tenant_id, id, run_id, class, edge_from, edge_to, content, recorded_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant_id, id) do nothing",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", id::<FixId>(&fix.id)?.0)
    .value("run_id", run_id.0)
    .value("class", fix.class.word())
    .value("edge_from", &fix.edge.from)
    .value("edge_to", &fix.edge.to)
    .value("content", stored(fix)?)
    .value("recorded_at", tx.now)
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_verdict(
    tx: &Tx,
    run_id: ReconcileRunId,
    proof: &FixProof,
    through: DateTime<Utc>,
) -> Result<(), Error> {
    let since = (through - proof.applied_at).to_std().unwrap_or_default();
    let week = i32::try_from(since.as_secs() / WEEK.as_secs()).unwrap_or(i32::MAX);
    Columns::of(
        "insert into reconcile_verdict (tenant_id, fix_id, run_id, applied_at, week, verdict, content, recorded_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("fix_id", id::<FixId>(&proof.id)?.0)
    .value("run_id", run_id.0)
    .value("applied_at", proof.applied_at)
    .value("week", week)
    .value("verdict", proof.proof.verdict.word())
    .value("content", stored(&proof.proof)?)
    .value("recorded_at", tx.now)
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes what the newest runs find again. The newest runs keep it.
async fn delete_old(tx: &Tx) -> Result<(), Error> {
    for statement in [
        "delete from reconcile_discrepancy where tenant_id = $1 and run_id < ( \
             select id from reconcile_run where tenant_id = $1 order by id desc offset $2 limit 1)",
        "delete from reconcile_episode where tenant_id = $1 and run_id < ( \
             select id from reconcile_run where tenant_id = $1 order by id desc offset $2 limit 1)",
    ] {
        tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(RUNS_KEPT - 1)).await?;
    }
    Ok(())
}
