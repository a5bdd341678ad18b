//! The running totals behind a credit limit.

use domain::id::{CustomerId, TenantId};
use domain::number::Money;
use sea_orm::entity::prelude::*;
/// A row of `customer_account`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_account")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: CustomerId,
    /// Open invoices.
    pub receivable: Money,
    /// Confirmed and not shipped.
    pub ordered: Money,
    /// Shipped and not invoiced.
    pub shipped: Money,
    /// Paid and not allocated to an invoice.
    pub unapplied: Money,
}

/// None: rows of other tables are read by their own queries.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
