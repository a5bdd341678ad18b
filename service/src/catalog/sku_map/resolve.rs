//! Resolution of external SKUs at an instant, and the queue of unmapped ones.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::{ProductId, SkuMappingId, UnmappedSkuId};
use domain::moment::Instant;
use domain::number::Quantity;
use domain::product::ProductStatus;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::Line100;
use sea_orm::sqlx::{self, Row, postgres::PgRow};
use serde::{Deserialize, Serialize};

use super::check::check_reference;
use crate::columns::Columns;
use crate::listing::{Listing, Slice, number, word};
use crate::{Error, Tx};

/// Most references of one request.
pub const REFERENCES_MAX: usize = 1_000;

/// An SKU of another system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SkuReference)]
pub struct Reference {
    /// Name of the other system.
    pub system: Line100,
    /// SKU in the other system.
    pub external_sku: Line100,
    /// Location in the other system.
    #[serde(default)]
    pub external_location: Option<Line100>,
}

/// The external SKUs to resolve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SkuResolve)]
pub struct ResolveInput {
    /// References, at most 1,000.
    #[schema(min_items = 1, max_items = 1000)]
    pub references: Vec<Reference>,
    /// Instant for which the mapping must be valid: when the product was sold there. The default is now.
    #[serde(default)]
    pub at: Option<Instant>,
}

/// Products that SKUs of other systems stand for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SkuResolution {
    pub object: tag::SkuResolution,
    /// Number of SKUs with a mapping.
    #[schema(minimum = 0, maximum = 1000, example = 1)]
    pub mapped: usize,
    /// Number of SKUs without a mapping. The queue of unmapped SKUs keeps them.
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    pub unmapped: usize,
    /// One result per reference, in their order.
    #[schema(max_items = 1000)]
    pub results: Vec<SkuResult>,
}

/// Result for one SKU.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SkuResult {
    /// The other system.
    #[schema(max_length = 100, example = "webshop")]
    pub system: String,
    /// SKU in that system.
    #[schema(max_length = 100, example = "4711-6PACK")]
    pub external_sku: String,
    /// Location in that system.
    #[schema(max_length = 100, example = "outlet-2")]
    pub external_location: Option<String>,
    /// Product that it stands for. Null: no mapping applies.
    pub product: Option<ResolvedProduct>,
}

/// Product that a SKU stands for.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ResolvedProduct {
    /// Id of the product.
    pub id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Whether it may be sold.
    pub status: ProductStatus,
    /// Stock units per external unit.
    pub factor: Quantity,
    /// Mapping that applies.
    pub mapping_id: SkuMappingId,
}

impl SkuResult {
    fn of((reference, product): (&Reference, Option<ResolvedProduct>)) -> Self {
        SkuResult {
            system: reference.system.to_string(),
            external_sku: reference.external_sku.to_string(),
            external_location: reference.external_location.clone().map(String::from),
            product,
        }
    }
}

/// A SKU of another system that was asked for and had no mapping.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnmappedSku {
    /// Id of the unmapped SKU.
    pub id: UnmappedSkuId,
    pub object: tag::UnmappedSku,
    /// The other system.
    #[schema(max_length = 100, example = "webshop")]
    pub system: String,
    /// SKU in that system.
    #[schema(max_length = 100, example = "4711-6PACK")]
    pub external_sku: String,
    /// Location in that system.
    #[schema(max_length = 100, example = "outlet-2")]
    pub external_location: Option<String>,
    /// Number of lookups that found no mapping.
    #[schema(minimum = 1, example = 3)]
    pub misses: i64,
    /// Time of the first lookup that found no mapping.
    pub first_missed_at: DateTime<Utc>,
    /// Time of the last lookup that found no mapping.
    pub last_missed_at: DateTime<Utc>,
    /// Latest instant that it was asked for. A mapping must cover it.
    #[schema(example = "2026-11-21T17:03:00Z")]
    pub missed_for: DateTime<Utc>,
    /// Since when a mapping covers that instant. Null: none does.
    #[schema(example = "2026-11-22T08:00:00Z")]
    pub mapped_at: Option<DateTime<Utc>>,
}

/// Whether an unmapped SKU has been mapped since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnmappedStatus {
    /// No mapping yet.
    #[default]
    Open,
    /// Mapped since.
    Mapped,
}

#[derive(Debug, Clone, Default)]
pub struct UnmappedFilter {
    pub system: Option<String>,
    pub status: UnmappedStatus,
}

/// Resolves each reference, in order. A mapping of the location takes precedence over one for all locations.
/// References without a mapping are counted in the queue of unmapped SKUs.
pub async fn resolve(tx: &Tx, input: &ResolveInput) -> Result<SkuResolution, Error> {
    check(input)?;
    let at = input.at.map_or(tx.now, Instant::get);
    let query = sqlx::query(
        "select r.place, m.id, m.product_id, p.sku, p.status, m.factor
         from unnest($2::text[], $3::text[], $4::text[]) with ordinality
              r (system, external_sku, external_location, place)
         cross join lateral (
             select m.id, m.product_id, m.factor from sku_mapping m
             where m.tenant_id = $1 and m.system = r.system and m.external_sku = r.external_sku
               and (m.external_location = r.external_location or m.external_location = '')
               and (m.valid_from is null or m.valid_from <= $5) and (m.valid_until is null or m.valid_until > $5)
             order by m.external_location = '' limit 1
         ) m
         join product p on p.tenant_id = $1 and p.id = m.product_id",
    );
    let (systems, skus, locations) = columns(&input.references);
    let query = query.bind(tx.tenant_id.0).bind(systems).bind(skus).bind(locations).bind(at);
    let mut matches: Vec<Option<ResolvedProduct>> = vec![None; input.references.len()];
    for row in tx.rows(query).await? {
        let place = usize::try_from(row.try_get::<i64, _>("place")? - 1).unwrap_or_default();
        if let Some(found) = matches.get_mut(place) {
            *found = Some(read_match(&row)?);
        }
    }
    let (found, missed): (Vec<_>, Vec<_>) =
        input.references.iter().zip(&matches).partition(|(_, found)| found.is_some());
    if !found.is_empty() {
        // A reference may have been missed at the very moment at which it was mapped.
        let names: Vec<(&str, &str)> = found
            .iter()
            .map(|(reference, _)| (reference.system.as_str(), reference.external_sku.as_str()))
            .collect();
        review(tx, &names).await?;
    }
    let (mapped, unmapped) = (found.len(), missed.len());
    record_misses(tx, missed.into_iter().map(|(reference, _)| reference), at).await?;
    let results = input.references.iter().zip(matches).map(SkuResult::of).collect();
    Ok(SkuResolution { object: tag::SkuResolution, mapped, unmapped, results })
}

fn read_match(row: &PgRow) -> Result<ResolvedProduct, Error> {
    Ok(ResolvedProduct {
        mapping_id: SkuMappingId(row.try_get("id")?),
        id: ProductId(row.try_get("product_id")?),
        sku: row.try_get("sku")?,
        status: word(row, "status")?,
        factor: number(row, "factor")?,
    })
}

fn check(input: &ResolveInput) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    if input.references.is_empty() || input.references.len() > REFERENCES_MAX {
        problems.invalid("/references", format!("Send 1 to {REFERENCES_MAX} references."));
    }
    for (place, reference) in input.references.iter().enumerate() {
        let Reference { system, external_sku, external_location } = reference;
        let base = format!("/references/{place}");
        check_reference(&mut problems, &base, system, external_sku, external_location.as_ref());
    }
    problems.check()
}

fn columns<'r>(
    references: impl IntoIterator<Item = &'r Reference>,
) -> (Vec<&'r str>, Vec<&'r str>, Vec<&'r str>) {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for Reference { system, external_sku, external_location } in references {
        columns.0.push(system.as_str());
        columns.1.push(external_sku.as_str());
        columns.2.push(external_location.as_deref().unwrap_or_default());
    }
    columns
}

/// Counts references without a mapping, each once per requested instant.
async fn record_misses<'r>(
    tx: &Tx,
    missed: impl Iterator<Item = &'r Reference>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let mut counts: BTreeMap<&Reference, i64> = BTreeMap::new();
    missed.for_each(|reference| *counts.entry(reference).or_default() += 1);
    if counts.is_empty() {
        return Ok(());
    }
    let query = Columns::of(
        "insert into unmapped_sku as u (tenant_id, id, system, external_sku, external_location, misses,
                                        first_missed_at, last_missed_at, missed_for)
         select $1, r.id, r.system, r.external_sku, r.external_location, r.misses, $7, $7, $8
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[])
              r (id, system, external_sku, external_location, misses)
         order by r.system, r.external_sku, r.external_location
         on conflict (tenant_id, system, external_sku, external_location) do update
         set misses = u.misses + excluded.misses, last_missed_at = excluded.last_missed_at,
             missed_for = greatest(u.missed_for, excluded.missed_for), mapped_at = null",
    );
    let rows: Vec<(&Reference, i64)> = counts.into_iter().collect();
    let query = query
        .bind(tx.tenant_id.0)
        .column("id", &rows, |_| tx.next_id())
        .column("system", &rows, |(reference, _)| reference.system.as_str())
        .column("external_sku", &rows, |(reference, _)| reference.external_sku.as_str())
        .column("external_location", &rows, |(reference, _)| {
            reference.external_location.as_deref().unwrap_or_default()
        })
        .column("misses", &rows, |(_, misses)| *misses)
        .bind(tx.now)
        .bind(at);
    query.execute(tx).await?;
    Ok(())
}

/// Reviews unmapped SKUs (system and SKU) whose mappings may have changed. An SKU leaves the queue when a mapping
/// covers its latest requested instant, and returns when none does any longer.
pub(super) async fn review(tx: &Tx, names: &[(&str, &str)]) -> Result<(), Error> {
    let query = sqlx::query(
        "update unmapped_sku u
         set mapped_at = case when seen.covered then $4::timestamptz end
         from (
             select missed.id, exists (
                 select 1 from sku_mapping m
                 where m.tenant_id = $1 and m.system = missed.system and m.external_sku = missed.external_sku
                   and (m.external_location = missed.external_location or m.external_location = '')
                   and (m.valid_from is null or m.valid_from <= missed.missed_for)
                   and (m.valid_until is null or m.valid_until > missed.missed_for)
             ) as covered
             from unnest($2::text[], $3::text[]) r (system, external_sku)
             join unmapped_sku missed on missed.tenant_id = $1 and missed.system = r.system
                                     and missed.external_sku = r.external_sku
         ) seen
         where u.tenant_id = $1 and u.id = seen.id and (u.mapped_at is not null) <> seen.covered",
    );
    let (systems, skus): (Vec<&str>, Vec<&str>) = names.iter().copied().unzip();
    tx.execute(query.bind(tx.tenant_id.0).bind(systems).bind(skus).bind(tx.now)).await?;
    Ok(())
}

/// Returns one page of the queue of unmapped SKUs.
pub async fn list_unmapped(
    tx: &Tx,
    filter: &UnmappedFilter,
    slice: &Slice,
) -> Result<Vec<UnmappedSku>, Error> {
    let select =
        "select id, system, external_sku, external_location, misses, first_missed_at, last_missed_at,
                         missed_for, mapped_at
                  from unmapped_sku where tenant_id = ";
    let status = match filter.status {
        UnmappedStatus::Open => " and mapped_at is null",
        UnmappedStatus::Mapped => " and mapped_at is not null",
    };
    let listing = Listing::new(tx, select).sql(status).with("system = ", filter.system.as_deref());
    let rows = listing.page(tx, "id", slice).await?;
    rows.iter().map(read_unmapped).collect()
}

fn read_unmapped(row: &PgRow) -> Result<UnmappedSku, Error> {
    let location: String = row.try_get("external_location")?;
    Ok(UnmappedSku {
        id: UnmappedSkuId(row.try_get("id")?),
        object: tag::UnmappedSku,
        system: row.try_get("system")?,
        external_sku: row.try_get("external_sku")?,
        external_location: Some(location).filter(|location| !location.is_empty()),
        misses: row.try_get("misses")?,
        first_missed_at: row.try_get("first_missed_at")?,
        last_missed_at: row.try_get("last_missed_at")?,
        missed_for: row.try_get("missed_for")?,
        mapped_at: row.try_get("mapped_at")?,
    })
}
