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

/// Returns the scopes of a user: those of the role, or those of them that a custom role leaves.
pub(super) fn scopes_of(role: Role, left: Option<&[String]>) -> Scopes {
    match left {
        Some(left) => Scopes::parse(left).intersection(role.scopes()),
        None => role.scopes(),
    }
}

/// Returns the scopes of a user as `auth.find_key_chain` states them: the role, and behind it the scopes that a custom role leaves.
pub(super) fn scopes_of_text(text: &str) -> Option<Scopes> {
    let mut words = text.split(' ');
    let role: Role = words.next()?.parse().ok()?;
    let left: Vec<String> = words.map(str::to_owned).collect();
    Some(scopes_of(role, (!left.is_empty()).then_some(left.as_slice())))
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn a_custom_role_takes_scopes_away_and_adds_none() {
        let left = ["stock:read", "users:write", "no:scope"].map(str::to_owned);
        let scopes = scopes_of(Role::Buyer, Some(left.as_slice()));
        assert_eq!(scopes.iter().collect::<Vec<_>>(), [Scope::StockRead]);
        assert_eq!(scopes_of_text("buyer stock:read users:write"), Some(scopes));
        assert_eq!(scopes_of_text("buyer"), Some(Role::Buyer.scopes()));
        // An empty list leaves nothing.
        assert_eq!(scopes_of_text("buyer "), Some(Scopes::default()));
        assert_eq!(scopes_of_text("clerk stock:read"), None);
    }

    #[test]
    fn only_owners_and_admins_handle_keys_and_users() {
        for role in Role::iter() {
            let all = matches!(role, Role::Owner | Role::Admin);
            assert_eq!(role.scopes().contains(Scope::ApiKeysWrite), all, "{role:?}");
            assert_eq!(role.scopes().contains(Scope::UsersWrite), all, "{role:?}");
        }
    }
}
