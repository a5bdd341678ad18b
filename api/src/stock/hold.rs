//! Holds: documents that reserve stock until they end.

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use domain::allocation::Owner;
use domain::hold::{self, Hold, HoldKind, HoldStatus};
use domain::id::{CustomerId, HoldId, LocationId, LotId, ProductId, RegisterId};
use domain::moment::Instant;
use domain::number::Quantity;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::tenant::Channel;
use domain::text::{self, Note500, Reference100};
use serde::{Deserialize, Serialize, Serializer};
use service::Tx;
use service::listing::{Age, Slice};
use service::posting::{Command, Stated};
use service::stock::hold::{Filter, get, list};
use utoipa_actix_web::service_config::ServiceConfig;

use super::goods::{GoodsLineIn, goods};
use crate::body::Nothing;
use crate::idempotency::PostHeaders;
use crate::line::{Skus, skus_in};
use crate::list::{List, Page};
use crate::lot::line::{Codes, codes_in, known};
use crate::own::{self, NOT_SET};
use crate::params::PathId;
use crate::posting::Post;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(place).service(list_holds).service(show).service(extend).service(release);
}

const HOLDS: &str = "/v1/stock/holds";

/// A hold to place.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct HoldIn {
    /// Your own id of the hold. The server chooses one if absent.
    id: Option<HoldId>,
    /// Kind of the hold. `hold` if absent.
    kind: Option<HoldKind>,
    /// Your own name for it, such as that of a cart. A new hold replaces an open one with the same name.
    reference: Option<Reference100>,
    /// Location. The oldest warehouse if absent.
    location_id: Option<LocationId>,
    /// Customer that it reserves for. If absent, any order or sale may name the hold.
    customer_id: Option<CustomerId>,
    /// The till of a `till_allotment`, which reserves stock at the location of the till.
    register_id: Option<RegisterId>,
    /// The channel of a `channel_allotment`.
    channel: Option<Channel>,
    /// A remark, in one line.
    note: Option<Note500>,
    /// When it expires, within 366 days. Required, except for a `quarantine`, for which it is not allowed.
    #[schema(example = "2026-11-22T12:00:00Z")]
    expires_at: Option<Instant>,
    /// Lines of the hold.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<GoodsLineIn>,
}

/// A new end of a hold.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ExtendIn {
    /// When the hold expires, within 366 days.
    #[schema(example = "2026-11-23T12:00:00Z")]
    expires_at: Instant,
}

/// A hold.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HoldOut<'a> {
    /// Id of the hold.
    id: HoldId,
    object: tag::Hold,
    /// Kind of the hold.
    kind: HoldKind,
    /// Your own name for it.
    #[schema(max_length = 100, example = "cart-8812")]
    reference: Option<&'a str>,
    /// Location of the stock.
    location_id: LocationId,
    /// Customer that it reserves for.
    customer_id: Option<CustomerId>,
    /// The till of a `till_allotment`.
    register_id: Option<RegisterId>,
    /// The channel of a `channel_allotment`.
    channel: Option<Channel>,
    /// A remark.
    #[schema(max_length = 500, example = "Kept for a call back")]
    note: Option<&'a str>,
    /// Status. Only an open hold reserves stock.
    status: HoldStatus,
    /// When it expires. Null: it does not.
    #[schema(example = "2026-11-22T12:00:00Z")]
    expires_at: Option<DateTime<Utc>>,
    /// When it was placed.
    created_at: DateTime<Utc>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// Lines of the hold. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    lines: Option<Vec<HoldLineOut<'a>>>,
}

/// A line of a hold.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct HoldLineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// Lot of a tracked product. A channel allotment was placed in it, and may be reserved in others now.
    lot_id: Option<LotId>,
    /// Lot code or serial number.
    #[schema(max_length = 64, example = json!(null))]
    lot_code: Option<&'a str>,
    /// Stock units.
    quantity: Quantity,
    /// Stock units that it still reserves. Sales of its till or channel lower it. Zero once the hold has ended.
    left: Quantity,
}

impl<'a> HoldOut<'a> {
    pub(crate) fn new(hold: &'a Hold, now: DateTime<Utc>) -> Self {
        HoldOut {
            id: hold.id,
            object: tag::Hold,
            kind: hold.kind,
            reference: hold.reference.as_deref(),
            location_id: hold.location_id,
            customer_id: hold.customer_id,
            register_id: match hold.owner {
                Some(Owner::Till(id)) => Some(id),
                _ => None,
            },
            channel: match hold.owner {
                Some(Owner::Channel(channel)) => Some(channel),
                _ => None,
            },
            note: hold.note.as_deref(),
            status: hold.status_at(now),
            expires_at: hold.expires_at,
            created_at: hold.placed_at,
            version: hold.version,
            lines: None,
        }
    }

    pub(crate) fn with_lines(
        hold: &'a Hold,
        now: DateTime<Utc>,
        skus: Skus<'_, 'a>,
        codes: Codes<'_, 'a>,
    ) -> Self {
        let line = |line: &hold::HeldLine| HoldLineOut {
            line_no: line.line_no,
            product_id: line.product_id,
            sku: skus(line.product_id),
            lot_id: known(line.lot_id),
            lot_code: codes(line.lot_id),
            quantity: line.quantity,
            left: if hold.status_at(now) == HoldStatus::Open { line.left } else { Quantity::ZERO },
        };
        HoldOut { lines: Some(hold.lines.iter().map(line).collect()), ..HoldOut::new(hold, now) }
    }
}

/// Place a hold
///
/// Reserves stock until the hold expires, is released, or is used by the order or till sale that names its `hold_id`.
/// If one line is short, the whole hold is rejected.
///
/// A `till_allotment` reserves stock for the sales of one till, so that it can sell while it is offline. Its sales take
/// from it first. No other till or order can take from it. A `channel_allotment` reserves stock for one channel until
/// it ends. The other channel sees the stock as reserved. Sales and orders of its own channel take available stock
/// first, then the allotment, which is not refilled. No document names an allotment.
///
/// For a tracked product, a hold reserves the named lots, or those that expire first. A `quarantine` must name its
/// lots. A till allotment stays in its lots. A channel allotment is a quantity: what its channel takes in one lot is
/// then reserved in another one, while one is available.
///
/// A customer session places a hold of kind `hold`, which is its cart: a new one replaces it, and it ends with the session at the
/// latest. It sends `lines`, `location_id` and `expires_at` only, and names no lots.
#[utoipa::path(
    operation_id = "holds_create",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["stock:write"])),
    params(PostHeaders),
    request_body = HoldIn,
    responses((status = 201, description = "The hold.", body = HoldOut))
)]
#[post("/v1/stock/holds")]
async fn place(post: Post) -> Answer {
    post.create::<HoldId, _, _>(HOLDS, to_command).await
}

impl HoldIn {
    /// Rejects what a customer can't set.
    fn check_customer(&self, caller: &Caller) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        for (pointer, is_set) in [
            ("/id", self.id.is_some()),
            ("/kind", self.kind.is_some_and(|kind| kind != HoldKind::Hold)),
            ("/reference", self.reference.is_some()),
            ("/register_id", self.register_id.is_some()),
            ("/channel", self.channel.is_some()),
            ("/note", self.note.is_some()),
        ] {
            if is_set {
                problems.invalid(pointer, NOT_SET);
            }
        }
        for (index, _) in self.lines.iter().enumerate().filter(|(_, line)| line.names_lots()) {
            problems.invalid(format!("/lines/{index}/lots"), NOT_SET);
        }
        own::check_end(&mut problems, caller, self.expires_at.map(Instant::get));
        problems.check()
    }
}

fn to_command(mut input: HoldIn, caller: &Caller) -> Result<Stated, ApiError> {
    let cart = caller.customer_id.map(|_| own::cart(caller));
    if cart.is_some() {
        input.check_customer(caller)?;
        input.customer_id = own::listed(caller, input.customer_id);
    }
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference).or(cart);
    let note = text::checked(&mut problems, "/note", input.note);
    let lines = goods(&mut problems, input.lines);
    let command = Command::PlaceHold(hold::PlaceHold {
        id: input.id,
        kind: input.kind.unwrap_or(HoldKind::Hold),
        reference,
        location_id: input.location_id,
        customer_id: input.customer_id,
        register_id: input.register_id,
        channel: input.channel,
        note,
        expires_at: input.expires_at.map(Instant::get),
        lines,
    });
    Ok(Stated { command, wrong: problems })
}

/// Change the end of a hold
///
/// Works only while the hold is open. The stock of a hold that has ended may be reserved elsewhere: place a new hold.
#[utoipa::path(
    operation_id = "holds_extend",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["stock:write"])),
    params(("id" = HoldId, Path, description = "The hold."), PostHeaders),
    request_body = ExtendIn,
    responses((status = 200, description = "The hold.", body = HoldOut))
)]
#[post("/v1/stock/holds/{id}/extend")]
async fn extend(app: Data<App>, caller: Caller, post: Post, id: PathId<HoldId>) -> Answer {
    let hold_id = own::hold(&app, &caller, id.0).await?;
    let command = |ExtendIn { expires_at }, caller: &Caller| -> Result<Command, ApiError> {
        let mut problems = Problems::default();
        own::check_end(&mut problems, caller, Some(expires_at.get()));
        problems.check()?;
        Ok(Command::ExtendHold(hold::Extend { hold_id, expires_at: expires_at.get() }))
    };
    post.send(command).await
}

/// Release a hold
///
/// Ends the hold. Its stock is available at once.
#[utoipa::path(
    operation_id = "holds_release",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["stock:write"])),
    params(("id" = HoldId, Path, description = "The hold."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The hold.", body = HoldOut))
)]
#[post("/v1/stock/holds/{id}/release")]
async fn release(app: Data<App>, caller: Caller, post: Post, id: PathId<HoldId>) -> Answer {
    let id = own::hold(&app, &caller, id.0).await?;
    post.empty(Command::ReleaseHold(hold::Release(id))).await
}

/// Which holds to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this status.
    status: Option<HoldStatus>,
    /// Only this location.
    location_id: Option<LocationId>,
    /// Only this customer.
    customer_id: Option<CustomerId>,
    /// Only this name of yours.
    #[param(max_length = 100, example = "cart-8812")]
    reference: Option<String>,
    /// Only this kind.
    kind: Option<HoldKind>,
    /// Only allotments of this till.
    register_id: Option<RegisterId>,
    sort: Option<Age>,
}

/// List holds
///
/// Returns one page of holds, without their lines. A customer session gets those of its cart.
#[utoipa::path(
    operation_id = "holds_list",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of holds.", body = Page<HoldOut>))
)]
#[get("/v1/stock/holds")]
async fn list_holds(caller: Caller, page: List<Filters>) -> Answer {
    let filters = &page.filters;
    own::check_unused(&caller, "reference", filters.reference.is_some())?;
    let cart = caller.customer_id.map(|_| own::cart(&caller));
    let filter = Filter {
        status: filters.status,
        location_id: filters.location_id,
        customer_id: own::listed(&caller, filters.customer_id),
        reference: cart.or_else(|| filters.reference.clone()),
        kind: filters.kind,
        register_id: filters.register_id,
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| {
        let holds = list(tx, &filter, slice).await?.into_iter();
        Ok(holds.map(|hold| Listed { hold, now: tx.now }).collect::<Vec<_>>())
    };
    page.serve_documents(caller, sort, read, |listed: &Listed| listed.hold.id.0).await
}

/// A hold in a list, as it is at an instant.
struct Listed {
    hold: Hold,
    now: DateTime<Utc>,
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        HoldOut::new(&self.hold, self.now).serialize(serializer)
    }
}

/// Get a hold
///
/// Returns the hold with its lines.
#[utoipa::path(
    operation_id = "holds_get",
    extensions(("x-customer-session" = json!(true))),
    security(("bearer" = ["stock:read"])),
    params(("id" = HoldId, Path, description = "The hold's id."), ReadHeaders),
    responses((status = 200, description = "The hold.", body = HoldOut))
)]
#[get("/v1/stock/holds/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<HoldId>, seen: IfNoneMatch) -> Answer {
    let id = own::hold(&app, &caller, id.0).await?;
    let read = async |tx: &Tx| Ok((get(tx, id).await?, tx.now));
    let ((hold, names), now) = app.db.read(caller.tenant_id, read).await?;
    let (skus, codes) = (skus_in(&names.skus), codes_in(&names.lots));
    // The end of a hold by its time changes no version.
    seen.answer_content(hold.version, HoldOut::with_lines(&hold, now, &skus, &codes))
}
