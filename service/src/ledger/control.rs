//! Control accounts: accounts that documents keep, each beside the sum of these documents, its sub-ledger.

use sea_orm::sqlx::{self, Row};

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
    select 'inventory', array['1200', '1210'], '/v1/reports/stock_position',
        (select coalesce(sum(s.value), 0) from public.stock_level s where s.tenant_id = $1)
    union all
    select 'shipped_not_invoiced', array['1300'], '/v1/orders?status=partially_shipped,shipped',
        (select coalesce(sum(s.cost), 0) from public.shipment s
         where s.tenant_id = $1 and s.invoice_id is null and s.undone_at is null)
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
    where e.tenant_id = $1 and e.document_kind = 'manual'
    group by l.account_code
)";

/// The controls whose ledger differs from their sub-ledger. One statement reads the sums of the journal and what is not in them, so that
/// it sees one snapshot in any transaction.
const DIFFERENCES: &str = ", fold as (
    select position from ledger_rollup where tenant_id = $1 and position is not null
), balance as materialized (
    select account_code, sum(debit - credit) as amount
    from (
        select account_code, debit, credit from ledger_sum_by_day where tenant_id = $1 and exists (select from fold)
        union all
        select account_code, debit, credit from journal_line
        where tenant_id = $1 and position >= coalesce((select position from fold), 0)
            -- The planner takes a range between unknown bounds for few lines, and finds them by the index of positions.
            and position <= (select 9223372036854775807)
    ) part
    group by account_code
)
select count(*) as differences
from control c
where c.subledger <> coalesce((select sum(b.amount) from balance b where b.account_code = any(c.codes)), 0)
    - coalesce((select sum(h.amount) from hand h where h.account_code = any(c.codes)), 0)";

/// Returns how many controls differ from their sub-ledger: always 0.
pub async fn differences(tx: &Tx) -> Result<i64, Error> {
    let statement = format!("with {CONTROLS}{DIFFERENCES}");
    let query = sqlx::query(sqlx::AssertSqlSafe(statement)).persistent(false).bind(tx.tenant_id.0);
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("a count without a row"))?;
    Ok(row.try_get("differences")?)
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
            account::INVENTORY,
            account::IN_TRANSIT,
            account::SHIPPED_NOT_INVOICED,
            account::OUTPUT_TAX,
            account::STORE_CREDIT,
        ] {
            assert!(CONTROLS.contains(&format!("'{code}'")), "{code}");
        }
    }
}
