//! Finds the own levels of differences and of their evidence when a result is read. A run keeps SKUs and codes of locations, not ids.

use std::collections::{HashMap, HashSet};

use domain::id::{LocationId, ProductId, ReconcileRunId};
use reconcile::answer::{Discrepancy, Evidence, Example, Fix, OwnLevel};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::reconcile::system::OWN;
use crate::{Error, Tx};

/// A part of an answer that is about one item at one place.
pub(super) struct Line<'l> {
    run_id: ReconcileRunId,
    sku: &'l str,
    place: &'l str,
    /// Whether it is about an own level, also if another system is the reference.
    is_own: bool,
    evidence: Vec<&'l mut Evidence>,
    /// The level of the line, if it shows one.
    level: Option<&'l mut Option<OwnLevel>>,
}

impl<'l> Line<'l> {
    /// Returns the line of a difference.
    pub(super) fn of_discrepancy(run_id: ReconcileRunId, found: &'l mut Discrepancy) -> Self {
        let Discrepancy { system, sku, place, explanations, level, .. } = found;
        let evidence = explanations.iter_mut().flat_map(|one| one.evidence.iter_mut()).collect();
        Line { run_id, sku, place, is_own: system == OWN, evidence, level: Some(level) }
    }

    /// Returns the lines of the examples of a fix.
    pub(super) fn of_fix(run_id: ReconcileRunId, fix: &'l mut Fix) -> impl Iterator<Item = Self> {
        fix.examples.iter_mut().map(move |example| {
            let Example { sku, place, here, there } = example;
            let evidence = here.iter_mut().chain(there.iter_mut()).collect();
            Line { run_id, sku, place, is_own: false, evidence, level: None }
        })
    }
}

impl Line<'_> {
    /// Whether the line itself is about an own level.
    fn is_own(&self, of_own: &HashSet<Uuid>) -> bool {
        self.is_own || of_own.contains(&self.run_id.0)
    }

    /// Whether the line or a part of its evidence is about an own level.
    fn has_own(&self, of_own: &HashSet<Uuid>) -> bool {
        self.is_own(of_own) || self.evidence.iter().any(|one| one.system == OWN)
    }
}

/// Adds the own level to lines and to their evidence. Adds none for a product whose SKU has changed since the run.
pub(super) async fn add(tx: &Tx, lines: Vec<Line<'_>>) -> Result<(), Error> {
    let of_own = runs_of_own(tx, &lines).await?;
    let (mut skus, mut places) = (Vec::new(), Vec::new());
    for line in lines.iter().filter(|line| line.has_own(&of_own)) {
        skus.push(line.sku.to_owned());
        places.push(line.place.to_owned());
    }
    if skus.is_empty() {
        return Ok(());
    }
    let levels = find(tx, skus, places).await?;
    for line in lines {
        let Some(level) = levels.get(&(line.sku.to_owned(), line.place.to_owned())) else { continue };
        let is_own = line.is_own(&of_own);
        for evidence in line.evidence.into_iter().filter(|one| is_own || one.system == OWN) {
            evidence.level = Some(level.clone());
        }
        if let Some(shown) = line.level.filter(|_| is_own) {
            *shown = Some(level.clone());
        }
    }
    Ok(())
}

/// Returns the runs whose reference is the own ledger.
async fn runs_of_own(tx: &Tx, lines: &[Line<'_>]) -> Result<HashSet<Uuid>, Error> {
    let mut runs: Vec<Uuid> = lines.iter().map(|line| line.run_id.0).collect();
    runs.sort_unstable();
    runs.dedup();
    if runs.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = "select id from reconcile_run where tenant_id = $1 and id = any($2) and reference = $3";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(runs).bind(OWN)).await?;
    let id = |row: &PgRow| -> Result<Uuid, Error> { Ok(row.try_get("id")?) };
    rows.iter().map(id).collect()
}

/// Returns levels by SKU and code of the location. The two lists go together.
async fn find(
    tx: &Tx,
    skus: Vec<String>,
    places: Vec<String>,
) -> Result<HashMap<(String, String), OwnLevel>, Error> {
    let statement = "select p.sku, o.code as place, p.id as product_id, o.id as location_id \
         from (select distinct v.sku, v.place from unnest($2::text[], $3::text[]) as v (sku, place)) k \
         join product p on p.tenant_id = $1 and p.sku = k.sku \
         join location o on o.tenant_id = $1 and o.code = k.place";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(skus).bind(places)).await?;
    let mut levels: HashMap<(String, String), OwnLevel> = HashMap::new();
    for row in rows {
        let (location_id, product_id) =
            (LocationId(row.try_get("location_id")?), ProductId(row.try_get("product_id")?));
        let level = OwnLevel {
            location_id,
            product_id,
            explain: format!("/v1/stock/levels/{location_id}/{product_id}/explain"),
            count_plan: format!("/v1/counts/plan?location_id={location_id}"),
        };
        levels.insert((row.try_get("sku")?, row.try_get("place")?), level);
    }
    Ok(levels)
}
