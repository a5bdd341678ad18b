//! Rejections: a stable code that clients may rely on, and every reason at once.

use std::collections::HashSet;
use std::fmt;

/// Detail of an amount that is zero or negative.
pub const AMOUNT_ABOVE_ZERO: &str = "The amount must be above zero.";
/// Detail of a quantity that is zero or negative.
pub const QUANTITY_ABOVE_ZERO: &str = "The quantity must be above zero.";

/// The stable codes of all rejections. The text form is the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The document or record does not exist (or belongs to another tenant).
    NotFound,
    /// A field has a value that is not allowed.
    ValidationFailed,
    /// The quantity exceeds what is available.
    InsufficientStock,
    /// The amount exceeds the cash in the drawer.
    InsufficientCash,
    /// The amount exceeds the balance of the voucher.
    InsufficientBalance,
    /// The document is not in a state that allows this.
    InvalidStateTransition,
    /// Another document has this external reference.
    DuplicateExternalRef,
    /// Another record has this code, number or name.
    AlreadyExists,
    /// No rule gives a price.
    PriceMissing,
    /// The caller lacks a permission that this command needs.
    InsufficientScope,
    /// The credential is bound to other locations, channels, networks or times, or to a lower amount.
    BoundExceeded,
    /// The discount is larger than the caller may give.
    DiscountExceeded,
    /// The idempotency key was used before with other content.
    IdempotencyKeyReused,
    /// The first request with this idempotency key has not finished yet.
    IdempotencyInProgress,
    /// The entry's debits and credits differ.
    UnbalancedEntry,
    /// The record was changed since the caller read it.
    VersionMismatch,
    /// The credit limit does not allow this.
    CreditExceeded,
    /// The tenders or the payment do not cover the amount to pay, or exceed it.
    TenderMismatch,
    /// More is returned or refunded than was sold.
    ReturnExceedsSale,
    /// More is received than was ordered, with the tolerance.
    ReceiptExceedsOrder,
    /// The lot has expired, or will too soon for the customer.
    LotExpired,
    /// The lot is recalled.
    LotRecalled,
    /// Documents fix the setting.
    SettingFixed,
}

impl Code {
    /// Every code.
    pub const ALL: [Code; 23] = [
        Code::NotFound,
        Code::ValidationFailed,
        Code::InsufficientStock,
        Code::InsufficientCash,
        Code::InsufficientBalance,
        Code::InvalidStateTransition,
        Code::DuplicateExternalRef,
        Code::AlreadyExists,
        Code::PriceMissing,
        Code::InsufficientScope,
        Code::BoundExceeded,
        Code::DiscountExceeded,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
        Code::UnbalancedEntry,
        Code::VersionMismatch,
        Code::CreditExceeded,
        Code::TenderMismatch,
        Code::ReturnExceedsSale,
        Code::ReceiptExceedsOrder,
        Code::LotExpired,
        Code::LotRecalled,
        Code::SettingFixed,
    ];

    /// Returns the text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::NotFound => "not_found",
            Code::ValidationFailed => "validation_failed",
            Code::InsufficientStock => "insufficient_stock",
            Code::InsufficientCash => "insufficient_cash",
            Code::InsufficientBalance => "insufficient_balance",
            Code::InvalidStateTransition => "invalid_state_transition",
            Code::DuplicateExternalRef => "duplicate_external_ref",
            Code::AlreadyExists => "already_exists",
            Code::PriceMissing => "price_missing",
            Code::InsufficientScope => "insufficient_scope",
            Code::BoundExceeded => "bound_exceeded",
            Code::DiscountExceeded => "discount_exceeded",
            Code::IdempotencyKeyReused => "idempotency_key_reused",
            Code::IdempotencyInProgress => "idempotency_in_progress",
            Code::UnbalancedEntry => "unbalanced_entry",
            Code::VersionMismatch => "version_mismatch",
            Code::CreditExceeded => "credit_exceeded",
            Code::TenderMismatch => "tender_mismatch",
            Code::ReturnExceedsSale => "return_exceeds_sale",
            Code::ReceiptExceedsOrder => "receipt_exceeds_order",
            Code::LotExpired => "lot_expired",
            Code::LotRecalled => "lot_recalled",
            Code::SettingFixed => "setting_fixed",
        }
    }

    /// Returns whether it is about fields and what they name. The other codes are about stock, money and the state of documents, which
    /// are judged only if all fields are right.
    pub fn is_about_fields(self) -> bool {
        match self {
            Code::NotFound
            | Code::ValidationFailed
            | Code::InvalidStateTransition
            | Code::DuplicateExternalRef
            | Code::AlreadyExists
            | Code::PriceMissing
            | Code::InsufficientScope
            | Code::DiscountExceeded => true,
            Code::InsufficientStock
            | Code::InsufficientCash
            | Code::InsufficientBalance
            | Code::BoundExceeded
            | Code::IdempotencyKeyReused
            | Code::IdempotencyInProgress
            | Code::UnbalancedEntry
            | Code::VersionMismatch
            | Code::CreditExceeded
            | Code::TenderMismatch
            | Code::ReturnExceedsSale
            | Code::ReceiptExceedsOrder
            | Code::LotExpired
            | Code::LotRecalled
            | Code::SettingFixed => false,
        }
    }

    /// Returns whether it is about a part of the body: a field and what it names, or the stock and the money that it asks for. The other
    /// codes are about the request and its caller.
    fn is_about_body(self) -> bool {
        match self {
            Code::InsufficientStock
            | Code::InsufficientCash
            | Code::InsufficientBalance
            | Code::UnbalancedEntry
            | Code::CreditExceeded
            | Code::TenderMismatch
            | Code::ReturnExceedsSale
            | Code::ReceiptExceedsOrder
            | Code::LotExpired
            | Code::LotRecalled => true,
            Code::BoundExceeded
            | Code::IdempotencyKeyReused
            | Code::IdempotencyInProgress
            | Code::VersionMismatch
            | Code::SettingFixed => false,
            Code::NotFound
            | Code::ValidationFailed
            | Code::InvalidStateTransition
            | Code::DuplicateExternalRef
            | Code::AlreadyExists
            | Code::PriceMissing
            | Code::InsufficientScope
            | Code::DiscountExceeded => self.is_about_fields(),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One wrong field or line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer into the request body, such as `/lines/0/quantity`.
    pub pointer: String,
    /// The code of this problem.
    pub code: Code,
    /// A sentence that says what is wrong and what to do.
    pub detail: String,
    /// The figures in the sentence, by name, for clients that word it themselves.
    pub params: Vec<(&'static str, String)>,
}

impl Problem {
    /// Makes the problem of a field that names another version of a record than its present one.
    pub fn version_mismatch(
        pointer: impl Into<String>,
        detail: impl Into<String>,
        current_version: i32,
    ) -> Self {
        Problem {
            pointer: pointer.into(),
            code: Code::VersionMismatch,
            detail: detail.into(),
            params: vec![("current_version", current_version.to_string())],
        }
    }
}

/// Most wrong fields that are listed for one item of a batch.
pub const PROBLEMS_OF_ITEM_MAX: usize = 50;

/// Says that only the first of many wrong fields are listed.
pub fn describe_first(count: usize) -> String {
    format!(
        "{count} fields or lines are wrong; the first {PROBLEMS_OF_ITEM_MAX} are listed in errors. Send the item alone to list all."
    )
}

/// A rejection of a command. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The main reason.
    pub code: Code,
    /// A sentence that says what is wrong and what to do.
    pub detail: String,
    /// Every field or line that is wrong.
    pub problems: Vec<Problem>,
}

impl Refusal {
    /// Rejects the whole command, without naming a field.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Refusal { code, detail: detail.into(), problems: Vec::new() }
    }

    /// Rejects an id that does not exist. An id of another tenant is rejected in the same way.
    pub fn not_found(what: &str) -> Self {
        Refusal::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// Rejects one invalid field.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Problems::one(pointer, Code::ValidationFailed, detail)
    }

    /// Rejects a step that the status of a document does not allow. Names the statuses that allow it.
    pub fn status(what: &str, status: &str, done: &str, allowed: &[&str]) -> Self {
        let plain = |word: &str| word.replace('_', " ");
        if status == done {
            return Refusal::state(format!("{what} is {} already.", plain(status)));
        }
        let allowed = allowed.iter().map(|word| plain(word)).collect::<Vec<_>>().join(" or ");
        Refusal::state(format!("{what} is {}. Only one that is {allowed} can be {done}.", plain(status)))
    }

    /// Keeps the first fields that are wrong, if there are more than an item of a batch lists.
    #[must_use]
    pub fn of_item(mut self) -> Self {
        let count = self.problems.len();
        if count > PROBLEMS_OF_ITEM_MAX {
            self.problems.truncate(PROBLEMS_OF_ITEM_MAX);
            self.detail = describe_first(count);
        }
        self
    }

    /// Rejects a command that the state of its document does not allow.
    pub fn state(detail: impl Into<String>) -> Self {
        Refusal::new(Code::InvalidStateTransition, detail)
    }
}

/// Collects problems, so that the caller sees all of them at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Makes a rejection with a single problem.
    pub fn one(pointer: impl Into<String>, code: Code, detail: impl Into<String>) -> Refusal {
        let mut problems = Problems::default();
        problems.add(pointer, code, detail);
        problems.into_refusal()
    }

    /// Makes a rejection with a single problem and its figures.
    pub fn of(problem: Problem) -> Refusal {
        Problems(vec![problem]).into_refusal()
    }

    /// Adds an invalid field.
    pub fn invalid(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.add(pointer, Code::ValidationFailed, detail);
    }

    /// Adds a problem without figures.
    pub fn add(&mut self, pointer: impl Into<String>, code: Code, detail: impl Into<String>) {
        self.push(Problem { pointer: pointer.into(), code, detail: detail.into(), params: Vec::new() });
    }

    /// Adds a problem with its figures.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Returns whether there is no problem.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Rejects if there is a problem. The code is that of the first one.
    pub fn check(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into_refusal()) }
    }

    /// Makes a rejection of all problems. The code is that of the first one.
    pub fn into_refusal(self) -> Refusal {
        let code = self.0.first().map_or(Code::ValidationFailed, |problem| problem.code);
        let detail = match self.0.as_slice() {
            [only] => only.detail.clone(),
            all => format!("{} fields or lines are wrong; each is listed in errors.", all.len()),
        };
        Refusal { code, detail, problems: self.0 }
    }
}

/// Collects the faults that checks find without each other. A place has one fault of them: the first one. A fault of a whole is left
/// out if a part of it has one, because it may follow from that.
#[derive(Debug)]
pub struct Faults {
    /// The number of problems that were there before the checks.
    first: usize,
    problems: Vec<Problem>,
    /// The places that have a fault.
    places: HashSet<String>,
    /// The places that contain one of them.
    wholes: HashSet<String>,
}

impl Faults {
    /// Begins with problems that were found before.
    fn of(problems: Vec<Problem>) -> Self {
        let mut faults = Faults {
            first: problems.len(),
            problems: Vec::new(),
            places: HashSet::with_capacity(problems.len()),
            wholes: HashSet::new(),
        };
        for problem in &problems {
            faults.mark(&problem.pointer);
        }
        faults.problems = problems;
        faults
    }

    /// Notes a fault.
    pub fn note(&mut self, problem: Problem) {
        if !self.places.contains(&problem.pointer) && !self.wholes.contains(&problem.pointer) {
            self.mark(&problem.pointer);
            self.problems.push(problem);
        }
    }

    /// Notes an invalid field.
    pub fn invalid(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        let (code, detail) = (Code::ValidationFailed, detail.into());
        self.note(Problem { pointer: pointer.into(), code, detail, params: Vec::new() });
    }

    /// Notes the fault of a check that failed. Returns the value of one that did not.
    pub fn keep<T>(&mut self, found: Result<T, Problem>) -> Option<T> {
        found.map_err(|problem| self.note(problem)).ok()
    }

    /// Notes the faults of a check that failed, if one of them is about a field. Returns the value of a check that did not fail.
    pub fn take<T>(&mut self, found: Result<T, Refusal>) -> Option<T> {
        let note = |refusal: Refusal| {
            if refusal.is_about_fields() {
                let of_fields = refusal.problems.into_iter().filter(|problem| !problem.pointer.is_empty());
                of_fields.for_each(|problem| self.note(problem));
            }
        };
        found.map_err(note).ok()
    }

    fn mark(&mut self, pointer: &str) {
        let ends = pointer.match_indices('/').map(|(end, _)| end);
        // All fields are in the whole body and in its lists of lines, whose own faults are other ones.
        for end in ends.skip(2) {
            if !self.wholes.contains(&pointer[..end]) {
                self.wholes.insert(pointer[..end].to_owned());
            }
        }
        self.places.insert(pointer.to_owned());
    }
}

impl Refusal {
    /// Returns whether one of its problems is about a field. A problem without a pointer is about the whole request.
    fn is_about_fields(&self) -> bool {
        self.problems.iter().any(|problem| !problem.pointer.is_empty() && problem.code.is_about_fields())
    }

    /// Adds the faults of fields that `check` finds besides, if one of its problems is about a part of the body. Stock and money may have
    /// been judged before all fields were.
    #[must_use]
    pub fn with_faults(self, check: impl FnOnce(&mut Faults)) -> Self {
        let is_about_body = |problem: &Problem| !problem.pointer.is_empty() && problem.code.is_about_body();
        if !self.problems.iter().any(is_about_body) {
            return self;
        }
        let Refusal { code, detail, problems } = self;
        let mut faults = Faults::of(problems);
        check(&mut faults);
        let Faults { first, problems, .. } = faults;
        if problems.len() == first {
            Refusal { code, detail, problems }
        } else {
            Problems(problems).into_refusal()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(refusal: &Refusal) -> Vec<&str> {
        refusal.problems.iter().map(|problem| problem.pointer.as_str()).collect()
    }

    #[test]
    fn a_place_has_one_fault_and_a_whole_none_of_its_parts() {
        let refusal = Refusal::invalid("/lines/1/lots/0/code", "A code has 1 to 64 characters.");
        let refusal = refusal.with_faults(|faults| {
            for pointer in
                ["/lines/0", "/lines/0/quantity", "/lines/0/quantity", "/lines/1/lots", "/lines/1/sku"]
            {
                faults.invalid(pointer, "It is wrong.");
            }
            faults.take::<()>(Err(Refusal::invalid("/country", "There is no such country.")));
            faults.take::<()>(Err(Problems::one("/tenders", Code::TenderMismatch, "Too little is paid.")));
        });
        let expected = ["/lines/1/lots/0/code", "/lines/0", "/lines/0/quantity", "/lines/1/sku", "/country"];
        assert_eq!(pointers(&refusal), expected);
        assert_eq!(refusal.detail, "5 fields or lines are wrong; each is listed in errors.");
    }

    #[test]
    fn a_rejection_without_other_faults_stays() {
        let refusal = Refusal { detail: "Both.".to_owned(), ..Refusal::invalid("/id", "One.") };
        assert_eq!(refusal.clone().with_faults(|_| {}), refusal);
        let short = Problems::one("/lines/0/quantity", Code::InsufficientStock, "Too little is there.");
        assert_eq!(short.clone().with_faults(|_| {}), short);
        let stale = Problems::one("/version", Code::VersionMismatch, "It has changed.");
        assert_eq!(stale.clone().with_faults(|faults| faults.invalid("/id", "One.")), stale);
        let whole = Refusal::state("It is closed.");
        assert_eq!(whole.clone().with_faults(|faults| faults.invalid("/id", "One.")), whole);
    }

    #[test]
    fn a_shortage_before_a_wrong_field_hides_no_fault() {
        let short = Problems::one("/lines/0/quantity", Code::InsufficientStock, "Too little is there.");
        let both = short.with_faults(|faults| faults.invalid("/id", "One."));
        assert_eq!((pointers(&both), both.code), (vec!["/lines/0/quantity", "/id"], Code::InsufficientStock));
        let mut problems = Problems::default();
        problems.add("/lines/0/quantity", Code::ReturnExceedsSale, "Too much comes back.");
        problems.add("/lines/1/line_no", Code::NotFound, "There is no such line.");
        let refusal = problems.into_refusal();
        let expected = ["/lines/0/quantity", "/lines/1/line_no", "/country"];
        let primary = refusal.clone().with_faults(|faults| faults.invalid("/country", "It is unknown."));
        assert_eq!((pointers(&primary), primary.code), (expected.to_vec(), Code::ReturnExceedsSale));
        let country = Refusal::invalid("/country", "It is unknown.");
        let other = country.with_faults(|faults| {
            faults.take::<()>(Err(refusal));
        });
        assert_eq!(pointers(&other), ["/country", "/lines/0/quantity", "/lines/1/line_no"]);
    }
}
