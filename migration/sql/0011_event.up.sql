-- The feed of events: see docs/adr/0005-order-events-by-transaction.md.

-- What is added to the id of a transaction to make the position of its events. Zero, until a database is loaded from a
-- dump into a server whose transaction ids are behind the events: the migration raises it then.
create function event_base() returns bigint language sql immutable parallel safe return 0::bigint;

-- No lower than the writing transaction, and no lower than any that had ended: events of one document are written under
-- its lock, by transactions that may be older than the one before. `written`, a place in the write-ahead log, tells those
-- of one position apart.
alter table event add column written bigint not null default 0;
alter table event
    alter column written set default (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint,
    alter column position set default (event_base() + greatest(
        pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)),
    drop constraint event_pkey,
    add constraint event_pkey primary key (tenant_id, position, written, id);

create index event_by_document on event (tenant_id, document_id);

-- What the relay has not delivered yet: nearly empty, so that looking costs nothing.
create index event_unsent on event (tenant_id, position, id) where sent_at is null;
