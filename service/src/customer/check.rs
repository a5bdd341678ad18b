//! Checks of a customer: its own values, the records that it references, and values that other customers have.

use std::collections::{HashMap, HashSet};

use domain::id::CustomerId;
use domain::number::Money;
use domain::refusal::{Problems, Refusal};
use domain::{address, annotation, metadata};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::{Customer, CustomerInput};
use crate::input::TenantDefaults;
use crate::{Error, Tx, input};

/// Longest payment term.
const PAYMENT_DAYS_MAX: i32 = 365;
/// Longest remaining shelf life.
const LIFE_DAYS_MAX: i32 = 3650;

/// The records that a batch of customers references or competes with.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Price tiers and price lists.
    references: HashSet<Uuid>,
    numbers: HashMap<String, CustomerId>,
    external_refs: HashMap<String, CustomerId>,
}

/// The customers of a batch, checked one after the other.
#[derive(Debug)]
pub(super) struct Drafts {
    known: References,
    /// The customer that changes. It does not compete with itself.
    own: Option<CustomerId>,
    /// The credit limit of the customer that changes, which stays as it is if it is finer than the currency.
    limit: Option<Money>,
}

impl References {
    pub(super) async fn load(tx: &Tx, inputs: &[CustomerInput]) -> Result<Self, Error> {
        let mut known = References::default();
        known.load_references(tx, inputs).await?;
        known.load_customers(tx, inputs).await?;
        Ok(known)
    }

    async fn load_references(&mut self, tx: &Tx, inputs: &[CustomerInput]) -> Result<(), Error> {
        let distinct = |ids: HashSet<Uuid>| ids.into_iter().collect::<Vec<Uuid>>();
        let tiers = distinct(inputs.iter().filter_map(|input| input.price_tier_id).map(|id| id.0).collect());
        let lists = distinct(inputs.iter().filter_map(|input| input.price_list_id).map(|id| id.0).collect());
        if tiers.is_empty() && lists.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(
            "select id from price_tier where tenant_id = $1 and id = any($2)
             union all
             select id from price_list where tenant_id = $1 and id = any($3)",
        );
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(tiers).bind(lists)).await? {
            self.references.insert(row.try_get(0)?);
        }
        Ok(())
    }

    async fn load_customers(&mut self, tx: &Tx, inputs: &[CustomerInput]) -> Result<(), Error> {
        let numbers: Vec<&str> = inputs.iter().filter_map(|input| input.number.as_deref()).collect();
        let external_refs: Vec<&str> =
            inputs.iter().filter_map(|input| input.external_ref.as_deref()).collect();
        if numbers.is_empty() && external_refs.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(
            "select id, number, external_ref from customer
             where tenant_id = $1 and (number = any($2) or external_ref = any($3))",
        );
        for row in tx.rows(query.bind(tx.tenant_id.0).bind(numbers).bind(external_refs)).await? {
            let id = CustomerId(row.try_get("id")?);
            self.numbers.insert(row.try_get("number")?, id);
            if let Some(external_ref) = row.try_get("external_ref")? {
                self.external_refs.insert(external_ref, id);
            }
        }
        Ok(())
    }
}

impl Drafts {
    pub(super) fn new(known: References, own: Option<&Customer>) -> Self {
        let limit = own.and_then(|own| own.credit_limit);
        Drafts { known, own: own.map(|own| own.id), limit }
    }

    /// Returns every number that is taken.
    pub(super) fn numbers(&self) -> HashSet<String> {
        self.known.numbers.keys().cloned().collect()
    }

    /// Rejects an invalid customer. The unique values of an accepted one are taken for the customers after it.
    pub(super) fn check(&mut self, defaults: &TenantDefaults, input: &CustomerInput) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        check_values(&mut problems, defaults, input);
        if input.credit_limit != self.limit {
            input::check_decimals(&mut problems, "/credit_limit", input.credit_limit, defaults.decimals);
        }
        self.check_references(&mut problems, input);
        problems.check()?;
        self.take(input);
        Ok(())
    }

    fn check_references(&self, problems: &mut Problems, input: &CustomerInput) {
        if input.price_tier_id.is_some_and(|id| !self.known.references.contains(&id.0)) {
            input::add_unknown(problems, "/price_tier_id", "price tier");
        }
        if input.price_list_id.is_some_and(|id| !self.known.references.contains(&id.0)) {
            input::add_unknown(problems, "/price_list_id", "price list");
        }
        let by_other = |owners: &HashMap<String, CustomerId>, value: &str| {
            owners.get(value).is_some_and(|owner| self.own != Some(*owner))
        };
        if let Some(number) = input.number.as_deref()
            && by_other(&self.known.numbers, number)
        {
            input::add_taken(problems, "/number", "customer", number);
        }
        if let Some(external_ref) = input.external_ref.as_deref()
            && by_other(&self.known.external_refs, external_ref)
        {
            input::add_external_ref_taken(problems, external_ref);
        }
    }

    fn take(&mut self, input: &CustomerInput) {
        let nobody = CustomerId::default();
        if let Some(number) = &input.number {
            self.known.numbers.insert(number.to_string(), nobody);
        }
        if let Some(external_ref) = &input.external_ref {
            self.known.external_refs.insert(external_ref.to_string(), nobody);
        }
    }
}

fn check_values(problems: &mut Problems, defaults: &TenantDefaults, input: &CustomerInput) {
    if let Some(number) = &input.number {
        number.check(problems, "/number");
    }
    input.name.check(problems, "/name");
    if let Some(email) = &input.email {
        annotation::check_email(problems, "/email", email);
    }
    if let Some(tax_number) = &input.tax_number {
        tax_number.check(problems, "/tax_number");
    }
    if let Some(country) = &input.country {
        input::check_country(problems, "/country", country);
    }
    input::check_currency(problems, input.currency.as_deref(), &defaults.currency);
    if input.payment_days.is_some_and(|days| !(0..=PAYMENT_DAYS_MAX).contains(&days)) {
        problems.invalid("/payment_days", format!("Expected 0 to {PAYMENT_DAYS_MAX} days."));
    }
    if !(0..=LIFE_DAYS_MAX).contains(&input.min_remaining_life_days) {
        problems.invalid("/min_remaining_life_days", format!("Expected 0 to {LIFE_DAYS_MAX} days."));
    }
    input::check_not_negative(problems, "/credit_limit", input.credit_limit);
    input::check_external_ref(problems, input.external_ref.as_ref());
    address::check(problems, &input.addresses);
    annotation::check_contacts(problems, &input.contacts);
    input.notes.check(problems, "/notes");
    annotation::check_tags(problems, &input.tags);
    annotation::check_links(problems, "attachments", &input.attachments);
    metadata::check(problems, &input.metadata);
}
