//! What people may do, by what they do.

use crate::scope::{Scope, Scopes};

/// What a person does, which says what that person may do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but making owners.
    Admin,
    /// Runs the trade: catalogue, prices, stock, orders, tills.
    Manager,
    /// Sells at a till.
    Cashier,
    /// Buys: catalogue and stock.
    Buyer,
    /// Payments and the ledger.
    Accountant,
    /// Reads everything that has to do with trade.
    Analyst,
}

impl Role {
    /// What the role may do.
    pub fn scopes(self) -> Scopes {
        use Scope::*;
        let reads = [
            CatalogRead,
            CustomersRead,
            PricesRead,
            StockRead,
            OrdersRead,
            PaymentsRead,
            PosRead,
            ReportsRead,
            EventsRead,
        ];
        let (base, more): (&[Scope], &[Scope]) = match self {
            Role::Owner | Role::Admin => return Scopes::all(),
            Role::Manager => (
                &reads,
                &[
                    CatalogWrite,
                    CustomersWrite,
                    PricesWrite,
                    PricesOverride,
                    StockWrite,
                    StockForce,
                    CountsRead,
                    CountsWrite,
                    CountsApprove,
                    OrdersWrite,
                    CreditApprove,
                    PaymentsWrite,
                    PosWrite,
                    PosBlindRefund,
                    PosManage,
                    LedgerRead,
                    UsersRead,
                ],
            ),
            Role::Cashier => (
                &[CatalogRead, CustomersRead, PricesRead, StockRead],
                &[PosRead, PosWrite, CountsRead, CountsWrite],
            ),
            Role::Buyer => (
                &[CatalogRead, PricesRead, StockRead, OrdersRead, ReportsRead],
                &[CatalogWrite, StockWrite, CountsRead, CountsWrite],
            ),
            Role::Accountant => (&reads, &[PaymentsWrite, LedgerRead, LedgerWrite]),
            Role::Analyst => (&reads, &[LedgerRead]),
        };
        base.iter().chain(more).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn only_owners_and_admins_handle_keys_and_users() {
        for role in Role::iter() {
            let all = matches!(role, Role::Owner | Role::Admin);
            assert_eq!(role.scopes().contains(Scope::ApiKeysWrite), all, "{role:?}");
            assert_eq!(role.scopes().contains(Scope::UsersWrite), all, "{role:?}");
        }
    }
}
