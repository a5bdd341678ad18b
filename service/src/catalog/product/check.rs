//! What can be wrong with a product: its own values, the records it names, and what others have already.

use std::collections::{HashMap, HashSet};

use domain::id::{CategoryId, ProductId, TaxClassId};
use domain::product::{ProductKind, Tracking, barcode_is_sound};
use domain::refusal::{Problems, Refusal};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::{ProductInput, UnitInput};
use crate::{Error, Tx, input};

/// The most units, and the most barcodes of one unit.
const PARTS_MAX: usize = 20;
/// The longest description.
const DESCRIPTION_LENGTH_MAX: usize = 10_000;
/// The longest barcode.
const BARCODE_LENGTH_MAX: usize = 64;
/// The tax class of a product that names none.
const STANDARD_TAX_CLASS: &str = "standard";

/// The records that a batch of products names or competes with.
#[derive(Debug, Default)]
pub(super) struct Known {
    categories: HashSet<CategoryId>,
    tax_classes: HashSet<TaxClassId>,
    standard_tax_class: Option<TaxClassId>,
    skus: HashMap<String, ProductId>,
    external_refs: HashMap<String, ProductId>,
    barcodes: HashMap<String, ProductId>,
}

/// The products of a batch, checked one after the other.
#[derive(Debug)]
pub(super) struct Drafts {
    known: Known,
    /// The product that is being changed: it does not compete with itself.
    own: Option<ProductId>,
}

/// Every barcode of a product, with its pointer and its unit.
pub(super) fn barcodes(input: &ProductInput) -> impl Iterator<Item = (String, &str, &str)> {
    let own = pointed("/barcodes".to_owned(), &input.stock_uom, &input.barcodes);
    let of_units = input
        .units
        .iter()
        .enumerate()
        .flat_map(|(place, unit)| pointed(format!("/units/{place}/barcodes"), &unit.uom, &unit.barcodes));
    own.chain(of_units)
}

fn pointed<'i>(
    base: String,
    uom: &'i str,
    codes: &'i [String],
) -> impl Iterator<Item = (String, &'i str, &'i str)> {
    codes.iter().enumerate().map(move |(place, code)| (format!("{base}/{place}"), uom, code.as_str()))
}

impl Known {
    pub(super) async fn load(tx: &Tx, inputs: &[ProductInput]) -> Result<Self, Error> {
        let mut known = Known::default();
        known.load_references(tx, inputs).await?;
        known.load_products(tx, inputs).await?;
        known.load_barcodes(tx, inputs).await?;
        Ok(known)
    }

    async fn load_references(&mut self, tx: &Tx, inputs: &[ProductInput]) -> Result<(), Error> {
        let query = sqlx::query("select id, code from tax_class where tenant_id = $1").bind(tx.tenant_id.0);
        for row in tx.rows(query).await? {
            let (id, code): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
            self.tax_classes.insert(TaxClassId(id));
            if code == STANDARD_TAX_CLASS {
                self.standard_tax_class = Some(TaxClassId(id));
            }
        }
        let mut wanted: Vec<Uuid> =
            inputs.iter().filter_map(|input| input.category_id).map(|id| id.0).collect();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(());
        }
        let query = sqlx::query("select id from category where tenant_id = $1 and id = any($2)");
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(wanted)).await? {
            self.categories.insert(CategoryId(row.try_get(0)?));
        }
        Ok(())
    }

    async fn load_products(&mut self, tx: &Tx, inputs: &[ProductInput]) -> Result<(), Error> {
        let skus: Vec<&str> = inputs.iter().map(|input| input.sku.as_str()).collect();
        let external_refs: Vec<&str> =
            inputs.iter().filter_map(|input| input.external_ref.as_deref()).collect();
        let query = sqlx::query(
            "select id, sku, external_ref from product
             where tenant_id = $1 and (sku = any($2) or external_ref = any($3))",
        );
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(skus).bind(external_refs)).await? {
            let id = ProductId(row.try_get(0)?);
            self.skus.insert(row.try_get(1)?, id);
            if let Some(external_ref) = row.try_get(2)? {
                self.external_refs.insert(external_ref, id);
            }
        }
        Ok(())
    }

    async fn load_barcodes(&mut self, tx: &Tx, inputs: &[ProductInput]) -> Result<(), Error> {
        let codes: Vec<&str> = inputs.iter().flat_map(barcodes).map(|(_, _, code)| code).collect();
        if codes.is_empty() {
            return Ok(());
        }
        let query =
            sqlx::query("select code, product_id from barcode where tenant_id = $1 and code = any($2)");
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(codes)).await? {
            self.barcodes.insert(row.try_get(0)?, ProductId(row.try_get(1)?));
        }
        Ok(())
    }
}

impl Drafts {
    pub(super) fn new(known: Known, own: Option<ProductId>) -> Self {
        Drafts { known, own }
    }

    /// Refuses a product that can't be; what an accepted one takes is taken for those after it. Answers the tax class.
    pub(super) fn check(&mut self, input: &ProductInput) -> Result<TaxClassId, Refusal> {
        let mut problems = Problems::default();
        check_values(&mut problems, input);
        check_units(&mut problems, input);
        let tax_class_id = self.check_references(&mut problems, input);
        self.check_taken(&mut problems, input);
        problems.check()?;
        self.take(input);
        Ok(tax_class_id)
    }

    fn check_references(&self, problems: &mut Problems, input: &ProductInput) -> TaxClassId {
        if input.category_id.is_some_and(|id| !self.known.categories.contains(&id)) {
            input::unknown(problems, "/category_id", "category");
        }
        match input.tax_class_id.or(self.known.standard_tax_class) {
            Some(id) => {
                if !self.known.tax_classes.contains(&id) {
                    input::unknown(problems, "/tax_class_id", "tax class");
                }
                id
            }
            None => {
                let detail = "Name a tax class, or create one with the code standard, which is the default.";
                problems.invalid("/tax_class_id", detail);
                TaxClassId::default()
            }
        }
    }

    fn check_taken(&self, problems: &mut Problems, input: &ProductInput) {
        let by_other = |owners: &HashMap<String, ProductId>, value: &str| {
            owners.get(value).is_some_and(|owner| self.own != Some(*owner))
        };
        if by_other(&self.known.skus, &input.sku) {
            input::taken(problems, "/sku", "product", &input.sku);
        }
        if let Some(external_ref) = input.external_ref.as_deref()
            && by_other(&self.known.external_refs, external_ref)
        {
            input::external_ref_taken(problems, external_ref);
        }
        let mut seen = HashSet::new();
        for (pointer, _, code) in barcodes(input) {
            if !seen.insert(code) {
                problems.invalid(pointer, "A barcode stands for one unit only; this one is named twice.");
            } else if by_other(&self.known.barcodes, code) {
                input::taken(problems, pointer, "product", code);
            }
        }
    }

    fn take(&mut self, input: &ProductInput) {
        let nobody = ProductId::default();
        self.known.skus.insert(input.sku.clone(), nobody);
        if let Some(external_ref) = &input.external_ref {
            self.known.external_refs.insert(external_ref.clone(), nobody);
        }
        for (_, _, code) in barcodes(input) {
            self.known.barcodes.insert(code.to_owned(), nobody);
        }
    }
}

fn check_values(problems: &mut Problems, input: &ProductInput) {
    input::code(problems, "/sku", &input.sku);
    input::name(problems, "/name", &input.name);
    input::text(problems, "/description", &input.description, DESCRIPTION_LENGTH_MAX);
    input::uom(problems, "/stock_uom", &input.stock_uom);
    input::not_negative(problems, "/list_price", input.list_price);
    input::external_ref(problems, input.external_ref.as_deref());
    input::metadata(problems, &input.metadata);
    if input.tracking != Tracking::None && input.kind != ProductKind::Stocked {
        problems.invalid("/tracking", "Only stocked goods are tracked by lot or serial number.");
    }
    if input.barcodes.len() > PARTS_MAX {
        problems.invalid("/barcodes", format!("A unit has at most {PARTS_MAX} barcodes."));
    }
    for (pointer, _, code) in barcodes(input) {
        input::line(problems, &pointer, code, BARCODE_LENGTH_MAX);
        if !barcode_is_sound(code) {
            problems
                .invalid(pointer, format!("The last digit of {code} is not its check digit; scan it again."));
        }
    }
}

fn check_units(problems: &mut Problems, input: &ProductInput) {
    if input.units.len() > PARTS_MAX {
        problems
            .invalid("/units", format!("A product has at most {PARTS_MAX} units besides its stock unit."));
    }
    let mut seen = HashSet::from([input.stock_uom.as_str()]);
    for (place, UnitInput { uom, factor, list_price, barcodes }) in input.units.iter().enumerate() {
        let pointer = |field: &str| format!("/units/{place}/{field}");
        input::uom(problems, &pointer("uom"), uom);
        if !seen.insert(uom) {
            problems.invalid(pointer("uom"), "Each unit stands once, and the stock unit is not among them.");
        }
        if !factor.is_positive() {
            problems.invalid(
                pointer("factor"),
                "This must be above zero: it says how many stock units a unit has.",
            );
        }
        input::not_negative(problems, &pointer("list_price"), *list_price);
        if barcodes.len() > PARTS_MAX {
            problems.invalid(pointer("barcodes"), format!("A unit has at most {PARTS_MAX} barcodes."));
        }
    }
}
