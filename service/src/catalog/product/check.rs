//! Checks of a product: its own values, the records that it references, and values that other products have.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use domain::annotation;
use domain::id::{CategoryId, ProductGroupId, ProductId, TaxClassId};
use domain::metadata;
use domain::product::{
    Barcode64, DECIMALS_MAX, ProductKind, Tracking, barcode_forms, barcode_is_sound,
    check_barcode_kept_digits, fits_decimals, joined_gtin, other_barcode,
};
use domain::refusal::{Code, Problem, Problems, Refusal};
use domain::stock::CostingMethod;
use domain::text::{Code64, LineRule, Rule};
use domain::variant::{Choice, GroupOption, check_choice, parse_options};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::{Product, ProductInput, UnitInput};
use crate::{Error, Tx, input};

/// Most units, and most barcodes of one unit.
const PARTS_MAX: usize = 20;
/// Longest barcode.
const BARCODE_LENGTH_MAX: usize = 64;
/// Tax class of a product that names none.
const STANDARD_TAX_CLASS: &str = "standard";

/// The records that a batch of products references or competes with.
#[derive(Debug, Default)]
pub(super) struct References {
    categories: HashSet<CategoryId>,
    tax_classes: HashSet<TaxClassId>,
    standard_tax_class: Option<TaxClassId>,
    skus: HashMap<String, ProductId>,
    external_refs: HashMap<String, ProductId>,
    /// By what they name, see [`article`].
    barcodes: HashMap<String, ProductId>,
    groups: HashMap<ProductGroupId, Vec<GroupOption>>,
    variants: HashMap<(ProductGroupId, String), ProductId>,
}

/// Returns what a barcode names: the article of a GTIN, with or without leading zeros and in its short form, or the code itself.
fn article(code: &str) -> String {
    joined_gtin(code).unwrap_or_else(|| code.to_owned())
}

/// The products of a batch, checked one after the other.
#[derive(Debug)]
pub(super) struct Drafts(References);

/// Returns every barcode of a product, with its pointer and its unit.
pub(super) fn barcodes(input: &ProductInput) -> impl Iterator<Item = (String, &str, &str)> {
    let own = with_pointer("/barcodes".to_owned(), &input.stock_uom, &input.barcodes);
    let of_units = input.units.iter().enumerate().flat_map(|(place, unit)| {
        with_pointer(format!("/units/{place}/barcodes"), &unit.uom, &unit.barcodes)
    });
    own.chain(of_units)
}

fn with_pointer<'i>(
    base: String,
    uom: &'i str,
    codes: &'i [Barcode64],
) -> impl Iterator<Item = (String, &'i str, &'i str)> {
    codes.iter().enumerate().map(move |(place, code)| (format!("{base}/{place}"), uom, code.as_str()))
}

impl References {
    pub(super) async fn load(tx: &Tx, inputs: &[ProductInput]) -> Result<Self, Error> {
        let mut known = References::default();
        known.load_references(tx, inputs).await?;
        known.load_products(tx, inputs).await?;
        known.load_barcodes(tx, inputs).await?;
        known.load_groups(tx, inputs).await?;
        Ok(known)
    }

    /// Locks the groups until the products are written.
    async fn load_groups(&mut self, tx: &Tx, inputs: &[ProductInput]) -> Result<(), Error> {
        let variants =
            || inputs.iter().filter_map(|input| Some((input.group_id?, to_stored(&input.options))));
        let ids: HashSet<Uuid> = variants().map(|(id, _)| id.0).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(
            "select id, options from product_group where tenant_id = $1 and id = any($2) order by id for share",
        );
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(ids.into_iter().collect::<Vec<_>>())).await? {
            let options = parse_options(&row.try_get(1)?)
                .map_err(|error| Error::invariant(format!("options of a group: {error}")))?;
            self.groups.insert(ProductGroupId(row.try_get(0)?), options);
        }
        let (ids, choices): (Vec<Uuid>, Vec<String>) = variants().map(|(id, choice)| (id.0, choice)).unzip();
        let query = sqlx::query(
            "select p.group_id, p.option_values, p.id from unnest($2::uuid[], $3::text[]) wanted (group_id, choice)
             join product p on p.tenant_id = $1 and p.group_id = wanted.group_id and p.option_values = wanted.choice",
        );
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(ids).bind(choices)).await? {
            let group_id = ProductGroupId(row.try_get("group_id")?);
            self.variants.insert((group_id, row.try_get("option_values")?), ProductId(row.try_get("id")?));
        }
        Ok(())
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
            let id = ProductId(row.try_get("id")?);
            self.skus.insert(row.try_get("sku")?, id);
            if let Some(external_ref) = row.try_get("external_ref")? {
                self.external_refs.insert(external_ref, id);
            }
        }
        Ok(())
    }

    async fn load_barcodes(&mut self, tx: &Tx, inputs: &[ProductInput]) -> Result<(), Error> {
        let codes = inputs.iter().flat_map(barcodes).flat_map(|(_, _, code)| barcode_forms(code));
        let codes: Vec<String> = codes.map(Cow::into_owned).collect();
        if codes.is_empty() {
            return Ok(());
        }
        let query =
            sqlx::query("select code, product_id from barcode where tenant_id = $1 and code = any($2)");
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(codes)).await? {
            let code: String = row.try_get(0)?;
            self.barcodes.insert(article(&code), ProductId(row.try_get(1)?));
        }
        Ok(())
    }
}

/// Returns option values as they are stored: a JSON object with sorted names.
pub(super) fn to_stored(choice: &Choice) -> String {
    serde_json::to_string(choice).unwrap_or_default()
}

/// Returns the rejection of option values that another variant of the group has.
pub(super) fn reject_taken_options() -> Refusal {
    Problems::one("/options", Code::AlreadyExists, "Another variant of the group has the same options.")
}

impl Drafts {
    pub(super) fn new(known: References) -> Self {
        Drafts(known)
    }

    /// Returns a change of a product with the codes that it may have. A code that the product has in an older form gets the
    /// one form of codes, unless that is taken or not allowed: then it stays as it is stored.
    pub(super) fn settle(&self, mut input: ProductInput, before: &Product) -> ProductInput {
        let id = before.id;
        if input.sku.restates(&before.sku)
            && (is_by_other(&self.0.skus, &input.sku, id) || !input.sku.is_allowed())
        {
            input.sku = Code64::stored(&before.sku);
        }
        let known: HashSet<&str> = before.all_barcodes().map(|(_, code)| code).collect();
        let mut named: HashMap<String, usize> = HashMap::new();
        barcodes(&input).for_each(|(_, _, code)| *named.entry(article(code)).or_default() += 1);
        let of_units = input.units.iter_mut().flat_map(|unit| &mut unit.barcodes);
        for code in input.barcodes.iter_mut().chain(of_units) {
            let is_free = |code: &Barcode64| {
                let article = article(code);
                named.get(&article) == Some(&1) && !is_by_other(&self.0.barcodes, &article, id)
            };
            let is_old = code.sent() != code.as_str() && known.contains(code.sent());
            if is_old && (!is_free(code) || fault_of_barcode(code).is_some()) {
                *code = Barcode64::stored(code.sent());
            }
        }
        input
    }

    /// Rejects an invalid product. The unique values of an accepted one are taken for the products after it; those
    /// that it had `before` become free for them. A barcode that it had before is not checked again: it was accepted by
    /// the rules of its time.
    pub(super) fn check(
        &mut self,
        input: &ProductInput,
        id: ProductId,
        before: Option<&Product>,
    ) -> Result<TaxClassId, Refusal> {
        let mut problems = Problems::default();
        let known: HashSet<&str> =
            before.into_iter().flat_map(Product::all_barcodes).map(|(_, code)| code).collect();
        check_values(&mut problems, input);
        check_units(&mut problems, input);
        let tax_class_id = self.check_references(&mut problems, input);
        self.check_variant(&mut problems, input, id);
        self.check_taken(&mut problems, input, id);
        self.check_barcodes(&mut problems, input, (id, &known));
        problems.check()?;
        if let Some(before) = before {
            self.release(before);
        }
        self.take(input, id);
        Ok(tax_class_id)
    }

    fn check_variant(&self, problems: &mut Problems, input: &ProductInput, id: ProductId) {
        let Some(group_id) = input.group_id else {
            if !input.options.is_empty() {
                problems.invalid("/options", "Only a variant of a group has options; name its group_id.");
            }
            return;
        };
        let Some(options) = self.0.groups.get(&group_id) else {
            input::add_unknown(problems, "/group_id", "product group");
            return;
        };
        check_choice(problems, options, &input.options);
        if self.0.variants.get(&(group_id, to_stored(&input.options))).is_some_and(|owner| *owner != id) {
            problems.add(
                "/options",
                Code::AlreadyExists,
                "Another variant of the group has the same options.",
            );
        }
    }

    fn check_references(&self, problems: &mut Problems, input: &ProductInput) -> TaxClassId {
        if input.category_id.is_some_and(|id| !self.0.categories.contains(&id)) {
            input::add_unknown(problems, "/category_id", "category");
        }
        match input.tax_class_id.or(self.0.standard_tax_class) {
            Some(id) => {
                if !self.0.tax_classes.contains(&id) {
                    input::add_unknown(problems, "/tax_class_id", "tax class");
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

    fn check_taken(&self, problems: &mut Problems, input: &ProductInput, id: ProductId) {
        if is_by_other(&self.0.skus, &input.sku, id) {
            input::add_taken(problems, "/sku", "product", &input.sku);
        }
        if let Some(external_ref) = input.external_ref.as_deref()
            && is_by_other(&self.0.external_refs, external_ref, id)
        {
            input::add_external_ref_taken(problems, external_ref);
        }
    }

    /// Checks the barcodes that the product gets. Those that it has, `known`, must be named once each.
    fn check_barcodes(
        &self,
        problems: &mut Problems,
        input: &ProductInput,
        (id, known): (ProductId, &HashSet<&str>),
    ) {
        let mut codes = HashSet::new();
        let mut articles: HashSet<String> = barcodes(input)
            .filter(|(_, _, code)| known.contains(code))
            .map(|(_, _, code)| article(code))
            .collect();
        for (pointer, _, code) in barcodes(input) {
            let is_new = !known.contains(code);
            if !codes.insert(code) || (is_new && !articles.insert(article(code))) {
                let detail = "A barcode stands for one unit; this one is named twice. Leading zeros make no other barcode, and \
                              neither does the short form of a UPC-A.";
                problems.invalid(pointer, detail);
            } else if is_new && let Some(detail) = fault_of_barcode(code) {
                problems.invalid(pointer, detail);
            } else if is_new && is_by_other(&self.0.barcodes, &article(code), id) {
                add_taken_barcode(problems, pointer, code);
            }
        }
    }

    fn release(&mut self, before: &Product) {
        let id = before.id;
        let free = |owners: &mut HashMap<String, ProductId>, value: &str| {
            if owners.get(value) == Some(&id) {
                owners.remove(value);
            }
        };
        free(&mut self.0.skus, &before.sku);
        if let Some(external_ref) = &before.external_ref {
            free(&mut self.0.external_refs, external_ref);
        }
        before.all_barcodes().for_each(|(_, code)| free(&mut self.0.barcodes, &article(code)));
        if let Some(group_id) = before.group_id {
            self.0.variants.remove(&(group_id, to_stored(&before.options)));
        }
    }

    fn take(&mut self, input: &ProductInput, id: ProductId) {
        self.0.skus.insert(input.sku.to_string(), id);
        if let Some(external_ref) = &input.external_ref {
            self.0.external_refs.insert(external_ref.to_string(), id);
        }
        for (_, _, code) in barcodes(input) {
            self.0.barcodes.insert(article(code), id);
        }
        if let Some(group_id) = input.group_id {
            self.0.variants.insert((group_id, to_stored(&input.options)), id);
        }
    }
}

/// Adds the problem that another product has the barcode, or the other code that its label may mean.
fn add_taken_barcode(problems: &mut Problems, pointer: String, code: &str) {
    let Some(other) = other_barcode(code) else {
        return input::add_taken(problems, pointer, "product", code);
    };
    problems.push(Problem {
        pointer,
        code: Code::AlreadyExists,
        detail: format!("Another product has {code} or {other} already. A scan can't tell the two: one is the short form of the other."),
        params: vec![("value", code.to_owned())],
    });
}

fn check_values(problems: &mut Problems, input: &ProductInput) {
    input.sku.check(problems, "/sku");
    input.name.check(problems, "/name");
    input.description.check(problems, "/description");
    input::check_uom(problems, "/stock_uom", &input.stock_uom);
    if input.stock_decimals.is_some_and(|decimals| decimals > DECIMALS_MAX) {
        problems.invalid("/stock_decimals", format!("A quantity has at most {DECIMALS_MAX} decimals."));
    }
    input::check_not_negative(problems, "/list_price", input.list_price);
    input::check_external_ref(problems, input.external_ref.as_ref());
    annotation::check_links(problems, "images", &input.images);
    annotation::check_tags(problems, &input.tags);
    annotation::check_links(problems, "attachments", &input.attachments);
    metadata::check(problems, &input.metadata);
    if input.tracking != Tracking::None && input.kind != ProductKind::Stocked {
        problems.invalid("/tracking", "Only a stocked product is tracked by lot or serial number.");
    }
    if input.tracking == Tracking::Serial && input.decimals() != 0 {
        problems
            .invalid("/stock_decimals", "A product with serial numbers is counted in whole units: use 0.");
    }
    if input.costing_method.is_some() && input.kind != ProductKind::Stocked {
        problems.invalid("/costing_method", "Only a stocked product has a costing method; leave it out.");
    }
    if input.costing_method == Some(CostingMethod::Fifo) && input.tracking != Tracking::None {
        let detail = "A tracked product is valued by lot; leave it out.";
        problems.invalid("/costing_method", detail);
    }
    if input.barcodes.len() > PARTS_MAX {
        problems.invalid("/barcodes", format!("A unit has at most {PARTS_MAX} barcodes."));
    }
}

/// Returns what is wrong with a barcode.
fn fault_of_barcode(code: &str) -> Option<String> {
    let mut fault = None;
    LineRule::check(code, BARCODE_LENGTH_MAX, |detail| fault = Some(detail));
    fault.or_else(|| check_barcode_kept_digits(code).err()).or_else(|| {
        let detail = || format!("The last digit of {code} is not its check digit; scan it again.");
        (!barcode_is_sound(code)).then(detail)
    })
}

/// Whether a product other than `id` has a unique value.
fn is_by_other(owners: &HashMap<String, ProductId>, value: &str, id: ProductId) -> bool {
    owners.get(value).is_some_and(|owner| *owner != id)
}

fn check_units(problems: &mut Problems, input: &ProductInput) {
    if input.units.len() > PARTS_MAX {
        problems
            .invalid("/units", format!("A product has at most {PARTS_MAX} units besides its stock unit."));
    }
    let mut seen = HashSet::from([input.stock_uom.as_str()]);
    for (place, UnitInput { uom, factor, list_price, barcodes }) in input.units.iter().enumerate() {
        let pointer = |field: &str| format!("/units/{place}/{field}");
        input::check_uom(problems, &pointer("uom"), uom);
        if !seen.insert(uom) {
            problems.invalid(pointer("uom"), "Name each unit once, and not the stock unit.");
        }
        if !factor.is_positive() {
            problems.invalid(
                pointer("factor"),
                "This must be above zero: it says how many stock units a unit has.",
            );
        } else if !factor.is_fraction() && !fits_decimals(factor.rounded(), input.decimals()) {
            let (most, stock_uom) = (input.decimals(), &input.stock_uom);
            let detail = format!("A quantity in {stock_uom} has at most {most} decimals here.");
            problems.invalid(pointer("factor"), detail);
        }
        input::check_not_negative(problems, &pointer("list_price"), *list_price);
        if barcodes.len() > PARTS_MAX {
            problems.invalid(pointer("barcodes"), format!("A unit has at most {PARTS_MAX} barcodes."));
        }
    }
}
