drop index event_unsent, event_by_document;
alter table event alter column position set default (pg_current_xact_id()::text::bigint);
drop function event_base();
