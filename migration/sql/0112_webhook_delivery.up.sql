-- Events that are being sent to an endpoint, were sent, or could not be sent.

create table webhook_delivery (
    tenant_id uuid not null,
    id uuid not null,
    endpoint_id uuid not null,
    event_id uuid not null,
    kind text not null,
    -- Null for a test of the first version with webhooks.
    command_id uuid,
    document_kind text not null,
    document_id uuid not null,
    -- The place of the event in the feed. Deliveries about one document are sent in this order.
    position bigint not null,
    written bigint not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    status text not null default 'pending'
        constraint webhook_delivery_status_known check (status in ('pending', 'delivered', 'dead')),
    attempts integer not null default 0,
    -- Attempts since the first one or since the last request to send it again.
    tries integer not null default 0,
    next_at timestamptz not null,
    expires_at timestamptz,
    leased_by uuid,
    lease_until timestamptz,
    http_status smallint,
    error text,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint webhook_delivery_pkey primary key (tenant_id, id),
    constraint webhook_delivery_endpoint_fkey foreign key (tenant_id, endpoint_id) references webhook_endpoint (tenant_id, id),
    constraint webhook_delivery_lease_ends check ((leased_by is null) = (lease_until is null))
) with (fillfactor = 70);

create index webhook_delivery_pending on webhook_delivery (tenant_id, endpoint_id, document_id, position, written, id)
    where status = 'pending';
create index webhook_delivery_by_endpoint on webhook_delivery (tenant_id, endpoint_id, status, id);
create index webhook_delivery_by_status on webhook_delivery (tenant_id, status, id);
