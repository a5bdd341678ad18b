-- Closings of months, and reopenings: each is a move of the lock on closed periods, with the checklist at that time. Only
-- service::close writes here, and a row never changes.

create table period_close (
    tenant_id uuid not null,
    -- The move of the lock.
    id uuid not null,
    -- The first day of the month.
    month date not null,
    kind text not null,
    -- The open items of the checklist, each with its number and the reason for closing in spite of it.
    items jsonb not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint period_close_pkey primary key (tenant_id, id),
    constraint period_close_lock_fkey foreign key (tenant_id, id) references period_lock (tenant_id, id),
    constraint period_close_kind_known check (kind in ('closed', 'reopened')),
    constraint period_close_month_begins check (extract(day from month) = 1)
);
create index period_close_by_month on period_close (tenant_id, month, id);
