//! Control accounts: accounts that documents keep, each beside the sum of these documents, its sub-ledger.

use chrono::NaiveDate;
use domain::number::Money;
use sea_orm::sqlx::{self, Row};

use crate::listing::number;
use crate::{Error, Tx};

/// Common table expressions of a tenant (`$1`), as of now. `control` has the controls, each with its accounts, the path in the API that
/// shows its sub-ledger, and the sum of that: debits less credits. `hand` has what entries by hand left on each account.
pub const CONTROLS: &str = "control (name, codes, href, subledger) as (
    select 'cash', array['1000'], '/v1/pos/sessions',
        (select coalesce(sum(s.amount), 0) from public.tender s where s.tenant_id = $1 and s.kind = 'cash')
        + (select coalesce(sum(s.amount), 0) from public.cash_move s where s.tenant_id = $1)
    union all
    select 'bank', array['1010'], '/v1/payments?method=bank',
        (select coalesce(sum(s.amount), 0) from public.payment s where s.tenant_id = $1 and s.method = 'bank')
        + (select coalesce(sum(s.amount), 0) from public.voucher v
           join public.voucher_move s on s.tenant_id = $1 and s.voucher_id = v.id and s.document_id = v.id
           where v.tenant_id = $1 and v.method = 'bank')
        - (select coalesce(sum(s.amount), 0) from public.cash_move s
           where s.tenant_id = $1 and s.kind <> 'over_short' and s.document_id is null)
        - (select coalesce(sum(s.amount), 0) from public.supplier_payment s where s.tenant_id = $1)
    union all
    select 'card_clearing', array['1020'], '/v1/payments?method=card',
        (select coalesce(sum(s.amount), 0) from public.tender s where s.tenant_id = $1 and s.kind = 'card')
        + (select coalesce(sum(s.amount), 0) from public.payment s where s.tenant_id = $1 and s.method = 'card')
        + (select coalesce(sum(s.amount), 0) from public.voucher v
           join public.voucher_move s on s.tenant_id = $1 and s.voucher_id = v.id and s.document_id = v.id
           where v.tenant_id = $1 and v.method = 'card')
    union all
    select 'receivable', array['1100'], '/v1/reports/receivable_ageing',
        (select coalesce(sum(s.open), 0) from public.invoice s where s.tenant_id = $1)
        - (select coalesce(sum(s.unapplied), 0) from public.payment s where s.tenant_id = $1)
    union all
    select 'supplier_advances', array['1150'], '/v1/supplier-payments?unapplied=true',
        (select coalesce(sum(s.unapplied), 0) from public.supplier_payment s where s.tenant_id = $1)
    union all
    select 'inventory', array['1200', '1210'], '/v1/reports/stock_position',
        (select coalesce(sum(s.value), 0) from public.stock_level s where s.tenant_id = $1)
    union all
    select 'shipped_not_invoiced', array['1300'], '/v1/orders?status=partially_shipped,shipped',
        (select coalesce(sum(s.cost), 0) from public.shipment s
         where s.tenant_id = $1 and s.invoice_id is null and s.undone_at is null)
    union all
    select 'payable', array['2000'], '/v1/reports/payable_ageing',
        (select -coalesce(sum(s.open), 0) from public.bill s where s.tenant_id = $1)
    union all
    select 'output_tax',
        array(select '2200' union select s.account_code from public.sales_line_tax s
              where s.tenant_id = $1 and s.account_code is not null order by 1),
        '/v1/reports/tax_summary',
        (select -coalesce(sum(s.tax), 0) from public.sales_line s where s.tenant_id = $1)
    union all
    select 'vouchers', array['2300'], '/v1/vouchers',
        (select -coalesce(sum(s.balance), 0) from public.voucher s where s.tenant_id = $1)
), hand as materialized (
    select l.account_code, sum(l.debit - l.credit) as amount
    from public.journal_entry e join public.journal_line l on l.tenant_id = $1 and l.entry_id = e.id
    where e.tenant_id = $1 and e.document_kind in ('manual', 'opening_balances')
    group by l.account_code
)";

/// A common table expression after [`CONTROLS`] and `balance`, which has the `amount` of each `account_code`. `tied` has each control with
/// its accounts (`codes`), `ledger`, `by_hand`, `subledger` and `difference`. The view `bi.tie_out` states it once more.
pub const TIED: &str = ", tied as materialized (
    select s.*, s.ledger - s.by_hand - s.subledger as difference
    from (
        select c.name, c.codes, c.href, c.subledger,
            coalesce((select sum(b.amount) from balance b where b.account_code = any(c.codes)), 0) as ledger,
            coalesce((select sum(h.amount) from hand h where h.account_code = any(c.codes)), 0) as by_hand
        from control c
    ) s
)";

/// The balance of each account, at the end of a day (`$2`) or now. One statement reads the sums of the journal and the lines that are
/// not in them, so that it sees one snapshot in any transaction.
const BALANCES: &str = ", fold as (
    select position from ledger_rollup where tenant_id = $1 and position is not null
), balance as materialized (
    select account_code, sum(debit - credit) as amount
    from (
        select account_code, debit, credit from ledger_sum_by_day where tenant_id = $1 and exists (select from fold)
            and ($2::date is null or posted_on <= $2)
        union all
        select account_code, debit, credit from journal_line
        where tenant_id = $1 and position >= coalesce((select position from fold), 0)
            -- The planner takes a range between unknown bounds for few lines, and finds them by the index of positions.
            and position <= (select 9223372036854775807)
            and ($2::date is null or posted_on <= $2)
    ) part
    group by account_code
)";

/// The controls that differ from their sub-ledger.
const DIFFERENCES: &str = " select count(*) as differences from tied where difference <> 0";

/// Returns how many controls differ from their sub-ledger: always 0.
pub async fn differences(tx: &Tx) -> Result<i64, Error> {
    let statement = format!("with {CONTROLS}{BALANCES}{TIED}{DIFFERENCES}");
    let query = sqlx::query(sqlx::AssertSqlSafe(statement)).persistent(false);
    let query = query.bind(tx.tenant_id.0).bind(None::<NaiveDate>);
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("a count without a row"))?;
    Ok(row.try_get("differences")?)
}

/// Returns the balance of each account that has lines, debits less credits, at the end of a day or now.
pub(crate) async fn balances(tx: &Tx, day: Option<NaiveDate>) -> Result<Vec<(String, Money)>, Error> {
    let fold = BALANCES.trim_start_matches(", ");
    let statement = format!("with {fold} select account_code, amount from balance");
    let query = sqlx::query(sqlx::AssertSqlSafe(statement)).persistent(false);
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(day)).await?;
    rows.iter().map(|row| Ok((row.try_get("account_code")?, number(row, "amount")?))).collect()
}

#[cfg(test)]
mod tests {
    use domain::ledger::account;

    use super::*;

    #[test]
    fn the_controls_are_accounts_of_the_chart() {
        for code in [
            account::CASH,
            account::BANK,
            account::CARD_CLEARING,
            account::RECEIVABLE,
            account::SUPPLIER_ADVANCES,
            account::INVENTORY,
            account::IN_TRANSIT,
            account::SHIPPED_NOT_INVOICED,
            account::PAYABLE,
            account::OUTPUT_TAX,
            account::STORE_CREDIT,
        ] {
            assert!(CONTROLS.contains(&format!("'{code}'")), "{code}");
        }
    }
}
