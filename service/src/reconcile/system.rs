//! The systems of a tenant that hold the same stock.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::id::SystemId;
use domain::refusal::{Code, Problems, Refusal};
use domain::tag;
use domain::text::{Code64, Name};
use reconcile::term::{QuantityMeaning, Sign, SystemKind};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

use super::ingest::{Taken, note_change};
use crate::columns::Columns;
use crate::input::{self, Change, Patched};
use crate::listing::{Listing, Slice, word};
use crate::{Error, Tx};

/// The code of the own ledger, which is always a system.
pub const OWN: &str = "stockwell";
/// Most systems of a tenant.
pub const SYSTEMS_MAX: usize = 50;
/// Longest interval between two transports: a week.
const INTERVAL_MINUTES_MAX: u32 = 7 * 24 * 60;
/// Largest offset of a clock: a day.
const OFFSET_SECONDS_MAX: i32 = 24 * 3600;
/// Minutes between two transports of a system that declares none.
const INTERVAL_MINUTES: u32 = 60;

/// A kind of system that keeps quantities of stock.
#[derive(Debug, utoipa::ToSchema)]
#[schema(as = SystemKind, rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "documentation only: the own ledger has a kind of its own, and is never registered"
)]
enum RegisteredKind {
    Pos,
    Storefront,
    Erp,
    Wms,
    Marketplace,
    Finance,
    Spreadsheet,
}

/// A system that holds the same stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileSystem)]
pub struct System {
    /// Id of the system.
    pub id: SystemId,
    pub object: tag::ReconcileSystem,
    /// Your code for it. It is the `system` of SKU mappings too.
    #[schema(max_length = 64, example = "till")]
    pub code: String,
    /// The name.
    #[schema(max_length = 200, example = "Tills of the stores")]
    pub name: String,
    /// Kind of system.
    #[schema(value_type = RegisteredKind)]
    pub kind: SystemKind,
    /// Meaning of the quantities in its snapshots.
    pub quantity_meaning: QuantityMeaning,
    /// Minutes between two transports of its data.
    #[schema(minimum = 1, maximum = 10080, example = 60)]
    pub sync_interval_minutes: u32,
    /// Its clock less true time, in seconds.
    #[schema(minimum = -86400, maximum = 86400, example = 0)]
    pub clock_offset_seconds: i32,
    /// Sign of the quantities of its events.
    pub sign: Sign,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The fields of a system that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReconcileSystemCreate)]
pub struct SystemInput {
    /// Your code for it, such as the `system` of its SKU mappings. It can't change. The code `stockwell` is taken.
    pub code: Code64,
    /// The name. If absent, the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// Kind of system.
    #[schema(value_type = RegisteredKind)]
    pub kind: SystemKind,
    /// Meaning of the quantities in its snapshots. If absent, `on_hand`.
    #[serde(default = "on_hand")]
    pub quantity_meaning: QuantityMeaning,
    /// Minutes between two transports of its data, 1 to 10,080. If absent, 60.
    #[serde(default = "interval")]
    #[schema(minimum = 1, maximum = 10080)]
    pub sync_interval_minutes: u32,
    /// Its clock less true time, in seconds: 240 if it is four minutes fast. If absent, 0.
    #[serde(default)]
    #[schema(minimum = -86400, maximum = 86400)]
    pub clock_offset_seconds: i32,
    /// Sign of the quantities of its events. With `natural`, a quantity is the signed effect on stock. With `absolute`, the type
    /// gives the sign, and adjustments, counts and overwrites keep theirs. If absent, `natural`.
    #[serde(default = "natural")]
    pub sign: Sign,
}

fn on_hand() -> QuantityMeaning {
    QuantityMeaning::OnHand
}

fn interval() -> u32 {
    INTERVAL_MINUTES
}

fn natural() -> Sign {
    Sign::Natural
}

impl SystemInput {
    /// Returns the input with the values of a system that declares only its code and kind.
    pub fn new(code: Code64, kind: SystemKind) -> Self {
        SystemInput {
            code,
            name: None,
            kind,
            quantity_meaning: on_hand(),
            sync_interval_minutes: interval(),
            clock_offset_seconds: 0,
            sign: natural(),
        }
    }

    fn of(system: &System) -> Self {
        SystemInput {
            code: Code64::stored(&system.code),
            name: Some(Name::stored(&system.name)),
            kind: system.kind,
            quantity_meaning: system.quantity_meaning,
            sync_interval_minutes: system.sync_interval_minutes,
            clock_offset_seconds: system.clock_offset_seconds,
            sign: system.sign,
        }
    }

    fn name(&self) -> &str {
        self.name.as_ref().map_or(self.code.as_str(), Name::as_str)
    }

    /// Whether a system has all these values.
    fn is_of(&self, system: &System) -> bool {
        let named = SystemInput { name: Some(Name::stored(self.name())), ..self.clone() };
        named == SystemInput::of(system)
    }

    fn check(&self) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        self.code.check(&mut problems, "/code");
        if self.code.as_str() == OWN {
            let detail = "The code stockwell stands for your own records, which are always a system. Choose another code.";
            problems.add("/code", Code::AlreadyExists, detail);
        }
        if let Some(name) = &self.name {
            name.check(&mut problems, "/name");
        }
        if self.kind == SystemKind::Stockwell {
            problems.invalid("/kind", "Send pos, storefront, erp, wms, marketplace, finance or spreadsheet.");
        }
        if !(1..=INTERVAL_MINUTES_MAX).contains(&self.sync_interval_minutes) {
            let detail = format!("Send 1 to {INTERVAL_MINUTES_MAX} minutes.");
            problems.invalid("/sync_interval_minutes", detail);
        }
        if self.clock_offset_seconds.unsigned_abs() > OFFSET_SECONDS_MAX.unsigned_abs() {
            let detail = format!("Send at most {OFFSET_SECONDS_MAX} seconds, in either direction.");
            problems.invalid("/clock_offset_seconds", detail);
        }
        problems.check()
    }

    fn made(&self, tx: &Tx) -> System {
        System {
            id: SystemId(tx.next_id()),
            object: tag::ReconcileSystem,
            code: self.code.to_string(),
            name: self.name().to_owned(),
            kind: self.kind,
            quantity_meaning: self.quantity_meaning,
            sync_interval_minutes: self.sync_interval_minutes,
            clock_offset_seconds: self.clock_offset_seconds,
            sign: self.sign,
            version: 1,
            created_at: tx.now,
            updated_at: tx.now,
        }
    }
}

/// Registers the systems that are not there yet.
pub async fn create_all(tx: &Tx, inputs: &[SystemInput]) -> Result<Taken, Error> {
    let mut known: HashMap<String, System> =
        all(tx).await?.into_iter().map(|system| (system.code.clone(), system)).collect();
    let (mut taken, mut made) = (Taken::default(), Vec::new());
    for (index, input) in inputs.iter().enumerate() {
        match known.get(input.code.as_str()) {
            Some(present) if input.is_of(present) => taken.repeated += 1,
            Some(_) => {
                let detail = "A system has this code with other values. Change it with PATCH.";
                taken.reject(index, Problems::one("/code", Code::AlreadyExists, detail));
            }
            None => match input.check() {
                Ok(()) if known.len() >= SYSTEMS_MAX => {
                    let detail = format!("A tenant has at most {SYSTEMS_MAX} systems.");
                    taken.reject(index, Refusal::invalid("/code", detail));
                }
                Ok(()) => {
                    let system = input.made(tx);
                    made.push(system.clone());
                    known.insert(system.code.clone(), system);
                }
                Err(refusal) => taken.reject(index, refusal),
            },
        }
    }
    insert(tx, &made).await?;
    taken.accepted = made.len();
    Ok(taken)
}

/// Changes a system that is still at version `expected`. Its rows stay as they were sent, so the next run reads all of them with
/// the new values.
pub async fn update(
    tx: &Tx,
    id: SystemId,
    expected: Option<i32>,
    change: Change<'_, SystemInput>,
) -> Result<Patched<System>, Error> {
    // No key changes, so rows that name the system can be written meanwhile.
    let lock = sqlx::query("select from reconcile_system where tenant_id = $1 and id = $2 for no key update");
    tx.row(lock.bind(tx.tenant_id.0).bind(id.0)).await?;
    let before = get(tx, id).await?;
    input::check_version(before.version, expected)?;
    let Some(input) = change(&SystemInput::of(&before))? else {
        return Ok(Patched::unchanged(before));
    };
    input.check()?;
    if input.code.as_str() != before.code {
        let detail = "The code of a system can't change, because its mappings name it.";
        return Err(Refusal::invalid("/code", detail).into());
    }
    if input.is_of(&before) {
        return Ok(Patched::unchanged(before));
    }
    let update = "update reconcile_system set name = $3, kind = $4, quantity_meaning = $5, sync_interval_minutes = $6, \
                         clock_offset_seconds = $7, sign = $8, version = version + 1, updated_at = $9 \
                  where tenant_id = $1 and id = $2";
    let columns = Columns::of(update)
        .bind(tx.tenant_id.0)
        .bind(id.0)
        .set("name", input.name().to_owned())
        .set("kind", input.kind.word())
        .set("quantity_meaning", input.quantity_meaning.word())
        .set("sync_interval_minutes", minutes(input.sync_interval_minutes))
        .set("clock_offset_seconds", input.clock_offset_seconds)
        .set("sign", input.sign.word())
        .set("updated_at", tx.now);
    columns.execute(tx).await?;
    note_change(tx).await?;
    Ok(Patched::changed(get(tx, id).await?))
}

/// Returns one page of the systems, or the one with a code.
pub async fn list(tx: &Tx, code: Option<&str>, slice: &Slice) -> Result<Vec<System>, Error> {
    let listing = Listing::new(tx, SELECT).with("code = ", code);
    listing.page(tx, "id", slice).await?.iter().map(read).collect()
}

pub async fn get(tx: &Tx, id: SystemId) -> Result<System, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("system"))?)
}

/// Returns every system of the tenant, by code.
pub async fn all(tx: &Tx) -> Result<Vec<System>, Error> {
    let listing = Listing::new(tx, SELECT).sql(" order by code collate \"C\"");
    listing.rows(tx).await?.iter().map(read).collect()
}

/// Returns the system with this code.
pub async fn of_code(tx: &Tx, code: &str) -> Result<Option<System>, Error> {
    let rows = Listing::new(tx, SELECT).with("code = ", Some(code)).rows(tx).await?;
    rows.first().map(read).transpose()
}

/// Returns the codes that name a system, with that of the own ledger.
pub(super) async fn codes(tx: &Tx) -> Result<HashSet<String>, Error> {
    let own = std::iter::once(OWN.to_owned());
    Ok(all(tx).await?.into_iter().map(|system| system.code).chain(own).collect())
}

const SELECT: &str = "select id, code, name, kind, quantity_meaning, sync_interval_minutes, clock_offset_seconds, sign, version, \
                             created_at, updated_at \
                      from reconcile_system where tenant_id = ";

fn read(row: &PgRow) -> Result<System, Error> {
    Ok(System {
        id: SystemId(row.try_get("id")?),
        object: tag::ReconcileSystem,
        code: row.try_get("code")?,
        name: row.try_get("name")?,
        kind: word(row, "kind")?,
        quantity_meaning: word(row, "quantity_meaning")?,
        sync_interval_minutes: row.try_get::<i32, _>("sync_interval_minutes")?.unsigned_abs(),
        clock_offset_seconds: row.try_get("clock_offset_seconds")?,
        sign: word(row, "sign")?,
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

async fn insert(tx: &Tx, systems: &[System]) -> Result<(), Error> {
    if systems.is_empty() {
        return Ok(());
    }
    let text = "insert into reconcile_system (tenant_id, created_at, updated_at, id, code, name, kind, quantity_meaning, \
                                              sync_interval_minutes, clock_offset_seconds, sign) \
                select $1, $2, $2, v.* from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[], \
                    $9::integer[], $10::text[]) as v (id, code, name, kind, quantity_meaning, sync_interval_minutes, \
                    clock_offset_seconds, sign)";
    Columns::of(text)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", systems, |system| system.id.0)
        .column("code", systems, |system| system.code.clone())
        .column("name", systems, |system| system.name.clone())
        .column("kind", systems, |system| system.kind.word())
        .column("quantity_meaning", systems, |system| system.quantity_meaning.word())
        .column("sync_interval_minutes", systems, |system| minutes(system.sync_interval_minutes))
        .column("clock_offset_seconds", systems, |system| system.clock_offset_seconds)
        .column("sign", systems, |system| system.sign.word())
        .execute(tx)
        .await?;
    Ok(())
}

fn minutes(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
