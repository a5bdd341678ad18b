//! Payment intents: the amounts that tills ask card terminals for, in both directions, and the reports of their providers.

mod refund;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{LocationId, PaymentIntentId, PaymentProviderId, RegisterId, SaleId};
use domain::number::Money;
use domain::payment_intent::{self as rules, CardFacts, Intent, IntentKind, IntentStatus, Report};
use domain::refusal::{Problems, Refusal};
use domain::tenant::Channel;
use domain::{tag, text_enum};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caller::ActorKind;
use crate::columns::Columns;
use crate::command::{self, Written};
use crate::listing::{Listing, Period, Slice, number, optional_number, word};
use crate::payment_provider::{self, Sender};
use crate::posting::intents::locked;
use crate::posting::setup;
use crate::scope::Scopes;
use crate::{Caller, Db, Error, Tx, input};

/// Fewest seconds until an intent ends that the card has not paid.
const SECONDS_MIN: u32 = 60;
/// Most seconds until then.
const SECONDS_MAX: u32 = 86_400;
/// Days for which the ids of messages are kept. A repeat that comes later changes nothing, because no report lowers a status.
const EVENT_DAYS: i64 = 7;

/// A payment intent: the amount that a till asks a card terminal for.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PaymentIntent {
    /// Id of the intent.
    pub id: PaymentIntentId,
    /// Always `payment_intent`.
    pub object: tag::PaymentIntent,
    /// `payment`: the card pays. `refund`: the card gets money back.
    pub kind: IntentKind,
    /// Payment that a refund pays back. Null: it is a payment.
    #[schema(example = json!(null))]
    pub original_id: Option<PaymentIntentId>,
    /// Provider of the terminal, which reports on it.
    pub provider_id: PaymentProviderId,
    /// Till that made it.
    pub register_id: RegisterId,
    /// Currency of every amount.
    #[schema(min_length = 3, max_length = 3, example = "GBP")]
    pub currency: String,
    /// Amount that the terminal asks for or pays back.
    pub amount: Money,
    /// Status.
    pub status: IntentStatus,
    /// Amount that the issuer of the card holds. Null: no report has named it.
    pub authorised_amount: Option<Money>,
    /// When the provider reported the hold. Null: it has not.
    #[schema(example = json!(null))]
    pub authorised_at: Option<DateTime<Utc>>,
    /// Amount that was taken, or that was paid back if it is a refund. Null: none was.
    pub captured_amount: Option<Money>,
    /// Brand of the card.
    #[schema(max_length = 40, example = "visa")]
    pub card_brand: Option<String>,
    /// Last four digits of the card.
    #[schema(max_length = 4, example = "0042")]
    pub card_last_four: Option<String>,
    /// Code of the issuer's authorisation.
    #[schema(max_length = 40, example = "A1B2C3")]
    pub authorisation_code: Option<String>,
    /// Id of the terminal.
    #[schema(max_length = 40, example = "T-7")]
    pub terminal_id: Option<String>,
    /// Sale or refund whose tender names the intent. Null: none does.
    #[schema(example = json!(null))]
    pub sale_id: Option<SaleId>,
    /// When it ends, if the card has not paid until then.
    pub expires_at: DateTime<Utc>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A payment intent to create.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentIntentInput)]
pub struct IntentInput {
    /// Provider of the terminal.
    pub provider_id: PaymentProviderId,
    /// Till that asks for the amount.
    pub register_id: RegisterId,
    /// Amount to pay or to pay back, above zero, in the currency of the tenant.
    pub amount: Money,
    /// Payment to pay back, in full or in part: it must be captured, and named by a sale. Makes the intent a refund.
    #[serde(default)]
    #[schema(example = json!(null))]
    pub original_id: Option<PaymentIntentId>,
    /// Seconds until the intent ends, if the card has not paid. 60 to 86,400; 15 minutes if absent.
    #[serde(default = "quarter_hour")]
    #[schema(minimum = 60, maximum = 86400, default = 900, example = 900)]
    pub expires_in: u32,
}

fn quarter_hour() -> u32 {
    900
}

text_enum! {
    /// The step of a payment that a provider reports.
    #[schema(as = PaymentIntentReportKind)]
    pub enum ReportKind {
        /// The issuer holds the amount, or has accepted the refund.
        Authorised,
        /// The amount was taken, or was paid back.
        Captured,
        /// The payment was given up, or the hold was released.
        Cancelled,
        /// The card was declined, or the hold could not be taken.
        Failed,
        /// The hold lapsed.
        Expired,
    }
}

/// The report of a provider on a payment.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentIntentReport)]
pub struct ReportInput {
    /// Step of the payment.
    #[serde(rename = "type")]
    pub kind: ReportKind,
    /// The payment intent.
    pub payment_intent_id: PaymentIntentId,
    /// Amount that is held or was taken, above zero. Needed for `authorised` and `captured`, and ignored otherwise.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Facts about the card. Never its number.
    #[serde(default)]
    pub card: Option<CardInput>,
}

/// Facts that a terminal read from a card.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentIntentCard)]
pub struct CardInput {
    /// Brand, at most 40 characters.
    #[serde(default)]
    #[schema(max_length = 40, example = "visa")]
    pub brand: Option<String>,
    /// Last four digits.
    #[serde(default)]
    #[schema(max_length = 4, pattern = "^[0-9]{4}$", example = "0042")]
    pub last_four: Option<String>,
    /// Code of the issuer's authorisation, at most 40 characters.
    #[serde(default)]
    #[schema(max_length = 40, example = "A1B2C3")]
    pub authorisation_code: Option<String>,
    /// Id of the terminal, at most 40 characters.
    #[serde(default)]
    #[schema(max_length = 40, example = "T-7")]
    pub terminal_id: Option<String>,
}

/// Which intents to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub register_id: Option<RegisterId>,
    pub status: Option<IntentStatus>,
    pub kind: Option<IntentKind>,
    /// The payment that it pays back.
    pub original_id: Option<PaymentIntentId>,
    /// Whether a sale or refund names it.
    pub used: Option<bool>,
    /// Whether its hold is older than a day, without a capture.
    pub overdue: Option<bool>,
    /// Whether a sale or refund names it, and it ended without money or with another amount.
    pub differs: Option<bool>,
    pub created: Period,
}

/// Creates a payment intent of a till where the caller may sell. With an original it is a refund. The caller needs what the sale or the
/// refund needs, because the card pays, or is paid back, before.
pub async fn create(tx: &Tx, caller: &Caller, input: &IntentInput) -> Result<PaymentIntent, Error> {
    let settings = setup::settings(tx).await?;
    let mut problems = Problems::default();
    if !input.amount.is_positive() {
        problems.invalid("/amount", "The amount must be above zero.");
    } else if input.amount != settings.money(input.amount.get()) {
        problems.invalid("/amount", format!("An amount has at most {} decimals.", settings.exponent));
    }
    if !(SECONDS_MIN..=SECONDS_MAX).contains(&input.expires_in) {
        let detail = format!("Send {SECONDS_MIN} to {SECONDS_MAX} seconds.");
        problems.invalid("/expires_in", detail);
    }
    let location_id = location_of(tx, input.register_id).await?;
    if location_id.is_none() {
        input::add_unknown(&mut problems, "/register_id", "register");
    }
    if !payment_provider::exists(tx, input.provider_id).await? {
        input::add_unknown(&mut problems, "/provider_id", "payment provider");
    }
    problems.check()?;
    if let Some(location_id) = location_id {
        caller.limits.require_location(location_id, "/register_id")?;
    }
    caller.limits.bounds.check_channel(Channel::Retail)?;
    caller.limits.bounds.check_sum("/amount", input.amount)?;
    if let Some(original_id) = input.original_id {
        refund::check(tx, original_id, input.amount).await?;
    }
    let id = PaymentIntentId(tx.next_id());
    let status: &str = IntentStatus::Created.into();
    let statement = Columns::of(
        "insert into payment_intent (tenant_id, id, provider_id, register_id, currency, amount, status, expires_at, created_at, \
             updated_at, original_id) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", id.0)
    .value("provider_id", input.provider_id.0)
    .value("register_id", input.register_id.0)
    .value("currency", settings.currency.as_str())
    .value("amount", input.amount.get())
    .value("status", status)
    .value("expires_at", tx.now + TimeDelta::seconds(i64::from(input.expires_in)))
    .value("created_at", tx.now)
    .value("original_id", input.original_id.map(|id| id.0));
    statement.execute(tx).await?;
    get(tx, id).await
}

/// Returns one page of payment intents.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<PaymentIntent>, Error> {
    let mut listing = Listing::new(tx, SELECT)
        .with("i.register_id = ", filter.register_id.map(|id| id.0))
        .with("i.original_id = ", filter.original_id.map(|id| id.0))
        .among("i.status", filter.status.map(stored).unwrap_or_default())
        .sql(filter.status.map(by_now).unwrap_or_default())
        .within("i.created_at", filter.created);
    listing = match filter.kind {
        Some(IntentKind::Payment) => listing.sql(" and i.original_id is null"),
        Some(IntentKind::Refund) => listing.sql(" and i.original_id is not null"),
        None => listing,
    };
    listing = match filter.used {
        Some(true) => listing.sql(" and t.sale_id is not null"),
        Some(false) => listing.sql(" and t.sale_id is null"),
        None => listing,
    };
    listing = match filter.overdue {
        Some(true) => {
            listing.sql(" and i.status = 'authorised' and i.authorised_at < now() - interval '1 day'")
        }
        Some(false) => {
            listing.sql(" and (i.status <> 'authorised' or i.authorised_at >= now() - interval '1 day')")
        }
        None => listing,
    };
    listing = match filter.differs {
        Some(true) => listing.sql(DIFFERS),
        Some(false) => listing.sql(FITS),
        None => listing,
    };
    listing.page(tx, "i.id", slice).await?.iter().map(read).collect()
}

/// Returns a payment intent.
pub async fn get(tx: &Tx, id: PaymentIntentId) -> Result<PaymentIntent, Error> {
    let rows = Listing::new(tx, SELECT).with("i.id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("payment intent"))?)
}

/// Cancels a payment intent that the card has not paid.
pub async fn cancel(tx: &Tx, caller: &Caller, id: PaymentIntentId) -> Result<PaymentIntent, Error> {
    let found = locked(tx, vec![id.0]).await?;
    let intent = found.get(&id).ok_or_else(|| Refusal::not_found("payment intent"))?;
    if let Some(location_id) = location_of(tx, intent.register_id).await? {
        caller.limits.require_location(location_id, "")?;
    }
    caller.limits.bounds.check_channel(Channel::Retail)?;
    match rules::status_at(intent, tx.now) {
        IntentStatus::Created => {}
        status @ (IntentStatus::Authorised
        | IntentStatus::Captured
        | IntentStatus::Cancelled
        | IntentStatus::Failed
        | IntentStatus::Expired) => {
            let status: &str = status.into();
            let detail = format!(
                "The payment intent is {status}. Only a created one can be cancelled: release a hold on the terminal."
            );
            return Err(Refusal::state(detail).into());
        }
    }
    if let Some(after) = rules::apply(intent, Report::Cancelled)? {
        write(tx, id, &after, &CardFacts::default()).await?;
    }
    get(tx, id).await
}

/// Records the report of a provider, once. A report on an intent of another provider is rejected.
pub async fn report(db: &Db, sender: &Sender, input: &ReportInput) -> Result<(), Error> {
    let caller = Caller::new(sender.tenant_id, ActorKind::Worker, Uuid::nil(), Scopes::all());
    db.write(&caller, async |tx| take(tx, &caller, sender, input).await).await
}

async fn take(tx: &Tx, caller: &Caller, sender: &Sender, input: &ReportInput) -> Result<(), Error> {
    if !note(tx, sender).await? {
        return Ok(());
    }
    let (id, facts) = (input.payment_intent_id, facts(input.card.as_ref()));
    facts.check()?;
    let report = read_report(tx, input).await?;
    check_owner(tx, sender, id).await?;
    let found = locked(tx, vec![id.0]).await?;
    let intent = found.get(&id).ok_or_else(unknown)?;
    let Some(after) = rules::apply(intent, report)? else { return Ok(()) };
    write(tx, id, &after, &facts).await?;
    let event = if after.status == intent.status {
        "payment_intent.updated"
    } else {
        match after.status {
            IntentStatus::Created => "payment_intent.updated",
            IntentStatus::Authorised => "payment_intent.authorised",
            IntentStatus::Captured => "payment_intent.captured",
            IntentStatus::Cancelled => "payment_intent.cancelled",
            IntentStatus::Failed => "payment_intent.failed",
            IntentStatus::Expired => "payment_intent.expired",
        }
    };
    let written = Written { document_id: Some(id.0), status: 204, ..Written::default() };
    command::record(tx, caller, event, None, &written).await?;
    Ok(())
}

/// Notes the id of a message. Returns whether it is new. Forgets some that are old.
async fn note(tx: &Tx, sender: &Sender) -> Result<bool, Error> {
    let statement = "insert into payment_provider_event (tenant_id, provider_id, event_id, received_at) \
                     values ($1, $2, $3, $4) on conflict do nothing";
    let statement = sqlx::query(statement).bind(tx.tenant_id.0).bind(sender.provider_id.0);
    let noted = tx.execute(statement.bind(sender.event_id.as_str()).bind(tx.now)).await?;
    if noted == 0 {
        return Ok(false);
    }
    let statement = "delete from payment_provider_event \
                     where tenant_id = $1 and provider_id = $2 and event_id in ( \
                         select event_id from payment_provider_event \
                         where tenant_id = $1 and provider_id = $2 and received_at < $3 \
                         limit 100 for update skip locked)";
    let statement = sqlx::query(statement).bind(tx.tenant_id.0).bind(sender.provider_id.0);
    tx.execute(statement.bind(tx.now - TimeDelta::days(EVENT_DAYS))).await?;
    Ok(true)
}

async fn read_report(tx: &Tx, input: &ReportInput) -> Result<Report, Error> {
    let settings = setup::settings(tx).await?;
    let amount = || -> Result<Money, Refusal> {
        let amount =
            input.amount.ok_or_else(|| Refusal::invalid("/amount", "This report needs an amount."))?;
        if amount != settings.money(amount.get()) {
            let detail = format!("An amount has at most {} decimals.", settings.exponent);
            return Err(Refusal::invalid("/amount", detail));
        }
        Ok(amount)
    };
    Ok(match input.kind {
        ReportKind::Authorised => Report::Authorised(amount()?),
        ReportKind::Captured => Report::Captured(amount()?),
        ReportKind::Cancelled => Report::Cancelled,
        ReportKind::Failed => Report::Failed,
        ReportKind::Expired => Report::Expired,
    })
}

fn facts(card: Option<&CardInput>) -> CardFacts {
    card.map_or_else(CardFacts::default, |card| CardFacts {
        brand: card.brand.clone(),
        last_four: card.last_four.clone(),
        authorisation_code: card.authorisation_code.clone(),
        terminal_id: card.terminal_id.clone(),
    })
}

fn unknown() -> Refusal {
    let mut problems = Problems::default();
    input::add_unknown(&mut problems, "/payment_intent_id", "payment intent");
    problems.check().err().unwrap_or_else(|| Refusal::not_found("payment intent"))
}

/// Rejects an intent of another provider like one that does not exist.
async fn check_owner(tx: &Tx, sender: &Sender, id: PaymentIntentId) -> Result<(), Error> {
    let query = "select from payment_intent where tenant_id = $1 and id = $2 and provider_id = $3";
    let query = sqlx::query(query).bind(tx.tenant_id.0).bind(id.0).bind(sender.provider_id.0);
    if tx.row(query).await?.is_none() {
        return Err(unknown().into());
    }
    Ok(())
}

/// Writes what a report changed. Facts of the card that are known stay.
async fn write(tx: &Tx, id: PaymentIntentId, after: &Intent, facts: &CardFacts) -> Result<(), Error> {
    let status: &str = after.status.into();
    let statement = Columns::of(
        "update payment_intent set status = $3, authorised_amount = $4, \
             authorised_at = case when $4::numeric is null then null else coalesce(authorised_at, $10) end, \
             captured_amount = $5, card_brand = coalesce(card_brand, $6), card_last_four = coalesce(card_last_four, $7), \
             authorisation_code = coalesce(authorisation_code, $8), terminal_id = coalesce(terminal_id, $9), \
             updated_at = $10, version = version + 1 \
         where tenant_id = $1 and id = $2",
    )
    .bind(tx.tenant_id.0)
    .bind(id.0)
    .bind(status)
    .bind(after.authorised_amount.map(|amount| amount.get()))
    .bind(after.captured_amount.map(|amount| amount.get()))
    .bind(facts.brand.as_deref())
    .bind(facts.last_four.as_deref())
    .bind(facts.authorisation_code.as_deref())
    .bind(facts.terminal_id.as_deref())
    .bind(tx.now);
    statement.execute(tx).await?;
    Ok(())
}

async fn location_of(tx: &Tx, id: RegisterId) -> Result<Option<LocationId>, Error> {
    let query = "select location_id from register where tenant_id = $1 and id = $2";
    let row = tx.row(sqlx::query(query).bind(tx.tenant_id.0).bind(id.0)).await?;
    Ok(row.map(|row| row.try_get("location_id").map(LocationId)).transpose()?)
}

const DIFFERS: &str = " and exists (select from tender d \
     where d.tenant_id = t.tenant_id and d.sale_id = t.sale_id and d.line_no = t.line_no and ( \
         i.status in ('cancelled', 'failed', 'expired') or i.status = 'captured' and i.captured_amount <> abs(d.amount)))";
const FITS: &str = " and not exists (select from tender d \
     where d.tenant_id = t.tenant_id and d.sale_id = t.sale_id and d.line_no = t.line_no and ( \
         i.status in ('cancelled', 'failed', 'expired') or i.status = 'captured' and i.captured_amount <> abs(d.amount)))";

/// Returns the statuses that rows have whose status is `status` as of now. Programs of terminals ask often, so the index of the column
/// finds them.
fn stored(status: IntentStatus) -> &'static [IntentStatus] {
    match status {
        IntentStatus::Created => &[IntentStatus::Created],
        IntentStatus::Authorised => &[IntentStatus::Authorised],
        IntentStatus::Cancelled => &[IntentStatus::Cancelled],
        IntentStatus::Failed => &[IntentStatus::Failed],
        IntentStatus::Expired => &[IntentStatus::Created, IntentStatus::Expired],
        IntentStatus::Captured => &[IntentStatus::Captured],
    }
}

/// Returns the condition of the clock: an intent that the card has not paid ends with its time.
fn by_now(status: IntentStatus) -> &'static str {
    match status {
        IntentStatus::Created => " and i.expires_at > now()",
        IntentStatus::Expired => " and (i.status = 'expired' or i.expires_at <= now())",
        IntentStatus::Authorised
        | IntentStatus::Cancelled
        | IntentStatus::Failed
        | IntentStatus::Captured => "",
    }
}

const SELECT: &str = "select i.id, case when i.original_id is null then 'payment' else 'refund' end as kind, i.original_id, i.provider_id, i.register_id, i.currency, i.amount, \
        case when i.status = 'created' and i.expires_at <= now() then 'expired' else i.status end as status, \
        i.authorised_amount, i.authorised_at, i.captured_amount, i.card_brand, i.card_last_four, i.authorisation_code, \
        i.terminal_id, t.sale_id, i.expires_at, i.version, i.created_at, i.updated_at \
     from payment_intent i \
     left join tender_payment_intent t on t.tenant_id = i.tenant_id and t.payment_intent_id = i.id \
     where i.tenant_id = ";

fn read(row: &PgRow) -> Result<PaymentIntent, Error> {
    Ok(PaymentIntent {
        id: PaymentIntentId(row.try_get("id")?),
        object: tag::PaymentIntent,
        kind: word(row, "kind")?,
        original_id: row.try_get::<Option<Uuid>, _>("original_id")?.map(PaymentIntentId),
        provider_id: PaymentProviderId(row.try_get("provider_id")?),
        register_id: RegisterId(row.try_get("register_id")?),
        currency: row.try_get("currency")?,
        amount: number(row, "amount")?,
        status: word(row, "status")?,
        authorised_amount: optional_number(row, "authorised_amount")?,
        authorised_at: row.try_get("authorised_at")?,
        captured_amount: optional_number(row, "captured_amount")?,
        card_brand: row.try_get("card_brand")?,
        card_last_four: row.try_get("card_last_four")?,
        authorisation_code: row.try_get("authorisation_code")?,
        terminal_id: row.try_get("terminal_id")?,
        sale_id: row.try_get::<Option<Uuid>, _>("sale_id")?.map(SaleId),
        expires_at: row.try_get("expires_at")?,
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
