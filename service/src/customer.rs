//! Customers. A batch of 500 is created with as many statements as one customer.

mod check;
mod erase;
mod number;

use ::entity::{customer, customer_account};
use domain::address::{self, CustomerAddress};
use domain::annotation::{self, Contact, Link, Notes, Tag};
use domain::customer::{CustomerKind, CustomerStatus, Exposure, PaymentTerms};
use domain::id::{CustomerId, PriceListId, PriceTierId};
use domain::metadata::{self, Metadata};
use domain::number::{Money, MoneyInCurrency};
use domain::refusal::Refusal;
use domain::tag;
use domain::text::{Code64, Line40, Line200, Name, one_form};
use sea_orm::sea_query::LockType;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect, sqlx,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::columns::Columns;
use crate::input::decimals_of;
use crate::input::{self, Change, Patched, TenantDefaults};
use crate::listing;
use crate::page::{Key, Page, Placed, named_sort};
use crate::rows::insert_all;
use crate::search::{Noted, Pairs, Search, Searchable};
use crate::{Error, Tx};

use check::{Drafts, References};

pub use ::entity::customer::Model as Customer;
pub use erase::erase;

/// Days that a wholesale customer has to pay, unless stated otherwise.
const PAYMENT_DAYS_DEFAULT: i32 = 30;

/// The fields of a customer that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CustomerCreate)]
pub struct CustomerInput {
    /// Customer number, unique among customers. If absent, the next one of the series `C-000001` is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Code64>,
    /// Usual channel of the customer. Either kind may buy through either channel.
    pub kind: CustomerKind,
    /// Name of the customer.
    pub name: Name,
    /// E-mail address for invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = r"^[^@]+@[^@ ]*[.][^@ ]*$",
        example = "invoices@nordwind.example"
    )]
    pub email: Option<String>,
    /// Tax number of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_number: Option<Line40>,
    /// ISO 3166-1 alpha-2 code of the country in which the customer buys, which is the tax zone of its orders. The
    /// default is the tenant's country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "DE")]
    pub country: Option<String>,
    /// ISO 4217 code. Only the tenant's currency is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: Option<String>,
    /// Whether the customer is exempt from tax.
    #[serde(default)]
    #[schema(example = false)]
    pub tax_exempt: bool,
    /// Price tier of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_tier_id: Option<PriceTierId>,
    /// Price list of the customer. It takes precedence over the list of the tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list_id: Option<PriceListId>,
    /// Payment terms of its invoices. The default is `net` for wholesale and `prepaid` for retail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_terms: Option<PaymentTerms>,
    /// Days of the payment terms. The default is 30, or 0 for prepaid customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: Option<i32>,
    /// The highest exposure: open invoices plus open orders. Without it there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_limit: Option<Money>,
    /// Days of remaining shelf life that the customer requires of a lot, in either channel.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 3650, example = 0)]
    pub min_remaining_life_days: i32,
    /// Whether the customer may buy.
    #[serde(default)]
    pub status: CustomerStatus,
    /// Your own id of the customer, unique among customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<Line200>,
    /// Addresses of the customer: at most 50. A change replaces the list.
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
    /// Tags: at most 50, each once.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tags: Vec<Tag>,
    /// Links to files that are stored elsewhere: at most 20.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub attachments: Vec<Link>,
    /// Your own notes: at most 50, each of at most 500 characters.
    #[serde(default)]
    #[schema(schema_with = metadata::schema)]
    pub metadata: Metadata,
}

/// Amounts that a customer owes or will owe.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CustomerAccount {
    /// Id of the customer.
    pub id: CustomerId,
    pub object: tag::CustomerAccount,
    /// ISO 4217 code of every amount.
    #[schema(max_length = 3, example = "EUR")]
    pub currency: String,
    /// Open invoices less open credit notes.
    pub receivable: Money,
    /// Confirmed and not shipped, with tax.
    pub ordered: Money,
    /// Shipped and not invoiced, with tax.
    pub shipped: Money,
    /// Paid and not yet applied to an invoice.
    pub unapplied: Money,
    /// Compared to the credit limit: receivable + ordered + shipped − unapplied.
    pub exposure: Money,
    /// Credit limit. Null: no limit.
    pub credit_limit: Option<Money>,
    /// Credit limit less exposure, negative if it is exceeded. Null: no limit.
    pub credit_available: Option<Money>,
    /// Open amounts in other currencies, by currency. They are contained in `receivable` and `unapplied` at the rates of their
    /// documents. Left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub foreign: Vec<ForeignAccount>,
}

/// Open amounts of a customer in another currency than the tenant's.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ForeignAccount {
    /// ISO 4217 code.
    #[schema(max_length = 3, example = "USD")]
    pub currency: String,
    /// Open invoices less open credit notes.
    pub receivable: MoneyInCurrency,
    /// Paid and not yet applied to an invoice.
    pub unapplied: MoneyInCurrency,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub number: Option<String>,
    /// E-mail address; case does not matter.
    pub email: Option<String>,
    /// A text in the name, the number or the e-mail address; case does not matter.
    pub search: Option<Search>,
    pub kind: Option<CustomerKind>,
    pub status: Option<CustomerStatus>,
    pub price_tier_id: Option<PriceTierId>,
    pub external_ref: Option<String>,
    /// A tag of the customer.
    pub tag: Option<String>,
    /// Pairs that the record has in its metadata.
    pub metadata: Pairs,
}

named_sort! {
    /// The order of a list of customers.
    CustomerSort by "c.name_key" {
        /// By number.
        Number as "number",
        /// By number, in reverse.
        NumberDescending as "-number",
        of Key::Text("c.number");
    }
}

/// Returns the input that would create the customer as it is now.
pub fn input_of(row: &Customer) -> CustomerInput {
    CustomerInput {
        number: Some(row.number.clone().into()),
        kind: row.kind,
        name: Name::stored(&row.name),
        email: row.email.clone(),
        tax_number: row.tax_number.clone().map(Line40::from),
        country: Some(row.country.clone()),
        currency: Some(row.currency.clone()),
        tax_exempt: row.tax_exempt,
        price_tier_id: row.price_tier_id,
        price_list_id: row.price_list_id,
        payment_terms: Some(row.payment_terms),
        payment_days: Some(row.payment_days),
        credit_limit: row.credit_limit,
        min_remaining_life_days: row.min_remaining_life_days,
        status: row.status,
        external_ref: row.external_ref.clone().map(Line200::from),
        addresses: address::of_json(&row.addresses),
        contacts: annotation::stored_contacts(&row.contacts),
        notes: row.notes.clone().into(),
        tags: annotation::stored_tags(&row.tags),
        attachments: annotation::stored_links(&row.attachments),
        metadata: metadata::of_json(&row.metadata),
    }
}

pub async fn create(tx: &Tx, input: &CustomerInput) -> Result<Customer, Error> {
    let created = create_all(tx, std::slice::from_ref(input))
        .await
        .map_err(|error| reject_taken_value(error, input))?;
    let created = created.into_iter().next().ok_or_else(|| Error::invariant("one customer in, none out"))?;
    Ok(created?)
}

/// Creates every valid customer of a batch, each with its account, and returns one result per input, in order.
/// Rejects a number or external reference that an earlier customer of the batch has.
pub async fn create_all(tx: &Tx, inputs: &[CustomerInput]) -> Result<Vec<Result<Customer, Refusal>>, Error> {
    let defaults = input::tenant_defaults_of_new(tx).await?;
    let mut drafts = Drafts::new(References::load(tx, inputs).await?, None);
    let mut answers: Vec<Result<Customer, Refusal>> = inputs
        .iter()
        .map(|input| {
            drafts.check(&defaults, input)?;
            Ok(assemble(tx, CustomerId(tx.next_id()), &defaults, input))
        })
        .collect();
    let mut unnumbered: Vec<&mut Customer> =
        answers.iter_mut().flatten().filter(|row| row.number.is_empty()).collect();
    let numbers = number::assign(tx, unnumbered.len(), &drafts.numbers()).await?;
    for (row, number) in unnumbered.iter_mut().zip(numbers) {
        row.number = number;
    }
    let created = || answers.iter().flatten();
    insert_all::<customer::Entity, _>(tx, created().cloned().collect()).await?;
    insert_all::<customer_account::Entity, _>(tx, created().map(account_of).collect()).await?;
    Ok(answers)
}

/// Changes a customer that is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: CustomerId,
    expected: Option<i32>,
    change: Change<'_, CustomerInput>,
) -> Result<Patched<Customer>, Error> {
    let locked =
        tx.select::<customer::Entity>().filter(customer::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let before = locked.one(tx).await?.ok_or_else(|| Refusal::not_found("customer"))?;
    input::check_version(before.version, expected)?;
    let Some(mut input) = change(&input_of(&before))? else {
        return Ok(Patched::unchanged(before));
    };
    if let Some(number) = &mut input.number {
        let find = "select 1 from customer where tenant_id = $1 and number = $2";
        input::settle_code(tx, number, &before.number, find).await?;
    }
    let input = &input;
    let defaults = input::tenant_defaults(tx).await?;
    let known = References::load(tx, std::slice::from_ref(input)).await?;
    Drafts::new(known, Some(&before)).check(&defaults, input)?;
    let mut after = assemble(tx, id, &defaults, input);
    if after.number.is_empty() {
        after.number = before.number.clone();
    }
    after.version = before.version + 1;
    after.created_at = before.created_at;
    keep_printed(tx, &before, &after).await?;
    let row = after.into_active_model().reset_all();
    let saved = row.update(tx).await.map_err(Error::from);
    Ok(Patched::changed(saved.map_err(|error| reject_taken_value(error, input))?))
}

/// Gives every customer the currency of the tenant, which changes in this transaction. Amounts keep their numbers.
pub(crate) async fn change_currency(tx: &Tx, currency: &str) -> Result<(), Error> {
    let query = sqlx::query(
        "update customer set currency = $2, version = version + 1, updated_at = $3
         where tenant_id = $1 and currency <> $2",
    );
    tx.execute(query.bind(tx.tenant_id.0).bind(currency).bind(tx.now)).await?;
    Ok(())
}

/// Keeps what documents print of a customer, if it changes. Documents keep the version up to which it held.
async fn keep_printed(tx: &Tx, before: &Customer, after: &Customer) -> Result<(), Error> {
    let printed = |row: &Customer| {
        (row.number.clone(), row.name.clone(), row.tax_number.clone(), row.addresses.clone())
    };
    if printed(before) == printed(after) {
        return Ok(());
    }
    let statement = Columns::of(
        "insert into replaced_customer (tenant_id, customer_id, version, number, name, tax_number, addresses, replaced_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    );
    let statement = statement
        .value("tenant_id", tx.tenant_id.0)
        .value("customer_id", before.id.0)
        .value("version", before.version)
        .value("number", &before.number)
        .value("name", &before.name)
        .value("tax_number", &before.tax_number)
        .value("addresses", &before.addresses)
        .value("replaced_at", tx.now);
    statement.execute(tx).await?;
    Ok(())
}

pub async fn get(tx: &Tx, id: CustomerId) -> Result<Customer, Error> {
    let row = tx.select::<customer::Entity>().filter(customer::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("customer"))?)
}

/// Returns the customers with these ids that exist.
pub async fn find(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Customer>, Error> {
    let ids = ids.iter().copied().map(CustomerId);
    Ok(tx.select::<customer::Entity>().filter(customer::Column::Id.is_in(ids)).all(tx).await?)
}

/// Returns the running totals of a customer.
pub async fn account(tx: &Tx, id: CustomerId) -> Result<CustomerAccount, Error> {
    let Customer { currency, credit_limit, .. } = get(tx, id).await?;
    let query = tx.select::<customer_account::Entity>().filter(customer_account::Column::CustomerId.eq(id));
    let account = query.one(tx).await?.ok_or_else(|| Error::invariant(format!("{id} has no account")))?;
    let customer_account::Model { receivable, ordered, shipped, unapplied, .. } = account;
    let exposure = Exposure { receivable, ordered, shipped, unapplied }.total();
    Ok(CustomerAccount {
        id,
        object: tag::CustomerAccount,
        currency,
        receivable,
        ordered,
        shipped,
        unapplied,
        exposure,
        credit_limit,
        credit_available: credit_limit.map(|limit| limit - exposure),
        foreign: foreign_account(tx, id).await?,
    })
}

/// Returns what is open of a customer's documents in other currencies.
async fn foreign_account(tx: &Tx, id: CustomerId) -> Result<Vec<ForeignAccount>, Error> {
    let statement = "select currency, sum(receivable) as receivable, sum(unapplied) as unapplied \
                     from (select foreign_currency as currency, foreign_open as receivable, 0 as unapplied from invoice \
                           where tenant_id = $1 and customer_id = $2 and (open <> 0 or foreign_open <> 0) \
                             and foreign_currency is not null \
                           union all \
                           select foreign_currency, 0, foreign_unapplied from payment \
                           where tenant_id = $1 and customer_id = $2 and foreign_unapplied > 0) item \
                     group by currency order by currency";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let of_currency = |row: &PgRow| -> Result<ForeignAccount, Error> {
        let currency: String = row.try_get("currency")?;
        let decimals = decimals_of(&currency)?;
        let amount = |column: &str| -> Result<MoneyInCurrency, Error> {
            let amount: Money = listing::number(row, column)?;
            Ok(amount.in_currency(decimals))
        };
        Ok(ForeignAccount { receivable: amount("receivable")?, unapplied: amount("unapplied")?, currency })
    };
    rows.iter().map(of_currency).collect()
}

/// The list, and its searches.
const SEARCHED: Searchable = Searchable {
    all: "select c.* from customer c where c.tenant_id = ",
    found: "select c.*, f.rank from auth.find_customers(",
    joined: ") f join customer c on c.id = f.id where c.tenant_id = ",
    tagged: "select auth.find_tagged_customers($1, $2)",
    is_one: "c.id = any(",
    has_tag: "c.tags @> ",
};

const NOTED: Noted =
    Noted { find: "select auth.find_noted_customers($1, $2)", is_one: "c.id = any(", has: "c.metadata @> " };

/// Columns of the list's order.
const ORDERED: listing::Columns = listing::Columns { id: "c.id", updated_at: "c.updated_at" };

pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<Placed<Customer>>, Error> {
    let query = SEARCHED.listing(tx, filter.search.as_ref(), filter.tag.as_deref()).await?;
    let query = NOTED.add(tx, query, &filter.metadata).await?;
    let query = match &filter.email {
        Some(email) => query
            .sql(" and c.id = any(array(select auth.find_customers_by_email(")
            .bind(email.clone())
            .sql(")))"),
        None => query,
    };
    let rows = query
        .with("c.number = ", filter.number.as_deref().map(|number| one_form(number).into_owned()))
        .among("c.kind", filter.kind.as_slice())
        .among("c.status", filter.status.as_slice())
        .with("c.price_tier_id = ", filter.price_tier_id.map(|id| id.0))
        .with("c.external_ref = ", filter.external_ref.as_ref())
        .paged(&ORDERED, page)
        .rows(tx)
        .await?;
    let placed = rows.into_iter().map(|row| {
        let position = listing::position(&row, page.order)?;
        Ok(Placed { record: Customer::from_query_result(&row.into(), "")?, position })
    });
    placed.collect()
}

/// Builds the row of a customer. The number is empty if the series is to assign it.
fn assemble(tx: &Tx, id: CustomerId, defaults: &TenantDefaults, input: &CustomerInput) -> Customer {
    let terms = input.payment_terms.unwrap_or(match input.kind {
        CustomerKind::Wholesale => PaymentTerms::Net,
        CustomerKind::Retail => PaymentTerms::Prepaid,
    });
    let days = if terms == PaymentTerms::Prepaid { 0 } else { PAYMENT_DAYS_DEFAULT };
    Customer {
        tenant_id: tx.tenant_id,
        id,
        object: tag::Customer,
        number: input.number.clone().map(String::from).unwrap_or_default(),
        kind: input.kind,
        name: input.name.to_string(),
        email: input.email.clone(),
        tax_number: input.tax_number.clone().map(String::from),
        country: input.country.clone().unwrap_or_else(|| defaults.country.clone()),
        currency: defaults.currency.clone(),
        tax_exempt: input.tax_exempt,
        price_tier_id: input.price_tier_id,
        price_list_id: input.price_list_id,
        payment_terms: terms,
        payment_days: input.payment_days.unwrap_or(days),
        credit_limit: input.credit_limit,
        min_remaining_life_days: input.min_remaining_life_days,
        status: input.status,
        external_ref: input.external_ref.clone().map(String::from),
        addresses: json!(input.addresses),
        contacts: json!(input.contacts),
        notes: input.notes.to_string(),
        tags: json!(input.tags),
        attachments: json!(input.attachments),
        metadata: metadata::to_json(&input.metadata),
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    }
}

/// Builds the account of a new customer. Only postings change its figures.
fn account_of(row: &Customer) -> customer_account::Model {
    customer_account::Model {
        tenant_id: row.tenant_id,
        customer_id: row.id,
        receivable: Money::ZERO,
        ordered: Money::ZERO,
        shipped: Money::ZERO,
        unapplied: Money::ZERO,
    }
}

/// Turns a unique violation into a rejection: another transaction took the value after the check.
fn reject_taken_value(error: Error, input: &CustomerInput) -> Error {
    let number = input.number.as_deref().unwrap_or_default();
    let external_ref = input.external_ref.as_deref().unwrap_or_default();
    error
        .on_constraint("customer_number_key", || input::reject_taken("/number", "customer", number))
        .on_constraint("customer_external_ref_key", || input::reject_external_ref_taken(external_ref))
}
