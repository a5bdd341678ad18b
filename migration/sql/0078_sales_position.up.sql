-- The position of a sales line in the order of transactions: see docs/adr/0029-fold-sales-into-rollups.md.

-- At least the id of the writing transaction. Lines that are older than this column have the position 0.
alter table sales_line add column position bigint not null default 0;
alter table sales_line alter column position set default (event_base() + pg_current_xact_id()::text::bigint);
