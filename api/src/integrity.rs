//! The integrity check: stock, cost and ledger agree.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use domain::tag;
use serde::Serialize;
use service::integrity;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show);
}

/// Result of the integrity check at one instant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Integrity {
    object: tag::Integrity,
    /// Whether all facts hold.
    #[schema(example = true)]
    holds: bool,
    /// Instant of the check. It covers everything that was committed before.
    checked_at: DateTime<Utc>,
    /// The six facts.
    #[schema(max_items = 6)]
    facts: Vec<Fact>,
}

/// A fact, and whether it holds.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Fact {
    /// Number of the fact.
    #[schema(minimum = 1, maximum = 6, example = 1)]
    fact: u8,
    /// Statement of the fact.
    #[schema(value_type = String, max_length = 400,
        example = "On hand and value of every stock level are the sums of its movements.")]
    statement: &'static str,
    /// Number of figures that were compared.
    #[schema(maximum = 9007199254740991_u64, example = 16000)]
    checked: u64,
    /// Number of figures that differ. Zero: the fact holds.
    #[schema(maximum = 9007199254740991_u64, example = 0)]
    differences: u64,
    /// Largest difference, without its sign, in the tenant's currency or in stock units.
    #[schema(max_length = 24, pattern = r"^\d{1,16}\.\d{2,6}$", example = "0.00")]
    largest_difference: String,
    /// The largest differences.
    #[schema(max_items = 5)]
    examples: Vec<Difference>,
}

/// Two records of one figure that do not agree.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Difference {
    /// The figure.
    #[schema(max_length = 500, example = "on hand of BOLT-M8 at MAIN")]
    subject: String,
    /// Sum of the raw rows.
    #[schema(max_length = 24, pattern = r"^-?\d{1,16}\.\d{2,6}$", example = "140.00")]
    expected: String,
    /// Figure as it is stored or posted.
    #[schema(max_length = 24, pattern = r"^-?\d{1,16}\.\d{2,6}$", example = "141.00")]
    found: String,
}

impl From<integrity::Fact> for Fact {
    fn from(fact: integrity::Fact) -> Self {
        Fact {
            fact: fact.fact,
            statement: fact.statement,
            checked: fact.checked,
            differences: fact.differences,
            largest_difference: fact.largest_difference.to_string(),
            examples: fact.examples.into_iter().map(Difference::from).collect(),
        }
    }
}

impl From<integrity::Difference> for Difference {
    fn from(difference: integrity::Difference) -> Self {
        Difference {
            subject: difference.subject,
            expected: difference.expected.to_string(),
            found: difference.found.to_string(),
        }
    }
}

/// Check the integrity of the books
///
/// Returns six facts, computed from the raw rows on one snapshot: stock against its movements, reservations, balanced
/// entries, inventory, receivables and cash against the ledger, and the reports against the ledger. Each has the number
/// of figures compared and the number of those that differ. In healthy books none differ.
#[utoipa::path(
    operation_id = "integrity_get",
    security(("bearer" = ["reports:read"])),
    responses((status = 200, description = "The facts, whether they hold or not.", body = Integrity))
)]
#[get("/v1/integrity")]
async fn show(app: Data<App>, caller: Caller) -> Answer {
    let books = integrity::check(&app.db, caller.tenant_id).await?;
    Ok(HttpResponse::Ok().json(Integrity {
        object: tag::Integrity,
        holds: books.holds(),
        checked_at: books.checked_at,
        facts: books.facts.into_iter().map(Fact::from).collect(),
    }))
}
