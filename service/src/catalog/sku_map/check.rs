//! Checks of a mapping: its own values, the product that it names, and the validity of other mappings.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::id::{ProductId, SkuMappingId};
use domain::product::{ProductStatus, fits_decimals};
use domain::refusal::{Code, Problems, Refusal};
use domain::text::Line100;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::{SkuMappingInput, sku_mapping};
use crate::listing::word;
use crate::{Error, Tx, input};

/// Product and validity of a valid mapping.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolved {
    pub(super) product_id: ProductId,
    pub(super) valid_from: Option<DateTime<Utc>>,
    pub(super) valid_until: Option<DateTime<Utc>>,
}

/// The records that a batch of mappings references or competes with.
#[derive(Debug)]
pub(super) struct References {
    time_zone: Tz,
    products: HashMap<ProductId, Target>,
    skus: HashMap<String, ProductId>,
    taken: HashMap<Name, Vec<Validity>>,
}

/// System, external SKU, external location.
type Name = (String, String, String);

/// A product that may be mapped to.
#[derive(Debug)]
struct Target {
    status: ProductStatus,
    decimals: u8,
}

/// The validity of a mapping.
#[derive(Debug)]
struct Validity {
    id: SkuMappingId,
    valid_from: Option<DateTime<Utc>>,
    valid_until: Option<DateTime<Utc>>,
}

impl References {
    pub(super) async fn load(tx: &Tx, inputs: &[SkuMappingInput]) -> Result<Self, Error> {
        let time_zone = input::tenant_defaults(tx).await?.time_zone;
        let (products, skus, taken) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut known = References { time_zone, products, skus, taken };
        known.load_products(tx, inputs).await?;
        known.load_taken(tx, inputs).await?;
        Ok(known)
    }

    async fn load_products(&mut self, tx: &Tx, inputs: &[SkuMappingInput]) -> Result<(), Error> {
        let ids: Vec<Uuid> = inputs.iter().filter_map(|input| input.product_id).map(|id| id.0).collect();
        let skus: Vec<&str> = inputs.iter().filter_map(|input| input.sku.as_deref()).collect();
        let query = sqlx::query(
            "select id, sku, status, stock_decimals from product
             where tenant_id = $1 and (id = any($2) or sku = any($3))",
        );
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(ids).bind(skus)).await? {
            let id = ProductId(row.try_get("id")?);
            let decimals = u8::try_from(row.try_get::<i16, _>("stock_decimals")?).unwrap_or_default();
            self.products.insert(id, Target { status: word(&row, "status")?, decimals });
            self.skus.insert(row.try_get("sku")?, id);
        }
        Ok(())
    }

    async fn load_taken(&mut self, tx: &Tx, inputs: &[SkuMappingInput]) -> Result<(), Error> {
        let (systems, skus): (Vec<&str>, Vec<&str>) =
            inputs.iter().map(|input| (input.system.as_str(), input.external_sku.as_str())).unzip();
        let query = sqlx::query(
            "select m.id, m.system, m.external_sku, m.external_location, m.valid_from, m.valid_until
             from (select distinct * from unnest($2::text[], $3::text[]) r (system, external_sku)) r
             join sku_mapping m on m.tenant_id = $1 and m.system = r.system and m.external_sku = r.external_sku",
        );
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(systems).bind(skus)).await? {
            let name =
                (row.try_get("system")?, row.try_get("external_sku")?, row.try_get("external_location")?);
            self.taken.entry(name).or_default().push(Validity {
                id: SkuMappingId(row.try_get("id")?),
                valid_from: row.try_get("valid_from")?,
                valid_until: row.try_get("valid_until")?,
            });
        }
        Ok(())
    }

    /// Rejects an invalid mapping. The validity of an accepted one is taken for the mappings after it. `before` is
    /// the mapping that changes: it does not compete with itself, and may keep a product that has been archived
    /// since.
    pub(super) fn check(
        &mut self,
        input: &SkuMappingInput,
        id: SkuMappingId,
        before: Option<&sku_mapping::Model>,
    ) -> Result<Resolved, Refusal> {
        let mut problems = Problems::default();
        let location = input.external_location.as_ref();
        check_reference(&mut problems, "", &input.system, &input.external_sku, location);
        let valid_from = input.valid_from.map(|moment| moment.start(self.time_zone));
        let valid_until = input.valid_until.map(|moment| moment.end(self.time_zone));
        if let (Some(from), Some(until)) = (valid_from, valid_until)
            && from >= until
        {
            problems.invalid("/valid_until", "The mapping must end after it begins.");
        }
        let product_id = self.check_product(&mut problems, input, before.map(|row| row.product_id));
        self.check_factor(&mut problems, input, product_id);
        let location = input.external_location.as_ref().map(ToString::to_string).unwrap_or_default();
        let taken = self
            .taken
            .entry((input.system.to_string(), input.external_sku.to_string(), location))
            .or_default();
        let wanted = Validity { id, valid_from, valid_until };
        if taken.iter().any(|other| other.id != id && other.overlaps(&wanted)) {
            problems.add("/valid_from", Code::AlreadyExists, OVERLAP);
        }
        problems.check()?;
        taken.retain(|other| other.id != id);
        taken.push(wanted);
        Ok(Resolved { product_id: product_id.unwrap_or_default(), valid_from, valid_until })
    }

    fn check_product(
        &self,
        problems: &mut Problems,
        input: &SkuMappingInput,
        present: Option<ProductId>,
    ) -> Option<ProductId> {
        let (pointer, id) = match (input.product_id, &input.sku) {
            (Some(id), None) => ("/product_id", Some(id)),
            (None, Some(sku)) => ("/sku", self.skus.get(sku.as_str()).copied()),
            (Some(_), Some(_)) => {
                problems.invalid("/sku", "Name the product by product_id or by sku, not by both.");
                return None;
            }
            (None, None) => {
                problems.invalid("/product_id", "Name the product by product_id or by sku.");
                return None;
            }
        };
        let Some((id, target)) = id.and_then(|id| Some((id, self.products.get(&id)?))) else {
            input::add_unknown(problems, pointer, "product");
            return None;
        };
        if target.status == ProductStatus::Archived && present != Some(id) {
            problems.invalid(pointer, "The product is archived and takes no new mapping.");
        }
        Some(id)
    }

    fn check_factor(&self, problems: &mut Problems, input: &SkuMappingInput, product_id: Option<ProductId>) {
        let target = product_id.and_then(|id| self.products.get(&id));
        if !input.factor.is_positive() {
            let detail = "This must be above zero: it says how many stock units an external unit has.";
            problems.invalid("/factor", detail);
        } else if let Some(Target { decimals, .. }) = target
            && !fits_decimals(input.factor, *decimals)
        {
            problems
                .invalid("/factor", format!("A quantity of this product has at most {decimals} decimals."));
        }
    }
}

impl Validity {
    /// Whether both validities share an instant. An open end never ends.
    fn overlaps(&self, other: &Validity) -> bool {
        let begins_before = |from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>| match (from, until) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        };
        begins_before(self.valid_from, other.valid_until) && begins_before(other.valid_from, self.valid_until)
    }
}

const OVERLAP: &str =
    "Another mapping of this SKU is valid at the same time: end that one before this one begins.";

/// Turns a constraint violation into a rejection: another transaction wrote such a mapping after the check.
pub(super) fn overlaps(error: Error) -> Error {
    error.on_constraint("sku_mapping_no_overlap", || {
        Problems::one("/valid_from", Code::AlreadyExists, OVERLAP)
    })
}

/// Checks the fields of a reference below `base`.
pub(super) fn check_reference(
    problems: &mut Problems,
    base: &str,
    system: &Line100,
    sku: &Line100,
    location: Option<&Line100>,
) {
    system.check(problems, &format!("{base}/system"));
    sku.check(problems, &format!("{base}/external_sku"));
    if let Some(location) = location {
        location.check(problems, &format!("{base}/external_location"));
    }
}
