-- The feed of events: see docs/adr/0005-order-events-by-transaction.md.

-- What is added to the id of the writing transaction to make an event's position. Zero, until a database is loaded
-- from a dump into a server whose transaction ids are behind the events: the migration raises it then.
create function event_base() returns bigint language sql immutable parallel safe return 0::bigint;

alter table event alter column position set default (event_base() + pg_current_xact_id()::text::bigint);

create index event_by_document on event (tenant_id, document_id);

-- What the relay has not delivered yet: nearly empty, so that looking costs nothing.
create index event_unsent on event (tenant_id, position, id) where sent_at is null;
