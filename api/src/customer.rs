//! Customers: list, create one or many, get, change, and their accounts.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, post};
use chrono::{DateTime, Utc};
use domain::customer::{CustomerKind, CustomerStatus, Exposure, PaymentTerms};
use domain::id::{CustomerId, PriceListId, PriceTierId};
use domain::number::Money;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::customer::{self, CustomerInput, Filter};
use service::input::{Metadata, metadata_of, metadata_schema};
use service::page::Sort;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::batch::{Batch, Items, Results};
use crate::body::{BatchBody, Body};
use crate::list::{List, Page, Sorted};
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(create_batch).service(get).service(update).service(get_account);
}

/// A customer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Customer {
    /// Id of the customer.
    id: CustomerId,
    object: tag::Customer,
    /// Customer number.
    #[schema(max_length = 64, example = "C-000123")]
    number: String,
    /// Kind of the customer.
    kind: CustomerKind,
    /// The name.
    #[schema(max_length = 200, example = "Nordwind Supply GmbH")]
    name: String,
    /// E-mail address for invoices.
    #[schema(max_length = 254, example = "invoices@nordwind.example")]
    email: Option<String>,
    /// Tax number.
    #[schema(max_length = 40, example = "DE123456789")]
    tax_number: Option<String>,
    /// ISO 3166-1 alpha-2 code of the country that it buys in, which is the tax zone of its orders.
    #[schema(max_length = 2, example = "DE")]
    country: String,
    /// ISO 4217 code of its currency.
    #[schema(max_length = 3, example = "EUR")]
    currency: String,
    /// Whether its sales are free of tax.
    #[schema(example = false)]
    tax_exempt: bool,
    /// Its price tier.
    price_tier_id: Option<PriceTierId>,
    /// Its own price list, which goes before that of its tier.
    price_list_id: Option<PriceListId>,
    /// When its invoices are due.
    payment_terms: PaymentTerms,
    /// Days in those terms.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    payment_days: i32,
    /// Credit limit, compared to the exposure. Null: no limit.
    credit_limit: Option<Money>,
    /// Remaining life that it requires of a lot, in days, in either channel.
    #[schema(minimum = 0, maximum = 3650, example = 0)]
    min_remaining_life_days: i32,
    /// Whether it may buy.
    status: CustomerStatus,
    /// Your own id of it.
    #[schema(max_length = 200, example = "crm-4711")]
    external_ref: Option<String>,
    /// Your own notes.
    #[schema(schema_with = metadata_schema)]
    metadata: Metadata,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<entity::customer::Model> for Customer {
    fn from(row: entity::customer::Model) -> Self {
        Customer {
            id: row.id,
            object: tag::Customer,
            number: row.number,
            kind: row.kind,
            name: row.name,
            email: row.email,
            tax_number: row.tax_number,
            country: row.country,
            currency: row.currency,
            tax_exempt: row.tax_exempt,
            price_tier_id: row.price_tier_id,
            price_list_id: row.price_list_id,
            payment_terms: row.payment_terms,
            payment_days: row.payment_days,
            credit_limit: row.credit_limit,
            min_remaining_life_days: row.min_remaining_life_days,
            status: row.status,
            external_ref: row.external_ref,
            metadata: metadata_of(&row.metadata),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

record!(Customer, CustomerId);

/// Amounts that a customer owes or will owe.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CustomerAccount {
    /// Id of the customer.
    id: CustomerId,
    object: tag::CustomerAccount,
    /// ISO 4217 code of every amount.
    #[schema(max_length = 3, example = "EUR")]
    currency: String,
    /// Open invoices less open credit notes.
    receivable: Money,
    /// Confirmed and not shipped, with tax.
    ordered: Money,
    /// Shipped and not invoiced, with tax.
    shipped: Money,
    /// Paid and not yet applied to an invoice.
    unapplied: Money,
    /// Compared to the credit limit: receivable + ordered + shipped − unapplied.
    exposure: Money,
    /// Credit limit. Null: no limit.
    credit_limit: Option<Money>,
    /// Credit limit less exposure, negative if it is exceeded. Null: no limit.
    credit_available: Option<Money>,
}

/// Which customers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this number.
    #[param(max_length = 64, example = "C-000123")]
    number: Option<String>,
    /// The name begins with this, in upper or lower case.
    #[param(min_length = 1, max_length = 200, example = "nord")]
    q: Option<String>,
    /// Only this kind.
    kind: Option<CustomerKind>,
    /// Only this status.
    status: Option<CustomerStatus>,
    /// Only this price tier.
    price_tier_id: Option<PriceTierId>,
    /// Only this external reference.
    #[param(max_length = 200, example = "crm-4711")]
    external_ref: Option<String>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<DateTime<Utc>>,
}

/// List customers
///
/// Returns one page of customers. To synchronise, send `sort=updated_at` and `updated_at[gte]`.
#[utoipa::path(
    operation_id = "customers_list",
    security(("bearer" = ["customers:read"])),
    params(Filters),
    responses((status = 200, description = "One page of customers.", body = Page<Customer>))
)]
#[get("/v1/customers")]
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        number: filters.number.clone(),
        name_prefix: filters.q.clone(),
        kind: filters.kind,
        status: filters.status,
        price_tier_id: filters.price_tier_id,
        external_ref: filters.external_ref.clone(),
    };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let page = sorted.page(&list)?;
    let rows = app.db.read(caller.tenant_id, async |tx| customer::list(tx, &filter, &page).await).await?;
    list.answer(rows.into_iter().map(Customer::from).collect(), |row| {
        sorted.position(row.id.0, row.updated_at)
    })
}

/// Create a customer
///
/// Creates a customer with an account at zero. Without a `number` it gets the next one.
#[utoipa::path(
    operation_id = "customers_create",
    security(("bearer" = ["customers:write"])),
    request_body = CustomerInput,
    responses((status = 201, description = "The customer.", body = Customer))
)]
#[post("/v1/customers")]
async fn create(write: Write, body: Body<CustomerInput>) -> Answer {
    write.create("customer.created", body, Customer::from, customer::create).await
}

/// Create many customers
///
/// Takes up to 500 customers and returns one result each, in order. A rejected customer does not affect the others.
#[utoipa::path(
    operation_id = "customers_create_batch",
    security(("bearer" = ["customers:write"])),
    request_body = Batch<CustomerInput>,
    responses((status = 207, description = "One result per customer.", body = Results<Customer>))
)]
#[post("/v1/customers/batch")]
async fn create_batch(write: Write, body: BatchBody<Items>) -> Answer {
    write.batch("customer.batch_created", body, Customer::from, customer::create_all).await
}

/// Get a customer
///
/// Returns one customer.
#[utoipa::path(
    operation_id = "customers_get",
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer's id."), ReadHeaders),
    responses((status = 200, description = "The customer.", body = Customer))
)]
#[get("/v1/customers/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<CustomerId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| customer::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, Customer::from(row)))
}

/// Change a customer
///
/// Takes a merge patch. The status `blocked` ends a customer's purchases.
#[utoipa::path(
    operation_id = "customers_update",
    security(("bearer" = ["customers:write"])),
    params(("id" = CustomerId, Path, description = "The customer's id.")),
    request_body = Patch<CustomerInput>,
    responses((status = 200, description = "The customer as it is now.", body = Customer))
)]
#[patch("/v1/customers/{id}")]
async fn update(write: Write, id: PathId<CustomerId>, body: Body<MergePatch>) -> Answer {
    write
        .patch("customer.updated", body, Customer::from, async |tx, expected, change| {
            customer::update(tx, id.0, expected, change).await
        })
        .await
}

/// Get a customer's account
///
/// Returns what the customer owes and will owe, as of now.
#[utoipa::path(
    operation_id = "customers_get_account",
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer's id.")),
    responses((status = 200, description = "The account.", body = CustomerAccount))
)]
#[get("/v1/customers/{id}/account")]
async fn get_account(app: Data<App>, caller: Caller, id: PathId<CustomerId>) -> Answer {
    let found = app.db.read(caller.tenant_id, async |tx| customer::account(tx, id.0).await).await?;
    let (customer, account) = found;
    let exposure = Exposure {
        receivable: account.receivable,
        ordered: account.ordered,
        shipped: account.shipped,
        unapplied: account.unapplied,
    };
    Ok(HttpResponse::Ok().json(CustomerAccount {
        id: customer.id,
        object: tag::CustomerAccount,
        currency: customer.currency,
        receivable: exposure.receivable,
        ordered: exposure.ordered,
        shipped: exposure.shipped,
        unapplied: exposure.unapplied,
        exposure: exposure.total(),
        credit_limit: customer.credit_limit,
        credit_available: customer.credit_limit.map(|limit| limit - exposure.total()),
    }))
}
