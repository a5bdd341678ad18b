//! Permissions of a caller, as `resource:action`.

use std::fmt;

use strum::EnumMessage;

/// One permission.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::EnumIter,
    strum::EnumMessage,
)]
pub enum Scope {
    /// Read products, categories and taxes.
    #[strum(serialize = "catalog:read")]
    CatalogRead,
    /// Change products, categories and taxes.
    #[strum(serialize = "catalog:write")]
    CatalogWrite,
    /// Read customers.
    #[strum(serialize = "customers:read")]
    CustomersRead,
    /// Change customers.
    #[strum(serialize = "customers:write")]
    CustomersWrite,
    /// Open sessions in which customers read and place their own orders, and end them.
    #[strum(serialize = "customer_sessions:write")]
    CustomerSessionsWrite,
    /// Read price lists and resolve prices.
    #[strum(serialize = "prices:read")]
    PricesRead,
    /// Change price lists, rules and tiers.
    #[strum(serialize = "prices:write")]
    PricesWrite,
    /// Sell at a price that no rule gives.
    #[strum(serialize = "prices:override")]
    PricesOverride,
    /// Sell below the cost of the stock, by a discount or an override.
    #[strum(serialize = "prices:below_cost")]
    PricesBelowCost,
    /// See what stock costs, and the margins that follow from it.
    #[strum(serialize = "costs:read")]
    CostsRead,
    /// Read stock levels and movements.
    #[strum(serialize = "stock:read")]
    StockRead,
    /// Receive and adjust stock, change locations.
    #[strum(serialize = "stock:write")]
    StockWrite,
    /// Record an issue that has already happened, even if the record has too little stock.
    #[strum(serialize = "stock:force")]
    StockForce,
    /// Read count sheets, their settings and the plan.
    #[strum(serialize = "counts:read")]
    CountsRead,
    /// Open count sheets and enter what was counted.
    #[strum(serialize = "counts:write")]
    CountsWrite,
    /// See the expected quantities of blind counts, post differences over the limit, and set the limits.
    #[strum(serialize = "counts:approve")]
    CountsApprove,
    /// Read suppliers, their products and prices, purchase orders, landed costs, bills and payments.
    #[strum(serialize = "purchasing:read")]
    PurchasingRead,
    /// Change suppliers, their products and prices, write purchase orders, receive their goods, post landed costs and record bills.
    #[strum(serialize = "purchasing:write")]
    PurchasingWrite,
    /// Record payments to suppliers.
    #[strum(serialize = "purchasing:pay")]
    PurchasingPay,
    /// Read orders, shipments and invoices.
    #[strum(serialize = "orders:read")]
    OrdersRead,
    /// Place, confirm, ship, invoice and cancel orders, take returns.
    #[strum(serialize = "orders:write")]
    OrdersWrite,
    /// Release an order from a credit hold.
    #[strum(serialize = "credit:approve")]
    CreditApprove,
    /// Read payments.
    #[strum(serialize = "payments:read")]
    PaymentsRead,
    /// Record payments.
    #[strum(serialize = "payments:write")]
    PaymentsWrite,
    /// Read tills, sessions and till sales.
    #[strum(serialize = "pos:read")]
    PosRead,
    /// Sell and refund at a till, open and close sessions, move cash.
    #[strum(serialize = "pos:write")]
    PosWrite,
    /// Refund at a till without naming the sale, or take a wholesale return without naming the invoice.
    #[strum(serialize = "pos:blind_refund")]
    PosBlindRefund,
    /// Create and change tills.
    #[strum(serialize = "pos:manage")]
    PosManage,
    /// Read the ledger.
    #[strum(serialize = "ledger:read")]
    LedgerRead,
    /// Post entries by hand.
    #[strum(serialize = "ledger:write")]
    LedgerWrite,
    /// Close periods of the books, and open them again.
    #[strum(serialize = "periods:lock")]
    PeriodsLock,
    /// Change the settings of the tenant.
    #[strum(serialize = "settings:write")]
    SettingsWrite,
    /// Read reports, GraphQL and the integrity check.
    #[strum(serialize = "reports:read")]
    ReportsRead,
    /// Read the results of reconciliation, and the systems and settings that it compares.
    #[strum(serialize = "reconciliation:read")]
    ReconciliationRead,
    /// Send in what other systems say, set how it is read, and make runs.
    #[strum(serialize = "reconciliation:write")]
    ReconciliationWrite,
    /// Read the feed of events.
    #[strum(serialize = "events:read")]
    EventsRead,
    /// Read endpoints of webhooks, and what was sent to them.
    #[strum(serialize = "webhooks:read")]
    WebhooksRead,
    /// Create and change endpoints of webhooks, with `events:read`; send events again.
    #[strum(serialize = "webhooks:write")]
    WebhooksWrite,
    /// Read API keys.
    #[strum(serialize = "api_keys:read")]
    ApiKeysRead,
    /// Create, rotate and revoke API keys.
    #[strum(serialize = "api_keys:write")]
    ApiKeysWrite,
    /// Read users.
    #[strum(serialize = "users:read")]
    UsersRead,
    /// Create and change users.
    #[strum(serialize = "users:write")]
    UsersWrite,
    /// Create, change and disable owners; with `users:write`.
    #[strum(serialize = "owners:write")]
    OwnersWrite,
}

impl Scope {
    /// Returns the text form, such as `orders:write`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Returns what the scope permits, in one line.
    pub fn description(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }

    const fn bit(self) -> u64 {
        1 << self as u64
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u64);

impl Scopes {
    /// Returns every permission.
    pub fn all() -> Self {
        <Scope as strum::IntoEnumIterator>::iter().collect()
    }

    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether the set has all of `others`.
    pub fn covers(self, others: Scopes) -> bool {
        others.0 & !self.0 == 0
    }

    /// Parses scopes and skips unknown ones: a scope of a newer version grants nothing.
    pub fn parse(texts: &[String]) -> Self {
        texts.iter().filter_map(|text| text.parse::<Scope>().ok()).collect()
    }

    /// Returns the scopes in both sets.
    pub fn intersection(self, others: Scopes) -> Self {
        Scopes(self.0 & others.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        <Scope as strum::IntoEnumIterator>::iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Scopes(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}
