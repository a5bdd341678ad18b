//! Settings of replenishment: of the tenant, of a location, of a product, and of a product at a location. Each field comes from
//! the narrowest of them that states it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::id::{LocationId, ProductId};
use domain::number::{Money, Percent, Quantity};
use domain::product::ProductKind;
use domain::refusal::{Problems, Refusal};
use domain::replenish::{ServiceLevel, Smoothing};
use domain::tag;
use domain::text_enum;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::types::Json;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::planned::{self, Planned};
use super::{analogue, succession};
use crate::columns::Columns;
use crate::listing::{optional_number, optional_word, word};
use crate::{Error, Tx, input};

/// Most days between two reviews.
const REVIEW_DAYS_MAX: i16 = 90;
/// Most days of demand in a lot without a cost, and most days of a stated lead time.
const YEAR_DAYS: i16 = 365;
/// Most days that a product may lie.
const SHELF_DAYS_MAX: i16 = 3_650;
/// Most locations that feed each other in a row.
const SOURCES_MAX: usize = 20;

/// Makes the settings that a caller states and those that the API shows of one list of fields.
macro_rules! settings {
    ($($(#[$about:meta])* $field:ident: $kind:ident,)*) => {
        /// Settings of replenishment to be stated, for all that the two ids name. A field that is absent comes from the wider settings.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        #[schema(as = ReplenishmentSettingsReplace)]
        pub struct SettingInput {
            /// Product of the settings. If absent, all products.
            pub product_id: Option<ProductId>,
            /// Location of the settings. If absent, all locations.
            pub location_id: Option<LocationId>,
            $($(#[$about])* pub $field: Option<$kind>,)*
            /// Promotions and events. Past demand is divided by their factors, and expected demand multiplied by them.
            /// Factors that overlap multiply. Send an empty list if there are none.
            #[schema(max_items = 50)]
            pub planned: Option<Vec<Planned>>,
        }

        /// Settings of replenishment, as they were stated. A null field comes from the wider settings.
        #[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
        #[schema(as = ReplenishmentSettings)]
        pub struct Setting {
            /// Always `replenishment_settings`.
            pub object: tag::ReplenishmentSettings,
            /// Product of the settings. Null for all products.
            pub product_id: Option<ProductId>,
            /// Location of the settings. Null for all locations.
            pub location_id: Option<LocationId>,
            $($(#[$about])* pub $field: Option<$kind>,)*
            /// Promotions and events. Null if they come from the wider settings.
            #[schema(max_items = 50)]
            pub planned: Option<Vec<Planned>>,
            /// When the settings were stated. Null if there are none, or if they were removed.
            pub updated_at: Option<DateTime<Utc>>,
        }

        impl Setting {
            fn of(stated: SettingInput, updated_at: Option<DateTime<Utc>>) -> Self {
                let SettingInput { product_id, location_id, $($field,)* planned } = stated;
                let object = tag::ReplenishmentSettings;
                Setting { object, product_id, location_id, $($field,)* planned, updated_at }
            }
        }
    };
}

settings! {
    /// Share of order cycles that should pass without a shortage. Without any setting: 0.95.
    service: ServiceLevel,
    /// Days from one review to the next. Without any setting: 7.
    #[schema(minimum = 1, maximum = 90, example = 7)]
    review_days: i16,
    /// Weekday of the reviews. Weeks of demand end on the day before it. Without any setting: monday.
    review_weekday: ReviewDay,
    /// Cost of one order line, in your currency. Without any setting: 5.
    order_cost: Money,
    /// Cost of keeping stock for a year, in percent of its value. Without any setting: 25.
    holding_percent: Percent,
    /// Days of demand in an economic lot of a product whose cost is unknown. Without any setting: 28.
    #[schema(minimum = 1, maximum = 365, example = 28)]
    cover_days: i16,
    /// Share of a week's surprise that moves the rate. Without any setting: fifth.
    smoothing: Smoothing,
    /// Days that the product may lie before it is sold. Without any setting there is no limit.
    #[schema(minimum = 1, maximum = 3650, example = 120)]
    shelf_days: i16,
    /// Days that the supplier states from an order to its receipt. They count as two receipts. Without any setting: the
    /// lead time of the preferred supplier. If it states none, the lead time follows from the receipts, and is 14 days
    /// without one. A location that another one feeds has the lead time of transfers.
    #[schema(minimum = 0, maximum = 365, example = 14)]
    lead_time_days: i16,
    /// Smallest order, in stock units. Without any setting: the minimum of the preferred supplier.
    minimum: Quantity,
    /// Multiple in which the product is ordered, in stock units. Without any setting: the multiple of the preferred
    /// supplier.
    pack: Quantity,
    /// Way in which the reorder point is set. Without any setting: computed.
    method: MethodName,
    /// Position below which an order is due, in stock units. Only with the method `min_max`, and then required.
    min: Quantity,
    /// Position that an order fills up to, in stock units, not below `min`. Only with the method `min_max`, and then required.
    max: Quantity,
    /// Rate of a similar product, in stock units a week. It stands in for the missing weeks of a new product and counts as two
    /// weeks. Without it and without `analogue_product_id`, the median rate of the products of its category counts until eight weeks are
    /// known.
    analogue_rate: Quantity,
    /// Similar product, whose rate at the same location stands in for the missing weeks of a new one, as `analogue_rate` does. If it has
    /// no rate there, the median of the category counts. Only with `product_id`, and without `analogue_rate`.
    analogue_product_id: ProductId,
    /// Percentage of the rate of the similar product, above zero. Without it: 100. Only with `analogue_product_id`.
    analogue_percent: Percent,
    /// Location that feeds this one. Without it the location is supplied from outside. Only with `location_id`.
    source_location_id: LocationId,
    /// Product that this one supersedes. Its demand, stock and supply count for this product at each location, and it gets no suggestion.
    /// Both have the same stock unit. At most 10 products supersede each other in a row. Only with `product_id`, and without
    /// `location_id`.
    supersedes_id: ProductId,
}

impl Setting {
    /// Returns the position of the settings in the list.
    pub fn position(&self) -> Position {
        position(self.product_id, self.location_id)
    }
}

/// Returns the position of settings. The nil id stands for all.
fn position(product: Option<ProductId>, location: Option<LocationId>) -> Position {
    (product.map_or(Uuid::nil(), |id| id.0), location.map_or(Uuid::nil(), |id| id.0))
}

text_enum! {
    /// The way in which the reorder point is set.
    #[schema(as = ReplenishmentMethod)]
    pub enum MethodName {
        /// The rule computes it.
        Computed,
        /// `min` and `max` are the point and the level to fill up to.
        MinMax,
        /// The product is not reordered.
        Never,
    }
}

text_enum! {
    /// A weekday.
    #[schema(as = Weekday)]
    pub enum ReviewDay {
        /// Monday.
        Monday,
        /// Tuesday.
        Tuesday,
        /// Wednesday.
        Wednesday,
        /// Thursday.
        Thursday,
        /// Friday.
        Friday,
        /// Saturday.
        Saturday,
        /// Sunday.
        Sunday,
    }
}

/// Which settings to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub product_id: Option<ProductId>,
    pub location_id: Option<LocationId>,
}

/// The position of settings in the list: product and location, nil for all.
pub type Position = (Uuid, Uuid);

impl SettingInput {
    /// Returns the position of the settings in the list.
    pub fn position(&self) -> Position {
        position(self.product_id, self.location_id)
    }

    /// Whether it states nothing.
    fn is_empty(&self) -> bool {
        let named =
            SettingInput { product_id: self.product_id, location_id: self.location_id, ..Self::default() };
        *self == named
    }
}

/// All columns of the settings.
macro_rules! columns {
    () => {
        "product_id, location_id, service, review_days, review_weekday, order_cost, holding_percent, cover_days, smoothing, \
         shelf_days, lead_time_days, minimum, pack, method, min_stock, max_stock, analogue_rate, \
         analogue_product_id, analogue_percent, source_location_id, planned, supersedes_id, updated_at"
    };
}

/// Returns one page of the settings, by product and location. Those of all products come first.
pub async fn list(
    tx: &Tx,
    filter: Filter,
    after: Option<Position>,
    rows: u64,
) -> Result<Vec<Setting>, Error> {
    let statement = concat!(
        "select ",
        columns!(),
        " from replenish_setting \
         where tenant_id = $1 and ($2::uuid is null or product_id = $2) and ($3::uuid is null or location_id = $3) \
           and ($4::uuid is null or (product_id, location_id) > ($4, $5::uuid)) \
         order by product_id, location_id limit $6"
    );
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(filter.product_id.map(|id| id.0))
        .bind(filter.location_id.map(|id| id.0))
        .bind(after.map(|(product, _)| product))
        .bind(after.map(|(_, location)| location))
        .bind(rows.cast_signed());
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| Ok(Setting::of(read(row)?, Some(row.try_get("updated_at")?)))).collect()
}

/// Replaces the settings of what the input names. An input that states nothing removes them.
pub async fn replace(tx: &Tx, input: &SettingInput) -> Result<Setting, Error> {
    check(tx, input).await?;
    // Two sources that are stated at once could make a circle that neither transaction sees.
    let lock = "select pg_advisory_xact_lock(hashtextextended('replenish_setting ' || $1::uuid, 0))";
    tx.execute(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    let (product_id, location_id) = input.position();
    let delete =
        "delete from replenish_setting where tenant_id = $1 and product_id = $2 and location_id = $3";
    tx.execute(sqlx::query(delete).bind(tx.tenant_id.0).bind(product_id).bind(location_id)).await?;
    if let Some(predecessor) = input.supersedes_id {
        succession::reject_taken(tx, product_id, predecessor).await?;
    }
    if !input.is_empty() {
        insert(tx, input).await?;
    }
    // Without its own source, a product has that of all products, which may close a circle too.
    if let Some(location) = input.location_id {
        reject_circles(tx, input.product_id, location).await?;
    }
    if input.supersedes_id.is_some() {
        succession::reject_circle(tx, product_id).await?;
    }
    Ok(Setting::of(input.clone(), Some(tx.now).filter(|_| !input.is_empty())))
}

async fn insert(tx: &Tx, input: &SettingInput) -> Result<(), Error> {
    let (product_id, location_id) = input.position();
    let statement = concat!(
        "insert into replenish_setting (tenant_id, ",
        columns!(),
        ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
         $23, $24)"
    );
    Columns::of(statement)
        .value("tenant_id", tx.tenant_id.0)
        .value("product_id", product_id)
        .value("location_id", location_id)
        .value("service", input.service.map(<&str>::from))
        .value("review_days", input.review_days)
        .value("review_weekday", input.review_weekday.map(<&str>::from))
        .value("order_cost", input.order_cost.map(Money::get))
        .value("holding_percent", input.holding_percent.map(Percent::get))
        .value("cover_days", input.cover_days)
        .value("smoothing", input.smoothing.map(<&str>::from))
        .value("shelf_days", input.shelf_days)
        .value("lead_time_days", input.lead_time_days)
        .value("minimum", input.minimum.map(Quantity::get))
        .value("pack", input.pack.map(Quantity::get))
        .value("method", input.method.map(<&str>::from))
        .value("min_stock", input.min.map(Quantity::get))
        .value("max_stock", input.max.map(Quantity::get))
        .value("analogue_rate", input.analogue_rate.map(Quantity::get))
        .value("analogue_product_id", input.analogue_product_id.map(|id| id.0))
        .value("analogue_percent", input.analogue_percent.map(Percent::get))
        .value("source_location_id", input.source_location_id.map(|id| id.0))
        .value("planned", input.planned.clone().map(Json))
        .value("supersedes_id", input.supersedes_id.map(|id| id.0))
        .value("updated_at", tx.now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Returns the settings of some products, or of all. Those that hold for every product, and those of products that supersede
/// others, are always among them.
pub(super) async fn all(tx: &Tx, products: Option<&[Uuid]>) -> Result<Vec<SettingInput>, Error> {
    let statement = concat!(
        "select ",
        columns!(),
        " from replenish_setting where tenant_id = $1 and ($2::uuid[] is null or product_id = any($2) or product_id = $3 \
                or supersedes_id is not null)"
    );
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(products).bind(Uuid::nil());
    tx.rows(query).await?.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<SettingInput, Error> {
    let id = |column: &str| -> Result<Option<Uuid>, Error> {
        Ok(row.try_get::<Option<Uuid>, _>(column)?.filter(|id| !id.is_nil()))
    };
    Ok(SettingInput {
        product_id: id("product_id")?.map(ProductId),
        location_id: id("location_id")?.map(LocationId),
        service: optional_word(row, "service")?,
        review_days: row.try_get("review_days")?,
        review_weekday: optional_word(row, "review_weekday")?,
        order_cost: optional_number(row, "order_cost")?,
        holding_percent: optional_number(row, "holding_percent")?,
        cover_days: row.try_get("cover_days")?,
        smoothing: optional_word(row, "smoothing")?,
        shelf_days: row.try_get("shelf_days")?,
        lead_time_days: row.try_get("lead_time_days")?,
        minimum: optional_number(row, "minimum")?,
        pack: optional_number(row, "pack")?,
        method: optional_word(row, "method")?,
        min: optional_number(row, "min_stock")?,
        max: optional_number(row, "max_stock")?,
        analogue_rate: optional_number(row, "analogue_rate")?,
        analogue_product_id: id("analogue_product_id")?.map(ProductId),
        analogue_percent: optional_number(row, "analogue_percent")?,
        source_location_id: id("source_location_id")?.map(LocationId),
        supersedes_id: id("supersedes_id")?.map(ProductId),
        planned: row.try_get::<Option<Json<Vec<Planned>>>, _>("planned")?.map(|planned| planned.0),
    })
}

async fn check(tx: &Tx, input: &SettingInput) -> Result<(), Error> {
    let mut problems = Problems::default();
    check_days(&mut problems, input);
    check_amounts(&mut problems, input);
    let decimals = input::tenant_defaults(tx).await?.decimals;
    input::check_decimals(&mut problems, "/order_cost", input.order_cost, decimals);
    check_method(&mut problems, input);
    planned::check(&mut problems, input.planned.as_deref().unwrap_or_default());
    if let Some(id) = input.product_id {
        check_product(tx, &mut problems, id, input).await?;
    }
    let stated = analogue::Stated {
        product_id: input.product_id,
        analogue_id: input.analogue_product_id,
        percent: input.analogue_percent,
        rate: input.analogue_rate,
    };
    analogue::check(tx, &mut problems, stated).await?;
    check_locations(tx, &mut problems, input).await?;
    if let Some(supersedes_id) = input.supersedes_id {
        let SettingInput { product_id, location_id, .. } = *input;
        let stated = succession::Stated { product_id, location_id, supersedes_id };
        succession::check(tx, &mut problems, stated).await?;
    }
    Ok(problems.check()?)
}

pub(super) fn check_days(problems: &mut Problems, input: &SettingInput) {
    for (pointer, days, least, most) in [
        ("/review_days", input.review_days, 1, REVIEW_DAYS_MAX),
        ("/cover_days", input.cover_days, 1, YEAR_DAYS),
        ("/shelf_days", input.shelf_days, 1, SHELF_DAYS_MAX),
        ("/lead_time_days", input.lead_time_days, 0, YEAR_DAYS),
    ] {
        if days.is_some_and(|days| !(least..=most).contains(&days)) {
            problems.invalid(pointer, format!("Send {least} to {most} days."));
        }
    }
}

fn check_amounts(problems: &mut Problems, input: &SettingInput) {
    input::check_not_negative(problems, "/order_cost", input.order_cost);
    input::check_not_negative(problems, "/holding_percent", input.holding_percent);
    input::check_not_negative(problems, "/analogue_rate", input.analogue_rate);
    for (pointer, quantity) in [("/minimum", input.minimum), ("/pack", input.pack)] {
        if quantity.is_some_and(|quantity| !quantity.is_positive()) {
            problems.invalid(pointer, "The quantity must be above zero. Leave it out if there is none.");
        }
    }
}

pub(super) fn check_method(problems: &mut Problems, input: &SettingInput) {
    let is_set = input.method == Some(MethodName::MinMax);
    for (pointer, quantity) in [("/min", input.min), ("/max", input.max)] {
        match quantity {
            None if is_set => problems.invalid(pointer, "The method min_max needs min and max."),
            Some(_) if !is_set => {
                problems.invalid(pointer, "Only the method min_max has a minimum and a maximum.");
            }
            other => input::check_not_negative(problems, pointer, other),
        }
    }
    if input.min.zip(input.max).is_some_and(|(min, max)| min > max) {
        problems.invalid("/max", "The maximum is not below the minimum.");
    }
}

/// Rejects a product that is not stocked, and quantities with more decimals than it has.
async fn check_product(
    tx: &Tx,
    problems: &mut Problems,
    id: ProductId,
    input: &SettingInput,
) -> Result<(), Error> {
    let select = "select kind, stock_decimals from product where tenant_id = $1 and id = $2";
    let Some(row) = tx.row(sqlx::query(select).bind(tx.tenant_id.0).bind(id.0)).await? else {
        input::add_unknown(problems, "/product_id", "product");
        return Ok(());
    };
    if word::<ProductKind>(&row, "kind")? != ProductKind::Stocked {
        problems.invalid("/product_id", "Only a stocked product is reordered.");
    }
    let decimals = u32::try_from(row.try_get::<i16, _>("stock_decimals")?).unwrap_or_default();
    for (pointer, quantity) in
        [("/minimum", input.minimum), ("/pack", input.pack), ("/min", input.min), ("/max", input.max)]
    {
        if quantity.is_some_and(|quantity| quantity.get().normalize().scale() > decimals) {
            let detail = format!("A quantity of this product has at most {decimals} decimals.");
            problems.invalid(pointer, detail);
        }
    }
    Ok(())
}

async fn check_locations(tx: &Tx, problems: &mut Problems, input: &SettingInput) -> Result<(), Error> {
    let named = [("/location_id", input.location_id), ("/source_location_id", input.source_location_id)];
    let ids: Vec<Uuid> = named.iter().filter_map(|(_, id)| id.map(|id| id.0)).collect();
    let select =
        "select id from location where tenant_id = $1 and id = any($2) and kind in ('warehouse', 'store')";
    let rows = tx.rows(sqlx::query(select).bind(tx.tenant_id.0).bind(ids)).await?;
    let known: HashSet<Uuid> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    for (pointer, id) in named {
        if id.is_some_and(|id| !known.contains(&id.0)) {
            input::add_unknown(problems, pointer, "location");
        }
    }
    if input.source_location_id.is_some() && input.location_id.is_none() {
        problems.invalid("/source_location_id", "Name the location that it feeds, as location_id.");
    }
    if input.source_location_id.is_some() && input.source_location_id == input.location_id {
        problems.invalid("/source_location_id", "A location does not feed itself. Leave it out.");
    }
    Ok(())
}

/// Rejects sources of which a location would feed itself through others, and too many in a row: of one product, or of every product
/// if the settings of all have changed. A new circle has the location whose source changed, so one walk from there finds it.
async fn reject_circles(tx: &Tx, product: Option<ProductId>, changed: LocationId) -> Result<(), Error> {
    let select = "select product_id, location_id, source_location_id from replenish_setting \
                  where tenant_id = $1 and source_location_id is not null \
                    and ($2::uuid is null or product_id = $2 or product_id = $3)";
    let query = sqlx::query(select).bind(tx.tenant_id.0).bind(product.map(|id| id.0)).bind(Uuid::nil());
    let mut of_all = HashMap::new();
    let mut of_products: HashMap<Uuid, HashMap<Uuid, Uuid>> = HashMap::new();
    for row in tx.rows(query).await? {
        let product: Uuid = row.try_get("product_id")?;
        let sources = if product.is_nil() { &mut of_all } else { of_products.entry(product).or_default() };
        sources.insert(row.try_get("location_id")?, row.try_get("source_location_id")?);
    }
    let nothing = HashMap::new();
    for own in of_products.values().chain([&nothing]) {
        // A product with its own source there keeps it when that of all products changes.
        if product.is_none() && own.contains_key(&changed.0) {
            continue;
        }
        let source = |at: &Uuid| own.get(at).or_else(|| of_all.get(at)).copied();
        check_chain(changed.0, source).map_err(|detail| Refusal::invalid("/source_location_id", detail))?;
    }
    Ok(())
}

/// Rejects a chain of sources that comes back to its start, or has more than [`SOURCES_MAX`] locations.
fn check_chain(start: Uuid, source: impl Fn(&Uuid) -> Option<Uuid>) -> Result<(), String> {
    let mut at = start;
    for _ in 0..SOURCES_MAX {
        match source(&at) {
            None => return Ok(()),
            Some(next) if next == start => {
                let detail = "The location would feed itself through others. Let one of them be supplied from outside.";
                return Err(detail.to_owned());
            }
            Some(next) => at = next,
        }
    }
    Err(format!(
        "At most {SOURCES_MAX} locations feed each other in a row. Let one of them be supplied from outside."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_found_through_others() {
        let id = Uuid::from_u128;
        let chain = HashMap::from([(id(1), id(2)), (id(2), id(3))]);
        assert_eq!(check_chain(id(1), |at| chain.get(at).copied()), Ok(()));
        let circle = HashMap::from([(id(1), id(2)), (id(2), id(3)), (id(3), id(1))]);
        let found = check_chain(id(2), |at| circle.get(at).copied()).expect_err("a circle");
        assert!(found.contains("feed itself"), "{found}");
    }

    #[test]
    fn a_chain_has_a_bound() {
        let next =
            |last: u128| move |at: &Uuid| (at.as_u128() < last).then(|| Uuid::from_u128(at.as_u128() + 1));
        let most = SOURCES_MAX as u128;
        assert_eq!(check_chain(Uuid::from_u128(1), next(most)), Ok(()));
        let found = check_chain(Uuid::from_u128(1), next(most + 1)).expect_err("too many");
        assert!(found.contains("in a row"), "{found}");
    }
}
