//! The running totals behind a credit limit.

use domain::id::{CustomerId, TenantId};
use domain::number::Money;
use sea_orm::entity::prelude::*;
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: CustomerId,
    /// Open invoices.
    pub receivable: Money,
    /// Confirmed, not shipped.
    pub ordered: Money,
    /// Shipped, not invoiced.
    pub shipped: Money,
    /// Paid, not applied to an invoice.
    pub unapplied: Money,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
