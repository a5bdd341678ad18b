-- The place of each endpoint in the feed of events, and how its receiver does. The events after the place are still to be sent.

create table webhook_cursor (
    tenant_id uuid not null,
    endpoint_id uuid not null,
    position bigint not null,
    written bigint not null,
    event_id uuid not null,
    -- Failed attempts since the last one that succeeded.
    failures integer not null default 0,
    failing_since timestamptz,
    -- Until then nothing is sent.
    paused_until timestamptz,
    constraint webhook_cursor_pkey primary key (tenant_id, endpoint_id),
    constraint webhook_cursor_endpoint_fkey foreign key (tenant_id, endpoint_id) references webhook_endpoint (tenant_id, id)
) with (fillfactor = 50);
