//! Price lists, and the rules of a basket, read for [`domain::pricing`].

pub mod channel;
pub mod lint;
pub mod list;
pub mod quote;
pub mod rule;
pub mod tier;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::{CategoryId, CustomerId, LocationId, PriceListId, PriceRuleId, ProductId};
use domain::number::{Percent, Price};
use domain::pricing::{Lists, Method, ReplacedPrices, Rule, Rules, Scope};
use domain::refusal::Refusal;
use domain::tenant::Channel;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{number, optional_number};
use crate::{Error, Tx};

/// Reads the rules of `lists` that can price one of `products`, of `categories`, or everything, including past and
/// future ones. Sales may have different instants, and a price trace names rules that no longer apply. `categories`
/// are those of the products and all above them. Runs one statement; none if there are no lists.
pub async fn load_rules(
    tx: &Tx,
    lists: &[PriceListId],
    products: &[ProductId],
    categories: &[CategoryId],
) -> Result<Rules, Error> {
    if lists.is_empty() {
        return Ok(Rules::default());
    }
    // Two branches, because each is a range of the index on (list, product): a list of 10,000 products costs no more
    // than the lines of the basket.
    let query = sqlx::query(
        "select r.*, l.includes_tax from (
             select id, price_list_id, scope, product_id, category_id, method, value, min_quantity, valid_from, valid_until
             from price_rule
             where tenant_id = $1 and price_list_id = any($2) and product_id = any($3)
             union all
             select id, price_list_id, scope, product_id, category_id, method, value, min_quantity, valid_from, valid_until
             from price_rule
             where tenant_id = $1 and price_list_id = any($2) and product_id is null
               and (scope = 'all' or category_id = any($4))
         ) r
         join price_list l on l.tenant_id = $1 and l.id = r.price_list_id",
    );
    let query = query
        .bind(tx.tenant_id.0)
        .bind(lists.iter().map(|id| id.0).collect::<Vec<Uuid>>())
        .bind(products.iter().map(|id| id.0).collect::<Vec<Uuid>>())
        .bind(categories.iter().map(|id| id.0).collect::<Vec<Uuid>>());
    let rows = tx.rows(query).await?;
    let mut includes_tax = HashMap::new();
    for row in &rows {
        if let Some(includes) = row.try_get("includes_tax")? {
            includes_tax.insert(PriceListId(row.try_get("price_list_id")?), includes);
        }
    }
    Ok(Rules::new(rows.iter().map(read_rule).collect::<Result<_, _>>()?).with_tax_in(includes_tax))
}

/// Reads the list prices of `products` that were replaced after `since`. Runs no statement for an instant that is not past.
pub(crate) async fn load_replaced(
    tx: &Tx,
    products: &[ProductId],
    since: DateTime<Utc>,
) -> Result<ReplacedPrices, Error> {
    let mut replaced = ReplacedPrices::default();
    if products.is_empty() || since >= tx.now {
        return Ok(replaced);
    }
    let statement = "select product_id, nullif(uom, '') as uom, replaced_at, price from replaced_price \
                     where tenant_id = $1 and product_id = any($2) and replaced_at > $3";
    let ids: Vec<Uuid> = products.iter().map(|id| id.0).collect();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids).bind(since)).await? {
        let key = (ProductId(row.try_get("product_id")?), row.try_get("uom")?);
        replaced.add(key, row.try_get("replaced_at")?, optional_number(&row, "price")?);
    }
    Ok(replaced)
}

/// Returns the price lists of a sale in order of precedence: the customer's own, its tier's, the location's, the
/// channel's.
pub async fn load_lists(
    tx: &Tx,
    customer_id: Option<CustomerId>,
    channel: Channel,
    location_id: Option<LocationId>,
) -> Result<Lists, Error> {
    let mut lists = Lists::default();
    if let Some(customer_id) = customer_id {
        let query = sqlx::query(
            "select c.price_list_id, t.price_list_id from customer c
             left join price_tier t on t.tenant_id = c.tenant_id and t.id = c.price_tier_id
             where c.tenant_id = $1 and c.id = $2",
        );
        let row = tx.row(query.bind(tx.tenant_id.0).bind(customer_id.0)).await?;
        let row = row.ok_or_else(|| Refusal::not_found("customer"))?;
        lists.customer = row.try_get::<Option<Uuid>, _>(0)?.map(PriceListId);
        lists.tier = row.try_get::<Option<Uuid>, _>(1)?.map(PriceListId);
    }
    let query = sqlx::query(
        "select price_list_id from channel_price_list
         where tenant_id = $1 and channel = $2 and location_id = any($3) order by location_id desc",
    );
    // The nil id stands for the whole channel and sorts before every other id.
    let places = vec![location_id.unwrap_or_default().0, Uuid::nil()];
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(<&str>::from(channel)).bind(places)).await?;
    for row in &rows {
        lists.channel.push(PriceListId(row.try_get(0)?));
    }
    Ok(lists)
}

/// Returns every list once.
pub fn all_lists(lists: &Lists) -> Vec<PriceListId> {
    let mut every: Vec<PriceListId> = lists.customer.into_iter().chain(lists.tier).collect();
    every.extend(&lists.channel);
    every.sort_unstable();
    every.dedup();
    every
}

fn read_rule(row: &PgRow) -> Result<Rule, Error> {
    let (product, category): (Option<Uuid>, Option<Uuid>) =
        (row.try_get("product_id")?, row.try_get("category_id")?);
    let scope = match (product, category) {
        (Some(id), _) => Scope::Product(ProductId(id)),
        (None, Some(id)) => Scope::Category(CategoryId(id)),
        (None, None) => Scope::All,
    };
    let value: Decimal = row.try_get("value")?;
    let method = match row.try_get("method")? {
        "fixed" => Method::Fixed(Price::new(value)),
        "percent_off" => Method::PercentOff(Percent::new(value)),
        "amount_off" => Method::AmountOff(Price::new(value)),
        other => return Err(Error::invariant(format!("{other} is no pricing method"))),
    };
    Ok(Rule {
        id: PriceRuleId(row.try_get("id")?),
        list_id: PriceListId(row.try_get("price_list_id")?),
        scope,
        method,
        min_quantity: number(row, "min_quantity")?,
        valid_from: row.try_get("valid_from")?,
        valid_until: row.try_get("valid_until")?,
    })
}
