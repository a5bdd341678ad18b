//! Filters of a report.

use std::collections::HashSet;
use std::str::FromStr;

use domain::country::is_country_or_unknown;
use domain::id::{CategoryId, CustomerId, InvalidId, LocationId, ProductId};
use domain::tenant::Channel;
use domain::text::one_form;
use sea_orm::prelude::Uuid;
use service::input::is_currency;

use super::Invalid;
use super::invalid::Wrong;

/// Most different values of one filter.
const VALUES_MAX: usize = 200;
/// Kinds of products that lines name. A bundle has no lines: its components have them.
const PRODUCT_KINDS: [&str; 2] = ["stocked", "service"];
/// Longest value.
const LENGTH_MAX: usize = 200;

/// Selects the lines that a report counts. A line must match one value of every filter that has values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub channels: Vec<Channel>,
    /// ISO 3166-1 alpha-2 codes. `ZZ` is the country of a sale that is not known.
    pub countries: Vec<String>,
    /// ISO 4217 codes.
    pub currencies: Vec<String>,
    /// Locations, by code or id.
    pub locations: Selector,
    /// Products, by SKU or id.
    pub products: Selector,
    /// Categories by code or id, including all categories below them.
    pub categories: Selector,
    /// Customers, by number or id.
    pub customers: Selector,
    /// Kinds of products: goods are `stocked`.
    pub product_kinds: Vec<String>,
    /// Codes of accounts of the ledger.
    pub accounts: Vec<String>,
}

/// Records, selected by code or by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// Codes, numbers or SKUs.
    pub codes: Vec<String>,
    pub ids: Vec<Uuid>,
    /// Texts with commas: a code with a comma, or several codes and ids.
    pub lists: Vec<String>,
}

/// Unchecked values of every filter.
#[derive(Debug, Clone, Default)]
pub struct Values {
    pub channel: Vec<String>,
    pub country: Vec<String>,
    pub currency: Vec<String>,
    pub location: Vec<String>,
    pub product: Vec<String>,
    pub category: Vec<String>,
    pub customer: Vec<String>,
    pub product_kind: Vec<String>,
    pub account: Vec<String>,
}

impl Filter {
    /// Checks and parses the values.
    pub fn new(values: Values) -> Result<Self, Invalid> {
        let mut wrong = Wrong::default();
        let channels = wrong.take(parse_channels(values.channel));
        let kind = "of a country (ISO 3166-1)";
        let countries = wrong.take(parse_codes("country", values.country, is_country_or_unknown, kind));
        let kind = "of a currency (ISO 4217)";
        let currencies = wrong.take(parse_codes("currency", values.currency, is_currency, kind));
        let locations = wrong.take(parse_selector("location", |id: LocationId| id.0, values.location));
        let products = wrong.take(parse_selector("product", |id: ProductId| id.0, values.product));
        let categories = wrong.take(parse_selector("category", |id: CategoryId| id.0, values.category));
        let customers = wrong.take(parse_selector("customer", |id: CustomerId| id.0, values.customer));
        let product_kinds = wrong.take(parse_kinds(values.product_kind));
        let accounts = wrong.take(check_values("account", values.account));
        wrong.check()?;
        Ok(Filter {
            channels: channels.unwrap_or_default(),
            countries: countries.unwrap_or_default(),
            currencies: currencies.unwrap_or_default(),
            locations: locations.unwrap_or_default(),
            products: products.unwrap_or_default(),
            categories: categories.unwrap_or_default(),
            customers: customers.unwrap_or_default(),
            product_kinds: product_kinds.unwrap_or_default(),
            accounts: accounts.unwrap_or_default(),
        })
    }

    /// Whether the filter may select only some lines of a document.
    pub(super) fn splits_documents(&self) -> bool {
        !self.products.is_empty() || !self.categories.is_empty() || !self.product_kinds.is_empty()
    }
}

impl Selector {
    pub(super) fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.ids.is_empty() && self.lists.is_empty()
    }
}

fn parse_channels(values: Vec<String>) -> Result<Vec<Channel>, Invalid> {
    let parse = |value: String| {
        value.parse().map_err(|_| {
            Invalid::unreadable("channel", format!("`{value}` is not one of wholesale, retail."))
        })
    };
    let mut wrong = Wrong::default();
    let values = check_values("channel", values)?;
    let channels = values.into_iter().filter_map(|value| wrong.take(parse(value))).collect();
    wrong.check().map(|()| channels)
}

fn parse_kinds(values: Vec<String>) -> Result<Vec<String>, Invalid> {
    let values = check_values("product_kind", values)?;
    let mut wrong = Wrong::default();
    for value in values.iter().filter(|value| !PRODUCT_KINDS.contains(&value.as_str())) {
        let known = PRODUCT_KINDS.join(", ");
        let detail = format!("`{value}` is not one of {known}.");
        wrong.take::<()>(Err(Invalid::unreadable("product_kind", detail)));
    }
    wrong.check().map(|()| values)
}

/// Rejects a code that names no country or currency: a report about it would look like one without trade.
fn parse_codes(
    parameter: &'static str,
    values: Vec<String>,
    is_known: impl Fn(&str) -> bool,
    kind: &str,
) -> Result<Vec<String>, Invalid> {
    let values = check_values(parameter, values)?;
    let mut wrong = Wrong::default();
    for value in values.iter().filter(|value| !is_known(value)) {
        let detail = format!("`{value}` is not the code {kind} in capital letters.");
        wrong.take::<()>(Err(Invalid::unreadable(parameter, detail)));
    }
    wrong.check().map(|()| values)
}

fn parse_selector<I: FromStr<Err = InvalidId>>(
    parameter: &'static str,
    uuid: impl Fn(I) -> Uuid,
    values: Vec<String>,
) -> Result<Selector, Invalid> {
    let mut selector = Selector::default();
    let (lists, single): (Vec<String>, Vec<String>) =
        values.iter().map(|value| one_form(value).into_owned()).partition(|value| value.contains(','));
    let parts = lists.iter().flat_map(|list| list.split(',')).map(|part| part.trim().to_owned());
    check_values(parameter, parts.filter(|part| !part.is_empty()).chain(single.iter().cloned()).collect())?;
    for value in single {
        match value.parse() {
            Ok(id) => selector.ids.push(uuid(id)),
            Err(InvalidId { .. }) => selector.codes.push(value),
        }
    }
    Ok(Selector { lists, ..selector })
}

fn check_values(parameter: &'static str, values: Vec<String>) -> Result<Vec<String>, Invalid> {
    let different: HashSet<&String> = values.iter().collect();
    if different.len() > VALUES_MAX {
        let detail = format!("At most {VALUES_MAX} different values can be named.");
        return Err(Invalid::not_allowed(parameter, detail));
    }
    if values
        .iter()
        .any(|value| value.is_empty() || value.chars().count() > LENGTH_MAX || value.contains('\0'))
    {
        return Err(Invalid::unreadable(parameter, format!("A value has 1 to {LENGTH_MAX} characters.")));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_code_or_its_id() {
        let product =
            vec!["BOLT-M8".to_owned(), "prd_01h455vb4pex5vsknk084sn02q".to_owned(), "prd_1".to_owned()];
        let filter = Filter::new(Values { product, ..Values::default() }).expect("a filter");
        assert_eq!(filter.products.codes, ["BOLT-M8", "prd_1"]);
        assert_eq!(filter.products.ids.len(), 1);
        assert!(filter.splits_documents());
    }

    #[test]
    fn refuses_values_that_can_not_be() {
        let refused = |values: Values| Filter::new(values).expect_err("a refusal").parameter;
        assert_eq!(refused(Values { channel: vec!["web".into()], ..Values::default() }), "channel");
        assert_eq!(
            refused(Values { product_kind: vec!["bundle".into()], ..Values::default() }),
            "product_kind"
        );
        assert_eq!(refused(Values { country: vec!["uk1".into()], ..Values::default() }), "country");
        for unknown in ["XX", "UK", "gb", "GBR", " GB"] {
            assert_eq!(refused(Values { country: vec![unknown.into()], ..Values::default() }), "country");
        }
        for unknown in ["QQQ", "gbp", "XXX", "GB"] {
            let currency = vec!["GBP".into(), unknown.into()];
            assert_eq!(refused(Values { currency, ..Values::default() }), "currency");
        }
        let country = ["GB", "XK", "XI", "ZZ"].map(str::to_owned).to_vec();
        let filter = Filter::new(Values { country: country.clone(), ..Values::default() }).expect("a filter");
        assert_eq!(filter.countries, country);
        assert_eq!(refused(Values { customer: vec![String::new()], ..Values::default() }), "customer");
        assert_eq!(
            refused(Values {
                product: (0..201).map(|number| format!("x{number}")).collect(),
                ..Values::default()
            }),
            "product"
        );
    }
}
