//! Episodes, and what a person has decided about their cause.

use chrono::{DateTime, Utc};
use domain::id::{CommandId, EpisodeId, ReconcileRunId};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::Note200;
use reconcile::answer::Episode;
use reconcile::term::Class;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::{Deserialize, Serialize};

use super::list::{Filter, Numbered, RunPage, State, filtered};
use super::parsed;
use crate::columns::Columns;
use crate::listing::{Listing, optional_word};
use crate::{Error, Tx};

/// The cause of an episode, as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReconcileEpisodeResolve)]
pub struct Resolution {
    /// The cause: the class of the episode if it is right, otherwise the true one.
    pub class: Class,
    /// Note on how it was found out or corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note200>,
}

/// An episode: a difference with one cause, from its beginning to its end.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileEpisode)]
pub struct EpisodeRecord {
    /// Always `reconcile_episode`.
    pub object: tag::ReconcileEpisode,
    /// The run that found it.
    pub run_id: ReconcileRunId,
    /// The episode as that run found it.
    #[serde(flatten)]
    pub episode: Episode,
    /// The decision of a person. Null if there is none.
    pub resolution: Option<Resolved>,
}

/// The decision of a person about the cause of an episode. The newest holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileResolution)]
pub struct Resolved {
    /// The cause.
    pub class: Class,
    /// Note on how it was found out or corrected.
    #[schema(max_length = 200, example = "The refund job was off")]
    pub note: Option<String>,
    /// When it was decided.
    pub resolved_at: DateTime<Utc>,
    /// The command, whose entry in the audit log has the caller.
    pub command_id: CommandId,
}

const SELECT: &str = "select e.run_id, e.no, e.content, r.class as resolved_class, r.note, r.recorded_at, r.command_id \
     from reconcile_episode e \
     left join lateral (select r.class, r.note, r.recorded_at, r.command_id from reconcile_resolution r \
                        where r.tenant_id = e.tenant_id and r.episode_id = e.id order by r.id desc limit 1) r on true \
     where e.tenant_id = ";

/// Lists the episodes of a run.
pub async fn list(tx: &Tx, filter: &Filter, page: RunPage) -> Result<Vec<Numbered<EpisodeRecord>>, Error> {
    let rows = filtered(Listing::new(tx, SELECT).sql(" and e.run_id = ").bind(page.run_id.0), "e", filter)
        .sql(match filter.state {
            Some(State::Open) => " and e.healed_at is null",
            Some(State::Healed) => " and e.healed_at is not null",
            None => "",
        })
        .with("e.no > ", page.after)
        .sql(" order by e.no limit ")
        .bind(page.rows.cast_signed())
        .rows(tx)
        .await?;
    let numbered = |row: &PgRow| -> Result<Numbered<EpisodeRecord>, Error> {
        Ok(Numbered { place: (page.run_id, row.try_get("no")?), record: read(row)? })
    };
    rows.iter().map(numbered).collect()
}

/// Returns an episode as the latest run found it.
pub async fn get(tx: &Tx, id: EpisodeId) -> Result<EpisodeRecord, Error> {
    let rows = Listing::new(tx, SELECT)
        .with("e.id = ", Some(id.0))
        .sql(" order by e.run_id desc limit 1")
        .rows(tx)
        .await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("episode"))?)
}

/// Notes the cause that a person sees. Later runs weigh it in the confidence of equal causes.
pub async fn resolve(tx: &Tx, id: EpisodeId, input: &Resolution) -> Result<EpisodeRecord, Error> {
    let mut problems = Problems::default();
    if let Some(note) = &input.note {
        note.check(&mut problems, "/note");
    }
    problems.check()?;
    let found = get(tx, id).await?.episode;
    Columns::of(
        "insert into reconcile_resolution (tenant_id, id, episode_id, system, found_class, class, note, recorded_at, \
                                           command_id) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", tx.next_id())
    .value("episode_id", id.0)
    .value("system", found.system)
    .value("found_class", found.class.word())
    .value("class", input.class.word())
    .value("note", input.note.as_ref().map(|note| note.as_str().to_owned()))
    .value("recorded_at", tx.now)
    .value("command_id", tx.next_command_id().0)
    .execute(tx)
    .await?;
    get(tx, id).await
}

fn read(row: &PgRow) -> Result<EpisodeRecord, Error> {
    let resolution = match optional_word(row, "resolved_class")? {
        Some(class) => Some(Resolved {
            class,
            note: row.try_get("note")?,
            resolved_at: row.try_get("recorded_at")?,
            command_id: CommandId(row.try_get("command_id")?),
        }),
        None => None,
    };
    Ok(EpisodeRecord {
        object: tag::ReconcileEpisode,
        run_id: ReconcileRunId(row.try_get("run_id")?),
        episode: parsed(row.try_get("content")?)?,
        resolution,
    })
}
