-- The cursor of each consumer on the feed, instead of a mark on each event: see
-- docs/adr/0005-order-events-by-transaction.md.

-- The place of the last event of the tenant that was handed on to the consumer. The relay that holds the lease hands on
-- the events after it. Only service::relay writes here.
create table event_cursor (
    tenant_id uuid not null constraint event_cursor_tenant_fkey references tenant (tenant_id),
    consumer text not null,
    position bigint not null default 0,
    written bigint not null default 0,
    event_id uuid not null default '00000000-0000-0000-0000-000000000000',
    leased_by uuid,
    lease_until timestamptz,
    constraint event_cursor_pkey primary key (tenant_id, consumer),
    constraint event_cursor_consumer_length check (length(consumer) between 1 and 100),
    constraint event_cursor_lease_ends check ((leased_by is null) = (lease_until is null))
) with (fillfactor = 50);

-- No transaction that writes events is open, and none begins. So the marked events are the beginning of the feed, up to
-- one place. Row-level security holds for the owner of the tables as well; the migrator sees every tenant.
reset role;
lock table event in access exclusive mode;
insert into event_cursor (tenant_id, consumer, position, written, event_id)
select t.tenant_id, 'servers', marked.position, marked.written, marked.id
from tenant t
left join lateral (
    select e.position, e.written, e.id from event e where e.tenant_id = t.tenant_id and e.sent_at is null
    order by e.position, e.written, e.id limit 1) unmarked on true
cross join lateral (
    select e.position, e.written, e.id from event e
    where e.tenant_id = t.tenant_id
        and (unmarked.position is null
            or (e.position, e.written, e.id) < (unmarked.position, unmarked.written, unmarked.id))
    order by e.position desc, e.written desc, e.id desc limit 1) marked;
set local role stockwell_owner;

drop policy if exists relay_mark on event;
drop index event_unsent;
alter table event drop column lease_until, drop column attempts, drop column sent_at;

-- A relay finds the tenants with new events: those in the last pages of the table. A write adds no entry to it.
create index event_by_position on event using brin (position) with (autosummarize = on);

-- replaceable/35_housekeeping.sql has the version for one tenant.
drop function if exists auth.forget_answers(uuid, uuid, uuid, uuid, integer);
