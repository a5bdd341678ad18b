//! Roles of users, and their scopes.

use domain::number::Percent;
use strum::EnumMessage;

use crate::caller::discount_of;
use crate::scope::{Scope, Scopes};

/// The role of a user, which determines the scopes.
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
    strum::EnumMessage,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything except creating and changing owners.
    Admin,
    /// The trade: catalogue, prices, stock, orders, tills.
    Manager,
    /// Sales at a till.
    Cashier,
    /// Purchasing: catalogue and stock.
    Buyer,
    /// Payments and the ledger.
    Accountant,
    /// Read access to all of the trade.
    Analyst,
}

impl Role {
    /// Whether users with the role configure providers of sign-ins, and make users like themselves.
    pub fn is_admin(self) -> bool {
        match self {
            Role::Owner | Role::Admin => true,
            Role::Manager | Role::Cashier | Role::Buyer | Role::Accountant | Role::Analyst => false,
        }
    }

    /// Returns what the role is for, in one line.
    pub fn description(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }

    /// Returns the largest discount that a user with the role may give, in percent.
    pub fn discount_max(self) -> Percent {
        discount_of(self.scopes())
    }

    pub fn scopes(self) -> Scopes {
        use Scope::*;
        let reads = [
            CatalogRead,
            CustomersRead,
            PricesRead,
            StockRead,
            PurchasingRead,
            OrdersRead,
            PaymentsRead,
            PosRead,
            ReportsRead,
            ReconciliationRead,
            EventsRead,
        ];
        let (base, more): (&[Scope], &[Scope]) = match self {
            Role::Owner => return Scopes::all(),
            Role::Admin => return Scopes::all().iter().filter(|scope| *scope != OwnersWrite).collect(),
            Role::Manager => (
                &reads,
                &[
                    CatalogWrite,
                    CustomersWrite,
                    PricesWrite,
                    PricesOverride,
                    PricesBelowCost,
                    CostsRead,
                    StockWrite,
                    StockForce,
                    CountsRead,
                    CountsWrite,
                    CountsApprove,
                    PurchasingWrite,
                    PurchasingPay,
                    OrdersWrite,
                    CreditApprove,
                    PaymentsWrite,
                    PosWrite,
                    PosBlindRefund,
                    PosManage,
                    ReconciliationWrite,
                    LedgerRead,
                    UsersRead,
                ],
            ),
            Role::Cashier => (
                &[CatalogRead, CustomersRead, PricesRead, StockRead],
                &[PosRead, PosWrite, CountsRead, CountsWrite],
            ),
            Role::Buyer => (
                &[CatalogRead, PricesRead, StockRead, PurchasingRead, OrdersRead, ReportsRead],
                &[CatalogWrite, StockWrite, CountsRead, CountsWrite, PurchasingWrite, CostsRead],
            ),
            Role::Accountant => {
                (&reads, &[PaymentsWrite, PurchasingPay, LedgerRead, LedgerWrite, PeriodsLock, CostsRead])
            }
            Role::Analyst => (&reads, &[LedgerRead, CostsRead]),
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
