//! Secrets that sign messages: those of webhook endpoints and of payment providers.

use serde::Deserialize;
use serde_json::json;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};

/// Rotation of a secret.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSecretIn {
    /// Seconds for which the old secret stays valid beside the new one: at most 2,592,000 (30 days). One day if absent.
    #[serde(default = "a_day")]
    #[schema(maximum = 2_592_000, default = 86400, example = 86400)]
    pub overlap_seconds: u32,
}

fn a_day() -> u32 {
    24 * 3600
}

/// Schema of a secret in its text form.
pub fn secret_schema() -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some(
            "The secret that signs messages. It is returned once: it is null in a replay and in a dry run.",
        ))
        .max_length(Some(50))
        .pattern(Some("^whsec_[0-9A-Za-z+/=]{44}$"))
        .examples([json!("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDRfK3ccQ2hYk=")])
        .build()
}
