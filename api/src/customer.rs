//! Customers: list, create one or many, get, change, and their accounts.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, post};
use domain::customer::{CustomerKind, CustomerStatus};
use domain::id::{CustomerId, PriceTierId};
use domain::moment::Instant;
use serde::Deserialize;
use service::customer::{self, Customer, CustomerAccount, CustomerInput, CustomerSort, Filter};
use service::page::{self, Placed};
use service::{Error, Tx};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::batch::{Batch, Items, Results};
use crate::body::{BatchBody, Body};
use crate::list::{List, Page, Sorted, search, sort};
use crate::params::PathId;
use crate::patch::Patch;
use crate::personal::Personal;
use crate::publishable::Seen;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller, own};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list)
        .service(create)
        .service(create_batch)
        .service(get)
        .service(update)
        .service(erase)
        .service(get_account);
}

record!(Customer, CustomerId);

impl Personal for Customer {
    async fn find(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Self>, Error> {
        customer::find(tx, ids).await
    }
}

/// Which customers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this number.
    #[param(max_length = 64, example = "C-000123")]
    number: Option<String>,
    /// Only this e-mail address, in upper or lower case.
    #[param(min_length = 3, max_length = 254, example = "invoices@nordwind.example")]
    email: Option<String>,
    /// Words that are in the name, the number or the e-mail address, in upper or lower case and in any order. A word of two
    /// characters is found where a word begins, a single character only at the beginning of the name. Finds at most the
    /// 10,000 best matches.
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
    /// Only customers with this tag.
    #[param(max_length = 40, example = "builders")]
    tag: Option<String>,
    /// Order of the list. Without it, the best match of `q` comes first: the number or address itself, then what begins with
    /// it, then words that begin with it. Without `q`, the newest comes first.
    #[param(inline)]
    sort: Option<CustomerSort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
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
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        number: filters.number.clone(),
        email: filters.email.clone(),
        search: search(filters.q.as_deref(), true)?,
        kind: filters.kind,
        status: filters.status,
        price_tier_id: filters.price_tier_id,
        external_ref: filters.external_ref.clone(),
        tag: filters.tag.clone(),
        metadata: list.metadata.clone().into(),
    };
    let (relevance, usual) = (CustomerSort::Relevance, CustomerSort::CreatedDescending);
    let sort = sort(filters.sort, filter.search.is_some(), relevance, usual)?;
    let sorted = Sorted::by(sort, filters.updated_since);
    let read = async move |tx: &Tx, page: &page::Page| customer::list(tx, &filter, page).await;
    sorted.serve(list, caller, read, |row: &Placed<Customer>| row.position.clone()).await
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
    write.of_persons::<Customer>().create("customer.created", body, customer::create).await
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
    write.of_persons::<Customer>().batch("customer.batch_created", body, customer::create_all).await
}

/// Get a customer
///
/// Returns one customer.
#[utoipa::path(
    operation_id = "customers_get",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer's id."), ReadHeaders),
    responses((status = 200, description = "The customer.", body = Customer))
)]
#[get("/v1/customers/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<CustomerId>, seen: IfNoneMatch) -> Answer {
    let id = own::customer(&caller, id.0);
    let row = app.db.read(caller.tenant_id, async |tx| customer::get(tx, id).await).await?;
    Ok(seen.answer(row.version, Seen::by(&caller, row)))
}

/// Change a customer
///
/// Takes a merge patch. The status `blocked` ends a customer's purchases and sessions. A customer session changes the addresses and
/// contacts of its customer only.
#[utoipa::path(
    operation_id = "customers_update",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["customers:write"])),
    params(("id" = CustomerId, Path, description = "The customer's id.")),
    request_body = Patch<CustomerInput>,
    responses((status = 200, description = "The customer as it is now.", body = Customer))
)]
#[patch("/v1/customers/{id}")]
async fn update(caller: Caller, write: Write, id: PathId<CustomerId>, body: Body<MergePatch>) -> Answer {
    let id = own::customer(&caller, id.0);
    write
        .of_persons::<Customer>()
        .patch::<CustomerInput, Customer>("customer.updated", body, async |tx, expected, change| {
            let allowed = |present: &CustomerInput| own::changed(&caller, present, change);
            customer::update(tx, id, expected, &allowed).await
        })
        .await
}

/// Erase a customer
///
/// Replaces the texts of the record by those of an erased customer, who may not buy: name, number, e-mail address, tax number, addresses,
/// contacts, notes, tags, links and metadata. Deletes its attachments and those of its orders. Empties the texts about the customer on
/// orders, shipments and holds. Fiscal documents (invoices, credit notes, till sales, payments) keep what they printed, with the reference
/// and the addresses of their orders. A customer with open orders, open holds or a balance is rejected (409). It can't be undone. Erasing
/// again changes nothing.
#[utoipa::path(
    operation_id = "customers_erase",
    security(("bearer" = ["customers:write"])),
    params(("id" = CustomerId, Path, description = "The customer's id.")),
    responses((status = 200, description = "The customer as it is now.", body = Customer))
)]
#[post("/v1/customers/{id}/erase")]
async fn erase(write: Write, id: PathId<CustomerId>) -> Answer {
    let changed = async |tx: &Tx| customer::erase(tx, id.0).await;
    write.of_persons::<Customer>().change("customer.erased", changed).await
}

/// Get a customer's account
///
/// Returns what the customer owes and will owe, as of now.
#[utoipa::path(
    operation_id = "customers_get_account",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["customers:read"])),
    params(("id" = CustomerId, Path, description = "The customer's id.")),
    responses((status = 200, description = "The account.", body = CustomerAccount))
)]
#[get("/v1/customers/{id}/account")]
async fn get_account(app: Data<App>, caller: Caller, id: PathId<CustomerId>) -> Answer {
    let id = own::customer(&caller, id.0);
    let account = app.db.read(caller.tenant_id, async |tx| customer::account(tx, id).await).await?;
    Ok(HttpResponse::Ok().json(account))
}
