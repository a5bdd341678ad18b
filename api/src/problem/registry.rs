//! Texts of every error code, for `/errors/{code}`, `docs/errors.md` and the `title` of a problem.

use domain::refusal::Code;

use super::ErrorCode::{self, Domain};

/// Texts of one code.
#[derive(Debug)]
pub struct Entry {
    /// The code.
    pub code: ErrorCode,
    /// Title, the same in every problem.
    pub title: &'static str,
    /// Meaning.
    pub cause: &'static str,
    /// Advice.
    pub fix: &'static str,
}

impl ErrorCode {
    /// Returns its texts.
    pub fn entry(self) -> &'static Entry {
        REGISTRY.iter().find(|entry| entry.code == self).unwrap_or(&UNDOCUMENTED)
    }
}

/// Never used: a test looks up every code.
static UNDOCUMENTED: Entry = entry(ErrorCode::InternalError, "Undocumented error", "", "");

const fn entry(code: ErrorCode, title: &'static str, cause: &'static str, fix: &'static str) -> Entry {
    Entry { code, title, cause, fix }
}

/// All codes with their texts.
pub static REGISTRY: &[Entry] = &[
    entry(
        ErrorCode::MalformedJson,
        "The body is not JSON",
        "The request body could not be read as JSON.",
        "Send one JSON document in UTF-8. The detail names the line and column where reading stopped.",
    ),
    entry(
        ErrorCode::MalformedCsv,
        "The body is not CSV",
        "The request body, or a row of it, could not be read as CSV.",
        "Send CSV in UTF-8, with a header in the first row, and as many cells in every row as the header has.",
    ),
    entry(
        ErrorCode::UnknownField,
        "Unknown field",
        "The body or the query has a field that this route does not know, often a misspelt one.",
        "Correct or remove the field that is named in errors. Unknown fields are rejected, so that a typo is never ignored.",
    ),
    entry(
        ErrorCode::InvalidParameter,
        "Invalid parameter",
        "A query parameter or a header has a value that is not allowed.",
        "Correct the parameter that is named in errors.",
    ),
    entry(
        ErrorCode::InvalidId,
        "Malformed id",
        "An id in the path has the wrong form or belongs to another type of object.",
        "Use the id exactly as the API returned it, with its prefix, such as ord_01h455vb4pex5vsknk084sn02q.",
    ),
    entry(
        ErrorCode::InvalidCursor,
        "Invalid cursor",
        "The cursor was not made by this list, or the filters changed between two pages.",
        "Start again without a cursor. Send next_cursor back unchanged, with the same filters.",
    ),
    entry(
        ErrorCode::IdempotencyKeyMissing,
        "Idempotency key missing",
        "This route writes stock or ledger, and a retry must not write twice.",
        "Add the header Idempotency-Key with a value of your own, unique per intended write, such as a UUID. Send the same value when you retry.",
    ),
    entry(
        ErrorCode::IdempotencyKeyInvalid,
        "Invalid idempotency key",
        "The header Idempotency-Key, or the member idempotency_key of an item of a batch, has the wrong form.",
        "Use 1 to 255 letters, digits and the characters _ - : . with or without quotes around them. In an item of a batch, leave out the quotes.",
    ),
    entry(
        ErrorCode::AuthenticationRequired,
        "Authentication required",
        "No credential was sent.",
        "Send an API key or an access token as Authorization: Bearer, an API key as the user name of HTTP Basic, or an API key as X-Api-Key.",
    ),
    entry(
        ErrorCode::InvalidApiKey,
        "Invalid API key",
        "The API key is not known, was revoked, or is mistyped.",
        "Check the whole key. If it was revoked, create a new one. Keys belong in a header, never in the query string.",
    ),
    entry(
        ErrorCode::ExpiredApiKey,
        "Expired API key",
        "The API key has expired, or it was rotated and the overlap has ended.",
        "Use the key that replaced it, or create a new one.",
    ),
    entry(
        ErrorCode::InvalidToken,
        "Invalid token",
        "The access token, the refresh token or the token of a customer session is malformed, expired, used before, or revoked. Or the signature of a provider's message is not valid.",
        "Get a new access token with the refresh token, or log in again. A refresh token works once. For a customer, open another session.",
    ),
    entry(
        ErrorCode::InvalidCredentials,
        "Wrong login",
        "The tenant, the e-mail address or the password is wrong.",
        "Check all three. The response does not say which one is wrong.",
    ),
    entry(
        ErrorCode::MfaRequired,
        "Code needed",
        "The password is right, and the user has a second factor.",
        "Send the member challenge with a code of the authenticator app to POST /v1/auth/second-factor within 5 minutes. POST \
         /v1/auth/change-password takes the code in its own body.",
    ),
    entry(
        ErrorCode::OriginNotAllowed,
        "Origin not allowed",
        "The publishable key or the customer session may not be used by a page of this origin.",
        "Use it on a page whose origin is in its origins, or create one with another list.",
    ),
    entry(
        ErrorCode::NotPublishable,
        "Not open to web pages",
        "Every visitor of a page can read a publishable key, and a customer session belongs to a customer: few routes and fields are open \
         to them.",
        "Call this route from a server, with a key of kind sk. docs/publishable-keys.md and docs/customer-sessions.md list the open routes.",
    ),
    entry(
        ErrorCode::IpNotAllowed,
        "Address not allowed",
        "The API key may not be used from this address.",
        "Call from an address in the key's ip_allowlist, or create a key with another list.",
    ),
    entry(
        ErrorCode::TenantSuspended,
        "Tenant suspended",
        "The tenant is suspended. Every call is rejected until the operator ends the suspension.",
        "Ask the operator of this installation.",
    ),
    entry(
        ErrorCode::TenantMoved,
        "Tenant moved",
        "The tenant was moved to another database. This one rejects every call of it.",
        "Call the server of the other database, with a key that was made there. The operator knows its address.",
    ),
    entry(
        ErrorCode::TenantMoving,
        "Tenant is moving",
        "The operator moves the tenant to another database. Reads go on, and writes are rejected until the move ends or is given up. \
         Nothing was written.",
        "Send the request again after the seconds in Retry-After, with the same Idempotency-Key.",
    ),
    entry(
        ErrorCode::RouteNotFound,
        "No such route",
        "No route of the API has this path.",
        "Check the path against the API's description at /docs.",
    ),
    entry(
        ErrorCode::MethodNotAllowed,
        "Method not allowed",
        "The path exists, but not with this method.",
        "Use one of the methods in the header Allow.",
    ),
    entry(
        ErrorCode::NotAcceptable,
        "Not acceptable",
        "The response can't have the form that Accept or format asks for.",
        "Ask for one of the forms in the route's description.",
    ),
    entry(
        ErrorCode::PayloadTooLarge,
        "Body too large",
        "The request body is longer than this route accepts.",
        "Send less at once: split a batch request into several.",
    ),
    entry(
        ErrorCode::UnsupportedMediaType,
        "Unsupported media type",
        "The body's Content-Type or Content-Encoding is not one that this route reads.",
        "Send Content-Type: application/json, without Content-Encoding. An import also accepts text/csv.",
    ),
    entry(
        ErrorCode::PreconditionRequired,
        "If-Match required",
        "A change of this record must name the version that it was made from.",
        "Read the record and send its ETag as If-Match.",
    ),
    entry(
        ErrorCode::RequestTimeout,
        "The body did not arrive in time",
        "The request body paused for 10 seconds, or was slower than 32 KiB a second (a body of more than 256 KiB: 128, an \
         import: 256) after the first 10 seconds.",
        "Send the request again over a faster connection, or send less at once.",
    ),
    entry(
        ErrorCode::RateLimited,
        "Too many requests",
        "More requests were sent in a short time than are allowed.",
        "Wait for the seconds in Retry-After, then send requests more slowly.",
    ),
    entry(
        ErrorCode::QueryCostExceeded,
        "Query too costly",
        "A GraphQL query is too long, nested too deep, asks for too many fields at its root and in reconciliation, or for too many values.",
        "Lower limit, group by less, or ask for fewer fields. extensions.cost of a response has the cost of a query in points: one for each field at the root, one for each field of reconciliation, one for each tiesTo and each trade, and one for each hundred values.",
    ),
    entry(
        ErrorCode::InternalError,
        "Internal error",
        "A fault of the server. It was logged under the request id.",
        "Try again. With the same Idempotency-Key, a write happens at most once. If the error stays, report the request id.",
    ),
    entry(
        ErrorCode::TemporarilyUnavailable,
        "Temporarily unavailable",
        "The server or its database is too busy, or shutting down.",
        "Wait for the seconds in Retry-After and send the same request again with the same Idempotency-Key.",
    ),
    entry(
        ErrorCode::OutcomeUnknown,
        "Outcome unknown",
        "The write was sent to the database, and the response did not come in time. It may be done or not.",
        "Send the same request again with the same Idempotency-Key. It is then done once, and you get its response. Every other 503 means that nothing was done.",
    ),
    entry(
        ErrorCode::StatementTimeout,
        "The database took too long",
        "The database took longer than a request may.",
        "Ask for less: a shorter range, fewer dimensions, a smaller page.",
    ),
    entry(
        Domain(Code::NotFound),
        "Not found",
        "There is no such record, or it belongs to another tenant. The response does not say which.",
        "Check the id.",
    ),
    entry(
        Domain(Code::ValidationFailed),
        "Validation failed",
        "The request was read, but a field has a value that is not allowed.",
        "Correct every field in errors. All wrong fields are listed at once.",
    ),
    entry(
        Domain(Code::InsufficientStock),
        "Not enough stock",
        "The request needs more than is available at the location.",
        "Request less, use another location, or wait for expected receipts. Each short line is in errors with what is available.",
    ),
    entry(
        Domain(Code::InsufficientCash),
        "Not enough cash in the drawer",
        "The refund, payment or cash move would pay out more cash than the session of the till has.",
        "Pay cash in first, pay out less, or use another tender. The detail has what is in the drawer.",
    ),
    entry(
        Domain(Code::InsufficientBalance),
        "Not enough on the voucher",
        "The tender would redeem more than the balance of the voucher.",
        "Redeem at most the balance, and pay the rest with another tender. The problem has the balance in available.",
    ),
    entry(
        Domain(Code::InvalidStateTransition),
        "Not possible in this state",
        "The state of the document does not allow this command.",
        "Read the document and send a command that its status allows.",
    ),
    entry(
        Domain(Code::DuplicateExternalRef),
        "External reference taken",
        "Another record of this type has this external_ref.",
        "Use the record that has it, or another reference.",
    ),
    entry(
        Domain(Code::AlreadyExists),
        "Already exists",
        "Another record has this code, number, name or address.",
        "Use the record that has it, or another value.",
    ),
    entry(
        Domain(Code::PriceMissing),
        "No price",
        "No price rule and no list price gives a price for this product.",
        "Set a list price or a rule, or send a unit_price with the scope prices:override.",
    ),
    entry(
        Domain(Code::InsufficientScope),
        "Scope missing",
        "The credential lacks a permission that this route needs.",
        "Use a key or a user that has the scope named in required_scope.",
    ),
    entry(
        Domain(Code::BoundExceeded),
        "Bound of the credential exceeded",
        "The credential is bound to some locations, channels, networks or times, or to an amount, and the request exceeds the bound that is named.",
        "Stay within the bound, or use a credential without it. GET /v1/me lists the bounds of the credential.",
    ),
    entry(
        Domain(Code::DiscountExceeded),
        "Discount too large",
        "The discount is larger than the caller may give, or larger than the till allows. The lowest limit counts.",
        "Give less discount, or let a caller with a higher limit make the sale. GET /v1/me names the caller's limit.",
    ),
    entry(
        Domain(Code::IdempotencyKeyReused),
        "Idempotency key used before",
        "The same key was sent before with another method, path or body, and that request was accepted.",
        "Use a new key for each intended write, and the same body when you retry one.",
    ),
    entry(
        Domain(Code::IdempotencyInProgress),
        "First request still running",
        "A request with this idempotency key has not finished yet.",
        "Wait a second and send the same request again. It returns the first one's response.",
    ),
    entry(
        Domain(Code::UnbalancedEntry),
        "Entry does not balance",
        "The debits and credits of the journal entry differ.",
        "Correct the lines until both sums are equal.",
    ),
    entry(
        Domain(Code::VersionMismatch),
        "Changed in the meantime",
        "The record was changed since you read it.",
        "Read it again, apply your change to the new version, and send its ETag as If-Match, or its version if the body takes one.",
    ),
    entry(
        Domain(Code::CreditExceeded),
        "Credit limit exceeded",
        "The customer's open invoices and orders would exceed the credit limit, or a prepaid customer has not paid the order.",
        "Record a payment first, raise the limit, or release the order with the scope credit:approve.",
    ),
    entry(
        Domain(Code::TenderMismatch),
        "Tenders do not match",
        "The tenders do not cover the total, or exceed it where no change can be given.",
        "Correct the tenders. Only cash can give change. A refund without tenders goes back into those of its sale.",
    ),
    entry(
        Domain(Code::ReturnExceedsSale),
        "More returned than sold",
        "More is returned or refunded than was sold and not returned yet.",
        "Return at most what is left of the original line.",
    ),
    entry(
        Domain(Code::ReceiptExceedsOrder),
        "More received than ordered",
        "More came of a line of a purchase order than was ordered, and more than its tolerance allows.",
        "Receive at most what the problem names. Order the rest with another purchase order.",
    ),
    entry(
        Domain(Code::LotExpired),
        "Lot expired",
        "The named lot has expired, or has less remaining life than the customer requires.",
        "Name another lot, or none to get the lot that expires first. Write expired stock off with an adjustment.",
    ),
    entry(
        Domain(Code::LotRecalled),
        "Lot recalled",
        "The named lot is recalled. It can't be sold or reserved.",
        "Name another lot, or none to get the lot that expires first.",
    ),
    entry(
        Domain(Code::SettingFixed),
        "Setting fixed by documents",
        "There are documents that were written with the setting.",
        "Leave the field out. Only a tenant without documents can change it.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_documented_once() {
        for code in ErrorCode::all() {
            let count = REGISTRY.iter().filter(|entry| entry.code == code).count();
            assert_eq!(count, 1, "{code} needs one entry");
            assert_eq!(ErrorCode::find(code.as_str()), Some(code));
        }
        assert_eq!(REGISTRY.len(), ErrorCode::all().count());
    }
}
