//! Checks of a supplier: its own values, and values that other suppliers have.

use std::collections::HashMap;

use domain::id::SupplierId;
use domain::refusal::{Problems, Refusal};
use domain::{address, annotation, metadata, supplier};
use sea_orm::sqlx::{self, Row};

use super::SupplierInput;
use crate::{Error, Tx, input};

/// Longest payment term.
const PAYMENT_DAYS_MAX: i32 = 365;
/// Longest lead time: two years.
const LEAD_TIME_DAYS_MAX: i32 = 730;

/// The suppliers of a batch, checked one after the other.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    codes: HashMap<String, SupplierId>,
    external_refs: HashMap<String, SupplierId>,
    /// The supplier that changes. It does not compete with itself.
    own: Option<SupplierId>,
}

impl Drafts {
    /// Reads the suppliers that the batch competes with.
    pub(super) async fn load(
        tx: &Tx,
        inputs: &[SupplierInput],
        own: Option<SupplierId>,
    ) -> Result<Self, Error> {
        let codes: Vec<&str> = inputs.iter().map(|input| input.code.as_str()).collect();
        let external_refs: Vec<&str> =
            inputs.iter().filter_map(|input| input.external_ref.as_deref()).collect();
        let query = sqlx::query(
            "select id, code, external_ref from supplier
             where tenant_id = $1 and (code = any($2) or external_ref = any($3))",
        );
        let mut drafts = Drafts { own, ..Drafts::default() };
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(codes).bind(external_refs)).await? {
            let id = SupplierId(row.try_get("id")?);
            drafts.codes.insert(row.try_get("code")?, id);
            if let Some(external_ref) = row.try_get("external_ref")? {
                drafts.external_refs.insert(external_ref, id);
            }
        }
        Ok(drafts)
    }

    /// Rejects an invalid supplier. The unique values of an accepted one are taken for the suppliers after it.
    pub(super) fn check(&mut self, input: &SupplierInput) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        check_values(&mut problems, input);
        let by_other = |owners: &HashMap<String, SupplierId>, value: &str| {
            owners.get(value).is_some_and(|owner| self.own != Some(*owner))
        };
        if by_other(&self.codes, input.code.as_str()) {
            input::add_taken(&mut problems, "/code", "supplier", input.code.as_str());
        }
        if let Some(external_ref) = input.external_ref.as_deref()
            && by_other(&self.external_refs, external_ref)
        {
            input::add_external_ref_taken(&mut problems, external_ref);
        }
        problems.check()?;
        let other = SupplierId::default();
        self.codes.insert(input.code.to_string(), other);
        if let Some(external_ref) = &input.external_ref {
            self.external_refs.insert(external_ref.to_string(), other);
        }
        Ok(())
    }
}

fn check_values(problems: &mut Problems, input: &SupplierInput) {
    input.code.check(problems, "/code");
    input.name.check(problems, "/name");
    if let Some(email) = &input.email {
        annotation::check_email(problems, "/email", email);
    }
    if let Some(tax_number) = &input.tax_number {
        tax_number.check(problems, "/tax_number");
    }
    input::check_any_currency(problems, input.currency.as_deref());
    if input.payment_days.is_some_and(|days| !(0..=PAYMENT_DAYS_MAX).contains(&days)) {
        problems.invalid("/payment_days", format!("Expected 0 to {PAYMENT_DAYS_MAX} days."));
    }
    supplier::check_discounts(problems, &input.discounts);
    if input.lead_time_days.is_some_and(|days| !(0..=LEAD_TIME_DAYS_MAX).contains(&days)) {
        problems.invalid("/lead_time_days", format!("Expected 0 to {LEAD_TIME_DAYS_MAX} days."));
    }
    input::check_share(problems, "/over_receipt_percent", Some(input.over_receipt_percent));
    input::check_external_ref(problems, input.external_ref.as_ref());
    address::check(problems, &input.addresses);
    annotation::check_contacts(problems, &input.contacts);
    input.notes.check(problems, "/notes");
    metadata::check(problems, &input.metadata);
}
