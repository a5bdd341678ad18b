-- The feed of events: see docs/adr/0005-order-events-by-transaction.md.

-- A transaction id plus this number is the position of its events. It is zero, until a dump is loaded into a server
-- whose transaction ids are behind the events: the migration raises it then.
create function event_base() returns bigint language sql immutable parallel safe return 0::bigint;

-- At least the id of the writing transaction, and of every one that had ended. Events of one document are written
-- under its lock, but a later one may come from an older transaction. `written`, a place in the write-ahead log,
-- orders events of one position.
alter table event add column written bigint not null default 0;
alter table event
    alter column written set default (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint,
    alter column position set default (event_base() + greatest(
        pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)),
    drop constraint event_pkey,
    add constraint event_pkey primary key (tenant_id, position, written, id);

create index event_by_document on event (tenant_id, document_id);

-- Events that the relay has not delivered: nearly empty, so that polling costs nothing.
create index event_unsent on event (tenant_id, position, id) where sent_at is null;
