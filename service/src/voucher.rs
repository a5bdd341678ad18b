//! The register of vouchers and store credit, for reading.

use chrono::{DateTime, NaiveDate, Utc};
use domain::document;
use domain::id::{CustomerId, VoucherId};
use domain::number::Money;
use domain::refusal::Refusal;
use domain::tag;
use domain::voucher::VoucherStatus;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Listing, Slice, number, word};
use crate::{Error, Tx};

/// Most changes that are shown of one voucher.
const MOVES_MAX: i64 = 200;

/// A voucher or store credit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VoucherRecord {
    /// Id of the voucher.
    pub id: VoucherId,
    /// Always `voucher`.
    pub object: tag::Voucher,
    /// Code with which it is redeemed. Who has it can redeem the voucher.
    #[schema(max_length = 100, example = "7Q2M-94XK-C0PD-HW8E")]
    pub code: String,
    /// Whether it can be redeemed.
    pub status: VoucherStatus,
    /// The customer, if it belongs to one.
    pub customer_id: Option<CustomerId>,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Amount that was issued.
    pub issued: Money,
    /// Amount that was redeemed and not given back.
    pub redeemed: Money,
    /// Issued less redeemed. Below zero only if a forced sale redeemed more.
    pub balance: Money,
    /// Last day on which it can be redeemed.
    #[schema(example = "2029-12-31")]
    pub expires_on: Option<NaiveDate>,
    /// When it was issued.
    pub occurred_at: DateTime<Utc>,
    /// When it was first recorded: issued, or redeemed by a forced sale.
    pub created_at: DateTime<Utc>,
    /// When its balance last changed.
    pub updated_at: DateTime<Utc>,
    /// Increases with each change of the balance.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: i32,
}

/// A voucher with the changes of its balance.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VoucherDetail {
    #[serde(flatten)]
    pub voucher: VoucherRecord,
    /// Changes of its balance, the newest first, at most 200.
    #[schema(max_items = 200)]
    pub moves: Vec<VoucherChange>,
}

/// A change of the balance of a voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VoucherChange {
    /// The document that changed it: a sale or a refund, or the voucher itself if this is its issue.
    #[schema(max_length = 32, example = "sal_01h455vb4pex5vsknk084sn02q")]
    pub document_id: String,
    /// Amount; negative if it was redeemed.
    pub amount: Money,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub code: Option<String>,
    pub customer_id: Option<CustomerId>,
    /// Whether there is a balance.
    pub open: Option<bool>,
}

const SELECT: &str = "select v.id, v.code, v.status, v.customer_id, t.currency, v.issued, v.redeemed, v.balance, \
                             v.expires_on, v.recorded_at, v.updated_at, v.version, \
                             coalesce((select m.occurred_at from voucher_move m \
                                       where m.tenant_id = v.tenant_id and m.voucher_id = v.id \
                                       order by m.document_id = v.id desc, m.recorded_at, m.document_id limit 1), v.recorded_at) as occurred_at \
                      from voucher v join tenant t on t.tenant_id = v.tenant_id where v.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<VoucherRecord>, Error> {
    let openness = match filter.open {
        Some(true) => " and v.balance <> 0",
        Some(false) => " and v.balance = 0",
        None => "",
    };
    let rows = Listing::new(tx, SELECT)
        .with("v.code = ", filter.code.as_ref())
        .with("v.customer_id = ", filter.customer_id.map(|id| id.0))
        .sql(openness)
        .since("v.updated_at >= ", slice)
        .page(tx, "v.id", slice)
        .await?;
    rows.iter().map(read).collect()
}

/// Returns one voucher with the changes of its balance.
pub async fn get(tx: &Tx, id: VoucherId) -> Result<VoucherDetail, Error> {
    let rows = Listing::new(tx, SELECT).with("v.id = ", Some(id.0)).rows(tx).await?;
    let voucher = read(rows.first().ok_or_else(|| Refusal::not_found("voucher"))?)?;
    let statement = "select document_kind, document_id, amount, occurred_at, recorded_at from voucher_move \
                     where tenant_id = $1 and voucher_id = $2 order by recorded_at desc, document_id desc limit $3";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(MOVES_MAX);
    let change = |row: &PgRow| -> Result<VoucherChange, Error> {
        Ok(VoucherChange {
            document_id: document::document_id(row.try_get("document_kind")?, row.try_get("document_id")?),
            amount: number(row, "amount")?,
            occurred_at: row.try_get("occurred_at")?,
            created_at: row.try_get("recorded_at")?,
        })
    };
    let moves = tx.rows(query).await?.iter().map(change).collect::<Result<_, _>>()?;
    Ok(VoucherDetail { voucher, moves })
}

fn read(row: &PgRow) -> Result<VoucherRecord, Error> {
    Ok(VoucherRecord {
        id: VoucherId(row.try_get("id")?),
        object: tag::Voucher,
        code: row.try_get("code")?,
        status: word(row, "status")?,
        customer_id: row.try_get::<Option<Uuid>, _>("customer_id")?.map(CustomerId),
        currency: row.try_get("currency")?,
        issued: number(row, "issued")?,
        redeemed: number(row, "redeemed")?,
        balance: number(row, "balance")?,
        expires_on: row.try_get("expires_on")?,
        occurred_at: row.try_get("occurred_at")?,
        created_at: row.try_get("recorded_at")?,
        updated_at: row.try_get("updated_at")?,
        version: row.try_get("version")?,
    })
}
