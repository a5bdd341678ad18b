-- The roll-up of the journal: see docs/adr/0029-fold-sales-into-rollups.md. Only service::rollup writes here.

-- At least the id of the writing transaction. Lines that are older than this column have the position 0.
alter table journal_line add column position bigint not null default 0;
alter table journal_line alter column position set default (event_base() + pg_current_xact_id()::text::bigint);

-- The state of a tenant's roll-up. The sums have the lines below `position`, and no other. While they are built, `position` is
-- null: the sums then have the lines below `next_position`, of the entries up to `next_after`.
create table ledger_rollup (
    tenant_id uuid not null constraint ledger_rollup_tenant_fkey references tenant (tenant_id),
    position bigint,
    next_position bigint,
    next_after uuid,
    constraint ledger_rollup_pkey primary key (tenant_id),
    constraint ledger_rollup_next_whole check ((next_position is null) = (next_after is null)),
    constraint ledger_rollup_one_state check (position is null or next_position is null)
) with (fillfactor = 50);

-- Sums of the lines that were posted on a day. A line without a channel has the empty text.
create table ledger_sum_by_day (
    tenant_id uuid not null,
    posted_on date not null,
    lines bigint not null,
    debit numeric not null,
    credit numeric not null,
    account_code text not null,
    channel text not null,
    currency text not null,
    constraint ledger_sum_by_day_pkey primary key (tenant_id, posted_on, account_code, channel, currency)
) with (fillfactor = 70);
