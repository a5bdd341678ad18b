drop index event_by_position;
alter table event
    add column lease_until timestamptz,
    add column attempts integer not null default 0,
    add column sent_at timestamptz;
create index event_unsent on event (tenant_id, position, id) where sent_at is null;

-- Row-level security holds for the owner of the tables as well; the migrator sees every tenant.
reset role;
update event e set sent_at = now(), attempts = 1
from event_cursor c
where c.consumer = 'servers' and e.tenant_id = c.tenant_id
    and (e.position, e.written, e.id) <= (c.position, c.written, c.event_id);
set local role stockwell_owner;

drop table event_cursor;
