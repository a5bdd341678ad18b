//! Codes of categories, tax classes, product groups and locations, as people write them into a spreadsheet.

use std::collections::HashMap;

use domain::id::{CategoryId, LocationId, ProductGroupId, TaxClassId};
use domain::text::one_form;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::{Error, Tx};

/// The codes of a tenant's categories, tax classes, product groups and locations, with their ids.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    categories: Pairs,
    tax_classes: Pairs,
    groups: Pairs,
    locations: Pairs,
}

/// Codes and ids, searchable from either side.
#[derive(Debug, Clone, Default)]
struct Pairs {
    ids: HashMap<String, Uuid>,
    codes: HashMap<Uuid, String>,
}

impl Pairs {
    async fn load(tx: &Tx, text: &'static str) -> Result<Self, Error> {
        let mut pairs = Pairs::default();
        for row in tx.rows(sqlx::query(text).bind(tx.tenant_id.0)).await? {
            let (id, code): (Uuid, String) = (row.try_get(0)?, row.try_get(1)?);
            pairs.ids.insert(code.clone(), id);
            pairs.codes.insert(id, code);
        }
        Ok(pairs)
    }

    /// Finds a code in the form in which it is stored, which may be older than the one form of codes, or in the one form.
    fn id(&self, code: &str) -> Option<Uuid> {
        self.ids.get(code).or_else(|| self.ids.get(&*one_form(code))).copied()
    }
}

impl Codes {
    pub async fn load(tx: &Tx) -> Result<Self, Error> {
        Ok(Codes {
            categories: Pairs::load(tx, "select id, code from category where tenant_id = $1").await?,
            tax_classes: Pairs::load(tx, "select id, code from tax_class where tenant_id = $1").await?,
            groups: Pairs::load(tx, "select id, code from product_group where tenant_id = $1").await?,
            locations: Pairs::load(tx, "select id, code from location where tenant_id = $1").await?,
        })
    }

    pub fn category(&self, code: &str) -> Option<CategoryId> {
        self.categories.id(code).map(CategoryId)
    }

    pub fn tax_class(&self, code: &str) -> Option<TaxClassId> {
        self.tax_classes.id(code).map(TaxClassId)
    }

    pub fn group(&self, code: &str) -> Option<ProductGroupId> {
        self.groups.id(code).map(ProductGroupId)
    }

    pub fn location(&self, code: &str) -> Option<LocationId> {
        self.locations.id(code).map(LocationId)
    }

    pub fn has_location(&self, id: LocationId) -> bool {
        self.locations.codes.contains_key(&id.0)
    }

    pub fn of_category(&self, id: CategoryId) -> &str {
        self.categories.codes.get(&id.0).map_or("", String::as_str)
    }

    pub fn of_tax_class(&self, id: TaxClassId) -> &str {
        self.tax_classes.codes.get(&id.0).map_or("", String::as_str)
    }

    pub fn of_group(&self, id: ProductGroupId) -> &str {
        self.groups.codes.get(&id.0).map_or("", String::as_str)
    }

    pub fn of_location(&self, id: LocationId) -> &str {
        self.locations.codes.get(&id.0).map_or("", String::as_str)
    }
}
