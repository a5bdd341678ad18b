-- The general ledger.

create table account (
    tenant_id uuid not null,
    code text not null,
    name text not null,
    kind text not null,
    constraint account_pkey primary key (tenant_id, code),
    constraint account_tenant_fkey foreign key (tenant_id) references tenant (tenant_id),
    constraint account_kind_known check (kind in ('asset', 'liability', 'equity', 'revenue', 'expense'))
);

create table journal_entry (
    tenant_id uuid not null,
    id uuid not null,
    document_kind text not null,
    document_id uuid not null,
    memo text,
    debit_total numeric(18, 4) not null,
    credit_total numeric(18, 4) not null,
    -- The day of the event in the tenant's time zone, and the day of the posting, which is later only if the period
    -- was closed.
    occurred_on date not null,
    posted_on date not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint journal_entry_pkey primary key (tenant_id, id),
    constraint journal_entry_balances check (debit_total = credit_total),
    constraint journal_entry_posted_later check (posted_on >= occurred_on)
);
create index journal_entry_by_document on journal_entry (tenant_id, document_id);

-- Finds the commands of a document. Till sales name their command in their own row and are left out, so that it costs
-- them nothing.
create index command_by_document on command (tenant_id, document_id) where name not like 'pos_sale.%';

create table journal_line (
    tenant_id uuid not null,
    entry_id uuid not null,
    line_no integer not null,
    account_code text not null,
    debit numeric(18, 4) not null,
    credit numeric(18, 4) not null,
    currency text not null,
    channel text,
    location_id uuid,
    party_id uuid,
    posted_on date not null,
    constraint journal_line_pkey primary key (tenant_id, entry_id, line_no),
    constraint journal_line_one_side check (debit >= 0 and credit >= 0 and (debit = 0) <> (credit = 0))
);
create index journal_line_by_day on journal_line using brin (posted_on);
