//! Suppliers. A batch of 500 is created with as many statements as one supplier.

mod check;
pub mod lead_time;
pub mod product;

use ::entity::supplier;
use domain::address::{self, CustomerAddress};
use domain::annotation::{self, Contact, Notes};
use domain::id::{ProductId, SupplierId};
use domain::metadata::{self, Metadata};
use domain::number::Percent;
use domain::refusal::Refusal;
use domain::supplier::{DiscountTerm, SupplierStatus};
use domain::tag;
use domain::text::{Code64, Line40, Line200, Name, one_form};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect, sqlx,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::columns::Columns;
use crate::input::{self, Change, Patched, TenantDefaults};
use crate::listing::{self, Listing};
use crate::page::{Key, Page, Placed, named_sort};
use crate::rows::{self, insert_all};
use crate::search::{Noted, Pairs, Search};
use crate::{Error, Tx};

use check::Drafts;

pub use ::entity::supplier::Model as Supplier;

/// Days that you have to pay a supplier, unless stated otherwise.
const PAYMENT_DAYS_DEFAULT: i32 = 30;

/// The fields of a supplier that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SupplierCreate)]
pub struct SupplierInput {
    /// Your code for the supplier, unique among suppliers.
    pub code: Code64,
    /// Name of the supplier.
    pub name: Name,
    /// E-mail address for purchase orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = r"^[^@]+@[^@ ]*[.][^@ ]*$",
        example = "orders@nordbolt.example"
    )]
    pub email: Option<String>,
    /// Tax number of the supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<Line40>,
    /// Currency of its prices, and of its purchase orders unless they state another one (ISO 4217). The default is the tenant's currency. A
    /// change does not convert prices: their numbers stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: Option<String>,
    /// Days from the day of a bill to its due day. The default is 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: Option<i32>,
    /// Discounts for early payment: at most 2. New bills take them over. A change replaces the list.
    #[serde(default)]
    #[schema(max_items = 2)]
    pub discounts: Vec<DiscountTerm>,
    /// Days from a purchase order to its delivery, as the supplier states them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 730, example = 14)]
    pub lead_time_days: Option<i32>,
    /// Percentage by which a delivery may exceed the ordered quantity of a line: 0 to 100. New purchase orders take it over.
    #[serde(default)]
    pub over_receipt_percent: Percent,
    /// Whether the supplier gets new purchase orders.
    #[serde(default)]
    pub status: SupplierStatus,
    /// Your own id of the supplier, unique among suppliers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<Line200>,
    /// Addresses of the supplier: at most 50. A change replaces the list.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub addresses: Vec<CustomerAddress>,
    /// People to contact: at most 20. A change replaces the list.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub contacts: Vec<Contact>,
    /// Notes for the people who read the record. No document prints them.
    #[serde(default)]
    pub notes: Notes,
    /// Your own notes: at most 50, each of at most 500 characters.
    #[serde(default)]
    #[schema(schema_with = metadata::schema)]
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub code: Option<String>,
    /// A text in the name or the code; case does not matter.
    pub search: Option<Search>,
    pub status: Option<SupplierStatus>,
    pub external_ref: Option<String>,
    /// Suppliers that sell this product.
    pub product_id: Option<ProductId>,
    /// Pairs that the record has in its metadata.
    pub metadata: Pairs,
}

named_sort! {
    /// The order of a list of suppliers.
    SupplierSort by "s.name_key" {
        /// By code.
        Code as "code",
        /// By code, in reverse.
        CodeDescending as "-code",
        of Key::Text("s.code");
    }
}

/// Returns the input that would create the supplier as it is now.
pub fn input_of(row: &Supplier) -> SupplierInput {
    SupplierInput {
        code: row.code.clone().into(),
        name: Name::stored(&row.name),
        email: row.email.clone(),
        tax_number: row.tax_number.clone().map(Line40::from),
        currency: Some(row.currency.clone()),
        payment_days: Some(row.payment_days),
        discounts: rows::listed(&row.discounts),
        lead_time_days: row.lead_time_days,
        over_receipt_percent: row.over_receipt_percent,
        status: row.status,
        external_ref: row.external_ref.clone().map(Line200::from),
        addresses: address::of_json(&row.addresses),
        contacts: annotation::stored_contacts(&row.contacts),
        notes: row.notes.clone().into(),
        metadata: metadata::of_json(&row.metadata),
    }
}

pub async fn create(tx: &Tx, input: &SupplierInput) -> Result<Supplier, Error> {
    let created = create_all(tx, std::slice::from_ref(input))
        .await
        .map_err(|error| reject_taken_value(error, input))?;
    let created = created.into_iter().next().ok_or_else(|| Error::invariant("one supplier in, none out"))?;
    Ok(created?)
}

/// Creates every valid supplier of a batch and returns one result per input, in order. Rejects a code or external
/// reference that an earlier supplier of the batch has.
pub async fn create_all(tx: &Tx, inputs: &[SupplierInput]) -> Result<Vec<Result<Supplier, Refusal>>, Error> {
    let defaults = input::tenant_defaults_of_new(tx).await?;
    let mut drafts = Drafts::load(tx, inputs, None).await?;
    let answers: Vec<Result<Supplier, Refusal>> = inputs
        .iter()
        .map(|input| {
            drafts.check(input)?;
            Ok(assemble(tx, SupplierId(tx.next_id()), &defaults, input))
        })
        .collect();
    insert_all::<supplier::Entity, _>(tx, answers.iter().flatten().cloned().collect()).await?;
    Ok(answers)
}

/// Changes a supplier that is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: SupplierId,
    expected: Option<i32>,
    change: Change<'_, SupplierInput>,
) -> Result<Patched<Supplier>, Error> {
    let locked =
        tx.select::<supplier::Entity>().filter(supplier::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let before = locked.one(tx).await?.ok_or_else(|| Refusal::not_found("supplier"))?;
    input::check_version(before.version, expected)?;
    let Some(mut input) = change(&input_of(&before))? else {
        return Ok(Patched::unchanged(before));
    };
    let find = "select 1 from supplier where tenant_id = $1 and code = $2";
    input::settle_code(tx, &mut input.code, &before.code, find).await?;
    let input = &input;
    let defaults = input::tenant_defaults(tx).await?;
    Drafts::load(tx, std::slice::from_ref(input), Some(id)).await?.check(input)?;
    let mut after = assemble(tx, id, &defaults, input);
    after.version = before.version + 1;
    after.created_at = before.created_at;
    keep_printed(tx, &before, &after).await?;
    let row = after.into_active_model().reset_all();
    let saved = row.update(tx).await.map_err(Error::from);
    Ok(Patched::changed(saved.map_err(|error| reject_taken_value(error, input))?))
}

/// Keeps what purchase orders print of a supplier, if it changes. An order prints what held when it was sent.
async fn keep_printed(tx: &Tx, before: &Supplier, after: &Supplier) -> Result<(), Error> {
    let is_same = before.name == after.name
        && before.tax_number == after.tax_number
        && before.addresses == after.addresses;
    if is_same {
        return Ok(());
    }
    let statement = Columns::of(
        "insert into replaced_supplier (tenant_id, supplier_id, version, name, tax_number, addresses, replaced_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
    );
    let statement = statement
        .value("tenant_id", tx.tenant_id.0)
        .value("supplier_id", before.id.0)
        .value("version", before.version)
        .value("name", &before.name)
        .value("tax_number", &before.tax_number)
        .value("addresses", &before.addresses)
        .value("replaced_at", tx.now);
    statement.execute(tx).await?;
    Ok(())
}

/// Gives the suppliers in the tenant's currency its new currency, which changes in this transaction. Prices keep their numbers.
pub(crate) async fn change_currency(tx: &Tx, (from, to): (&str, &str)) -> Result<(), Error> {
    let query = sqlx::query(
        "update supplier set currency = $3, version = version + 1, updated_at = $4
         where tenant_id = $1 and currency = $2",
    );
    tx.execute(query.bind(tx.tenant_id.0).bind(from).bind(to).bind(tx.now)).await?;
    Ok(())
}

pub async fn get(tx: &Tx, id: SupplierId) -> Result<Supplier, Error> {
    let row = tx.select::<supplier::Entity>().filter(supplier::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("supplier"))?)
}

/// Returns the suppliers with these ids that exist.
pub async fn find(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Supplier>, Error> {
    let ids = ids.iter().copied().map(SupplierId);
    Ok(tx.select::<supplier::Entity>().filter(supplier::Column::Id.is_in(ids)).all(tx).await?)
}

const ALL: &str = "select s.* from supplier s where s.tenant_id = ";
/// Begins the list of those that a search finds, before the arguments of its function.
const FOUND: &str = "select s.*, f.rank from auth.find_suppliers(";
const JOINED: &str = ") f join supplier s on s.id = f.id where s.tenant_id = ";

const NOTED: Noted =
    Noted { find: "select auth.find_noted_suppliers($1, $2)", is_one: "s.id = any(", has: "s.metadata @> " };

/// Columns of the list's order.
const ORDERED: listing::Columns = listing::Columns { id: "s.id", updated_at: "s.updated_at" };

pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<Placed<Supplier>>, Error> {
    let query = match &filter.search {
        Some(search) => search.bind(Listing::raw(FOUND)).sql(JOINED).tenant(tx),
        None => Listing::new(tx, ALL),
    };
    let query = match filter.product_id {
        Some(product_id) => query
            .sql(" and s.id in (select p.supplier_id from supplier_product p where p.tenant_id = ")
            .tenant(tx)
            .with("p.product_id = ", Some(product_id.0))
            .sql(")"),
        None => query,
    };
    let query = NOTED.add(tx, query, &filter.metadata).await?;
    let rows = query
        .with("s.code = ", filter.code.as_deref().map(|code| one_form(code).into_owned()))
        .among("s.status", filter.status.as_slice())
        .with("s.external_ref = ", filter.external_ref.as_ref())
        .paged(&ORDERED, page)
        .rows(tx)
        .await?;
    let placed = rows.into_iter().map(|row| {
        let position = listing::position(&row, page.order)?;
        Ok(Placed { record: Supplier::from_query_result(&row.into(), "")?, position })
    });
    placed.collect()
}

fn assemble(tx: &Tx, id: SupplierId, defaults: &TenantDefaults, input: &SupplierInput) -> Supplier {
    Supplier {
        tenant_id: tx.tenant_id,
        id,
        object: tag::Supplier,
        code: input.code.to_string(),
        name: input.name.to_string(),
        email: input.email.clone(),
        tax_number: input.tax_number.clone().map(String::from),
        currency: input.currency.clone().unwrap_or_else(|| defaults.currency.clone()),
        payment_days: input.payment_days.unwrap_or(PAYMENT_DAYS_DEFAULT),
        discounts: json!(input.discounts),
        lead_time_days: input.lead_time_days,
        over_receipt_percent: input.over_receipt_percent,
        status: input.status,
        external_ref: input.external_ref.clone().map(String::from),
        addresses: json!(input.addresses),
        contacts: json!(input.contacts),
        notes: input.notes.to_string(),
        metadata: metadata::to_json(&input.metadata),
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    }
}

/// Turns a unique violation into a rejection: another transaction took the value after the check.
fn reject_taken_value(error: Error, input: &SupplierInput) -> Error {
    let external_ref = input.external_ref.as_deref().unwrap_or_default();
    error
        .on_constraint("supplier_code_key", || input::reject_taken("/code", "supplier", &input.code))
        .on_constraint("supplier_external_ref_key", || input::reject_external_ref_taken(external_ref))
}
