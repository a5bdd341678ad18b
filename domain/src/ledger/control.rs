//! Control accounts: each takes entries of its own documents only, so that it equals the sum of these documents, its sub-ledger.
//!
//! A caller names accounts in seven places, see [`Use`]. [`check`] is the rule of all.

use super::account;

/// Accounts that documents alone keep, and year closes.
const KEPT: [&str; 14] = [
    account::RECEIVABLE,
    account::INVENTORY,
    account::IN_TRANSIT,
    account::SHIPPED_NOT_INVOICED,
    account::CASH,
    account::STORE_CREDIT,
    account::SALES_WHOLESALE,
    account::SALES_RETAIL,
    account::RETURNS_WHOLESALE,
    account::RETURNS_RETAIL,
    account::SALES_DISCOUNTS,
    account::COGS_WHOLESALE,
    account::COGS_RETAIL,
    account::CLOSED_RESULTS,
];
/// Accounts that documents keep and entries by hand settle, such as the arrival of card payments or a tax return. The tie-out shows
/// the part by hand.
const SETTLED: [&str; 10] = [
    account::BANK,
    account::CARD_CLEARING,
    account::RECEIVABLE_VALUATION,
    account::SUPPLIER_ADVANCES,
    account::INPUT_TAX,
    account::PAYABLE,
    account::PAYABLE_VALUATION,
    account::RECEIVED_NOT_INVOICED,
    account::LANDED_COST_ACCRUED,
    account::OUTPUT_TAX,
];

/// Kept accounts of assets and liabilities. Opening balances name their balances, as their documents posted them.
pub const CHECKED: [&str; 6] = [
    account::CASH,
    account::RECEIVABLE,
    account::INVENTORY,
    account::IN_TRANSIT,
    account::SHIPPED_NOT_INVOICED,
    account::STORE_CREDIT,
];

/// A place in which a caller names an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A line of an entry by hand.
    Entry,
    /// A line of opening balances. A line of a [`CHECKED`] account is compared with its documents, and not posted.
    Opening,
    /// The account of a reason code, to which adjustments are posted.
    Reason,
    /// The account to which a voucher is charged.
    Voucher,
    /// The account of a tax.
    Tax,
    /// The account that a charge of a landed cost credits.
    Charge,
    /// The account of a line of a bill.
    Bill,
}

/// Facts of an account that a caller names.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// Whether it is a liability: taxes are posted to liabilities, so no reason code and no voucher names one.
    pub is_liability: bool,
    /// Whether a rule of the mapping gave it to a purpose of sales. Then only documents post to it, as to the default
    /// account of the purpose.
    pub is_mapped: bool,
}

/// Checks that a caller may name an account. Returns the rule and the fix if it may not be named.
pub fn check(code: &str, facts: Facts, named: Use) -> Result<(), String> {
    let Facts { is_liability, is_mapped } = facts;
    let (is_kept, is_settled) = (is_mapped || KEPT.contains(&code), SETTLED.contains(&code));
    let may = match named {
        Use::Entry => !is_kept,
        Use::Opening => !is_kept || is_checked(code),
        Use::Reason | Use::Voucher => !is_kept && !is_settled && !is_liability,
        Use::Charge => code == account::LANDED_COST_ACCRUED || !is_kept && !is_settled,
        Use::Bill => code == account::LANDED_COST_ACCRUED || !is_kept && !is_settled && !is_liability,
        Use::Tax => is_liability && !is_kept && (!is_settled || code == account::OUTPUT_TAX),
    };
    if may {
        return Ok(());
    }
    let rule = if is_kept || is_settled {
        "is a control account, which takes entries of its own documents only"
    } else if is_liability {
        "is a liability, to which taxes may be posted"
    } else {
        "is no liability"
    };
    let fix = match named {
        Use::Entry => "post a document, or name another account",
        Use::Opening => "put the result of the year so far on an account of equity, such as 3100",
        Use::Reason => "name another account, such as 5100",
        Use::Voucher => "name another account, such as 3000, or a method of payment",
        Use::Bill => "name an account of expense, or the line of the purchase order or receipt",
        Use::Charge => "name another account, such as 2110",
        Use::Tax => "name 2200, or a liability to which taxes only are posted",
    };
    Err(format!("Account {code} {rule}: {fix}."))
}

/// Returns whether documents keep an account of the default chart.
pub fn is_control(code: &str) -> bool {
    KEPT.contains(&code) || SETTLED.contains(&code)
}

/// Returns whether opening balances compare an account with its documents.
pub fn is_checked(code: &str) -> bool {
    CHECKED.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::super::{AccountKind, CHART, REASONS};
    use super::*;

    fn facts(is_liability: bool) -> Facts {
        Facts { is_liability, is_mapped: false }
    }

    /// Returns the accounts of the chart that a caller may name in a place.
    fn named(named: Use) -> Vec<&'static str> {
        let may =
            |kind: AccountKind, code: &str| check(code, facts(kind == AccountKind::Liability), named).is_ok();
        CHART.iter().filter(|(code, _, kind)| may(*kind, code)).map(|(code, ..)| *code).collect()
    }

    #[test]
    fn a_control_account_is_named_by_its_own_documents_only() {
        let free = [
            "1110", "3000", "3100", "5100", "5110", "5200", "5300", "5310", "5400", "6000", "6010", "6020",
            "6040", "6045", "6100",
        ];
        assert_eq!(named(Use::Reason), free);
        assert_eq!(named(Use::Voucher), free);
        assert_eq!(named(Use::Tax), ["2200"]);
        assert_eq!(named(Use::Bill), named(Use::Charge));
        assert!(named(Use::Charge).iter().eq(["1110", "2110"].iter().chain(&free[1..])));
        let opened = named(Use::Opening);
        assert_eq!(opened.len(), CHART.len() - KEPT.len() + CHECKED.len());
        assert!(CHECKED.iter().all(|code| KEPT.contains(code) && opened.contains(code)), "{opened:?}");
        let by_hand = named(Use::Entry);
        assert_eq!(by_hand.len(), free.len() + SETTLED.len());
        assert!(SETTLED.iter().chain(&free).all(|code| by_hand.contains(code)), "{by_hand:?}");
    }

    #[test]
    fn an_account_of_a_tax_is_named_by_taxes_and_by_hand_only() {
        assert_eq!(
            (check("2210", facts(true), Use::Tax), check("2210", facts(true), Use::Entry)),
            (Ok(()), Ok(()))
        );
        for place in [Use::Reason, Use::Voucher] {
            let detail = check("2210", facts(true), place).expect_err("a rejection");
            assert!(detail.starts_with("Account 2210 is a liability"), "{detail}");
        }
        assert!(check("6500", facts(false), Use::Tax).is_err());
    }

    #[test]
    fn the_first_reasons_name_accounts_that_a_reason_may_name() {
        assert!(REASONS.iter().all(|(.., account)| check(account, facts(false), Use::Reason).is_ok()));
    }

    #[test]
    fn an_account_of_the_mapping_is_named_nowhere_else() {
        let mapped = Facts { is_liability: false, is_mapped: true };
        for place in [Use::Entry, Use::Opening, Use::Reason, Use::Voucher, Use::Charge, Use::Bill] {
            let detail = check("4020", mapped, place).expect_err("a rejection");
            assert!(detail.starts_with("Account 4020 is a control account"), "{detail}");
        }
    }
}
