//! Settings and master data that seldom change.

use std::collections::HashMap;
use std::sync::Arc;

use crate::id::{LocationId, PriceListId, RegisterId, TaxClassId};
use crate::ledger::control::Facts;
use crate::ledger::mapping::Mapping;
use crate::location::LocationKind;
use crate::number::{Money, Percent};
use crate::printed::Seller;
use crate::tax::Rate;
use crate::tenant::{Channel, Settings};

/// A location of stock.
#[derive(Debug, Clone)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// Its code.
    pub code: String,
    /// Its kind.
    pub kind: LocationKind,
    /// The channels that may sell its stock.
    pub channels: Vec<Channel>,
}

/// A till.
#[derive(Debug, Clone)]
pub struct Register {
    /// Its id.
    pub id: RegisterId,
    /// Its code, with which the numbers of its sales begin.
    pub code: String,
    /// The location whose stock it sells.
    pub location_id: LocationId,
    /// Cash amounts are rounded to a multiple of this; zero for no rounding.
    pub cash_rounding: Money,
    /// Largest discount of its sales.
    pub discount_max: Option<Percent>,
}

/// Settings and master data that seldom change: read from a cache, not locked.
#[derive(Debug)]
pub struct Setup {
    /// The tenant's settings.
    pub settings: Settings,
    /// The tenant, as documents print it.
    pub seller: Arc<Seller>,
    /// All locations, the default one first.
    pub locations: Vec<Location>,
    /// All tills.
    pub registers: HashMap<RegisterId, Register>,
    /// All tax rates.
    pub tax_rates: Vec<Rate>,
    /// Names of the tax classes.
    pub tax_names: HashMap<TaxClassId, String>,
    /// Price lists of channels, and of a location within a channel.
    pub channel_lists: Vec<(Channel, Option<LocationId>, PriceListId)>,
    /// Account codes of the chart.
    pub accounts: Vec<String>,
    /// Those of its liabilities.
    pub liabilities: Vec<String>,
    /// Account code by reason code.
    pub reasons: HashMap<String, String>,
    /// Rules that give other accounts than the default ones.
    pub mapping: Mapping,
}

impl Setup {
    /// Returns the location `id`, or the default one if none is named.
    pub fn location(&self, id: Option<LocationId>) -> Option<&Location> {
        match id {
            Some(id) => self.locations.iter().find(|location| location.id == id),
            None => self.locations.first(),
        }
    }

    /// Returns the facts on which it depends whether a caller may name an account.
    pub fn facts(&self, code: &str) -> Facts {
        let is_liability = self.liabilities.iter().any(|known| known == code);
        Facts { is_liability, is_mapped: self.mapping.keeps(code) }
    }

    /// Returns the price lists of a sale in `channel` at `location_id`, those of the location first.
    pub fn channel_lists(&self, channel: Channel, location_id: LocationId) -> Vec<PriceListId> {
        let of = |wanted: Option<LocationId>| {
            self.channel_lists
                .iter()
                .filter(move |(known, location, _)| *known == channel && *location == wanted)
                .map(|(.., list)| *list)
        };
        of(Some(location_id)).chain(of(None)).collect()
    }
}
