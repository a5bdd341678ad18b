//! The settings of a product at a location, each field from the narrowest settings that state it.

use std::collections::HashMap;

use chrono::Weekday;
use domain::id::{CategoryId, LocationId, ProductId, SupplierId};
use domain::number::{Percent, Quantity};
use domain::replenish::{Method, Micro, OrderSize, Plan, Settings};
use rust_decimal::Decimal;
use serde::Serialize;
use uuid::Uuid;

use super::analogue::StatedAnalogue;
use super::category::OfCategory;
use super::planned;
use super::setting::{MethodName, Position, ReviewDay, SettingInput};
use super::terms::Terms;

/// The settings from which a field comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReplenishmentSettingsLevel)]
pub enum Level {
    /// Those of the product at the location.
    ProductAtLocation,
    /// Those of the product.
    Product,
    /// Those of the category of the product, or of one above it.
    Category,
    /// Those of the location.
    Location,
    /// Those of the tenant.
    Tenant,
    /// Those of the preferred supplier of the product. Its terms count for a field that no settings state.
    Supplier,
}

/// The settings of a tenant, and the terms of the preferred suppliers of its products.
#[derive(Debug, Default)]
pub(super) struct Stated {
    settings: HashMap<Position, SettingInput>,
    /// The planned factors of those settings that state some. All products that they are for share them.
    plans: HashMap<Position, Plan>,
    terms: HashMap<Uuid, Terms>,
    /// The settings of suppliers.
    suppliers: HashMap<SupplierId, SettingInput>,
    /// The settings of categories, with those of the categories above them.
    categories: HashMap<CategoryId, OfCategory>,
    /// The category of each product of which some settings hold.
    category_of: HashMap<Uuid, CategoryId>,
}

/// The settings of a product at a location.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub settings: Settings,
    pub review_weekday: Weekday,
    pub lead_time_days: Option<u32>,
    pub size: OrderSize,
    pub method: Method,
    pub analogue: Option<StatedAnalogue>,
    pub planned: Plan,
    pub source: Option<LocationId>,
    /// The preferred supplier, if it is active and no other location feeds this one.
    pub supplier: Option<SupplierId>,
    /// The settings from which each field comes that is stated.
    pub origins: Vec<(&'static str, Level)>,
    /// The categories from whose settings fields come.
    pub categories: Vec<(&'static str, CategoryId)>,
}

/// The settings that may state a field of a product at a location, the narrowest first.
struct Levels<'stated> {
    levels: [(Level, Option<&'stated SettingInput>); 6],
    terms: Terms,
    origins: Vec<(&'static str, Level)>,
    of_category: Option<&'stated OfCategory>,
    categories: Vec<(&'static str, CategoryId)>,
}

impl Levels<'_> {
    fn find<T>(&mut self, name: &'static str, field: impl Fn(&SettingInput) -> Option<T>) -> Option<T> {
        let mut stated = self.levels.iter().filter_map(|(level, stated)| Some((*level, field((*stated)?)?)));
        let (level, value) = stated.next()?;
        self.origins.push((name, level));
        if level == Level::Category {
            self.categories.extend(self.of_category.and_then(|of| Some((name, *of.stated_by.get(name)?))));
        }
        Some(value)
    }

    /// Returns the similar product of the narrowest settings that state one: its rate, or its id with the percentage.
    fn find_analogue(&mut self) -> Option<StatedAnalogue> {
        let stated = self.levels.iter().find_map(|(_, stated)| analogue((*stated)?))?;
        self.find(stated.field(), analogue)
    }

    /// Leaves out the settings and the terms of the supplier.
    fn leave_out_supplier(&mut self) {
        self.terms = Terms::default();
        for (_, stated) in self.levels.iter_mut().filter(|(level, _)| *level == Level::Supplier) {
            *stated = None;
        }
    }

    /// Returns what the settings state, else what the preferred supplier does.
    fn find_or_term<T>(
        &mut self,
        name: &'static str,
        field: impl Fn(&SettingInput) -> Option<T>,
        term: impl Fn(&Terms) -> Option<T>,
    ) -> Option<T> {
        let stated = self.find(name, field);
        if stated.is_some() {
            return stated;
        }
        let value = term(&self.terms)?;
        self.origins.push((name, Level::Supplier));
        Some(value)
    }
}

impl Stated {
    /// Takes settings as they were stated, and terms by product.
    pub(super) fn new(settings: impl IntoIterator<Item = SettingInput>, terms: HashMap<Uuid, Terms>) -> Self {
        let settings: HashMap<Position, SettingInput> =
            settings.into_iter().map(|one| (one.position(), one)).collect();
        let plan = |(position, one): (&Position, &SettingInput)| {
            Some((*position, planned::plan(one.planned.as_ref()?)))
        };
        Stated { plans: settings.iter().filter_map(plan).collect(), settings, terms, ..Stated::default() }
    }

    /// Takes the settings of suppliers.
    pub(super) fn with_suppliers(self, suppliers: HashMap<SupplierId, SettingInput>) -> Self {
        Stated { suppliers, ..self }
    }

    /// Takes the settings of categories, and products with their category.
    pub(super) fn with_categories(
        self,
        categories: HashMap<CategoryId, OfCategory>,
        products: impl IntoIterator<Item = (Uuid, CategoryId)>,
    ) -> Self {
        let products = products.into_iter().filter(|(_, category)| categories.contains_key(category));
        Stated { category_of: products.collect(), categories, ..self }
    }

    /// Returns the products and locations that have settings of their own.
    pub(super) fn pairs(&self) -> impl Iterator<Item = Position> {
        self.settings.keys().copied().filter(|(product, location)| !product.is_nil() && !location.is_nil())
    }

    /// Returns the products that settings name as similar ones.
    pub(super) fn analogue_products(&self) -> impl Iterator<Item = ProductId> {
        self.settings.values().filter_map(|one| one.analogue_product_id)
    }

    /// Returns the settings of a product at a location.
    pub(super) fn of(&self, product: Uuid, location: Uuid) -> Policy {
        let at = |product, location| self.settings.get(&(product, location));
        let all = Uuid::nil();
        let of_category = self.category_of.get(&product).and_then(|id| self.categories.get(id));
        let terms = self.terms.get(&product).copied().unwrap_or_default();
        let of_supplier = terms.supplier.and_then(|id| self.suppliers.get(&id));
        let mut levels = Levels {
            levels: [
                (Level::ProductAtLocation, at(product, location)),
                (Level::Product, at(product, all)),
                (Level::Supplier, of_supplier),
                (Level::Category, of_category.map(|of| &of.settings)),
                (Level::Location, at(all, location)),
                (Level::Tenant, at(all, all)),
            ],
            terms,
            origins: Vec::new(),
            of_category,
            categories: Vec::new(),
        };
        let source = levels.find("source_location_id", |one| one.source_location_id);
        // What another location feeds is not ordered from the supplier.
        if source.is_some() {
            levels.leave_out_supplier();
        }
        let days = |days: i16| u32::try_from(days).unwrap_or_default();
        let usual = Settings::default();
        let settings = Settings {
            service: levels.find("service", |one| one.service).unwrap_or(usual.service),
            review_days: levels.find("review_days", |one| one.review_days).map_or(usual.review_days, days),
            order_cost: levels.find("order_cost", |one| one.order_cost).map_or(usual.order_cost, Micro::from),
            holding_percent: levels
                .find("holding_percent", |one| one.holding_percent)
                .map_or(usual.holding_percent, Micro::from),
            cover_days: levels.find("cover_days", |one| one.cover_days).map_or(usual.cover_days, days),
            shelf_days: levels.find("shelf_days", |one| one.shelf_days).map(days),
            smoothing: levels.find("smoothing", |one| one.smoothing).unwrap_or(usual.smoothing),
        };
        let size = |quantity: Option<Quantity>| quantity.map(Micro::from).unwrap_or_default();
        Policy {
            settings,
            review_weekday: levels
                .find("review_weekday", |one| one.review_weekday)
                .map_or(Weekday::Mon, Into::into),
            lead_time_days: levels.find_or_term(
                "lead_time_days",
                |one| one.lead_time_days.map(days),
                |terms| terms.lead_time_days,
            ),
            size: OrderSize {
                minimum: size(levels.find_or_term("minimum", |one| one.minimum, |terms| terms.minimum)),
                pack: size(levels.find_or_term("pack", |one| one.pack, |terms| terms.pack)),
            },
            method: levels.find("method", method).unwrap_or_default(),
            analogue: levels.find_analogue(),
            planned: levels
                .find("planned", |one| one.planned.as_ref().map(|_| one.position()))
                .and_then(|position| self.plans.get(&position).cloned())
                .unwrap_or_default(),
            source,
            supplier: levels.terms.supplier,
            origins: levels.origins,
            categories: levels.categories,
        }
    }
}

/// Returns the method that settings state, with its figures.
fn method(stated: &SettingInput) -> Option<Method> {
    let figure = |quantity: Option<Quantity>| quantity.unwrap_or(Quantity::ZERO);
    Some(match stated.method? {
        MethodName::Computed => Method::Computed,
        MethodName::MinMax => Method::MinMax { min: figure(stated.min), max: figure(stated.max) },
        MethodName::Never => Method::Never,
    })
}

/// Returns the similar product that settings state.
fn analogue(stated: &SettingInput) -> Option<StatedAnalogue> {
    let percent = stated.analogue_percent.unwrap_or_else(|| Percent::new(Decimal::ONE_HUNDRED));
    let product = stated.analogue_product_id.map(|id| StatedAnalogue::Product(id, percent));
    product.or_else(|| stated.analogue_rate.map(StatedAnalogue::Rate))
}

/// Returns the smallest quantity of a product with so many decimals.
pub(super) fn step(decimals: i16) -> Micro {
    let scale = u32::try_from(decimals).unwrap_or_default().min(6);
    Micro::from(Quantity::new(Decimal::new(1, scale)))
}

impl From<ReviewDay> for Weekday {
    fn from(day: ReviewDay) -> Self {
        match day {
            ReviewDay::Monday => Weekday::Mon,
            ReviewDay::Tuesday => Weekday::Tue,
            ReviewDay::Wednesday => Weekday::Wed,
            ReviewDay::Thursday => Weekday::Thu,
            ReviewDay::Friday => Weekday::Fri,
            ReviewDay::Saturday => Weekday::Sat,
            ReviewDay::Sunday => Weekday::Sun,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::replenish::ServiceLevel;

    use super::*;

    fn stated(settings: &[SettingInput]) -> Stated {
        Stated::new(settings.iter().cloned(), HashMap::new())
    }

    #[test]
    fn the_narrowest_settings_that_state_a_field_count() {
        let (product, location) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let of = |product_id: Option<Uuid>, location_id: Option<Uuid>| SettingInput {
            product_id: product_id.map(ProductId),
            location_id: location_id.map(LocationId),
            ..SettingInput::default()
        };
        let settings = [
            SettingInput { service: Some(ServiceLevel::P80), review_days: Some(14), ..of(None, None) },
            SettingInput {
                service: Some(ServiceLevel::P90),
                cover_days: Some(10),
                ..of(None, Some(location))
            },
            SettingInput { service: Some(ServiceLevel::P98), ..of(Some(product), None) },
            SettingInput { pack: Some(Quantity::new(12.into())), ..of(Some(product), Some(location)) },
        ];
        let policy = stated(&settings).of(product, location);
        assert_eq!((policy.settings.service, policy.settings.review_days), (ServiceLevel::P98, 14));
        assert_eq!((policy.settings.cover_days, policy.size.pack), (10, Micro::whole(12)));
        assert_eq!(
            policy.origins,
            [
                ("service", Level::Product),
                ("review_days", Level::Tenant),
                ("cover_days", Level::Location),
                ("pack", Level::ProductAtLocation),
            ]
        );
        let elsewhere = stated(&settings).of(Uuid::from_u128(3), Uuid::from_u128(4));
        assert_eq!((elsewhere.settings.service, elsewhere.settings.cover_days), (ServiceLevel::P80, 28));
    }

    #[test]
    fn terms_of_the_preferred_supplier_count_where_no_settings_do() {
        let (product, location) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let units = |number: i64| Some(Quantity::new(number.into()));
        let terms =
            Terms { lead_time_days: Some(20), minimum: units(50), pack: units(12), ..Terms::default() };
        let own =
            SettingInput { product_id: Some(ProductId(product)), pack: units(10), ..SettingInput::default() };
        let fed = SettingInput {
            location_id: Some(LocationId(location)),
            source_location_id: Some(LocationId(Uuid::from_u128(3))),
            ..SettingInput::default()
        };
        let stated = Stated::new([own, fed], HashMap::from([(product, terms)]));
        let bought = stated.of(product, Uuid::from_u128(4));
        assert_eq!(
            (bought.lead_time_days, bought.size.minimum, bought.size.pack),
            (Some(20), Micro::whole(50), Micro::whole(10))
        );
        assert_eq!(
            bought.origins,
            [("lead_time_days", Level::Supplier), ("minimum", Level::Supplier), ("pack", Level::Product)]
        );
        let fed = stated.of(product, location);
        assert_eq!((fed.lead_time_days, fed.size.minimum), (None, Micro::ZERO));
    }

    #[test]
    fn settings_of_the_supplier_count_between_product_and_category() {
        let (product, location) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let supplier = SupplierId(Uuid::from_u128(5));
        let terms = Terms { supplier: Some(supplier), lead_time_days: Some(20), ..Terms::default() };
        let of_supplier = SettingInput {
            review_days: Some(14),
            review_weekday: Some(ReviewDay::Thursday),
            service: Some(ServiceLevel::P90),
            ..SettingInput::default()
        };
        let own = SettingInput {
            product_id: Some(ProductId(product)),
            service: Some(ServiceLevel::P98),
            ..SettingInput::default()
        };
        let tenant = SettingInput { review_days: Some(3), cover_days: Some(10), ..SettingInput::default() };
        let fed = SettingInput {
            location_id: Some(LocationId(location)),
            source_location_id: Some(LocationId(Uuid::from_u128(3))),
            ..SettingInput::default()
        };
        let stated = Stated::new([own, tenant, fed], HashMap::from([(product, terms)]))
            .with_suppliers(HashMap::from([(supplier, of_supplier)]));
        let bought = stated.of(product, Uuid::from_u128(4));
        assert_eq!((bought.settings.service, bought.settings.review_days), (ServiceLevel::P98, 14));
        assert_eq!((bought.review_weekday, bought.settings.cover_days), (Weekday::Thu, 10));
        assert_eq!(
            bought.origins,
            [
                ("service", Level::Product),
                ("review_days", Level::Supplier),
                ("cover_days", Level::Tenant),
                ("review_weekday", Level::Supplier),
                ("lead_time_days", Level::Supplier),
            ]
        );
        let fed = stated.of(product, location);
        assert_eq!((fed.settings.review_days, fed.review_weekday), (3, Weekday::Mon));
        let other = stated.of(Uuid::from_u128(9), Uuid::from_u128(4));
        assert_eq!(other.settings.review_days, 3, "a product of no supplier");
    }

    #[test]
    fn minimum_and_maximum_come_from_the_settings_that_state_the_method() {
        let units = |number: i64| Some(Quantity::new(number.into()));
        let everywhere = SettingInput {
            method: Some(MethodName::MinMax),
            min: units(5),
            max: units(9),
            ..SettingInput::default()
        };
        let product = Uuid::from_u128(1);
        let own = SettingInput {
            product_id: Some(ProductId(product)),
            method: Some(MethodName::Computed),
            ..SettingInput::default()
        };
        let both = stated(&[everywhere, own]);
        assert_eq!(both.of(product, Uuid::from_u128(2)).method, Method::Computed);
        let set = Method::MinMax { min: Quantity::new(5.into()), max: Quantity::new(9.into()) };
        assert_eq!(both.of(Uuid::from_u128(3), Uuid::from_u128(2)).method, set);
    }

    #[test]
    fn a_step_has_the_decimals_of_the_product() {
        assert_eq!((step(0), step(3)), (Micro::ONE, Micro::millionths(1_000)));
    }

    #[test]
    fn settings_state_a_rate_or_a_product() {
        let units = Quantity::new(7.into());
        let rate = SettingInput { analogue_rate: Some(units), ..SettingInput::default() };
        assert_eq!(analogue(&rate), Some(StatedAnalogue::Rate(units)));
        let id = ProductId(Uuid::from_u128(1));
        let product = SettingInput { analogue_product_id: Some(id), ..SettingInput::default() };
        let all = Percent::new(Decimal::ONE_HUNDRED);
        assert_eq!(analogue(&product), Some(StatedAnalogue::Product(id, all)));
        assert_eq!(analogue(&SettingInput::default()), None);
    }
}
