//! What a command answers when it can't be carried out: a code that clients may rely on, and every reason at once.

use std::fmt;

/// The stable codes of everything that can be refused. The text form is the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The document or record does not exist (or belongs to another tenant).
    NotFound,
    /// A field has a value that is not allowed.
    ValidationFailed,
    /// More is wanted than is available.
    InsufficientStock,
    /// The document is not in a state that allows this.
    InvalidStateTransition,
    /// Another document bears this external reference.
    DuplicateExternalRef,
    /// Another record has this code, number or name.
    AlreadyExists,
    /// No rule gives a price.
    PriceMissing,
    /// The caller lacks a permission that this command needs.
    InsufficientScope,
    /// The idempotency key was used before with other content.
    IdempotencyKeyReused,
    /// The first request with this idempotency key has not finished yet.
    IdempotencyInProgress,
    /// The entry's debits and credits differ.
    UnbalancedEntry,
    /// The record was changed by someone else since it was read.
    VersionMismatch,
    /// The credit limit does not allow this.
    CreditExceeded,
    /// The payment does not cover what is to be paid, or exceeds it.
    TenderMismatch,
    /// More is returned or refunded than was sold.
    ReturnExceedsSale,
    /// The lot has expired, or will too soon for the customer.
    LotExpired,
    /// The lot is recalled.
    LotRecalled,
}

impl Code {
    /// Every code.
    pub const ALL: [Code; 17] = [
        Code::NotFound,
        Code::ValidationFailed,
        Code::InsufficientStock,
        Code::InvalidStateTransition,
        Code::DuplicateExternalRef,
        Code::AlreadyExists,
        Code::PriceMissing,
        Code::InsufficientScope,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
        Code::UnbalancedEntry,
        Code::VersionMismatch,
        Code::CreditExceeded,
        Code::TenderMismatch,
        Code::ReturnExceedsSale,
        Code::LotExpired,
        Code::LotRecalled,
    ];

    /// The text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::NotFound => "not_found",
            Code::ValidationFailed => "validation_failed",
            Code::InsufficientStock => "insufficient_stock",
            Code::InvalidStateTransition => "invalid_state_transition",
            Code::DuplicateExternalRef => "duplicate_external_ref",
            Code::AlreadyExists => "already_exists",
            Code::PriceMissing => "price_missing",
            Code::InsufficientScope => "insufficient_scope",
            Code::IdempotencyKeyReused => "idempotency_key_reused",
            Code::IdempotencyInProgress => "idempotency_in_progress",
            Code::UnbalancedEntry => "unbalanced_entry",
            Code::VersionMismatch => "version_mismatch",
            Code::CreditExceeded => "credit_exceeded",
            Code::TenderMismatch => "tender_mismatch",
            Code::ReturnExceedsSale => "return_exceeds_sale",
            Code::LotExpired => "lot_expired",
            Code::LotRecalled => "lot_recalled",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One field, or one line, that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer into the request body, such as `/lines/0/quantity`.
    pub pointer: String,
    /// What is wrong with it.
    pub code: Code,
    /// The same in a sentence that says what to do.
    pub detail: String,
    /// The figures in the sentence, by name.
    pub params: Vec<(&'static str, String)>,
}

/// A refused command. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The main reason.
    pub code: Code,
    /// The same in a sentence that says what to do.
    pub detail: String,
    /// Every field or line that is wrong.
    pub problems: Vec<Problem>,
}

impl Refusal {
    /// A refusal of the whole command.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Refusal { code, detail: detail.into(), problems: Vec::new() }
    }

    /// There is no `what`; the same answer for another tenant's.
    pub fn not_found(what: &str) -> Self {
        Refusal::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// One invalid field.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Problems::one(pointer, Code::ValidationFailed, detail)
    }

    /// The document is in a state that does not allow this.
    pub fn state(detail: impl Into<String>) -> Self {
        Refusal::new(Code::InvalidStateTransition, detail)
    }
}

/// Collects what is wrong, so that a caller hears everything at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// A refusal with a single problem.
    pub fn one(pointer: impl Into<String>, code: Code, detail: impl Into<String>) -> Refusal {
        let mut problems = Problems::default();
        problems.add(pointer, code, detail);
        problems.into_refusal()
    }

    /// Notes an invalid field.
    pub fn invalid(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.add(pointer, Code::ValidationFailed, detail);
    }

    /// Notes a problem.
    pub fn add(&mut self, pointer: impl Into<String>, code: Code, detail: impl Into<String>) {
        self.push(Problem { pointer: pointer.into(), code, detail: detail.into(), params: Vec::new() });
    }

    /// Notes a problem with its figures.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses if anything was noted.
    pub fn check(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into_refusal()) }
    }

    fn into_refusal(self) -> Refusal {
        let code = self.0.first().map_or(Code::ValidationFailed, |problem| problem.code);
        let detail = match self.0.as_slice() {
            [only] => only.detail.clone(),
            all => format!("{} fields or lines are wrong; each is listed in errors.", all.len()),
        };
        Refusal { code, detail, problems: self.0 }
    }
}
