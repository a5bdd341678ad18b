//! The mapping of accounts: rules that give a posting of profit and loss another account than the default one.
//!
//! - A rule names a purpose and conditions: a category, a location, a tax rate, a channel. If several rules apply, the rule
//!   with the most conditions wins. If these are equal in number, a category wins over a location, a location over a tax
//!   rate, and a tax rate over a channel. A category includes the categories below it, and the nearest one wins.
//! - The accounts of sales equal the sums of the sales lines, like the default accounts. So an account that a rule gave
//!   to revenue, returns, discounts or cost of goods is kept for that purpose: no other record may name it, also after
//!   the rule is gone.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;

use super::{AccountKind, account, control, cost_account, returns_account, sales_account};
use crate::id::{CategoryId, LocationId};
use crate::number::Percent;
use crate::refusal::{Code, Problems};
use crate::tenant::Channel;
use crate::text_enum;

/// The most rules of a mapping.
pub const RULES_MAX: usize = 500;
/// The most categories from one up to the root that are looked at.
const LINEAGE_MAX: usize = 32;

/// All combinations of conditions, in the order in which their rules win: category, location, tax rate, channel. 1 is a condition that the rule
/// names.
const ORDER: [[u8; 4]; 16] = [
    [1, 1, 1, 1],
    [1, 1, 1, 0],
    [1, 1, 0, 1],
    [1, 0, 1, 1],
    [0, 1, 1, 1],
    [1, 1, 0, 0],
    [1, 0, 1, 0],
    [1, 0, 0, 1],
    [0, 1, 1, 0],
    [0, 1, 0, 1],
    [0, 0, 1, 1],
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [0, 0, 0, 0],
];

text_enum! {
    /// The part of a document that is posted to an account of profit and loss.
    pub enum EntryPurpose {
        /// Sales before discounts.
        Revenue,
        /// Returns and refunds before discounts.
        Returns,
        /// Discounts given at the sale.
        Discount,
        /// Cost of the goods that were sold.
        CostOfGoods,
        /// Rounding of amounts paid in cash.
        CashRounding,
        /// Rounding of the totals of invoices.
        InvoiceRounding,
        /// Cash over or short in tills.
        CashOverShort,
        /// Difference between a supplier's credit and the cost of goods that went back.
        PriceVariance,
    }
}

impl EntryPurpose {
    /// Returns the account of the default chart. Without a channel it is that of retail.
    pub fn default_account(self, channel: Option<Channel>) -> &'static str {
        let channel = channel.unwrap_or(Channel::Retail);
        match self {
            EntryPurpose::Revenue => sales_account(channel),
            EntryPurpose::Returns => returns_account(channel),
            EntryPurpose::Discount => account::SALES_DISCOUNTS,
            EntryPurpose::CostOfGoods => cost_account(channel),
            EntryPurpose::CashRounding => account::CASH_ROUNDING,
            EntryPurpose::InvoiceRounding => account::INVOICE_ROUNDING,
            EntryPurpose::CashOverShort => account::CASH_OVER_SHORT,
            EntryPurpose::PriceVariance => account::PRICE_VARIANCE,
        }
    }

    /// Returns whether the purpose is posted for each sales line, with a channel and a category. Its accounts are kept
    /// for it.
    pub fn is_of_sales(self) -> bool {
        match self {
            EntryPurpose::Revenue
            | EntryPurpose::Returns
            | EntryPurpose::Discount
            | EntryPurpose::CostOfGoods => true,
            EntryPurpose::CashRounding
            | EntryPurpose::InvoiceRounding
            | EntryPurpose::CashOverShort
            | EntryPurpose::PriceVariance => false,
        }
    }

    /// Returns the kind of its accounts.
    pub fn kind(self) -> AccountKind {
        match self {
            EntryPurpose::Revenue | EntryPurpose::Returns | EntryPurpose::Discount => AccountKind::Revenue,
            EntryPurpose::CostOfGoods
            | EntryPurpose::CashRounding
            | EntryPurpose::InvoiceRounding
            | EntryPurpose::CashOverShort
            | EntryPurpose::PriceVariance => AccountKind::Expense,
        }
    }

    /// Returns its name as a text has it.
    fn words(self) -> String {
        let word: &str = self.into();
        word.replace('_', " ")
    }
}

/// A purpose with conditions, or with the facts of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Case {
    /// The purpose.
    pub purpose: EntryPurpose,
    /// The channel of the sale.
    pub channel: Option<Channel>,
    /// The location.
    pub location_id: Option<LocationId>,
    /// The category of the product.
    pub category_id: Option<CategoryId>,
    /// The tax rate of the line in percent of the net. With several taxes: the sum of those in percent.
    pub tax_rate: Option<Percent>,
}

/// A rule: its conditions, and the account that it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The conditions. An absent one always applies.
    pub case: Case,
    /// The account.
    pub account: String,
}

/// An account that a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The account.
    pub account: String,
    /// The place of the rule among the rules, from 0.
    pub rule: usize,
    /// Its conditions that apply.
    pub case: Case,
}

/// The rules of a tenant, ready to be looked up.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    given: HashMap<Case, Given>,
    /// The category above each.
    parents: HashMap<CategoryId, CategoryId>,
    /// Accounts that are kept for a purpose of sales.
    kept: HashSet<String>,
}

impl Mapping {
    /// Creates the mapping from checked rules, the parent of each category, and the accounts that are kept.
    pub fn new(rules: &[Rule], parents: HashMap<CategoryId, CategoryId>, kept: HashSet<String>) -> Self {
        let given = |(rule, stated): (usize, &Rule)| {
            (stated.case, Given { account: stated.account.clone(), rule, case: stated.case })
        };
        Mapping { given: rules.iter().enumerate().map(given).collect(), parents, kept }
    }

    /// Returns whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Returns whether an account is kept for a purpose of sales.
    pub fn keeps(&self, code: &str) -> bool {
        self.kept.contains(code)
    }

    /// Returns the account of a posting: that of its rule, or the default one.
    pub fn account(&self, posted: &Case) -> Cow<'static, str> {
        match self.find(posted) {
            Some(given) => Cow::Owned(given.account.clone()),
            None => Cow::Borrowed(posted.purpose.default_account(posted.channel)),
        }
    }

    /// Returns the account of a posting that has a location only.
    pub fn account_at(&self, purpose: EntryPurpose, location_id: LocationId) -> Cow<'static, str> {
        let location_id = Some(location_id);
        self.account(&Case { purpose, channel: None, location_id, category_id: None, tax_rate: None })
    }

    /// Returns the account of the rule that wins, if one applies: most conditions first, then category, location, tax rate,
    /// channel.
    pub fn find(&self, posted: &Case) -> Option<&Given> {
        if self.given.is_empty() {
            return None;
        }
        let lineage = self.lineage(posted.category_id);
        ORDER.iter().find_map(|named| {
            let [category, location, tax_rate, channel] = named.map(|number| number == 1);
            let case = Case {
                purpose: posted.purpose,
                category_id: None,
                location_id: posted.location_id.filter(|_| location),
                tax_rate: posted.tax_rate.filter(|_| tax_rate),
                channel: posted.channel.filter(|_| channel),
            };
            if !category {
                return self.given.get(&case);
            }
            lineage.iter().find_map(|id| self.given.get(&Case { category_id: Some(*id), ..case }))
        })
    }

    /// Returns a category and those above it.
    fn lineage(&self, category_id: Option<CategoryId>) -> Vec<CategoryId> {
        let above = |id: &CategoryId| self.parents.get(id).copied();
        std::iter::successors(category_id, above).take(LINEAGE_MAX).collect()
    }
}

/// An account that is there, as a rule sees it.
#[derive(Debug, Clone)]
pub struct Known {
    /// The kind.
    pub kind: AccountKind,
    /// The purpose of sales that it is kept for.
    pub kept_for: Option<EntryPurpose>,
    /// The reason why it is in use, as the end of a sentence. An account in use can't be kept for a purpose.
    pub used_by: Option<String>,
}

/// Records that rules name.
#[derive(Debug, Default)]
pub struct Named {
    /// Accounts of the chart that are not dropped.
    pub accounts: HashMap<String, Known>,
    /// Locations.
    pub locations: HashSet<LocationId>,
    /// Categories.
    pub categories: HashSet<CategoryId>,
}

/// Adds what is wrong with rules.
pub fn check(named: &Named, rules: &[Rule], problems: &mut Problems) {
    if rules.len() > RULES_MAX {
        problems.invalid("/rules", format!("A mapping has at most {RULES_MAX} rules."));
        return;
    }
    let mut seen: HashMap<Case, usize> = HashMap::new();
    let mut kept: HashMap<&str, EntryPurpose> = HashMap::new();
    for rule in rules.iter().filter(|rule| rule.case.purpose.is_of_sales()) {
        kept.entry(rule.account.as_str()).or_insert(rule.case.purpose);
    }
    for (index, rule) in rules.iter().enumerate() {
        let pointer = format!("/rules/{index}");
        if let Some(first) = seen.insert(rule.case, index) {
            let detail = format!(
                "The rule has the purpose and the conditions of rule {first}: leave one of them out."
            );
            problems.invalid(pointer.as_str(), detail);
        }
        check_conditions(named, &rule.case, &pointer, problems);
        match named.accounts.get(&rule.account) {
            None => {
                let detail = format!("There is no account {}; see GET /v1/accounts.", rule.account);
                problems.add(format!("{pointer}/account"), Code::NotFound, detail);
            }
            Some(known) => {
                if let Err(detail) = check_account(known, rule, kept.get(rule.account.as_str()).copied()) {
                    problems.invalid(format!("{pointer}/account"), detail);
                }
            }
        }
    }
}

fn check_conditions(named: &Named, case: &Case, pointer: &str, problems: &mut Problems) {
    let has_location_only = !case.purpose.is_of_sales();
    let detail = format!("A posting of {} has a location only: leave the field out.", case.purpose.words());
    if has_location_only && case.channel.is_some() {
        problems.invalid(format!("{pointer}/channel"), detail.as_str());
    }
    if let Some(rate) = case.tax_rate {
        if has_location_only {
            problems.invalid(format!("{pointer}/tax_rate"), detail.as_str());
        } else if rate.is_negative() || rate.get() > Decimal::ONE_HUNDRED {
            problems.invalid(format!("{pointer}/tax_rate"), "A tax rate is from 0 to 100 percent.");
        }
    }
    match case.category_id {
        Some(_) if has_location_only => {
            problems.invalid(format!("{pointer}/category_id"), detail.as_str());
        }
        Some(id) if !named.categories.contains(&id) => {
            let pointer = format!("{pointer}/category_id");
            problems.add(pointer, Code::NotFound, "There is no category with this id.");
        }
        Some(_) | None => {}
    }
    if case.location_id.is_some_and(|id| !named.locations.contains(&id)) {
        problems.add(format!("{pointer}/location_id"), Code::NotFound, "There is no location with this id.");
    }
}

/// Checks the account of a rule. `kept_for` is the purpose of sales for which the first rule of the account keeps it.
fn check_account(known: &Known, rule: &Rule, kept_for: Option<EntryPurpose>) -> Result<(), String> {
    let (purpose, code) = (rule.case.purpose, rule.account.as_str());
    let words = purpose.words();
    if is_default(&rule.case, code) {
        return Ok(());
    }
    if known.kind != purpose.kind() {
        let kind: &str = purpose.kind().into();
        return Err(format!("An account of {words} is of kind {kind}: name one of it."));
    }
    if control::is_control(code) || code == account::COST_VARIANCE {
        return Err(format!(
            "Account {code} is kept by documents for another purpose: name another account."
        ));
    }
    match known.kept_for.or(kept_for) {
        Some(other) if other != purpose => {
            let other = other.words();
            Err(format!("Account {code} is kept for {other}: name another account, or add one for {words}."))
        }
        Some(_) if known.kept_for.is_some() => Ok(()),
        Some(_) | None => match &known.used_by {
            Some(used_by) if purpose.is_of_sales() => {
                Err(format!("Account {code} can't be kept for {words}, because {used_by}: add an account."))
            }
            Some(_) | None => Ok(()),
        },
    }
}

/// Returns whether an account is the default one of every posting to which the conditions apply.
fn is_default(case: &Case, code: &str) -> bool {
    let of = |channel: Channel| code == case.purpose.default_account(Some(channel));
    case.channel.map_or_else(|| of(Channel::Wholesale) && of(Channel::Retail), of)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn category(number: u128) -> CategoryId {
        CategoryId(Uuid::from_u128(number))
    }

    fn location(number: u128) -> LocationId {
        LocationId(Uuid::from_u128(number))
    }

    fn case(purpose: EntryPurpose) -> Case {
        Case { purpose, channel: None, location_id: None, category_id: None, tax_rate: None }
    }

    fn rule(case: Case, account: &str) -> Rule {
        Rule { case, account: account.to_owned() }
    }

    /// Category 2 stands below 1.
    fn mapping(rules: &[Rule]) -> Mapping {
        Mapping::new(rules, HashMap::from([(category(2), category(1))]), HashSet::new())
    }

    #[test]
    fn the_rule_with_the_most_conditions_holds_then_category_location_channel() {
        let revenue = case(EntryPurpose::Revenue);
        let (retail, shop) = (Some(Channel::Retail), Some(location(1)));
        let above = Some(category(1));
        let posted = Case { channel: retail, location_id: shop, category_id: Some(category(2)), ..revenue };
        // From the last to the first: each one that is added holds.
        let rules = [
            rule(revenue, "none"),
            rule(Case { channel: retail, ..revenue }, "channel"),
            rule(Case { location_id: shop, ..revenue }, "location"),
            rule(Case { category_id: above, ..revenue }, "category above"),
            rule(Case { category_id: Some(category(2)), ..revenue }, "category"),
            rule(Case { location_id: shop, channel: retail, ..revenue }, "location, channel"),
            rule(Case { category_id: above, channel: retail, ..revenue }, "category, channel"),
            rule(Case { category_id: above, location_id: shop, ..revenue }, "category, location"),
            rule(Case { category_id: above, location_id: shop, channel: retail, ..revenue }, "all"),
        ];
        assert_eq!(mapping(&[]).account(&posted), account::SALES_RETAIL);
        for number in 1..=rules.len() {
            let expected = &rules[number - 1];
            let mapping = mapping(&rules[..number]);
            assert_eq!(mapping.account(&posted), expected.account);
            assert_eq!(mapping.find(&posted).map(|given| given.rule), Some(number - 1));
            let other = Case { purpose: EntryPurpose::Discount, ..posted };
            assert_eq!(mapping.account(&other), account::SALES_DISCOUNTS, "of another purpose");
        }
        let taxed = Case { tax_rate: Some("19".parse().expect("a rate")), ..posted };
        let of_tax = |case: Case, account: &str| rule(Case { tax_rate: taxed.tax_rate, ..case }, account);
        let with_tax = [
            rules[0].clone(),
            rules[1].clone(),
            of_tax(revenue, "tax"),
            rules[2].clone(),
            rules[4].clone(),
            of_tax(Case { channel: retail, ..revenue }, "tax, channel"),
            rules[5].clone(),
            of_tax(Case { location_id: shop, ..revenue }, "location, tax"),
            of_tax(Case { category_id: above, ..revenue }, "category, tax"),
            rules[7].clone(),
            rules[8].clone(),
        ];
        for number in 1..=with_tax.len() {
            let mapping = mapping(&with_tax[..number]);
            assert_eq!(mapping.account(&taxed), with_tax[number - 1].account);
            let reduced = Case { tax_rate: Some("7.00".parse().expect("a rate")), ..posted };
            assert!(!mapping.account(&reduced).contains("tax"));
        }
        let elsewhere = Case { channel: Some(Channel::Wholesale), location_id: Some(location(2)), ..revenue };
        assert_eq!(mapping(&rules[1..]).account(&elsewhere), account::SALES_WHOLESALE);
    }

    #[test]
    fn an_account_of_sales_is_kept_for_one_purpose() {
        let known = |kind: AccountKind| Known { kind, kept_for: None, used_by: None };
        let named = || Named {
            accounts: HashMap::from([
                ("4020".to_owned(), known(AccountKind::Revenue)),
                (
                    "4030".to_owned(),
                    Known { kept_for: Some(EntryPurpose::Returns), ..known(AccountKind::Revenue) },
                ),
                (
                    "4040".to_owned(),
                    Known { used_by: Some("it has entries".to_owned()), ..known(AccountKind::Revenue) },
                ),
                ("4010".to_owned(), known(AccountKind::Revenue)),
                (
                    "6100".to_owned(),
                    Known { used_by: Some("it has entries".to_owned()), ..known(AccountKind::Expense) },
                ),
            ]),
            ..Named::default()
        };
        let pointers = |rules: &[Rule]| {
            let mut problems = Problems::default();
            check(&named(), rules, &mut problems);
            let refusal = problems.check().err();
            let problems = refusal.map(|refusal| refusal.problems).unwrap_or_default();
            problems.into_iter().map(|problem| problem.pointer).collect::<Vec<_>>()
        };
        let (revenue, retail) = (case(EntryPurpose::Revenue), Some(Channel::Retail));
        let none: [&str; 0] = [];
        assert_eq!(pointers(&[rule(revenue, "4020")]), none);
        assert_eq!(pointers(&[rule(case(EntryPurpose::Returns), "4030")]), none);
        assert_eq!(pointers(&[rule(Case { channel: retail, ..revenue }, "4010")]), none, "the default one");
        assert_eq!(pointers(&[rule(revenue, "4010")]), ["/rules/0/account"], "not that of both channels");
        assert_eq!(pointers(&[rule(case(EntryPurpose::CashRounding), "6100")]), none, "it may have entries");
        for account in ["4030", "4040", "6100", "9999"] {
            assert_eq!(pointers(&[rule(revenue, account)]), ["/rules/0/account"], "{account}");
        }
        assert_eq!(
            pointers(&[rule(revenue, "4020"), rule(case(EntryPurpose::Discount), "4020")]),
            ["/rules/1/account"]
        );
        assert_eq!(pointers(&[rule(revenue, "4020"), rule(revenue, "4020")]), ["/rules/1"]);
        let rounding = Case { channel: retail, ..case(EntryPurpose::CashRounding) };
        assert_eq!(pointers(&[rule(rounding, "6100")]), ["/rules/0/channel"]);
        let rate = |text: &str| Some(text.parse::<Percent>().expect("a rate"));
        let too_high = Case { tax_rate: rate("100.5"), ..revenue };
        assert_eq!(pointers(&[rule(too_high, "4020")]), ["/rules/0/tax_rate"]);
        let taxed = Case { tax_rate: rate("19"), ..revenue };
        assert_eq!(
            pointers(&[rule(taxed, "4020"), rule(Case { tax_rate: rate("19.00"), ..revenue }, "4020")]),
            ["/rules/1"]
        );
        let of_cash = Case { tax_rate: rate("19"), ..case(EntryPurpose::CashRounding) };
        assert_eq!(pointers(&[rule(of_cash, "6100")]), ["/rules/0/tax_rate"]);
        let unknown = Case { location_id: Some(location(9)), category_id: Some(category(9)), ..revenue };
        assert_eq!(pointers(&[rule(unknown, "4020")]), ["/rules/0/category_id", "/rules/0/location_id"]);
        assert_eq!(pointers(&vec![rule(revenue, "4020"); RULES_MAX + 1]), ["/rules"]);
    }
}
