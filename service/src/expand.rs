//! Records that a list shows beside their ids: one statement for each kind, however many rows a page has.

use std::collections::HashMap;

use ::entity::{category, customer, location, price_list, price_tier, product, register};
use domain::id::{CategoryId, CustomerId, LocationId, PriceListId, PriceTierId, ProductId, RegisterId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::catalog::product::store::with_parts;
use crate::scope::Scope;
use crate::{Error, Tx};

/// A record that a list can show beside its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Expansion {
    /// The record of `customer_id`.
    Customer,
    /// The record of `location_id`.
    Location,
    /// The record of `product_id`.
    Product,
    /// The record of `category_id`.
    Category,
    /// The record of `price_tier_id`.
    PriceTier,
    /// The record of `price_list_id`.
    PriceList,
    /// The record of `register_id`.
    Register,
}

impl Expansion {
    /// Returns the member that the record becomes, such as `customer`. The id is in `customer_id`.
    pub fn member(self) -> &'static str {
        self.into()
    }

    /// Returns the scope that the caller needs to see the record.
    pub fn scope(self) -> Scope {
        match self {
            Expansion::Customer => Scope::CustomersRead,
            Expansion::Location => Scope::StockRead,
            Expansion::Product | Expansion::Category => Scope::CatalogRead,
            Expansion::PriceTier | Expansion::PriceList => Scope::PricesRead,
            Expansion::Register => Scope::PosRead,
        }
    }

    /// Returns the UUID in an id of the record.
    pub fn decode(self, id: &str) -> Option<Uuid> {
        let prefix = match self {
            Expansion::Customer => CustomerId::PREFIX,
            Expansion::Location => LocationId::PREFIX,
            Expansion::Product => ProductId::PREFIX,
            Expansion::Category => CategoryId::PREFIX,
            Expansion::PriceTier => PriceTierId::PREFIX,
            Expansion::PriceList => PriceListId::PREFIX,
            Expansion::Register => RegisterId::PREFIX,
        };
        domain::id::decode(prefix, id).ok()
    }
}

/// Returns the records with these UUIDs by their ids, as the API shows them.
pub async fn find(tx: &Tx, expansion: Expansion, ids: Vec<Uuid>) -> Result<HashMap<String, Value>, Error> {
    match expansion {
        Expansion::Customer => rows::<customer::Entity>(tx, customer::Column::Id, ids).await.and_then(by_id),
        Expansion::Location => rows::<location::Entity>(tx, location::Column::Id, ids).await.and_then(by_id),
        Expansion::Product => {
            let rows = rows::<product::Entity>(tx, product::Column::Id, ids).await?;
            by_id(with_parts(tx, rows).await?)
        }
        Expansion::Category => rows::<category::Entity>(tx, category::Column::Id, ids).await.and_then(by_id),
        Expansion::PriceTier => {
            rows::<price_tier::Entity>(tx, price_tier::Column::Id, ids).await.and_then(by_id)
        }
        Expansion::PriceList => {
            rows::<price_list::Entity>(tx, price_list::Column::Id, ids).await.and_then(by_id)
        }
        Expansion::Register => rows::<register::Entity>(tx, register::Column::Id, ids).await.and_then(by_id),
    }
}

async fn rows<E: EntityTrait>(tx: &Tx, id: E::Column, ids: Vec<Uuid>) -> Result<Vec<E::Model>, Error> {
    Ok(tx.select::<E>().filter(id.is_in(ids)).all(tx).await?)
}

fn by_id<T: Serialize>(records: Vec<T>) -> Result<HashMap<String, Value>, Error> {
    let mut found = HashMap::with_capacity(records.len());
    for record in records {
        let record =
            serde_json::to_value(record).map_err(|error| Error::invariant(format!("a record: {error}")))?;
        if let Some(id) = record["id"].as_str() {
            found.insert(id.to_owned(), record);
        }
    }
    Ok(found)
}
