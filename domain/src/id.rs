//! Identifiers: UUIDv7 inside, [TypeID](https://github.com/jetify-com/typeid) text outside.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The 32 letters of Crockford's base 32, lower case, in the order of their value.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Length of a UUID in base 32.
const ENCODED_LEN: usize = 26;

/// A text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id such as {prefix}_01h455vb4pex5vsknk084sn02q")]
pub struct InvalidId {
    /// The prefix of the expected kind.
    pub prefix: &'static str,
}

/// Returns `prefix_` followed by the UUID in 26 letters of base 32.
pub fn encode(prefix: &str, id: Uuid) -> String {
    let mut bits = id.as_u128();
    let mut letters = [b'0'; ENCODED_LEN];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    let mut text = String::with_capacity(prefix.len() + 1 + ENCODED_LEN);
    text.push_str(prefix);
    text.push('_');
    text.extend(letters.iter().map(|letter| char::from(*letter)));
    text
}

/// Returns the UUID in `text`. Rejects another prefix, another length and letters outside the alphabet.
pub fn decode(prefix: &'static str, text: &str) -> Result<Uuid, InvalidId> {
    let invalid = InvalidId { prefix };
    let letters = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|letters| letters.len() == ENCODED_LEN && letters.as_bytes()[0] <= b'7')
        .ok_or(invalid.clone())?;
    let mut bits: u128 = 0;
    for letter in letters.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter).ok_or(invalid.clone())?;
        bits = (bits << 5) | value as u128;
    }
    Ok(Uuid::from_u128(bits))
}

/// Ascending UUIDv7 of one instant, without end. The caller supplies the randomness.
#[derive(Debug, Clone)]
pub struct IdSequence {
    millis: u64,
    random: u128,
}

impl IdSequence {
    /// Starts the ids of the instant `now` at a random point.
    pub fn new(now: DateTime<Utc>, random: u128) -> Self {
        // The highest counter bit starts at zero, so that counting up can't overflow into the timestamp.
        IdSequence { millis: now.timestamp_millis().max(0) as u64, random: random & (u128::MAX >> 55) }
    }

    /// Returns the next id.
    pub fn next_id(&mut self) -> Uuid {
        // The steps vary, so that ids do not reveal how many were made in the same instant.
        self.random = self.random.wrapping_add(1 + ((self.random >> 7) & 0xffff));
        let bits = self.random & ((1 << 74) - 1);
        let head = (u128::from(self.millis) << 80) | (0x7 << 76) | ((bits >> 62) << 64);
        Uuid::from_u128(head | (0b10 << 62) | (bits & ((1 << 62) - 1)))
    }
}

/// Defines one kind of identifier: a newtype over [`Uuid`] with its prefix, and its form in JSON, SQL and OpenAPI.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, sea_orm::DeriveValueType)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The prefix of the text form, without the underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&encode($prefix, self.0))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                $name(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                decode($prefix, text).map($name)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .min_length(Some($prefix.len() + 27))
                    .max_length(Some($prefix.len() + 27))
                    .examples([serde_json::json!(concat!($prefix, "_01h455vb4pex5vsknk084sn02q"))])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

id!(
    /// A tenant.
    TenantId, "ten"
);
id!(
    /// A command: one write by one caller.
    CommandId, "cmd"
);
id!(
    /// An event in the outbox.
    EventId, "evt"
);
id!(
    /// An API key.
    ApiKeyId, "key"
);
id!(
    /// A login of a BI tool.
    BiLoginId, "bil"
);
id!(
    /// An endpoint of webhooks.
    WebhookEndpointId, "whe"
);
id!(
    /// The delivery of an event to an endpoint.
    WebhookDeliveryId, "whd"
);
id!(
    /// A person who logs in.
    UserId, "usr"
);
id!(
    /// An invitation to become a user.
    InvitationId, "ivt"
);
id!(
    /// An external provider of sign-ins.
    IdentityProviderId, "idp"
);
id!(
    /// A login of a person, from its begin to its end.
    UserSessionId, "uss"
);
id!(
    /// A session in which a customer of a web shop acts for itself.
    CustomerSessionId, "cse"
);
id!(
    /// A product category.
    CategoryId, "cat"
);
id!(
    /// A file of a record.
    AttachmentId, "att"
);
id!(
    /// A tax class.
    TaxClassId, "txc"
);
id!(
    /// A tax rate.
    TaxRateId, "txr"
);
id!(
    /// A product.
    ProductId, "prd"
);
id!(
    /// A group of products that are variants of each other.
    ProductGroupId, "grp"
);
id!(
    /// Another system's code for a product.
    SkuMappingId, "skm"
);
id!(
    /// A code of another system that has no mapping yet.
    UnmappedSkuId, "ums"
);
id!(
    /// A system whose stock is compared.
    SystemId, "sys"
);
id!(
    /// A mapping of another system's location or SKU, for reconciliation.
    ReconcileMappingId, "rcm"
);
id!(
    /// A run of the reconciliation.
    ReconcileRunId, "rcr"
);
id!(
    /// An episode of the reconciliation. It follows from the key of the episode and its beginning.
    EpisodeId, "epi"
);
id!(
    /// A fix that the reconciliation proposes. It follows from the class, the edge and the scope of the fix.
    FixId, "fix"
);
id!(
    /// A lot; nil for stock without a lot.
    LotId, "lot"
);
id!(
    /// A price list.
    PriceListId, "prl"
);
id!(
    /// A price rule.
    PriceRuleId, "prr"
);
id!(
    /// A price tier.
    PriceTierId, "tir"
);
id!(
    /// A customer.
    CustomerId, "cus"
);
id!(
    /// A supplier.
    SupplierId, "sup"
);
id!(
    /// A bill of a supplier, or a credit note or reversal of one.
    BillId, "bll"
);
id!(
    /// A payment to a supplier, or the reversal of one.
    SupplierPaymentId, "spy"
);
id!(
    /// A stock location.
    LocationId, "loc"
);
id!(
    /// A stock movement.
    MovementId, "mov"
);
id!(
    /// A cost layer.
    CostLayerId, "cly"
);
id!(
    /// A receipt, an opening, an adjustment, a revaluation or a return to a supplier.
    StockDocumentId, "std"
);
id!(
    /// A count sheet.
    CountId, "cnt"
);
id!(
    /// A cost to settle.
    CostId, "cts"
);
id!(
    /// An expected receipt.
    ExpectedReceiptId, "exr"
);
id!(
    /// A purchase order.
    PurchaseOrderId, "por"
);
id!(
    /// A landed cost, or the reversal of one.
    LandedCostId, "lnd"
);
id!(
    /// A hold.
    HoldId, "hld"
);
id!(
    /// A transfer.
    TransferId, "trf"
);
id!(
    /// A wholesale order.
    OrderId, "ord"
);
id!(
    /// A shipment of a wholesale order.
    ShipmentId, "shp"
);
id!(
    /// An invoice or a credit note.
    InvoiceId, "inv"
);
id!(
    /// A payment, the reversal of one, or a payout.
    PaymentId, "pay"
);
id!(
    /// An application of payments and credit notes to invoices.
    ApplicationId, "apl"
);
id!(
    /// A line of a bank statement.
    BankLineId, "bnl"
);
id!(
    /// A move of the lock on the closed periods.
    PeriodLockId, "plk"
);
id!(
    /// A voucher or store credit.
    VoucherId, "vch"
);
id!(
    /// A provider of card terminals.
    PaymentProviderId, "ppr"
);
id!(
    /// The amount that a till asks a card terminal for.
    PaymentIntentId, "pin"
);
id!(
    /// A built-in role with fewer scopes.
    CustomRoleId, "rol"
);
id!(
    /// A request whose work goes on after the response.
    JobId, "job"
);
id!(
    /// A till.
    RegisterId, "reg"
);
id!(
    /// A till session.
    SessionId, "ses"
);
id!(
    /// A till sale or refund.
    SaleId, "sal"
);
id!(
    /// A way in which a forced sale differs from our rules.
    SaleExceptionId, "exc"
);
id!(
    /// A cash move.
    CashMoveId, "csh"
);
id!(
    /// A journal entry.
    EntryId, "jnl"
);
id!(
    /// A template of journal entries that recur.
    RecurringEntryId, "rec"
);
id!(
    /// An exchange rate.
    ExchangeRateId, "xrt"
);
id!(
    /// An entry of the log of requests.
    LoggedRequestId, "lrq"
);
id!(
    /// Refused requests that are counted together.
    AccessRefusalId, "arf"
);

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the TypeID specification, version 0.3.
    #[test]
    fn follows_the_specification() {
        for (text, uuid) in [
            ("prefix_01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
            ("prefix_0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
            ("prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
            ("prefix_00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
        ] {
            let uuid: Uuid = uuid.parse().expect("a uuid");
            assert_eq!(encode("prefix", uuid), text);
            assert_eq!(decode("prefix", text), Ok(uuid));
        }
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in [
            "",
            "prd",
            "prd_",
            "prd_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "cus_01h455vb4pex5vsknk084sn02q",
            "prd_01H455VB4PEX5VSKNK084SN02Q",
            "prd_01h455vb4pex5vsknk084sn02",
            "prd_01h455vb4pex5vsknk084sn02qq",
            "prd_01h455vb4pex5vsknk084sn0éé",
            "01890a5d-ac96-774b-bcce-b302099a8057",
        ] {
            assert!(text.parse::<ProductId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_sequence_ascends_and_is_version_7() {
        let now = DateTime::from_timestamp_millis(1_700_000_000_123).expect("an instant");
        for random in [0, 1, u128::MAX, 0x5555_5555_5555_5555_5555] {
            let mut ids = IdSequence::new(now, random);
            let made: Vec<Uuid> = (0..10_000).map(|_| ids.next_id()).collect();
            assert!(made.is_sorted());
            assert!(made.windows(2).all(|pair| pair[0] != pair[1]));
            assert!(
                made.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122)
            );
            let (seconds, nanos) = made[0].get_timestamp().expect("a timestamp").to_unix();
            assert_eq!((seconds, nanos), (1_700_000_000, 123_000_000));
        }
    }
}
