//! Vouchers and store credit: issue, and read the register.

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{CustomerId, RegisterId, VoucherId};
use domain::moment::Instant;
use domain::number::Money;
use domain::payment::{IssueVoucher, IssuedVoucher, NAME_PAID, PaymentMethod, VoucherPaid};
use domain::refusal::Problems;
use domain::tag;
use domain::text::{self, Line64, Line100};
use domain::voucher::VoucherStatus;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::listing::{Age, Slice};
use service::posting::{Command, Stated};
use service::scope::Scope;
use service::voucher::{Filter, VoucherChange, VoucherDetail, VoucherRecord};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::idempotency::{BatchHeaders, PostHeaders};
use crate::list::{List, Page};
use crate::params::PathId;
use crate::posting::{BatchIn, BatchOut, Post};
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, ApiError, App, Caller};

/// Path of vouchers.
const VOUCHERS: &str = "/v1/vouchers";

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(issue).service(issue_batch).service(list).service(show);
}

/// A voucher to issue.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct VoucherIn {
    /// Your own id of the voucher. The server chooses one if absent.
    id: Option<VoucherId>,
    /// Code with which it is redeemed, unique. If absent, the server makes one that can't be guessed.
    code: Option<Line100>,
    /// Amount, above zero.
    amount: Money,
    /// Customer to whom it belongs. Who has the code can redeem it all the same.
    customer_id: Option<CustomerId>,
    /// Last day on which it can be redeemed. If absent, it does not expire.
    #[schema(example = "2029-12-31")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    expires_on: Option<NaiveDate>,
    /// Means by which it was paid for. Either this or `account`.
    method: Option<PaymentMethod>,
    /// Till with an open session into whose drawer cash goes. Only for `cash`, which needs it.
    #[schema(example = json!(null))]
    register_id: Option<RegisterId>,
    /// Account to which it is charged if no money came for it: `3000` for vouchers that were issued before, an expense for a
    /// present. A control account and a liability are rejected. Needs the scope `ledger:write`. The name
    /// `account_code` is accepted too.
    #[serde(alias = "account_code")]
    #[schema(example = json!(null))]
    account: Option<Line64>,
    /// When it was issued. Now if absent.
    occurred_at: Option<Instant>,
}

/// A voucher that was issued.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VoucherOut<'a> {
    /// Id of the voucher.
    id: VoucherId,
    object: tag::Voucher,
    /// Code with which it is redeemed. Who has it can redeem the voucher.
    #[schema(max_length = 100, example = "7Q2M-94XK-C0PD-HW8E")]
    code: &'a str,
    /// Whether it can be redeemed.
    status: VoucherStatus,
    /// The customer, if it belongs to one.
    customer_id: Option<CustomerId>,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Amount that was issued.
    issued: Money,
    /// Amount that was redeemed and not given back.
    redeemed: Money,
    /// Issued less redeemed.
    balance: Money,
    /// Last day on which it can be redeemed.
    #[schema(example = "2029-12-31")]
    expires_on: Option<NaiveDate>,
    /// When it was issued.
    occurred_at: DateTime<Utc>,
    /// When it was first recorded: issued, or redeemed by a forced sale.
    created_at: DateTime<Utc>,
    /// When its balance last changed.
    updated_at: DateTime<Utc>,
    /// Increases with each change of the balance.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    version: i32,
    /// Change by which it was issued. `GET /v1/vouchers/{id}` has the others: forced sales may have redeemed it before.
    #[schema(max_items = 200, value_type = Vec<VoucherChange>)]
    moves: [VoucherChange; 1],
}

impl<'a> VoucherOut<'a> {
    pub(crate) fn new(issued: &'a IssuedVoucher, currency: &'a str) -> Self {
        let voucher = &issued.voucher;
        VoucherOut {
            id: voucher.id,
            object: tag::Voucher,
            code: &voucher.code,
            status: voucher.status,
            customer_id: voucher.customer_id,
            currency,
            issued: voucher.issued,
            redeemed: voucher.redeemed,
            balance: voucher.balance(),
            expires_on: voucher.expires_on,
            occurred_at: issued.occurred_at,
            created_at: voucher.recorded_at,
            updated_at: issued.recorded_at,
            version: voucher.version,
            moves: [VoucherChange {
                document_id: voucher.id.to_string(),
                amount: voucher.issued,
                occurred_at: issued.occurred_at,
                created_at: issued.recorded_at,
            }],
        }
    }
}

/// Returns a new code of 80 random bits, which can't be guessed.
pub(crate) fn new_code() -> String {
    let letters = VoucherId(Uuid::new_v4()).to_string().to_uppercase();
    let last = &letters.as_bytes()[letters.len() - 16..];
    let groups: Vec<String> = last.chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    groups.join("-")
}

/// Issue a voucher
///
/// Issues a voucher or store credit: for money, or charged to an account. Its amount is a liability until it is redeemed as
/// a tender of a till sale, with its code as `reference`. A refund gives back into the voucher that paid, and a refund by
/// voucher without a code issues store credit. A code that a forced sale redeemed before it was issued is issued once: the
/// voucher keeps its id, and its balance is the amount less what was redeemed.
#[utoipa::path(
    operation_id = "vouchers_create",
    security(("bearer" = ["pos:write"])),
    params(PostHeaders),
    request_body = VoucherIn,
    responses((status = 201, description = "The voucher.", body = VoucherOut))
)]
#[post("/v1/vouchers")]
async fn issue(post: Post) -> Answer {
    post.create::<VoucherId, _, _>(VOUCHERS, to_command).await
}

/// Issue many vouchers at once
///
/// Takes up to 500 vouchers, such as those that were issued before. Each is carried out on its own: a rejected voucher does
/// not affect the others.
#[utoipa::path(
    operation_id = "vouchers_create_batch",
    security(("bearer" = ["pos:write"])),
    params(BatchHeaders),
    request_body = BatchIn,
    responses((status = 207, description = "One result per voucher, in order.", body = BatchOut))
)]
#[post("/v1/vouchers/batch")]
async fn issue_batch(post: Post) -> Answer {
    post.batch(VOUCHERS, to_command).await
}

fn to_command(input: VoucherIn, caller: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let code = text::checked(&mut problems, "/code", input.code);
    let account = text::checked(&mut problems, "/account", input.account);
    let paid = match (input.method, account) {
        (Some(method), None) => VoucherPaid::By(method, input.register_id),
        (None, Some(account)) => {
            if input.register_id.is_some() {
                problems.invalid("/register_id", "Only cash goes through a till: leave register_id out.");
            }
            VoucherPaid::Account(account)
        }
        (method, account) => {
            problems.invalid("/method", NAME_PAID);
            // Who may not name an account does not learn which there are.
            let account = account.filter(|_| caller.require(Scope::LedgerWrite).is_ok());
            VoucherPaid::Unclear { method, register_id: input.register_id, account }
        }
    };
    if matches!(paid, VoucherPaid::Account(_)) {
        caller.require(Scope::LedgerWrite)?;
    }
    let command = Command::IssueVoucher(IssueVoucher {
        id: input.id,
        code: code.unwrap_or_else(new_code),
        amount: input.amount,
        customer_id: input.customer_id,
        expires_on: input.expires_on,
        paid,
        occurred_at: input.occurred_at.map(Instant::get),
    });
    Ok(Stated { command, wrong: problems })
}

/// Which vouchers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only the voucher with this code.
    #[param(max_length = 100, example = "7Q2M-94XK-C0PD-HW8E")]
    code: Option<String>,
    /// Only this customer.
    customer_id: Option<CustomerId>,
    /// `true`: only those with a balance. `false`: only those without.
    #[param(example = true)]
    open: Option<bool>,
    sort: Option<Age>,
}

/// List vouchers
///
/// Returns one page of vouchers with what was issued and redeemed, and the balance.
#[utoipa::path(
    operation_id = "vouchers_list",
    security(("bearer" = ["pos:read"])),
    params(Filters),
    responses((status = 200, description = "One page of vouchers.", body = Page<VoucherRecord>))
)]
#[get("/v1/vouchers")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter { code: filters.code.clone(), customer_id: filters.customer_id, open: filters.open };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| service::voucher::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |voucher: &VoucherRecord| voucher.id.0).await
}

/// Get a voucher
///
/// Returns the voucher with the documents that changed its balance.
#[utoipa::path(
    operation_id = "vouchers_get",
    security(("bearer" = ["pos:read"])),
    params(("id" = VoucherId, Path, description = "The voucher's id."), ReadHeaders),
    responses((status = 200, description = "The voucher.", body = VoucherDetail))
)]
#[get("/v1/vouchers/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<VoucherId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &service::Tx| service::voucher::get(tx, id.0).await;
    let detail = app.db.read(caller.tenant_id, read).await?;
    seen.answer_content(detail.voucher.version, detail)
}
