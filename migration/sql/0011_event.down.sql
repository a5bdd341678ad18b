drop index event_unsent, event_by_document;
alter table event
    drop constraint event_pkey,
    add constraint event_pkey primary key (tenant_id, position, id),
    drop column written,
    alter column position set default (pg_current_xact_id()::text::bigint);
drop function event_base();
