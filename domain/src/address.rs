//! Addresses of customers, of suppliers, of orders and of the tenant.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::country;
use crate::refusal::Problems;
use crate::text::{Line64, Name, NameRule, Text};

/// Most addresses of one customer or supplier.
pub const ADDRESSES_MAX: usize = 50;

/// A postal code.
pub type PostalCode = Text<20, NameRule>;
/// A telephone number.
pub type Phone = Text<40, NameRule>;

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "line1": "1 Mill Lane", "city": "Leeds", "postal_code": "LS1 4DT", "country": "GB" }))]
pub struct Address {
    /// Company or person at the address, if it is not the customer itself.
    #[serde(default)]
    pub name: Option<Name>,
    /// Street and number.
    pub line1: Name,
    /// Building, floor and the like.
    #[serde(default)]
    pub line2: Option<Name>,
    /// City.
    pub city: Name,
    /// State, county or province.
    #[serde(default)]
    pub region: Option<Name>,
    /// Postal code.
    #[serde(default)]
    pub postal_code: Option<PostalCode>,
    /// ISO 3166-1 alpha-2 code of the country.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: String,
    /// Telephone number at the address.
    #[serde(default)]
    pub phone: Option<Phone>,
}

/// The use of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressUse {
    /// Invoices.
    Billing,
    /// Goods.
    Shipping,
}

/// An address of a customer or a supplier. Of several for one use, the first is the one that an order without a choice gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerAddress {
    /// Your own code of the address, unique in its record. Orders name the address by it.
    #[schema(example = "main")]
    pub code: Line64,
    /// Uses of the address. If absent, both.
    #[serde(default = "AddressUse::both")]
    #[schema(min_items = 1, max_items = 2)]
    pub uses: Vec<AddressUse>,
    /// The address.
    pub address: Address,
}

/// A choice of an address for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressChoice {
    /// An address of the customer, by its code.
    Code(String),
    /// An address for this order alone.
    Address(Arc<Address>),
}

impl AddressUse {
    fn both() -> Vec<Self> {
        vec![AddressUse::Billing, AddressUse::Shipping]
    }

    /// Returns the address for this use among those of a customer.
    pub fn among(self, addresses: &[CustomerAddress]) -> Option<&Address> {
        addresses.iter().find(|known| known.uses.contains(&self)).map(|known| &known.address)
    }
}

impl Address {
    /// Adds everything that is wrong with it to `problems`.
    pub fn check(&self, problems: &mut Problems, pointer: &str) {
        let Address { name, line1, line2, city, region, postal_code, country, phone } = self;
        for (field, text) in [("name", name), ("line2", line2), ("region", region)] {
            if let Some(text) = text {
                text.check(problems, &format!("{pointer}/{field}"));
            }
        }
        line1.check(problems, &format!("{pointer}/line1"));
        city.check(problems, &format!("{pointer}/city"));
        if let Some(code) = postal_code {
            code.check(problems, &format!("{pointer}/postal_code"));
        }
        if let Some(phone) = phone {
            phone.check(problems, &format!("{pointer}/phone"));
        }
        if !country::is_country(country) {
            problems.invalid(format!("{pointer}/country"), country::EXPECTED);
        }
    }

    /// Reads an address that was stored. What is stored is sound, also in a form that is older than the rule.
    pub fn of_json(json: &Value) -> Option<Self> {
        let text = |field: &str| json[field].as_str();
        Some(Address {
            name: text("name").map(Name::stored),
            line1: Name::stored(text("line1")?),
            line2: text("line2").map(Name::stored),
            city: Name::stored(text("city")?),
            region: text("region").map(Name::stored),
            postal_code: text("postal_code").map(PostalCode::stored),
            country: text("country")?.to_owned(),
            phone: text("phone").map(Phone::stored),
        })
    }
}

/// Adds everything that is wrong with the addresses of a customer or a supplier to `problems`.
pub fn check(problems: &mut Problems, addresses: &[CustomerAddress]) {
    if addresses.len() > ADDRESSES_MAX {
        problems.invalid("/addresses", format!("Send at most {ADDRESSES_MAX} addresses."));
        return;
    }
    let mut codes = HashSet::with_capacity(addresses.len());
    for (index, CustomerAddress { code, uses, address }) in addresses.iter().enumerate() {
        let pointer = format!("/addresses/{index}");
        code.check(problems, &format!("{pointer}/code"));
        if !codes.insert(code.as_str()) {
            problems.invalid(format!("{pointer}/code"), "Another address of the record has this code.");
        }
        if uses.is_empty() || uses.len() > 2 || uses.first() == uses.get(1) {
            problems.invalid(format!("{pointer}/uses"), "Name billing, shipping or both, each once.");
        }
        address.check(problems, &format!("{pointer}/address"));
    }
}

/// Returns addresses as a column stores them.
pub fn to_json(addresses: &[CustomerAddress]) -> Value {
    json!(addresses)
}

/// Reads addresses that were stored.
pub fn of_json(json: &Value) -> Vec<CustomerAddress> {
    let has_use =
        |uses: &Value, wanted: &str| uses.as_array().is_some_and(|uses| uses.iter().any(|one| one == wanted));
    let read = |stored: &Value| {
        let uses = [(AddressUse::Billing, "billing"), (AddressUse::Shipping, "shipping")];
        let uses = uses.into_iter().filter(|(_, word)| has_use(&stored["uses"], word));
        Some(CustomerAddress {
            code: stored["code"].as_str()?.into(),
            uses: uses.map(|(known, _)| known).collect(),
            address: Address::of_json(&stored["address"])?,
        })
    };
    json.as_array().into_iter().flatten().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(line1: &str, country: &str) -> Address {
        Address {
            name: None,
            line1: line1.into(),
            line2: Some("Floor 2".into()),
            city: "Leeds".into(),
            region: None,
            postal_code: Some("LS1 4DT".into()),
            country: country.to_owned(),
            phone: Some("+44 113 496 0000".into()),
        }
    }

    fn pointers(addresses: &[CustomerAddress]) -> Vec<String> {
        let mut problems = Problems::default();
        check(&mut problems, addresses);
        let refused = problems.check().err();
        refused.into_iter().flat_map(|refusal| refusal.problems).map(|problem| problem.pointer).collect()
    }

    #[test]
    fn a_stored_address_is_read_as_it_was() {
        let addresses = [("a", AddressUse::both()), ("b", vec![AddressUse::Shipping])];
        let addresses = addresses.map(|(code, uses)| CustomerAddress {
            code: code.into(),
            uses,
            address: address("1 Mill Lane", "GB"),
        });
        assert_eq!(of_json(&to_json(&addresses)), addresses);
        assert_eq!(AddressUse::Shipping.among(&addresses[1..]), Some(&addresses[1].address));
        assert_eq!(AddressUse::Billing.among(&addresses[1..]), None);
    }

    #[test]
    fn everything_wrong_is_named() {
        let wrong = CustomerAddress {
            code: "a".into(),
            uses: vec![AddressUse::Billing, AddressUse::Billing],
            address: address("4111 1111 1111 1111", "gb"),
        };
        let right = CustomerAddress {
            uses: vec![AddressUse::Billing],
            address: address("1 Mill Lane", "GB"),
            ..wrong.clone()
        };
        assert_eq!(
            pointers(&[right, wrong]),
            [
                "/addresses/1/code",
                "/addresses/1/uses",
                "/addresses/1/address/line1",
                "/addresses/1/address/country"
            ]
        );
    }
}
