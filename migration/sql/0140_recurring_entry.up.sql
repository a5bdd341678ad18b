-- Templates of entries by hand, which the worker posts on their days. Only service::recurring_entry writes here.

create table recurring_entry (
    tenant_id uuid not null,
    id uuid not null,
    memo text not null,
    -- Lines of each entry: account, debit or credit, channel.
    lines jsonb not null,
    rhythm text not null,
    starts_on date not null,
    ends_on date,
    -- Number of entries that were posted.
    posted integer not null,
    -- Day of the next entry. Null: the template has ended.
    next_on date,
    -- Day on which the next entry was rejected, and why. It is tried again on a later day.
    tried_on date,
    problem text,
    ended_at timestamptz,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint recurring_entry_pkey primary key (tenant_id, id),
    constraint recurring_entry_rhythm_known check (rhythm in ('weekly', 'monthly', 'quarterly', 'yearly')),
    constraint recurring_entry_ended check ((next_on is null) = (ended_at is not null))
);
create index recurring_entry_due on recurring_entry (tenant_id, next_on) where next_on is not null;
