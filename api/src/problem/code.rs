//! All codes of problems, each with its HTTP status. The texts are in [`super::registry`].

use std::fmt;

use actix_web::http::StatusCode;
use domain::refusal::Code;
use strum::IntoEnumIterator;

/// A stable error code: one of the API's own, or one of the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ErrorCode {
    /// The body is not JSON.
    MalformedJson,
    /// The body is not CSV.
    MalformedCsv,
    /// The body or the query has a field that the route does not know.
    UnknownField,
    /// A query parameter has a value that is not allowed.
    InvalidParameter,
    /// An id in the path has the wrong form.
    InvalidId,
    /// The cursor was not made by this list.
    InvalidCursor,
    /// The route needs an idempotency key.
    IdempotencyKeyMissing,
    /// The idempotency key has the wrong form.
    IdempotencyKeyInvalid,
    /// No credential was sent.
    AuthenticationRequired,
    /// The API key is not known, was revoked, or is mistyped.
    InvalidApiKey,
    /// The API key has expired.
    ExpiredApiKey,
    /// The access or refresh token is not valid, or no longer.
    InvalidToken,
    /// Tenant, e-mail address or password are wrong.
    InvalidCredentials,
    /// The password is right, and a code of the second factor is missing.
    MfaRequired,
    /// The key may not be used from this address.
    IpNotAllowed,
    /// The publishable key may not be used by a page of this origin.
    OriginNotAllowed,
    /// The route is not open to publishable keys.
    NotPublishable,
    /// The tenant is suspended.
    TenantSuspended,
    /// The tenant was moved to another database.
    TenantMoved,
    /// The tenant is moving to another database, and its writes wait.
    TenantMoving,
    /// No route has this path.
    RouteNotFound,
    /// The path does not take this method.
    MethodNotAllowed,
    /// The response can't have the requested form.
    NotAcceptable,
    /// The body is too long.
    PayloadTooLarge,
    /// The body is not of a known media type.
    UnsupportedMediaType,
    /// The route needs an `If-Match` header.
    PreconditionRequired,
    /// The body did not arrive in time.
    RequestTimeout,
    /// Too many requests.
    RateLimited,
    /// A GraphQL query is too long, too deep, too wide or too costly.
    QueryCostExceeded,
    /// A fault of the server.
    InternalError,
    /// The server can't serve the request now.
    TemporarilyUnavailable,
    /// A write was sent to the database, and its end was not seen.
    OutcomeUnknown,
    /// The database took too long.
    StatementTimeout,
    /// A code of the domain.
    #[strum(disabled)]
    Domain(Code),
}

impl ErrorCode {
    /// Returns all codes.
    pub fn all() -> impl Iterator<Item = ErrorCode> {
        ErrorCode::iter().chain(Code::ALL.into_iter().map(ErrorCode::Domain))
    }

    /// Returns the code with this text form.
    pub fn find(text: &str) -> Option<ErrorCode> {
        ErrorCode::all().find(|code| code.as_str() == text)
    }

    /// Returns the text form, which never changes.
    pub fn as_str(self) -> &'static str {
        if let ErrorCode::Domain(code) = self { code.as_str() } else { self.into() }
    }

    /// Returns the HTTP status. 400: can't be read. 422: was read, but is not valid. 409: is valid, but conflicts with
    /// the present state.
    pub fn status(self) -> StatusCode {
        match self {
            ErrorCode::MalformedJson
            | ErrorCode::MalformedCsv
            | ErrorCode::UnknownField
            | ErrorCode::InvalidParameter
            | ErrorCode::InvalidId
            | ErrorCode::InvalidCursor
            | ErrorCode::IdempotencyKeyMissing
            | ErrorCode::IdempotencyKeyInvalid => StatusCode::BAD_REQUEST,
            ErrorCode::AuthenticationRequired
            | ErrorCode::InvalidApiKey
            | ErrorCode::ExpiredApiKey
            | ErrorCode::InvalidToken
            | ErrorCode::InvalidCredentials
            | ErrorCode::MfaRequired => StatusCode::UNAUTHORIZED,
            ErrorCode::IpNotAllowed
            | ErrorCode::OriginNotAllowed
            | ErrorCode::NotPublishable
            | ErrorCode::TenantSuspended
            | ErrorCode::TenantMoved => StatusCode::FORBIDDEN,
            ErrorCode::RouteNotFound => StatusCode::NOT_FOUND,
            ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            ErrorCode::RateLimited | ErrorCode::QueryCostExceeded => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::TemporarilyUnavailable
            | ErrorCode::TenantMoving
            | ErrorCode::OutcomeUnknown
            | ErrorCode::StatementTimeout => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Domain(code) => domain_status(code),
        }
    }
}

fn domain_status(code: Code) -> StatusCode {
    match code {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::InsufficientScope | Code::BoundExceeded | Code::DiscountExceeded => StatusCode::FORBIDDEN,
        Code::VersionMismatch => StatusCode::PRECONDITION_FAILED,
        Code::InsufficientStock
        | Code::InsufficientCash
        | Code::InsufficientBalance
        | Code::InvalidStateTransition
        | Code::DuplicateExternalRef
        | Code::AlreadyExists
        | Code::IdempotencyInProgress
        | Code::LotExpired
        | Code::LotRecalled
        | Code::SettingFixed
        | Code::CreditExceeded => StatusCode::CONFLICT,
        Code::ValidationFailed
        | Code::PriceMissing
        | Code::IdempotencyKeyReused
        | Code::UnbalancedEntry
        | Code::TenderMismatch
        | Code::ReturnExceedsSale
        | Code::ReceiptExceedsOrder => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl From<Code> for ErrorCode {
    fn from(code: Code) -> Self {
        ErrorCode::Domain(code)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
